//! What an ingress controller passes on: Ingresses and Routes, through Services, to pods.

use std::collections::BTreeMap;

use compact_str::CompactString;
use plimsoll_syntax::{Item, Value};

use crate::note::Note;
use crate::pod::{Pod, Workload};
use crate::ports::{Ports, Protocol};
use crate::read::{field, follow, is_object, namespace, text, text_at};
use crate::selector::Selector;

/// A port of a Service.
#[derive(Debug)]
struct ServicePort {
    name: CompactString,
    port: CompactString,
    /// Number or name.
    target: CompactString,
    protocol: Protocol,
}

#[derive(Debug)]
struct Service {
    selector: Selector,
    ports: Vec<ServicePort>,
}

/// What is passed on to each workload's pods, by the indices of workload and pod.
pub(crate) fn read(items: &[Item], workloads: &[Workload], notes: &mut Vec<Note>) -> BTreeMap<(usize, usize), Ports> {
    let mut services = BTreeMap::new();
    for item in items.iter().filter(|item| is_object(item, "Service", &[""])) {
        let Some((home, name)) = namespace(&item.value).zip(text_at(&item.value, &["metadata", "name"])) else { continue };
        match service(&field(&item.value, "spec")) {
            Some(service) => _ = services.insert((home, name), service),
            None => notes.push(Note {
                name: item.name.clone(),
                place: item.header,
                message: "a selector that is not known; the service is left out".into(),
            }),
        }
    }
    let mut passed: BTreeMap<(usize, usize), Ports> = BTreeMap::new();
    for item in items {
        let backends = if is_object(item, "Ingress", &["networking.k8s.io", "extensions"]) {
            of_ingress(&field(&item.value, "spec"))
        } else if is_object(item, "Route", &["route.openshift.io", ""]) {
            of_route(&field(&item.value, "spec"))
        } else {
            continue;
        };
        let Some(home) = namespace(&item.value) else { continue };
        for (name, port) in backends {
            let Some(service) = services.get(&(home.clone(), name)) else { continue };
            for (index, workload) in workloads.iter().enumerate().filter(|(_, workload)| workload.namespace.name == home) {
                for (number, pod) in workload.pods.iter().enumerate() {
                    let ports = service.at(port.as_deref(), pod);
                    if !ports.is_empty() {
                        let known = passed.entry((index, number)).or_default();
                        *known = known.union(&ports);
                    }
                }
            }
        }
    }
    passed
}

fn service(spec: &Value) -> Option<Service> {
    let selector = Selector::exact(&field(spec, "selector")).ok()?;
    let mut ports = Vec::new();
    for port in field(spec, "ports").items() {
        let Some(number) = text_at(port, &["port"]) else { continue };
        let protocol = text_at(port, &["protocol"]).map_or(Some(Protocol::Tcp), |name| Protocol::named(&name));
        let target = text_at(port, &["targetPort"]).unwrap_or_else(|| number.clone());
        let name = text_at(port, &["name"]).unwrap_or_default();
        ports.extend(protocol.map(|protocol| ServicePort { name, port: number, target, protocol }));
    }
    Some(Service { selector, ports })
}

impl Service {
    /// The ports of a pod behind a port of this service, or behind all. Only those that a container says it has: nothing is
    /// known to listen on another.
    fn at(&self, wanted: Option<&str>, pod: &Pod) -> Ports {
        if self.selector.is_empty() || !self.selector.selects(&pod.labels) {
            return Ports::default();
        }
        let own = |port: &&ServicePort| wanted.is_none_or(|wanted| port.name == wanted || port.port == wanted);
        let mut ports: Vec<&ServicePort> = self.ports.iter().filter(own).collect();
        if ports.is_empty() {
            // Some say the port that the pods have.
            ports = self.ports.iter().filter(|port| Some(port.target.as_str()) == wanted).collect();
        }
        let mut found = Ports::default();
        for port in ports {
            let number: Option<u16> = port.target.parse().ok();
            let same = pod.ports.iter().filter(|each| each.protocol == port.protocol);
            let same = same.filter(|each| number.map_or(each.name == port.target, |number| each.number == number));
            found = same.fold(found, |found, each| found.union(&Ports::range(each.protocol, each.number, each.number)));
        }
        found
    }
}

/// The services of an Ingress with the port of each, as a number or name.
fn of_ingress(spec: &Value) -> Vec<(CompactString, Option<CompactString>)> {
    let mut backends = vec![field(spec, "defaultBackend"), field(spec, "backend")];
    for rule in field(spec, "rules").items() {
        backends.extend(follow(rule, &["http", "paths"]).items().iter().map(|path| field(path, "backend")));
    }
    let read = |backend: &Value| {
        // Before `networking.k8s.io/v1` both stood in the backend itself.
        let old = text_at(backend, &["serviceName"]).map(|name| (name, text_at(backend, &["servicePort"])));
        let port = ["number", "name"].iter().find_map(|key| text_at(backend, &["service", "port", key]));
        text_at(backend, &["service", "name"]).map(|name| (name, port)).or(old)
    };
    backends.iter().filter_map(read).collect()
}

/// The same of an OpenShift Route.
fn of_route(spec: &Value) -> Vec<(CompactString, Option<CompactString>)> {
    let port = text(&follow(spec, &["port", "targetPort"])).filter(|port| !port.is_empty());
    let others = field(spec, "alternateBackends");
    let targets = [field(spec, "to")];
    let services =
        targets.iter().chain(others.items()).filter(|target| target.str_at(&["kind"]).is_none_or(|kind| kind == "Service"));
    services.filter_map(|target| Some((text_at(target, &["name"])?, port.clone()))).collect()
}
