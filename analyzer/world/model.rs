//! Nodes, the ways between them, and the gates on a way.

use std::sync::{Arc, OnceLock};

use compact_str::CompactString;
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::Place;

use crate::address::Range;
use crate::filter::Filter;
use crate::ladder::Rung;
use crate::said::{Missing, Step};

/// An index into [`World::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Everything that the formats say together.
#[derive(Debug, Default)]
pub struct World {
    /// The internet and the local network first, then in the order of the files.
    pub nodes: Vec<Node>,
    /// From where to where, in the order of their making.
    pub ways: Vec<Way>,
    /// What is in it though no code makes it, by name, sorted: a host that is known by its address. Two parts of a world that name the same
    /// thing are one part.
    pub outside: Vec<CompactString>,
    /// The numbers of the ways that leave each node, once somebody has asked.
    leaving: OnceLock<Vec<Vec<usize>>>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Where traffic comes from: the internet, the local network of a host.
    Zone,
    /// A virtual machine, or a group of alike ones.
    Machine,
    /// A container by itself: a Compose service, a `docker run`, a task's container.
    Container,
    /// The pods of a workload.
    Workload,
    /// A task that the platform runs: ECS, Cloud Run, container instances.
    Task,
    /// A function that the platform runs.
    Function,
    /// A managed database or cache.
    Database,
    /// Passes traffic on: a load balancer, an ingress, a Service, a gateway.
    Proxy,
    /// A container engine's API.
    Engine,
    /// A Kubernetes API server.
    ApiServer,
    /// A network that others are in: VPC, subnet, bridge; also a boundary.
    Network,
    /// A Kubernetes namespace: a boundary.
    Namespace,
    /// A Kubernetes cluster: a boundary.
    Cluster,
    /// A host that runs containers though no code describes it: a boundary.
    Host,
}

impl Kind {
    /// In one word, as reports and rules say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zone => "zone",
            Self::Machine => "machine",
            Self::Container => "container",
            Self::Workload => "workload",
            Self::Task => "task",
            Self::Function => "function",
            Self::Database => "database",
            Self::Proxy => "proxy",
            Self::Engine => "engine",
            Self::ApiServer => "api_server",
            Self::Network => "network",
            Self::Namespace => "namespace",
            Self::Cluster => "cluster",
            Self::Host => "host",
        }
    }

    /// It only holds others.
    #[must_use]
    pub const fn is_boundary(self) -> bool {
        matches!(self, Self::Zone | Self::Network | Self::Namespace | Self::Cluster | Self::Host)
    }

    /// Traffic arrives there, and is not merely passed on.
    #[must_use]
    pub const fn ends_traffic(self) -> bool {
        !self.is_boundary() && !matches!(self, Self::Proxy)
    }

    /// What is in it shares its kernel with others that are.
    #[must_use]
    pub const fn shares_kernel(self) -> bool {
        matches!(self, Self::Cluster | Self::Host | Self::Machine)
    }

    /// Something of one's own runs there, so that isolation is a question.
    #[must_use]
    pub const fn is_workload(self) -> bool {
        matches!(self, Self::Machine | Self::Container | Self::Workload | Self::Task | Self::Function)
    }
}

/// Why a node stands where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The rung that this alone would give.
    pub rung: Rung,
    /// What says so.
    pub step: Step,
}

/// Something that listens on a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// The protocol and port.
    pub protocol: Protocol,
    /// The port.
    pub port: u16,
    /// What it is: `docker-api`, `ssh`, `postgresql`; empty where only the port is known.
    pub service: CompactString,
    /// What says so.
    pub step: Step,
    /// What the caller must have to be let in: empty, `tls` or `password`; nothing where it is not known.
    pub proof: Option<CompactString>,
}

/// Something that runs or listens, or that others are in.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its address, as people call it: `aws_instance.web`, `Deployment/web`, `service/db`, `internet`.
    pub name: CompactString,
    /// What it is.
    pub kind: Kind,
    /// The resource type, object kind or the like: `aws_instance`, `Deployment`.
    pub platform: CompactString,
    /// Its header.
    pub place: Place,
    /// All of it.
    pub range: Place,
    /// The boundaries that hold it, the nearest first.
    pub inside: Vec<NodeId>,
    /// Why it stands on which rung; empty for what is no workload. The lowest wins, see [`Node::rung`].
    pub evidence: Vec<Evidence>,
    /// What is known to listen on it.
    pub listeners: Vec<Listener>,
    /// The addresses that it may have within its networks; empty: not known.
    pub addresses: Vec<Range>,
    /// To whom it may speak; nothing: to everybody.
    pub egress: Option<Arc<Filter>>,
    /// What filters may know it by: addresses of security groups, network tags, service accounts.
    pub groups: Vec<CompactString>,
    /// Labels, tags and what else says what it is for.
    pub labels: Vec<(CompactString, CompactString, Place)>,
    /// Its images.
    pub images: Vec<(CompactString, Place)>,
}

impl Node {
    /// A node of which no more is known.
    pub fn new(name: impl Into<CompactString>, kind: Kind, platform: impl Into<CompactString>) -> Self {
        Self {
            name: name.into(),
            kind,
            platform: platform.into(),
            place: Place::NONE,
            range: Place::NONE,
            inside: Vec::new(),
            evidence: Vec::new(),
            listeners: Vec::new(),
            addresses: Vec::new(),
            egress: None,
            groups: Vec::new(),
            labels: Vec::new(),
            images: Vec::new(),
        }
    }

    /// Where it stands on the isolation ladder: the lowest rung that its evidence gives.
    #[must_use]
    pub fn rung(&self) -> Option<Rung> {
        self.evidence.iter().map(|evidence| evidence.rung).min()
    }
}

/// Who may take a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayKind {
    /// Only traffic that the node at its start begins.
    Begins,
    /// Also traffic that arrives at the node at its start: a load balancer to its target, a host to a published port.
    PassesOn,
}

/// A way from one node to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Where it starts.
    pub from: NodeId,
    /// Where it leads.
    pub to: NodeId,
    /// Who may take it.
    pub kind: WayKind,
    /// What traffic must pass, in order.
    pub gates: Vec<Gate>,
    /// The node at its start speaks for itself from here on: a proxy.
    pub renews: bool,
}

/// What traffic must pass.
#[derive(Clone, Debug, PartialEq)]
pub enum Gate {
    /// It passes.
    Open(Step),
    /// It never passes; the step says why.
    Wall(Step),
    /// Whether it passes is not known.
    Unknown(Step, Missing),
    /// Only these ports pass.
    Only(Ports, Step),
    /// Traffic to the ports of the first arrives at those that begin with the last: a listener, a published port. `to` is nothing where
    /// the port stays as it is, or where the arriving port is not known.
    Map {
        /// The protocol.
        protocol: Protocol,
        /// The ports that are addressed, both ends included.
        ports: (u16, u16),
        /// The first port behind.
        to: Option<u16>,
        /// What says so.
        step: Step,
    },
    /// Whatever arrives goes on to this port: a proxy that looks at more than ports.
    Leads {
        /// The protocol.
        protocol: Protocol,
        /// The port behind.
        port: u16,
        /// What says so.
        step: Step,
    },
    /// It depends on who sends it to which port.
    Filter(Arc<Filter>),
}

impl World {
    /// The internet: an arbitrary public address.
    pub const INTERNET: NodeId = NodeId(0);
    /// The local network of hosts that stand in an office or at home.
    pub const LAN: NodeId = NodeId(1);

    /// The node of a number.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }

    /// The first node of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<NodeId> {
        let at = self.nodes.iter().position(|node| node.name == name)?;
        u32::try_from(at).ok().map(NodeId)
    }

    /// A world of these nodes, without any way.
    pub(crate) fn of_nodes(nodes: Vec<Node>) -> Self {
        Self { nodes, ..Self::default() }
    }

    /// The ways that leave a node. The world is finished when this is asked.
    pub(crate) fn leaving(&self, id: NodeId) -> impl Iterator<Item = &Way> {
        let all = self.leaving.get_or_init(|| {
            let mut all = vec![Vec::new(); self.nodes.len()];
            for (at, way) in self.ways.iter().enumerate() {
                if let Some(out) = all.get_mut(way.from.0 as usize) {
                    out.push(at);
                }
            }
            all
        });
        all.get(id.0 as usize).into_iter().flatten().filter_map(|&at| self.ways.get(at))
    }

    /// All nodes with their numbers.
    pub fn all(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0_u32..).map(NodeId).zip(&self.nodes)
    }
}
