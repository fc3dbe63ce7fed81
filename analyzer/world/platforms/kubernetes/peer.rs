//! Whom the rules of network policies speak of: blocks of addresses, and pods by labels.

use compact_str::{CompactString, format_compact};
use plimsoll_kubernetes::selects;
use plimsoll_syntax::{Kind, Value};
use rustc_hash::FxHashMap;

use super::objects::{Objects, shown};
use super::select::Expr;
use crate::address::Range;
use crate::filter::Sources;
use crate::resources::field;
use crate::said::Missing;

/// What pods are known by that are in no file.
pub(super) const OUTSIDE: &str = "pods outside of these files";

/// The groups of pods that rules speak of, by what they say.
#[derive(Debug, Default)]
pub(super) struct Peers {
    known: FxHashMap<String, CompactString>,
    by_expr: FxHashMap<Expr, CompactString>,
}

/// What those are known by that a rule surely speaks of, and those of whom it may.
pub(super) type Groups = (Vec<CompactString>, Vec<CompactString>);

impl Peers {
    /// The group of those that a condition holds for, and of those of whom that is not known.
    pub(super) fn fitting(&mut self, expr: &Expr, objects: &mut Objects<'_>) -> Groups {
        let group = match self.by_expr.get(expr) {
            Some(group) => group.clone(),
            None => {
                let group = format_compact!("pods {}", self.by_expr.len());
                let found = objects.fitting(expr);
                mark(&group, &found, objects);
                self.by_expr.insert(expr.clone(), group.clone());
                group
            }
        };
        let perhaps = format_compact!("perhaps {group}");
        // Whoever is in no file is a pod all the same.
        if *expr == Expr::ALWAYS {
            (vec![group, OUTSIDE.into()], vec![perhaps])
        } else {
            (vec![group], vec![perhaps, OUTSIDE.into()])
        }
    }

    /// The group of those that a peer surely speaks of, and of those of whom it may.
    pub(super) fn group(&mut self, peer: &Value, home: &str, objects: &mut Objects<'_>) -> Groups {
        let (spaces, pods) = (field(peer, "namespaceSelector"), field(peer, "podSelector"));
        let mut key = String::new();
        match spaces {
            Some(spaces) => text(spaces, &mut key),
            None => key.push_str(home),
        }
        key.push_str(" / ");
        if let Some(pods) = pods {
            text(pods, &mut key);
        }
        let any = spaces.is_some_and(is_everything) && pods.is_none_or(is_everything);
        let groups = |group: &CompactString| {
            let sure = if any { vec![group.clone(), OUTSIDE.into()] } else { vec![group.clone()] };
            (sure, vec![format_compact!("perhaps {group}"), OUTSIDE.into()])
        };
        if let Some(group) = self.known.get(&key) {
            return groups(group);
        }
        let group = format_compact!("peer {}: {key}", self.known.len());
        let everything = Value::map(plimsoll_syntax::value::Map::default(), peer.place);
        let found = match spaces {
            None => objects.select(pods.unwrap_or(&everything), [(home, true)]),
            Some(selector) => {
                let fits = |(name, labels): &(CompactString, Value)| (name.clone(), selects(selector, labels));
                let fitting: Vec<_> = objects.namespaces().iter().map(fits).filter(|(_, fits)| *fits != Some(false)).collect();
                let fitting = fitting.iter().map(|(name, fits)| (name.as_str(), fits.is_some()));
                objects.select(pods.unwrap_or(&everything), fitting)
            }
        };
        mark(&group, &found, objects);
        let told = groups(&group);
        self.known.insert(key, group);
        told
    }
}

/// Puts workloads into a group: surely, or perhaps.
pub(super) fn mark(group: &CompactString, found: &[(usize, bool)], objects: &mut Objects<'_>) {
    for &(at, sure) in found {
        let Some(workload) = objects.workloads.get_mut(at) else { continue };
        // What a pod on the network of its node says may come from the node.
        let sure = sure && workload.host_network.is_none();
        workload.groups.push(if sure { group.clone() } else { format_compact!("perhaps {group}") });
    }
}

/// Whether a selector asks for nothing.
pub(super) fn is_everything(selector: &Value) -> bool {
    let empty = |key: &str| match field(selector, key).map(|value| &value.kind) {
        None => true,
        Some(Kind::Map(map)) => map.entries.is_empty() && map.tail.is_none(),
        Some(Kind::List(list)) => list.items.is_empty() && list.tail.is_none(),
        _ => false,
    };
    selector.as_map().is_some_and(|map| map.tail.is_none()) && empty("matchLabels") && empty("matchExpressions")
}

/// A selector in one line, so that those that say the same are one.
fn text(value: &Value, out: &mut String) {
    match &value.kind {
        Kind::Map(map) => {
            out.push('{');
            for entry in &map.entries {
                out.push_str(&entry.key);
                out.push('=');
                text(&entry.value, out);
                out.push(' ');
            }
            out.push_str(if map.tail.is_some() { "…}" } else { "}" });
        }
        Kind::List(list) => {
            out.push('[');
            for item in &list.items {
                text(item, out);
                out.push(' ');
            }
            out.push_str(if list.tail.is_some() { "…]" } else { "]" });
        }
        _ => out.push_str(&shown(value).unwrap_or_default()),
    }
}

/// The addresses of an `ipBlock`, without those that it excepts.
pub(super) fn addresses(block: &Value, sources: &mut Sources) {
    let Some(written) = field(block, "cidr") else { return };
    let Some(range) = written.as_str().and_then(Range::parse) else {
        sources.unknown = Some(Missing::of(written).unwrap_or_else(|| Missing::new("the addresses of a block")));
        return;
    };
    let mut left = vec![range];
    for except in field(block, "except").map(Value::items).unwrap_or_default() {
        match except.as_str().and_then(Range::parse) {
            Some(hole) => left = left.into_iter().flat_map(|range| without(range, hole)).collect(),
            None => {
                sources.unknown = Some(Missing::of(except).unwrap_or_else(|| Missing::new("the addresses that a block excepts")));
                return;
            }
        }
    }
    sources.ranges.extend(left);
}

/// A range without another.
pub(super) fn without(range: Range, hole: Range) -> Vec<Range> {
    if !range.meets(hole) {
        return vec![range];
    }
    let before = (hole.first > range.first).then(|| Range { last: hole.first - 1, ..range });
    let after = (hole.last < range.last).then(|| Range { first: hole.last + 1, ..range });
    before.into_iter().chain(after).collect()
}
