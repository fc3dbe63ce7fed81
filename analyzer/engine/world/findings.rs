//! What is exposed in a world, and which of it is meant.

use std::sync::Arc;

use plimsoll_connectivity::Ports;
use plimsoll_world::{Answer, Beat, From, NodeId, Verdict, World};
use rustc_hash::{FxHashMap, FxHashSet};

use super::stated::{Intended, Stated};

/// Year, month and day.
pub(super) type Today = Option<(u16, u8, u8)>;

/// What is exposed.
pub(super) struct Found {
    /// Everything that is reachable from the internet, and from the local network where the internet does not come; with the number
    /// of the intended exposure that it is.
    pub(super) answers: Vec<(Answer, Option<usize>)>,
    /// Whom the internet reaches, and what keeps it from the others.
    internet: Arc<Vec<Answer>>,
    /// The numbers of the answers of those that the internet does not reach, or not surely.
    closed: FxHashMap<NodeId, usize>,
    /// The intended exposures that something is exposed as.
    matched: FxHashSet<usize>,
}

impl Found {
    /// `internet`: the answers to who reaches whom from there.
    pub(super) fn of(world: &World, internet: Arc<Vec<Answer>>, stated: &Stated, today: Today, beat: Beat<'_>) -> Self {
        let (answers, closed, matched) = (Vec::new(), FxHashMap::default(), FxHashSet::default());
        let mut found = Self { answers, internet: internet.clone(), closed, matched };
        for (number, answer) in internet.iter().enumerate() {
            if answer.verdict == Verdict::Reachable {
                found.add(world, stated, answer.clone(), today);
            } else {
                found.closed.insert(answer.to, number);
            }
        }
        beat.beat();
        // A node that the internet reaches is open to the local network as well: that is told of the others alone.
        for answer in world.reachable(World::LAN) {
            if found.closed.contains_key(&answer.to) {
                found.add(world, stated, answer, today);
            }
        }
        found
    }

    /// What keeps the internet from a node, surely or perhaps.
    pub(super) fn closed(&self, id: NodeId) -> Option<&Answer> {
        self.internet.get(*self.closed.get(&id)?)
    }

    fn add(&mut self, world: &World, stated: &Stated, answer: Answer, today: Today) {
        let meant = stated.intended.iter().enumerate().filter(|(_, intended)| matches(world, intended, &answer));
        self.matched.extend(meant.map(|(at, _)| at));
        self.answers.push(unmeant(world, stated, answer, today));
    }

    /// Whether the internet comes to a node.
    pub(super) fn verdict(&self, id: NodeId) -> &'static str {
        self.closed(id).map_or(Verdict::Reachable.name(), |answer| answer.verdict.name())
    }

    /// What is exposed though nobody says that it is meant.
    pub(super) fn unmeant(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter().filter(|(_, meant)| meant.is_none()).map(|(answer, _)| answer)
    }

    /// The numbers of the intended exposures that something is exposed as.
    pub(super) fn matched(&self) -> impl Iterator<Item = usize> {
        self.matched.iter().copied()
    }
}

/// Whether something is exposed as it is intended.
fn matches(world: &World, intended: &Intended, answer: &Answer) -> bool {
    let name = |id| world.node(id).map(|node| node.name.as_str()).unwrap_or_default();
    let From::Node(from) = answer.from else { return false };
    let touches = intended.port.is_none_or(|number| !answer.ports.intersection(&Ports::every(number, number)).is_empty());
    touches && intended.speaks_of(name(answer.to), name(from))
}

/// Takes from an answer the ports that are meant today; the first intended exposure that speaks of it, where nothing is left.
fn unmeant(world: &World, stated: &Stated, mut answer: Answer, today: Today) -> (Answer, Option<usize>) {
    let from = match answer.from {
        From::Node(id) => world.node(id).map(|node| node.name.clone()).unwrap_or_default(),
        From::Addresses(_) => return (answer, None),
    };
    let name = world.node(answer.to).map(|node| node.name.clone()).unwrap_or_default();
    let whole = answer.ports.clone();
    let mut left = whole.clone();
    let mut first = None;
    for (at, intended) in stated.intended.iter().enumerate() {
        if intended.has_expired(today) || !intended.speaks_of(&name, &from) {
            continue;
        }
        let rest = left.minus(&intended.port.map_or_else(Ports::all, |port| Ports::every(port, port)));
        if rest != left {
            first = first.or(Some(at));
            left = rest;
        }
    }
    if left.is_empty() {
        return (answer, first);
    }
    if answer.arrives == whole {
        answer.arrives = left.clone();
    }
    answer.ports = left;
    (answer, None)
}
