//! Load balancers: frontends, rules, inbound NAT rules and pools.

use plimsoll_connectivity::{Ports as Numbers, Protocol};
use plimsoll_syntax::{Item, Place, Value};

use super::machine::{self, Port, Ports};
use super::network::Networks;
use crate::builder::Builder;
use crate::model::{Gate, Kind, NodeId, World};
use crate::platforms::clouds::{self, named, port_of};
use crate::platforms::entries::{self, Protocols, says};
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// What a rule does: the ports before, the first port behind, and whom it leads to.
struct Rule<'a> {
    item: &'a Item,
    protocols: Vec<Protocol>,
    /// Nothing: every port, or not known which.
    front: Option<(u16, u16)>,
    back: Option<u16>,
    missing: Option<Missing>,
    targets: Vec<(usize, Place)>,
}

pub(super) fn build(resources: &Resources<'_>, networks: &mut Networks, ports: &Ports, builder: &mut Builder) {
    for balancer in resources.of_type("azurerm_lb") {
        let id = builder.node_of(balancer, Kind::Proxy);
        if let Some(node) = builder.get(id) {
            node.labels = Builder::labels(field(&balancer.value, "tags"));
        }
        let rules = rules(resources, balancer, ports);
        entrance(resources, balancer, &rules, id, networks, builder);
        for rule in &rules {
            for (target, place) in &rule.targets {
                if let Some(port) = ports.all.get(*target) {
                    lead(resources, balancer, rule, port, *place, id, builder);
                }
            }
        }
    }
}

/// The ways to the frontends: from the internet to those with a public address, from their network to the others.
fn entrance(
    resources: &Resources<'_>,
    balancer: &Item,
    rules: &[Rule<'_>],
    id: NodeId,
    networks: &mut Networks,
    builder: &mut Builder,
) {
    let frontends = blocks(&balancer.value, "frontend_ip_configuration");
    let mut reached = false;
    for frontend in frontends {
        let own = |rule: &&Rule<'_>| match (says(frontend, "name"), says(&rule.item.value, "frontend_ip_configuration_name")) {
            (Some(name), Some(wanted)) => name == wanted,
            _ => true,
        };
        let mut heard = Numbers::default();
        let mut unknown = None;
        let mut place = None;
        for rule in rules.iter().filter(own) {
            if let (None, Some(missing)) = (rule.front, &rule.missing) {
                unknown.get_or_insert_with(|| missing.clone());
            }
            let (first, last) = rule.front.unwrap_or((1, u16::MAX));
            heard = rule.protocols.iter().fold(heard, |all, protocol| all.union(&Numbers::range(*protocol, first, last)));
            place.get_or_insert(rule.item.header);
        }
        let Some(place) = place else { continue };
        let step = Step::at(place, format!("{} listens there", balancer.name));
        let heard = match unknown.or_else(|| clouds::doubt(&balancer.value, "frontend_ip_configuration", frontend)) {
            None => Gate::Only(heard, step),
            Some(missing) => Gate::Unknown(step, missing),
        };
        let public = named(resources, field(frontend, "public_ip_address_id"), &["azurerm_public_ip"], "name");
        let mut gates = machine::addressed(&public, &balancer.name, clouds::at(frontend, "public_ip_address_id", frontend.place));
        if !gates.is_empty() {
            reached = true;
            gates.push(heard.clone());
            builder.begins(World::INTERNET, id, gates);
        }
        if field(frontend, "subnet_id").is_some() {
            let spot = networks.spot(resources, field(frontend, "subnet_id"), builder);
            if let Some(network) = spot.network {
                builder.passes_on(network, id, vec![heard]);
            }
            if let Some(node) = builder.get(id) {
                node.inside.extend(spot.inside.last().copied());
                node.addresses.extend(spot.addresses);
                node.groups.extend(spot.groups);
            }
        }
    }
    if !reached {
        let place = frontends.first().map_or(balancer.header, |frontend| frontend.place);
        let what = if frontends.iter().any(|frontend| field(frontend, "public_ip_address_id").is_some()) {
            "has no rule"
        } else {
            "has no public address"
        };
        // Frontends that something unknown makes.
        let unknown = field(&balancer.value, "frontend_ip_configuration").and_then(Missing::of).filter(|_| frontends.is_empty());
        let gate = match unknown {
            Some(missing) => Gate::Unknown(Step::at(place, format!("{} may have a public address", balancer.name)), missing),
            None => Gate::Wall(Step::at(place, format!("{} {what}", balancer.name))),
        };
        builder.begins(World::INTERNET, id, vec![gate]);
    }
}

fn rules<'a>(resources: &Resources<'a>, balancer: &Item, ports: &Ports) -> Vec<Rule<'a>> {
    let mut rules = Vec::new();
    for item in resources.referring("azurerm_lb_rule", "loadbalancer_id", balancer) {
        let keys = ["backend_address_pool_ids", "backend_address_pool_id"];
        let pools = keys
            .iter()
            .flat_map(|key| named(resources, field(&item.value, key), &["azurerm_lb_backend_address_pool"], "name").items);
        let targets = pools.flat_map(|pool| in_pool(resources, pool, ports)).collect();
        let front = (field(&item.value, "frontend_port"), None);
        rules.push(rule(item, front, field(&item.value, "backend_port"), targets));
    }
    for item in resources.referring("azurerm_lb_nat_rule", "loadbalancer_id", balancer) {
        let value = &item.value;
        let mut targets = ports.by_pool.get(&item.name).cloned().unwrap_or_default();
        for association in resources.referring("azurerm_network_interface_nat_rule_association", "nat_rule_id", item) {
            targets.extend(of_interface(resources, association, ports));
        }
        let pool = named(resources, field(value, "backend_address_pool_id"), &["azurerm_lb_backend_address_pool"], "name");
        targets.extend(pool.items.into_iter().flat_map(|pool| in_pool(resources, pool, ports)));
        let front = field(value, "frontend_port");
        let front = (
            front.or_else(|| field(value, "frontend_port_start")),
            front.map_or_else(|| field(value, "frontend_port_end"), |_| None),
        );
        rules.push(rule(item, front, field(value, "backend_port"), targets));
    }
    for item in resources.referring("azurerm_lb_nat_pool", "loadbalancer_id", balancer) {
        let targets = ports.by_pool.get(&item.name).cloned().unwrap_or_default();
        let front = (field(&item.value, "frontend_port_start"), field(&item.value, "frontend_port_end"));
        rules.push(rule(item, front, field(&item.value, "backend_port"), targets));
    }
    rules
}

fn rule<'a>(
    item: &'a Item,
    front: (Option<&Value>, Option<&Value>),
    back: Option<&Value>,
    targets: Vec<(usize, Place)>,
) -> Rule<'a> {
    let protocols = match entries::protocols(field(&item.value, "protocol")) {
        Protocols::One(protocol) => vec![protocol],
        _ => vec![Protocol::Tcp, Protocol::Udp],
    };
    let missing = front.0.and_then(Missing::of).or_else(|| front.1.and_then(Missing::of)).or_else(|| back.and_then(Missing::of));
    let first = port_of(front.0);
    let last = front.1.map_or(first, |value| port_of(Some(value)));
    // Port 0 with every protocol is every port ("High availability ports").
    let front = first.zip(last).filter(|(first, _)| *first > 0);
    Rule { item, protocols, front, back: port_of(back).filter(|port| *port > 0), missing, targets }
}

/// The interfaces of a pool.
fn in_pool(resources: &Resources<'_>, pool: &Item, ports: &Ports) -> Vec<(usize, Place)> {
    let mut all = ports.by_pool.get(&pool.name).cloned().unwrap_or_default();
    let kind = "azurerm_network_interface_backend_address_pool_association";
    for association in resources.referring(kind, "backend_address_pool_id", pool) {
        all.extend(of_interface(resources, association, ports));
    }
    for address in resources.referring("azurerm_lb_backend_address_pool_address", "backend_address_pool_id", pool) {
        all.extend(by_address(resources, field(&address.value, "ip_address"), address.header, ports));
    }
    all
}

fn of_interface(resources: &Resources<'_>, association: &Item, ports: &Ports) -> Vec<(usize, Place)> {
    let interfaces = named(resources, field(&association.value, "network_interface_id"), &["azurerm_network_interface"], "name");
    let found = interfaces.items.iter().filter_map(|interface| ports.by_interface.get(&interface.name)).flatten();
    found.map(|at| (*at, association.header)).collect()
}

/// The interfaces that have a private address.
pub(super) fn by_address(resources: &Resources<'_>, value: Option<&Value>, place: Place, ports: &Ports) -> Vec<(usize, Place)> {
    let Some(value) = value else { return Vec::new() };
    let interfaces = resources.referred(value).items;
    let mut found: Vec<usize> =
        interfaces.iter().filter_map(|item| ports.by_interface.get(&item.name)).flatten().copied().collect();
    let texts = value.items().iter().chain(std::slice::from_ref(value)).filter_map(Value::as_str);
    for at in texts.filter_map(|text| ports.by_address.get(text)).flatten() {
        if !found.contains(at) {
            found.push(*at);
        }
    }
    found.into_iter().map(|at| (at, place)).collect()
}

/// The way from a rule to an interface: the address of the caller stays.
fn lead(
    resources: &Resources<'_>,
    balancer: &Item,
    rule: &Rule<'_>,
    port: &Port,
    place: Place,
    id: NodeId,
    builder: &mut Builder,
) {
    for protocol in &rule.protocols {
        let mut gates = Vec::new();
        let member = Step::at(place, format!("{} is behind {}", port.name, rule.item.name));
        match (rule.front, &rule.missing) {
            (Some((first, last)), None) => {
                let step = Step::at(rule.item.header, told(balancer, (first, last), rule.back));
                // Each port of a pool of NAT rules leads to the same port of one machine.
                let many = first != last;
                if many && let Some(back) = rule.back {
                    for front in first..=last.min(first.saturating_add(63)) {
                        let map = Gate::Map { protocol: *protocol, ports: (front, front), to: Some(back), step: step.clone() };
                        way(resources, balancer, vec![map, Gate::Open(member.clone())], port, id, builder);
                    }
                    continue;
                }
                gates.push(Gate::Map { protocol: *protocol, ports: (first, last), to: rule.back, step });
            }
            (_, Some(missing)) => {
                let step = Step::at(rule.item.header, format!("{} leads to a port that is not known", rule.item.name));
                // The groups are not asked: about which port, is not known.
                builder.passes_on(id, port.machine, vec![Gate::Unknown(step, missing.clone()), Gate::Open(member)]);
                continue;
            }
            (None, None) => gates.push(Gate::Open(Step::at(rule.item.header, format!("{} leads every port on", rule.item.name)))),
        }
        gates.push(Gate::Open(member));
        way(resources, balancer, gates, port, id, builder);
    }
}

fn told(balancer: &Item, (first, last): (u16, u16), back: Option<u16>) -> String {
    let front = if first == last { format!("port {first}") } else { format!("ports {first}-{last}") };
    match back {
        Some(back) => format!("{front} of {} leads to port {back}", balancer.name),
        None => format!("{front} of {} leads on", balancer.name),
    }
}

fn way(resources: &Resources<'_>, balancer: &Item, mut gates: Vec<Gate>, port: &Port, id: NodeId, builder: &mut Builder) {
    if !port.guards.any {
        gates.push(machine::without_group(resources, Some((balancer, balancer.header)), &balancer.name));
    }
    gates.extend(port.guards.gates.iter().cloned());
    builder.passes_on(id, port.machine, gates);
}
