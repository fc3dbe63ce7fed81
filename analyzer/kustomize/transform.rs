//! The plain steps: namespaces, names, labels, annotations, replicas, images, constants.

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::{Kind, Place, Value};
use regex::Regex;

use crate::failure::{Failure, Outcome};
use crate::field::{Field, retext, visit};
use crate::identity::Gvk;
use crate::resource::{Resource, unique};
use crate::tree::{empty_map, get_mut, get_or_insert, list_mut, loose, loose_text, map_mut, set, text};

/// Kinds whose names are never changed, by group (empty: any).
const KEPT_NAMES: &[(&str, &str)] =
    &[("", "CustomResourceDefinition"), ("apiregistration.k8s.io", "APIService"), ("", "Namespace")];

fn at(place: Place) -> impl Fn(String) -> Failure {
    move |reason| Failure::new(place, reason)
}

/// Moves all objects into a namespace. `subjects`: which subjects of role bindings move along.
pub(crate) fn namespace(all: &mut [Resource], new: &Value, fields: &[Field], subjects: &str, unset_only: bool) -> Outcome<()> {
    let Some(name) = text(new).filter(|name| !name.is_empty()) else { return Ok(()) };
    let written = Value::string(name, new.place);
    for resource in all.iter_mut() {
        if resource.is_gone() {
            continue;
        }
        resource.remember();
        let gvk = Gvk::of(&resource.value);
        let mut put = |value: &mut Value| {
            if !unset_only || value.is_null() || value.as_str() == Some("") {
                *value = written.clone();
            }
            Ok(())
        };
        if !gvk.is_cluster_wide() {
            let own = Field::new("", "", "", "metadata/namespace", true);
            visit(&mut resource.value, &own, Some(&Value::new(Kind::Null, new.place)), &mut put).map_err(at(new.place))?;
            if let Some(metadata) = get_mut(&mut resource.value, "metadata")
                && metadata.str_at(&["namespace"]) == written.as_str()
            {
                crate::field::place_entries(metadata, "namespace", new.place);
            }
        }
        for field in fields {
            let path = field.path.join("/");
            let of_namespaces = path == "metadata/name" && field.gvk.kind == "Namespace";
            if path == "metadata/namespace" || (of_namespaces && !(gvk.group.is_empty() && gvk.version == "v1")) {
                continue;
            }
            if matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") && path.starts_with("subjects") {
                continue;
            }
            visit(&mut resource.value, field, Some(&Value::new(Kind::Null, new.place)), &mut put).map_err(at(new.place))?;
        }
        if matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
            move_subjects(&mut resource.value, &written, subjects);
        }
    }
    unique(all).map_err(|failure| Failure::new(new.place, format!("in this namespace, {}", failure.reason)))
}

fn move_subjects(binding: &mut Value, namespace: &Value, which: &str) {
    let Some(subjects) = get_mut(binding, "subjects").and_then(list_mut) else { return };
    for subject in &mut subjects.items {
        let moves = match which {
            "none" => false,
            "allServiceAccounts" => subject.str_at(&["kind"]) == Some("ServiceAccount"),
            _ => subject.str_at(&["name"]) == Some("default"),
        };
        if moves {
            set(subject, "namespace", namespace.clone());
        }
    }
}

/// Which end of a name is added.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Prefix,
    Suffix,
}

/// Adds a prefix or suffix to names.
pub(crate) fn affix(all: &mut [Resource], new: &Value, fields: &[Field], end: End) -> Outcome<()> {
    let Some(affix) = text(new).filter(|affix| !affix.is_empty()) else { return Ok(()) };
    for resource in all {
        let id = resource.original_id();
        if KEPT_NAMES.iter().any(|(group, kind)| *kind == id.gvk.kind && (group.is_empty() || *group == id.gvk.group)) {
            continue;
        }
        for field in fields.iter().filter(|field| id.gvk.is_selected_by(&field.gvk)) {
            if field.path.join("/") == "metadata/name" {
                match end {
                    End::Prefix => resource.prefixes.push(affix.clone()),
                    End::Suffix => resource.suffixes.push(affix.clone()),
                }
                resource.remember();
            }
            visit(&mut resource.value, field, Some(&Value::new(Kind::Null, new.place)), &mut |value| {
                let name = text(value).unwrap_or_default();
                value.kind = Kind::String(match end {
                    End::Prefix => format_compact!("{affix}{name}"),
                    End::Suffix => format_compact!("{name}{affix}"),
                });
                Ok(())
            })
            .map_err(at(new.place))?;
        }
    }
    Ok(())
}

/// Sets entries (labels or annotations) at fields.
pub(crate) fn entries(all: &mut [Resource], new: &[(CompactString, Value)], fields: &[Field], place: Place) -> Outcome<()> {
    if new.is_empty() {
        return Ok(());
    }
    for resource in all {
        for field in fields {
            visit(&mut resource.value, field, Some(&empty_map(place)), &mut |value| {
                for (key, text) in new {
                    set(value, key, text.clone());
                }
                Ok(())
            })
            .map_err(at(place))?;
        }
    }
    Ok(())
}

/// Sets the number of replicas of what has a name.
pub(crate) fn replicas(all: &mut [Resource], new: &Value, fields: &[Field]) -> Outcome<()> {
    let name = loose_text(new, "name");
    let Some(count) = loose(new, "count") else { return Ok(()) };
    let mut found = false;
    for resource in all {
        for field in fields {
            if !resource.ids().any(|id| id.name == name && id.gvk.is_selected_by(&field.gvk)) {
                continue;
            }
            found = true;
            let placed = visit(&mut resource.value, field, Some(&Value::new(Kind::Null, count.place)), &mut |value| {
                *value = count.clone();
                Ok(())
            });
            placed.map_err(at(new.place))?;
            if let Some((last, parents)) = field.path.split_last() {
                let parent = parents.iter().try_fold(&mut resource.value, |value, key| get_mut(value, key));
                if let Some(parent) = parent {
                    crate::field::place_entries(parent, last, count.place);
                }
            }
        }
    }
    if found { Ok(()) } else { Err(Failure::new(new.place, format!("nothing of the name {name} has replicas"))) }
}

/// Changes images: of all containers, and at fields.
pub(crate) fn images(all: &mut [Resource], new: &Value, fields: &[Field]) -> Outcome<()> {
    let name = loose_text(new, "name");
    let pattern = Regex::new(&format!(r"^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$"))
        .map_err(|_| Failure::new(new.place, format!("{name} is no pattern of an image")))?;
    let change = |image: &mut Value| {
        if let Some(text) = image.as_str().filter(|text| pattern.is_match(text)) {
            let (text, place) = renamed(text, new);
            retext(image, text, place);
        }
    };
    for resource in all {
        if Gvk::of(&resource.value).kind != "CustomResourceDefinition" {
            in_containers(&mut resource.value, &change, 64);
        }
        for field in fields {
            let done = visit(&mut resource.value, field, None, &mut |value| {
                change(value);
                Ok(())
            });
            done.map_err(at(new.place))?;
        }
    }
    Ok(())
}

fn in_containers(value: &mut Value, change: &impl Fn(&mut Value), depth: usize) {
    if depth == 0 {
        return;
    }
    if let Some(map) = map_mut(value) {
        for entry in &mut map.entries {
            if matches!(entry.key.as_str(), "containers" | "initContainers")
                && let Some(list) = list_mut(&mut entry.value)
            {
                for container in &mut list.items {
                    let before = container.get("image").map(|image| image.place);
                    if let Some(image) = get_mut(container, "image") {
                        change(image);
                        let after = image.place;
                        if before != Some(after) {
                            crate::field::place_entries(container, "image", after);
                        }
                    }
                }
            }
            in_containers(&mut entry.value, change, depth - 1);
        }
    } else if let Some(list) = list_mut(value) {
        for item in &mut list.items {
            in_containers(item, change, depth - 1);
        }
    }
}

/// The image under its new name, tag or digest, and where the last of them is written.
fn renamed(image: &str, new: &Value) -> (CompactString, Place) {
    let from = image.find('/').unwrap_or(0);
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let colon = rest.get(from..).and_then(|tail| tail.find(':')).map(|at| from + at);
    let (name, tag) = match colon.and_then(|at| Some((rest.get(..at)?, rest.get(at + 1..)?))) {
        Some((name, tag)) => (name, Some(tag)),
        None => (rest, None),
    };
    let field = |key: &str| loose(new, key).and_then(|value| Some((text(value).filter(|text| !text.is_empty())?, value.place)));
    let mut place = new.place;
    let (mut name, mut tag, mut digest) =
        (CompactString::from(name), tag.map(CompactString::from), digest.map(CompactString::from));
    if let Some((text, at)) = field("newName") {
        (name, place) = (text, at);
    }
    match (field("newTag"), field("digest"), field("tagSuffix")) {
        (Some((new_tag, at)), Some((new_digest, _)), _) => (tag, digest, place) = (Some(new_tag), Some(new_digest), at),
        (Some((new_tag, at)), None, _) => (tag, digest, place) = (Some(new_tag), None, at),
        (None, Some((new_digest, at)), _) => (tag, digest, place) = (None, Some(new_digest), at),
        (None, None, Some((suffix, at))) => {
            (tag, digest, place) = (Some(format_compact!("{}{suffix}", tag.unwrap_or_default())), None, at);
        }
        (None, None, None) => {}
    }
    let mut out = name;
    for (sign, part) in [(':', tag), ('@', digest)] {
        if let Some(part) = part {
            out.push(sign);
            out.push_str(&part);
        }
    }
    (out, place)
}

/// Adds a constant in front of or behind what is at fields of the selected objects.
pub(crate) fn add_value(all: &mut [Resource], constant: &Value, targets: &[Value]) -> Outcome<()> {
    let Some(constant_text) = text(constant) else { return Ok(()) };
    for target in targets {
        let path = loose_text(target, "fieldPath");
        let position = loose(target, "filePathPosition").and_then(Value::as_int);
        let selector = loose(target, "selector").map(crate::select::Target::read).transpose()?;
        let field = Field { create: true, ..Field::new("", "", "", &path, true) };
        for resource in all.iter_mut().filter(|resource| selector.as_ref().is_none_or(|selector| selector.selects(resource))) {
            visit(&mut resource.value, &field, Some(&Value::new(Kind::Null, constant.place)), &mut |value| {
                let mut parts: Vec<CompactString> =
                    text(value).unwrap_or_default().split('/').filter(|part| !part.is_empty()).map(Into::into).collect();
                match position.and_then(|at| usize::try_from(at - 1).ok()) {
                    Some(at) => parts.insert(at.min(parts.len()), constant_text.clone()),
                    None => parts = vec![constant_text.clone()],
                }
                *value = Value::string(parts.join("/"), constant.place);
                Ok(())
            })
            .map_err(at(target.place))?;
        }
    }
    Ok(())
}

/// Sets annotations of an object's own metadata.
pub(crate) fn annotate(resource: &mut Resource, key: &str, note: &str) {
    let place = resource.value.place;
    if let Some(metadata) = get_or_insert(&mut resource.value, "metadata", &empty_map(place))
        && let Some(annotations) = get_or_insert(metadata, "annotations", &empty_map(place))
    {
        set(annotations, key, Value::string(note, place));
    }
}
