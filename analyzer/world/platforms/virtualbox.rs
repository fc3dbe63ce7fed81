//! VirtualBox, by the provider terra-farm/virtualbox.
//!
//! Closed-world rules, from the VirtualBox manual, chapter "Virtual Networking" (<https://www.virtualbox.org/manual/ch06.html>), and the
//! provider's page of `virtualbox_vm`:
//! - `nat`: nothing comes in, not from the host either; the provider makes no port forwards. Each machine has a NAT of its own.
//! - `bridged`: a neighbour on the local network of the host.
//! - `hostonly`: the host, and the machines on the same interface of the host.
//! - `internal`: machines of one internal network alone; which one, the provider does not say.
//! - `generic`, and what is not known: not known.

use plimsoll_syntax::Value;

use super::docker::local;
use crate::builder::Builder;
use crate::model::{Gate, Kind, Node, NodeId, World};
use crate::platforms::entries::says;
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// Adds what it runs.
pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for machine in resources.of_type("virtualbox_vm") {
        let host = local::host("VirtualBox host", "virtualbox", machine.header, builder);
        let id = local::machine(machine, builder);
        if let Some(node) = builder.get(id) {
            node.inside.push(host);
        }
        let adapters = blocks(&machine.value, "network_adapter");
        if adapters.is_empty() {
            let open = field(&machine.value, "network_adapter").and_then(Missing::of);
            let step = Step::at(machine.header, format!("{} has no network adapter", machine.name));
            builder.passes_on(
                host,
                id,
                vec![open.map_or_else(|| Gate::Wall(step.clone()), |missing| Gate::Unknown(step.clone(), missing))],
            );
        }
        for adapter in adapters {
            join(adapter, id, host, &machine.name, builder);
        }
    }
}

fn join(adapter: &Value, id: NodeId, host: NodeId, name: &str, builder: &mut Builder) {
    let kind = field(adapter, "type");
    let place = kind.map_or(adapter.place, |kind| kind.place);
    let at = |message: String| Step::at(place, message);
    match kind.map(|kind| kind.as_str()) {
        Some(Some("bridged")) => {
            local::neighbour(id, &[Gate::Open(at(format!("{name} is bridged to the network of its host")))], builder)
        }
        Some(Some("hostonly")) => {
            builder.begins(host, id, vec![Gate::Open(at(format!("{name} and its host are on a network of their own")))]);
            builder.begins(id, host, vec![Gate::Open(at(format!("{name} and its host are on a network of their own")))]);
            builder.passes_on(
                host,
                id,
                vec![Gate::Wall(at(format!("{name} is on a host-only network, which leads to its host alone")))],
            );
            if let Some(interface) = says(adapter, "host_interface") {
                shared(interface, id, host, name, &at(format!("{name} is on {interface}")), builder);
            }
        }
        Some(Some("nat")) => {
            builder.passes_on(
                host,
                id,
                vec![Gate::Wall(at(format!("{name} is behind the NAT of VirtualBox, which lets nothing in")))],
            );
            builder.begins(id, World::LAN, vec![Gate::Open(at(format!("{name} sends with the address of its host")))]);
        }
        Some(Some("internal")) => {
            builder.passes_on(
                host,
                id,
                vec![Gate::Wall(at(format!("{name} is on an internal network, which does not lead to its host")))],
            );
        }
        other => {
            let missing = kind.and_then(Missing::of);
            let missing = missing
                .unwrap_or_else(|| Missing::new(format!("what the adapter type {} does", other.flatten().unwrap_or("")).trim()));
            local::neighbour(id, &[Gate::Unknown(at(format!("{name} may be on the network of its host")), missing)], builder);
        }
    }
}

/// The network that machines with one host interface share.
fn shared(interface: &str, id: NodeId, host: NodeId, name: &str, step: &Step, builder: &mut Builder) {
    let key = format!("network/{interface}");
    let between = builder.outside(&key, |builder| {
        builder.node(Node {
            place: step.place,
            inside: vec![host],
            ..Node::new(key.as_str(), Kind::Network, "host-only network")
        })
    });
    builder.begins(id, between, vec![Gate::Open(Step::at(step.place, format!("{name} is on {interface}")))]);
    builder.passes_on(between, id, vec![Gate::Open(step.clone())]);
    if let Some(node) = builder.get(id) {
        node.inside.insert(0, between);
    }
}
