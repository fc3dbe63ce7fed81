//! The ways of the world, as they were understood: which node leads to which, and what says so.

use plimsoll_world::{Gate, NodeId, Step, WayKind};
use serde::Serialize;

use super::ask::Stretch;
use super::{scene, world};
use crate::Engine;

/// A way from one node to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Link {
    /// Where it starts.
    pub from: String,
    /// Where it leads.
    pub to: String,
    /// Traffic that arrives at its start takes it, too.
    pub passes_on: bool,
    /// What stands on it, in order.
    pub gates: Vec<Stretch>,
}

impl Engine {
    /// Every way of the world, in the order of its making.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        let world = world(&self.db, self.workspace, scene(&self.db, self.workspace, &self.outside));
        let name = |id: NodeId| world.node(id).map(|node| node.name.to_string()).unwrap_or_default();
        let told = world.ways.iter().map(|way| Link {
            from: name(way.from),
            to: name(way.to),
            passes_on: way.kind == WayKind::PassesOn,
            gates: way.gates.iter().map(|gate| self.stretch(&step(gate))).collect(),
        });
        told.collect()
    }
}

fn step(gate: &Gate) -> Step {
    match gate {
        Gate::Open(step) | Gate::Only(_, step) | Gate::Map { step, .. } | Gate::Leads { step, .. } => step.clone(),
        Gate::Wall(step) => Step::at(step.place, format!("wall: {}", step.message)),
        Gate::Unknown(step, missing) => Step::at(step.place, format!("{} (not known: {})", step.message, missing.what)),
        Gate::Filter(filter) => Step::at(filter.place, format!("as {} lets in", filter.name)),
    }
}
