//! Node pools: on which nodes the pods of a workload can come to run, where Terraform describes all nodes of the cluster.
//!
//! Closed-world rules, from Kubernetes ("Assigning Pods to Nodes", "Taints and Tolerations") and the guides of EKS ("Managed node groups"), GKE ("About
//! node pools", "GKE Sandbox") and AKS ("Create node pools"):
//! - The nodes of a cluster are those of its pools, unless something else makes nodes: auto mode, auto-provisioning, Karpenter, self-managed
//!   groups. Then nothing is said of pools.
//! - A pod stays away from a pool that surely lacks a label which it asks for, and from one with a taint (`NoSchedule`, `NoExecute`) that it does
//!   not tolerate. What is not known keeps nobody away. Labels that Kubernetes and providers give by themselves are not known, but for
//!   the name of the pool.
//! - A pool of GKE with gVisor is tainted against pods without that runtime class.

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::{Item, Value};

use super::cluster::Tie;
use super::objects::{Objects, Workload, label_text, shown};
use crate::builder::Builder;
use crate::model::{Kind, Node, NodeId};
use crate::platforms::entries::{flag, says};
use crate::resources::{Resources, blocks, field};

/// A taint that keeps pods away; an unknown one is none.
#[derive(Debug)]
struct Taint {
    key: CompactString,
    value: CompactString,
    effect: CompactString,
}

/// Nodes that are alike.
#[derive(Debug)]
struct Pool {
    node: NodeId,
    labels: Vec<(CompactString, CompactString)>,
    /// There may be more labels.
    open: bool,
    taints: Vec<Taint>,
}

/// The pools of a cluster; none where they are not all known.
#[derive(Debug, Default)]
pub(super) struct Pools(Vec<Pool>);

/// Effects by their names in the API and with the providers.
const EFFECTS: &[(&str, &str)] =
    &[("NO_SCHEDULE", "NoSchedule"), ("NoSchedule", "NoSchedule"), ("NO_EXECUTE", "NoExecute"), ("NoExecute", "NoExecute")];

/// Labels that nodes have though no code says so.
const GIVEN: &[&str] = &["kubernetes.io/", "k8s.io/", "cloud.google.com/", "eks.amazonaws.com/", "kubernetes.azure.com/"];

/// How the pools of a provider are written.
struct Dialect {
    cluster: &'static str,
    pool: &'static str,
    /// The attribute that names the cluster.
    of: &'static str,
    /// The block with labels and taints; empty: the resource itself.
    within: &'static str,
    labels: &'static str,
    taints: &'static str,
    /// The attribute with the pool's name, and the labels that have it.
    name: (&'static str, &'static [&'static str]),
}

const DIALECTS: &[Dialect] = &[
    Dialect {
        cluster: "aws_eks_cluster",
        pool: "aws_eks_node_group",
        of: "cluster_name",
        within: "",
        labels: "labels",
        taints: "taint",
        name: ("node_group_name", &["eks.amazonaws.com/nodegroup"]),
    },
    Dialect {
        cluster: "google_container_cluster",
        pool: "google_container_node_pool",
        of: "cluster",
        within: "node_config",
        labels: "labels",
        taints: "taint",
        name: ("name", &["cloud.google.com/gke-nodepool"]),
    },
    Dialect {
        cluster: "azurerm_kubernetes_cluster",
        pool: "azurerm_kubernetes_cluster_node_pool",
        of: "kubernetes_cluster_id",
        within: "",
        labels: "node_labels",
        taints: "node_taints",
        name: ("name", &["kubernetes.azure.com/agentpool", "agentpool"]),
    },
];

impl Pools {
    /// Adds those of the only cluster as boundaries within it.
    pub(super) fn build(tie: Option<&Tie<'_>>, cluster: NodeId, objects: &Objects<'_>, builder: &mut Builder) -> Self {
        let found = tie.and_then(|tie| all(tie, objects)).unwrap_or_default();
        let pool = |(dialect, item, value, name): (&Dialect, &Item, &Value, CompactString)| {
            let node = Node { name, inside: vec![cluster], ..Builder::describe(item, Kind::Host) };
            let node = Node {
                platform: dialect.pool.into(),
                place: if value.place.is_some() { value.place } else { item.header },
                ..node
            };
            read(dialect, value, builder.node(node))
        };
        Self(found.into_iter().map(pool).collect())
    }

    /// The pools that the pods of a workload can come to; none where that is every one.
    pub(super) fn of(&self, workload: &Workload<'_>) -> Vec<NodeId> {
        let Some(pod) = field(&workload.item.value, "pod").filter(|_| !self.0.is_empty()) else { return Vec::new() };
        let fitting: Vec<NodeId> = self.0.iter().filter(|pool| pool.may_run(pod)).map(|pool| pool.node).collect();
        if fitting.len() == self.0.len() { Vec::new() } else { fitting }
    }
}

type Found<'a> = (&'static Dialect, &'a Item, &'a Value, CompactString);

/// The pools of a cluster with their names, where nothing else makes nodes.
fn all<'a>(tie: &Tie<'a>, objects: &Objects<'_>) -> Option<Vec<Found<'a>>> {
    let (cluster, resources) = (tie.item, tie.resources);
    let dialect = DIALECTS.iter().find(|dialect| Resources::is_of(cluster, dialect.cluster))?;
    let karpenter = ["NodePool", "Provisioner", "EC2NodeClass"].iter().any(|kind| objects.of_kind(kind).next().is_some());
    let value = &cluster.value;
    let on = |block: &str, key: &str| blocks(value, block).iter().any(|block| flag(block, key, false) != Ok(false));
    let made = match dialect.cluster {
        "aws_eks_cluster" => on("compute_config", "enabled") || resources.of_type("aws_autoscaling_group").next().is_some(),
        "google_container_cluster" => on("cluster_autoscaling", "enabled") || flag(value, "enable_autopilot", false) != Ok(false),
        _ => blocks(value, "node_provisioning_profile").iter().any(|block| says(block, "mode") != Some("Manual")),
    };
    if karpenter || made {
        return None;
    }
    let mut pools: Vec<Found<'_>> = resources
        .referring(dialect.pool, dialect.of, cluster)
        .into_iter()
        .map(|item| (dialect, item, &item.value, item.name.clone()))
        .collect();
    // A pool that may be of another cluster may be of this one, too.
    if pools.len() != resources.of_type(dialect.pool).count() {
        return None;
    }
    let inner = match dialect.cluster {
        "google_container_cluster" => "node_pool",
        "azurerm_kubernetes_cluster" => "default_node_pool",
        _ => "",
    };
    for block in blocks(value, inner) {
        let name = says(block, "name").unwrap_or(inner);
        pools.push((dialect, cluster, block, format_compact!("{}.{name}", cluster.name)));
    }
    // GKE makes a pool by itself unless asked not to.
    let first = dialect.cluster == "google_container_cluster"
        && blocks(value, inner).is_empty()
        && flag(value, "remove_default_node_pool", false) != Ok(true);
    if first {
        pools.push((dialect, cluster, value, format_compact!("{}.default-pool", cluster.name)));
    }
    Some(pools)
}

fn read(dialect: &Dialect, value: &Value, node: NodeId) -> Pool {
    let within = blocks(value, dialect.within).first().filter(|_| !dialect.within.is_empty());
    let at = within.unwrap_or(value);
    let mut pool = Pool { node, labels: Vec::new(), open: false, taints: Vec::new() };
    if let Some(labels) = field(at, dialect.labels) {
        let map = labels.as_map();
        pool.open = map.is_none_or(|map| map.tail.is_some());
        for entry in map.into_iter().flat_map(|map| &map.entries) {
            match label_text(&entry.value) {
                Some(text) => pool.labels.push((entry.key.clone(), text)),
                None => pool.open = true,
            }
        }
    }
    let (key, labels) = dialect.name;
    // The pool that a cluster comes with has a name that is not written.
    let by_itself = field(value, "remove_default_node_pool").is_some()
        || field(value, "initial_node_count").is_some() && field(value, dialect.of).is_none();
    match field(value, key).map(Value::as_str).filter(|_| !by_itself) {
        Some(Some(name)) => pool.labels.extend(labels.iter().map(|label| ((*label).into(), name.into()))),
        _ => pool.open = true,
    }
    for taint in field(at, dialect.taints).map(|_| blocks(at, dialect.taints)).unwrap_or_default() {
        pool.taints.extend(of_block(taint).or_else(|| of_text(taint.as_str()?)));
    }
    if flag(value, "only_critical_addons_enabled", false) == Ok(true) {
        pool.taints.extend(of_text("CriticalAddonsOnly=true:NoSchedule"));
    }
    let sandbox = blocks(at, "sandbox_config").iter().any(|block| {
        ["sandbox_type", "type"].iter().any(|key| says(block, key).is_some_and(|kind| kind.eq_ignore_ascii_case("gvisor")))
    });
    if sandbox {
        pool.labels.push(("sandbox.gke.io/runtime".into(), "gvisor".into()));
        pool.taints.extend(of_text("sandbox.gke.io/runtime=gvisor:NoSchedule"));
    }
    pool
}

fn effect(written: &str) -> Option<CompactString> {
    EFFECTS.iter().find(|(name, _)| *name == written).map(|(_, effect)| (*effect).into())
}

/// `taint { key, value, effect }`
fn of_block(block: &Value) -> Option<Taint> {
    Some(Taint {
        key: says(block, "key")?.into(),
        value: says(block, "value").unwrap_or("").into(),
        effect: effect(says(block, "effect")?)?,
    })
}

/// `key=value:NoSchedule`
fn of_text(text: &str) -> Option<Taint> {
    let (rest, last) = text.rsplit_once(':')?;
    let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
    Some(Taint { key: key.into(), value: value.into(), effect: effect(last)? })
}

impl Pool {
    /// Whether a pod can come to its nodes, as far as is known.
    fn may_run(&self, pod: &Value) -> bool {
        self.has_labels(pod) && self.fits_affinity(pod) && self.taints.iter().all(|taint| tolerates(pod, taint))
    }

    /// Whether it may have a label with one of these values; any value where there are none.
    fn may_have(&self, key: &str, values: Option<&[CompactString]>) -> bool {
        match self.labels.iter().find(|(own, _)| own == key) {
            Some((_, own)) => values.is_none_or(|values| values.contains(own)),
            None => self.open || GIVEN.iter().any(|given| key.contains(given)) && !is_name(key),
        }
    }

    fn has_labels(&self, pod: &Value) -> bool {
        // GKE adds the selector of the sandbox to pods of that runtime class.
        let sandboxed = field(pod, "runtimeClassName").and_then(Value::as_str) == Some("gvisor");
        let has_sandbox = self.labels.iter().any(|(key, _)| key == "sandbox.gke.io/runtime");
        if sandboxed && self.is_of_google() && !has_sandbox {
            return false;
        }
        let wanted = field(pod, "nodeSelector").and_then(Value::as_map).map(|map| map.entries.as_slice()).unwrap_or_default();
        wanted.iter().all(|entry| match label_text(&entry.value) {
            Some(value) => self.may_have(&entry.key, Some(&[value])),
            None => self.may_have(&entry.key, None),
        })
    }

    fn is_of_google(&self) -> bool {
        self.labels.iter().any(|(key, _)| key == "cloud.google.com/gke-nodepool")
    }

    /// One of the terms must fit.
    fn fits_affinity(&self, pod: &Value) -> bool {
        let path = ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"];
        let Some(terms) = pod.at(&path).and_then(Value::as_list) else { return true };
        let fits = |term: &Value| {
            let all = field(term, "matchExpressions").map(Value::items).unwrap_or_default();
            all.iter().all(|each| {
                let (Some(key), Some(operator)) = (each.str_at(&["key"]), each.str_at(&["operator"])) else { return true };
                let values: Option<Vec<CompactString>> =
                    each.get("values").map(Value::items).unwrap_or_default().iter().map(label_text).collect();
                let own = self.labels.iter().find(|(own, _)| own == key).map(|(_, value)| value);
                match (operator, values) {
                    ("In", Some(values)) => self.may_have(key, Some(&values)),
                    ("Exists", _) => self.may_have(key, None),
                    ("NotIn", Some(values)) => own.is_none_or(|own| !values.contains(own)),
                    ("DoesNotExist", _) => own.is_none(),
                    _ => true,
                }
            })
        };
        terms.tail.is_some() || terms.items.is_empty() || terms.items.iter().any(fits)
    }
}

/// The name of a pool, which is known.
fn is_name(key: &str) -> bool {
    DIALECTS.iter().any(|dialect| dialect.name.1.contains(&key))
}

/// Whether a pod may tolerate a taint.
fn tolerates(pod: &Value, taint: &Taint) -> bool {
    if taint.key == "sandbox.gke.io/runtime" && field(pod, "runtimeClassName").and_then(Value::as_str) == Some("gvisor") {
        return true;
    }
    let Some(list) = field(pod, "tolerations") else { return false };
    if list.as_list().is_none_or(|list| list.tail.is_some()) {
        return true;
    }
    list.items().iter().any(|each| {
        let is = |key: &str, wanted: &str| field(each, key).is_none_or(|value| value.as_str().is_none_or(|own| own == wanted));
        let exists = each.str_at(&["operator"]) == Some("Exists");
        let any = exists && field(each, "key").is_none();
        let value = exists
            || field(each, "value").map_or(taint.value.is_empty(), |value| {
                shown(value).is_none_or(|own| own == taint.value) || value.as_unknown().is_some()
            });
        is("effect", &taint.effect) && (any || field(each, "key").is_some() && is("key", &taint.key) && value)
    })
}
