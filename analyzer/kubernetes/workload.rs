//! Workloads: anything that holds the template of a pod.

use compact_str::CompactString;
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Item, Kind, Value};

use crate::kinds::{self, Shape};
use crate::object::Object;
use crate::values::{copy, derived, entry, field, follow, set_at};
use crate::{container, volume};

/// How deep, and how many values, are searched for pods in a kind that is not known.
const SEARCH_DEPTH: usize = 12;
const SEARCH_VALUES: usize = 20_000;

/// A pod template of an object.
pub(crate) struct Template {
    /// Of the pods; null without any.
    pub(crate) metadata: Value,
    /// The pod's spec: always a map, or unknown.
    pub(crate) pod: Value,
    /// `metadata` and `spec`, for rules.
    pub(crate) whole: Value,
    shape: Shape,
}

/// Adds the workloads of an object, and what they hold.
pub(crate) fn items(object: &Object, items: &mut Vec<Item>) {
    for template in templates(object) {
        one(object, &template, items);
    }
}

fn one(object: &Object, template: &Template, items: &mut Vec<Item>) {
    let summary = summary(object, template);
    let mut containers = container::items(object, template, &summary);
    if template.shape == Shape::Overlay {
        containers.retain(|item| item.value.get("image").is_some());
    }
    if containers.is_empty() && matches!(template.shape, Shape::Overlay | Shape::Steps) {
        return;
    }
    let derived = [
        ("name", object.name.clone()),
        ("labels", field(&template.metadata, "labels")),
        ("annotations", field(&template.metadata, "annotations")),
        ("replicas", replicas(object)),
    ];
    let derived = derived.into_iter().filter(|(_, value)| !value.is_null());
    // These, the template, its pod and the containers.
    let mut map = copy(&object.value, derived.clone().count() + 3);
    derived.for_each(|(key, value)| map.set(key, value));
    // A finding about what a pod lacks underlines its `spec:`, not the whole of it.
    let spec_place = entry(&template.whole, &["spec"]).map_or(object.header, |entry| entry.place);
    set_at(&mut map, "template", template.whole.clone(), spec_place);
    set_at(&mut map, "pod", template.pod.clone(), spec_place);
    let place = entry(&template.pod, &["containers"]).map_or(spec_place, |entry| entry.place);
    let tail = match &field(&template.pod, "containers").kind {
        Kind::List(list) => list.tail.clone(),
        Kind::Unknown(unknown) => Some(unknown.clone()),
        _ => None,
    };
    let list =
        plimsoll_syntax::value::List { items: containers.iter().map(|item| item.value.clone()).collect(), tail, blocks: false };
    set_at(&mut map, "containers", Value::new(Kind::List(list.into()), place), place);
    let mut workload = object.part("workload", object.label.clone(), object.header, object.place, Value::map(map, object.place));
    workload.range = object.place.span;
    items.push(workload);
    for container in containers {
        volume::mounts(object, template, &container, &summary, items);
        if let Some(image) = crate::image::usage(object, &container) {
            items.push(image);
        }
        items.push(container);
    }
    volume::items(object, template, &summary, items);
}

/// What a container says of its workload.
fn summary(object: &Object, template: &Template) -> Value {
    let fields = [
        ("kind", Value::string(object.kind.clone(), object.header)),
        ("name", object.name.clone()),
        ("namespace", object.namespace.clone()),
        ("labels", field(&template.metadata, "labels")),
        ("annotations", field(&template.metadata, "annotations")),
    ];
    derived(fields, object.header)
}

fn replicas(object: &Object) -> Value {
    let written = follow(&object.value, &["spec", "replicas"]);
    let one = object.kind == "Pod" || kinds::REPLICATED.contains(&object.kind.as_str());
    if written.is_null() && one { Value::int(1, object.header) } else { written }
}

/// The pod templates of an object, by its kind; a kind that is not known is searched for them.
pub(crate) fn templates(object: &Object) -> Vec<Template> {
    let mut found = Vec::new();
    let mut known = false;
    for path in kinds::pod_paths(&object.group, &object.kind) {
        known = true;
        let mut ends = Vec::new();
        along(&object.value, path.path, &mut ends);
        for end in ends {
            match path.shape {
                Shape::Template | Shape::Overlay => found.extend(template(&end, path.shape)),
                Shape::Spec => found.push(of_spec(Value::default(), end)),
                Shape::Steps => found.extend(steps(&end)),
                Shape::Workflow => workflow(&end, &mut found),
            }
        }
    }
    if !known && !kinds::is_builtin(&object.group) {
        let mut left = SEARCH_VALUES;
        search(&object.value, SEARCH_DEPTH, &mut left, &mut found);
    }
    found
}

/// What a path leads to, `*` to each element.
fn along(value: &Value, path: &[&str], ends: &mut Vec<Value>) {
    let Some((step, rest)) = path.split_first() else {
        ends.push(value.clone());
        return;
    };
    match &value.kind {
        _ if *step != "*" => {
            let next = field(value, step);
            if !next.is_null() {
                along(&next, rest, ends);
            }
        }
        Kind::List(list) => list.items.iter().for_each(|item| along(item, rest, ends)),
        Kind::Map(map) => map.entries.iter().for_each(|entry| along(&entry.value, rest, ends)),
        _ => {}
    }
}

fn template(value: &Value, shape: Shape) -> Option<Template> {
    let pod = match field(value, "spec") {
        // A fragment with labels only: its pods are known by them, though nothing is known of what they run.
        absent if absent.is_null() && shape == Shape::Template && field(value, "metadata").as_map().is_some() => {
            Value::map(Map { range: value.place.span, ..Map::default() }, value.place)
        }
        pod => pod,
    };
    // A template without a spec, or with one that is no map, holds no pod.
    if !matches!(pod.kind, Kind::Map(_) | Kind::Unknown(_)) {
        return None;
    }
    Some(Template { metadata: field(value, "metadata"), pod, whole: value.clone(), shape })
}

/// The template around a pod's spec that is assembled from something else.
fn of_spec(metadata: Value, pod: Value) -> Template {
    let place = pod.place;
    let mut map = Map::default();
    if !metadata.is_null() {
        map.set("metadata", metadata.clone());
    }
    map.set("spec", pod.clone());
    Template { metadata, pod, whole: Value::map(map, place), shape: Shape::Spec }
}

/// A Tekton task as a pod: its steps and sidecars are the containers.
fn steps(task: &Value) -> Option<Template> {
    let steps = field(task, "steps");
    let mut map = copy(task, 2);
    map.entries.retain(|entry| matches!(entry.key.as_str(), "volumes" | "steps" | "sidecars" | "stepTemplate"));
    let mut containers = Vec::new();
    for list in [&steps, &field(task, "sidecars")] {
        containers.extend(list.items().iter().cloned());
    }
    if containers.is_empty() {
        return None;
    }
    map.set("containers", Value::list(containers, steps.place));
    if let Some(context) = entry(task, &["stepTemplate", "securityContext"]) {
        map.set("securityContext", context.value.clone());
    }
    let template = of_spec(Value::default(), Value::map(map, task.place));
    Some(Template { shape: Shape::Steps, ..template })
}

/// The templates of an Argo workflow that run containers, each as a pod with the workflow's settings.
fn workflow(spec: &Value, found: &mut Vec<Template>) {
    const SHARED: &[&str] =
        &["securityContext", "serviceAccountName", "automountServiceAccountToken", "volumes", "hostNetwork", "nodeSelector"];
    for template in field(spec, "templates").items() {
        let mut containers: Vec<Value> = Vec::new();
        for key in ["container", "script"] {
            containers.extend(entry(template, &[key]).map(|entry| entry.value.clone()));
        }
        for list in [follow(template, &["containerSet", "containers"]), field(template, "sidecars")] {
            containers.extend(list.items().iter().cloned());
        }
        if containers.is_empty() {
            continue;
        }
        let mut pod = Map { range: template.place.span, ..Map::default() };
        pod.set("containers", Value::list(containers, template.place));
        for key in SHARED.iter().chain(&["initContainers"]) {
            if let Some(entry) = entry(template, &[key]).or_else(|| entry(spec, &[key])) {
                pod.entries.push(entry.clone());
            }
        }
        let metadata = match field(template, "metadata") {
            absent if absent.is_null() => field(spec, "podMetadata"),
            own => own,
        };
        found.push(of_spec(metadata, Value::map(pod, template.place)));
    }
}

/// Looks for `spec` with `containers: [{name, image}]` in a kind that is not known.
fn search(value: &Value, depth: usize, left: &mut usize, found: &mut Vec<Template>) {
    if depth == 0 || *left == 0 {
        return;
    }
    *left -= 1;
    match &value.kind {
        Kind::List(list) => list.items.iter().for_each(|item| search(item, depth - 1, left, found)),
        Kind::Map(map) => {
            let named = |container: &Value| ["name", "image"].iter().all(|key| container.get(key).is_some_and(is_text));
            let holds = |spec: &Value| spec.get("containers").and_then(|list| list.items().first()).is_some_and(named);
            if map.get("spec").is_some_and(|entry| holds(&entry.value)) {
                found.extend(template(value, Shape::Template));
                return;
            }
            map.entries.iter().for_each(|entry| search(&entry.value, depth - 1, left, found));
        }
        _ => {}
    }
}

const fn is_text(value: &Value) -> bool {
    matches!(value.kind, Kind::String(_) | Kind::Template(_) | Kind::Unknown(_))
}

/// The name of a container or volume, for people.
pub(crate) fn name_of(value: &Value) -> CompactString {
    crate::values::shown(&field(value, "name")).unwrap_or_default()
}
