//! Hetzner Cloud.
//!
//! Closed-world rules, from the documentation of Hetzner Cloud:
//! - A server has public addresses of both families unless `public_net` turns them off ("Primary IPs"). A floating address is one, too.
//! - Without a firewall every port is open. Firewalls that are attached (by the server, by themselves, by an attachment, by a label) add up,
//!   and what none of their inbound rules lets in is refused ("Firewalls").
//! - Firewalls do not filter private networks ("Firewalls", limitations).
//! - A load balancer has a public address unless its network interface turns it off, and connects by itself.

use compact_str::CompactString;
use plimsoll_syntax::{Item, Place, Value};
use rustc_hash::FxHashMap;

use super::clouds::{self, named, port_of};
use super::entries::{addresses, flag, says};
use crate::address::Range;
use crate::builder::Builder;
use crate::filter::Sources;
use crate::model::{Gate, Kind, Node, NodeId, World};
use crate::resources::{Resources, blocks, field, values_at};
use crate::said::{Missing, Step};

const SERVER: &[&str] = &["hcloud_server"];
const NETWORK: &[&str] = &["hcloud_network"];

/// Adds what it runs.
pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for network in resources.of_type("hcloud_network") {
        let addresses = says(&network.value, "ip_range").and_then(Range::parse).into_iter().collect();
        let labels = Builder::labels(field(&network.value, "labels"));
        builder.node(Node { addresses, labels, ..Builder::describe(network, Kind::Network) });
    }
    let mut firewalls: FxHashMap<CompactString, Gate> = FxHashMap::default();
    for server in resources.of_type("hcloud_server") {
        firewalls.insert(server.name.clone(), one(resources, server, builder));
    }
    for balancer in resources.of_type("hcloud_load_balancer") {
        balance(resources, balancer, &firewalls, builder);
    }
}

/// Adds a server, and says what its firewalls are.
fn one(resources: &Resources<'_>, server: &Item, builder: &mut Builder) -> Gate {
    let id = clouds::machine(server, field(&server.value, "labels"), None, builder);
    let firewall = firewall(resources, server);
    builder.begins(World::INTERNET, id, vec![public(resources, server), firewall.clone()]);
    for (network, place) in networks(resources, server) {
        let step = Step::at(place, "firewalls do not filter private networks");
        let Some(network) = node(network, builder) else { continue };
        clouds::join(server, id, network, vec![Gate::Open(step)], builder);
        let own = builder.world.node(network).map(|node| node.addresses.clone()).unwrap_or_default();
        if let Some(node) = builder.get(id) {
            node.inside.push(network);
            node.addresses.extend(own);
        }
    }
    firewall
}

fn node(network: Result<&Item, Missing>, builder: &mut Builder) -> Option<NodeId> {
    match network {
        Ok(network) => builder.find(&network.name),
        Err(missing) => Some(clouds::elsewhere(format!("network {}", missing.what), "hcloud_network", builder)),
    }
}

/// The networks of a server: those that it names, those that are joined to it.
fn networks<'a>(resources: &Resources<'a>, server: &Item) -> Vec<(Result<&'a Item, Missing>, Place)> {
    let joined = resources.referring("hcloud_server_network", "server_id", server);
    let own = blocks(&server.value, "network").iter().map(|block| (block, block.place));
    let all = own.chain(joined.into_iter().map(|item| (&item.value, item.header)));
    let mut found = Vec::new();
    for (value, place) in all {
        let written = field(value, "network_id").or_else(|| field(value, "subnet_id"));
        let mut network = named(resources, written, NETWORK, "name");
        // A subnet says which network it is in.
        for subnet in named(resources, written, &["hcloud_network_subnet"], "id").items {
            network = named(resources, field(&subnet.value, "network_id"), NETWORK, "name");
        }
        match (network.items.first(), network.missing) {
            (Some(network), _) => found.push((Ok(*network), place)),
            (None, Some(missing)) => found.push((Err(missing), place)),
            (None, None) => {}
        }
    }
    found
}

/// Whether a server has a public address of any kind.
fn public(resources: &Resources<'_>, server: &Item) -> Gate {
    let name = &server.name;
    let floating = resources.referring("hcloud_floating_ip", "server_id", server).into_iter();
    let assigned = resources.referring("hcloud_floating_ip_assignment", "server_id", server);
    if let Some(address) = floating.chain(assigned).next() {
        return Gate::Open(Step::at(address.header, format!("{} is a public address of {name}", address.name)));
    }
    let net = match clouds::block(&server.value, "public_net") {
        Ok(Some(net)) => net,
        Ok(None) => return Gate::Open(Step::at(server.header, format!("{name} has a public address"))),
        Err(missing) => return Gate::Unknown(Step::at(server.header, format!("{name} may have a public address")), missing),
    };
    let flags = ["ipv4_enabled", "ipv6_enabled"].map(|key| flag(net, key, true));
    let any = if flags.contains(&Ok(true)) { Ok(true) } else { flags.into_iter().find(Result::is_err).unwrap_or(Ok(false)) };
    let told = [
        format!("{name} has a public address"),
        format!("{name} has no public address"),
        format!("{name} may have a public address"),
    ];
    clouds::gate(any, net.place, told)
}

/// What the firewalls of a server let in together.
fn firewall(resources: &Resources<'_>, server: &Item) -> Gate {
    let mut all = named(resources, field(&server.value, "firewall_ids"), &["hcloud_firewall"], "name");
    let add = |firewall: &Item, all: &mut Vec<CompactString>| {
        if !all.contains(&firewall.name) {
            all.push(firewall.name.clone());
        }
    };
    let mut names: Vec<CompactString> = Vec::new();
    all.items.iter().for_each(|firewall| add(firewall, &mut names));
    let mut missing = all.missing.take();
    for firewall in resources.of_type("hcloud_firewall") {
        for block in blocks(&firewall.value, "apply_to") {
            match applies(resources, block, server) {
                Ok(true) => add(firewall, &mut names),
                Ok(false) => {}
                Err(doubt) => missing = missing.or(Some(doubt)),
            }
        }
    }
    for attachment in resources.of_type("hcloud_firewall_attachment") {
        if applies(resources, &attachment.value, server) == Ok(true) {
            for firewall in named(resources, field(&attachment.value, "firewall_id"), &["hcloud_firewall"], "name").items {
                add(firewall, &mut names);
            }
        }
    }
    let firewalls: Vec<&Item> = names.iter().flat_map(|name| resources.at(name)).collect();
    let Some(first) = firewalls.first() else {
        return match missing {
            None => {
                Gate::Open(Step::at(server.header, format!("no firewall is attached to {}: every port is open", server.name)))
            }
            Some(missing) => {
                let what = Missing::new(format!("the rules of {}", missing.what));
                Gate::Unknown(Step::at(server.header, format!("{} may refuse it", missing.what)), what)
            }
        };
    };
    let mut entries = Vec::new();
    for firewall in &firewalls {
        for rule in blocks(&firewall.value, "rule") {
            let direction = says(rule, "direction");
            if direction.is_some_and(|direction| direction != "in") {
                continue;
            }
            let mut sources = Sources::default();
            addresses(field(rule, "source_ips"), &mut sources);
            let meant = clouds::ports(field(rule, "protocol"), &[field(rule, "port")]);
            let doubt = if direction.is_none() { field(rule, "direction").and_then(Missing::of) } else { None };
            let doubt = doubt.or_else(|| clouds::doubt(&firewall.value, "rule", rule));
            let step = Step::at(rule.place, format!("{} lets it in", firewall.name));
            entries.push(crate::filter::Entry { doubt, ..clouds::allow(meant, sources, step) });
        }
    }
    let dynamic = firewalls.iter().find_map(|firewall| {
        let rules = field(&firewall.value, "rule").filter(|value| value.as_map().is_none());
        rules.filter(|value| value.as_list().is_none_or(|list| list.tail.is_some())).and_then(Missing::of)
    });
    clouds::allowlist(names.join(" and "), first.header, entries, missing.or(dynamic))
}

/// Whether a firewall is attached to a server by `server`, `server_ids` or a label selector.
fn applies(resources: &Resources<'_>, value: &Value, server: &Item) -> Result<bool, Missing> {
    for key in ["server", "server_ids"] {
        if named(resources, field(value, key), SERVER, "name").items.iter().any(|item| item.name == server.name) {
            return Ok(true);
        }
    }
    let mut selectors = values_at(value, &["label_selector"]);
    selectors.extend(values_at(value, &["label_selectors"]));
    for selector in selectors.into_iter().flat_map(|value| value.items().iter().chain(std::slice::from_ref(value))) {
        match selector.as_str() {
            Some(text) if selected(text, server) => return Ok(true),
            Some(_) => {}
            None if selector.as_list().is_some() => {}
            None => return Err(Missing::of(selector).unwrap_or_else(|| Missing::new("the label selector"))),
        }
    }
    Ok(false)
}

/// A label selector: `key`, `key=value`, `key!=value`, `!key`, joined by commas.
fn selected(text: &str, server: &Item) -> bool {
    let labels = Builder::labels(field(&server.value, "labels"));
    let value = |key: &str| labels.iter().find(|(own, ..)| own == key.trim()).map(|(_, value, _)| value.as_str());
    text.split(',').all(|part| {
        let part = part.trim();
        if let Some((key, wanted)) = part.split_once("!=") {
            return value(key) != Some(wanted.trim());
        }
        if let Some((key, wanted)) = part.split_once('=') {
            return value(key) == Some(wanted.trim_start_matches('=').trim());
        }
        match part.strip_prefix('!') {
            Some(key) => value(key).is_none(),
            None => value(part).is_some(),
        }
    })
}

/// A load balancer, its services, and the servers behind them.
fn balance(resources: &Resources<'_>, balancer: &Item, firewalls: &FxHashMap<CompactString, Gate>, builder: &mut Builder) {
    let name = &balancer.name;
    let id = builder.node_of(balancer, Kind::Proxy);
    let services = resources.referring("hcloud_load_balancer_service", "load_balancer_id", balancer);
    let mut fronts = Vec::new();
    for service in services {
        let default = if says(&service.value, "protocol") == Some("https") { 443 } else { 80 };
        let from = field(&service.value, "listen_port").map_or(Some(default), |value| port_of(Some(value)));
        let to = field(&service.value, "destination_port").map_or(from, |value| port_of(Some(value)));
        fronts.push((from, to, service.header));
    }
    let interface = resources.referring("hcloud_load_balancer_network", "load_balancer_id", balancer).into_iter().next();
    let flag = interface.map_or(Ok(true), |interface| flag(&interface.value, "enable_public_interface", true));
    let place = interface.map_or(balancer.header, |interface| interface.header);
    let told = [
        format!("{name} has a public address"),
        format!("{name} has no public address"),
        format!("{name} may have a public address"),
    ];
    let only = clouds::listens(name, fronts.iter().map(|(from, ..)| *from), balancer.header);
    builder.begins(World::INTERNET, id, vec![clouds::gate(flag, place, told), only]);
    let targets = resources.referring("hcloud_load_balancer_target", "load_balancer_id", balancer);
    let own = blocks(&balancer.value, "target").iter();
    for value in targets.iter().map(|target| &target.value).chain(own) {
        let listed = named(resources, field(value, "server_id"), SERVER, "name").items;
        let selector = says(value, "label_selector");
        let chosen =
            resources.of_type("hcloud_server").filter(|server| selector.is_some_and(|selector| selected(selector, server)));
        for server in listed.into_iter().chain(chosen) {
            let Some(to_server) = builder.find(&server.name) else { continue };
            let private = field(value, "use_private_ip").and_then(Value::as_bool) == Some(true);
            for (from, to, place) in &fronts {
                let filter = if private { None } else { firewalls.get(&server.name).cloned() };
                builder.forwards(id, to_server, clouds::led((name, &server.name), (*from, *to), *place, filter));
            }
        }
    }
    if let Some(node) = builder.get(id) {
        node.labels = Builder::labels(field(&balancer.value, "labels"));
    }
}
