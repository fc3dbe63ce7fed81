//! What entries before it leave of one that allows.
//!
//! A list of AWS goes by rule number, a group of Azure and rules of a network of Google by priority; the lowest number goes first, and of
//! Google's that have the same one those that deny. An entry loses the ports that one before it surely denies to all of its addresses;
//! what is denied to some of them, or hangs on something that is not known, stays.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::{Item, Kind, Value};

use crate::domains::{address, ports, text};

/// How a dialect orders its entries.
pub(super) struct Order {
    /// The attribute of an entry with its number.
    pub(super) number: &'static str,
    /// The number of an entry that has none.
    pub(super) absent: Option<i64>,
    /// The attribute that names the list that an entry is in; empty: the resource is the list.
    pub(super) list: &'static str,
    /// Of two with the same number, the one that denies goes first.
    pub(super) deny_wins: bool,
    /// Attributes that narrow an entry to some machines or ports of origin. An entry that denies and has one of them is left aside.
    pub(super) narrowing: &'static [&'static str],
}

/// Where an entry stands.
#[derive(PartialEq, Eq)]
pub(super) struct Rank {
    list: CompactString,
    number: i64,
    deny_wins: bool,
}

impl Order {
    /// Where an entry of this resource stands; `field` gives what the entry says. `None`: not known.
    pub(super) fn rank<'v>(&self, resource: &Item, field: impl Fn(&str) -> Option<&'v Value>) -> Option<Rank> {
        let number = match field(self.number) {
            Some(written) => text(written)?.trim().parse().ok()?,
            None => self.absent?,
        };
        let list = if self.list.is_empty() { resource.name.clone() } else { named(field(self.list)?)? };
        Some(Rank { list, number, deny_wins: self.deny_wins })
    }
}

/// What a value names: the one resource that it refers to, or its text.
fn named(value: &Value) -> Option<CompactString> {
    let mut found = value.references();
    found.dedup_by(|a, b| a.address == b.address);
    match &found[..] {
        [one] => Some(one.address.clone()),
        [] => text(value).map(|text| format!("\"{text}\"").into()),
        _ => None,
    }
}

/// An entry, and where it stands.
pub(super) struct Entry {
    /// As rules see it.
    pub(super) item: Item,
    /// It denies.
    pub(super) denies: bool,
    /// Where it stands; `None`: in no order, or not known.
    pub(super) rank: Option<Rank>,
}

impl Entry {
    fn before(&self, other: &Self) -> bool {
        let (Some(first), Some(second)) = (&self.rank, &other.rank) else { return false };
        let sooner = first.number < second.number || first.number == second.number && first.deny_wins;
        sooner && first.list == second.list && self.item.views == other.item.views
    }

    fn field(&self, key: &str) -> Value {
        self.item.value.get(key).cloned().unwrap_or_default()
    }

    /// Whether this entry is about all addresses that the other is about.
    fn covers(&self, other: &Self) -> bool {
        let addresses = |key: &str, all_when_empty: bool| {
            let (outer, inner) = (self.field(key), other.field(key));
            let everything = all_when_empty && outer.as_list().is_some_and(|list| list.items.is_empty() && list.tail.is_none());
            everything || address::includes(&outer, &inner)
        };
        let inward = self.item.value.str_at(&["direction"]) == Some("ingress");
        addresses("sources", !inward) && addresses("destinations", inward)
    }

    /// The entry without the ports that those before it deny; `None`: none is left.
    fn left_by(mut self, denying: &[Self]) -> Option<Item> {
        if denying.is_empty() {
            return Some(self.item);
        }
        let written = self.field("ports");
        let mut left = ports::set(&written);
        let mut less = false;
        for deny in denying.iter().filter(|deny| deny.before(&self) && deny.covers(&self)) {
            if let Some(rest) = left.without(&ports::set(&deny.field("ports"))) {
                (left, less) = (rest, true);
            }
        }
        if less {
            if left.is_empty() {
                return None;
            }
            let texts = left.texts().into_iter().map(|text| Value::string(text, written.place)).collect();
            if let Kind::Map(map) = &mut self.item.value.kind
                && let Some(entry) = Arc::make_mut(map).entries.iter_mut().find(|entry| entry.key == "ports")
            {
                entry.value = Value::list(texts, written.place);
            }
        }
        Some(self.item)
    }
}

/// The entries that let something through, in their order.
pub(super) fn effective(entries: Vec<Entry>) -> Vec<Item> {
    let (denying, allowing): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(|entry| entry.denies);
    allowing.into_iter().filter_map(|entry| entry.left_by(&denying)).collect()
}
