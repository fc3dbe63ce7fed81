//! Scripts and cloud-init inside other files: a VM's user data, a provisioner's commands.
//!
//! Places point into the text where it is written as it reads (a heredoc), else at the value as a whole.

use std::sync::Arc;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{List, Map};
use plimsoll_syntax::yaml::{self, Dialect};
use plimsoll_syntax::{FileId, Item, Kind, Place, Value};

use crate::compose::values::Holed;
use crate::shell::Location;
use crate::{cloud_init, script};

/// Choices, encodings and parts within each other.
const DEPTH: usize = 4;
/// Values within each other.
const NESTING: usize = 300;

/// The items of a text that a machine runs when it starts: `#cloud-config`, a script, either in base64, or a MIME archive of
/// them. `source` gives the text of a file.
#[must_use]
pub fn items(value: &Value, owner: &Owner, source: &dyn Fn(FileId) -> Option<Arc<str>>) -> Vec<Item> {
    let mut out = Vec::new();
    let text = if value.place.is_some() { source(value.place.file) } else { None };
    read(value, owner, text.as_deref(), DEPTH, &mut out);
    out
}

fn read(value: &Value, owner: &Owner, source: Option<&str>, depth: usize, out: &mut Vec<Item>) {
    if depth == 0 {
        return;
    }
    if let Kind::Choice(choice) = &value.kind {
        for arm in &choice.arms {
            read(arm, owner, source.filter(|_| arm.place.file == value.place.file), depth - 1, out);
        }
        return;
    }
    // The commands of a provisioner are a list, each by itself.
    if let Kind::List(list) = &value.kind {
        for item in &list.items {
            read(item, owner, source.filter(|_| item.place.file == value.place.file), depth - 1, out);
        }
        return;
    }
    let Some(holed) = Holed::of(value) else { return };
    let text = holed.text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with("#cloud-config") || has_cloud_config_key(text) {
        out.extend(yaml_value(value, source).map(|read| cloud_init::value_items(&read, source, Some(owner))).unwrap_or_default());
    } else if let Some(line) = text.strip_prefix("#!") {
        if line.lines().next().is_some_and(|first| first.contains("sh")) {
            out.extend(script::value_items(value, source, "user_data", Some(owner)));
        }
    } else if text.starts_with("Content-Type: multipart/") || text.starts_with("MIME-Version:") {
        for part in parts(text) {
            read(&holed.value(part), owner, source, depth - 1, out);
        }
    } else if let Some(decoded) = value.as_str().and_then(base64) {
        read(&Value::string(decoded, value.place), owner, None, depth - 1, out);
    } else if !text.starts_with(['<', '{', '#']) {
        out.extend(script::value_items(value, source, "user_data", Some(owner)));
    }
}

/// Whether a text without a header begins with a key of cloud-init: the type of its part says what it is.
fn has_cloud_config_key(text: &str) -> bool {
    let key: String =
        text.trim_start_matches(['"', '\'']).chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let rest = text.trim_start_matches(['"', '\'']).get(key.len()..).unwrap_or("").trim_start_matches(['"', '\'']);
    rest.starts_with(':') && cloud_init::KEYS.contains(&key.as_str())
}

/// The bodies of a MIME archive.
fn parts(text: &str) -> Vec<&str> {
    let Some((_, rest)) = text.split_once("boundary=") else { return Vec::new() };
    let boundary = rest.trim_start_matches('"').split(['"', '\r', '\n', ';']).next().unwrap_or("");
    if boundary.is_empty() {
        return Vec::new();
    }
    let mark = format!("--{boundary}");
    let bodies =
        text.split(mark.as_str()).skip(1).filter_map(|part| part.split_once("\n\n").or_else(|| part.split_once("\r\n\r\n")));
    bodies.map(|(_, body)| body).collect()
}

/// A YAML or JSON document inside a text, with the places of the file that the text is written in.
pub(crate) fn yaml_value(value: &Value, source: Option<&str>) -> Option<Value> {
    let holed = Holed::of(value)?;
    let location = Location::of(value.place, &holed.text, source);
    yaml_at(&holed, &location)
}

/// The same, where the place of the text is known.
pub(crate) fn yaml_at(holed: &Holed, location: &Location) -> Option<Value> {
    let tree = yaml::parse(&Arc::from(holed.text.as_str()));
    let document = tree.documents.first()?;
    let read = yaml::to_value(&tree, document.root, FileId::NONE, Dialect::Core);
    let moved =
        |place: Place| if place.span.is_empty() && place.span.start == 0 { location.whole() } else { location.at(place.span) };
    Some(rewritten(&read, &moved, holed, NESTING))
}

/// The value with its places moved and its holes put back.
fn rewritten(value: &Value, moved: &dyn Fn(Place) -> Place, holed: &Holed, depth: usize) -> Value {
    if depth == 0 {
        return Value::default();
    }
    let place = moved(value.place);
    let kind = match &value.kind {
        Kind::String(text) => Value { kind: holed.value(text).kind, ..Value::default() }.kind,
        Kind::List(list) => {
            let items = list.items.iter().map(|item| rewritten(item, moved, holed, depth - 1)).collect();
            Kind::List(Arc::new(List { items, ..List::clone(list) }))
        }
        Kind::Map(map) => {
            let mut map = Map::clone(map);
            for entry in &mut map.entries {
                if let Some(hole) = holed.first_hole(&entry.key) {
                    // A key that is filled in may be any key.
                    map.tail = Some(hole.clone());
                }
                entry.key_place = moved(entry.key_place);
                entry.place = moved(entry.place);
                entry.value = rewritten(&entry.value, moved, holed, depth - 1);
            }
            map.entries.retain(|entry| holed.first_hole(&entry.key).is_none());
            map.range = place.span;
            Kind::Map(Arc::new(map))
        }
        other => other.clone(),
    };
    Value { kind, place, ..value.clone() }
}

/// The value with its places moved and its holes put back.
pub(crate) fn moved(value: &Value, moved: &dyn Fn(Place) -> Place, holed: &Holed) -> Value {
    rewritten(value, moved, holed, NESTING)
}

/// The items with their holes put back; their places are right already.
pub(crate) fn restored(items: Vec<Item>, holed: &Holed) -> Vec<Item> {
    items.into_iter().map(|item| Item { value: rewritten(&item.value, &|place| place, holed, NESTING), ..item }).collect()
}

/// Decodes base64 that is text; `None`: it is none, or the text is no text. Short words are not taken for base64.
pub(crate) fn base64(text: &str) -> Option<String> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let bytes: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let end = bytes.iter().position(|byte| *byte == b'=').unwrap_or(bytes.len());
    if end < 16 || bytes.get(end..)?.iter().any(|byte| *byte != b'=') {
        return None;
    }
    let (mut out, mut held, mut bits) = (Vec::with_capacity(end), 0_u32, 0_u32);
    for byte in bytes.get(..end)? {
        held = held << 6 | u32::from(digit(*byte)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    let text = String::from_utf8(out).ok()?;
    (!text.chars().any(|c| c.is_control() && !c.is_whitespace())).then_some(text)
}

#[cfg(test)]
mod tests;
