//! The restricted level.

use plimsoll_syntax::Value;

use super::{Container, Control, Found, Minor, Pod, control, is_unknown, present};

pub(super) const CONTROLS: &[Control] = &[
    control("restricted volume types", 0, volume_types),
    control("allowPrivilegeEscalation != false", 8, privilege_escalation),
    control("runAsNonRoot != true", 0, run_as_non_root),
    control("runAsUser=0", 23, run_as_user),
    control("seccompProfile", 19, seccomp),
    control("unrestricted capabilities", 22, capabilities),
    control("procMount", 35, proc_mount),
];

/// Whether the restricted level has a stricter form of a control of the baseline.
pub(super) fn replaces(name: &str, version: Minor) -> bool {
    match name {
        "seccompProfile" => version >= 19,
        "non-default capabilities" => version >= 22,
        "procMount" => version >= 35,
        _ => false,
    }
}

/// The sources of a volume that bring nothing of the node; a volume without a source is an `emptyDir`.
const VOLUME_TYPES: &[&str] =
    &["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret", "image"];

fn volume_types(pod: &Pod<'_>, found: &mut Found) {
    for volume in pod.spec.get("volumes").map(Value::items).unwrap_or_default() {
        let Some(map) = volume.as_map() else { continue };
        let other = map
            .entries
            .iter()
            .find(|entry| entry.key != "name" && !entry.value.is_null() && !VOLUME_TYPES.contains(&entry.key.as_str()));
        if let Some(other) = other {
            let name = volume.str_at(&["name"]).unwrap_or("");
            found.add(other.place, format!("volume {name:?} uses restricted volume type {:?}", other.key));
        }
    }
}

fn privilege_escalation(pod: &Pod<'_>, found: &mut Found) {
    if pod.is_exempt() {
        return;
    }
    for container in pod.containers() {
        let value = present(container.context(&["allowPrivilegeEscalation"]));
        if value.is_none_or(|value| value.as_bool() != Some(false) && !is_unknown(value)) {
            let place = value.map_or(container.value.place, |value| value.place);
            found.add(place, format!("{} must set securityContext.allowPrivilegeEscalation=false", container.words()));
        }
    }
}

fn run_as_non_root(pod: &Pod<'_>, found: &mut Found) {
    let own = present(pod.spec.at(&["securityContext", "runAsNonRoot"]));
    let fine = |value: Option<&Value>| value.is_some_and(|value| value.as_bool() == Some(true) || is_unknown(value));
    if let Some(value) = own.filter(|value| value.as_bool() == Some(false)) {
        found.add(value.place, "pod must not set securityContext.runAsNonRoot=false".to_owned());
    }
    each_or_pod(pod, &["runAsNonRoot"], fine(own), fine, found, "runAsNonRoot=true");
}

fn run_as_user(pod: &Pod<'_>, found: &mut Found) {
    for (of, context) in pod.contexts() {
        if let Some(value) = context.get("runAsUser")
            && value.as_int() == Some(0)
        {
            found.add(value.place, format!("{of} must not set runAsUser=0"));
        }
    }
}

fn seccomp(pod: &Pod<'_>, found: &mut Found) {
    if pod.is_exempt() {
        return;
    }
    let path = ["seccompProfile", "type"];
    let fine = |value: Option<&Value>| {
        value.is_some_and(|value| matches!(value.as_str(), Some("RuntimeDefault" | "Localhost")) || is_unknown(value))
    };
    let own = present(pod.spec.at(&["securityContext", "seccompProfile", "type"]));
    if let Some(value) = own.filter(|_| !fine(own)) {
        found.add(
            value.place,
            format!("pod must not set securityContext.seccompProfile.type to {:?}", value.as_str().unwrap_or("")),
        );
    }
    each_or_pod(pod, &path, fine(own), fine, found, "seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"");
}

/// A setting that every container must have, by itself or from its pod.
fn each_or_pod(
    pod: &Pod<'_>,
    path: &[&str],
    pod_has: bool,
    fine: impl Fn(Option<&Value>) -> bool,
    found: &mut Found,
    words: &str,
) {
    for container in pod.containers() {
        let value = present(container.context(path));
        let met = match value {
            Some(_) => fine(value),
            None => pod_has,
        };
        if !met {
            let place = value.map_or(container.value.place, |value| value.place);
            found.add(place, format!("pod or {} must set securityContext.{words}", container.words()));
        }
    }
    if pod.containers().next().is_none() && !pod_has {
        found.add(pod.place(), format!("pod must set securityContext.{words}"));
    }
}

fn capabilities(pod: &Pod<'_>, found: &mut Found) {
    if pod.is_exempt() {
        return;
    }
    for container in pod.containers() {
        drops_all(&container, found);
        for added in container.context(&["capabilities", "add"]).map(Value::items).unwrap_or_default() {
            if let Some(name) = added.as_str().filter(|name| *name != "NET_BIND_SERVICE") {
                found.add(
                    added.place,
                    format!("{} must not include {name:?} in securityContext.capabilities.add", container.words()),
                );
            }
        }
    }
}

fn drops_all(container: &Container<'_>, found: &mut Found) {
    let dropped = present(container.context(&["capabilities", "drop"]));
    let open = dropped.is_some_and(|dropped| is_unknown(dropped) || dropped.as_list().is_some_and(|list| list.tail.is_some()));
    let all = dropped.map(Value::items).unwrap_or_default().iter().any(|name| name.as_str() == Some("ALL") || is_unknown(name));
    if !all && !open {
        let place = dropped.map_or(container.value.place, |dropped| dropped.place);
        found.add(place, format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", container.words()));
    }
}

/// The restricted level allows no user namespace to excuse it.
pub(super) fn proc_mount(pod: &Pod<'_>, found: &mut Found) {
    for container in pod.containers() {
        if let Some(value) = container.context(&["procMount"])
            && let Some(kind) = value.as_str().filter(|kind| !matches!(*kind, "" | "Default"))
        {
            found.add(value.place, format!("{} must not set securityContext.procMount to {kind:?}", container.words()));
        }
    }
}
