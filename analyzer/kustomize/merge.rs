//! Strategic merge: how a partial object changes a whole one.
//!
//! Maps are merged, null removes, lists are replaced; the lists that the API merges by keys are merged by them, what the patch
//! names coming first. Source: Kubernetes' and Kustomize's documentation of strategic merge patches.

use compact_str::CompactString;
use plimsoll_syntax::value::{List, Map};
use plimsoll_syntax::{Kind, Value};

use crate::tree::{get_mut, list_mut, map_mut, put, remove, same, text};

/// How deep objects may nest.
const DEPTH: usize = 200;

/// Lists of the API that are merged: the field, what it must lie in (empty: anything), and the keys of its elements. No
/// keys: the elements are scalars, and each is there once.
const LISTS: &[(&str, &str, &[&str])] = &[
    ("containers", "", &["name"]),
    ("initContainers", "", &["name"]),
    ("ephemeralContainers", "", &["name"]),
    ("volumes", "", &["name"]),
    ("env", "", &["name"]),
    ("volumeMounts", "", &["mountPath"]),
    ("volumeDevices", "", &["devicePath"]),
    ("hostAliases", "", &["ip"]),
    ("imagePullSecrets", "spec", &["name"]),
    ("topologySpreadConstraints", "", &["topologyKey", "whenUnsatisfiable"]),
    ("schedulingGates", "", &["name"]),
    ("resourceClaims", "spec", &["name"]),
    ("ports", "containers", &["containerPort", "protocol"]),
    ("ports", "initContainers", &["containerPort", "protocol"]),
    ("ports", "ephemeralContainers", &["containerPort", "protocol"]),
    ("ports", "Service", &["port", "protocol"]),
    ("secrets", "", &["name"]),
    ("webhooks", "", &["name"]),
    ("matchConditions", "", &["name"]),
    ("conditions", "status", &["type"]),
    ("finalizers", "metadata", &[]),
    ("ownerReferences", "metadata", &["uid"]),
];

/// Groups whose schemas are known, with the versions that are; of others, lists are replaced.
const SCHEMAS: &[(&str, &[&str], &[&str])] = &[
    (
        "",
        &["v1"],
        &[
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "Service",
            "ServiceAccount",
            "Namespace",
            "Node",
            "ConfigMap",
            "Secret",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "Endpoints",
            "LimitRange",
            "ResourceQuota",
        ],
    ),
    ("apps", &["v1"], &["Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ControllerRevision"]),
    ("batch", &["v1", "v1beta1"], &["Job", "CronJob"]),
    (
        "admissionregistration.k8s.io",
        &["v1", "v1beta1"],
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy"],
    ),
    ("policy", &["v1", "v1beta1"], &["PodDisruptionBudget"]),
    ("networking.k8s.io", &["v1", "v1beta1"], &["NetworkPolicy", "Ingress", "IngressClass"]),
    ("rbac.authorization.k8s.io", &["v1"], &["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"]),
    ("autoscaling", &["v1", "v2", "v2beta1", "v2beta2"], &["HorizontalPodAutoscaler"]),
];

/// Lists of custom kinds that a schema in the workspace says are merged: the path of keys, and the keys of the elements.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CustomLists {
    /// Group and version, kind, path, keys.
    pub(crate) rows: Vec<(CompactString, CompactString, Vec<CompactString>, Vec<CompactString>)>,
}

/// What an element or object of a patch says of itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// What is known of the object.
struct Context<'c> {
    known: bool,
    kind: CompactString,
    version: CompactString,
    custom: &'c CustomLists,
}

/// Merges a patch into an object; null when it says that nothing remains.
pub(crate) fn merge(target: &mut Value, patch: &Value, custom: &CustomLists) {
    let version = crate::tree::text_at(target, &["apiVersion"]);
    let kind = crate::tree::text_at(target, &["kind"]);
    let (group, number) = version.split_once('/').unwrap_or(("", version.as_str()));
    let known = SCHEMAS
        .iter()
        .any(|(own, versions, kinds)| *own == group && versions.contains(&number) && kinds.contains(&kind.as_str()));
    let context = Context { known, kind: kind.clone(), version: version.clone(), custom };
    let mut path = Vec::new();
    match merged(Some(target), patch, &context, &mut path, 0) {
        Some(value) => *target = value,
        None => target.kind = Kind::Null,
    }
}

/// What becomes of a value under a patch; `None`: it goes.
fn merged(
    target: Option<&Value>,
    patch: &Value,
    context: &Context<'_>,
    path: &mut Vec<CompactString>,
    depth: usize,
) -> Option<Value> {
    if patch.is_null() || depth > DEPTH {
        return None;
    }
    let target = target.filter(|target| !target.is_null());
    match (&patch.kind, target) {
        (Kind::Map(fields), _) => {
            let directive = directive(patch);
            if directive == Directive::Delete {
                return None;
            }
            match target.filter(|target| target.as_map().is_some() && directive == Directive::Merge) {
                Some(target) => Some(maps(target, fields, context, path, depth)),
                None => Some(cleaned(patch)),
            }
        }
        (Kind::List(fresh), Some(target)) if target.as_list().is_some() => match keys(context, path) {
            Some(keys) => lists(target, fresh, &keys, context, path, depth),
            None => Some(cleaned(patch)),
        },
        // What is only said again stays where it was said first: the keys of elements, above all.
        (_, Some(target)) if same(target, patch) => Some(target.clone()),
        _ => Some(cleaned(patch)),
    }
}

fn maps(target: &Value, fields: &Map, context: &Context<'_>, path: &mut Vec<CompactString>, depth: usize) -> Value {
    let mut out = target.clone();
    for field in &fields.entries {
        if let Some(list) = field.key.strip_prefix("$deleteFromPrimitiveList/") {
            if let Some(list) = get_mut(&mut out, list).and_then(list_mut) {
                list.items.retain(|item| !field.value.items().iter().any(|gone| same(item, gone)));
            }
        } else if field.key == "$retainKeys" {
            let kept: Vec<_> = field.value.items().iter().filter_map(Value::as_str).collect();
            if let Some(map) = map_mut(&mut out) {
                map.entries.retain(|entry| kept.contains(&entry.key.as_str()));
            }
        } else if !field.key.starts_with('$') {
            path.push(field.key.clone());
            let result = merged(target.get(&field.key), &field.value, context, path, depth + 1);
            path.pop();
            match (result, map_mut(&mut out)) {
                (Some(value), Some(map)) => {
                    // What the patch says is placed there; what it only passes through, or says again, stays.
                    let known = map.get(&field.key).filter(|known| value.place == known.value.place);
                    let fresh = known.map_or_else(|| field.clone(), Clone::clone);
                    put(map, plimsoll_syntax::value::Entry { value, ..fresh });
                }
                _ => {
                    remove(&mut out, &field.key);
                }
            }
        }
    }
    out
}

fn lists(
    target: &Value,
    fresh: &List,
    keys: &[CompactString],
    context: &Context<'_>,
    path: &mut Vec<CompactString>,
    depth: usize,
) -> Option<Value> {
    let before = target.items();
    let replaces = |item: &&Value| item.as_map().is_some() && directive(item) == Directive::Replace;
    if let Some(only) = fresh.items.iter().find(replaces) {
        let mut items: Vec<Value> = fresh.items.iter().filter(|item| !replaces(item)).map(cleaned).collect();
        // An element that replaces its like, and is not only the word.
        if cleaned(only).as_map().is_some_and(|map| !map.entries.is_empty()) && items.is_empty() {
            items = before.iter().map(|item| if like(item, only, keys) { cleaned(only) } else { item.clone() }).collect();
        }
        return Some(Value::list(items, target.place));
    }
    let mut used = vec![false; before.len()];
    let mut items = Vec::new();
    for item in &fresh.items {
        let found = before.iter().enumerate().find(|(at, known)| used.get(*at) == Some(&false) && like(known, item, keys));
        if let Some(used) = found.and_then(|(at, _)| used.get_mut(at)) {
            *used = true;
        }
        let result = match found {
            Some((_, known)) => merged(Some(known), item, context, path, depth + 1),
            None => merged(None, item, context, path, depth + 1),
        };
        items.extend(result);
    }
    items.extend(before.iter().zip(&used).filter(|(_, used)| !**used).map(|(item, _)| item.clone()));
    Some(Value::list(items, target.place))
}

/// Whether two elements are the same by their keys. A key that one of them lacks is not compared, as long as another is; elements
/// without any are alike.
fn like(a: &Value, b: &Value, keys: &[CompactString]) -> bool {
    if keys.is_empty() {
        return same(a, b);
    }
    let of = |value: &Value| keys.iter().map(|key| value.get(key).and_then(text)).collect::<Vec<_>>();
    let (a, b) = (of(a), of(b));
    let pairs = || a.iter().zip(&b).filter_map(|(a, b)| Some((a.as_ref()?, b.as_ref()?)));
    let nameless = a.iter().chain(&b).all(Option::is_none);
    nameless || (pairs().next().is_some() && pairs().all(|(a, b)| a == b))
}

/// The keys by which the list at the path is merged; `None`: it is replaced.
fn keys(context: &Context<'_>, path: &[CompactString]) -> Option<Vec<CompactString>> {
    let custom = context.custom.rows.iter().find(|row| row.0 == context.version && row.1 == context.kind && row.2 == path);
    if let Some(row) = custom {
        return Some(row.3.clone());
    }
    if !context.known {
        return None;
    }
    let (last, before) = path.split_last()?;
    let parent = before.last().map_or("", CompactString::as_str);
    let fits =
        |place: &str| place.is_empty() || place == parent || (place == context.kind && parent == "spec" && before.len() == 1);
    LISTS
        .iter()
        .find(|(field, place, _)| *field == last.as_str() && fits(place))
        .map(|row| row.2.iter().map(|key| CompactString::const_new(key)).collect())
}

fn directive(patch: &Value) -> Directive {
    match patch.str_at(&["$patch"]) {
        Some("delete") => Directive::Delete,
        Some("replace") => Directive::Replace,
        _ => Directive::Merge,
    }
}

/// Without what is said to the merge only.
fn cleaned(patch: &Value) -> Value {
    let mut out = patch.clone();
    match &mut out.kind {
        Kind::Map(map) if map.entries.iter().any(|entry| matters(&entry.key, &entry.value)) => {
            let map = std::sync::Arc::make_mut(map);
            map.entries.retain(|entry| !entry.key.starts_with('$') || entry.key == "$ref");
            for entry in &mut map.entries {
                entry.value = cleaned(&entry.value);
            }
        }
        Kind::List(list) if list.items.iter().any(|item| item.as_map().is_some()) => {
            let list = std::sync::Arc::make_mut(list);
            list.items.retain(|item| item.as_map().is_none() || directive(item) != Directive::Delete);
            for item in &mut list.items {
                *item = cleaned(item);
            }
        }
        _ => {}
    }
    out
}

fn matters(key: &str, value: &Value) -> bool {
    key.starts_with('$') || value.as_map().is_some() || value.as_list().is_some()
}
