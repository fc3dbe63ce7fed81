//! What a format's model hands to the engine: named things with their values and places.

use compact_str::CompactString;
use smallvec::SmallVec;
/// The views of an item: `views!["stage.final".into(), "stage".into()]`.
pub use smallvec::smallvec as views;

use crate::text::{Place, Span};
use crate::value::Value;

/// Names of views; nearly all items have one or two.
pub type Views = SmallVec<[CompactString; 2]>;

/// A thing that rules can be about: a Terraform resource instance, a Kubernetes object, a container of it, a build stage, an
/// instruction, a Compose service. Format crates make these; the engine sorts them by view.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The views that this item belongs to, most special first: `["instruction.RUN", "instruction"]`.
    pub views: Views,
    /// How people call it: a resource's address, `Kind/name` of an object, the name of a stage or service.
    pub name: CompactString,
    /// What a finding about the item as a whole underlines: the block header, the `kind:` line, the instruction's keyword.
    pub header: Place,
    /// All that belongs to the item, in the file of `header`.
    pub range: Span,
    /// The fields: always a map. Written ones carry their places, derived ones the places of what they derive from.
    pub value: Value,
    /// What the finding's `item` is, when that is not this item itself: a container is reported as its workload.
    pub owner: Option<Owner>,
    /// The format's own handle for relations: an index into its model.
    pub index: u32,
}

/// The enclosing thing that a person would name.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// As [`Item::name`].
    pub name: CompactString,
    /// As [`Item::range`], with its file.
    pub range: Place,
}
