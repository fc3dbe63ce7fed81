//! App Service, function apps and container apps: what the platform publishes by itself.

use std::sync::Arc;

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Value};

use crate::address::Range;
use crate::builder::Builder;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::ladder::Rung;
use crate::model::{Evidence, Gate, Kind, NodeId, World};
use crate::platforms::clouds::{self, Public, named, port_of};
use crate::platforms::entries::{addresses, flag, number, says};
use crate::resources::{Resources, blocks, field, values_at};
use crate::said::{Missing, Step};

/// Apps of App Service, by what they are.
const APPS: &[(&str, Kind)] = &[
    ("azurerm_linux_web_app", Kind::Task),
    ("azurerm_windows_web_app", Kind::Task),
    ("azurerm_app_service", Kind::Task),
    ("azurerm_linux_function_app", Kind::Function),
    ("azurerm_windows_function_app", Kind::Function),
    ("azurerm_function_app", Kind::Function),
];

/// The priority of a restriction that writes none.
const PRIORITY: i128 = 65_000;

pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) -> Vec<Public> {
    let mut all = Vec::new();
    for (kind, node) in APPS {
        for app in resources.of_type(kind) {
            all.push(service(resources, app, *node, builder));
        }
    }
    for app in resources.of_type("azurerm_container_app") {
        all.extend(container(resources, app, builder));
    }
    all
}

/// Every app has a public endpoint until that is turned off; restrictions say who gets in ("Set up access restrictions").
fn service(resources: &Resources<'_>, app: &Item, kind: Kind, builder: &mut Builder) -> Public {
    let value = &app.value;
    let name = &app.name;
    let id = builder.node_of(app, kind);
    let place = clouds::at(value, "public_network_access_enabled", app.header);
    let told = [
        format!("{name} has a public endpoint"),
        format!("{name} has no public access"),
        format!("{name} may have a public endpoint"),
    ];
    let public = clouds::gate(flag(value, "public_network_access_enabled", true), place, told);
    let gates = |filter: Filter| vec![public.clone(), listens(app), Gate::Filter(Arc::new(filter))];
    let filter = restrictions(resources, app);
    let within = gates(within(filter.clone()));
    builder.begins(World::INTERNET, id, gates(filter));
    let step = Step::at(clouds::at(value, "service_plan_id", app.header), "the apps of a plan share its machines");
    describe(app, (Rung::Default, step), id, builder);
    Public { id, gates: within }
}

/// The same for who goes out from a network.
fn within(mut filter: Filter) -> Filter {
    filter.entries = filter.entries.into_iter().map(|entry| clouds::going_out(entry, None)).collect();
    filter
}

fn listens(app: &Item) -> Gate {
    let ports = [80, 443].into_iter().fold(Ports::default(), |all, port| all.union(&Ports::range(Protocol::Tcp, port, port)));
    Gate::Only(ports, Step::at(app.header, format!("{} answers on ports 80 and 443", app.name)))
}

fn describe(app: &Item, (rung, step): (Rung, Step), id: NodeId, builder: &mut Builder) {
    if let Some(node) = builder.get(id) {
        node.evidence.push(Evidence { rung, step });
        node.labels = Builder::labels(field(&app.value, "tags"));
    }
}

/// The access restrictions of an app: by priority; without any everybody gets in.
fn restrictions(resources: &Resources<'_>, app: &Item) -> Filter {
    let site = blocks(&app.value, "site_config").first();
    let rules = site.map(|site| blocks(site, "ip_restriction")).unwrap_or_default();
    let mut numbered: Vec<(i128, Entry)> = Vec::new();
    for rule in rules {
        let mut sources = Sources::default();
        addresses(field(rule, "ip_address").filter(|value| value.as_str() != Some("")), &mut sources);
        let subnets = named(resources, field(rule, "virtual_network_subnet_id"), &["azurerm_subnet"], "name");
        sources.groups.extend(clouds::names(&subnets.items));
        sources.unknown = sources.unknown.take().or(subnets.missing);
        // The addresses of a service: nobody here has them, nor an arbitrary caller.
        sources.groups.extend(says(rule, "service_tag").map(|tag| format!("service tag {tag}").into()));
        let action = field(rule, "action");
        let allows = action.and_then(Value::as_str).is_none_or(|action| action.eq_ignore_ascii_case("allow"));
        let doubt = action.filter(|action| action.as_str().is_none()).and_then(Missing::of);
        let doubt = doubt.or_else(|| site.and_then(|site| clouds::doubt(site, "ip_restriction", rule)));
        let verb = if allows { "lets it in" } else { "refuses it" };
        let step = Step::at(rule.place, format!("a restriction of {} {verb}", app.name));
        let order = field(rule, "priority").map_or(Some(PRIORITY), number).unwrap_or(-1);
        numbered.push((order, Entry { allows, doubt, ..clouds::allow((Ports::all(), None), sources, step) }));
    }
    numbered.sort_by_key(|(order, _)| *order);
    let entries: Vec<Entry> = numbered.into_iter().map(|(_, entry)| entry).collect();
    let default = site.and_then(|site| field(site, "ip_restriction_default_action"));
    let place = default.or(rules.first()).map_or(app.header, |value| value.place);
    let let_in = Step::at(place, format!("{} lets everybody else in", app.name));
    let written = site.and_then(|site| field(site, "ip_restriction"));
    let dynamic =
        written.filter(|value| value.as_list().is_none_or(|list| list.tail.is_some())).filter(|value| value.as_map().is_none());
    let (otherwise, more) = match default.map(Value::as_str) {
        Some(Some(text)) if text.eq_ignore_ascii_case("deny") => (Otherwise::Refused, dynamic.and_then(Missing::of)),
        Some(Some(_)) => (Otherwise::LetIn(let_in), None),
        Some(None) => (Otherwise::Refused, default.and_then(Missing::of)),
        None if entries.is_empty() && dynamic.is_none() => {
            (Otherwise::LetIn(Step::at(app.header, format!("{} has no access restriction: everybody gets in", app.name))), None)
        }
        // What holds for everybody else then is not the same in all versions of the provider.
        None => (Otherwise::Refused, Some(Missing::new(format!("the ip_restriction_default_action of {}", app.name)))),
    };
    let name = format!("the list of access restrictions of {}", app.name);
    Filter { name, place, entries, otherwise, more }
}

/// A container app is reached from outside of its environment when its ingress is external, and the environment's balancer is not
/// internal ("Ingress in Azure Container Apps").
fn container(resources: &Resources<'_>, app: &Item, builder: &mut Builder) -> Option<Public> {
    let name = &app.name;
    let id = builder.node_of(app, Kind::Task);
    let step = Step::at(app.header, "the platform runs it as a container");
    describe(app, (Rung::Default, step), id, builder);
    let images = values_at(&app.value, &["template", "container", "image"]);
    let images = images.into_iter().filter_map(|image| Some((image.as_str()?.into(), image.place))).collect();
    if let Some(node) = builder.get(id) {
        node.images = images;
    }
    let ingress = match clouds::block(&app.value, "ingress") {
        Ok(Some(ingress)) => ingress,
        Ok(None) => {
            builder.begins(World::INTERNET, id, vec![Gate::Wall(Step::at(app.header, format!("{name} has no ingress")))]);
            return None;
        }
        Err(missing) => {
            let step = Step::at(app.header, format!("{name} may have an ingress"));
            builder.begins(World::INTERNET, id, vec![Gate::Unknown(step, missing)]);
            return None;
        }
    };
    let place = clouds::at(ingress, "external_enabled", ingress.place);
    let told = [
        format!("the ingress of {name} is external"),
        format!("the ingress of {name} is internal"),
        format!("the ingress of {name} may be external"),
    ];
    let external = clouds::gate(flag(ingress, "external_enabled", false), place, told);
    let heard = match port_of(field(ingress, "exposed_port")) {
        Some(port) => {
            Gate::Only(Ports::range(Protocol::Tcp, port, port), Step::at(ingress.place, format!("{name} answers on port {port}")))
        }
        None => listens(app),
    };
    let before = [external, environment(resources, app), heard];
    let gates = |filter: Filter| before.iter().cloned().chain([Gate::Filter(Arc::new(filter))]).collect::<Vec<_>>();
    let filter = allowed(app, ingress);
    builder.begins(World::INTERNET, id, gates(filter.clone()));
    Some(Public { id, gates: gates(within(filter)) })
}

/// Whether the environment of a container app has a public address.
fn environment(resources: &Resources<'_>, app: &Item) -> Gate {
    let written = field(&app.value, "container_app_environment_id");
    let found = named(resources, written, &["azurerm_container_app_environment"], "name");
    let Some(environment) = found.items.first() else {
        let what = found.missing.map_or_else(|| "its environment".into(), |missing| missing.what);
        let missing = Missing::new(format!("whether {what} is internal"));
        let place = written.map_or(app.header, |value| value.place);
        return Gate::Unknown(Step::at(place, format!("{what} may have a public address")), missing);
    };
    let key = "internal_load_balancer_enabled";
    let told = [
        format!("{} has a public address", environment.name),
        format!("{} is internal", environment.name),
        format!("{} may have a public address", environment.name),
    ];
    let internal = flag(&environment.value, key, false);
    clouds::gate(internal.map(|internal| !internal), clouds::at(&environment.value, key, environment.header), told)
}

/// The restrictions of an ingress: all of them allow, and nobody else gets in, or all refuse, and everybody else does.
fn allowed(app: &Item, ingress: &Value) -> Filter {
    let mut entries = Vec::new();
    for rule in blocks(ingress, "ip_security_restriction") {
        let mut sources = Sources::default();
        match says(rule, "ip_address_range").and_then(Range::parse) {
            Some(range) => sources.ranges.push(range),
            None => addresses(field(rule, "ip_address_range"), &mut sources),
        }
        let allows = says(rule, "action").is_none_or(|action| action.eq_ignore_ascii_case("allow"));
        let doubt = clouds::doubt(ingress, "ip_security_restriction", rule);
        let verb = if allows { "lets it in" } else { "refuses it" };
        let step = Step::at(rule.place, format!("a restriction of {} {verb}", app.name));
        entries.push(Entry { allows, doubt, ..clouds::allow((Ports::all(), None), sources, step) });
    }
    let otherwise = match entries.iter().any(|entry| entry.allows) {
        true => Otherwise::Refused,
        false => Otherwise::LetIn(Step::at(ingress.place, format!("the ingress of {} refuses nobody else", app.name))),
    };
    let name = format!("the ingress of {}", app.name);
    Filter { name, place: ingress.place, entries, otherwise, more: None }
}
