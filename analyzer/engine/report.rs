//! What a run says: findings, what could not be read, what could not be decided.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use camino::Utf8PathBuf;
use compact_str::CompactString;
use plimsoll_syntax::{LineIndex, Position, Span};
use serde::Serialize;

pub use plimsoll_rule_language::Severity;

/// The result of checking a workspace: deterministic, sorted by path, place and rule.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What rules found.
    pub findings: Vec<Finding>,
    /// Files, blocks and documents that were not understood.
    pub incomplete: Vec<Incomplete>,
    /// Verdicts that hang on something unknown.
    pub undecided: Vec<Undecided>,
    /// Rules that failed, by name, with what they said.
    pub failures: Vec<Failure>,
    /// Every file that was read, by path.
    pub files: Vec<CheckedFile>,
    /// How many findings were suppressed by comments, annotations or the baseline.
    pub suppressed: usize,
    /// The texts that findings point into.
    pub texts: BTreeMap<Utf8PathBuf, Arc<Text>>,
}

/// A text with its line index.
#[derive(Clone, Debug)]
pub struct Text {
    /// The text.
    pub text: Arc<str>,
    /// Its lines.
    pub lines: LineIndex,
}

/// One thing that a rule found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The rule's name.
    pub rule: CompactString,
    /// How bad.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// Relative to the working directory, with forward slashes.
    pub path: Utf8PathBuf,
    /// What to underline.
    #[serde(flatten)]
    pub range: Range,
    /// What it is about.
    pub item: ItemRef,
    /// Other places that belong to it, in reading order.
    pub related: Vec<Related>,
    /// The same check in other analyzers.
    pub peers: Vec<Arc<str>>,
    /// How to mend it.
    pub fix: Option<Fix>,
    /// Stable across unrelated edits: rule, path, item and message, hashed; 16 hex digits.
    pub fingerprint: String,
}

/// A range in a file, as lines and columns and as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Range {
    /// First character.
    #[serde(serialize_with = "position")]
    pub start: Position,
    /// After the last character.
    #[serde(serialize_with = "position")]
    pub end: Position,
    /// The same as bytes of the file's text.
    #[serde(skip)]
    pub span: Span,
}

fn position<S: serde::Serializer>(position: &Position, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct;
    let mut fields = serializer.serialize_struct("Position", 2)?;
    fields.serialize_field("line", &position.line)?;
    fields.serialize_field("column", &position.column)?;
    fields.end()
}

/// What a finding is about: a resource's address, `Kind/name` of an object, a stage, a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ItemRef {
    /// The name.
    pub name: String,
    /// Its whole extent. It lies in the finding's file, or the range is that of the finding.
    #[serde(flatten)]
    pub range: Range,
}

/// Another place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Related {
    /// As [`Finding::path`].
    pub path: Utf8PathBuf,
    /// What to underline.
    #[serde(flatten)]
    pub range: Range,
    /// What is there.
    pub message: String,
}

/// How to mend a finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fix {
    /// What it does, as an imperative sentence.
    pub message: String,
    /// Whether it cannot change anything that worked.
    pub safe: bool,
    /// Replacements in the finding's file, in order, not overlapping.
    pub edits: Vec<Edit>,
}

/// A replacement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edit {
    /// What is replaced; empty to insert.
    #[serde(flatten)]
    pub range: Range,
    /// By what.
    pub text: String,
}

/// Something that was not understood. A run with one of these is not clean.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Incomplete {
    /// As [`Finding::path`].
    pub path: Utf8PathBuf,
    /// Where; the first character of the file, when it was not read at all.
    #[serde(flatten)]
    pub range: Range,
    /// Why, in one sentence.
    pub reason: String,
}

/// A verdict that hangs on something unknown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Undecided {
    /// The rule's name.
    pub rule: CompactString,
    /// As [`Finding::path`].
    pub path: Utf8PathBuf,
    /// Where the item is.
    #[serde(flatten)]
    pub range: Range,
    /// What would decide it: source texts, sorted.
    pub missing: Vec<String>,
}

/// A rule that failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// The rule's name.
    pub rule: CompactString,
    /// What it said.
    pub message: String,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckedFile {
    /// As [`Finding::path`].
    pub path: Utf8PathBuf,
    /// What it was taken for: `terraform`, `kubernetes`, `dockerfile`, `compose`, `daemon`, `systemd`, …
    pub kind: &'static str,
}

/// The three levels of `--fail-on`, SARIF and GitHub annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Severity `info`.
    Note,
    /// Severities `low` and `medium`.
    Warning,
    /// Severities `high` and `critical`.
    Error,
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Error,
            Severity::Medium | Severity::Low => Self::Warning,
            Severity::Info => Self::Note,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "note" => Ok(Self::Note),
            "warning" => Ok(Self::Warning),
            "error" => Ok(Self::Error),
            other => Err(format!("`{other}` is not a level; use note, warning or error")),
        }
    }
}
