//! Compose files.
//!
//! Services become items in compose-go's normal form (<https://github.com/compose-spec/compose-go>): variables replaced, anchors and
//! `extends` followed within the file, short forms made long. Each `docker run` command becomes an item with the same fields.

mod container;
mod detect;
mod extends;
mod interpolate;
mod load;
mod normal;
mod order;
mod port;
mod project;
mod service;
mod volume;

pub(crate) mod run;
pub(crate) mod values;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::yaml::Dialect;
use plimsoll_syntax::{FileId, Item, Value, yaml};

use interpolate::Environment;

pub use detect::looks_like;
pub use load::{ProjectFiles, Sources, load, override_of, parts, project_items};

/// The items of a Compose file: the project, its services, their images and commands.
#[must_use]
pub fn items(tree: &yaml::Tree, file: FileId) -> Vec<Item> {
    let mut items = Vec::new();
    for document in &tree.documents {
        let written = yaml::to_value(tree, document.root, file, Dialect::Core);
        project::items(&interpolate::interpolate(written, &Environment::default()), Some(&tree.source), None, None, &mut items);
    }
    items
}

/// The items of a Compose file that stands inside another file, of which `source` is the text.
pub(crate) fn value_items(written: &Value, source: Option<&str>, owner: Option<&Owner>) -> Vec<Item> {
    let mut items = Vec::new();
    project::items(&interpolate::interpolate(written.clone(), &Environment::default()), source, None, owner, &mut items);
    items
}

/// Whether a service may have this key.
#[must_use]
pub fn is_service_key(key: &str) -> bool {
    normal::is_known(key) || order::is_known(key)
}

#[cfg(test)]
mod tests;
