//! The Docker daemon: its `daemon.json`, the units that start it, and its flags wherever a command starts it.
//!
//! Source: <https://docs.docker.com/reference/cli/dockerd/>.

mod command;
mod flags;
mod host;
mod unit;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Entry, Map};
use plimsoll_syntax::yaml::Dialect;
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value, yaml};

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
    json_value_item(&yaml::to_value(tree, document.root, file, Dialect::Core), None).into_iter().collect()
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

/// The daemon that a configuration describes, wherever that is written.
pub(crate) fn json_value_item(written: &Value, owner: Option<&Owner>) -> Option<Item> {
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
    let header = top.entries.first().map_or(written.place, |first| beginning(written, first));
    set_at(&mut map, "source", Value::string("daemon.json", header), header);
    Some(item(map, "daemon.json", header, written.place, owner.cloned(), 0))
}

fn has_objects(map: &Map) -> bool {
    map.entries.iter().any(|entry| entry.value.as_map().is_some())
}

/// The brace that opens the configuration, or its first key where it has none: what lacks a setting has no better place.
fn beginning(written: &Value, first: &Entry) -> Place {
    let Place { file, span } = written.place;
    if first.key_place.is_some() && first.key_place.span.start == span.start {
        return first.key_place;
    }
    Place::new(file, Span::new(span.start, (span.start + 1).min(span.end)))
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
        views: vec!["daemon".into()],
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
