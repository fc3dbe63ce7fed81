//! Schemas of custom kinds: which of their lists are merged, and by which keys.

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::Value;

use crate::merge::CustomLists;
use crate::tree::text_at;

/// How deep definitions are followed.
const DEPTH: usize = 24;
/// How many properties are looked at; some schemas contain themselves.
const PROPERTIES: usize = 100_000;

impl CustomLists {
    /// Adds what an OpenAPI document says.
    pub(crate) fn read(&mut self, document: &Value) {
        let Some(definitions) = document.get("definitions") else { return };
        let mut left = PROPERTIES;
        for definition in definitions.as_map().map_or(&[][..], |map| &map.entries) {
            for name in definition.value.get("x-kubernetes-group-version-kind").map_or(&[][..], Value::items) {
                let (group, version) = (text_at(name, &["group"]), text_at(name, &["version"]));
                let api = if group.is_empty() { version } else { format_compact!("{group}/{version}") };
                let owner = (api, text_at(name, &["kind"]));
                self.follow(definitions, &definition.value, &owner, &mut Vec::new(), &mut left);
            }
        }
    }

    fn follow(
        &mut self,
        all: &Value,
        schema: &Value,
        owner: &(CompactString, CompactString),
        path: &mut Vec<CompactString>,
        left: &mut usize,
    ) {
        for property in schema.get("properties").and_then(Value::as_map).map_or(&[][..], |map| &map.entries) {
            if path.len() > DEPTH || *left == 0 {
                return;
            }
            *left -= 1;
            path.push(property.key.clone());
            let own = &property.value;
            if text_at(own, &["x-kubernetes-patch-strategy"]).contains("merge") {
                let keys: Vec<CompactString> = match own.get("x-kubernetes-list-map-keys") {
                    Some(keys) => keys.items().iter().filter_map(Value::as_str).map(Into::into).collect(),
                    None => own.str_at(&["x-kubernetes-patch-merge-key"]).map(Into::into).into_iter().collect(),
                };
                self.rows.push((owner.0.clone(), owner.1.clone(), path.clone(), keys));
            }
            for schema in [Some(own), own.get("items")].into_iter().flatten() {
                let reference = schema.str_at(&["$ref"]).and_then(|reference| reference.strip_prefix("#/definitions/"));
                self.follow(all, reference.and_then(|name| all.get(name)).unwrap_or(schema), owner, path, left);
            }
            path.pop();
        }
    }
}
