//! What is not where the usual order has it. Style only: order means nothing to Compose.

use std::cmp::Ordering;

use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Kind, Place, Value};

use super::values::{Holed, field, object};

/// The keys of a service, in groups: what it is, what it needs, its data, environment, network, process, labels, the rest.
const SERVICE: &[&str] = &[
    "image",
    "build",
    "container_name",
    "provider",
    "depends_on",
    "volumes",
    "volumes_from",
    "configs",
    "secrets",
    "environment",
    "env_file",
    "ports",
    "networks",
    "network_mode",
    "extra_hosts",
    "command",
    "entrypoint",
    "working_dir",
    "restart",
    "healthcheck",
    "logging",
    "labels",
    "user",
    "isolation",
];
/// The keys at the top level; extensions come first.
const TOP: &[&str] = &["version", "name", "include", "services", "networks", "volumes", "secrets", "configs"];

/// Whether the usual order knows the key of a service.
pub(super) fn is_known(key: &str) -> bool {
    SERVICE.contains(&key)
}

/// What is out of order in a service: its keys, its ports, what it depends on.
pub(super) fn of_service(written: &Map, header: Place) -> Vec<Value> {
    let mut out = Vec::new();
    let rank = |key: &str| SERVICE.iter().position(|known| *known == key).unwrap_or(SERVICE.len());
    out.extend(misplaced("keys", &names(written), |a, b| rank(a).cmp(&rank(b)), header));
    if let Some(ports) = written.get("ports") {
        let names: Vec<(String, Place)> = ports.value.items().iter().map(|port| (published(port), port.place)).collect();
        out.extend(misplaced("ports", &names, natural, ports.key_place));
    }
    if let Some(needs) = written.get("depends_on") {
        let names: Vec<(&str, Place)> = match &needs.value.kind {
            Kind::Map(map) => names(map),
            Kind::List(list) => list.items.iter().filter_map(|item| Some((item.as_str()?, item.place))).collect(),
            _ => Vec::new(),
        };
        out.extend(misplaced("depends_on", &names, natural, needs.key_place));
    }
    out
}

/// What is out of order in a project: its keys, its services.
pub(super) fn of_project(top: &Map, services: &Map, header: Place) -> Vec<Value> {
    let rank = |key: &str| match TOP.iter().position(|known| *known == key) {
        _ if key.starts_with("x-") => 0,
        Some(position) => position + 1,
        None => TOP.len() + 1,
    };
    let keys = misplaced("top-level", &names(top), |a, b| rank(a).cmp(&rank(b)), header);
    let services = misplaced("services", &names(services), natural, header);
    keys.into_iter().chain(services).collect()
}

fn names(map: &Map) -> Vec<(&str, Place)> {
    map.entries.iter().map(|entry| (entry.key.as_str(), entry.key_place)).collect()
}

/// The first name that belongs before the one above it.
fn misplaced<N: AsRef<str>>(
    what: &'static str,
    names: &[(N, Place)],
    order: impl Fn(&str, &str) -> Ordering,
    header: Place,
) -> Option<Value> {
    let mut neighbours = names.iter().zip(names.iter().skip(1));
    let (before, (name, place)) = neighbours.find(|(a, b)| order(a.0.as_ref(), b.0.as_ref()) == Ordering::Greater)?;
    let place = if what == "ports" || what == "depends_on" { header } else { *place };
    let fields = [
        ("what", Value::string(what, place)),
        ("name", Value::string(name.as_ref(), place)),
        ("before", Value::string(before.0.as_ref(), place)),
    ];
    Some(object(fields, place))
}

/// The published port of a port as it is written, else the container's.
fn published(port: &Value) -> String {
    if matches!(port.kind, Kind::Map(_)) {
        let written = ["published", "target"].map(|key| field(port, key)).into_iter().find(|value| !value.is_null());
        return written.and_then(|value| Holed::of(&value)).map(|holed| holed.text).unwrap_or_default();
    }
    let text = Holed::of(port).map(|holed| holed.text).unwrap_or_default();
    let without = text.split('/').next().unwrap_or("");
    let mut parts = without.rsplit(':');
    let target = parts.next().unwrap_or("");
    parts.next().unwrap_or(target).to_owned()
}

/// Digits by their number, the rest by its letters; what is filled in comes first.
fn natural(a: &str, b: &str) -> Ordering {
    let number = |text: &str| text.split('-').next().and_then(|first| first.parse::<u64>().ok());
    match (number(a), number(b)) {
        (Some(x), Some(y)) => x.cmp(&y),
        (Some(_), None) if b.starts_with(|first: char| !first.is_ascii()) => Ordering::Greater,
        (None, Some(_)) if a.starts_with(|first: char| !first.is_ascii()) => Ordering::Less,
        _ => a.to_lowercase().cmp(&b.to_lowercase()),
    }
}
