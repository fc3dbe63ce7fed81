//! How much work the evaluation of one root module may be: steps, bytes and depth. Beyond it, values are unknown, and a note says so.

use std::cell::Cell;

use plimsoll_syntax::value::{Entry, Kind, Part};
use plimsoll_syntax::{Place, Value};

use crate::NoteKind;
use crate::declare::Module;
use crate::evaluator::Evaluator;
use crate::lattice::{self, MAX_NESTING, MAX_NODES, limit};

/// How deep evaluation may nest, through expressions and names together.
const MAX_DEPTH: u32 = 400;
/// How many expressions a root module may cost, whatever it declares …
const FUEL: u32 = 1_000_000;
/// … and for each declaration of each of its module instances.
const FUEL_EACH: usize = 2_000;
/// Bytes that the expressions of a root module may produce, roughly, those that are let go again included.
const MAX_PRODUCED: usize = 512 << 20;
/// Parts of a value that cost as much as an expression.
const NODES_PER_FUEL: usize = 8;
/// What is said where the fuel is used up.
const EXHAUSTED: &str = "this takes too long to evaluate: it and what comes after it is not known";
/// What may still be done.
pub(crate) struct Budget {
    /// Steps.
    fuel: Cell<u32>,
    /// What was granted for what is declared.
    granted: Cell<u32>,
    /// Bytes that may be produced.
    produce: Cell<usize>,
    /// It has been said that the fuel is used up.
    is_exhausted: Cell<bool>,
    /// How deep evaluation is.
    depth: Cell<u32>,
}

impl Default for Budget {
    fn default() -> Self {
        let (fuel, produce) = (Cell::new(FUEL), Cell::new(MAX_PRODUCED));
        Self { fuel, granted: Cell::new(0), produce, is_exhausted: Cell::new(false), depth: Cell::new(0) }
    }
}

impl Budget {
    /// More work may be done.
    pub(crate) fn grant(&self, more: u32) {
        self.fuel.set(self.fuel.get().saturating_add(more));
        self.granted.set(self.granted.get().saturating_add(more));
    }

    /// What all module instances together were granted.
    pub(crate) const fn granted(&self) -> u32 {
        self.granted.get()
    }
}

impl Evaluator<'_> {
    /// Runs `work` one level deeper; at the limits the value is unknown.
    pub(crate) fn deeper(&self, place: Place, work: impl FnOnce() -> Value) -> Value {
        let depth = self.budget.depth.get();
        if depth >= MAX_DEPTH {
            let what = "this is nested too deep";
            self.note(place, NoteKind::Limit, what);
            self.is_spoiled.set(true);
            return limit(what, place);
        }
        if !self.step(place) {
            return limit(EXHAUSTED, place);
        }
        self.budget.depth.set(depth + 1);
        let value = work();
        self.budget.depth.set(depth);
        value
    }

    /// Takes one step; `false`: there have been too many, which is said once, where the first one too many is.
    pub(crate) fn step(&self, place: Place) -> bool {
        let left = self.budget.fuel.get().checked_sub(1);
        self.budget.fuel.set(left.unwrap_or(0));
        if left.is_none() {
            self.is_spoiled.set(true);
            if !self.budget.is_exhausted.replace(true) {
                self.note(place, NoteKind::Limit, EXHAUSTED);
            }
        }
        left.is_some()
    }

    /// To look through so many parts costs, too.
    pub(crate) fn looked_through(&self, parts: usize) {
        let cost = u32::try_from(parts / NODES_PER_FUEL).unwrap_or(u32::MAX);
        self.budget.fuel.set(self.budget.fuel.get().saturating_sub(cost));
    }

    /// An expression has made a value: not what is in it, which was made before.
    pub(crate) fn produced(&self, value: &Value) {
        let size = match &value.kind {
            Kind::String(text) => text.len(),
            Kind::Template(parts) => parts.len() * size_of::<Part>(),
            Kind::List(list) => list.items.len() * size_of::<Value>(),
            Kind::Map(map) => map.entries.len() * size_of::<Entry>(),
            _ => return,
        };
        match self.budget.produce.get().checked_sub(size) {
            Some(left) => self.budget.produce.set(left),
            None => self.budget.fuel.set(0),
        }
    }

    /// A module instance has as much work as it has declarations.
    pub(crate) fn refuel(&self, module: &Module) {
        let declared = [module.resources.len(), module.locals.list.len(), module.variables.list.len(), module.outputs.list.len()];
        let more = (declared.iter().sum::<usize>() + module.calls.list.len()) * FUEL_EACH;
        if !self.budget.is_exhausted.get() {
            self.budget.grant(u32::try_from(more).unwrap_or(u32::MAX));
        }
    }

    /// What is kept under a name is not too large for those who walk through it; walking costs, too.
    pub(crate) fn weighed(&self, value: Value) -> Value {
        let mut left = MAX_NODES;
        let is_too_large = lattice::is_too_large(&value, MAX_NESTING, &mut left);
        self.looked_through(MAX_NODES - left);
        if !is_too_large {
            return value;
        }
        let what = "a value of too many parts";
        self.note(value.place, NoteKind::Limit, what);
        limit(what, value.place)
    }
}
