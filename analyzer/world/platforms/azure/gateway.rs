//! Application gateways, and the address translation of firewalls: both speak for themselves to what is behind them.

use plimsoll_syntax::{Item, Value};

use super::balancer::by_address;
use super::machine::{self, Ports};
use super::network::Networks;
use super::security_group;
use crate::builder::Builder;
use crate::model::{Gate, Kind, NodeId, World};
use crate::platforms::clouds::{self, Named, named, port_of};
use crate::platforms::entries::says;
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

pub(super) fn build(resources: &Resources<'_>, networks: &mut Networks, ports: &Ports, builder: &mut Builder) {
    for gateway in resources.of_type("azurerm_application_gateway") {
        let id = builder.node_of(gateway, Kind::Proxy);
        if let Some(node) = builder.get(id) {
            node.labels = Builder::labels(field(&gateway.value, "tags"));
        }
        entrance(resources, gateway, id, networks, builder);
        for rule in blocks(&gateway.value, "request_routing_rule") {
            route(resources, gateway, rule, id, ports, builder);
        }
    }
}

/// The block of a kind with this name.
fn block<'v>(gateway: &'v Item, kind: &str, name: Option<&str>) -> Option<&'v Value> {
    blocks(&gateway.value, kind).iter().find(|block| says(block, "name") == name)
}

/// The port of a listener.
fn heard(gateway: &Item, listener: &Value) -> Option<u16> {
    port_of(field(block(gateway, "frontend_port", says(listener, "frontend_port_name"))?, "port"))
}

fn entrance(resources: &Resources<'_>, gateway: &Item, id: NodeId, networks: &mut Networks, builder: &mut Builder) {
    let place = blocks(&gateway.value, "gateway_ip_configuration").first();
    let spot = networks.spot(resources, place.and_then(|block| field(block, "subnet_id")), builder);
    let guards = security_group::guards(resources, &spot, Named::default(), (&gateway.name, &[]), gateway.header);
    let mut reached = false;
    for listener in blocks(&gateway.value, "http_listener") {
        let frontend = block(gateway, "frontend_ip_configuration", says(listener, "frontend_ip_configuration_name"));
        let frontend = frontend.or_else(|| blocks(&gateway.value, "frontend_ip_configuration").first());
        let Some(frontend) = frontend else { continue };
        let only = match clouds::doubt(&gateway.value, "http_listener", listener) {
            Some(missing) => {
                Gate::Unknown(Step::at(listener.place, format!("{} may have such a listener", gateway.name)), missing)
            }
            None => clouds::listens(&gateway.name, [heard(gateway, listener)], listener.place),
        };
        let public = named(resources, field(frontend, "public_ip_address_id"), &["azurerm_public_ip"], "name");
        let mut gates = machine::addressed(&public, &gateway.name, frontend.place);
        if !gates.is_empty() {
            reached = true;
            gates.push(only.clone());
            gates.extend(guards.gates.iter().cloned());
            builder.begins(World::INTERNET, id, gates);
        }
        if let Some(network) = spot.network {
            builder.passes_on(network, id, std::iter::once(only).chain(guards.gates.iter().cloned()).collect());
        }
    }
    if !reached {
        // Listeners and frontends that something unknown makes.
        let keys = ["http_listener", "frontend_ip_configuration"];
        let unknown = keys.iter().find_map(|key| field(&gateway.value, key).and_then(Missing::of));
        let gate = match unknown {
            Some(missing) => {
                Gate::Unknown(Step::at(gateway.header, format!("{} may listen on a public address", gateway.name)), missing)
            }
            None => Gate::Wall(Step::at(gateway.header, format!("{} has no public address that it listens on", gateway.name))),
        };
        builder.begins(World::INTERNET, id, vec![gate]);
    }
    if let Some(node) = builder.get(id) {
        node.inside.extend(spot.inside.last().copied());
        node.addresses.extend(spot.addresses);
        node.groups.extend(spot.groups);
    }
}

/// Where a routing rule leads.
fn route(resources: &Resources<'_>, gateway: &Item, rule: &Value, id: NodeId, ports: &Ports, builder: &mut Builder) {
    let listener = block(gateway, "http_listener", says(rule, "http_listener_name"));
    let from = listener.and_then(|listener| heard(gateway, listener));
    // Either the rule names its pool, or its path map does.
    let map = block(gateway, "url_path_map", says(rule, "url_path_map_name"));
    let paths = map.map(|map| blocks(map, "path_rule")).unwrap_or_default();
    let mut ends = vec![(says(rule, "backend_address_pool_name"), says(rule, "backend_http_settings_name"))];
    if let Some(map) = map {
        ends.push((says(map, "default_backend_address_pool_name"), says(map, "default_backend_http_settings_name")));
        ends.extend(paths.iter().map(|path| (says(path, "backend_address_pool_name"), says(path, "backend_http_settings_name"))));
    }
    // A rule whose names are not known may lead to any pool.
    let unclear = map.is_none() && field(rule, "backend_address_pool_name").is_some_and(|value| value.as_str().is_none());
    if unclear {
        ends = blocks(&gateway.value, "backend_address_pool").iter().map(|pool| (says(pool, "name"), None)).collect();
    }
    for (pool, settings) in ends {
        let Some(pool) = pool.and_then(|name| block(gateway, "backend_address_pool", Some(name))) else { continue };
        let settings = settings.and_then(|name| block(gateway, "backend_http_settings", Some(name)));
        let to = settings.and_then(|settings| port_of(field(settings, "port")));
        let mut targets = by_address(resources, field(pool, "ip_addresses"), pool.place, ports);
        targets.extend(by_address(resources, field(pool, "ip_address_list"), pool.place, ports));
        // Those that name the gateway name one of its pools; which one, only the provider knows.
        targets.extend(ports.by_pool.get(&gateway.name).into_iter().flatten().copied());
        let kind = "azurerm_network_interface_application_gateway_backend_address_pool_association";
        for association in resources.referring(kind, "backend_address_pool_id", gateway) {
            let interfaces =
                named(resources, field(&association.value, "network_interface_id"), &["azurerm_network_interface"], "name");
            let found = interfaces.items.iter().filter_map(|interface| ports.by_interface.get(&interface.name)).flatten();
            targets.extend(found.map(|at| (*at, association.header)));
        }
        for (target, place) in targets {
            if let Some(port) = ports.all.get(target) {
                let gates = clouds::led((&gateway.name, &port.name), (from, to), place, port.guards.gates.iter().cloned());
                builder.forwards(id, port.machine, gates);
            }
        }
    }
}
