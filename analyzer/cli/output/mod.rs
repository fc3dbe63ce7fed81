//! What a run prints: one file per format. Results only; everything else goes to standard error.

pub(crate) mod concise;
pub(crate) mod files;
pub(crate) mod full;
pub(crate) mod github;
pub(crate) mod json;
mod line_hash;
mod long_line;
pub(crate) mod sarif;
mod sarif_types;
mod source;
pub(crate) mod statistics;
pub(crate) mod summary;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use plimsoll_engine::Report;
use plimsoll_rules::RuleSet;

use crate::Status;
use crate::arguments::Check;
use crate::files::relative;
use crate::paint::Paint;

/// The group of a workspace's own rules.
const OWN_GROUP: &str = "custom";

/// A finished run.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) report: &'a Report,
    pub(crate) rules: &'a RuleSet,
    pub(crate) options: &'a Check,
    pub(crate) paint: Paint,
    pub(crate) status: Status,
    /// Absolute.
    pub(crate) working_directory: &'a Utf8Path,
    /// The repository's folder, absolute.
    pub(crate) repository: &'a Utf8Path,
}

impl Run<'_> {
    /// A shown path as one of the repository.
    fn in_repository(&self, path: &Utf8Path) -> Utf8PathBuf {
        relative(self.repository, &without_dots(&self.working_directory.join(path)))
    }
}

fn without_dots(path: &Utf8Path) -> Utf8PathBuf {
    let mut out = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// The page of a rule on the site; a workspace's own rules have none.
pub(crate) fn page_of(rules: &RuleSet, name: &str) -> Option<String> {
    let is_own = rules.get(name).is_some_and(|rule| rule.group() == OWN_GROUP);
    (!is_own).then(|| format!("https://plimsoll.dev/rules/{name}"))
}
