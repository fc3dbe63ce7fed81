//! What is exposed in a world, and which of it is meant.

use plimsoll_connectivity::Protocol;
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
}

impl Found {
    pub(super) fn of(world: &World, stated: &Stated, today: Today) -> Self {
        let mut verdicts = FxHashMap::default();
        let mut answers = Vec::new();
        let mut open: FxHashSet<NodeId> = FxHashSet::default();
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
                    let meant = meant(world, stated, &answer, today);
                    answers.push((answer, meant));
                }
            }
        }
        Self { answers, verdicts }
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
            let matched = self.answers.iter().any(|(_, meant)| *meant == Some(at));
            let expired = intended.has_expired(today);
            (intended, matched || expired, expired)
        })
    }
}

/// The intended exposure that an answer is, where it holds today.
fn meant(world: &World, stated: &Stated, answer: &Answer, today: Today) -> Option<usize> {
    let name = &world.node(answer.to)?.name;
    let from = match answer.from {
        From::Node(id) => world.node(id)?.name.as_str(),
        From::Addresses(_) => return None,
    };
    let touches =
        |port: u16| [Protocol::Tcp, Protocol::Udp, Protocol::Sctp].iter().any(|protocol| answer.ports.contains(*protocol, port));
    stated.intended.iter().position(|intended| !intended.has_expired(today) && intended.means(name, from, touches))
}
