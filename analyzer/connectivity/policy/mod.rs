//! Policies of all kinds in one form: who they are about, and what they say of whom.

mod admin;
mod namespaced;

use std::collections::BTreeSet;

use compact_str::CompactString;
use plimsoll_syntax::{Item, Place, Value};

use crate::intervals::Intervals;
use crate::network::Network;
use crate::note::{Note, Unread};
use crate::pod::{Namespace, Pod};
use crate::ports::{PROTOCOLS, Ports, Protocol};
use crate::read::is_object;
use crate::selector::Selector;

/// Which way traffic goes, as the pod sees it that a policy is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Towards the pod.
    Ingress,
    /// Away from the pod.
    Egress,
}

pub(crate) const DIRECTIONS: [Direction; 2] = [Direction::Ingress, Direction::Egress];

/// When a policy has its say; in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// First, by priority.
    Admin(u32),
    /// A NetworkPolicy: all of them together, and whoever has one has nothing else allowed.
    Developer,
    /// Last.
    Baseline,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Allow,
    Deny,
    Pass,
}

/// Namespaces, as a policy speaks of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spaces {
    Named(CompactString),
    Selected(Selector),
    /// Those with the same values of these labels as the subject's.
    Same(Vec<CompactString>),
    /// Those with other values.
    NotSame(Vec<CompactString>),
}

/// The other side of a rule.
#[derive(Clone, Debug)]
pub(crate) enum RulePeer {
    Pods(Spaces, Selector),
    Addresses(Intervals),
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) action: Action,
    /// `None`: everybody.
    pub(crate) peers: Option<Vec<RulePeer>>,
    pub(crate) ports: RulePorts,
}

/// The ports of a rule: numbers, and names that each pod gives a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct RulePorts {
    pub(crate) numbers: Ports,
    /// The protocol, when it is told.
    pub(crate) names: Vec<(Option<Protocol>, CompactString)>,
}

/// A policy.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) name: CompactString,
    pub(crate) place: Place,
    pub(crate) tier: Tier,
    pub(crate) spaces: Spaces,
    pub(crate) pods: Selector,
    /// `None`: nothing is said of this direction.
    pub(crate) ingress: Option<Vec<Rule>>,
    pub(crate) egress: Option<Vec<Rule>>,
    /// What a MultiNetworkPolicy is for: `name` or `namespace/name`, by comma. `None`: the pods' first network.
    pub(crate) networks: Option<CompactString>,
}

/// Who stands on the other side of a pod.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Other<'a> {
    Pod(&'a Pod),
    Addresses(u32, u32),
    /// Pods that are not in the manifests, in namespaces and with labels of which this much is known.
    Imagined(&'a Imagined),
}

/// Pods that a policy speaks of, whether they exist or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Imagined {
    /// `Named` or `Selected`.
    pub(crate) spaces: Spaces,
    pub(crate) pods: Selector,
    /// The namespace of that name, if it is named.
    pub(crate) home: Option<std::sync::Arc<Namespace>>,
}

/// An answer, and whether nothing that is not known could change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) yes: bool,
    pub(crate) certain: bool,
}

impl Answer {
    pub(crate) const fn sure(yes: bool) -> Self {
        Self { yes, certain: true }
    }

    fn and(self, other: Self) -> Self {
        // A sure no is a no whatever the other is.
        let no = |answer: Self| answer.certain && !answer.yes;
        Self { yes: self.yes && other.yes, certain: (self.certain && other.certain) || no(self) || no(other) }
    }

    fn or(self, other: Self) -> Self {
        let sure = |answer: Self| answer.certain && answer.yes;
        Self { yes: self.yes || other.yes, certain: (self.certain && other.certain) || sure(self) || sure(other) }
    }
}

impl Spaces {
    /// Whether a namespace is among them, seen from the subject's.
    pub(crate) fn has(&self, namespace: &Namespace, subject: &Namespace) -> Answer {
        match self {
            Self::Named(name) => Answer::sure(*name == namespace.name),
            Self::Selected(selector) => {
                let certain = namespace.declared || selector.asks_for_names_only() || !selector.name_fits(&namespace.labels);
                Answer { yes: selector.selects(&namespace.labels), certain }
            }
            Self::Same(keys) => Answer { yes: same(keys, namespace, subject), certain: namespace.declared && subject.declared },
            Self::NotSame(keys) => {
                let known = keys.iter().all(|key| namespace.labels.contains_key(key) && subject.labels.contains_key(key));
                Answer { yes: known && !same(keys, namespace, subject), certain: namespace.declared && subject.declared }
            }
        }
    }

    /// Whether all that is imagined is among them.
    fn has_imagined(&self, imagined: &Imagined) -> bool {
        match (self, &imagined.spaces) {
            (Self::Named(name), Spaces::Named(other)) => name == other,
            (Self::Selected(selector), Spaces::Selected(other)) => other.implies(selector),
            (Self::Selected(selector), _) => {
                imagined.home.as_ref().map_or(selector.is_empty(), |home| selector.selects(&home.labels))
            }
            _ => false,
        }
    }
}

fn same(keys: &[CompactString], left: &Namespace, right: &Namespace) -> bool {
    keys.iter().all(|key| left.labels.get(key).is_some_and(|label| right.labels.get(key) == Some(label)))
}

impl RulePeer {
    pub(crate) fn is(&self, subject: &Pod, other: Other<'_>) -> Answer {
        match (self, other) {
            (Self::Pods(spaces, pods), Other::Pod(pod)) => {
                let answer = spaces.has(&pod.namespace, &subject.namespace).and(Answer::sure(pods.selects(&pod.labels)));
                // What a pod on its host's network says may come from the host.
                Answer { certain: answer.certain && !pod.on_host, ..answer }
            }
            (Self::Pods(spaces, pods), Other::Imagined(imagined)) => {
                Answer::sure(spaces.has_imagined(imagined) && imagined.pods.implies(pods))
            }
            (Self::Addresses(addresses), Other::Addresses(first, last)) => Answer::sure(addresses.covers(first, last)),
            // A block is for addresses outside the cluster; on a further network pods have addresses that somebody chose.
            (Self::Addresses(addresses), Other::Pod(pod)) => pod.addresses.as_ref().map_or(Answer::sure(false), |known| Answer {
                yes: known.iter().any(|address| addresses.covers(*address, *address)),
                certain: !known.is_empty(),
            }),
            _ => Answer::sure(false),
        }
    }
}

impl Rule {
    pub(crate) fn is_about(&self, subject: &Pod, other: Other<'_>) -> Answer {
        let Some(peers) = &self.peers else { return Answer::sure(true) };
        peers.iter().fold(Answer::sure(false), |answer, peer| answer.or(peer.is(subject, other)))
    }
}

impl RulePorts {
    pub(crate) fn all() -> Self {
        Self { numbers: Ports::all(), names: Vec::new() }
    }

    /// The ports at a destination; names of ports that it does not have, and those of addresses, stand for nothing.
    pub(crate) fn at(&self, destination: Other<'_>) -> Ports {
        let mut ports = self.numbers.clone();
        for (protocol, name) in &self.names {
            let found = match destination {
                Other::Pod(pod) => pod.port_of(*protocol, name),
                Other::Addresses(..) => Ports::default(),
                Other::Imagined(_) => PROTOCOLS
                    .into_iter()
                    .filter(|each| protocol.is_none_or(|protocol| protocol == *each))
                    .fold(Ports::default(), |ports, each| ports.union(&Ports::name(each, name))),
            };
            ports = ports.union(&found);
        }
        ports
    }
}

impl Policy {
    pub(crate) fn rules(&self, direction: Direction) -> Option<&[Rule]> {
        match direction {
            Direction::Ingress => self.ingress.as_deref(),
            Direction::Egress => self.egress.as_deref(),
        }
    }

    pub(crate) fn is_about(&self, pod: &Pod) -> Answer {
        self.spaces.has(&pod.namespace, &pod.namespace).and(Answer::sure(self.pods.selects(&pod.labels)))
    }

    /// The blocks of addresses that it speaks of in a direction.
    pub(crate) fn blocks(&self, direction: Direction) -> impl Iterator<Item = &(u32, u32)> {
        let peers = self.rules(direction).unwrap_or_default().iter().flat_map(|rule| rule.peers.as_deref().unwrap_or_default());
        peers.flat_map(|peer| match peer {
            RulePeer::Addresses(addresses) => addresses.parts(),
            RulePeer::Pods(..) => &[],
        })
    }
}

/// Where a policy that could not be read may have its say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// In these namespaces.
    pub(crate) namespaces: BTreeSet<CompactString>,
    /// On further networks.
    pub(crate) further: bool,
    /// Anywhere.
    pub(crate) everywhere: bool,
}

impl Doubt {
    pub(crate) fn is_about(&self, namespace: &str, network: &Network) -> bool {
        match network {
            Network::Further(_) => self.further,
            _ => self.everywhere || self.namespaces.contains(namespace),
        }
    }
}

/// The policies among the items, in the order in which they have their say, with what could not be read.
pub(crate) fn read(items: &[Item]) -> (Vec<Policy>, Vec<Note>, Doubt) {
    let (mut policies, mut notes, mut doubt) = (Vec::new(), Vec::new(), Doubt::default());
    for item in items {
        let mut skipped = Vec::new();
        let read = if is_object(item, "NetworkPolicy", &["networking.k8s.io", "extensions"])
            || is_object(item, "MultiNetworkPolicy", &["k8s.cni.cncf.io"])
        {
            namespaced::read(item, &mut skipped)
        } else if is_object(item, "AdminNetworkPolicy", &["policy.networking.k8s.io"])
            || is_object(item, "BaselineAdminNetworkPolicy", &["policy.networking.k8s.io"])
        {
            admin::read(item, &mut skipped)
        } else {
            continue;
        };
        notes.extend(skipped.into_iter().map(|unread| note(item, &unread, "is left out")));
        match read {
            Ok(policy) => policies.push(policy),
            Err(unread) => {
                notes.push(note(item, &unread, "makes it unreadable; the policy is left out"));
                match (item.value.str_at(&["kind"]), crate::read::namespace(&item.value)) {
                    (Some("NetworkPolicy"), Some(namespace)) => _ = doubt.namespaces.insert(namespace),
                    (Some("MultiNetworkPolicy"), _) => doubt.further = true,
                    _ => doubt.everywhere = true,
                }
            }
        }
    }
    policies.sort_by(|left, right| left.tier.cmp(&right.tier).then_with(|| left.name.cmp(&right.name)));
    (policies, notes, doubt)
}

fn note(item: &Item, unread: &Unread, consequence: &str) -> Note {
    let place = if unread.place.is_some() { unread.place } else { item.header };
    let message = compact_str::format_compact!("{} {consequence}", unread.reason);
    Note { name: item.name.clone(), place, message }
}

/// A port number or the name of a port.
enum PortRef {
    Number(u16),
    Name(CompactString),
}

fn port_ref(value: &Value) -> Result<PortRef, Unread> {
    if let Some(number) = value.as_int() {
        return u16::try_from(number).map(PortRef::Number).map_err(|_| Unread::new(value.place, "a port that does not exist"));
    }
    match value.as_str() {
        Some(name) => Ok(PortRef::Name(name.into())),
        None => Err(Unread::new(value.place, "a port that is not known")),
    }
}

fn protocol(value: &Value) -> Result<Protocol, Unread> {
    if value.is_null() {
        return Ok(Protocol::Tcp);
    }
    let named = value.as_str().and_then(Protocol::named);
    named.ok_or_else(|| Unread::new(value.place, "a protocol that is not known"))
}
