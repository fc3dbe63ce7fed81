//! What a region of the world asks of Dockerfiles that lie elsewhere: it depends on those alone.

use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_syntax::{Item, Value};
use plimsoll_world::{Images, Recipe};

use super::region::{Repository, built, items};
use crate::db::{Db, Workspace};
use crate::paths::in_order;
use crate::queries::inside;

/// The images of a workspace.
pub(super) struct OfWorkspace<'db> {
    db: &'db dyn Db,
    workspace: Workspace,
    kept: Kept,
}

impl<'db> OfWorkspace<'db> {
    pub(super) fn new(db: &'db dyn Db, workspace: Workspace) -> Self {
        Self { db, workspace, kept: Kept::default() }
    }
}

impl fmt::Debug for OfWorkspace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfWorkspace")
    }
}

impl Images for OfWorkspace<'_> {
    fn dockerfile(&self, path: &str) -> Option<&[Item]> {
        let files = self.workspace.files(self.db);
        let at = files.binary_search_by(|file| in_order(file.path(self.db), Utf8Path::new(path))).ok()?;
        Some(self.kept.keep(items(self.db, self.workspace, *files.get(at)?)?))
    }

    fn built(&self, repository: &str) -> Arc<Vec<Recipe>> {
        built(self.db, self.workspace, Repository::new(self.db, repository.to_owned()))
    }
}

/// Keeps what it is given for as long as it is there itself.
#[derive(Default)]
struct Kept(OnceCell<Box<(Arc<Vec<Item>>, Kept)>>);

impl Kept {
    fn keep(&self, items: Arc<Vec<Item>>) -> &[Item] {
        let mut at = self;
        while let Some(link) = at.0.get() {
            if Arc::ptr_eq(&link.0, &items) {
                return &link.0;
            }
            at = &link.1;
        }
        &at.0.get_or_init(|| Box::new((items, Self::default()))).0
    }
}

/// The Dockerfile that a `build` of a Compose file names.
pub(super) fn dockerfile_of(compose: &Utf8Path, build: &Value) -> Option<Utf8PathBuf> {
    let context = build.as_str().or_else(|| build.str_at(&["context"])).unwrap_or(".");
    let name = build.str_at(&["dockerfile"]).unwrap_or("Dockerfile");
    inside(&compose.parent()?.join(context).join(name))
}
