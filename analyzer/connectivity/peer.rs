//! Peers, as they are told and written.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use compact_str::{CompactString, ToCompactString, format_compact};
use plimsoll_syntax::Place;

use crate::address::Range;
use crate::policy::{Imagined, Spaces};

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// Addresses outside the cluster.
    Addresses(Range),
    /// A workload of the manifests.
    Workload(Arc<WorkloadPeer>),
    /// Whatever serves the Ingresses and Routes.
    IngressController,
    /// Any pod of the cluster, also one that is not in the manifests.
    EntireCluster,
    /// Pods that a policy speaks of and that are not in the manifests.
    Imagined {
        /// The namespaces: a name, `[all namespaces]`, or `[namespace with {team=a}]`.
        namespaces: CompactString,
        /// The pods: `[all pods]`, or `[pod with {app=a}]`.
        pods: CompactString,
    },
}

/// A workload. Written as `namespace/name[Kind]`.
#[derive(Clone, Debug)]
pub struct WorkloadPeer {
    /// Its namespace.
    pub namespace: CompactString,
    /// Its name; of pods that somebody controls, their controller's.
    pub name: CompactString,
    /// Its kind.
    pub kind: CompactString,
    /// It stands on a user-defined network of its namespace.
    pub apart: bool,
    /// Its header.
    pub place: Place,
}

impl WorkloadPeer {
    /// What it is told apart by; where it is written is not part of it.
    fn key(&self) -> (&str, &str, &str, bool) {
        (&self.namespace, &self.name, &self.kind, self.apart)
    }
}

impl PartialEq for WorkloadPeer {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for WorkloadPeer {}

impl PartialOrd for WorkloadPeer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for WorkloadPeer {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addresses(range) => write!(f, "{range}[External]"),
            Self::Workload(workload) => workload.fmt(f),
            Self::IngressController => f.write_str("{ingress-controller}"),
            Self::EntireCluster => f.write_str("entire-cluster"),
            Self::Imagined { namespaces, pods } => write!(f, "{namespaces}/{pods}"),
        }
    }
}

impl fmt::Display for WorkloadPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let apart = if self.apart { "[udn]" } else { "" };
        write!(f, "{}{apart}/{}[{}]", self.namespace, self.name, self.kind)
    }
}

impl From<&Imagined> for Peer {
    fn from(imagined: &Imagined) -> Self {
        let namespaces = match &imagined.spaces {
            Spaces::Named(name) => name.clone(),
            Spaces::Selected(selector) if !selector.is_empty() => format_compact!("[namespace with {selector}]"),
            _ => "[all namespaces]".to_compact_string(),
        };
        let pods = if imagined.pods.is_empty() {
            "[all pods]".to_compact_string()
        } else {
            format_compact!("[pod with {}]", imagined.pods)
        };
        Self::Imagined { namespaces, pods }
    }
}
