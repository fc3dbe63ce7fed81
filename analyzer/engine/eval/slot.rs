//! Following paths: what is there, where it is, and what stands in for it when it is not.

use std::rc::Rc;
use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_rule_language::condition::{Literal, Path, Root, Step};
use plimsoll_rule_language::schema::Type;
use plimsoll_syntax::value::{List, Map, Reason, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Value};

use super::condition::Culprit;
use super::{Evaluator, type_of};

/// What a path leads to.
#[derive(Clone, Debug)]
pub(crate) struct Slot<'a> {
    /// The value; null where nothing is there and nothing stands in for it.
    pub(crate) value: Value,
    /// What to underline: the value's entry; where it is absent, its deepest ancestor that is there.
    pub(crate) place: Place,
    /// Somebody wrote it: it is neither absent nor a default.
    pub(crate) present: bool,
    /// The item that it is, for relations.
    pub(crate) item: Option<&'a Item>,
    /// The key that it has in a map.
    pub(crate) key: Option<CompactString>,
    pub(super) ty: Option<Type>,
    /// What its absence means, where it could have been written.
    pub(super) default: Option<Literal>,
    /// Names from the item, as `default` in headers has them; `None` once the way left them.
    pub(super) names: Option<Rc<Vec<CompactString>>>,
    /// The elements, where they are items with relations of their own.
    pub(super) links: Option<Rc<Vec<Slot<'a>>>>,
}

/// The names that a condition sees.
#[derive(Clone)]
pub(crate) struct Frames<'a> {
    pub(crate) item: Slot<'a>,
    pub(crate) each: Option<Slot<'a>>,
    pub(crate) here: Slot<'a>,
    pub(crate) it: Slot<'a>,
}

/// The elements of a list, repeated block, map or relation.
pub(crate) struct Elements<'a> {
    pub(crate) slots: Vec<Slot<'a>>,
    /// There may be more.
    pub(crate) tail: Option<Arc<Unknown>>,
    /// Where the list is.
    pub(crate) place: Place,
    /// The list's path from the item; empty where it has none.
    pub(crate) names: Rc<Vec<CompactString>>,
}

impl Elements<'_> {
    /// The list as a whole.
    pub(super) fn culprit(&self) -> Culprit {
        let items = self.slots.iter().map(|slot| slot.value.clone()).collect();
        let value = Value::new(Kind::List(Arc::new(List { items, tail: self.tail.clone(), blocks: false })), self.place);
        Culprit { place: self.place, names: self.names.clone(), value }
    }
}

impl<'a> Slot<'a> {
    pub(crate) fn of_item(item: &'a Item, ty: Option<Type>) -> Self {
        Self {
            value: item.value.clone(),
            place: item.header,
            present: true,
            item: Some(item),
            key: None,
            ty,
            default: None,
            names: Some(Rc::default()),
            links: None,
        }
    }

    pub(crate) fn of_value(value: Value) -> Self {
        let place = value.place;
        Self { value, place, present: true, item: None, key: None, ty: None, default: None, names: None, links: None }
    }

    /// The path from the item; empty where it has none.
    pub(super) fn names(&self) -> Rc<Vec<CompactString>> {
        self.names.clone().unwrap_or_default()
    }

    pub(crate) fn ty(&self) -> Option<&Type> {
        self.ty.as_ref()
    }

    fn child(&self, value: Value, place: Place, present: bool, name: &str, ty: Option<Type>) -> Self {
        let names = self.names.as_ref().map(|names| {
            let mut names = Vec::clone(names);
            names.push(name.into());
            Rc::new(names)
        });
        Self { value, place, present, item: None, key: None, ty, default: None, names, links: None }
    }

    fn element(&self, value: Value, key: Option<CompactString>) -> Self {
        let place = if value.place.is_some() { value.place } else { self.place };
        let ty = self.ty.as_ref().and_then(element_type);
        Self { value, place, present: self.present, item: None, key, ty, default: None, names: self.names.clone(), links: None }
    }
}

impl<'a> Frames<'a> {
    /// What a row sees of an item, before `each`.
    pub(crate) fn of(item: &'a Item, ty: Option<Type>) -> Self {
        let slot = Slot::of_item(item, ty);
        Self { item: slot.clone(), each: None, here: slot.clone(), it: slot }
    }

    pub(crate) fn inside(&self, element: Slot<'a>) -> Self {
        Self { here: element.clone(), it: element, ..self.clone() }
    }
}

impl<'a> Evaluator<'a> {
    /// The value at the end of the path, or what stands in for it.
    pub(crate) fn slot(&self, path: &Path, frames: &Frames<'a>) -> Slot<'a> {
        let start = self.root(&path.root, frames);
        let end = path.steps.iter().fold(start, |slot, step| self.step(slot, step, frames));
        self.or_default(end)
    }

    /// The elements at the end of the path, which may cross repeated blocks.
    pub(crate) fn elements(&self, path: &Path, frames: &Frames<'a>) -> Elements<'a> {
        let root = self.root(&path.root, frames);
        let (mut place, mut names) = (root.place, root.names());
        let mut slots = vec![root];
        let mut tail = None;
        for step in &path.steps {
            let mut next = Vec::new();
            for slot in slots {
                let spread = matches!(step, Step::Field(_) | Step::Related(_)) && matches!(slot.value.kind, Kind::List(_));
                let all = if spread { self.spread(slot, &mut tail) } else { vec![slot] };
                next.extend(all.into_iter().map(|slot| self.step(slot, step, frames)));
            }
            slots = next;
            if let Some(first) = slots.first() {
                (place, names) = (first.place, first.names());
            }
        }
        let slots = slots.into_iter().map(|slot| self.or_default(slot)).flat_map(|slot| self.spread(slot, &mut tail)).collect();
        Elements { slots, tail, place, names }
    }

    /// The elements of one value. A single block counts as one element, null as none.
    pub(crate) fn spread(&self, slot: Slot<'a>, tail: &mut Option<Arc<Unknown>>) -> Vec<Slot<'a>> {
        let slot = self.settle(slot);
        if let Some(links) = &slot.links {
            if let Kind::List(list) = &slot.value.kind {
                widen(tail, list.tail.as_ref());
            }
            return links.to_vec();
        }
        match &slot.value.kind {
            Kind::Null => Vec::new(),
            Kind::List(list) => {
                widen(tail, list.tail.as_ref());
                list.items.iter().map(|item| self.settle(slot.element(item.clone(), None))).collect()
            }
            Kind::Map(map) if slot.ty.as_ref().is_none_or(is_map) => {
                widen(tail, map.tail.as_ref());
                let entries = map.entries.iter();
                entries
                    .map(|entry| {
                        let mut element = self.settle(slot.element(entry.value.clone(), Some(entry.key.clone())));
                        element.place = entry.place;
                        element
                    })
                    .collect()
            }
            Kind::Unknown(unknown) => {
                *tail = Some(unknown.clone());
                Vec::new()
            }
            _ => vec![slot],
        }
    }

    fn root(&self, root: &Root, frames: &Frames<'a>) -> Slot<'a> {
        match root {
            Root::Here => frames.here.clone(),
            Root::Item => frames.item.clone(),
            Root::Each => frames.each.clone().unwrap_or_else(|| frames.item.clone()),
            Root::It => frames.it.clone(),
            Root::Key => {
                let key = frames.here.key.clone().map_or(Kind::Null, Kind::String);
                Slot::of_value(Value::new(key, frames.here.place))
            }
            Root::Param(name) => {
                let value = self.params.get(name).map_or_else(Value::default, literal_value);
                Slot::of_value(value)
            }
        }
    }

    fn step(&self, slot: Slot<'a>, step: &Step, frames: &Frames<'a>) -> Slot<'a> {
        let slot = self.settle(slot);
        match step {
            Step::Field(name) => self.field(&slot, name),
            Step::Key(key) => self.keyed(&slot, key),
            Step::Related(name) => self.related(&slot, name),
            Step::Index(index) => self.index(&slot, *index as usize),
            Step::ByIt => self.by(&slot, &frames.it),
            Step::ByEach => self.by(&slot, frames.each.as_ref().unwrap_or(&frames.it)),
            Step::ByKey => match &frames.here.key {
                Some(key) => self.keyed(&slot, key),
                None => slot.child(Value::default(), slot.place, false, "", None),
            },
        }
    }

    fn by(&self, slot: &Slot<'a>, index: &Slot<'a>) -> Slot<'a> {
        match &index.value.kind {
            Kind::String(key) => self.keyed(slot, key),
            Kind::Number(number) => self.keyed(slot, &number.to_string()),
            Kind::Unknown(unknown) => Slot { value: Value::new(Kind::Unknown(unknown.clone()), slot.place), ..slot.clone() },
            _ => slot.child(Value::default(), slot.place, false, "", None),
        }
    }

    fn field(&self, slot: &Slot<'a>, name: &str) -> Slot<'a> {
        let body = slot.ty.as_ref().and_then(|ty| self.body(ty));
        let field = body.as_ref().and_then(|body| body.get(name));
        let ty = field.map(|field| field.ty.clone());
        match &slot.value.kind {
            Kind::Map(map) => {
                let written = map.get(name).or_else(|| field?.renamed.iter().find_map(|old| map.get(old)));
                match written {
                    Some(entry) => {
                        // A derived field has no place of its own; its owner's is the nearest.
                        let place = if entry.place.is_some() { entry.place } else { slot.place };
                        let present = !entry.value.is_null();
                        let child = slot.child(entry.value.clone(), if present { place } else { slot.place }, present, name, ty);
                        self.settle(Slot { default: field.and_then(|field| field.default.clone()), ..child })
                    }
                    None => {
                        let kind = map.tail.as_ref().map_or(Kind::Null, |tail| Kind::Unknown(part_of(tail, name)));
                        let default = field.and_then(|field| field.default.clone());
                        Slot { default, ..slot.child(Value::new(kind, Place::NONE), slot.place, false, name, ty) }
                    }
                }
            }
            // One block written: a block that the provider allows once.
            Kind::List(list) if list.items.len() == 1 && list.tail.is_none() => {
                let inner = Slot { names: slot.names.clone(), ..slot.element(list.items[0].clone(), None) };
                self.field(&self.settle(inner), name)
            }
            Kind::List(list) if list.items.is_empty() && list.tail.is_none() => {
                slot.child(Value::default(), slot.place, false, name, ty)
            }
            Kind::List(_) => {
                let unknown = Unknown::new(Reason::Limit, format_compact!("{name} (repeated; use each)"));
                slot.child(Value::unknown(unknown, slot.place), slot.place, false, name, ty)
            }
            Kind::Unknown(unknown) => {
                slot.child(Value::new(Kind::Unknown(part_of(unknown, name)), slot.place), slot.place, slot.present, name, ty)
            }
            _ => slot.child(Value::default(), slot.place, false, name, ty),
        }
    }

    /// `["key"]`: the entry of a map, or the element of a keyed list.
    fn keyed(&self, slot: &Slot<'a>, key: &str) -> Slot<'a> {
        let Kind::List(list) = &slot.value.kind else { return self.field(slot, key) };
        let names = ["name", "key", "id"];
        let has_key = |item: &Value| names.iter().any(|name| item.str_at(&[name]) == Some(key));
        if let Some(found) = list.items.iter().find(|item| has_key(item)) {
            return slot.element(found.clone(), None);
        }
        let kind = list.tail.as_ref().map_or(Kind::Null, |tail| Kind::Unknown(part_of(tail, key)));
        slot.child(Value::new(kind, Place::NONE), slot.place, false, key, None)
    }

    fn index(&self, slot: &Slot<'a>, index: usize) -> Slot<'a> {
        let mut tail = None;
        let elements = self.spread(slot.clone(), &mut tail);
        match (elements.get(index), tail) {
            (Some(element), _) => element.clone(),
            (None, Some(tail)) => slot.child(Value::new(Kind::Unknown(tail), slot.place), slot.place, false, "", None),
            (None, None) => slot.child(Value::default(), slot.place, false, "", None),
        }
    }

    fn related(&self, slot: &Slot<'a>, name: &str) -> Slot<'a> {
        let Some((item, links)) = slot.item.and_then(|item| Some((item, self.relate.related(item, name)?))) else {
            let unknown = Unknown::new(Reason::Undeclared, format_compact!("related.{name}"));
            return slot.child(Value::unknown(unknown, slot.place), slot.place, false, name, None);
        };
        let mut slots: Vec<Slot<'a>> =
            links.items.into_iter().map(|linked| Slot::of_item(linked, type_of(self.schemas, linked))).collect();
        slots.extend(links.values.into_iter().map(Slot::of_value));
        if !links.many {
            return match (slots.into_iter().next(), links.tail) {
                (Some(first), _) => first,
                (None, Some(tail)) => slot.child(Value::new(Kind::Unknown(tail), item.header), item.header, false, name, None),
                (None, None) => slot.child(Value::default(), item.header, false, name, None),
            };
        }
        let items = slots.iter().map(|slot| slot.value.clone()).collect();
        let list = Kind::List(Arc::new(List { items, tail: links.tail, blocks: true }));
        Slot { links: Some(Rc::new(slots)), ..slot.child(Value::new(list, item.header), item.header, true, name, None) }
    }

    /// Replaces a choice by the arm that this round of the evaluation looks at.
    fn settle(&self, mut slot: Slot<'a>) -> Slot<'a> {
        for _ in 0..16 {
            let Kind::Choice(choice) = &slot.value.kind else { break };
            let arm = self.arm(choice);
            let via = slot.value.via.take();
            slot.value = arm;
            slot.value.via = slot.value.via.or(via);
        }
        slot
    }

    /// The header's default, else the provider's, where nothing is there.
    fn or_default(&self, slot: Slot<'a>) -> Slot<'a> {
        let slot = self.settle(slot);
        if !slot.value.is_null() {
            return slot;
        }
        let own = slot.names.as_ref().and_then(|names| self.row.defaults.iter().find(|(path, _)| path == &**names));
        match own.map(|(_, literal)| literal).or(slot.default.as_ref()).map(literal_value) {
            Some(value) => Slot { value, present: false, ..slot },
            None => slot,
        }
    }
}

/// A list with a tail leaves open how many elements there are in all.
fn widen(tail: &mut Option<Arc<Unknown>>, more: Option<&Arc<Unknown>>) {
    if let Some(more) = more {
        *tail = Some(more.clone());
    }
}

fn is_map(ty: &Type) -> bool {
    matches!(ty, Type::Map(_) | Type::Any)
}

fn element_type(ty: &Type) -> Option<Type> {
    match ty {
        Type::List(inner) | Type::Map(inner) => Some((**inner).clone()),
        Type::Block { body, .. } => Some(Type::Object(body.clone())),
        Type::Object(body) => Some(Type::Object(body.clone())),
        _ => None,
    }
}

/// An unknown's field is as unknown, under its own name.
fn part_of(unknown: &Arc<Unknown>, name: &str) -> Arc<Unknown> {
    let source = format_compact!("{}.{name}", unknown.source);
    Arc::new(Unknown { source, ..Unknown::new(unknown.reason, "") })
}

/// A constant of a header as a value; it has no place.
pub(crate) fn literal_value(literal: &Literal) -> Value {
    let kind = match literal {
        Literal::Null => Kind::Null,
        Literal::Bool(value) => Kind::Bool(*value),
        Literal::Number(value) => Kind::Number((*value).into()),
        Literal::String(value) => Kind::String(value.clone()),
        Literal::List(values) => {
            Kind::List(Arc::new(List { items: values.iter().map(literal_value).collect(), tail: None, blocks: false }))
        }
        Literal::Map(values) => {
            let mut map = Map::default();
            for (key, value) in values {
                map.set(key.clone(), literal_value(value));
            }
            Kind::Map(Arc::new(map))
        }
    };
    Value::new(kind, Place::NONE)
}
