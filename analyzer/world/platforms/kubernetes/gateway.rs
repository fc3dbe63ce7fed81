//! Gateways of the Gateway API, with the routes that are attached to them.

use plimsoll_kubernetes::selects;
use plimsoll_syntax::{Item, Value};

use super::cluster::Cluster;
use super::entry;
use super::ingress::{self, Front};
use super::istio;
use super::objects::{Objects, annotation, name_of, namespace_of, shown};
use super::peer::OUTSIDE;
use super::service::Services;
use crate::address::Range;
use crate::builder::Builder;
use crate::model::{Gate, Kind, NodeId};
use crate::resources::field;
use crate::said::{Missing, Step};

const GROUP: &[&str] = &["gateway.networking.k8s.io"];
const ROUTES: &[&str] = &["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"];

/// Classes by how their names begin: whether they have a public address (GKE guide, "GatewayClass capabilities"; AWS Gateway API Controller
/// guide; "Application Gateway for Containers"; Istio's "Kubernetes Gateway API", "Automated deployment").
const CLASSES: &[(&str, bool)] = &[
    ("gke-l7-global-external", true),
    ("gke-l7-regional-external", true),
    ("gke-l7-gxlb", true),
    ("gke-l7-rilb", false),
    ("gke-l7-cross-regional-internal", false),
    ("amazon-vpc-lattice", false),
    ("azure-alb-external", true),
    ("istio", true),
];

/// Adds the gateways, and the ways that routes give them.
pub(super) fn build(objects: &Objects<'_>, services: &Services, cluster: &Cluster, builder: &mut Builder) {
    let mut gateways: Vec<(&Item, NodeId)> = Vec::new();
    for item in objects.of_group("Gateway", GROUP) {
        let title = objects.title(&item.name, item);
        let mut node = Builder::describe(item, Kind::Proxy);
        node.name.clone_from(&title);
        node.platform = "Gateway".into();
        node.inside = cluster.inside(&namespace_of(item));
        node.groups.push(OUTSIDE.into());
        // A proxy of Istio by itself.
        if item.value.str_at(&["spec", "gatewayClassName"]).is_some_and(|class| class.starts_with("istio")) {
            node.groups.push(istio::MESH.into());
        }
        let id = builder.node(node);
        let listeners = item.value.at(&["spec", "listeners"]).map(Value::items).unwrap_or_default();
        let ports: Vec<u16> = listeners.iter().filter_map(|listener| ingress::number(field(listener, "port"))).collect();
        let place = listeners.first().map_or(item.header, |listener| listener.place);
        let rest: Vec<Gate> = ingress::listens(&ports, place, &title).into_iter().collect();
        entry::outside(id, public(item, &title), &rest, builder);
        gateways.push((item, id));
    }
    for kind in ROUTES {
        for route in objects.of_group(kind, GROUP) {
            for parent in route.value.at(&["spec", "parentRefs"]).map(Value::items).unwrap_or_default() {
                attach(objects, route, parent, &gateways, services, builder);
            }
        }
    }
}

fn public(item: &Item, title: &str) -> Gate {
    let addresses = item.value.at(&["spec", "addresses"]).map(Value::items).unwrap_or_default();
    let private = addresses
        .iter()
        .filter_map(|address| field(address, "value"))
        .find(|value| value.as_str().and_then(Range::parse).is_some_and(Range::is_private));
    if let Some(value) = private {
        return Gate::Wall(Step::at(value.place, format!("{title} has a private address")));
    }
    let class = item.value.at(&["spec", "gatewayClassName"]);
    let place = class.map_or(item.header, |value| value.place);
    let name = class.and_then(shown).unwrap_or_default();
    let kind = annotation(&item.value, "networking.istio.io/service-type").filter(|_| name == "istio");
    if let Some(kind) = kind.filter(|kind| kind.as_str() != Some("LoadBalancer")) {
        return Gate::Wall(Step::at(kind.place, format!("{title} has no load balancer")));
    }
    match CLASSES.iter().find(|(start, _)| name.starts_with(start)) {
        Some((_, true)) => Gate::Open(Step::at(place, format!("the class {name} gives {title} a public address"))),
        Some((_, false)) => Gate::Wall(Step::at(place, format!("the class {name} gives {title} no public address"))),
        None => {
            let missing = Missing::new(format!("whether gateways of class {name} have public addresses"));
            Gate::Unknown(Step::at(place, format!("{title} may have a public address")), missing)
        }
    }
}

/// The ways of a route, from one of its parents.
fn attach(
    objects: &Objects<'_>,
    route: &Item,
    parent: &Value,
    gateways: &[(&Item, NodeId)],
    services: &Services,
    builder: &mut Builder,
) {
    let name = field(parent, "name").and_then(shown).unwrap_or_default();
    let home = namespace_of(route);
    let space = field(parent, "namespace").and_then(shown).unwrap_or_else(|| home.clone());
    let found = gateways.iter().find(|(gateway, _)| name_of(gateway) == name && namespace_of(gateway) == space);
    let Some((gateway, id)) = found else { return };
    let title = objects.title(&route.name, route);
    let section = field(parent, "sectionName").and_then(Value::as_str);
    let mut allowed = Some(false);
    for listener in gateway.value.at(&["spec", "listeners"]).map(Value::items).unwrap_or_default() {
        if section.is_some_and(|section| listener.str_at(&["name"]) != Some(section)) {
            continue;
        }
        allowed = match (allowed, takes(objects, listener, &space, &home)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (None, _) | (_, None) => None,
            _ => Some(false),
        };
    }
    let before = match allowed {
        Some(true) => None,
        Some(false) => {
            let message = format!("{} takes no routes from namespace {home}", objects.title(&gateway.name, gateway));
            Some(Gate::Wall(Step::at(gateway.header, message)))
        }
        None => {
            let step = Step::at(gateway.header, format!("{} may take {title}", objects.title(&gateway.name, gateway)));
            Some(Gate::Unknown(step, Missing::new(format!("the labels of namespace {home}"))))
        }
    };
    ingress::backends(objects, &Front { route, title: &title, from: *id, renews: true, before }, services, builder);
}

/// Whether a listener takes routes of a namespace ("Cross-Namespace routing"): of its gateway's alone unless it says more.
fn takes(objects: &Objects<'_>, listener: &Value, own: &str, home: &str) -> Option<bool> {
    match listener.at(&["allowedRoutes", "namespaces", "from"]).map(|from| from.as_str()) {
        None | Some(Some("Same")) => Some(own == home),
        Some(Some("All")) => Some(true),
        Some(Some("Selector")) => {
            let selector = listener.at(&["allowedRoutes", "namespaces", "selector"])?;
            let (_, labels) = objects.namespaces().iter().find(|(name, _)| name == home)?;
            selects(selector, labels)
        }
        Some(Some(_)) => Some(false),
        Some(None) => None,
    }
}
