//! What differs between the declarations of a directory before an edit and after it.

use std::borrow::Cow;

use compact_str::CompactString;
use plimsoll_syntax::Span;
use plimsoll_syntax::hcl::{Attribute, Block, BodyItem};

use super::{CALLING, Node, REPEATING};
use crate::declare::{At, Declared, File, Mode, Module, Spans, count};
use crate::evaluator::Part;
use crate::shift::Shift;
use crate::uses::{self, Use};

/// What an edit has touched; `None`: the declarations are no longer the same ones.
pub(super) fn changes(old: &Module, new: &Module, shifts: &mut Vec<Shift>) -> Option<Vec<Node>> {
    let same_files = old.files.len() == new.files.len() && old.files.iter().zip(&new.files).all(|(old, new)| old.id == new.id);
    let alike = |old: &[Declared], new: &[Declared]| {
        old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.at == new.at && old.overrides == new.overrides)
    };
    let is_same = same_files
        && old.tfvars == new.tfvars
        && alike(&old.providers, &new.providers)
        && alike(&old.settings, &new.settings)
        && !old.has_hidden_uses
        && !new.has_hidden_uses
        // A name that is declared twice means the first, yet both are looked at.
        && old.resources.len() == old.resource_index.len()
        && new.resources.len() == new.resource_index.len();
    if !is_same {
        return None;
    }
    let mut nodes = Vec::new();
    for (at, (before, after)) in old.files.iter().zip(&new.files).enumerate() {
        if before.tree.source == after.tree.source && before.spans == after.spans {
            continue;
        }
        if !matches!((&before.spans, &after.spans), (Spans::Same, Spans::Same)) {
            return None;
        }
        let shift = Shift::between(before.id, &before.tree.source, &after.tree.source)?;
        let at = count(at);
        if new.tfvars.contains(&at) {
            settings(before, after, new, &mut nodes);
            shifts.extend(Some(shift).filter(Shift::moves));
            continue;
        }
        let (items, new_items) = (&before.tree.body.items, &after.tree.body.items);
        if items.len() != new_items.len() {
            return None;
        }
        for (item, (one, other)) in items.iter().zip(new_items).enumerate() {
            let (BodyItem::Block(one), BodyItem::Block(other)) = (one, other) else { return None };
            let place = At { file: at, item: count(item), inner: None };
            if !shift.is_beside(one.span(), other.span()) {
                block((before, one), (after, other), place, (old, new), &shift, &mut nodes)?;
            }
        }
        shifts.extend(Some(shift).filter(Shift::moves));
    }
    // What notes say about declarations as such, and where those who use something do so, is looked at again.
    nodes.extend([Node::Item(Part::Declarations), Node::Item(Part::Checks)].into_iter().filter(|_| old.notes != new.notes));
    Some(nodes)
}

/// Attributes of a variables file.
fn settings(before: &File, after: &File, module: &Module, nodes: &mut Vec<Node>) {
    let text = |file: &File, name: &str| {
        let found = crate::declare::find(file, &file.tree.body, name)?;
        Some(file.text(found.span).to_owned())
    };
    for (index, variable) in module.variables.list.iter().enumerate() {
        if text(before, &variable.name) != text(after, &variable.name) {
            nodes.push(Node::Variable(count(index)));
        }
    }
}

fn block(
    (before, one): (&File, &Block),
    (after, other): (&File, &Block),
    at: At,
    (old, new): (&Module, &Module),
    shift: &Shift,
    nodes: &mut Vec<Node>,
) -> Option<()> {
    // Type and labels.
    if before.text(one.kind) != after.text(other.kind) || before.text(one.header()) != after.text(other.header()) {
        return None;
    }
    if before.text(one.span()) == after.text(other.span()) {
        return Some(());
    }
    let kind = after.text(other.kind);
    let name: Vec<_> = other.labels.iter().map(|label| after.tree.label(*label)).collect();
    let position = |named: Option<u32>, list: &[Declared]| {
        named.filter(|&index| list.get(index as usize).is_some_and(|declared| declared.at == at))
    };
    match kind {
        "variable" => {
            nodes.push(Node::Variable(position(new.variables.position(name.first()?), &new.variables.list)?));
            nodes.push(Node::Callers);
        }
        "output" => nodes.push(Node::Output(position(new.outputs.position(name.first()?), &new.outputs.list)?)),
        "locals" => {
            let names = |file: &File, block: &Block| -> Vec<CompactString> {
                block.body.attributes().map(|local| file.text(local.name).into()).collect()
            };
            if names(before, one) != names(after, other) {
                return None;
            }
            for (local, known) in other.body.attributes().zip(one.body.attributes()) {
                if after.text(local.span) != before.text(known.span) {
                    nodes.push(Node::Local(new.locals.position(after.text(local.name))?));
                }
            }
        }
        "module" => {
            let call = position(new.calls.position(name.first()?), &new.calls.list)?;
            nodes.push(Node::Item(Part::Call(call)));
            for changed in arguments((before, one), (after, other)) {
                if CALLING.contains(&&*changed) {
                    return None;
                }
                nodes.push(Node::Argument(call, changed));
            }
        }
        "resource" | "data" | "ephemeral" => {
            let mode = match kind {
                "resource" => Mode::Managed,
                "data" => Mode::Data,
                _ => Mode::Ephemeral,
            };
            let [kind, name] = name.as_slice() else { return None };
            let index = *new.resource_index.get(&(mode, kind.as_ref().into(), name.as_ref().into()))?;
            let resource = new.resources.get(index as usize).filter(|resource| resource.block.at == at)?;
            let whole = super::is_repeating(old, old.resources.get(index as usize)?) || super::is_repeating(new, resource);
            nodes.push(Node::Item(Part::Resource(index)));
            for changed in arguments((before, one), (after, other)) {
                // Which providers are used is told with the declarations.
                nodes.extend(Some(Node::Item(Part::Declarations)).filter(|_| changed == "provider"));
                let whole = whole || REPEATING.contains(&&*changed);
                nodes.push(Node::Resource(index, (!whole).then_some(changed)));
            }
        }
        // A module that configures a provider is given none.
        "provider" => nodes.push(Node::Callers),
        "terraform" | "moved" | "removed" | "import" => {}
        _ => return None,
    }
    let is_declaration = !matches!(kind, "resource" | "data" | "ephemeral" | "module");
    nodes.extend(Some(Node::Item(Part::Declarations)).filter(|_| is_declaration));
    nodes.push(Node::Item(Part::Checks));
    used((old, one.span()), (new, other.span()), shift, at.file, nodes);
    Some(())
}

/// Names that are used within a span: who uses them, and where, is said where they are declared.
fn used((old, was): (&Module, Span), (new, is): (&Module, Span), shift: &Shift, file: u32, nodes: &mut Vec<Node>) {
    fn within<'m>(of: &'m Module, name: &str, file: u32, span: Span) -> Vec<&'m Use> {
        let users = of.uses.get(name).into_iter().flatten();
        users.filter(|user| user.file == file && span.contains(user.span)).collect()
    }
    let named = |of: &Module, span: Span| -> Vec<CompactString> {
        of.files.get(file as usize).map(|file| uses::names(&file.tree, span).collect()).unwrap_or_default()
    };
    let mut names = named(old, was);
    names.extend(named(new, is));
    names.sort();
    names.dedup();
    for name in &names {
        let (before, after) = (within(old, name, file, was), within(new, name, file, is));
        let is_same = |(old, new): (&&Use, &&Use)| old.owner == new.owner && shift.leads(old.span, new.span);
        if before.len() == after.len() && before.iter().zip(&after).all(is_same) {
            continue;
        }
        let (kind, rest) = name.split_once('.').unwrap_or((name, ""));
        let part = match kind {
            "var" | "local" => Some(Part::Declarations),
            "module" => new.calls.position(rest).map(Part::Call),
            _ => {
                let (mode, rest) = match kind {
                    "data" => (Mode::Data, rest),
                    "ephemeral" => (Mode::Ephemeral, rest),
                    _ => (Mode::Managed, name.as_str()),
                };
                let key = rest.split_once('.').map(|(kind, name)| (mode, kind.into(), name.into()));
                key.and_then(|key| new.resource_index.get(&key)).copied().map(Part::Resource)
            }
        };
        nodes.extend(part.map(Node::Item));
    }
}

/// The names of the arguments and blocks that differ.
fn arguments((before, one): (&File, &Block), (after, other): (&File, &Block)) -> Vec<CompactString> {
    let written = |file: &File, block: &Block| -> Vec<(CompactString, String)> {
        let text = |item: &BodyItem| match item {
            BodyItem::Attribute(Attribute { span, .. }) => file.text(*span).to_owned(),
            BodyItem::Block(block) => file.text(block.span()).to_owned(),
        };
        block.body.items.iter().map(|item| (slot_name(file, item).as_ref().into(), text(item))).collect()
    };
    let (old, new) = (written(before, one), written(after, other));
    let of = |all: &[(CompactString, String)], name: &str| -> Vec<String> {
        all.iter().filter(|(known, _)| known == name).map(|(_, text)| text.clone()).collect()
    };
    let mut names: Vec<CompactString> = old.iter().chain(&new).map(|(name, _)| name.clone()).collect();
    names.sort();
    names.dedup();
    names.retain(|name| of(&old, name) != of(&new, name));
    names
}

/// The name of an argument, or the type of the blocks that a block makes.
pub(super) fn slot_name<'m>(file: &'m File, item: &'m BodyItem) -> Cow<'m, str> {
    match item {
        BodyItem::Attribute(attribute) => Cow::Borrowed(file.text(attribute.name)),
        BodyItem::Block(block) => crate::body::block_kind(file, block),
    }
}

/// The argument of a declaration that a span lies in.
pub(super) fn declared_with(module: &Module, declared: &Declared, file: u32, span: Span) -> Option<CompactString> {
    let written = module.files.get(file as usize)?;
    let found = module.body(declared).find(|(known, item)| {
        let around = match item {
            BodyItem::Attribute(attribute) => attribute.span,
            BodyItem::Block(block) => block.span(),
        };
        known.id == written.id && around.contains(span)
    });
    found.map(|(file, item)| slot_name(file, item).as_ref().into())
}
