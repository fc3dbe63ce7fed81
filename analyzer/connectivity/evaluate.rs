//! What all policies together let a pod say to, or hear from, somebody.

use std::collections::BTreeMap;

use plimsoll_syntax::Place;

use crate::network::{Network, Networks};
use crate::pod::Pod;
use crate::policy::{Action, DIRECTIONS, Direction, Doubt, Other, Policy, Rule, Spaces, Tier};
use crate::ports::Ports;

/// The policies that have their say on a pod in one direction, in order.
#[derive(Debug)]
pub(crate) struct Captured<'a> {
    pub(crate) policies: Vec<&'a Policy>,
    /// Nothing that is not known could change which ones they are.
    pub(crate) certain: bool,
}

/// All policies, and what they are read against.
#[derive(Debug)]
pub(crate) struct Policies<'a> {
    pub(crate) all: &'a [Policy],
    pub(crate) networks: &'a Networks,
    doubt: &'a Doubt,
    /// Those of a namespace alone, by its name; under no name those that may be about any. By their positions, in order.
    homes: BTreeMap<Option<&'a str>, Vec<usize>>,
}

impl<'a> Policies<'a> {
    pub(crate) fn new(all: &'a [Policy], networks: &'a Networks, doubt: &'a Doubt) -> Self {
        let mut homes: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
        for (index, policy) in all.iter().enumerate() {
            let home = match &policy.spaces {
                Spaces::Named(name) => Some(name.as_str()),
                _ => None,
            };
            homes.entry(home).or_default().push(index);
        }
        Self { all, networks, doubt, homes }
    }

    /// The policies on a pod, as it stands on a network, by direction.
    pub(crate) fn on(&self, pod: &Pod, network: &Network) -> [Captured<'a>; 2] {
        DIRECTIONS.map(|direction| self.one_way(direction, pod, network))
    }

    fn one_way(&self, direction: Direction, pod: &Pod, network: &Network) -> Captured<'a> {
        let mut captured = Captured { policies: Vec::new(), certain: !self.doubt.is_about(&pod.namespace.name, network) };
        let home = |name| self.homes.get(&name).into_iter().flatten();
        let mut near: Vec<usize> = home(None).chain(home(Some(pod.namespace.name.as_str()))).copied().collect();
        near.sort_unstable();
        for policy in near.into_iter().filter_map(|index| self.all.get(index)) {
            if policy.rules(direction).is_none() || !self.networks.governs(policy, network) {
                continue;
            }
            let answer = policy.is_about(pod);
            captured.certain &= answer.certain;
            if answer.yes {
                captured.policies.push(policy);
                // Most plug-ins let a pod on its host's network do what the host may.
                captured.certain &= !pod.on_host;
            }
        }
        captured
    }
}

/// What may be spoken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Verdict {
    pub(crate) ports: Ports,
    /// The policies with a rule that decides about a part of it.
    pub(crate) evidence: Vec<Place>,
    pub(crate) certain: bool,
}

impl Verdict {
    /// Whether something may pass, or nobody knows.
    pub(crate) fn is_open(&self) -> bool {
        !self.ports.is_empty() || !self.certain
    }

    /// What passes only where both let it.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let evidence = self.evidence.iter().chain(&other.evidence).copied().collect();
        Self { ports: self.ports.intersection(&other.ports), evidence, certain: self.certain && other.certain }
    }

    /// What passes where one of both lets it.
    pub(crate) fn or(&mut self, other: &Self) {
        self.ports = self.ports.union(&other.ports);
        self.evidence.extend(&other.evidence);
        self.certain &= other.certain;
    }
}

/// What is still open while policies have their say.
struct Open<'a> {
    pod: &'a Pod,
    other: Other<'a>,
    /// Nobody has decided about these.
    left: Ports,
    allowed: Ports,
    verdict: Verdict,
}

/// What `pod` may say to (`Egress`) or hear from (`Ingress`) somebody.
pub(crate) fn decide(captured: &Captured<'_>, direction: Direction, pod: &Pod, other: Other<'_>) -> Verdict {
    if captured.policies.is_empty() {
        return Verdict { ports: Ports::all(), evidence: Vec::new(), certain: captured.certain };
    }
    let verdict = Verdict { ports: Ports::default(), evidence: Vec::new(), certain: captured.certain };
    let mut open = Open { pod, other, left: Ports::all(), allowed: Ports::default(), verdict };
    let destination = match direction {
        Direction::Egress => other,
        Direction::Ingress => Other::Pod(pod),
    };
    let of = |wanted: fn(Tier) -> bool| captured.policies.iter().filter(move |policy| wanted(policy.tier));
    let mut passed = Ports::default();
    for policy in of(|tier| matches!(tier, Tier::Admin(_))) {
        open.in_order(policy, direction, destination, &mut passed);
    }
    open.left = open.left.union(&passed);
    let mut isolated = false;
    for policy in of(|tier| tier == Tier::Developer) {
        isolated = true;
        open.together(policy, direction, destination);
    }
    if isolated {
        open.left = Ports::default();
    }
    for policy in of(|tier| tier == Tier::Baseline) {
        open.in_order(policy, direction, destination, &mut Ports::default());
    }
    // What nobody decides about is allowed.
    open.verdict.ports = open.allowed.union(&open.left);
    open.verdict
}

impl Open<'_> {
    /// The rules of a policy one after the other: the first that is about a port decides.
    fn in_order(&mut self, policy: &Policy, direction: Direction, destination: Other<'_>, passed: &mut Ports) {
        for rule in policy.rules(direction).unwrap_or_default() {
            if self.left.is_empty() {
                return;
            }
            let hit = self.hit(rule, destination);
            if hit.is_empty() {
                continue;
            }
            self.left = self.left.minus(&hit);
            match rule.action {
                Action::Allow => self.allowed = self.allowed.union(&hit),
                Action::Pass => *passed = passed.union(&hit),
                Action::Deny => {}
            }
            self.because(policy);
        }
    }

    /// The rules of a policy as a whole: what any of them allows is allowed.
    fn together(&mut self, policy: &Policy, direction: Direction, destination: Other<'_>) {
        for rule in policy.rules(direction).unwrap_or_default() {
            let hit = self.hit(rule, destination);
            if !hit.is_empty() {
                self.allowed = self.allowed.union(&hit);
                self.because(policy);
            }
        }
    }

    /// The ports that a rule decides about, if it is about the other side.
    fn hit(&mut self, rule: &Rule, destination: Other<'_>) -> Ports {
        let answer = rule.is_about(self.pod, self.other);
        if !answer.yes && answer.certain {
            return Ports::default();
        }
        let ports = rule.ports.at(destination).intersection(&self.left);
        // What is allowed already is allowed, whomever the rule is about.
        if !answer.certain && !ports.minus(&self.allowed).is_empty() {
            self.verdict.certain = false;
        }
        if answer.yes { ports } else { Ports::default() }
    }

    fn because(&mut self, policy: &Policy) {
        if self.verdict.evidence.last() != Some(&policy.place) {
            self.verdict.evidence.push(policy.place);
        }
    }
}
