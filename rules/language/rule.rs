//! A compiled rule.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::Page;
use crate::condition::{Condition, Constant, Literal, Path, Template};

/// A rule: what its header says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The severity of most rows.
    pub severity: Severity,
    /// The smallest profile that has it.
    pub profile: Profile,
    /// One per view, in order of the header.
    pub rows: Vec<Row>,
    /// What a user may set.
    pub params: Vec<Param>,
    /// Constraints on versions: name of a provider or tool, constraint.
    pub versions: Vec<(CompactString, CompactString)>,
    /// The same check in other analyzers: `suite:id`.
    pub peers: Vec<CompactString>,
    /// Standards.
    pub tags: Vec<CompactString>,
    /// Former names.
    pub aliases: Vec<CompactString>,
    /// The logic is in Rust.
    pub rust: bool,
}

impl Rule {
    /// Standards, those of single rows included; sorted.
    #[must_use]
    pub fn all_tags(&self) -> Vec<&str> {
        let rows = self.rows.iter().flat_map(|row| &row.tags);
        sorted(self.tags.iter().chain(rows).map(|tag| tag.as_str()))
    }

    /// The views that its rows range over; sorted.
    #[must_use]
    pub fn views(&self) -> Vec<&str> {
        sorted(self.rows.iter().map(|row| row.view.as_str()))
    }

    /// What is asked of every rule, a line each: its group, with tabs between them its aliases, tags and views, the page's title and
    /// summary.
    #[must_use]
    pub fn facts(&self, group: &str, page: &Page) -> String {
        let aliases: Vec<&str> = self.aliases.iter().map(|alias| alias.as_str()).collect();
        let [aliases, tags, views] = [aliases, self.all_tags(), self.views()].map(|list| list.join("\t"));
        [group, &aliases, &tags, &views, &page.title, &page.summary].join("\n")
    }
}

/// Words in order, each once.
pub fn sorted<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut words: Vec<&str> = words.collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// What a rule says about one view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The view.
    pub view: CompactString,
    /// How bad.
    pub severity: Severity,
    /// One verdict per element of these, flattened; empty: one per item.
    pub each: Vec<Path>,
    /// The judged value.
    pub value: Option<Path>,
    /// A guard that must hold.
    pub when: Option<Condition>,
    /// A guard that must not hold.
    pub unless: Option<Condition>,
    /// What is bad: `forbid`, or the negation of `require`.
    pub verdict: Verdict,
    /// What an absent path means: names from the item, literal.
    pub defaults: Vec<(Vec<CompactString>, Constant)>,
    /// The place of the finding, where the rule of culprits is not wanted.
    pub at: Option<Path>,
    /// What the finding says.
    pub message: Template,
    /// Instead of the derived fix.
    pub fix: FixRule,
    /// The fix cannot change anything that worked.
    pub safe: bool,
    /// Further peers of this row.
    pub peers: Vec<CompactString>,
    /// Further tags of this row.
    pub tags: Vec<CompactString>,
}

/// The condition that decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    /// Reported when known false.
    Require(Condition),
    /// Reported when known true.
    Forbid(Condition),
    /// Decided in Rust.
    Rust,
}

/// Where the fix comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum FixRule {
    /// From the condition.
    #[default]
    Derived,
    /// There is none.
    None,
    /// Set these paths; null removes.
    Set(Vec<(Path, Literal)>),
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: CompactString,
    /// What it is when nobody sets it; `None`: the rule is silent until somebody does.
    pub default: Option<Literal>,
    /// `string`, `number`, `bool`, `list(string)`.
    pub shape: CompactString,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// A weakness that needs others to matter.
    Low,
    /// A missing layer of defence.
    Medium,
    /// One step from a breach.
    High,
    /// A breach that only waits for somebody to come by.
    Critical,
}

/// Sets of rules, smallest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Small, with next to no false alarms.
    Recommended,
    /// What a hardened system would want as well.
    Strict,
    /// Everything.
    #[default]
    All,
}

const SEVERITIES: [(&str, Severity); 5] = [
    ("critical", Severity::Critical),
    ("high", Severity::High),
    ("medium", Severity::Medium),
    ("low", Severity::Low),
    ("info", Severity::Info),
];

const PROFILES: [(&str, Profile); 3] =
    [("recommended", Profile::Recommended), ("strict", Profile::Strict), ("all", Profile::All)];

/// A word that is not among those allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of {allowed}")]
pub struct NotAllowed {
    word: String,
    allowed: &'static str,
}

impl FromStr for Severity {
    type Err = NotAllowed;

    fn from_str(word: &str) -> Result<Self, NotAllowed> {
        let found = SEVERITIES.iter().find(|(name, _)| *name == word);
        found.map(|row| row.1).ok_or(NotAllowed { word: word.into(), allowed: "critical, high, medium, low, info" })
    }
}

impl FromStr for Profile {
    type Err = NotAllowed;

    fn from_str(word: &str) -> Result<Self, NotAllowed> {
        let found = PROFILES.iter().find(|(name, _)| *name == word);
        found.map(|row| row.1).ok_or(NotAllowed { word: word.into(), allowed: "recommended, strict, all" })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(SEVERITIES.iter().find(|row| row.1 == *self).map_or("", |row| row.0))
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(PROFILES.iter().find(|row| row.1 == *self).map_or("", |row| row.0))
    }
}
