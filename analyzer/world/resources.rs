//! The resources of one root module, found by type and by what refers to what.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use compact_str::CompactString;
use plimsoll_syntax::{Item, Kind, Value};
use rustc_hash::FxHashMap;

use crate::builder::Versions;
use crate::model::NodeId;
use crate::said::Missing;

/// Nodes by their names.
pub(crate) type Names = FxHashMap<CompactString, NodeId>;

/// Items by the address that they refer to.
type Referrers = FxHashMap<CompactString, Vec<usize>>;

/// A root module that is in the world.
pub(crate) struct Root<'a> {
    pub(crate) resources: Resources<'a>,
    /// The nodes that it has made.
    pub(crate) names: Names,
}

/// The items of one root module.
pub(crate) struct Resources<'a> {
    pub(crate) items: &'a [Item],
    by_name: FxHashMap<&'a str, usize>,
    /// By the address without its key: made when an address is asked for that no item has as its own.
    by_base: OnceCell<FxHashMap<CompactString, Vec<usize>>>,
    by_type: FxHashMap<&'a str, Vec<usize>>,
    /// By type and attribute.
    referrers: RefCell<FxHashMap<(&'static str, &'static str), Rc<Referrers>>>,
    versions: Option<&'a dyn Versions>,
}

/// What a value refers to.
#[derive(Debug, Default)]
pub(crate) struct Referred<'a> {
    /// Resources of this root module.
    pub(crate) items: Vec<&'a Item>,
    /// Something else, or something that is not known: as a person would recognise it.
    pub(crate) missing: Option<Missing>,
}

impl<'a> Resources<'a> {
    pub(crate) fn new(items: &'a [Item], versions: Option<&'a dyn Versions>) -> Self {
        let mut by_name = FxHashMap::default();
        let mut by_type: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        for (at, item) in items.iter().enumerate() {
            for view in &item.views {
                by_type.entry(view).or_default().push(at);
            }
            if has_address(item) {
                by_name.entry(item.name.as_str()).or_insert(at);
            }
        }
        Self { items, by_name, by_base: OnceCell::new(), by_type, referrers: RefCell::default(), versions }
    }

    /// Whether the root module gets a version of the provider that is older than another one.
    pub(crate) fn precedes(&self, provider: &str, version: &str) -> bool {
        self.versions.is_some_and(|versions| versions.precedes(provider, version))
    }

    /// All of a view, in their order.
    pub(crate) fn of_type(&self, view: &str) -> impl Iterator<Item = &'a Item> + use<'_, 'a> {
        self.by_type.get(view).into_iter().flatten().filter_map(|&at| self.items.get(at))
    }

    pub(crate) fn is_of(item: &Item, view: &str) -> bool {
        item.views.iter().any(|own| own == view)
    }

    /// The resource of an address, or all instances of it.
    pub(crate) fn at(&self, address: &str) -> Vec<&'a Item> {
        match self.by_name.get(address) {
            Some(&at) => self.items.get(at).into_iter().collect(),
            None => {
                let by_base = self.by_base.get_or_init(|| {
                    let mut by_base: FxHashMap<CompactString, Vec<usize>> = FxHashMap::default();
                    for (at, item) in self.items.iter().enumerate().filter(|(_, item)| has_address(item)) {
                        by_base.entry(base(&item.name).into()).or_default().push(at);
                    }
                    by_base
                });
                by_base.get(base(address)).into_iter().flatten().filter_map(|&at| self.items.get(at)).collect()
            }
        }
    }

    /// What a value refers to.
    pub(crate) fn referred(&self, value: &Value) -> Referred<'a> {
        let found = value.references();
        let mut items: Vec<&Item> = Vec::new();
        let mut missing = None;
        for reference in &found {
            let here = self.at(&reference.address);
            if here.is_empty() {
                missing.get_or_insert_with(|| Missing::new(reference.address.clone()));
            }
            for item in here {
                if !items.iter().any(|known| std::ptr::eq(*known, item)) {
                    items.push(item);
                }
            }
        }
        if found.is_empty() && !value.is_null() {
            missing = missing.or_else(|| loose(value)).or_else(|| literal(value));
        } else {
            missing = missing.or_else(|| loose(value));
        }
        Referred { items, missing }
    }

    /// The resources of a type that refer to `to` with the attribute at this path (dots between levels).
    pub(crate) fn referring(&self, kind: &'static str, attribute: &'static str, to: &Item) -> Vec<&'a Item> {
        let known = self.referrers.borrow().get(&(kind, attribute)).cloned();
        let table = known.unwrap_or_else(|| {
            let table = Rc::new(self.table(kind, attribute));
            self.referrers.borrow_mut().insert((kind, attribute), Rc::clone(&table));
            table
        });
        let all = [table.get(to.name.as_str()), table.get(base(&to.name)).filter(|_| base(&to.name) != to.name)];
        all.into_iter().flatten().flatten().filter_map(|&at| self.items.get(at)).collect()
    }

    fn table(&self, kind: &str, attribute: &str) -> Referrers {
        let path: Vec<&str> = attribute.split('.').collect();
        let mut table = Referrers::default();
        for &at in self.by_type.get(kind).into_iter().flatten() {
            let Some(item) = self.items.get(at) else { continue };
            for reference in values_at(&item.value, &path).into_iter().flat_map(Value::references) {
                let all = table.entry(reference.address).or_default();
                if all.last() != Some(&at) {
                    all.push(at);
                }
            }
        }
        table
    }
}

/// Only what has an address of its own can be referred to.
fn has_address(item: &Item) -> bool {
    item.owner.is_none() && item.name.contains('.')
}

/// The address without the key of its last part.
fn base(address: &str) -> &str {
    if address.ends_with(']') { address.rfind('[').and_then(|at| address.get(..at)).unwrap_or(address) } else { address }
}

/// The values at a path, through lists and repeated blocks.
pub(crate) fn values_at<'v>(value: &'v Value, path: &[&str]) -> Vec<&'v Value> {
    match (&value.kind, path.split_first()) {
        (Kind::Null, _) => Vec::new(),
        (Kind::List(list), Some(_)) => list.items.iter().flat_map(|item| values_at(item, path)).collect(),
        (_, None) => vec![value],
        (_, Some((first, rest))) => value.get(first).map(|inner| values_at(inner, rest)).unwrap_or_default(),
    }
}

/// A field that is there and not null.
pub(crate) fn field<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value.get(key).filter(|value| !value.is_null())
}

/// The blocks of a kind: one, or a list of them.
pub(crate) fn blocks<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    match value.get(key) {
        Some(inner) if inner.as_map().is_some() => std::slice::from_ref(inner),
        Some(inner) => inner.items(),
        None => &[],
    }
}

/// What is not known, and no attribute of a resource either.
fn loose(value: &Value) -> Option<Missing> {
    match &value.kind {
        Kind::Unknown(unknown) if unknown.identity.is_some() => None,
        Kind::List(list) => {
            list.items.iter().find_map(loose).or_else(|| {
                list.tail.as_ref().filter(|tail| tail.identity.is_none()).map(|tail| Missing::new(tail.source.clone()))
            })
        }
        _ => Missing::of(value),
    }
}

/// The text of something that lies outside of the code: `subnet-0ab`.
fn literal(value: &Value) -> Option<Missing> {
    match &value.kind {
        Kind::String(text) => Some(Missing::new(text.clone())),
        Kind::List(list) => list.items.iter().find_map(literal),
        _ => None,
    }
}
