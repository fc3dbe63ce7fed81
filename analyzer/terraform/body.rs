//! Bodies: attributes and nested blocks as values, `dynamic` blocks expanded.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::hcl::tree::{BodyItem, Part as Piece, TemplateKind};
use plimsoll_syntax::hcl::{Attribute, Block, ExprKind};
use plimsoll_syntax::text::joined;
use plimsoll_syntax::value::{Choice, Entry, How, Kind, List, Map, Reason, Reference, Unknown};
use plimsoll_syntax::{Place, Value};

use crate::declare::{File, Mode, Resource, find, items};
use crate::evaluator::{Cx, Evaluator, Home, Instance, Part, ResourceInstance, Scope};
use crate::expand::elements;
use crate::expression::literal;
pub(crate) use crate::finish::{finished, names};
use crate::lattice::{self, MapBuilder, limit};
use crate::reference::Ref;
pub(crate) use crate::slots::{Group, Slot, block_kind, slots};

/// How deep blocks may nest.
const MAX_BLOCKS: u32 = 60;
/// Arguments that name things instead of having a value.
const NAMES: &[&str] = &["depends_on", "provider", "providers", "ignore_changes", "replace_triggered_by"];

/// Attributes that a provider gives to each of its resources that has them, whatever is written: never null. Beginning of the type, name.
const ALWAYS_SET: &[(&str, &str)] = &[("", "id"), ("aws_", "arn"), ("google_", "self_link")];

/// So many attributes that only the provider knows are kept for each resource instance: more are made anew each time.
const MAX_COMPUTED: usize = 16;

/// Several possible lists of blocks: one, or one for each arm of a choice.
struct Blocks {
    arms: Vec<(Vec<Value>, Option<Arc<Unknown>>)>,
    choice: Option<Arc<Choice>>,
}

impl Blocks {
    fn extend(&mut self, items: &[Value], tail: Option<&Arc<Unknown>>) {
        for (known, known_tail) in &mut self.arms {
            known.extend_from_slice(items);
            if known_tail.is_none() {
                *known_tail = tail.cloned();
            }
        }
    }

    fn finish(self, place: Place) -> Value {
        let list = |(items, tail)| Value::new(Kind::List(Arc::new(List { items, tail, blocks: true })), place);
        let mut arms: Vec<Value> = self.arms.into_iter().map(list).collect();
        match self.choice {
            Some(choice) => Value::new(Kind::Choice(Arc::new(Choice { arms, ..Choice::clone(&choice) })), place),
            None => arms.pop().unwrap_or_default(),
        }
    }
}

impl Evaluator<'_> {
    /// The entries of a body: as many as there are slots, where no name is written twice.
    pub(crate) fn body(&self, at: &Instance, scope: Option<&Scope<'_>>, slots: Vec<Slot<'_>>, depth: u32) -> Vec<Entry> {
        let entry = |slot: Slot<'_>| match slot {
            Slot::Attribute(file, attribute) => {
                let cx = Cx { scope, ..Cx::new(at, file) };
                attribute_entry(file, attribute, self.argument_value(&cx, attribute))
            }
            Slot::Blocks(kind, group) => blocks_entry(&kind, &group, self.blocks(at, scope, &group, depth)),
        };
        let mut map = MapBuilder::with_capacity(slots.len());
        slots.into_iter().map(entry).for_each(|entry| map.entry(entry));
        map.into_entries()
    }

    /// The value of an argument as it leaves the evaluator.
    fn argument_value(&self, cx: &Cx<'_>, attribute: &Attribute) -> Value {
        let name = cx.file.text(attribute.name);
        // `when = destroy` and `on_failure = continue` of a provisioner are words.
        let word = matches!(name, "when" | "on_failure") && matches!(cx.file.tree[attribute.expr].kind, ExprKind::Variable);
        if word || NAMES.contains(&name) { names(cx, attribute.expr, 0) } else { finished(self.eval(cx, attribute.expr)) }
    }

    fn blocks(&self, at: &Instance, scope: Option<&Scope<'_>>, group: &[(&File, &Block)], depth: u32) -> Value {
        let place = group.first().map_or(Place::NONE, |(file, block)| file.place(block.header()));
        if depth >= MAX_BLOCKS {
            return limit("blocks nested too deep", place);
        }
        let mut all = Blocks { arms: vec![(Vec::with_capacity(group.len()), None)], choice: None };
        for &(file, block) in group {
            let cx = Cx { scope, ..Cx::new(at, file) };
            if file.text(block.kind) == "dynamic" && !block.labels.is_empty() {
                self.dynamic(&cx, block, depth, &mut all);
            } else {
                all.extend(&[self.block(&cx, block, block, depth)], None);
            }
        }
        all.finish(place)
    }

    /// One block: `block` is where it is written, `content` has its body.
    fn block(&self, cx: &Cx<'_>, block: &Block, content: &Block, depth: u32) -> Value {
        let entries = self.body(cx.at, cx.scope, slots(items(cx.file, &content.body)), depth + 1);
        let range = cx.place(block.span()).span;
        let mut map = Map { entries, tail: None, range };
        if let (Some(label), true) = (block.labels.first(), cx.file.text(block.kind) != "dynamic" && map.get("type").is_none()) {
            map.push("type", Value::string(cx.file.tree.label(*label), cx.place(block.header())));
        }
        Value::map(map, cx.place(block.header()))
    }

    /// <https://opentofu.org/docs/language/expressions/dynamic-blocks/>
    fn dynamic(&self, cx: &Cx<'_>, block: &Block, depth: u32, all: &mut Blocks) {
        let place = cx.place(block.header());
        let argument = |name: &str| find(cx.file, &block.body, name);
        let Some(content) = block.body.blocks().find(|inner| cx.file.text(inner.kind) == "content") else {
            self.invalid(place, "a dynamic block needs a content block");
            return;
        };
        let Some(for_each) = argument("for_each") else {
            self.invalid(place, "a dynamic block needs for_each");
            return;
        };
        let kind = block_kind(cx.file, block);
        let iterator = argument("iterator")
            .map_or(kind.as_ref(), |iterator| cx.file.text(cx.file.tree[iterator.expr].span).trim_matches('"'));
        let element = |key: Value, value: Value| {
            let object = lattice::map([("key".into(), key), ("value".into(), value)], None, Place::NONE);
            let scope = Scope { name: iterator, value: Ref::Value(object), parent: cx.scope };
            self.block(&cx.within(&scope), block, content, depth)
        };
        let expand = |value: &Value| {
            let (pairs, tail) = elements(value);
            let mut made: Vec<Value> = pairs.into_iter().map(|(key, value)| element(key, value)).collect();
            if let (true, Some(tail)) = (made.is_empty(), &tail) {
                let key = Value::unknown(
                    Unknown { not_null: true, ..Unknown::new(tail.reason, format_compact!("{iterator}.key")) },
                    Place::NONE,
                );
                made.push(element(key, Value::unknown(lattice::element(tail, "*"), Place::NONE)));
            }
            (made, tail)
        };
        let value = self.eval(cx, for_each.expr);
        match &value.kind {
            Kind::Choice(choice) => match &all.choice {
                None => {
                    let before = std::mem::take(&mut all.arms);
                    for arm in &choice.arms {
                        let (made, tail) = expand(arm);
                        let mut arm = Blocks { arms: before.clone(), choice: None };
                        arm.extend(&made, tail.as_ref());
                        all.arms.extend(arm.arms);
                    }
                    all.choice = Some(choice.clone());
                }
                Some(known) if known.id == choice.id && known.arms.len() == choice.arms.len() => {
                    for (at, arm) in choice.arms.iter().enumerate() {
                        let (made, tail) = expand(arm);
                        if let Some((items, known_tail)) = all.arms.get_mut(at) {
                            items.extend(made);
                            *known_tail = known_tail.take().or(tail);
                        }
                    }
                }
                Some(_) => all.extend(&[], Some(&choice.condition)),
            },
            Kind::List(_) | Kind::Map(_) | Kind::Unknown(_) => {
                let (made, tail) = expand(&value);
                all.extend(&made, tail.as_ref());
            }
            _ => {
                self.invalid(cx.place(for_each.span), format!("{} cannot be iterated", lattice::noun(&value)));
            }
        }
    }

    /// The entries of a resource instance as they are written, with room for those that are `derived` where they are not; the bits of those
    /// that are.
    pub(crate) fn resource_entries(&self, at: &Instance, instance: &ResourceInstance, derived: &[&str]) -> (Vec<Entry>, u32) {
        let Some(resource) = at.module.resources.get(instance.decl as usize) else { return (Vec::new(), 0) };
        let slots = slots(at.module.body(&resource.block));
        let bit = |slot: &Slot<'_>| {
            let written = slot.name();
            derived.iter().position(|name| *name == written).map_or(0, |at| 1_u32 << at)
        };
        let written = slots.iter().fold(0, |written, slot| written | bit(slot));
        let mut entries = Vec::with_capacity(slots.len() + derived.len() - written.count_ones() as usize);
        entries.extend(slots.into_iter().map(|slot| match slot {
            Slot::Attribute(file, attribute) => {
                let value = self.written(at, instance, file, attribute);
                let is_done = matches!(file.text(attribute.name), "for_each" | "count");
                attribute_entry(file, attribute, if is_done { value } else { finished(value) })
            }
            Slot::Blocks(kind, group) => blocks_entry(&kind, &group, self.written_blocks(at, instance, &kind, &group)),
        }));
        (entries, written)
    }

    fn written(&self, at: &Instance, instance: &ResourceInstance, file: &File, attribute: &Attribute) -> Value {
        let name = file.text(attribute.name);
        // To keep what stands there as it is costs more than to read it again.
        if let Some(value) = literal(&Cx::new(at, file), attribute.expr).filter(|_| !NAMES.contains(&name)) {
            return value;
        }
        let work = || {
            let scope = repetition_scope(instance);
            let cx = Cx { scope: scope.as_ref(), ..Cx::new(at, file) };
            match name {
                // Nobody reads it as a value, and it may be large: it is finished once, not for each instance.
                "for_each" | "count" => finished(self.eval(&cx, attribute.expr)),
                _ if NAMES.contains(&name) => names(&cx, attribute.expr, 0),
                _ => self.eval(&cx, attribute.expr),
            }
        };
        let is_alike = || !file.may_differ(attribute.span);
        self.under_name(at, instance, name, is_alike, file.place(attribute.span), work)
    }

    fn written_blocks(&self, at: &Instance, instance: &ResourceInstance, kind: &str, group: &[(&File, &Block)]) -> Value {
        let place = group.first().map_or(Place::NONE, |(file, block)| file.place(block.header()));
        let work = || {
            let scope = repetition_scope(instance);
            self.blocks(at, scope.as_ref(), group, 0)
        };
        let is_alike = || !group.iter().any(|(file, block)| file.may_differ(block.span()));
        self.under_name(at, instance, kind, is_alike, place, work)
    }

    /// What stands under a name of a resource instance. It is kept where others have a part in it: other instances, or who refers to it.
    fn under_name(
        &self,
        at: &Instance,
        instance: &ResourceInstance,
        name: &str,
        is_alike: impl FnOnce() -> bool,
        place: Place,
        work: impl FnOnce() -> Value,
    ) -> Value {
        let source = || joined([&instance.address, ".", name]);
        let home = Home { instance: at.id, part: Part::Arguments(instance.decl) };
        if instance.repetition.is_some() && is_alike() {
            return self.once(home, &at.alike, (instance.decl, name.into()), source, place, work);
        }
        if !instance.is_used {
            return self.anew(home, place, work);
        }
        self.once(home, &instance.attributes, name.into(), source, place, work)
    }

    /// Whether nothing that is written differs between the instances of a resource.
    pub(crate) fn is_alike(&self, at: &Instance, declared: &crate::declare::Declared) -> bool {
        at.module.body(declared).all(|(file, item)| match item {
            BodyItem::Attribute(attribute) => {
                matches!(file.text(attribute.name), "count" | "for_each") || !file.may_differ(attribute.span)
            }
            BodyItem::Block(block) => !file.may_differ(block.span()),
        })
    }

    /// An attribute of a resource instance: what is written, or what only the provider knows.
    pub(crate) fn resource_attribute(&self, at: &Instance, instance: &ResourceInstance, name: &str, place: Place) -> Value {
        let Some(resource) = at.module.resources.get(instance.decl as usize) else { return Value::default() };
        if name == "count" {
            return self.invalid(place, "a resource has no attribute \"count\": length() tells how many there are");
        }
        let step = |value: Value| {
            lattice::through(value, How::Resource(Reference { address: instance.address.clone(), attribute: name.into() }), place)
        };
        if let Some((file, attribute)) = at.module.attribute(&resource.block, name)
            && !matches!(name, "count" | "for_each" | "depends_on" | "provider")
        {
            let value = self.written(at, instance, file, attribute);
            if !value.is_null() {
                return step(value);
            }
        } else {
            let blocks = at.module.body(&resource.block).filter_map(|(file, item)| Some((file, item.as_block()?)));
            let group: Group<'_> = blocks.filter(|(file, block)| block_kind(file, block) == name).collect();
            if !group.is_empty() {
                let more = self.computed(reason(resource.mode), &instance.address, name);
                return step(opened(&finished(self.written_blocks(at, instance, name, &group)), &more));
            }
        }
        Value::new(Kind::Unknown(self.left_to_provider(resource, instance, name)), place)
    }

    /// What only the provider knows of an attribute: one for all who refer to it.
    fn left_to_provider(&self, resource: &Resource, instance: &ResourceInstance, name: &str) -> Arc<Unknown> {
        let is_it = |known: &&Arc<Unknown>| known.identity.as_ref().is_some_and(|identity| identity.attribute == name);
        if let Some(known) = instance.computed.borrow().iter().find(is_it) {
            return known.clone();
        }
        let not_null = resource.mode == Mode::Managed
            && ALWAYS_SET.iter().any(|(kinds, known)| resource.kind.starts_with(kinds) && *known == name);
        let computed = self.computed(reason(resource.mode), &instance.address, name);
        let unknown = Arc::new(Unknown { not_null, ..computed });
        let mut all = instance.computed.borrow_mut();
        if all.len() < MAX_COMPUTED {
            all.push(unknown.clone());
        }
        unknown
    }

    /// A resource instance as an object: what is written, and more that only the provider knows.
    pub(crate) fn whole(&self, at: &Instance, instance: &ResourceInstance, place: Place) -> Value {
        let Some(resource) = at.module.resources.get(instance.decl as usize) else { return Value::default() };
        let tail = self.computed(reason(resource.mode), &instance.address, "");
        let entries = self.resource_entries(at, instance, &[]).0.into_iter().filter(|entry| !entry.value.is_null());
        let entries = entries.map(|entry| Entry { value: finished(entry.value), ..entry }).collect();
        let value = Value::map(Map { entries, tail: Some(Arc::new(tail)), ..Map::default() }, place);
        lattice::through(
            value,
            How::Resource(Reference { address: instance.address.clone(), attribute: CompactString::default() }),
            place,
        )
    }
}

/// Blocks of a resource as others read them: the provider may know more attributes than are written, and those that are null.
fn opened(value: &Value, more: &Unknown) -> Value {
    let kind = match &value.kind {
        Kind::List(list) => {
            let items = list
                .items
                .iter()
                .enumerate()
                .map(|(at, item)| opened(item, &lattice::element(more, &format_compact!("{at}"))))
                .collect();
            Kind::List(Arc::new(List { items, ..List::clone(list) }))
        }
        Kind::Map(map) if map.range.end > map.range.start => {
            let entry =
                |entry: &Entry| Entry { value: opened(&entry.value, &lattice::member(more, &entry.key)), ..entry.clone() };
            let entries = map.entries.iter().filter(|entry| !entry.value.is_null()).map(entry).collect();
            Kind::Map(Arc::new(Map { entries, tail: Some(Arc::new(more.clone())), range: map.range }))
        }
        Kind::Choice(choice) => {
            let arms = choice.arms.iter().map(|arm| opened(arm, more)).collect();
            Kind::Choice(Arc::new(Choice { arms, ..Choice::clone(choice) }))
        }
        _ => return value.clone(),
    };
    Value { kind, ..value.clone() }
}

/// Why an attribute of a resource is not known.
pub(crate) const fn reason(mode: Mode) -> Reason {
    match mode {
        Mode::Managed => Reason::Computed,
        Mode::Data | Mode::Ephemeral => Reason::Data,
    }
}

fn repetition_scope(instance: &ResourceInstance) -> Option<Scope<'_>> {
    let repetition = instance.repetition.as_ref()?;
    Some(Scope { name: repetition.name, value: Ref::Value(repetition.value.clone()), parent: None })
}

/// An attribute on one line is underlined whole, a longer one at its name.
fn attribute_entry(file: &File, attribute: &Attribute, value: Value) -> Entry {
    let name = file.place(attribute.name);
    // The commonest values stand on one line: their text is not searched.
    let is_short = match file.tree[attribute.expr].kind {
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number => true,
        ExprKind::Template(TemplateKind::Quoted, parts) => matches!(file.tree.parts(parts), [] | [Piece::Literal(_)]),
        _ => false,
    };
    let place = if !is_short && file.text(attribute.span).contains('\n') { name } else { file.place(attribute.span) };
    Entry { key: file.text(attribute.name).into(), key_place: name, place, value }
}

fn blocks_entry(kind: &str, group: &[(&File, &Block)], value: Value) -> Entry {
    let (key_place, place) =
        group.first().map_or((Place::NONE, Place::NONE), |(file, block)| (file.place(block.kind), file.place(block.header())));
    Entry { key: kind.into(), key_place, place, value }
}
