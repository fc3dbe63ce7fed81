//! One service in compose-go's normal form.

use plimsoll_syntax::value::{Entry, Map};
use plimsoll_syntax::{Kind, Place, Value};

use super::render::filled;
use super::render_field::{
    deploy, develop, each_field, gpus, health, hosts, is_zero, map_of, mode, models, plain, ports, rate, secret, size, ssh, time,
    times, ulimit, volume,
};
use super::{Sources, paths, source};
use crate::compose::normal;
use crate::compose::values::{bool, each, field, listed, number, pairs, text, words};

/// Fields that hold a size.
const SIZES: &[&str] = &["mem_limit", "mem_reservation", "memswap_limit", "mem_swappiness", "shm_size"];
/// Fields that count even where they say nothing: `[]`, `false`, `0`.
const KEPT: &[&str] = &["command", "entrypoint", "init", "attach", "scale", "healthcheck", "deploy", "develop", "build"];
/// Fields that hold a time.
const TIMES: &[&str] = &["stop_grace_period"];
/// Fields that say that another service must run first: `service:NAME`.
const SHARED: &[&str] = &["network_mode", "ipc", "pid"];

/// A service; what its environment files say is read.
pub(super) fn one(service: &Value, sources: &Sources<'_>) -> Result<Value, String> {
    let mut out = Map::default();
    for key in ["command", "entrypoint"] {
        out.set(key, Value::default());
    }
    for entry in service.as_map().into_iter().flat_map(|map| &map.entries) {
        let value = &entry.value;
        let key = entry.key.as_str();
        let rendered = match key {
            "profiles" | "extends" | "depends_on" | "networks" | "environment" => continue,
            "labels" | "annotations" | "storage_opt" | "sysctls" => filled(value),
            "build" => build(&plain(value), sources),
            "ports" => ports(value)?,
            "volumes" => each(value, |volume| Some(self::volume(volume))),
            "secrets" => each(value, |grant| Some(secret(grant))),
            "extra_hosts" => hosts(value),
            "ulimits" => each_field(value, |_, limit| ulimit(limit)),
            "configs" => each(value, |grant| Some(mode(grant))),
            "logging" => {
                each_field(&plain(value), |key, value| if key == "options" { filled(&pairs(value)) } else { value.clone() })
            }
            "blkio_config" => each_field(value, |_, devices| match devices.kind {
                Kind::List(_) => each(devices, |device| Some(each_field(device, rate))),
                _ => devices.clone(),
            }),
            "env_file" => each(value, |file| {
                Some(each_field(file, |key, value| {
                    if key == "required" && value.as_bool() != Some(false) { Value::default() } else { value.clone() }
                }))
            }),
            "healthcheck" => times(&health(value), &["interval", "timeout", "start_period", "start_interval"]),
            "deploy" => deploy(&plain(value)),
            "gpus" => gpus(value)?,
            "models" => models(value),
            "develop" => develop(&plain(value)),
            "pre_start" => each(value, |hook| Some(pre_start(hook, service))),
            "dns" if value.items().iter().all(|address| address.as_str() == Some("")) => Value::default(),
            "scale" | "cpu_count" | "cpu_percent" => number(value),
            _ if SIZES.contains(&key) => size(value),
            _ if TIMES.contains(&key) => time(value),
            _ => value.clone(),
        };
        if KEPT.contains(&key) || !is_zero(&rendered) {
            out.set(key, rendered);
        }
    }
    environment(service, sources, &mut out)?;
    networks(service, &mut out);
    dependencies(service, &mut out);
    Ok(Value::map(out, Place::NONE))
}

fn networks(service: &Value, out: &mut Map) {
    if !field(service, "network_mode").is_null() || !field(service, "provider").is_null() {
        return;
    }
    let mut map = Map::default();
    for network in field(service, "networks").items() {
        let Some(name) = network.str_at(&["name"]) else { continue };
        let entries = network.as_map().into_iter().flat_map(|map| &map.entries).filter(|entry| entry.key != "name");
        let inner = Map { entries: entries.cloned().collect(), ..Map::default() };
        map.set(name, if inner.entries.is_empty() { Value::default() } else { Value::map(inner, Place::NONE) });
    }
    if map.entries.is_empty() {
        map.set("default", Value::default());
    }
    out.set("networks", Value::map(map, Place::NONE));
}

/// What is waited for: as written, and what links, shared namespaces and volumes need.
fn dependencies(service: &Value, out: &mut Map) {
    let mut map = Map::default();
    for item in field(service, "depends_on").items() {
        let Some(name) = item.str_at(&["service"]) else { continue };
        let condition = field(item, "condition");
        let mut inner = vec![
            ("condition", if condition.is_null() { Value::string("service_started", Place::NONE) } else { condition }),
            ("required", Value::bool(field(item, "required").as_bool() != Some(false), Place::NONE)),
        ];
        if bool(&field(item, "restart")).as_bool() == Some(true) {
            inner.push(("restart", Value::bool(true, Place::NONE)));
        }
        map.set(name, map_of(inner));
    }
    let mut imply = |name: &str, restart: bool| {
        if map.get(name).is_none() {
            let mut inner =
                vec![("condition", Value::string("service_started", Place::NONE)), ("required", Value::bool(true, Place::NONE))];
            if restart {
                inner.push(("restart", Value::bool(true, Place::NONE)));
            }
            map.set(name, map_of(inner));
        }
    };
    for link in field(service, "links").items().iter().filter_map(Value::as_str) {
        imply(link.split(':').next().unwrap_or(link), true);
    }
    for key in SHARED {
        if let Some(name) = field(service, key).as_str().and_then(|mode| mode.strip_prefix("service:")) {
            imply(name, true);
        }
    }
    for from in field(service, "volumes_from").items().iter().filter_map(Value::as_str) {
        if !from.starts_with("container:") {
            imply(from.split(':').next().unwrap_or(from), false);
        }
    }
    if !map.entries.is_empty() {
        out.set("depends_on", Value::map(map, Place::NONE));
    }
}

/// The variables of the environment files, with those of `environment` over them.
fn environment(service: &Value, sources: &Sources<'_>, out: &mut Map) -> Result<(), String> {
    let mut map = Map::default();
    for file in field(service, "env_file").items() {
        let Some(path) = file.str_at(&["path"]) else { continue };
        let relative = path.strip_prefix(sources.directory).map_or(path, |path| path.trim_start_matches('/'));
        match (sources.read)(&paths::join("", relative)) {
            Some(text) => {
                for (name, value) in source::assignments(&text, sources.variable) {
                    map.set(name, value.map_or_else(Value::default, |value| Value::string(value, Place::NONE)));
                }
            }
            None if bool(&field(file, "required")).as_bool() == Some(false) => {}
            None => return Err(format!("env file {path} not found")),
        }
    }
    for entry in field(service, "environment").as_map().into_iter().flat_map(|map| &map.entries) {
        let value = match entry.value.kind {
            Kind::Null => (sources.variable)(&entry.key).map_or_else(Value::default, |value| Value::string(value, Place::NONE)),
            _ => text(&entry.value),
        };
        map.set(entry.key.clone(), value);
    }
    if !map.entries.is_empty() {
        out.set("environment", Value::map(map, Place::NONE));
    }
    Ok(())
}

/// A container that runs before the service, of the service's own image where it names none.
fn pre_start(hook: &Value, service: &Value) -> Value {
    let mut out = Map::default();
    out.set("entrypoint", Value::default());
    out.set("command", Value::default());
    for entry in hook.as_map().into_iter().flat_map(|map| &map.entries) {
        let value = match entry.key.as_str() {
            "command" | "entrypoint" => words(&entry.value),
            "environment" => pairs(&entry.value),
            _ => entry.value.clone(),
        };
        out.set(entry.key.clone(), value);
    }
    let image = field(service, "image");
    if out.get("image").is_none() && !image.is_null() {
        out.set("image", image);
    }
    networks(service, &mut out);
    Value::map(out, Place::NONE)
}

fn build(written: &Value, sources: &Sources<'_>) -> Value {
    let Kind::Map(map) = &written.kind else { return written.clone() };
    let mut map = Map::clone(map);
    if map.get("dockerfile").is_none() && map.get("dockerfile_inline").is_none() {
        map.set("dockerfile", Value::string("Dockerfile", Place::NONE));
    }
    for entry in &mut map.entries {
        entry.value = match entry.key.as_str() {
            "labels" | "additional_contexts" => filled(&entry.value),
            "args" => arguments(&entry.value, sources),
            "ssh" => ssh(&entry.value),
            "secrets" => each(&entry.value, |grant| Some(secret(grant))),
            "no_cache" | "pull" | "privileged" if entry.value.as_bool() == Some(false) => Value::default(),
            "no_cache_filter" => listed(&entry.value),
            "provenance" | "sbom" => text(&entry.value),
            "shm_size" => size(&entry.value),
            "extra_hosts" => hosts(&normal::hosts(&entry.value)),
            _ => entry.value.clone(),
        };
    }
    map.entries.retain(|entry| !entry.value.is_null());
    Value::map(map, Place::NONE)
}

/// Arguments without a value have the environment's; those that it has not are left out.
fn arguments(written: &Value, sources: &Sources<'_>) -> Value {
    let Kind::Map(map) = &written.kind else { return written.clone() };
    let entries = map.entries.iter().filter_map(|entry| match entry.value.kind {
        Kind::Null => {
            let value = (sources.variable)(&entry.key)?;
            Some(Entry { value: Value::string(value, Place::NONE), ..entry.clone() })
        }
        _ => Some(entry.clone()),
    });
    Value::map(Map { entries: entries.collect(), ..Map::default() }, Place::NONE)
}
