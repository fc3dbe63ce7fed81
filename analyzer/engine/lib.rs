//! The engine: files go in, findings come out.
//!
//! File texts and the rulebook are the inputs of a salsa database; trees, modules, items, verdicts and suppressions are queries of
//! them, so that a batch run and an editor ask the same questions and an edit costs what it changed. The engine owns what the
//! formats have in common: which file is of which kind, the views over several formats, relations, the evaluation of rules, and
//! the report. It must not know a particular rule, a terminal, or a protocol; the disk it knows as [`Files`].

mod address;
mod db;
mod domains;
mod eval;
mod kind;
pub mod pages;
mod patterns;
mod queries;
mod relations;
mod render;
mod report;
mod run;
mod settings;
mod suppress;
mod truth;
mod user_data;
mod versions;
mod views;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use camino::Utf8PathBuf;
use plimsoll_rules::RuleSet;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

pub use db::Files;
pub use kind::may_be_read;
pub use report::{
    CheckedFile, Edit, Failure, Finding, Fix, Incomplete, ItemRef, Level, Range, Related, Report, Severity, Text, Undecided,
};
pub use settings::{Settings, SettingsError};

use db::{Book, Content, Database, SourceFile, Workspace, contained};
use kind::FileKind;
use queries::Directory;
use run::{Rulebook, Verdicts};

/// Fewer files than this are checked on the calling thread: starting others would cost more.
const ALONE: usize = 4;

/// Stack of a worker, in bytes: deep expressions and documents recurse, up to the limits of the parsers.
const STACK: usize = 16 << 20;

/// A file of the workspace, read or not.
#[derive(Clone, Debug)]
pub struct Source {
    /// Relative to the workspace, with forward slashes.
    pub path: Utf8PathBuf,
    /// Its bytes, or why they were not read.
    pub content: Result<Vec<u8>, String>,
}

/// A workspace with its rules.
pub struct Engine {
    db: Database,
    workspace: Workspace,
    book: Book,
    rulebook: Arc<Rulebook>,
    today: Option<(u16, u8, u8)>,
    minimum: Option<Severity>,
    /// Started when there is enough to do.
    pool: OnceLock<Option<rayon::ThreadPool>>,
}

/// What one file or module contributes to the report.
struct Part {
    verdicts: Arc<Verdicts>,
    incomplete: Vec<render::Lost>,
}

impl Engine {
    /// An empty workspace; `files` reads what the configuration itself names, such as `file("script.sh")`.
    ///
    /// # Errors
    /// When the settings name something that is not there.
    pub fn new(files: Arc<dyn Files>, rules: &RuleSet, settings: &Settings) -> Result<Self, SettingsError> {
        let rulebook = Arc::new(Rulebook::new(rules, settings)?);
        let db = Database::new(files);
        let book = Book::builder(rulebook.clone()).durability(salsa::Durability::HIGH).new(&db);
        let workspace = Workspace::builder(Vec::new(), FxHashMap::default()).durability(salsa::Durability::HIGH).new(&db);
        Ok(Self { db, workspace, book, rulebook, today: settings.today, minimum: settings.minimum, pool: OnceLock::new() })
    }

    /// Adds files, or replaces those of the same path.
    pub fn add(&mut self, mut sources: Vec<Source>) {
        use salsa::Setter;
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        let decoded: Vec<(Utf8PathBuf, Content)> = self.spread(sources, |source| {
            let content = Content::of(&source.path, source.content);
            (source.path, content)
        });
        let mut files = self.workspace.files(&self.db).clone();
        for (path, content) in decoded {
            files.push(self.db.set(path, content));
        }
        files.sort_by(|a, b| a.path(&self.db).cmp(b.path(&self.db)));
        files.dedup();
        let mut directories: FxHashMap<String, Vec<SourceFile>> = FxHashMap::default();
        for &file in &files {
            if file.content(&self.db).kind.is_some_and(FileKind::is_terraform) {
                let folder = file.path(&self.db).parent().map(ToString::to_string).unwrap_or_default();
                directories.entry(folder).or_default().push(file);
            }
        }
        self.workspace.set_files(&mut self.db).to(files);
        self.workspace.set_directories(&mut self.db).to(directories);
    }

    /// Checks everything; `progress` hears how many of how many parts are done.
    #[must_use]
    pub fn check(&self, progress: &(dyn Fn(usize, usize) + Sync)) -> Report {
        let files = self.workspace.files(&self.db).clone();
        let roots = contained(|| queries::roots(&self.db, self.workspace)).unwrap_or_default();
        let total = files.len() + roots.len() + 1;
        let done = AtomicUsize::new(0);
        let step = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        let (workspace, book) = (self.workspace, self.book);

        let mut parts: Vec<Part> = self.map(files.clone(), |db, file| {
            let part = file_part(db, workspace, book, file);
            step();
            part
        });
        parts.extend(self.map(roots.to_vec(), |db, root| {
            let part = root_part(db, workspace, book, root);
            step();
            part
        }));
        match contained(|| queries::cluster_verdicts(&self.db, workspace, book)) {
            Ok(verdicts) => parts.push(Part { verdicts, incomplete: Vec::new() }),
            Err(reason) => parts.push(Part { verdicts: Arc::default(), incomplete: vec![render::Lost::whole(None, reason)] }),
        }
        step();
        let renderer = render::Renderer { db: &self.db, rulebook: &self.rulebook, today: self.today, minimum: self.minimum };
        let (verdicts, lost): (Vec<_>, Vec<_>) = parts.into_iter().map(|part| (part.verdicts, part.incomplete)).unzip();
        renderer.report(&files, &verdicts, lost.into_iter().flatten().collect())
    }

    /// Does `work` with each of `inputs`, in order, on all threads, each with a handle of the database.
    fn map<T: Send, R: Send>(&self, inputs: Vec<T>, work: impl Fn(&Database, T) -> R + Sync) -> Vec<R> {
        if inputs.len() < ALONE {
            return inputs.into_iter().map(|input| work(&self.db, input)).collect();
        }
        let db = self.db.clone();
        self.pooled(|| inputs.into_par_iter().map_with(db, |db, input| work(db, input)).collect())
    }

    /// The same, without the database.
    fn spread<T: Send, R: Send>(&self, inputs: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        if inputs.len() < ALONE {
            return inputs.into_iter().map(work).collect();
        }
        self.pooled(|| inputs.into_par_iter().map(&work).collect())
    }

    /// Runs `work` on threads with a deep stack.
    fn pooled<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match self.pool.get_or_init(|| rayon::ThreadPoolBuilder::new().stack_size(STACK).build().ok()) {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

fn file_part(db: &Database, workspace: Workspace, book: Book, file: SourceFile) -> Part {
    let content = file.content(db);
    let id = file.id(db);
    if let Some(reason) = &content.unread {
        return Part { verdicts: Arc::default(), incomplete: vec![render::Lost::whole(Some(id), reason.clone())] };
    }
    let mut incomplete = Vec::new();
    match contained(|| queries::file_errors(db, file)) {
        Ok(errors) => incomplete.extend(errors.iter().map(|error| render::Lost::part(id, error))),
        Err(reason) => incomplete.push(render::Lost::whole(Some(id), reason)),
    }
    let verdicts = contained(|| queries::file_verdicts(db, workspace, book, file)).unwrap_or_else(|reason| {
        incomplete.push(render::Lost::whole(Some(id), reason));
        Arc::default()
    });
    Part { verdicts, incomplete }
}

fn root_part(db: &Database, workspace: Workspace, book: Book, root: String) -> Part {
    let directory = Directory::new(db, root.clone());
    let result = contained(|| {
        let notes = queries::evaluation(db, workspace, directory).notes.iter().filter_map(render::Lost::note).collect();
        (queries::root_verdicts(db, workspace, book, directory), notes)
    });
    match result {
        Ok((verdicts, incomplete)) => Part { verdicts, incomplete },
        Err(reason) => {
            let first = workspace.directories(db).get(&root).and_then(|files| files.first()).map(|file| file.id(db));
            Part { verdicts: Arc::default(), incomplete: vec![render::Lost::whole(first, reason)] }
        }
    }
}

#[cfg(test)]
mod tests;
