//! The answer: what may pass between whom.

use plimsoll_syntax::{Item, Place};

use crate::evaluate::Policies;
use crate::links::Links;
use crate::network::{Network, Networks};
use crate::note::Note;
use crate::peer::Peer;
use crate::pod::{self, Namespaces, Workload};
use crate::policy::{self, Direction, Doubt, Imagined, Policy};
use crate::ports::Ports;
use crate::world::World;
use crate::{exposure, front};

/// What one peer may say to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Who begins.
    pub from: Peer,
    /// Who is spoken to.
    pub to: Peer,
    /// By which network.
    pub network: Network,
    /// On which ports.
    pub ports: Ports,
    /// The policies with a rule that decides about a part of it, by the places of their headers; without any, no policy does.
    pub evidence: Vec<Place>,
    /// Nothing that is not known could change it, such as a policy that could not be read, the labels of a namespace that is not
    /// declared, or what a plug-in makes of pods on the host's network.
    pub certain: bool,
}

/// What a workload is open to beyond the pods of the manifests.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposure {
    /// The workload.
    pub workload: Peer,
    /// Whether it hears or speaks.
    pub direction: Direction,
    /// To whom: the entire cluster, imagined pods, or addresses.
    pub peer: Peer,
    /// On which ports; none where imagined pods are left out of what the entire cluster may.
    pub ports: Ports,
    /// As of a [`Connection`].
    pub evidence: Vec<Place>,
    /// As of a [`Connection`].
    pub certain: bool,
}

/// Who may reach whom.
#[derive(Debug, Default)]
pub struct Connectivity {
    parts: Parts,
    links: Links,
    notes: Vec<Note>,
}

/// What the manifests say.
#[derive(Debug, Default)]
struct Parts {
    policies: Vec<Policy>,
    networks: Networks,
    doubt: Doubt,
    workloads: Vec<Workload>,
    imagined: Vec<Imagined>,
}

impl Parts {
    fn world(&self) -> World<'_> {
        World::new(Policies::new(&self.policies, &self.networks, &self.doubt), &self.workloads)
    }
}

impl Connectivity {
    /// Evaluates all that is among the items of a cluster: those of `plimsoll_kubernetes::items`, of all of its files.
    #[must_use]
    pub fn of(items: &[Item]) -> Self {
        let (policies, mut notes, doubt) = policy::read(items);
        let mut namespaces = Namespaces::read(items, &mut notes);
        let workloads = pod::read(items, &mut namespaces, &mut notes);
        let networks = Networks::read(items, &workloads, &mut namespaces, &mut notes);
        let front = front::read(items, &workloads, &mut notes);
        let imagined = exposure::imagined(&policies, &workloads, &mut namespaces);
        let parts = Parts { policies, networks, doubt, workloads, imagined };
        let links = parts.world().connections(&front);
        Self { parts, links, notes }
    }

    /// The connections that may be, by network, from and to. Peers without one between them may not speak, unless they are among
    /// the undecided.
    pub fn connections(&self) -> impl Iterator<Item = Connection> {
        self.links.connections(|ports| !ports.is_empty())
    }

    /// Pairs of peers that nothing lets speak, although something that is not known might.
    pub fn undecided(&self) -> impl Iterator<Item = Connection> {
        self.links.connections(Ports::is_empty)
    }

    /// What the workloads are open to beyond the pods of the manifests, as their own policies have it: pods that are not there
    /// may have others. Of pods on a network apart from the cluster's only the addresses outside.
    #[must_use]
    pub fn exposures(&self) -> Vec<Exposure> {
        self.parts.world().exposures(&self.parts.imagined)
    }

    /// What is left out, and why.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Hands over the connections as text, one after the other: `shop/web[Deployment] => shop/db[StatefulSet] : TCP 5432`. There
    /// may be more of them than anybody should keep.
    pub fn write_lines(&self, write: &mut dyn FnMut(&str)) {
        self.links.write(write);
    }

    /// The same in a list.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.write_lines(&mut |line| lines.push(line.to_owned()));
        lines
    }

    /// The exposures as text, in columns apart by tabs: `shop/web[Deployment] <= entire-cluster : TCP 80`.
    #[must_use]
    pub fn exposure_lines(&self) -> Vec<String> {
        let exposures = self.exposures();
        let names: Vec<String> = exposures.iter().map(|each| each.workload.to_string()).collect();
        let width = names.iter().map(String::len).max().unwrap_or_default();
        let line = |(each, name): (&Exposure, &String)| {
            let arrow = if each.direction == Direction::Egress { "=>" } else { "<=" };
            format!("{name:width$} \t{arrow} \t{} : {}", each.peer, each.ports)
        };
        exposures.iter().zip(&names).map(line).collect()
    }
}
