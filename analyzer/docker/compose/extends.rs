//! `extends`: a service that begins as another.
//!
//! Source: <https://docs.docker.com/reference/compose-file/services/#extends>.

use std::sync::Arc;

use plimsoll_syntax::value::{Entry, How, List, Map, Reason, Unknown};
use plimsoll_syntax::{Kind, Value};

use super::normal;
use super::values::field;

/// Services that begin as services that begin as services.
const DEPTH: usize = 16;
/// What a service does not take over.
pub(super) const NOT_TAKEN: &[&str] = &["depends_on", "links", "volumes_from", "extends", "profiles"];
/// Lists of which the extending service's replace the other's.
const REPLACED: &[&str] = &["command", "entrypoint", "test"];
/// What tells the elements of a list apart; the extending service's replaces the other's.
const KEYS: &[(&str, &[&str])] = &[
    ("volumes", &["target"]),
    ("ports", &["target", "published", "host_ip", "protocol"]),
    ("devices", &["target"]),
    ("secrets", &["source"]),
    ("configs", &["source"]),
    ("networks", &["name"]),
    ("depends_on", &["service"]),
    ("env_file", &["path"]),
    ("extra_hosts", &["host"]),
];

/// A service's fields, those that it takes from others included.
pub(super) fn resolved(services: &Map, written: &Map) -> Map {
    follow(services, written, DEPTH)
}

fn follow(services: &Map, written: &Map, depth: usize) -> Map {
    let own = normal::fields(written);
    let Some(entry) = own.get("extends") else { return own };
    let unread = |reason: Reason, source: String| Map { tail: Some(Arc::new(Unknown::new(reason, source))), ..own.clone() };
    if depth == 0 {
        return unread(Reason::Cycle, "extends".to_owned());
    }
    let file = field(&entry.value, "file");
    if !file.is_null() {
        return unread(Reason::File, file.as_str().unwrap_or("extends.file").to_owned());
    }
    let service = field(&entry.value, "service");
    let Some(name) = service.as_str() else { return unread(Reason::Unset, "extends".to_owned()) };
    let Some(base) = services.get(name).and_then(|entry| entry.value.as_map()) else {
        return unread(Reason::Undeclared, format!("services.{name}"));
    };
    let base = follow(services, base, depth - 1);
    let inherited = base.entries.into_iter().filter(|entry| !NOT_TAKEN.contains(&entry.key.as_str())).map(|inherited| {
        let value = inherited.value.through(How::Inherited, entry.place);
        Entry { value, ..inherited }
    });
    let base = Map { entries: inherited.collect(), ..base };
    merged(&base, &own)
}

/// The two maps as one; where both have a key, both values as one.
pub(super) fn merged(base: &Map, over: &Map) -> Map {
    let mut out = base.clone();
    out.range = over.range;
    out.tail = over.tail.clone().or(out.tail);
    for entry in &over.entries {
        match out.entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => *known = Entry { value: both(&known.value, &entry.value, &entry.key), ..entry.clone() },
            None => out.entries.push(entry.clone()),
        }
    }
    out
}

fn both(base: &Value, over: &Value, key: &str) -> Value {
    let kind = match (&base.kind, &over.kind) {
        (Kind::Map(base), Kind::Map(over)) => Kind::Map(Arc::new(merged(base, over))),
        (Kind::List(base), Kind::List(over)) if !REPLACED.contains(&key) => {
            let keys = KEYS.iter().find(|(name, _)| *name == key).map(|(_, keys)| *keys);
            let same = |a: &Value, b: &Value| match keys {
                Some(keys) => keys.iter().all(|key| field(a, key).kind == field(b, key).kind),
                None => a.kind == b.kind,
            };
            let kept = base.items.iter().filter(|item| !over.items.iter().any(|other| same(item, other)));
            let items = kept.chain(&over.items).cloned().collect();
            let tail = over.tail.clone().or_else(|| base.tail.clone());
            Kind::List(Arc::new(List { items, tail, blocks: false }))
        }
        _ => return over.clone(),
    };
    Value { kind, ..over.clone() }
}
