//! What an editor shows of the world: the nodes whose headers are in a file, with their rung and with who reaches them.

mod links;
mod values;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_syntax::Place;
use plimsoll_world::{From, Node, NodeId, Question, Step, Verdict, World};

use super::ask::{Exposed, Stretch};
use super::findings::Found;
use super::report::Witness;
use super::{Scene, regions, scene, seen, world};
use crate::db::Db;
use crate::live::{Cancelled, Snapshot};
use crate::report::{Range, Text};
use crate::{Engine, queries};

pub use values::{Hint, ValueAt};

/// In a world of more nodes than this, only the internet and the local network are asked whether they reach a node.
const NEIGHBOURS: usize = 64;

/// A node at its header.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeLens {
    /// As in answers.
    pub name: String,
    /// `machine`, `workload`, `database`, …
    pub kind: &'static str,
    /// Its header.
    pub header: Range,
    /// Its rung's number and name, of what runs something.
    pub rung: Option<(u8, &'static str)>,
    /// How the internet reaches it, or the local network where the internet does not; never empty.
    pub exposed: Vec<Exposed>,
}

/// Everything that is known of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeDetails {
    /// What stands at its header.
    pub lens: NodeLens,
    /// Why it stands on its rung, the reasons that decide first.
    pub evidence: Vec<Witness>,
    /// The boundaries that hold it, the nearest first, each with its kind.
    pub inside: Vec<(String, &'static str)>,
    /// What it handles, its environment and its tenant, each with the line that says so.
    pub marks: Vec<(&'static str, String, Stretch)>,
    /// The other nodes that reach it; `None`: there are too many to ask.
    pub neighbours: Option<Vec<Exposed>>,
}

impl NodeLens {
    /// The file of its header is the one that was asked for.
    fn is_at(&self, offset: usize) -> bool {
        let span = self.header.span;
        span.start as usize <= offset && offset <= span.end as usize
    }
}

impl Snapshot {
    /// The nodes whose headers are in a file.
    ///
    /// # Errors
    /// When it was cancelled.
    pub fn nodes_of(&self, path: &Utf8Path) -> Result<Vec<NodeLens>, Cancelled> {
        self.ask(|engine| {
            let all = Sight::all(engine, path);
            all.iter().flat_map(|sight| sight.own().filter_map(|(id, node)| sight.lens(id, node))).collect()
        })
    }

    /// The nodes at whose header a byte of a file is, with everything that is known of them.
    ///
    /// # Errors
    /// When it was cancelled.
    pub fn nodes_at(&self, path: &Utf8Path, offset: usize) -> Result<Vec<NodeDetails>, Cancelled> {
        let details = |sight: &Sight<'_>| -> Vec<NodeDetails> {
            let own = sight.own().filter_map(|(id, node)| Some((id, node, sight.lens(id, node)?)));
            own.filter(|(.., lens)| lens.is_at(offset)).map(|(_, node, lens)| sight.details(node, lens)).collect()
        };
        self.ask(|engine| Sight::all(engine, path).iter().flat_map(details).collect())
    }
}

impl Snapshot {
    /// The text of a file.
    ///
    /// # Errors
    /// When it was cancelled.
    pub fn text_of(&self, path: &Utf8Path) -> Result<Option<Arc<Text>>, Cancelled> {
        self.ask(|engine| Some(queries::text(&engine.db, engine.db.file(path)?)))
    }
}

/// A region of the world as it is seen from one file.
struct Sight<'e> {
    engine: &'e Engine,
    scene: Scene<'e>,
    world: Arc<World>,
    found: Arc<Found>,
    file: plimsoll_syntax::FileId,
}

impl<'e> Sight<'e> {
    /// Of every region in which the file has nodes.
    fn all(engine: &'e Engine, path: &Utf8Path) -> Vec<Self> {
        let db = &engine.db;
        let Some(source) = db.file(path).filter(|source| source.content(db).kind.is_some()) else { return Vec::new() };
        let file = source.id(db);
        let scene = scene(db, engine.workspace, &engine.outside);
        let sight = |region| {
            let (world, found) = seen(db, engine.workspace, scene, region);
            world.nodes.iter().any(|node| node.place.file == file).then_some(Self { engine, scene, world, found, file })
        };
        regions(db, engine.workspace, scene).iter().filter_map(sight).collect()
    }

    fn own(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        let own = |node: &Node| node.place.is_some() && node.place.file == self.file && !node.kind.is_boundary();
        self.world.all().filter(move |(_, node)| own(node))
    }

    fn lens(&self, id: NodeId, node: &Node) -> Option<NodeLens> {
        let (_, header) = self.engine.spot_of(node.place)?;
        let rung = node.rung().map(|rung| (rung.number(), rung.name()));
        Some(NodeLens { name: node.name.to_string(), kind: node.kind.name(), header, rung, exposed: self.exposed(id) })
    }

    fn exposed(&self, id: NodeId) -> Vec<Exposed> {
        let stated = self.scene.stated(&self.engine.db);
        let reason = |meant: &Option<usize>| meant.and_then(|at| stated.intended.get(at)).map(|intended| intended.reason.clone());
        let own = self.found.answers.iter().filter(|(answer, _)| answer.to == id);
        let reached: Vec<Exposed> = own
            .map(|(answer, meant)| Exposed { intended: reason(meant), ..self.engine.exposed(&self.world, answer, None) })
            .collect();
        if !reached.is_empty() {
            return reached;
        }
        let closed = self.found.closed(id).into_iter();
        closed.map(|answer| self.engine.exposed(&self.world, answer, None)).collect()
    }

    fn details(&self, node: &Node, lens: NodeLens) -> NodeDetails {
        let world = &self.world;
        let mut evidence: Vec<_> = node.evidence.iter().collect();
        evidence.sort_by_key(|evidence| evidence.rung);
        let evidence = evidence
            .into_iter()
            .map(|evidence| Witness { rung: evidence.rung.number(), step: self.engine.stretch(&evidence.step) });
        let inside = node.inside.iter().filter_map(|id| world.node(*id)).map(|node| (node.name.to_string(), node.kind.name()));
        let marks = world.marks(node, &self.scene.stated(&self.engine.db).contexts);
        let sensitivity = marks.sensitivity.into_iter().map(|mark| ("sensitivity", mark));
        let marks = sensitivity
            .chain(marks.environment.map(|mark| ("environment", mark)))
            .chain(marks.tenant.map(|mark| ("tenant", mark)))
            .map(|(what, (word, place))| (what, word.to_string(), self.engine.stretch(&Step::at(place, word.as_str()))));
        NodeDetails {
            lens,
            evidence: evidence.collect(),
            inside: inside.collect(),
            marks: marks.collect(),
            neighbours: self.neighbours(node),
        }
    }

    /// Regions meet on the local network, too, when something in one of them begins to speak: that is asked of the world as a whole.
    fn neighbours(&self, node: &Node) -> Option<Vec<Exposed>> {
        let world = world(&self.engine.db, self.engine.workspace, self.scene);
        let (to, _) = world.all().find(|(_, other)| other.place == node.place && other.name == node.name)?;
        let others: Vec<NodeId> = world
            .all()
            .filter(|(id, node)| *id != to && id.0 > World::LAN.0 && node.kind.ends_traffic())
            .map(|(id, _)| id)
            .collect();
        (others.len() <= NEIGHBOURS).then(|| {
            let mut all = Vec::new();
            for from in others {
                // An edit does not wait for the rest.
                salsa::Database::unwind_if_revision_cancelled(&self.engine.db);
                let answers = world.answers(&Question { from: From::Node(from), to: Some(to), port: None });
                let reach = answers.iter().filter(|answer| answer.verdict == Verdict::Reachable);
                all.extend(reach.map(|answer| self.engine.exposed(&world, answer, None)));
            }
            all
        })
    }
}

impl Engine {
    /// A place with its file.
    fn spot_of(&self, place: Place) -> Option<(Utf8PathBuf, Range)> {
        let stretch = self.stretch(&Step::at(place, ""));
        Some((stretch.path?, stretch.range?))
    }
}
