//! `iam.statement`: the statements of AWS's and Alibaba's policies, from JSON text and from `aws_iam_policy_document`.
//!
//! Fields: `sid`, `effect`, `actions`, `not_actions`, `resources`, `not_resources` (lists of texts), `principals`,
//! `not_principals` (lists of `type`, `id`), `conditions` (list of `operator`, `key`, `values`), `owner` (`address`, `type`: of
//! the resource that the policy is written in or given to).

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Choice, Entry, How, List, Map};
use plimsoll_syntax::{Item, Kind, Place, Value, views};
use rustc_hash::{FxHashMap, FxHashSet};

use super::embedded::{self, Source};
use super::owner;

/// Attributes that hold a policy, by path. What is no policy (a security policy's name) has no statements.
const ATTRIBUTES: &[&[&str]] = &[
    &["policy"],
    &["assume_role_policy"],
    &["access_policies"],
    &["access_policy"],
    &["policy_document"],
    &["resource_policy"],
    &["repository_policy"],
    &["delivery_destination_policy"],
    &["inline_policy"],
    &["inline_policy", "policy"],
    &["document"],
];
/// The data source that writes a policy in blocks.
const DOCUMENT: &str = "data.aws_iam_policy_document";
/// Its attributes that name documents whose statements replace its own of the same `sid`, and those whose statements it replaces.
const MERGED: [&[&str]; 2] = [&["override_policy_documents", "override_json"], &["source_policy_documents", "source_json"]];
/// How deep documents are merged.
const DEPTH: usize = 8;
/// How many statements of one policy are looked at.
const LIMIT: usize = 500;

/// The statements of all policies among these resources, in their order; those of a document that resources use come with each
/// kind of resource once.
#[must_use]
pub(crate) fn items(terraform: &[Item], source: Source<'_>) -> Vec<Item> {
    let documents: FxHashMap<&str, &Item> =
        terraform.iter().filter(|item| kind_of(item) == Some(DOCUMENT)).map(|item| (item.name.as_str(), item)).collect();
    let mut items = Vec::new();
    let mut used: FxHashSet<(&str, &str)> = FxHashSet::default();
    for resource in terraform {
        let Some(kind) = kind_of(resource).filter(|kind| kind.starts_with("aws_") || kind.starts_with("alicloud_ram_")) else {
            continue;
        };
        if !may_hold_policies(resource) {
            continue;
        }
        for policy in ATTRIBUTES.iter().flat_map(|path| policies(&resource.value, path)) {
            if let Some(document) = document_of(&policy.value).and_then(|address| documents.get(address)) {
                let mut layers = Vec::new();
                merged(document, &documents, DEPTH, &mut layers);
                let mut known: FxHashSet<CompactString> = FxHashSet::default();
                for layer in layers {
                    let mut statements = of_document(layer, resource, kind);
                    statements.retain(|statement| match statement.value.str_at(&["sid"]) {
                        None | Some("") => true,
                        Some(sid) => known.insert(sid.into()),
                    });
                    if used.insert((&layer.name, kind)) {
                        items.extend(statements);
                    }
                }
            } else {
                items.extend(of_text(policy, resource, kind, source));
            }
        }
    }
    let linked: FxHashSet<&str> = used.iter().map(|(document, _)| *document).collect();
    let alone = terraform.iter().filter(|item| kind_of(item) == Some(DOCUMENT) && !linked.contains(item.name.as_str()));
    items.extend(alone.flat_map(|document| of_document(document, document, DOCUMENT)));
    items
}

/// A document and those that it is merged of, the ones that win first.
fn merged<'a>(document: &'a Item, documents: &FxHashMap<&str, &'a Item>, depth: usize, out: &mut Vec<&'a Item>) {
    if depth == 0 || out.iter().any(|known| known.name == document.name) {
        return;
    }
    let [winning, losing] = MERGED.map(|keys| {
        let values = keys.iter().filter_map(|key| document.value.get(key));
        values.flat_map(Value::references).filter_map(|reference| documents.get(reference.address.as_str()).copied())
    });
    winning.for_each(|other| merged(other, documents, depth - 1, out));
    out.push(document);
    losing.for_each(|other| merged(other, documents, depth - 1, out));
}

/// The type of a resource or data source.
fn kind_of(item: &Item) -> Option<&str> {
    item.views.first().map(CompactString::as_str)
}

/// Whether one of the attributes is there: nearly no resource has one.
fn may_hold_policies(resource: &Item) -> bool {
    let mut names = resource.value.as_map().into_iter().flat_map(|map| &map.entries).map(|entry| entry.key.as_str());
    names.any(|name| ATTRIBUTES.iter().any(|path| path.first() == Some(&name)))
}

/// The entries at a path, through single and repeated blocks.
fn policies<'a>(value: &'a Value, path: &[&str]) -> Vec<&'a Entry> {
    let Some((first, rest)) = path.split_first() else { return Vec::new() };
    let Some(entry) = value.as_map().and_then(|map| map.get(first)) else { return Vec::new() };
    match rest.first() {
        None => vec![entry],
        Some(last) => {
            let blocks = if entry.value.as_map().is_some() { std::slice::from_ref(&entry.value) } else { entry.value.items() };
            blocks.iter().filter_map(|block| block.as_map()?.get(last)).collect()
        }
    }
}

/// The policy document that a value is the JSON of.
fn document_of(value: &Value) -> Option<&str> {
    let through = value.history().find_map(|via| match &via.how {
        How::Resource(reference) if reference.address.contains(DOCUMENT) => Some(reference),
        _ => None,
    });
    let identity = value.as_unknown().and_then(|unknown| unknown.identity.as_ref());
    let reference = through.or(identity)?;
    reference.attribute.ends_with("json").then_some(reference.address.as_str())
}

/// The statements of a policy in JSON.
fn of_text(policy: &Entry, resource: &Item, kind: &str, source: Source<'_>) -> Vec<Item> {
    let Some(document) = embedded::json(&policy.value, source) else { return Vec::new() };
    let Some(statements) = document.get("Statement") else { return Vec::new() };
    let statements = if statements.as_map().is_some() { std::slice::from_ref(statements) } else { statements.items() };
    let statements = statements.iter().filter(|statement| statement.as_map().is_some()).take(LIMIT);
    let whole = if policy.place.is_some() { policy.place } else { resource.header };
    statements
        .map(|statement| {
            let header = if statement.place.is_some() { statement.place } else { whole };
            let entry = |key: &str| statement.as_map().and_then(|map| map.get(key));
            let at = |key: &str| entry(key).map_or(header, |entry| if entry.place.is_some() { entry.place } else { header });
            let field = |key: &str| entry(key).map(|entry| entry.value.clone());
            let mut fields = Map { range: header.span, ..Map::default() };
            let mut put = |name: &str, value: Value, key: &str| {
                fields.entries.push(Entry { key: name.into(), key_place: Place::NONE, place: at(key), value });
            };
            put("sid", field("Sid").unwrap_or_default(), "Sid");
            // Without an effect AWS refuses the policy; what it was meant to be is plain.
            put("effect", field("Effect").unwrap_or_else(|| Value::string("Allow", header)), "Effect");
            let lists = [
                ("actions", "Action"),
                ("not_actions", "NotAction"),
                ("resources", "Resource"),
                ("not_resources", "NotResource"),
            ];
            for (name, key) in lists {
                put(name, listed(field(key), at(key)), key);
            }
            for (name, key) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
                put(name, principals_of_json(field(key), at(key)), key);
            }
            put("conditions", conditions_of_json(field("Condition"), at("Condition")), "Condition");
            let item = statement_item(resource, resource, kind, header, fields);
            // The statement may lie in another file than the resource.
            let owner = Owner { name: item.name.clone(), range: Place { span: resource.range, ..resource.header } };
            Item { owner: Some(owner), ..item }
        })
        .collect()
}

/// The statements of an `aws_iam_policy_document`, given to a resource.
fn of_document(document: &Item, resource: &Item, kind: &str) -> Vec<Item> {
    let Some(statements) = document.value.get("statement") else { return Vec::new() };
    let statements = if statements.as_map().is_some() { std::slice::from_ref(statements) } else { statements.items() };
    let mut items = Vec::new();
    for statement in statements.iter().take(LIMIT) {
        let Some(block) = statement.as_map() else { continue };
        let header = statement.place;
        let mut fields = Map { range: block.range, ..Map::default() };
        // A field has the place of the attribute that it is, as a whole.
        let mut put = |key: &str, value: Value, entry: Option<&Entry>| {
            let place = entry.map_or(header, |entry| entry.place);
            fields.entries.push(Entry { key: key.into(), key_place: Place::NONE, place, value });
        };
        put("sid", statement.get("sid").cloned().unwrap_or_default(), block.get("sid"));
        let effect = statement.get("effect").filter(|effect| !effect.is_null()).cloned();
        put("effect", effect.unwrap_or_else(|| Value::string("Allow", header)), block.get("effect"));
        for key in ["actions", "not_actions", "resources", "not_resources"] {
            put(key, listed(statement.get(key).cloned(), header), block.get(key));
        }
        for key in ["principals", "not_principals"] {
            put(key, principals_of_blocks(statement.get(key), header), block.get(key));
        }
        put("conditions", conditions_of_blocks(statement.get("condition"), header), block.get("condition"));
        items.push(statement_item(document, resource, kind, header, fields));
    }
    items
}

/// The item of a statement that is written in one item and belongs to another.
fn statement_item(written: &Item, resource: &Item, kind: &str, header: Place, mut fields: Map) -> Item {
    fields.set("owner", owner(resource, kind));
    let range = fields.range;
    Item {
        views: views!["iam.statement".into()],
        name: written.name.clone(),
        header,
        range,
        value: Value::map(fields, header),
        owner: None,
        index: resource.index,
    }
}

/// A list; a single value is a list of one, and what is not known may be any number.
fn listed(value: Option<Value>, place: Place) -> Value {
    match value {
        None => Value::default(),
        Some(value) => match &value.kind {
            Kind::Null | Kind::List(_) => value,
            Kind::Choice(choice) => each_arm(&value, choice, &|arm| listed(Some(arm), place)),
            _ => Value {
                kind: Kind::List(Arc::new(List { items: vec![value.clone()], ..List::default() })),
                ..Value::new(Kind::Null, place)
            },
        },
    }
}

/// What is made of a choice is made of each of its arms.
fn each_arm(value: &Value, choice: &Choice, work: &dyn Fn(Value) -> Value) -> Value {
    let arms = choice.arms.iter().cloned().map(work).collect();
    Value { kind: Kind::Choice(Arc::new(Choice { arms, ..Choice::clone(choice) })), ..value.clone() }
}

/// Adds one principal for each id; what is not known leaves the list open.
fn add_principals(list: &mut List, kind: &Value, ids: &Value) {
    let mut add = |id: &Value| {
        let mut map = Map::default();
        map.set("type", kind.clone());
        map.set("id", id.clone());
        list.items.push(Value::map(map, id.place));
    };
    match &ids.kind {
        Kind::List(inner) => {
            inner.items.iter().for_each(&mut add);
            list.tail = list.tail.take().or_else(|| inner.tail.clone());
        }
        Kind::Null => {}
        _ => add(ids),
    }
}

fn principals_of_json(value: Option<Value>, place: Place) -> Value {
    let Some(value) = value else { return Value::default() };
    let mut list = List::default();
    match &value.kind {
        Kind::Choice(choice) => return each_arm(&value, choice, &|arm| principals_of_json(Some(arm), place)),
        Kind::Map(map) => {
            list.tail.clone_from(&map.tail);
            for entry in &map.entries {
                add_principals(&mut list, &Value::string(entry.key.clone(), entry.place), &entry.value);
            }
        }
        Kind::String(text) => add_principals(&mut list, &Value::string(text.clone(), value.place), &value),
        Kind::List(_) => add_principals(&mut list, &Value::string("AWS", value.place), &value),
        Kind::Unknown(unknown) => list.tail = Some(unknown.clone()),
        _ => {}
    }
    Value::new(Kind::List(Arc::new(list)), place)
}

fn principals_of_blocks(value: Option<&Value>, place: Place) -> Value {
    let Some(value) = value else { return Value::default() };
    let mut list = List { tail: value.as_list().and_then(|list| list.tail.clone()), ..List::default() };
    let blocks = if value.as_map().is_some() { std::slice::from_ref(value) } else { value.items() };
    for block in blocks {
        let null = Value::default();
        add_principals(&mut list, block.get("type").unwrap_or(&null), block.get("identifiers").unwrap_or(&null));
    }
    Value::new(Kind::List(Arc::new(list)), place)
}

fn condition(operator: Value, key: Value, values: Option<Value>, place: Place) -> Value {
    let mut map = Map::default();
    map.set("operator", operator);
    map.set("key", key);
    map.set("values", listed(values, place));
    Value::map(map, place)
}

fn conditions_of_json(value: Option<Value>, place: Place) -> Value {
    let Some(value) = value else { return Value::default() };
    let mut list = List::default();
    match &value.kind {
        Kind::Map(operators) => {
            for operator in &operators.entries {
                let keys = operator.value.as_map().map_or(&[][..], |map| &map.entries);
                for key in keys {
                    let operator = Value::string(operator.key.clone(), operator.place);
                    list.items.push(condition(
                        operator,
                        Value::string(key.key.clone(), key.place),
                        Some(key.value.clone()),
                        place,
                    ));
                }
                list.tail = list.tail.take().or_else(|| operator.value.as_unknown().cloned());
            }
        }
        Kind::Unknown(unknown) => list.tail = Some(unknown.clone()),
        _ => {}
    }
    Value::new(Kind::List(Arc::new(list)), place)
}

fn conditions_of_blocks(value: Option<&Value>, place: Place) -> Value {
    let Some(value) = value else { return Value::default() };
    let blocks = if value.as_map().is_some() { std::slice::from_ref(value) } else { value.items() };
    let tail = value.as_list().and_then(|list| list.tail.clone());
    let field = |block: &Value, key: &str| block.get(key).cloned();
    let items = blocks.iter().filter(|block| block.as_map().is_some()).map(|block| {
        let operator = field(block, "test").unwrap_or_default();
        condition(operator, field(block, "variable").unwrap_or_default(), field(block, "values"), block.place)
    });
    let list = List { items: items.collect(), tail, blocks: true };
    Value::new(Kind::List(Arc::new(list)), place)
}

#[cfg(test)]
#[path = "iam_tests.rs"]
mod tests;
