//! What is exposed in a world, and which of it is meant.

use plimsoll_connectivity::Ports;
use plimsoll_world::{Answer, Beat, From, NodeId, Question, Verdict, World};
use rustc_hash::{FxHashMap, FxHashSet};

use super::stated::{Intended, Stated};

/// Year, month and day.
pub(super) type Today = Option<(u16, u8, u8)>;

/// What is exposed.
pub(super) struct Found {
    /// Everything that is reachable from the internet, and from the local network where the internet does not come; with the number
    /// of the intended exposure that it is.
    pub(super) answers: Vec<(Answer, Option<usize>)>,
    /// The answers of those that the internet does not reach, or not surely.
    pub(super) closed: FxHashMap<NodeId, Answer>,
    /// The intended exposures that something is exposed as.
    matched: FxHashSet<usize>,
}

impl Found {
    pub(super) fn of(world: &World, stated: &Stated, today: Today, beat: Beat<'_>) -> Self {
        let mut found = Self { answers: Vec::new(), closed: FxHashMap::default(), matched: FxHashSet::default() };
        let asked = |from| world.answers(&Question { from: From::Node(from), to: None, port: None });
        let internet = asked(World::INTERNET);
        beat.beat();
        for answer in internet {
            if answer.verdict == Verdict::Reachable {
                found.add(world, stated, answer, today);
            } else {
                found.closed.insert(answer.to, answer);
            }
        }
        beat.beat();
        // A node that the internet reaches is open to the local network as well: that is told of the others alone.
        for answer in asked(World::LAN) {
            if answer.verdict == Verdict::Reachable && found.closed.contains_key(&answer.to) {
                found.add(world, stated, answer, today);
            }
        }
        found
    }

    fn add(&mut self, world: &World, stated: &Stated, answer: Answer, today: Today) {
        let meant = stated.intended.iter().enumerate().filter(|(_, intended)| matches(world, intended, &answer));
        self.matched.extend(meant.map(|(at, _)| at));
        self.answers.push(unmeant(world, stated, answer, today));
    }

    /// Whether the internet comes to a node.
    pub(super) fn verdict(&self, id: NodeId) -> &'static str {
        self.closed.get(&id).map_or(Verdict::Reachable.name(), |answer| answer.verdict.name())
    }

    /// What is exposed though nobody says that it is meant.
    pub(super) fn unmeant(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter().filter(|(_, meant)| meant.is_none()).map(|(answer, _)| answer)
    }

    /// The intended exposures, whether something is exposed so, and whether they have expired.
    pub(super) fn intended<'s>(&'s self, stated: &'s Stated, today: Today) -> impl Iterator<Item = (&'s Intended, bool, bool)> {
        stated.intended.iter().enumerate().map(move |(at, intended)| {
            let expired = intended.has_expired(today);
            (intended, self.matched.contains(&at) || expired, expired)
        })
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
