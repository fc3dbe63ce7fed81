//! What a Dockerfile means to other files: the stages that images are built from, and the images that its commands build.

use std::sync::Arc;

use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Item, Kind, Value};

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
    if let Kind::Map(map) = &mut out.kind {
        let map = Arc::make_mut(map);
        for key in ["entrypoint", "cmd"] {
            if let Some(start) = value.get(key) {
                map.set(key, only(start, &["form", "argv"]));
            }
        }
    }
    out
}

/// Whether a command builds something; whether that is an image is for others to tell.
fn builds(value: &Value) -> bool {
    value.get("argv").is_some_and(|argv| argv.items().iter().any(|word| word.as_str() == Some("build")))
}

/// A map with these of its fields.
fn only(value: &Value, keys: &[&str]) -> Value {
    let Some(map) = value.as_map() else { return value.clone() };
    let entries = map.entries.iter().filter(|entry| keys.contains(&entry.key.as_str())).cloned().collect();
    let kept = Map { entries, tail: map.tail.clone(), range: map.range };
    Value { kind: Value::map(kept, value.place).kind, ..value.clone() }
}
