//! Which files are read: those below the given folders that nobody ignores, and what belongs to the given files.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use ignore::{DirEntry, WalkBuilder, WalkState};
use plimsoll_engine::{Files, Source, in_order, may_be_read};
use rayon::prelude::*;

use crate::config::Exclude;
use crate::disk::{self, Kind};
use crate::files::{Workspace, WorkspaceFiles};
use crate::problem::reason;

/// Few files are read faster without threads.
const FEW: usize = 16;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// To check, and what is read because it belongs to that.
    pub(crate) sources: Vec<Source>,
    /// Paths of `sources` that nobody asked about: the rest of a file's folder, modules that are called.
    pub(crate) context: BTreeSet<Utf8PathBuf>,
    /// Named on the command line, but of no kind that is read.
    pub(crate) strangers: Vec<Utf8PathBuf>,
}

/// A file to read, or why it cannot be read; by its path in the workspace.
type Entry = (Utf8PathBuf, Result<Place, String>);

/// Where a file is, absolute.
enum Place {
    /// No symbolic link leads there: a walk from the workspace met it, and follows none.
    Met(PathBuf),
    /// Links may lead anywhere.
    Named(PathBuf),
}

/// Finds and reads the files of a workspace.
pub(crate) fn find(workspace: &Workspace, files: &WorkspaceFiles, exclude: &Exclude, force_exclude: bool) -> Found {
    let mut found = Found::default();
    let mut folders_of_files = BTreeSet::new();
    let mut batch = walk_folders(workspace, files, exclude);
    let mut entries = Vec::new();
    for target in workspace.targets.iter().filter(|target| !target.is_folder) {
        let Some(path) = workspace.inside(&target.path) else { continue };
        if !may_be_read(&path) {
            found.strangers.push(path);
        } else if !(force_exclude && exclude.covers(&target.path, false)) {
            folders_of_files.extend(target.path.parent().map(Utf8Path::to_owned));
            entries.push((path, Ok(Place::Named(target.path.clone().into_std_path_buf()))));
        }
    }
    batch.extend(read(entries, files));
    let mut called = batch.called;
    found.sources = in_order_once(batch.sources);

    // A file is judged beside its neighbours, and a module is called with values: read both, but report only on what was asked.
    let wanted: fn(&Utf8Path) -> bool = may_be_read;
    let mut folders: Vec<_> = folders_of_files.into_iter().map(|folder| (folder, wanted)).collect();
    let mut done = HashSet::new();
    loop {
        if folders.is_empty() {
            let known = module_folders(&found.sources);
            let new = std::mem::take(&mut called).into_iter().filter(|folder| !known.contains(folder.as_str()));
            let wanted: fn(&Utf8Path) -> bool = is_module_file;
            folders.extend(new.filter(|folder| done.insert(folder.clone())).map(|folder| (workspace.root.join(folder), wanted)));
        }
        if folders.is_empty() {
            return found;
        }
        let seen: HashSet<&Utf8Path> = found.sources.iter().map(|source| &*source.path).collect();
        let lists = folders.drain(..).map(|(folder, wanted)| list(workspace, &folder, &seen, wanted));
        let more = read(lists.flatten().collect(), files);
        called.extend(more.called);
        let more = in_order_once(more.sources);
        found.context.extend(more.iter().map(|source| source.path.clone()));
        found.sources.extend(more);
    }
}

/// What was read.
#[derive(Default)]
struct Batch {
    sources: Vec<Source>,
    /// The folders of the workspace that it calls as modules.
    called: BTreeSet<String>,
}

impl Batch {
    fn extend(&mut self, more: Self) {
        self.sources.extend(more.sources);
        self.called.extend(more.called);
    }
}

fn read(entries: Vec<Entry>, files: &WorkspaceFiles) -> Batch {
    let one = |asked: &mut Option<Utf8PathBuf>, entry| {
        let source = source(entry, files);
        let called = called_by(&source, files, asked);
        Batch { sources: vec![source], called }
    };
    let batches: Vec<Batch> = if entries.len() <= FEW {
        let mut asked = None;
        entries.into_iter().map(|entry| one(&mut asked, entry)).collect()
    } else {
        entries.into_par_iter().map_init(|| None, one).collect()
    };
    let mut all = Batch::default();
    batches.into_iter().for_each(|batch| all.extend(batch));
    all
}

fn source((path, place): Entry, files: &WorkspaceFiles) -> Source {
    let content = place.and_then(|place| {
        let read = match &place {
            Place::Met(path) => disk::read(path, files.limit),
            Place::Named(path) => files.read_absolute(path),
        };
        read.map_err(|error| unread(&error))
    });
    Source::new(path, content)
}

/// In the order of their paths, each once: the last of several counts.
fn in_order_once(mut sources: Vec<Source>) -> Vec<Source> {
    sources.sort_by(|a, b| in_order(&a.path, &b.path));
    sources.dedup_by(|later, earlier| {
        let same = later.path.as_str() == earlier.path.as_str();
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
    sources
}

fn unread(error: &io::Error) -> String {
    format!("could not be read: {}", reason(error))
}

/// What a walk meets and reads, in whatever order.
fn walk_folders(workspace: &Workspace, files: &WorkspaceFiles, exclude: &Exclude) -> Batch {
    let mut folders = workspace.targets.iter().filter(|target| target.is_folder).map(|target| &target.path);
    let Some(first) = folders.next() else { return Batch::default() };
    let mut walk = builder(first, exclude, |_| true);
    folders.for_each(|folder| {
        walk.add(folder);
    });
    let met = Mutex::new(Batch::default());
    walk.build_parallel().run(|| {
        let (met, mut asked) = (&met, None);
        Box::new(move |entry| {
            let found = match entry {
                Ok(entry) => candidate(workspace, &entry),
                Err(error) => broken(workspace, &error),
            };
            if let Some(source) = found.map(|entry| source(entry, files)) {
                let called = called_by(&source, files, &mut asked);
                let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
                met.sources.push(source);
                met.called.extend(called);
            }
            WalkState::Continue
        })
    });
    met.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Walks what nobody ignores, as far as `enters` wants it.
fn builder(folder: &Utf8Path, exclude: &Exclude, enters: impl Fn(&Path) -> bool + Send + Sync + 'static) -> WalkBuilder {
    let mut walk = WalkBuilder::new(folder);
    let exclude = exclude.clone();
    walk.require_git(false).add_custom_ignore_filename(".plimsollignore").filter_entry(move |entry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        let excluded = || Utf8Path::from_path(entry.path()).is_some_and(|path| exclude.covers(path, is_folder));
        entry.depth() == 0 || enters(entry.path()) && !excluded()
    });
    walk
}

/// Whether a walk through the folders of a workspace meets this file.
pub(crate) fn meets(workspace: &Workspace, exclude: &Exclude, path: &Utf8Path) -> bool {
    let wanted = path.to_owned().into_std_path_buf();
    workspace.targets.iter().any(|target| {
        let on_the_way = wanted.clone();
        target.is_folder
            && path.starts_with(&target.path)
            && builder(&target.path, exclude, move |entry| on_the_way.starts_with(entry))
                .build()
                .flatten()
                .any(|entry| entry.path() == wanted && candidate(workspace, &entry).is_some())
    })
}

/// The file, when it is one that may be read.
fn candidate(workspace: &Workspace, entry: &DirEntry) -> Option<Entry> {
    let kind = entry.file_type()?;
    let lossy = Utf8PathBuf::from(entry.path().to_string_lossy().into_owned());
    let path = workspace.inside(&lossy)?;
    if kind.is_dir() || !may_be_read(&path) {
        return None;
    }
    if entry.path().to_str().is_none() {
        return Some((path, Err("could not be read: its name is not UTF-8".to_owned())));
    }
    // Links to folders are not followed: what is in them is met at its own place, if it lies in the workspace.
    let found =
        if kind.is_symlink() { disk::kind(entry.path()) } else { Ok(if kind.is_file() { Kind::File } else { Kind::Other }) };
    match found {
        Ok(Kind::File) if kind.is_file() => Some((path, Ok(Place::Met(entry.path().to_owned())))),
        Ok(Kind::File) => Some((path, Ok(Place::Named(entry.path().to_owned())))),
        Ok(Kind::Folder | Kind::Other) => None,
        Err(error) => Some((path, Err(unread(&error)))),
    }
}

/// A folder or file that the walk could not enter.
fn broken(workspace: &Workspace, error: &ignore::Error) -> Option<Entry> {
    let path = place(error)?;
    let path = workspace.inside(&Utf8PathBuf::from(path.to_string_lossy().into_owned()))?;
    // The walk's own words repeat the path.
    let why = error.io_error().map_or_else(|| error.to_string(), |error| error.kind().to_string());
    Some((path, Err(format!("could not be read: {why}"))))
}

fn place(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => place(err),
        ignore::Error::Partial(errors) => errors.first().and_then(place),
        _ => None,
    }
}

/// The wanted files of one folder that were not read yet, hidden ones left out.
fn list(workspace: &Workspace, folder: &Utf8Path, seen: &HashSet<&Utf8Path>, wanted: fn(&Utf8Path) -> bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    for name in disk::names(folder).unwrap_or_default() {
        let absolute = folder.join(&name);
        let Some(path) = workspace.inside(&absolute) else { continue };
        let is_new = !name.starts_with('.') && wanted(&path) && !seen.contains(&*path);
        if is_new && disk::kind(absolute.as_std_path()).is_ok_and(|kind| kind == Kind::File) {
            entries.push((path, Ok(Place::Named(absolute.into_std_path_buf()))));
        }
    }
    entries
}

/// The folders of modules.
fn module_folders(sources: &[Source]) -> HashSet<&str> {
    let modules = sources.iter().map(|source| &*source.path).filter(|path| is_module_file(path));
    modules.map(|path| folder(path).as_str()).collect()
}

/// Folders of the workspace that a Terraform file calls as modules, or its neighbours: `asked` is the folder that was last asked what is
/// installed there. A text search is enough: it only decides what else is read, and in most runs everything is there already.
fn called_by(source: &Source, files: &WorkspaceFiles, asked: &mut Option<Utf8PathBuf>) -> BTreeSet<String> {
    if !is_module_file(&source.path) {
        return BTreeSet::new();
    }
    let folder = folder(&source.path);
    let local = local_sources(source.text()).filter_map(|module| without_dots(&folder.join(module)));
    let mut called: BTreeSet<String> = local.collect();
    if asked.as_deref() != Some(folder) {
        called.extend(installed(files, folder));
        *asked = Some(folder.to_owned());
    }
    called
}

fn folder(path: &Utf8Path) -> &Utf8Path {
    path.parent().unwrap_or(Utf8Path::new(""))
}

/// The folders into which `terraform init` has put the modules of a root module.
fn installed(files: &WorkspaceFiles, folder: &Utf8Path) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Manifest {
        #[serde(rename = "Modules")]
        modules: Vec<Module>,
    }
    #[derive(serde::Deserialize)]
    struct Module {
        #[serde(rename = "Dir")]
        dir: String,
    }
    let manifest = files.read(&folder.join(".terraform/modules/modules.json")).ok();
    let manifest: Option<Manifest> = manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let modules = manifest.map(|manifest| manifest.modules).unwrap_or_default();
    modules.iter().filter_map(|module| without_dots(&folder.join(module.dir.replace('\\', "/")))).collect()
}

/// Whether a file belongs to the module of its folder, whoever calls it.
fn is_module_file(path: &Utf8Path) -> bool {
    [".tf", ".tofu", ".tf.json", ".tofu.json"].iter().any(|ending| path.as_str().ends_with(ending))
}

/// The path without `.` and `..`; `None` where it leaves the workspace.
fn without_dots(path: &Utf8Path) -> Option<String> {
    let mut out = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::Normal(name) => out.push(name),
            Utf8Component::ParentDir if !out.pop() => return None,
            _ => {}
        }
    }
    Some(out.into_string())
}

/// The attribute that says where a module is.
const SOURCE: &str = "source";

/// The quoted relative paths that stand after `source =`.
fn local_sources(text: &str) -> impl Iterator<Item = &str> {
    memchr::memmem::find_iter(text.as_bytes(), SOURCE).filter_map(|at| {
        let value = text.get(at + SOURCE.len()..)?.trim_start_matches([' ', '\t']).strip_prefix('=')?;
        let quoted = value.trim_start_matches([' ', '\t']).strip_prefix('"')?;
        let path = quoted.get(..quoted.find(['"', '\n'])?)?;
        (path.starts_with("./") || path.starts_with("../")).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_modules_are_seen() {
        let text = "module \"a\" {\n  source = \"../modules/a\"\n}\nmodule \"b\" { source=\"./b\" }\nmodule \"c\" { source = \"hashicorp/c\" }\n# source = ";
        assert_eq!(local_sources(text).collect::<Vec<_>>(), ["../modules/a", "./b"]);
    }
}
