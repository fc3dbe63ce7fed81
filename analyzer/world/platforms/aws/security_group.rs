//! Security groups: their rules, wherever they are written, as one filter for each direction.
//!
//! Terraform removes the rule that lets everything out, which AWS puts into a new group: what a group lets out is what is written (provider
//! documentation, "aws_security_group"). The default group of a VPC that no code manages lets everything out.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::{Item, Place, Value};

use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::platforms::clouds::doubt;
use crate::platforms::entries::{self, addresses, flag, groups, says};
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// The groups of something, and the filter that they are together.
#[derive(Debug)]
pub(super) struct Groups {
    /// Their addresses.
    pub(super) names: Vec<CompactString>,
    /// What they let in.
    pub(super) filter: Arc<Filter>,
    /// What they let out; nothing where that is everything.
    pub(super) egress: Option<Arc<Filter>>,
}

/// Which way traffic goes: how the fields, types and resources for it are called.
struct Way {
    key: &'static str,
    resource: &'static str,
    verb: &'static str,
    may: &'static str,
}

const IN: Way = Way { key: "ingress", resource: "aws_vpc_security_group_ingress_rule", verb: "lets it in", may: "may let it in" };
const OUT: Way =
    Way { key: "egress", resource: "aws_vpc_security_group_egress_rule", verb: "lets it out", may: "may let it out" };

/// The groups that values name. Nothing written is the default group of the VPC that `subnet` lies in.
pub(super) fn of(resources: &Resources<'_>, values: &[Option<&Value>], owner: &Item, vpc: Option<&Item>) -> Groups {
    let written: Vec<&Value> =
        values.iter().flatten().copied().filter(|value| !value.is_null()).filter(|value| !is_empty_list(value)).collect();
    let mut found: Vec<&Item> = Vec::new();
    let mut more: Option<Missing> = None;
    for value in &written {
        let referred = resources.referred(value);
        let of_groups = |item: &&Item| item.views.iter().any(|view| view.contains("security_group"));
        found.extend(referred.items.into_iter().filter(of_groups));
        let by_name = value.items().iter().chain(std::slice::from_ref(*value)).filter_map(Value::as_str);
        let named: Vec<&Item> = by_name.filter_map(|name| named(resources, name)).collect();
        if named.is_empty() {
            more = more.or(referred.missing);
        }
        found.extend(named);
    }
    if written.is_empty() {
        let default = match vpc {
            Some(vpc) => resources.referring("aws_default_security_group", "vpc_id", vpc).into_iter().next(),
            None => resources.of_type("aws_default_security_group").find(|group| field(&group.value, "vpc_id").is_none()),
        };
        found.extend(default);
    }
    // What is only looked up may let in anything.
    if let Some(looked_up) = found.iter().find(|group| group.views.iter().any(|view| view.starts_with("data."))) {
        more = Some(Missing::new(format!("the rules of {}", looked_up.name)));
    }
    let name = match found.as_slice() {
        [] if more.is_none() => "the default security group of the VPC".to_owned(),
        [] => more.as_ref().map(|missing| missing.what.to_string()).unwrap_or_default(),
        groups => groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>().join(" and "),
    };
    let place = found.first().map_or(owner.header, |group| group.header);
    let filter = |way: &Way| {
        let entries = found.iter().flat_map(|group| entries_of(resources, group, way)).collect();
        Arc::new(Filter { name: name.clone(), place, entries, otherwise: Otherwise::Refused, more: more.clone() })
    };
    let managed = !found.is_empty() || more.is_some();
    Groups {
        names: found.iter().map(|group| group.name.clone()).collect(),
        egress: managed.then(|| filter(&OUT)),
        filter: filter(&IN),
    }
}

/// What a node lets out that may leave by several interfaces.
pub(super) fn either(one: Option<Arc<Filter>>, other: Option<Arc<Filter>>) -> Option<Arc<Filter>> {
    let (one, other) = (one?, other?);
    if one == other {
        return Some(one);
    }
    let mut both = Filter::clone(&one);
    both.name = format!("{} and {}", one.name, other.name);
    both.entries.extend(other.entries.iter().cloned());
    both.more = both.more.or_else(|| other.more.clone());
    Some(Arc::new(both))
}

fn is_empty_list(value: &Value) -> bool {
    value.as_list().is_some_and(|list| list.items.is_empty() && list.tail.is_none())
}

fn named<'a>(resources: &Resources<'a>, name: &str) -> Option<&'a Item> {
    resources.of_type("aws_security_group").find(|group| says(&group.value, "name") == Some(name))
}

/// All entries of one direction: inline, separate, and of the newer kind.
fn entries_of(resources: &Resources<'_>, group: &Item, way: &Way) -> Vec<Entry> {
    let own = blocks(&group.value, way.key)
        .iter()
        .map(|block| Entry { doubt: doubt(&group.value, way.key, block), ..entry(resources, block, block.place, (group, way)) });
    let mut entries: Vec<Entry> = own.collect();
    // The attribute as a whole may not be known.
    if let Some(missing) = field(&group.value, way.key).filter(|value| value.as_list().is_none()).and_then(Missing::of) {
        entries.push(anything(group, missing, way));
    } else if let Some(tail) = field(&group.value, way.key).and_then(Value::as_list).and_then(|list| list.tail.as_ref()) {
        entries.push(anything(group, Missing::new(tail.source.clone()), way));
    }
    for rule in resources.referring("aws_security_group_rule", "security_group_id", group) {
        match field(&rule.value, "type").map(Value::as_str) {
            Some(Some(kind)) if kind == way.key => entries.push(entry(resources, &rule.value, rule.header, (group, way))),
            Some(Some(_)) => {}
            _ => {
                let doubt = field(&rule.value, "type").and_then(Missing::of);
                entries.push(Entry { doubt, ..entry(resources, &rule.value, rule.header, (group, way)) });
            }
        }
    }
    for rule in resources.referring(way.resource, "security_group_id", group) {
        entries.push(entry(resources, &rule.value, rule.header, (group, way)));
    }
    entries
}

fn anything(group: &Item, missing: Missing, way: &Way) -> Entry {
    Entry {
        allows: true,
        ports: plimsoll_connectivity::Ports::all(),
        maybe_ports: None,
        sources: Sources { unknown: Some(missing), ..Sources::default() },
        step: Step::at(group.header, format!("{} {}", group.name, way.may)),
        doubt: None,
        passes_to: None,
    }
}

fn entry(resources: &Resources<'_>, value: &Value, place: Place, (group, way): (&Item, &Way)) -> Entry {
    let mut sources = Sources::default();
    for key in ["cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"] {
        addresses(field(value, key), &mut sources);
    }
    for key in ["security_groups", "source_security_group_id", "referenced_security_group_id"] {
        groups(field(value, key), resources, &mut sources);
    }
    match flag(value, "self", false) {
        Ok(true) => sources.groups.push(group.name.clone()),
        Ok(false) => {}
        Err(missing) => sources.unknown = Some(missing),
    }
    for key in ["prefix_list_ids", "prefix_list_id"] {
        if let Some(list) = field(value, key).filter(|value| !is_empty_list(value)) {
            prefix_list(resources, list, &mut sources);
        }
    }
    let protocol = field(value, "protocol").or_else(|| field(value, "ip_protocol"));
    let (ports, maybe_ports) = entries::range(protocol, field(value, "from_port"), field(value, "to_port"));
    let step = Step::at(place, format!("{} {}", group.name, way.verb));
    Entry { allows: true, ports, maybe_ports, sources, step, doubt: None, passes_to: None }
}

fn prefix_list(resources: &Resources<'_>, value: &Value, sources: &mut Sources) {
    let referred = resources.referred(value);
    for list in &referred.items {
        let entries = blocks(&list.value, "entry");
        entries.iter().for_each(|entry| addresses(field(entry, "cidr"), sources));
        for entry in resources.referring("aws_ec2_managed_prefix_list_entry", "prefix_list_id", list) {
            addresses(field(&entry.value, "cidr"), sources);
        }
        if list.views.iter().any(|view| view.starts_with("data.")) {
            sources.unknown = Some(Missing::new(list.name.clone()));
        }
    }
    if let Some(missing) = referred.missing {
        sources.unknown = Some(missing);
    }
}
