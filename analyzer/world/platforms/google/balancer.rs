//! Forwarding rules, backend services, and what is behind them.

use compact_str::CompactString;
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Place, Value};
use rustc_hash::FxHashMap;

use super::machine::Machines;
use super::network::{self, Networks};
use super::serverless::Service;
use crate::address::Range;
use crate::builder::Builder;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::model::{Gate, Kind, NodeId, World};
use crate::platforms::clouds::{self, named, port_of};
use crate::platforms::entries::{number, says};
use crate::resources::{Resources, blocks, field, values_at};
use crate::said::{Missing, Step};

const RULES: &[&str] = &["google_compute_forwarding_rule", "google_compute_global_forwarding_rule"];
const SERVICES: &[&str] = &["google_compute_backend_service", "google_compute_region_backend_service"];
const GROUPS: &[&str] = &[
    "google_compute_instance_group",
    "google_compute_instance_group_manager",
    "google_compute_region_instance_group_manager",
    "google_compute_network_endpoint_group",
    "google_compute_region_network_endpoint_group",
];

/// Whence the proxies of Google connect to what is behind them.
const PROXIES: &[&str] = &["35.191.0.0/16", "130.211.0.0/22"];

/// What stands behind forwarding rules.
struct Behind<'a, 'b> {
    resources: &'b Resources<'a>,
    machines: &'b Machines,
    services: &'b [Service],
    /// The nodes of backend services.
    nodes: FxHashMap<CompactString, NodeId>,
}

/// Something that traffic is passed to: the port there, what says so.
struct Member {
    id: NodeId,
    port: Option<u16>,
    gates: Vec<Gate>,
    place: Place,
    name: CompactString,
}

pub(super) fn build<'a>(
    resources: &Resources<'a>,
    networks: &mut Networks<'a>,
    machines: &Machines,
    services: &[Service],
    builder: &mut Builder,
) {
    let mut behind = Behind { resources, machines, services, nodes: FxHashMap::default() };
    for rule in RULES.iter().flat_map(|kind| resources.of_type(kind)) {
        let id = builder.node_of(rule, Kind::Proxy);
        entrance(resources, rule, heard(rule), id, networks, builder);
        behind.lead(rule, id, builder);
        if let Some(node) = builder.get(id) {
            node.labels = Builder::labels(field(&rule.value, "labels"));
        }
    }
}

/// The ports that a rule takes.
fn heard(rule: &Item) -> Gate {
    let value = &rule.value;
    let protocol = field(value, "ip_protocol");
    let every = protocol.is_some_and(|value| value.as_str() == Some("L3_DEFAULT"));
    let protocols = |first: u16, last: u16| Ports::range(Protocol::Tcp, first, last);
    let written = [field(value, "port_range"), field(value, "ports")];
    let (ports, maybe) = match (every, protocol) {
        (true, _) => (Ports::all(), None),
        (false, None) => {
            let (ports, maybe) = clouds::ports(None, &written);
            (ports.intersection(&protocols(1, u16::MAX)), maybe)
        }
        (false, Some(_)) => clouds::ports(protocol, &written),
    };
    let step = Step::at(rule.header, format!("{} takes it", rule.name));
    match maybe {
        Some((_, missing)) => Gate::Unknown(step, missing),
        None => Gate::Only(ports, step),
    }
}

fn entrance<'a>(
    resources: &Resources<'a>,
    rule: &Item,
    heard: Gate,
    id: NodeId,
    networks: &mut Networks<'a>,
    builder: &mut Builder,
) {
    let name = &rule.name;
    let written = field(&rule.value, "load_balancing_scheme");
    let place = written.map_or(rule.header, |value| value.place);
    let public = match written.map(|value| value.as_str().ok_or_else(|| Missing::of(value))) {
        None => Ok(true),
        Some(Ok(text)) => Ok(!text.starts_with("INTERNAL")),
        Some(Err(missing)) => Err(missing.unwrap_or_else(|| Missing::new("the scheme"))),
    };
    let told = [format!("{name} faces the internet"), format!("{name} is internal"), format!("{name} may face the internet")];
    let within = public != Ok(true);
    builder.begins(World::INTERNET, id, vec![clouds::gate(public, place, told), heard.clone()]);
    if within {
        let spot = networks.spot(resources, &rule.value, builder);
        builder.passes_on(spot.network, id, vec![heard]);
        if let Some(node) = builder.get(id) {
            node.inside.push(spot.network);
            node.addresses = spot.addresses;
        }
    }
}

impl Behind<'_, '_> {
    /// The ways from a rule to what it leads to.
    fn lead(&mut self, rule: &Item, id: NodeId, builder: &mut Builder) {
        let resources = self.resources;
        let referred = field(&rule.value, "target").map(|value| resources.referred(value).items).unwrap_or_default();
        for target in &referred {
            let kind = target.views.first().map_or("", CompactString::as_str);
            if kind == "google_compute_target_pool" {
                let instances = field(&target.value, "instances");
                let managers = ["google_compute_instance_group_manager", "google_compute_region_instance_group_manager"];
                let managed = managers.into_iter().flat_map(|kind| resources.referring(kind, "target_pools", target));
                let listed = named(resources, instances, &["google_compute_instance"], "name").items;
                for machine in listed.into_iter().chain(managed) {
                    self.pass(rule, &machine.name, target.header, id, builder);
                }
            } else if kind == "google_compute_target_instance" {
                for machine in named(resources, field(&target.value, "instance"), &["google_compute_instance"], "name").items {
                    self.pass(rule, &machine.name, target.header, id, builder);
                }
            } else {
                let map = field(&target.value, "url_map").map(|value| resources.referred(value).items).unwrap_or_default();
                let direct =
                    field(&target.value, "backend_service").map(|value| resources.referred(value).items).unwrap_or_default();
                // Whatever the map names anywhere is served by it.
                let mapped = map.iter().flat_map(|map| resources.referred(&map.value).items);
                let mut found: Vec<&Item> = mapped.chain(direct).filter(|item| is_service(item)).collect();
                found.dedup_by(|left, right| std::ptr::eq(*left, *right));
                for service in found {
                    self.proxy(rule, service, id, builder);
                }
            }
        }
        for service in named(resources, field(&rule.value, "backend_service"), SERVICES, "name").items {
            let (there, fresh) = self.node(service, &[], builder);
            let step = Step::at(rule.header, format!("{} leads to {}", rule.name, service.name));
            builder.passes_on(id, there, vec![Gate::Open(step)]);
            // The packets stay as they are: the port, and the address of the client.
            for member in self.members(service).into_iter().filter(|_| fresh) {
                let step = Step::at(member.place, format!("{} is behind {}", member.name, service.name));
                builder.passes_on(there, member.id, std::iter::once(Gate::Open(step)).chain(member.gates).collect());
            }
        }
    }

    fn pass(&self, rule: &Item, machine: &str, place: Place, id: NodeId, builder: &mut Builder) {
        if let Some((to, gate)) = self.machines.by_name.get(machine) {
            let step = Step::at(place, format!("{} leads to {machine}", rule.name));
            builder.passes_on(id, *to, vec![Gate::Open(step), gate.clone()]);
        }
    }

    /// The node of a backend service, and whether it is there for the first time.
    fn node(&mut self, service: &Item, addresses: &[Range], builder: &mut Builder) -> (NodeId, bool) {
        if let Some(id) = self.nodes.get(&service.name) {
            return (*id, false);
        }
        let id = builder.node_of(service, Kind::Proxy);
        if let Some(node) = builder.get(id) {
            node.addresses = addresses.to_vec();
        }
        self.nodes.insert(service.name.clone(), id);
        (id, true)
    }

    /// A proxy: it connects by itself, to the port of the group behind it.
    fn proxy(&mut self, rule: &Item, service: &Item, id: NodeId, builder: &mut Builder) {
        let regional = Resources::is_of(service, "google_compute_region_backend_service");
        let addresses = match regional {
            true => network::proxies(self.resources),
            false => PROXIES.iter().filter_map(|block| Range::parse(block)).collect(),
        };
        let (there, fresh) = self.node(service, &addresses, builder);
        let step = Step::at(rule.header, format!("{} leads to {}", rule.name, service.name));
        let armor = armor(self.resources, service);
        builder.passes_on(id, there, std::iter::once(Gate::Open(step)).chain(armor).collect());
        if !fresh {
            return;
        }
        for member in self.members(service) {
            let Some(port) = member.port else {
                // The firewall is not asked: about which port, is not known.
                let missing = Missing::new(format!("the port behind {}", service.name));
                let step = Step::at(service.header, format!("{} leads to a port that is not known", service.name));
                builder.forwards(there, member.id, vec![Gate::Unknown(step, missing)]);
                continue;
            };
            let step = Step::at(member.place, format!("{} leads to port {port} of {}", service.name, member.name));
            let leads = Gate::Leads { protocol: Protocol::Tcp, port, step };
            let gates = std::iter::once(leads).chain(member.gates.iter().cloned()).collect();
            // Services of the platform ask who the caller is, not whence it comes.
            if self.services.iter().any(|service| service.id == member.id) {
                builder.passes_on(there, member.id, gates);
            } else {
                builder.forwards(there, member.id, gates);
            }
        }
    }

    /// What the backends of a service consist of.
    fn members(&self, service: &Item) -> Vec<Member> {
        let mut all = Vec::new();
        for group in values_at(&service.value, &["backend", "group"]) {
            for group in named(self.resources, Some(group), GROUPS, "name").items {
                self.group(service, group, &mut all);
            }
        }
        all
    }

    fn group(&self, service: &Item, group: &Item, out: &mut Vec<Member>) {
        let resources = self.resources;
        let wanted = says(&service.value, "port_name").unwrap_or("http");
        let mut ports = blocks(&group.value, "named_port").iter().filter(|block| says(block, "name") == Some(wanted));
        let port = ports.next().and_then(|block| port_of(field(block, "port")));
        let mut add = |name: &str, port: Option<u16>, place: Place| {
            if let Some((id, gate)) = self.machines.by_name.get(name) {
                out.push(Member { id: *id, port, gates: vec![gate.clone()], place, name: name.into() });
            }
        };
        // A managed group is its own machines.
        add(&group.name, port, group.header);
        for instance in named(resources, field(&group.value, "instances"), &["google_compute_instance"], "name").items {
            add(&instance.name, port, group.header);
        }
        for endpoint in resources.referring("google_compute_network_endpoint", "network_endpoint_group", group) {
            let port = port_of(field(&endpoint.value, "port")).or_else(|| port_of(field(&group.value, "default_port")));
            for instance in named(resources, field(&endpoint.value, "instance"), &["google_compute_instance"], "name").items {
                add(&instance.name, port, endpoint.header);
            }
        }
        for path in [["cloud_run", "service"], ["cloud_function", "function"]] {
            for value in values_at(&group.value, &path) {
                let referred = resources.referred(value).items;
                for service in self.services {
                    let by_name = value.as_str().is_some_and(|text| service.text.as_deref() == Some(text));
                    if by_name || referred.iter().any(|item| item.name == service.name) {
                        let gates = service.balanced.clone();
                        out.push(Member {
                            id: service.id,
                            port: Some(443),
                            gates,
                            place: group.header,
                            name: service.name.clone(),
                        });
                    }
                }
            }
        }
    }
}

fn is_service(item: &Item) -> bool {
    SERVICES.iter().any(|kind| Resources::is_of(item, kind))
}

/// The security policy of a service: rules by priority, and without a default one everybody gets in.
fn armor(resources: &Resources<'_>, service: &Item) -> Option<Gate> {
    let written = field(&service.value, "security_policy")?;
    let found = named(resources, Some(written), &["google_compute_security_policy"], "name");
    let Some(policy) = found.items.first() else {
        let missing = Missing::new(format!(
            "the rules of {}",
            found.missing.map_or_else(|| "the security policy".into(), |missing| missing.what)
        ));
        return Some(Gate::Unknown(Step::at(written.place, format!("{} may refuse it", missing.what)), missing));
    };
    let mut numbered: Vec<(i128, Entry)> = Vec::new();
    let own = blocks(&policy.value, "rule").iter().map(|block| (block, block.place));
    let separate = resources.referring("google_compute_security_policy_rule", "security_policy", policy);
    for (rule, place) in own.chain(separate.iter().map(|item| (&item.value, item.header))) {
        numbered.push(armed(policy, rule, place));
    }
    numbered.sort_by_key(|(priority, _)| *priority);
    let entries = numbered.into_iter().map(|(_, entry)| entry).collect();
    let otherwise = Otherwise::LetIn(Step::at(policy.header, format!("the default rule of {} allows it", policy.name)));
    let filter = Filter { name: policy.name.to_string(), place: policy.header, entries, otherwise, more: None };
    Some(Gate::Filter(std::sync::Arc::new(filter)))
}

fn armed(policy: &Item, rule: &Value, place: Place) -> (i128, Entry) {
    let mut sources = Sources::default();
    let ranges = values_at(rule, &["match", "config", "src_ip_ranges"]);
    for text in ranges.iter().flat_map(|value| value.items().iter().chain(std::slice::from_ref(*value))) {
        match text.as_str() {
            Some("*") => sources.ranges.extend(Sources::everybody().ranges),
            Some(text) => sources.ranges.extend(Range::parse(text)),
            None => sources.unknown = sources.unknown.take().or_else(|| Missing::of(text)),
        }
    }
    // An expression looks at the request itself.
    let expression = !values_at(rule, &["match", "expr"]).is_empty();
    if expression && ranges.is_empty() {
        sources = Sources::everybody();
    }
    let order = field(rule, "priority").and_then(number).unwrap_or(-1);
    let action = field(rule, "action");
    let allows = action.and_then(Value::as_str).is_none_or(|action| !action.starts_with("deny"));
    let mut doubt = action.filter(|action| action.as_str().is_none()).and_then(Missing::of);
    if expression {
        doubt = Some(Missing::new(format!("whether the expression of rule {order} of {} holds", policy.name)));
    }
    let preview = field(rule, "preview").and_then(Value::as_bool) == Some(true);
    if preview {
        sources = Sources::default();
    }
    let verb = if allows { "allows" } else { "refuses" };
    let step = Step::at(place, format!("rule {order} of {} {verb} it", policy.name));
    (order, Entry { allows, doubt, ..clouds::allow((Ports::all(), None), sources, step) })
}
