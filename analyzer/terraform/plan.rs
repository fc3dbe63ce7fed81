//! Plans in JSON, as `terraform show -json` writes them: what is planned, placed where the source says it.
//! <https://developer.hashicorp.com/terraform/internals/json-format>

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::value::{Entry, How, Kind, List, Map, Reason, Reference, Shape, Unknown};
use plimsoll_syntax::{Item, Place, Value, views};
use rustc_hash::FxHashMap;

use crate::lattice;

/// How deep modules may nest.
const MAX_MODULES: u32 = 64;
/// How deep values may nest.
const MAX_DEPTH: u32 = 60;

/// Whether a JSON text is a plan, by what it begins with and names.
#[must_use]
pub fn is_plan(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    start.starts_with('{') && start.contains("\"planned_values\"") && start.contains("\"format_version\"")
}

/// The resources of a plan as items. `plan` is the document with the places of its file; `written` are the items of the source,
/// where it is there: what both have is placed as the source has it.
#[must_use]
pub fn plan_items(plan: &Value, written: &[Item]) -> Vec<Item> {
    let source = Source::new(written);
    let mut changes: FxHashMap<&str, &Value> = FxHashMap::default();
    for change in plan.get("resource_changes").map(Value::items).unwrap_or_default() {
        changes.extend(change.str_at(&["address"]).zip(change.get("change")));
    }
    let configuration = plan.at(&["configuration", "root_module"]);
    let mut reader = Reader { changes, source, items: Vec::new() };
    for values in [plan.at(&["prior_state", "values"]), plan.get("planned_values")].into_iter().flatten() {
        if let Some(root) = values.get("root_module") {
            reader.module(root, configuration, "", 0);
        }
    }
    reader.items
}

/// The items of the source by address, and without the keys of instances.
struct Source<'s> {
    exact: FxHashMap<&'s str, &'s Item>,
    any: FxHashMap<String, &'s Item>,
}

impl<'s> Source<'s> {
    fn new(written: &'s [Item]) -> Self {
        let resources = || written.iter().filter(|item| item.views.iter().any(|view| view == "resource" || view == "data"));
        let mut any: FxHashMap<String, &'s Item> = FxHashMap::default();
        for item in resources() {
            any.entry(without_keys(&item.name)).or_insert(item);
        }
        Self { exact: resources().map(|item| (item.name.as_str(), item)).collect(), any }
    }

    fn find(&self, address: &str) -> Option<&'s Item> {
        self.exact.get(address).or_else(|| self.any.get(&without_keys(address))).copied()
    }
}

/// `module.a["k"].x.y[0]` without the keys.
fn without_keys(address: &str) -> String {
    let (mut out, mut depth, mut quoted) = (String::with_capacity(address.len()), 0_u32, false);
    for c in address.chars() {
        match c {
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

struct Reader<'p> {
    changes: FxHashMap<&'p str, &'p Value>,
    source: Source<'p>,
    items: Vec<Item>,
}

impl<'p> Reader<'p> {
    fn module(&mut self, module: &'p Value, configuration: Option<&'p Value>, address: &str, depth: u32) {
        for resource in module.get("resources").map(Value::items).unwrap_or_default() {
            self.resource(resource, configuration, address);
        }
        if depth >= MAX_MODULES {
            return;
        }
        for child in module.get("child_modules").map(Value::items).unwrap_or_default() {
            let Some(inner) = child.str_at(&["address"]) else { continue };
            let name = without_keys(inner.strip_prefix(address).unwrap_or(inner).trim_start_matches('.'));
            let name = name.strip_prefix("module.").unwrap_or(&name);
            let configuration = configuration.and_then(|all| all.at(&["module_calls", name, "module"]));
            self.module(child, configuration, inner, depth + 1);
        }
    }

    fn resource(&mut self, resource: &'p Value, configuration: Option<&'p Value>, module: &str) {
        let (Some(address), Some(kind)) = (resource.str_at(&["address"]), resource.str_at(&["type"])) else { return };
        let is_data = resource.str_at(&["mode"]) == Some("data");
        // What was in the state before is of interest where nothing of it is planned: data sources.
        if !is_data && !self.changes.contains_key(address) && self.items.iter().any(|item| item.name == address) {
            return;
        }
        let written = self.source.find(address);
        let own = resource.as_map().and_then(|map| map.get("address")).map_or(resource.place, |entry| entry.place);
        let header = written.map_or(own, |item| item.header);
        let change = self.changes.get(address).copied();
        let expressions = configuration.and_then(|all| {
            let name = resource.str_at(&["name"])?;
            let same = |known: &&Value| known.str_at(&["type"]) == Some(kind) && known.str_at(&["name"]) == Some(name);
            all.get("resources")?.items().iter().find(same)?.get("expressions")
        });
        let merge = Merge { address, module, header };
        let mut map = Map { range: written.map_or(resource.place.span, |item| item.range), ..Map::default() };
        let after = change.and_then(|change| change.get("after_unknown"));
        let secret = resource.get("sensitive_values");
        let values = resource.get("values").and_then(Value::as_map);
        let unknown_only = after.and_then(Value::as_map).into_iter().flat_map(|map| &map.entries);
        let unknown_only = unknown_only.filter(|entry| values.is_none_or(|values| values.get(&entry.key).is_none()));
        for entry in values.into_iter().flat_map(|map| &map.entries).chain(unknown_only) {
            let key = entry.key.as_str();
            let planned = values.and_then(|values| values.get(key)).map(|entry| &entry.value);
            let expression = expressions.and_then(|all| all.get(key));
            let spoken = planned.map(|planned| spoken(planned, expression, 0));
            let planned = spoken.as_ref();
            let mut value =
                merge.value(planned, after.and_then(|all| all.get(key)), secret.and_then(|all| all.get(key)), expression, key, 0);
            let same = written.and_then(|item| item.value.as_map()?.get(key));
            let (place, key_place) = match (same, written) {
                (Some(same), _) => {
                    placed(&mut value, &same.value);
                    (same.place, same.key_place)
                }
                // What the source does not write is the provider's.
                (None, Some(item)) => {
                    value = lattice::moved(&value, item.header);
                    (item.header, Place::NONE)
                }
                (None, None) => (entry.place, entry.key_place),
            };
            map.entries.push(Entry { key: key.into(), key_place, place, value });
        }
        let name = resource.str_at(&["name"]).unwrap_or_default();
        let provider = kind.split('_').next().unwrap_or(kind);
        for (field, text) in [("address", address), ("type", kind), ("name", name), ("provider", provider)] {
            if map.get(field).is_none_or(|entry| entry.value.is_null()) {
                map.set(field, Value::string(text, header));
            }
        }
        if let Some(references) = written.and_then(|item| item.value.as_map()?.get("references")) {
            map.entries.push(references.clone());
        }
        let views =
            if is_data { views![format_compact!("data.{kind}"), "data".into()] } else { views![kind.into(), "resource".into()] };
        let index = crate::declare::count(self.items.len());
        self.items.push(Item {
            views,
            name: address.into(),
            header,
            range: map.range,
            value: Value::map(map, header),
            owner: None,
            index,
        });
    }
}

/// Takes over the places of what the source says, as far as both are of one shape.
fn placed(value: &mut Value, written: &Value) {
    if !written.place.is_some() {
        return;
    }
    value.place = written.place;
    match (&mut value.kind, &written.kind) {
        (Kind::Map(map), Kind::Map(known)) => {
            let map = Arc::make_mut(map);
            map.range = known.range;
            for entry in &mut map.entries {
                match known.get(&entry.key) {
                    Some(same) => {
                        (entry.place, entry.key_place) = (same.place, same.key_place);
                        placed(&mut entry.value, &same.value);
                    }
                    None => {
                        (entry.place, entry.key_place) = (written.place, Place::NONE);
                        entry.value = lattice::moved(&entry.value, written.place);
                    }
                }
            }
        }
        (Kind::List(list), Kind::List(known)) => {
            let list = Arc::make_mut(list);
            list.blocks = known.blocks;
            for (at, item) in list.items.iter_mut().enumerate() {
                match known.items.get(at).or_else(|| known.items.last()) {
                    Some(same) => placed(item, same),
                    None => *item = lattice::moved(item, written.place),
                }
            }
        }
        _ => {
            // What the source does not say itself was given from outside: it stands nowhere.
            let place = if value.kind == written.kind { written.place } else { Place::NONE };
            *value = Value { via: value.via.take(), ..lattice::moved(value, place) };
            if value.via.is_none() {
                value.via.clone_from(&written.via);
            }
        }
    }
}

/// The value with only those texts placed that the configuration says itself: the others come from variables or providers.
fn spoken(value: &Value, expression: Option<&Value>, depth: u32) -> Value {
    let says = |key: &str| expression.is_some_and(|expression| expression.get(key).is_some());
    if says("constant_value") || depth > MAX_DEPTH {
        return value.clone();
    }
    let kind = match &value.kind {
        Kind::String(_) => return Value { place: Place::NONE, ..value.clone() },
        Kind::List(list) => {
            let items = list.items.iter().enumerate().map(|(at, item)| {
                let inner = if says("references") {
                    None
                } else {
                    expression.and_then(|all| all.items().get(at).or(all.as_map().map(|_| all)))
                };
                spoken(item, inner, depth + 1)
            });
            Kind::List(Arc::new(List { items: items.collect(), ..List::clone(list) }))
        }
        Kind::Map(map) => {
            let entries = map.entries.iter().map(|entry| {
                let inner = if says("references") { None } else { expression.and_then(|all| all.get(&entry.key)) };
                Entry { value: spoken(&entry.value, inner, depth + 1), ..entry.clone() }
            });
            Kind::Map(Arc::new(Map { entries: entries.collect(), ..Map::clone(map) }))
        }
        _ => return value.clone(),
    };
    Value { kind, ..value.clone() }
}

struct Merge<'m> {
    address: &'m str,
    /// The address of the module instance.
    module: &'m str,
    header: Place,
}

impl Merge<'_> {
    /// A planned value with what is not known yet and what is secret.
    fn value(
        &self,
        planned: Option<&Value>,
        unknown: Option<&Value>,
        secret: Option<&Value>,
        expression: Option<&Value>,
        path: &str,
        depth: u32,
    ) -> Value {
        let reference = expression.and_then(|expression| self.reference(expression));
        let mut value = match unknown.map(|unknown| &unknown.kind) {
            Some(Kind::Bool(true)) => {
                self.unknown(reference.as_ref(), path, planned.map_or(self.header, |planned| planned.place))
            }
            Some(Kind::Map(unknowns)) if depth < MAX_DEPTH => {
                let known = planned.and_then(Value::as_map);
                let mut map = Map::default();
                let more = unknowns.entries.iter().filter(|entry| known.is_none_or(|known| known.get(&entry.key).is_none()));
                for entry in known.into_iter().flat_map(|known| &known.entries).chain(more) {
                    let key = entry.key.as_str();
                    let planned = known.and_then(|known| known.get(key)).map(|entry| &entry.value);
                    let inner = |of: Option<&Value>| of.and_then(|of| of.get(key)).cloned();
                    let (unknown, secret, expression) = (inner(unknown), inner(secret), inner(expression));
                    let path = format!("{path}.{key}");
                    let value = self.value(planned, unknown.as_ref(), secret.as_ref(), expression.as_ref(), &path, depth + 1);
                    map.entries.push(Entry { value, ..entry.clone() });
                }
                Value::map(map, planned.map_or(self.header, |planned| planned.place))
            }
            Some(Kind::List(unknowns)) if depth < MAX_DEPTH => {
                let known = planned.map(Value::items).unwrap_or_default();
                let items = (0..known.len().max(unknowns.items.len())).map(|at| {
                    let inner = |of: Option<&Value>| of.and_then(|of| of.items().get(at)).cloned();
                    let (unknown, secret, expression) = (unknowns.items.get(at), inner(secret), inner(expression));
                    self.value(known.get(at), unknown, secret.as_ref(), expression.as_ref(), &format!("{path}[{at}]"), depth + 1)
                });
                let list = List { items: items.collect(), ..List::default() };
                let list = List { blocks: list.items.iter().any(|item| item.as_map().is_some()), ..list };
                Value::new(Kind::List(Arc::new(list)), planned.map_or(self.header, |planned| planned.place))
            }
            _ => planned.cloned().unwrap_or_default(),
        };
        value.sensitive |= secret.and_then(Value::as_bool) == Some(true);
        match reference {
            Some(reference) if !matches!(value.kind, Kind::Unknown(_) | Kind::Null) => {
                let place = value.place;
                lattice::through(value, How::Resource(reference), place)
            }
            _ => value,
        }
    }

    fn unknown(&self, reference: Option<&Reference>, path: &str, place: Place) -> Value {
        let own = Reference { address: self.address.into(), attribute: path.into() };
        let identity = reference.unwrap_or(&own).clone();
        let source = format_compact!("{}.{}", identity.address, identity.attribute);
        Value::unknown(Unknown { identity: Some(identity), ..Unknown::new(Reason::Computed, source).shaped(Shape::Any) }, place)
    }

    /// The attribute of a resource that an expression of the configuration is made of.
    fn reference(&self, expression: &Value) -> Option<Reference> {
        let names = expression.get("references")?.items().iter().filter_map(Value::as_str);
        names.into_iter().find_map(|name| {
            let parts: Vec<&str> = name.split('.').collect();
            let (length, mode) = match parts.first().copied()? {
                "var" | "local" | "each" | "count" | "module" | "path" | "terraform" | "self" => return None,
                "data" => (3, "data."),
                _ => (2, ""),
            };
            let (Some(named), Some(attribute)) = (parts.get(..length), parts.get(length)) else { return None };
            let dot = if self.module.is_empty() { "" } else { "." };
            let named = named.join(".");
            let address: CompactString =
                format_compact!("{}{dot}{mode}{}", self.module, named.strip_prefix(mode).unwrap_or(&named));
            Some(Reference { address, attribute: (*attribute).into() })
        })
    }
}
