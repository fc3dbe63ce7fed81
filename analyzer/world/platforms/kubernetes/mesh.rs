//! What service meshes have in common: who is of the mesh, and the filters that its proxies are.
//!
//! Proxies look at TCP alone. What comes by UDP or SCTP counts as open on the ports of that kind that a workload names, and on no other.

use compact_str::{CompactString, format_compact};
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::Value;
use rustc_hash::FxHashMap;

use super::istio::Istio;
use super::linkerd::Linkerd;
use super::objects::{Objects, Workload, single};
use super::peer::{self, Groups, OUTSIDE};
use super::select::{Expr, Found, label};
use crate::filter::{Entry, Sources};
use crate::model::Gate;
use crate::resources::field;
use crate::said::{Missing, Step};

/// Whether a workload has a proxy of the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Yes,
    No,
    Unknown(Missing),
}

/// Who is of a mesh, by number of the workload, and the groups that its policies speak of.
#[derive(Debug)]
pub(super) struct Members {
    all: Vec<Member>,
    /// What the groups of this mesh are called.
    name: &'static str,
    known: FxHashMap<Expr, CompactString>,
}

impl Members {
    pub(super) fn new(name: &'static str, all: Vec<Member>) -> Self {
        Self { all, name, known: FxHashMap::default() }
    }

    pub(super) fn get(&self, at: usize) -> &Member {
        self.all.get(at).unwrap_or(&Member::No)
    }

    /// The group of those of the mesh that a condition holds for, and of those of whom that is not known.
    pub(super) fn fitting(&mut self, expr: &Expr, objects: &mut Objects<'_>) -> Groups {
        let group = match self.known.get(expr) {
            Some(group) => group.clone(),
            None => {
                let group = match *expr == Expr::ALWAYS {
                    true => self.name.into(),
                    false => format_compact!("{} {}", self.name, self.known.len()),
                };
                let of_mesh = |(at, sure): (usize, bool)| match self.get(at) {
                    Member::Yes => Some((at, sure)),
                    Member::Unknown(_) => Some((at, false)),
                    Member::No => None,
                };
                let found: Vec<(usize, bool)> = objects.fitting(expr).into_iter().filter_map(of_mesh).collect();
                peer::mark(&group, &found, objects);
                self.known.insert(expr.clone(), group.clone());
                group
            }
        };
        let perhaps = format_compact!("perhaps {group}");
        (vec![group], vec![perhaps, OUTSIDE.into()])
    }
}

/// The meshes of a cluster.
#[derive(Debug, Default)]
pub(super) struct Mesh {
    istio: Option<Istio>,
    linkerd: Option<Linkerd>,
}

impl Mesh {
    /// Reads them, and tells workloads what their policies know them by.
    pub(super) fn read(objects: &mut Objects<'_>) -> Self {
        Self { istio: Istio::read(objects), linkerd: Linkerd::read(objects) }
    }

    /// What the proxies of a workload are to those who come. `renamed`: as for network policies.
    pub(super) fn gates(&self, at: usize, workload: &Workload<'_>, renamed: bool) -> Vec<Gate> {
        let istio = self.istio.iter().flat_map(|istio| istio.gates(at, workload, renamed));
        istio.chain(self.linkerd.iter().flat_map(|linkerd| linkerd.gates(at, workload, renamed))).collect()
    }
}

/// The ports that a workload names and that no proxy looks at.
pub(super) fn unseen(workload: &Workload<'_>) -> Ports {
    let others = workload.ports.iter().filter(|port| port.protocol != Protocol::Tcp);
    others.fold(Ports::default(), |all, port| all.union(&single(port.protocol, port.number)))
}

/// An entry for everybody.
pub(super) fn everybody(allows: bool, ports: Ports, step: Step, doubt: Option<Missing>) -> Entry {
    Entry { allows, ports, maybe_ports: None, sources: Sources::everybody(), step, doubt, passes_to: None }
}

/// A label or annotation: its text, nothing, or what is missing.
pub(super) fn told(values: Option<&Value>, key: &str) -> Result<Option<CompactString>, ()> {
    let Some(values) = values else { return Ok(None) };
    match label(values, key) {
        Found::Text(text) => Ok(Some(text)),
        Found::Nothing => Ok(None),
        Found::Unknown => Err(()),
    }
}

/// Ports of an annotation: `8080,9000-9010`.
pub(super) fn listed(text: &str) -> Option<Ports> {
    let mut all = Ports::default();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        all = all.union(&Ports::every(first.trim().parse().ok()?, last.trim().parse().ok()?));
    }
    Some(all)
}

/// Whether a workload has a container of this name.
pub(super) fn has_container(workload: &Workload<'_>, name: &str) -> bool {
    let containers = workload.item.value.get("containers").map(Value::items).unwrap_or_default();
    containers.iter().any(|container| field(container, "name").and_then(Value::as_str) == Some(name))
}
