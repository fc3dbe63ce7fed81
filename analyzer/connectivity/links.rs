//! Connections in little room: peers and verdicts are kept once, however many pairs there are.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::connectivity::Connection;
use crate::evaluate::Verdict;
use crate::network::Network;
use crate::peer::Peer;
use crate::ports::Ports;

/// A verdict by its number.
pub(crate) type Number = u32;

/// Nothing may pass, and nothing that is not known could change it.
pub(crate) const CLOSED: Number = 0;

/// Verdicts, each once.
#[derive(Clone, Debug)]
pub(crate) struct Verdicts {
    all: Vec<Verdict>,
    numbers: FxHashMap<Verdict, Number>,
    /// What two of them come to together.
    both: FxHashMap<(Number, Number), Number>,
}

impl Default for Verdicts {
    fn default() -> Self {
        let closed = Verdict { ports: Ports::default(), evidence: Vec::new(), certain: true };
        Self { all: vec![closed], numbers: FxHashMap::default(), both: FxHashMap::default() }
    }
}

impl Verdicts {
    /// The number of a verdict; of one that lets nothing pass the evidence is not kept.
    pub(crate) fn number(&mut self, mut verdict: Verdict) -> Number {
        if !verdict.is_open() {
            return CLOSED;
        }
        verdict.evidence.sort_by_key(|place| (place.file.0, place.span.start));
        verdict.evidence.dedup();
        if let Some(known) = self.numbers.get(&verdict) {
            return *known;
        }
        let number = Number::try_from(self.all.len()).unwrap_or(Number::MAX);
        self.all.push(verdict.clone());
        self.numbers.insert(verdict, number);
        number
    }

    pub(crate) fn get(&self, number: Number) -> Option<&Verdict> {
        self.all.get(usize::try_from(number).ok()?)
    }

    /// What one side may say and the other may hear.
    pub(crate) fn both(&mut self, said: Number, heard: Number) -> Number {
        if said == CLOSED || heard == CLOSED {
            return CLOSED;
        }
        if let Some(known) = self.both.get(&(said, heard)) {
            return *known;
        }
        let Some((said_of, heard_of)) = self.get(said).zip(self.get(heard)) else { return CLOSED };
        let joined = said_of.and(heard_of);
        let number = self.number(joined);
        self.both.insert((said, heard), number);
        number
    }

    /// What any of them lets pass. One that lets nothing pass leaves what the others say as sure as it is.
    pub(crate) fn any(&mut self, numbers: impl Iterator<Item = Number>) -> Number {
        let mut open = numbers.filter(|number| *number != CLOSED);
        let Some(first) = open.next() else { return CLOSED };
        let Some(mut found) = self.get(first).cloned() else { return CLOSED };
        let mut alone = true;
        for other in open {
            if let Some(other) = self.get(other) {
                found.or(other);
                alone = false;
            }
        }
        if alone { first } else { self.number(found) }
    }
}

/// Pairs of peers with their verdicts, by network and by who begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    /// In their order.
    peers: Vec<Peer>,
    verdicts: Vec<Verdict>,
    rows: BTreeMap<(Network, u32), Vec<(u32, Number)>>,
}

impl Links {
    /// Without any link yet; `peers` are those that there may be links between.
    pub(crate) fn between(mut peers: Vec<Peer>) -> Self {
        peers.sort_unstable();
        peers.dedup();
        Self { peers, ..Self::default() }
    }

    /// The number of a peer.
    pub(crate) fn rank(&self, peer: &Peer) -> Option<u32> {
        self.peers.binary_search(peer).ok().and_then(|rank| u32::try_from(rank).ok())
    }

    /// Adds what may pass between two peers, if something may.
    pub(crate) fn add(&mut self, network: &Network, from: u32, to: u32, verdict: Number) {
        if verdict != CLOSED {
            self.rows.entry((network.clone(), from)).or_default().push((to, verdict));
        }
    }

    /// Adds much of what one peer may say.
    pub(crate) fn extend(&mut self, network: &Network, from: u32, row: Vec<(u32, Number)>) {
        if !row.is_empty() {
            self.rows.entry((network.clone(), from)).or_default().extend(row);
        }
    }

    /// All links are there.
    pub(crate) fn finish(mut self, verdicts: Verdicts) -> Self {
        self.rows.values_mut().for_each(|row| row.sort_unstable());
        Self { verdicts: verdicts.all, ..self }
    }

    /// The connections in order, of which `wanted` says whether their ports are.
    pub(crate) fn connections(&self, wanted: fn(&Ports) -> bool) -> impl Iterator<Item = Connection> {
        let peer = |rank: u32| self.peers.get(usize::try_from(rank).ok()?);
        let pairs = self
            .rows
            .iter()
            .flat_map(|((network, from), row)| row.iter().map(move |(to, verdict)| (network, *from, *to, *verdict)));
        pairs.filter_map(move |(network, from, to, number)| {
            let verdict = self.verdicts.get(usize::try_from(number).ok()?).filter(|verdict| wanted(&verdict.ports))?;
            let Verdict { ports, evidence, certain } = verdict.clone();
            Some(Connection {
                from: peer(from)?.clone(),
                to: peer(to)?.clone(),
                network: network.clone(),
                ports,
                evidence,
                certain,
            })
        })
    }

    /// The connections as text, of which each peer and verdict is written once.
    pub(crate) fn write(&self, write: &mut dyn FnMut(&str)) {
        let peers: Vec<String> = self.peers.iter().map(ToString::to_string).collect();
        let ports: Vec<Option<String>> =
            self.verdicts.iter().map(|verdict| (!verdict.ports.is_empty()).then(|| verdict.ports.to_string())).collect();
        let mut line = String::new();
        for ((_, from), row) in &self.rows {
            for (to, verdict) in row {
                let at = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
                let Some(Some(ports)) = ports.get(at(*verdict)) else { continue };
                let Some((from, to)) = peers.get(at(*from)).zip(peers.get(at(*to))) else { continue };
                line.clear();
                for part in [from, " => ", to, " : ", ports] {
                    line.push_str(part);
                }
                write(&line);
            }
        }
    }
}
