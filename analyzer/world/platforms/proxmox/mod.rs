//! Proxmox VE, by the providers bpg/proxmox and Telmate/proxmox.
//!
//! Closed-world rules, from the Proxmox VE administration guide, chapters "Network Configuration" and "Proxmox VE Firewall"
//! (<https://pve.proxmox.com/pve-docs/pve-admin-guide.html>), and the providers' pages:
//! - A bridge leads to the local network of the node unless this code makes it without ports; then it hangs on what the node forwards.
//!   A VLAN, and a network of the SDN, lead where code does not say.
//! - The firewall stands before a machine where the device has `firewall`, the machine's options enable it (they do not by default), and
//!   the cluster's firewall is on, which is off by default and set by hand as often as by code: not known where no code says it.
//! - Rules are read in their order; what none speaks of meets `input_policy`, which is DROP by default.
//! - Telmate's provider has no firewall settings: with `firewall` on a device, what it lets through is not known.

mod firewall;

use plimsoll_syntax::{Item, Place, Value};

use super::docker::local;
use crate::builder::Builder;
use crate::ladder::Rung;
use crate::model::{Evidence, Gate, Kind, Node, NodeId};
use crate::platforms::entries::{flag, number, says};
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// What runs something, the block of its network devices, the id by which firewall settings name it, and whether it is a container.
const MACHINES: &[(&str, &str, Option<&str>, bool)] = &[
    ("proxmox_virtual_environment_vm", "network_device", Some("vm_id"), false),
    ("proxmox_virtual_environment_container", "network_interface", Some("container_id"), true),
    ("proxmox_vm_qemu", "network", None, false),
    ("proxmox_lxc", "network", None, true),
];

/// Bridges that code makes.
const BRIDGES: &[&str] = &["proxmox_virtual_environment_network_linux_bridge", "proxmox_network_linux_bridge"];
/// Networks of the SDN that code makes.
const SDN: &[&str] = &["proxmox_virtual_environment_sdn_vnet", "proxmox_sdn_vnet"];

/// Adds what it runs.
pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for &(view, devices, id_key, is_container) in MACHINES {
        for item in resources.of_type(view) {
            let id = if is_container { container(item, builder) } else { local::machine(item, builder) };
            if let Some(node) = builder.get(id) {
                node.labels = Builder::labels(field(&item.value, "tags"));
            }
            let written = blocks(&item.value, devices);
            if written.is_empty() {
                nowhere(item, field(&item.value, devices).and_then(Missing::of), id, builder);
            }
            for device in written {
                join(resources, item, device, id_key, id, builder);
            }
        }
    }
}

/// A container of the node, by LXC.
fn container(item: &Item, builder: &mut Builder) -> NodeId {
    let mut node = Builder::describe(item, Kind::Container);
    let place = field(&item.value, "unprivileged").map_or(item.header, |value| value.place);
    let (rung, message) = match flag(&item.value, "unprivileged", false) {
        Ok(true) => (Rung::Hardened, "its root is another user of the node".to_owned()),
        Ok(false) => (Rung::Weakened, "its root is the root of the node".to_owned()),
        Err(missing) => (
            Rung::Default,
            format!("it shares the kernel of the node; whether its root is the node's is not known: {}", missing.what),
        ),
    };
    node.evidence.push(Evidence { rung, step: Step::at(place, message) });
    builder.node(node)
}

fn nowhere(item: &Item, missing: Option<Missing>, id: NodeId, builder: &mut Builder) {
    let step = Step::at(item.header, format!("{} has no network device", item.name));
    let gate = match missing {
        Some(missing) => return local::neighbour(id, &[Gate::Unknown(step, missing)], builder),
        None => Gate::Wall(step),
    };
    local::closed(id, &gate, builder);
}

fn join<'a>(
    resources: &Resources<'a>,
    item: &'a Item,
    device: &Value,
    id_key: Option<&'static str>,
    id: NodeId,
    builder: &mut Builder,
) {
    let cut = ["disconnected", "link_down"].iter().find(|key| flag(device, key, false) == Ok(true)).copied();
    let off = (flag(device, "enabled", true) == Ok(false)).then_some("enabled");
    if let Some(key) = cut.or(off) {
        let place = field(device, key).map_or(device.place, |value| value.place);
        return local::closed(id, &Gate::Wall(Step::at(place, format!("the network device of {} is off", item.name))), builder);
    }
    let filter: Vec<Gate> = match id_key {
        Some(key) => firewall::gate(resources, item, device, key).into_iter().collect(),
        None => unsaid(device, item).into_iter().collect(),
    };
    let written = field(device, "bridge");
    let place = written.map_or(device.place, |value| value.place);
    let vlan = ["vlan_id", "tag"].iter().find_map(|key| field(device, key)).filter(|vlan| !matches!(number(vlan), Some(0 | -1)));
    let leads = leads(resources, item, written, vlan, place);
    if let Some(name) = written.map_or(Some("vmbr0"), Value::as_str) {
        let tag = vlan.and_then(number).map(|tag| format!(".{tag}")).unwrap_or_default();
        // Who is on a VLAN that is not known is not known either.
        if vlan.is_none_or(|vlan| number(vlan).is_some()) {
            segment(&format!("network/{name}{tag}"), place, item, &filter, id, builder);
        }
    }
    let gates: Vec<Gate> = std::iter::once(leads).chain(filter).collect();
    local::neighbour(id, &gates, builder);
}

/// Where a bridge leads.
fn leads(resources: &Resources<'_>, item: &Item, written: Option<&Value>, vlan: Option<&Value>, place: Place) -> Gate {
    let name = written.map_or(Some("vmbr0"), Value::as_str);
    let step = |message: String| Step::at(place, message);
    if let Some(vlan) = vlan {
        let missing =
            Missing::of(vlan).unwrap_or_else(|| Missing::new(format!("where the VLAN {} leads", number(vlan).unwrap_or(0))));
        return Gate::Unknown(Step::at(vlan.place, format!("{} is on a VLAN", item.name)), missing);
    }
    let referred = written.map(|value| resources.referred(value).items).unwrap_or_default();
    let made = |views: &[&str], key: &str| {
        let own = referred.iter().copied().find(|item| views.iter().any(|view| Resources::is_of(item, view)));
        own.or_else(|| {
            views.iter().flat_map(|view| resources.of_type(view)).find(|item| name.is_some() && says(&item.value, key) == name)
        })
    };
    if let Some(network) = made(SDN, "id") {
        let missing = Missing::new(format!("where {} leads", network.name));
        return Gate::Unknown(step(format!("{} is on {}", item.name, network.name)), missing);
    }
    if let Some(bridge) = made(BRIDGES, "name") {
        let ports = field(&bridge.value, "ports");
        return match ports.and_then(Missing::of) {
            Some(missing) => Gate::Unknown(step(format!("{} is on {}", item.name, bridge.name)), missing),
            None if ports.is_none_or(|ports| ports.items().is_empty()) => {
                let missing = Missing::new(format!("whether the node forwards to {}", bridge.name));
                Gate::Unknown(
                    Step::at(bridge.header, format!("{} has no port, so that only the node leads there", bridge.name)),
                    missing,
                )
            }
            None => Gate::Open(step(format!("{} puts {} on the local network", bridge.name, item.name))),
        };
    }
    match (name, written.and_then(Missing::of)) {
        (Some(name), _) => Gate::Open(step(format!("the bridge {name} puts {} on the local network", item.name))),
        (None, missing) => {
            Gate::Unknown(step(format!("{} is on a bridge", item.name)), missing.unwrap_or_else(|| Missing::new("the bridge")))
        }
    }
}

/// Telmate's `firewall` on a device.
fn unsaid(device: &Value, item: &Item) -> Option<Gate> {
    let place = field(device, "firewall").map_or(device.place, |value| value.place);
    let missing = match flag(device, "firewall", false) {
        Ok(false) => return None,
        Ok(true) => Missing::new(format!("the firewall settings of {}", item.name)),
        Err(missing) => missing,
    };
    Some(Gate::Unknown(Step::at(place, format!("the firewall stands before {}", item.name)), missing))
}

/// Puts a machine on a bridge with others.
fn segment(key: &str, place: Place, item: &Item, filter: &[Gate], id: NodeId, builder: &mut Builder) {
    let between = builder
        .find(key)
        .unwrap_or_else(|| builder.node(Node { place, range: place, ..Node::new(key, Kind::Network, "proxmox bridge") }));
    let step = Step::at(place, format!("{} is on {}", item.name, key.trim_start_matches("network/")));
    builder.begins(id, between, vec![Gate::Open(step.clone())]);
    builder.passes_on(between, id, std::iter::once(Gate::Open(step)).chain(filter.iter().cloned()).collect());
    if let Some(node) = builder.get(id) {
        node.inside.push(between);
    }
}
