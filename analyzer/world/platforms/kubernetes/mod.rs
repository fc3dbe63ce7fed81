//! Kubernetes: workloads, Services, Ingress, gateways, host ports, with the network policies as filters.
//!
//! Closed-world rules, from the Kubernetes documentation unless said otherwise:
//! - Every pod can speak to every pod of its cluster, until a policy selects one of them ("The Kubernetes network model"). Nothing
//!   comes from outside to the address of a pod, but through a Service, a host port or the node's own network.
//! - A Service of type LoadBalancer has a public address, unless an annotation, its class or a private address says otherwise
//!   ("Service", "Internal load balancer", and the providers' pages beside `BALANCERS` in `entry.rs`). The node ports that come along with a
//!   balancer are not followed.
//! - Node ports, host ports and host networks answer at the addresses of nodes. Whether those are public is not in the manifests:
//!   undecided, unless Terraform describes the only cluster of the workspace and its nodes, or `assume.hosts` states it.
//! - An Ingress does nothing by itself: its controller serves it. Where the controller is not among the files, nor a cloud's load
//!   balancer by its class, whether it has a public address is undecided ("Ingress controllers").
//! - A Service whose selector fits none of the workloads of its namespace has no endpoints: a wall. A namespace without any workload in the
//!   files says nothing: its pods are made elsewhere.
//! - Network policies only allow; those that select a pod are a union, and what none of them allows is refused. Whether the plug-in
//!   enforces them is not in the manifests: they count as enforced, and walls say so, unless `assume.policies_enforced` is false.
//! - What policies do to pods on the network of their node is not defined ("Network Policies", "NetworkPolicy and hostNetwork pods").
//! - Policies of Cilium and Calico are joined with those of Kubernetes as these engines do, see `cilium.rs` and `calico.rs`; where there are
//!   both, neither is read. What Antrea's and the administrator's policies let in is not read: undecided where they may select a pod.
//! - Proxies of service meshes are filters behind those policies, see `mesh.rs`, `istio.rs`, `linkerd.rs`.
//! - A runtime class counts as a sandbox by its handler, or by a name that is known; any other name gives no evidence.

mod access;
mod authorization;
mod calico;
mod cilium;
mod cluster;
mod entry;
mod expression;
mod gateway;
mod ingress;
mod istio;
mod ladder;
mod linkerd;
mod mesh;
mod objects;
mod peer;
mod policy;
mod pools;
mod rule;
mod select;
mod service;
mod virtual_service;
mod workload;

#[cfg(test)]
mod tests;

use plimsoll_syntax::Item;

use crate::builder::{Beat, Builder, Facts};
use crate::resources::Root;

pub use cluster::clusters;

/// Adds what they run.
pub(super) fn build(facts: &Facts<'_>, roots: &[Root<'_>], builder: &mut Builder) {
    let tie = if facts.other_clusters { None } else { cluster::only(roots) };
    let manifests: Vec<&Item> = facts.manifests.iter().flat_map(|items| items.iter()).collect();
    builder.leave();
    let mut first = true;
    if has_objects(manifests.iter().copied()) {
        one("cluster", &manifests, tie.as_ref(), facts.beat, builder);
        first = false;
    }
    for root in &facts.roots {
        let items: Vec<&Item> = root.items.iter().filter(|item| objects::is_kubernetes(item)).collect();
        if has_objects(items.iter().copied()) {
            let name = if first { "cluster".to_owned() } else { format!("cluster of {}", root.path) };
            one(&name, &items, tie.as_ref(), facts.beat, builder);
            first = false;
        }
    }
}

/// Whether there is an object of Kubernetes among some items.
pub fn has_objects<'a>(items: impl IntoIterator<Item = &'a Item>) -> bool {
    items.into_iter().any(|item| objects::is_of(item, "object"))
}

/// The objects of one cluster.
fn one(name: &str, items: &[&Item], tie: Option<&cluster::Tie<'_>>, beat: Beat<'_>, builder: &mut Builder) {
    let mut objects = objects::Objects::new(items);
    beat.beat();
    let cluster = cluster::build(name, &objects, tie, builder);
    let policies = policy::Policies::read(&mut objects, builder.assume.policies_enforced);
    beat.beat();
    let pools = pools::Pools::build(tie, cluster.node, &objects, builder);
    workload::build(&mut objects, &policies, &cluster, (tie, &pools), builder);
    beat.beat();
    workload::ways(&objects, &policies, &cluster, builder);
    let services = service::build(&objects, &policies, &cluster, tie, builder);
    beat.beat();
    ingress::build(&objects, &services, &cluster, builder);
    ingress::routes(&objects, &services, &cluster, builder);
    gateway::build(&objects, &services, &cluster, builder);
    virtual_service::build(&objects, &services, &cluster, builder);
}
