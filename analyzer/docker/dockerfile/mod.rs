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
mod mount;
mod port;
mod read;
mod run;
mod scope;
mod stage;

use plimsoll_syntax::{FileId, Item, dockerfile};

pub use expand::expand;
pub use ignore::Ignore;

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

fn read(tree: &dockerfile::Tree, file: FileId, ignore: Option<&Ignore>) -> Vec<Item> {
    let mut items = read::Reader::new(tree, file, ignore).items();
    items.extend(comment::items(tree, file));
    items
}

#[cfg(test)]
mod tests;
