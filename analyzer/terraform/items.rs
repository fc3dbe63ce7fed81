//! Items: resource instances and declarations, as rules see them.

mod declarations;

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::hcl::Block;
use plimsoll_syntax::hcl::tree::BodyItem;
use plimsoll_syntax::item::Owner;
use plimsoll_syntax::text::joined;
use plimsoll_syntax::value::{Map, Shape, Unknown, Value};
use plimsoll_syntax::{Item, Place};

use crate::body::slots;
use crate::declare::{Declared, File, Mode, Module, Resource, count, items};
use crate::evaluator::{Evaluator, Home, Instance, Part, ResourceInstance};
use crate::extent::Extent;
use crate::outline::callees;
use crate::planned::Own;
use crate::uses;

/// Arguments of a module call that are not variables of the module.
const ARGUMENTS: &[&str] = &["source", "version", "providers", "count", "for_each", "depends_on"];

/// What is said about resources besides what is written; the last one only of those that stand for others.
const DERIVED: &[&str] = &["address", "type", "name", "provider", "id", "references", "instances"];

/// The items of a module instance; `is_first`: no other instance of the module comes before it.
pub(crate) fn of(evaluator: &Evaluator<'_>, instance: &Arc<Instance>, is_first: bool) -> Own {
    let module = &instance.module;
    let declared = [module.variables.list.len(), module.locals.list.len(), module.outputs.list.len()];
    let declared = if is_first { declared.iter().sum() } else { 0 };
    let all = Vec::with_capacity(declared + module.resources.len() + module.calls.list.len());
    let mut items = Items { evaluator, items: all };
    items.instance(instance, is_first);
    Arc::new(items.items)
}

struct Items<'e> {
    evaluator: &'e Evaluator<'e>,
    items: Vec<Arc<Item>>,
}

impl Items<'_> {
    /// The items of a module instance; `is_first`: no other instance of the module has been looked at.
    fn instance(&mut self, at: &Arc<Instance>, is_first: bool) {
        let evaluator = self.evaluator;
        if is_first {
            self.part(at, Part::Declarations, |items| {
                for note in &at.module.notes {
                    evaluator.note(note.place, note.kind, note.message.clone());
                }
                items.declarations(at);
            });
        }
        self.part(at, Part::Checks, |_| {
            // Terraform works out all of them, whether they are used or not.
            for index in 0..at.module.locals.list.len() {
                evaluator.local(at, count(index), Place::NONE);
            }
            for index in 0..at.module.outputs.list.len() {
                evaluator.output(at, count(index), Place::NONE);
            }
            for index in 0..at.module.variables.list.len() {
                evaluator.variable(at, count(index), Place::NONE);
                evaluator.validate(at, count(index));
            }
            evaluator.check_module(at);
        });
        for index in 0..at.module.resources.len() {
            let index = count(index);
            self.part(at, Part::Resource(index), |items| items.resource(at, index));
        }
        for (index, call) in at.module.calls.list.iter().enumerate() {
            let index = count(index);
            self.part(at, Part::Call(index), |items| items.call(at, index, call));
        }
    }

    /// The items of a part of a module instance: those that are kept, else what `make` makes.
    fn part(&mut self, at: &Instance, part: Part, make: impl FnOnce(&mut Self)) {
        let slot = part.slot(&at.module).unwrap_or_default();
        if let Some(Some(known)) = at.items.borrow().get(slot) {
            self.items.extend(known.iter().cloned());
            return;
        }
        let from = self.items.len();
        let evaluator = self.evaluator;
        evaluator.about(Home { instance: at.id, part }, || make(self));
        if !evaluator.remembers {
            return;
        }
        let made = self.items.get(from..).unwrap_or_default().to_vec();
        let extend = |extent: &mut Extent| made.iter().for_each(|item| extent.item(item));
        evaluator.about(Home { instance: at.id, part }, || evaluator.reaches(extend));
        let mut all = at.items.borrow_mut();
        if all.len() <= slot {
            all.resize(slot + 1, None);
        }
        if let Some(kept) = all.get_mut(slot) {
            *kept = Some(made);
        }
    }

    fn push(
        &mut self,
        views: &[&str],
        name: impl Into<CompactString>,
        (file, block): (&File, &Block),
        map: Map,
        owner: Option<Owner>,
    ) {
        self.items.push(Arc::new(Item {
            views: views.iter().map(|view| CompactString::from(*view)).collect(),
            name: name.into(),
            header: file.place(block.header()),
            range: file.place(block.span()).span,
            value: Value::map(map, file.place(block.header())),
            owner,
            index: 0,
        }));
    }

    fn resource(&mut self, at: &Arc<Instance>, index: u32) {
        let module = at.module.clone();
        let Some(resource) = module.resources.get(index as usize) else { return };
        let Some(written) = module.block(resource.block.at) else { return };
        let Some(expansion) = self.evaluator.resource(at, index) else { return };
        let prefixed = match resource.mode {
            Mode::Managed => resource.kind.clone(),
            Mode::Data | Mode::Ephemeral => joined([resource.mode.prefix(), &resource.kind]),
        };
        let views: [&str; 2] = match resource.mode {
            Mode::Managed => [&resource.kind, "resource"],
            Mode::Data => [&prefixed, "data"],
            Mode::Ephemeral => [&prefixed, "ephemeral"],
        };
        let name = joined([&prefixed, ".", &resource.block.name]);
        for place in uses::own(&module.uses, &name) {
            self.evaluator.invalid(place, format_compact!("{name} refers to itself"));
        }
        let derived = if expansion.alike.len() > 0 { DERIVED } else { DERIVED.split_last().map_or(DERIVED, |(_, all)| all) };
        // Many that are alike are judged once, under the address that stands for all of them.
        let alike = expansion.alike.len();
        for (_, instance) in &expansion.instances {
            let (entries, known) = self.evaluator.resource_entries(at, instance, derived);
            let mut map = Map { entries, range: written.0.place(written.1.span()).span, ..Map::default() };
            self.conditions_hold(&map);
            let header = written.0.place(written.1.header());
            for (bit, name_of) in derived.iter().enumerate() {
                let is_known = known & (1 << bit) != 0;
                if is_known && *name_of != "references" {
                    continue;
                }
                let value = match *name_of {
                    "address" => Value::string(instance.address.clone(), header),
                    "type" => Value::string(resource.kind.clone(), header),
                    "name" => Value::string(resource.block.name.clone(), header),
                    "provider" => Value::string(provider_of(&resource.kind), header),
                    "id" => {
                        let id = self.evaluator.computed(crate::body::reason(resource.mode), &instance.address, "id");
                        Value::unknown(Unknown { not_null: true, ..id.shaped(Shape::String) }, header)
                    }
                    "references" => uses::listed(&module.uses, &name, header),
                    _ => Value::int(i128::try_from(alike).unwrap_or(i128::MAX), header),
                };
                if is_known { map.set(*name_of, value) } else { map.push(*name_of, value) }
            }
            self.push(&views, instance.address.clone(), written, map, None);
            self.provisioners(at, resource, instance);
        }
    }

    /// Notes the conditions of a resource that are known to be false.
    fn conditions_hold(&self, map: &Map) {
        let Some(lifecycle) = map.get("lifecycle") else { return };
        for block in lifecycle.value.items() {
            let conditions = ["precondition", "postcondition"].into_iter().filter_map(|kind| block.get(kind));
            for condition in conditions.flat_map(Value::items) {
                let Some(test) = condition.get("condition").filter(|test| test.as_bool() == Some(false)) else { continue };
                let reason = condition.str_at(&["error_message"]).map(crate::expression::clip).unwrap_or_default();
                self.evaluator.note(
                    test.place,
                    crate::NoteKind::Invalid,
                    format_compact!("this condition does not hold: {reason}"),
                );
            }
        }
    }

    /// One item for each `provisioner` block.
    fn provisioners(&mut self, at: &Arc<Instance>, resource: &Resource, instance: &ResourceInstance) {
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
            let entries = self.evaluator.body(at, scope.as_ref(), slots(items(file, &block.body)), 1);
            let mut map = Map { entries, range: file.place(block.span()).span, ..Map::default() };
            let header = file.place(block.header());
            let kind = block.labels.first().map(|label| CompactString::from(file.tree.label(*label))).unwrap_or_default();
            map.set("type", Value::string(kind, header));
            map.set("resource", Value::string(instance.address.clone(), header));
            let owner = at
                .module
                .block(resource.block.at)
                .map(|(file, block)| Owner { name: instance.address.clone(), range: file.place(block.span()) });
            self.push(&["provisioner"], instance.address.clone(), (file, block), map, owner);
        }
    }

    /// Notes arguments that a module does not take, and those that it lacks.
    fn arguments(&self, at: &Instance, call: &Declared, callee: &Module) {
        let Some((file, block)) = at.module.block(call.at) else { return };
        for (file, item) in at.module.body(call) {
            let BodyItem::Attribute(attribute) = item else { continue };
            let name = file.text(attribute.name);
            if !ARGUMENTS.contains(&name) && callee.variables.position(name).is_none() {
                self.evaluator
                    .invalid(file.place(attribute.name), format_compact!("module \"{}\" has no variable \"{name}\"", call.name));
            }
        }
        for variable in &callee.variables.list {
            if callee.attribute(variable, "default").is_none() && at.module.attribute(call, &variable.name).is_none() {
                self.evaluator.invalid(
                    file.place(block.header()),
                    format_compact!("module \"{}\" is not given its variable \"{}\"", call.name, variable.name),
                );
            }
        }
    }

    /// The item of a module call.
    fn call(&mut self, at: &Arc<Instance>, index: u32, call: &Declared) {
        let Some((file, block)) = at.module.block(call.at) else { return };
        let expansion = self.evaluator.call(at, index, file.place(block.header()));
        let instances = callees(self.evaluator, at, index, call);
        let repetition = instances.first().and_then(|instance| instance.call.as_ref()).and_then(|call| call.repetition.clone());
        // A call that makes no instance, or none that can be read, still says where its module comes from.
        let repetition = repetition.or_else(|| expansion.as_ref().and_then(|expansion| crate::expand::any_of(expansion.by)));
        let scope = repetition.as_ref().map(|repetition| crate::evaluator::Scope {
            name: repetition.name,
            value: crate::reference::Ref::Value(repetition.value.clone()),
            parent: None,
        });
        // The other arguments of a call that makes no instance are never looked at.
        let none = expansion.as_ref().is_some_and(|expansion| expansion.instances.is_empty());
        let is_looked_at = |(file, item): &(&File, &BodyItem)| match item {
            BodyItem::Attribute(attribute) => !none || ARGUMENTS.contains(&file.text(attribute.name)),
            BodyItem::Block(_) => !none,
        };
        let entries = self.evaluator.body(at, scope.as_ref(), slots(at.module.body(call).filter(is_looked_at)), 0);
        let mut map = Map { entries, range: file.place(block.span()).span, ..Map::default() };
        let dot = if at.address.is_empty() { "" } else { "." };
        let address = joined([&at.address, dot, "module.", &call.name]);
        let header = file.place(block.header());
        for (name, value) in [("name", &call.name), ("address", &address)] {
            if map.get(name).is_none() {
                map.set(name, Value::string(value.clone(), header));
            }
        }
        crate::source::describe(&mut map);
        map.set("references", uses::listed(&at.module.uses, &joined(["module.", &call.name]), header));
        if let Some(instance) = instances.first() {
            self.arguments(at, call, &instance.module);
            self.evaluator.check_passed(at, call, &instance.module);
        }
        self.push(&["module"], address, (file, block), map, None);
    }
}

/// The provider that a resource type belongs to by its name.
pub(crate) fn provider_of(kind: &str) -> &str {
    kind.split('_').next().unwrap_or(kind)
}
