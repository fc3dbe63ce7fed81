//! Who may reach whom in a Kubernetes cluster, as far as its manifests tell.
//!
//! Workloads, the IPv4 space outside, the ingress controller, and pods that policies speak of though no manifest has them are
//! *peers*; NetworkPolicies, AdminNetworkPolicies, the BaselineAdminNetworkPolicy and MultiNetworkPolicies, user-defined networks
//! and network attachments, Services with their Ingresses and Routes decide what passes between them. Whether the cluster's
//! network plug-in enforces policies is not known here. This crate knows no rule and no severity, and reads no files.
//!
//! Sources: the API reference of Kubernetes 1.37 (networking.k8s.io), the network policy API v1alpha1, the documentation of
//! OVN-Kubernetes (user-defined networks), of the Network Plumbing Working Group (multi-network policies), KubeVirt and OpenShift.

mod address;
mod answers;
mod connectivity;
mod evaluate;
mod exposure;
mod front;
mod intervals;
mod links;
mod network;
mod note;
mod peer;
mod pod;
mod policy;
mod ports;
mod read;
mod selector;
mod world;

pub use address::Range;
pub use connectivity::{Connection, Connectivity, Exposure};
pub use network::Network;
pub use note::Note;
pub use peer::{Peer, WorkloadPeer};
pub use policy::Direction;
pub use ports::{Ports, Protocol};

#[cfg(test)]
mod tests;
