//! Forward search: who is reached from where, on which ports, by which steps; else what stands before it or is missing.

use std::collections::VecDeque;
use std::rc::Rc;

use plimsoll_connectivity::{Ports, Protocol};

use crate::address::Range;
use crate::filter::Sender;
use crate::model::{Gate, Node, NodeId, Way, WayKind, World};
use crate::said::{Missing, Step};

/// How many ways a path has at most.
const LONGEST: usize = 16;
/// How many arrivals at one node are followed further.
const ARRIVALS: usize = 12;

/// Where traffic begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// At a node; the internet is one.
    Node(NodeId),
    /// At these addresses of the internet.
    Addresses(Range),
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// From where.
    pub from: From,
    /// To this node alone; else to all.
    pub to: Option<NodeId>,
    /// On this port alone, as the sender addresses it or as it arrives.
    pub port: Option<u16>,
}

/// The answer for one node and one path.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// From where.
    pub from: From,
    /// To where.
    pub to: NodeId,
    /// The ports that the sender addresses.
    pub ports: Ports,
    /// The ports at which it arrives.
    pub arrives: Ports,
    /// Whether it gets there.
    pub verdict: Verdict,
    /// The way there, as far as traffic comes.
    pub steps: Vec<Step>,
}

/// Whether traffic gets there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Surely.
    Reachable,
    /// Surely not: the first wall of the path that gets furthest.
    NotReachable(Step),
    /// It hangs on these facts, the fewest of all paths.
    Undecided(Vec<Missing>),
}

impl Verdict {
    /// As answers and rules say it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Reachable => "reachable",
            Self::NotReachable(_) => "not reachable",
            Self::Undecided(_) => "undecided",
        }
    }
}

/// Traffic on its way.
#[derive(Clone, Debug)]
struct Traffic {
    sure: Ports,
    maybe: Ports,
    /// What the sender addresses, where ports were translated.
    addressed: Option<Ports>,
    missing: Vec<Missing>,
    steps: Trail,
    /// Gates behind it.
    passed: usize,
}

/// Steps on a way. Traffic that goes on from one node to several others shares what is behind it.
#[derive(Clone, Debug, Default)]
struct Trail(Option<Rc<(Step, Trail)>>);

impl Trail {
    fn push(&mut self, step: Step) {
        let before = std::mem::take(self);
        self.0 = Some(Rc::new((step, before)));
    }

    fn last(&self) -> Option<&Step> {
        self.0.as_ref().map(|last| &last.0)
    }

    /// From the first to the last.
    fn told(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut at = self;
        while let Some(link) = &at.0 {
            steps.push(link.0.clone());
            at = &link.1;
        }
        steps.reverse();
        steps
    }
}

/// What is known of a node.
#[derive(Clone, Debug, Default)]
struct Reached {
    arrivals: Vec<Rc<Traffic>>,
    sure: Ports,
    maybe: Ports,
    /// The furthest attempt that failed: gates behind it, steps, the wall.
    blocked: Option<(usize, Trail, Step)>,
}

impl World {
    /// The answers for all nodes that are asked for, in their order: one for each path that gets there, else one.
    #[must_use]
    pub fn answers(&self, question: &Question) -> Vec<Answer> {
        let mut reached = self.explore(question);
        self.wall_off(&mut reached);
        let mut answers = Vec::new();
        for (id, node) in self.all() {
            let Some(reached) = reached.get(id.0 as usize) else { continue };
            let wanted = question.to.map_or_else(|| !node.kind.is_boundary(), |to| to == id);
            if wanted && question.from != From::Node(id) {
                self.answer(question, id, reached, &mut answers);
            }
        }
        answers
    }

    /// Those of the answers that say that a node is surely reached from another one.
    #[must_use]
    pub fn reachable(&self, from: NodeId) -> Vec<Answer> {
        let question = Question { from: From::Node(from), to: None, port: None };
        let mut answers = Vec::new();
        for ((id, node), reached) in self.all().zip(self.explore(&question)) {
            if !reached.sure.is_empty() && !node.kind.is_boundary() && id != from {
                self.answer(&question, id, &reached, &mut answers);
            }
        }
        answers.retain(|answer| answer.verdict == Verdict::Reachable);
        answers
    }

    fn answer(&self, question: &Question, to: NodeId, reached: &Reached, out: &mut Vec<Answer>) {
        let answer = |traffic: &Traffic, arrives: &Ports, verdict| {
            let mut steps = traffic.steps.told();
            let listeners = self.node(to).into_iter().flat_map(|node| &node.listeners);
            let heard = listeners.filter(|listener| arrives.contains(listener.protocol, listener.port));
            let heard: Vec<Step> = heard.map(|listener| listener.step.clone()).filter(|step| !steps.contains(step)).collect();
            steps.extend(heard);
            let ports = traffic.addressed.clone().unwrap_or_else(|| arrives.clone());
            Answer { from: question.from, to, ports, arrives: arrives.clone(), verdict, steps }
        };
        let before = out.len();
        let asked = question.port.map(|port| Ports::every(port, port));
        let within = |traffic: &Traffic, ports: &Ports| match &asked {
            None => ports.clone(),
            // Asked by the port that the sender addresses: what arrives is what it leads to.
            Some(asked) if traffic.addressed.as_ref().is_some_and(|own| !own.intersection(asked).is_empty()) => ports.clone(),
            Some(asked) => ports.intersection(asked),
        };
        let mut told = Ports::default();
        for traffic in &reached.arrivals {
            let arrives = within(traffic, &traffic.sure);
            if !arrives.minus(&told).is_empty() || !arrives.is_empty() && traffic.addressed.is_some() {
                told = told.union(&arrives);
                out.push(answer(traffic, &arrives, Verdict::Reachable));
            }
        }
        if out.len() > before {
            return;
        }
        let undecided = reached.arrivals.iter().filter(|traffic| !within(traffic, &traffic.maybe).is_empty());
        if let Some(traffic) = undecided.min_by_key(|traffic| traffic.missing.len()) {
            let verdict = Verdict::Undecided(traffic.missing.clone());
            out.push(answer(traffic, &within(traffic, &traffic.maybe), verdict));
            return;
        }
        let (steps, wall) = match &reached.blocked {
            Some((_, steps, wall)) => (steps.told(), wall.clone()),
            None => (Vec::new(), self.no_way(question.from, to)),
        };
        // Some ports get there, but not the one that was asked for.
        let closest = reached.arrivals.iter().max_by_key(|traffic| traffic.passed);
        let (steps, wall) = match (closest, question.port) {
            (Some(traffic), Some(port)) => {
                let place = traffic.steps.last().map(|step| step.place).unwrap_or_default();
                (traffic.steps.told(), Step::at(place, format!("nothing passes on port {port}")))
            }
            _ => (steps, wall),
        };
        let verdict = Verdict::NotReachable(wall);
        out.push(Answer { from: question.from, to, ports: Ports::default(), arrives: Ports::default(), verdict, steps });
    }

    fn no_way(&self, from: From, to: NodeId) -> Step {
        let name = |id| self.node(id).map(|node| node.name.to_string()).unwrap_or_default();
        let from = match from {
            From::Node(id) if id == Self::INTERNET => "the internet".to_owned(),
            From::Node(id) => name(id),
            From::Addresses(_) => "there".to_owned(),
        };
        Step::at(self.node(to).map(|node| node.place).unwrap_or_default(), format!("nothing leads from {from} to {}", name(to)))
    }

    fn explore(&self, question: &Question) -> Vec<Reached> {
        let mut reached: Vec<Reached> = vec![Reached::default(); self.nodes.len()];
        let (start, sender) = match question.from {
            From::Node(id) => (id, self.sender(id)),
            From::Addresses(range) => (Self::INTERNET, Sender::Range(range)),
        };
        let all = Traffic {
            sure: Ports::all(),
            maybe: Ports::default(),
            addressed: None,
            missing: Vec::new(),
            steps: Trail::default(),
            passed: 0,
        };
        let mut waiting = VecDeque::from([(start, Rc::new(all), sender, 0_usize)]);
        while let Some((at, traffic, sender, length)) = waiting.pop_front() {
            for way in self.leaving(at) {
                if way.kind == WayKind::Begins && length > 0 || way.to == start {
                    continue;
                }
                let sender = if way.renews && length > 0 { self.sender(at) } else { sender };
                let Some(there) = reached.get_mut(way.to.0 as usize) else { continue };
                match traffic.along(way, sender, self.node(way.to)) {
                    Ok(arrived) => {
                        let fresh = !arrived.sure.minus(&there.sure).is_empty()
                            || !arrived.maybe.minus(&there.maybe).minus(&there.sure).is_empty()
                            || arrived.addressed.is_some();
                        if fresh && there.arrivals.len() < ARRIVALS {
                            there.sure = there.sure.union(&arrived.sure);
                            there.maybe = there.maybe.union(&arrived.maybe);
                            let arrived = Rc::new(arrived);
                            there.arrivals.push(Rc::clone(&arrived));
                            if length < LONGEST {
                                waiting.push_back((way.to, arrived, sender, length + 1));
                            }
                        }
                    }
                    Err((passed, steps, wall)) => {
                        if there.blocked.as_ref().is_none_or(|(before, ..)| passed > *before) {
                            there.blocked = Some((passed, steps, wall));
                        }
                    }
                }
            }
        }
        reached
    }

    /// Who lies behind a node that nothing reaches is kept by the same wall.
    fn wall_off(&self, reached: &mut [Reached]) {
        let walled = |node: &Reached| node.arrivals.is_empty() && node.blocked.is_some();
        let mut behind: VecDeque<usize> = (0..reached.len()).filter(|&at| reached.get(at).is_some_and(walled)).collect();
        while let Some(at) = behind.pop_front() {
            let wall = reached.get(at).and_then(|node| node.blocked.clone());
            let id = NodeId(u32::try_from(at).unwrap_or(u32::MAX));
            for way in self.leaving(id).filter(|way| way.kind == WayKind::PassesOn) {
                let to = way.to.0 as usize;
                if let Some(there) = reached.get_mut(to).filter(|there| there.arrivals.is_empty() && there.blocked.is_none()) {
                    there.blocked.clone_from(&wall);
                    behind.push_back(to);
                }
            }
        }
    }

    fn sender(&self, id: NodeId) -> Sender<'_> {
        match self.node(id) {
            Some(node) if id != Self::INTERNET && id != Self::LAN => Sender::Node(node),
            _ if id == Self::LAN => Sender::Lan,
            _ => Sender::Internet,
        }
    }
}

impl Traffic {
    /// What arrives at the end of a way; else how far it came and the wall.
    fn along(&self, way: &Way, sender: Sender<'_>, to: Option<&Node>) -> Result<Self, (usize, Trail, Step)> {
        let mut traffic = self.clone();
        for gate in &way.gates {
            if let Err(wall) = traffic.through(gate, sender) {
                return Err((traffic.passed, traffic.steps, wall));
            }
            traffic.passed += 1;
        }
        // What leaves a node must be let out to where it arrives.
        if let (Sender::Node(Node { egress: Some(filter), .. }), Some(to)) = (sender, to)
            && to.kind.ends_traffic()
        {
            let gate = Gate::Filter(filter.clone());
            traffic.through(&gate, Sender::Node(to)).map_err(|_| {
                let wall = Step::at(filter.place, format!("{} lets nothing out to {}", filter.name, to.name));
                (traffic.passed, traffic.steps.clone(), wall)
            })?;
        }
        Ok(traffic)
    }

    fn through(&mut self, gate: &Gate, sender: Sender<'_>) -> Result<(), Step> {
        match gate {
            Gate::Open(step) => self.steps.push(step.clone()),
            Gate::Wall(step) => return Err(step.clone()),
            Gate::Unknown(step, missing) => {
                self.maybe = self.maybe.union(&self.sure);
                self.sure = Ports::default();
                self.lacks([missing.clone()]);
                self.steps.push(step.clone());
            }
            Gate::Only(ports, step) => {
                self.sure = self.sure.intersection(ports);
                self.maybe = self.maybe.intersection(ports);
                if self.is_empty() {
                    return Err(step.clone());
                }
                self.steps.push(step.clone());
            }
            Gate::Map { protocol, ports, to, step } => {
                let own = Ports::range(*protocol, ports.0, ports.1);
                let (sure, maybe) = (self.sure.intersection(&own), self.maybe.intersection(&own));
                if sure.is_empty() && maybe.is_empty() {
                    return Err(Step::at(step.place, format!("only port {} leads there", shown(*ports))));
                }
                if self.addressed.is_none() {
                    self.addressed = Some(sure.union(&maybe));
                }
                let moved = |ports_here: &Ports| match to {
                    Some(to) => shifted(ports_here, *protocol, ports.0, *to),
                    None => ports_here.clone(),
                };
                self.sure = moved(&sure);
                self.maybe = moved(&maybe);
                self.steps.push(step.clone());
            }
            Gate::Leads { protocol, port, step } => {
                let own = |ports: &Ports| if ports.is_empty() { Ports::default() } else { Ports::range(*protocol, *port, *port) };
                if self.addressed.is_none() {
                    self.addressed = Some(self.sure.union(&self.maybe));
                }
                (self.sure, self.maybe) = (own(&self.sure), own(&self.maybe));
                self.maybe = self.maybe.minus(&self.sure);
                self.steps.push(step.clone());
            }
            Gate::Filter(filter) => {
                let asked = self.sure.union(&self.maybe);
                let passed = filter.judge(sender, &asked);
                let sure = self.sure.intersection(&passed.sure);
                let maybe = asked.intersection(&passed.sure.union(&passed.maybe)).minus(&sure);
                if sure.is_empty() && maybe.is_empty() {
                    return Err(Step::at(filter.place, format!("{} lets nothing in from {}", filter.name, sender.name())));
                }
                self.sure = sure;
                self.maybe = maybe;
                if !self.maybe.is_empty() {
                    self.lacks(passed.missing);
                }
                passed.steps.into_iter().for_each(|step| self.steps.push(step));
            }
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.sure.is_empty() && self.maybe.is_empty()
    }

    fn lacks(&mut self, missing: impl IntoIterator<Item = Missing>) {
        self.missing.extend(missing);
        self.missing.sort();
        self.missing.dedup();
    }
}

fn shown((first, last): (u16, u16)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// The ports of one protocol, moved so that `first` becomes `to`.
fn shifted(ports: &Ports, protocol: Protocol, first: u16, to: u16) -> Ports {
    let moved = |port: u32| u16::try_from(i64::from(port) - i64::from(first) + i64::from(to)).unwrap_or(u16::MAX);
    let intervals = ports.intervals(protocol).iter();
    intervals.fold(Ports::default(), |all, &(low, high)| all.union(&Ports::range(protocol, moved(low), moved(high))))
}
