//! What a Dockerfile means to other files: the stages that images are built from, and the images that its commands build.

use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Item, Value};

/// Programs that build images, as `PROGRAM build`.
const BUILDERS: &[&str] = &["docker", "podman", "buildah", "nerdctl"];

/// What of a stage matters to who runs it.
const RUN_WITH: &[&str] = &["name", "alias", "index", "final", "user", "workdir", "env", "ports"];

/// Of the items of a Dockerfile those that others ask for, without what only its own rules look at.
#[must_use]
pub fn lasting(items: &[Item]) -> Vec<Item> {
    let kept = |item: &Item| match item.views.last()?.as_str() {
        "stage" => Some(Item { value: stage(&item.value), ..item.clone() }),
        "command" if builds(&item.value) => Some(Item { value: only(&item.value, &["argv"]), ..item.clone() }),
        _ => None,
    };
    items.iter().filter_map(kept).collect()
}

fn stage(value: &Value) -> Value {
    let mut out = only(value, RUN_WITH);
    if let plimsoll_syntax::Kind::Map(map) = &mut out.kind {
        let map = std::sync::Arc::make_mut(map);
        for key in ["entrypoint", "cmd"] {
            if let Some(start) = value.get(key) {
                map.set(key, only(start, &["form", "argv"]));
            }
        }
    }
    out
}

fn builds(value: &Value) -> bool {
    let mut words = value.get("argv").map(Value::items).unwrap_or_default().iter().filter_map(Value::as_str);
    words.next().is_some_and(|word| BUILDERS.contains(&word.rsplit('/').next().unwrap_or(word)))
        && words.any(|word| word == "build")
}

/// A map with these of its fields.
fn only(value: &Value, keys: &[&str]) -> Value {
    let Some(map) = value.as_map() else { return value.clone() };
    let entries = map.entries.iter().filter(|entry| keys.contains(&entry.key.as_str())).cloned().collect();
    let kept = Map { entries, tail: map.tail.clone(), range: map.range };
    Value { kind: Value::map(kept, value.place).kind, ..value.clone() }
}
