//! Octavia, the load balancers of OpenStack.
//!
//! Closed-world rules, from Octavia's guides and the provider's pages:
//! - A balancer has its address in the network or subnet of its VIP; from outside it is reached by a floating address on the VIP's port, or
//!   where that network is external.
//! - It answers on the ports of its listeners, to everybody unless `allowed_cidrs` says to whom; Octavia sets up the group for that by itself.
//! - It speaks to members from an address of its own, in the subnet of its VIP, and they are known by their address.

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Place, Value};

use super::clouds::{self, Named, named, port_of};
use super::entries::{addresses, flag, says};
use super::openstack::{NETWORK, SUBNET};
use crate::address::Range;
use crate::builder::Builder;
use crate::filter::Sources;
use crate::model::{Gate, Kind, NodeId, World};
use crate::resources::{Resources, blocks, field, values_at};
use crate::said::{Missing, Step};

/// Adds the balancers, to the instances that are there by now.
pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for balancer in resources.of_type("openstack_lb_loadbalancer_v2") {
        one(resources, balancer, builder);
    }
}

fn one(resources: &Resources<'_>, balancer: &Item, builder: &mut Builder) {
    let value = &balancer.value;
    let id = builder.node_of(balancer, Kind::Proxy);
    let subnet = named(resources, field(value, "vip_subnet_id"), SUBNET, "name");
    let of_subnet = subnet.items.first().map(|subnet| named(resources, field(&subnet.value, "network_id"), NETWORK, "name"));
    let network = of_subnet.unwrap_or_else(|| {
        let found = named(resources, field(value, "vip_network_id"), NETWORK, "name");
        let missing = found.missing.or_else(|| subnet.missing.clone());
        Named { items: found.items, missing }
    });
    let listeners = resources.referring("openstack_lb_listener_v2", "loadbalancer_id", balancer);
    let heard = heard(balancer, &listeners);
    let gates: Vec<Gate> = std::iter::once(outside(resources, balancer, &network)).chain(heard.clone()).collect();
    builder.begins(World::INTERNET, id, gates);
    let there = network.items.first().and_then(|network| builder.find(&network.name));
    if let Some(there) = there {
        builder.passes_on(there, id, heard.into_iter().collect());
    }
    let own = says(value, "vip_address").and_then(Range::parse);
    let of_subnet = subnet.items.iter().filter_map(|subnet| says(&subnet.value, "cidr")).filter_map(Range::parse);
    let addresses: Vec<Range> = of_subnet.chain(own.filter(|_| subnet.items.is_empty())).collect();
    if let Some(node) = builder.get(id) {
        node.inside.extend(there);
        node.addresses = addresses;
    }
    for listener in listeners {
        listen(resources, balancer, listener, id, builder);
    }
}

/// Whether the internet can speak to a balancer.
fn outside(resources: &Resources<'_>, balancer: &Item, network: &Named<'_>) -> Gate {
    let name = &balancer.name;
    let kinds = ["openstack_networking_floatingip_v2", "openstack_networking_floatingip_associate_v2"];
    let floating = kinds.into_iter().flat_map(|kind| resources.referring(kind, "port_id", balancer)).next();
    if let Some(floating) = floating {
        return Gate::Open(Step::at(floating.header, format!("{} gives {name} a floating address", floating.name)));
    }
    match network.items.first() {
        Some(network) => {
            let told = [
                format!("{} is an external network", network.name),
                format!("{name} has no floating address"),
                format!("{} may be an external network", network.name),
            ];
            let external = flag(&network.value, "external", false);
            let at = if external == Ok(false) { balancer.header } else { clouds::at(&network.value, "external", network.header) };
            clouds::gate(external, at, told)
        }
        None => {
            let what =
                network.missing.as_ref().map_or_else(|| format!("the network of {name}"), |missing| missing.what.to_string());
            let missing = Missing::new(format!("whether {what} is reached from the internet"));
            Gate::Unknown(Step::at(balancer.header, format!("{what} may be an external network")), missing)
        }
    }
}

fn protocol(listener: &Item) -> Protocol {
    match says(&listener.value, "protocol") {
        Some("UDP") => Protocol::Udp,
        Some("SCTP") => Protocol::Sctp,
        _ => Protocol::Tcp,
    }
}

/// The ports that it answers on, and to whom.
fn heard(balancer: &Item, listeners: &[&Item]) -> Option<Gate> {
    let mut more = None;
    let mut entries = Vec::new();
    for listener in listeners {
        let value = &listener.value;
        if flag(value, "admin_state_up", true) == Ok(false) {
            continue;
        }
        let mut sources = Sources::default();
        match field(value, "allowed_cidrs")
            .filter(|list| list.as_list().is_none_or(|list| !list.items.is_empty() || list.tail.is_some()))
        {
            Some(list) => addresses(Some(list), &mut sources),
            None => sources = Sources::everybody(),
        }
        let Some(port) = port_of(field(value, "protocol_port")) else {
            more = Some(Missing::new(format!("the port of {}", listener.name)));
            continue;
        };
        let step = Step::at(listener.header, format!("{} lets it in", listener.name));
        entries.push(clouds::allow((Ports::range(protocol(listener), port, port), None), sources, step));
    }
    if listeners.is_empty() {
        more = Some(Missing::new(format!("the listeners of {}", balancer.name)));
    }
    Some(clouds::allowlist(balancer.name.to_string(), balancer.header, entries, more))
}

/// The ways from a listener to the members of its pools.
fn listen(resources: &Resources<'_>, balancer: &Item, listener: &Item, id: NodeId, builder: &mut Builder) {
    let mut pools = resources.referring("openstack_lb_pool_v2", "listener_id", listener);
    let policies = resources.referring("openstack_lb_l7policy_v2", "listener_id", listener);
    let by_default = field(&listener.value, "default_pool_id").into_iter();
    for value in by_default.chain(policies.iter().filter_map(|policy| field(&policy.value, "redirect_pool_id"))) {
        pools.extend(resources.referred(value).items);
    }
    pools.sort_by(|left, right| left.name.cmp(&right.name));
    pools.dedup_by(|left, right| std::ptr::eq(*left, *right));
    let from = port_of(field(&listener.value, "protocol_port"));
    for pool in pools {
        let single =
            resources.referring("openstack_lb_member_v2", "pool_id", pool).into_iter().map(|item| (&item.value, item.header));
        let several = resources.referring("openstack_lb_members_v2", "pool_id", pool);
        let several = several.into_iter().flat_map(|item| blocks(&item.value, "member")).map(|block| (block, block.place));
        for (member, place) in single.chain(several).collect::<Vec<_>>() {
            for (target, name) in targets(resources, member, builder) {
                let behind = behind(builder, target);
                let ports = (from, port_of(field(member, "protocol_port")));
                let gates = led(listener, (&balancer.name, &name), ports, place, behind);
                builder.forwards(id, target, gates);
            }
        }
    }
}

fn led(listener: &Item, names: (&str, &str), ports: (Option<u16>, Option<u16>), place: Place, behind: Vec<Gate>) -> Vec<Gate> {
    let mut gates = clouds::led(names, ports, place, behind);
    if let Some(Gate::Map { protocol: own, .. }) = gates.first_mut() {
        *own = protocol(listener);
    }
    gates
}

/// The instances of a member: by what its address refers to, or by the address that they surely have.
fn targets(resources: &Resources<'_>, member: &Value, builder: &Builder) -> Vec<(NodeId, String)> {
    let Some(written) = field(member, "address") else { return Vec::new() };
    if let Some(address) = written.as_str().and_then(Range::parse) {
        let has = |node: &crate::model::Node| node.kind == Kind::Machine && node.addresses.contains(&address);
        return builder.world.all().filter(|(_, node)| has(node)).map(|(id, node)| (id, node.name.to_string())).collect();
    }
    let mut found = Vec::new();
    for item in resources.referred(written).items {
        if Resources::is_of(item, "openstack_networking_port_v2") {
            let instances = resources.of_type("openstack_compute_instance_v2");
            let on = |instance: &&Item| {
                let ports = values_at(&instance.value, &["network", "port"]);
                ports.into_iter().any(|port| resources.referred(port).items.iter().any(|own| own.name == item.name))
            };
            found.extend(instances.filter(on));
        } else {
            found.push(item);
        }
    }
    found.into_iter().filter_map(|item| Some((builder.find(&item.name)?, item.name.to_string()))).collect()
}

/// What stands before an instance within its network.
fn behind(builder: &Builder, target: NodeId) -> Vec<Gate> {
    let inside = builder.world.node(target).map(|node| node.inside.as_slice()).unwrap_or_default();
    let way = builder.world.ways.iter().find(|way| way.to == target && inside.contains(&way.from));
    way.map(|way| way.gates.clone()).unwrap_or_default()
}
