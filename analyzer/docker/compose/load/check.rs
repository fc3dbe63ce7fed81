//! What Compose refuses.

use compact_str::CompactString;
use plimsoll_syntax::value::{Entry, Map};
use plimsoll_syntax::{Kind, Place, Value};

use crate::compose::values::{bool, field};

/// Keys at the top level.
const TOP: &[&str] = &["version", "name", "include", "services", "networks", "volumes", "secrets", "configs", "models"];
/// Keys of a service.
const SERVICE: &[&str] = &[
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "models",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_start",
    "pre_stop",
    "privileged",
    "profiles",
    "provider",
    "pull_policy",
    "pull_refresh_after",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
];
/// Paths of a service below which only these keys stand.
const INNER: &[(&[&str], &[&str])] = &[
    (
        &["build"],
        &[
            "context",
            "dockerfile",
            "dockerfile_inline",
            "entitlements",
            "args",
            "ssh",
            "labels",
            "cache_from",
            "cache_to",
            "no_cache",
            "no_cache_filter",
            "additional_contexts",
            "network",
            "provenance",
            "sbom",
            "pull",
            "target",
            "shm_size",
            "extra_hosts",
            "isolation",
            "privileged",
            "secrets",
            "tags",
            "ulimits",
            "platforms",
        ],
    ),
    (
        &["deploy"],
        &[
            "mode",
            "endpoint_mode",
            "replicas",
            "labels",
            "rollback_config",
            "update_config",
            "resources",
            "restart_policy",
            "placement",
        ],
    ),
    (&["deploy", "resources"], &["limits", "reservations"]),
    (&["healthcheck"], &["disable", "interval", "retries", "test", "timeout", "start_period", "start_interval"]),
    (&["logging"], &["driver", "options"]),
];
/// Keys of one volume.
const VOLUME: &[&str] = &["type", "source", "target", "read_only", "consistency", "bind", "volume", "tmpfs", "image", "cluster"];
/// Keys that hold one text.
const TEXTS: &[&str] = &[
    "image",
    "container_name",
    "hostname",
    "domainname",
    "network_mode",
    "pid",
    "working_dir",
    "platform",
    "runtime",
    "restart",
];
/// Keys that hold a list.
const LISTS: &[&str] =
    &["ports", "volumes", "cap_add", "cap_drop", "devices", "security_opt", "expose", "links", "profiles", "secrets", "configs"];
/// Keys that hold a yes or no.
const FLAGS: &[&str] = &["attach", "init", "oom_kill_disable", "privileged", "read_only", "stdin_open", "tty", "use_api_socket"];
/// Lists of a service whose elements name something of the project: the field with the name, the section, its word in messages.
const NAMES: &[(&str, &str, &str, &str)] = &[
    ("networks", "name", "networks", "network"),
    ("volumes", "source", "volumes", "volume"),
    ("secrets", "source", "secrets", "secret"),
    ("configs", "source", "configs", "config"),
];

fn unknown<'m>(map: &'m Map, known: &[&str]) -> Option<&'m Entry> {
    map.entries.iter().find(|entry| !entry.key.starts_with("x-") && !known.contains(&entry.key.as_str()))
}

/// The top level of a file.
pub(super) fn top(map: &Map) -> Result<(), String> {
    if let Some(entry) = unknown(map, TOP) {
        return Err(format!("additional properties '{}' not allowed", entry.key));
    }
    let section = map.entries.iter().find(|entry| {
        let named = super::layer::SECTIONS.contains(&entry.key.as_str());
        named && !matches!(entry.value.kind, Kind::Map(_) | Kind::Null)
    });
    if let Some(entry) = section {
        return Err(format!("{} must be a mapping", entry.key));
    }
    for (section, known) in [
        ("secrets", &["name", "environment", "file", "external", "labels", "driver", "driver_opts", "template_driver"][..]),
        ("configs", &["name", "content", "environment", "file", "external", "labels", "template_driver"]),
    ] {
        let Some(entries) = map.get(section).and_then(|entry| entry.value.as_map()) else { continue };
        for entry in &entries.entries {
            if let Some(other) = entry.value.as_map().and_then(|map| unknown(map, known)) {
                return Err(format!("{section}.{} additional properties '{}' not allowed", entry.key, other.key));
            }
        }
    }
    match map.get("name").map(|entry| &entry.value.kind) {
        None | Some(Kind::Null | Kind::String(_)) => Ok(()),
        Some(_) => Err("name must be a string".to_owned()),
    }
}

/// A service as it is written.
pub(super) fn service(name: &str, written: &Map) -> Result<(), String> {
    if let Some(entry) = unknown(written, SERVICE) {
        return Err(format!("services.{name} additional properties '{}' not allowed", entry.key));
    }
    let whole = Value::map(written.clone(), Place::NONE);
    for (path, known) in INNER {
        let inner = path.iter().fold(whole.clone(), |value, key| field(&value, key));
        if let Some(entry) = inner.as_map().and_then(|map| unknown(map, known)) {
            return Err(format!("services.{name}.{} additional properties '{}' not allowed", path.join("."), entry.key));
        }
    }
    for entry in &written.entries {
        let key = entry.key.as_str();
        let wrong = |what: &str| Err(format!("services.{name}.{key} must be {what}"));
        match &entry.value.kind {
            Kind::Null => {}
            _ if FLAGS.contains(&key) && bool(&entry.value).as_bool().is_none() => return wrong("a boolean"),
            Kind::String(_) if TEXTS.contains(&key) => {}
            _ if TEXTS.contains(&key) && !(key == "restart" && entry.value.as_bool().is_some()) => return wrong("a string"),
            Kind::List(_) if LISTS.contains(&key) => {}
            _ if LISTS.contains(&key) => return wrong("a list"),
            Kind::String(_) if key == "environment" => return wrong("a mapping"),
            Kind::Map(map) if key == "environment" => {
                let nested = |value: &Value| matches!(value.kind, Kind::Map(_) | Kind::List(_));
                if let Some(variable) = map.entries.iter().find(|entry| nested(&entry.value)) {
                    return Err(format!(
                        "services.{name}.environment.{} must be a boolean, null, number or string",
                        variable.key
                    ));
                }
            }
            _ => {}
        }
    }
    for volume in field(&whole, "volumes").items() {
        let Some(map) = volume.as_map() else { continue };
        if let Some(entry) = unknown(map, VOLUME) {
            return Err(format!("services.{name}.volumes additional properties '{}' not allowed", entry.key));
        }
        let kind = volume.str_at(&["type"]);
        if kind.is_none() {
            return Err(format!("services.{name}.volumes missing property 'type'"));
        }
        if kind == Some("bind") && volume.str_at(&["source"]).is_none_or(str::is_empty) {
            return Err("invalid mount config for type \"bind\": field Source must not be empty".to_owned());
        }
        let size = field(&field(volume, "tmpfs"), "size");
        if size.as_int().is_some_and(|size| size < 0) || matches!(size.kind, Kind::Number(number) if number.as_int().is_none()) {
            return Err(format!("services.{name}.volumes.tmpfs.size must be greater than or equal to 0"));
        }
    }
    let reserved = ["deploy", "resources", "reservations", "devices"].iter().fold(whole.clone(), |value, key| field(&value, key));
    for device in reserved.items() {
        let has = |key: &str| !field(device, key).is_null();
        let count = field(device, "count");
        if count.as_str().is_some_and(|count| count != "all" && count.parse::<i64>().is_err()) {
            return Err("invalid count of devices: the only value allowed is 'all' or a number".to_owned());
        }
        if has("count") && has("device_ids") {
            return Err(format!(
                "services.{name}.deploy.resources.reservations.devices: \"count\" and \"device_ids\" attributes are exclusive"
            ));
        }
        if !has("capabilities") {
            return Err(format!("services.{name}.deploy.resources.reservations.devices missing property 'capabilities'"));
        }
    }
    if field(&whole, "scale").as_str().is_some_and(|scale| scale.parse::<i64>().is_err()) {
        return Err(format!("services.{name}.scale: failed to cast to expected type"));
    }
    match field(&whole, "cgroup").as_str() {
        None | Some("host" | "private") => Ok(()),
        Some(_) => Err(format!("services.{name}.cgroup value must be one of 'host', 'private'")),
    }
}

/// The model as a whole.
pub(super) fn model(model: &Map) -> Result<(), String> {
    let whole = Value::map(model.clone(), Place::NONE);
    let services = field(&whole, "services");
    let Some(services) = services.as_map() else { return Err("no service selected: empty compose file".to_owned()) };
    for entry in &services.entries {
        let (name, value) = (&entry.key, &entry.value);
        let has = |key: &str| !field(value, key).is_null();
        if !has("image") && !has("build") && !has("provider") {
            return Err(format!(
                "service \"{name}\" has neither an image nor a build context specified: invalid compose project"
            ));
        }
        if has("network_mode") && has("networks") {
            return Err(format!(
                "service {name} declares mutually exclusive `network_mode` and `networks`: invalid compose project"
            ));
        }
        for (list, key, section, word) in NAMES {
            let declared = field(&whole, section);
            for item in field(value, list).items() {
                let Some(named) = item.str_at(&[key]) else { continue };
                let other =
                    *list == "volumes" && item.str_at(&["type"]) != Some("volume") || *list == "networks" && named == "default";
                if !other && declared.as_map().and_then(|map| map.get(named)).is_none() {
                    return Err(format!("service \"{name}\" refers to undefined {word} {named}: invalid compose project"));
                }
            }
        }
        let models = field(value, "models");
        let listed = models.items().iter().filter_map(Value::as_str);
        let mapped = models.as_map().into_iter().flat_map(|map| map.entries.iter().map(|entry| entry.key.as_str()));
        for named in listed.chain(mapped) {
            if field(&whole, "models").as_map().and_then(|map| map.get(named)).is_none() {
                return Err(format!("service \"{name}\" refers to undefined model {named}: invalid compose project"));
            }
        }
        for item in field(value, "depends_on").items() {
            let required = field(item, "required").as_bool() != Some(false);
            if let Some(other) = item.str_at(&["service"]).filter(|other| required && services.get(other).is_none()) {
                return Err(format!("service \"{name}\" depends on undefined service \"{other}\": invalid compose project"));
            }
        }
    }
    for (section, sources) in [("secrets", &["file", "environment"][..]), ("configs", &["file", "environment", "content"])] {
        for entry in field(&whole, section).as_map().into_iter().flat_map(|map| &map.entries) {
            let external = field(&entry.value, "external");
            let given = sources.iter().any(|key| !field(&entry.value, key).is_null());
            if !given && external.as_bool() != Some(true) && external.as_map().is_none() {
                return Err(format!(
                    "{section} \"{}\" must declare one of {}: invalid compose project",
                    entry.key,
                    sources.join(", ")
                ));
            }
        }
    }
    Ok(())
}

/// Services that wait for each other; `services` are in their normal form.
pub(super) fn cycles(services: &Map) -> Result<(), String> {
    for entry in &services.entries {
        let mut waiting = vec![entry.key.clone()];
        let mut seen: Vec<CompactString> = Vec::new();
        while let Some(name) = waiting.pop() {
            let needs = services.get(&name).map(|service| field(&service.value, "depends_on"));
            for other in needs.iter().filter_map(Value::as_map).flat_map(|map| &map.entries) {
                if other.key == entry.key {
                    return Err(format!("dependency cycle detected: {} -> {name}", entry.key));
                }
                if !seen.contains(&other.key) {
                    seen.push(other.key.clone());
                    waiting.push(other.key.clone());
                }
            }
        }
    }
    Ok(())
}
