//! Network policies as filters on the way into pods, and out of them.

use std::cell::RefCell;
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_connectivity::Ports;
use plimsoll_kubernetes::selects;
use plimsoll_syntax::value::List;
use plimsoll_syntax::{Item, Place, Value};
use rustc_hash::FxHashMap;

use super::mesh::Mesh;
use super::objects::{Objects, Workload, namespace_of};
use super::peer::Peers;
use super::rule::{self, Direction, Rule};
use super::{calico, cilium};
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::model::Gate;
use crate::resources::field;
use crate::said::{Missing, Step};

/// Policies that are not read here, by kind and group, and whether they speak of pods of their own namespace alone.
const OTHERS: &[(&str, &[&str], bool)] = &[
    ("NetworkPolicy", &["crd.antrea.io"], true),
    ("ClusterNetworkPolicy", &["crd.antrea.io", "policy.networking.k8s.io"], false),
    ("AdminNetworkPolicy", &["policy.networking.k8s.io"], false),
    ("BaselineAdminNetworkPolicy", &["policy.networking.k8s.io"], false),
];

/// One direction of a policy, with the words for it.
pub(super) const DIRECTIONS: [(Direction, &str, &str); 2] =
    [(Direction::Ingress, "Ingress", "ingress"), (Direction::Egress, "Egress", "egress")];

/// One direction of a policy.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) name: CompactString,
    pub(super) place: Place,
    pub(super) rules: Vec<Rule>,
    /// What none of its tier lets in is refused.
    pub(super) closes: bool,
    pub(super) rank: Rank,
}

/// When a policy is asked, the lowest first: in the order of its tier, in its own order, by its name. Those of Kubernetes and Cilium are a
/// set: all alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) tier: (i128, CompactString),
    pub(super) order: i128,
    pub(super) name: CompactString,
    /// What it refuses is refused before anything is let in.
    pub(super) refuses_first: bool,
}

impl Rank {
    /// The order of Calico's default tier, where policies of Kubernetes are, and theirs within it ("Tiered policy").
    pub(super) const DEFAULT_TIER: i128 = 1_000_000 * Self::UNIT;
    pub(super) const OF_KUBERNETES: i128 = 1_000 * Self::UNIT;
    /// Orders may have fractions.
    pub(super) const UNIT: i128 = 1_000;

    pub(super) fn set() -> Self {
        Self {
            tier: (Self::DEFAULT_TIER, "default".into()),
            order: Self::OF_KUBERNETES,
            name: CompactString::default(),
            refuses_first: false,
        }
    }
}

/// What policies say of one direction of one workload.
#[derive(Debug, Default)]
pub(super) struct Selected {
    /// Policies that surely select it, by number.
    sure: Vec<usize>,
    /// What may select it.
    doubts: Vec<(Step, Missing)>,
}

type Shared = FxHashMap<(Vec<usize>, bool), Arc<Filter>>;

/// The filters of all workloads.
#[derive(Debug, Default)]
pub(super) struct Policies {
    policies: Vec<Policy>,
    ingress: Vec<Selected>,
    egress: Vec<Selected>,
    /// Filters by the policies that they are made of, where no port has a name.
    shared: RefCell<Shared>,
    mesh: Mesh,
    /// Whether the user states that they are enforced, or there are policies of a plug-in that does.
    stated: bool,
}

impl Policies {
    /// Reads them, and tells workloads what peers know them by.
    pub(super) fn read(objects: &mut Objects<'_>, enforced: Option<bool>) -> Self {
        let none = || objects.workloads.iter().map(|_| Selected::default()).collect();
        let (ingress, egress) = (none(), none());
        let mesh = Mesh::read(objects);
        let mut policies = Self { ingress, egress, mesh, stated: enforced == Some(true), ..Self::default() };
        if enforced == Some(false) {
            return policies;
        }
        let mut peers = Peers::default();
        for item in objects.of_group("NetworkPolicy", &["networking.k8s.io", "extensions"]).collect::<Vec<_>>() {
            policies.add(item, objects, &mut peers);
        }
        let engines = [cilium::KINDS, calico::KINDS];
        let found = engines.map(|kinds| kinds.iter().any(|(kind, groups)| objects.of_group(kind, groups).next().is_some()));
        match found {
            [true, false] => cilium::read(objects, &mut peers, &mut policies),
            [false, true] => calico::read(objects, &mut peers, &mut policies),
            // Which of them the cluster has is not known.
            [true, true] => {
                for (kind, groups) in engines.into_iter().flatten() {
                    for item in objects.of_group(kind, groups) {
                        policies.other(item, *kind != "GlobalNetworkPolicy" && !kind.contains("Clusterwide"), objects);
                    }
                }
            }
            [false, false] => {}
        }
        policies.stated |= found.contains(&true);
        for &(kind, groups, own) in OTHERS {
            for item in objects.of_group(kind, groups) {
                policies.other(item, own, objects);
            }
        }
        policies
    }

    /// What stands before the pods of a workload. `renamed`: a node or balancer may have put its own address in the place of the
    /// sender's.
    pub(super) fn gates(&self, at: usize, workload: &Workload<'_>, renamed: bool) -> Vec<Gate> {
        let Some(selected) = self.ingress.get(at) else { return Vec::new() };
        if workload.host_network.is_some() {
            let first = selected.sure.first().and_then(|&policy| self.policies.get(policy));
            let missing = Missing::new("whether the network plug-in applies policies to pods on the network of their node");
            let gate = |policy: &Policy| Gate::Unknown(Step::at(policy.place, format!("{} selects them", policy.name)), missing);
            return first.map(gate).into_iter().collect();
        }
        let mut gates = Vec::new();
        if !selected.sure.is_empty() {
            gates.push(Gate::Filter(self.filter(selected, workload, renamed)));
        }
        gates.extend(selected.doubts.iter().map(|(step, missing)| Gate::Unknown(step.clone(), missing.clone())));
        gates.extend(self.mesh.gates(at, workload, renamed));
        gates
    }

    /// To whom the pods of a workload may speak; nothing where no policy speaks of it.
    pub(super) fn egress(&self, at: usize, workload: &Workload<'_>) -> Option<Arc<Filter>> {
        let selected = self.egress.get(at)?;
        let on_host = workload.host_network.map(|place| {
            let missing = Missing::new("whether the network plug-in applies policies to pods on the network of their node");
            (Step::at(place, format!("{} is on the network of its node", workload.name)), missing)
        });
        let (step, missing) = match (selected.sure.as_slice(), on_host, selected.doubts.first()) {
            ([], _, None) => return None,
            ([_, ..], None, _) => return Some(self.filter(selected, workload, false)),
            ([_, ..], Some(doubt), _) => doubt,
            ([], _, Some(doubt)) => doubt.clone(),
        };
        // Nobody knows whether it is refused.
        let entry = Entry {
            allows: false,
            ports: Ports::all(),
            maybe_ports: None,
            sources: Sources::everybody(),
            step: step.clone(),
            doubt: Some(missing),
            passes_to: None,
        };
        let name = step.message.to_string();
        Some(Arc::new(Filter { name, place: step.place, entries: vec![entry], otherwise: Otherwise::LetIn(step), more: None }))
    }

    /// As walls say it.
    const fn caveat(&self) -> &'static str {
        if self.stated { "" } else { " (if the network plug-in enforces policies)" }
    }

    fn filter(&self, selected: &Selected, workload: &Workload<'_>, renamed: bool) -> Arc<Filter> {
        let own = || selected.sure.iter().filter_map(|&at| self.policies.get(at));
        let named = own().any(|policy| policy.rules.iter().any(|rule| !rule.names.is_empty()));
        let alike = !named && selected.doubts.is_empty();
        let key = (selected.sure.clone(), renamed);
        if let Some(known) = self.shared.borrow().get(&key).filter(|_| alike) {
            return Arc::clone(known);
        }
        let mut all: Vec<&Policy> = own().collect();
        all.sort_by(|left, right| left.rank.cmp(&right.rank));
        let mut names: Vec<&str> = all.iter().map(|policy| policy.name.as_str()).collect();
        names.dedup();
        let names = names.join(" and ");
        let place = all.first().map(|policy| policy.place).unwrap_or_default();
        let doubt = selected.doubts.first().map(|(_, missing)| missing.clone());
        let (entries, closed) = tiers(&all, workload, renamed, doubt.as_ref());
        let otherwise = match closed {
            true => Otherwise::Refused,
            false => Otherwise::LetIn(Step::at(place, format!("{names} refuses nothing else"))),
        };
        // Another policy may let more pass.
        let more = doubt.filter(|_| closed);
        let filter = Arc::new(Filter { name: format!("{names}{}", self.caveat()), place, entries, otherwise, more });
        if alike {
            self.shared.borrow_mut().insert(key, Arc::clone(&filter));
        }
        filter
    }

    const fn selected(&mut self, direction: Direction) -> &mut Vec<Selected> {
        match direction {
            Direction::Ingress => &mut self.ingress,
            Direction::Egress => &mut self.egress,
        }
    }

    fn add(&mut self, item: &Item, objects: &mut Objects<'_>, peers: &mut Peers) {
        let home = namespace_of(item);
        let name = objects.title(&item.name, item);
        let spec = field(&item.value, "spec").filter(|spec| spec.as_map().is_some());
        let empty = Value::map(plimsoll_syntax::value::Map::default(), item.header);
        let pods = spec.and_then(|spec| field(spec, "podSelector")).unwrap_or(&empty);
        let found = objects.select(pods, [(home.as_str(), true)]);
        let may = (Step::at(item.header, format!("{name} may select it")), Missing::new(format!("whether {name} selects it")));
        for (direction, kind, key) in DIRECTIONS {
            let about = spec.and_then(|spec| is_about(spec, direction, kind));
            if about == Some(false) {
                continue;
            }
            let mut sure = Vec::new();
            for &(at, certain) in &found {
                if certain && about == Some(true) {
                    sure.push(at);
                } else if let Some(one) = self.selected(direction).get_mut(at) {
                    one.doubts.push(may.clone());
                }
            }
            let list = spec.and_then(|spec| field(spec, key));
            // Who is in the list of rules may not be known.
            let open = list.filter(|list| list.as_list().is_none_or(|list| list.tail.is_some())).and_then(Missing::of);
            let rules = list.map(Value::items).unwrap_or_default();
            let rules = rules.iter().map(|value| rule::read(value, direction, (&name, &home), objects, peers)).collect();
            let policy = Policy { name: name.clone(), place: item.header, rules, closes: true, rank: Rank::set() };
            let more = open.map(|missing| (Step::at(item.header, format!("{name} may have more rules")), missing));
            self.push(direction, policy, &sure, more.as_ref());
        }
    }

    /// Adds one direction of a policy, for the workloads that it surely selects; and what is not known of it.
    pub(super) fn push(&mut self, direction: Direction, policy: Policy, sure: &[usize], more: Option<&(Step, Missing)>) {
        let number = self.policies.len();
        self.policies.push(policy);
        for &at in sure {
            let Some(one) = self.selected(direction).get_mut(at) else { continue };
            one.sure.push(number);
            one.doubts.extend(more.cloned());
        }
    }

    /// Adds what may speak of some workloads.
    pub(super) fn doubt(&mut self, direction: Direction, at: impl IntoIterator<Item = usize>, why: &(Step, Missing)) {
        for at in at {
            if let Some(one) = self.selected(direction).get_mut(at) {
                one.doubts.push(why.clone());
            }
        }
    }

    /// A policy of a kind that is not read here.
    fn other(&mut self, item: &Item, own: bool, objects: &Objects<'_>) {
        let home = namespace_of(item);
        let name = objects.title(&item.name, item);
        let spec = field(&item.value, "spec");
        let endpoints = spec.and_then(|spec| field(spec, "endpointSelector"));
        let written = |key: &str| spec.is_none_or(|spec| field(spec, key).is_some());
        let out = written("egress") || written("egressDeny");
        let within = written("ingress") || written("ingressDeny") || !out;
        for (at, workload) in objects.workloads.iter().enumerate() {
            let here = !own || workload.namespace == home;
            if !here || endpoints.is_some_and(|selector| selects(selector, &workload.labels) == Some(false)) {
                continue;
            }
            for (direction, speaks, way) in [(Direction::Ingress, within, "in"), (Direction::Egress, out, "out")] {
                if let Some(one) = self.selected(direction).get_mut(at).filter(|_| speaks) {
                    let step = Step::at(item.header, format!("{name} may let it {way}"));
                    one.doubts.push((step, Missing::new(format!("what {name} lets {way}"))));
                }
            }
        }
    }
}

/// The entries of policies in their ranks, tier by tier, and whether what is left in the end is refused.
fn tiers(all: &[&Policy], workload: &Workload<'_>, renamed: bool, doubt: Option<&Missing>) -> (Vec<Entry>, bool) {
    let mut entries: Vec<Entry> = Vec::new();
    let of = |policies: &[&Policy], first: bool| -> Vec<(bool, Entry)> {
        let rules = policies.iter().flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
        let rules = rules.filter(|(policy, rule)| (policy.rank.refuses_first && !rule.entry.allows) == first);
        rules.flat_map(|(_, rule)| rule.entries(workload, renamed).into_iter().map(|entry| (rule.passes, entry))).collect()
    };
    entries.extend(of(all, true).into_iter().map(|(_, entry)| entry));
    let mut closed = false;
    let mut groups = all.chunk_by(|left, right| left.rank.tier == right.rank.tier).peekable();
    while let Some(group) = groups.next() {
        let start = entries.len();
        let own = of(group, false);
        let (passes, closes) = (own.iter().any(|(passes, _)| *passes), group.iter().any(|policy| policy.closes));
        let last = groups.peek().is_none();
        let refuses = closes && (passes || !last);
        let next = start + own.len() + usize::from(refuses);
        entries.extend(own.into_iter().map(|(passes, entry)| Entry { passes_to: passes.then_some(next), ..entry }));
        if refuses {
            let place = group.last().map(|policy| policy.place).unwrap_or_default();
            entries.push(Entry {
                allows: false,
                ports: Ports::all(),
                maybe_ports: None,
                sources: Sources::everybody(),
                step: Step::at(place, "nothing else of its tier lets it in"),
                doubt: doubt.cloned(),
                passes_to: None,
            });
        }
        closed = closes && !refuses;
    }
    (entries, closed)
}

/// Whether a policy is about a direction: those that it names; without any, ingress, and egress where it has a rule for it.
fn is_about(spec: &Value, direction: Direction, kind: &str) -> Option<bool> {
    let Some(types) = field(spec, "policyTypes") else {
        let rules = field(spec, "egress");
        return match direction {
            Direction::Ingress => Some(true),
            Direction::Egress if rules.is_some_and(|rules| rules.as_list().is_none()) => None,
            Direction::Egress => Some(rules.is_some_and(|rules| !rules.items().is_empty())),
        };
    };
    let list = types.as_list()?;
    if list.items.is_empty() && list.tail.is_none() {
        return Some(direction == Direction::Ingress);
    }
    names(list, kind)
}

/// Whether a list of directions names this one; nothing where something in it is not known.
pub(super) fn names(list: &List, kind: &str) -> Option<bool> {
    let named = list.items.iter().any(|each| each.as_str() == Some(kind));
    if named || list.tail.is_none() && list.items.iter().all(|each| each.as_str().is_some()) { Some(named) } else { None }
}
