//! The Docker daemon: its `daemon.json`, the units that start it, and its flags wherever a command starts it.
//!
//! Source: <https://docs.docker.com/reference/cli/dockerd/>.

mod command;
mod flags;
mod host;
mod unit;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::Map;
use plimsoll_syntax::yaml::Dialect;
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value, views, yaml};

use crate::compose::values::{bool, each, field, number, pairs, set_at, text};
use flags::{Form, SETTINGS, field_of, is_known};

pub use unit::items as unit_items;

pub(crate) use command::items as command_items;
pub(crate) use host::address;
pub(crate) use unit::{options_items, value_items as unit_value_items};

/// The items of a `daemon.json`.
#[must_use]
pub fn json_items(tree: &yaml::Tree, file: FileId) -> Vec<Item> {
    let Some(document) = tree.documents.first() else { return Vec::new() };
    json_value_item(&yaml::to_value(tree, document.root, file, Dialect::Core), Some(&tree.source), None).into_iter().collect()
}

/// The items of a file of assignments, of which one holds the daemon's flags: `/etc/default/docker`.
#[must_use]
pub fn option_file_items(text: &str, file: FileId) -> Vec<Item> {
    let whole = Value::string(text, Place::new(file, Span::of(0, text.len())));
    options_items(&whole, Some(text), None)
}

/// The key of `daemon.json` that has a field; `None`: it is a derived one.
#[must_use]
pub fn written_key(field: &str) -> Option<String> {
    let key = field.replace('_', "-");
    is_known(&key).then_some(key)
}

/// The daemon that a configuration describes, wherever that is written; `source` is the text of the file that it is written in.
pub(crate) fn json_value_item(written: &Value, source: Option<&str>, owner: Option<&Owner>) -> Option<Item> {
    let Kind::Map(top) = &written.kind else { return None };
    let mut map = Map { range: written.place.span, tail: top.tail.clone(), ..Map::default() };
    for entry in &top.entries {
        let key = field_of(&entry.key);
        let value = match SETTINGS.iter().find(|(_, field, _)| *field == key) {
            Some((_, _, Form::Bool)) => bool(&entry.value),
            Some((_, _, Form::Number)) => number(&entry.value),
            Some((_, _, Form::Text)) => text(&entry.value),
            // Objects stay what they are (`default-address-pools`), and so do maps of objects (`runtimes`).
            Some((_, _, Form::Map)) if entry.value.as_map().is_some_and(has_objects) => entry.value.clone(),
            Some((_, _, Form::Map)) => pairs(&entry.value),
            _ => entry.value.clone(),
        };
        if !value.is_null() {
            set_at(&mut map, &key, value, entry.place);
        }
    }
    // A key that begins with `$` or `_` is a note for an editor; the daemon refuses it, too, but it is no slip.
    let unread = top.entries.iter().filter(|entry| !is_known(&entry.key) && !entry.key.starts_with(['$', '_']));
    let unread: Vec<Value> = unread.map(|entry| Value::string(entry.key.clone(), entry.key_place)).collect();
    if !unread.is_empty() {
        set_at(&mut map, "unread", Value::list(unread, written.place), written.place);
    }
    let header = if top.entries.is_empty() { written.place } else { beginning(written.place, source) };
    set_at(&mut map, "source", Value::string("daemon.json", header), header);
    Some(item(map, "daemon.json", header, written.place, owner.cloned(), 0))
}

fn has_objects(map: &Map) -> bool {
    map.entries.iter().any(|entry| entry.value.as_map().is_some())
}

/// The first character of the configuration, a brace as a rule: what lacks a setting has no better place.
fn beginning(place: Place, source: Option<&str>) -> Place {
    let start = place.span.start as usize;
    let first = source.and_then(|text| text.get(start..place.span.end as usize)?.chars().next());
    first.map_or(place, |first| Place::new(place.file, Span::of(start, start + first.len_utf8())))
}

/// A daemon with its derived fields.
fn item(mut map: Map, name: &str, header: Place, place: Place, owner: Option<Owner>, index: u32) -> Item {
    let whole = Value::map(map.clone(), header);
    if let Some(hosts) = map.get("hosts").cloned() {
        set_at(&mut map, "hosts", each(&hosts.value, host::read), hosts.place);
    }
    let metrics = field(&whole, "metrics_addr");
    if let Some(read) = address(&metrics) {
        set_at(&mut map, "metrics", read, metrics.place);
    }
    set_at(&mut map, "name", Value::string(name, header), header);
    Item {
        views: views!["daemon".into()],
        name: name.into(),
        header,
        range: place.span,
        value: Value::map(map, header),
        owner,
        index,
    }
}

#[cfg(test)]
mod tests;
