//! Boundaries: what workloads of different purpose share, and how strong the weakest wall between them is.

use compact_str::CompactString;
use rustc_hash::FxHashMap;

use crate::context::Marks;
use crate::ladder::Rung;
use crate::model::{Kind, Node, NodeId, World};
use crate::search::{From, Question, Verdict};

/// How many neighbours are asked whether they reach a workload.
const ASKED: usize = 3;

/// In what two workloads differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Difference {
    /// One handles this, the other is not marked for it.
    Sensitivity(CompactString),
    /// One is production, the other something else.
    Environment,
    /// They belong to different tenants.
    Tenant,
}

impl Difference {
    /// In one word, as rules say it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sensitivity(_) => "sensitivity",
            Self::Environment => "environment",
            Self::Tenant => "tenant",
        }
    }
}

/// A boundary that holds workloads of different purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// The innermost boundary that holds both.
    pub boundary: NodeId,
    /// In what they differ.
    pub difference: Difference,
    /// A workload that must be kept apart.
    pub left: NodeId,
    /// The others in the boundary.
    pub right: Vec<NodeId>,
    /// The lowest rung among all of them: how far the weakest is from being their host.
    pub wall: Option<Rung>,
    /// Whether one of the others reaches it: nothing where that is not known.
    pub reaches: Option<bool>,
}

impl World {
    /// What is shared by workloads that should be kept apart, in the order of the workloads; `marks` are those of all nodes, in their order.
    #[must_use]
    pub fn shared(&self, marks: &[Marks]) -> Vec<Shared> {
        let mut members: FxHashMap<NodeId, Vec<NodeId>> = FxHashMap::default();
        for (id, node) in self.all().filter(|(_, node)| is_held(node.kind)) {
            for boundary in &node.inside {
                members.entry(*boundary).or_default().push(id);
            }
        }
        let mut shared = Vec::new();
        // Who is alike shares the same with the same others: that is told once, of the first.
        let mut known: FxHashMap<(NodeId, Difference, CompactString), bool> = FxHashMap::default();
        for (id, node) in self.all().filter(|(_, node)| is_held(node.kind)) {
            let Some(own) = marks.get(id.0 as usize) else { continue };
            for difference in own.differences() {
                for boundary in &node.inside {
                    let key = (*boundary, difference.clone(), own.word(&difference));
                    if let Some(&others) = known.get(&key) {
                        if others {
                            break;
                        }
                        continue;
                    }
                    let differs =
                        |other: &NodeId| marks.get(other.0 as usize).is_some_and(|marks| own.differs(marks, &difference));
                    let right: Vec<NodeId> = members
                        .get(boundary)
                        .into_iter()
                        .flatten()
                        .copied()
                        .filter(|other| *other != id)
                        .filter(differs)
                        .collect();
                    known.insert(key, !right.is_empty());
                    if !right.is_empty() {
                        let walls = right.iter().filter_map(|other| self.node(*other)).filter_map(|other| self.wall(node, other));
                        let wall = walls.min();
                        let reaches = self.reaches(&right, id);
                        shared.push(Shared { boundary: *boundary, difference, left: id, right, wall, reaches });
                        break;
                    }
                }
            }
        }
        shared
    }

    /// What stands between two workloads: the lower of their rungs, or a kernel of its own where they cannot come to the same node.
    fn wall(&self, left: &Node, right: &Node) -> Option<Rung> {
        let pools = |node: &Node| -> Vec<NodeId> {
            let held = node.inside.iter().filter(|id| self.node(**id).is_some_and(|holder| holder.kind == Kind::Host));
            held.copied().collect()
        };
        let (own, others) = (pools(left), pools(right));
        let apart = !own.is_empty() && !others.is_empty() && !own.iter().any(|pool| others.contains(pool));
        if apart { Some(Rung::OwnKernel) } else { left.rung().into_iter().chain(right.rung()).min() }
    }

    fn reaches(&self, others: &[NodeId], to: NodeId) -> Option<bool> {
        let mut sure = true;
        for other in others.iter().take(ASKED) {
            let question = Question { from: From::Node(*other), to: Some(to), port: None };
            for answer in self.answers(&question) {
                match answer.verdict {
                    Verdict::Reachable => return Some(true),
                    Verdict::NotReachable(_) => {}
                    Verdict::Undecided(_) => sure = false,
                }
            }
        }
        (sure && others.len() <= ASKED).then_some(false)
    }
}

/// What is kept apart from others of its boundary.
const fn is_held(kind: Kind) -> bool {
    kind.is_workload() || matches!(kind, Kind::Database)
}

impl Marks {
    /// For what this is to be kept apart.
    fn differences(&self) -> Vec<Difference> {
        let mut all: Vec<Difference> = self.sensitivity.iter().map(|(name, _)| Difference::Sensitivity(name.clone())).collect();
        if self.environment.as_ref().is_some_and(|(name, _)| name == "production") {
            all.push(Difference::Environment);
        }
        if self.tenant.is_some() {
            all.push(Difference::Tenant);
        }
        all
    }

    /// The mark that makes the difference.
    fn word(&self, difference: &Difference) -> CompactString {
        match difference {
            Difference::Sensitivity(name) => name.clone(),
            Difference::Environment => CompactString::default(),
            Difference::Tenant => self.tenant.as_ref().map(|(name, _)| name.clone()).unwrap_or_default(),
        }
    }

    fn differs(&self, other: &Self, difference: &Difference) -> bool {
        match difference {
            Difference::Sensitivity(name) => !other.sensitivity.iter().any(|(theirs, _)| theirs == name),
            // What says nothing may be anything.
            Difference::Environment => other.environment.as_ref().is_some_and(|(name, _)| name != "production"),
            Difference::Tenant => {
                other.tenant.as_ref().is_some_and(|(name, _)| self.tenant.as_ref().is_some_and(|(own, _)| own < name))
            }
        }
    }
}
