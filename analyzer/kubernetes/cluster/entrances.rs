//! What leads into a workload from outside the cluster: Ingresses, and the routes of the Gateway API and of Istio.

use compact_str::CompactString;
use plimsoll_syntax::{Item, Value};

use super::{Cluster, Related, named};
use crate::namespace::namespace_of;
use crate::selector::{and, or};
use crate::values::{field, follow, shown};

/// The kinds that lead requests to Services.
const ENTRANCES: [&str; 6] = ["Ingress", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "VirtualService"];

impl Cluster {
    /// The Ingresses and routes that lead to a Service that selects the workload.
    pub(super) fn entrances(&self, workload: &Item) -> Related<'_> {
        let mut related = Related::of(true);
        // Services whose selectors cannot be told are left out: an open door is reported when it is known.
        let services = self.of_workload(workload, "services").unwrap_or_default();
        for entrance in ENTRANCES.into_iter().flat_map(|kind| self.objects_of(kind)) {
            let targets = targets(entrance);
            let belongs = services.items.iter().map(|service| leads_to(&targets, service)).fold(Some(false), or);
            related.add(entrance, belongs);
        }
        related
    }

    /// The Services that an Ingress leads to.
    pub(super) fn backends(&self, item: &Item) -> Related<'_> {
        let names = backend_names(&field(&item.value, "spec"));
        let mut related = Related::of(true);
        for service in self.objects_in("Service", &namespace_of(item).unwrap_or_default()) {
            let belongs = names.iter().map(|name| named(service, name)).fold(Some(false), or);
            related.add(service, belongs);
        }
        related
    }
}

/// The names of the Services that an Ingress or a route leads to, each with its namespace.
fn targets(entrance: &Item) -> Vec<(Value, CompactString)> {
    let home = namespace_of(entrance).unwrap_or_default();
    let spec = field(&entrance.value, "spec");
    if entrance.views.first().is_some_and(|view| view == "Ingress") {
        return backend_names(&spec).into_iter().map(|name| (name, home.clone())).collect();
    }
    let mut targets = Vec::new();
    for rule in field(&spec, "rules").items() {
        for backend in field(rule, "backendRefs").items() {
            let namespace = shown(&field(backend, "namespace")).unwrap_or_else(|| home.clone());
            targets.push((field(backend, "name"), namespace));
        }
    }
    for protocol in ["http", "tls", "tcp"] {
        for rule in field(&spec, protocol).items() {
            for route in field(rule, "route").items() {
                let host = follow(route, &["destination", "host"]);
                // `name`, `name.namespace` or `name.namespace.svc.cluster.local`.
                let Some(text) = host.as_str() else { continue };
                let mut parts = text.split('.');
                let name = parts.next().unwrap_or_default();
                let namespace = parts.next().map_or_else(|| home.clone(), Into::into);
                targets.push((Value::string(name, host.place), namespace));
            }
        }
    }
    targets
}

fn leads_to(targets: &[(Value, CompactString)], service: &Item) -> Option<bool> {
    let home = namespace_of(service).unwrap_or_default();
    let here = |(name, namespace): &(Value, CompactString)| and(Some(*namespace == home), named(service, name));
    targets.iter().map(here).fold(Some(false), or)
}

/// The names of the Services that the `spec` of an Ingress leads to.
fn backend_names(spec: &Value) -> Vec<Value> {
    let mut names = Vec::new();
    for backend in ["defaultBackend", "backend"] {
        names.push(backend_service(&field(spec, backend)));
    }
    for rule in field(spec, "rules").items() {
        for path in follow(rule, &["http", "paths"]).items() {
            names.push(backend_service(&field(path, "backend")));
        }
    }
    names.retain(|name| !name.is_null());
    names
}

fn backend_service(backend: &Value) -> Value {
    match follow(backend, &["service", "name"]) {
        absent if absent.is_null() => field(backend, "serviceName"),
        name => name,
    }
}
