//! Evaluation on demand: each name of each module instance once, with limits on depth, work and modules.

use std::cell::{Cell, OnceCell, RefCell};
use std::hash::Hash;
use std::rc::Rc;
use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::value::{How, Reason, Reference, Unknown};
use plimsoll_syntax::{Place, Span, Value};
use rustc_hash::FxHashMap;

use crate::declare::{File, Mode, Module};
use crate::expand::{Expansion, Key};
use crate::inputs::Layers;
use crate::lattice::{self, MAX_NESTING, MAX_NODES, limit};
use crate::reference::Ref;
use crate::{Evaluation, Inputs, Note, NoteKind, Workspace, items};

/// How deep evaluation may nest, through expressions and names together.
const MAX_DEPTH: u32 = 400;
/// How many expressions one root module may cost.
const FUEL: u32 = 4_000_000;
/// Parts of a value that cost as much as an expression.
const NODES_PER_FUEL: usize = 8;
/// More notes than this say nothing new.
const MAX_NOTES: usize = 1_000;

/// Evaluates what the module in `root_dir` plans. Never fails: what is wrong becomes a note, what cannot be known is unknown.
#[must_use]
pub fn evaluate(root_dir: &str, workspace: &dyn Workspace) -> Evaluation {
    evaluate_with(root_dir, &Inputs::default(), workspace)
}

/// The same, with what it is given from outside.
#[must_use]
pub fn evaluate_with(root_dir: &str, inputs: &Inputs, workspace: &dyn Workspace) -> Evaluation {
    let Some(module) = workspace.module(root_dir) else { return Evaluation::default() };
    let selected = inputs.workspace.clone();
    let evaluator = Evaluator { layers: Layers::new(inputs, workspace), selected, ..Evaluator::new(workspace) };
    let root = evaluator.root(module);
    let items = items::all(&evaluator, &root);
    let mut called_dirs: Vec<String> =
        evaluator.instances.borrow().iter().skip(1).map(|instance| instance.module.dir.clone()).collect();
    called_dirs.sort();
    called_dirs.dedup();
    Evaluation { items, notes: evaluator.into_notes(), called_dirs }
}

/// The state of one evaluation.
pub(crate) struct Evaluator<'w> {
    pub(crate) workspace: &'w dyn Workspace,
    pub(crate) instances: RefCell<Vec<Rc<Instance>>>,
    pub(crate) regexes: RefCell<FxHashMap<CompactString, Option<regex::Regex>>>,
    fuel: Cell<u32>,
    depth: Cell<u32>,
    faults: Cell<u32>,
    notes: RefCell<Vec<Note>>,
    /// What the root module is given.
    pub(crate) layers: Layers,
    /// The selected workspace.
    pub(crate) selected: Option<String>,
    /// How many template files stand around the one that is rendered.
    pub(crate) templates: Cell<u32>,
    /// Directories of installed modules by their keys.
    pub(crate) manifest: OnceCell<FxHashMap<String, String>>,
}

/// One instance of a module: the root, or what a call makes.
pub(crate) struct Instance {
    pub(crate) id: u32,
    pub(crate) module: Arc<Module>,
    /// `module.a["k"]`; empty for the root.
    pub(crate) address: CompactString,
    pub(crate) call: Option<Call>,
    pub(crate) depth: u32,
    pub(crate) names: RefCell<FxHashMap<(Space, u32), State>>,
    pub(crate) resources: RefCell<FxHashMap<u32, Rc<Expansion<Rc<ResourceInstance>>>>>,
    pub(crate) calls: RefCell<FxHashMap<u32, Option<Rc<Expansion<Callee>>>>>,
    /// What all instances of a resource have alike, by resource and name.
    pub(crate) alike: RefCell<FxHashMap<(u32, CompactString), State>>,
}

/// Where a module instance is called.
pub(crate) struct Call {
    /// The calling instance.
    pub(crate) parent: u32,
    /// Which of its calls.
    pub(crate) index: u32,
    /// `each` or `count`.
    pub(crate) repetition: Option<Repetition>,
}

/// What a call calls.
#[derive(Clone, Debug)]
pub(crate) enum Callee {
    /// A module instance.
    Module(u32),
    /// Nothing that can be read; the address of the call.
    Opaque(CompactString, Reason),
}

/// One instance of a resource.
pub(crate) struct ResourceInstance {
    pub(crate) decl: u32,
    /// `module.a.aws_instance.web[0]`
    pub(crate) address: CompactString,
    pub(crate) repetition: Option<Repetition>,
    pub(crate) attributes: RefCell<FxHashMap<CompactString, State>>,
}

/// The name `each` or `count`, and its object.
#[derive(Clone, Debug)]
pub(crate) struct Repetition {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
}

/// The spaces of names that are evaluated once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Space {
    Variable,
    Local,
    Output,
}

/// What is known about a name so far.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// Being evaluated: to ask now is a cycle.
    Busy,
    /// Its value, and whether something in it was refused.
    Done(Value, bool),
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
            regexes: RefCell::default(),
            fuel: Cell::new(FUEL),
            depth: Cell::new(0),
            faults: Cell::new(0),
            notes: RefCell::default(),
            layers: Layers::default(),
            selected: None,
            templates: Cell::new(0),
            manifest: OnceCell::new(),
        }
    }

    pub(crate) fn root(&self, module: Arc<Module>) -> Rc<Instance> {
        self.add_instance(module, CompactString::default(), None, 0)
    }

    pub(crate) fn add_instance(
        &self,
        module: Arc<Module>,
        address: CompactString,
        call: Option<Call>,
        depth: u32,
    ) -> Rc<Instance> {
        let mut instances = self.instances.borrow_mut();
        let instance = Rc::new(Instance {
            id: crate::declare::count(instances.len()),
            module,
            address,
            call,
            depth,
            names: RefCell::default(),
            resources: RefCell::default(),
            calls: RefCell::default(),
            alike: RefCell::default(),
        });
        instances.push(instance.clone());
        instance
    }

    pub(crate) fn instance(&self, id: u32) -> Option<Rc<Instance>> {
        self.instances.borrow().get(id as usize).cloned()
    }

    pub(crate) fn into_notes(self) -> Vec<Note> {
        let mut notes = self.notes.into_inner();
        notes.sort_by(|a, b| (a.place, a.kind, &a.message).cmp(&(b.place, b.kind, &b.message)));
        notes.dedup();
        notes
    }

    /// Runs `work` one level deeper; at the limits the value is unknown.
    pub(crate) fn deeper(&self, place: Place, work: impl FnOnce() -> Value) -> Value {
        let (depth, fuel) = (self.depth.get(), self.fuel.get());
        if depth >= MAX_DEPTH || fuel == 0 {
            let what = if fuel == 0 { "this module takes too long to evaluate" } else { "this is nested too deep" };
            self.note(place, NoteKind::Limit, what);
            return limit(what, place);
        }
        self.depth.set(depth + 1);
        self.fuel.set(fuel - 1);
        let value = work();
        self.depth.set(depth);
        value
    }

    pub(crate) fn note(&self, place: Place, kind: NoteKind, message: impl Into<CompactString>) {
        let mut notes = self.notes.borrow_mut();
        if notes.len() < MAX_NOTES {
            notes.push(Note { place, message: message.into(), kind });
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

    /// Evaluates a name once; a name that asks for itself is unknown.
    pub(crate) fn once<K: Hash + Eq + Clone>(
        &self,
        memo: &RefCell<FxHashMap<K, State>>,
        key: K,
        source: impl FnOnce() -> CompactString,
        place: Place,
        work: impl FnOnce() -> Value,
    ) -> Value {
        match memo.borrow().get(&key) {
            Some(State::Done(value, faulty)) => {
                self.faults.set(self.faults.get() + u32::from(*faulty));
                return value.clone();
            }
            Some(State::Busy) => {
                let source = source();
                self.faults.set(self.faults.get() + 1);
                self.note(place, NoteKind::Cycle, format_compact!("{source} refers to itself"));
                return Value::unknown(Unknown::new(Reason::Cycle, source), place);
            }
            None => {}
        }
        memo.borrow_mut().insert(key.clone(), State::Busy);
        let faults = self.faults.get();
        let value = self.weighed(self.deeper(place, work));
        memo.borrow_mut().insert(key, State::Done(value.clone(), self.faults.get() != faults));
        value
    }

    /// What is kept under a name is not too large for those who walk through it; walking costs, too.
    fn weighed(&self, value: Value) -> Value {
        let mut left = MAX_NODES;
        let is_too_large = lattice::is_too_large(&value, MAX_NESTING, &mut left);
        let cost = u32::try_from((MAX_NODES - left) / NODES_PER_FUEL).unwrap_or(u32::MAX);
        self.fuel.set(self.fuel.get().saturating_sub(cost));
        if !is_too_large {
            return value;
        }
        let what = "a value of too many parts";
        self.note(value.place, NoteKind::Limit, what);
        limit(what, value.place)
    }

    pub(crate) fn local(&self, at: &Instance, index: u32, place: Place) -> Value {
        let Some(local) = at.module.locals.list.get(index as usize) else { return Value::default() };
        let value = self.once(
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
        let value = self.once(&at.names, (Space::Output, index), source, place, || {
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
    pub(crate) fn resource(&self, at: &Instance, index: u32) -> Option<Rc<Expansion<Rc<ResourceInstance>>>> {
        if let Some(known) = at.resources.borrow().get(&index) {
            return Some(known.clone());
        }
        let resource = at.module.resources.get(index as usize)?;
        let base = self.address(at, resource.mode, &resource.kind, &resource.block.name);
        // To ask for the instances of a resource from its own count is a cycle: the memo of names finds it.
        let mut expansion = None;
        let busy = (Space::Output, u32::MAX - index);
        if at.names.borrow().contains_key(&busy) {
            self.faults.set(self.faults.get() + 1);
            return None;
        }
        at.names.borrow_mut().insert(busy, State::Busy);
        expansion.get_or_insert_with(|| {
            self.repeat(at, &resource.block).map(|key, repetition| {
                let address = match key {
                    Key::Index(index) => format_compact!("{base}[{index}]"),
                    Key::Name(name) => format_compact!("{base}[{name:?}]"),
                    Key::None | Key::Any => base.clone(),
                };
                Rc::new(ResourceInstance { decl: index, address, repetition, attributes: RefCell::default() })
            })
        });
        at.names.borrow_mut().remove(&busy);
        let expansion = Rc::new(expansion?);
        at.resources.borrow_mut().insert(index, expansion.clone());
        Some(expansion)
    }

    pub(crate) fn address(&self, at: &Instance, mode: Mode, kind: &str, name: &str) -> CompactString {
        let dot = if at.address.is_empty() { "" } else { "." };
        format_compact!("{}{dot}{}{kind}.{name}", at.address, mode.prefix())
    }

    /// What only the provider knows about a resource instance, or about one that nobody declares.
    pub(crate) fn computed(&self, reason: Reason, address: &str, attribute: &str) -> Unknown {
        let source = if attribute.is_empty() { CompactString::from(address) } else { format_compact!("{address}.{attribute}") };
        let identity = Some(Reference { address: address.into(), attribute: attribute.into() });
        Unknown { identity, ..Unknown::new(reason, source) }
    }
}
