//! The world of a workspace: what it is made of, and what is asked of it.

mod ask;
mod falco;
mod findings;
mod lens;
mod links;
mod ports;
mod report;
mod stated;
mod views;

use std::any::Any;
use std::sync::Arc;

use plimsoll_syntax::Item;
use plimsoll_terraform::Inputs;
use plimsoll_world::{Beat, Facts, Scope, World};

use findings::Found;

use crate::db::{Book, Database, Db, SourceFile, Workspace, contained};
use crate::kind::FileKind;
use crate::queries::{self, Root};
use crate::relations::Related;
use crate::roots::Outside;
use crate::run::{Rulebook, Verdicts};

pub(crate) use views::told;

pub use ask::{Asked, Exposed, NoSuchNode, Stretch};
pub use falco::{FalcoRule, PROMISES};
pub use lens::{Hint, NodeDetails, NodeLens, ValueAt};
pub use links::Link;
pub use report::{Boundaries, BoundaryNode, SharedBoundary, Witness};
pub use stated::{Intended, Misstated, Stated};

/// The root modules with what each is given.
#[salsa::interned]
pub(crate) struct Scene<'db> {
    /// By directory.
    #[returns(ref)]
    pub roots: Vec<(String, Inputs)>,
    /// What the user states.
    #[returns(ref)]
    pub stated: Stated,
    /// Year, month and day, for what is meant until then.
    #[returns(copy)]
    pub today: findings::Today,
}

/// The scene of a workspace: every root once, in the first of its environments.
pub(crate) fn scene<'db>(db: &'db Database, workspace: Workspace, outside: &Outside) -> Scene<'db> {
    let roots = queries::roots(db, workspace);
    let given = |root: &String| {
        let inputs = outside.contexts(db, root).into_iter().next().map(|(_, inputs)| inputs).unwrap_or_default();
        (root.clone(), inputs)
    };
    Scene::new(db, roots.iter().map(given).collect::<Vec<_>>(), outside.stated.clone(), outside.today)
}

/// What all formats say together.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn world<'db>(db: &'db dyn Db, workspace: Workspace, scene: Scene<'db>) -> Arc<World> {
    let roots: Vec<(&str, Arc<Vec<Item>>)> = scene
        .roots(db)
        .iter()
        .map(|(path, inputs)| (path.as_str(), queries::root_items(db, workspace, Root::new(db, path.clone(), inputs.clone()))))
        .collect();
    let files = workspace.files(db).iter();
    let files: Vec<(&str, Arc<Vec<Item>>)> =
        files.filter_map(|&file| Some((file.path(db).as_str(), items(db, workspace, file)?))).collect();
    let beat = || db.unwind_if_revision_cancelled();
    let beat = Beat(&beat);
    queries::with_manifests(db, workspace, |manifests| {
        let facts =
            Facts { roots: scopes(&roots), files: scopes(&files), manifests, assume: scene.stated(db).assume.clone(), beat };
        Arc::new(World::of(&facts))
    })
}

fn scopes<'a>(all: &'a [(&'a str, Arc<Vec<Item>>)]) -> Vec<Scope<'a>> {
    all.iter().map(|(path, items)| Scope { path, items }).collect()
}

/// What a file adds that is no Terraform and no manifest.
fn items(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Option<Arc<Vec<Item>>> {
    match file.content(db).kind? {
        FileKind::Terraform | FileKind::TerraformJson | FileKind::Tfvars | FileKind::Plan | FileKind::Kubernetes => None,
        FileKind::Compose => Some(crate::compose::compose_items(db, workspace, file)),
        // What runs while an image is made is gone when that runs.
        FileKind::Packer | FileKind::PackerVariables | FileKind::PackerJson => None,
        _ => Some(crate::file::lasting_items(db, file)),
    }
}

/// What is exposed: asked once for rules, reports and editors.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn found<'db>(db: &'db dyn Db, workspace: Workspace, scene: Scene<'db>) -> Arc<Found> {
    let beat = || db.unwind_if_revision_cancelled();
    Arc::new(Found::of(&world(db, workspace, scene), scene.stated(db), scene.today(db), Beat(&beat)))
}

/// What the rules say about the world.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn verdicts<'db>(db: &'db dyn Db, workspace: Workspace, book: Book, scene: Scene<'db>) -> Arc<Verdicts> {
    let rulebook = book.rulebook(db);
    if !is_looked_at(&rulebook) {
        return Arc::default();
    }
    let stated = scene.stated(db);
    let file = stated.path.as_ref().and_then(|path| db.file(path)).map(|file| file.id(db));
    let items = views::items(&world(db, workspace, scene), &found(db, workspace, scene), stated, file, scene.today(db));
    let related = Related::new(plimsoll_rules::relations(), &items, || None);
    Arc::new(rulebook.run(&items, &related))
}

fn is_looked_at(rulebook: &Rulebook) -> bool {
    views::VIEWS.iter().any(|view| rulebook.looks_at(view))
}

/// Something that takes long to take apart.
pub(crate) type Heavy = Arc<dyn Any + Send + Sync>;

/// What the verdicts were made from and takes long to take apart: whoever holds it decides when, and on which thread.
pub(crate) fn heavy<'db>(db: &'db dyn Db, workspace: Workspace, book: Book, scene: Scene<'db>) -> Vec<Heavy> {
    let all = || -> Vec<Heavy> { vec![world(db, workspace, scene), found(db, workspace, scene)] };
    if is_looked_at(&book.rulebook(db)) { contained(all).unwrap_or_default() } else { Vec::new() }
}
