//! Small steps on values: reading loosely, writing with places.

use std::sync::Arc;

use compact_str::{CompactString, ToCompactString};
use plimsoll_syntax::value::{Entry, List, Map};
use plimsoll_syntax::{Kind, Place, Value};

/// The map that a value is, to be changed.
pub(crate) fn map_mut(value: &mut Value) -> Option<&mut Map> {
    match &mut value.kind {
        Kind::Map(map) => Some(Arc::make_mut(map)),
        _ => None,
    }
}

/// The list that a value is, to be changed.
pub(crate) fn list_mut(value: &mut Value) -> Option<&mut List> {
    match &mut value.kind {
        Kind::List(list) => Some(Arc::make_mut(list)),
        _ => None,
    }
}

/// What is under `key`, to be changed.
pub(crate) fn get_mut<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    map_mut(value)?.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
}

/// What is under `key`; made as `default` where there is nothing or null.
pub(crate) fn get_or_insert<'v>(value: &'v mut Value, key: &str, default: &Value) -> Option<&'v mut Value> {
    let map = map_mut(value)?;
    let at = match map.entries.iter().position(|entry| entry.key == key) {
        Some(at) => at,
        None => {
            map.entries.push(entry(key, default.clone()));
            map.entries.len() - 1
        }
    };
    let found = &mut map.entries.get_mut(at)?.value;
    if found.is_null() {
        *found = default.clone();
    }
    Some(found)
}

/// Sets a field; the entry is then where the new value is written. Nothing happens to what is no map.
pub(crate) fn set(value: &mut Value, key: &str, new: Value) {
    let Some(map) = map_mut(value) else { return };
    let fresh = entry(key, new);
    match map.entries.iter_mut().find(|entry| entry.key == key) {
        Some(known) => *known = fresh,
        None => map.entries.push(fresh),
    }
}

/// Puts a whole entry, with its own places.
pub(crate) fn put(map: &mut Map, fresh: Entry) {
    match map.entries.iter_mut().find(|entry| entry.key == fresh.key) {
        Some(known) => *known = fresh,
        None => map.entries.push(fresh),
    }
}

/// Removes a field; whether it was there.
pub(crate) fn remove(value: &mut Value, key: &str) -> bool {
    let Some(map) = map_mut(value) else { return false };
    let before = map.entries.len();
    map.entries.retain(|entry| entry.key != key);
    before != map.entries.len()
}

/// An entry that is written where its value is.
pub(crate) fn entry(key: &str, value: Value) -> Entry {
    Entry { key: key.into(), key_place: value.place, place: value.place, value }
}

/// A map of these fields, written at `place`.
pub(crate) fn map_of<const N: usize>(fields: [(&str, Value); N], place: Place) -> Value {
    let entries = fields.into_iter().map(|(key, value)| entry(key, value)).collect();
    Value::map(Map { entries, tail: None, range: place.span }, place)
}

/// An empty map, written at `place`.
pub(crate) fn empty_map(place: Place) -> Value {
    Value::map(Map { range: place.span, ..Map::default() }, place)
}

/// The text of a scalar, however it is typed; `None` for null, maps and lists.
pub(crate) fn text(value: &Value) -> Option<CompactString> {
    match &value.kind {
        Kind::String(text) => Some(text.clone()),
        Kind::Number(number) => Some(number.to_compact_string()),
        Kind::Bool(flag) => Some(flag.to_compact_string()),
        _ => None,
    }
}

/// The text of a field's scalar; empty where there is none.
pub(crate) fn text_at(value: &Value, path: &[&str]) -> CompactString {
    value.at(path).and_then(text).unwrap_or_default()
}

/// A field whatever the case of its name: kustomizations are read so.
pub(crate) fn loose<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    let map = value.as_map()?;
    let exact = map.get(key);
    let found = exact.or_else(|| map.entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(key)))?;
    Some(&found.value).filter(|value| !value.is_null())
}

/// The text of a loosely named field; empty where there is none.
pub(crate) fn loose_text(value: &Value, key: &str) -> CompactString {
    loose(value, key).and_then(text).unwrap_or_default()
}

/// The elements of a loosely named list.
pub(crate) fn loose_items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    loose(value, key).map_or(&[], Value::items)
}

/// The strings of a map of strings, with their places, by key.
pub(crate) fn strings(value: Option<&Value>) -> Vec<(CompactString, Value)> {
    let entries = value.and_then(Value::as_map).map_or(&[][..], |map| &map.entries);
    let mut out: Vec<(CompactString, Value)> = entries
        .iter()
        .map(|entry| {
            let text = text(&entry.value).unwrap_or_default();
            (entry.key.clone(), Value { kind: Kind::String(text), ..entry.value.clone() })
        })
        .collect();
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}

/// Whether two values say the same, wherever they are written.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Map(a), Kind::Map(b)) => {
            a.entries.len() == b.entries.len()
                && a.entries.iter().all(|entry| b.get(&entry.key).is_some_and(|other| same(&entry.value, &other.value)))
        }
        (Kind::List(a), Kind::List(b)) => a.items.len() == b.items.len() && a.items.iter().zip(&b.items).all(|(a, b)| same(a, b)),
        (a, b) => a == b,
    }
}
