//! JSON in a text, whose holes stay unknown.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::value::{Entry, List, Map, Part, Unknown};
use plimsoll_syntax::yaml::{self, Dialect};
use plimsoll_syntax::{FileId, Kind, Place, Value};

/// Marks that stand for the holes of a text while it is read as JSON.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';
/// How deep values inside a document are looked into.
const DEPTH: usize = 12;

/// The document that a text is, everything in it placed where the text is. `None`: it is no JSON, or not known.
pub(super) fn json(value: &Value) -> Option<Value> {
    let mut holes: Vec<Arc<Unknown>> = Vec::new();
    let text = match &value.kind {
        Kind::String(text) => text.to_string(),
        Kind::Template(parts) => {
            let mut text = String::new();
            for part in parts.iter() {
                match part {
                    Part::Known(known) => text.push_str(known),
                    Part::Hole(hole) => {
                        text.push_str(&format!("{OPEN}{}{CLOSE}", holes.len()));
                        holes.push(hole.clone());
                    }
                }
            }
            text
        }
        _ => return None,
    };
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let tree = yaml::parse(&text.into());
    let document = tree.documents.first()?;
    let document = yaml::to_value(&tree, document.root, FileId::NONE, Dialect::Core);
    Some(Reader { place: value.place, holes: &holes }.restored(&document, DEPTH))
}

/// Puts holes back where their marks are, and everything at the place of the text.
struct Reader<'a> {
    place: Place,
    holes: &'a [Arc<Unknown>],
}

impl Reader<'_> {
    fn restored(&self, value: &Value, depth: usize) -> Value {
        let kind = match &value.kind {
            Kind::String(text) => self.scalar(text),
            Kind::List(list) if depth > 0 => {
                let items = list.items.iter().map(|item| self.restored(item, depth - 1)).collect();
                Kind::List(Arc::new(List { items, ..List::default() }))
            }
            Kind::Map(map) if depth > 0 => {
                let entries = map.entries.iter().map(|entry| Entry {
                    key: entry.key.clone(),
                    key_place: Place::NONE,
                    place: self.place,
                    value: self.restored(&entry.value, depth - 1),
                });
                Kind::Map(Arc::new(Map { entries: entries.collect(), ..Map::default() }))
            }
            other => other.clone(),
        };
        Value::new(kind, self.place)
    }

    fn scalar(&self, text: &CompactString) -> Kind {
        if !text.contains(OPEN) {
            return Kind::String(text.clone());
        }
        let mut parts = Vec::new();
        for (at, piece) in text.split(OPEN).enumerate() {
            let known = match piece.split_once(CLOSE).filter(|_| at > 0) {
                Some((index, rest)) => {
                    let hole = index.parse::<usize>().ok().and_then(|index| self.holes.get(index));
                    parts.extend(hole.map(|hole| Part::Hole(hole.clone())));
                    rest
                }
                None => piece,
            };
            if !known.is_empty() {
                parts.push(Part::Known(known.into()));
            }
        }
        match parts.as_slice() {
            [Part::Hole(hole)] => Kind::Unknown(hole.clone()),
            _ => Kind::Template(parts.into()),
        }
    }
}
