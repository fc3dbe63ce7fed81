//! `ecs.container`: the containers of ECS task definitions, decoded from their JSON.
//!
//! Fields: what `container_definitions` says, with the names that AWS gives them, `environment` as a map from name to value; and
//! `task`, the map of the task definition's own fields.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Entry, List, Map};
use plimsoll_syntax::{Item, Kind, Place, Value, views};

use super::embedded::{self, Source};

/// The resource type whose containers these are.
const TASK: &str = "aws_ecs_task_definition";
/// How many containers of one task are looked at.
const LIMIT: usize = 200;

/// The containers of all task definitions, in their order.
#[must_use]
pub(crate) fn items(terraform: &[Item], source: Source<'_>) -> Vec<Item> {
    let tasks = terraform.iter().filter(|item| item.views.first().is_some_and(|view| view == TASK));
    tasks.flat_map(|task| containers(task, source)).collect()
}

fn containers(task: &Item, source: Source<'_>) -> Vec<Item> {
    let Some(definitions) = task.value.as_map().and_then(|map| map.get("container_definitions")) else { return Vec::new() };
    let Some(document) = embedded::json(&definitions.value, source) else { return Vec::new() };
    let containers = document.items().iter().filter_map(|container| Some((container.place, container.as_map()?))).take(LIMIT);
    let placed = |place: Place| if place.is_some() { place } else { definitions.place };
    containers.map(|(place, container)| self::container(task, container, placed(place))).collect()
}

fn container(task: &Item, written: &Map, place: Place) -> Item {
    let mut fields = Map { range: place.span, ..Map::default() };
    for entry in &written.entries {
        let value = if entry.key == "environment" { by_name(&entry.value) } else { entry.value.clone() };
        let place = if entry.place.is_some() { entry.place } else { place };
        fields.entries.push(Entry { place, value, ..entry.clone() });
    }
    fields.set("task", Value { place: task.header, ..task.value.clone() });
    let name = written.get("name").and_then(|name| name.value.as_str()).unwrap_or("container");
    Item {
        views: views!["ecs.container".into()],
        name: CompactString::from(name),
        header: place,
        range: place.span,
        value: Value::map(fields, place),
        owner: Some(Owner { name: task.name.clone(), range: Place { span: task.range, ..task.header } }),
        index: task.index,
    }
}

/// A list of `name` and `value` as a map.
fn by_name(list: &Value) -> Value {
    let Kind::List(written) = &list.kind else { return list.clone() };
    let List { items, tail, .. } = &**written;
    let mut map = Map { tail: tail.clone(), ..Map::default() };
    for item in items {
        match item.str_at(&["name"]) {
            Some(name) => map.set(name, item.get("value").cloned().unwrap_or_default()),
            None => map.tail = map.tail.take().or_else(|| item.get("name").and_then(Value::as_unknown).cloned()),
        }
    }
    Value { kind: Kind::Map(Arc::new(map)), ..list.clone() }
}

#[cfg(test)]
mod tests {
    use plimsoll_syntax::Span;

    use super::*;
    use crate::domains::samples::{map, template, text};

    fn task(definitions: Value) -> Item {
        Item {
            views: views![TASK.into(), "resource".into()],
            name: "aws_ecs_task_definition.web".into(),
            header: Place::NONE,
            range: Span::default(),
            value: map(vec![("container_definitions", definitions), ("network_mode", text("host"))]),
            owner: None,
            index: 7,
        }
    }

    #[test]
    fn containers_of_a_task() {
        let json = r#"[{"name": "web", "image": "$", "privileged": true, "environment": [{"name": "TOKEN", "value": "a"}]}, {"name": "log"}]"#;
        let found = items(&[task(template(json)), task(text("not JSON"))], &|_| None);
        let [web, log] = &found[..] else { panic!("{found:?}") };
        assert_eq!(web.name, "web");
        assert_eq!(web.value.get("privileged").and_then(Value::as_bool), Some(true));
        assert!(web.value.get("image").is_some_and(|image| image.as_unknown().is_some()));
        assert_eq!(web.value.str_at(&["environment", "TOKEN"]), Some("a"));
        assert_eq!(web.value.str_at(&["task", "network_mode"]), Some("host"));
        assert_eq!(web.owner.as_ref().map(|owner| owner.name.as_str()), Some("aws_ecs_task_definition.web"));
        assert_eq!(log.value.get("privileged"), None);
    }
}
