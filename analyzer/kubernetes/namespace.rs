//! Namespaces: those declared, and those that objects merely use.

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::value::{Map, Reason, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Value, views};
use rustc_hash::FxHashMap;

use crate::network::{Direction, cilium_denies_by_default, denies_by_default};
use crate::selector::or;
use crate::values::{entry, field, set_at, shown};

/// What is gathered of one namespace before it becomes an item.
#[derive(Default)]
struct Seen<'a> {
    declared: Option<&'a Item>,
    first: Option<&'a Item>,
    policies: Vec<&'a Item>,
    workloads: u32,
}

/// The `namespace` items of a cluster, by name. Fields: `name`, `declared`, `labels` and `annotations` (unknown where it is not
/// declared here), `workloads` (how many), `default_deny_ingress`, `default_deny_egress`.
pub(crate) fn items<'a, O: Iterator<Item = &'a Item>>(
    objects: impl Fn() -> O,
    workloads: impl Iterator<Item = &'a Item>,
) -> Vec<Item> {
    let mut seen: FxHashMap<CompactString, Seen<'_>> = FxHashMap::default();
    for object in objects() {
        if is_kind(object, "Namespace") {
            let Some(name) = entry(&object.value, &["metadata", "name"]).and_then(|entry| shown(&entry.value)) else { continue };
            seen.entry(name).or_default().declared.get_or_insert(object);
            continue;
        }
        // What a custom resource belongs to is told by what is written; a guess would make up a namespace.
        let Some(name) = namespace_of(object) else { continue };
        let found = seen.entry(name).or_default();
        found.first.get_or_insert(object);
        if is_kind(object, "NetworkPolicy") || is_kind(object, "CiliumNetworkPolicy") {
            found.policies.push(object);
        }
    }
    for workload in workloads {
        if let Some(found) = namespace_of(workload).and_then(|name| seen.get_mut(&name)) {
            found.workloads += 1;
        }
    }
    let everywhere: Vec<&Item> = objects().filter(|object| is_kind(object, "CiliumClusterwideNetworkPolicy")).collect();
    for found in seen.values_mut() {
        found.policies.extend(&everywhere);
    }
    let mut items: Vec<Item> = seen.into_iter().filter_map(|(name, seen)| one(&name, &seen)).collect();
    items.sort_by(|left, right| left.name.cmp(&right.name));
    items
}

/// The namespace of an object as text; `None`: it belongs to none, or nobody knows whether it does.
pub(crate) fn namespace_of(item: &Item) -> Option<CompactString> {
    let namespace = &item.value.as_map()?.get("namespace")?.value;
    match &namespace.kind {
        Kind::Unknown(unknown) if unknown.reason == Reason::Undeclared => None,
        _ => shown(namespace),
    }
}

/// Whether an item is an object of this built-in kind.
pub(crate) fn is_kind(item: &Item, kind: &str) -> bool {
    item.views.first().is_some_and(|view| view == kind)
}

fn one(name: &CompactString, seen: &Seen<'_>) -> Option<Item> {
    let home = seen.declared.or(seen.first)?;
    let (header, value_place) = match seen.declared {
        Some(declared) => (declared.header, declared.value.place),
        None => {
            let written = entry(&home.value, &["metadata", "namespace"]);
            written.map_or((home.header, home.header), |entry| (entry.place, entry.value.place))
        }
    };
    let mut map = Map::default();
    if let Some(declared) = seen.declared {
        map = declared.value.as_map().cloned().unwrap_or_default();
    }
    set_at(&mut map, "name", Value::string(name.clone(), value_place), header);
    set_at(&mut map, "declared", Value::bool(seen.declared.is_some(), header), header);
    for key in ["labels", "annotations"] {
        match seen.declared {
            Some(declared) => {
                if let Some(entry) = entry(&declared.value, &["metadata", key]) {
                    set_at(&mut map, key, entry.value.clone(), entry.place);
                }
            }
            None => {
                let unknown = Unknown::new(Reason::Undeclared, format_compact!("Namespace/{name}"));
                set_at(&mut map, key, Value::unknown(unknown, header), header);
            }
        }
    }
    set_at(&mut map, "workloads", Value::int(seen.workloads, header), header);
    for (key, direction) in [("default_deny_ingress", Direction::Ingress), ("default_deny_egress", Direction::Egress)] {
        let by = |policy: &&Item| match is_kind(policy, "NetworkPolicy") {
            true => denies_by_default(&policy.value, direction),
            false => cilium_denies_by_default(&policy.value, direction),
        };
        let denied = seen.policies.iter().map(by).fold(Some(false), or);
        let value = match denied {
            Some(denied) => Value::bool(denied, header),
            None => Value::unknown(Unknown::new(Reason::Rendered, "a NetworkPolicy"), header),
        };
        set_at(&mut map, key, value, header);
    }
    let range = seen.declared.map_or(Place::new(header.file, header.span), |declared| Place::new(header.file, declared.range));
    Some(Item {
        views: views![CompactString::const_new("namespace")],
        name: format_compact!("Namespace/{name}"),
        header,
        range: range.span,
        value: Value::map(Map { range: range.span, ..map }, value_place),
        owner: None,
        index: home.index,
    })
}

/// The labels of a workload's pods.
pub(crate) fn labels(workload: &Item) -> Value {
    field(&workload.value, "labels")
}
