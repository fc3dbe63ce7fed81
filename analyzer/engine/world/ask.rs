//! Questions to the world, and their answers with lines.

use std::sync::Arc;

use camino::Utf8PathBuf;
use plimsoll_syntax::Place;
use plimsoll_world::{Answer, From, Missing, NodeId, Question, Range as Addresses, Step, Verdict, World, words};
use serde::Serialize;

use super::region::Part;
use super::{Region, region_answers, region_world, regions, scene, world};
use crate::Engine;
use crate::db::Db;
use crate::queries;
use crate::report::Range;

/// A question as a person asks it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// A node or an address; the internet when nothing is said.
    pub from: Option<String>,
    /// A node; every one when nothing is said.
    pub to: Option<String>,
    /// A port; every one when nothing is said.
    pub port: Option<u16>,
}

/// There is no node of this name.
#[derive(Clone, Debug, thiserror::Error)]
#[error("there is no node `{name}`{hint}")]
pub struct NoSuchNode {
    name: String,
    hint: String,
}

/// Whether one node can be reached from another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exposed {
    /// Where traffic begins.
    pub from: String,
    /// Where it is to arrive.
    pub to: String,
    /// The ports that the sender addresses: `tcp/22`, `tcp/8000-8080`; `all`.
    pub ports: Vec<String>,
    /// The ports at which it arrives.
    pub arrives: Vec<String>,
    /// `reachable`, `not reachable`, `undecided`
    pub verdict: &'static str,
    /// What is missing to decide.
    pub missing: Vec<String>,
    /// The first wall.
    pub wall: Option<String>,
    /// Where the wall is written.
    pub wall_place: Option<Stretch>,
    /// The way, as far as traffic comes.
    pub steps: Vec<Stretch>,
    /// Why it is meant, where plimsoll.toml says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intended: Option<String>,
}

/// A step with its place; without a path where nothing is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stretch {
    /// Relative to the workspace, with forward slashes.
    pub path: Option<Utf8PathBuf>,
    /// Where.
    #[serde(flatten)]
    pub range: Option<Range>,
    /// What happens there.
    pub message: String,
}

impl Engine {
    /// Who can reach whom.
    ///
    /// # Errors
    /// When a node that the question names is not there.
    pub fn exposure(&self, asked: &Asked) -> Result<Vec<Exposed>, NoSuchNode> {
        if let Some(answers) = self.exposure_by_region(asked) {
            return Ok(answers);
        }
        let world = world(&self.db, self.workspace, scene(&self.db, self.workspace, &self.outside));
        let from = match asked.from.as_deref() {
            None => vec![From::Node(World::INTERNET)],
            Some(name) => match Addresses::parse(name) {
                Some(range) => vec![From::Addresses(range)],
                None => named(&world, name)?.into_iter().map(From::Node).collect(),
            },
        };
        let to = match asked.to.as_deref() {
            None => vec![None],
            Some(name) => named(&world, name)?.into_iter().map(Some).collect(),
        };
        let mut answers = Vec::new();
        for &from in &from {
            for &to in &to {
                answers.extend(world.answers(&Question { from, to, port: asked.port }));
            }
        }
        Ok(answers.iter().map(|answer| self.exposed(&world, answer, asked.from.as_deref())).collect())
    }

    /// Whom the internet reaches, or an address of it: nothing leads from there through one region into another.
    fn exposure_by_region(&self, asked: &Asked) -> Option<Vec<Exposed>> {
        let from = match asked.from.as_deref() {
            _ if asked.to.is_some() => return None,
            None => From::Node(World::INTERNET),
            Some(name) => From::Addresses(Addresses::parse(name)?),
        };
        let question = Question { from, to: None, port: asked.port };
        let everything = question == Question { from: From::Node(World::INTERNET), to: None, port: None };
        let scene = scene(&self.db, self.workspace, &self.outside);
        let of_region = |region: &Region| -> Vec<Exposed> {
            let (terms, part) = (scene.terms(&self.db), Part::new(&self.db, region.clone()));
            let world = region_world(&self.db, self.workspace, terms, part);
            let answers = match everything {
                true => region_answers(&self.db, self.workspace, terms, part),
                false => Arc::new(world.answers(&question)),
            };
            answers.iter().map(|answer| self.exposed(&world, answer, asked.from.as_deref())).collect()
        };
        Some(regions(&self.db, self.workspace, scene).iter().flat_map(of_region).collect())
    }

    /// An answer with lines; `from`: how the question names an address.
    pub(super) fn exposed(&self, world: &World, answer: &Answer, from: Option<&str>) -> Exposed {
        let name = |id: NodeId| world.node(id).map(|node| node.name.to_string()).unwrap_or_default();
        let (missing, wall): (&[Missing], _) = match &answer.verdict {
            Verdict::Reachable => (&[], None),
            Verdict::NotReachable(wall) => (&[], Some(wall)),
            Verdict::Undecided(missing) => (missing, None),
        };
        Exposed {
            from: match answer.from {
                From::Node(id) => name(id),
                From::Addresses(_) => from.unwrap_or_default().to_owned(),
            },
            to: name(answer.to),
            ports: words(&answer.ports),
            arrives: words(&answer.arrives),
            verdict: answer.verdict.name(),
            missing: missing.iter().map(|missing| missing.what.to_string()).collect(),
            wall_place: wall.map(|wall| self.stretch(wall)),
            wall: wall.map(|wall| wall.message.to_string()),
            steps: answer.steps.iter().map(|step| self.stretch(step)).collect(),
            intended: None,
        }
    }

    pub(super) fn stretch(&self, step: &Step) -> Stretch {
        let (path, range) = self.located(step.place).map_or((None, None), |(path, range)| (Some(path), Some(range)));
        Stretch { path, range, message: step.message.to_string() }
    }

    fn located(&self, place: Place) -> Option<(Utf8PathBuf, Range)> {
        let file = self.db.by_id(place.file).filter(|_| place.is_some())?;
        let text = queries::text(&self.db, file);
        let position = |offset| text.lines.position(offset, &text.text);
        let range = Range { start: position(place.span.start), end: position(place.span.end), span: place.span };
        Some((file.path(&self.db).clone(), range))
    }
}

/// The nodes of a name.
fn named(world: &World, name: &str) -> Result<Vec<NodeId>, NoSuchNode> {
    let found: Vec<NodeId> = world.all().filter(|(_, node)| node.name == name).map(|(id, _)| id).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let near = world
        .nodes
        .iter()
        .map(|node| node.name.to_string())
        .filter(|known| known.contains(name) || name.contains(known.as_str()));
    let near: Vec<String> = near.take(5).collect();
    let hint = if near.is_empty() { String::new() } else { format!("; is it {}?", near.join(", ")) };
    Err(NoSuchNode { name: name.to_owned(), hint })
}
