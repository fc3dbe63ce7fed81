//! What pods may say to and hear from each other, asked once for pods that no policy tells apart.
//!
//! A rule is about few of the pods, as a rule: only those that it mentions are asked about one by one, and one of the others
//! stands for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::address::{Range, partition};
use crate::evaluate::{Captured, decide};
use crate::links::{CLOSED, Number, Verdicts};
use crate::pod::{ContainerPort, Pod};
use crate::policy::{Direction, Other, Policy, RulePeer, Spaces};
use crate::selector::Labels;

/// Pods that nobody tells apart, by their number.
pub(crate) type Class = u32;

/// What pods are told apart by.
type Looks<'a> = (&'a str, &'a Labels, &'a [ContainerPort], bool);

/// The verdicts on all classes, as one pod has them in one direction.
#[derive(Debug)]
pub(crate) struct Row {
    /// On whoever is not among the others.
    usual: Number,
    others: FxHashMap<Class, Number>,
}

impl Row {
    pub(crate) fn on(&self, other: Class) -> Number {
        self.others.get(&other).copied().unwrap_or(self.usual)
    }
}

/// What decides what a pod is let: its policies, whether they are certain, and the class where more of the pod matters.
type Key = (Direction, Vec<*const Policy>, bool, Option<Class>);

/// The answers so far.
pub(crate) struct Answers<'a> {
    /// One pod of each class.
    pods: Vec<&'a Pod>,
    classes: BTreeMap<Looks<'a>, Class>,
    labels: BTreeMap<(&'a str, &'a str), Vec<Class>>,
    homes: BTreeMap<&'a str, Vec<Class>>,
    /// What those on their host's network say may come from the host, so that no rule is sure about them.
    hosts: Vec<Class>,
    rows: FxHashMap<Key, Rc<Row>>,
    outside: FxHashMap<Key, Rc<Vec<Number>>>,
    /// Whom a policy mentions; `None`: who that is depends on who asks, or more of the others matters.
    mentions: FxHashMap<(*const Policy, Direction), Option<Rc<Vec<Class>>>>,
}

fn looks(pod: &Pod) -> Looks<'_> {
    (&pod.namespace.name, &pod.labels, &pod.ports, pod.on_host)
}

impl<'a> Answers<'a> {
    pub(crate) fn about(pods: impl Iterator<Item = &'a Pod>) -> Self {
        let mut answers = Self {
            pods: Vec::new(),
            classes: BTreeMap::new(),
            labels: BTreeMap::new(),
            homes: BTreeMap::new(),
            hosts: Vec::new(),
            rows: FxHashMap::default(),
            outside: FxHashMap::default(),
            mentions: FxHashMap::default(),
        };
        for pod in pods {
            let Ok(class) = Class::try_from(answers.pods.len()) else { break };
            if *answers.classes.entry(looks(pod)).or_insert(class) != class {
                continue;
            }
            answers.pods.push(pod);
            answers.homes.entry(&pod.namespace.name).or_default().push(class);
            for (key, value) in &pod.labels {
                answers.labels.entry((key, value)).or_default().push(class);
            }
            if pod.on_host {
                answers.hosts.push(class);
            }
        }
        answers
    }

    pub(crate) fn class(&self, pod: &Pod) -> Option<Class> {
        self.classes.get(&looks(pod)).copied()
    }

    /// What a pod may say to, or hear from, each class.
    pub(crate) fn row(&mut self, captured: &Captured<'_>, direction: Direction, pod: &Pod, verdicts: &mut Verdicts) -> Rc<Row> {
        let mut mentioned = Some(BTreeSet::new());
        for policy in &captured.policies {
            match (&mut mentioned, self.mentioned(policy, direction)) {
                (Some(all), Some(more)) => all.extend(more.iter().copied()),
                _ => mentioned = None,
            }
        }
        let key = self.key(captured, direction, pod, mentioned.is_none());
        if let Some(known) = self.rows.get(&key) {
            return known.clone();
        }
        let mut ask = |class: Class| {
            let other = usize::try_from(class).ok().and_then(|index| self.pods.get(index));
            other.map_or(CLOSED, |other| verdicts.number(decide(captured, direction, pod, Other::Pod(other))))
        };
        let classes = Class::try_from(self.pods.len()).unwrap_or(Class::MAX);
        let row = match mentioned {
            None => Row { usual: CLOSED, others: (0..classes).map(|class| (class, ask(class))).collect() },
            Some(mentioned) => {
                let usual = (0..classes).find(|class| !mentioned.contains(class)).map_or(CLOSED, &mut ask);
                Row { usual, others: mentioned.into_iter().map(|class| (class, ask(class))).collect() }
            }
        };
        let row = Rc::new(row);
        self.rows.insert(key, row.clone());
        row
    }

    /// The same with ranges of addresses outside, none of which a policy cuts.
    pub(crate) fn outside(
        &mut self,
        captured: &Captured<'_>,
        direction: Direction,
        pod: &Pod,
        ranges: &[Range],
        verdicts: &mut Verdicts,
    ) -> Rc<Vec<Number>> {
        let key = self.key(captured, direction, pod, false);
        if let Some(known) = self.outside.get(&key) {
            return known.clone();
        }
        let own = partition(captured.policies.iter().flat_map(|policy| policy.blocks(direction)));
        let mut own = own.into_iter().peekable();
        let (mut last, mut number) = (None, CLOSED);
        let mut found = Vec::with_capacity(ranges.len());
        for range in ranges {
            let (first, _) = range.bits();
            while let Some(part) = own.next_if(|part| part.bits().0 <= first) {
                last = Some(part.bits());
                number = verdicts.number(decide(captured, direction, pod, Other::Addresses(part.bits().0, part.bits().1)));
            }
            found.push(last.map_or(CLOSED, |_| number));
        }
        let found = Rc::new(found);
        self.outside.insert(key, found.clone());
        found
    }

    fn key(&self, captured: &Captured<'_>, direction: Direction, pod: &Pod, whole: bool) -> Key {
        let named =
            |policy: &&Policy| policy.rules(direction).unwrap_or_default().iter().any(|rule| !rule.ports.names.is_empty());
        let class = (whole || captured.policies.iter().any(named)).then(|| self.class(pod)).flatten();
        let policies = captured.policies.iter().map(|policy| std::ptr::from_ref(*policy)).collect();
        (direction, policies, captured.certain, class)
    }

    fn mentioned(&mut self, policy: &Policy, direction: Direction) -> Option<Rc<Vec<Class>>> {
        let key = (std::ptr::from_ref(policy), direction);
        if let Some(known) = self.mentions.get(&key) {
            return known.clone();
        }
        let found = self.search(policy, direction).map(Rc::new);
        self.mentions.insert(key, found.clone());
        found
    }

    fn search(&self, policy: &Policy, direction: Direction) -> Option<Vec<Class>> {
        let mut found = self.hosts.clone();
        for rule in policy.rules(direction).unwrap_or_default() {
            if direction == Direction::Egress && !rule.ports.names.is_empty() {
                return None;
            }
            for peer in rule.peers.as_deref().unwrap_or_default() {
                let RulePeer::Pods(spaces, pods) = peer else { continue };
                if matches!(spaces, Spaces::Same(_) | Spaces::NotSame(_)) {
                    return None;
                }
                let candidates = match (pods.first_label(), spaces) {
                    (Some((key, value)), _) => self.labels.get(&(key.as_str(), value.as_str())).cloned().unwrap_or_default(),
                    (None, Spaces::Named(name)) => self.homes.get(name.as_str()).cloned().unwrap_or_default(),
                    (None, _) => (0..self.pods.len()).filter_map(|index| Class::try_from(index).ok()).collect(),
                };
                found.extend(candidates.into_iter().filter(|class| {
                    let pod = usize::try_from(*class).ok().and_then(|index| self.pods.get(index));
                    pod.is_some_and(|pod| {
                        let answer = peer.is(pod, Other::Pod(pod));
                        answer.yes || !answer.certain
                    })
                }));
            }
        }
        found.sort_unstable();
        found.dedup();
        Some(found)
    }
}
