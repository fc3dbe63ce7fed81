//! `gcp.binding`: who has which role on what, from Google's `_iam_member`, `_iam_binding` and `_iam_policy` resources.
//!
//! Fields: `role`, `members` (a list of texts), `scope` (`type`: the resource type without `_iam_…`, `name`), `conditional`.

use std::sync::Arc;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Entry, How, List, Map};
use plimsoll_syntax::{Item, Kind, Place, Value, views};
use rustc_hash::FxHashMap;

use super::embedded::{self, Source};
use super::{blocks, kind_of};

/// The data source that writes a policy in blocks.
const DOCUMENT: &str = "data.google_iam_policy";
/// How many bindings of one policy are looked at.
const LIMIT: usize = 500;
/// Endings of resource types that grant.
const ENDINGS: [&str; 3] = ["_iam_member", "_iam_binding", "_iam_policy"];

/// The bindings of all these resources, in their order.
#[must_use]
pub(crate) fn items(terraform: &[Item], source: Source<'_>) -> Vec<Item> {
    let documents: FxHashMap<&str, &Item> =
        terraform.iter().filter(|item| kind_of(item) == DOCUMENT).map(|item| (item.name.as_str(), item)).collect();
    let mut out = Vec::new();
    for item in terraform {
        let kind = kind_of(item);
        let Some(scope) = kind.strip_prefix("google_").and(ENDINGS.iter().find_map(|ending| kind.strip_suffix(ending))) else {
            continue;
        };
        if !kind.ends_with("_iam_policy") {
            out.extend(item.value.as_map().map(|fields| binding(item, scope, fields, item.header)));
            continue;
        }
        let Some(policy) = item.value.get("policy_data") else { continue };
        let document = address_of(policy).and_then(|address| documents.get(address)).map(|document| &document.value);
        let read = if document.is_none() { embedded::json(policy, source) } else { None };
        let bindings = document.and_then(|value| value.get("binding")).or_else(|| read.as_ref()?.get("bindings"));
        for block in bindings.map(blocks).unwrap_or_default().iter().filter(|block| block.as_map().is_some()).take(LIMIT) {
            let place = if read.is_some() && block.place.is_some() { block.place } else { policy.place };
            out.extend(block.as_map().map(|fields| binding(item, scope, fields, place)));
        }
    }
    out
}

/// The policy document that a value is the JSON of.
fn address_of(value: &Value) -> Option<&str> {
    let through = value.history().find_map(|via| match &via.how {
        How::Resource(reference) if reference.address.contains(DOCUMENT) => Some(reference),
        _ => None,
    });
    let identity = value.as_unknown().and_then(|unknown| unknown.identity.as_ref());
    through.or(identity).map(|reference| reference.address.as_str())
}

fn binding(item: &Item, scope: &str, written: &Map, header: Place) -> Item {
    let mut fields = Map { range: item.range, ..Map::default() };
    let mut put = |key: &str, value: Value, place: Place| {
        let place = if place.is_some() { place } else { header };
        fields.entries.push(Entry { key: key.into(), key_place: Place::NONE, place, value });
    };
    if let Some(role) = written.get("role") {
        put("role", role.value.clone(), role.place);
    }
    if let Some(members) = written.get("members") {
        put("members", members.value.clone(), members.place);
    } else if let Some(member) = written.get("member") {
        let list = List { items: vec![member.value.clone()], ..List::default() };
        put("members", Value::new(Kind::List(Arc::new(list)), member.value.place), member.place);
    }
    let condition = written.get("condition").is_some_and(|condition| !blocks(&condition.value).is_empty());
    put("conditional", Value::bool(condition, header), header);
    let mut place = Map::default();
    place.set("type", Value::string(scope, item.header));
    place.set("name", Value::string(item.name.clone(), item.header));
    put("scope", Value::map(place, item.header), item.header);
    Item {
        views: views!["gcp.binding".into()],
        name: item.name.clone(),
        header,
        range: if header.file == item.header.file { item.range } else { header.span },
        value: Value::map(fields, header),
        owner: Some(Owner { name: item.name.clone(), range: Place { span: item.range, ..item.header } }),
        index: item.index,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_syntax::Span;

    use super::*;
    use crate::domains::samples::{list, map, text, texts};

    fn item(kind: &str, fields: Vec<(&str, Value)>) -> Item {
        Item {
            views: views![kind.into(), "resource".into()],
            name: format!("{kind}.a").into(),
            header: Place::NONE,
            range: Span::default(),
            value: map(fields),
            owner: None,
            index: 0,
        }
    }

    #[test]
    fn one_shape_for_all() {
        let policy = r#"{"bindings": [{"role": "roles/viewer", "members": ["allUsers", "user:a@example.com"]}]}"#;
        let found = items(
            &[
                item("google_storage_bucket_iam_member", vec![("role", text("roles/editor")), ("member", text("allUsers"))]),
                item("google_project_iam_binding", vec![("members", texts(&["user:a"])), ("condition", list(vec![map(vec![])]))]),
                item("google_kms_crypto_key_iam_policy", vec![("policy_data", text(policy))]),
                item("google_project", vec![]),
            ],
            &|_| None,
        );
        let shown: Vec<String> = found
            .iter()
            .map(|item| {
                let members = item.value.get("members").map(Value::items).unwrap_or_default();
                let members: Vec<&str> = members.iter().filter_map(Value::as_str).collect();
                let conditional = item.value.get("conditional").and_then(Value::as_bool);
                format!("{:?} {members:?} {conditional:?}", item.value.str_at(&["scope", "type"]))
            })
            .collect();
        assert_eq!(
            shown,
            [
                r#"Some("google_storage_bucket") ["allUsers"] Some(false)"#,
                r#"Some("google_project") ["user:a"] Some(true)"#,
                r#"Some("google_kms_crypto_key") ["allUsers", "user:a@example.com"] Some(false)"#,
            ]
        );
    }
}
