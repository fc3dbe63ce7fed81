//! Network security groups: what they are attached to, their rules by number, the default rules.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_connectivity::Ports;
use plimsoll_syntax::{Item, Place, Value};

use super::network::Spot;
use crate::address::Range;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::model::Gate;
use crate::platforms::clouds::{self, Named, belonging, named};
use crate::platforms::entries::number;
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// What is not of private use: what the tag Internet means ("Service tags": outside of the virtual network and publicly routable).
const INTERNET: &[&str] = &[
    "0.0.0.0-9.255.255.255",
    "11.0.0.0-100.63.255.255",
    "100.128.0.0-126.255.255.255",
    "128.0.0.0-169.253.255.255",
    "169.255.0.0-172.15.255.255",
    "172.32.0.0-192.167.255.255",
    "192.169.0.0-223.255.255.255",
    "2000::/3",
];

/// The groups before an interface.
#[derive(Clone, Debug, Default)]
pub(super) struct Guards {
    /// Of the subnet, then of the interface.
    pub(super) gates: Vec<Gate>,
    /// There is one, or there may be one: what stands without any is another question.
    pub(super) any: bool,
}

/// Whose traffic a group's rules are asked about: their destination.
struct Target<'s> {
    name: &'s str,
    addresses: &'s [Range],
    groups: &'s [CompactString],
    tag: &'s [CompactString],
}

/// The groups of a subnet and of an interface; `own` are what the interface is known by besides its network.
pub(super) fn guards(
    resources: &Resources<'_>,
    spot: &Spot<'_>,
    interface: Named<'_>,
    (name, own): (&str, &[CompactString]),
    place: Place,
) -> Guards {
    let mut guards = Guards::default();
    let target = Target { name, addresses: &spot.addresses, groups: own, tag: &spot.tag };
    let subnet = spot.subnet.map(|subnet| of_subnet(resources, subnet)).unwrap_or_default();
    for group in subnet.items.iter().chain(&interface.items) {
        guards.gates.push(Gate::Filter(Arc::new(inbound(resources, group, &target))));
    }
    // A subnet that is not here may have a group.
    let elsewhere = spot.missing.as_ref().map(|missing| Missing::new(format!("the network security group of {}", missing.what)));
    for missing in [elsewhere, subnet.missing, interface.missing].into_iter().flatten() {
        let step = Step::at(place, format!("{} may let it in", missing.what));
        guards.gates.push(Gate::Unknown(step, missing));
    }
    guards.any = !guards.gates.is_empty();
    guards
}

fn of_subnet<'a>(resources: &Resources<'a>, subnet: &Item) -> Named<'a> {
    let associations = belonging(resources, "azurerm_subnet_network_security_group_association", "subnet_id", subnet, "name");
    let value = associations.first().map_or(&subnet.value, |association| &association.value);
    named(resources, field(value, "network_security_group_id"), &["azurerm_network_security_group"], "name")
}

/// The group of an interface, and the application groups that it is in.
pub(super) fn of_interface<'a>(resources: &Resources<'a>, interface: &Item) -> (Named<'a>, Vec<CompactString>) {
    let kind = "azurerm_network_interface_security_group_association";
    let associations = resources.referring(kind, "network_interface_id", interface);
    let value = associations.first().map_or(&interface.value, |association| &association.value);
    let group = named(resources, field(value, "network_security_group_id"), &["azurerm_network_security_group"], "name");
    let kind = "azurerm_network_interface_application_security_group_association";
    let applications = resources.referring(kind, "network_interface_id", interface);
    let ids = applications.into_iter().filter_map(|association| field(&association.value, "application_security_group_id"));
    (group, ids.flat_map(|id| application(resources, Some(id)).0).collect())
}

/// The application groups that a value names.
pub(super) fn application(resources: &Resources<'_>, value: Option<&Value>) -> (Vec<CompactString>, Option<Missing>) {
    let found = named(resources, value, &["azurerm_application_security_group"], "name");
    (clouds::names(&found.items), found.missing)
}

/// A direction of traffic: its word, and how rules call the other end and this one.
struct Direction {
    word: &'static str,
    there: (&'static [&'static str], &'static str),
    here: (&'static [&'static str], &'static str),
}

const SOURCE: (&[&str], &str) = (&["source_address_prefix", "source_address_prefixes"], "source_application_security_group_ids");
const DESTINATION: (&[&str], &str) =
    (&["destination_address_prefix", "destination_address_prefixes"], "destination_application_security_group_ids");
const INBOUND: Direction = Direction { word: "inbound", there: SOURCE, here: DESTINATION };
const OUTBOUND: Direction = Direction { word: "outbound", there: DESTINATION, here: SOURCE };

/// What the groups of a subnet and of an interface let out; nothing where none of their rules is about that.
pub(super) fn outbound(
    resources: &Resources<'_>,
    spot: &Spot<'_>,
    interface: &Named<'_>,
    (name, own): (&str, &[CompactString]),
) -> Option<Filter> {
    let target = Target { name, addresses: &spot.addresses, groups: own, tag: &spot.tag };
    let subnet = spot.subnet.map(|subnet| of_subnet(resources, subnet)).unwrap_or_default();
    let groups: Vec<&Item> = interface.items.iter().chain(&subnet.items).copied().collect();
    let mut written = groups.iter().map(|group| (*group, entries(resources, group, &target, &OUTBOUND)));
    let written: Vec<(&Item, Vec<Entry>)> = written.by_ref().filter(|(_, entries)| !entries.is_empty()).collect();
    let (first, _) = written.first()?;
    let both = written.len() > 1;
    let names: Vec<&str> = written.iter().map(|(group, _)| group.name.as_str()).collect();
    let name = names.join(" and ");
    let place = first.header;
    let mut entries: Vec<Entry> = written.into_iter().flat_map(|(_, entries)| entries).collect();
    // What one of two groups lets out, the other may refuse.
    for entry in entries.iter_mut().filter(|entry| both && entry.allows && entry.doubt.is_none()) {
        entry.doubt = Some(Missing::new(format!("which of {name} speaks first")));
    }
    let otherwise = Otherwise::LetIn(Step::at(Place::NONE, format!("the default rules of {name} let everything out")));
    Some(Filter { name, place, entries, otherwise, more: None })
}

/// The rules of a group in one direction, by their number.
fn entries(resources: &Resources<'_>, group: &Item, target: &Target<'_>, direction: &Direction) -> Vec<Entry> {
    let mut numbered: Vec<(i128, Entry)> = Vec::new();
    for block in blocks(&group.value, "security_rule") {
        let doubt = clouds::doubt(&group.value, "security_rule", block);
        rule(resources, (block, block.place, doubt), group, (target, direction), &mut numbered);
    }
    for item in belonging(resources, "azurerm_network_security_rule", "network_security_group_name", group, "name") {
        rule(resources, (&item.value, item.header, None), group, (target, direction), &mut numbered);
    }
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, entry)| entry).collect()
}

/// What a group lets in to a target.
fn inbound(resources: &Resources<'_>, group: &Item, target: &Target<'_>) -> Filter {
    let written = field(&group.value, "security_rule");
    let mut entries = entries(resources, group, target, &INBOUND);
    let network = Sources { groups: target.tag.to_vec(), ..Sources::default() };
    let step = Step::at(Place::NONE, "the default rule AllowVnetInBound lets the virtual network in");
    entries.push(clouds::allow((Ports::all(), None), network, step));
    // Rules that are not known may come first, and may refuse.
    let unknown = |value: &&Value| value.as_map().is_none() && value.as_list().is_none_or(|list| list.tail.is_some());
    let more = written.filter(unknown).and_then(Missing::of);
    if let Some(missing) = &more {
        entries.insert(0, doubtful(group.header, missing.clone()));
    }
    Filter { name: group.name.to_string(), place: group.header, entries, otherwise: Otherwise::Refused, more }
}

/// Anything may be refused.
fn doubtful(place: Place, missing: Missing) -> Entry {
    let step = Step::at(place, "a rule may refuse it");
    Entry { allows: false, doubt: Some(missing), ..clouds::allow((Ports::all(), None), Sources::everybody(), step) }
}

/// Adds what a rule says, if it is about traffic of this direction to or from the target.
fn rule(
    resources: &Resources<'_>,
    (value, place, mut doubt): (&Value, Place, Option<Missing>),
    group: &Item,
    (target, way): (&Target<'_>, &Direction),
    out: &mut Vec<(i128, Entry)>,
) {
    let direction = field(value, "direction");
    match direction.and_then(Value::as_str) {
        Some(text) if !text.eq_ignore_ascii_case(way.word) => return,
        Some(_) => {}
        None => doubt = doubt.or_else(|| direction.and_then(Missing::of)),
    }
    match concerns(resources, value, target, way) {
        Ok(true) => {}
        Ok(false) => return,
        Err(missing) => doubt = doubt.or(Some(missing)),
    }
    let mut sources = Sources::default();
    for key in way.there.0 {
        prefixes(field(value, key), target, &mut sources);
    }
    let (applications, missing) = application(resources, field(value, way.there.1));
    sources.groups.extend(applications);
    sources.unknown = sources.unknown.or(missing);
    let written = [field(value, "destination_port_range"), field(value, "destination_port_ranges")];
    // An empty list beside the one that is written says nothing.
    let written = written
        .map(|value| value.filter(|value| value.as_list().is_none_or(|list| !list.items.is_empty() || list.tail.is_some())));
    let (ports, maybe_ports) = clouds::ports(field(value, "protocol"), &written);
    let known = field(value, "priority").and_then(number);
    let order = known.unwrap_or(-1);
    if known.is_none() {
        doubt = doubt.or_else(|| field(value, "priority").and_then(Missing::of));
    }
    let access = field(value, "access");
    let told = |allows: bool, doubt: Option<Missing>| {
        let verb = if allows { "allows" } else { "refuses" };
        let number = known.map(|number| format!("rule {number}")).unwrap_or_else(|| "a rule".to_owned());
        let step = Step::at(place, format!("{number} of {} {verb} it", group.name));
        Entry {
            allows,
            ports: ports.clone(),
            maybe_ports: maybe_ports.clone(),
            sources: sources.clone(),
            step,
            doubt,
            passes_to: None,
        }
    };
    // Who chooses the port that it sends from passes by a refusal of some of them.
    let from = field(value, "source_port_range").or_else(|| field(value, "source_port_ranges"));
    let some_ports =
        from.is_some_and(|value| value.as_str() != Some("*") && value.as_list().is_none_or(|list| !list.items.is_empty()));
    match access.and_then(Value::as_str) {
        Some(text) if text.eq_ignore_ascii_case("deny") && some_ports => {}
        Some(text) => out.push((order, told(!text.eq_ignore_ascii_case("deny"), doubt))),
        None => {
            let doubt = doubt.or_else(|| access.and_then(Missing::of)).or_else(|| Some(Missing::new("what the rule does")));
            out.push((order, told(false, doubt.clone())));
            out.push((order, told(true, doubt)));
        }
    }
}

/// Adds the sources of prefixes and service tags.
fn prefixes(value: Option<&Value>, target: &Target<'_>, sources: &mut Sources) {
    let Some(value) = value.filter(|value| !value.is_null()) else { return };
    let Some(text) = value.as_str() else {
        match value.as_list() {
            Some(list) => {
                list.items.iter().for_each(|item| prefixes(Some(item), target, sources));
                if let Some(tail) = &list.tail {
                    sources.unknown = Some(Missing::new(tail.source.clone()));
                }
            }
            None => sources.unknown = Missing::of(value),
        }
        return;
    };
    match text.to_ascii_lowercase().as_str() {
        "" => {}
        "*" | "any" => sources.ranges.extend(Sources::everybody().ranges),
        "internet" => sources.ranges.extend(INTERNET.iter().filter_map(|block| Range::parse(block))),
        "virtualnetwork" => sources.groups.extend_from_slice(target.tag),
        _ => match Range::parse(text) {
            Some(range) => sources.ranges.push(range),
            // The addresses of a service of Azure: nobody here has them, nor an arbitrary caller.
            None => sources.groups.push(format!("service tag {text}").into()),
        },
    }
}

/// Whether a rule is about traffic to the target.
fn concerns(resources: &Resources<'_>, value: &Value, target: &Target<'_>, way: &Direction) -> Result<bool, Missing> {
    let (applications, missing) = application(resources, field(value, way.here.1));
    if applications.iter().any(|name| target.groups.contains(name)) {
        return Ok(true);
    }
    let mut sources = Sources { unknown: missing, ..Sources::default() };
    let mut everything = false;
    let mut written = !applications.is_empty() || sources.unknown.is_some();
    for key in way.here.0 {
        let Some(value) = field(value, key) else { continue };
        let texts = value.items().iter().chain(std::slice::from_ref(value)).filter_map(Value::as_str);
        for text in texts.filter(|text| !text.is_empty()) {
            written = true;
            everything |= ["*", "any", "virtualnetwork"].iter().any(|word| text.eq_ignore_ascii_case(word));
        }
        written |= value.as_str().is_none() && Missing::of(value).is_some();
        prefixes(Some(value), target, &mut sources);
    }
    let holds = |range: &Range| sources.ranges.iter().any(|own| own.holds(*range));
    if everything || !written || !target.addresses.is_empty() && target.addresses.iter().all(holds) {
        return Ok(true);
    }
    if let Some(missing) = sources.unknown {
        return Err(missing);
    }
    let meets = |range: &Range| sources.ranges.iter().any(|own| own.meets(*range));
    let open = !sources.ranges.is_empty() && target.addresses.is_empty();
    if open || target.addresses.iter().any(meets) {
        return Err(Missing::new(format!("the address of {}", target.name)));
    }
    Ok(false)
}
