//! Paths of fields: which fields of which kinds a step changes.

use compact_str::CompactString;
use plimsoll_syntax::{Kind, Place, Value};

use crate::identity::Gvk;
use crate::tree::{empty_map, get_mut, list_mut, loose, loose_text, map_mut};

/// A field of objects of some kinds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    /// The kinds; empty parts mean any.
    pub(crate) gvk: Gvk,
    /// The keys down to the field; lists on the way are gone through.
    pub(crate) path: Vec<CompactString>,
    /// It is made where it is missing.
    pub(crate) create: bool,
}

impl Field {
    /// A field of a table.
    pub(crate) fn new(group: &str, version: &str, kind: &str, path: &str, create: bool) -> Self {
        let gvk = Gvk { group: group.into(), version: version.into(), kind: kind.into() };
        Self { gvk, path: split(path, '/'), create }
    }

    /// A field as a configuration says it.
    pub(crate) fn read(value: &Value) -> Self {
        Self {
            gvk: Gvk::selector(value),
            path: split(&loose_text(value, "path"), '/'),
            create: loose(value, "create").and_then(Value::as_bool).unwrap_or(false),
        }
    }

    /// The fields of a list of a configuration.
    pub(crate) fn read_all(value: Option<&Value>) -> Vec<Self> {
        value.map_or(&[][..], Value::items).iter().map(Self::read).collect()
    }
}

/// Splits a path; a backslash takes the meaning from the separator.
pub(crate) fn split(path: &str, separator: char) -> Vec<CompactString> {
    let mut parts = vec![CompactString::default()];
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        if character == separator {
            parts.push(CompactString::default());
            continue;
        }
        let taken = if character == '\\' && characters.peek() == Some(&separator) { characters.next() } else { None };
        if let Some(last) = parts.last_mut() {
            last.push(taken.unwrap_or(character));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Calls `change` with each value at the field. `make`: what a missing field is made as, if the field says that it is.
///
/// # Errors
/// When the path leads through a scalar, or `change` fails.
pub(crate) fn visit(
    value: &mut Value,
    field: &Field,
    make: Option<&Value>,
    change: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    if !Gvk::of(value).is_selected_by(&field.gvk) {
        return Ok(());
    }
    walk(value, &field.path, make.filter(|_| field.create), change)
}

fn walk(
    value: &mut Value,
    path: &[CompactString],
    make: Option<&Value>,
    change: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else { return change(value) };
    match &value.kind {
        Kind::Null => Ok(()),
        Kind::List(_) => {
            let Some(list) = list_mut(value) else { return Ok(()) };
            list.items.iter_mut().try_for_each(|item| walk(item, path, make, change))
        }
        Kind::Map(_) => {
            let (key, is_list) = match first.strip_suffix("[]") {
                Some(key) => (key, true),
                None => (first.as_str(), false),
            };
            if let Some(make) = make.filter(|_| !is_list) {
                let fresh = if rest.is_empty() { make.clone() } else { empty_map(make.place) };
                // A null that is written stays null when that is what would be made.
                crate::tree::get_or_insert(value, key, &fresh);
            }
            match get_mut(value, key) {
                Some(found) => walk(found, rest, make, change),
                None => Ok(()),
            }
        }
        Kind::Unknown(_) | Kind::Choice(_) | Kind::Template(_) => Ok(()),
        _ => Err(format!("{first} cannot be looked for in a scalar")),
    }
}

/// Replaces the text of a scalar, which keeps its type where the text allows it.
pub(crate) fn retext(value: &mut Value, text: CompactString, place: Place) {
    let kind = match &value.kind {
        Kind::Number(_) => plimsoll_syntax::value::Number::parse(&text).map(|number| Kind::Number(number.into())),
        Kind::Bool(_) => text.parse().ok().map(Kind::Bool),
        Kind::Null => Some(plain(&text)),
        _ => None,
    };
    value.kind = kind.unwrap_or(Kind::String(text));
    value.place = place;
}

/// What a plain scalar of this text is.
pub(crate) fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" => Kind::Null,
        "true" => Kind::Bool(true),
        "false" => Kind::Bool(false),
        _ => plimsoll_syntax::value::Number::parse(text)
            .map_or_else(|| Kind::String(text.into()), |number| Kind::Number(number.into())),
    }
}

/// Sets the places of an entry to where its new value is written, so that a finding points there.
pub(crate) fn place_entries(value: &mut Value, key: &str, place: Place) {
    if let Some(entry) = map_mut(value).and_then(|map| map.entries.iter_mut().find(|entry| entry.key == key)) {
        entry.place = place;
        entry.key_place = place;
    }
}
