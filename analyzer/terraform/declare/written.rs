//! What is written in a block: its items, after override files.

use plimsoll_syntax::hcl::{Attribute, Body, BodyItem};

use super::{At, Declared, File, Module};
use crate::body::block_kind;

/// The items of a block with the files that they are in. Where nothing overrides them they are lent from the tree.
pub(crate) enum Written<'m> {
    Plain(&'m File, std::slice::Iter<'m, BodyItem>),
    Merged(std::vec::IntoIter<(&'m File, &'m BodyItem)>),
}

impl<'m> Iterator for Written<'m> {
    type Item = (&'m File, &'m BodyItem);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Plain(file, items) => items.next().map(|item| (*file, item)),
            Self::Merged(items) => items.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Plain(_, items) => items.size_hint(),
            Self::Merged(items) => items.size_hint(),
        }
    }
}

impl Module {
    /// The items of a block after override files: attributes replaced by name, nested blocks wholesale by type.
    /// <https://opentofu.org/docs/language/files/override/>
    pub(crate) fn body(&self, declared: &Declared) -> Written<'_> {
        match self.block(declared.at) {
            Some((file, block)) if declared.overrides.is_empty() => items(file, &block.body),
            Some((file, block)) => Written::Merged(self.merged(declared, items(file, &block.body).collect()).into_iter()),
            None => Written::Merged(Vec::new().into_iter()),
        }
    }

    fn merged<'m>(&'m self, declared: &Declared, mut items: Vec<(&'m File, &'m BodyItem)>) -> Vec<(&'m File, &'m BodyItem)> {
        for &at in &declared.overrides {
            let Some((file, block)) = self.block(at) else { continue };
            for item in &block.body.items {
                if let BodyItem::Attribute(attribute) = item {
                    let name = file.text(attribute.name);
                    let known = items
                        .iter_mut()
                        .find(|(file, known)| matches!(known, BodyItem::Attribute(known) if file.text(known.name) == name));
                    match known {
                        Some(known) => *known = (file, item),
                        None => items.push((file, item)),
                    }
                }
            }
            let replaced: Vec<_> = block.body.blocks().map(|block| block_kind(file, block)).collect();
            items.retain(|(file, item)| !matches!(item, BodyItem::Block(block) if replaced.contains(&block_kind(file, block))));
            items.extend(block.body.items.iter().filter(|item| matches!(item, BodyItem::Block(_))).map(|item| (file, item)));
        }
        items
    }

    /// An attribute of a declaration: that of the last override file that has it, else its own.
    pub(crate) fn attribute<'m>(&'m self, declared: &Declared, name: &str) -> Option<(&'m File, &'m Attribute)> {
        let written = |at: At| {
            let (file, block) = self.block(at)?;
            Some((file, find(file, &block.body, name)?))
        };
        declared.overrides.iter().rev().find_map(|&at| written(at)).or_else(|| written(declared.at))
    }
}

/// The attribute of a name.
pub(crate) fn find<'m>(file: &File, body: &'m Body, name: &str) -> Option<&'m Attribute> {
    // Most names are of another length: their text is not looked at.
    body.attributes().find(|attribute| attribute.name.len() as usize == name.len() && file.text(attribute.name) == name)
}

/// The items of a body as they stand in one file.
pub(crate) fn items<'m>(file: &'m File, body: &'m Body) -> Written<'m> {
    Written::Plain(file, body.items.iter())
}
