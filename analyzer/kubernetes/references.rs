//! The names by which pods refer to other objects.

use plimsoll_syntax::Value;

use crate::values::{field, follow};

/// Which kind of object a pod takes settings from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    ConfigMap,
    Secret,
}

/// Where a pod's spec names objects of this kind: in containers (`env`, `envFrom`), and in volumes. Each path ends at the name.
struct Paths {
    env: &'static [&'static str],
    env_from: &'static [&'static str],
    volume: &'static [&'static str],
    projected: &'static [&'static str],
}

const CONFIG_MAP: Paths = Paths {
    env: &["valueFrom", "configMapKeyRef", "name"],
    env_from: &["configMapRef", "name"],
    volume: &["configMap", "name"],
    projected: &["configMap", "name"],
};
const SECRET: Paths = Paths {
    env: &["valueFrom", "secretKeyRef", "name"],
    env_from: &["secretRef", "name"],
    volume: &["secret", "secretName"],
    projected: &["secret", "name"],
};

/// The names of all config maps or secrets that a pod refers to.
pub(crate) fn names(pod: &Value, source: Source) -> Vec<Value> {
    let paths = match source {
        Source::ConfigMap => CONFIG_MAP,
        Source::Secret => SECRET,
    };
    let mut names = Vec::new();
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for container in field(pod, list).items() {
            names.extend(field(container, "env").items().iter().map(|env| follow(env, paths.env)));
            names.extend(field(container, "envFrom").items().iter().map(|from| follow(from, paths.env_from)));
        }
    }
    for volume in field(pod, "volumes").items() {
        names.push(follow(volume, paths.volume));
        names.extend(follow(volume, &["projected", "sources"]).items().iter().map(|source| follow(source, paths.projected)));
    }
    if source == Source::Secret {
        names.extend(field(pod, "imagePullSecrets").items().iter().map(|secret| field(secret, "name")));
    }
    names.retain(|name| !name.is_null());
    names
}

/// The objects that a pod cannot start without: each with its kind and its name. Those that are `optional` are left out, and those
/// where that cannot be told.
pub(crate) fn needed(pod: &Value) -> Vec<(&'static str, Value)> {
    let mut needed = Vec::new();
    let mut add = |kind, at: &Value, key: &str| {
        let name = field(at, key);
        let optional = field(at, "optional");
        if !name.is_null() && (optional.is_null() || optional.as_bool() == Some(false)) {
            needed.push((kind, name));
        }
    };
    for list in ["containers", "initContainers"] {
        for container in field(pod, list).items() {
            for env in field(container, "env").items() {
                add("ConfigMap", &follow(env, &["valueFrom", "configMapKeyRef"]), "name");
                add("Secret", &follow(env, &["valueFrom", "secretKeyRef"]), "name");
            }
            for from in field(container, "envFrom").items() {
                add("ConfigMap", &field(from, "configMapRef"), "name");
                add("Secret", &field(from, "secretRef"), "name");
            }
        }
    }
    for volume in field(pod, "volumes").items() {
        add("ConfigMap", &field(volume, "configMap"), "name");
        add("Secret", &field(volume, "secret"), "secretName");
        add("PersistentVolumeClaim", &field(volume, "persistentVolumeClaim"), "claimName");
        for source in follow(volume, &["projected", "sources"]).items() {
            add("ConfigMap", &field(source, "configMap"), "name");
            add("Secret", &field(source, "secret"), "name");
        }
    }
    needed
}

/// The names of the volume claims that a pod mounts.
pub(crate) fn claims(pod: &Value) -> Vec<Value> {
    let volumes = field(pod, "volumes");
    let mut names: Vec<Value> =
        volumes.items().iter().map(|volume| follow(volume, &["persistentVolumeClaim", "claimName"])).collect();
    names.retain(|name| !name.is_null());
    names
}

/// The name of the service account that a pod runs as; `default` when none is written.
pub(crate) fn service_account(pod: &Value) -> Value {
    let name = match field(pod, "serviceAccountName") {
        absent if absent.is_null() => field(pod, "serviceAccount"),
        name => name,
    };
    if name.is_null() || name.as_str() == Some("") { Value::string("default", pod.place) } else { name }
}
