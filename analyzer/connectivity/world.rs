//! Every pair of peers, asked what may pass.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use compact_str::CompactString;

use crate::address::{Range, partition};
use crate::answers::{Answers, Class, Row};
use crate::connectivity::Exposure;
use crate::evaluate::{Captured, Policies, Verdict, decide};
use crate::exposure;
use crate::links::{CLOSED, Links, Number, Verdicts};
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
    fn new(policies: &Policies<'a>, workload: &Workload) -> Self {
        let network = policies.networks.of(&workload.namespace.name);
        let peer = peer(workload, matches!(network, Network::Namespace(_)));
        let captured = workload.pods.iter().map(|pod| policies.on(pod, &network)).collect();
        Self { network, peer, captured }
    }
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
        let standing = workloads.iter().map(|workload| Standing::new(&policies, workload)).collect();
        Self { policies, workloads, standing }
    }

    /// The connections that may be, and those about which something that is not known decides.
    pub(crate) fn connections(&self, passed: &BTreeMap<(usize, usize), Ports>) -> Links {
        let ranges = DIRECTIONS.map(|direction| self.ranges(direction));
        let further = self.further();
        let outside = ranges.iter().flatten().map(|range| Peer::Addresses(*range));
        let members = further.iter().flat_map(|(_, members)| members.iter().map(|member| member.peer.clone()));
        let inside = self.standing.iter().map(|standing| standing.peer.clone());
        let mut links = Links::between(inside.chain(outside).chain(members).chain([Peer::IngressController]).collect());
        let mut verdicts = Verdicts::default();
        let mut answers = Answers::about(self.workloads.iter().flat_map(|workload| &workload.pods));
        self.inside(&mut answers, &mut verdicts, &mut links);
        for (direction, ranges) in DIRECTIONS.into_iter().zip(&ranges) {
            self.outside(direction, ranges, &mut answers, &mut verdicts, &mut links);
        }
        self.front(passed, &mut verdicts, &mut links);
        for (network, members) in &further {
            between_members(network, members, &mut verdicts, &mut links);
        }
        links.finish(verdicts)
    }

    fn side(&self, index: usize) -> Side<'_> {
        let pods = self.workloads.get(index).map(|workload| workload.pods.as_slice()).unwrap_or_default();
        let captured = self.standing.get(index).map(|standing| standing.captured.as_slice()).unwrap_or_default();
        pods.iter().zip(captured).collect()
    }

    /// Between workloads on the same first network.
    fn inside(&self, answers: &mut Answers<'_>, verdicts: &mut Verdicts, links: &mut Links) {
        let mut networks: BTreeMap<&Network, Vec<Party>> = BTreeMap::new();
        for (index, standing) in self.standing.iter().enumerate() {
            let mut pods = Vec::new();
            for (pod, captured) in self.side(index) {
                let Some(class) = answers.class(pod) else { continue };
                let hears = answers.row(way(captured, Direction::Ingress), Direction::Ingress, pod, verdicts);
                let says = answers.row(way(captured, Direction::Egress), Direction::Egress, pod, verdicts);
                pods.push(Reach { class, hears, says });
            }
            if let Some(rank) = links.rank(&standing.peer) {
                networks.entry(&standing.network).or_default().push(Party { rank, pods });
            }
        }
        for (network, parties) in networks {
            for speaker in &parties {
                let others = parties.iter().filter(|hearer| hearer.rank != speaker.rank);
                let row = others.map(|hearer| (hearer.rank, speaker.may_say_to(hearer, verdicts)));
                links.extend(network, speaker.rank, row.filter(|(_, verdict)| *verdict != CLOSED).collect());
            }
        }
    }

    /// The addresses outside, cut where a policy that governs pods says so.
    fn ranges(&self, direction: Direction) -> Vec<Range> {
        let first = self.policies.all.iter().filter(|policy| policy.networks.is_none());
        partition(first.flat_map(|policy| policy.blocks(direction)))
    }

    /// With the addresses outside.
    fn outside(
        &self,
        direction: Direction,
        ranges: &[Range],
        answers: &mut Answers<'_>,
        verdicts: &mut Verdicts,
        links: &mut Links,
    ) {
        let outside: Vec<Option<u32>> = ranges.iter().map(|range| links.rank(&Peer::Addresses(*range))).collect();
        for (index, standing) in self.standing.iter().enumerate() {
            let Some(own) = links.rank(&standing.peer) else { continue };
            let mut rows = Vec::new();
            for (pod, captured) in self.side(index) {
                rows.push(answers.outside(way(captured, direction), direction, pod, ranges, verdicts));
            }
            for (at, other) in outside.iter().enumerate() {
                let Some(other) = *other else { continue };
                let verdict = verdicts.any(rows.iter().filter_map(|row| row.get(at).copied()));
                match direction {
                    Direction::Egress => links.add(&standing.network, own, other, verdict),
                    Direction::Ingress => links.add(&standing.network, other, own, verdict),
                }
            }
        }
    }

    /// From the ingress controller: what it passes on and the pod may hear.
    fn front(&self, passed: &BTreeMap<(usize, usize), Ports>, verdicts: &mut Verdicts, links: &mut Links) {
        let controller = controller();
        let mut found: BTreeMap<usize, Vec<Number>> = BTreeMap::new();
        for ((index, number), ports) in passed {
            let side = self.side(*index);
            let Some((pod, captured)) = side.get(*number) else { continue };
            let mut verdict = decide(way(captured, Direction::Ingress), Direction::Ingress, pod, Other::Pod(&controller));
            verdict.ports = verdict.ports.intersection(ports);
            found.entry(*index).or_default().push(verdicts.number(verdict));
        }
        for (index, numbers) in found {
            let Some(standing) = self.standing.get(index) else { continue };
            if let Some((from, to)) = links.rank(&Peer::IngressController).zip(links.rank(&standing.peer)) {
                links.add(&standing.network, from, to, verdicts.any(numbers.into_iter()));
            }
        }
    }

    /// The networks that workloads have besides, with those on them.
    fn further(&self) -> Vec<(Network, Vec<Member<'a>>)> {
        let mut further = Vec::new();
        for (name, members) in self.policies.networks.members(self.workloads) {
            let network = Network::Further(name);
            let workload = |(index, addresses): (usize, Vec<u32>)| Some((self.workloads.get(index)?, addresses));
            let members = members.into_iter().filter_map(workload);
            let members = members.map(|(workload, addresses)| self.member(workload, &addresses, &network)).collect();
            further.push((network, members));
        }
        further
    }

    fn member(&self, workload: &Workload, addresses: &[u32], network: &Network) -> Member<'a> {
        let on = |pod: &Pod| Pod { addresses: Some(addresses.to_vec()), ..pod.clone() };
        let pods: Vec<Pod> = workload.pods.iter().map(on).collect();
        Member { peer: peer(workload, false), captured: pods.iter().map(|pod| self.policies.on(pod, network)).collect(), pods }
    }

    /// What the workloads are open to: any pod; imagined pods, where it differs; and the addresses outside.
    pub(crate) fn exposures(&self, imagined: &[Imagined]) -> Vec<Exposure> {
        let any = exposure::any();
        let ranges = DIRECTIONS.map(|direction| self.ranges(direction));
        let mut exposures = Vec::new();
        for (index, standing) in self.standing.iter().enumerate() {
            let side = self.side(index);
            let mut found = Vec::new();
            for (direction, range) in
                DIRECTIONS.into_iter().zip(&ranges).flat_map(|(way, all)| all.iter().map(move |range| (way, range)))
            {
                let (from, to) = range.bits();
                let Verdict { ports, mut evidence, certain } = one_sided(&side, direction, Other::Addresses(from, to));
                if !ports.is_empty() {
                    evidence.sort_by_key(|place| (place.file.0, place.span.start));
                    evidence.dedup();
                    let peer = Peer::Addresses(*range);
                    found.push(Exposure { workload: standing.peer.clone(), direction, peer, ports, evidence, certain });
                }
            }
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

/// A pod with what it may hear and say.
struct Reach {
    class: Class,
    hears: Rc<Row>,
    says: Rc<Row>,
}

/// A workload with its pods.
struct Party {
    rank: u32,
    pods: Vec<Reach>,
}

impl Party {
    /// What the speaker may say and the hearer may hear.
    fn may_say_to(&self, hearer: &Self, verdicts: &mut Verdicts) -> Number {
        if let ([speaker], [hearer]) = (self.pods.as_slice(), hearer.pods.as_slice()) {
            return verdicts.both(speaker.says.on(hearer.class), hearer.hears.on(speaker.class));
        }
        let mut found = Vec::new();
        for speaker in &self.pods {
            for hearer in &hearer.pods {
                found.push(verdicts.both(speaker.says.on(hearer.class), hearer.hears.on(speaker.class)));
            }
        }
        verdicts.any(found.into_iter())
    }
}

/// Between workloads on a network that they have besides.
fn between_members(network: &Network, members: &[Member<'_>], verdicts: &mut Verdicts, links: &mut Links) {
    for (from, speaker) in members.iter().enumerate() {
        for (_, hearer) in members.iter().enumerate().filter(|(to, _)| *to != from) {
            let mut found = Vec::new();
            for (pod, captured) in speaker.pods.iter().zip(&speaker.captured) {
                for (other, of_other) in hearer.pods.iter().zip(&hearer.captured) {
                    let said = decide(way(captured, Direction::Egress), Direction::Egress, pod, Other::Pod(other));
                    if said.is_open() {
                        let heard = decide(way(of_other, Direction::Ingress), Direction::Ingress, other, Other::Pod(pod));
                        let open = heard.is_open().then(|| said.and(&heard));
                        found.extend(open.map(|verdict| verdicts.number(verdict)));
                    }
                }
            }
            if let Some((from, to)) = links.rank(&speaker.peer).zip(links.rank(&hearer.peer)) {
                links.add(network, from, to, verdicts.any(found.into_iter()));
            }
        }
    }
}

/// What the pods of a side may say to, or hear from, somebody who has no policies.
fn one_sided(side: &Side<'_>, direction: Direction, other: Other<'_>) -> Verdict {
    let mut found: Option<Verdict> = None;
    for (pod, captured) in side {
        let verdict = decide(way(captured, direction), direction, pod, other);
        match &mut found {
            Some(found) => found.or(&verdict),
            None => found = Some(verdict),
        }
    }
    found.unwrap_or(Verdict { ports: Ports::default(), evidence: Vec::new(), certain: true })
}
