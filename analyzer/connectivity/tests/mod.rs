//! What policies, networks and services make of small clusters.

mod exposure;
mod networks;
mod parts;
mod policies;

use std::sync::Arc;

use plimsoll_syntax::{FileId, yaml};

use crate::Connectivity;

/// The answer for manifests.
fn of(manifests: &str) -> Connectivity {
    let text: Arc<str> = manifests.into();
    Connectivity::of(&plimsoll_kubernetes::items(&yaml::parse(&text), FileId(0)))
}

/// A pod with a TCP port 80 called `http`; `labels` are flow entries.
fn pod(namespace: &str, name: &str, labels: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{namespace: {namespace}, name: {name}, labels: {{{labels}}}}}\nspec:\n  \
         containers: [{{name: c, image: i, ports: [{{containerPort: 80, name: http}}]}}]\n"
    )
}

fn namespace(name: &str, labels: &str) -> String {
    format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n")
}

/// A policy of namespace `shop`; `spec` is a flow map.
fn policy(spec: &str) -> String {
    format!("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {spec}\n")
}

fn admin(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

fn baseline(spec: &str) -> String {
    admin("default", spec).replace("kind: AdminNetworkPolicy", "kind: BaselineAdminNetworkPolicy")
}

/// `shop/web`, `shop/db`, and `tools/job` in a namespace with the label `team: ops`.
fn shop() -> String {
    namespace("shop", "")
        + &namespace("tools", "team: ops")
        + &pod("shop", "web", "app: web")
        + &pod("shop", "db", "app: db")
        + &pod("tools", "job", "app: job")
}

/// What may be said from one to the other, as text; "No Connections" without any.
fn between(connectivity: &Connectivity, from: &str, to: &str) -> String {
    let found = connectivity.connections().find(|each| each.from.to_string() == from && each.to.to_string() == to);
    found.map_or_else(|| "No Connections".to_owned(), |each| each.ports.to_string())
}
