//! API servers of AKS, and container groups.

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Value};

use super::network::Networks;
use super::security_group;
use crate::builder::Builder;
use crate::filter::Sources;
use crate::ladder::Rung;
use crate::model::{Evidence, Gate, Kind, Listener, World};
use crate::platforms::clouds::{self, Named, Public, port_of};
use crate::platforms::entries::{addresses, flag, says};
use crate::resources::{Resources, blocks, field, values_at};
use crate::said::{Missing, Step};

pub(super) fn build(resources: &Resources<'_>, networks: &mut Networks, builder: &mut Builder) -> Vec<Public> {
    let clusters: Vec<&Item> = resources.of_type("azurerm_kubernetes_cluster").collect();
    let public = clusters.into_iter().map(|cluster| api_server(resources, cluster, networks, builder)).collect();
    for group in resources.of_type("azurerm_container_group") {
        containers(resources, group, networks, builder);
    }
    public
}

/// The API server of AKS: public unless the cluster is private, to everybody unless ranges are written ("API server authorized IP
/// address ranges").
fn api_server(resources: &Resources<'_>, cluster: &Item, networks: &mut Networks, builder: &mut Builder) -> Public {
    let value = &cluster.value;
    let id = builder.node_of(cluster, Kind::ApiServer);
    let private = flag(value, "private_cluster_enabled", false);
    let place = clouds::at(value, "private_cluster_enabled", cluster.header);
    let name = &cluster.name;
    let told =
        [format!("{name} has a public endpoint"), format!("{name} is private"), format!("{name} may have a public endpoint")];
    let public = clouds::gate(private.map(|private| !private), place, told);
    let ranges = values_at(value, &["api_server_access_profile", "authorized_ip_ranges"]);
    let ranges = ranges.first().copied().or_else(|| field(value, "api_server_authorized_ip_ranges"));
    let ranges = ranges.filter(|value| value.as_list().is_none_or(|list| !list.items.is_empty() || list.tail.is_some()));
    let mut sources = Sources::default();
    match ranges {
        Some(value) => addresses(Some(value), &mut sources),
        None => sources = Sources::everybody(),
    }
    let who = ranges.map_or(cluster.header, |value| value.place);
    let answers = Ports::range(Protocol::Tcp, 443, 443);
    let entry = clouds::allow((answers, None), sources, Step::at(who, format!("the endpoint of {name} lets it in")));
    let filter = |entry| clouds::allowlist(format!("the public endpoint of {name}"), who, vec![entry], None);
    builder.begins(World::INTERNET, id, vec![public.clone(), filter(entry.clone())]);
    let within = vec![public, filter(clouds::going_out(entry, None))];
    let subnet = values_at(value, &["default_node_pool", "vnet_subnet_id"]).first().copied();
    let network = subnet.map(|subnet| networks.spot(resources, Some(subnet), builder).network);
    if let Some(network) = network.flatten() {
        let step = Step::at(cluster.header, format!("the API server of {name} is reached from its network"));
        builder.passes_on(network, id, vec![Gate::Only(Ports::range(Protocol::Tcp, 443, 443), step)]);
        if let Some(node) = builder.get(id) {
            node.inside.push(network);
        }
    }
    if let Some(node) = builder.get(id) {
        node.listeners.push(clouds::listener(cluster, 443, "kubernetes-api", "tls", cluster.header));
        node.labels = Builder::labels(field(value, "tags"));
    }
    Public { id, gates: within }
}

/// A container group: a virtual machine of its own ("Container Instances", hypervisor-level security), public unless it says otherwise.
fn containers(resources: &Resources<'_>, group: &Item, networks: &mut Networks, builder: &mut Builder) {
    let value = &group.value;
    let id = builder.node_of(group, Kind::Task);
    let kind = field(value, "ip_address_type");
    let place = kind.map_or(group.header, |value| value.place);
    let subnets = field(value, "subnet_ids").or_else(|| field(value, "network_profile_id"));
    let public = match kind.map(|kind| kind.as_str().ok_or_else(|| Missing::of(kind))) {
        None => Ok(subnets.is_none()),
        Some(Ok(text)) => Ok(text.eq_ignore_ascii_case("public")),
        Some(Err(missing)) => Err(missing.unwrap_or_else(|| Missing::new("its kind of address"))),
    };
    let name = &group.name;
    let told = [
        format!("{name} has a public address"),
        format!("{name} has no public address"),
        format!("{name} may have a public address"),
    ];
    let listeners = listeners(group);
    let mut gates = vec![clouds::gate(public, place, told)];
    match clouds::only(&listeners) {
        Some(only) => gates.push(only),
        None => gates.push(Gate::Wall(Step::at(group.header, format!("{name} has no port")))),
    }
    builder.begins(World::INTERNET, id, gates);
    if subnets.is_some() {
        let spot = networks.spot(resources, subnets, builder);
        let guards = security_group::guards(resources, &spot, Named::default(), (name, &[]), group.header);
        if let Some(network) = spot.network {
            clouds::join(group, id, network, guards.gates, builder);
        }
        if let Some(node) = builder.get(id) {
            node.inside.extend(spot.inside);
            node.addresses.extend(spot.addresses);
            node.groups.extend(spot.groups);
        }
    }
    let confidential = says(value, "sku") == Some("Confidential");
    let why = if confidential {
        "a confidential container group: a virtual machine of its own, and its memory is encrypted against its host"
    } else {
        "a container group has a virtual machine of its own"
    };
    let images =
        values_at(value, &["container", "image"]).into_iter().filter_map(|image| Some((image.as_str()?.into(), image.place)));
    if let Some(node) = builder.get(id) {
        node.evidence.push(Evidence { rung: Rung::OwnKernel, step: Step::at(clouds::at(value, "sku", group.header), why) });
        node.listeners = listeners;
        node.labels = Builder::labels(field(value, "tags"));
        node.images = images.collect();
    }
}

/// The exposed ports of a group; those of its containers where it names none.
fn listeners(group: &Item) -> Vec<Listener> {
    let own = blocks(&group.value, "exposed_port");
    let containers = || blocks(&group.value, "container").iter().flat_map(|container| blocks(container, "ports"));
    let written: Vec<&Value> = if own.is_empty() { containers().collect() } else { own.iter().collect() };
    let one = |block: &Value| {
        let port = port_of(field(block, "port"))?;
        let udp = says(block, "protocol").is_some_and(|protocol| protocol.eq_ignore_ascii_case("udp"));
        let protocol = if udp { Protocol::Udp } else { Protocol::Tcp };
        let step = Step::at(block.place, format!("{} answers on port {port}", group.name));
        Some(Listener { protocol, port, service: "".into(), step, proof: None })
    };
    written.into_iter().filter_map(one).collect()
}
