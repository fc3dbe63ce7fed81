//! `plimsoll.toml`: reading it, with the place of everything that is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use plimsoll_engine::{Environment, SettingsError, Severity, Stated};
use plimsoll_rule_language::nearest;
use plimsoll_syntax::Span;
use toml::de::{DeTable, DeValue};

use crate::arguments::{THRESHOLDS, threshold_of};
use crate::disk;
use crate::problem::Problem;

/// The file's name.
pub(crate) const NAME: &str = "plimsoll.toml";

const KEYS: [&str; 11] = [
    "select",
    "ignore",
    "severity",
    "fail-on",
    "exclude",
    "rules",
    "environments",
    "kubernetes",
    "assume",
    "context",
    "intended",
];

type Spanned<T> = toml::Spanned<T>;

/// What the file says.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// As it was found; empty without one.
    path: Utf8PathBuf,
    text: String,
    pub(crate) select: Vec<String>,
    pub(crate) ignore: Vec<String>,
    /// Rules that are switched on whatever is selected.
    pub(crate) enabled: Vec<String>,
    pub(crate) severity: Option<Severity>,
    pub(crate) fail_on: Option<Severity>,
    pub(crate) exclude: Exclude,
    pub(crate) severities: BTreeMap<String, Severity>,
    pub(crate) params: BTreeMap<String, BTreeMap<String, toml::Value>>,
    /// Named sets of files, as paths from the settings' folder or from what they are for.
    pub(crate) environments: Vec<Environment>,
    /// The version of Kubernetes that manifests are for.
    pub(crate) kubernetes: Option<String>,
    /// What is stated about the world.
    pub(crate) stated: Stated,
    /// The settings' folder; empty without a file.
    pub(crate) folder: Utf8PathBuf,
    /// Where words and rule names stand, parameters as `rule.parameter`, and their values as `rule.parameter=`.
    places: BTreeMap<String, Span>,
    /// The names of `[rules.NAME]`.
    tables: BTreeSet<String>,
}

impl Config {
    /// Reads the nearest file from a folder upwards; without one, everything is unset.
    pub(crate) fn nearest(folder: &Utf8Path) -> Result<Self, Problem> {
        let found = folder.ancestors().map(|folder| folder.join(NAME)).find(|path| disk::exists(path));
        found.map_or_else(|| Ok(Self::default()), |path| Self::read(&path, &crate::files::relative(folder, &path)))
    }

    /// Reads a file; `shown` is its path in messages.
    pub(crate) fn read(path: &Utf8Path, shown: &Utf8Path) -> Result<Self, Problem> {
        let text = disk::read_text(path).map_err(|error| Problem::disk(shown, &error))?;
        Self::parse(text, path, shown)
    }

    fn parse(text: String, path: &Utf8Path, shown: &Utf8Path) -> Result<Self, Problem> {
        let folder = path.parent().unwrap_or(path).to_owned();
        let mut config = Self { path: shown.to_owned(), text, folder, ..Self::default() };
        let text = config.text.clone();
        let document = DeTable::parse(&text).map_err(|error| {
            let span = error.span().map(|range| Span::of(range.start, range.end)).unwrap_or_default();
            config.wrong(span, error.message().to_owned(), None)
        })?;
        for (key, value) in document.get_ref() {
            match &**key.get_ref() {
                "select" => config.select = config.words(value, "select")?,
                "ignore" => config.ignore = config.words(value, "ignore")?,
                "severity" => config.severity = Some(config.severity_of(value)?),
                "fail-on" => config.fail_on = Some(config.threshold(value)?),
                "exclude" => config.exclude = config.excluded(value, path.parent().unwrap_or(path))?,
                "rules" => config.rules(value)?,
                "environments" => config.named_environments(value)?,
                "kubernetes" => config.cluster(value)?,
                // Read as a whole below.
                "assume" | "context" | "intended" => {}
                other => return Err(config.unknown(other, span(key), KEYS, "setting")),
            }
        }
        config.stated = Stated::parse(&text).map_err(|error| config.wrong(error.span, error.message, None))?;
        Ok(config)
    }

    fn rules(&mut self, value: &Spanned<DeValue<'_>>) -> Result<(), Problem> {
        let DeValue::Table(rules) = value.get_ref() else { return Err(self.not_a(value, "table", "[rules.NAME]")) };
        for (name, settings) in rules {
            let rule = name.get_ref().to_string();
            let DeValue::Table(table) = settings.get_ref() else {
                return Err(self.not_a(settings, "table", &format!("[rules.{rule}]")));
            };
            self.places.insert(rule.clone(), span(name));
            self.tables.insert(rule.clone());
            for (key, value) in table {
                match (&**key.get_ref(), value.get_ref()) {
                    ("severity", _) => {
                        let severity = self.severity_of(value)?;
                        self.severities.insert(rule.clone(), severity);
                    }
                    ("enabled", DeValue::Boolean(true)) => self.enabled.push(rule.clone()),
                    ("enabled", DeValue::Boolean(false)) => self.ignore.push(rule.clone()),
                    ("enabled", _) => return Err(self.not_a(value, "bool", "enabled = false")),
                    (param, _) => {
                        self.places.insert(format!("{rule}.{param}"), span(key));
                        self.places.insert(format!("{rule}.{param}="), span(value));
                        let value = self.plain(value)?;
                        self.params.entry(rule.clone()).or_default().insert(param.to_owned(), value);
                    }
                }
            }
        }
        Ok(())
    }

    fn named_environments(&mut self, value: &Spanned<DeValue<'_>>) -> Result<(), Problem> {
        let DeValue::Table(all) = value.get_ref() else { return Err(self.not_a(value, "table", "[environments.NAME]")) };
        for (name, settings) in all {
            let environment = name.get_ref().to_string();
            let DeValue::Table(table) = settings.get_ref() else {
                return Err(self.not_a(settings, "table", &format!("[environments.{environment}]")));
            };
            let mut named = Environment { name: environment, ..Environment::default() };
            for (key, value) in table {
                match &**key.get_ref() {
                    "var-files" => named.var_files = self.words(value, "var-files")?.into_iter().map(Into::into).collect(),
                    "values" => named.values = self.words(value, "values")?.into_iter().map(Into::into).collect(),
                    other => return Err(self.unknown(other, span(key), ["var-files", "values"], "setting of an environment")),
                }
            }
            self.environments.push(named);
        }
        Ok(())
    }

    fn cluster(&mut self, value: &Spanned<DeValue<'_>>) -> Result<(), Problem> {
        let example = "[kubernetes]\nversion = \"1.31\"";
        let DeValue::Table(table) = value.get_ref() else { return Err(self.not_a(value, "table", example)) };
        for (key, value) in table {
            match &**key.get_ref() {
                "version" => {
                    let text = self.text_of(value, "version = \"1.31\"")?;
                    let parts: Vec<&str> = text.trim_start_matches('v').split('.').collect();
                    if !(2..=3).contains(&parts.len()) || parts.iter().any(|part| part.parse::<u32>().is_err()) {
                        return Err(self.not_a(value, "version of Kubernetes", "version = \"1.31\""));
                    }
                    self.kubernetes = Some(parts.join("."));
                }
                other => return Err(self.unknown(other, span(key), ["version"], "setting of a cluster")),
            }
        }
        Ok(())
    }

    fn words(&mut self, value: &Spanned<DeValue<'_>>, key: &str) -> Result<Vec<String>, Problem> {
        let example = format!("{key} = [\"kubernetes\"]");
        let DeValue::Array(items) = value.get_ref() else { return Err(self.not_a(value, "list of strings", &example)) };
        let mut words = Vec::new();
        for item in items.iter() {
            let word = self.text_of(item, &example)?;
            self.places.insert(word.clone(), span(item));
            words.push(word);
        }
        Ok(words)
    }

    fn text_of(&self, value: &Spanned<DeValue<'_>>, example: &str) -> Result<String, Problem> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.not_a(value, "string", example)),
        }
    }

    fn severity_of(&self, value: &Spanned<DeValue<'_>>) -> Result<Severity, Problem> {
        let word = self.text_of(value, "severity = \"high\"")?;
        word.parse().map_err(|error: plimsoll_rule_language::rule::NotAllowed| self.wrong(span(value), error.to_string(), None))
    }

    fn threshold(&self, value: &Spanned<DeValue<'_>>) -> Result<Severity, Problem> {
        let word = self.text_of(value, "fail-on = \"error\"")?;
        let allowed = THRESHOLDS.map(|row| row.0).join(", ");
        threshold_of(&word).ok_or_else(|| self.wrong(span(value), format!("`{word}` is not one of {allowed}"), None))
    }

    fn excluded(&mut self, value: &Spanned<DeValue<'_>>, folder: &Utf8Path) -> Result<Exclude, Problem> {
        let globs = self.words(value, "exclude")?;
        let mut builder = GitignoreBuilder::new(folder);
        for glob in &globs {
            if let Err(error) = builder.add_line(None, glob) {
                let place = self.places.get(glob).copied().unwrap_or(span(value));
                return Err(self.wrong(place, format!("not a pattern: {error}"), None));
            }
        }
        let built = builder.build().map_err(|error| self.wrong(span(value), format!("not a list of patterns: {error}"), None))?;
        Ok(Exclude { patterns: (!globs.is_empty()).then(|| Arc::new(built)) })
    }

    fn plain(&self, value: &Spanned<DeValue<'_>>) -> Result<toml::Value, Problem> {
        let wrong = || self.wrong(span(value), "too large a number", None);
        Ok(match value.get_ref() {
            DeValue::String(text) => toml::Value::String(text.to_string()),
            DeValue::Boolean(flag) => toml::Value::Boolean(*flag),
            DeValue::Integer(number) => {
                toml::Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).map_err(|_| wrong())?)
            }
            DeValue::Float(number) => toml::Value::Float(number.as_str().parse().map_err(|_| wrong())?),
            DeValue::Datetime(moment) => toml::Value::Datetime(*moment),
            DeValue::Array(items) => toml::Value::Array(items.iter().map(|item| self.plain(item)).collect::<Result<_, _>>()?),
            DeValue::Table(table) => toml::Value::Table(
                table
                    .iter()
                    .map(|(key, item)| Ok((key.get_ref().to_string(), self.plain(item)?)))
                    .collect::<Result<_, Problem>>()?,
            ),
        })
    }

    /// The engine's complaint, at the place in this file that it is about; `None`: it is about something else.
    pub(crate) fn blame(&self, error: &SettingsError) -> Option<Problem> {
        let (key, message, near) = match error {
            SettingsError::UnknownSelector { word, near } => {
                let what = if self.tables.contains(word) { "a rule" } else { "a rule, group, profile or tag" };
                (word.clone(), format!("`{word}` is not {what}"), near)
            }
            SettingsError::UnknownParam { rule, name, near } => {
                (format!("{rule}.{name}"), format!("rule `{rule}` has no parameter `{name}`"), near)
            }
            SettingsError::WrongParam { rule, name, shape } => {
                (format!("{rule}.{name}="), format!("parameter `{name}` of rule `{rule}` must be a {shape}"), &None)
            }
        };
        let place = *self.places.get(&key)?;
        Some(self.wrong(place, message, near.as_ref().map(|near| format!("did you mean `{near}`?"))))
    }

    fn not_a(&self, value: &Spanned<DeValue<'_>>, shape: &str, example: &str) -> Problem {
        self.wrong(span(value), format!("this must be a {shape}"), Some(format!("write `{example}`")))
    }

    fn unknown<'a>(&self, word: &str, place: Span, known: impl IntoIterator<Item = &'a str> + Clone, noun: &str) -> Problem {
        let hint = match nearest(word, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known.into_iter().collect::<Vec<_>>().join(", ")),
        };
        self.wrong(place, format!("`{word}` is not a {noun}"), Some(hint))
    }

    fn wrong(&self, place: Span, message: impl Into<String>, hint: Option<String>) -> Problem {
        Problem::at(&self.path, &self.text, place, message, hint)
    }
}

fn span<T>(value: &Spanned<T>) -> Span {
    let range = value.span();
    Span::of(range.start, range.end)
}

/// Patterns of paths to leave out, as `.gitignore` has them, relative to the settings' folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exclude {
    patterns: Option<Arc<Gitignore>>,
}

impl Exclude {
    /// Whether an absolute path, or a folder above it, is left out.
    pub(crate) fn covers(&self, path: &Utf8Path, is_folder: bool) -> bool {
        let Some(patterns) = &self.patterns else { return false };
        // The matcher panics on paths outside of its own folder.
        path.starts_with(Utf8Path::from_path(patterns.path()).unwrap_or(Utf8Path::new("")))
            && patterns.matched_path_or_any_parents(path, is_folder).is_ignore()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        let path = Utf8Path::new("/w/plimsoll.toml");
        Config::parse(text.to_owned(), path, Utf8Path::new("plimsoll.toml"))
            .map_err(|problem| problem.shown(crate::paint::Paint::PLAIN))
    }

    #[test]
    fn every_setting_is_read() {
        let text = "select = [\"kubernetes\"]\nfail-on = \"error\"\nexclude = [\"vendor/\", \"*.gen.tf\"]\n\
                    [kubernetes]\nversion = \"v1.31\"\n[environments.prod]\nvar-files = [\"prod.tfvars\"]\nvalues = [\"values-prod.yaml\"]\n[rules.latest-tag]\nseverity = \"high\"\nenabled = true\nallowed = [\"a\"]\n[rules.b]\nenabled = false\n";
        let config = parse(text).unwrap();
        assert_eq!(config.select, ["kubernetes"]);
        assert_eq!(config.fail_on, Some(Severity::High));
        assert_eq!(config.enabled, ["latest-tag"]);
        assert_eq!(config.kubernetes.as_deref(), Some("1.31"));
        let prod = Environment {
            name: "prod".to_owned(),
            var_files: vec!["prod.tfvars".into()],
            values: vec!["values-prod.yaml".into()],
            ..Environment::default()
        };
        assert_eq!(config.environments, [prod]);
        assert_eq!(config.ignore, ["b"]);
        assert_eq!(config.severities.get("latest-tag"), Some(&Severity::High));
        assert!(config.params["latest-tag"].contains_key("allowed"));
        let rows = [("/w/vendor/a.tf", true), ("/w/x/y.gen.tf", true), ("/w/x/y.tf", false), ("/elsewhere/vendor/a.tf", false)];
        for (path, expected) in rows {
            assert_eq!(config.exclude.covers(Utf8Path::new(path), false), expected, "{path}");
        }
    }

    #[test]
    fn what_is_wrong_has_a_place_and_a_hint() {
        let rows = [
            ("selekt = []", "plimsoll.toml:1:1", "did you mean `select`?"),
            ("severity = \"hi\"", "plimsoll.toml:1:12", "critical, high"),
            ("select = \"a\"", "plimsoll.toml:1:10", "list of strings"),
            ("\n[rules]\na = 1", "plimsoll.toml:3:5", "[rules.a]"),
            ("[rules.a]\nenabled = 1", "plimsoll.toml:2:11", "bool"),
            ("select = [", "plimsoll.toml:1:", "|"),
            ("[environments.a]\nvar-file = []", "plimsoll.toml:2:1", "did you mean `var-files`?"),
        ];
        for (text, place, words) in rows {
            let error = parse(text).unwrap_err();
            assert!(error.contains(place) && error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn the_engines_complaints_find_their_place() {
        let config = parse("[rules.latst-tag]\nseverity = \"high\"\n").unwrap();
        let error = SettingsError::UnknownSelector { word: "latst-tag".into(), near: Some("latest-tag".into()) };
        let shown = config.blame(&error).unwrap().shown(crate::paint::Paint::PLAIN);
        assert!(shown.contains("plimsoll.toml:1:8") && shown.contains("`latest-tag`"), "{shown}");
    }
}
