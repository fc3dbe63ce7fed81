//! The queries: trees, facts of a file, modules, items. Each is a thin wrapper over a pure function of a format crate.

use std::sync::Arc;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use plimsoll_connectivity::Connectivity;
use plimsoll_docker as docker;
use plimsoll_kubernetes as kubernetes;
use plimsoll_syntax::{FileId, Item, LineIndex, SyntaxError, dockerfile, hcl, yaml};
use plimsoll_terraform as terraform;

use crate::db::{Book, Db, SourceFile, Workspace};
use crate::kind::FileKind;
use crate::relations::Related;
use crate::report::Text;
use crate::run::Verdicts;
use crate::suppress::{self, Suppression};
use crate::{charts, overlays, slices, user_data, views};

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

/// The HCL tree of a file.
#[salsa::tracked(returns(clone), no_eq, lru = 128)]
pub(crate) fn hcl_tree(db: &dyn Db, file: SourceFile) -> Arc<hcl::Tree> {
    Arc::new(hcl::parse(&file.content(db).text))
}

/// The YAML (or JSON) tree of a file.
#[salsa::tracked(returns(clone), no_eq, lru = 128)]
pub(crate) fn yaml_tree(db: &dyn Db, file: SourceFile) -> Arc<yaml::Tree> {
    let text = &file.content(db).text;
    Arc::new(if text.contains("{{") { yaml::parse_template(text) } else { yaml::parse(text) })
}

/// The tree of a Dockerfile.
#[salsa::tracked(returns(clone), no_eq, lru = 128)]
pub(crate) fn dockerfile_tree(db: &dyn Db, file: SourceFile) -> Arc<dockerfile::Tree> {
    Arc::new(dockerfile::parse(&file.content(db).text))
}

/// The items that a file has by itself; empty for Terraform and Compose, whose items belong to a
/// root module or a project.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn file_items(db: &dyn Db, file: SourceFile) -> Arc<Vec<Item>> {
    let content = file.content(db);
    let (id, text) = (file.id(db), &*content.text);
    let Some(kind) = content.kind else { return Arc::default() };
    Arc::new(match kind {
        // They belong to a module or a project, not to one file.
        FileKind::Terraform | FileKind::TerraformJson | FileKind::Tfvars | FileKind::Plan | FileKind::Compose => Vec::new(),
        // Nor do these: what is around them fills them in.
        FileKind::Packer | FileKind::PackerVariables => Vec::new(),
        FileKind::PackerJson => crate::packer::legacy_items(&yaml_tree(db, file), file.id(db)),
        FileKind::Kubernetes => kubernetes::items(&yaml_tree(db, file), id),
        FileKind::Dockerfile => match dockerignore(db, file) {
            Some(ignore) => docker::dockerfile::items_with(&dockerfile_tree(db, file), id, &ignore),
            None => docker::dockerfile::items(&dockerfile_tree(db, file), id),
        },
        FileKind::Daemon => docker::daemon::json_items(&yaml_tree(db, file), id),
        FileKind::DaemonOptions => docker::daemon::option_file_items(text, id),
        FileKind::OtherEngine(engine) => docker::other_engines::items(text, engine, id),
        FileKind::Vagrant => docker::vagrant::items(text, id),
        FileKind::Systemd => docker::daemon::unit_items(text, id),
        FileKind::CloudInit => docker::cloud_init::items(text, id),
        FileKind::Script => docker::script::items(text, id),
    })
}

/// What the `.dockerignore` beside a Dockerfile says; one named after the Dockerfile comes first.
fn dockerignore(db: &dyn Db, file: SourceFile) -> Option<docker::dockerfile::Ignore> {
    let path = file.path(db);
    let own = Utf8PathBuf::from(format!("{path}.dockerignore"));
    let shared = path.with_file_name(".dockerignore");
    let found = [own, shared].iter().find_map(|path| db.file(path))?;
    Some(docker::dockerfile::Ignore::parse(&found.content(db).text))
}

/// What could not be read in a file.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn file_errors(db: &dyn Db, file: SourceFile) -> Arc<Vec<SyntaxError>> {
    let content = file.content(db);
    let mut errors: Vec<SyntaxError> = content.damage.iter().cloned().collect();
    match content.kind {
        Some(FileKind::Terraform | FileKind::Tfvars | FileKind::Packer | FileKind::PackerVariables) => {
            errors.extend(hcl_tree(db, file).errors.iter().cloned())
        }
        Some(
            FileKind::TerraformJson
            | FileKind::Plan
            | FileKind::Kubernetes
            | FileKind::Compose
            | FileKind::Daemon
            | FileKind::PackerJson,
        ) => {
            errors.extend(yaml_tree(db, file).errors.iter().cloned());
        }
        Some(FileKind::Dockerfile) => errors.extend(dockerfile_tree(db, file).errors.iter().cloned()),
        Some(FileKind::OtherEngine(_)) => errors.extend(docker::other_engines::errors(&content.text)),
        Some(FileKind::Systemd | FileKind::CloudInit | FileKind::Script | FileKind::DaemonOptions | FileKind::Vagrant) | None => {
        }
    }
    Arc::new(errors)
}

/// The declarations of one directory, without evaluation; `None`: no Terraform file lies in it.
#[salsa::tracked(returns(clone), no_eq)]
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
    Arc::new(module(db, workspace, directory).map(|module| terraform::local_calls(&module)).unwrap_or_default())
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

/// Everything that a root module plans.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn evaluation<'db>(db: &'db dyn Db, workspace: Workspace, root: Root<'db>) -> Arc<terraform::Evaluation> {
    let view = TerraformView { db, workspace };
    Arc::new(match db.memory() {
        Some(memory) => terraform::evaluate_again(root.path(db), root.inputs(db), &view, memory),
        None => terraform::evaluate_with(root.path(db), root.inputs(db), &view),
    })
}

/// The files of a workspace by who reads them, besides Terraform's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SortedOut {
    /// Manifests, templates of charts and kustomizations among them.
    pub manifests: Vec<SourceFile>,
    /// What is neither Terraform nor a manifest.
    pub others: Vec<SourceFile>,
}

/// The files by who reads them. It is equal as long as no file becomes something else, so that an edit of a file leaves those alone that
/// look at all files of another kind.
#[salsa::tracked(returns(clone))]
pub(crate) fn sorted_out(db: &dyn Db, workspace: Workspace) -> Arc<SortedOut> {
    let mut all = SortedOut::default();
    for &file in workspace.files(db) {
        match file.content(db).kind {
            Some(FileKind::Kubernetes) => all.manifests.push(file),
            Some(kind) if !kind.is_terraform() => all.others.push(file),
            _ => {}
        }
    }
    Arc::new(all)
}

/// Everything that belongs to the workspace's manifests as a whole.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn cluster(db: &dyn Db, workspace: Workspace) -> Arc<kubernetes::Cluster> {
    with_manifests(db, workspace, |all| Arc::new(kubernetes::Cluster::new(all)))
}

/// Who may reach whom among the workloads of all manifests, by their network policies.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn connectivity(db: &dyn Db, workspace: Workspace) -> Arc<Connectivity> {
    with_manifests(db, workspace, |all| Arc::new(Connectivity::of(&all.concat())))
}

/// Hands over the items of all manifests: plain ones, those of charts, those of kustomizations.
pub(crate) fn with_manifests<T>(db: &dyn Db, workspace: Workspace, work: impl FnOnce(&[&[Item]]) -> T) -> T {
    let all = overlays::plain(db, workspace);
    let charts = charts::charts(db, workspace);
    let rendered: Vec<Arc<charts::Chart>> =
        charts.iter().map(|folder| charts::chart(db, workspace, Directory::new(db, folder.clone()))).collect();
    let mut borrowed: Vec<&[Item]> = all.iter().map(|items| items.as_slice()).collect();
    borrowed.extend(rendered.iter().map(|chart| chart.items.as_slice()));
    let folders = overlays::overlays(db, workspace);
    let built: Vec<Arc<overlays::Overlay>> =
        folders.iter().map(|folder| overlays::overlay(db, workspace, Directory::new(db, folder.clone()))).collect();
    borrowed.extend(built.iter().map(|overlay| overlay.items.as_slice()));
    work(&borrowed)
}

/// What the Terraform evaluator sees of the workspace.
struct TerraformView<'db> {
    db: &'db dyn Db,
    workspace: Workspace,
}

impl terraform::Workspace for TerraformView<'_> {
    fn module(&self, dir: &str) -> Option<Arc<terraform::Module>> {
        module(self.db, self.workspace, Directory::new(self.db, dir.to_owned()))
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
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn root_items<'db>(db: &'db dyn Db, workspace: Workspace, root: Root<'db>) -> Arc<Vec<Item>> {
    let evaluation = evaluation(db, workspace, root);
    let mut items: Vec<Item> = evaluation.items.iter().map(|item| Item::clone(item)).collect();
    let source = |file: FileId| db.by_id(file).map(|file| file.content(db).text.clone());
    let views = views::terraform(&items, &source);
    let texts = user_data::items(&items, &source);
    items.extend(views);
    items.extend(texts);
    Arc::new(items)
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
    Arc::new(book.rulebook(db).run(&items, &related))
}

/// What the rules say about a root module.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn root_verdicts<'db>(db: &'db dyn Db, workspace: Workspace, book: Book, root: Root<'db>) -> Arc<Verdicts> {
    let items = root_items(db, workspace, root);
    // Kubernetes objects that Terraform manages relate to each other as manifests do.
    let objects = items.iter().any(|item| item.views.iter().any(|view| view == "object"));
    let related =
        Related::new(plimsoll_rules::relations(), &items, || objects.then(|| Arc::new(kubernetes::Cluster::new(&[&items]))));
    Arc::new(book.rulebook(db).run(&items, &related))
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
    verdicts.findings.extend(granted.findings.iter().cloned());
    verdicts.undecided.extend(granted.undecided.iter().cloned());
    verdicts.failures.extend(granted.failures.iter().cloned());
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
