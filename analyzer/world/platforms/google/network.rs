//! Networks and subnetworks: boundaries, and what is peered.

use compact_str::CompactString;
use plimsoll_syntax::{Item, Place, Value};
use rustc_hash::FxHashMap;

use super::firewall::Rules;
use crate::address::Range;
use crate::builder::Builder;
use crate::model::{Gate, Kind, Node, NodeId};
use crate::platforms::clouds::{elsewhere, named};
use crate::platforms::entries::{flag, says};
use crate::resources::{Resources, field, values_at};
use crate::said::{Missing, Step};

/// The network that a project comes with.
pub(super) const DEFAULT: &str = "the default network";
/// The addresses of networks whose subnetworks the platform makes ("VPC networks", auto mode).
const AUTOMATIC: &str = "10.128.0.0/9";

const NETWORK: &[&str] = &["google_compute_network"];
const SUBNETWORK: &[&str] = &["google_compute_subnetwork"];

/// Which network something is in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Key {
    /// One of this code, by its address.
    Known(CompactString),
    /// The default one.
    Default,
    /// Another.
    Elsewhere(Missing),
}

impl Key {
    /// As steps and walls name it.
    pub(super) fn name(&self) -> CompactString {
        match self {
            Self::Known(name) => name.clone(),
            Self::Default => DEFAULT.into(),
            Self::Elsewhere(missing) => missing.what.clone(),
        }
    }
}

/// Where something stands.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) key: Key,
    /// The network.
    pub(super) network: NodeId,
    /// The subnetwork and the network.
    pub(super) inside: Vec<NodeId>,
    /// Addresses that it may have.
    pub(super) addresses: Vec<Range>,
}

/// The networks of a root module, with their firewall rules.
pub(super) struct Networks<'a> {
    pub(super) rules: Rules<'a>,
    /// All, those that are not in this code included.
    pub(super) all: Vec<NodeId>,
    peers: FxHashMap<CompactString, Vec<(CompactString, Place)>>,
}

impl<'a> Networks<'a> {
    /// Every network and subnetwork becomes a network that others are inside of.
    pub(super) fn build(resources: &Resources<'a>, builder: &mut Builder) -> Self {
        let mut all = Vec::new();
        for network in resources.of_type("google_compute_network") {
            let node = Node { addresses: automatic(network), ..Builder::describe(network, Kind::Network) };
            all.push(builder.node(node));
        }
        for subnetwork in resources.of_type("google_compute_subnetwork") {
            let network = key(resources, field(&subnetwork.value, "network"));
            let mut node = Builder::describe(subnetwork, Kind::Network);
            node.addresses = says(&subnetwork.value, "ip_cidr_range").and_then(Range::parse).into_iter().collect();
            if let Key::Known(name) = network {
                node.inside.extend(builder.find(&name));
            }
            builder.node(node);
        }
        Self { rules: Rules::of(resources), all, peers: peers(resources) }
    }

    /// Where an interface, a cluster or the like stands, by its `network` and `subnetwork`.
    pub(super) fn spot(&mut self, resources: &Resources<'a>, value: &Value, builder: &mut Builder) -> Spot {
        let subnetwork = named(resources, field(value, "subnetwork"), SUBNETWORK, "name");
        let known = subnetwork.items.first().copied();
        let key = match known {
            Some(subnetwork) => key(resources, field(&subnetwork.value, "network")),
            None => match field(value, "network").or_else(|| field(value, "subnetwork")) {
                Some(written) => key(resources, Some(written)),
                None => Key::Default,
            },
        };
        let network = self.node(&key, builder);
        let mut addresses: Vec<Range> = match known {
            Some(subnetwork) => says(&subnetwork.value, "ip_cidr_range").and_then(Range::parse).into_iter().collect(),
            None => builder.world.node(network).map(|node| node.addresses.clone()).unwrap_or_default(),
        };
        if let Some(own) = says(value, "network_ip").and_then(Range::parse) {
            addresses = vec![own];
        }
        let inside = known.and_then(|subnetwork| builder.find(&subnetwork.name)).into_iter().chain([network]).collect();
        Spot { key, network, inside, addresses }
    }

    /// The node of a network.
    pub(super) fn node(&mut self, key: &Key, builder: &mut Builder) -> NodeId {
        let id = match key {
            Key::Known(name) => builder.find(name),
            Key::Default | Key::Elsewhere(_) => None,
        };
        let id = id.unwrap_or_else(|| match key {
            Key::Elsewhere(missing) => elsewhere(format!("network {}", missing.what), "google_compute_network", builder),
            _ => elsewhere(key.name().into(), "google_compute_network", builder),
        });
        if !self.all.contains(&id) {
            self.all.push(id);
            if *key == Key::Default
                && let Some(node) = builder.get(id)
            {
                node.addresses.extend(Range::parse(AUTOMATIC));
            }
        }
        id
    }

    /// What is in a network is reached from its peers, too.
    pub(super) fn peer(&self, builder: &mut Builder) {
        let mut ways: FxHashMap<NodeId, Vec<(NodeId, Vec<Gate>)>> = FxHashMap::default();
        for way in &builder.world.ways {
            if self.all.contains(&way.from) {
                ways.entry(way.from).or_default().push((way.to, way.gates.clone()));
            }
        }
        for (name, peers) in &self.peers {
            let Some(from) = builder.find(name) else { continue };
            for (peer, place) in peers {
                let Some(there) = builder.find(peer) else { continue };
                for (to, gates) in ways.get(&there).into_iter().flatten() {
                    let step = Gate::Open(Step::at(*place, format!("{name} and {peer} are peers")));
                    builder.passes_on(from, *to, std::iter::once(step).chain(gates.iter().cloned()).collect());
                }
            }
        }
    }
}

fn automatic(network: &Item) -> Vec<Range> {
    match flag(&network.value, "auto_create_subnetworks", true) {
        Ok(true) => Range::parse(AUTOMATIC).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Which network a value names.
pub(super) fn key(resources: &Resources<'_>, value: Option<&Value>) -> Key {
    let found = named(resources, value, NETWORK, "name");
    if let Some(network) = found.items.first() {
        return Key::Known(network.name.clone());
    }
    let text = value.and_then(Value::as_str).unwrap_or("");
    let looked_up = value.map(|value| resources.referred(value).items).unwrap_or_default();
    let is_default = text == "default" || text.ends_with("/default");
    if is_default || looked_up.iter().any(|item| says(&item.value, "name") == Some("default")) {
        return Key::Default;
    }
    Key::Elsewhere(found.missing.unwrap_or_else(|| Missing::new("the network")))
}

/// The networks that are peered both ways ("VPC Network Peering": both sides must set it up).
fn peers(resources: &Resources<'_>) -> FxHashMap<CompactString, Vec<(CompactString, Place)>> {
    let mut halves = Vec::new();
    for peering in resources.of_type("google_compute_network_peering") {
        let ends = ["network", "peer_network"].map(|side| key(resources, field(&peering.value, side)));
        if let [Key::Known(from), Key::Known(to)] = ends {
            halves.push((from, to, peering.header));
        }
    }
    let mut peers: FxHashMap<CompactString, Vec<(CompactString, Place)>> = FxHashMap::default();
    for (from, to, place) in &halves {
        if halves.iter().any(|(back, forth, _)| back == to && forth == from) {
            peers.entry(from.clone()).or_default().push((to.clone(), *place));
        }
    }
    peers
}

/// The proxy-only subnetworks of a network: whence regional proxies connect.
pub(super) fn proxies(resources: &Resources<'_>) -> Vec<Range> {
    let all = resources.of_type("google_compute_subnetwork").filter(|subnetwork| {
        says(&subnetwork.value, "purpose")
            .is_some_and(|purpose| purpose.ends_with("MANAGED_PROXY") || purpose == "INTERNAL_HTTPS_LOAD_BALANCER")
    });
    all.flat_map(|subnetwork| values_at(&subnetwork.value, &["ip_cidr_range"]))
        .filter_map(Value::as_str)
        .filter_map(Range::parse)
        .collect()
}
