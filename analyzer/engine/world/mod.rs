//! The world of a workspace: what it is made of, and what is asked of it.

mod ask;
mod falco;
mod findings;
mod images;
mod lens;
mod links;
mod ports;
mod providers;
mod region;
mod report;
mod stated;
#[cfg(test)]
mod tests;
mod views;

use std::any::Any;
use std::sync::Arc;

use plimsoll_syntax::Item;
use plimsoll_terraform::Inputs;
use plimsoll_world::{Answer, Beat, Facts, From, Host, Question, Scope, World};
use rustc_hash::FxHashSet;

use findings::Found;
use images::OfWorkspace;
use providers::OfRoot;
use region::Part;

use crate::db::{Book, Database, Db, SourceFile, Workspace, contained};
use crate::queries::{self, Root};
use crate::relations::Related;
use crate::roots::Outside;
use crate::run::{Rulebook, Verdicts};

pub(crate) use region::{Region, prepare_file, prepare_root, regions, sources};
pub(crate) use views::told;

pub use ask::{Asked, Exposed, NoSuchNode, Stretch};
pub use falco::{FalcoRule, PROMISES};
pub use lens::{Hint, NodeDetails, NodeLens, ValueAt};
pub use links::Link;
pub use report::{Boundaries, BoundaryNode, SharedBoundary, Witness};
pub use stated::{Intended, Misstated, Stated};

/// What a world is made by, whatever is in it.
#[salsa::interned]
pub(crate) struct Terms<'db> {
    /// What the user states.
    #[returns(ref)]
    pub stated: Stated,
    /// Year, month and day, for what is meant until then.
    #[returns(copy)]
    pub today: findings::Today,
}

/// The root modules with what each is given.
#[salsa::interned]
pub(crate) struct Scene<'db> {
    /// By directory.
    #[returns(ref)]
    pub roots: Vec<(String, Inputs)>,
    #[returns(copy)]
    pub terms: Terms<'db>,
}

impl<'db> Scene<'db> {
    /// What the user states.
    fn stated(self, db: &'db dyn Db) -> &'db Stated {
        self.terms(db).stated(db)
    }
}

/// The scene of a workspace: every root once, in the first of its environments.
pub(crate) fn scene<'db>(db: &'db Database, workspace: Workspace, outside: &Outside) -> Scene<'db> {
    let roots = queries::roots(db, workspace);
    let given = |root: &String| {
        let inputs = outside.contexts(db, root).into_iter().next().map(|(_, inputs)| inputs).unwrap_or_default();
        (root.clone(), inputs)
    };
    Scene::new(db, roots.iter().map(given).collect::<Vec<_>>(), terms(db, outside))
}

/// What is given to every world of a run.
pub(crate) fn terms<'db>(db: &'db Database, outside: &Outside) -> Terms<'db> {
    Terms::new(db, outside.stated.clone(), outside.today)
}

/// What all formats say together, as one: for questions about everything.
pub(crate) fn world<'db>(db: &'db dyn Db, workspace: Workspace, scene: Scene<'db>) -> Arc<World> {
    region_world(db, workspace, scene.terms(db), Part::new(db, region::whole(db, workspace, scene)))
}

/// What all formats say together in one region.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn region_world<'db>(db: &'db dyn Db, workspace: Workspace, terms: Terms<'db>, part: Part<'db>) -> Arc<World> {
    let region = part.region(db);
    let of_root =
        |(path, inputs): &(String, Inputs)| queries::root_items(db, workspace, Root::new(db, path.clone(), inputs.clone()));
    let of_file = |file: &SourceFile| region::items(db, workspace, *file).map(|items| (file.path(db).as_str(), items));
    let of_files = |files: &[SourceFile]| files.iter().filter_map(of_file).collect::<Vec<_>>();
    let roots: Vec<Held<'_>> = region.roots.iter().map(|root| (root.0.as_str(), of_root(root))).collect();
    let of_versions = |(path, inputs): &(String, Inputs)| OfRoot::new(db, workspace, Root::new(db, path.clone(), inputs.clone()));
    let versions: Vec<OfRoot<'_>> = region.roots.iter().map(of_versions).collect();
    let hosts: Vec<(&str, Vec<Held<'_>>)> =
        region.hosts.iter().map(|(folder, files)| (folder.as_str(), of_files(files))).collect();
    let vagrant = of_files(&region.vagrant);
    let images = OfWorkspace::new(db, workspace);
    let beat = || db.unwind_if_revision_cancelled();
    let join = |manifests: &[&[Item]]| {
        World::of(&Facts {
            roots: scopes(&roots).into_iter().zip(&versions).map(|(scope, own)| Scope { versions: Some(own), ..scope }).collect(),
            other_clusters: region.other_clusters,
            hosts: hosts.iter().map(|(folder, files)| Host { folder, files: scopes(files) }).collect(),
            vagrant: scopes(&vagrant),
            manifests,
            images: Some(&images),
            assume: terms.stated(db).assume.clone(),
            beat: Beat(&beat),
        })
    };
    Arc::new(if region.manifests { queries::with_manifests(db, workspace, join) } else { join(&[]) })
}

/// A path and what lies there.
type Held<'a> = (&'a str, Arc<Vec<Item>>);

fn scopes<'a>(all: &'a [Held<'a>]) -> Vec<Scope<'a>> {
    all.iter().map(|(path, items)| Scope { path, items, versions: None }).collect()
}

/// What is exposed in the whole world.
fn found<'db>(db: &'db dyn Db, workspace: Workspace, scene: Scene<'db>) -> Arc<Found> {
    region_found(db, workspace, scene.terms(db), Part::new(db, region::whole(db, workspace, scene)))
}

/// Whom the internet reaches in a region, and what keeps it from the others.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn region_answers<'db>(db: &'db dyn Db, workspace: Workspace, terms: Terms<'db>, part: Part<'db>) -> Arc<Vec<Answer>> {
    let question = Question { from: From::Node(World::INTERNET), to: None, port: None };
    Arc::new(region_world(db, workspace, terms, part).answers(&question))
}

/// What is exposed in a region: asked once for rules, reports and editors.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn region_found<'db>(db: &'db dyn Db, workspace: Workspace, terms: Terms<'db>, part: Part<'db>) -> Arc<Found> {
    let beat = || db.unwind_if_revision_cancelled();
    let (world, internet) = (region_world(db, workspace, terms, part), region_answers(db, workspace, terms, part));
    beat();
    Arc::new(Found::of(&world, internet, terms.stated(db), terms.today(db), Beat(&beat)))
}

/// Makes a region, for those who ask for it later.
pub(crate) fn prepare(db: &dyn Db, workspace: Workspace, terms: Terms<'_>, region: &Region) {
    region_world(db, workspace, terms, Part::new(db, region.clone()));
}

/// What the rules say about a region.
pub(crate) fn verdicts(db: &dyn Db, workspace: Workspace, book: Book, terms: Terms<'_>, region: &Region) -> Arc<Verdicts> {
    region_verdicts(db, workspace, book, terms, Part::new(db, region.clone()))
}

#[salsa::tracked(returns(clone), no_eq)]
fn region_verdicts<'db>(db: &'db dyn Db, workspace: Workspace, book: Book, terms: Terms<'db>, part: Part<'db>) -> Arc<Verdicts> {
    let rulebook = book.rulebook(db);
    if !is_looked_at(&rulebook) {
        return Arc::default();
    }
    let (world, found) = (region_world(db, workspace, terms, part), region_found(db, workspace, terms, part));
    Arc::new(judged(&rulebook, &views::items(&world, &found, terms.stated(db))))
}

/// What the rules say about what the user states, which holds for all regions together.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn stated_verdicts<'db>(db: &'db dyn Db, workspace: Workspace, book: Book, scene: Scene<'db>) -> Arc<Verdicts> {
    // Where the regions cannot be told, nobody else says so.
    let regions = regions(db, workspace, scene);
    let (rulebook, stated) = (book.rulebook(db), scene.stated(db));
    let file = stated.path.as_ref().and_then(|path| db.file(path)).filter(|_| !stated.intended.is_empty());
    let Some(file) = file.filter(|_| is_looked_at(&rulebook)) else { return Arc::default() };
    let mut matched: FxHashSet<usize> = FxHashSet::default();
    for region in regions.iter() {
        let found = contained(|| region_found(db, workspace, scene.terms(db), Part::new(db, region.clone())));
        matched.extend(found.iter().flat_map(|found| found.matched()));
    }
    let items = views::intended(stated, &matched, file.id(db), scene.terms(db).today(db));
    Arc::new(judged(&rulebook, &items))
}

fn judged(rulebook: &Rulebook, items: &[Item]) -> Verdicts {
    rulebook.run(items, &Related::new(plimsoll_rules::relations(), items, || None))
}

pub(crate) fn is_looked_at(rulebook: &Rulebook) -> bool {
    views::VIEWS.iter().any(|view| rulebook.looks_at(view))
}

/// What is in a region, and what of it is exposed.
fn seen<'db>(db: &'db dyn Db, workspace: Workspace, scene: Scene<'db>, region: &Region) -> (Arc<World>, Arc<Found>) {
    let (terms, part) = (scene.terms(db), Part::new(db, region.clone()));
    (region_world(db, workspace, terms, part), region_found(db, workspace, terms, part))
}

/// Something that takes long to take apart.
pub(crate) type Heavy = Arc<dyn Any + Send + Sync>;

/// What the verdicts were made from and takes long to take apart: whoever holds it decides when, and on which thread.
pub(crate) fn heavy<'db>(db: &'db dyn Db, workspace: Workspace, book: Book, scene: Scene<'db>) -> Vec<Heavy> {
    if !is_looked_at(&book.rulebook(db)) {
        return Vec::new();
    }
    let regions = contained(|| regions(db, workspace, scene)).unwrap_or_default();
    let both = |region| -> Vec<Heavy> {
        contained(|| seen(db, workspace, scene, region)).map(|(world, found)| vec![world as Heavy, found]).unwrap_or_default()
    };
    regions.iter().flat_map(both).collect()
}
