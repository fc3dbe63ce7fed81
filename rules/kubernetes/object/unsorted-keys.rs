//! Keys out of alphabetical order.

use plimsoll_rule_language::check::Violation;
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Item, Kind, Value};

use crate::object_fields::ADDED;

/// How deep an object is looked into.
const DEPTH: usize = 48;

pub(crate) fn check(item: &Item) -> Vec<Violation> {
    let mut found = Vec::new();
    if let Kind::Map(map) = &item.value.kind {
        let mut own = Map::clone(map);
        own.entries.retain(|entry| !ADDED.contains(&entry.key.as_str()));
        in_map(&own, DEPTH, &mut found);
    }
    found
}

fn in_value(value: &Value, depth: usize, found: &mut Vec<Violation>) {
    match &value.kind {
        Kind::Map(map) if depth > 0 => in_map(map, depth - 1, found),
        Kind::List(list) if depth > 0 => list.items.iter().for_each(|item| in_value(item, depth - 1, found)),
        _ => {}
    }
}

/// The first key of a map that comes before the one above it.
fn in_map(map: &Map, depth: usize, found: &mut Vec<Violation>) {
    let pairs = map.entries.iter().zip(map.entries.iter().skip(1));
    // What an anchor brings stands elsewhere.
    let mut pairs = pairs.filter(|(above, below)| above.place.file == below.place.file && above.place.span.end <= below.place.span.start);
    if let Some((above, below)) = pairs.find(|(above, below)| above.key > below.key) {
        let message = format!("`{}` stands below `{}`", below.key, above.key);
        found.push(Violation { place: below.place, message, related: Vec::new() });
    }
    map.entries.iter().for_each(|entry| in_value(&entry.value, depth, found));
}
