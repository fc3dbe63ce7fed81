//! The fields of a service in compose-go's normal form: short forms made long, texts cast to what the schema wants.
//!
//! Source: the Compose Specification, <https://github.com/compose-spec/compose-spec/blob/main/05-services.md>.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::value::{Entry, List, Map};
use plimsoll_syntax::{Kind, Value};

use super::values::{Holed, bool, each, field, listed, number, object, pairs, set_at, set_some, text, words};
use super::{port, volume};

/// How a field becomes normal.
type Change = fn(&Value) -> Value;

/// Every field that has more than one form, in alphabetical order; others are kept as they are.
const CHANGES: &[(&str, Change)] = &[
    ("annotations", pairs),
    ("attach", bool),
    ("build", build),
    ("cap_add", capabilities),
    ("cap_drop", capabilities),
    ("cgroup", text),
    ("command", words),
    ("configs", grants),
    ("cpu_count", number),
    ("cpu_period", number),
    ("cpu_quota", number),
    ("cpu_shares", number),
    ("cpus", number),
    ("cpuset", text),
    ("depends_on", dependencies),
    ("device_cgroup_rules", texts),
    ("devices", |value| each(value, volume::device)),
    ("dns", texts),
    ("dns_opt", texts),
    ("dns_search", texts),
    ("entrypoint", words),
    ("env_file", |value| each(value, env_file)),
    ("environment", pairs),
    ("expose", texts),
    ("extends", |value| if value.as_str().is_some() { object([("service", value.clone())], value.place) } else { value.clone() }),
    ("external_links", texts),
    ("extra_hosts", hosts),
    ("group_add", texts),
    ("healthcheck", healthcheck),
    ("hostname", text),
    ("image", text),
    ("init", bool),
    ("ipc", text),
    ("label_file", listed),
    ("labels", pairs),
    ("links", texts),
    ("mem_limit", text),
    ("mem_reservation", text),
    ("mem_swappiness", number),
    ("memswap_limit", text),
    ("network_mode", text),
    ("networks", networks),
    ("oom_kill_disable", bool),
    ("oom_score_adj", number),
    ("pid", text),
    ("pids_limit", number),
    ("ports", |value| each(value, port::long)),
    ("post_start", hooks),
    ("pre_stop", hooks),
    ("privileged", bool),
    ("profiles", texts),
    ("publish_all", bool),
    ("read_only", bool),
    ("restart", restart),
    ("scale", number),
    ("secrets", grants),
    ("security_opt", texts),
    ("shm_size", text),
    ("stdin_open", bool),
    ("storage_opt", pairs),
    ("sysctls", pairs),
    ("tmpfs", texts),
    ("tty", bool),
    ("ulimits", ulimits),
    ("use_api_socket", bool),
    ("user", text),
    ("userns_mode", text),
    ("uts", text),
    ("volumes", |value| each(value, volume::long)),
    ("volumes_from", texts),
];

/// Whether the field has more than one form.
pub(super) fn is_known(key: &str) -> bool {
    change(key).is_some()
}

fn change(key: &str) -> Option<Change> {
    let at = CHANGES.binary_search_by_key(&key, |row| row.0).ok()?;
    CHANGES.get(at).map(|row| row.1)
}

/// The fields of a service, each in its normal form; extensions (`x-…`) and nulls are left out.
pub(super) fn fields(written: &Map) -> Map {
    let kept = written.entries.iter().filter(|entry| !entry.key.starts_with("x-") && !entry.value.is_null());
    let entries = kept.map(|entry| {
        let value = change(&entry.key).map_or_else(|| entry.value.clone(), |change| change(&entry.value));
        Entry { key: entry.key.clone(), value, ..*entry }
    });
    Map { entries: entries.collect(), tail: written.tail.clone(), range: written.range }
}

fn texts(value: &Value) -> Value {
    each(value, |item| Some(text(item)))
}

/// `NET_ADMIN` for `net_admin` and `CAP_NET_ADMIN`.
fn capabilities(value: &Value) -> Value {
    each(value, |item| {
        let Some(written) = item.as_str() else { return Some(item.clone()) };
        let upper = written.to_ascii_uppercase();
        let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
        Some(Value { kind: Kind::String(name.into()), ..item.clone() })
    })
}

fn build(value: &Value) -> Value {
    let Kind::Map(written) = &value.kind else {
        return object([("context", value.clone())], value.place);
    };
    let mut map = Map::clone(written);
    for entry in &mut map.entries {
        entry.value = match entry.key.as_str() {
            "args" | "labels" | "additional_contexts" | "ssh" => pairs(&entry.value),
            "privileged" | "no_cache" | "pull" => bool(&entry.value),
            "secrets" => grants(&entry.value),
            "cache_from" | "cache_to" | "entitlements" | "tags" | "platforms" => texts(&entry.value),
            _ => entry.value.clone(),
        };
    }
    Value::map(map, value.place)
}

/// `restart: no` is a word, but `restart: false` happens.
fn restart(value: &Value) -> Value {
    match value.kind {
        Kind::Bool(false) => Value { kind: Kind::String("no".into()), ..value.clone() },
        _ => text(value),
    }
}

fn env_file(value: &Value) -> Option<Value> {
    match value.kind {
        Kind::Map(_) => Some(value.clone()),
        _ => Some(object([("path", value.clone())], value.place)),
    }
}

fn grants(value: &Value) -> Value {
    each(value, |item| match item.kind {
        Kind::Map(_) => Some(item.clone()),
        _ => Some(object([("source", item.clone())], item.place)),
    })
}

fn hooks(value: &Value) -> Value {
    each(value, |item| {
        let Kind::Map(map) = &item.kind else { return Some(item.clone()) };
        let mut map = Map::clone(map);
        for entry in &mut map.entries {
            entry.value = match entry.key.as_str() {
                "command" => words(&entry.value),
                "environment" => pairs(&entry.value),
                "privileged" => bool(&entry.value),
                _ => entry.value.clone(),
            };
        }
        Some(Value::map(map, item.place))
    })
}

/// A list of names, or a map by name, as a list of objects that carry the name under `key`.
pub(super) fn named(value: &Value, key: &'static str) -> Value {
    let Kind::Map(map) = &value.kind else {
        return each(value, |item| match item.kind {
            Kind::Map(_) => Some(item.clone()),
            _ => Some(object([(key, text(item))], item.place)),
        });
    };
    let items = map.entries.iter().map(|entry| {
        let mut inner = match &entry.value.kind {
            Kind::Map(inner) => Map::clone(inner),
            Kind::Unknown(unknown) => Map { tail: Some(unknown.clone()), ..Map::default() },
            _ => Map::default(),
        };
        let name = Value::string(entry.key.clone(), entry.key_place);
        // The top-level networks and volumes have a `name` of their own: what the engine calls them.
        if let Some(given) = inner.entries.iter_mut().find(|known| known.key == key) {
            given.key = CompactString::const_new("engine_name");
        }
        set_at(&mut inner, key, name, entry.key_place);
        let place = if entry.value.as_map().is_some() { entry.value.place } else { entry.place };
        Value::map(inner, place)
    });
    Value::new(Kind::List(Arc::new(List { items: items.collect(), tail: map.tail.clone(), blocks: false })), value.place)
}

fn networks(value: &Value) -> Value {
    named(value, "name")
}

fn dependencies(value: &Value) -> Value {
    named(value, "service")
}

/// `host=address` or `host:address`, or a map.
pub(super) fn hosts(value: &Value) -> Value {
    if let Kind::Map(map) = &value.kind {
        let items = map.entries.iter().map(|entry| {
            let host = Value::string(entry.key.clone(), entry.key_place);
            object([("host", host), ("addresses", listed(&entry.value))], entry.place)
        });
        return Value::list(items.collect(), value.place);
    }
    each(value, |item| {
        let holed = Holed::of(item)?;
        let (host, address) = holed.text.split_once('=').or_else(|| holed.text.split_once(':'))?;
        let addresses = Value::list(vec![holed.value(address)], item.place);
        Some(object([("host", holed.value(host)), ("addresses", addresses)], item.place))
    })
}

fn healthcheck(value: &Value) -> Value {
    let Kind::Map(written) = &value.kind else { return value.clone() };
    let mut map = Map::clone(written);
    let test = field(value, "test");
    if let Kind::String(_) | Kind::Template(_) = test.kind {
        let words = vec![Value::string("CMD-SHELL", test.place), test.clone()];
        map.set("test", Value::list(words, test.place));
    }
    let first = test.as_str().or_else(|| test.items().first()?.as_str());
    if first == Some("NONE") {
        map.set("disable", Value::bool(true, test.place));
    }
    for entry in &mut map.entries {
        entry.value = match entry.key.as_str() {
            "disable" => bool(&entry.value),
            "retries" => number(&entry.value),
            _ => entry.value.clone(),
        };
    }
    Value::map(map, value.place)
}

/// `name=soft:hard`, `name=both`
fn ulimit(item: &Value) -> Option<(String, Value)> {
    let holed = Holed::of(item)?;
    let (name, limits) = holed.text.split_once('=').filter(|(name, _)| holed.first_hole(name).is_none())?;
    let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
    let inner = object([("soft", holed.number(soft)), ("hard", holed.number(hard))], item.place);
    Some((name.to_owned(), inner))
}

fn ulimits(value: &Value) -> Value {
    // `--ulimit nofile=1024:4096`
    if let Kind::List(list) = &value.kind {
        let map = list.items.iter().filter_map(ulimit).fold(Map::default(), |mut map, (name, limit)| {
            let place = limit.place;
            set_at(&mut map, &name, limit, place);
            map
        });
        return Value::map(Map { tail: list.tail.clone(), ..map }, value.place);
    }
    let Kind::Map(map) = &value.kind else { return value.clone() };
    let mut map = Map::clone(map);
    for entry in &mut map.entries {
        if entry.value.as_map().is_none() {
            let both = number(&entry.value);
            let mut inner = Map::default();
            set_some(&mut inner, "soft", both.clone());
            set_some(&mut inner, "hard", both);
            entry.value = Value::map(inner, entry.value.place);
        }
    }
    Value::map(map, value.place)
}

#[cfg(test)]
mod tests {
    use super::CHANGES;

    #[test]
    fn fields_are_found_by_their_names() {
        assert!(CHANGES.is_sorted_by(|a, b| a.0 < b.0));
    }
}
