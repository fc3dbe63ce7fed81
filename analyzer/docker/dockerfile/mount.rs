//! Flags of `RUN`: mounts, network, security.

use compact_str::CompactString;
use plimsoll_syntax::dockerfile::Instruction;
use plimsoll_syntax::{Place, Value};

use super::read::{Entry, Reader};
use super::{copy, from};
use crate::image;
use crate::values::map_of;

/// Other names of a mount's options.
const NAMES: &[(&str, &str)] =
    &[("dst", "target"), ("destination", "target"), ("src", "source"), ("ro", "readonly"), ("rw", "readwrite")];

/// Reads the flags of `RUN`.
pub(super) fn read(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) {
    let mut mounts = Vec::new();
    for flag in &instruction.flags {
        let Some(word) = &flag.value else { continue };
        let place = reader.place(word.span);
        let text = reader.expand(&word.text, entry.stage, &mut entry.references);
        match flag.name.as_str() {
            "mount" => mounts.push(mount(reader, &text, place, entry)),
            "network" => entry.set("network", reader.value_of(&text, place)),
            "security" => entry.set("security", reader.value_of(&text, place)),
            _ => {}
        }
    }
    entry.push("mounts", Value::list(mounts, entry.header));
}

fn mount(reader: &mut Reader<'_>, text: &str, place: Place, entry: &mut Entry) -> Value {
    let mut map = map_of([("type", Value::string("bind", place))]);
    for option in text.split(',') {
        let (key, value) = option.split_once('=').map_or((option, None), |(key, value)| (key, Some(value)));
        let key = key.trim().to_ascii_lowercase();
        let key = NAMES.iter().find(|row| row.0 == key).map_or(key.as_str(), |row| row.1);
        let value = value.map(|value| value.trim_matches('"'));
        match key {
            "required" | "readonly" => map.set(key, Value::bool(value.is_none_or(|value| value != "false"), place)),
            "readwrite" => map.set("readonly", Value::bool(value.is_some_and(|value| value == "false"), place)),
            _ => map.set(key, reader.value_of(value.unwrap_or(""), place)),
        }
    }
    if let Some(from_value) = map.get("from").map(|entry| entry.value.clone()) {
        let text: CompactString = from_value.as_str().unwrap_or_default().into();
        match copy::origin(reader, &text, entry.stage) {
            copy::Origin::Stage(index) => reader.takes_from(entry.stage, index),
            copy::Origin::Image | copy::Origin::Unknown if !text.is_empty() && text != "scratch" => {
                entry.parts.extend(image::parts(&from_value).map(|parts| from::image_use(&from_value, parts, "mount")));
            }
            _ => {}
        }
    }
    Value::map(map, place)
}
