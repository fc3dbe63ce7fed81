//! What a region of the world asks of the versions of providers.

use std::cell::OnceCell;
use std::fmt;

use plimsoll_world::Versions;

use crate::db::{Db, Workspace};
use crate::queries::{self, Root};
use crate::versions::Chosen;

/// The versions that a root module gets; looked up when somebody asks.
pub(super) struct OfRoot<'db> {
    db: &'db dyn Db,
    workspace: Workspace,
    root: Root<'db>,
    chosen: OnceCell<Chosen>,
}

impl<'db> OfRoot<'db> {
    pub(super) const fn new(db: &'db dyn Db, workspace: Workspace, root: Root<'db>) -> Self {
        Self { db, workspace, root, chosen: OnceCell::new() }
    }
}

impl fmt::Debug for OfRoot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfRoot")
    }
}

impl Versions for OfRoot<'_> {
    fn precedes(&self, provider: &str, version: &str) -> bool {
        self.chosen.get_or_init(|| queries::chosen(self.db, self.workspace, self.root)).precedes(provider, version)
    }
}
