//! Small steps on values.

use compact_str::{CompactString, ToCompactString};
use plimsoll_syntax::value::Reason;
use plimsoll_syntax::{Item, Kind, Value};

use crate::note::Unread;
use crate::selector::Labels;

/// What is under `key`; null when it is not there. An unknown map's field is the unknown.
pub(crate) fn field(value: &Value, key: &str) -> Value {
    match &value.kind {
        Kind::Map(map) => match (map.get(key), &map.tail) {
            (Some(entry), _) => entry.value.clone(),
            (None, Some(tail)) => Value::new(Kind::Unknown(tail.clone()), value.place),
            (None, None) => Value::default(),
        },
        Kind::Unknown(_) | Kind::Choice(_) => value.clone(),
        _ => Value::default(),
    }
}

/// The same along a path.
pub(crate) fn follow(value: &Value, path: &[&str]) -> Value {
    path.iter().fold(value.clone(), |value, key| field(&value, key))
}

/// A scalar as text; null is the empty text. `None`: not known, or no scalar.
pub(crate) fn text(value: &Value) -> Option<CompactString> {
    match &value.kind {
        Kind::Null => Some(CompactString::default()),
        Kind::String(text) => Some(text.clone()),
        Kind::Number(number) => Some(number.to_compact_string()),
        Kind::Bool(flag) => Some(flag.to_compact_string()),
        _ => None,
    }
}

/// The text at a path; `None` when there is none, or it is not known.
pub(crate) fn text_at(value: &Value, path: &[&str]) -> Option<CompactString> {
    text(value.at(path)?).filter(|text| !text.is_empty())
}

pub(crate) fn required_text(value: &Value, key: &'static str) -> Result<CompactString, Unread> {
    text_at(value, &[key]).ok_or_else(|| Unread::new(value.place, "a field that is missing or not known"))
}

/// The elements of a list, none for null; an error where there may be others, or it is no list.
pub(crate) fn elements(value: &Value) -> Result<&[Value], Unread> {
    match &value.kind {
        Kind::Null => Ok(&[]),
        Kind::List(list) if list.tail.is_none() => Ok(&list.items),
        _ => Err(Unread::new(value.place, "a list that is not known")),
    }
}

/// The entries of a map, none for null; an error where there may be others, or it is no map.
pub(crate) fn entries(value: &Value) -> Result<impl Iterator<Item = (&CompactString, &Value)>, Unread> {
    let entries = match &value.kind {
        Kind::Null => &[],
        Kind::Map(map) if map.tail.is_none() => map.entries.as_slice(),
        _ => return Err(Unread::new(value.place, "a map that is not known")),
    };
    Ok(entries.iter().map(|entry| (&entry.key, &entry.value)))
}

/// A map of labels or annotations.
pub(crate) fn labels(value: &Value) -> Result<Labels, Unread> {
    entries(value)?
        .map(|(key, value)| {
            let text = text(value).ok_or_else(|| Unread::new(value.place, "a label that is not known"))?;
            Ok((key.clone(), text))
        })
        .collect()
}

/// The namespace of an object that lives in one; `None`: not known.
pub(crate) fn namespace(value: &Value) -> Option<CompactString> {
    const DEFAULT: CompactString = CompactString::const_new("default");
    let written = value.get("namespace").or_else(|| value.at(&["metadata", "namespace"]));
    match written.map(|value| &value.kind) {
        None | Some(Kind::Null) => Some(DEFAULT),
        // Of a custom resource nobody says that it lives in a namespace; those that are asked for here do.
        Some(Kind::Unknown(unknown)) if unknown.reason == Reason::Undeclared => Some(DEFAULT),
        Some(_) => text(written?),
    }
}

/// Whether an item is an object of this kind and of one of these groups.
pub(crate) fn is_object(item: &Item, kind: &str, groups: &[&str]) -> bool {
    item.views.iter().any(|view| view == "object")
        && item.value.str_at(&["kind"]) == Some(kind)
        && groups.contains(&item.value.str_at(&["group"]).unwrap_or(""))
}
