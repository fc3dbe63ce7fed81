//! Items: resource instances and declarations, as rules see them.

use std::rc::Rc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::hcl::Block;
use plimsoll_syntax::hcl::tree::BodyItem;
use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Map, Value};
use plimsoll_syntax::{Item, Place};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::body::finished;
use crate::declare::{At, Declared, File, Mode, Resource, count};
use crate::evaluator::{Callee, Cx, Evaluator, Instance, ResourceInstance};

/// Items that one root module may have.
const MAX_ITEMS: usize = 100_000;

/// All items of a root module and of the modules that it calls.
pub(crate) fn all(evaluator: &Evaluator<'_>, root: &Rc<Instance>) -> Vec<Item> {
    let mut items = Items { evaluator, items: Vec::new() };
    let mut waiting = vec![root.clone()];
    let mut seen: FxHashSet<String> = FxHashSet::default();
    while let Some(instance) = waiting.pop() {
        if seen.insert(instance.module.dir.clone()) {
            for note in &instance.module.notes {
                evaluator.note(note.place, note.kind, note.message.clone());
            }
            items.declarations(&instance);
        }
        for index in 0..instance.module.resources.len() {
            items.resource(&instance, count(index));
        }
        let mut callees = Vec::new();
        for (index, call) in instance.module.calls.list.iter().enumerate() {
            callees.extend(items.call(&instance, count(index), call));
        }
        waiting.extend(callees.into_iter().rev());
        if items.items.len() > MAX_ITEMS {
            evaluator.note(Place::NONE, crate::NoteKind::Limit, "this module plans more resources than are looked at");
            break;
        }
    }
    items.items
}

struct Items<'e> {
    evaluator: &'e Evaluator<'e>,
    items: Vec<Item>,
}

impl Items<'_> {
    fn push(&mut self, views: &[&str], name: impl Into<CompactString>, (file, block): (&File, &Block), map: Map, owner: Option<Owner>) {
        self.items.push(Item {
            views: views.iter().map(|view| CompactString::from(*view)).collect(),
            name: name.into(),
            header: file.place(block.header()),
            range: file.place(block.span()).span,
            value: Value::map(map, file.place(block.header())),
            owner,
            index: count(self.items.len()),
        });
    }

    fn resource(&mut self, at: &Rc<Instance>, index: u32) {
        let module = at.module.clone();
        let Some(resource) = module.resources.get(index as usize) else { return };
        let Some(written) = module.block(resource.block.at) else { return };
        let Some(expansion) = self.evaluator.resource(at, index) else { return };
        let prefixed = format_compact!("{}{}", resource.mode.prefix(), resource.kind);
        let views: [&str; 2] = match resource.mode {
            Mode::Managed => [&resource.kind, "resource"],
            Mode::Data => [&prefixed, "data"],
            Mode::Ephemeral => [&prefixed, "ephemeral"],
        };
        for (_, instance) in &expansion.instances {
            let mut map = Map { entries: self.evaluator.resource_entries(at, instance), range: written.0.place(written.1.span()).span, ..Map::default() };
            self.provisioners(at, resource, instance);
            let header = written.0.place(written.1.header());
            let mut derive = |name: &str, value: CompactString| {
                if map.get(name).is_none() {
                    map.set(name, Value::string(value, header));
                }
            };
            derive("address", instance.address.clone());
            derive("type", resource.kind.clone());
            derive("name", resource.block.name.clone());
            derive("provider", provider_of(&resource.kind).into());
            self.push(&views, instance.address.clone(), written, map, None);
        }
    }

    /// One item for each `provisioner` block.
    fn provisioners(&mut self, at: &Rc<Instance>, resource: &Resource, instance: &ResourceInstance) {
        for (file, item) in at.module.body(&resource.block) {
            let BodyItem::Block(block) = item else { continue };
            if file.text(block.kind) != "provisioner" {
                continue;
            }
            let scope = instance.repetition.as_ref().map(|repetition| crate::evaluator::Scope {
                name: repetition.name,
                value: crate::reference::Ref::Value(repetition.value.clone()),
                parent: None,
            });
            let inner: Vec<(&File, &BodyItem)> = block.body.items.iter().map(|item| (file, item)).collect();
            let entries = self.evaluator.body(at, scope.as_ref(), &inner, 1);
            let mut map = Map { entries, range: file.place(block.span()).span, ..Map::default() };
            let header = file.place(block.header());
            let kind = block.labels.first().map(|label| CompactString::from(file.tree.label(*label))).unwrap_or_default();
            map.set("type", Value::string(kind, header));
            map.set("resource", Value::string(instance.address.clone(), header));
            let owner = at.module.block(resource.block.at).map(|(file, block)| Owner { name: instance.address.clone(), range: file.place(block.span()) });
            self.push(&["provisioner"], instance.address.clone(), (file, block), map, owner);
        }
    }

    /// The item of a module call; returns the module instances that it makes.
    fn call(&mut self, at: &Rc<Instance>, index: u32, call: &Declared) -> Vec<Rc<Instance>> {
        let Some((file, block)) = at.module.block(call.at) else { return Vec::new() };
        let expansion = self.evaluator.call(at, index, file.place(block.header()));
        let instances: Vec<Rc<Instance>> = expansion
            .iter()
            .flat_map(|expansion| &expansion.instances)
            .filter_map(|(_, callee)| if let Callee::Module(id) = callee { self.evaluator.instance(*id) } else { None })
            .collect();
        let repetition = instances.first().and_then(|instance| instance.call.as_ref()).and_then(|call| call.repetition.clone());
        let scope = repetition.as_ref().map(|repetition| crate::evaluator::Scope {
            name: repetition.name,
            value: crate::reference::Ref::Value(repetition.value.clone()),
            parent: None,
        });
        let entries = self.evaluator.body(at, scope.as_ref(), &at.module.body(call), 0);
        let mut map = Map { entries, range: file.place(block.span()).span, ..Map::default() };
        let dot = if at.address.is_empty() { "" } else { "." };
        let address = format_compact!("{}{dot}module.{}", at.address, call.name);
        for (name, value) in [("name", &call.name), ("address", &address)] {
            if map.get(name).is_none() {
                map.set(name, Value::string(value.clone(), file.place(block.header())));
            }
        }
        self.push(&["module"], address, (file, block), map, None);
        instances
    }

    fn declarations(&mut self, at: &Rc<Instance>) {
        let module = &at.module;
        for variable in &module.variables.list {
            let Some(written) = module.block(variable.at) else { continue };
            let mut map = self.map(at, variable);
            if let Some((file, attribute)) = module.attribute(variable, "type") {
                let text = file.text(file.tree[attribute.expr].span).trim_matches('"');
                set(&mut map, "type", Value::string(text, file.place(file.tree[attribute.expr].span)));
            }
            let header = written.0.place(written.1.header());
            map.set("name", Value::string(variable.name.clone(), header));
            let required = map.get("default").is_none();
            map.set("required", Value::bool(required, header));
            self.push(&["variable"], format_compact!("var.{}", variable.name), written, map, None);
        }
        for output in &module.outputs.list {
            let Some(written) = module.block(output.at) else { continue };
            let mut map = self.map(at, output);
            map.set("name", Value::string(output.name.clone(), written.0.place(written.1.header())));
            self.push(&["output"], format_compact!("output.{}", output.name), written, map, None);
        }
        for provider in &module.providers {
            let Some(written) = module.block(provider.at) else { continue };
            let mut map = self.map(at, provider);
            let alias = map.get("alias").and_then(|entry| entry.value.as_str()).map(CompactString::from);
            let base = format_compact!("provider.{}", provider.name);
            if map.get("name").is_none() {
                map.set("name", Value::string(provider.name.clone(), written.0.place(written.1.header())));
            }
            let name = alias.map_or_else(|| base.clone(), |alias| format_compact!("{base}.{alias}"));
            self.push(&[&base, "provider"], name, written, map, None);
        }
        for settings in &module.settings {
            let Some(written) = module.block(settings.at) else { continue };
            let map = self.map(at, settings);
            self.push(&["terraform"], "terraform", written, map, None);
        }
        self.locals(at);
        self.required_providers(at);
    }

    fn map(&self, at: &Instance, declared: &Declared) -> Map {
        let range = at.module.block(declared.at).map(|(file, block)| file.place(block.span()).span).unwrap_or_default();
        // The arguments of declarations are not all expressions with values: types and validation conditions are left out.
        let items: Vec<(&File, &BodyItem)> = at
            .module
            .body(declared)
            .into_iter()
            .filter(|(file, item)| match item {
                BodyItem::Attribute(attribute) => file.text(attribute.name) != "type",
                BodyItem::Block(block) => !matches!(file.text(block.kind), "validation" | "precondition" | "required_providers"),
            })
            .collect();
        let mut entries = self.evaluator.body(at, None, &items, 0);
        for entry in &mut entries {
            entry.value = finished(std::mem::take(&mut entry.value));
        }
        Map { entries, range, ..Map::default() }
    }

    fn locals(&mut self, at: &Rc<Instance>) {
        for (index, local) in at.module.locals.list.iter().enumerate() {
            let Some(file) = at.module.files.get(local.file as usize) else { continue };
            let place = file.place(local.attribute.span);
            let mut value = finished(self.evaluator.local(at, count(index), place));
            // The item is the local value itself, not a use of it.
            value.via = value.via.take().and_then(|via| via.from.clone());
            let name = file.place(local.attribute.name);
            let mut map = Map { range: place.span, ..Map::default() };
            map.set("name", Value::string(local.name.clone(), name));
            map.entries.push(plimsoll_syntax::value::Entry { key: "value".into(), key_place: name, place: name, value });
            self.items.push(Item {
                views: vec!["local".into()],
                name: format_compact!("local.{}", local.name),
                header: name,
                range: place.span,
                value: Value::map(map, name),
                owner: None,
                index: count(self.items.len()),
            });
        }
    }

    /// One item for each provider that is required, and for each that is used without.
    fn required_providers(&mut self, at: &Rc<Instance>) {
        let module = &at.module;
        let mut declared: FxHashSet<CompactString> = FxHashSet::default();
        for settings in &module.settings {
            let Some((file, block)) = module.block(settings.at) else { continue };
            for required in block.body.blocks().filter(|block| file.text(block.kind) == "required_providers") {
                for attribute in required.body.attributes() {
                    let cx = Cx::new(at, file);
                    let name = CompactString::from(file.text(attribute.name));
                    let place = file.place(attribute.name);
                    let value = match file.tree[attribute.expr].kind {
                        plimsoll_syntax::hcl::ExprKind::Object(items) => self.requirement(&cx, items, place),
                        _ => {
                            let mut map = Map::default();
                            map.set("version", finished(self.evaluator.eval(&cx, attribute.expr)));
                            map
                        }
                    };
                    let mut map = Map { range: file.place(attribute.span).span, ..value };
                    set(&mut map, "name", Value::string(name.clone(), place));
                    set(&mut map, "declared", Value::bool(true, place));
                    declared.insert(name.clone());
                    self.provider_item(&name, place, map);
                }
            }
        }
        let mut used: FxHashMap<CompactString, At> = FxHashMap::default();
        let mut order = Vec::new();
        for resource in &module.resources {
            let written = module.attribute(&resource.block, "provider").map(|(file, attribute)| file.text(file.tree[attribute.expr].span));
            let name: CompactString = written.unwrap_or_else(|| provider_of(&resource.kind)).trim_matches('"').split('.').next().unwrap_or("").into();
            if name != "terraform" && !declared.contains(&name) && !used.contains_key(&name) {
                used.insert(name.clone(), resource.block.at);
                order.push(name);
            }
        }
        for name in order {
            let Some((file, block)) = used.get(&name).and_then(|at| module.block(*at)) else { continue };
            let place = file.place(block.header());
            let mut map = Map { range: file.place(block.span()).span, ..Map::default() };
            map.set("name", Value::string(name.clone(), place));
            map.set("declared", Value::bool(false, place));
            self.provider_item(&name, place, map);
        }
    }

    /// `{ source = …, version = …, configuration_aliases = [aws.east] }`; the last names things and has no value.
    fn requirement(&self, cx: &Cx<'_>, items: plimsoll_syntax::hcl::tree::List<plimsoll_syntax::hcl::tree::ObjectItem>, place: Place) -> Map {
        let tree = &cx.file.tree;
        let mut map = Map::default();
        for item in tree.items(items) {
            let name = tree.plain_string(item.key).unwrap_or_else(|| tree.text(tree[item.key].span).into());
            if name != "configuration_aliases" {
                map.set(name, finished(self.evaluator.eval(cx, item.value)));
            }
        }
        for entry in &mut map.entries {
            entry.key_place = place;
        }
        map
    }

    fn provider_item(&mut self, name: &str, place: Place, map: Map) {
        self.items.push(Item {
            views: vec!["terraform.provider".into()],
            name: format_compact!("provider.{name}"),
            header: place,
            range: map.range,
            value: Value::map(map, place),
            owner: None,
            index: count(self.items.len()),
        });
    }
}

/// Sets a derived field in place of a written one that has no value of its own.
fn set(map: &mut Map, name: &str, value: Value) {
    map.set(name, value);
}

/// The provider that a resource type belongs to by its name.
fn provider_of(kind: &str) -> &str {
    kind.split('_').next().unwrap_or(kind)
}
