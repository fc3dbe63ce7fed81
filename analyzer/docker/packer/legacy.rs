//! Templates in JSON as they were before HCL: `builders`, `provisioners`, `post-processors`.
//!
//! Source: <https://developer.hashicorp.com/packer/docs/templates/legacy_json_templates>.

use std::sync::Arc;

use plimsoll_syntax::value::{Entry, List, Map, Reason, Unknown};
use plimsoll_syntax::yaml::{self, Dialect};
use plimsoll_syntax::{FileId, Kind, Value};

use super::Block;
use crate::compose::values::{Holed, entry, field, listed, set_at};

/// Values within each other.
const NESTING: usize = 60;

/// Whether a JSON text is such a template.
#[must_use]
pub fn looks_like(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
        && text.contains("\"builders\"")
        && text.contains("\"type\"")
        && (text.contains("\"provisioners\"") || text.contains("\"post-processors\"") || text.contains("\"image\""))
}

/// The template as blocks: one source for each builder, and one build of all.
#[must_use]
pub fn blocks(tree: &yaml::Tree, file: FileId) -> Vec<Block> {
    let Some(document) = tree.documents.first() else { return Vec::new() };
    let written = yaml::to_value(tree, document.root, file, Dialect::Core);
    let variables = field(&written, "variables");
    let whole = filled(&written, &variables, NESTING);
    let mut blocks: Vec<Block> = Vec::new();
    let mut names = Vec::new();
    for builder in field(&whole, "builders").items() {
        let Some(kind) = builder.str_at(&["type"]) else { continue };
        let name = builder.str_at(&["name"]).unwrap_or(kind);
        names.push(Value::string(format!("{kind}.{name}"), builder.place));
        let header = entry(builder, "type").map_or(builder.place, |known| known.place);
        blocks.push(Block { kind: "source".into(), labels: vec![kind.into(), name.into()], header, value: builder.clone() });
    }
    let Some(first) = names.first().map(|name| name.place) else { return blocks };
    let mut map = Map { range: whole.place.span, ..Map::default() };
    set_at(&mut map, "sources", Value::list(names, first), first);
    for (key, name) in [("provisioners", "provisioner"), ("post-processors", "post-processor")] {
        if let Some(known) = entry(&whole, key) {
            // A chain of post-processors is a list within the list.
            let all = listed(&known.value);
            let flat = all.items().iter().flat_map(|item| match item.as_list() {
                Some(list) => list.items.clone(),
                None => vec![item.clone()],
            });
            set_at(&mut map, name, Value::list(flat.collect(), known.place), known.place);
        }
    }
    let header = entry(&whole, "builders").map_or(first, |known| known.place);
    blocks.push(Block { kind: "build".into(), labels: Vec::new(), header, value: Value::map(map, header) });
    blocks
}

/// The value with its variables filled in: `{{user `name`}}`. Other actions are not known before the build runs.
fn filled(value: &Value, variables: &Value, depth: usize) -> Value {
    if depth == 0 {
        return Value::default();
    }
    let kind = match &value.kind {
        Kind::String(text) if text.contains("{{") => return text_value(text, value, variables, depth),
        Kind::List(list) => {
            let items = list.items.iter().map(|item| filled(item, variables, depth - 1)).collect();
            Kind::List(Arc::new(List { items, ..List::clone(list) }))
        }
        Kind::Map(map) => {
            let entries =
                map.entries.iter().map(|entry| Entry { value: filled(&entry.value, variables, depth - 1), ..entry.clone() });
            Kind::Map(Arc::new(Map { entries: entries.collect(), ..Map::clone(map) }))
        }
        other => other.clone(),
    };
    Value { kind, ..value.clone() }
}

fn text_value(text: &str, value: &Value, variables: &Value, depth: usize) -> Value {
    let mut holes = Vec::new();
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((action, behind)) = after.split_once("}}") else { break };
        out.push_str(before);
        let name = action.trim().strip_prefix("user").map(|name| name.trim().trim_matches(['`', '"', '\'', '\\']));
        let known = name.and_then(|name| entry(variables, name)).map(|known| filled(&known.value, &Value::default(), depth - 1));
        // What is empty is to be given when the build is started.
        match known.as_ref().and_then(Value::as_str).filter(|known| !known.is_empty()) {
            Some(known) => out.push_str(known),
            None => out.push(crate::shell::holes::mark(
                Arc::new(Unknown::new(Reason::Unset, format!("{{{{{}}}}}", action.trim()))),
                &mut holes,
            )),
        }
        rest = behind;
    }
    out.push_str(rest);
    Value { place: value.place, ..Holed::with(&holes).value(&out) }
}
