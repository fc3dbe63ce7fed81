//! EC2 instances, alone and by launch templates.

use plimsoll_syntax::{Item, Value};

use super::network::{self, Subnet};
use super::security_group;
use crate::builder::Builder;
use crate::ladder::Rung;
use crate::model::{Evidence, Gate, Kind, NodeId, World};
use crate::platforms::entries::flag;
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for view in ["aws_instance", "aws_spot_instance_request"] {
        for instance in resources.of_type(view) {
            one(resources, instance, builder);
        }
    }
    for group in resources.of_type("aws_autoscaling_group") {
        scaled(resources, group, builder);
    }
}

/// An interface: where it is, whether it has a public address, what may come in.
struct Interface<'a, 'v> {
    subnet: Subnet<'a>,
    public: Gate,
    groups: Vec<Option<&'v Value>>,
}

fn one(resources: &Resources<'_>, instance: &Item, builder: &mut Builder) {
    let value = &instance.value;
    let elastic = elastic(resources, instance);
    let attached = field(value, "network_interface").and(Some(blocks(value, "network_interface"))).unwrap_or_default();
    let interfaces: Vec<&Item> = attached
        .iter()
        .chain(blocks(value, "primary_network_interface"))
        .filter_map(|block| resources.referred(field(block, "network_interface_id")?).items.into_iter().next())
        .collect();
    let id = builder.node_of(instance, Kind::Machine);
    describe(instance, id, builder);
    if interfaces.is_empty() {
        for subnet in network::subnets(resources, field(value, "subnet_id")) {
            let public = elastic.clone().unwrap_or_else(|| written(value, &subnet, instance));
            let groups = vec![field(value, "vpc_security_group_ids"), field(value, "security_groups")];
            join(resources, instance, &Interface { subnet, public, groups }, id, builder);
        }
    }
    for interface in interfaces {
        for subnet in network::subnets(resources, field(&interface.value, "subnet_id")) {
            // An interface of its own gets no public address but an elastic one.
            let own = || self::elastic(resources, interface);
            let wall = || Gate::Wall(Step::at(interface.header, format!("{} has no public address", interface.name)));
            let public = elastic.clone().or_else(own).unwrap_or_else(wall);
            let groups = vec![field(&interface.value, "security_groups")];
            join(resources, instance, &Interface { subnet, public, groups }, id, builder);
        }
    }
}

fn describe(item: &Item, id: NodeId, builder: &mut Builder) {
    let step = Step::at(item.header, "a virtual machine has a kernel of its own");
    if let Some(node) = builder.get(id) {
        node.evidence.push(Evidence { rung: Rung::OwnKernel, step });
        node.labels = Builder::labels(field(&item.value, "tags"));
    }
}

/// The elastic address of an instance or interface.
fn elastic(resources: &Resources<'_>, item: &Item) -> Option<Gate> {
    let own = [("aws_eip", "instance"), ("aws_eip", "network_interface")];
    let associated = [("aws_eip_association", "instance_id"), ("aws_eip_association", "network_interface_id")];
    let all = own.iter().chain(&associated);
    let eip = all.flat_map(|(kind, attribute)| resources.referring(kind, attribute, item)).next()?;
    Some(Gate::Open(Step::at(eip.header, format!("{} is a public address of {}", eip.name, item.name))))
}

/// What an instance says about its public address, or its subnet for it.
fn written(value: &Value, subnet: &Subnet<'_>, item: &Item) -> Gate {
    let Some(own) = field(value, "associate_public_ip_address") else { return subnet.gives_addresses() };
    match flag(value, "associate_public_ip_address", false) {
        Ok(true) => Gate::Open(Step::at(own.place, format!("{} has a public address", item.name))),
        Ok(false) => Gate::Wall(Step::at(own.place, format!("{} has no public address", item.name))),
        Err(missing) => Gate::Unknown(Step::at(own.place, format!("{} may have a public address", item.name)), missing),
    }
}

fn join<'a>(resources: &Resources<'a>, item: &Item, interface: &Interface<'a, '_>, id: NodeId, builder: &mut Builder) {
    let vpc = match &interface.subnet {
        Subnet::Known(subnet) => network::vpc_of(resources, subnet),
        _ => None,
    };
    let groups = security_group::of(resources, &interface.groups, item, vpc);
    let (inside, addresses) = interface.subnet.hold(resources, builder);
    let mut gates = vec![interface.public.clone()];
    gates.extend(interface.subnet.gates_of_internet(resources));
    gates.push(Gate::Filter(groups.filter.clone()));
    builder.begins(World::INTERNET, id, gates);
    if let Some(vpc) = inside.last().copied() {
        let network = builder.world.node(vpc).map(|node| node.name.clone()).unwrap_or_default();
        let step = Step::at(item.header, format!("it is in {network}"));
        builder.begins(id, vpc, vec![Gate::Open(step)]);
        builder.passes_on(vpc, id, vec![Gate::Filter(groups.filter.clone())]);
    }
    if let Some(node) = builder.get(id) {
        let first = node.inside.is_empty();
        node.egress = if first { groups.egress } else { security_group::either(node.egress.take(), groups.egress) };
        node.inside.extend(inside);
        node.addresses.extend(addresses);
        node.groups.extend(groups.names);
    }
}

/// The machines of an auto scaling group, as their template describes them.
fn scaled(resources: &Resources<'_>, group: &Item, builder: &mut Builder) {
    let template = ["launch_template", "mixed_instances_policy"].iter().find_map(|key| {
        let block = blocks(&group.value, key).first()?;
        let inner =
            blocks(block, "launch_template").first().and_then(|inner| blocks(inner, "launch_template_specification").first());
        let block = inner.unwrap_or(block);
        let value = ["id", "name", "launch_template_id", "launch_template_name"].iter().find_map(|key| field(block, key))?;
        resources.referred(value).items.into_iter().next()
    });
    let configuration = || resources.referred(field(&group.value, "launch_configuration")?).items.into_iter().next();
    let Some(template) = template.or_else(configuration) else { return };
    let id = builder.node_of(group, Kind::Machine);
    describe(group, id, builder);
    let interfaces = blocks(&template.value, "network_interfaces");
    let block = interfaces.first().unwrap_or(&template.value);
    let subnets = field(block, "subnet_id").or_else(|| field(&group.value, "vpc_zone_identifier"));
    let zones = field(&group.value, "availability_zones");
    let subnets = match subnets {
        None if zones.is_none() => vec![Subnet::Elsewhere(Missing::new(format!("the subnets of {}", group.name)))],
        value => network::subnets(resources, value),
    };
    for subnet in subnets {
        let public = written(block, &subnet, group);
        let groups = vec![
            field(block, "security_groups"),
            field(&template.value, "vpc_security_group_ids"),
            field(&template.value, "security_group_names"),
        ];
        join(resources, group, &Interface { subnet, public, groups }, id, builder);
    }
}
