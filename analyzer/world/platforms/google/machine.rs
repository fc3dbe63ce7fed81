//! Instances, alone and by templates.

use compact_str::CompactString;
use plimsoll_syntax::{Item, Value};
use rustc_hash::FxHashMap;

use super::firewall;
use super::network::Networks;
use crate::builder::Builder;
use crate::model::{Gate, NodeId, World};
use crate::platforms::clouds::{self, named};
use crate::platforms::entries::flag;
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// Templates of instances.
const TEMPLATES: &[&str] = &["google_compute_instance_template", "google_compute_region_instance_template"];
/// Groups that are made from them.
const GROUPS: &[&str] = &["google_compute_instance_group_manager", "google_compute_region_instance_group_manager"];

/// The machines by their address, with what stands before each in its network.
#[derive(Debug, Default)]
pub(super) struct Machines {
    pub(super) by_name: FxHashMap<CompactString, (NodeId, Gate)>,
}

pub(super) fn build<'a>(resources: &Resources<'a>, networks: &mut Networks<'a>, builder: &mut Builder) -> Machines {
    let mut machines = Machines::default();
    for instance in resources.of_type("google_compute_instance") {
        one(resources, instance, &instance.value, networks, &mut machines, builder);
    }
    for instance in resources.of_type("google_compute_instance_from_template") {
        let templates = named(resources, field(&instance.value, "source_instance_template"), TEMPLATES, "name");
        // What it writes itself replaces what the template says.
        let own = field(&instance.value, "network_interface").map(|_| &instance.value);
        if let Some(value) = own.or_else(|| templates.items.first().map(|template| &template.value)) {
            one(resources, instance, value, networks, &mut machines, builder);
        }
    }
    for group in GROUPS.iter().flat_map(|kind| resources.of_type(kind)) {
        let version = blocks(&group.value, "version").first().and_then(|version| field(version, "instance_template"));
        let template = named(resources, version.or_else(|| field(&group.value, "instance_template")), TEMPLATES, "name");
        match (template.items.first(), template.missing) {
            (Some(template), _) => one(resources, group, &template.value, networks, &mut machines, builder),
            (None, missing) => {
                let id = clouds::machine(group, None, None, builder);
                let missing = missing.unwrap_or_else(|| Missing::new(format!("the template of {}", group.name)));
                let step = Step::at(group.header, format!("{} says how it is reached", missing.what));
                builder.begins(World::INTERNET, id, vec![Gate::Unknown(step, missing)]);
            }
        }
    }
    machines
}

fn one<'a>(
    resources: &Resources<'a>,
    item: &Item,
    value: &Value,
    networks: &mut Networks<'a>,
    machines: &mut Machines,
    builder: &mut Builder,
) {
    let confidential = blocks(value, "confidential_instance_config").first();
    let confidential = confidential.filter(|block| {
        flag(block, "enable_confidential_compute", false) == Ok(true) || field(block, "confidential_instance_type").is_some()
    });
    let id = clouds::machine(item, field(value, "labels"), confidential.map(|block| block.place), builder);
    let target = firewall::target(resources, value);
    for interface in blocks(value, "network_interface") {
        let spot = networks.spot(resources, interface, builder);
        let gate = networks.rules.filter(resources, &spot.key, &target);
        builder.begins(World::INTERNET, id, vec![external(item, interface), gate.clone()]);
        clouds::join(item, id, spot.network, vec![gate.clone()], builder);
        machines.by_name.entry(item.name.clone()).or_insert_with(|| (id, gate));
        if let Some(node) = builder.get(id) {
            node.egress = node.egress.take().or_else(|| networks.rules.outbound(resources, &spot.key, &target));
            node.inside.extend(spot.inside);
            node.addresses.extend(spot.addresses);
            node.groups.extend(target.tags.iter().map(|tag| firewall::tag_of(&spot.key, tag)));
        }
    }
    if !clouds::is_placed(id, builder) {
        clouds::unclear(item, id, "network_interface", builder);
    }
    if let Some(node) = builder.get(id) {
        node.groups.extend(target.accounts.iter().map(|account| firewall::account_of(account)));
    }
}

/// Whether an interface has an address that the internet can speak to.
fn external(item: &Item, interface: &Value) -> Gate {
    for key in ["access_config", "ipv6_access_config"] {
        match clouds::block(interface, key) {
            Ok(None) => {}
            Ok(Some(block)) => return Gate::Open(Step::at(block.place, format!("{} has an external address", item.name))),
            Err(missing) => {
                return Gate::Unknown(Step::at(interface.place, format!("{} may have an external address", item.name)), missing);
            }
        }
    }
    Gate::Wall(Step::at(interface.place, format!("{} has no external address", item.name)))
}
