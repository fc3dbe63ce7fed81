//! The rules of network policies, as entries of filters.

use compact_str::{CompactString, format_compact};
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::Value;

use super::objects::{Objects, Workload, port, protocol, single};
use super::peer::{self, Peers};
use crate::address::Range;
use crate::filter::{Entry, Sources};
use crate::resources::field;
use crate::said::{Missing, Step};

/// Which way traffic goes, as the pods see it that a policy selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

/// What a rule lets in; the entries but for the ports by name.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) entry: Entry,
    /// Ports by their names.
    pub(super) names: Named,
    /// Senders that it may let in.
    pub(super) perhaps: Option<(Vec<CompactString>, Missing)>,
    /// Some addresses are private, so that what a balancer writes there matters.
    pub(super) private: bool,
    /// It hands on to the next tier.
    pub(super) passes: bool,
}

impl Rule {
    /// The entries for the pods of a workload, which give the ports their names.
    pub(super) fn entries(&self, workload: &Workload<'_>, renamed: bool) -> Vec<Entry> {
        let mut ports = self.entry.ports.clone();
        for (protocol, name) in &self.names {
            for port in workload.ports.iter().filter(|port| port.name == *name && port.protocol == *protocol) {
                ports = ports.union(&single(*protocol, port.number));
            }
        }
        let doubtful = |sources, missing| Entry {
            ports: ports.clone(),
            maybe_ports: self.entry.maybe_ports.clone(),
            sources,
            step: self.entry.step.clone(),
            doubt: Some(missing),
            ..self.entry
        };
        let mut all = vec![Entry { ports: ports.clone(), ..self.entry.clone() }];
        if let Some((groups, missing)) = &self.perhaps {
            all.push(doubtful(Sources { groups: groups.clone(), ..Sources::default() }, missing.clone()));
        }
        if renamed && self.private {
            let missing = Missing::new("whether the pods see the address of the sender or that of a node");
            all.push(doubtful(Sources::everybody(), missing));
        }
        all
    }
}

/// Reads a rule of a policy.
pub(super) fn read(
    value: &Value,
    direction: Direction,
    (policy, home): (&str, &str),
    objects: &mut Objects<'_>,
    peers: &mut Peers,
) -> Rule {
    let (key, verb) = match direction {
        Direction::Ingress => ("from", "lets it in"),
        Direction::Egress => ("to", "lets it out"),
    };
    let mut sources = Sources::default();
    let mut perhaps: Vec<CompactString> = Vec::new();
    match field(value, key) {
        Some(from) if from.as_list().is_none() => {
            sources.unknown = Some(Missing::of(from).unwrap_or_else(|| Missing::new(format!("whom {policy} speaks of"))));
        }
        Some(from) if !from.items().is_empty() => {
            for each in from.items() {
                match field(each, "ipBlock") {
                    Some(block) => peer::addresses(block, &mut sources),
                    None => {
                        let (group, maybe) = peers.group(each, home, objects);
                        sources.groups.extend(group);
                        perhaps.extend(maybe);
                    }
                }
            }
        }
        // Nobody in the list is everybody.
        _ => sources = Sources::everybody(),
    }
    let private = sources.ranges.iter().any(|range: &Range| range.is_private());
    let (ports, mut maybe_ports, mut names) = ports(value, policy);
    // Who gives the ports their names is not known before somebody is spoken to.
    if let Some((protocol, name)) = names.first().filter(|_| direction == Direction::Egress) {
        maybe_ports = Some((Ports::range(*protocol, 1, u16::MAX), Missing::new(format!("the number of port {name}"))));
        names.clear();
    }
    let step = Step::at(value.place, format!("{policy} {verb}"));
    let entry = Entry { allows: true, ports, maybe_ports, sources, step, doubt: None, passes_to: None };
    let missing = Missing::new(match direction {
        Direction::Ingress => format_compact!("whether the sender is among the pods that {policy} lets in"),
        Direction::Egress => format_compact!("whether it is among the pods that {policy} lets it speak to"),
    });
    Rule { entry, names, perhaps: (!perhaps.is_empty()).then_some((perhaps, missing)), private, passes: false }
}

/// Ports by their names.
pub(super) type Named = Vec<(Protocol, CompactString)>;

/// The ports of a rule: numbers, what may be, names.
fn ports(rule: &Value, policy: &str) -> (Ports, Option<(Ports, Missing)>, Named) {
    let listed = match field(rule, "ports") {
        Some(value) if value.as_list().is_none() => {
            let missing = Missing::of(value).unwrap_or_else(|| Missing::new(format!("the ports of {policy}")));
            return (Ports::default(), Some((Ports::all(), missing)), Vec::new());
        }
        Some(value) => value.items(),
        None => &[],
    };
    if listed.is_empty() {
        return (Ports::all(), None, Vec::new());
    }
    let (mut sure, mut maybe, mut names) = (Ports::default(), None, Vec::new());
    for each in listed {
        let Some(protocol) = protocol(field(each, "protocol")) else {
            maybe = Some((
                Ports::all(),
                field(each, "protocol").and_then(Missing::of).unwrap_or_else(|| Missing::new("the protocol")),
            ));
            continue;
        };
        let (first, last) = (field(each, "port"), field(each, "endPort"));
        match first.map(|value| (value, port(value))) {
            None => sure = sure.union(&Ports::range(protocol, 1, u16::MAX)),
            Some((_, Some(first))) => {
                let last = last.and_then(port).unwrap_or(first);
                sure = sure.union(&Ports::range(protocol, first, last.max(first)));
            }
            Some((value, None)) => match value.as_str() {
                Some(name) => names.push((protocol, name.into())),
                None => {
                    let missing = Missing::of(value).unwrap_or_else(|| Missing::new(format!("a port of {policy}")));
                    maybe = Some((Ports::range(protocol, 1, u16::MAX), missing));
                }
            },
        }
    }
    (sure, maybe, names)
}
