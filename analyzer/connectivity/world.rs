//! Every pair of peers, asked what may pass.

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;

use crate::address::partition;
use crate::connectivity::{Connection, Exposure};
use crate::evaluate::{Captured, Policies, Verdict, decide};
use crate::exposure;
use crate::network::Network;
use crate::peer::{Peer, WorkloadPeer};
use crate::pod::{Namespace, Pod, Workload};
use crate::policy::{DIRECTIONS, Direction, Imagined, Other};
use crate::ports::Ports;
use crate::selector::Labels;

/// A workload with the policies on its first network.
struct Standing<'a> {
    network: Network,
    peer: Peer,
    /// Per pod and direction.
    captured: Vec<[Captured<'a>; 2]>,
}

impl<'a> Standing<'a> {
    fn new(policies: Policies<'a>, workload: &Workload) -> Self {
        let network = policies.networks.of(&workload.namespace.name);
        let peer = peer(workload, matches!(network, Network::Namespace(_)));
        let captured = workload.pods.iter().map(|pod| policies.on(pod, &network)).collect();
        Self { network, peer, captured }
    }
}

fn order(connection: &Connection) -> (&Network, &Peer, &Peer) {
    (&connection.network, &connection.from, &connection.to)
}

fn peer(workload: &Workload, apart: bool) -> Peer {
    Peer::Workload(Arc::new(WorkloadPeer {
        namespace: workload.namespace.name.clone(),
        name: workload.name.clone(),
        kind: workload.kind.clone(),
        apart,
        place: workload.place,
    }))
}

/// All workloads of the manifests, with the policies on them.
pub(crate) struct World<'a> {
    policies: Policies<'a>,
    workloads: &'a [Workload],
    standing: Vec<Standing<'a>>,
}

/// A workload on a further network.
struct Member<'a> {
    peer: Peer,
    pods: Vec<Pod>,
    captured: Vec<[Captured<'a>; 2]>,
}

/// The pods of a workload with their policies.
type Side<'a> = Vec<(&'a Pod, &'a [Captured<'a>; 2])>;

impl<'a> World<'a> {
    pub(crate) fn new(policies: Policies<'a>, workloads: &'a [Workload]) -> Self {
        Self { policies, workloads, standing: workloads.iter().map(|workload| Standing::new(policies, workload)).collect() }
    }

    /// The connections that may be, and those about which something that is not known decides.
    pub(crate) fn connections(&self, passed: &BTreeMap<(usize, usize), Ports>) -> (Vec<Connection>, Vec<Connection>) {
        let mut connections = Vec::new();
        self.inside(&mut connections);
        self.outside(&mut connections);
        self.front(passed, &mut connections);
        self.further(&mut connections);
        connections.sort_by(|left, right| order(left).cmp(&order(right)));
        connections.into_iter().partition(|connection| !connection.ports.is_empty())
    }

    fn side(&self, index: usize) -> Side<'_> {
        let pods = self.workloads.get(index).map(|workload| workload.pods.as_slice()).unwrap_or_default();
        let captured = self.standing.get(index).map(|standing| standing.captured.as_slice()).unwrap_or_default();
        pods.iter().zip(captured).collect()
    }

    /// Between workloads on the same first network.
    fn inside(&self, connections: &mut Vec<Connection>) {
        let sides: Vec<(&Standing<'_>, Side<'_>)> =
            self.standing.iter().enumerate().map(|(index, standing)| (standing, self.side(index))).collect();
        for (from, (speaker, saying)) in sides.iter().enumerate() {
            for (_, (hearer, hearing)) in sides.iter().enumerate().filter(|(to, _)| *to != from) {
                if speaker.network == hearer.network
                    && let Some(verdict) = between(saying, hearing)
                {
                    connections.push(connection(&speaker.peer, &hearer.peer, &speaker.network, verdict));
                }
            }
        }
    }

    /// With the addresses outside, cut where a policy that governs pods says so.
    fn outside(&self, connections: &mut Vec<Connection>) {
        for direction in DIRECTIONS {
            let first = self.policies.all.iter().filter(|policy| policy.networks.is_none());
            let ranges = partition(first.flat_map(|policy| policy.blocks(direction)));
            for (index, standing) in self.standing.iter().enumerate() {
                let side = self.side(index);
                for range in &ranges {
                    let (from, to) = range.bits();
                    let verdict = one_sided(&side, direction, Other::Addresses(from, to));
                    if !is_open(&verdict) {
                        continue;
                    }
                    let outside = Peer::Addresses(*range);
                    connections.push(match direction {
                        Direction::Egress => connection(&standing.peer, &outside, &standing.network, verdict),
                        Direction::Ingress => connection(&outside, &standing.peer, &standing.network, verdict),
                    });
                }
            }
        }
    }

    /// From the ingress controller: what it passes on and the pod may hear.
    fn front(&self, passed: &BTreeMap<(usize, usize), Ports>, connections: &mut Vec<Connection>) {
        let controller = controller();
        let mut found: BTreeMap<usize, Verdict> = BTreeMap::new();
        for ((index, number), ports) in passed {
            let side = self.side(*index);
            let Some((pod, captured)) = side.get(*number) else { continue };
            let mut verdict = decide(way(captured, Direction::Ingress), Direction::Ingress, pod, Other::Pod(&controller));
            verdict.ports = verdict.ports.intersection(ports);
            if is_open(&verdict) {
                add(&mut found, *index, verdict);
            }
        }
        for (index, verdict) in found {
            if let Some(standing) = self.standing.get(index) {
                connections.push(connection(&Peer::IngressController, &standing.peer, &standing.network, verdict));
            }
        }
    }

    /// Between workloads on a network that they have besides.
    fn further(&self, connections: &mut Vec<Connection>) {
        for (name, members) in self.policies.networks.members(self.workloads) {
            let network = Network::Further(name);
            let members: Vec<Member<'_>> = members
                .into_iter()
                .filter_map(|(index, addresses)| {
                    self.workloads.get(index).map(|workload| self.member(workload, &addresses, &network))
                })
                .collect();
            let side = |index: usize| -> Side<'_> {
                members.get(index).map(|member| member.pods.iter().zip(&member.captured).collect()).unwrap_or_default()
            };
            for (from, speaker) in members.iter().enumerate() {
                for (to, hearer) in members.iter().enumerate().filter(|(to, _)| *to != from) {
                    if let Some(verdict) = between(&side(from), &side(to)) {
                        connections.push(connection(&speaker.peer, &hearer.peer, &network, verdict));
                    }
                }
            }
        }
    }

    fn member(&self, workload: &Workload, addresses: &[u32], network: &Network) -> Member<'a> {
        let on = |pod: &Pod| Pod { addresses: Some(addresses.to_vec()), ..pod.clone() };
        let pods: Vec<Pod> = workload.pods.iter().map(on).collect();
        Member { peer: peer(workload, false), captured: pods.iter().map(|pod| self.policies.on(pod, network)).collect(), pods }
    }

    /// What the workloads are open to: any pod; imagined pods, where it differs; and the addresses outside.
    pub(crate) fn exposures(&self, imagined: &[Imagined], connections: &[Connection]) -> Vec<Exposure> {
        let any = exposure::any();
        let mut exposures = Vec::new();
        for (index, standing) in self.standing.iter().enumerate() {
            let side = self.side(index);
            let mut found: Vec<Exposure> = connections.iter().filter_map(|each| outer(each, &standing.peer)).collect();
            let ways = if standing.network == Network::Cluster { DIRECTIONS.as_slice() } else { &[] };
            for &direction in ways {
                let mut push = |peer: Peer, verdict: Verdict| {
                    let Verdict { ports, evidence, certain } = verdict;
                    found.push(Exposure { workload: standing.peer.clone(), direction, peer, ports, evidence, certain });
                };
                let cluster = one_sided(&side, direction, Other::Imagined(&any));
                for each in imagined {
                    let verdict = one_sided(&side, direction, Other::Imagined(each));
                    if verdict.ports != cluster.ports {
                        push(Peer::from(each), verdict);
                    }
                }
                if !cluster.ports.is_empty() {
                    push(Peer::EntireCluster, cluster);
                }
            }
            found.sort_by(|left, right| (left.direction, &left.peer).cmp(&(right.direction, &right.peer)));
            exposures.extend(found);
        }
        exposures.sort_by_key(|exposure| exposure.direction);
        exposures
    }
}

/// A connection with addresses, as an exposure of the workload.
fn outer(connection: &Connection, workload: &Peer) -> Option<Exposure> {
    let (direction, peer) = match (&connection.from, &connection.to) {
        (Peer::Addresses(_), to) if to == workload => (Direction::Ingress, &connection.from),
        (from, Peer::Addresses(_)) if from == workload => (Direction::Egress, &connection.to),
        _ => return None,
    };
    Some(Exposure {
        workload: workload.clone(),
        direction,
        peer: peer.clone(),
        ports: connection.ports.clone(),
        evidence: connection.evidence.clone(),
        certain: connection.certain,
    })
}

/// The ingress controller as a pod: it has no labels that anybody knows, in a namespace of its own.
fn controller() -> Pod {
    let namespace = Namespace { name: CompactString::const_new("{ingress-controller}"), labels: Labels::new(), declared: true };
    Pod { namespace: Arc::new(namespace), labels: Labels::new(), ports: Vec::new(), addresses: None, on_host: false }
}

fn way<'a, 'b>(captured: &'b [Captured<'a>; 2], direction: Direction) -> &'b Captured<'a> {
    let [ingress, egress] = captured;
    match direction {
        Direction::Ingress => ingress,
        Direction::Egress => egress,
    }
}

/// What the pods of one side may say to those of the other: what the speaker may say and the hearer may hear.
fn between(from: &Side<'_>, to: &Side<'_>) -> Option<Verdict> {
    let mut found: Option<Verdict> = None;
    for (speaker, of_speaker) in from {
        for (hearer, of_hearer) in to {
            let said = decide(way(of_speaker, Direction::Egress), Direction::Egress, speaker, Other::Pod(hearer));
            if !is_open(&said) {
                continue;
            }
            let heard = decide(way(of_hearer, Direction::Ingress), Direction::Ingress, hearer, Other::Pod(speaker));
            if is_open(&heard) {
                let ports = said.ports.intersection(&heard.ports);
                let evidence = said.evidence.into_iter().chain(heard.evidence).collect();
                merge(&mut found, Verdict { ports, evidence, certain: said.certain && heard.certain });
            }
        }
    }
    found.filter(is_open)
}

/// Whether something may pass, or nobody knows.
fn is_open(verdict: &Verdict) -> bool {
    !verdict.ports.is_empty() || !verdict.certain
}

/// The same with somebody who has no policies.
fn one_sided(side: &Side<'_>, direction: Direction, other: Other<'_>) -> Verdict {
    let mut found = None;
    for (pod, captured) in side {
        merge(&mut found, decide(way(captured, direction), direction, pod, other));
    }
    found.unwrap_or(Verdict { ports: Ports::default(), evidence: Vec::new(), certain: true })
}

fn add(found: &mut BTreeMap<usize, Verdict>, index: usize, verdict: Verdict) {
    let mut slot = found.remove(&index);
    merge(&mut slot, verdict);
    found.extend(slot.map(|verdict| (index, verdict)));
}

fn merge(found: &mut Option<Verdict>, other: Verdict) {
    match found {
        None => *found = Some(other),
        Some(verdict) => {
            verdict.ports = verdict.ports.union(&other.ports);
            verdict.evidence.extend(other.evidence);
            verdict.certain &= other.certain;
        }
    }
}

fn connection(from: &Peer, to: &Peer, network: &Network, verdict: Verdict) -> Connection {
    let Verdict { ports, mut evidence, certain } = verdict;
    evidence.sort_by_key(|place| (place.file.0, place.span.start));
    evidence.dedup();
    Connection { from: from.clone(), to: to.clone(), network: network.clone(), ports, evidence, certain }
}
