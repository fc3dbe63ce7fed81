//! The fields of a service in compose-go's normal form.

use plimsoll_syntax::value::{Entry, Map, Number};
use plimsoll_syntax::{Kind, Place, Value};

use super::render::filled;
use super::units;
use crate::compose::values::{each, field, number, object, pairs, text};

/// What Compose does not show: null, nothing, false, zero, no elements.
pub(super) fn is_zero(value: &Value) -> bool {
    match &value.kind {
        Kind::Null | Kind::Bool(false) => true,
        Kind::Number(number) => number.as_int() == Some(0),
        Kind::String(text) => text.is_empty(),
        Kind::List(list) => list.items.is_empty(),
        Kind::Map(map) => map.entries.is_empty(),
        _ => false,
    }
}

pub(super) fn map_of(entries: Vec<(&str, Value)>) -> Value {
    object(entries, Place::NONE)
}

/// One number for both limits where one was written.
pub(super) fn ulimit(limit: &Value) -> Value {
    let single = limit.as_map().is_some_and(|map| map.entries.iter().all(|entry| !entry.key_place.is_some()));
    if single { field(limit, "soft") } else { each_field(limit, |_, value| number(value)) }
}

pub(super) fn rate(key: &str, value: &Value) -> Value {
    if key == "rate" { size(value) } else { value.clone() }
}

/// A health check without what is only derived.
pub(super) fn health(value: &Value) -> Value {
    let Kind::Map(map) = &plain(value).kind.clone() else { return value.clone() };
    let written = |entry: &&Entry| entry.key != "disable" || entry.key_place.is_some() && entry.value.as_bool() == Some(true);
    Value::map(Map { entries: map.entries.iter().filter(written).cloned().collect(), ..Map::default() }, Place::NONE)
}

/// Without extensions.
pub(super) fn plain(value: &Value) -> Value {
    let Kind::Map(map) = &value.kind else { return value.clone() };
    let entries = map.entries.iter().filter(|entry| !entry.key.starts_with("x-"));
    Value::map(Map { entries: entries.cloned().collect(), ..Map::default() }, Place::NONE)
}

/// `default`, `name=path`
pub(super) fn ssh(written: &Value) -> Value {
    let Kind::Map(map) = &pairs(written).kind.clone() else { return written.clone() };
    let items = map.entries.iter().map(|entry| match entry.value.as_str() {
        Some(path) if !path.is_empty() => Value::string(format!("{}={path}", entry.key), Place::NONE),
        _ => Value::string(entry.key.clone(), Place::NONE),
    });
    Value::list(items.collect(), Place::NONE)
}

pub(super) fn secret(grant: &Value) -> Value {
    let Kind::Map(map) = &grant.kind else { return grant.clone() };
    let mut map = Map::clone(map);
    if let (None, Some(source)) = (map.get("target"), grant.str_at(&["source"])) {
        map.set("target", Value::string(format!("/run/secrets/{source}"), Place::NONE));
    }
    mode(&Value::map(map, Place::NONE))
}

/// A mode is octal, whether it begins with a zero or not.
pub(super) fn mode(grant: &Value) -> Value {
    each_field(grant, |key, value| match value.as_int() {
        Some(digits) if key == "mode" => Value::string(format!("{digits:0>4}"), Place::NONE),
        _ => value.clone(),
    })
}

/// One port per container port of a range.
pub(super) fn ports(written: &Value) -> Result<Value, String> {
    let mut out: Vec<Value> = Vec::new();
    for port in written.items() {
        let range = |key: &str| -> Result<Option<(u32, u32)>, String> {
            let value = text(&field(port, key));
            let Some(written) = value.as_str().filter(|written| !written.is_empty()) else { return Ok(None) };
            let (from, to) = written.split_once('-').unwrap_or((written, written));
            let number = |text: &str| text.parse::<u32>().ok().filter(|port| *port <= 65535);
            match (number(from), number(to)) {
                (Some(from), Some(to)) if from <= to => Ok(Some((from, to))),
                _ => Err(format!("invalid port: {written}")),
            }
        };
        let (target, published) = (range("target")?, range("published")?);
        let Some((from, to)) = target else { return Err("invalid port: no container port".to_owned()) };
        let count = to - from;
        if let Some((first, last)) = published
            && count > 0
            && last - first != count
        {
            return Err("invalid ranges specified for container and host ports".to_owned());
        }
        for step in 0..=count {
            let mut inner =
                vec![("mode", default(&field(port, "mode"), "ingress")), ("target", Value::int(from + step, Place::NONE))];
            match published {
                Some((first, last)) if count == 0 && last > first => {
                    inner.push(("published", Value::string(format!("{first}-{last}"), Place::NONE)))
                }
                Some((first, _)) => inner.push(("published", Value::string((first + step).to_string(), Place::NONE))),
                None => {}
            }
            inner.push(("protocol", default(&field(port, "protocol"), "tcp")));
            for key in ["host_ip", "name", "app_protocol"] {
                inner.push((key, field(port, key)));
            }
            let rendered = map_of(inner);
            if count > 0 || !out.contains(&rendered) {
                out.push(rendered);
            }
        }
    }
    Ok(Value::list(out, Place::NONE))
}

fn default(value: &Value, otherwise: &str) -> Value {
    if value.is_null() { Value::string(otherwise, Place::NONE) } else { Value { place: Place::NONE, ..value.clone() } }
}

pub(super) fn volume(written: &Value) -> Value {
    let Kind::Map(map) = &written.kind else { return written.clone() };
    let mut map = Map::clone(map);
    map.entries.retain(|entry| !(entry.value.is_null() || entry.key == "read_only" && entry.value.as_bool() == Some(false)));
    // The short form says how it would be mounted, even where nothing is said.
    let short = !map.entries.iter().any(|entry| entry.key_place.is_some());
    match written.str_at(&["type"]) {
        Some("volume") if map.get("volume").is_none() && short => map.set("volume", Value::map(Map::default(), Place::NONE)),
        Some("bind") if map.get("bind").is_none() && short => map.set("bind", Value::map(Map::default(), Place::NONE)),
        _ => {}
    }
    if let Some(tmpfs) = map.entries.iter_mut().find(|entry| entry.key == "tmpfs")
        && let Kind::Map(inner) = &tmpfs.value.kind
    {
        let mut inner = Map::clone(inner);
        for entry in inner.entries.iter_mut().filter(|entry| entry.key == "size") {
            entry.value = size(&entry.value);
        }
        tmpfs.value = Value::map(inner, Place::NONE);
    }
    Value::map(map, Place::NONE)
}

pub(super) fn hosts(written: &Value) -> Value {
    let mut lines: Vec<String> = Vec::new();
    for item in written.items() {
        let host = item.str_at(&["host"]).unwrap_or("");
        for address in field(item, "addresses").items().iter().filter_map(Value::as_str).flat_map(|all| all.split(',')) {
            lines.push(format!("{host}={}", address.trim().trim_start_matches('[').trim_end_matches(']')));
        }
    }
    lines.sort_by(|a, b| a.split('=').next().cmp(&b.split('=').next()));
    lines.dedup();
    Value::list(lines.into_iter().map(|line| Value::string(line, Place::NONE)).collect(), Place::NONE)
}

pub(super) fn size(value: &Value) -> Value {
    text(value).as_str().and_then(units::bytes).map_or_else(|| text(value), |bytes| Value::string(bytes.to_string(), Place::NONE))
}

pub(super) fn time(value: &Value) -> Value {
    text(value).as_str().and_then(units::time).map_or_else(|| value.clone(), |time| Value::string(time, Place::NONE))
}

pub(super) fn times(value: &Value, keys: &[&str]) -> Value {
    let Kind::Map(map) = &value.kind else { return value.clone() };
    let mut map = Map::clone(map);
    for entry in map.entries.iter_mut().filter(|entry| keys.contains(&entry.key.as_str())) {
        entry.value = time(&entry.value);
    }
    Value::map(map, Place::NONE)
}

pub(super) fn deploy(written: &Value) -> Value {
    let Kind::Map(map) = &written.kind else { return written.clone() };
    let mut map = Map::clone(map);
    for key in ["resources", "placement"] {
        if map.get(key).is_none() {
            map.set(key, Value::map(Map::default(), Place::NONE));
        }
    }
    for entry in &mut map.entries {
        entry.value = match entry.key.as_str() {
            "labels" => filled(&pairs(&entry.value)),
            "replicas" => number(&entry.value),
            "resources" => each_field(&entry.value, resources),
            "update_config" | "rollback_config" => times(&entry.value, &["delay", "monitor"]),
            "restart_policy" => times(&entry.value, &["delay", "window"]),
            _ => entry.value.clone(),
        };
    }
    Value::map(map, Place::NONE)
}

/// The fields of a map, each changed.
pub(super) fn each_field(value: &Value, change: impl Fn(&str, &Value) -> Value) -> Value {
    let Kind::Map(map) = &value.kind else { return value.clone() };
    let entries = map.entries.iter().map(|entry| Entry { value: change(&entry.key, &entry.value), ..entry.clone() });
    Value::map(Map { entries: entries.filter(|entry| !entry.value.is_null()).collect(), ..Map::default() }, Place::NONE)
}

fn resources(_: &str, value: &Value) -> Value {
    each_field(value, |key, value| match key {
        "memory" => size(value),
        "cpus" | "pids" => number(value),
        "devices" => each(value, |device| Some(self::device(device))),
        _ => value.clone(),
    })
}

fn device(written: &Value) -> Value {
    each_field(written, |key, value| match (key, value.as_str()) {
        ("count", Some("all")) => Value::int(-1, Place::NONE),
        ("count", _) => number(value),
        ("options", _) => filled(&pairs(value)),
        _ => value.clone(),
    })
}

pub(super) fn gpus(written: &Value) -> Result<Value, String> {
    match written.as_str() {
        Some("all") => Ok(Value::list(vec![map_of(vec![("count", Value::int(-1, Place::NONE))])], Place::NONE)),
        Some(other) => Err(format!("invalid value \"{other}\", the only value allowed is 'all' or a number")),
        None => Ok(each(written, |gpu| {
            let gpu = device(gpu);
            let Kind::Map(map) = &gpu.kind else { return Some(gpu) };
            let mut map = Map::clone(map);
            if map.get("count").is_none() && map.get("device_ids").is_none() {
                map.set("count", Value::new(Kind::Number(Number::Int(-1).into()), Place::NONE));
            }
            Some(Value::map(map, Place::NONE))
        })),
    }
}

pub(super) fn models(written: &Value) -> Value {
    let mut map = Map::default();
    for name in written.items().iter().filter_map(Value::as_str) {
        map.set(name, Value::default());
    }
    if written.as_list().is_some() { Value::map(map, Place::NONE) } else { written.clone() }
}

pub(super) fn develop(written: &Value) -> Value {
    each_field(written, |key, value| match key {
        "watch" => each(value, |item| {
            let Kind::Map(map) = &item.kind else { return Some(item.clone()) };
            let mut map = Map::clone(map);
            if map.get("exec").is_none() {
                let mut none = Map::default();
                none.set("command", Value::default());
                map.set("exec", Value::map(none, Place::NONE));
            }
            Some(Value::map(map, Place::NONE))
        }),
        _ => value.clone(),
    })
}
