//! `count` and `for_each`: how many instances a block has.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::value::{Kind, Reason, Shape, Unknown};
use plimsoll_syntax::{Place, Value};

use crate::convert;
use crate::declare::Declared;
use crate::evaluator::{Cx, Evaluator, Instance, Repetition};
use crate::lattice::{self, is_set, sorted};

/// Instances that a `count` makes one by one; beyond it, one stands for all.
const MAX_COUNT: i128 = 100;
/// Instances that a `for_each` makes one by one: they differ, so more of them are looked at. Beyond it, one whose key is not known
/// stands for the rest, and a note says so.
pub(crate) const MAX_EACH: usize = 1_024;
/// More instances than this that are alike are one, under the address that stands for all of them.
const MAX_ALIKE: usize = 128;

/// The instances of a block.
#[derive(Clone, Debug)]
pub(crate) struct Expansion<T> {
    pub(crate) instances: Vec<(Key, T)>,
    pub(crate) by: By,
    /// There may be others, or fewer: `count` or `for_each` is not known.
    pub(crate) open: Option<Arc<Unknown>>,
    /// The instances that the only one stands for: they are alike.
    pub(crate) alike: Alike,
}

/// The keys of instances that are alike; nothing is made for any of them until somebody asks for it.
#[derive(Clone, Debug, Default)]
pub(crate) enum Alike {
    #[default]
    None,
    Count(i128),
    Names(Vec<CompactString>),
}

impl Alike {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Count(count) => usize::try_from(*count).unwrap_or(usize::MAX),
            Self::Names(names) => names.len(),
        }
    }

    /// The first of the keys.
    pub(crate) fn keys(&self) -> Vec<Key> {
        match self {
            Self::None => Vec::new(),
            Self::Count(count) => (0..*count).take(MAX_EACH).map(Key::Index).collect(),
            Self::Names(names) => names.iter().take(MAX_EACH).cloned().map(Key::Name).collect(),
        }
    }

    fn has(&self, key: &Key) -> bool {
        match (self, key) {
            (Self::Count(count), Key::Index(index)) => (0..*count).contains(index),
            // Terraform iterates in this order.
            (Self::Names(names), Key::Name(name)) => names.binary_search(name).is_ok() || names.contains(name),
            _ => false,
        }
    }
}

/// What a block is repeated by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Nothing,
    Count,
    Each,
}

/// The key of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    None,
    Index(i128),
    Name(CompactString),
    /// One that stands for all.
    Any,
}

impl Key {
    /// The address of an instance of what has the address `base`.
    pub(crate) fn address(&self, base: &str) -> CompactString {
        match self {
            Self::Index(index) => format_compact!("{base}[{index}]"),
            Self::Name(name) => format_compact!("{base}[{name:?}]"),
            Self::None | Self::Any => base.into(),
        }
    }

    /// As a value.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Index(index) => Value::int(*index, Place::NONE),
            Self::Name(name) => Value::string(name.clone(), Place::NONE),
            Self::None | Self::Any => Value::default(),
        }
    }
}

impl Expansion<Option<Repetition>> {
    pub(crate) fn map<T>(self, mut make: impl FnMut(&Key, Option<Repetition>) -> T) -> Expansion<T> {
        let instances = self.instances.into_iter().map(|(key, repetition)| {
            let made = make(&key, repetition);
            (key, made)
        });
        Expansion { instances: instances.collect(), by: self.by, open: self.open, alike: self.alike }
    }
}

impl<T> Expansion<T> {
    /// The instance of a key; the one that stands for all where there is no other.
    pub(crate) fn get(&self, key: &Value) -> Option<&T> {
        let wanted = self.key(key);
        if !matches!(self.alike, Alike::None) && wanted.as_ref().is_some_and(|key| !self.alike.has(key)) {
            return None;
        }
        self.instances
            .iter()
            .find(|(key, _)| Some(key) == wanted.as_ref())
            .or_else(|| self.instances.iter().find(|(key, _)| *key == Key::Any))
            .map(|(_, instance)| instance)
    }

    /// The key that an index means.
    pub(crate) fn key(&self, key: &Value) -> Option<Key> {
        match &key.kind {
            Kind::Number(number) if self.by == By::Count => number.as_int().map(Key::Index),
            Kind::String(name) if self.by == By::Count => name.parse().ok().map(Key::Index),
            _ => convert::text_of(key).map(Key::Name),
        }
    }

    /// Whether an instance is there without doubt; `None`: it is not known.
    pub(crate) fn contains(&self, key: &Key) -> Option<bool> {
        let is_there = self.instances.iter().any(|(known, _)| known == key) || self.alike.has(key);
        (is_there || self.open.is_none()).then_some(is_there)
    }
}

impl Evaluator<'_> {
    /// Works out `count`, `for_each` or `enabled` of a block.
    /// `alike`: whether nothing in it differs from instance to instance; only asked where it is repeated.
    pub(crate) fn repeat(&self, at: &Instance, block: &Declared, alike: impl FnOnce() -> bool) -> Expansion<Option<Repetition>> {
        let (count, each) = (at.module.attribute(block, "count"), at.module.attribute(block, "for_each"));
        if let (Some(_), Some((file, attribute))) = (count, each) {
            self.invalid(file.place(attribute.span), "count and for_each exclude each other");
        }
        if let Some((file, attribute)) = count {
            let cx = Cx::new(at, file);
            let value = self.eval(&cx, attribute.expr);
            return self.counted(&value, &cx, attribute.span, alike());
        }
        if let Some((file, attribute)) = each {
            let cx = Cx::new(at, file);
            let value = self.eval(&cx, attribute.expr);
            return self.each(&value, &cx, attribute.span, alike());
        }
        let once = Expansion { instances: vec![(Key::None, None)], by: By::Nothing, open: None, alike: Alike::None };
        let Some((cx, span, value)) = self.enabled(at, block) else { return once };
        if value.as_bool() == Some(false) {
            return Expansion { instances: Vec::new(), ..once };
        }
        let open = lattice::first_unknown(&value);
        if let Some(unknown) = &open {
            self.undecided(&cx, span, unknown);
        }
        Expansion { open, ..once }
    }

    /// `enabled` in the `lifecycle` of a resource or module call.
    fn enabled<'a>(&self, at: &'a Instance, block: &Declared) -> Option<(Cx<'a>, plimsoll_syntax::Span, Value)> {
        let (file, written) = at.module.block(block.at)?;
        let lifecycle = written.body.blocks().find(|inner| file.text(inner.kind) == "lifecycle")?;
        let attribute = crate::declare::find(file, &lifecycle.body, "enabled")?;
        let cx = Cx::new(at, file);
        Some((cx, attribute.span, convert::to_bool(&self.eval(&cx, attribute.expr))?))
    }

    fn undecided(&self, cx: &Cx<'_>, span: plimsoll_syntax::Span, unknown: &Unknown) {
        if unknown.reason != Reason::Limit {
            self.note(
                cx.place(span),
                crate::NoteKind::Undecided,
                compact_str::format_compact!("how many there are depends on {}", unknown.source),
            );
        }
    }

    fn counted(&self, value: &Value, cx: &Cx<'_>, span: plimsoll_syntax::Span, alike: bool) -> Expansion<Option<Repetition>> {
        let place = value.place;
        let repetition = |index: Value| {
            let object = lattice::map([("index".into(), index)], None, place);
            Some(Repetition { name: "count", value: object })
        };
        let any = |open: Arc<Unknown>| {
            let index = Unknown { not_null: true, ..Unknown::new(open.reason, "count.index").shaped(Shape::Number) };
            let instances = vec![(Key::Any, repetition(Value::unknown(index, place)))];
            Expansion { instances, by: By::Count, open: Some(open), alike: Alike::None }
        };
        if let Some(unknown) = lattice::first_unknown(value) {
            self.undecided(cx, span, &unknown);
            return any(unknown);
        }
        let count = convert::to_number(value).and_then(|number| number.as_int());
        match count {
            Some(count) if (0..=MAX_COUNT).contains(&count) => Expansion {
                instances: (0..count).map(|index| (Key::Index(index), repetition(Value::int(index, place)))).collect(),
                by: By::Count,
                open: None,
                alike: Alike::None,
            },
            Some(count) if count > 0 && alike => {
                let one = any(Arc::new(Unknown::new(Reason::Limit, "count.index")));
                Expansion { open: None, alike: Alike::Count(count), ..one }
            }
            Some(count) if count > 0 => any(Arc::new(Unknown::new(Reason::Limit, "count.index"))),
            _ => {
                self.invalid(
                    cx.place(span),
                    format!("count must be a whole number that is not negative, not {}", lattice::noun(value)),
                );
                any(Arc::new(Unknown::new(Reason::Invalid, "count")))
            }
        }
    }

    fn each(&self, value: &Value, cx: &Cx<'_>, span: plimsoll_syntax::Span, alike: bool) -> Expansion<Option<Repetition>> {
        let place = value.place;
        let (elements, open) = elements(value);
        let refused = match &value.kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::Template(_) => true,
            // A set or a map. A list of one resource's instances is neither, yet its elements are looked at all the same.
            Kind::List(_) => !is_set(value),
            _ => false,
        };
        if refused {
            self.invalid(cx.place(span), format!("for_each must be a map or a set of strings, not {}", lattice::noun(value)));
        }
        if let (false, Some(open)) = (refused, &open) {
            self.undecided(cx, span, open);
        } else if value.sensitive || elements.iter().any(|(key, _)| key.sensitive) {
            self.invalid(cx.place(span), "for_each must not be sensitive");
        } else if let (Kind::List(_), Some((wrong, _))) = (&value.kind, elements.iter().find(|(key, _)| !refused && !is_key(key)))
        {
            self.invalid(cx.place(span), format!("for_each must be a set of strings; it has {}", lattice::noun(wrong)));
        } else if let Some(unknown) = elements.iter().find_map(|(key, _)| lattice::first_unknown(key)) {
            self.undecided(cx, span, &unknown);
        }
        let one = |open: &Unknown| {
            let object = lattice::map(representative(open), None, place);
            (Key::Any, Some(Repetition { name: "each", value: object }))
        };
        if alike && open.is_none() && elements.len() > MAX_ALIKE {
            let names: Option<Vec<CompactString>> = elements.iter().map(|(key, _)| convert::text_of(key)).collect();
            if let Some(names) = names {
                let instances = vec![one(&Unknown::new(Reason::Limit, "for_each"))];
                return Expansion { instances, by: By::Each, open: None, alike: Alike::Names(names) };
            }
        }
        let many = elements.len() > MAX_EACH;
        if many {
            let what = compact_str::format_compact!(
                "{MAX_EACH} of {} instances are looked at one by one; one whose key is not known stands for the others",
                elements.len()
            );
            self.note(cx.place(span), crate::NoteKind::Limit, what);
        }
        let mut instances: Vec<(Key, Option<Repetition>)> = Vec::with_capacity(elements.len().min(MAX_EACH));
        for (key, element) in elements.into_iter().take(MAX_EACH) {
            let name = match convert::text_of(&key) {
                Some(text) => Key::Name(text),
                None => Key::Any,
            };
            let object = lattice::map([("key".into(), key), ("value".into(), element)], None, place);
            instances.push((name, Some(Repetition { name: "each", value: object })));
        }
        let open = open.or_else(|| many.then(|| Arc::new(Unknown::new(Reason::Limit, "for_each"))));
        // One stands for those that are not looked at.
        if let (true, Some(open)) = (instances.is_empty() || many, &open) {
            instances.push(one(open));
        }
        Expansion { instances, by: By::Each, open, alike: Alike::None }
    }
}

/// Whether a value can be the key of an instance, as far as is known.
const fn is_key(value: &Value) -> bool {
    matches!(value.kind, Kind::String(_) | Kind::Template(_) | Kind::Unknown(_) | Kind::Choice(_))
}

/// `count` or `each` where nothing is known of the instance.
pub(crate) fn any_of(by: By) -> Option<Repetition> {
    let place = Place::NONE;
    let open = Unknown::new(Reason::Unset, "each.value");
    match by {
        By::Nothing => None,
        By::Count => {
            let index = Unknown { not_null: true, ..Unknown::new(Reason::Unset, "count.index").shaped(Shape::Number) };
            Some(Repetition { name: "count", value: lattice::map([("index".into(), Value::unknown(index, place))], None, place) })
        }
        By::Each => Some(Repetition { name: "each", value: lattice::map(representative(&open), None, place) }),
    }
}

/// Key and value of an element that stands for any of something unknown.
pub(crate) fn representative(open: &Unknown) -> [(CompactString, Value); 2] {
    let key = Unknown { not_null: true, ..Unknown::new(open.reason, "each.key").shaped(Shape::String) };
    [("key".into(), Value::unknown(key, Place::NONE)), ("value".into(), Value::unknown(lattice::element(open, "*"), Place::NONE))]
}

/// Keys and values of what is iterated, in Terraform's order, and whether there may be more. Of several possible collections,
/// the one with the most elements.
pub(crate) fn elements(value: &Value) -> (Vec<(Value, Value)>, Option<Arc<Unknown>>) {
    match &value.kind {
        Kind::Map(map) => {
            let entries = sorted(map).into_iter().map(|entry| {
                let mut element = entry.value.clone();
                element.sensitive |= value.sensitive;
                let place = if entry.key_place.is_some() { entry.key_place } else { entry.place };
                (Value::string(entry.key.clone(), place), element)
            });
            (entries.collect(), map.tail.clone())
        }
        Kind::List(list) => {
            let set = is_set(value);
            let elements = list.items.iter().enumerate().map(|(at, item)| {
                let mut element = item.clone();
                element.sensitive |= value.sensitive;
                let key = if set { element.clone() } else { Value::int(i128::try_from(at).unwrap_or(0), item.place) };
                (key, element)
            });
            (elements.collect(), list.tail.clone())
        }
        Kind::Choice(choice) => {
            let largest = choice.arms.iter().map(elements).max_by_key(|(elements, _)| elements.len()).unwrap_or_default();
            (largest.0, Some(choice.condition.clone()))
        }
        Kind::Unknown(unknown) => (Vec::new(), Some(unknown.clone())),
        _ => (Vec::new(), None),
    }
}
