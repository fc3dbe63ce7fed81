//! Evaluating again after an edit: what an edit has touched, and what depends on that, is forgotten; the rest stays.
//!
//! What depends on what is read off the names that are written ([`crate::uses`]), so it is never less than what evaluation asked for.
//! Where an edit adds or removes declarations, changes how often a module is called or a file that was read, or where names are worked
//! out, everything is evaluated anew.

mod changes;

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::{Item, Span};
use rustc_hash::FxHashSet;

use crate::declare::{Mode, Module};
use crate::evaluator::{Callee, Home, Instance, Part, Space};
use crate::extent::bit;
use crate::memory::Kept;
use crate::shift::Shift;
use crate::{Note, Workspace};
use changes::{changes, declared_with, slot_name};

/// Arguments of a call that say what is called, and how often.
const CALLING: &[&str] = &["source", "version", "count", "for_each", "lifecycle", "enabled"];
/// Arguments of a resource that say how many there are.
pub(crate) const REPEATING: &[&str] = &["count", "for_each", "lifecycle"];

/// Something whose value may be another now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    Variable(u32),
    Local(u32),
    Output(u32),
    /// An argument or the blocks of a type of a resource; `None`: all of it, and how many there are.
    Resource(u32, Option<CompactString>),
    /// What a call gives for a variable.
    Argument(u32, CompactString),
    /// Only what is said about it.
    Item(Part),
    /// What is said about the call of the module: whether it gives what it must.
    Callers,
}

/// What is left of an evaluation after the edits since then, and the module instances whose items are others; `None`: nothing is.
pub(crate) fn renewed(mut kept: Kept, workspace: &dyn Workspace) -> Option<(Kept, FxHashSet<u32>)> {
    if !kept.asked.reads_hold(workspace) {
        return None;
    }
    let mut replaced: Vec<(Arc<Module>, Vec<Node>)> = Vec::new();
    let mut shifts = Vec::new();
    for (dir, known) in &mut kept.asked.modules {
        if workspace.is_module(dir, known.as_ref()) {
            continue;
        }
        // A directory has got its first file, or has lost its last one.
        let (old, new) = (known.as_ref()?, workspace.module(dir)?);
        replaced.push((new.clone(), changes(old, &new, &mut shifts)?));
        *known = Some(new);
    }
    let mut waiting = Vec::new();
    for (module, nodes) in &replaced {
        for &id in kept.outline.instances(&module.dir) {
            Arc::get_mut(kept.instances.get_mut(id as usize)?)?.module = module.clone();
            waiting.extend(nodes.iter().map(|node| (id, node.clone())));
        }
    }
    let (seen, dropped, touched) = Default::default();
    let mut renewal = Renewal { instances: &kept.instances, waiting, seen, dropped, touched };
    renewal.run(&kept.outline.importing)?;
    let (dropped, mut touched) = (renewal.dropped, renewal.touched);
    kept.notes.retain(|(home, _)| !dropped.contains(home));
    let is_moved = |shift: &Shift| moved(&mut kept, shift, &mut touched).is_some() && !shift.is_lost();
    shifts.iter().all(is_moved).then_some((kept, touched))
}

struct Renewal<'k> {
    instances: &'k [Arc<Instance>],
    waiting: Vec<(u32, Node)>,
    seen: FxHashSet<(u32, Node)>,
    /// Where notes come from that is looked at again.
    dropped: FxHashSet<Home>,
    /// Module instances whose items are others now.
    touched: FxHashSet<u32>,
}

impl Renewal<'_> {
    fn run(&mut self, importing: &[u32]) -> Option<()> {
        while let Some((id, node)) = self.waiting.pop() {
            if self.seen.insert((id, node.clone())) {
                let at = self.instances.get(id as usize)?.clone();
                self.forget(&at, node)?;
            }
        }
        // What is imported is looked for in other modules.
        let importing = if self.seen.is_empty() { &[] } else { importing };
        for &id in importing {
            self.forget_part(self.instances.get(id as usize)?, Part::Checks);
        }
        Some(())
    }

    fn forget(&mut self, at: &Instance, node: Node) -> Option<()> {
        let module = &at.module;
        match node {
            Node::Variable(index) => {
                let name = &module.variables.list.get(index as usize)?.name;
                self.forget_name(at, (Space::Variable, index), Part::Variable(index));
                self.users(at, &format!("var.{name}"), None)
            }
            Node::Local(index) => {
                let name = &module.locals.list.get(index as usize)?.name;
                self.forget_name(at, (Space::Local, index), Part::Local(index));
                self.users(at, &format!("local.{name}"), None)
            }
            Node::Output(index) => {
                let name = &module.outputs.list.get(index as usize)?.name;
                self.forget_name(at, (Space::Output, index), Part::Output(index));
                let Some(call) = &at.call else { return Some(()) };
                let parent = self.instances.get(call.parent as usize)?.clone();
                let called = &parent.module.calls.list.get(call.index as usize)?.name;
                self.users(&parent, &format!("module.{called}"), Some(name))
            }
            Node::Resource(index, attribute) => {
                let resource = module.resources.get(index as usize)?;
                let name = format!("{}{}.{}", resource.mode.prefix(), resource.kind, resource.block.name);
                at.alike.borrow_mut().retain(|(of, _), _| *of != index);
                if attribute.is_none() {
                    self.forget_part(at, Part::Repeating(index));
                    at.resources.borrow_mut().remove(&index);
                    at.particular.borrow_mut().retain(|(of, _), _| *of != index);
                } else {
                    let known = at.resources.borrow().get(&index).cloned().flatten();
                    let particular = at.particular.borrow();
                    let others = particular.iter().filter(|((of, _), _)| *of == index).map(|(_, instance)| instance);
                    for instance in known.iter().flat_map(|known| known.instances.iter().map(|(_, one)| one)).chain(others) {
                        instance.attributes.borrow_mut().clear();
                    }
                }
                for part in [Part::Arguments(index), Part::Resource(index), Part::Checks] {
                    self.forget_part(at, part);
                }
                self.users(at, &name, attribute.as_deref())
            }
            Node::Argument(index, name) => {
                self.forget_part(at, Part::Call(index));
                let calls = at.calls.borrow();
                let callees = calls.get(&index)?.iter().flat_map(|known| &known.instances);
                for (_, callee) in callees {
                    let Callee::Module(id) = callee else { continue };
                    let called = self.instances.get(*id as usize)?;
                    if let Some(variable) = called.module.variables.position(&name) {
                        self.waiting.push((*id, Node::Variable(variable)));
                    }
                }
                Some(())
            }
            Node::Item(part) => {
                self.forget_part(at, part);
                Some(())
            }
            Node::Callers => {
                let Some(call) = &at.call else { return Some(()) };
                let parent = self.instances.get(call.parent as usize)?.clone();
                self.forget_part(&parent, Part::Call(call.index));
                Some(())
            }
        }
    }

    fn forget_name(&mut self, at: &Instance, key: (Space, u32), part: Part) {
        at.names.borrow_mut().remove(&key);
        for part in [part, Part::Declarations, Part::Checks] {
            self.forget_part(at, part);
        }
    }

    fn forget_part(&mut self, at: &Instance, part: Part) {
        self.dropped.insert(Home { instance: at.id, part });
        self.touched.insert(at.id);
        if let Some(items) = part.slot(&at.module).and_then(|slot| at.items.borrow_mut().get_mut(slot).map(Option::take)) {
            drop(items);
        }
    }

    /// Everything that uses a name may be another, too.
    fn users(&mut self, at: &Instance, name: &str, attribute: Option<&str>) -> Option<()> {
        for user in at.module.uses.get(name).into_iter().flatten() {
            if let (Some(changed), Some(used)) = (attribute, &user.attribute)
                && changed != used
            {
                continue;
            }
            let node = owner(&at.module, &user.owner, user.file, user.span)?;
            self.waiting.push((at.id, node));
        }
        Some(())
    }
}

/// What is another where something that a declaration uses is; `None`: everything may be.
fn owner(module: &Module, name: &str, file: u32, span: Span) -> Option<Node> {
    let (kind, rest) = name.split_once('.').unwrap_or((name, ""));
    Some(match kind {
        // A variable refers to others in its conditions only.
        "var" | "provider" | "terraform" | "import" | "moved" | "removed" => Node::Item(Part::Declarations),
        "local" => Node::Local(module.locals.position(rest)?),
        "output" => Node::Output(module.outputs.position(rest)?),
        "check" => return None,
        "module" => {
            let call = module.calls.position(rest)?;
            let argument = declared_with(module, module.calls.list.get(call as usize)?, file, span)?;
            if CALLING.contains(&&*argument) {
                return None;
            }
            Node::Argument(call, argument)
        }
        _ => {
            let (mode, rest) = match kind {
                "data" => (Mode::Data, rest),
                "ephemeral" => (Mode::Ephemeral, rest),
                _ => (Mode::Managed, name),
            };
            let (kind, name) = rest.split_once('.')?;
            let index = *module.resource_index.get(&(mode, kind.into(), name.into()))?;
            let argument = declared_with(module, &module.resources.get(index as usize)?.block, file, span);
            Node::Resource(index, argument.filter(|argument| !REPEATING.contains(&&**argument)))
        }
    })
}

/// Moves all that is kept to where it is now.
fn moved(kept: &mut Kept, shift: &Shift, touched: &mut FxHashSet<u32>) -> Option<()> {
    for (_, note) in &mut kept.notes {
        let Note { place, .. } = note;
        *place = shift.place(*place).unwrap_or(*place);
    }
    for (instance, files) in kept.instances.iter_mut().zip(&kept.files) {
        if files & bit(shift.file()) == 0 {
            continue;
        }
        let instance = Arc::get_mut(instance)?;
        if let Some(repetition) = instance.call.as_mut().and_then(|call| call.repetition.as_mut())
            && let Some(value) = shift.value(&repetition.value)
        {
            repetition.value = value;
        }
        move_instance(instance, shift)?;
        touched.insert(instance.id);
    }
    Some(())
}

/// What the edit reaches of an instance.
fn move_instance(instance: &Instance, shift: &Shift) -> Option<()> {
    let mut extents = instance.extents.borrow_mut();
    let reached: Vec<bool> = extents.iter().map(|extent| extent.is_reached(shift)).collect();
    extents.iter_mut().for_each(|extent| extent.shift(shift));
    let is_reached = |slot: usize| reached.get(slot).copied().unwrap_or_default();
    let is_resource_reached = |index: u32| is_reached(Part::of_resource(index));
    if is_reached(0) {
        instance.names.borrow_mut().values_mut().for_each(|state| state.shift(shift));
    }
    // What resources say is in their items; whoever refers to one works it out again.
    instance.alike.borrow_mut().retain(|(index, _), _| !is_resource_reached(*index));
    let mut resources = instance.resources.borrow_mut();
    let expansions = resources.iter_mut().filter(|(index, _)| is_resource_reached(**index));
    let expansions = expansions.map(|(_, known)| Arc::get_mut(known.as_mut()?).map(|known| &mut known.instances));
    let expansions = expansions.collect::<Option<Vec<_>>>()?;
    let mut particular = instance.particular.borrow_mut();
    let particular = particular.iter_mut().filter(|((index, _), _)| is_resource_reached(*index)).map(|(_, known)| known);
    for known in expansions.into_iter().flatten().map(|(_, known)| known).chain(particular) {
        let known = Arc::get_mut(known)?;
        if let Some(repetition) = &mut known.repetition
            && let Some(value) = shift.value(&repetition.value)
        {
            repetition.value = value;
        }
        known.attributes.borrow_mut().clear();
    }
    let moved = |item: &mut Arc<Item>| {
        if let Some(new) = shift.item(item) {
            *item = Arc::new(new);
        }
    };
    let mut items = instance.items.borrow_mut();
    let items = items.iter_mut().enumerate().filter(|(slot, _)| is_reached(*slot));
    items.flat_map(|(_, items)| items).flatten().for_each(moved);
    Some(())
}

/// The name of what stands in a body, as others refer to it.
pub(crate) fn is_repeating(module: &Module, resource: &crate::declare::Resource) -> bool {
    module.body(&resource.block).any(|(file, item)| REPEATING.contains(&&*slot_name(file, item)))
}
