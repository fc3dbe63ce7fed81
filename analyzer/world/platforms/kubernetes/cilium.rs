//! Policies of Cilium.
//!
//! Closed-world rules, from Cilium's "Layer 3 Policies", "Layer 4 Policies", "Deny Policies", "Policy Enforcement Modes":
//! - They add up with each other and with those of Kubernetes; what a `…Deny` section speaks of is refused, whatever else lets it in.
//! - A section with a rule closes its direction for the endpoints that it selects, unless `enableDefaultDeny` says otherwise. An empty rule
//!   lets nobody in; a rule with ports and no peers lets everybody in.
//! - Peers of a namespaced policy are of its own namespace, unless they ask for another. Addresses and `world` never mean endpoints of
//!   the cluster.
//! - Rules for requests let some requests in: their ports count as open. What `toServices`, `fromGroups` and `fromRequires` mean is not
//!   read: undecided.

use compact_str::{CompactString, format_compact};
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Value};

use super::objects::{Objects, name_of, namespace_of, port, protocol};
use super::peer::{self, OUTSIDE, Peers};
use super::policy::{DIRECTIONS, Policies, Policy, Rank};
use super::rule::{Direction, Named, Rule};
use super::select::{Expr, Key};
use crate::address::Range;
use crate::filter::{Entry, Sources};
use crate::resources::field;
use crate::said::{Missing, Step};

/// The kinds with their groups.
pub(super) const KINDS: &[(&str, &[&str])] =
    &[("CiliumNetworkPolicy", &["cilium.io"]), ("CiliumClusterwideNetworkPolicy", &["cilium.io"])];

/// What every pod of the cluster is known by.
const PODS: &str = "the pods of the cluster";
/// Labels that Cilium gives to endpoints ("Using Kubernetes Constructs In Policy").
const NAMESPACE: &str = "io.kubernetes.pod.namespace";
const OF_NAMESPACE: &str = "io.cilium.k8s.namespace.labels.";
const ACCOUNT: &str = "io.cilium.k8s.policy.serviceaccount";

/// Adds them.
pub(super) fn read(objects: &mut Objects<'_>, peers: &mut Peers, policies: &mut Policies) {
    for workload in &mut objects.workloads {
        workload.groups.push(PODS.into());
    }
    for (kind, groups) in KINDS {
        let home = |item: &Item| (*kind == "CiliumNetworkPolicy").then(|| namespace_of(item));
        for item in objects.of_group(kind, groups).collect::<Vec<_>>() {
            let name = objects.title(&item.name, item);
            let several = item.value.get("specs").map(Value::items).unwrap_or_default();
            for spec in field(&item.value, "spec").into_iter().chain(several) {
                add(spec, item, (&name, home(item).as_deref()), objects, peers, policies);
            }
        }
    }
}

/// A key of a selector, whatever its source is called.
fn key(written: &str) -> Option<Key> {
    let plain = match written.split_once(':') {
        Some(("k8s" | "any", rest)) => rest,
        Some(_) => return None,
        None => written,
    };
    Some(match plain.strip_prefix(OF_NAMESPACE) {
        Some(label) => Key::OfNamespace(label.into()),
        None if plain == NAMESPACE => Key::Namespace,
        None if plain == ACCOUNT => Key::Account,
        None if plain.starts_with("io.cilium.") || plain.starts_with("reserved.") => return None,
        None => Key::Label(plain.into()),
    })
}

fn add(
    spec: &Value,
    item: &Item,
    (name, home): (&CompactString, Option<&str>),
    objects: &mut Objects<'_>,
    peers: &mut Peers,
    policies: &mut Policies,
) {
    // A policy for nodes says nothing of pods.
    let Some(selector) = field(spec, "endpointSelector") else { return };
    let own = Expr::read(selector, key);
    let own = match home {
        Some(home) => own.and(Expr::is(Key::Namespace, home)),
        None => own,
    };
    let found = objects.fitting(&own);
    let sure: Vec<usize> = found.iter().filter(|(_, sure)| *sure).map(|(at, _)| *at).collect();
    let perhaps: Vec<usize> = found.iter().filter(|(_, sure)| !*sure).map(|(at, _)| *at).collect();
    let may = (Step::at(item.header, format!("{name} may select it")), Missing::new(format!("whether {name} selects it")));
    for (direction, _, section) in DIRECTIONS {
        let denied = format!("{section}Deny");
        let all = [(section, true), (denied.as_str(), false)];
        let lists: Vec<(&Value, bool)> =
            all.iter().filter_map(|(key, allows)| Some((field(spec, key).filter(|list| !is_empty(list))?, *allows))).collect();
        if lists.is_empty() {
            continue;
        }
        policies.doubt(direction, perhaps.iter().copied(), &may);
        let mut rules = Vec::new();
        let mut more = None;
        for (list, allows) in lists {
            if list.as_list().is_none_or(|list| list.tail.is_some()) {
                let missing = Missing::of(list).unwrap_or_else(|| Missing::new(format!("the rules of {name}")));
                more = Some((Step::at(item.header, format!("{name} may have more rules")), missing));
            }
            for value in list.items() {
                let reader = Reader { value, direction, allows, name, home };
                if reader.peers("Requires").is_some() {
                    more = Some((
                        Step::at(value.place, format!("{name} requires more")),
                        Missing::new(format!("what {name} requires of its peers")),
                    ));
                }
                reader.rules(objects, peers, &mut rules);
            }
        }
        let written = spec.at(&["enableDefaultDeny", section]);
        let closes = written.and_then(Value::as_bool);
        if let Some(missing) = written.filter(|_| closes.is_none()).and_then(Missing::of) {
            more = Some((Step::at(item.header, format!("{name} may leave the rest open")), missing));
        }
        let rank = Rank { refuses_first: true, ..Rank::set() };
        let policy = Policy { name: name.clone(), place: item.header, rules, closes: closes.unwrap_or(true), rank };
        policies.push(direction, policy, &sure, more.as_ref());
    }
}

fn is_empty(list: &Value) -> bool {
    list.as_list().is_some_and(|list| list.items.is_empty() && list.tail.is_none())
}

/// Ports that are surely meant, those that may be besides, and those by name.
type Meant = (Ports, Option<(Ports, Missing)>, Named);

/// A rule of a section.
struct Reader<'v> {
    value: &'v Value,
    direction: Direction,
    allows: bool,
    name: &'v str,
    home: Option<&'v str>,
}

/// The ends of the names of fields for peers.
const PEERS: &[&str] = &["Endpoints", "CIDR", "CIDRSet", "Entities", "Nodes", "Groups", "Services", "FQDNs"];

impl Reader<'_> {
    /// The peers of a kind: `fromEndpoints`, `toEndpoints`.
    fn peers(&self, kind: &str) -> Option<&Value> {
        let start = if self.direction == Direction::Ingress { "from" } else { "to" };
        field(self.value, &format_compact!("{start}{kind}"))
    }

    fn rules(&self, objects: &mut Objects<'_>, peers: &mut Peers, out: &mut Vec<Rule>) {
        let Some((ports, maybe_ports, names)) = self.ports() else { return };
        let verb = match (self.direction, self.allows) {
            (Direction::Ingress, true) => "lets it in",
            (Direction::Egress, true) => "lets it out",
            (_, false) => "refuses it",
        };
        let step = Step::at(self.value.place, format!("{} {verb}", self.name));
        let entry =
            Entry { allows: self.allows, ports, maybe_ports, sources: Sources::default(), step, doubt: None, passes_to: None };
        let rule = Rule { entry, names, perhaps: None, private: false, passes: false };
        let with = |sources: Sources| Rule { entry: Entry { sources, ..rule.entry.clone() }, ..rule.clone() };
        if PEERS.iter().all(|kind| self.peers(kind).is_none()) {
            // Only a rule with ports is for everybody.
            if field(self.value, "toPorts").is_some() {
                out.push(with(Sources::everybody()));
            } else if !self.allows {
                let unknown = Some(Missing::new(format!("what the empty rule of {} refuses", self.name)));
                out.push(with(Sources { unknown, ..Sources::default() }));
            }
            return;
        }
        let (mut within, mut perhaps, mut outside) = (Sources::default(), Vec::new(), Sources::default());
        let mut private = false;
        for selector in self.peers("Endpoints").map(Value::items).unwrap_or_default() {
            let expr = Expr::read(selector, key);
            let expr = match self.home.filter(|_| !expr.asks_namespace()) {
                Some(home) => expr.and(Expr::is(Key::Namespace, home)),
                None => expr,
            };
            let (sure, maybe) = peers.fitting(&expr, objects);
            within.groups.extend(sure);
            perhaps.extend(maybe);
        }
        for entity in self.peers("Entities").map(Value::items).unwrap_or_default() {
            match entity.as_str() {
                Some("all") => within = Sources::everybody(),
                Some("world") => outside.ranges.extend([Range::V4, Range::V6]),
                Some("world-ipv4") => outside.ranges.push(Range::V4),
                Some("world-ipv6") => outside.ranges.push(Range::V6),
                Some("cluster") => {
                    within.groups.extend([PODS.into(), OUTSIDE.into()]);
                    private = true;
                }
                Some("host" | "remote-node") => private = true,
                Some("ingress") => perhaps.push(OUTSIDE.into()),
                Some("kube-apiserver" | "health" | "init" | "unmanaged" | "none") => {}
                _ => {
                    within.unknown =
                        Some(Missing::of(entity).unwrap_or_else(|| Missing::new(format!("an entity of {}", self.name))))
                }
            }
        }
        for written in self.peers("CIDR").map(Value::items).unwrap_or_default() {
            match written.as_str().and_then(Range::parse) {
                Some(range) => outside.ranges.push(range),
                None => outside.unknown = Missing::of(written).or_else(|| Some(Missing::new("the addresses of a block"))),
            }
        }
        for block in self.peers("CIDRSet").map(Value::items).unwrap_or_default() {
            match field(block, "cidrGroupRef").and_then(Value::as_str) {
                Some(group) => named_blocks(group, objects, &mut outside),
                None if field(block, "cidr").is_some() => peer::addresses(block, &mut outside),
                None => outside.unknown = Some(Missing::new(format!("the addresses of {}", self.name))),
            }
        }
        for kind in ["Groups", "Services"].into_iter().filter(|kind| self.peers(kind).is_some()) {
            let word = if self.direction == Direction::Ingress { "from" } else { "to" };
            within.unknown = Some(Missing::new(format!("whom {} speaks of by {word}{kind}", self.name)));
        }
        private |= self.peers("Nodes").is_some();
        // Nodes may send in the name of who comes through them.
        let renamed = private || outside.ranges.iter().any(|range| range.is_private());
        for (list, unread) in [("Endpoints", &mut within), ("Entities", &mut outside)] {
            if let Some(missing) =
                self.peers(list).filter(|value| value.as_list().is_none_or(|list| list.tail.is_some())).and_then(Missing::of)
            {
                unread.unknown = Some(missing);
            }
        }
        let whose = match self.direction {
            Direction::Ingress => format!("whether the sender is among those that {} speaks of", self.name),
            Direction::Egress => format!("whether it is among those that {} speaks of", self.name),
        };
        let perhaps = (!perhaps.is_empty()).then(|| (perhaps, Missing::new(whose)));
        let blocks = !outside.ranges.is_empty() || outside.unknown.is_some();
        if blocks {
            outside.except = vec![PODS.into()];
            outside.maybe_except = Some((vec![OUTSIDE.into()], Missing::new("whether the sender is a pod of the cluster")));
            out.push(Rule { private: renamed, ..with(outside) });
        }
        out.push(Rule { perhaps, private, ..with(within) });
    }

    /// The ports of all lists; nothing where the rule speaks of no port at all.
    fn ports(&self) -> Option<Meant> {
        let (mut sure, mut maybe, mut names) = (Ports::default(), None, Named::new());
        let Some(lists) = field(self.value, "toPorts") else {
            // What is only for ICMP opens no port.
            return field(self.value, "icmps").is_none().then(|| (Ports::all(), None, names));
        };
        if lists.as_list().is_none_or(|list| list.tail.is_some()) {
            maybe =
                Some((Ports::all(), Missing::of(lists).unwrap_or_else(|| Missing::new(format!("the ports of {}", self.name)))));
        }
        let all = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
        for list in lists.items() {
            let Some(ports) = field(list, "ports").filter(|ports| !is_empty(ports)) else {
                sure = Ports::all();
                continue;
            };
            for each in ports.items() {
                let written = field(each, "protocol");
                let protocols = match written.and_then(Value::as_str) {
                    Some("ANY") => all.to_vec(),
                    None if written.is_none() => all.to_vec(),
                    _ => protocol(written).into_iter().collect(),
                };
                let Some(value) = field(each, "port") else { continue };
                for protocol in protocols {
                    match (port(value).or_else(|| value.as_str()?.parse().ok()), value.as_str()) {
                        // All ports of the protocol.
                        (Some(0), _) => sure = sure.union(&Ports::range(protocol, 1, u16::MAX)),
                        (Some(first), _) => {
                            let last = field(each, "endPort").and_then(port).unwrap_or(first).max(first);
                            sure = sure.union(&Ports::range(protocol, first, last));
                        }
                        (None, Some(name)) if self.direction == Direction::Ingress => names.push((protocol, name.into())),
                        (None, name) => {
                            let what = name.map(|name| Missing::new(format!("the number of port {name}")));
                            let missing = what.or_else(|| Missing::of(value)).unwrap_or_else(|| Missing::new("a port"));
                            maybe = Some((Ports::range(protocol, 1, u16::MAX), missing));
                        }
                    }
                }
            }
        }
        Some((sure, maybe, names))
    }
}

/// The blocks of a CiliumCIDRGroup.
fn named_blocks(group: &str, objects: &Objects<'_>, out: &mut Sources) {
    let Some(item) = objects.of_group("CiliumCIDRGroup", &["cilium.io"]).find(|item| name_of(item) == group) else {
        out.unknown = Some(Missing::new(format!("CiliumCIDRGroup/{group}")));
        return;
    };
    let written = item.value.at(&["spec", "externalCIDRs"]);
    crate::platforms::entries::addresses(written, out);
}
