//! What could not be read.

use compact_str::CompactString;
use plimsoll_syntax::Place;

/// Why a piece of an object could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    pub(crate) place: Place,
    pub(crate) reason: &'static str,
}

impl Unread {
    pub(crate) const fn new(place: Place, reason: &'static str) -> Self {
        Self { place, reason }
    }
}

/// Something that the answer leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The object: `NetworkPolicy/web`.
    pub name: CompactString,
    /// What it is about, as far down as it is known.
    pub place: Place,
    /// What is left out and why.
    pub message: CompactString,
}
