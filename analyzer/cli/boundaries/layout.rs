//! Which box lies in which, and who is drawn: what all pictures have in common.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_engine::{Boundaries, BoundaryNode};

/// A box with what lies in it.
#[derive(Debug)]
pub(super) struct Nested<'r> {
    pub(super) node: &'r BoundaryNode,
    /// It, or something in it, is exposed.
    pub(super) open: bool,
    pub(super) children: Vec<Self>,
}

/// The boxes that lie in no other; empty boundaries are left out.
pub(super) fn nested(report: &Boundaries) -> Vec<Nested<'_>> {
    let mut children: BTreeMap<u32, Vec<&BoundaryNode>> = BTreeMap::new();
    let known: BTreeSet<u32> = report.nodes.iter().map(|node| node.id).collect();
    let mut roots = Vec::new();
    for node in &report.nodes {
        match node.holders.iter().find(|id| known.contains(id) && **id != node.id) {
            Some(parent) => children.entry(*parent).or_default().push(node),
            None => roots.push(node),
        }
    }
    let exposed: BTreeSet<&str> = report.exposed.iter().map(|answer| answer.to.as_str()).collect();
    roots.into_iter().filter_map(|node| grown(node, &children, &exposed, 0)).collect()
}

/// How deep boxes lie in each other at most.
const DEPTH: usize = 12;

fn grown<'r>(
    node: &'r BoundaryNode,
    children: &BTreeMap<u32, Vec<&'r BoundaryNode>>,
    exposed: &BTreeSet<&str>,
    depth: usize,
) -> Option<Nested<'r>> {
    let held = children.get(&node.id).into_iter().flatten().filter(|_| depth < DEPTH);
    let nested: Vec<Nested<'_>> = held.filter_map(|child| grown(child, children, exposed, depth + 1)).collect();
    let open = exposed.contains(node.name.as_str()) || nested.iter().any(|child| child.open);
    (!node.boundary || !nested.is_empty()).then_some(Nested { node, open, children: nested })
}

/// A colour for a rung: what stands low is red.
pub(super) fn color(rung: Option<u8>) -> &'static str {
    match rung {
        Some(0) => "#c62828",
        Some(1) => "#ef6c00",
        Some(2) => "#f9a825",
        Some(3) => "#7cb342",
        Some(4) => "#2e7d32",
        Some(_) => "#1565c0",
        None => "#78909c",
    }
}

/// The text with what XML and HTML give a meaning replaced.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Where something is written, as a link that an editor or a repository's site can follow.
pub(super) fn link(node: &plimsoll_engine::Stretch) -> Option<String> {
    let (path, range) = (node.path.as_ref()?, node.range?);
    Some(format!("{path}#L{}", range.start.line))
}
