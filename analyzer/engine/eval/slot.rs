//! Following paths: what is there, where it is, and what stands in for it when it is not.

use std::borrow::Cow;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_rule_language::condition::{Constant, Path, Root, Step};
use plimsoll_rule_language::schema::{Body, Field, Type};
use plimsoll_syntax::value::{List, Reason, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Value};

use super::held::Held;
use super::{Evaluator, body_of};

/// What a schema says about a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape<'a> {
    /// It has this type.
    Of(&'a Type),
    /// It is an object with these fields.
    Fields(&'a Body),
}

/// What a path leads to.
#[derive(Clone, Debug)]
pub(crate) struct Slot<'a> {
    /// The value; null where nothing is there and nothing stands in for it.
    pub(crate) value: Held<'a>,
    /// What to underline: the value's entry; where it is absent, its deepest ancestor that is there.
    pub(crate) place: Place,
    /// Somebody wrote it: it is neither absent nor a default.
    pub(crate) present: bool,
    /// The item that it is, for relations.
    pub(crate) item: Option<&'a Item>,
    /// The key that it has in a map.
    pub(crate) key: Option<Cow<'a, str>>,
    pub(super) shape: Option<Shape<'a>>,
    /// What its absence means, where it could have been written.
    pub(super) default: Option<&'a Constant>,
    /// Names from the item, as `default` in headers has them; `None` once the way left them, or where nobody asks for them.
    pub(super) names: Option<Rc<Vec<CompactString>>>,
    /// The elements, where they are items with relations of their own.
    pub(super) links: Option<Rc<Vec<Slot<'a>>>>,
}

/// What a path leads to, where nothing is asked but its value.
pub(crate) struct Seen<'a> {
    pub(crate) value: Held<'a>,
    /// As [`Slot::present`].
    pub(crate) present: bool,
}

impl<'a> From<Slot<'a>> for Seen<'a> {
    fn from(slot: Slot<'a>) -> Self {
        Self { value: slot.value, present: slot.present }
    }
}

/// The names that a condition sees.
#[derive(Clone, Copy)]
pub(crate) struct Frames<'f, 'a> {
    pub(crate) item: &'f Slot<'a>,
    pub(crate) each: Option<&'f Slot<'a>>,
    pub(crate) here: &'f Slot<'a>,
    pub(crate) it: &'f Slot<'a>,
}

impl<'a> Slot<'a> {
    pub(crate) fn of_item(item: &'a Item, body: Option<&'a Body>) -> Self {
        let shape = body.map(Shape::Fields);
        Self { item: Some(item), shape, names: Some(Rc::default()), place: item.header, ..Self::of(Held::Lent(&item.value)) }
    }

    pub(crate) fn of_value(value: Value) -> Self {
        Self::of(Held::made(value))
    }

    /// A value that lies nowhere in particular.
    pub(crate) fn of(value: Held<'a>) -> Self {
        let place = value.place;
        Self { value, place, present: true, item: None, key: None, shape: None, default: None, names: None, links: None }
    }

    /// The path from the item; empty where it has none.
    pub(super) fn names(&self) -> Rc<Vec<CompactString>> {
        self.names.clone().unwrap_or_default()
    }

    /// The type, where the schema names one.
    pub(super) fn ty(&self) -> Option<&'a Type> {
        match self.shape {
            Some(Shape::Of(ty)) => Some(ty),
            _ => None,
        }
    }

    pub(super) fn element(&self, value: Held<'a>, key: Option<Cow<'a, str>>) -> Self {
        let place = if value.place.is_some() { value.place } else { self.place };
        let shape = self.shape.and_then(element_shape);
        Self {
            value,
            place,
            present: self.present,
            item: None,
            key,
            shape,
            default: None,
            names: self.names.clone(),
            links: None,
        }
    }
}

impl<'f, 'a> Frames<'f, 'a> {
    /// What a row sees of an item, before `each`.
    pub(crate) fn of(item: &'f Slot<'a>) -> Self {
        Self { item, each: None, here: item, it: item }
    }

    pub(crate) fn inside<'g>(&self, element: &'g Slot<'a>) -> Frames<'g, 'a>
    where
        'f: 'g,
    {
        Frames { here: element, it: element, ..*self }
    }
}

impl<'a> Evaluator<'a> {
    /// The value at the end of the path, or what stands in for it.
    pub(crate) fn slot(&self, path: &Path, frames: &Frames<'_, 'a>) -> Slot<'a> {
        let root = self.root(&path.root, frames);
        let end = match path.steps.split_first() {
            None => root.into_owned(),
            Some((first, rest)) => rest.iter().fold(self.step(&root, first, frames), |slot, step| self.step(&slot, step, frames)),
        };
        self.or_default(end)
    }

    /// What [`Self::slot`] finds, where that is plain: names lead to something that is written, or to nothing that anything stands in for.
    pub(super) fn plain(&self, path: &Path, frames: &Frames<'_, 'a>) -> Option<Seen<'a>> {
        let start = match path.root {
            Root::Here => frames.here,
            Root::Item => frames.item,
            Root::Each => frames.each.unwrap_or(frames.item),
            Root::It => frames.it,
            Root::Key | Root::Param(_) => return None,
        };
        let Held::Lent(mut value) = start.value else { return None };
        if !self.row.defaults.is_empty() {
            return None;
        }
        if path.steps.is_empty() {
            let open = matches!(value.kind, Kind::Choice(_)) || value.is_null() && start.default.is_some();
            return (!open).then_some(Seen { value: Held::Lent(value), present: start.present });
        }
        for (at, step) in path.steps.iter().enumerate() {
            let (Step::Field(name), Kind::Map(map)) = (step, &value.kind) else { return None };
            match map.get(name).map(|entry| &entry.value) {
                Some(Value { kind: Kind::Choice(_), .. }) => return None,
                Some(written) if !written.is_null() => value = written,
                None if map.tail.is_some() => return None,
                // What stands in for it is known of a field of where the path starts.
                _ if at > 0 => return None,
                _ => {
                    let field = start.shape.and_then(|shape| self.body(shape)).and_then(|body| body.get(name));
                    let nothing = field.is_none_or(Field::is_nothing_when_absent);
                    return nothing.then(|| Seen { value: Held::null(), present: false });
                }
            }
        }
        Some(Seen { value: Held::Lent(value), present: true })
    }

    pub(super) fn root<'f>(&self, root: &Root, frames: &Frames<'f, 'a>) -> Start<'f, 'a> {
        match root {
            Root::Here => Start::Frame(frames.here),
            Root::Item => Start::Frame(frames.item),
            Root::Each => Start::Frame(frames.each.unwrap_or(frames.item)),
            Root::It => Start::Frame(frames.it),
            Root::Key => {
                let key = frames.here.key.as_deref().map_or(Kind::Null, |key| Kind::String(key.into()));
                Start::Own(Slot::of_value(Value::new(key, frames.here.place)))
            }
            Root::Param(name) => Start::Own(Slot::of(self.params.get(name).map_or_else(Held::null, Held::Lent))),
        }
    }

    pub(super) fn step(&self, slot: &Slot<'a>, step: &Step, frames: &Frames<'_, 'a>) -> Slot<'a> {
        let settled = matches!(slot.value.kind, Kind::Choice(_)).then(|| self.settle(slot.clone()));
        let slot = settled.as_ref().unwrap_or(slot);
        match step {
            Step::Field(name) => self.field(slot, name),
            Step::Key(key) => self.keyed(slot, key),
            Step::Related(name) => self.related(slot, name),
            Step::Index(index) => self.index(slot, *index as usize),
            Step::ByIt => self.by(slot, frames.it),
            Step::ByEach => self.by(slot, frames.each.unwrap_or(frames.it)),
            Step::ByKey => match &frames.here.key {
                Some(key) => self.keyed(slot, key),
                None => self.absent(slot, "", None),
            },
        }
    }

    /// What a step leads to.
    fn child(&self, slot: &Slot<'a>, value: Held<'a>, place: Place, name: &str, shape: Option<Shape<'a>>) -> Slot<'a> {
        // Names are only put together where somebody asks for them.
        let names = slot.names.as_ref().filter(|_| self.names_matter()).map(|names| {
            let mut names = Vec::clone(names);
            names.push(name.into());
            Rc::new(names)
        });
        Slot { value, place, present: false, item: None, key: None, shape, default: None, names, links: None }
    }

    /// A step that leads nowhere.
    fn absent(&self, slot: &Slot<'a>, name: &str, shape: Option<Shape<'a>>) -> Slot<'a> {
        self.child(slot, Held::null(), slot.place, name, shape)
    }

    fn by(&self, slot: &Slot<'a>, index: &Slot<'a>) -> Slot<'a> {
        match &index.value.kind {
            Kind::String(key) => self.keyed(slot, key),
            Kind::Number(number) => self.keyed(slot, &number.to_string()),
            Kind::Unknown(unknown) => {
                Slot { value: Held::made(Value::new(Kind::Unknown(unknown.clone()), slot.place)), ..slot.clone() }
            }
            _ => self.absent(slot, "", None),
        }
    }

    fn field(&self, slot: &Slot<'a>, name: &str) -> Slot<'a> {
        let field = slot.shape.and_then(|shape| self.body(shape)).and_then(|body| body.get(name));
        let shape = field.map(|field| Shape::Of(&field.ty));
        match &slot.value.kind {
            Kind::Map(map) => match slot.value.written(name, field) {
                Some((value, place)) => {
                    // A derived field has no place of its own; its owner's is the nearest.
                    let place = if place.is_some() { place } else { slot.place };
                    let present = !value.is_null();
                    let mut child = self.child(slot, value, if present { place } else { slot.place }, name, shape);
                    child.default = field.and_then(|field| self.default_of(field));
                    child.present = present;
                    self.settle(child)
                }
                None => {
                    let value = map.tail.as_ref().map_or_else(Held::null, |tail| part_of(tail, name, Place::NONE));
                    let default = field.and_then(|field| self.default_of(field));
                    Slot { default, ..self.child(slot, value, slot.place, name, shape) }
                }
            },
            // One block written: a block that the provider allows once.
            Kind::List(list) if list.items.len() == 1 && list.tail.is_none() => match slot.value.item(0) {
                Some(only) => self.field(&self.settle(slot.element(only, None)), name),
                None => self.absent(slot, name, shape),
            },
            Kind::List(list) if list.items.is_empty() && list.tail.is_none() => self.absent(slot, name, shape),
            Kind::List(_) => {
                let unknown = Unknown::new(Reason::Limit, format_compact!("{name} (repeated; use each)"));
                self.child(slot, Held::made(Value::unknown(unknown, slot.place)), slot.place, name, shape)
            }
            Kind::Unknown(unknown) => {
                let child = self.child(slot, part_of(unknown, name, slot.place), slot.place, name, shape);
                Slot { present: slot.present, ..child }
            }
            _ => self.absent(slot, name, shape),
        }
    }

    /// `["key"]`: the entry of a map, or the element of a keyed list.
    fn keyed(&self, slot: &Slot<'a>, key: &str) -> Slot<'a> {
        let Kind::List(list) = &slot.value.kind else { return self.field(slot, key) };
        let names = ["name", "key", "id"];
        let has_key = |item: &Value| names.iter().any(|name| item.str_at(&[name]) == Some(key));
        if let Some(found) = list.items.iter().position(has_key).and_then(|at| slot.value.item(at)) {
            return slot.element(found, None);
        }
        let value = list.tail.as_ref().map_or_else(Held::null, |tail| part_of(tail, key, Place::NONE));
        self.child(slot, value, slot.place, key, None)
    }

    fn index(&self, slot: &Slot<'a>, index: usize) -> Slot<'a> {
        let (mut tail, mut elements) = (None, Vec::new());
        self.spread(slot.clone(), &mut tail, &mut elements);
        match (elements.get(index), tail) {
            (Some(element), _) => element.clone(),
            (None, Some(tail)) => self.child(slot, Held::made(Value::new(Kind::Unknown(tail), slot.place)), slot.place, "", None),
            (None, None) => self.absent(slot, "", None),
        }
    }

    fn related(&self, slot: &Slot<'a>, name: &str) -> Slot<'a> {
        let Some((item, links)) = slot.item.and_then(|item| Some((item, self.relate.related(item, name)?))) else {
            let unknown = Unknown::new(Reason::Undeclared, format_compact!("related.{name}"));
            return self.child(slot, Held::made(Value::unknown(unknown, slot.place)), slot.place, name, None);
        };
        let mut slots: Vec<Slot<'a>> =
            links.items.into_iter().map(|linked| Slot::of_item(linked, body_of(self.schemas, linked))).collect();
        slots.extend(links.values.into_iter().map(|value| Slot::of(Held::Lent(value))));
        if !links.many {
            return match (slots.into_iter().next(), links.tail) {
                (Some(first), _) => first,
                (None, Some(tail)) => {
                    self.child(slot, Held::made(Value::new(Kind::Unknown(tail), item.header)), item.header, name, None)
                }
                (None, None) => self.child(slot, Held::null(), item.header, name, None),
            };
        }
        let items = slots.iter().map(|slot| Value::clone(&slot.value)).collect();
        let list = Kind::List(Arc::new(List { items, tail: links.tail, blocks: true }));
        let child = self.child(slot, Held::made(Value::new(list, item.header)), item.header, name, None);
        Slot { links: Some(Rc::new(slots)), present: true, ..child }
    }

    /// Replaces a choice by the arm that this round of the evaluation looks at.
    #[inline]
    pub(super) fn settle(&self, slot: Slot<'a>) -> Slot<'a> {
        if matches!(slot.value.kind, Kind::Choice(_)) { self.settled(slot) } else { slot }
    }

    #[cold]
    fn settled(&self, mut slot: Slot<'a>) -> Slot<'a> {
        for _ in 0..16 {
            let Kind::Choice(choice) = &slot.value.kind else { break };
            let at = self.arm(choice);
            let arm = slot.value.part(|value| match &value.kind {
                Kind::Choice(choice) => choice.arms.get(at),
                _ => None,
            });
            let mut arm = arm.unwrap_or_else(Held::null);
            if arm.via.is_none() && slot.value.via.is_some() {
                arm = Held::made(Value { via: slot.value.via.clone(), ..Value::clone(&arm) });
            }
            slot.value = arm;
        }
        slot
    }

    /// What the absence of a field means in the provider's version.
    fn default_of(&self, field: &'a Field) -> Option<&'a Constant> {
        field.default_where(|provider, version| self.chosen.precedes(provider, version))
    }

    /// The header's default, else the provider's, where nothing is there.
    pub(super) fn or_default(&self, slot: Slot<'a>) -> Slot<'a> {
        let slot = self.settle(slot);
        if !slot.value.is_null() {
            return slot;
        }
        let own = slot.names.as_ref().and_then(|names| self.row.defaults.iter().find(|(path, _)| path == &**names));
        match own.map(|(_, constant)| constant).or(slot.default) {
            Some(constant) => Slot { value: Held::Lent(constant.value()), present: false, ..slot },
            None => slot,
        }
    }
}

/// Where a path starts: at something that the frames hold, or at something of its own.
pub(super) enum Start<'f, 'a> {
    Frame(&'f Slot<'a>),
    Own(Slot<'a>),
}

impl<'a> Start<'_, 'a> {
    pub(super) fn into_owned(self) -> Slot<'a> {
        match self {
            Self::Frame(slot) => slot.clone(),
            Self::Own(slot) => slot,
        }
    }
}

impl<'a> Deref for Start<'_, 'a> {
    type Target = Slot<'a>;

    fn deref(&self) -> &Slot<'a> {
        match self {
            Self::Frame(slot) => slot,
            Self::Own(slot) => slot,
        }
    }
}

pub(super) fn element_shape(shape: Shape<'_>) -> Option<Shape<'_>> {
    match shape {
        Shape::Of(Type::List(inner) | Type::Map(inner)) => Some(Shape::Of(inner)),
        Shape::Of(Type::Block { body, .. } | Type::Object(body)) => Some(Shape::Fields(body)),
        Shape::Fields(body) => Some(Shape::Fields(body)),
        Shape::Of(_) => None,
    }
}

/// An unknown's field is as unknown, under its own name.
fn part_of<'a>(unknown: &Arc<Unknown>, name: &str, place: Place) -> Held<'a> {
    Held::made(Value::unknown(Unknown::new(unknown.reason, format_compact!("{}.{name}", unknown.source)), place))
}
