//! Shell texts as items: commands, pipes of commands, and the packages that commands install.
//!
//! Whatever holds shell uses this: `RUN`, `CMD`, `ENTRYPOINT` and `HEALTHCHECK`, scripts, user data, cloud-init, units, the
//! commands of services. [`items`] takes a text, [`value_items`] a configuration value, [`argv_items`] a list of words that no
//! shell reads. All give items of the views `command`, `pipeline` and `package`.

pub(crate) mod holes;
mod location;
mod package;
mod program;
mod read;
mod relate;

use std::sync::Arc;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::shell::Continuation;
use plimsoll_syntax::value::Unknown;
use plimsoll_syntax::{Item, Value};

pub use location::Location;
pub(crate) use program::is_shell;

/// What variables hold; `None`: nobody sets this one.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<Value>;

/// What surrounds a shell text.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The field `where` of the items: `run`, `cmd`, `entrypoint`, `healthcheck`, `script`, `user_data`, `cloud_init`, `service`,
    /// `unit`, `provisioner`.
    pub site: &'static str,
    /// Whom the items belong to; `None`: they stand for themselves.
    pub owner: Option<&'a Owner>,
    /// As [`Item::index`].
    pub index: u32,
    /// How the text continues lines.
    pub continuation: Continuation,
    /// The shell that reads the text was started with `-o pipefail`.
    pub pipefail: bool,
    /// Variables that are set around the text.
    pub variables: Option<Variables<'a>>,
    /// What the text leaves open already: its characters that stand for holes are these.
    pub holes: &'a [Arc<Unknown>],
    /// Further fields of every item, as `stage` and `instruction`.
    pub fields: &'a [(&'static str, Value)],
}

impl Default for Context<'_> {
    fn default() -> Self {
        Self {
            site: "script",
            owner: None,
            index: 0,
            continuation: Continuation::Shell,
            pipefail: false,
            variables: None,
            holes: &[],
            fields: &[],
        }
    }
}

/// The items of a shell text; `location` is where it is written.
#[must_use]
pub fn items(text: &str, location: &Location, context: &Context<'_>) -> Vec<Item> {
    relate::items(&read::script(text, context.holes.to_vec(), context), location, context)
}

/// The items of a value that a shell reads: a string or a template, whose holes stay unknown. `source` is the text of the file
/// that the value is written in; without it, or where the value is written otherwise than it reads, all items lie at the value's
/// own place.
#[must_use]
pub fn value_items(value: &Value, source: Option<&str>, context: &Context<'_>) -> Vec<Item> {
    let mut holes = Vec::new();
    let Some(text) = holes::marked(value, &mut holes) else { return Vec::new() };
    // Of a text that is wholly unknown it is not known that it runs anything.
    if text.chars().all(|c| holes::is_mark(c) || c.is_whitespace()) {
        return Vec::new();
    }
    let location = Location::of(value.place, &text, source);
    relate::items(&read::script(&text, holes, context), &location, context)
}

/// The items of a command line that no shell reads: a list of words, program first. A script given to `sh -c` is read.
#[must_use]
pub fn argv_items(argv: &Value, source: Option<&str>, context: &Context<'_>) -> Vec<Item> {
    let Some((script, location)) = read::command_line(argv, source, context) else { return Vec::new() };
    relate::items(&script, &location, context)
}

#[cfg(test)]
mod tests;
