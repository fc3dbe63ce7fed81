//! The parts of the world that meet nowhere but in the internet and on the local network. An edit makes those again that it touches, and
//! what is exposed in them, and what rules say of them; everything else stays as it was.

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::Item;
use plimsoll_terraform::Inputs;
use plimsoll_world::{Recipe, Role, Said, clusters, given, has_objects, hosts, recipes};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Scene, Terms, region_world};
use crate::db::{Db, SourceFile, Workspace, contained};
use crate::kind::FileKind;
use crate::queries::{self, Root};

/// A part of the world, by what it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Region {
    /// Root modules with what each is given, by directory.
    pub(super) roots: Vec<(String, Inputs)>,
    /// Hosts of container engines, by folder, with the files that are about them.
    pub(super) hosts: Vec<(String, Vec<SourceFile>)>,
    pub(super) vagrant: Vec<SourceFile>,
    /// All manifests, which are of one cluster.
    pub(super) manifests: bool,
    /// Some root module elsewhere sets up a cluster.
    pub(super) other_clusters: bool,
}

impl Region {
    /// Takes in another one that it meets.
    fn join(&mut self, other: Self) {
        self.roots.extend(other.roots);
        self.hosts.extend(other.hosts);
        self.vagrant.extend(other.vagrant);
        self.manifests |= other.manifests;
        self.other_clusters |= other.other_clusters;
    }

    /// In the order of paths, as a world of everything has it.
    fn sorted(mut self) -> Self {
        self.roots.sort_by(|a, b| a.0.cmp(&b.0));
        self.hosts.sort_by(|a, b| a.0.cmp(&b.0));
        self
    }
}

/// A region, for queries.
#[salsa::interned]
pub(crate) struct Part<'db> {
    #[returns(ref)]
    pub(super) region: Region,
}

/// The whole world as one region.
pub(super) fn whole(db: &dyn Db, workspace: Workspace, scene: Scene<'_>) -> Region {
    let mut all = Region::default();
    sources(db, workspace, scene).iter().for_each(|region| all.join(region.clone()));
    Region { other_clusters: false, ..all.sorted() }
}

/// The regions of a workspace, before it is known which of them meet.
#[salsa::tracked(returns(clone))]
pub(crate) fn sources<'db>(db: &'db dyn Db, workspace: Workspace, scene: Scene<'db>) -> Arc<Vec<Region>> {
    let roots = scene.roots(db);
    let tasks: Vec<Arc<Task>> =
        roots.iter().map(|(path, inputs)| task(db, workspace, Root::new(db, path.clone(), inputs.clone()))).collect();
    let manifests = *has_manifests(db, workspace);
    let has_objects = manifests || tasks.iter().any(|task| task.objects);
    let total: usize = tasks.iter().map(|task| task.clusters).sum();
    let mut cluster = Region { manifests, ..Region::default() };
    let mut here = 0;
    let mut all: Vec<Region> = Vec::new();
    for (root, task) in roots.iter().zip(&tasks) {
        // The only cluster is what runs the manifests.
        if task.objects || has_objects && total == 1 && task.clusters == 1 {
            cluster.roots.push(root.clone());
            here += task.clusters;
        } else {
            all.push(Region { roots: vec![root.clone()], ..Region::default() });
        }
    }
    let files = queries::sorted_out(db, workspace);
    let known: Vec<(SourceFile, Arc<Told>)> = files.others.iter().map(|&file| (file, told(db, workspace, file))).collect();
    let all_given: FxHashSet<Said> = tasks.iter().flat_map(|task| &task.given).cloned().collect();
    let roles: Vec<(&str, &Role)> = known.iter().map(|(file, told)| (file.path(db).as_str(), &told.role)).collect();
    for (folder, numbers) in hosts(&roles, &all_given) {
        let files = numbers.into_iter().filter_map(|number| known.get(number)).map(|(file, _)| *file).collect();
        all.push(Region { hosts: vec![(folder, files)], ..Region::default() });
    }
    let vagrant = files.others.iter().filter(|file| file.content(db).kind == Some(FileKind::Vagrant));
    all.extend(vagrant.map(|file| Region { vagrant: vec![*file], ..Region::default() }));
    if has_objects {
        cluster.other_clusters = here != total;
        // The largest one first, so that no thread waits for it in the end.
        all.insert(0, cluster);
    }
    Arc::new(all)
}

/// The regions of a workspace: those that name the same things outside of all code are one.
#[salsa::tracked(returns(clone))]
pub(crate) fn regions<'db>(db: &'db dyn Db, workspace: Workspace, scene: Scene<'db>) -> Arc<Vec<Region>> {
    let all = sources(db, workspace, scene);
    let mut first: FxHashMap<CompactString, usize> = FxHashMap::default();
    // To which region each belongs.
    let mut into: Vec<usize> = (0..all.len()).collect();
    let root = |into: &[usize], mut at: usize| {
        while let Some(&next) = into.get(at).filter(|next| **next != at) {
            at = next;
        }
        at
    };
    for (at, region) in all.iter().enumerate() {
        // What fails here fails again where it is judged, and is told there.
        let names = contained(|| outside(db, workspace, scene.terms(db), Part::new(db, region.clone()))).unwrap_or_default();
        for name in names.iter() {
            let met = *first.entry(name.clone()).or_insert(at);
            let (one, other) = (root(&into, met), root(&into, at));
            if let Some(later) = into.get_mut(one.max(other)) {
                *later = one.min(other);
            }
        }
    }
    let mut joined: BTreeMap<usize, Region> = BTreeMap::new();
    for (at, region) in all.iter().enumerate() {
        joined.entry(root(&into, at)).or_default().join(region.clone());
    }
    Arc::new(joined.into_values().map(Region::sorted).collect())
}

/// What a region names outside of all code. It is equal as long as that stays, so that an edit of anything else leaves the regions
/// alone.
#[salsa::tracked(returns(clone))]
fn outside<'db>(db: &'db dyn Db, workspace: Workspace, terms: Terms<'db>, part: Part<'db>) -> Arc<Vec<CompactString>> {
    Arc::new(region_world(db, workspace, terms, part).outside.clone())
}

/// What a root module has to do with other regions.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Task {
    clusters: usize,
    objects: bool,
    given: Vec<Said>,
}

#[salsa::tracked(returns(clone))]
fn task<'db>(db: &'db dyn Db, workspace: Workspace, root: Root<'db>) -> Arc<Task> {
    let items = contained(|| queries::root_items(db, workspace, root)).unwrap_or_default();
    Arc::new(Task { clusters: clusters(&items), objects: has_objects(items.iter()), given: given(&items).collect() })
}

/// Whether there is an object in the manifests.
#[salsa::tracked]
fn has_manifests(db: &dyn Db, workspace: Workspace) -> bool {
    queries::with_manifests(db, workspace, |all| has_objects(all.iter().copied().flatten()))
}

/// Reads a root module, for those who ask what it has to do with others.
pub(crate) fn prepare_root<'db>(db: &'db dyn Db, workspace: Workspace, root: Root<'db>) {
    task(db, workspace, root);
}

/// Reads a file, for those who ask for all.
pub(crate) fn prepare_file(db: &dyn Db, workspace: Workspace, file: SourceFile) {
    if file.content(db).kind.is_some_and(|kind| !kind.is_terraform() && kind != FileKind::Kubernetes) {
        told(db, workspace, file);
    }
}

/// What a file says that is no Terraform and no manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    role: Role,
    recipes: Vec<(CompactString, Recipe)>,
}

#[salsa::tracked(returns(clone))]
fn told(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<Told> {
    let Some(items) = contained(|| items(db, workspace, file)).ok().flatten() else { return Arc::default() };
    Arc::new(Told { role: Role::of(&items), recipes: recipes(file.path(db).as_str(), &items).collect() })
}

/// The items that a file adds that is no Terraform and no manifest.
pub(super) fn items(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Option<Arc<Vec<Item>>> {
    match file.content(db).kind? {
        FileKind::Terraform | FileKind::TerraformJson | FileKind::Tfvars | FileKind::Plan | FileKind::Kubernetes => None,
        FileKind::Compose => Some(crate::compose::compose_items(db, workspace, file)),
        // What runs while an image is made is gone when that runs.
        FileKind::Packer | FileKind::PackerVariables | FileKind::PackerJson => None,
        _ => Some(crate::file::lasting_items(db, file)),
    }
}

/// From what images are built, by repository.
#[salsa::tracked(returns(clone))]
fn all_recipes(db: &dyn Db, workspace: Workspace) -> Arc<FxHashMap<CompactString, Arc<Vec<Recipe>>>> {
    let mut all: FxHashMap<CompactString, Arc<Vec<Recipe>>> = FxHashMap::default();
    for &file in &queries::sorted_out(db, workspace).others {
        for (repository, recipe) in &told(db, workspace, file).recipes {
            Arc::make_mut(all.entry(repository.clone()).or_default()).push(recipe.clone());
        }
    }
    Arc::new(all)
}

/// The name of an image.
#[salsa::interned]
pub(super) struct Repository<'db> {
    #[returns(ref)]
    name: String,
}

/// From what images of a repository are built.
#[salsa::tracked(returns(clone))]
pub(super) fn built<'db>(db: &'db dyn Db, workspace: Workspace, repository: Repository<'db>) -> Arc<Vec<Recipe>> {
    all_recipes(db, workspace).get(repository.name(db).as_str()).cloned().unwrap_or_default()
}
