//! Lists and maps, shared as Go shares them.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

use plimsoll_syntax::Place;

use crate::value::{Data, MAX_DEPTH, Value};
use crate::watch::{Read, Watched};

/// A list, which is never changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct List(Rc<Vec<Value>>);

impl List {
    pub(crate) fn new(items: Vec<Value>) -> Self {
        Self(Rc::new(items))
    }
}

impl Deref for List {
    type Target = Vec<Value>;

    fn deref(&self) -> &Vec<Value> {
        &self.0
    }
}

/// A map with shared contents, as Go's are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dict(Rc<Shared>);

type Entries = BTreeMap<Rc<str>, Slot>;

#[derive(Debug, Default)]
struct Shared {
    entries: RefCell<Entries>,
    watched: OnceCell<Watched>,
}

/// An entry of a map.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    /// Where its key is written in a values file.
    pub key: Place,
    pub value: Value,
}

impl Dict {
    pub(crate) fn get(&self, key: &str) -> Option<Value> {
        self.slot(key).map(|slot| slot.value)
    }

    pub(crate) fn slot(&self, key: &str) -> Option<Slot> {
        self.reads_key(key);
        self.peek(|entries| entries.get(key).cloned())
    }

    pub(crate) fn set(&self, key: impl Into<Rc<str>>, value: impl Into<Value>) {
        let value = value.into().stored();
        self.writes();
        self.0.entries.borrow_mut().entry(key.into()).or_default().value = value;
    }

    /// Sets what belongs to the rendering at hand, behind the watcher's back.
    pub(crate) fn set_quietly(&self, key: impl Into<Rc<str>>, value: impl Into<Value>) {
        let value = value.into().stored();
        self.0.entries.borrow_mut().entry(key.into()).or_default().value = value;
    }

    pub(crate) fn set_slot(&self, key: impl Into<Rc<str>>, slot: Slot) {
        self.writes();
        self.0.entries.borrow_mut().insert(key.into(), slot);
    }

    pub(crate) fn remove(&self, key: &str) {
        self.writes();
        self.0.entries.borrow_mut().remove(key);
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.reads_key(key);
        self.peek(|entries| entries.contains_key(key))
    }

    pub(crate) fn len(&self) -> usize {
        self.reads(|| Read::Names);
        self.peek(Entries::len)
    }

    /// Does something with every value.
    pub(crate) fn each(&self, mut work: impl FnMut(&Value)) {
        self.reads(|| Read::Whole);
        self.peek(|entries| entries.values().for_each(|slot| work(&slot.value)));
    }

    /// The entries, sorted by key.
    pub(crate) fn entries(&self) -> Vec<(Rc<str>, Slot)> {
        self.reads(|| Read::Whole);
        self.peek(|entries| entries.iter().map(|(key, slot)| (key.clone(), slot.clone())).collect())
    }

    /// The map under a key, when there is one.
    pub(crate) fn table(&self, key: &str) -> Option<Self> {
        match self.get(key)?.data {
            Data::Map(dict) => Some(dict),
            _ => None,
        }
    }

    /// A copy of the map alone, which shares what it holds.
    pub(crate) fn shallow(&self) -> Self {
        self.reads(|| Read::Whole);
        Self(Rc::new(Shared { entries: RefCell::new(self.peek(Entries::clone)), watched: OnceCell::new() }))
    }

    /// A copy that shares nothing.
    pub(crate) fn deep(&self) -> Self {
        self.deep_to(MAX_DEPTH)
    }

    pub(crate) fn deep_to(&self, depth: usize) -> Self {
        let out = Self::default();
        for (key, Slot { key: place, value }) in self.entries() {
            out.set_slot(key, Slot { key: place, value: value.deep_to(depth) });
        }
        out
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Notes from now on what is read of it; whether nobody watched it yet.
    pub(crate) fn watch(&self, watched: Watched) -> bool {
        self.0.watched.set(watched).is_ok()
    }

    /// Looks at the entries behind the watcher's back.
    pub(crate) fn peek<T>(&self, look: impl FnOnce(&Entries) -> T) -> T {
        look(&self.0.entries.borrow())
    }

    fn reads_key(&self, key: &str) {
        self.reads(|| {
            let known = self.peek(|entries| entries.get_key_value(key).map(|(known, _)| known.clone()));
            Read::Key(known.unwrap_or_else(|| key.into()))
        });
    }

    fn reads(&self, read: impl FnOnce() -> Read<Rc<str>>) {
        if let Some(watched) = self.0.watched.get() {
            watched.read(read);
        }
    }

    fn writes(&self) {
        if let Some(watched) = self.0.watched.get() {
            watched.write();
        }
    }
}

/// Templates can nest values deeper than the stack: what nobody else holds is taken apart without recursion.
fn dismantle(mut waiting: Vec<Value>) {
    while let Some(mut value) = waiting.pop() {
        match &mut value.data {
            Data::Map(dict) => waiting.append(&mut dict.emptied()),
            Data::List(list) => waiting.append(&mut list.emptied()),
            _ => {}
        }
    }
}

impl List {
    fn emptied(&mut self) -> Vec<Value> {
        Rc::get_mut(&mut self.0).map(std::mem::take).unwrap_or_default()
    }
}

impl Dict {
    fn emptied(&mut self) -> Vec<Value> {
        let map = Rc::get_mut(&mut self.0).map(|shared| std::mem::take(shared.entries.get_mut())).unwrap_or_default();
        map.into_values().map(|slot| slot.value).collect()
    }
}

impl Drop for List {
    fn drop(&mut self) {
        dismantle(self.emptied());
    }
}

impl Drop for Dict {
    fn drop(&mut self) {
        dismantle(self.emptied());
    }
}
