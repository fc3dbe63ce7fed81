//! Dockerfiles as BuildKit reads them: stages, instructions, the commands, packages and images in them.
//!
//! Variables are followed through `ARG` and `ENV`: a build argument without a default is unknown, and so is what only the base
//! image sets. Nothing outside the file is read.

mod base;
mod comment;
mod copy;
mod expand;
mod fields;
mod from;
mod ignore;
mod lasting;
mod mount;
mod port;
mod read;
mod run;
mod scope;
mod shell;
mod stage;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::{FileId, Item, Place, dockerfile};

use crate::assembled::Assembled;
use crate::compose::values::Holed;
use crate::embedded;

pub use expand::expand;
pub use ignore::Ignore;
pub use lasting::lasting;

/// The items of a Dockerfile: views `stage`, `stage.final`, `instruction` and `instruction.KEYWORD`, `command`, `pipeline`,
/// `package`, `image.use`, `daemon`, `dockerfile.comment`.
#[must_use]
pub fn items(tree: &dockerfile::Tree, file: FileId) -> Vec<Item> {
    read(tree, file, None)
}

/// The same, where the build context has a `.dockerignore`.
#[must_use]
pub fn items_with(tree: &dockerfile::Tree, file: FileId, ignore: &Ignore) -> Vec<Item> {
    read(tree, file, Some(ignore))
}

/// The items of a Dockerfile that stands inside another file, or that another file's settings amount to; with an owner, they belong
/// to that.
pub(crate) fn assembled_items(written: &Assembled, owner: Option<&Owner>) -> Vec<Item> {
    let file = written.file();
    let tree = dockerfile::parse(&written.text().into());
    let items = read::Reader::filled(&tree, file, written.holes().to_vec()).items();
    let holed = Holed::with(written.holes());
    let at = |place: Place| written.at(place.span);
    let moved = |place: Place| if place.is_some() { at(place) } else { place };
    let of = |owner: Owner| Owner { range: at(owner.range), ..owner };
    let whole = |item: &Item| written.at(item.range);
    items
        .into_iter()
        .map(|item| Item {
            range: whole(&item).span,
            header: at(item.header),
            value: embedded::moved(&item.value, &moved, &holed),
            owner: owner.cloned().or_else(|| item.owner.map(of)),
            views: item.views,
            name: item.name,
            index: item.index,
        })
        .collect()
}

fn read(tree: &dockerfile::Tree, file: FileId, ignore: Option<&Ignore>) -> Vec<Item> {
    let mut items = read::Reader::new(tree, file, ignore).items();
    items.extend(comment::items(tree, file));
    items
}

#[cfg(test)]
mod tests;
