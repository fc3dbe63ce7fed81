//! The cluster and its namespaces as boundaries, its pod network, its nodes, and the Terraform resource that sets it up.

use std::cell::Cell;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::{Item, Value};
use rustc_hash::FxHashMap;

use super::objects::{Objects, Workload, name_of, shown};
use crate::builder::Builder;
use crate::ladder::Rung;
use crate::model::{Evidence, Gate, Kind, Node, NodeId, World};
use crate::platforms::entries::{flag, says};
use crate::resources::{Resources, Root, blocks, field, values_at};
use crate::said::{Missing, Step};

/// The resources that set up a cluster.
const CLUSTERS: &[&str] = &[
    "aws_eks_cluster",
    "google_container_cluster",
    "azurerm_kubernetes_cluster",
    "digitalocean_kubernetes_cluster",
    "linode_lke_cluster",
    "scaleway_k8s_cluster",
    "oci_containerengine_cluster",
    "openstack_containerinfra_cluster_v1",
];

/// The only cluster that Terraform sets up: what runs the manifests.
pub(super) struct Tie<'a> {
    pub(super) item: &'a Item,
    pub(super) resources: &'a Resources<'a>,
    /// Its API server.
    server: Option<NodeId>,
    /// What filters of the provider know its pods by.
    pub(super) groups: Vec<CompactString>,
    /// They may be known by more.
    unsure: Option<Missing>,
}

/// A cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) node: NodeId,
    namespaces: FxHashMap<CompactString, NodeId>,
    /// Where every pod reaches every pod.
    pub(super) network: NodeId,
    /// Its nodes, once something answers at their addresses.
    hosts: Cell<Option<NodeId>>,
    /// Whether they have public addresses, where code says.
    hosts_public: Option<Gate>,
    title: CompactString,
    /// The network that it lies in.
    pub(super) around: Option<NodeId>,
}

/// How many clusters the items of a root module set up.
#[must_use]
pub fn clusters(items: &[Item]) -> usize {
    items.iter().filter(|item| CLUSTERS.iter().any(|view| Resources::is_of(item, view))).count()
}

/// The cluster of a workspace that has exactly one.
pub(super) fn only<'a>(roots: &'a [Root<'a>]) -> Option<Tie<'a>> {
    let all = roots
        .iter()
        .flat_map(|root| CLUSTERS.iter().flat_map(move |view| root.resources.of_type(view)).map(move |item| (item, root)));
    let mut all = all.take(2);
    let (item, root) = all.next().filter(|_| all.next().is_none())?;
    let (groups, unsure) = groups(item, &root.resources);
    Some(Tie { item, resources: &root.resources, server: root.names.get(&item.name).copied(), groups, unsure })
}

/// The security groups of the nodes of EKS, which are those of pods: that of the cluster, unless a launch template names others (EKS guide,
/// "Customize managed nodes with launch templates").
fn groups(item: &Item, resources: &Resources<'_>) -> (Vec<CompactString>, Option<Missing>) {
    let mut found = Vec::new();
    let mut unsure = None;
    let mut pools = 0;
    for pool in resources.of_type("aws_eks_node_group") {
        pools += 1;
        let Some(block) = blocks(&pool.value, "launch_template").first() else {
            found.push(item.name.clone());
            continue;
        };
        let template = ["id", "name"].iter().find_map(|key| field(block, key)).map(|value| resources.referred(value));
        let Some(template) = template.and_then(|referred| referred.items.into_iter().next()) else {
            unsure = Some(Missing::new(format!("the launch template of {}", pool.name)));
            continue;
        };
        let paths: [&[&str]; 2] = [&["vpc_security_group_ids"], &["network_interfaces", "security_groups"]];
        let named: Vec<&Value> = paths.iter().flat_map(|path| values_at(&template.value, path)).collect();
        if named.is_empty() {
            found.push(item.name.clone());
        }
        for value in named {
            let referred = resources.referred(value);
            found.extend(referred.items.iter().map(|group| group.name.clone()));
            unsure = unsure.or(referred.missing);
        }
    }
    if pools == 0 && resources.of_type("aws_eks_fargate_profile").next().is_some() {
        return (vec![item.name.clone()], None);
    }
    if pools == 0 {
        unsure = Some(Missing::new(format!("the security groups of the nodes of {}", item.name)));
        found.push(item.name.clone());
    }
    (found, unsure)
}

/// Adds the cluster, its namespaces and its pod network.
pub(super) fn build(name: &str, objects: &Objects<'_>, tie: Option<&Tie<'_>>, builder: &mut Builder) -> Cluster {
    let mut node = Node::new(name, Kind::Cluster, "cluster");
    let around = tie.and_then(|tie| tie.server);
    if let Some(tie) = tie {
        let known = Builder::describe(tie.item, Kind::Cluster);
        node = Node { name: node.name, ..known };
        let outer = around.and_then(|id| builder.world.node(id)).map(|server| server.inside.clone());
        node.inside = outer.unwrap_or_default();
    }
    let around = node.inside.last().copied();
    let id = builder.node(node);
    let mut namespaces = FxHashMap::default();
    for (space, _) in objects.namespaces() {
        let declared = objects.of_kind("Namespace").find(|item| name_of(item) == *space);
        let title = format_compact!("Namespace/{space}");
        let title = if builder.find(&title).is_some() { format_compact!("Namespace/{space} of {name}") } else { title };
        let mut node = Node::new(title, Kind::Namespace, "Namespace");
        if let Some(item) = declared {
            node = Node { name: objects.title(&item.name, item), ..Builder::describe(item, Kind::Namespace) };
            node.labels = Builder::labels(item.value.at(&["metadata", "labels"]));
        }
        node.inside = vec![id];
        namespaces.insert(space.clone(), builder.node(node));
    }
    let mut network = Node::new(format_compact!("pod network of {name}"), Kind::Network, "pod network");
    network.inside = vec![id];
    let network = builder.node(network);
    if let (Some(tie), Some(around)) = (tie, around)
        && tie.item.views.iter().any(|view| view == "aws_eks_cluster")
    {
        // The VPC plug-in of EKS gives pods addresses of the VPC (EKS guide, "Assign IPs to Pods with the Amazon VPC CNI").
        let step =
            Step::at(tie.item.header, format!("pods of {}, the only cluster here, have addresses of its VPC", tie.item.name));
        let out = match &tie.unsure {
            None => Gate::Open(step.clone()),
            Some(missing) => Gate::Unknown(step.clone(), missing.clone()),
        };
        builder.passes_on(network, around, vec![out]);
        let missing = Missing::new(format!("the security groups of the nodes of {}", tie.item.name));
        builder.passes_on(around, network, vec![Gate::Unknown(step, missing)]);
    }
    let title = if name == "cluster" { "a node of the cluster".into() } else { format_compact!("a node of the {name}") };
    Cluster { node: id, namespaces, network, hosts: Cell::new(None), hosts_public: tie.and_then(public_nodes), title, around }
}

impl Cluster {
    /// The boundaries of what is in a namespace.
    pub(super) fn inside(&self, namespace: &str) -> Vec<NodeId> {
        self.namespaces.get(namespace).copied().into_iter().chain([self.node]).collect()
    }

    /// The nodes of the cluster, with the ways to their addresses.
    pub(super) fn nodes(&self, builder: &mut Builder) -> NodeId {
        if let Some(id) = self.hosts.get() {
            return id;
        }
        let mut node = Node::new(self.title.clone(), Kind::Host, "node");
        node.inside = vec![self.node];
        let id = match (&self.hosts_public, builder.assume.hosts) {
            (Some(gate), None) => {
                let id = builder.node(node);
                builder.begins(World::INTERNET, id, vec![gate.clone()]);
                let step = Step::at(plimsoll_syntax::Place::NONE, format!("{} is on its local network", self.title));
                builder.begins(World::LAN, id, vec![Gate::Open(step)]);
                id
            }
            _ => builder.host(node),
        };
        // Pods reach the addresses of nodes.
        builder.passes_on(self.network, id, Vec::new());
        self.hosts.set(Some(id));
        id
    }
}

/// What code says of the nodes' addresses.
fn public_nodes(tie: &Tie<'_>) -> Option<Gate> {
    let value = &tie.item.value;
    let wall = |place, name: &str| Gate::Wall(Step::at(place, format!("the nodes of {name} have no public addresses")));
    match tie.item.views.first()?.as_str() {
        // GKE guide, "About network isolation".
        "google_container_cluster" => {
            let private = field(blocks(value, "private_cluster_config").first()?, "enable_private_nodes")?;
            super::objects::says_true(private).then(|| wall(private.place, &tie.item.name))
        }
        // AKS guide, "Use instance-level public IPs": only where a pool asks for them.
        "azurerm_kubernetes_cluster" => {
            let pools = blocks(value, "default_node_pool").iter().map(|pool| (pool, pool.place));
            let others = tie.resources.of_type("azurerm_kubernetes_cluster_node_pool").map(|item| (&item.value, item.header));
            let mut public = pools.chain(others).map(|(pool, _)| {
                let newer = flag(pool, "node_public_ip_enabled", false);
                [flag(pool, "enable_node_public_ip", false), newer].contains(&Ok(false)) && !asks(pool)
            });
            public.all(|private| private).then(|| wall(tie.item.header, &tie.item.name))
        }
        // EKS guide, "Managed node groups": addresses are what the subnets give.
        "aws_eks_cluster" => {
            let groups: Vec<&Item> = tie.resources.of_type("aws_eks_node_group").collect();
            let mut subnets = Vec::new();
            for group in &groups {
                let referred = tie.resources.referred(field(&group.value, "subnet_ids")?);
                if referred.missing.is_some() || field(&group.value, "launch_template").is_some() {
                    return None;
                }
                subnets.extend(referred.items);
            }
            let gives_none = |subnet: &&Item| flag(&subnet.value, "map_public_ip_on_launch", false) == Ok(false);
            let first = groups.first()?;
            (!subnets.is_empty() && subnets.iter().all(gives_none)).then(|| wall(first.header, &first.name))
        }
        _ => None,
    }
}

/// Whether a node pool asks for public addresses, or may.
fn asks(pool: &Value) -> bool {
    ["enable_node_public_ip", "node_public_ip_enabled"].iter().any(|key| flag(pool, key, false) != Ok(false))
}

/// The Fargate profile that runs the pods of a workload, each in a machine of its own (EKS guide, "Simplify compute management with AWS
/// Fargate").
pub(super) fn fargate(tie: &Tie<'_>, workload: &Workload<'_>) -> Option<Evidence> {
    let all = tie
        .resources
        .of_type("aws_eks_fargate_profile")
        .flat_map(|item| blocks(&item.value, "selector").iter().map(move |block| (item, block)));
    let mut fits = all.filter(|(_, block)| says(block, "namespace").is_some_and(|pattern| matches(pattern, &workload.namespace)));
    let (profile, block) = fits.find(|(_, block)| {
        let wanted = field(block, "labels").and_then(Value::as_map).map(|map| map.entries.as_slice()).unwrap_or_default();
        wanted.iter().all(|entry| {
            let own = workload.labels.get(&entry.key).and_then(shown);
            entry.value.as_str().zip(own).is_some_and(|(pattern, own)| matches(pattern, &own))
        })
    })?;
    let message = format!(
        "{} runs each of its pods in a virtual machine of its own, as {} is the only cluster here",
        profile.name, tie.item.name
    );
    Some(Evidence { rung: Rung::OwnKernel, step: Step::at(block.place, message) })
}

/// A pattern of a Fargate profile: `*` is any text, `?` any letter.
fn matches(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            let rest = pattern.get(1..).unwrap_or("");
            matches(rest, text)
                || text.char_indices().any(|(at, letter)| matches(rest, text.get(at + letter.len_utf8()..).unwrap_or("")))
        }
        (Some(wanted), Some(letter)) if wanted == '?' || wanted == letter => {
            matches(pattern.get(wanted.len_utf8()..).unwrap_or(""), text.get(letter.len_utf8()..).unwrap_or(""))
        }
        _ => false,
    }
}
