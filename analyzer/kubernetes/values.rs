//! Small steps on values that every file of this crate takes.

use std::sync::Arc;

use compact_str::{CompactString, ToCompactString, format_compact};
use plimsoll_syntax::value::{Entry, Map, Part, Reason, Unknown};
use plimsoll_syntax::{Kind, Place, Value};

/// The entry at a path of keys; a null counts as absent.
pub(crate) fn entry<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Entry> {
    let (last, before) = path.split_last()?;
    value.at(before)?.as_map()?.get(last).filter(|entry| !entry.value.is_null())
}

/// What is under `key`: the value, null, or unknown where the map may have more than is known.
pub(crate) fn field(value: &Value, key: &str) -> Value {
    match &value.kind {
        Kind::Map(map) => match (map.get(key), &map.tail) {
            (Some(entry), _) => entry.value.clone(),
            (None, Some(tail)) => Value::new(Kind::Unknown(part_of(tail, key)), value.place),
            (None, None) => Value::default(),
        },
        Kind::Unknown(unknown) => Value::new(Kind::Unknown(part_of(unknown, key)), value.place),
        _ => Value::default(),
    }
}

/// The same along a path.
pub(crate) fn follow(value: &Value, path: &[&str]) -> Value {
    let mut value = value;
    let mut left = path;
    while let Some((key, rest)) = left.split_first()
        && let Some(inner) = value.get(key)
    {
        (value, left) = (inner, rest);
    }
    left.iter().fold(value.clone(), |value, key| field(&value, key))
}

/// An unknown's field is as unknown, under its own name.
fn part_of(unknown: &Arc<Unknown>, name: &str) -> Arc<Unknown> {
    // What a template action puts there is called by the action itself.
    let source =
        if unknown.reason == Reason::Rendered { unknown.source.clone() } else { format_compact!("{}.{name}", unknown.source) };
    Arc::new(Unknown::new(unknown.reason, source))
}

/// The text of a scalar as a person would write it; holes show what fills them. `None`: null, or no scalar.
pub(crate) fn shown(value: &Value) -> Option<CompactString> {
    match &value.kind {
        Kind::String(text) => Some(text.clone()),
        Kind::Number(number) => Some(number.to_compact_string()),
        Kind::Bool(flag) => Some(flag.to_compact_string()),
        Kind::Unknown(unknown) => Some(unknown.source.clone()),
        Kind::Template(parts) => {
            let mut text = CompactString::default();
            for part in parts.iter() {
                match part {
                    Part::Known(known) => text.push_str(known),
                    Part::Hole(hole) => text.push_str(&hole.source),
                }
            }
            Some(text)
        }
        _ => None,
    }
}

/// Whether a scalar has a hole.
pub(crate) const fn is_open(value: &Value) -> bool {
    matches!(value.kind, Kind::Unknown(_) | Kind::Template(_) | Kind::Choice(_))
}

/// Whether a value is absent, null, or an empty list or map to which nothing is added. `None`: it cannot be told.
pub(crate) fn is_empty(value: Option<&Value>) -> Option<bool> {
    let Some(value) = value else { return Some(true) };
    match &value.kind {
        Kind::Null => Some(true),
        Kind::List(list) if list.items.is_empty() => list.tail.is_none().then_some(true),
        Kind::Map(map) if map.entries.is_empty() => map.tail.is_none().then_some(true),
        Kind::Unknown(_) | Kind::Choice(_) => None,
        _ => Some(false),
    }
}

/// A copy of the map that a value is, with room for so many derived fields; its range is where it is written.
pub(crate) fn copy(value: &Value, room: usize) -> Map {
    match &value.kind {
        Kind::Map(map) => map.with_room(room),
        Kind::Unknown(unknown) => Map { tail: Some(unknown.clone()), ..Map::default() },
        _ => Map::default(),
    }
}

/// Adds a derived field with a place of its own to underline.
pub(crate) fn set_at(map: &mut Map, key: &str, value: Value, place: Place) {
    let fresh = Entry { place, ..Entry::derived(key, value) };
    match map.entries.iter_mut().find(|entry| entry.key == key) {
        Some(known) => *known = fresh,
        None => map.entries.push(fresh),
    }
}

/// A map of derived fields.
pub(crate) fn derived(fields: impl IntoIterator<Item = (&'static str, Value)>, place: Place) -> Value {
    let fields = fields.into_iter();
    let mut map = Map { entries: Vec::with_capacity(fields.size_hint().0), ..Map::default() };
    for (key, value) in fields.filter(|(_, value)| !value.is_null()) {
        map.push(key, value);
    }
    Value::map(map, place)
}
