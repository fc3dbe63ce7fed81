//! What the server needs of the program around it.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_engine::Engine;
use plimsoll_rules::RuleSet;

use crate::settings::Preferences;

/// Finds and reads files and settings; the only way to the disk.
pub trait Host: Send + Sync {
    /// Everything that a check of a folder would look at; `file`: a check of this file alone. All paths are absolute. What the folder's
    /// own settings say goes before the editor's.
    fn load(&self, folder: &Utf8Path, file: Option<&Utf8Path>, preferences: &Preferences) -> Loaded;

    /// The content of a file of the folder; `None`: there is none.
    fn read(&self, folder: &Utf8Path, path: &Utf8Path) -> Option<Result<Vec<u8>, String>>;

    /// Whether a check of the folder would look at this file, which is there.
    fn finds(&self, folder: &Utf8Path, path: &Utf8Path) -> bool;

    /// Whether settings, rule pages or the choice of files hang on this path.
    fn configures(&self, path: &Utf8Path) -> bool;

    /// Where a rule's page is on the site.
    fn page_of(&self, rules: &RuleSet, name: &str) -> Option<String>;
}

/// A folder with its rules.
pub struct Loaded {
    /// The folder without symbolic links; paths of the engine are relative to it.
    pub root: Utf8PathBuf,
    /// With every file.
    pub engine: Engine,
    /// All rules, those that do not run included.
    pub rules: Arc<RuleSet>,
    /// What is wrong with settings and pages; the engine does without them.
    pub faults: Vec<Fault>,
}

/// Something wrong with settings or rule pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, absolute; `None`: it is about none.
    pub path: Option<Utf8PathBuf>,
    /// The line, from 1.
    pub line: u32,
    /// The first column and the one after the last, from 1; they count characters.
    pub columns: (u32, u32),
    /// The text of the line.
    pub text: String,
    /// What is wrong, in one sentence, and what to do about it.
    pub message: String,
}
