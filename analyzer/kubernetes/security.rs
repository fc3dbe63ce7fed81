//! The security context that holds for a container: its own over the pod's, field by field, over annotations of old.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::value::{Entry, How, Map, Unknown};
use plimsoll_syntax::{Kind, Place, Value};

use crate::values::{copy, derived, entry, field};
use crate::workload::{Template, name_of};

/// The fields that a container takes from its pod. Source: `DetermineEffectiveSecurityContext` of `kubernetes/pkg/securitycontext`.
const INHERITED: &[&str] =
    &["runAsUser", "runAsGroup", "runAsNonRoot", "seccompProfile", "seLinuxOptions", "appArmorProfile", "windowsOptions"];

/// Annotations that say what a field says today: the field, the annotation of one container (its name follows), of the pod.
const ANNOTATIONS: &[(&str, &str, Option<&str>)] = &[
    ("appArmorProfile", "container.apparmor.security.beta.kubernetes.io/", None),
    ("seccompProfile", "container.seccomp.security.alpha.kubernetes.io/", Some("seccomp.security.alpha.kubernetes.io/pod")),
];

/// The effective context with the place to underline when something is missing in it; `None`: nothing is said anywhere.
pub(crate) fn effective(template: &Template, container: &Value, header: Place) -> Option<(Value, Place)> {
    let own = entry(container, &["securityContext"]);
    let (mut map, place, whole) = match own.map(|entry| (&entry.value.kind, entry)) {
        Some((Kind::Map(_), entry)) => (copy(&entry.value, 2), entry.place, entry.value.place),
        // Unknown as a whole: what it leaves out cannot be told.
        Some((_, entry)) => return Some((entry.value.clone(), entry.place)),
        None => (Map::default(), header, header),
    };
    let pod = field(&template.pod, "securityContext");
    let annotations = field(&template.metadata, "annotations");
    let name = name_of(container);
    let mut changed = false;
    for key in INHERITED {
        if map.tail.is_some() || map.get(key).is_some_and(|entry| !entry.value.is_null()) {
            continue;
        }
        let found = by_annotation(&annotations, key, Some(&name))
            .or_else(|| by_pod(&pod, key))
            .or_else(|| by_annotation(&annotations, key, None));
        if let Some((place, value)) = found {
            map.set(*key, value.through(How::Inherited, place));
            if let Some(entry) = map.entries.iter_mut().find(|entry| entry.key == *key) {
                entry.place = place;
            }
            changed = true;
        }
    }
    (changed || own.is_some()).then(|| (Value::map(map, whole), place))
}

fn by_pod(pod: &Value, key: &str) -> Option<(Place, Value)> {
    match &pod.kind {
        Kind::Map(map) => match map.get(key) {
            Some(entry) if entry.value.is_null() => None,
            Some(entry) => Some((entry.place, entry.value.clone())),
            None => map.tail.as_ref().map(|tail| (pod.place, unknown(tail))),
        },
        Kind::Unknown(unknown_pod) => Some((pod.place, unknown(unknown_pod))),
        _ => None,
    }
}

fn unknown(unknown: &Arc<Unknown>) -> Value {
    Value::new(Kind::Unknown(unknown.clone()), Place::NONE)
}

/// The profile that an annotation sets: of the container, or, without a name, of the pod.
fn by_annotation(annotations: &Value, key: &str, container: Option<&str>) -> Option<(Place, Value)> {
    let (_, prefix, pod) = ANNOTATIONS.iter().find(|(field, ..)| *field == key)?;
    let wanted: CompactString = match container {
        Some(name) => [prefix, name].concat().into(),
        None => (*pod)?.into(),
    };
    let written: &Entry = entry(annotations, &[&wanted])?;
    Some((written.place, profile(&written.value)))
}

/// `runtime/default`, `unconfined`, `localhost/NAME` as a profile.
fn profile(written: &Value) -> Value {
    let place = written.place;
    let Some(text) = written.as_str() else { return Value { via: None, ..written.clone() } };
    let of_type = |name: &'static str| ("type", Value::string(name, place));
    match text {
        "runtime/default" | "docker/default" => derived([of_type("RuntimeDefault")], place),
        "unconfined" => derived([of_type("Unconfined")], place),
        _ => match text.strip_prefix("localhost/") {
            Some(name) => derived([of_type("Localhost"), ("localhostProfile", Value::string(name, place))], place),
            None => derived([("type", Value::string(text, place))], place),
        },
    }
}
