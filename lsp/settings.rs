//! What the editor's settings say, below what `plimsoll.toml` says.

use camino::Utf8PathBuf;
use serde_json::Value;

/// The editor's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Rules and groups that run, where `plimsoll.toml` selects none.
    pub select: Vec<String>,
    /// Rules and groups that do not run, where `plimsoll.toml` ignores none.
    pub ignore: Vec<String>,
    /// Settings for folders that no `plimsoll.toml` is found for; relative to the folder.
    pub config: Option<Utf8PathBuf>,
    /// Whether values are shown behind references.
    pub(crate) inlay_hints: bool,
    /// Whether the rung and the exposure are shown above headers.
    pub(crate) code_lens: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { select: Vec::new(), ignore: Vec::new(), config: None, inlay_hints: false, code_lens: true }
    }
}

impl Preferences {
    /// What is said over what was said before; what has the wrong type says nothing. The settings may stand by themselves, or below
    /// `plimsoll` or `settings`.
    pub(crate) fn with(&self, said: &Value) -> Self {
        let said =
            ["plimsoll", "settings"].iter().find_map(|key| said.get(key).filter(|inner| inner.is_object())).unwrap_or(said);
        let flag = |key: &str, before: bool| {
            let value = said.get(key);
            value.and_then(|value| value.as_bool().or_else(|| value.get("enabled")?.as_bool())).unwrap_or(before)
        };
        let words = |key: &str, before: &[String]| match said.get(key).and_then(Value::as_array) {
            Some(words) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => before.to_vec(),
        };
        Self {
            select: words("select", &self.select),
            ignore: words("ignore", &self.ignore),
            config: match said.get("config").and_then(Value::as_str) {
                Some(path) => Some(path).filter(|path| !path.is_empty()).map(Utf8PathBuf::from),
                None => self.config.clone(),
            },
            inlay_hints: flag("inlayHints", self.inlay_hints),
            code_lens: flag("codeLens", self.code_lens),
        }
    }

    /// Whether a check would come to other findings.
    pub(crate) fn checks_differently(&self, other: &Self) -> bool {
        (&self.select, &self.ignore, &self.config) != (&other.select, &other.ignore, &other.config)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_read_wherever_they_stand() {
        let before = Preferences { inlay_hints: true, ..Preferences::default() };
        let said =
            json!({ "select": ["all", 7], "codeLens": { "enabled": false }, "config": "ci/plimsoll.toml", "inlayHints": "yes" });
        for settings in [said.clone(), json!({ "plimsoll": said.clone() }), json!({ "settings": said })] {
            let read = before.with(&settings);
            assert_eq!(read.select, ["all"]);
            assert_eq!((read.inlay_hints, read.code_lens), (true, false), "what has the wrong type says nothing");
            assert_eq!(read.config.as_deref(), Some("ci/plimsoll.toml".into()));
            assert!(read.checks_differently(&before));
        }
        assert_eq!(before.with(&Value::Null), before);
        assert!(!before.with(&json!({ "inlayHints": false })).checks_differently(&before));
    }
}
