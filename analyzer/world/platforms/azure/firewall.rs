//! Azure Firewall: the address translation by which it leads to machines ("Azure Firewall DNAT").

use plimsoll_connectivity::{Ports as Numbers, Protocol};
use plimsoll_syntax::{Item, Value};

use super::balancer::by_address;
use super::machine::{self, Ports};
use super::network::Networks;
use crate::builder::Builder;
use crate::filter::Sources;
use crate::model::{Gate, Kind, NodeId, World};
use crate::platforms::clouds::{self, belonging, named, port_of};
use crate::platforms::entries::addresses;
use crate::resources::{Resources, blocks, field};
use crate::said::Step;

pub(super) fn build(resources: &Resources<'_>, networks: &mut Networks, ports: &Ports, builder: &mut Builder) {
    for firewall in resources.of_type("azurerm_firewall") {
        let id = builder.node_of(firewall, Kind::Proxy);
        let config = blocks(&firewall.value, "ip_configuration").first();
        let spot = networks.spot(resources, config.and_then(|config| field(config, "subnet_id")), builder);
        if let Some(node) = builder.get(id) {
            node.inside.extend(spot.inside.last().copied());
            node.addresses = spot.addresses;
            node.groups = spot.groups;
            node.labels = Builder::labels(field(&firewall.value, "tags"));
        }
        let mut rules = Vec::new();
        for collection in belonging(resources, "azurerm_firewall_nat_rule_collection", "azure_firewall_name", firewall, "name") {
            rules.extend(blocks(&collection.value, "rule"));
        }
        for policy in named(resources, field(&firewall.value, "firewall_policy_id"), &["azurerm_firewall_policy"], "name").items {
            for group in resources.referring("azurerm_firewall_policy_rule_collection_group", "firewall_policy_id", policy) {
                rules
                    .extend(blocks(&group.value, "nat_rule_collection").iter().flat_map(|collection| blocks(collection, "rule")));
            }
        }
        for rule in &rules {
            translate(resources, firewall, rule, config, (id, ports), builder);
        }
        if rules.is_empty() {
            let step = Step::at(firewall.header, format!("{} translates no address", firewall.name));
            builder.begins(World::INTERNET, id, vec![Gate::Wall(step)]);
        }
    }
}

/// One rule: whom it lets in on which port, and where that leads; the firewall speaks for itself from there on.
fn translate(
    resources: &Resources<'_>,
    firewall: &Item,
    rule: &Value,
    config: Option<&Value>,
    (id, ports): (NodeId, &Ports),
    builder: &mut Builder,
) {
    let name = &firewall.name;
    let (heard, unknown) = clouds::ports(None, &[field(rule, "destination_ports")]);
    let heard = heard.intersection(&Numbers::range(Protocol::Tcp, 1, u16::MAX));
    let public =
        named(resources, config.and_then(|config| field(config, "public_ip_address_id")), &["azurerm_public_ip"], "name");
    let mut gates = machine::addressed(&public, name, config.map_or(firewall.header, |config| config.place));
    let mut sources = Sources::default();
    addresses_or_all(field(rule, "source_addresses"), &mut sources);
    let entry = clouds::allow((Numbers::all(), None), sources, Step::at(rule.place, format!("a rule of {name} lets it in")));
    let step = Step::at(rule.place, format!("{name} translates it"));
    gates.push(match unknown {
        None => Gate::Only(heard.clone(), step),
        Some((_, missing)) => Gate::Unknown(step, missing),
    });
    gates.push(clouds::allowlist(format!("the translation of {name}"), rule.place, vec![entry], None));
    builder.begins(World::INTERNET, id, gates);
    let to = port_of(field(rule, "translated_port"));
    let first = heard.intervals(Protocol::Tcp).first().and_then(|&(first, _)| u16::try_from(first).ok());
    for (at, place) in by_address(resources, field(rule, "translated_address"), rule.place, ports) {
        if let Some(port) = ports.all.get(at) {
            let gates = clouds::led((name, &port.name), (first, to), place, port.guards.gates.iter().cloned());
            builder.forwards(id, port.machine, gates);
        }
    }
}

fn addresses_or_all(value: Option<&Value>, sources: &mut Sources) {
    let texts = value.map(|value| value.items()).unwrap_or_default();
    if value.is_none() || texts.iter().any(|text| text.as_str() == Some("*")) {
        *sources = Sources::everybody();
    } else {
        addresses(value, sources);
    }
}
