//! Documents as objects of the API.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::item::Owner;
use plimsoll_syntax::text::joined;
use plimsoll_syntax::value::{Map, Reason, Unknown};
use plimsoll_syntax::yaml::{self, Dialect};
use plimsoll_syntax::{FileId, Item, Kind, Place, Value, Views, views};

use crate::values::{copy, entry, field, set_at, shown};
use crate::{kinds, peer, rbac, route, workload};

/// How deep lists may lie in lists.
const LIST_DEPTH: usize = 4;

/// An object of the API with what is read from its head.
pub(crate) struct Object {
    pub(crate) group: CompactString,
    pub(crate) kind: CompactString,
    /// `metadata.name`, or what is written of `metadata.generateName`; null without either.
    pub(crate) name: Value,
    /// Null where the kind belongs to none.
    pub(crate) namespace: Value,
    /// `Kind/name`.
    pub(crate) label: CompactString,
    /// The `kind:` entry.
    pub(crate) header: Place,
    /// The whole object.
    pub(crate) place: Place,
    /// As written, with the derived fields.
    pub(crate) value: Value,
    /// Position among the objects of the file.
    pub(crate) index: u32,
    /// It configures a program and never reaches a cluster.
    pub(crate) configuration: bool,
}

impl Object {
    pub(crate) fn owner(&self) -> Owner {
        Owner { name: self.label.clone(), range: self.place }
    }

    /// An item that belongs to this object.
    pub(crate) fn part(&self, view: &'static str, name: CompactString, header: Place, range: Place, value: Value) -> Item {
        Item {
            views: views![CompactString::const_new(view)],
            name,
            header,
            range: range.span,
            value,
            owner: Some(self.owner()),
            index: self.index,
        }
    }
}

/// The items of one file: its objects, and their workloads, containers, volumes, mounts, images and RBAC rules.
///
/// Documents that are no objects (without a known `kind`) have no items.
#[must_use]
pub fn items(tree: &yaml::Tree, file: FileId) -> Vec<Item> {
    let mut items = Vec::new();
    let mut index = 0;
    let home = home(&tree.source);
    for document in yaml::to_values(tree, file, Dialect::Kubernetes) {
        add(&document, &home, &mut index, &mut items);
    }
    items
}

/// The items of one object that was not read from a manifest, such as one that Terraform makes.
#[must_use]
pub fn items_of(object: &Value) -> Vec<Item> {
    let mut items = Vec::new();
    add(object, &DEFAULT_NAMESPACE, &mut 0, &mut items);
    items
}

const DEFAULT_NAMESPACE: Kind = Kind::String(CompactString::const_new("default"));

/// What speaks of a chart in a template.
const OF_CHARTS: &[&str] = &[".Values.", ".Release.", ".Chart.", "include \""];

/// The namespace of objects that name none: of a chart's, the one that it is installed into.
fn home(source: &str) -> Kind {
    if source.contains("{{") && OF_CHARTS.iter().any(|word| source.contains(word)) {
        return Kind::Unknown(Arc::new(Unknown::new(Reason::Rendered, "{{ .Release.Namespace }}")));
    }
    DEFAULT_NAMESPACE
}

fn add(value: &Value, home: &Kind, index: &mut u32, items: &mut Vec<Item>) {
    flatten(value, None, LIST_DEPTH, &mut |value, inherited| {
        let Some(object) = read(value, inherited, home, *index) else { return };
        *index += 1;
        items.push(Item {
            views: views(&object),
            name: object.label.clone(),
            header: object.header,
            range: object.place.span,
            value: object.value.clone(),
            owner: None,
            index: object.index,
        });
        if !object.configuration {
            workload::items(&object, items);
            rbac::rules(&object, items);
            route::backends(&object, items);
            peer::peers(&object, items);
        }
    });
}

fn views(object: &Object) -> Views {
    let mut views = Views::new();
    if kinds::is_own(&object.group, &object.kind) {
        views.push(object.kind.clone());
    }
    if !object.configuration {
        views.push(CompactString::const_new("object"));
    }
    views
}

/// Calls `visit` with each object of a `List` or `…List`, or the value itself; with the version and kind that a typed list gives
/// to its elements.
fn flatten(
    value: &Value,
    inherited: Option<(&Value, &str)>,
    depth: usize,
    visit: &mut impl FnMut(&Value, Option<(&Value, &str)>),
) {
    let list = value.str_at(&["kind"]).and_then(|kind| Some((kind.strip_suffix("List")?, value.get("items")?)));
    match list {
        Some((element, items)) if depth > 0 && items.as_list().is_some() => {
            let version = value.get("apiVersion");
            let inherited = version.filter(|_| !element.is_empty()).map(|version| (version, element));
            for item in items.items() {
                flatten(item, inherited, depth - 1, visit);
            }
        }
        _ => visit(value, inherited),
    }
}

fn read(value: &Value, inherited: Option<(&Value, &str)>, home: &Kind, index: u32) -> Option<Object> {
    let map = value.as_map()?;
    let written = map.get("kind").filter(|entry| !entry.value.is_null());
    let kind = match (written, inherited) {
        (Some(entry), _) => CompactString::from(entry.value.as_str()?),
        (None, Some((_, kind))) => kind.into(),
        (None, None) => return None,
    };
    let version = entry(value, &["apiVersion"]).map(|entry| &entry.value).or_else(|| inherited.map(|(version, _)| version))?;
    if kind.is_empty() {
        return None;
    }
    let header = written.or_else(|| map.entries.first()).map_or(value.place, |entry| entry.place);
    let (group, version_value) = group_and_version(version);
    let metadata = field(value, "metadata");
    let name = match field(&metadata, "name") {
        absent if absent.is_null() => field(&metadata, "generateName"),
        name => name,
    };
    let label = match shown(&name) {
        Some(name) => joined([&kind, "/", &name]),
        None => kind.clone(),
    };
    let configuration = kinds::is_configuration(&group, &kind);
    let written_namespace = field(&metadata, "namespace");
    let namespaced = match kinds::namespaced(&group, &kind) {
        _ if version.as_str().is_none() => None,
        None if !written_namespace.is_null() => Some(true),
        known => known,
    };
    let name_place = entry(&metadata, &["name"]).map_or(header, |entry| entry.place);
    let namespace = match namespaced {
        Some(false) => Value::default(),
        _ if !written_namespace.is_null() => written_namespace,
        Some(true) => Value::new(home.clone(), name_place),
        None => Value::unknown(Unknown::new(Reason::Undeclared, format_compact!("scope of {kind}")), name_place),
    };
    // Group, version, both with the kind, the scope; then what is not always added.
    let room = 4 + usize::from(!namespace.is_null()) + 2 * usize::from(written.is_none());
    let mut map = copy(value, room);
    let version_place = entry(value, &["apiVersion"]).map_or(header, |entry| entry.place);
    let gvk = match version.as_str() {
        Some(version) => Kind::String(joined([version, "/", &kind])),
        None => version_value.1.clone(),
    };
    for (key, kind) in [("group", version_value.0), ("version", version_value.1), ("gvk", gvk)] {
        set_at(&mut map, key, Value::new(kind, version.place), version_place);
    }
    if written.is_none() {
        map.set("kind", Value::string(kind.clone(), header));
        map.set("apiVersion", version.clone());
    }
    if !namespace.is_null() {
        map.set("namespace", namespace.clone());
    }
    let scope = match namespaced {
        Some(known) => Kind::Bool(known),
        None => Kind::Unknown(Arc::new(Unknown::new(Reason::Undeclared, format_compact!("scope of {kind}")))),
    };
    map.set("namespaced", Value::new(scope, header));
    let map = Map { range: value.place.span, ..map };
    Some(Object {
        group,
        kind,
        name,
        namespace,
        label,
        header,
        place: value.place,
        value: Value::map(map, value.place),
        index,
        configuration,
    })
}

/// The group (empty: the core's, or not known) and both as values.
fn group_and_version(version: &Value) -> (CompactString, (Kind, Kind)) {
    match &version.kind {
        Kind::String(text) => {
            let (group, version) = text.split_once('/').unwrap_or(("", text));
            (group.into(), (Kind::String(group.into()), Kind::String(version.into())))
        }
        Kind::Null => Default::default(),
        kind => {
            // A version in a hole; the group may be written before it.
            let text = shown(version).unwrap_or_default();
            match text.split_once('/').filter(|(group, _)| !group.contains("{{") && !group.contains('$')) {
                Some((group, _)) => (group.into(), (Kind::String(group.into()), kind.clone())),
                None => (CompactString::default(), (kind.clone(), kind.clone())),
            }
        }
    }
}
