//! Gateways of Istio, and the virtual services that lead from them to Services.
//!
//! From Istio's "Gateway" and "Virtual Service": a gateway is served by the pods that its selector selects, of any namespace; where none of them is
//! here, whether they have a public address is not known. A virtual service without gateways is for traffic of the mesh alone. Which
//! hosts a server takes is not compared. Proxies of gateways are of the mesh.

use plimsoll_syntax::{Item, Value};

use super::cluster::Cluster;
use super::objects::{Objects, name_of, namespace_of, shown};
use super::peer::OUTSIDE;
use super::select::{Expr, Key};
use super::service::Services;
use super::{entry, ingress, istio};
use crate::builder::Builder;
use crate::model::{Gate, Kind, NodeId};
use crate::resources::{field, values_at};
use crate::said::{Missing, Step};

const GROUP: &[&str] = &["networking.istio.io"];
/// The end of the full name of a Service.
const SERVICE: &str = ".svc.cluster.local";

/// A gateway: its item, its node, and whether it speaks for itself, as nobody here does.
type Gateway<'a> = (&'a Item, NodeId, bool);

/// Adds the gateways, and the ways that virtual services give them.
pub(super) fn build(objects: &Objects<'_>, services: &Services, cluster: &Cluster, builder: &mut Builder) {
    let items: Vec<&Item> = objects.of_group("Gateway", GROUP).collect();
    let gateways: Vec<Gateway<'_>> = items.into_iter().map(|item| gateway(item, objects, cluster, builder)).collect();
    for route in objects.of_group("VirtualService", GROUP) {
        let home = namespace_of(route);
        for written in route.value.at(&["spec", "gateways"]).map(Value::items).unwrap_or_default() {
            let name = shown(written).unwrap_or_default();
            let (space, name) = name.split_once('/').unwrap_or((&home, &name));
            let found = gateways.iter().find(|(item, ..)| name_of(item) == name && namespace_of(item) == space);
            if let Some(gateway) = found {
                lead(route, gateway, objects, services, builder);
            }
        }
    }
}

fn gateway<'a>(item: &'a Item, objects: &Objects<'_>, cluster: &Cluster, builder: &mut Builder) -> Gateway<'a> {
    let title = objects.title(&item.name, item);
    let mut node = Builder::describe(item, Kind::Proxy);
    node.name.clone_from(&title);
    node.platform = "Gateway".into();
    node.inside = cluster.inside(&namespace_of(item));
    let id = builder.node(node);
    let selector = item.value.at(&["spec", "selector"]).filter(|value| !value.is_null());
    let expr = selector.map(|selector| Expr::read(&super::objects::exact(selector), |label| Some(Key::Label(label.into()))));
    let found = expr.map(|expr| objects.fitting(&expr)).unwrap_or_default();
    for (at, sure) in &found {
        let Some(workload) = objects.workloads.get(*at) else { continue };
        let step = Step::at(item.header, format!("{} serves {title}", workload.name));
        let gate = match sure {
            true => Gate::Open(step),
            false => Gate::Unknown(step, Missing::new(format!("the labels of {}", workload.name))),
        };
        builder.forwards(workload.node, id, vec![gate]);
    }
    if found.is_empty() {
        let place = selector.map_or(item.header, |value| value.place);
        let missing = Missing::new(format!("whether the proxies of {title} have a public address"));
        let gate = Gate::Unknown(Step::at(place, format!("proxies that are not here serve {title}")), missing);
        let ports: Vec<u16> =
            values_at(&item.value, &["spec", "servers", "port", "number"]).into_iter().filter_map(super::objects::port).collect();
        let rest: Vec<Gate> = ingress::listens(&ports, item.header, &title).into_iter().collect();
        entry::outside(id, gate, &rest, builder);
        if let Some(node) = builder.get(id) {
            node.groups.extend([OUTSIDE.into(), istio::MESH.into()]);
        }
    }
    (item, id, found.is_empty())
}

fn lead(route: &Item, (_, id, renews): &Gateway<'_>, objects: &Objects<'_>, services: &Services, builder: &mut Builder) {
    let (title, home) = (objects.title(&route.name, route), namespace_of(route));
    let kinds = ["http", "tls", "tcp"];
    let destinations = kinds.iter().flat_map(|kind| values_at(&route.value, &["spec", kind, "route", "destination"]));
    for destination in destinations {
        let host = field(destination, "host").and_then(shown).unwrap_or_default();
        let short = host.strip_suffix(SERVICE).unwrap_or(&host);
        let (name, space) = short.split_once('.').unwrap_or((short, &home));
        let Some(service) = services.named(space, name) else { continue };
        let step = Step::at(destination.place, format!("{title} leads to {}", service.title));
        let port = destination.at(&["port", "number"]).filter(|value| !value.is_null());
        let gates = [Some(service.gate(port, step)), service.nowhere.clone()].into_iter().flatten().collect();
        if *renews {
            builder.forwards(*id, service.node, gates);
        } else {
            builder.passes_on(*id, service.node, gates);
        }
    }
}
