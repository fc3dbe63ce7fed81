//! OpenStack.
//!
//! Closed-world rules, from the documentation of Neutron and Nova:
//! - An instance in a network of this code is reached from outside by a floating address alone ("Network address translation"), unless the
//!   network is external. Whether a network that is not in code is an external one is not known.
//! - Security groups only allow; several add up; what no rule speaks of is refused. A rule without a remote is for everybody. Without a
//!   group an instance is in the default one, which lets in its own members alone ("Security groups").
//! - A port without port security is filtered by nothing ("Port security").

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_connectivity::Ports;
use plimsoll_syntax::{Item, Place, Value};

use super::clouds::{self, Named, named};
use super::entries::{self, addresses, flag, says};
use crate::address::Range;
use crate::builder::Builder;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::model::{Gate, Kind, Node, NodeId, World};
use crate::resources::{Resources, blocks, field, values_at};
use crate::said::{Missing, Step};

pub(super) const NETWORK: &[&str] = &["openstack_networking_network_v2"];
pub(super) const SUBNET: &[&str] = &["openstack_networking_subnet_v2"];
const PORT: &[&str] = &["openstack_networking_port_v2"];
const GROUPS: &[&str] = &["openstack_networking_secgroup_v2", "openstack_compute_secgroup_v2"];
/// What the members of the default group are known by.
const DEFAULT: &str = "the default security group";

/// Adds what it runs.
pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for network in resources.of_type("openstack_networking_network_v2") {
        let subnets = resources.referring("openstack_networking_subnet_v2", "network_id", network);
        let addresses = subnets.iter().filter_map(|subnet| says(&subnet.value, "cidr")).filter_map(Range::parse).collect();
        builder.node(Node { addresses, ..Builder::describe(network, Kind::Network) });
    }
    for instance in resources.of_type("openstack_compute_instance_v2") {
        let labels = field(&instance.value, "metadata");
        let id = clouds::machine(instance, labels, None, builder);
        let interfaces = blocks(&instance.value, "network");
        if interfaces.is_empty() {
            let missing = Missing::new(format!("the network of {}", instance.name));
            let step = Step::at(instance.header, format!("{} may be reached", missing.what));
            builder.begins(World::INTERNET, id, vec![Gate::Unknown(step, missing)]);
        }
        for interface in interfaces {
            attach(resources, instance, interface, id, builder);
        }
    }
}

fn attach(resources: &Resources<'_>, instance: &Item, interface: &Value, id: NodeId, builder: &mut Builder) {
    let port = named(resources, field(interface, "port"), PORT, "name");
    let at = port.items.first().map_or(interface, |port| &port.value);
    let written = ["uuid", "network_id", "name"]
        .into_iter()
        .find_map(|key| field(at, key).filter(|_| key != "name" || port.items.is_empty()));
    let network = match &port.missing {
        Some(missing) => Named { items: Vec::new(), missing: Some(missing.clone()) },
        None => named(resources, written, NETWORK, "name"),
    };
    let guard = guard(resources, instance, port.items.first().copied());
    let outside = outside(resources, instance, (port.items.first().copied(), interface.place), &network);
    builder.begins(World::INTERNET, id, outside.into_iter().chain(guard.gates.iter().cloned()).collect());
    let there = match network.items.first() {
        Some(network) => builder.find(&network.name),
        None => {
            let what = network.missing.map_or_else(|| instance.name.clone(), |missing| missing.what);
            Some(clouds::elsewhere(format!("network {what}"), "openstack_networking_network_v2", builder))
        }
    };
    let Some(there) = there else { return };
    clouds::join(instance, id, there, guard.gates, builder);
    let mut own: Vec<Range> = says(interface, "fixed_ip_v4").and_then(Range::parse).into_iter().collect();
    let fixed = values_at(at, &["fixed_ip", "ip_address"]);
    own.extend(fixed.into_iter().filter_map(Value::as_str).filter_map(Range::parse));
    if own.is_empty() {
        let subnets = values_at(at, &["fixed_ip", "subnet_id"])
            .into_iter()
            .flat_map(|value| named(resources, Some(value), SUBNET, "name").items);
        own = subnets.filter_map(|subnet| says(&subnet.value, "cidr")).filter_map(Range::parse).collect();
    }
    if own.is_empty() {
        own = builder.world.node(there).map(|node| node.addresses.clone()).unwrap_or_default();
    }
    if let Some(node) = builder.get(id) {
        node.inside.push(there);
        node.addresses.extend(own);
        node.groups.extend(guard.names);
    }
}

/// Whether the internet can speak to an interface.
fn outside(resources: &Resources<'_>, instance: &Item, (port, place): (Option<&Item>, Place), network: &Named<'_>) -> Vec<Gate> {
    let name = &instance.name;
    let by_instance = resources.referring("openstack_compute_floatingip_associate_v2", "instance_id", instance);
    let by_port = |kind, attribute| port.map(|port| resources.referring(kind, attribute, port)).unwrap_or_default();
    let associated = by_port("openstack_networking_floatingip_associate_v2", "port_id");
    let own = by_port("openstack_networking_floatingip_v2", "port_id");
    if let Some(floating) = by_instance.iter().chain(&associated).chain(&own).next() {
        return vec![Gate::Open(Step::at(floating.header, format!("{} gives {name} a floating address", floating.name)))];
    }
    match (network.items.first(), &network.missing) {
        (Some(network), _) => {
            let at = clouds::at(&network.value, "external", network.header);
            let told = [
                format!("{} is an external network", network.name),
                format!("{name} has no floating address"),
                format!("{} may be an external network", network.name),
            ];
            let external = flag(&network.value, "external", false);
            let at = if external == Ok(false) { place } else { at };
            vec![clouds::gate(external, at, told)]
        }
        (None, missing) => {
            let what = missing.as_ref().map_or_else(|| CompactString::from("its network"), |missing| missing.what.clone());
            let missing = Missing::new(format!("whether {what} is reached from the internet"));
            vec![Gate::Unknown(Step::at(place, format!("{what} may be an external network")), missing)]
        }
    }
}

/// What filters an interface.
struct Guard {
    names: Vec<CompactString>,
    gates: Vec<Gate>,
}

/// The groups of a port; without one those of the instance.
fn guard(resources: &Resources<'_>, instance: &Item, port: Option<&Item>) -> Guard {
    if let Some(port) = port {
        let enabled = field(&port.value, "port_security_enabled");
        let free = field(&port.value, "no_security_groups").filter(|value| value.as_bool() == Some(true));
        if let Some(value) = enabled.filter(|value| value.as_bool() == Some(false)).or(free) {
            let step = Step::at(value.place, format!("{} has no port security: every port is open", port.name));
            return Guard { names: Vec::new(), gates: vec![Gate::Open(step)] };
        }
        if let Some(missing) = enabled.and_then(Missing::of) {
            let step = Step::at(port.header, format!("{} may have no port security", port.name));
            return Guard { names: Vec::new(), gates: vec![Gate::Unknown(step, missing)] };
        }
    }
    let of_port = port.and_then(|port| field(&port.value, "security_group_ids"));
    let written = if port.is_some() { of_port } else { field(&instance.value, "security_groups") };
    let mut found = named(resources, written, GROUPS, "name");
    // `default` beside others, or nothing written at all.
    let texts: Vec<&str> = written.map(|value| value.items().iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    let default = texts.contains(&"default") || written.is_none() || found.items.is_empty() && found.missing.is_none();
    if texts.iter().all(|text| *text == "default") && !texts.is_empty() {
        found.missing = None;
    }
    let mut names = clouds::names(&found.items);
    let mut entries: Vec<Entry> = found.items.iter().flat_map(|group| rules(resources, group)).collect();
    if default {
        let sources = Sources { groups: vec![DEFAULT.into()], ..Sources::default() };
        let step = Step::at(Place::NONE, format!("{DEFAULT} lets its own members in"));
        entries.push(clouds::allow((Ports::all(), None), sources, step));
        names.push(DEFAULT.into());
    }
    let more = found.missing.map(|missing| Missing::new(format!("the rules of {}", missing.what)));
    let name = if names.is_empty() {
        more.as_ref().map(|missing| missing.what.to_string()).unwrap_or_default()
    } else {
        names.join(" and ")
    };
    let place = found.items.first().map_or(instance.header, |group| group.header);
    let filter = Filter { name, place, entries, otherwise: Otherwise::Refused, more };
    Guard { names, gates: vec![Gate::Filter(Arc::new(filter))] }
}

/// What a group lets in.
fn rules(resources: &Resources<'_>, group: &Item) -> Vec<Entry> {
    let mut entries = Vec::new();
    for rule in resources.referring("openstack_networking_secgroup_rule_v2", "security_group_id", group) {
        let value = &rule.value;
        let direction = says(value, "direction");
        if direction.is_some_and(|direction| direction != "ingress") {
            continue;
        }
        let doubt = if direction.is_none() { field(value, "direction").and_then(Missing::of) } else { None };
        let mut sources = Sources::default();
        addresses(field(value, "remote_ip_prefix"), &mut sources);
        members(resources, field(value, "remote_group_id"), group, &mut sources);
        // The zero of no remote, of the family of the rule.
        let remote = ["remote_ip_prefix", "remote_group_id", "remote_address_group_id"]
            .iter()
            .any(|key| field(value, key).is_some_and(|value| value.as_str() != Some("")));
        if !remote {
            sources = Sources {
                ranges: vec![if says(value, "ethertype") == Some("IPv6") { Range::V6 } else { Range::V4 }],
                ..Sources::default()
            };
        } else if let Some(set) = field(value, "remote_address_group_id") {
            sources.unknown = Missing::of(set).or_else(|| Some(Missing::new("the address group")));
        }
        let meant = entries::range(field(value, "protocol"), field(value, "port_range_min"), field(value, "port_range_max"));
        let step = Step::at(rule.header, format!("{} lets it in", group.name));
        entries.push(Entry { doubt, ..clouds::allow(meant, sources, step) });
    }
    for rule in blocks(&group.value, "rule") {
        let mut sources = Sources::default();
        addresses(field(rule, "cidr").filter(|value| value.as_str() != Some("")), &mut sources);
        members(resources, field(rule, "from_group_id"), group, &mut sources);
        if field(rule, "self").and_then(Value::as_bool) == Some(true) {
            sources.groups.push(group.name.clone());
        }
        let meant = entries::range(field(rule, "ip_protocol"), field(rule, "from_port"), field(rule, "to_port"));
        entries.push(clouds::allow(meant, sources, Step::at(rule.place, format!("{} lets it in", group.name))));
    }
    entries
}

fn members(resources: &Resources<'_>, value: Option<&Value>, group: &Item, sources: &mut Sources) {
    let Some(value) = value.filter(|value| value.as_str() != Some("")) else { return };
    let found = named(resources, Some(value), GROUPS, "name");
    sources.groups.extend(clouds::names(&found.items));
    // A group that is not here has no member here, unless it is not known which one it is.
    let itself = resources.referred(value).items.iter().any(|item| item.name == group.name);
    if found.items.is_empty() && !itself {
        sources.unknown = Missing::of(value);
    }
}
