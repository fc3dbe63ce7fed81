//! The objects of one cluster by kind, and its pods by what selects them.

use std::borrow::Cow;
use std::sync::Arc;

use compact_str::{CompactString, ToCompactString, format_compact};
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_kubernetes::selects;
use plimsoll_syntax::value::{Map, Part, Reason, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::NodeId;
use crate::platforms::entries;
use crate::resources::{field, values_at};

/// The label that every namespace has, with its name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";
/// What the API server writes where no namespace is named.
const DEFAULT_NAMESPACE: &str = "default";

/// A port that a container names.
#[derive(Clone, Debug)]
pub(super) struct ContainerPort {
    pub(super) protocol: Protocol,
    pub(super) number: u16,
    pub(super) name: CompactString,
    /// The port of the node that leads to it, with the node's address.
    pub(super) host: Option<(u16, Option<CompactString>)>,
    pub(super) place: Place,
}

/// What runs pods.
#[derive(Clone, Debug)]
pub(super) struct Workload<'a> {
    pub(super) item: &'a Item,
    pub(super) name: CompactString,
    pub(super) namespace: CompactString,
    pub(super) labels: Value,
    pub(super) ports: Vec<ContainerPort>,
    /// Where it says that its pods are on the network of their node.
    pub(super) host_network: Option<Place>,
    /// What the peers of policies know it by.
    pub(super) groups: Vec<CompactString>,
    pub(super) node: NodeId,
}

/// The workloads of a namespace, by number.
#[derive(Debug, Default)]
struct Space {
    all: Vec<usize>,
    by_label: FxHashMap<(CompactString, CompactString), Vec<usize>>,
    /// Those of which not all labels are known.
    open: Vec<usize>,
}

/// All objects of a cluster.
#[derive(Debug)]
pub(super) struct Objects<'a> {
    by_kind: FxHashMap<&'a str, Vec<&'a Item>>,
    /// Hosts, paths and backends, by the place of the object that they belong to.
    backends: FxHashMap<Place, Vec<&'a Item>>,
    pub(super) workloads: Vec<Workload<'a>>,
    by_space: FxHashMap<CompactString, Space>,
    /// The labels of the namespaces that workloads are in.
    spaces: Vec<(CompactString, Value)>,
    /// Names of objects that several namespaces have.
    ambiguous: FxHashMap<CompactString, Option<CompactString>>,
}

pub(super) fn is_of(item: &Item, view: &str) -> bool {
    item.views.iter().any(|own| own == view)
}

/// An object of Kubernetes that Terraform makes, or what belongs to it.
pub(super) fn is_kubernetes(item: &Item) -> bool {
    ["object", "workload", "ingress.backend"].iter().any(|view| is_of(item, view))
}

/// A scalar as text; a hole by what fills it.
pub(super) fn shown(value: &Value) -> Option<CompactString> {
    match &value.kind {
        Kind::String(text) => Some(text.clone()),
        Kind::Unknown(unknown) => Some(unknown.source.clone()),
        Kind::Number(_) => entries::text(value).map(Into::into),
        Kind::Bool(flag) => Some(flag.to_compact_string()),
        Kind::Template(parts) => Some(parts.iter().fold(CompactString::default(), |mut text, part| {
            text.push_str(match part {
                Part::Known(known) => known,
                Part::Hole(hole) => &hole.source,
            });
            text
        })),
        _ => None,
    }
}

/// A label's value as text.
pub(super) fn label_text(value: &Value) -> Option<CompactString> {
    entries::text(value).map(Into::into).or_else(|| value.as_bool().map(|flag| flag.to_compact_string()))
}

/// The namespace of an item, by name or by what fills the hole.
pub(super) fn namespace_of(item: &Item) -> CompactString {
    let written = space_of(item).or_else(|| item.value.at(&["metadata", "namespace"]));
    written.and_then(shown).unwrap_or_else(|| DEFAULT_NAMESPACE.into())
}

/// The namespace as it was understood; nothing where it is not known whether objects of this kind have one.
fn space_of(item: &Item) -> Option<&Value> {
    let told = |value: &&Value| value.as_unknown().is_none_or(|unknown| unknown.reason != Reason::Undeclared);
    field(&item.value, "namespace").filter(told)
}

/// `metadata.name`.
pub(super) fn name_of(item: &Item) -> CompactString {
    item.value.at(&["metadata", "name"]).and_then(shown).unwrap_or_default()
}

/// An annotation with its place.
pub(super) fn annotation<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value.at(&["metadata", "annotations", key]).filter(|value| !value.is_null())
}

/// A protocol as manifests write it; nothing is TCP.
pub(super) fn protocol(value: Option<&Value>) -> Option<Protocol> {
    match value.map(|value| value.as_str()) {
        None => Some(Protocol::Tcp),
        Some(Some("TCP")) => Some(Protocol::Tcp),
        Some(Some("UDP")) => Some(Protocol::Udp),
        Some(Some("SCTP")) => Some(Protocol::Sctp),
        _ => None,
    }
}

/// A port number.
pub(super) fn port(value: &Value) -> Option<u16> {
    entries::number(value).and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0)
}

/// One port.
pub(super) fn single(protocol: Protocol, port: u16) -> Ports {
    Ports::range(protocol, port, port)
}

impl<'a> Objects<'a> {
    pub(super) fn new(items: &[&'a Item]) -> Self {
        let mut objects = Self {
            by_kind: FxHashMap::default(),
            backends: FxHashMap::default(),
            workloads: Vec::new(),
            by_space: FxHashMap::default(),
            spaces: Vec::new(),
            ambiguous: FxHashMap::default(),
        };
        let mut spaces: FxHashSet<CompactString> = FxHashSet::default();
        let mut workloads: Vec<&'a Item> = Vec::new();
        for &item in items {
            if is_of(item, "object") {
                if let Some(kind) = item.value.str_at(&["kind"]) {
                    objects.by_kind.entry(kind).or_default().push(item);
                }
                let own = namespace_of(item);
                if space_of(item).is_some() && !spaces.contains(&own) {
                    spaces.insert(own.clone());
                }
                match objects.ambiguous.get_mut(&item.name) {
                    Some(known) if known.as_ref() != Some(&own) => *known = None,
                    Some(_) => {}
                    None => drop(objects.ambiguous.insert(item.name.clone(), Some(own))),
                }
            } else if is_of(item, "ingress.backend")
                && let Some(owner) = &item.owner
            {
                objects.backends.entry(owner.range).or_default().push(item);
            }
            if is_of(item, "workload") {
                workloads.push(item);
            }
        }
        workloads.into_iter().for_each(|item| objects.add(item));
        objects.spaces = objects.labelled_spaces(spaces);
        objects
    }

    fn add(&mut self, item: &'a Item) {
        let at = self.workloads.len();
        let namespace = namespace_of(item);
        let space = self.by_space.entry(namespace.clone()).or_default();
        space.all.push(at);
        let labels = field(&item.value, "labels").cloned().unwrap_or_default();
        let mut open = !matches!(labels.kind, Kind::Null | Kind::Map(_));
        if let Some(map) = labels.as_map() {
            open |= map.tail.is_some();
            for entry in &map.entries {
                match label_text(&entry.value) {
                    Some(text) => space.by_label.entry((entry.key.clone(), text)).or_default().push(at),
                    None => open = true,
                }
            }
        }
        if open {
            space.open.push(at);
        }
        let name = item.owner.as_ref().map_or(&item.name, |owner| &owner.name);
        let host_network = item.value.at(&["pod", "hostNetwork"]);
        self.workloads.push(Workload {
            item,
            name: self.title(name, item),
            namespace,
            labels,
            ports: container_ports(&item.value),
            host_network: host_network.filter(|value| says_true(value)).map(|value| value.place),
            groups: Vec::new(),
            node: NodeId(u32::MAX),
        });
    }

    /// How an object is called: by its name, with its namespace where several have one of that name.
    pub(super) fn title(&self, name: &CompactString, item: &Item) -> CompactString {
        match self.ambiguous.get(name) {
            Some(None) => format_compact!("{}/{name}", namespace_of(item)),
            _ => name.clone(),
        }
    }

    /// The objects of a kind, in the order of their files.
    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &'a Item> + use<'_, 'a> {
        self.by_kind.get(kind).into_iter().flatten().copied()
    }

    /// All objects.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a Item> + use<'_, 'a> {
        self.by_kind.values().flatten().copied()
    }

    /// The objects of a kind with one of these API groups.
    pub(super) fn of_group(&self, kind: &str, groups: &'static [&'static str]) -> impl Iterator<Item = &'a Item> + use<'_, 'a> {
        self.of_kind(kind).filter(|item| groups.contains(&item.value.str_at(&["group"]).unwrap_or("")))
    }

    /// The hosts and paths of an Ingress or a route.
    pub(super) fn backends(&self, item: &Item) -> &[&'a Item] {
        let place = Place::new(item.header.file, item.range);
        self.backends.get(&place).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a namespace has any workload.
    pub(super) fn has_pods(&self, namespace: &str) -> bool {
        self.by_space.contains_key(namespace)
    }

    /// The names of the namespaces that something is in, with their declaration where there is one.
    pub(super) fn namespaces(&self) -> &[(CompactString, Value)] {
        &self.spaces
    }

    /// The labels of a namespace.
    pub(super) fn space(&self, name: &str) -> Option<&Value> {
        let at = self.spaces.binary_search_by(|(own, _)| own.as_str().cmp(name)).ok()?;
        self.spaces.get(at).map(|(_, labels)| labels)
    }

    /// The workloads of a namespace, or of all; those with a label, and those of which that is not known.
    pub(super) fn candidates(&self, space: Option<&str>, label: Option<&(CompactString, CompactString)>) -> Vec<usize> {
        let of = |space: &Space| match label {
            Some(pair) => space.by_label.get(pair).into_iter().flatten().chain(&space.open).copied().collect(),
            None => space.all.clone(),
        };
        let mut found: Vec<usize> = match space {
            Some(name) => self.by_space.get(name).map(of).unwrap_or_default(),
            None => self.by_space.values().flat_map(of).collect(),
        };
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The workloads of some namespaces that a label selector selects: surely, or perhaps. A namespace comes with whether it is surely
    /// meant.
    pub(super) fn select<'n>(&self, selector: &Value, spaces: impl IntoIterator<Item = (&'n str, bool)>) -> Vec<(usize, bool)> {
        let first = values_at(selector, &["matchLabels"]).into_iter().next().and_then(Value::as_map).and_then(|map| {
            map.entries.iter().find_map(|entry| Some((entry.key.clone(), CompactString::from(entries::text(&entry.value)?))))
        });
        let mut found = Vec::new();
        for (name, certain) in spaces {
            let Some(space) = self.by_space.get(name) else { continue };
            let candidates = match &first {
                Some(pair) => {
                    let known = space.by_label.get(pair).map(Vec::as_slice).unwrap_or_default();
                    let mut all: Vec<usize> = known.iter().chain(&space.open).copied().collect();
                    all.sort_unstable();
                    all.dedup();
                    Cow::Owned(all)
                }
                None => Cow::Borrowed(space.all.as_slice()),
            };
            for &at in candidates.iter() {
                match self.workloads.get(at).map(|workload| selects(selector, &workload.labels)) {
                    Some(Some(true)) => found.push((at, certain)),
                    Some(None) => found.push((at, false)),
                    _ => {}
                }
            }
        }
        found
    }

    /// The labels of the namespaces that something is in; `named` are those that objects name.
    fn labelled_spaces(&self, mut named: FxHashSet<CompactString>) -> Vec<(CompactString, Value)> {
        let mut declared: FxHashMap<CompactString, &Item> = FxHashMap::default();
        for item in self.of_kind("Namespace") {
            declared.entry(name_of(item)).or_insert(item);
        }
        named.extend(self.by_space.keys().chain(declared.keys()).cloned());
        let mut names: Vec<CompactString> = named.into_iter().collect();
        names.sort_unstable();
        let labelled = |name: CompactString| {
            let item = declared.get(&name);
            let written = item.and_then(|item| item.value.at(&["metadata", "labels"]));
            let mut map = written.and_then(Value::as_map).cloned().unwrap_or_default();
            // Of a namespace that is not declared only the name is known.
            let open = item.is_none() || written.is_some_and(|value| value.as_unknown().is_some());
            if open {
                map.tail = Some(Arc::new(Unknown::new(Reason::Undeclared, format_compact!("the labels of namespace {name}"))));
            }
            map.set(NAME_LABEL, Value::string(name.clone(), Place::NONE));
            (name, Value::map(map, item.map_or(Place::NONE, |item| item.header)))
        };
        names.into_iter().map(labelled).collect()
    }
}

/// A bare map of labels, as a Service has it, as a selector.
pub(super) fn exact(labels: &Value) -> Value {
    let mut map = Map::default();
    map.set("matchLabels", labels.clone());
    Value::map(map, labels.place)
}

/// True, also as Terraform writes it.
pub(super) fn says_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str() == Some("true")
}

/// The ports of the containers that stay.
fn container_ports(workload: &Value) -> Vec<ContainerPort> {
    let containers = workload.get("containers").map(Value::items).unwrap_or_default();
    let stays =
        |container: &&Value| !container.get("init").is_some_and(says_true) || container.get("sidecar").is_some_and(says_true);
    let ports =
        containers.iter().filter(stays).flat_map(|container| container.get("ports").map(Value::items).unwrap_or_default());
    let one = |value: &Value| {
        let host = field(value, "hostPort").and_then(port);
        Some(ContainerPort {
            protocol: protocol(field(value, "protocol"))?,
            number: field(value, "containerPort").and_then(port)?,
            name: field(value, "name").and_then(shown).unwrap_or_default(),
            host: host.map(|port| (port, field(value, "hostIP").and_then(shown))),
            place: field(value, "hostPort").or_else(|| field(value, "containerPort")).map_or(value.place, |value| value.place),
        })
    };
    ports.filter_map(one).collect()
}
