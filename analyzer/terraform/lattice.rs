//! Small makers and readers of values: unknown ones, members, text.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::Place;
use plimsoll_syntax::value::{How, Kind, List, Map, Number, Part, Reason, Reference, Shape, Unknown, Value};

/// Elements that a list may have.
pub(crate) const MAX_ELEMENTS: usize = 70_000;
/// Bytes that a string may have.
pub(crate) const MAX_TEXT: usize = 1 << 20;
/// How deep a value may nest that has a name.
pub(crate) const MAX_NESTING: u32 = 150;
/// Steps of a history.
const MAX_HISTORY: usize = 64;
/// Nodes that are visited when a value is looked through.
pub(crate) const MAX_NODES: usize = 100_000;

/// Whether a list is a set. Inside the evaluator, where no list of repeated blocks occurs as a value, that mark says so; values
/// leave through [`crate::body::finished`], which takes it off.
pub(crate) fn is_set(value: &Value) -> bool {
    value.as_list().is_some_and(|list| list.blocks)
}

pub(crate) fn list(items: Vec<Value>, tail: Option<Arc<Unknown>>, place: Place) -> Value {
    if items.len() > MAX_ELEMENTS {
        return limit("a list of more elements than are looked at", place);
    }
    Value::new(Kind::List(Arc::new(List { items, tail, blocks: false })), place)
}

/// A set of elements: sorted as Terraform iterates, without duplicates.
pub(crate) fn set(mut items: Vec<Value>, tail: Option<Arc<Unknown>>, place: Place) -> Value {
    if items.len() > MAX_ELEMENTS {
        return limit("a set of more elements than are looked at", place);
    }
    if items.iter().all(|item| matches!(item.kind, Kind::String(_))) {
        items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        items.dedup_by(|a, b| a.kind == b.kind);
    } else if items.iter().all(|item| matches!(item.kind, Kind::Number(_))) {
        let number = |value: &Value| if let Kind::Number(number) = value.kind { number.as_f64() } else { 0.0 };
        items.sort_by(|a, b| number(a).total_cmp(&number(b)));
        items.dedup_by(|a, b| a.kind == b.kind);
    } else {
        let mut distinct: Vec<Value> = Vec::with_capacity(items.len());
        for item in items {
            // Comparing all with all is for sets of objects, which are short; beyond, duplicates stay.
            if distinct.len() > 500 || !distinct.iter().any(|known| crate::operator::identical(known, &item)) {
                distinct.push(item);
            }
        }
        items = distinct;
    }
    Value::new(Kind::List(Arc::new(List { items, tail, blocks: true })), place)
}

pub(crate) fn map(entries: impl IntoIterator<Item = (CompactString, Value)>, tail: Option<Arc<Unknown>>, place: Place) -> Value {
    let mut map = MapBuilder::default();
    for (key, value) in entries {
        map.set(key, Place::NONE, value);
    }
    map.finish(tail, place)
}

/// Builds a map without looking through all entries at each insertion.
#[derive(Default)]
pub(crate) struct MapBuilder {
    entries: Vec<plimsoll_syntax::value::Entry>,
    index: rustc_hash::FxHashMap<CompactString, usize>,
}

impl MapBuilder {
    pub(crate) fn with_capacity(entries: usize) -> Self {
        Self { entries: Vec::with_capacity(entries), ..Self::default() }
    }

    pub(crate) fn set(&mut self, key: CompactString, key_place: Place, value: Value) {
        let place = if key_place.is_some() && key_place.file == value.place.file {
            Place::new(key_place.file, key_place.span.to(value.place.span))
        } else {
            value.place
        };
        self.entry(plimsoll_syntax::value::Entry { key, key_place, place, value });
    }

    pub(crate) fn entry(&mut self, entry: plimsoll_syntax::value::Entry) {
        if self.entries.len() < 8 {
            if let Some(known) = self.entries.iter_mut().find(|known| known.key == entry.key) {
                *known = entry;
                return;
            }
        } else {
            if self.index.is_empty() {
                self.index = self.entries.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)).collect();
            }
            if let Some(&at) = self.index.get(&entry.key) {
                self.entries[at] = entry;
                return;
            }
            self.index.insert(entry.key.clone(), self.entries.len());
        }
        self.entries.push(entry);
    }

    /// The entries; none where they are more than are looked at.
    pub(crate) fn into_entries(self) -> Vec<plimsoll_syntax::value::Entry> {
        if self.entries.len() > MAX_ELEMENTS { Vec::new() } else { self.entries }
    }

    pub(crate) fn finish(self, tail: Option<Arc<Unknown>>, place: Place) -> Value {
        if self.entries.len() > MAX_ELEMENTS {
            return limit("a map of more entries than are looked at", place);
        }
        Value::map(Map { entries: self.entries, tail, ..Map::default() }, place)
    }
}

/// The text in the normal form of Terraform's strings, NFC.
pub(crate) fn composed(text: CompactString) -> CompactString {
    if text.is_ascii() || unicode_normalization::is_nfc(&text) {
        text
    } else {
        unicode_normalization::UnicodeNormalization::nfc(text.as_str()).collect()
    }
}

/// The value with one more step of its history; a history that is longer than anybody reads stays as it is.
pub(crate) fn through(value: Value, how: How, place: Place) -> Value {
    if value.history().nth(MAX_HISTORY).is_some() { value } else { value.through(how, place) }
}

/// Whether a value nests deeper, or has more parts, than is looked at; takes what is looked at off `left`.
pub(crate) fn is_too_large(value: &Value, depth: u32, left: &mut usize) -> bool {
    if depth == 0 || *left == 0 {
        return true;
    }
    *left -= 1;
    match &value.kind {
        Kind::List(list) => list.items.iter().any(|item| is_too_large(item, depth - 1, left)),
        Kind::Map(map) => map.entries.iter().any(|entry| is_too_large(&entry.value, depth - 1, left)),
        Kind::Choice(choice) => choice.arms.iter().any(|arm| is_too_large(arm, depth - 1, left)),
        _ => false,
    }
}

/// The value as it is written at another place, which stands for all of its parts.
pub(crate) fn moved(value: &Value, place: Place) -> Value {
    let kind = match &value.kind {
        Kind::List(list) => {
            let items = list.items.iter().map(|item| moved(item, place)).collect();
            Kind::List(Arc::new(List { items, ..List::clone(list) }))
        }
        Kind::Map(map) => {
            let entry = |entry: &plimsoll_syntax::value::Entry| plimsoll_syntax::value::Entry {
                value: moved(&entry.value, place),
                key: entry.key.clone(),
                key_place: Place::NONE,
                place,
            };
            Kind::Map(Arc::new(Map { entries: map.entries.iter().map(entry).collect(), ..Map::clone(map) }))
        }
        kind => kind.clone(),
    };
    Value { kind, place, via: value.via.clone(), sensitive: value.sensitive }
}

pub(crate) fn limit(what: &str, place: Place) -> Value {
    Value::unknown(Unknown::new(Reason::Limit, what), place)
}

pub(crate) fn number(value: f64, place: Place) -> Value {
    if value.is_finite() {
        Value::new(Kind::Number(value.into()), place)
    } else {
        limit("a number beyond the range of doubles", place)
    }
}

/// The entries of a map in the order in which Terraform iterates.
pub(crate) fn sorted(map: &Map) -> Vec<&plimsoll_syntax::value::Entry> {
    let mut entries: Vec<_> = map.entries.iter().collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    entries
}

/// The text of a number as Terraform writes it: no more digits than a double has.
pub(crate) fn number_text(number: Number) -> CompactString {
    match number {
        Number::Int(int) => format_compact!("{int}"),
        Number::Float(float) => {
            let short: f64 = format!("{float:.14e}").parse().unwrap_or(float);
            let rounded = if ((short - float) / float).abs() < 4e-16 { short } else { float };
            format_compact!("{rounded}")
        }
    }
}

/// The first thing in `value` that is not known; `None`: it is wholly known.
pub(crate) fn first_unknown(value: &Value) -> Option<Arc<Unknown>> {
    let mut left = MAX_NODES;
    find_unknown(value, &mut left)
}

/// The same; takes what is looked at off `left`.
pub(crate) fn find_unknown(value: &Value, left: &mut usize) -> Option<Arc<Unknown>> {
    if *left == 0 {
        return Some(Arc::new(Unknown::new(Reason::Limit, "a value with too many parts")));
    }
    *left -= 1;
    match &value.kind {
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => None,
        Kind::Template(parts) => parts.iter().find_map(|part| match part {
            Part::Hole(unknown) => Some(unknown.clone()),
            Part::Known(_) => None,
        }),
        Kind::Unknown(unknown) => Some(unknown.clone()),
        Kind::Choice(choice) => Some(choice.condition.clone()),
        Kind::List(list) => list.items.iter().find_map(|item| find_unknown(item, left)).or_else(|| list.tail.clone()),
        Kind::Map(map) => map.entries.iter().find_map(|entry| find_unknown(&entry.value, left)).or_else(|| map.tail.clone()),
    }
}

/// Whether anything in it is marked sensitive.
pub(crate) fn is_sensitive(value: &Value) -> bool {
    let mut left = 2_000;
    sensitive_within(value, &mut left)
}

fn sensitive_within(value: &Value, left: &mut usize) -> bool {
    if value.sensitive {
        return true;
    }
    if *left == 0 {
        return false;
    }
    *left -= 1;
    match &value.kind {
        Kind::List(list) => list.items.iter().any(|item| sensitive_within(item, left)),
        Kind::Map(map) => map.entries.iter().any(|entry| sensitive_within(&entry.value, left)),
        Kind::Choice(choice) => choice.arms.iter().any(|arm| sensitive_within(arm, left)),
        _ => false,
    }
}

/// What is made from something unknown: it still says what is missing, but it is no longer that thing.
pub(crate) fn derived(from: &Unknown, shape: Shape) -> Unknown {
    let reason = match from.reason {
        Reason::Invalid | Reason::Limit | Reason::Cycle | Reason::Syntax | Reason::File | Reason::Undeclared => from.reason,
        _ => Reason::Function,
    };
    Unknown { shape, not_null: true, ..Unknown::new(reason, from.source.clone()) }
}

/// What an expression makes of something that is not known.
pub(crate) fn derived_value(from: &Unknown, shape: Shape, place: Place) -> Value {
    Value::unknown(derived(from, shape), place)
}

/// Attribute `name` of something that is not known.
pub(crate) fn member(of: &Unknown, name: &str) -> Unknown {
    extended(of, &format_compact!(".{name}"), name)
}

/// Element `key` of something that is not known; `key` is written as in source text.
pub(crate) fn element(of: &Unknown, key: &str) -> Unknown {
    extended(of, &format_compact!("[{key}]"), &format_compact!("[{key}]"))
}

fn extended(of: &Unknown, suffix: &str, step: &str) -> Unknown {
    let named =
        !matches!(of.reason, Reason::Function | Reason::Invalid | Reason::Limit | Reason::Cycle | Reason::Syntax | Reason::File);
    let source = if named && of.source.len() < 200 { format_compact!("{}{suffix}", of.source) } else { of.source.clone() };
    let identity = of.identity.as_ref().map(|identity| {
        let attribute = match (identity.attribute.is_empty(), step.starts_with('[')) {
            (true, _) => step.into(),
            (false, true) => format_compact!("{}{step}", identity.attribute),
            (false, false) => format_compact!("{}.{step}", identity.attribute),
        };
        Reference { address: identity.address.clone(), attribute }
    });
    Unknown { identity, ..Unknown::new(of.reason, source) }
}

/// The kind of thing, as people call it.
pub(crate) fn noun(value: &Value) -> &'static str {
    match &value.kind {
        Kind::Null => "null",
        Kind::Bool(_) => "a bool",
        Kind::Number(_) => "a number",
        Kind::String(_) | Kind::Template(_) => "a string",
        Kind::List(_) => "a list",
        Kind::Map(_) => "an object",
        Kind::Unknown(unknown) => match unknown.shape {
            Shape::Any => "an unknown value",
            Shape::String => "a string",
            Shape::Number => "a number",
            Shape::Bool => "a bool",
            Shape::List => "a list",
            Shape::Map => "an object",
        },
        Kind::Choice(_) => "one of several values",
    }
}

/// A key in source text.
pub(crate) fn key_text(key: &Value) -> CompactString {
    match &key.kind {
        Kind::Number(number) => number_text(number.get()),
        Kind::String(text) => format_compact!("{text:?}"),
        Kind::Unknown(unknown) => unknown.source.clone(),
        _ => "…".into(),
    }
}
