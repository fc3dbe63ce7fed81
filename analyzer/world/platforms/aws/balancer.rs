//! Load balancers: listeners, target groups, targets.

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Place, Value};

use super::network::{self, Subnet};
use super::security_group;
use crate::builder::Builder;
use crate::model::{Gate, Kind, NodeId, World};
use crate::platforms::entries::{flag, number, says};
use crate::resources::{Resources, blocks, field, values_at};
use crate::said::Step;

pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for view in ["aws_lb", "aws_alb"] {
        for balancer in resources.of_type(view) {
            let views = ["aws_lb_listener", "aws_alb_listener"];
            let listeners: Vec<&Item> =
                views.iter().flat_map(|view| resources.referring(view, "load_balancer_arn", balancer)).collect();
            let ports = listeners.iter().map(|listener| (field(&listener.value, "port"), listener.header));
            let id = entrance(resources, balancer, heard(balancer, ports), builder);
            for listener in listeners {
                listen(resources, balancer, listener, id, builder);
            }
        }
    }
    for balancer in resources.of_type("aws_elb") {
        let ports = blocks(&balancer.value, "listener").iter().map(|block| (field(block, "lb_port"), block.place));
        let id = entrance(resources, balancer, heard(balancer, ports), builder);
        for block in blocks(&balancer.value, "listener") {
            classic(resources, balancer, block, id, builder);
        }
    }
}

/// The ports that a balancer listens on; nothing where one of them is not known, or none is here.
fn heard<'v>(balancer: &Item, ports: impl Iterator<Item = (Option<&'v Value>, Place)>) -> Option<Gate> {
    let mut all = Ports::default();
    let mut place = None;
    for (port, at) in ports {
        let port = u16::try_from(number(port?)?).ok()?;
        all = [Protocol::Tcp, Protocol::Udp].iter().fold(all, |all, protocol| all.union(&Ports::range(*protocol, port, port)));
        place.get_or_insert(at);
    }
    let step = Step::at(place?, format!("{} listens there", balancer.name));
    Some(Gate::Only(all, step))
}

/// The balancer, and the way to it.
fn entrance(resources: &Resources<'_>, balancer: &Item, heard: Option<Gate>, builder: &mut Builder) -> NodeId {
    let value = &balancer.value;
    let id = builder.node_of(balancer, Kind::Proxy);
    let written = field(value, "internal").map_or(balancer.header, |value| value.place);
    let public = match flag(value, "internal", false) {
        Ok(false) => Gate::Open(Step::at(written, format!("{} faces the internet", balancer.name))),
        Ok(true) => Gate::Wall(Step::at(written, format!("{} is internal", balancer.name))),
        Err(missing) => Gate::Unknown(Step::at(written, format!("{} may face the internet", balancer.name)), missing),
    };
    let mapped: Vec<&Value> = values_at(value, &["subnet_mapping", "subnet_id"]);
    let mut subnets: Vec<Subnet<'_>> = mapped.into_iter().flat_map(|value| network::subnets(resources, Some(value))).collect();
    if subnets.is_empty() {
        subnets = network::subnets(resources, field(value, "subnets"));
    }
    let vpc = subnets.iter().find_map(|subnet| match subnet {
        Subnet::Known(subnet) => network::vpc_of(resources, subnet),
        _ => None,
    });
    // A network load balancer without groups lets everything in (ELB guide, "Security groups for your Network Load Balancer").
    let network = says(value, "load_balancer_type") == Some("network") && field(value, "security_groups").is_none();
    let groups = security_group::of(resources, &[field(value, "security_groups")], balancer, vpc);
    // One way for each distinct route; they are alike more often than not.
    let mut told: Vec<Vec<Gate>> = Vec::new();
    for subnet in &subnets {
        let mut gates = vec![public.clone()];
        gates.extend(subnet.gates_of_internet(resources));
        if !network {
            gates.push(Gate::Filter(groups.filter.clone()));
        }
        gates.extend(heard.clone());
        if told.iter().any(|known| same(known, &gates)) {
            continue;
        }
        told.push(gates.clone());
        builder.begins(World::INTERNET, id, gates);
    }
    if let Some(subnet) = subnets.first() {
        let (inside, addresses) = subnet.hold(resources, builder);
        // The balancer is in several subnets: what holds it is their VPC.
        if let Some(vpc) = inside.last().copied() {
            let gate = if network { None } else { Some(Gate::Filter(groups.filter.clone())) };
            builder.passes_on(vpc, id, gate.into_iter().collect());
        }
        if let Some(node) = builder.get(id) {
            node.inside = inside.last().copied().into_iter().collect();
            node.addresses.extend(addresses);
            node.groups.extend(groups.names);
            node.egress = groups.egress.filter(|_| !network);
        }
    }
    id
}

/// Both are open in the same way, though by other subnets.
pub(super) fn same(left: &[Gate], right: &[Gate]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|(left, right)| match (left, right) {
            (Gate::Open(_), Gate::Open(_)) | (Gate::Wall(_), Gate::Wall(_)) => true,
            (left, right) => left == right,
        })
}

/// The ways from a listener to the targets of its groups.
fn listen(resources: &Resources<'_>, balancer: &Item, listener: &Item, id: NodeId, builder: &mut Builder) {
    let protocol = match says(&listener.value, "protocol") {
        Some("UDP") => Protocol::Udp,
        _ => Protocol::Tcp,
    };
    let port = field(&listener.value, "port").and_then(number).and_then(|port| u16::try_from(port).ok());
    let mut groups: Vec<&Item> = action_groups(resources, &listener.value, "default_action");
    for view in ["aws_lb_listener_rule", "aws_alb_listener_rule"] {
        for rule in resources.referring(view, "listener_arn", listener) {
            groups.extend(action_groups(resources, &rule.value, "action"));
        }
    }
    groups.dedup_by(|left, right| std::ptr::eq(*left, *right));
    for group in groups {
        let to = field(&group.value, "port").and_then(number).and_then(|port| u16::try_from(port).ok());
        let entry = |to: Option<u16>| match port {
            Some(port) => Gate::Map {
                protocol,
                ports: (port, port),
                to,
                step: Step::at(listener.header, format!("port {port} of {} leads to {}", balancer.name, group.name)),
            },
            None => Gate::Open(Step::at(listener.header, format!("{} leads to {}", listener.name, group.name))),
        };
        for (target, own_port, gate) in targets(resources, group, builder) {
            let behind = behind(builder, target);
            let keeps = keeps_sender(balancer, group) && !lets_in_groups(builder, id, behind.as_ref());
            let gates = [Some(entry(own_port.or(to))), Some(gate), behind].into_iter().flatten().collect();
            if keeps {
                builder.passes_on(id, target, gates);
            } else {
                builder.forwards(id, target, gates);
            }
        }
    }
}

/// A network load balancer keeps the address of the sender before instances, and before addresses where it is asked to (ELB guide,
/// "Client IP preservation").
fn keeps_sender(balancer: &Item, group: &Item) -> bool {
    let by_address = says(&group.value, "target_type") == Some("ip");
    let default = !by_address || matches!(says(&group.value, "protocol"), Some("UDP" | "TCP_UDP"));
    says(&balancer.value, "load_balancer_type") == Some("network")
        && flag(&group.value, "preserve_client_ip", default).unwrap_or(default)
}

/// Whether what stands before a target knows the balancer by its groups, which it does whoever sends (ELB guide, "Security groups for
/// your Network Load Balancer").
fn lets_in_groups(builder: &Builder, balancer: NodeId, behind: Option<&Gate>) -> bool {
    let groups = builder.world.node(balancer).map(|node| node.groups.as_slice()).unwrap_or_default();
    let Some(Gate::Filter(filter)) = behind else { return false };
    filter.entries.iter().any(|entry| entry.sources.groups.iter().any(|group| groups.contains(group)))
}

fn action_groups<'a>(resources: &Resources<'a>, value: &Value, key: &str) -> Vec<&'a Item> {
    let paths: [&[&str]; 2] = [&[key, "target_group_arn"], &[key, "forward", "target_group", "arn"]];
    let values = paths.iter().flat_map(|path| values_at(value, path));
    values.flat_map(|value| resources.referred(value).items).collect()
}

/// What a target group sends to: the node, its own port, and what says so.
fn targets(resources: &Resources<'_>, group: &Item, builder: &Builder) -> Vec<(NodeId, Option<u16>, Gate)> {
    let mut found = Vec::new();
    for view in ["aws_lb_target_group_attachment", "aws_alb_target_group_attachment"] {
        for attachment in resources.referring(view, "target_group_arn", group) {
            let port = field(&attachment.value, "port").and_then(number).and_then(|port| u16::try_from(port).ok());
            let Some(target) = field(&attachment.value, "target_id") else { continue };
            for item in resources.referred(target).items {
                let step = Step::at(attachment.header, format!("{} is a target of {}", item.name, group.name));
                found.extend(builder.find(&item.name).map(|id| (id, port, Gate::Open(step))));
            }
        }
    }
    for attachment in resources.referring("aws_autoscaling_attachment", "lb_target_group_arn", group) {
        let Some(target) = field(&attachment.value, "autoscaling_group_name") else { continue };
        for item in resources.referred(target).items {
            let step = Step::at(attachment.header, format!("{} is a target of {}", item.name, group.name));
            found.extend(builder.find(&item.name).map(|id| (id, None, Gate::Open(step))));
        }
    }
    for scaled in resources.referring("aws_autoscaling_group", "target_group_arns", group) {
        let step = Step::at(scaled.header, format!("{} is a target of {}", scaled.name, group.name));
        found.extend(builder.find(&scaled.name).map(|id| (id, None, Gate::Open(step))));
    }
    for service in resources.referring("aws_ecs_service", "load_balancer.target_group_arn", group) {
        let block = blocks(&service.value, "load_balancer").first();
        let port =
            block.and_then(|block| field(block, "container_port")).and_then(number).and_then(|port| u16::try_from(port).ok());
        let step = Step::at(service.header, format!("{} is a target of {}", service.name, group.name));
        found.extend(builder.find(&service.name).map(|id| (id, port, Gate::Open(step))));
    }
    found
}

/// What stands before a node within its VPC: the gates of the way from there.
fn behind(builder: &Builder, target: NodeId) -> Option<Gate> {
    let node = builder.world.node(target)?;
    let vpc = node.inside.last()?;
    let way = builder.world.ways.iter().find(|way| way.from == *vpc && way.to == target)?;
    way.gates.first().cloned()
}

/// A listener of a classic balancer.
fn classic(resources: &Resources<'_>, balancer: &Item, block: &Value, id: NodeId, builder: &mut Builder) {
    let port = |key: &str| field(block, key).and_then(number).and_then(|port| u16::try_from(port).ok());
    let (Some(from), Some(to)) = (port("lb_port"), port("instance_port")) else { return };
    let listed = field(&balancer.value, "instances").map(|value| resources.referred(value).items).unwrap_or_default();
    let attachments = resources.referring("aws_elb_attachment", "elb", balancer);
    let attached = attachments
        .into_iter()
        .filter_map(|item| field(&item.value, "instance"))
        .flat_map(|value| resources.referred(value).items);
    let scaled = resources.referring("aws_autoscaling_group", "load_balancers", balancer);
    let targets: Vec<NodeId> =
        listed.into_iter().chain(attached).chain(scaled).filter_map(|item| builder.find(&item.name)).collect();
    for target in targets {
        let step = Step::at(block.place, format!("port {from} of {} leads to port {to} of its instances", balancer.name));
        let gate = Gate::Map { protocol: Protocol::Tcp, ports: (from, from), to: Some(to), step };
        let gates = [Some(gate), behind(builder, target)].into_iter().flatten().collect();
        builder.forwards(id, target, gates);
    }
}
