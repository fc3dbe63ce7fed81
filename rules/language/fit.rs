//! Whether a value is what a schema says: fields that nobody knows, values of another type, fields that must be there.
//!
//! What is not known fits. A string that a later tool fills in (`${PORT}`) is not known either.

use compact_str::CompactString;
use plimsoll_syntax::value::{Entry, Map};
use plimsoll_syntax::{Kind, Place, Value};

use crate::schema::{Body, Schemas, Type};

/// How deep a value is looked into.
const DEPTH: usize = 48;

/// What does not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    /// The field; of one that is missing, what lacks it.
    pub place: Place,
    /// The field's name.
    pub field: CompactString,
    /// The field that holds it; empty at the top.
    pub owner: CompactString,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such field; the name that may have been meant.
    Unknown(Option<String>),
    /// It holds something else than it should.
    Type {
        /// What it should hold.
        expected: &'static str,
        /// What it holds.
        found: &'static str,
    },
    /// It must be there, and is not.
    Missing,
}

/// All that does not fit, in the order of the value; fields for which `spared` is true are left out, and at the top those for which
/// `added` is.
#[must_use]
pub fn misfits(schemas: &Schemas, body: &Body, value: &Value, spared: fn(&str) -> bool, added: fn(&str) -> bool) -> Vec<Misfit> {
    let mut walk = Walk { schemas, spared, found: Vec::new() };
    if let Kind::Map(map) = &value.kind {
        let written = |entry: &&Entry| !added(&entry.key);
        walk.map(body, map, written, &Owner { name: "", place: value.place }, DEPTH);
    }
    walk.found
}

/// A field with its value, as those below it see it.
#[derive(Clone, Copy)]
struct Owner<'a> {
    name: &'a str,
    /// What is underlined for what it lacks.
    place: Place,
}

struct Walk<'a> {
    schemas: &'a Schemas,
    spared: fn(&str) -> bool,
    found: Vec<Misfit>,
}

impl Walk<'_> {
    fn map(&mut self, body: &Body, map: &Map, counts: impl Fn(&&Entry) -> bool, owner: &Owner<'_>, depth: usize) {
        if depth == 0 {
            return;
        }
        for entry in map.entries.iter().filter(&counts) {
            if (self.spared)(&entry.key) {
                continue;
            }
            match body.get(&entry.key) {
                Some(field) => {
                    self.value(&field.ty, &entry.value, &Owner { name: &entry.key, place: entry.place }, owner, depth - 1)
                }
                None if body.dynamic => {}
                None => {
                    let nearest = body.suggest(&entry.key).map(str::to_owned);
                    self.add(entry.place, &entry.key, owner, Fault::Unknown(nearest));
                }
            }
        }
        let absent = |name: &str| map.get(name).filter(&counts).is_none_or(|entry| entry.value.is_null());
        if map.tail.is_none() {
            for field in body.required().filter(|field| absent(&field.name)) {
                self.add(owner.place, &field.name, owner, Fault::Missing);
            }
        }
    }

    fn value(&mut self, ty: &Type, value: &Value, field: &Owner<'_>, owner: &Owner<'_>, depth: usize) {
        if depth == 0 || matches!(value.kind, Kind::Null | Kind::Unknown(_) | Kind::Template(_) | Kind::Choice(_)) {
            return;
        }
        match (ty, &value.kind) {
            (Type::List(inner), Kind::List(list)) => {
                for item in &list.items {
                    let place = item.as_map().and_then(|map| map.entries.first()).map_or(item.place, |entry| entry.place);
                    self.value(inner, item, &Owner { name: field.name, place }, owner, depth - 1);
                }
            }
            (Type::Map(inner), Kind::Map(map)) => {
                for entry in &map.entries {
                    self.value(inner, &entry.value, &Owner { name: &entry.key, place: entry.place }, field, depth - 1);
                }
            }
            (Type::Object(body) | Type::Block { body, .. }, Kind::Map(map)) => self.map(body, map, |_| true, field, depth - 1),
            (Type::Named(name), Kind::Map(map)) => {
                if let Some(body) = self.schemas.named_type(name) {
                    self.map(body, map, |_| true, field, depth - 1);
                }
            }
            _ => {
                if let Some((expected, found)) = mismatch(ty, value) {
                    self.add(field.place, field.name, owner, Fault::Type { expected, found });
                }
            }
        }
    }

    fn add(&mut self, place: Place, field: &str, owner: &Owner<'_>, fault: Fault) {
        self.found.push(Misfit { place, field: field.into(), owner: owner.name.into(), fault });
    }
}

/// What is expected and what is there, where a value cannot be of a type.
fn mismatch(ty: &Type, value: &Value) -> Option<(&'static str, &'static str)> {
    let expected = match ty {
        Type::String if matches!(value.kind, Kind::String(_)) => return None,
        Type::String => "text",
        Type::Number => "a number",
        Type::Bool => "true or false",
        Type::Quantity => "a quantity",
        Type::List(_) => "a list",
        Type::Map(_) | Type::Object(_) | Type::Block { .. } | Type::Named(_) => "a map",
        Type::Any | Type::Ports | Type::Addresses | Type::Image | Type::Duration => return None,
    };
    let found = match &value.kind {
        Kind::Bool(_) => "true or false",
        Kind::Number(_) => "a number",
        Kind::String(text) if is_filled_in_later(text) => return None,
        Kind::String(_) => "text",
        Kind::List(_) => "a list",
        Kind::Map(_) => "a map",
        _ => return None,
    };
    let quantity = expected == "a quantity" && matches!(found, "text" | "a number");
    (expected != found && !quantity).then_some((expected, found))
}

/// `${PORT}`, `$(PORT)`, `{{ port }}`, `%PORT%`, `<port>`, `__PORT__`: some tool puts something else there.
fn is_filled_in_later(text: &str) -> bool {
    text.contains(['$', '%', '<', '@']) || text.contains("{{") || text.contains("__")
}
