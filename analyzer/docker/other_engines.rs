//! Engines besides Docker: containerd's `config.toml`, Podman's `containers.conf` and `registries.conf`.
//!
//! Source: <https://github.com/containerd/containerd/blob/main/docs/man/containerd-config.toml.5.md>,
//! <https://github.com/containers/common/blob/main/docs/containers.conf.5.md>,
//! <https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md>.

use plimsoll_syntax::value::{Entry, Map, Number};
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, SyntaxError, Value, views};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::compose::values::{each, field, set_at};
use crate::daemon::address;

/// Which engine a file configures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// `containerd/config.toml`
    Containerd,
    /// `containers.conf`
    Podman,
    /// `registries.conf`
    Registries,
}

/// Tables and lists in tables and lists.
const DEPTH: usize = 64;

/// What could not be read.
#[must_use]
pub fn errors(text: &str) -> Vec<SyntaxError> {
    let (_, errors) = DeTable::parse_recoverable(text);
    let error = |error: &toml::de::Error| {
        let span = error.span().map_or(Span::default(), |span| Span::of(span.start, span.end));
        SyntaxError::new(span, error.message().to_owned())
    };
    errors.iter().map(error).collect()
}

/// The items of a file.
#[must_use]
pub fn items(text: &str, engine: Engine, file: FileId) -> Vec<Item> {
    let (table, _) = DeTable::parse_recoverable(text);
    let whole = Place::new(file, Span::of(0, text.len()));
    let mut map = converted(table.get_ref(), whole, DEPTH);
    let mut out = Vec::new();
    let first = map.entries.iter().map(|entry| entry.key_place).min_by_key(|place| place.span.start).unwrap_or(whole);
    let item = |view: &str, name: &str, header: Place, value: Value| Item {
        views: views![view.into()],
        name: name.into(),
        header,
        range: if header == first { whole.span } else { value.place.span },
        value,
        owner: None,
        index: 0,
    };
    match engine {
        Engine::Containerd => {
            for (section, key, name) in LISTENERS {
                let written = map.get(section).map_or_else(Value::default, |entry| field(&entry.value, key));
                if let Some(read) =
                    address(&written).filter(|_| written.as_str().is_some_and(|text| !text.is_empty() && !text.starts_with('/')))
                {
                    set_at(&mut map, name, read, written.place);
                }
            }
            let mut registries = Vec::new();
            insecure(&Value::map(map.clone(), whole), None, &mut registries, DEPTH);
            out.extend(registries.into_iter().map(|(value, place)| item("engine.registry", "config.toml", place, value)));
            out.push(item("containerd", "config.toml", first, Value::map(map, whole)));
        }
        Engine::Podman => out.push(item("podman", "containers.conf", first, Value::map(map, whole))),
        Engine::Registries => {
            let tables = map.get("registry").map(|entry| entry.value.clone()).unwrap_or_default();
            for table in tables.items() {
                let written = field(table, "location");
                let location = if written.is_null() { field(table, "prefix") } else { written };
                out.extend(
                    registry(location, field(table, "insecure"))
                        .map(|(value, place)| item("engine.registry", "registries.conf", place, value)),
                );
            }
            // The first version of the format: `[registries.insecure] registries = ["…"]`.
            let old =
                map.get("registries").map_or_else(Value::default, |entry| field(&field(&entry.value, "insecure"), "registries"));
            let listed = old.items().iter().filter_map(|location| registry(location.clone(), Value::bool(true, location.place)));
            out.extend(listed.map(|(value, place)| item("engine.registry", "registries.conf", place, value)));
        }
    }
    out
}

/// Addresses on which containerd listens, and the fields with their parts.
const LISTENERS: &[(&str, &str, &str)] =
    &[("grpc", "tcp_address", "api"), ("metrics", "address", "metrics_listener"), ("debug", "address", "debug_listener")];

/// Registries of the CRI plugin whose certificate is not checked: `registry.configs."host".tls.insecure_skip_verify`.
fn insecure(value: &Value, above: Option<&Value>, out: &mut Vec<(Value, Place)>, depth: usize) {
    let Kind::Map(map) = &value.kind else { return };
    if depth == 0 {
        return;
    }
    for entry in &map.entries {
        if entry.key == "insecure_skip_verify" {
            let host = above.cloned().unwrap_or_default();
            let place = entry.place;
            out.extend(registry(host, entry.value.clone()).map(|(value, _)| (value, place)));
            continue;
        }
        let name = Value::string(entry.key.clone(), entry.key_place);
        // The host is the table above `tls`.
        insecure(&entry.value, if entry.key == "tls" { above } else { Some(&name) }, out, depth - 1);
    }
}

/// A registry with what is said of it; `location` alone may say where it is.
fn registry(location: Value, insecure: Value) -> Option<(Value, Place)> {
    let place = if insecure.place.is_some() { insecure.place } else { location.place };
    if location.is_null() {
        return None;
    }
    let mut map = Map { range: place.span, ..Map::default() };
    set_at(&mut map, "location", location, place);
    set_at(&mut map, "insecure", if insecure.is_null() { Value::bool(false, Place::NONE) } else { insecure }, place);
    Some((Value::map(map, place), place))
}

fn converted(table: &DeTable<'_>, place: Place, depth: usize) -> Map {
    let mut map = Map { range: place.span, ..Map::default() };
    for (key, value) in table {
        let key_place = at(place, key);
        let value_place = at(place, value);
        let whole = if value_place.span.start > key_place.span.start {
            Place::new(place.file, key_place.span.to(value_place.span))
        } else {
            // A table's own span is its header.
            key_place
        };
        map.entries.push(Entry {
            key: key.get_ref().as_ref().into(),
            key_place,
            place: whole,
            value: value_of(value.get_ref(), value_place, depth),
        });
    }
    map.entries.sort_by_key(|entry| entry.key_place.span.start);
    map
}

fn at<T>(place: Place, spanned: &Spanned<T>) -> Place {
    let span = spanned.span();
    Place::new(place.file, Span::of(span.start, span.end))
}

fn value_of(value: &DeValue<'_>, place: Place, depth: usize) -> Value {
    if depth == 0 {
        return Value::default();
    }
    match value {
        DeValue::String(text) => Value::string(text.as_ref(), place),
        DeValue::Boolean(flag) => Value::bool(*flag, place),
        DeValue::Integer(number) => {
            let read = i128::from_str_radix(&number.as_str().replace('_', ""), number.radix());
            read.map_or_else(|_| Value::string(number.as_str(), place), |read| Value::int(read, place))
        }
        DeValue::Float(number) => Number::parse(number.as_str())
            .map_or_else(|| Value::string(number.as_str(), place), |read| Value::new(Kind::Number(read.into()), place)),
        DeValue::Datetime(time) => Value::string(time.to_string(), place),
        DeValue::Array(all) => {
            let list = Value::list(all.iter().map(|item| value_of(item.get_ref(), at(place, item), depth - 1)).collect(), place);
            each(&list, |item| Some(item.clone()))
        }
        DeValue::Table(table) => Value::map(converted(table, place, depth - 1), place),
    }
}

#[cfg(test)]
mod tests;
