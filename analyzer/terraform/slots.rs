//! What stands in a body: attributes, and blocks by their type.

use std::borrow::Cow;

use plimsoll_syntax::hcl::tree::BodyItem;
use plimsoll_syntax::hcl::{Attribute, Block};
use rustc_hash::FxHashMap;

use crate::declare::File;

/// Types of blocks in one body that are looked through one by one.
const FEW: usize = 16;

/// The blocks of one type, as they will be elements of one list.
pub(crate) type Group<'m> = Vec<(&'m File, &'m Block)>;

/// What stands in a body, in order.
pub(crate) enum Slot<'m> {
    Attribute(&'m File, &'m Attribute),
    Blocks(Cow<'m, str>, Group<'m>),
}

impl Slot<'_> {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Attribute(file, attribute) => file.text(attribute.name),
            Self::Blocks(kind, _) => kind,
        }
    }
}

/// Attributes and groups of blocks, each group where its first block stands.
pub(crate) fn slots<'m>(items: impl Iterator<Item = (&'m File, &'m BodyItem)>) -> Vec<Slot<'m>> {
    let mut slots: Vec<Slot<'m>> = Vec::with_capacity(items.size_hint().1.unwrap_or(0));
    // Most bodies have few types of blocks: these are looked through.
    let mut few: Vec<usize> = Vec::new();
    let mut many: FxHashMap<Cow<'m, str>, usize> = FxHashMap::default();
    for (file, item) in items {
        match item {
            BodyItem::Attribute(attribute) => slots.push(Slot::Attribute(file, attribute)),
            BodyItem::Block(block) => {
                let kind = block_kind(file, block);
                let is_same = |at: &&usize| matches!(slots.get(**at), Some(Slot::Blocks(known, _)) if *known == kind);
                let known = few.iter().find(is_same).or_else(|| many.get(&kind)).copied();
                match known.and_then(|at| slots.get_mut(at)) {
                    Some(Slot::Blocks(_, group)) => group.push((file, block)),
                    _ => {
                        if few.len() < FEW {
                            few.push(slots.len());
                        } else {
                            many.insert(kind.clone(), slots.len());
                        }
                        slots.push(Slot::Blocks(kind, vec![(file, block)]));
                    }
                }
            }
        }
    }
    slots
}

/// The type of the blocks that a block makes.
pub(crate) fn block_kind<'m>(file: &'m File, block: &'m Block) -> Cow<'m, str> {
    match (file.text(block.kind), block.labels.first()) {
        ("dynamic", Some(label)) => file.tree.label(*label),
        (kind, _) => Cow::Borrowed(kind),
    }
}
