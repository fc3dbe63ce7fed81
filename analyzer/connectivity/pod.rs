//! Namespaces, and workloads with the pods that they run.

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::{Item, Place, Value};

use crate::network::{self, Attachment};
use crate::note::{Note, Unread};
use crate::ports::{Ports, Protocol};
use crate::read::{field, follow, is_object, labels, namespace, text_at};
use crate::selector::{Labels, NAME_LABEL};

/// A namespace, declared or merely lived in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Namespace {
    pub(crate) name: CompactString,
    pub(crate) labels: Labels,
    /// Its labels are known.
    pub(crate) declared: bool,
}

/// A port that a container says it has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ContainerPort {
    pub(crate) protocol: Protocol,
    pub(crate) number: u16,
    pub(crate) name: CompactString,
}

/// A pod, or all of the pods of a workload that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pod {
    pub(crate) namespace: Arc<Namespace>,
    pub(crate) labels: Labels,
    pub(crate) ports: Vec<ContainerPort>,
    /// Its addresses on a further network, none when they are not known. `None`: it is seen on its first network, where it has
    /// whatever address it gets.
    pub(crate) addresses: Option<Vec<u32>>,
    /// It stands on its host's network.
    pub(crate) on_host: bool,
}

/// What runs pods.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) namespace: Arc<Namespace>,
    pub(crate) kind: CompactString,
    pub(crate) name: CompactString,
    pub(crate) place: Place,
    pub(crate) pods: Vec<Pod>,
    /// The attachments to further networks.
    pub(crate) attachments: Vec<Attachment>,
    /// Its pods are only what a virtual machine's template says of them.
    guessed: bool,
}

impl Pod {
    /// The port of a name and, if it is told, a protocol.
    pub(crate) fn port_of(&self, protocol: Option<Protocol>, name: &str) -> Ports {
        let found = self.ports.iter().filter(|port| port.name == name);
        let found = found.filter(|port| protocol.is_none_or(|protocol| protocol == port.protocol));
        found.fold(Ports::default(), |ports, port| ports.union(&Ports::range(port.protocol, port.number, port.number)))
    }
}

/// Namespaces by name.
pub(crate) struct Namespaces(BTreeMap<CompactString, Arc<Namespace>>);

impl Namespaces {
    pub(crate) fn read(items: &[Item], notes: &mut Vec<Note>) -> Self {
        let mut found = BTreeMap::new();
        for item in items.iter().filter(|item| is_object(item, "Namespace", &[""])) {
            let Some(name) = text_at(&item.value, &["metadata", "name"]) else { continue };
            let (labels, declared) = match labels(&follow(&item.value, &["metadata", "labels"])) {
                Ok(labels) => (labels, true),
                Err(unread) => {
                    notes.push(left_out(item, &unread, "the namespace's labels are left out"));
                    (Labels::new(), false)
                }
            };
            found.insert(name.clone(), Arc::new(namespace_of(name, labels, declared)));
        }
        Self(found)
    }

    /// The namespace of a name; of one that is not declared only its name is known.
    pub(crate) fn get(&mut self, name: &CompactString) -> Arc<Namespace> {
        let made = self.0.entry(name.clone());
        made.or_insert_with(|| Arc::new(namespace_of(name.clone(), Labels::new(), false))).clone()
    }
}

fn namespace_of(name: CompactString, mut labels: Labels, declared: bool) -> Namespace {
    labels.insert(NAME_LABEL.into(), name.clone());
    Namespace { name, labels, declared }
}

fn left_out(item: &Item, unread: &Unread, consequence: &str) -> Note {
    let place = if unread.place.is_some() { unread.place } else { item.header };
    Note { name: item.name.clone(), place, message: compact_str::format_compact!("{}; {consequence}", unread.reason) }
}

/// The workloads among the items, by namespace, name and kind.
pub(crate) fn read(items: &[Item], namespaces: &mut Namespaces, notes: &mut Vec<Note>) -> Vec<Workload> {
    let mut found: BTreeMap<(CompactString, CompactString, CompactString), Workload> = BTreeMap::new();
    for item in items {
        let read = if item.views.iter().any(|view| view == "workload") {
            workload(item, namespaces)
        } else if is_object(item, "VirtualMachine", &["kubevirt.io"]) {
            machine(item, &["spec", "template", "metadata", "labels"], &["spec", "template", "spec"], namespaces)
        } else if is_object(item, "VirtualMachineInstance", &["kubevirt.io"]) {
            machine(item, &["metadata", "labels"], &["spec"], namespaces)
        } else {
            continue;
        };
        match read {
            Ok(workload) => {
                let key = (workload.namespace.name.clone(), workload.name.clone(), workload.kind.clone());
                match found.get_mut(&key) {
                    Some(known) => known.join(workload),
                    None => _ = found.insert(key, workload),
                }
            }
            Err(unread) => notes.push(left_out(item, &unread, "the workload is left out")),
        }
    }
    found.into_values().collect()
}

impl Workload {
    /// Takes the pods of another part of the same workload.
    fn join(&mut self, other: Self) {
        self.attachments.extend(other.attachments);
        match (self.guessed, other.guessed) {
            (true, false) => (self.pods, self.guessed) = (other.pods, false),
            (_, true) => {}
            (false, false) => {
                for pod in other.pods {
                    if !self.pods.contains(&pod) {
                        self.pods.push(pod);
                    }
                }
            }
        }
    }
}

fn home(item: &Item, namespaces: &mut Namespaces) -> Result<Arc<Namespace>, Unread> {
    let name = namespace(&item.value).ok_or_else(|| Unread::new(item.header, "a namespace that is not known"))?;
    Ok(namespaces.get(&name))
}

fn name_of(item: &Item) -> Result<CompactString, Unread> {
    let written = ["name", "generateName"].iter().find_map(|key| text_at(&item.value, &["metadata", key]));
    written.ok_or_else(|| Unread::new(item.header, "a name that is not known"))
}

fn workload(item: &Item, namespaces: &mut Namespaces) -> Result<Workload, Unread> {
    let namespace = home(item, namespaces)?;
    let template = field(&item.value, "template");
    let annotations = labels(&follow(&template, &["metadata", "annotations"])).unwrap_or_default();
    let pod = Pod {
        namespace: namespace.clone(),
        labels: labels(&follow(&template, &["metadata", "labels"]))?,
        ports: container_ports(&field(&item.value, "pod")),
        addresses: None,
        on_host: item.value.at(&["pod", "hostNetwork"]).and_then(Value::as_bool) == Some(true),
    };
    let (mut kind, mut name) = (CompactString::from(item.value.str_at(&["kind"]).unwrap_or("Pod")), name_of(item)?);
    // A pod that somebody controls is one of its controller's.
    let owners = follow(&item.value, &["metadata", "ownerReferences"]);
    let controls = |owner: &&Value| owner.get("controller").and_then(Value::as_bool) == Some(true);
    // The node of a static pod says only where the kubelet runs it.
    let owner = owners.items().iter().find(|owner| controls(owner) && owner.str_at(&["kind"]) != Some("Node"));
    if let Some(owned_by) = owner.filter(|_| kind == "Pod").and_then(|owner| text_at(owner, &["name"])) {
        name = owned_by;
        kind = owner.and_then(|owner| text_at(owner, &["kind"])).unwrap_or(kind);
        if kind == "VirtualMachineInstance" {
            kind = MACHINE;
        }
    }
    let attachments = network::attachments(&annotations);
    Ok(Workload { namespace, kind, name, place: item.header, pods: vec![pod], attachments, guessed: false })
}

const MACHINE: CompactString = CompactString::const_new("VirtualMachine");

/// A KubeVirt machine: it runs one pod, which takes over the labels of its template.
fn machine(item: &Item, at: &[&str], spec: &[&str], namespaces: &mut Namespaces) -> Result<Workload, Unread> {
    let namespace = home(item, namespaces)?;
    let pod = Pod {
        namespace: namespace.clone(),
        labels: labels(&follow(&item.value, at))?,
        ports: Vec::new(),
        addresses: None,
        on_host: false,
    };
    let networks = field(&follow(&item.value, spec), "networks");
    let attachments = networks
        .items()
        .iter()
        .filter_map(|network| text_at(network, &["multus", "networkName"]))
        .map(Attachment::named)
        .collect();
    let name = name_of(item)?;
    Ok(Workload { namespace, kind: MACHINE, name, place: item.header, pods: vec![pod], attachments, guessed: true })
}

/// The ports of the containers that stay; one that is not known is not there.
fn container_ports(pod: &Value) -> Vec<ContainerPort> {
    let (containers, first) = (field(pod, "containers"), field(pod, "initContainers"));
    let sidecars = first.items().iter().filter(|container| container.str_at(&["restartPolicy"]) == Some("Always"));
    let mut ports = Vec::new();
    for container in containers.items().iter().chain(sidecars) {
        for port in field(container, "ports").items() {
            let number = port.get("containerPort").and_then(Value::as_int).and_then(|int| u16::try_from(int).ok());
            let protocol = text_at(port, &["protocol"]).map_or(Some(Protocol::Tcp), |name| Protocol::named(&name));
            if let (Some(number), Some(protocol)) = (number, protocol) {
                ports.push(ContainerPort { protocol, number, name: text_at(port, &["name"]).unwrap_or_default() });
            }
        }
    }
    ports.sort();
    ports.dedup();
    ports
}
