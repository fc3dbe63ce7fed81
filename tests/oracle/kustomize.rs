//! Kustomize: what a kustomization builds, as YAML documents.

use std::sync::Arc;

use plimsoll_kustomize::Files;
use plimsoll_syntax::value::Number;
use plimsoll_syntax::{FileId, Kind, Value as Ours};
use serde_json::{Map, Value, json};

/// The files of a case.
struct Held<'c>(&'c Value);

impl Files for Held<'_> {
    fn read(&self, path: &str) -> Option<(Arc<str>, FileId)> {
        let files = self.0.as_object()?;
        let (at, (_, text)) = files.iter().enumerate().find(|(_, (name, _))| name.trim_start_matches("./") == path)?;
        Some((text.as_str()?.into(), FileId(u32::try_from(at).ok()?)))
    }
}

/// The result of one case.
pub(crate) fn answer(case: &Value) -> Value {
    let root = case["root"].as_str().unwrap_or(".").trim_start_matches("./").trim_matches('/');
    match plimsoll_kustomize::build(&Held(&case["files"]), if root == "." { "" } else { root }) {
        Err(failure) => json!({"error": failure.to_string()}),
        Ok(build) => match build.notes.first() {
            // What the reference refuses is only left out by ours.
            Some(note) => json!({"error": note.to_string()}),
            // JSON is YAML.
            None => json!({"yaml": build.objects.iter().map(|object| format!("---\n{}\n", plain(object))).collect::<String>()}),
        },
    }
}

fn plain(value: &Ours) -> Value {
    match &value.kind {
        Kind::Bool(flag) => json!(flag),
        Kind::Number(number) => match number.get() {
            Number::Int(int) => i64::try_from(int).map_or_else(|_| json!(int.to_string()), |int| json!(int)),
            Number::Float(float) => json!(float),
        },
        Kind::String(text) => json!(text.as_str()),
        Kind::List(list) => list.items.iter().map(plain).collect(),
        Kind::Map(map) => {
            let entries = map.entries.iter().map(|entry| (entry.key.to_string(), plain(&entry.value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Kind::Null | Kind::Template(_) | Kind::Unknown(_) | Kind::Choice(_) => Value::Null,
    }
}
