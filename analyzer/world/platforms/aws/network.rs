//! VPCs and subnets: boundaries, routes to the internet, network ACLs.

use std::sync::Arc;

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Place, Value};

use crate::address::Range;
use crate::builder::Builder;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::model::{Gate, Kind, NodeId};
use crate::platforms::entries::{self, addresses, flag, number, says};
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// Ports that answers go to (VPC guide, "Ephemeral ports").
const EPHEMERAL: (u16, u16) = (1024, 65_535);

/// Every VPC and subnet becomes a network that others are inside of.
pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for view in ["aws_vpc", "aws_default_vpc"] {
        for vpc in resources.of_type(view) {
            let mut node = Builder::describe(vpc, Kind::Network);
            node.labels = Builder::labels(vpc.value.get("tags"));
            builder.node(node);
        }
    }
    for view in ["aws_subnet", "aws_default_subnet"] {
        for subnet in resources.of_type(view) {
            let mut node = Builder::describe(subnet, Kind::Network);
            node.labels = Builder::labels(subnet.value.get("tags"));
            let vpc = vpc_of(resources, subnet).and_then(|vpc| builder.find(&vpc.name));
            node.inside.extend(vpc);
            node.addresses = ranges(subnet);
            builder.node(node);
        }
    }
}

fn ranges(subnet: &Item) -> Vec<Range> {
    let block = says(&subnet.value, "cidr_block").and_then(Range::parse);
    block.into_iter().collect()
}

pub(super) fn vpc_of<'a>(resources: &Resources<'a>, item: &Item) -> Option<&'a Item> {
    resources.referred(field(&item.value, "vpc_id")?).items.into_iter().next()
}

/// Where something stands.
#[derive(Debug)]
pub(super) enum Subnet<'a> {
    /// In this one.
    Known(&'a Item),
    /// In one of the default VPC.
    Default,
    /// In one that is not here.
    Elsewhere(Missing),
}

/// The subnets that a value names; nothing written is the default VPC.
pub(super) fn subnets<'a>(resources: &Resources<'a>, value: Option<&Value>) -> Vec<Subnet<'a>> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return vec![Subnet::Default] };
    let referred = resources.referred(value);
    let known = referred.items.into_iter().filter(|item| item.views.iter().any(|view| view.ends_with("_subnet")));
    let mut all: Vec<Subnet<'_>> = known.map(Subnet::Known).collect();
    if let Some(missing) = referred.missing {
        all.push(Subnet::Elsewhere(missing));
    }
    if all.is_empty() {
        all.push(Subnet::Elsewhere(Missing::of(value).unwrap_or_else(|| Missing::new("the subnet"))));
    }
    all
}

impl<'a> Subnet<'a> {
    /// Puts a node into the subnet and its VPC.
    pub(super) fn hold(&self, resources: &Resources<'a>, builder: &Builder) -> (Vec<NodeId>, Vec<Range>) {
        let Self::Known(subnet) = self else { return Default::default() };
        let vpc = vpc_of(resources, subnet);
        let inside = [Some(*subnet), vpc].into_iter().flatten().filter_map(|item| builder.find(&item.name));
        (inside.collect(), ranges(subnet))
    }

    /// Whether machines in it get a public address when they do not say.
    pub(super) fn gives_addresses(&self) -> Gate {
        match self {
            Self::Known(subnet) => {
                let default = Resources::is_of(subnet, "aws_default_subnet");
                let place = field(&subnet.value, "map_public_ip_on_launch").map_or(subnet.header, |value| value.place);
                match flag(&subnet.value, "map_public_ip_on_launch", default) {
                    Ok(true) => Gate::Open(Step::at(place, format!("{} gives its machines public addresses", subnet.name))),
                    Ok(false) => Gate::Wall(Step::at(place, format!("{} gives its machines no public address", subnet.name))),
                    Err(missing) => {
                        let step = Step::at(place, format!("{} may give its machines public addresses", subnet.name));
                        Gate::Unknown(step, missing)
                    }
                }
            }
            Self::Default => Gate::Open(Step::at(Place::NONE, "the default VPC gives its machines public addresses")),
            Self::Elsewhere(missing) => {
                let step = Step::at(Place::NONE, format!("{} may give its machines public addresses", missing.what));
                Gate::Unknown(step, missing.clone())
            }
        }
    }

    /// The way from the internet into the subnet: its route, and its ACL.
    pub(super) fn gates_of_internet(&self, resources: &Resources<'a>) -> Vec<Gate> {
        match self {
            Self::Known(subnet) => {
                let mut gates = vec![route(resources, subnet)];
                gates.extend(acl(resources, subnet));
                gates
            }
            Self::Default => {
                vec![Gate::Open(Step::at(Place::NONE, "the default VPC has a route to an internet gateway"))]
            }
            Self::Elsewhere(missing) => {
                let what = Missing::new(format!("the route table of {}", missing.what));
                vec![Gate::Unknown(Step::at(Place::NONE, format!("{} may lead to an internet gateway", what.what)), what)]
            }
        }
    }
}

/// The route of a subnet to the internet.
fn route(resources: &Resources<'_>, subnet: &Item) -> Gate {
    let associations = resources.referring("aws_route_table_association", "subnet_id", subnet);
    let association = associations.first().and_then(|item| field(&item.value, "route_table_id"));
    if let Some(value) = association {
        let referred = resources.referred(value);
        return match (referred.items.first(), referred.missing) {
            (Some(table), _) => through(resources, table),
            (None, missing) => elsewhere(missing, value.place),
        };
    }
    let Some(vpc) = vpc_of(resources, subnet) else {
        let missing = field(&subnet.value, "vpc_id").and_then(|value| resources.referred(value).missing);
        return elsewhere(missing, subnet.header);
    };
    let main = resources.referring("aws_main_route_table_association", "vpc_id", vpc);
    let table = main.first().and_then(|item| resources.referred(field(&item.value, "route_table_id")?).items.into_iter().next());
    let default = || resources.referring("aws_default_route_table", "default_route_table_id", vpc).into_iter().next();
    // The VPC's main table, which `aws_route` may extend by the VPC's own attribute.
    let added = || {
        let routes = ["main_route_table_id", "default_route_table_id"].iter().flat_map(|attribute| {
            let all = resources.of_type("aws_route");
            all.filter(move |route| field(&route.value, "route_table_id").is_some_and(|value| names(value, &vpc.name, attribute)))
        });
        routes.collect::<Vec<_>>()
    };
    match table.or_else(default) {
        Some(table) => through(resources, table),
        None if Resources::is_of(vpc, "aws_default_vpc") => {
            Gate::Open(Step::at(vpc.header, "the default VPC has a route to an internet gateway"))
        }
        None => {
            let mut gates: Vec<Gate> =
                added().into_iter().filter_map(|route| target(resources, &route.value, route.header)).collect();
            gates.sort_by_key(openness);
            gates.into_iter().next().unwrap_or_else(|| {
                Gate::Wall(Step::at(
                    subnet.header,
                    format!("the main route table of {} has no route to an internet gateway", vpc.name),
                ))
            })
        }
    }
}

fn names(value: &Value, address: &str, attribute: &str) -> bool {
    let identity = value.as_unknown().and_then(|unknown| unknown.identity.as_ref());
    identity.is_some_and(|identity| identity.address == address && identity.attribute == attribute)
}

fn elsewhere(missing: Option<Missing>, place: Place) -> Gate {
    let missing = missing.unwrap_or_else(|| Missing::new("the route table"));
    Gate::Unknown(Step::at(place, format!("{} may lead to an internet gateway", missing.what)), missing)
}

/// The way out that a route table gives to the whole internet.
fn through(resources: &Resources<'_>, table: &Item) -> Gate {
    let mut gates: Vec<Gate> =
        blocks(&table.value, "route").iter().filter_map(|route| target(resources, route, route.place)).collect();
    // There may be routes that are not known.
    if let Some(value) = field(&table.value, "route")
        && let Some(missing) = Missing::of(value).filter(|_| value.as_list().is_none_or(|list| list.tail.is_some()))
    {
        gates.push(Gate::Unknown(
            Step::at(value.place, format!("a route of {} may lead to an internet gateway", table.name)),
            missing,
        ));
    }
    let routes = resources.referring("aws_route", "route_table_id", table);
    gates.extend(routes.into_iter().filter_map(|route| target(resources, &route.value, route.header)));
    gates.sort_by_key(openness);
    gates
        .into_iter()
        .next()
        .unwrap_or_else(|| Gate::Wall(Step::at(table.header, format!("{} has no route to an internet gateway", table.name))))
}

const fn openness(gate: &Gate) -> u8 {
    match gate {
        Gate::Open(_) => 0,
        Gate::Unknown(..) => 1,
        _ => 2,
    }
}

/// Where a route leads; nothing when it does not lead to the whole internet.
fn target(resources: &Resources<'_>, route: &Value, place: Place) -> Option<Gate> {
    let keys = ["cidr_block", "destination_cidr_block", "ipv6_cidr_block", "destination_ipv6_cidr_block"];
    let destinations: Vec<&Value> =
        keys.iter().filter_map(|key| field(route, key)).filter(|value| value.as_str() != Some("")).collect();
    let doubt = destinations.iter().find_map(|value| Missing::of(value));
    let whole = destinations.iter().any(|value| value.as_str().and_then(Range::parse).is_some_and(Range::is_internet));
    if !whole && doubt.is_none() {
        return None;
    }
    let gateway = field(route, "gateway_id").filter(|value| value.as_str() != Some(""));
    let Some(gateway) = gateway else {
        let nat = field(route, "nat_gateway_id").is_some_and(|value| value.as_str() != Some(""));
        let what = if nat { "leads to a NAT gateway, which lets nothing in" } else { "leads to no internet gateway" };
        return Some(Gate::Wall(Step::at(place, format!("the route {what}"))));
    };
    let referred = resources.referred(gateway);
    let kind = |view: &str| referred.items.iter().any(|item| Resources::is_of(item, view));
    let text = gateway.as_str().unwrap_or("");
    let is_gateway = kind("aws_internet_gateway") || kind("data.aws_internet_gateway") || text.starts_with("igw-");
    if is_gateway {
        let name = referred.items.first().map_or_else(|| text.into(), |item| item.name.clone());
        let step = Step::at(place, format!("the route to the internet leads through {name}"));
        return Some(match doubt {
            None => Gate::Open(step),
            Some(missing) => Gate::Unknown(step, missing),
        });
    }
    if referred.items.is_empty() && !text.starts_with("vgw-") && !text.starts_with("eigw-") {
        let missing = referred.missing.unwrap_or_else(|| Missing::new("the gateway of the route"));
        return Some(Gate::Unknown(Step::at(place, format!("the route leads through {}", missing.what)), missing));
    }
    Some(Gate::Wall(Step::at(place, "the route leads to no internet gateway")))
}

/// The subnet's ACL, where code has one.
fn acl(resources: &Resources<'_>, subnet: &Item) -> Vec<Gate> {
    let own = resources.referring("aws_network_acl", "subnet_ids", subnet).into_iter().next();
    let associated = || {
        let association = resources.referring("aws_network_acl_association", "subnet_id", subnet).into_iter().next()?;
        resources.referred(field(&association.value, "network_acl_id")?).items.into_iter().next()
    };
    let default = || {
        let vpc = vpc_of(resources, subnet)?;
        let by_vpc = resources.referring("aws_default_network_acl", "default_network_acl_id", vpc);
        by_vpc.into_iter().next()
    };
    let Some(acl) = own.or_else(associated).or_else(default) else { return Vec::new() };
    let inward = filter(resources, acl, "ingress", acl.name.to_string());
    let outward = filter(resources, acl, "egress", acl.name.to_string());
    let mut gates = vec![Gate::Filter(Arc::new(inward))];
    // Answers go to ports that the caller chose; an ACL that lets none of them out is a wall.
    let answers = Ports::range(Protocol::Tcp, EPHEMERAL.0, EPHEMERAL.1);
    let passed = outward.judge(crate::filter::Sender::Internet, &answers);
    if passed.sure.is_empty() {
        gates.push(match passed.missing.into_iter().next().filter(|_| !passed.maybe.is_empty()) {
            Some(missing) => {
                Gate::Unknown(Step::at(acl.header, format!("{} may let answers out to the internet", acl.name)), missing)
            }
            None => Gate::Wall(Step::at(acl.header, format!("{} lets no answer out to the internet", acl.name))),
        });
    }
    gates
}

fn filter(resources: &Resources<'_>, acl: &Item, direction: &str, name: String) -> Filter {
    let mut numbered: Vec<(i128, Entry)> = Vec::new();
    for block in blocks(&acl.value, direction) {
        numbered.push(entry(block, ("rule_no", "action"), ("cidr_block", "ipv6_cidr_block"), block.place, &acl.name));
    }
    for rule in resources.referring("aws_network_acl_rule", "network_acl_id", acl) {
        let egress = flag(&rule.value, "egress", false).unwrap_or(false);
        if egress == (direction == "egress") {
            let keys = (("rule_number", "rule_action"), ("cidr_block", "ipv6_cidr_block"));
            numbered.push(entry(&rule.value, keys.0, keys.1, rule.header, &acl.name));
        }
    }
    numbered.sort_by_key(|(number, _)| *number);
    let entries = numbered.into_iter().map(|(_, entry)| entry).collect();
    Filter { name, place: acl.header, entries, otherwise: Otherwise::Refused, more: None }
}

fn entry(value: &Value, (order, action): (&str, &str), blocks: (&str, &str), place: Place, acl: &str) -> (i128, Entry) {
    let mut sources = Sources::default();
    addresses(field(value, blocks.0), &mut sources);
    addresses(field(value, blocks.1).filter(|value| value.as_str() != Some("")), &mut sources);
    let (ports, maybe_ports) = entries::range(field(value, "protocol"), field(value, "from_port"), field(value, "to_port"));
    let allows = says(value, action).is_none_or(|action| action.eq_ignore_ascii_case("allow"));
    let doubt = field(value, action).filter(|value| value.as_str().is_none()).and_then(Missing::of);
    let verb = if allows { "allows" } else { "refuses" };
    let written = field(value, order);
    // A rule of which the number is not known may come before every other.
    let (number, doubt, told) = match written.and_then(number) {
        Some(number) => (number, doubt, format!("rule {number}")),
        None => (
            i128::MIN,
            doubt.or_else(|| written.and_then(Missing::of)).or_else(|| Some(Missing::new("the number of a rule"))),
            "a rule".to_owned(),
        ),
    };
    let step = Step::at(place, format!("{told} of {acl} {verb} it"));
    (number, Entry { allows, ports, maybe_ports, sources, step, doubt, passes_to: None })
}
