//! The queries over several files: modules, evaluations, the cluster, verdicts. Each is a thin wrapper over a pure function of a format crate.

use std::sync::Arc;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use plimsoll_connectivity::Connectivity;
use plimsoll_kubernetes as kubernetes;
use plimsoll_syntax::{FileId, Item, LineIndex, hcl, yaml};
use plimsoll_terraform as terraform;

use crate::db::{Book, Db, SourceFile, Workspace};
use crate::file::{file_items, hcl_tree, yaml_tree};
use crate::kind::FileKind;
use crate::relations::Related;
use crate::report::Text;
use crate::root_module::RootModule;
use crate::run::Verdicts;
use crate::suppress::{self, Suppression};
use crate::versions::Chosen;
use crate::{charts, overlays, slices};

/// A directory of Terraform files, relative to the workspace; empty for the workspace itself.
#[salsa::interned]
pub(crate) struct Directory<'db> {
    /// With forward slashes.
    #[returns(ref)]
    pub path: String,
}

/// A root module with what it is given.
#[salsa::interned]
pub(crate) struct Root<'db> {
    /// Its directory, as [`Directory::path`].
    #[returns(ref)]
    pub path: String,
    /// What it is given from outside.
    #[returns(ref)]
    pub inputs: terraform::Inputs,
}

/// The declarations of one directory, without evaluation; `None`: no Terraform file lies in it.
#[salsa::tracked(returns(ref), no_eq)]
pub(crate) fn module<'db>(db: &'db dyn Db, workspace: Workspace, directory: Directory<'db>) -> Option<Arc<terraform::Module>> {
    enum Held {
        Hcl(Arc<hcl::Tree>),
        Json(Arc<yaml::Tree>),
        Tfvars(Arc<hcl::Tree>),
    }
    let path = directory.path(db);
    let files = workspace.directories(db).get(path)?;
    let held: Vec<(&str, FileId, Held)> = files
        .iter()
        .filter_map(|&file| {
            let name = file.path(db).file_name()?;
            let tree = match file.content(db).kind? {
                FileKind::Terraform => Held::Hcl(hcl_tree(db, file)),
                FileKind::TerraformJson => Held::Json(yaml_tree(db, file)),
                FileKind::Tfvars => Held::Tfvars(hcl_tree(db, file)),
                _ => return None,
            };
            Some((name, file.id(db), tree))
        })
        .collect();
    let files = held.iter().map(|(name, file, tree)| terraform::SourceFile {
        name,
        file: *file,
        tree: match tree {
            Held::Hcl(tree) => terraform::SourceTree::Hcl(tree),
            Held::Json(tree) => terraform::SourceTree::Json(tree),
            Held::Tfvars(tree) => terraform::SourceTree::Tfvars(tree),
        },
    });
    Some(Arc::new(terraform::declarations(&terraform::ModuleFiles { dir: path, files: files.collect() })))
}

/// The local modules that a directory calls. It is equal as long as no call changes, so that an edit inside of a module leaves the
/// list of roots alone.
#[salsa::tracked(returns(clone))]
fn calls<'db>(db: &'db dyn Db, workspace: Workspace, directory: Directory<'db>) -> Arc<Vec<String>> {
    Arc::new(module(db, workspace, directory).as_ref().map(|module| terraform::local_calls(module)).unwrap_or_default())
}

/// The roots that reach a directory, by directory.
#[salsa::tracked(returns(clone))]
pub(crate) fn callers(db: &dyn Db, workspace: Workspace) -> Arc<rustc_hash::FxHashMap<String, Vec<String>>> {
    let mut callers: rustc_hash::FxHashMap<String, Vec<String>> = rustc_hash::FxHashMap::default();
    for root in roots(db, workspace).iter() {
        let mut reached = rustc_hash::FxHashSet::default();
        reach(db, workspace, root, &mut reached);
        for directory in reached {
            callers.entry(directory).or_default().push(root.clone());
        }
    }
    Arc::new(callers)
}

/// The directories that no other directory calls as a module, sorted. Modules that only call each other are roots, too.
#[salsa::tracked(returns(clone))]
pub(crate) fn roots(db: &dyn Db, workspace: Workspace) -> Arc<Vec<String>> {
    // What `terraform init` installed is judged where it is called.
    let installed = |path: &str| path.split('/').any(|folder| folder == ".terraform");
    let mut all: Vec<&String> = workspace.directories(db).keys().filter(|path| !installed(path)).collect();
    all.sort();
    let mut called = rustc_hash::FxHashSet::default();
    for path in &all {
        let callees = calls(db, workspace, Directory::new(db, String::clone(path)));
        called.extend(callees.iter().filter(|callee| callee != path).cloned());
    }
    let mut roots: Vec<String> =
        all.iter().filter(|path| !called.contains(path.as_str())).map(|path| String::clone(path)).collect();
    // A ring of modules has no root of its own: take its first directory.
    let mut reached: rustc_hash::FxHashSet<String> = rustc_hash::FxHashSet::default();
    for root in &roots {
        reach(db, workspace, root, &mut reached);
    }
    for path in all {
        if !reached.contains(path.as_str()) {
            roots.push(path.clone());
            reach(db, workspace, path, &mut reached);
        }
    }
    roots.sort();
    Arc::new(roots)
}

fn reach(db: &dyn Db, workspace: Workspace, from: &str, reached: &mut rustc_hash::FxHashSet<String>) {
    let mut waiting = vec![from.to_owned()];
    while let Some(path) = waiting.pop() {
        if !reached.insert(path.clone()) {
            continue;
        }
        waiting.extend(calls(db, workspace, Directory::new(db, path)).iter().cloned());
    }
}

/// Evaluates a root module.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn evaluation<'db>(db: &'db dyn Db, workspace: Workspace, root: Root<'db>) -> Arc<RootModule> {
    let view = TerraformView { db, workspace };
    let terraform::Evaluation { items, notes, called_dirs } = match db.memory() {
        Some(memory) => terraform::evaluate_again(root.path(db), root.inputs(db), &view, memory),
        None => terraform::evaluate_with(root.path(db), root.inputs(db), &view),
    };
    Arc::new(RootModule::new(db, items.into_items(), notes, called_dirs))
}

/// The files of a workspace by who reads them, besides Terraform's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SortedOut {
    /// Manifests, templates of charts and kustomizations among them.
    pub manifests: Vec<SourceFile>,
    /// What is neither Terraform nor a manifest.
    pub others: Vec<SourceFile>,
}

/// How many files are looked at together.
const STRETCH: usize = 128;

/// Neighbours in the list of files. A look at all files is a look at these: where nothing of one has changed, it costs as much as
/// one file.
#[salsa::interned]
pub(crate) struct Stretch<'db> {
    #[returns(copy)]
    number: usize,
}

/// All of them.
pub(crate) fn stretches(db: &dyn Db, workspace: Workspace) -> impl Iterator<Item = Stretch<'_>> {
    (0..workspace.files(db).len().div_ceil(STRETCH)).map(move |number| Stretch::new(db, number))
}

/// Some files by who reads them.
#[salsa::tracked(returns(clone))]
pub(crate) fn sorted_stretch<'db>(db: &'db dyn Db, workspace: Workspace, stretch: Stretch<'db>) -> Arc<SortedOut> {
    let mut all = SortedOut::default();
    for &file in workspace.files(db).iter().skip(stretch.number(db) * STRETCH).take(STRETCH) {
        match file.content(db).kind {
            Some(FileKind::Kubernetes) => all.manifests.push(file),
            Some(kind) if !kind.is_terraform() => all.others.push(file),
            _ => {}
        }
    }
    Arc::new(all)
}

/// The files by who reads them. It is equal as long as no file becomes something else, so that an edit of a file leaves those alone that
/// look at all files of another kind.
#[salsa::tracked(returns(clone))]
pub(crate) fn sorted_out(db: &dyn Db, workspace: Workspace) -> Arc<SortedOut> {
    let mut all = SortedOut::default();
    for stretch in stretches(db, workspace) {
        let some = sorted_stretch(db, workspace, stretch);
        all.manifests.extend(&some.manifests);
        all.others.extend(&some.others);
    }
    Arc::new(all)
}

/// Everything that belongs to the workspace's manifests as a whole.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn cluster(db: &dyn Db, workspace: Workspace) -> Arc<kubernetes::Cluster> {
    Arc::new(kubernetes::Cluster::of(manifests(db, workspace)))
}

/// Who may reach whom among the workloads of all manifests, by their network policies.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn connectivity(db: &dyn Db, workspace: Workspace) -> Arc<Connectivity> {
    with_manifests(db, workspace, |all| Arc::new(Connectivity::of(&all.concat())))
}

/// What all manifests hold: plain ones, those of charts, those of kustomizations.
fn manifests(db: &dyn Db, workspace: Workspace) -> Vec<Arc<kubernetes::Members>> {
    let folders = charts::charts(db, workspace);
    let rendered: Vec<Arc<charts::Chart>> =
        folders.iter().map(|folder| charts::chart(db, workspace, Directory::new(db, folder.clone()))).collect();
    let mut all = overlays::plain_with(db, workspace, &rendered);
    let folders = overlays::overlays(db, workspace);
    let built = folders.iter().map(|folder| overlays::overlay(db, workspace, Directory::new(db, folder.clone())).items.clone());
    let built: Vec<Arc<Vec<Item>>> = built.collect();
    if !built.is_empty() {
        all.push(Arc::new(kubernetes::Members::new(built)));
    }
    all
}

/// Hands over the items of all manifests.
pub(crate) fn with_manifests<T>(db: &dyn Db, workspace: Workspace, work: impl FnOnce(&[&[Item]]) -> T) -> T {
    let all = manifests(db, workspace);
    let borrowed: Vec<&[Item]> = all.iter().flat_map(|members| members.files()).collect();
    work(&borrowed)
}

/// What the Terraform evaluator sees of the workspace.
struct TerraformView<'db> {
    db: &'db dyn Db,
    workspace: Workspace,
}

impl terraform::Workspace for TerraformView<'_> {
    fn module(&self, dir: &str) -> Option<Arc<terraform::Module>> {
        module(self.db, self.workspace, Directory::new(self.db, dir)).clone()
    }

    fn is_module(&self, dir: &str, known: Option<&Arc<terraform::Module>>) -> bool {
        module(self.db, self.workspace, Directory::new(self.db, dir)).as_ref().map(Arc::as_ptr) == known.map(Arc::as_ptr)
    }

    fn read(&self, path: &str) -> terraform::FileRead {
        let Some(path) = inside(Utf8Path::new(path)) else { return terraform::FileRead::Outside };
        match self.db.file(&path) {
            Some(file) => match &file.content(self.db).unread {
                None => terraform::FileRead::Text(file.content(self.db).text.clone(), file.id(self.db)),
                Some(_) => terraform::FileRead::Missing,
            },
            None => terraform::FileRead::Missing,
        }
    }

    fn files(&self, dir: &str) -> Option<Vec<String>> {
        let dir = inside(Utf8Path::new(dir))?;
        // What the disk has, and what is only in the workspace: a file that was not saved.
        let mut all = self.db.list(&dir)?;
        let known = self.workspace.files(self.db).iter().filter_map(|file| file.path(self.db).strip_prefix(&dir).ok());
        all.extend(known.map(ToString::to_string));
        all.sort();
        all.dedup();
        Some(all)
    }
}

/// The path without `.` and `..`; `None` where it leaves the workspace.
#[must_use]
pub(crate) fn inside(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut out = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::Normal(name) => out.push(name),
            Utf8Component::ParentDir => {
                if !out.pop() {
                    return None;
                }
            }
            Utf8Component::RootDir | Utf8Component::Prefix(_) => return None,
        }
    }
    Some(out)
}

/// Everything that belongs to a root module, views over several providers and the texts inside of resources included.
pub(crate) fn root_items<'db>(db: &'db dyn Db, workspace: Workspace, root: Root<'db>) -> Arc<Vec<Item>> {
    evaluation(db, workspace, root).items.clone()
}

/// The items of a file that are judged with it.
pub(crate) fn judged_items(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<Vec<Item>> {
    match file.content(db).kind {
        Some(FileKind::Compose) => crate::compose::compose_items(db, workspace, file),
        Some(FileKind::Plan) => crate::plan::items(db, workspace, file),
        Some(FileKind::Packer) => crate::packer::items(db, workspace, file),
        // A template says what its chart renders it to.
        _ if charts::is_template(db, workspace, file) => Arc::default(),
        // So does what an overlay builds from a manifest.
        _ if overlays::is_used(db, workspace, file) => Arc::default(),
        _ => file_items(db, file),
    }
}

/// What the rules say about the items of one file.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn file_verdicts(db: &dyn Db, workspace: Workspace, book: Book, file: SourceFile) -> Arc<Verdicts> {
    let items = judged_items(db, workspace, file);
    if file.content(db).kind == Some(FileKind::Kubernetes) {
        return Arc::new(slices::judged(db, workspace, book, &items));
    }
    let related = Related::new(plimsoll_rules::relations(), &items, || None);
    let rulebook = book.rulebook(db);
    Arc::new(match file.content(db).kind {
        Some(FileKind::Plan) => rulebook.run_with_tags(&items, &related, &Chosen::default()),
        _ => rulebook.run(&items, &related),
    })
}

/// What the rules say about a root module.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn root_verdicts<'db>(db: &'db dyn Db, workspace: Workspace, book: Book, root: Root<'db>) -> Arc<Verdicts> {
    let items = root_items(db, workspace, root);
    // Kubernetes objects that Terraform manages relate to each other as manifests do.
    let objects = items.iter().any(|item| item.views.iter().any(|view| view == "object"));
    let cluster = || kubernetes::Cluster::of(vec![Arc::new(kubernetes::Members::new(vec![items.clone()]))]);
    let related = Related::new(plimsoll_rules::relations(), &items, || objects.then(|| Arc::new(cluster())));
    Arc::new(book.rulebook(db).run_with_tags(&items, &related, &chosen(db, workspace, root)))
}

/// The versions of providers that are locked beside a root module.
#[salsa::tracked(returns(clone))]
fn locked<'db>(db: &'db dyn Db, workspace: Workspace, directory: Directory<'db>) -> Arc<terraform::Locked> {
    Arc::new(terraform::locked(&TerraformView { db, workspace }, directory.path(db)))
}

/// The versions of providers that a root module gets.
pub(crate) fn chosen<'db>(db: &'db dyn Db, workspace: Workspace, root: Root<'db>) -> Chosen {
    let (path, called) = (root.path(db), evaluation(db, workspace, root).called_dirs.clone());
    let directories = std::iter::once(path).chain(called.iter());
    let modules = directories.filter_map(|path| module(db, workspace, Directory::new(db, path.clone())).as_ref());
    let requirements: Vec<terraform::Requirement> = modules.flat_map(|module| terraform::requirements(module)).collect();
    Chosen::new(&locked(db, workspace, Directory::new(db, path.clone())), &requirements)
}

/// What the rules say about the manifests as a whole: namespaces, and what roles grant.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn cluster_verdicts(db: &dyn Db, workspace: Workspace, book: Book) -> Arc<Verdicts> {
    let rulebook = book.rulebook(db);
    let granted = grant_verdicts(db, workspace, book);
    if !rulebook.looks_at("namespace") {
        return granted;
    }
    let cluster = cluster(db, workspace);
    let items = cluster.namespaces();
    let related = Related::new(plimsoll_rules::relations(), &items, || Some(cluster.clone()));
    let mut verdicts = rulebook.run(&items, &related);
    verdicts.add(Verdicts::clone(&granted));
    Arc::new(verdicts)
}

/// What the rules say about what roles grant.
#[salsa::tracked(returns(clone), no_eq)]
fn grant_verdicts(db: &dyn Db, workspace: Workspace, book: Book) -> Arc<Verdicts> {
    if !["rbac.grant", "rbac.subject"].iter().any(|view| book.rulebook(db).looks_at(view)) {
        return Arc::default();
    }
    slices::with_cluster(db, workspace, |cluster| {
        let items = [cluster().grants(), cluster().subjects()].concat();
        let related = Related::new(plimsoll_rules::relations(), &items, || Some(cluster()));
        Arc::new(book.rulebook(db).run(&items, &related))
    })
}

/// Where the lines of a file begin.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn text(db: &dyn Db, file: SourceFile) -> Arc<Text> {
    let text = file.content(db).text.clone();
    Arc::new(Text { lines: LineIndex::new(&text), text })
}

/// The comments of a file that allow findings.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn suppressions(db: &dyn Db, file: SourceFile) -> Arc<Vec<Suppression>> {
    let content = &file.content(db).text;
    if !suppress::may_hold(content) {
        return Arc::default();
    }
    Arc::new(suppress::read(content, &text(db, file).lines))
}
