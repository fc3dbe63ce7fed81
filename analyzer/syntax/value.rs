//! Configuration values: what is known, what is not and why, where it was written and how it came here.
//!
//! A value is never just "unknown": strings keep the parts that are known ([`Part`]), lists and maps keep their known elements
//! and say that there may be more (`tail`), and a conditional whose condition is unknown keeps both arms ([`Choice`]). Rules are
//! decided on what is known; the rest stays undecided and says what is missing.

use std::sync::Arc;

use compact_str::CompactString;

pub use crate::number::{Number, Packed};
use crate::text::{Place, Span};

/// How deep a value is searched for references.
const DEPTH: usize = 12;

thread_local! {
    /// The list of nothing: one for all that a thread makes.
    static NOTHING: Arc<List> = Arc::default();
}

/// A value with its place and its history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Value {
    /// What it is.
    pub kind: Kind,
    /// Where it is written: the literal, or the expression that computes it. A block's place is its header.
    pub place: Place,
    /// How it came to where it is used, latest step first. `None`: it is used where it is written.
    pub via: Option<Arc<Via>>,
    /// Marked sensitive; such a value is never printed.
    pub sensitive: bool,
}

/// The shapes of a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Kind {
    /// Written `null`, or nothing.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Packed),
    /// A string that is known as a whole.
    String(CompactString),
    /// A string with holes, at least one; adjacent known parts are merged.
    Template(Arc<[Part]>),
    /// A list, set or tuple.
    List(Arc<List>),
    /// A map, an object, or a block's body.
    Map(Arc<Map>),
    /// Not known, with the reason.
    Unknown(Arc<Unknown>),
    /// One of several values; which one depends on something unknown.
    Choice(Arc<Choice>),
}

/// A piece of a string that is not known as a whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Known text.
    Known(CompactString),
    /// A hole.
    Hole(Arc<Unknown>),
}

/// Elements in order, and whether there may be more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List {
    /// The known elements (each may itself be unknown).
    pub items: Vec<Value>,
    /// There may be more elements than `items`.
    pub tail: Option<Arc<Unknown>>,
    /// The elements are repeated blocks, not the elements of one list expression.
    pub blocks: bool,
}

/// Entries in source order, unique by key, and whether there may be more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    /// The known entries.
    pub entries: Vec<Entry>,
    /// There may be more entries than `entries`.
    pub tail: Option<Arc<Unknown>>,
    /// The whole extent, where `Value::place` is only the header (of a block); empty otherwise.
    pub range: Span,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: CompactString,
    /// The key's own place; [`Place::NONE`] for a derived field.
    pub key_place: Place,
    /// The whole entry, key to value: what a finding underlines.
    pub place: Place,
    /// The value.
    pub value: Value,
}

/// One of several values.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Equal for all choices that the same condition makes, so that they move together. A hash of the condition's place and
    /// module instance.
    pub id: u64,
    /// The condition that is not known.
    pub condition: Arc<Unknown>,
    /// At least two.
    pub arms: Vec<Value>,
}

/// Something that is not known, and what is known about it nevertheless.
#[derive(Clone, Debug, PartialEq)]
pub struct Unknown {
    /// Why.
    pub reason: Reason,
    /// The source text that a person would recognise: `var.image`, `aws_instance.web.id`, `$TAG`.
    pub source: CompactString,
    /// The type, as far as it is known.
    pub shape: Shape,
    /// It cannot be null.
    pub not_null: bool,
    /// The string begins so (empty: nothing is known).
    pub prefix: CompactString,
    /// A resource attribute that only the provider knows: identity without value. Equal identities are equal values.
    pub identity: Option<Reference>,
}

/// Why a value is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A variable, build argument or environment variable without a value here.
    Unset,
    /// Only the provider knows it, after it has been applied.
    Computed,
    /// Read by a data source.
    Data,
    /// The output of a module whose source is not here.
    OpaqueModule,
    /// Refers to something that nobody declares.
    Undeclared,
    /// A function of something unknown, or one that has no value before the run (`timestamp`, `uuid`).
    Function,
    /// A file that is not there, or lies outside the workspace.
    File,
    /// Refers to itself.
    Cycle,
    /// A limit of the analysis was reached.
    Limit,
    /// The source has an error here.
    Syntax,
    /// What the source says would be refused when run.
    Invalid,
    /// Filled in by a template that was not rendered.
    Rendered,
}

/// The coarse type of an unknown value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Nothing is known.
    #[default]
    Any,
    /// A string.
    String,
    /// A number.
    Number,
    /// A bool.
    Bool,
    /// A list, set or tuple.
    List,
    /// A map or object.
    Map,
}

/// An attribute of a resource, by the address of its instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// `module.web.aws_instance.this[0]`.
    pub address: CompactString,
    /// `id`, `network_interface`; empty for the whole resource.
    pub attribute: CompactString,
}

/// One step of the way from where a value is written to where it is used.
#[derive(Clone, Debug, PartialEq)]
pub struct Via {
    /// What kind of step.
    pub how: How,
    /// Where the step is written.
    pub place: Place,
    /// The step before it.
    pub from: Option<Arc<Via>>,
}

/// The kinds of steps.
#[derive(Clone, Debug, PartialEq)]
pub enum How {
    /// Through the variable of this name.
    Variable(CompactString),
    /// Through the local value of this name.
    Local(CompactString),
    /// Through the output of a module.
    Output(CompactString),
    /// As the argument of a module call.
    Argument(CompactString),
    /// Set in a variables file or the environment.
    Setting,
    /// Read from an attribute of a resource.
    Resource(Reference),
    /// Taken from an enclosing level, as a pod's security context in its containers.
    Inherited,
    /// Through a template that was rendered; its pieces may be written in several files.
    Rendered,
    /// Written down by this call as JSON, YAML or base64: the text says what that value is.
    Encoded(Arc<Value>),
    /// Read from a file by this call.
    File,
}

impl Value {
    /// A value that is used where it is written.
    #[must_use]
    pub const fn new(kind: Kind, place: Place) -> Self {
        Self { kind, place, via: None, sensitive: false }
    }

    /// A known string.
    pub fn string(text: impl Into<CompactString>, place: Place) -> Self {
        Self::new(Kind::String(text.into()), place)
    }

    /// A bool.
    #[must_use]
    pub const fn bool(value: bool, place: Place) -> Self {
        Self::new(Kind::Bool(value), place)
    }

    /// A whole number.
    pub fn int(value: impl Into<i128>, place: Place) -> Self {
        Self::new(Kind::Number(Number::Int(value.into()).into()), place)
    }

    /// A list without a tail.
    #[must_use]
    pub fn list(items: Vec<Self>, place: Place) -> Self {
        let list = if items.is_empty() { NOTHING.with(Arc::clone) } else { Arc::new(List { items, tail: None, blocks: false }) };
        Self::new(Kind::List(list), place)
    }

    /// A map.
    #[must_use]
    pub fn map(mut map: Map, place: Place) -> Self {
        // Maps are what most memory goes to, and this one is complete: it keeps no room to grow.
        if map.entries.len() < map.entries.capacity() {
            let mut entries = Vec::with_capacity(map.entries.len());
            entries.append(&mut map.entries);
            map.entries = entries;
        }
        Self::new(Kind::Map(Arc::new(map)), place)
    }

    /// An unknown value.
    #[must_use]
    pub fn unknown(unknown: Unknown, place: Place) -> Self {
        Self::new(Kind::Unknown(Arc::new(unknown)), place)
    }

    /// Adds a step to the history: this value is now used through `how`, written at `place`.
    #[must_use]
    pub fn through(mut self, how: How, place: Place) -> Self {
        self.via = Some(Arc::new(Via { how, place, from: self.via.take() }));
        self
    }

    /// The steps from use to source.
    pub fn history(&self) -> impl Iterator<Item = &Via> {
        std::iter::successors(self.via.as_deref(), |via| via.from.as_deref())
    }

    /// What this text is the JSON, YAML or base64 of, where an expression made it of a value.
    #[must_use]
    pub fn encoded(&self) -> Option<&Self> {
        self.history().find_map(|via| match &via.how {
            How::Encoded(value) => Some(&**value),
            _ => None,
        })
    }

    /// Whether it is known to be null.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The string, when it is one and known as a whole.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The bool, when it is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The whole number, when it is one.
    #[must_use]
    pub const fn as_int(&self) -> Option<i128> {
        match self.kind {
            Kind::Number(number) => number.as_int(),
            _ => None,
        }
    }

    /// The list, when it is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        match &self.kind {
            Kind::List(list) => Some(list),
            _ => None,
        }
    }

    /// The map, when it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match &self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The unknown, when it is one.
    #[must_use]
    pub fn as_unknown(&self) -> Option<&Arc<Unknown>> {
        match &self.kind {
            Kind::Unknown(unknown) => Some(unknown),
            _ => None,
        }
    }

    /// The known elements of a list; empty for anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        self.as_list().map_or(&[], |list| &list.items)
    }

    /// The value under `key` of a map that is known to have it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key).map(|entry| &entry.value)
    }

    /// The value at a path of map keys.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The string at a path of map keys, when known.
    #[must_use]
    pub fn str_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// The resources that it was made from, at whatever depth of it, as often as they are used.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        self.refer(&mut found, DEPTH);
        found
    }

    fn refer(&self, out: &mut Vec<Reference>, depth: usize) {
        out.extend(self.history().filter_map(|via| match &via.how {
            How::Resource(reference) => Some(reference.clone()),
            _ => None,
        }));
        let below = |values: &mut dyn Iterator<Item = &Self>, out: &mut Vec<Reference>| {
            if let Some(depth) = depth.checked_sub(1) {
                values.for_each(|value| value.refer(out, depth));
            }
        };
        let open = |tail: &Option<Arc<Unknown>>| tail.as_ref().and_then(|tail| tail.identity.clone());
        match &self.kind {
            Kind::Unknown(unknown) => out.extend(unknown.identity.clone()),
            Kind::Template(parts) => out.extend(parts.iter().filter_map(|part| match part {
                Part::Hole(unknown) => unknown.identity.clone(),
                Part::Known(_) => None,
            })),
            Kind::List(list) => {
                below(&mut list.items.iter(), out);
                out.extend(open(&list.tail));
            }
            Kind::Map(map) => {
                below(&mut map.entries.iter().map(|entry| &entry.value), out);
                out.extend(open(&map.tail));
            }
            Kind::Choice(choice) => below(&mut choice.arms.iter(), out),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {}
        }
    }

    /// Whether nothing in it is unknown, at any depth.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        match &self.kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => true,
            Kind::Template(_) | Kind::Unknown(_) | Kind::Choice(_) => false,
            Kind::List(list) => list.tail.is_none() && list.items.iter().all(Self::is_wholly_known),
            Kind::Map(map) => map.tail.is_none() && map.entries.iter().all(|entry| entry.value.is_wholly_known()),
        }
    }
}

impl Entry {
    /// A derived field, placed where its value is.
    #[inline]
    pub fn derived(key: impl Into<CompactString>, value: Value) -> Self {
        Self { key: key.into(), key_place: Place::NONE, place: value.place, value }
    }
}

impl Map {
    /// The entry of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| same(&entry.key, key))
    }

    /// A copy with room for so many more entries.
    #[must_use]
    pub fn with_room(&self, more: usize) -> Self {
        let mut entries = Vec::with_capacity(self.entries.len() + more);
        entries.extend_from_slice(&self.entries);
        Self { entries, tail: self.tail.clone(), range: self.range }
    }

    /// Adds a derived field, placed where its value is; replaces an entry of the same key.
    pub fn set(&mut self, key: impl Into<CompactString>, value: Value) {
        self.put(Entry::derived(key, value));
    }

    /// Adds an entry; replaces one of the same key.
    pub fn put(&mut self, entry: Entry) {
        match self.entries.iter_mut().find(|known| same(&known.key, &entry.key)) {
            Some(known) => *known = entry,
            None => self.append(entry),
        }
    }

    /// Adds a derived field whose key is not there yet: nothing is searched.
    pub fn push(&mut self, key: impl Into<CompactString>, value: Value) {
        let entry = Entry::derived(key, value);
        debug_assert!(self.get(&entry.key).is_none(), "{} is there already", entry.key);
        self.append(entry);
    }

    #[inline]
    fn append(&mut self, entry: Entry) {
        // Maps are small, many, and live long: they grow by little, so that little stays empty.
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(4.max(self.entries.len() / 4));
        }
        self.entries.push(entry);
    }
}

/// Whether two keys are the same: most that are of one length end differently, and are told apart without a comparison of texts.
#[inline]
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.as_bytes().last() == other.as_bytes().last() && one == other
}

impl Unknown {
    /// Unknown for `reason`; `source` is what a person would recognise.
    pub fn new(reason: Reason, source: impl Into<CompactString>) -> Self {
        Self {
            reason,
            source: source.into(),
            shape: Shape::Any,
            not_null: false,
            prefix: CompactString::default(),
            identity: None,
        }
    }

    /// The same, with its type.
    #[must_use]
    pub fn shaped(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }
}
