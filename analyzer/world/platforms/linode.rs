//! Linode (Akamai).
//!
//! Closed-world rules, from the documentation of Akamai cloud computing:
//! - Every instance has a public address, unless it lists its interfaces and none of them is public ("Managing IP addresses").
//! - Without a firewall every port is open. The rules of one are asked in their order; then its inbound policy holds ("Cloud Firewall").
//!   A firewall that is disabled filters nothing. Firewalls do not filter VLANs.
//! - A NodeBalancer has a public address and connects by itself, from 192.168.255.0/24 ("NodeBalancer").
//! - A managed database lets nobody in until its allow list does ("Manage access controls"). The API server of a cluster is public until
//!   its control plane has an access list that is turned on.

use std::sync::Arc;

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Value};

use super::clouds::{self, named, port_of};
use super::entries::{addresses, flag, says};
use crate::address::Range;
use crate::builder::Builder;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::model::{Gate, Kind, NodeId, World};
use crate::resources::{Resources, blocks, field, values_at};
use crate::said::{Missing, Step};

/// Whence NodeBalancers connect ("NodeBalancer", backend nodes).
const BALANCERS: &str = "192.168.255.0/24";

/// Managed databases: type, port, service.
const DATABASES: &[(&str, u16, &str)] = &[
    ("linode_database_postgresql", 5432, "postgresql"),
    ("linode_database_postgresql_v2", 5432, "postgresql"),
    ("linode_database_mysql", 3306, "mysql"),
    ("linode_database_mysql_v2", 3306, "mysql"),
];

/// Adds what it runs.
pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for network in resources.of_type("linode_vpc") {
        builder.node_of(network, Kind::Network);
    }
    for instance in resources.of_type("linode_instance") {
        one(resources, instance, builder);
    }
    for balancer in resources.of_type("linode_nodebalancer") {
        balance(resources, balancer, builder);
    }
    for (kind, port, service) in DATABASES {
        for database in resources.of_type(kind) {
            let listener = clouds::listener(database, *port, service, "password", database.header);
            let mut sources = Sources::default();
            addresses(field(&database.value, "allow_list"), &mut sources);
            guarded(
                database,
                Kind::Database,
                sources,
                (clouds::at(&database.value, "allow_list", database.header), listener),
                builder,
            );
        }
    }
    for cluster in resources.of_type("linode_lke_cluster") {
        let lists = values_at(&cluster.value, &["control_plane", "acl"]);
        let list = lists
            .into_iter()
            .flat_map(|value| value.items().iter().chain(std::slice::from_ref(value)))
            .find(|value| value.as_map().is_some());
        let on = list.map_or(Ok(false), |list| flag(list, "enabled", true));
        let mut sources = Sources::everybody();
        if let Some(list) = list.filter(|_| on != Ok(false)) {
            sources = Sources::default();
            for value in ["ipv4", "ipv6"].iter().flat_map(|key| values_at(list, &["addresses", key])) {
                addresses(Some(value), &mut sources);
            }
            sources.unknown = sources.unknown.take().or_else(|| on.err());
        }
        let listener = clouds::listener(cluster, 6443, "kubernetes-api", "tls", cluster.header);
        guarded(cluster, Kind::ApiServer, sources, (list.map_or(cluster.header, |list| list.place), listener), builder);
    }
}

/// A service of the platform with a public address and a list of who gets in.
fn guarded(
    item: &Item,
    kind: Kind,
    sources: Sources,
    (place, listener): (plimsoll_syntax::Place, crate::model::Listener),
    builder: &mut Builder,
) {
    let id = builder.node_of(item, kind);
    let step = Step::at(place, format!("the allow list of {} lets it in", item.name));
    let only = Ports::range(Protocol::Tcp, listener.port, listener.port);
    let entry = clouds::allow((only, None), sources, step);
    let filter = clouds::allowlist(format!("the allow list of {}", item.name), place, vec![entry], None);
    builder.begins(World::INTERNET, id, vec![filter]);
    if let Some(node) = builder.get(id) {
        node.listeners.push(listener);
    }
}

fn one(resources: &Resources<'_>, instance: &Item, builder: &mut Builder) {
    let value = &instance.value;
    let name = &instance.name;
    let id = clouds::machine(instance, None, None, builder);
    let filters = filters(resources, instance);
    let mut interfaces = blocks(value, "interface").to_vec();
    interfaces.extend(blocks(value, "config").iter().flat_map(|config| blocks(config, "interface").to_vec()));
    let public = |interface: &Value| {
        says(interface, "purpose").is_none_or(|purpose| purpose == "public")
            || !values_at(interface, &["ipv4", "nat_1_1"]).is_empty()
    };
    let gate = match interfaces.first() {
        Some(first) if !interfaces.iter().any(public) => {
            Gate::Wall(Step::at(first.place, format!("{name} has no public interface")))
        }
        _ => Gate::Open(Step::at(instance.header, format!("{name} has a public address"))),
    };
    builder.begins(World::INTERNET, id, std::iter::once(gate).chain(filters.iter().cloned()).collect());
    for interface in &interfaces {
        let subnet = named(resources, field(interface, "subnet_id"), &["linode_vpc_subnet"], "label");
        for subnet in subnet.items {
            let vpc = named(resources, field(&subnet.value, "vpc_id"), &["linode_vpc"], "label").items.into_iter().next();
            if let Some(network) = vpc.and_then(|vpc| builder.find(&vpc.name)) {
                within(instance, id, network, filters.clone(), says(&subnet.value, "ipv4"), builder);
            }
        }
        if let Some(label) = says(interface, "label").filter(|_| says(interface, "purpose") == Some("vlan")) {
            let network = clouds::elsewhere(format!("VLAN {label}"), "linode_vlan", builder);
            // Firewalls do not filter VLANs.
            within(instance, id, network, Vec::new(), says(interface, "ipam_address"), builder);
        }
    }
}

fn within(instance: &Item, id: NodeId, network: NodeId, gates: Vec<Gate>, addresses: Option<&str>, builder: &mut Builder) {
    clouds::join(instance, id, network, gates, builder);
    if let Some(node) = builder.get(id) {
        node.inside.push(network);
        node.addresses.extend(addresses.and_then(Range::parse));
    }
}

/// The firewalls that stand before an instance.
fn filters(resources: &Resources<'_>, instance: &Item) -> Vec<Gate> {
    let own = named(resources, field(&instance.value, "firewall_id"), &["linode_firewall"], "label");
    let mut all = own.items;
    all.extend(resources.referring("linode_firewall", "linodes", instance));
    for device in resources.referring("linode_firewall_device", "entity_id", instance) {
        all.extend(named(resources, field(&device.value, "firewall_id"), &["linode_firewall"], "label").items);
    }
    let mut gates = Vec::new();
    for firewall in &all {
        match flag(&firewall.value, "disabled", false) {
            Ok(true) => {}
            Ok(false) => gates.push(Gate::Filter(Arc::new(filter(firewall)))),
            Err(missing) => {
                gates.push(Gate::Unknown(Step::at(firewall.header, format!("{} may refuse it", firewall.name)), missing))
            }
        }
    }
    if let Some(missing) = own.missing {
        let what = Missing::new(format!("the rules of {}", missing.what));
        gates.push(Gate::Unknown(Step::at(instance.header, format!("{} may refuse it", missing.what)), what));
    }
    if gates.is_empty() {
        gates.push(Gate::Open(Step::at(
            instance.header,
            format!("no firewall is attached to {}: every port is open", instance.name),
        )));
    }
    gates
}

fn filter(firewall: &Item) -> Filter {
    let value = &firewall.value;
    let name = &firewall.name;
    let mut entries = Vec::new();
    for rule in blocks(value, "inbound") {
        let mut sources = Sources::default();
        addresses(field(rule, "ipv4"), &mut sources);
        addresses(field(rule, "ipv6"), &mut sources);
        // A rule without addresses is for all of them.
        if field(rule, "ipv4").is_none() && field(rule, "ipv6").is_none() {
            sources = Sources::everybody();
        }
        let action = says(rule, "action");
        let allows = action.is_some_and(|action| action.eq_ignore_ascii_case("accept"));
        let either = if action.is_none() { field(rule, "action").and_then(Missing::of) } else { None };
        let doubt = either.clone().or_else(|| clouds::doubt(value, "inbound", rule));
        let verb = if allows { "accepts" } else { "drops" };
        let meant = clouds::ports(field(rule, "protocol"), &[field(rule, "ports")]);
        let entry = Entry {
            allows,
            doubt: doubt.clone(),
            ..clouds::allow(meant, sources, Step::at(rule.place, format!("{name} {verb} it")))
        };
        // It may do either.
        if either.is_some() {
            entries.push(Entry { allows: true, ..entry.clone() });
        }
        entries.push(entry);
    }
    let policy = field(value, "inbound_policy");
    let at = policy.map_or(firewall.header, |value| value.place);
    let rules = field(value, "inbound").filter(|value| value.as_map().is_none());
    let mut more = rules.filter(|value| value.as_list().is_none_or(|list| list.tail.is_some())).and_then(Missing::of);
    if let Some(missing) = more.clone() {
        // What is not known may refuse first.
        let step = Step::at(firewall.header, format!("{name} may drop it"));
        let entry = clouds::allow((Ports::all(), None), Sources::everybody(), step);
        entries.insert(0, Entry { allows: false, doubt: Some(missing), ..entry });
    }
    let otherwise = match policy.map(Value::as_str) {
        Some(Some(text)) if text.eq_ignore_ascii_case("accept") => {
            Otherwise::LetIn(Step::at(at, format!("{name} accepts what no rule drops")))
        }
        Some(None) => {
            more = more.or_else(|| policy.and_then(Missing::of));
            Otherwise::Refused
        }
        _ => Otherwise::Refused,
    };
    Filter { name: name.to_string(), place: firewall.header, entries, otherwise, more }
}

/// A NodeBalancer, its ports, and the instances behind them.
fn balance(resources: &Resources<'_>, balancer: &Item, builder: &mut Builder) {
    let name = &balancer.name;
    let id = builder.node_of(balancer, Kind::Proxy);
    let configs = resources.referring("linode_nodebalancer_config", "nodebalancer_id", balancer);
    let port = |config: &Item| field(&config.value, "port").map_or(Some(80), |value| port_of(Some(value)));
    let open = Gate::Open(Step::at(balancer.header, format!("{name} has a public address")));
    let only = clouds::listens(name, configs.iter().map(|config| port(config)), balancer.header);
    builder.begins(World::INTERNET, id, vec![open, only]);
    if let Some(node) = builder.get(id) {
        node.addresses = Range::parse(BALANCERS).into_iter().collect();
    }
    for config in configs {
        let from = port(config);
        for node in resources.referring("linode_nodebalancer_node", "config_id", config) {
            let Some(address) = field(&node.value, "address") else { continue };
            // `${linode_instance.web.private_ip_address}:8080`
            let text = address_end(address);
            let to = text.and_then(|text| text.rsplit(':').next()).and_then(|port| port.parse::<u16>().ok());
            for instance in named(resources, Some(address), &["linode_instance"], "private_ip_address").items {
                let Some(there) = builder.find(&instance.name) else { continue };
                let gates = clouds::led((name, &instance.name), (from, to), node.header, filters(resources, instance));
                builder.forwards(id, there, gates);
            }
        }
    }
}

/// The last part of a text that is known.
fn address_end(value: &Value) -> Option<&str> {
    match &value.kind {
        plimsoll_syntax::Kind::String(text) => Some(text.as_str()),
        plimsoll_syntax::Kind::Template(parts) => match parts.last()? {
            plimsoll_syntax::value::Part::Known(text) => Some(text.as_ref()),
            plimsoll_syntax::value::Part::Hole(_) => None,
        },
        _ => None,
    }
}
