//! What belongs to a root module: what it plans, and what views and texts inside of resources make of it.

use std::sync::Arc;

use plimsoll_syntax::{FileId, Item};
use plimsoll_terraform::Note;

use crate::db::Db;
use crate::{user_data, views};

/// Everything that belongs to a root module.
pub(crate) struct RootModule {
    /// What is planned; after it the views over several providers, and the texts inside of resources.
    pub items: Arc<Vec<Item>>,
    planned: usize,
    /// What was found wrong or missing.
    pub notes: Vec<Note>,
    /// The directories of local modules that were reached, sorted.
    pub called_dirs: Arc<[String]>,
}

impl RootModule {
    pub(crate) fn new(db: &dyn Db, mut items: Vec<Item>, notes: Vec<Note>, called_dirs: Arc<[String]>) -> Self {
        let planned = items.len();
        with_views(db, &mut items);
        Self { items: Arc::new(items), planned, notes, called_dirs }
    }

    /// The items of what is planned.
    pub(crate) fn planned(&self) -> &[Item] {
        self.items.get(..self.planned).unwrap_or_default()
    }
}

/// Adds the views over several providers, and the texts inside of resources.
pub(crate) fn with_views(db: &dyn Db, items: &mut Vec<Item>) {
    let source = |file: FileId| db.by_id(file).map(|file| file.content(db).text.clone());
    let views = views::terraform(items, &source);
    let texts = user_data::items(items, &source);
    items.reserve_exact(views.len() + texts.len());
    items.extend(views);
    items.extend(texts);
}
