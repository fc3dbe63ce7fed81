//! What the Rust half of a rule is: a function from an item to its violations.

use plimsoll_syntax::{Item, Place};

/// The Rust half of a rule: `pub fn check(item: &Item) -> Vec<Violation>` in `X.rs` beside `X.md`.
pub type Check = fn(&Item) -> Vec<Violation>;

/// Something that a Rust half found.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// What to underline.
    pub place: Place,
    /// One sentence.
    pub message: String,
    /// Further places, with what is there.
    pub related: Vec<(Place, String)>,
}
