//! `taggable`: every resource that may have tags or labels, with those that its provider adds to all.
//!
//! Fields: `tags` (what is written, and what the provider's `default_tags` or `default_labels` add), `owner` (`address`, `type`).

use std::sync::Arc;

use plimsoll_rule_language::schema::{Schemas, Type};
use plimsoll_syntax::value::{Entry, Map};
use plimsoll_syntax::{Item, Kind, Value, views};
use rustc_hash::FxHashMap;

use super::{blocks, kind_of, owner};

/// Attributes that hold tags, in order of preference.
const TAGS: &[&str] = &["tags", "labels", "user_labels"];

/// The resources that may have tags, in their order.
#[must_use]
pub(crate) fn items(terraform: &[Item], schemas: &Schemas) -> Vec<Item> {
    let added = defaults(terraform);
    let mut attributes: FxHashMap<&str, Option<&'static str>> = FxHashMap::default();
    let mut out = Vec::new();
    for item in terraform.iter().filter(|item| item.views.iter().any(|view| view == "resource")) {
        let kind = kind_of(item);
        let Some(attribute) = *attributes.entry(kind).or_insert_with(|| attribute(kind, schemas)) else { continue };
        let provider = kind.split_once('_').map_or("", |(provider, _)| provider);
        out.extend(taggable(item, attribute, added.get(provider).map_or(&[], Vec::as_slice)));
    }
    out
}

/// The attribute of a resource type that holds its tags.
fn attribute(kind: &str, schemas: &Schemas) -> Option<&'static str> {
    let body = schemas.get(kind)?;
    TAGS.iter().copied().find(|key| body.get(key).is_some_and(|field| matches!(field.ty, Type::Map(_))))
}

/// The tags that configurations of providers add, by provider.
fn defaults(terraform: &[Item]) -> FxHashMap<&str, Vec<&Value>> {
    let mut found: FxHashMap<&str, Vec<&Value>> = FxHashMap::default();
    for item in terraform {
        let Some(provider) = item.views.iter().find_map(|view| view.strip_prefix("provider.")) else { continue };
        let block = item.value.get("default_tags").map(blocks).and_then(|blocks| blocks.first());
        let added = block.and_then(|block| block.get("tags")).into_iter().chain(item.value.get("default_labels"));
        found.entry(provider).or_default().extend(added);
    }
    found
}

fn taggable(item: &Item, attribute: &str, added: &[&Value]) -> Option<Item> {
    let written = item.value.as_map().and_then(|map| map.get(attribute));
    let place = written.map_or(item.header, |entry| entry.place);
    let mut tags: Arc<Map> = match written.map(|entry| &entry.value.kind) {
        None | Some(Kind::Null) => Arc::default(),
        Some(Kind::Map(map)) => map.clone(),
        // What is not known may hold any tag.
        Some(Kind::Unknown(unknown)) => Arc::new(Map { tail: Some(unknown.clone()), ..Map::default() }),
        Some(_) => return None,
    };
    for added in added {
        let (more, tail) = match &added.kind {
            Kind::Map(map) => (map.entries.as_slice(), map.tail.as_ref()),
            Kind::Unknown(unknown) => (&[] as &[Entry], Some(unknown)),
            _ => continue,
        };
        let new: Vec<Entry> = more.iter().filter(|entry| tags.get(&entry.key).is_none()).cloned().collect();
        if !new.is_empty() || tags.tail.is_none() && tail.is_some() {
            let tags = Arc::make_mut(&mut tags);
            tags.entries.extend(new);
            tags.tail = tags.tail.take().or_else(|| tail.cloned());
        }
    }
    let mut fields = Map { range: item.range, ..Map::default() };
    fields.set("tags", Value::new(Kind::Map(tags), place));
    fields.set("owner", owner(item, kind_of(item)));
    Some(Item {
        views: views!["taggable".into()],
        name: item.name.clone(),
        header: item.header,
        range: item.range,
        value: Value::map(fields, item.header),
        owner: None,
        index: item.index,
    })
}

#[cfg(test)]
mod tests {
    use plimsoll_syntax::{Place, Span};

    use super::*;
    use crate::domains::samples::{list, map, text, unknown};

    #[test]
    fn tags_of_the_provider_count() {
        let item = |views: &[&str], fields: Vec<(&str, Value)>| Item {
            views: views.iter().map(|view| (*view).into()).collect(),
            name: "a".into(),
            header: Place::NONE,
            range: Span::default(),
            value: map(fields),
            owner: None,
            index: 0,
        };
        let queue = |tags: Value| item(&["aws_sqs_queue", "resource"], vec![("tags", tags)]);
        let provider = item(
            &["provider.aws", "provider"],
            vec![("default_tags", list(vec![map(vec![("tags", map(vec![("owner", text("shop"))]))])]))],
        );
        let shown = |terraform: &[Item]| -> Vec<String> {
            let words = |item: &Item| {
                let tags = item.value.get("tags").and_then(Value::as_map).cloned().unwrap_or_default();
                let mut words: Vec<String> = tags.entries.iter().map(|entry| entry.key.to_string()).collect();
                words.extend(tags.tail.iter().map(|_| "?".to_owned()));
                words.join(" ")
            };
            items(terraform, plimsoll_rules::schemas()).iter().map(words).collect()
        };
        let cost = || queue(map(vec![("cost", text("1"))]));
        assert_eq!(shown(&[cost(), queue(unknown())]), ["cost", "?"]);
        assert_eq!(shown(&[provider, cost()]), ["cost owner"]);
        assert!(shown(&[item(&["aws_sqs_queue_policy", "resource"], vec![])]).is_empty());
    }
}
