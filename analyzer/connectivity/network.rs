//! The networks that pods stand on: the cluster's, user-defined ones in its place, and further ones beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::{Item, Value};

use crate::note::Note;
use crate::pod::{Namespaces, Workload};
use crate::policy::Policy;
use crate::read::{field, follow, is_object, namespace, text_at};
use crate::selector::{Labels, Selector};

/// What a namespace must have so that a user-defined network can be its pods' first.
const PRIMARY_LABEL: &str = "k8s.ovn.org/primary-user-defined-network";
const ATTACHMENTS: &str = "k8s.v1.cni.cncf.io/networks";

/// A network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Network {
    /// The cluster's own.
    Cluster,
    /// The user-defined one of a namespace, which its pods have instead.
    Namespace(CompactString),
    /// A user-defined one that several namespaces share, which their pods have instead.
    Shared(CompactString),
    /// One that pods have besides.
    Further(CompactString),
}

/// The groups under which user-defined networks are seen.
const USER_DEFINED: &[&str] = &["k8s.ovn.org", "nmstate.io"];

/// The networks of the manifests.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    /// The first network of a namespace's pods, where it is not the cluster's.
    first: BTreeMap<CompactString, Network>,
    /// Further networks by the namespace and name of their definition.
    further: BTreeMap<(CompactString, CompactString), CompactString>,
}

impl Networks {
    pub(crate) fn read(items: &[Item], workloads: &[Workload], namespaces: &mut Namespaces, notes: &mut Vec<Note>) -> Self {
        let mut networks = Self::default();
        let mut spaces: BTreeSet<CompactString> = workloads.iter().map(|workload| workload.namespace.name.clone()).collect();
        spaces.extend(
            items
                .iter()
                .filter(|item| is_object(item, "Namespace", &[""]))
                .filter_map(|item| text_at(&item.value, &["metadata", "name"])),
        );
        for item in items {
            let Some(name) = text_at(&item.value, &["metadata", "name"]) else { continue };
            if is_object(item, "NetworkAttachmentDefinition", &["k8s.cni.cncf.io"]) {
                let Some(home) = namespace(&item.value) else { continue };
                networks.further.insert((home, name.clone()), name_in_config(&item.value).unwrap_or(name));
            } else if is_object(item, "UserDefinedNetwork", USER_DEFINED) {
                let Some(home) = namespace(&item.value) else { continue };
                if !is_primary(&field(&item.value, "spec")) {
                    networks.further.insert((home.clone(), name.clone()), format_compact!("{home}.{name}"));
                } else if namespaces.get(&home).labels.contains_key(PRIMARY_LABEL) {
                    networks.first.insert(home.clone(), Network::Namespace(home));
                } else {
                    notes.push(unlabelled(item, &home));
                }
            } else if is_object(item, "ClusterUserDefinedNetwork", USER_DEFINED) {
                let Ok(selector) = Selector::read(&follow(&item.value, &["spec", "namespaceSelector"])) else {
                    notes.push(Note {
                        name: item.name.clone(),
                        place: item.header,
                        message: "a selector that is not known; the network is left out".into(),
                    });
                    continue;
                };
                let primary = is_primary(&follow(&item.value, &["spec", "network"]));
                for space in &spaces {
                    let labels = &namespaces.get(space).labels;
                    if !selector.selects(labels) {
                        continue;
                    }
                    if !primary {
                        networks.further.insert((space.clone(), name.clone()), name.clone());
                    } else if labels.contains_key(PRIMARY_LABEL) {
                        networks.first.entry(space.clone()).or_insert_with(|| Network::Shared(name.clone()));
                    }
                }
            }
        }
        networks
    }

    /// The first network of a namespace's pods.
    pub(crate) fn of(&self, namespace: &str) -> Network {
        self.first.get(namespace).cloned().unwrap_or(Network::Cluster)
    }

    /// The network that a definition, as `name` or `namespace/name`, stands for.
    fn resolve(&self, written: &str, home: &str) -> Option<&CompactString> {
        let (namespace, name) = written.split_once('/').unwrap_or((home, written));
        self.further.get(&(namespace.into(), name.into()))
    }

    /// The further networks with the workloads on them, by index, and the addresses that they are known to have there.
    pub(crate) fn members(&self, workloads: &[Workload]) -> BTreeMap<CompactString, BTreeMap<usize, Vec<u32>>> {
        let mut members: BTreeMap<CompactString, BTreeMap<usize, Vec<u32>>> = BTreeMap::new();
        for (index, workload) in workloads.iter().enumerate() {
            for attachment in &workload.attachments {
                if let Some(network) = self.resolve(&attachment.definition, &workload.namespace.name) {
                    let addresses = members.entry(network.clone()).or_default().entry(index).or_default();
                    addresses.extend(&attachment.addresses);
                }
            }
        }
        members
    }

    /// Whether a policy has its say on a network.
    pub(crate) fn governs(&self, policy: &Policy, network: &Network) -> bool {
        match (&policy.networks, network) {
            (None, Network::Further(_)) => false,
            (None, _) => true,
            (Some(written), Network::Further(name)) => {
                let home = match &policy.spaces {
                    crate::policy::Spaces::Named(home) => home.as_str(),
                    _ => "",
                };
                written.split(',').any(|each| self.resolve(each.trim(), home) == Some(name))
            }
            (Some(_), _) => false,
        }
    }
}

fn unlabelled(item: &Item, home: &str) -> Note {
    let message = format_compact!("namespace {home} lacks the label {PRIMARY_LABEL}, so that its pods do not use the network");
    Note { name: item.name.clone(), place: item.header, message }
}

/// Whether a user-defined network is the pods' first: what the topology's settings say.
fn is_primary(spec: &Value) -> bool {
    ["layer2", "layer3"].iter().any(|topology| spec.str_at(&[topology, "role"]) == Some("Primary"))
}

/// The name that OVN-Kubernetes knows a network by, which several definitions may share. Other plug-ins do not look at it.
fn name_in_config(definition: &Value) -> Option<CompactString> {
    let config: serde_json::Value = serde_json::from_str(definition.str_at(&["spec", "config"])?).ok()?;
    let overlay = config.get("type")?.as_str()? == "ovn-k8s-cni-overlay";
    config.get("name")?.as_str().filter(|_| overlay).map(CompactString::from)
}

/// An attachment to a further network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attachment {
    /// `name` or `namespace/name` of the definition.
    definition: CompactString,
    /// The addresses that are asked for.
    addresses: Vec<u32>,
}

impl Attachment {
    pub(crate) const fn named(definition: CompactString) -> Self {
        Self { definition, addresses: Vec::new() }
    }
}

/// The further networks that a pod's annotation asks for: a list by comma, or JSON.
pub(crate) fn attachments(annotations: &Labels) -> Vec<Attachment> {
    let Some(written) = annotations.get(ATTACHMENTS) else { return Vec::new() };
    if let Ok(serde_json::Value::Array(elements)) = serde_json::from_str(written) {
        return elements.iter().filter_map(attachment).collect();
    }
    // What stands after @ is what the pod calls its interface.
    let name = |each: &str| CompactString::from(each.trim().split('@').next().unwrap_or_default());
    written.split(',').map(name).filter(|name| !name.is_empty()).map(Attachment::named).collect()
}

/// An element of the annotation's JSON.
fn attachment(element: &serde_json::Value) -> Option<Attachment> {
    let part = |key: &str| element.get(key).and_then(|text| text.as_str());
    let name = part("name")?;
    let definition = part("namespace").map_or_else(|| name.into(), |home| format_compact!("{home}/{name}"));
    let address = |text: &serde_json::Value| {
        let text = text.as_str()?;
        text.split('/').next()?.parse::<Ipv4Addr>().ok().map(u32::from)
    };
    let addresses = element.get("ips").and_then(|list| list.as_array()).into_iter().flatten().filter_map(address).collect();
    Some(Attachment { definition, addresses })
}
