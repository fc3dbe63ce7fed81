//! Virtual machines and scale sets, with their interfaces.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::{Item, Place, Value};
use rustc_hash::FxHashMap;

use super::network::{Networks, Spot};
use super::security_group::{self, Guards};
use crate::builder::Builder;
use crate::model::{Gate, NodeId, World};
use crate::platforms::clouds::{self, Named, named};
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// Machines, and how people tell where their interfaces are.
const MACHINES: &[&str] = &["azurerm_linux_virtual_machine", "azurerm_windows_virtual_machine", "azurerm_virtual_machine"];

/// Scale sets.
const SCALE_SETS: &[&str] = &[
    "azurerm_linux_virtual_machine_scale_set",
    "azurerm_windows_virtual_machine_scale_set",
    "azurerm_virtual_machine_scale_set",
    "azurerm_orchestrated_virtual_machine_scale_set",
];

/// An interface that balancers and gateways lead to.
#[derive(Clone, Debug)]
pub(super) struct Port {
    /// Whose it is.
    pub(super) machine: NodeId,
    /// Its name.
    pub(super) name: CompactString,
    /// What stands before it.
    pub(super) guards: Guards,
}

/// The interfaces by what leads to them.
#[derive(Debug, Default)]
pub(super) struct Ports {
    pub(super) all: Vec<Port>,
    /// By the address of the interface.
    pub(super) by_interface: FxHashMap<CompactString, Vec<usize>>,
    /// By a private address that is written.
    pub(super) by_address: FxHashMap<CompactString, Vec<usize>>,
    /// By the address of the pool or rule that names them, with the place where they do.
    pub(super) by_pool: FxHashMap<CompactString, Vec<(usize, Place)>>,
}

/// Pools that an IP configuration names by itself.
const POOLS: &[(&str, &str)] = &[
    ("load_balancer_backend_address_pool_ids", "azurerm_lb_backend_address_pool"),
    ("load_balancer_backend_address_pools_ids", "azurerm_lb_backend_address_pool"),
    ("load_balancer_inbound_nat_rules_ids", "azurerm_lb_nat_pool"),
    ("load_balancer_inbound_nat_rules_ids", "azurerm_lb_nat_rule"),
    ("application_gateway_backend_address_pool_ids", "azurerm_application_gateway"),
];

pub(super) fn build(resources: &Resources<'_>, networks: &mut Networks, builder: &mut Builder) -> Ports {
    let mut ports = Ports::default();
    for machine in MACHINES.iter().flat_map(|kind| resources.of_type(kind)) {
        let id = describe(machine, builder);
        let interfaces = named(resources, field(&machine.value, "network_interface_ids"), &["azurerm_network_interface"], "name");
        for interface in interfaces.items {
            attach(resources, machine, interface, id, (&mut *networks, &mut ports), builder);
        }
        if let Some(missing) = interfaces.missing {
            let step = Step::at(
                clouds::at(&machine.value, "network_interface_ids", machine.header),
                format!("{} may lead to it", missing.what),
            );
            builder.begins(World::INTERNET, id, vec![Gate::Unknown(step, missing)]);
        }
        if !clouds::is_placed(id, builder) {
            clouds::unclear(machine, id, "network_interface_ids", builder);
        }
    }
    for set in SCALE_SETS.iter().flat_map(|kind| resources.of_type(kind)) {
        let id = describe(set, builder);
        let keys = ["network_interface", "network_profile"];
        for block in keys.iter().flat_map(|key| blocks(&set.value, key)) {
            scaled(resources, set, block, id, (&mut *networks, &mut ports), builder);
        }
        if !clouds::is_placed(id, builder) {
            clouds::unclear(set, id, "network_interface", builder);
        }
    }
    ports
}

fn describe(machine: &Item, builder: &mut Builder) -> NodeId {
    // Confidential machines say how their memory is protected ("Azure confidential VMs").
    let disk = blocks(&machine.value, "os_disk").first();
    let confidential = disk.and_then(|disk| field(disk, "security_encryption_type")).map(|value| value.place);
    clouds::machine(machine, field(&machine.value, "tags"), confidential, builder)
}

fn attach(
    resources: &Resources<'_>,
    machine: &Item,
    interface: &Item,
    id: NodeId,
    (networks, ports): (&mut Networks, &mut Ports),
    builder: &mut Builder,
) {
    let (_, own) = security_group::of_interface(resources, interface);
    for block in blocks(&interface.value, "ip_configuration") {
        let (group, _) = security_group::of_interface(resources, interface);
        let mut spot = networks.spot(resources, field(block, "subnet_id"), builder);
        let address = field(block, "private_ip_address").and_then(Value::as_str);
        if let Some(range) = address.and_then(crate::address::Range::parse) {
            spot.addresses = vec![range];
        }
        let outbound = security_group::outbound(resources, &spot, &group, (&interface.name, &own));
        let guards = security_group::guards(resources, &spot, group, (&interface.name, &own), interface.header);
        spot.groups.extend(own.iter().cloned());
        let at = ports.all.len();
        ports.by_interface.entry(interface.name.clone()).or_default().push(at);
        if let Some(address) = address {
            ports.by_address.entry(address.into()).or_default().push(at);
        }
        let port = Port { machine: id, name: interface.name.clone(), guards };
        let public = named(resources, field(block, "public_ip_address_id"), &["azurerm_public_ip"], "name");
        let wall = || Step::at(block.place, format!("{} has no public address", interface.name));
        let gates = if public.items.is_empty() && public.missing.is_none() {
            vec![Gate::Wall(wall())]
        } else {
            addressed(&public, &interface.name, clouds::at(block, "public_ip_address_id", block.place))
        };
        open(resources, machine, &port, gates, public.items.first().map(|ip| (*ip, ip.header)), spot, builder);
        pools(resources, block, at, ports);
        ports.all.push(port);
        if let Some(node) = builder.get(id).filter(|node| node.egress.is_none()) {
            node.egress = outbound.map(Arc::new);
        }
    }
}

/// The public address of something.
pub(super) fn addressed(public: &Named<'_>, owner: &str, place: Place) -> Vec<Gate> {
    let mut gates = Vec::new();
    if let Some(ip) = public.items.first() {
        gates.push(Gate::Open(Step::at(place, format!("{} is the public address of {owner}", ip.name))));
    }
    if let Some(missing) = &public.missing {
        gates.push(Gate::Unknown(Step::at(place, format!("{owner} may have a public address")), missing.clone()));
    }
    gates
}

/// What stands before a public address without any group: its SKU decides, which is Basic before version 4 of the provider where none is
/// written, and Standard since ("4.0 upgrade guide", `azurerm_public_ip` and `azurerm_lb`).
pub(super) fn without_group(resources: &Resources<'_>, owner: Option<(&Item, Place)>, name: &str) -> Gate {
    let sku = owner.and_then(|(item, _)| field(&item.value, "sku"));
    let place = sku.map(|value| value.place).or_else(|| owner.map(|(_, place)| place)).unwrap_or_default();
    let default = || owner.map(|_| if resources.precedes("azurerm", "4.0.0") { "basic" } else { "standard" });
    match sku.map_or_else(default, Value::as_str) {
        Some(text) if text.eq_ignore_ascii_case("basic") => {
            Gate::Open(Step::at(place, format!("{name} is Basic: open without a network security group")))
        }
        Some(_) => {
            Gate::Wall(Step::at(place, format!("{name} is Standard: closed until a network security group lets something in")))
        }
        None => {
            let missing = sku.and_then(Missing::of).unwrap_or_else(|| Missing::new(format!("the SKU of {name}")));
            Gate::Unknown(Step::at(place, format!("{name} is open without a network security group if it is Basic")), missing)
        }
    }
}

/// Adds the ways to an interface.
fn open(
    resources: &Resources<'_>,
    machine: &Item,
    port: &Port,
    mut gates: Vec<Gate>,
    ip: Option<(&Item, Place)>,
    spot: Spot<'_>,
    builder: &mut Builder,
) {
    if !port.guards.any && !matches!(gates.as_slice(), [Gate::Wall(_)]) {
        let name = ip.map_or_else(|| format!("the public address of {}", port.name), |(ip, _)| ip.name.to_string());
        gates.push(without_group(resources, ip, &name));
    }
    gates.extend(port.guards.gates.iter().cloned());
    builder.begins(World::INTERNET, port.machine, gates);
    if let Some(network) = spot.network {
        clouds::join(machine, port.machine, network, port.guards.gates.clone(), builder);
    }
    if let Some(node) = builder.get(port.machine) {
        node.inside.extend(spot.inside);
        node.addresses.extend(spot.addresses);
        node.groups.extend(spot.groups);
    }
}

fn pools(resources: &Resources<'_>, block: &Value, at: usize, ports: &mut Ports) {
    for (key, kind) in POOLS {
        let Some(value) = field(block, key) else { continue };
        for pool in named(resources, Some(value), &[kind], "name").items {
            ports.by_pool.entry(pool.name.clone()).or_default().push((at, value.place));
        }
    }
}

/// The machines of a scale set.
fn scaled(
    resources: &Resources<'_>,
    set: &Item,
    interface: &Value,
    id: NodeId,
    (networks, ports): (&mut Networks, &mut Ports),
    builder: &mut Builder,
) {
    for block in blocks(interface, "ip_configuration") {
        let group = named(resources, field(interface, "network_security_group_id"), &["azurerm_network_security_group"], "name");
        let mut spot = networks.spot(resources, field(block, "subnet_id"), builder);
        let (own, _) = security_group::application(resources, field(block, "application_security_group_ids"));
        let outbound = security_group::outbound(resources, &spot, &group, (&set.name, &own));
        let guards = security_group::guards(resources, &spot, group, (&set.name, &own), interface.place);
        spot.groups.extend(own);
        let at = ports.all.len();
        let port = Port { machine: id, name: set.name.clone(), guards };
        let keys = ["public_ip_address", "public_ip_address_configuration"];
        let public = keys.iter().map(|key| clouds::block(block, key)).find(|public| *public != Ok(None)).unwrap_or(Ok(None));
        let gates = match public {
            Ok(Some(public)) => {
                vec![Gate::Open(Step::at(public.place, format!("the machines of {} have public addresses", set.name)))]
            }
            Ok(None) => vec![Gate::Wall(Step::at(block.place, format!("{} has no public address", set.name)))],
            Err(missing) => {
                let step = Step::at(block.place, format!("the machines of {} may have public addresses", set.name));
                vec![Gate::Unknown(step, missing)]
            }
        };
        open(resources, set, &port, gates, None, spot, builder);
        pools(resources, block, at, ports);
        ports.all.push(port);
        if let Some(node) = builder.get(id).filter(|node| node.egress.is_none()) {
            node.egress = outbound.map(Arc::new);
        }
    }
}
