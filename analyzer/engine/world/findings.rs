//! What is exposed in a world, and which of it is meant.

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_world::{Answer, From, NodeId, Question, Verdict, World};
use rustc_hash::{FxHashMap, FxHashSet};

use super::stated::{Intended, Stated};

/// Year, month and day.
pub(super) type Today = Option<(u16, u8, u8)>;

/// What is exposed.
pub(super) struct Found {
    /// Everything that is reachable from the internet, and from the local network where the internet does not come; with the number
    /// of the intended exposure that it is.
    pub(super) answers: Vec<(Answer, Option<usize>)>,
    verdicts: FxHashMap<NodeId, &'static str>,
    /// The intended exposures that something is exposed as.
    matched: FxHashSet<usize>,
}

impl Found {
    pub(super) fn of(world: &World, stated: &Stated, today: Today) -> Self {
        let mut verdicts = FxHashMap::default();
        let mut answers = Vec::new();
        let mut open: FxHashSet<NodeId> = FxHashSet::default();
        let mut matched: FxHashSet<usize> = FxHashSet::default();
        for from in [World::INTERNET, World::LAN] {
            let question = Question { from: From::Node(from), to: None, port: None };
            for answer in world.answers(&question) {
                if from == World::INTERNET {
                    let verdict = match &answer.verdict {
                        Verdict::Reachable => "reachable",
                        Verdict::NotReachable(_) => "not reachable",
                        Verdict::Undecided(_) => "undecided",
                    };
                    verdicts.insert(answer.to, verdict);
                } else if open.contains(&answer.to) {
                    continue;
                }
                if answer.verdict == Verdict::Reachable {
                    if from == World::INTERNET {
                        open.insert(answer.to);
                    }
                    for (at, intended) in stated.intended.iter().enumerate() {
                        if matches(world, intended, &answer) {
                            matched.insert(at);
                        }
                    }
                    answers.push(unmeant(world, stated, answer, today));
                }
            }
        }
        Self { answers, verdicts, matched }
    }

    /// Whether the internet comes to a node.
    pub(super) fn verdict(&self, id: NodeId) -> &'static str {
        self.verdicts.get(&id).copied().unwrap_or("not reachable")
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
    let touches = intended.port.is_none_or(|number| !answer.ports.intersection(&port(number)).is_empty());
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
        let rest = left.minus(&intended.port.map_or_else(Ports::all, port));
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

/// A port of every protocol.
fn port(number: u16) -> Ports {
    let each = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
    each.into_iter().fold(Ports::default(), |ports, protocol| ports.union(&Ports::range(protocol, number, number)))
}
