//! `plimsoll server`: what the language server needs of the disk, read as `plimsoll check` reads it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, FromArgMatches};
use plimsoll_engine::{Engine, Files, Settings};
use plimsoll_lsp::{Fault, Host, Loaded, Preferences};
use plimsoll_rules::{PageError, RuleSet};

use crate::arguments::Check;
use crate::config::{Config, NAME};
use crate::files::{Workspace, WorkspaceFiles};
use crate::output::page_of;
use crate::problem::{Problem, reason};
use crate::rules::OWN_PAGES;
use crate::{Status, check, disk, rules, walk};

/// Names of files that say which others are read.
const CHOOSING: [&str; 4] = [NAME, ".gitignore", ".ignore", ".plimsollignore"];

/// Serves one editor.
pub(crate) fn run() -> Result<Status, Problem> {
    keep_small();
    let asked = plimsoll_lsp::serve(Arc::new(Disk::default())).map_err(|error| Problem::disk("the language server", &error))?;
    Ok(if asked { Status::Clean } else { Status::Findings })
}

/// A check is over before it has filled its pages, and takes huge ones for speed; a server stays, and must not hold what it does not use.
#[cfg(target_os = "linux")]
fn keep_small() {
    // Where it is refused, only some memory is lost.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

#[cfg(not(target_os = "linux"))]
const fn keep_small() {}

/// The disk, with what is left out in each folder.
#[derive(Default)]
struct Disk {
    known: Mutex<Vec<(Utf8PathBuf, Arc<Folder>)>>,
}

/// A folder as it was read last.
struct Folder {
    workspace: Workspace,
    config: Config,
    files: Arc<WorkspaceFiles>,
}

impl Host for Disk {
    fn load(&self, folder: &Utf8Path, file: Option<&Utf8Path>, preferences: &Preferences) -> Loaded {
        let mut problems = Vec::new();
        let options = options();
        let root = disk::canonical(folder.as_std_path()).and_then(disk::utf8).unwrap_or_else(|_| folder.to_owned());
        let targets = [file.and_then(Utf8Path::file_name).map_or_else(|| root.clone(), |name| root.join(name))];
        let workspace = Workspace::seen_from(root.clone(), &targets).unwrap_or_else(|_| {
            // A folder that is not there yet, or a file that was never saved.
            Workspace { working_directory: root.clone(), root: root.clone(), targets: Vec::new() }
        });
        let config = settings_of(&root, preferences).unwrap_or_else(|problem| {
            problems.push(problem);
            Config::default()
        });
        let rules = rules::load(&root, false).unwrap_or_else(|problem| {
            problems.push(problem);
            RuleSet::builtin()
        });
        let settings = check::settings(&options, &config);
        let settings = check::variables(settings, &options.variables, &config, &workspace).unwrap_or_default();
        let files = Arc::new(WorkspaceFiles { root: workspace.root.clone(), limit: options.max_file_size });
        let engine = Engine::new(files.clone(), &rules, &settings).or_else(|error| {
            problems.push(config.blame(&error).unwrap_or_else(|| Problem::new(error.to_string())));
            Engine::new(files.clone(), &rules, &Settings { today: settings.today, ..Settings::default() })
        });
        let mut engine = engine.unwrap_or_else(|_| Engine::without_rules(files.clone()));
        engine.add(walk::find(&workspace, &files, &config.exclude, false).sources);
        let faults = problems.iter().flat_map(|problem| faults(problem, &root)).collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(known, _)| *known != root);
        known.push((root.clone(), Arc::new(Folder { workspace, config, files })));
        Loaded { root, engine, rules: Arc::new(rules), faults }
    }

    fn read(&self, folder: &Utf8Path, path: &Utf8Path) -> Option<Result<Vec<u8>, String>> {
        let folder = self.folder(folder)?;
        match folder.files.read(path) {
            Ok(bytes) => Some(Ok(bytes)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
            Err(error) if disk::exists(&folder.workspace.root.join(path)) => {
                Some(Err(format!("could not be read: {}", reason(&error))))
            }
            Err(_) => None,
        }
    }

    fn finds(&self, folder: &Utf8Path, path: &Utf8Path) -> bool {
        self.folder(folder)
            .is_some_and(|folder| walk::meets(&folder.workspace, &folder.config.exclude, &folder.workspace.root.join(path)))
    }

    fn configures(&self, path: &Utf8Path) -> bool {
        let is_page = || path.extension() == Some("md") && path.ancestors().any(|folder| folder.ends_with(OWN_PAGES));
        path.file_name().is_some_and(|name| CHOOSING.contains(&name)) || is_page()
    }

    fn page_of(&self, rules: &RuleSet, name: &str) -> Option<String> {
        page_of(rules, name)
    }
}

impl Disk {
    fn folder(&self, root: &Utf8Path) -> Option<Arc<Folder>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(known, _)| known == root).map(|(_, folder)| folder.clone())
    }
}

/// The nearest settings; else those that the editor names. What they leave open the editor says.
fn settings_of(root: &Utf8Path, preferences: &Preferences) -> Result<Config, Problem> {
    let mut config = Config::nearest(root)?;
    if let Some(path) = preferences.config.as_ref().filter(|_| config.folder.as_str().is_empty()) {
        config = Config::read(&root.join(path), path)?;
    }
    if config.select.is_empty() {
        config.select.clone_from(&preferences.select);
    }
    if config.ignore.is_empty() {
        config.ignore.clone_from(&preferences.ignore);
    }
    Ok(config)
}

/// The options of a check without arguments.
fn options() -> Check {
    let matches = Check::augment_args(clap::Command::new("check")).get_matches_from(["check"]);
    Check::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// A problem at its place.
fn faults(problem: &Problem, root: &Utf8Path) -> Vec<Fault> {
    let at = |error: &PageError| {
        let width = error.span.len().max(1);
        let (line, column) = (error.position.line, error.position.column);
        let hint = error.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        Fault {
            path: Some(without_dots(&root.join(&error.path))),
            line,
            columns: (column, column.saturating_add(width)),
            text: error.line.clone(),
            message: format!("{}{hint}", error.message),
        }
    };
    match problem {
        Problem::At(error) => vec![at(error)],
        Problem::Pages(errors) => errors.iter().map(at).collect(),
        Problem::Said { message, hint } => {
            let hint = hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
            vec![Fault { path: None, line: 1, columns: (1, 1), text: String::new(), message: format!("{message}{hint}") }]
        }
    }
}

/// A path on the disk, without `.` and `..`.
fn without_dots(path: &Utf8Path) -> Utf8PathBuf {
    disk::canonical(path.as_std_path()).and_then(disk::utf8).unwrap_or_else(|_| path.to_owned())
}
