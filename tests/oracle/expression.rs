//! Terraform expressions: the value of one, or why it is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_syntax::value::{Kind, Number, Reason, Shape, Unknown};
use plimsoll_syntax::{FileId, Place, Value as Ours};
use plimsoll_terraform::{FileRead, Module, NoteKind, Workspace, evaluate_expression};
use serde_json::{Map, Value, json};

/// Files by path, and nothing else.
pub(crate) struct Files(pub(crate) BTreeMap<String, Arc<str>>);

impl Files {
    pub(crate) fn of(case: &Value) -> Self {
        let files = case["files"].as_object().into_iter().flatten();
        Self(files.map(|(path, text)| (path.trim_start_matches("./").to_owned(), text.as_str().unwrap_or("").into())).collect())
    }

    pub(crate) fn text(&self, path: &str) -> FileRead {
        self.0.get(path).map_or(FileRead::Missing, |text| FileRead::Text(text.clone(), FileId::NONE))
    }

    pub(crate) fn below(&self, dir: &str) -> Vec<String> {
        let inside = |path: &String| {
            if dir.is_empty() { Some(path.clone()) } else { path.strip_prefix(dir)?.strip_prefix('/').map(str::to_owned) }
        };
        self.0.keys().filter_map(inside).collect()
    }
}

impl Workspace for Files {
    fn module(&self, _: &str) -> Option<Arc<Module>> {
        None
    }

    fn read(&self, path: &str) -> FileRead {
        self.text(path)
    }

    fn files(&self, dir: &str) -> Option<Vec<String>> {
        Some(self.below(dir))
    }
}

/// The result of one case.
pub(crate) fn answer(case: &Value) -> Value {
    let files = Files::of(case);
    let given = case["vars"].as_object().into_iter().flatten();
    let mut names: Vec<_> = given
        .map(|(name, text)| {
            (name.as_str().into(), evaluate_expression(text.as_str().unwrap_or(""), false, "", Vec::new(), &files).value)
        })
        .collect();
    names.extend(
        case["vartypes"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, of)| (name.as_str().into(), unknown(name, of.as_str().unwrap_or("")))),
    );
    let template = case["template"].as_bool().unwrap_or(false);
    let evaluated = evaluate_expression(case["expr"].as_str().unwrap_or(""), template, "", names, &files);
    match evaluated.notes.iter().find(|note| note.kind != NoteKind::Limit) {
        Some(note) => json!({"error": note.message.as_str()}),
        None => json!({"type": kind(&evaluated.value), "value": converted(&evaluated.value)}),
    }
}

/// An unknown value of a type, as `notnull list(string)`.
fn unknown(name: &str, of: &str) -> Ours {
    let (of, sensitive) = of.strip_prefix("sensitive ").map_or((of, false), |of| (of, true));
    let (of, not_null) = of.strip_prefix("notnull ").map_or((of, false), |of| (of, true));
    let shape = match of.split('(').next() {
        Some("string") => Shape::String,
        Some("number") => Shape::Number,
        Some("bool") => Shape::Bool,
        Some("list" | "set" | "tuple") => Shape::List,
        Some("map" | "object") => Shape::Map,
        _ => Shape::Any,
    };
    Ours { sensitive, ..Ours::unknown(Unknown { not_null, ..Unknown::new(Reason::Unset, name).shaped(shape) }, Place::NONE) }
}

/// A value in the oracle's words.
pub(crate) fn converted(value: &Ours) -> Value {
    match &value.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => json!(value),
        Kind::Number(number) => match number.get() {
            Number::Int(int) => match (i64::try_from(int), u64::try_from(int)) {
                (Ok(int), _) => json!(int),
                (_, Ok(int)) => json!(int),
                _ => json!(number.as_f64()),
            },
            Number::Float(float) => json!(float),
        },
        Kind::String(text) => json!(text.as_str()),
        Kind::List(list) if list.tail.is_none() => list.items.iter().map(converted).collect(),
        Kind::Map(map) => {
            map.entries.iter().map(|entry| (entry.key.to_string(), converted(&entry.value))).collect::<Map<_, _>>().into()
        }
        Kind::List(_) | Kind::Template(_) | Kind::Unknown(_) | Kind::Choice(_) => json!({"$unknown": kind(value)}),
    }
}

/// The type of a value, as far as it shows.
pub(crate) fn kind(value: &Ours) -> Value {
    match &value.kind {
        Kind::Null | Kind::Choice(_) => json!("dynamic"),
        Kind::Bool(_) => json!("bool"),
        Kind::Number(_) => json!("number"),
        Kind::String(_) | Kind::Template(_) => json!("string"),
        Kind::List(list) => json!(["tuple", list.items.iter().map(kind).collect::<Vec<_>>()]),
        Kind::Map(map) => {
            json!(["object", map.entries.iter().map(|entry| (entry.key.to_string(), kind(&entry.value))).collect::<Map<_, _>>()])
        }
        Kind::Unknown(unknown) => match unknown.shape {
            Shape::String => json!("string"),
            Shape::Number => json!("number"),
            Shape::Bool => json!("bool"),
            Shape::Any | Shape::List | Shape::Map => json!("dynamic"),
        },
    }
}
