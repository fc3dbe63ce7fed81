//! Evaluation on demand: each name of each module instance once, with limits on depth, work and modules.

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::{Arc, OnceLock};

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::text::joined;
use plimsoll_syntax::value::{How, Reason, Reference, Unknown};
use plimsoll_syntax::{FileId, Place, Span, Value};
use rustc_hash::FxHashMap;

use crate::budget::Budget;
use crate::declare::{File, Mode, Module};
use crate::expand::Key;
use crate::extent::Extent;
use crate::inputs::Layers;
use crate::lattice;
use crate::lock::Locked;
use crate::memo::Memo;
use crate::outline::Outline;
use crate::reference::Ref;
use crate::shared::Shared;
use crate::{Evaluation, Inputs, Note, NoteKind, Workspace};

pub(crate) use crate::instance::{Call, Callee, Home, Instance, Instances, Part, Repetition, ResourceInstance, Space, State};

/// More notes than this say nothing new.
pub(crate) const MAX_NOTES: usize = 1_000;

/// Evaluates what the module in `root_dir` plans. Never fails: what is wrong becomes a note, what cannot be known is unknown.
#[must_use]
pub fn evaluate(root_dir: &str, workspace: &dyn Workspace) -> Evaluation {
    evaluate_with(root_dir, &Inputs::default(), workspace)
}

/// The same, with what it is given from outside.
#[must_use]
pub fn evaluate_with(root_dir: &str, inputs: &Inputs, workspace: &dyn Workspace) -> Evaluation {
    let Some(module) = workspace.module(root_dir) else { return Evaluation::default() };
    let evaluator = Evaluator { layers: Layers::new(inputs, workspace), ..Evaluator::new(workspace) };
    let evaluator = Evaluator { selected: inputs.workspace.clone(), ..evaluator };
    let outline = Outline::new(&evaluator, &evaluator.root(module));
    evaluator.planned(&outline)
}

/// The state of one evaluation.
pub(crate) struct Evaluator<'w> {
    pub(crate) workspace: &'w dyn Workspace,
    pub(crate) instances: RefCell<Vec<Arc<Instance>>>,
    /// The files that places in what is kept of each instance are of, as bits.
    pub(crate) files: RefCell<Vec<u64>>,
    pub(crate) regexes: RefCell<FxHashMap<CompactString, Option<regex::Regex>>>,
    pub(crate) budget: Budget,
    faults: Cell<u32>,
    pub(crate) notes: RefCell<Vec<(Home, Note)>>,
    /// What notes are about now.
    home: Cell<Home>,
    /// The state is kept for the next evaluation.
    pub(crate) remembers: bool,
    /// Something came out as it did because of the order of things, or of a limit of the work: not to be kept.
    pub(crate) is_spoiled: Cell<bool>,
    /// What the root module is given.
    pub(crate) layers: Layers,
    /// The selected workspace.
    pub(crate) selected: Option<String>,
    /// How many template files stand around the one that is rendered.
    pub(crate) templates: Cell<u32>,
    /// Directories of installed modules by their keys.
    pub(crate) manifest: OnceCell<FxHashMap<String, String>>,
    /// The versions of providers that are chosen.
    pub(crate) lock: OnceCell<Locked>,
}

/// Where an expression stands: module instance, file, names in scope.
#[derive(Clone, Copy)]
pub(crate) struct Cx<'a> {
    pub(crate) at: &'a Instance,
    pub(crate) file: &'a File,
    pub(crate) scope: Option<&'a Scope<'a>>,
    /// A template file: only the names in scope exist.
    pub(crate) isolated: bool,
    /// Of a template file: the names that it is given.
    pub(crate) names: Option<&'a FxHashMap<CompactString, Value>>,
    /// Of a template file: it may be given more names than are known.
    pub(crate) open: Option<&'a Arc<Unknown>>,
}

/// Names of `for`, `each`, `count`, `dynamic`; inner ones first.
pub(crate) struct Scope<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Ref,
    pub(crate) parent: Option<&'a Scope<'a>>,
}

impl<'a> Cx<'a> {
    pub(crate) const fn new(at: &'a Instance, file: &'a File) -> Self {
        Self { at, file, scope: None, isolated: false, names: None, open: None }
    }

    pub(crate) const fn within(self, scope: &'a Scope<'a>) -> Self {
        Self { scope: Some(scope), ..self }
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        self.file.place(span)
    }

    pub(crate) fn lookup(&self, name: &str) -> Option<&'a Ref> {
        std::iter::successors(self.scope, |scope| scope.parent).find(|scope| scope.name == name).map(|scope| &scope.value)
    }
}

impl<'w> Evaluator<'w> {
    pub(crate) fn new(workspace: &'w dyn Workspace) -> Self {
        Self {
            workspace,
            instances: RefCell::default(),
            files: RefCell::default(),
            regexes: RefCell::default(),
            budget: Budget::default(),
            faults: Cell::new(0),
            notes: RefCell::default(),
            home: Cell::new(Home { instance: 0, part: Part::Checks }),
            remembers: false,
            is_spoiled: Cell::new(false),
            layers: Layers::default(),
            selected: None,
            templates: Cell::new(0),
            manifest: OnceCell::new(),
            lock: OnceCell::new(),
        }
    }

    /// What is planned, with the notes.
    pub(crate) fn planned(&self, outline: &Outline) -> Evaluation {
        Evaluation { items: outline.items.clone(), notes: self.sorted_notes(), called_dirs: outline.called_dirs.clone() }
    }

    pub(crate) fn root(&self, module: Arc<Module>) -> Arc<Instance> {
        self.add_instance(module, CompactString::default(), None, 0)
    }

    pub(crate) fn add_instance(
        &self,
        module: Arc<Module>,
        address: CompactString,
        call: Option<Call>,
        depth: u32,
    ) -> Arc<Instance> {
        self.refuel(&module);
        let files = call.as_ref().and_then(|call| call.repetition.as_ref()).map_or(0, |repetition| {
            let mut extent = Extent::new(FileId::NONE);
            extent.value(&repetition.value);
            extent.files()
        });
        self.files.borrow_mut().push(files);
        let mut instances = self.instances.borrow_mut();
        let instance = Arc::new(Instance {
            id: crate::declare::count(instances.len()),
            module,
            address,
            call,
            depth,
            names: Shared::default(),
            resources: Shared::default(),
            calls: Shared::default(),
            alike: Shared::default(),
            particular: Shared::default(),
            items: Shared::default(),
            is_first: OnceLock::new(),
            extents: Shared::default(),
        });
        instances.push(instance.clone());
        instance
    }

    pub(crate) fn instance(&self, id: u32) -> Option<Arc<Instance>> {
        self.instances.borrow().get(id as usize).cloned()
    }

    /// The notes in order of place, each once.
    pub(crate) fn sorted_notes(&self) -> Vec<Note> {
        let mut notes = self.notes.borrow_mut();
        notes.sort_by(|(_, a), (_, b)| (a.place, a.kind, &a.message).cmp(&(b.place, b.kind, &b.message)));
        notes.dedup();
        let mut sorted: Vec<Note> = notes.iter().map(|(_, note)| note.clone()).collect();
        sorted.dedup();
        sorted
    }

    /// Works out a part of a module instance: the notes on the way are notes about it.
    pub(crate) fn about<T>(&self, home: Home, work: impl FnOnce() -> T) -> T {
        let before = self.home.replace(home);
        let made = work();
        self.home.set(before);
        made
    }

    /// A value is kept in the module instance that is worked on.
    pub(crate) fn holds(&self, value: &Value) {
        self.reaches(|extent| extent.value(value));
    }

    /// The same, of anything that has places.
    pub(crate) fn reaches(&self, add: impl FnOnce(&mut Extent)) {
        let Home { instance, part } = self.home.get();
        if self.remembers
            && let Some(at) = self.instances.borrow().get(instance as usize)
            && let Some(files) = self.files.borrow_mut().get_mut(instance as usize)
        {
            *files |= at.extend(part, add);
        }
    }

    pub(crate) fn note(&self, place: Place, kind: NoteKind, message: impl Into<CompactString>) {
        let mut notes = self.notes.borrow_mut();
        if notes.len() < MAX_NOTES {
            notes.push((self.home.get(), Note { place, message: message.into(), kind }));
        }
    }

    /// What Terraform would refuse: a note, and an unknown value in its place.
    pub(crate) fn invalid(&self, place: Place, message: impl Into<CompactString>) -> Value {
        let message = message.into();
        let unknown = Unknown::new(Reason::Invalid, message.clone());
        self.fault(place, NoteKind::Invalid, message, unknown)
    }

    /// The same, of another kind.
    pub(crate) fn fault(&self, place: Place, kind: NoteKind, message: impl Into<CompactString>, unknown: Unknown) -> Value {
        self.faults.set(self.faults.get() + 1);
        self.note(place, kind, message);
        Value::unknown(unknown, place)
    }

    /// Runs `work`; whether something in it was refused. What was refused is forgotten then.
    pub(crate) fn attempt(&self, work: impl FnOnce() -> Value) -> Result<Value, ()> {
        let (faults, notes) = (self.faults.get(), self.notes.borrow().len());
        let value = work();
        if self.faults.get() == faults {
            return Ok(value);
        }
        self.faults.set(faults);
        self.notes.borrow_mut().truncate(notes);
        Err(())
    }

    /// Evaluates what is part of a module instance.
    pub(crate) fn anew(&self, home: Home, place: Place, work: impl FnOnce() -> Value) -> Value {
        self.about(home, || {
            let value = self.weighed(self.deeper(place, work));
            self.holds(&value);
            value
        })
    }

    /// Evaluates a name once; a name that asks for itself is unknown.
    pub(crate) fn once<K: Clone>(
        &self,
        home: Home,
        memo: &Shared<impl Memo<K>>,
        key: K,
        source: impl FnOnce() -> CompactString,
        place: Place,
        work: impl FnOnce() -> Value,
    ) -> Value {
        let known = memo.borrow().get(&key).cloned();
        match known {
            Some(State::Done(value, faulty)) => {
                self.faults.set(self.faults.get() + u32::from(faulty));
                return value;
            }
            Some(State::Busy) => {
                let source = source();
                self.is_spoiled.set(true);
                self.faults.set(self.faults.get() + 1);
                self.note(place, NoteKind::Cycle, format_compact!("{source} refers to itself"));
                return Value::unknown(Unknown::new(Reason::Cycle, source), place);
            }
            None => {}
        }
        memo.borrow_mut().set(key.clone(), State::Busy);
        let faults = self.faults.get();
        let value = self.anew(home, place, work);
        memo.borrow_mut().set(key, State::Done(value.clone(), self.faults.get() != faults));
        value
    }

    pub(crate) fn local(&self, at: &Instance, index: u32, place: Place) -> Value {
        let Some(local) = at.module.locals.list.get(index as usize) else { return Value::default() };
        let value = self.once(
            Home { instance: at.id, part: Part::Local(index) },
            &at.names,
            (Space::Local, index),
            || format_compact!("local.{}", local.name),
            place,
            || match at.module.files.get(local.file as usize) {
                Some(file) => self.eval(&Cx::new(at, file), local.attribute.expr),
                None => Value::default(),
            },
        );
        lattice::through(value, How::Local(local.name.clone()), place)
    }

    pub(crate) fn output(&self, at: &Instance, index: u32, place: Place) -> Value {
        let Some(output) = at.module.outputs.list.get(index as usize) else { return Value::default() };
        let source = || format_compact!("{}.{}", at.address, output.name);
        let home = Home { instance: at.id, part: Part::Output(index) };
        let value = self.once(home, &at.names, (Space::Output, index), source, place, || {
            let Some((file, attribute)) = at.module.attribute(output, "value") else { return Value::default() };
            let mut value = self.eval(&Cx::new(at, file), attribute.expr);
            value.sensitive |= self.flag(at, output, "sensitive");
            value
        });
        lattice::through(value, How::Output(output.name.clone()), place)
    }

    /// A bool argument of a declaration, false where it is not written.
    pub(crate) fn flag(&self, at: &Instance, declared: &crate::declare::Declared, name: &str) -> bool {
        at.module
            .attribute(declared, name)
            .is_some_and(|(file, attribute)| self.eval(&Cx::new(at, file), attribute.expr).as_bool() == Some(true))
    }

    /// The instances of a resource; `None` while they are being worked out.
    pub(crate) fn resource(&self, at: &Instance, index: u32) -> Option<Instances> {
        match at.resources.borrow().get(&index) {
            Some(Some(known)) => return Some(known.clone()),
            // To ask for the instances of a resource from its own count is a cycle.
            Some(None) => {
                self.is_spoiled.set(true);
                self.faults.set(self.faults.get() + 1);
                return None;
            }
            None => {}
        }
        let resource = at.module.resources.get(index as usize)?;
        let base = self.address(at, resource.mode, &resource.kind, &resource.block.name);
        let name = base.strip_prefix(at.address.as_str()).unwrap_or(&base).trim_start_matches('.');
        let is_used = self.remembers || at.module.has_hidden_uses || at.module.uses.contains_key(name);
        at.resources.borrow_mut().insert(index, None);
        let expansion = self.about(Home { instance: at.id, part: Part::Repeating(index) }, || {
            self.repeat(at, &resource.block, || self.is_alike(at, &resource.block)).map(|key, repetition| {
                if let Some(repetition) = &repetition {
                    self.holds(&repetition.value);
                }
                let address = key.address(&base);
                Arc::new(ResourceInstance::new(index, address, repetition, is_used))
            })
        });
        let expansion = Arc::new(expansion);
        at.resources.borrow_mut().insert(index, Some(expansion.clone()));
        Some(expansion)
    }

    /// The instance of a key for which another stands: it has its own identity.
    pub(crate) fn particular(&self, at: &Instance, key: &Key, all: &Arc<ResourceInstance>) -> Arc<ResourceInstance> {
        let known = at.particular.borrow().get(&(all.decl, key.clone())).cloned();
        known.unwrap_or_else(|| {
            let repetition = all.repetition.as_ref().map(|all| match (all.name, key) {
                ("count", Key::Index(_)) => {
                    let index = [("index".into(), Value { place: all.value.place, ..key.value() })];
                    Repetition { name: all.name, value: lattice::map(index, None, all.value.place) }
                }
                _ => all.clone(),
            });
            let (decl, address) = (all.decl, key.address(&all.address));
            let instance = Arc::new(ResourceInstance::new(decl, address, repetition, true));
            at.particular.borrow_mut().insert((decl, key.clone()), instance.clone());
            instance
        })
    }

    pub(crate) fn address(&self, at: &Instance, mode: Mode, kind: &str, name: &str) -> CompactString {
        let dot = if at.address.is_empty() { "" } else { "." };
        joined([&at.address, dot, mode.prefix(), kind, ".", name])
    }

    /// What only the provider knows about a resource instance, or about one that nobody declares.
    pub(crate) fn computed(&self, reason: Reason, address: &str, attribute: &str) -> Unknown {
        let source = if attribute.is_empty() { CompactString::from(address) } else { joined([address, ".", attribute]) };
        let identity = Some(Reference { address: address.into(), attribute: attribute.into() });
        Unknown { identity, ..Unknown::new(reason, source) }
    }
}
