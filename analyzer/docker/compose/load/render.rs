//! The model in compose-go's normal form.

use plimsoll_syntax::value::{Entry, Map};
use plimsoll_syntax::{Kind, Place, Value};

use super::{Sources, check, render_service};
use crate::compose::values::{field, pairs};

/// The model without services whose profiles are not active; none is.
pub(super) fn active(model: &Map) -> Map {
    let mut model = model.clone();
    if let Some(entry) = model.entries.iter_mut().find(|entry| entry.key == "services")
        && let Kind::Map(services) = &entry.value.kind
    {
        let mut services = Map::clone(services);
        services.entries.retain(|service| field(&service.value, "profiles").items().is_empty());
        entry.value = Value::map(services, entry.value.place);
    }
    model
}

/// The whole project.
pub(super) fn project(model: &Map, sources: &Sources<'_>) -> Result<Value, String> {
    let whole = Value::map(model.clone(), Place::NONE);
    let mut out = Map::default();
    out.set("name", Value::string(sources.project, Place::NONE));
    let services = field(&whole, "services");
    let mut rendered = Map::default();
    let mut default = false;
    for entry in services.as_map().into_iter().flat_map(|map| &map.entries) {
        let service = render_service::one(&entry.value, sources)?;
        default |= service.get("networks").and_then(|networks| networks.get("default")).is_some();
        rendered.set(entry.key.clone(), service);
    }
    check::cycles(&rendered)?;
    out.set("services", Value::map(rendered, Place::NONE));
    let mut networks = section(&field(&whole, "networks"), "network", sources);
    let nobody = rendered_is_empty(&out);
    if (default || nobody) && networks.get("default").is_none() {
        networks.set("default", named(&Value::default(), "default", "network", sources));
    } else if !default && !nobody && field(&field(&whole, "networks"), "default").is_null() {
        networks.entries.retain(|entry| entry.key != "default");
    }
    for (name, map) in [
        ("networks", networks),
        ("volumes", section(&field(&whole, "volumes"), "volume", sources)),
        ("secrets", section(&field(&whole, "secrets"), "secret", sources)),
        ("configs", section(&field(&whole, "configs"), "config", sources)),
    ] {
        if !map.entries.is_empty() {
            out.set(name, Value::map(map, Place::NONE));
        }
    }
    for entry in model.entries.iter().filter(|entry| entry.key.starts_with("x-")) {
        out.set(entry.key.clone(), entry.value.clone());
    }
    Ok(Value::map(out, Place::NONE))
}

fn rendered_is_empty(out: &Map) -> bool {
    out.get("services").and_then(|services| services.value.as_map()).is_none_or(|map| map.entries.is_empty())
}

fn section(written: &Value, kind: &str, sources: &Sources<'_>) -> Map {
    let mut out = Map::default();
    for entry in written.as_map().into_iter().flat_map(|map| &map.entries) {
        out.set(entry.key.clone(), named(&entry.value, &entry.key, kind, sources));
    }
    out
}

/// One network, volume, secret or configuration: what the engine calls it, and what it is.
fn named(written: &Value, key: &str, kind: &str, sources: &Sources<'_>) -> Value {
    let external = field(written, "external");
    let is_external = external.as_bool() == Some(true) || external.as_map().is_some();
    let own = field(written, "name").as_str().or_else(|| external.str_at(&["name"])).map(str::to_owned);
    let name = own.unwrap_or_else(|| if is_external { key.to_owned() } else { format!("{}_{key}", sources.project) });
    let mut out = Map::default();
    out.set("name", Value::string(name, Place::NONE));
    if kind == "network" {
        out.set("ipam", Value::map(Map::default(), Place::NONE));
    }
    for entry in written.as_map().into_iter().flat_map(|map| &map.entries) {
        let value = match entry.key.as_str() {
            "name" => continue,
            "external" if is_external => Value::bool(true, Place::NONE),
            "external" => continue,
            "driver_opts" | "labels" => filled(&pairs(&entry.value)),
            "ipam" => ipam(&entry.value),
            "content" | "file" | "environment" => entry.value.clone(),
            key if key.starts_with("x-") => continue,
            "internal" | "attachable" if entry.value.as_bool() == Some(false) => continue,
            _ => entry.value.clone(),
        };
        if !value.is_null() {
            out.entries.retain(|known| known.key != entry.key);
            out.entries.push(Entry { value, ..entry.clone() });
        }
    }
    if kind == "volume"
        && let Some(options) = out.entries.iter_mut().find(|entry| entry.key == "driver_opts")
        && let Kind::Map(map) = &options.value.kind
        && map.get("o").and_then(|entry| entry.value.as_str()).is_some_and(|o| o.split(',').any(|option| option == "bind"))
    {
        let mut map = Map::clone(map);
        if let Some(device) = map.entries.iter_mut().find(|entry| entry.key == "device")
            && let Some(path) = device.value.as_str()
        {
            device.value = Value::string(super::paths::shown(sources.directory, "", path), Place::NONE);
        }
        options.value = Value::map(map, Place::NONE);
    }
    Value::map(out, Place::NONE)
}

fn ipam(written: &Value) -> Value {
    let Kind::Map(map) = &written.kind else { return Value::map(Map::default(), Place::NONE) };
    let entries = map.entries.iter().filter(|entry| !entry.key.starts_with("x-") && !entry.value.is_null());
    Value::map(Map { entries: entries.cloned().collect(), ..Map::default() }, Place::NONE)
}

/// A map of texts in which a key without a value has the empty one.
pub(super) fn filled(map: &Value) -> Value {
    let Kind::Map(written) = &map.kind else { return map.clone() };
    let mut written = Map::clone(written);
    for entry in &mut written.entries {
        if entry.value.is_null() {
            entry.value = Value::string("", Place::NONE);
        }
    }
    Value::map(written, Place::NONE)
}
