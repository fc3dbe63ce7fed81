//! Virtual networks and subnets: boundaries, and what is peered.

use compact_str::CompactString;
use plimsoll_syntax::{Item, Place, Value};
use rustc_hash::FxHashMap;

use crate::address::Range;
use crate::builder::Builder;
use crate::model::{Gate, Kind, NodeId};
use crate::platforms::clouds::{elsewhere, named, names};
use crate::platforms::entries::flag;
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// What every machine of Azure is known by to firewalls that let "Azure services" in.
pub(super) const AZURE: &str = "Azure services";

/// A peer: its name, the peering that says so, and why it may let nothing through.
type Peer = (CompactString, Place, Option<Missing>);

/// The virtual networks of a root module.
#[derive(Debug, Default)]
pub(super) struct Networks {
    /// Those that traffic may come from besides one's own, with the peering that says so.
    peers: FxHashMap<CompactString, Vec<Peer>>,
    /// All, those that are not in this code included.
    pub(super) all: Vec<NodeId>,
}

/// Where something stands.
#[derive(Debug, Default)]
pub(super) struct Spot<'a> {
    /// Its subnet, where that is in this code.
    pub(super) subnet: Option<&'a Item>,
    /// The subnet is not in this code, or may be another.
    pub(super) missing: Option<Missing>,
    /// The subnet and its network.
    pub(super) inside: Vec<NodeId>,
    /// The network.
    pub(super) network: Option<NodeId>,
    /// Addresses that it may have.
    pub(super) addresses: Vec<Range>,
    /// What it is known by: its subnet, its network.
    pub(super) groups: Vec<CompactString>,
    /// The networks that the tag VirtualNetwork means there.
    pub(super) tag: Vec<CompactString>,
}

/// Every virtual network and subnet becomes a network that others are inside of.
pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) -> Networks {
    let mut networks = Networks::default();
    for network in resources.of_type("azurerm_virtual_network") {
        let mut node = Builder::describe(network, Kind::Network);
        node.labels = Builder::labels(network.value.get("tags"));
        node.addresses = ranges(&network.value, &["address_space"]);
        networks.all.push(builder.node(node));
    }
    for subnet in resources.of_type("azurerm_subnet") {
        let mut node = Builder::describe(subnet, Kind::Network);
        node.addresses = ranges(&subnet.value, &["address_prefixes", "address_prefix"]);
        node.inside.extend(network_of(resources, subnet).items.first().and_then(|network| builder.find(&network.name)));
        builder.node(node);
    }
    networks.peers = peers(resources);
    networks
}

fn network_of<'a>(resources: &Resources<'a>, subnet: &Item) -> crate::platforms::clouds::Named<'a> {
    named(resources, field(&subnet.value, "virtual_network_name"), &["azurerm_virtual_network"], "name")
}

fn ranges(value: &Value, keys: &[&str]) -> Vec<Range> {
    let values = keys.iter().filter_map(|key| field(value, key));
    let texts = values.flat_map(|value| value.items().iter().chain(std::slice::from_ref(value)));
    texts.filter_map(Value::as_str).filter_map(Range::parse).collect()
}

/// The networks that are peered both ways.
fn peers(resources: &Resources<'_>) -> FxHashMap<CompactString, Vec<Peer>> {
    let network = |value: Option<&Value>| {
        let found = named(resources, value, &["azurerm_virtual_network"], "name");
        found.items.first().map(|network| network.name.clone())
    };
    let mut halves = Vec::new();
    for peering in resources.of_type("azurerm_virtual_network_peering") {
        let from = network(field(&peering.value, "virtual_network_name"));
        let to = network(field(&peering.value, "remote_virtual_network_id"));
        let open = flag(&peering.value, "allow_virtual_network_access", true);
        if let (Some(from), Some(to), false) = (from, to, open == Ok(false)) {
            halves.push((from, to, peering.header, open.err()));
        }
    }
    let mut peers: FxHashMap<CompactString, Vec<Peer>> = FxHashMap::default();
    for (from, to, place, doubt) in &halves {
        if let Some((.., other)) = halves.iter().find(|(back, forth, ..)| back == to && forth == from) {
            let doubt = doubt.clone().or_else(|| other.clone());
            peers.entry(from.clone()).or_default().push((to.clone(), *place, doubt));
        }
    }
    peers
}

impl Networks {
    /// Where a subnet's identifier leads.
    pub(super) fn spot<'a>(&mut self, resources: &Resources<'a>, value: Option<&Value>, builder: &mut Builder) -> Spot<'a> {
        let found = named(resources, value, &["azurerm_subnet"], "name");
        let mut spot = Spot { missing: found.missing, ..Spot::default() };
        if let Some(subnet) = found.items.first() {
            let network = network_of(resources, subnet);
            let id = match (network.items.first(), network.missing) {
                (Some(network), _) => builder.find(&network.name),
                (None, missing) => {
                    let what = missing.map_or_else(|| subnet.name.clone(), |missing| missing.what);
                    Some(elsewhere(format!("virtual network {what}"), "azurerm_virtual_network", builder))
                }
            };
            spot.subnet = Some(subnet);
            spot.inside = builder.find(&subnet.name).into_iter().chain(id).collect();
            spot.network = id;
            spot.addresses = ranges(&subnet.value, &["address_prefixes", "address_prefix"]);
            spot.groups = names(&[subnet]);
        } else {
            let network = value.map(|value| named(resources, Some(value), &["azurerm_virtual_network"], "name"));
            let own = network.and_then(|network| network.items.into_iter().next());
            match own {
                // A subnet that is written within its network: which of them is not told apart.
                Some(network) => {
                    let guarded = blocks(&network.value, "subnet").iter().any(|block| field(block, "security_group").is_some());
                    spot.missing = guarded.then(|| Missing::new(format!("the subnet of {}", network.name)));
                    spot.network = builder.find(&network.name);
                    spot.addresses = ranges(&network.value, &["address_space"]);
                }
                None => {
                    let missing = spot.missing.get_or_insert_with(|| Missing::new("the subnet"));
                    spot.network = Some(elsewhere(format!("subnet {}", missing.what), "azurerm_subnet", builder));
                }
            }
            spot.inside.extend(spot.network);
        }
        if let Some(id) = spot.network {
            if !self.all.contains(&id) {
                self.all.push(id);
            }
            let name = builder.world.node(id).map(|node| node.name.clone()).unwrap_or_default();
            let peered = self.peers.get(&name).into_iter().flatten().map(|(peer, ..)| peer.clone());
            spot.tag = std::iter::once(name.clone()).chain(peered).collect();
            spot.groups.extend([name, AZURE.into()]);
        }
        spot
    }

    /// What is in a network is reached from its peers, too.
    pub(super) fn peer(&self, builder: &mut Builder) {
        let mut ways: FxHashMap<NodeId, Vec<(NodeId, Vec<Gate>)>> = FxHashMap::default();
        for way in &builder.world.ways {
            if self.all.contains(&way.from) {
                ways.entry(way.from).or_default().push((way.to, way.gates.clone()));
            }
        }
        for from in &self.all {
            let Some(name) = builder.world.node(*from).map(|node| node.name.clone()) else { continue };
            for (peer, place, doubt) in self.peers.get(&name).into_iter().flatten() {
                let Some(there) = builder.find(peer) else { continue };
                for (to, gates) in ways.get(&there).into_iter().flatten() {
                    let step = Step::at(*place, format!("{name} and {peer} are peers"));
                    let step = doubt.clone().map_or_else(|| Gate::Open(step.clone()), |doubt| Gate::Unknown(step.clone(), doubt));
                    builder.passes_on(*from, *to, std::iter::once(step).chain(gates.iter().cloned()).collect());
                }
            }
        }
    }
}
