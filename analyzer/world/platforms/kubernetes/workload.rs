//! Workloads as nodes, and the ways between their pods.

use compact_str::CompactString;
use plimsoll_connectivity::Protocol;
use plimsoll_syntax::{Place, Value};

use super::access::Accounts;
use super::cluster::{self, Cluster, Tie};
use super::ladder;
use super::objects::{Objects, Workload};
use super::policy::Policies;
use super::pools::Pools;
use crate::builder::Builder;
use crate::model::{Gate, Kind, Listener, Node};
use crate::resources::field;
use crate::said::Step;

/// What listens by the last part of an image's repository.
const SERVICES: &[(&str, &str)] = &[
    ("postgres", "postgresql"),
    ("postgresql", "postgresql"),
    ("mysql", "mysql"),
    ("mariadb", "mysql"),
    ("percona", "mysql"),
    ("mongo", "mongodb"),
    ("mongodb", "mongodb"),
    ("redis", "redis"),
    ("valkey", "redis"),
    ("memcached", "memcached"),
    ("elasticsearch", "elasticsearch"),
    ("opensearch", "opensearch"),
    ("cassandra", "cassandra"),
    ("etcd", "etcd"),
    ("kafka", "kafka"),
    ("rabbitmq", "rabbitmq"),
];

/// Adds a node for every workload.
pub(super) fn build(
    objects: &mut Objects<'_>,
    policies: &Policies,
    cluster: &Cluster,
    (tie, pools): (Option<&Tie<'_>>, &Pools),
    builder: &mut Builder,
) {
    let classes = ladder::Classes::of(objects);
    let accounts = Accounts::of(objects);
    let mut workloads = std::mem::take(&mut objects.workloads);
    for (at, workload) in workloads.iter_mut().enumerate() {
        let item = workload.item;
        let platform = item.value.str_at(&["kind"]).unwrap_or("Pod");
        let mut node = Node::new(workload.name.clone(), Kind::Workload, platform);
        node.place = item.header;
        node.range = Place::new(item.header.file, item.range);
        node.inside = cluster.inside(&workload.namespace);
        let outermost = node.inside.len().saturating_sub(1);
        node.inside.splice(outermost..outermost, pools.of(workload));
        node.labels = Builder::labels(field(&item.value, "labels"));
        node.groups.clone_from(&workload.groups);
        node.egress = policies.egress(at, workload);
        node.groups.extend(tie.into_iter().flat_map(|tie| tie.groups.iter().cloned()));
        let fargate = tie.and_then(|tie| cluster::fargate(tie, workload));
        node.evidence = ladder::evidence(workload, &classes, fargate);
        node.evidence.extend(accounts.evidence(workload));
        let containers = item.value.get("containers").map(Value::items).unwrap_or_default();
        node.images = containers.iter().filter_map(image).collect();
        node.listeners = listeners(workload, containers);
        workload.node = builder.node(node);
    }
    objects.workloads = workloads;
}

fn image(container: &Value) -> Option<(CompactString, Place)> {
    let written = field(container, "image")?;
    Some((super::objects::shown(written)?, written.place))
}

fn listeners(workload: &Workload<'_>, containers: &[Value]) -> Vec<Listener> {
    let images = containers.iter().filter_map(|container| container.at(&["image_parts", "repository"])?.as_str());
    let mut service = images.filter_map(|repository| {
        let last = repository.rsplit('/').next().unwrap_or(repository);
        SERVICES.iter().find(|(name, _)| *name == last).map(|(_, service)| *service)
    });
    let service = service.next().unwrap_or("");
    let one = |port: &super::objects::ContainerPort| Listener {
        protocol: port.protocol,
        port: port.number,
        service: if port.protocol == Protocol::Tcp { service.into() } else { CompactString::default() },
        step: Step::at(port.place, format!("{} names port {}", workload.name, port.number)),
        proof: None,
    };
    workload.ports.iter().map(one).collect()
}

/// Adds the ways between pods, and from their nodes.
pub(super) fn ways(objects: &Objects<'_>, policies: &Policies, cluster: &Cluster, builder: &mut Builder) {
    for (at, workload) in objects.workloads.iter().enumerate() {
        let item = workload.item;
        let step = Step::at(item.header, format!("{} is on the network of its cluster", workload.name));
        builder.begins(workload.node, cluster.network, vec![Gate::Open(step)]);
        builder.passes_on(cluster.network, workload.node, policies.gates(at, workload, false));
        if let Some(place) = workload.host_network {
            let nodes = cluster.nodes(builder);
            let step = Step::at(place, format!("the pods of {} are on the network of their node", workload.name));
            let mut gates = vec![Gate::Open(step)];
            gates.extend(policies.gates(at, workload, true));
            builder.passes_on(nodes, workload.node, gates);
            continue;
        }
        for port in &workload.ports {
            let Some((host, address)) = &port.host else { continue };
            let nodes = cluster.nodes(builder);
            let step =
                Step::at(port.place, format!("port {host} of its node leads to port {} of {}", port.number, workload.name));
            let only_local = address.as_deref().is_some_and(|address| address.starts_with("127.") || address == "::1");
            let mut gates = match only_local {
                true => vec![Gate::Wall(Step::at(port.place, format!("port {host} is open on the node itself only")))],
                false => vec![Gate::Map { protocol: port.protocol, ports: (*host, *host), to: Some(port.number), step }],
            };
            gates.extend(policies.gates(at, workload, true));
            builder.passes_on(nodes, workload.node, gates);
        }
    }
}
