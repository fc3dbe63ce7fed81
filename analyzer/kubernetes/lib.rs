//! Kubernetes manifests: what a YAML or JSON file says to the API server, and what the server makes of it.
//!
//! Objects (also those inside a `List`), the workloads among them with their pod templates, containers with the pod's settings
//! applied, volumes and mounts, RBAC rules and images become [`plimsoll_syntax::Item`]s; a [`Cluster`] relates those of all
//! files. This crate knows no rule and no severity.
//!
//! Sources: the API reference of Kubernetes 1.37, and the behaviour of its API server where the reference is silent.

mod cluster;
mod container;
mod detect;
mod image;
mod kinds;
mod namespace;
mod network;
mod object;
mod peer;
pub mod pod_security;
mod rbac;
mod references;
mod route;
mod security;
mod selector;
mod values;
mod volume;
mod workload;

pub use cluster::{Cluster, Members, Related, Slice, SliceItems};
pub use detect::looks_like;
pub use object::{items, items_of};
pub use selector::selects;

#[cfg(test)]
mod tests;
