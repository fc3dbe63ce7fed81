//! VMware vSphere.
//!
//! Closed-world rules, from the vSphere networking guide
//! (<https://docs.vmware.com/en/VMware-vSphere/8.0/vsphere-networking/>) and the provider's pages:
//! - A standard port group without a VLAN, on a switch with a network card of the host, is a segment of the local network; on a switch
//!   without any, it leads to the machines on it alone.
//! - A port group with a VLAN, a distributed port group, and one that only a data source names, lead where the physical network leads
//!   them, which no code says: not known. NSX may filter in front of every machine.
//! - Machines on one port group reach each other, unless NSX is in this code.

use compact_str::CompactString;
use plimsoll_syntax::{Item, Value};

use super::docker::local;
use crate::builder::Builder;
use crate::model::{Gate, Kind, Node, NodeId};
use crate::platforms::entries::{number, says};
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// Resources of NSX that filter.
const NSX: &[&str] = &["nsxt_policy_security_policy", "nsxt_policy_gateway_policy", "nsxt_firewall_section"];

/// Adds what it runs.
pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    let filter = NSX.iter().find_map(|view| resources.of_type(view).next());
    for machine in resources.of_type("vsphere_virtual_machine") {
        let id = local::machine(machine, builder);
        for interface in blocks(&machine.value, "network_interface") {
            if let Some(network) = field(interface, "network_id") {
                join(resources, network, id, &machine.name, filter, builder);
            }
        }
    }
}

fn join(resources: &Resources<'_>, network: &Value, id: NodeId, name: &str, filter: Option<&Item>, builder: &mut Builder) {
    let referred = resources.referred(network);
    let group = referred.items.into_iter().next();
    let key: CompactString = match (group, network.as_str()) {
        (Some(group), _) => group.name.clone(),
        (None, Some(text)) => format!("network/{text}").into(),
        (None, None) => CompactString::default(),
    };
    let filtered: Vec<Gate> = filter
        .map(|policy| {
            let step = Step::at(policy.header, format!("{} filters in front of {name}", policy.name));
            Gate::Unknown(step, Missing::new(format!("what {} lets through", policy.name)))
        })
        .into_iter()
        .collect();
    if !key.is_empty() {
        let between = builder.find(&key).unwrap_or_else(|| {
            let node = match group {
                Some(group) => Builder::describe(group, Kind::Network),
                None => {
                    Node { place: network.place, range: network.place, ..Node::new(key.clone(), Kind::Network, "port group") }
                }
            };
            builder.node(node)
        });
        let step = Step::at(network.place, format!("{name} is on {key}"));
        builder.begins(id, between, vec![Gate::Open(step.clone())]);
        builder.passes_on(between, id, std::iter::once(Gate::Open(step)).chain(filtered.iter().cloned()).collect());
        if let Some(node) = builder.get(id) {
            node.inside.push(between);
        }
    }
    let gate = match group {
        Some(group) if Resources::is_of(group, "vsphere_host_port_group") => standard(resources, group, name),
        _ => {
            let what =
                if key.is_empty() { referred.missing.map_or("the network".into(), |missing| missing.what) } else { key.clone() };
            Gate::Unknown(Step::at(network.place, format!("{name} is on {what}")), Missing::new(format!("where {what} leads")))
        }
    };
    if let Gate::Wall(step) = gate {
        return local::closed(id, &Gate::Wall(step), builder);
    }
    local::neighbour(id, &std::iter::once(gate).chain(filtered).collect::<Vec<_>>(), builder);
}

/// Where a standard port group leads.
fn standard(resources: &Resources<'_>, group: &Item, name: &str) -> Gate {
    let value = &group.value;
    let switch = field(value, "virtual_switch_name").and_then(|switch| {
        let referred =
            resources.referred(switch).items.into_iter().find(|item| Resources::is_of(item, "vsphere_host_virtual_switch"));
        let by_name = || {
            let name = switch.as_str()?;
            resources.of_type("vsphere_host_virtual_switch").find(|item| says(&item.value, "name") == Some(name))
        };
        referred.or_else(by_name)
    });
    if let Some(switch) = switch
        && let Some(cards) = field(&switch.value, "network_adapters")
        && cards.as_list().is_some_and(|list| list.items.is_empty() && list.tail.is_none())
    {
        return Gate::Wall(Step::at(cards.place, format!("{} has no network card of its host", switch.name)));
    }
    let step = |place, message: &str| Step::at(place, format!("{} {message}", group.name));
    match field(value, "vlan_id") {
        Some(vlan) if number(vlan) != Some(0) => {
            let missing = Missing::of(vlan).unwrap_or_else(|| Missing::new(format!("where the VLAN of {} leads", group.name)));
            Gate::Unknown(step(vlan.place, "is a VLAN of its own"), missing)
        }
        _ => Gate::Open(step(group.header, &format!("puts {name} on the local network"))),
    }
}
