//! Services: who comes in, and to which ports of which pods they lead.

use compact_str::CompactString;
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Place, Value};
use rustc_hash::FxHashMap;

use super::cluster::{Cluster, Tie};
use super::entry;
use super::objects::{Objects, Workload, exact, is_of, name_of, namespace_of, port, protocol, shown, single};
use super::policy::Policies;
use crate::builder::Builder;
use crate::model::{Gate, Kind, NodeId};
use crate::resources::field;
use crate::said::{Missing, Step};

/// The node ports that the API server gives out ("Service", "type: NodePort").
const NODE_PORTS: (u16, u16) = (30_000, 32_767);

/// Where a port leads to.
#[derive(Debug)]
enum Target {
    Number(u16),
    Name(CompactString),
    Unknown(Missing),
}

#[derive(Debug)]
struct ServicePort {
    protocol: Protocol,
    number: u16,
    name: CompactString,
    target: Target,
    node_port: Option<u16>,
    place: Place,
}

/// One Service.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) node: NodeId,
    pub(super) title: CompactString,
    pub(super) header: Place,
    ports: Vec<ServicePort>,
    /// A port is not known.
    open: bool,
    /// What stands before it where it selects nothing that is here.
    pub(super) nowhere: Option<Gate>,
}

/// All Services.
#[derive(Debug, Default)]
pub(super) struct Services {
    all: Vec<Service>,
    by_name: FxHashMap<(CompactString, CompactString), usize>,
}

impl Services {
    /// The Service of a name.
    pub(super) fn named(&self, namespace: &str, name: &str) -> Option<&Service> {
        let at = self.by_name.get(&(namespace.into(), name.into()))?;
        self.all.get(*at)
    }
}

impl ServicePort {
    /// The ports of the pods that it leads to.
    fn targets(&self, workload: &Workload<'_>) -> Vec<u16> {
        match &self.target {
            Target::Number(number) => vec![*number],
            Target::Name(name) => {
                let named = workload.ports.iter().filter(|port| port.name == *name && port.protocol == self.protocol);
                named.map(|port| port.number).collect()
            }
            Target::Unknown(_) => Vec::new(),
        }
    }
}

impl Service {
    /// The gate of a proxy that sends to a port of this Service, by number or name.
    pub(super) fn gate(&self, wanted: Option<&Value>, step: Step) -> Gate {
        let Some(wanted) = wanted else {
            return match self.ports.as_slice() {
                [only] => Gate::Leads { protocol: only.protocol, port: only.number, step },
                _ => Gate::Open(step),
            };
        };
        let number = port(wanted);
        let name = shown(wanted).unwrap_or_default();
        let found = self.ports.iter().find(|port| number.map_or(port.name == name, |number| port.number == number));
        match (found, Missing::of(wanted)) {
            (Some(port), _) => Gate::Leads { protocol: port.protocol, port: port.number, step },
            (None, Some(missing)) => Gate::Unknown(step, missing),
            (None, None) if self.open => Gate::Unknown(step, Missing::new(format!("the ports of {}", self.title))),
            (None, None) => Gate::Wall(Step::at(wanted.place, format!("{} has no port {name}", self.title))),
        }
    }

    /// The gate of a proxy that sends to what a port of this Service leads to, by the number or name of the pods' port.
    pub(super) fn target(&self, wanted: Option<&Value>, step: Step) -> Gate {
        let Some(wanted) = wanted else { return self.gate(None, step) };
        let (number, name) = (port(wanted), shown(wanted).unwrap_or_default());
        let found = self.ports.iter().find(|own| match &own.target {
            Target::Number(target) => Some(*target) == number || own.name == name,
            Target::Name(target) => *target == name || own.name == name,
            Target::Unknown(_) => own.name == name,
        });
        match found {
            Some(own) => Gate::Leads { protocol: own.protocol, port: own.number, step },
            None => {
                let missing =
                    Missing::of(wanted).unwrap_or_else(|| Missing::new(format!("which port of {} is {name}", self.title)));
                Gate::Unknown(step, missing)
            }
        }
    }

    /// The ports that it answers on.
    fn heard(&self) -> Option<Gate> {
        if self.open || self.ports.is_empty() {
            return None;
        }
        let ports = self.ports.iter().fold(Ports::default(), |all, port| all.union(&single(port.protocol, port.number)));
        let place = self.ports.first().map(|port| port.place).unwrap_or_default();
        Some(Gate::Only(ports, Step::at(place, format!("{} answers there", self.title))))
    }
}

/// Adds the Services.
pub(super) fn build(
    objects: &Objects<'_>,
    policies: &Policies,
    cluster: &Cluster,
    tie: Option<&Tie<'_>>,
    builder: &mut Builder,
) -> Services {
    let mut services = Services::default();
    for item in objects.of_group("Service", &[""]) {
        let spec = field(&item.value, "spec");
        let kind = spec.and_then(|spec| field(spec, "type"));
        let title = objects.title(&item.name, item);
        let home = namespace_of(item);
        let mut node = Builder::describe(item, Kind::Proxy);
        node.name.clone_from(&title);
        node.platform = "Service".into();
        node.inside = cluster.inside(&home);
        node.labels = Builder::labels(item.value.at(&["metadata", "labels"]));
        let id = builder.node(node);
        if kind.and_then(Value::as_str) == Some("ExternalName") {
            continue;
        }
        let (ports, open) = ports(spec);
        let mut service = Service { node: id, title, header: item.header, ports, open, nowhere: None };
        let selector = spec.and_then(|spec| field(spec, "selector")).filter(|value| !is_empty(value));
        let found = selector.map(|selector| (selector, objects.select(&exact(selector), [(home.as_str(), true)])));
        if let Some((selector, _)) = found.as_ref().filter(|(_, found)| found.is_empty()) {
            service.nowhere = Some(nowhere(objects, &service, &home, selector));
        }
        enter(item, kind, &service, cluster, builder);
        if let Some(around) = cluster.around.filter(|_| tie.is_some() && kind.and_then(Value::as_str) == Some("LoadBalancer")) {
            let gates = [entry::ranges(item, &service.title), service.heard(), service.nowhere.clone()];
            builder.passes_on(around, id, gates.into_iter().flatten().collect());
        }
        // What comes through a node or a balancer may have its address, unless the policy keeps that of the sender.
        let outer = kind.and_then(Value::as_str).is_some_and(|kind| kind != "ClusterIP");
        let kept = item.value.str_at(&["spec", "externalTrafficPolicy"]) == Some("Local");
        for (at, sure) in found.map(|(_, found)| found).unwrap_or_default() {
            let Some(workload) = objects.workloads.get(at) else { continue };
            let mut behind = Vec::new();
            if !sure {
                let missing = Missing::new(format!("the labels of {}", workload.name));
                behind.push(Gate::Unknown(
                    Step::at(item.header, format!("{} may select {}", service.title, workload.name)),
                    missing,
                ));
            }
            behind.extend(policies.gates(at, workload, outer && !kept));
            lead(&service, workload, &behind, builder);
        }
        services.by_name.entry((home, name_of(item))).or_insert(services.all.len());
        services.all.push(service);
    }
    services
}

/// The ways to the pods of a workload, one for each port.
fn lead(service: &Service, workload: &Workload<'_>, behind: &[Gate], builder: &mut Builder) {
    let with = |gate: Gate| std::iter::once(gate).chain(behind.iter().cloned()).collect::<Vec<_>>();
    for port in &service.ports {
        let own = (port.number, port.number);
        let place = port.place;
        let leads = |to: u16| {
            Step::at(place, format!("port {} of {} leads to port {to} of {}", port.number, service.title, workload.name))
        };
        let targets = port.targets(workload);
        for &to in &targets {
            let gate = Gate::Map { protocol: port.protocol, ports: own, to: Some(to), step: leads(to) };
            builder.passes_on(service.node, workload.node, with(gate));
        }
        match &port.target {
            Target::Name(name) if targets.is_empty() => {
                let message = format!("{} leads to port {name}, which {} does not name", service.title, workload.name);
                builder.passes_on(service.node, workload.node, vec![Gate::Wall(Step::at(place, message))]);
            }
            Target::Unknown(missing) => {
                let step = Step::at(place, format!("port {} of {} leads to {}", port.number, service.title, workload.name));
                let only = Gate::Only(single(port.protocol, port.number), step.clone());
                builder.passes_on(
                    service.node,
                    workload.node,
                    with(only).into_iter().chain([Gate::Unknown(step, missing.clone())]).collect(),
                );
            }
            _ => {}
        }
    }
    if service.open || service.ports.is_empty() {
        let step = Step::at(service.header, format!("{} leads to {}", service.title, workload.name));
        builder.passes_on(service.node, workload.node, with(Gate::Open(step)));
    }
}

/// The ways to a Service.
fn enter(item: &Item, kind: Option<&Value>, service: &Service, cluster: &Cluster, builder: &mut Builder) {
    let (id, title) = (service.node, &service.title);
    let heard: Vec<Gate> = service.heard().into_iter().chain(service.nowhere.clone()).collect();
    builder.passes_on(cluster.network, id, heard.clone());
    match kind.map(|value| (value, value.as_str())) {
        Some((_, Some("LoadBalancer"))) => {
            let rest: Vec<Gate> = entry::ranges(item, title).into_iter().chain(heard.iter().cloned()).collect();
            entry::outside(id, entry::balancer(item, title), &rest, builder);
        }
        Some((value, Some("NodePort"))) => {
            let nodes = cluster.nodes(builder);
            for port in &service.ports {
                let gates = match port.node_port {
                    Some(own) => vec![Gate::Map {
                        protocol: port.protocol,
                        ports: (own, own),
                        to: Some(port.number),
                        step: Step::at(port.place, format!("port {own} of every node leads to port {} of {title}", port.number)),
                    }],
                    None => {
                        let told = format!("every node answers for {title} on a port that the cluster picks");
                        let picked = Ports::range(port.protocol, NODE_PORTS.0, NODE_PORTS.1);
                        let leads = Step::at(port.place, format!("it leads to port {} of {title}", port.number));
                        let leads = Gate::Leads { protocol: port.protocol, port: port.number, step: leads };
                        vec![Gate::Only(picked, Step::at(value.place, told)), leads]
                    }
                };
                builder.passes_on(nodes, id, gates.into_iter().chain(service.nowhere.clone()).collect());
            }
        }
        Some((value, None)) => {
            if let Some(missing) = Missing::of(value) {
                let gate = Gate::Unknown(Step::at(value.place, format!("{title} may have a public address")), missing);
                entry::outside(id, gate, &heard, builder);
            }
        }
        _ => {}
    }
    entry::external(item, title, id, &heard, builder);
}

/// What stands before a Service that selects nothing that is here.
fn nowhere(objects: &Objects<'_>, service: &Service, home: &str, selector: &Value) -> Gate {
    let title = &service.title;
    // What is no kind of Kubernetes itself may make pods.
    let made = objects.all().any(|item| {
        item.views.first().is_some_and(|view| view == "object") && namespace_of(item) == home && !is_of(item, "workload")
    });
    if !made && objects.has_pods(home) {
        return Gate::Wall(Step::at(selector.place, format!("{title} selects none of the pods of its namespace")));
    }
    Gate::Unknown(
        Step::at(selector.place, format!("{title} selects pods that are not here")),
        Missing::new(format!("the pods that {title} selects")),
    )
}

fn is_empty(value: &Value) -> bool {
    value.as_map().is_some_and(|map| map.entries.is_empty() && map.tail.is_none())
}

/// The ports, and whether there may be others.
fn ports(spec: Option<&Value>) -> (Vec<ServicePort>, bool) {
    let Some(list) = spec.and_then(|spec| field(spec, "ports")) else { return (Vec::new(), false) };
    let mut open = list.as_list().is_none_or(|list| list.tail.is_some());
    let mut ports = Vec::new();
    for each in list.items() {
        let (Some(protocol), Some(number)) = (protocol(field(each, "protocol")), field(each, "port").and_then(port)) else {
            open = true;
            continue;
        };
        let target = match field(each, "targetPort") {
            None => Target::Number(number),
            Some(value) => match (port(value), Missing::of(value)) {
                (Some(target), _) => Target::Number(target),
                (None, Some(missing)) => Target::Unknown(missing),
                (None, None) => Target::Name(shown(value).unwrap_or_default()),
            },
        };
        ports.push(ServicePort {
            protocol,
            number,
            name: field(each, "name").and_then(shown).unwrap_or_default(),
            target,
            node_port: field(each, "nodePort").and_then(port),
            place: field(each, "port").map_or(each.place, |value| value.place),
        });
    }
    (ports, open)
}
