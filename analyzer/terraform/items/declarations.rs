//! Variables, outputs, locals, providers and settings as items.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::hcl::tree::BodyItem;
use plimsoll_syntax::hcl::{Attribute, ExprKind};
use plimsoll_syntax::text::joined;
use plimsoll_syntax::value::{Entry, Kind, Map, Value};
use plimsoll_syntax::{Item, Place, views};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Items, provider_of};
use crate::body::{finished, names, slots};
use crate::declare::{At, Declared, File, Module, count};
use crate::evaluator::{Cx, Instance};
use crate::uses;

impl Items<'_> {
    pub(super) fn declarations(&mut self, at: &Arc<Instance>) {
        let module = &at.module;
        for variable in &module.variables.list {
            let Some(written) = module.block(variable.at) else { continue };
            let mut map = self.map(at, variable, 5);
            if let Some((file, attribute)) = module.attribute(variable, "type") {
                let text = file.text(file.tree[attribute.expr].span).trim_matches('"');
                set(&mut map, "type", Value::string(text, file.place(file.tree[attribute.expr].span)));
            }
            let header = written.0.place(written.1.header());
            map.set("name", Value::string(variable.name.clone(), header));
            let required = map.get("default").is_none();
            map.set("required", Value::bool(required, header));
            self.evaluator.check_variable(at, variable);
            self.conditions(at, variable, &mut map);
            let address = joined(["var.", &variable.name]);
            named(&mut map, module, &address, header);
            self.push(&["variable"], address, written, map, None);
        }
        for output in &module.outputs.list {
            let Some(written) = module.block(output.at) else { continue };
            let mut map = self.map(at, output, 4);
            let header = written.0.place(written.1.header());
            map.set("name", Value::string(output.name.clone(), header));
            if let Some(of) = self.evaluator.output_type(at, output) {
                map.set("type", Value::string(format_compact!("{of}"), header));
            }
            self.conditions(at, output, &mut map);
            let address = joined(["output.", &output.name]);
            named(&mut map, module, &address, header);
            self.push(&["output"], address, written, map, None);
        }
        for provider in &module.providers {
            let Some(written) = module.block(provider.at) else { continue };
            let mut map = self.map(at, provider, 3);
            let alias = map.get("alias").and_then(|entry| entry.value.as_str()).map(CompactString::from);
            let base = joined(["provider.", &provider.name]);
            let header = written.0.place(written.1.header());
            let name = alias.map_or_else(|| base.clone(), |alias| joined([&base, ".", &alias]));
            for (field, value) in [("name", &provider.name), ("type", &provider.name), ("address", &name)] {
                if map.get(field).is_none() {
                    map.set(field, Value::string(value.clone(), header));
                }
            }
            self.push(&[&base, "provider"], name, written, map, None);
        }
        for settings in &module.settings {
            let Some(written) = module.block(settings.at) else { continue };
            let mut map = self.map(at, settings, 1);
            self.requirements(at, settings, &mut map);
            self.push(&["terraform"], "terraform", written, map, None);
        }
        self.locals(at);
        self.required_providers(at);
    }

    /// What is written of a declaration, with room for what is derived.
    fn map(&self, at: &Instance, declared: &Declared, room: usize) -> Map {
        let range = at.module.block(declared.at).map(|(file, block)| file.place(block.span()).span).unwrap_or_default();
        // The arguments of declarations are not all expressions with values: types are left out, and conditions come later.
        let items = at.module.body(declared).filter(|(file, item)| match item {
            BodyItem::Attribute(attribute) => file.text(attribute.name) != "type",
            BodyItem::Block(block) => file.text(block.kind) != "required_providers" && !is_condition(file, item),
        });
        let mut entries = self.evaluator.body(at, None, slots(items), 0);
        entries.reserve_exact(room);
        for entry in &mut entries {
            entry.value = finished(std::mem::take(&mut entry.value));
        }
        Map { entries, range, ..Map::default() }
    }

    fn locals(&mut self, at: &Arc<Instance>) {
        for (index, local) in at.module.locals.list.iter().enumerate() {
            let Some(file) = at.module.files.get(local.file as usize) else { continue };
            let place = file.place(local.attribute.span);
            let mut value = finished(self.evaluator.local(at, count(index), place));
            // The item is the local value itself, not a use of it.
            value.via = value.via.take().and_then(|via| via.from.clone());
            let name = file.place(local.attribute.name);
            let address = joined(["local.", &local.name]);
            let mut map = Map { range: place.span, ..Map::default() };
            map.push("name", Value::string(local.name.clone(), name));
            map.entries.push(Entry { key: "value".into(), key_place: name, place: name, value });
            named(&mut map, &at.module, &address, name);
            self.items.push(Arc::new(Item {
                views: views!["local".into()],
                name: address,
                header: name,
                range: place.span,
                value: Value::map(map, name),
                owner: None,
                index: 0,
            }));
        }
    }

    /// One item for each provider that is required, and for each that is used without.
    fn required_providers(&mut self, at: &Arc<Instance>) {
        let module = &at.module;
        let mut declared: FxHashSet<CompactString> = FxHashSet::default();
        for settings in &module.settings {
            for (file, attribute, mut map) in self.required(at, settings) {
                let name = CompactString::from(file.text(attribute.name));
                let place = file.place(attribute.name);
                set(&mut map, "name", Value::string(name.clone(), place));
                set(&mut map, "declared", Value::bool(true, place));
                declared.insert(name.clone());
                self.provider_item(&name, place, map);
            }
        }
        let mut used: FxHashMap<&str, At> = FxHashMap::default();
        let mut order = Vec::new();
        for resource in &module.resources {
            let written = module.attribute(&resource.block, "provider");
            let written = written
                .and_then(|(file, attribute)| file.text(file.tree[attribute.expr].span).trim_matches('"').split('.').next());
            let name = written.unwrap_or_else(|| provider_of(&resource.kind));
            if name != "terraform" && !declared.contains(name) && !used.contains_key(name) {
                used.insert(name, resource.block.at);
                order.push(name);
            }
        }
        for name in order {
            let Some((file, block)) = used.get(name).and_then(|at| module.block(*at)) else { continue };
            let place = file.place(block.header());
            let mut map = Map { range: file.place(block.span()).span, ..Map::default() };
            map.push("name", Value::string(name, place));
            map.push("declared", Value::bool(false, place));
            self.provider_item(name, place, map);
        }
    }

    /// The entries of the `required_providers` blocks.
    fn required<'m>(&self, at: &'m Instance, settings: &Declared) -> Vec<(&'m File, &'m Attribute, Map)> {
        let Some((file, block)) = at.module.block(settings.at) else { return Vec::new() };
        let required = block.body.blocks().filter(|block| file.text(block.kind) == "required_providers");
        required
            .flat_map(|required| required.body.attributes())
            .map(|attribute| (file, attribute, self.requirement(at, file, attribute)))
            .collect()
    }

    /// `{ source = …, version = …, configuration_aliases = [aws.east] }`, or a version alone.
    fn requirement(&self, at: &Instance, file: &File, attribute: &Attribute) -> Map {
        let (tree, cx) = (&file.tree, Cx::new(at, file));
        let mut map = Map { range: file.place(attribute.span).span, ..Map::default() };
        let mut add = |name: CompactString, key_place: Place, value: Value| {
            let place = Place::new(key_place.file, key_place.span.to(value.place.span));
            map.entries.push(Entry { key: name, key_place, place, value });
        };
        match tree[attribute.expr].kind {
            ExprKind::Object(items) => {
                for item in tree.items(items) {
                    let name = tree.plain_string(item.key).unwrap_or_else(|| tree.text(tree[item.key].span).into());
                    // Aliases name things and have no value.
                    let value = if name == "configuration_aliases" {
                        names(&cx, item.value, 0)
                    } else {
                        finished(self.evaluator.eval(&cx, item.value))
                    };
                    add(name, file.place(tree[item.key].span), value);
                }
            }
            _ => add("version".into(), file.place(attribute.name), finished(self.evaluator.eval(&cx, attribute.expr))),
        }
        map
    }

    /// Adds `required_providers` as one map to the settings.
    fn requirements(&self, at: &Instance, settings: &Declared, map: &mut Map) {
        let entries: Vec<Entry> = self
            .required(at, settings)
            .into_iter()
            .map(|(file, attribute, map)| {
                let (key_place, place) = (file.place(attribute.name), file.place(attribute.span));
                Entry { key: file.text(attribute.name).into(), key_place, place, value: Value::map(map, place) }
            })
            .collect();
        let Some((file, block)) = at.module.block(settings.at) else { return };
        if let Some(required) = block.body.blocks().find(|block| file.text(block.kind) == "required_providers") {
            let (key_place, place) = (file.place(required.kind), file.place(required.header()));
            let value = Value::map(Map { entries, range: file.place(required.span()).span, ..Map::default() }, place);
            map.entries.push(Entry { key: "required_providers".into(), key_place, place, value });
        }
    }

    /// Adds the blocks that hold conditions. What Terraform would refuse in one of them is not known here: it depends on values
    /// that are given later.
    fn conditions(&self, at: &Instance, declared: &Declared, map: &mut Map) {
        let conditions = slots(at.module.body(declared).filter(|(file, item)| is_condition(file, item)));
        if conditions.is_empty() {
            return;
        }
        let evaluated = self
            .evaluator
            .attempt(|| Value::map(Map { entries: self.evaluator.body(at, None, conditions, 0), ..Map::default() }, Place::NONE));
        if let Ok(Value { kind: Kind::Map(blocks), .. }) = evaluated {
            map.entries.extend(blocks.entries.iter().cloned());
        }
    }

    fn provider_item(&mut self, name: &str, place: Place, mut map: Map) {
        let source = map.get("source").and_then(|entry| entry.value.as_str());
        if let Some(version) = self.evaluator.locked(name, source) {
            set(&mut map, "locked", version);
        }
        self.items.push(Arc::new(Item {
            views: views!["terraform.provider".into()],
            name: joined(["provider.", name]),
            header: place,
            range: map.range,
            value: Value::map(map, place),
            owner: None,
            index: 0,
        }));
    }
}

fn is_condition(file: &File, item: &BodyItem) -> bool {
    matches!(item, BodyItem::Block(block) if matches!(file.text(block.kind), "validation" | "precondition"))
}

/// Sets the address and the users of a declaration.
fn named(map: &mut Map, module: &Module, address: &str, place: Place) {
    map.set("address", Value::string(address, place));
    map.set("references", uses::listed(&module.uses, address, place));
}

/// Sets a derived field in place of a written one that has no value of its own.
fn set(map: &mut Map, name: &str, value: Value) {
    map.set(name, value);
}
