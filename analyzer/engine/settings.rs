//! Which rules run, and how.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use camino::Utf8PathBuf;
use compact_str::CompactString;
use plimsoll_rule_language::condition::Literal;
use plimsoll_rule_language::{Profile, Severity};
use plimsoll_rules::{Known, RuleInfo, RuleSet};
use plimsoll_syntax::Value;
use rustc_hash::FxHashMap;

use crate::versions;

/// What a user chose; the default is the recommended profile.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Names, groups, profiles and tags; empty: `recommended`.
    pub select: Vec<String>,
    /// The same words, to leave out.
    pub ignore: Vec<String>,
    /// Findings below are not reported.
    pub minimum: Option<Severity>,
    /// Severities by rule name.
    pub severities: BTreeMap<String, Severity>,
    /// Parameters by rule name.
    pub params: BTreeMap<String, BTreeMap<String, toml::Value>>,
    /// Year, month and day, for suppressions with `until`; `None`: none has expired.
    pub today: Option<(u16, u8, u8)>,
    /// What Terraform's root modules are given from outside.
    pub variables: plimsoll_terraform::Inputs,
    /// Named sets of files with variables and values; a root module and a chart are judged in each of which they have a file.
    pub environments: Vec<Environment>,
    /// The version of Kubernetes that manifests are for, as `1.31`; `None`: the newest known.
    pub kubernetes: Option<CompactString>,
    /// What is stated about the world.
    pub stated: crate::world::Stated,
}

/// A named set of files with variables and values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The name.
    pub name: String,
    /// Of Terraform's variables: the last one holds; looked for from the root module, then from `folder`.
    pub var_files: Vec<Utf8PathBuf>,
    /// Of a Helm chart's values, in the same way: looked for from the chart, then from `folder`.
    pub values: Vec<Utf8PathBuf>,
    /// Relative to the workspace.
    pub folder: Utf8PathBuf,
}

/// Something that a user chose and that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A word that selects nothing.
    #[error("`{word}` is not a rule, group, profile or tag{}", hint(.near))]
    UnknownSelector {
        /// The word.
        word: String,
        /// The nearest rule.
        near: Option<String>,
    },
    /// A parameter that the rule does not have.
    #[error("rule `{rule}` has no parameter `{name}`{}", hint(.near))]
    UnknownParam {
        /// The rule.
        rule: String,
        /// The parameter.
        name: String,
        /// The nearest parameter.
        near: Option<String>,
    },
    /// A parameter of the wrong type.
    #[error("parameter `{name}` of rule `{rule}` must be a {shape}")]
    WrongParam {
        /// The rule.
        rule: String,
        /// The parameter.
        name: String,
        /// What it must be.
        shape: String,
    },
}

fn hint(near: &Option<String>) -> String {
    near.as_ref().map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// A rule that runs.
#[derive(Clone, Debug)]
pub(crate) struct ActiveRule {
    pub(crate) info: Known,
    /// Instead of the rows' own.
    pub(crate) severity: Option<Severity>,
    /// Made when the rule is first asked, unless the settings speak of them.
    params: OnceLock<FxHashMap<CompactString, Value>>,
    /// The version of Kubernetes that manifests are for.
    pub(crate) kubernetes: CompactString,
}

impl ActiveRule {
    /// A parameter has neither a default nor a setting: the rule has nothing to compare with, and is silent.
    pub(crate) fn lacks_settings(&self) -> bool {
        self.info.rule.params.iter().any(|param| !self.params().contains_key(&param.name))
    }

    /// The parameters that have a value, by name.
    pub(crate) fn params(&self) -> &FxHashMap<CompactString, Value> {
        self.params.get_or_init(|| defaults(&self.info))
    }
}

/// The rules that the settings choose, by name.
pub(crate) fn active(rules: &RuleSet, settings: &Settings) -> Result<Vec<ActiveRule>, SettingsError> {
    for word in settings.select.iter().chain(&settings.ignore) {
        let known = Word::new(word);
        if !matches!(known, Word::Profile(_)) && !rules.iter().any(|rule| known.chooses(rule)) {
            let near = rules.suggest(word).map(str::to_owned);
            return Err(SettingsError::UnknownSelector { word: word.clone(), near });
        }
    }
    for name in settings.severities.keys().chain(settings.params.keys()) {
        if rules.get(name).is_none() {
            let near = rules.suggest(name).map(str::to_owned);
            return Err(SettingsError::UnknownSelector { word: name.clone(), near });
        }
    }
    let select = match &settings.select[..] {
        [] => vec![Word::Profile(Profile::Recommended)],
        chosen => words(chosen),
    };
    let ignore = words(&settings.ignore);
    let kubernetes = settings.kubernetes.clone().unwrap_or_else(|| versions::newest("kubernetes").into());
    let mut active = Vec::new();
    for rule in rules.iter() {
        // The longest word wins: `--select kubernetes --ignore kubernetes/rbac`, and the other way round.
        let weight = |words: &[Word]| words.iter().filter(|word| word.chooses(rule)).map(|word| word.weight(rule)).max();
        if weight(&select).is_some_and(|chosen| weight(&ignore).is_none_or(|left_out| left_out < chosen)) {
            active.push(ActiveRule {
                info: rule.clone(),
                severity: settings.severities.get(&*rule.name).copied(),
                params: params(rule, settings)?.map_or_else(OnceLock::new, OnceLock::from),
                kubernetes: kubernetes.clone(),
            });
        }
    }
    Ok(active)
}

/// What selects rules or leaves them out.
#[derive(Clone, Copy)]
enum Word<'s> {
    Profile(Profile),
    /// A rule, also by an alias, a group or a tag.
    Name(&'s str),
}

fn words(all: &[String]) -> Vec<Word<'_>> {
    all.iter().map(|word| Word::new(word)).collect()
}

impl<'s> Word<'s> {
    fn new(word: &'s str) -> Self {
        word.parse().map_or(Self::Name(word), Self::Profile)
    }

    fn chooses(self, rule: &RuleInfo) -> bool {
        let name = match self {
            Self::Profile(profile) => return rule.profile() <= profile,
            Self::Name(name) => name,
        };
        let within =
            |whole: &str, end: char| whole.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(end));
        within(rule.group(), '/') || rule.name == name || rule.is_alias(name) || rule.tags().any(|tag| within(tag, ':'))
    }

    fn weight(self, rule: &RuleInfo) -> usize {
        match self {
            Self::Profile(_) => 0,
            Self::Name(name) if rule.name == name => usize::MAX,
            Self::Name(name) => name.len(),
        }
    }
}

fn defaults(rule: &RuleInfo) -> FxHashMap<CompactString, Value> {
    rule.rule.params.iter().filter_map(|param| Some((param.name.clone(), param.default.as_ref()?.value()))).collect()
}

/// The parameters of a rule of which the settings speak.
fn params(rule: &RuleInfo, settings: &Settings) -> Result<Option<FxHashMap<CompactString, Value>>, SettingsError> {
    let Some(given) = settings.params.get(&*rule.name) else { return Ok(None) };
    let mut all = defaults(rule);
    for (name, value) in given {
        let Some(param) = rule.rule.params.iter().find(|param| param.name == name.as_str()) else {
            let near = plimsoll_rule_language::nearest(name, rule.rule.params.iter().map(|param| param.name.as_str()));
            return Err(SettingsError::UnknownParam {
                rule: rule.name.to_string(),
                name: name.clone(),
                near: near.map(str::to_owned),
            });
        };
        let wrong =
            || SettingsError::WrongParam { rule: rule.name.to_string(), name: name.clone(), shape: param.shape.to_string() };
        all.insert(param.name.clone(), literal(value, &param.shape).ok_or_else(wrong)?.value());
    }
    Ok(Some(all))
}

#[expect(clippy::cast_precision_loss, reason = "numbers in settings are small")]
fn literal(value: &toml::Value, shape: &str) -> Option<Literal> {
    match (value, shape) {
        (toml::Value::String(text), "string") => Some(Literal::String(text.as_str().into())),
        (toml::Value::Boolean(flag), "bool") => Some(Literal::Bool(*flag)),
        (toml::Value::Integer(number), "number") => Some(Literal::Number(*number as f64)),
        (toml::Value::Float(number), "number") => Some(Literal::Number(*number)),
        (toml::Value::Array(values), _) => {
            let inner = shape.strip_prefix("list(")?.strip_suffix(')')?;
            values.iter().map(|value| literal(value, inner)).collect::<Option<_>>().map(Literal::List)
        }
        (toml::Value::Table(values), _) => {
            let inner = shape.strip_prefix("map(")?.strip_suffix(')')?;
            let entry = |(key, value): (&String, &toml::Value)| Some((key.as_str().into(), literal(value, inner)?));
            values.iter().map(entry).collect::<Option<_>>().map(Literal::Map)
        }
        _ => None,
    }
}
