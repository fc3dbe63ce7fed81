//! The engine: files go in, findings come out.
//!
//! File texts and the rulebook are the inputs of a salsa database; trees, modules, items, verdicts and suppressions are queries of
//! them, so that a batch run and an editor ask the same questions and an edit costs what it changed. The engine owns what the
//! formats have in common: which file is of which kind, the views over several formats, relations, the evaluation of rules, and
//! the report. It must not know a particular rule, a terminal, or a protocol; the disk it knows as [`Files`].

mod address;
mod allow;
mod asked;
mod charts;
mod compose;
mod db;
mod domains;
mod eval;
mod file;
mod fix;
mod inspect;
mod kind;
mod live;
mod overlays;
mod packer;
pub mod pages;
mod paths;
mod patterns;
mod plan;
mod prepare;
mod queries;
mod recent;
mod relations;
mod render;
mod report;
mod root_module;
mod roots;
mod run;
mod settings;
mod slices;
mod suppress;
mod truth;
mod user_data;
mod versions;
mod views;
mod world;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use camino::Utf8PathBuf;
use plimsoll_rules::RuleSet;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

pub use db::{FAULT, Files};
pub use fix::{apply, diff};
pub use inspect::{Inspected, InspectedItem, InspectedNote, InspectedVersion, Leaf, Missing, Spot, Step};
pub use kind::may_be_read;
pub use live::{Cancelled, Canceller, FileReport, Snapshot, Standing};
pub use paths::in_order;
pub use plimsoll_terraform::{Given, Inputs, is_plan};
pub use report::{
    CheckedFile, Edit, Failure, Finding, Fix, Incomplete, ItemRef, Level, Range, Related, Report, Severity, Text, Undecided,
};
pub use settings::{Environment, Settings, SettingsError};
pub use world::{
    Asked, Boundaries, BoundaryNode, Exposed, FalcoRule, Hint, Intended, Link, Misstated, NoSuchNode, NodeDetails, NodeLens,
    PROMISES, SharedBoundary, Stated, Stretch, ValueAt, Witness,
};

use db::{Book, Content, Database, SourceFile, Workspace, contained};
use kind::FileKind;
use run::{Rulebook, Verdicts};

/// Fewer files than this are checked on the calling thread: starting others would cost more.
const ALONE: usize = 4;

/// How many of many a thread takes at once at most: of those that are left in the end each thread has some.
const SHARE: usize = 8;

/// How often a thread of each takes some, at least: what is few takes long.
const TURNS: usize = 64;

/// Stack of a worker, in bytes: deep expressions and documents recurse, up to the limits of the parsers.
const STACK: usize = 16 << 20;

/// A file of the workspace, read or not.
#[derive(Clone, Debug)]
pub struct Source {
    /// Relative to the workspace, with forward slashes.
    pub path: Utf8PathBuf,
    content: Content,
}

impl Source {
    /// A file with its bytes, which are decoded here, on the thread that has read them; or with why they were not read.
    #[must_use]
    pub fn new(path: impl Into<Utf8PathBuf>, bytes: Result<Vec<u8>, String>) -> Self {
        let path = path.into();
        let content = Content::of(&path, bytes);
        Self { path, content }
    }

    /// Its text; empty when it was not read.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.content.text
    }
}

/// A workspace with its rules.
pub struct Engine {
    db: Database,
    workspace: Workspace,
    book: Book,
    rulebook: Arc<Rulebook>,
    today: Option<(u16, u8, u8)>,
    minimum: Option<Severity>,
    outside: roots::Outside,
    /// Started when there is enough to do.
    pool: OnceLock<Option<Arc<rayon::ThreadPool>>>,
}

/// What is judged as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    /// What a file holds by itself.
    File(SourceFile),
    /// A Terraform root module, by its directory.
    Root(String),
    /// A Helm chart, by its folder.
    Chart(String),
    /// A kustomization that no other one includes, by its folder.
    Overlay(String),
    /// The manifests as a whole.
    Cluster,
    /// A part of the world, which all formats make together.
    Region(Arc<world::Region>),
    /// What the user states of the world.
    Stated,
}

impl Subject {
    /// It hangs on what all formats say together.
    const fn is_of_world(&self) -> bool {
        matches!(self, Self::Region(_) | Self::Stated)
    }
}

/// What one file or module contributes to the report.
#[derive(Clone, Debug)]
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
        Ok(Self::with(files, Arc::new(Rulebook::new(rules, settings)?), settings))
    }

    fn with(files: Arc<dyn Files>, rulebook: Arc<Rulebook>, settings: &Settings) -> Self {
        let db = Database::new(files);
        let book = Book::builder(rulebook.clone()).durability(salsa::Durability::HIGH).new(&db);
        let workspace =
            Workspace::builder(Vec::new(), FxHashMap::default(), versions::kubernetes_minor(settings.kubernetes.as_deref()))
                .durability(salsa::Durability::HIGH)
                .new(&db);
        let outside = roots::Outside {
            variables: settings.variables.clone(),
            environments: settings.environments.clone(),
            stated: settings.stated.clone(),
            today: settings.today,
        };
        Self { db, workspace, book, rulebook, today: settings.today, minimum: settings.minimum, outside, pool: OnceLock::new() }
    }

    /// Adds files, or replaces those of the same path.
    pub fn add(&mut self, mut sources: Vec<Source>) {
        use salsa::Setter;
        sources.sort_by(|a, b| in_order(&a.path, &b.path));
        let mut files = self.workspace.files(&self.db).clone();
        let is_first = files.is_empty();
        files.extend(sources.into_iter().map(|source| self.db.set(source.path, source.content)));
        if !is_first {
            files.sort_by(|a, b| in_order(a.path(&self.db), b.path(&self.db)));
        }
        files.dedup();
        let directories = self.directories(&files);
        self.workspace.set_files(&mut self.db).to(files);
        self.workspace.set_directories(&mut self.db).to(directories);
    }

    /// The Terraform files by directory.
    fn directories(&self, files: &[SourceFile]) -> FxHashMap<String, Vec<SourceFile>> {
        let mut directories: FxHashMap<String, Vec<SourceFile>> = FxHashMap::default();
        for &file in files {
            if file.content(&self.db).kind.is_some_and(FileKind::is_terraform) {
                let folder = file.path(&self.db).parent().map(ToString::to_string).unwrap_or_default();
                directories.entry(folder).or_default().push(file);
            }
        }
        directories
    }

    /// Checks everything; `progress` hears how many of how many parts are done.
    #[must_use]
    pub fn check(&self, progress: &(dyn Fn(usize, usize) + Sync)) -> Report {
        let files = self.workspace.files(&self.db).clone();
        self.prepare();
        // The world first, because it takes longest.
        let subjects: Vec<Subject> = self.world_subjects().into_iter().chain(self.subjects()).collect();
        let total = subjects.len();
        let done = AtomicUsize::new(0);
        let task = self.task();
        let parts: Vec<Part> = self.map(subjects, |db, subject| {
            let part = judge(db, task, &subject);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            part
        });
        let (verdicts, lost): (Vec<_>, Vec<_>) = parts.into_iter().map(|part| (part.verdicts, part.incomplete)).unzip();
        let lost = lost.into_iter().flatten().collect();
        let (db, rulebook, today, minimum) = (self.db.clone(), &self.rulebook, self.today, self.minimum);
        let render = move || render::Renderer { db: &db, rulebook, today, minimum }.report(&files, &verdicts, lost);
        if total < ALONE { render() } else { self.pooled(render) }
    }

    /// Everything that rules look at, but the world.
    fn subjects(&self) -> Vec<Subject> {
        let files = self.workspace.files(&self.db).iter().copied().map(Subject::File);
        let roots = contained(|| queries::roots(&self.db, self.workspace)).unwrap_or_default();
        let charts = contained(|| charts::charts(&self.db, self.workspace)).unwrap_or_default();
        let roots = roots.iter().cloned().map(Subject::Root);
        let overlays = contained(|| overlays::overlays(&self.db, self.workspace)).unwrap_or_default();
        let charts = charts.iter().cloned().map(Subject::Chart);
        let overlays = overlays.iter().cloned().map(Subject::Overlay);
        [Subject::Cluster].into_iter().chain(files).chain(roots).chain(charts).chain(overlays).collect()
    }

    /// Everything that rules look at in the world.
    fn world_subjects(&self) -> Vec<Subject> {
        let (workspace, outside) = (self.workspace, &self.outside);
        if !world::is_looked_at(&self.rulebook) {
            return Vec::new();
        }
        let scene = world::scene(&self.db, workspace, outside);
        // Which of them meet is known when they are there: they are made on all threads.
        let sources = contained(|| world::sources(&self.db, workspace, scene)).unwrap_or_default();
        self.map(sources.to_vec(), |db, region| {
            let _ = contained(|| world::prepare(db, workspace, world::terms(db, outside), &region));
        });
        let regions = contained(|| world::regions(&self.db, workspace, scene)).unwrap_or_default();
        regions.iter().map(|region| Subject::Region(Arc::new(region.clone()))).chain([Subject::Stated]).collect()
    }

    fn task(&self) -> Task<'_> {
        Task { workspace: self.workspace, book: self.book, outside: &self.outside }
    }

    /// Does `work` with each of `inputs`, in order, on all threads, each with a handle of the database.
    fn map<T: Send, R: Send>(&self, inputs: Vec<T>, work: impl Fn(&Database, T) -> R + Sync) -> Vec<R> {
        if inputs.len() < ALONE {
            return inputs.into_iter().map(|input| work(&self.db, input)).collect();
        }
        let db = self.db.clone();
        self.pooled(|| {
            let share = (inputs.len() / (TURNS * rayon::current_num_threads())).clamp(1, SHARE);
            inputs.into_par_iter().with_max_len(share).map_with(db, |db, input| work(db, input)).collect()
        })
    }

    /// Runs `work` on threads with a deep stack.
    fn pooled<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match self.threads() {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    fn threads(&self) -> Option<&rayon::ThreadPool> {
        let start = || rayon::ThreadPoolBuilder::new().stack_size(STACK).build().ok().map(Arc::new);
        self.pool.get_or_init(start).as_deref()
    }
}

/// What to judge by.
#[derive(Clone, Copy)]
struct Task<'e> {
    workspace: Workspace,
    book: Book,
    outside: &'e roots::Outside,
}

fn judge(db: &Database, task: Task<'_>, subject: &Subject) -> Part {
    let (workspace, book) = (task.workspace, task.book);
    match subject {
        Subject::File(file) => file_part(db, workspace, book, *file),
        Subject::Root(root) => {
            let (verdicts, incomplete) = roots::judged(db, workspace, book, task.outside, root);
            Part { verdicts, incomplete }
        }
        Subject::Chart(folder) => {
            let (verdicts, incomplete) = charts::judged_in_all(db, workspace, book, &task.outside.environments, folder);
            Part { verdicts, incomplete }
        }
        Subject::Overlay(folder) => overlay_part(db, workspace, book, folder),
        Subject::Cluster => whole_part(|| queries::cluster_verdicts(db, workspace, book)),
        Subject::Region(region) => whole_part(|| world::verdicts(db, workspace, book, world::terms(db, task.outside), region)),
        Subject::Stated => whole_part(|| world::stated_verdicts(db, workspace, book, world::scene(db, workspace, task.outside))),
    }
}

/// What is said of the workspace as a whole.
fn whole_part(verdicts: impl FnOnce() -> Arc<Verdicts>) -> Part {
    match contained(verdicts) {
        Ok(verdicts) => Part { verdicts, incomplete: Vec::new() },
        Err(reason) => Part { verdicts: Arc::default(), incomplete: vec![render::Lost::whole(None, reason)] },
    }
}

fn file_part(db: &Database, workspace: Workspace, book: Book, file: SourceFile) -> Part {
    let content = file.content(db);
    let id = file.id(db);
    if let Some(reason) = &content.unread {
        return Part { verdicts: Arc::default(), incomplete: vec![render::Lost::whole(Some(id), reason.clone())] };
    }
    let mut incomplete = Vec::new();
    match contained(|| file::file_errors(db, file)) {
        // A template is read as what it renders to.
        Ok(_) if charts::is_template(db, workspace, file) => {}
        Ok(errors) => incomplete.extend(errors.iter().map(|error| render::Lost::part(id, error))),
        Err(reason) => incomplete.push(render::Lost::whole(Some(id), reason)),
    }
    let verdicts = contained(|| queries::file_verdicts(db, workspace, book, file)).unwrap_or_else(|reason| {
        incomplete.push(render::Lost::whole(Some(id), reason));
        Arc::default()
    });
    Part { verdicts, incomplete }
}

fn overlay_part(db: &Database, workspace: Workspace, book: Book, folder: &str) -> Part {
    let directory = queries::Directory::new(db, folder.to_owned());
    let result = contained(|| {
        let verdicts = overlays::overlay_verdicts(db, workspace, book, directory);
        (verdicts, overlays::overlay(db, workspace, directory).lost.clone())
    });
    let (verdicts, incomplete) = result.unwrap_or_else(|reason| {
        (Arc::default(), vec![render::Lost::whole(overlays::kustomization_file(db, workspace, folder), reason)])
    });
    Part { verdicts, incomplete }
}

#[cfg(test)]
mod tests;
