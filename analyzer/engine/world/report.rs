//! The boundaries of a workspace: who is inside of what, on which rung, what is shared, what is exposed.

use plimsoll_world::{Node, Step, World};
use serde::Serialize;

use super::ask::{Exposed, Stretch};
use super::{found, scene, world};
use crate::Engine;

/// Everything that a review of the boundaries looks at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Boundaries {
    /// Workloads, what leads to them, and the boundaries that hold them.
    pub nodes: Vec<BoundaryNode>,
    /// What workloads share that should be kept apart.
    pub shared: Vec<SharedBoundary>,
    /// What is reachable from the internet, or from the local network.
    pub exposed: Vec<Exposed>,
}

/// A node of the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BoundaryNode {
    /// Its number: names may be alike.
    #[serde(skip)]
    pub id: u32,
    /// The numbers of the boundaries that hold it, the nearest first.
    #[serde(skip)]
    pub holders: Vec<u32>,
    /// As in answers.
    pub name: String,
    /// `machine`, `workload`, `namespace`, …
    pub kind: &'static str,
    /// 0 to 5, of what runs something.
    pub rung: Option<u8>,
    /// What the rung is called.
    pub rung_name: Option<&'static str>,
    /// Why it stands there, the reasons for its rung first.
    pub evidence: Vec<Witness>,
    /// The boundaries that hold it, the nearest first.
    pub inside: Vec<String>,
    /// It holds others.
    pub boundary: bool,
    /// Where it is written.
    pub place: Stretch,
    /// What it handles.
    pub sensitivity: Vec<String>,
    /// Production or something else.
    pub environment: Option<String>,
    /// Whose it is.
    pub tenant: Option<String>,
}

/// A reason for a rung.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Witness {
    /// The rung that this alone would give.
    pub rung: u8,
    /// What says so.
    #[serde(flatten)]
    pub step: Stretch,
}

/// A boundary that holds workloads of different purpose.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SharedBoundary {
    /// The boundary's name.
    pub boundary: String,
    /// Its kind.
    pub kind: &'static str,
    /// `sensitivity`, `environment`, `tenant`
    pub difference: &'static str,
    /// The workload that must be kept apart.
    pub workload: String,
    /// The others.
    pub others: Vec<String>,
    /// The lowest rung among all of them.
    pub wall: Option<u8>,
    /// Whether one of the others reaches it.
    pub reaches: Option<bool>,
}

impl Engine {
    /// The boundaries of everything.
    #[must_use]
    pub fn boundaries(&self) -> Boundaries {
        let scene = scene(&self.db, self.workspace, &self.outside);
        let world = world(&self.db, self.workspace, scene);
        let stated = scene.stated(&self.db);
        let found = found(&self.db, self.workspace, scene);
        let name = |id| world.node(id).map(|node: &Node| node.name.to_string()).unwrap_or_default();
        let purposes = world.purposes(&stated.contexts);
        let nodes = world.all().filter(|(id, _)| id.0 > World::LAN.0).map(|(id, node)| {
            let rung = node.rung();
            let mut evidence: Vec<_> = node.evidence.iter().collect();
            evidence.sort_by_key(|evidence| evidence.rung);
            let marks = purposes.get(id.0 as usize).cloned().unwrap_or_default();
            BoundaryNode {
                id: id.0,
                holders: node.inside.iter().map(|id| id.0).collect(),
                name: node.name.to_string(),
                kind: node.kind.name(),
                rung: rung.map(plimsoll_world::Rung::number),
                rung_name: rung.map(plimsoll_world::Rung::name),
                evidence: evidence
                    .into_iter()
                    .map(|evidence| Witness { rung: evidence.rung.number(), step: self.stretch(&evidence.step) })
                    .collect(),
                inside: node.inside.iter().map(|id| name(*id)).collect(),
                boundary: node.kind.is_boundary(),
                place: self.stretch(&Step::at(node.place, node.name.as_str())),
                sensitivity: marks.sensitivity.into_iter().map(|(word, _)| word.into()).collect(),
                environment: marks.environment.map(|(word, _)| word.into()),
                tenant: marks.tenant.map(|(word, _)| word.into()),
            }
        });
        let shared = world.shared(&purposes).into_iter().map(|shared| SharedBoundary {
            boundary: name(shared.boundary),
            kind: world.node(shared.boundary).map_or("", |node| node.kind.name()),
            difference: shared.difference.name(),
            workload: name(shared.left),
            others: shared.right.iter().map(|id| name(*id)).collect(),
            wall: shared.wall.map(plimsoll_world::Rung::number),
            reaches: shared.reaches,
        });
        let exposed = found.answers.iter().map(|(answer, meant)| {
            let intended = meant.and_then(|at| stated.intended.get(at)).map(|intended| intended.reason.clone());
            Exposed { intended, ..self.exposed(&world, answer, None) }
        });
        Boundaries { nodes: nodes.collect(), shared: shared.collect(), exposed: exposed.collect() }
    }
}
