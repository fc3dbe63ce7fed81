//! How a world comes to be: nodes and ways of each platform, platform by platform.

use std::fmt;

use compact_str::CompactString;
use plimsoll_syntax::{Item, Place, Value};

use crate::model::{Gate, Kind, Node, NodeId, Way, WayKind, World};
use crate::platforms::{self, Images};
use crate::resources::{Names, Resources, Root};
use crate::said::{Missing, Step};

/// What lies together: what can refer to each other by name.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The folder of a root module or Compose project, or the path of a file.
    pub path: &'a str,
    /// Its items, views over them included.
    pub items: &'a [Item],
    /// Of a root module: the versions that it gets.
    pub versions: Option<&'a dyn Versions>,
}

/// The versions of providers that a root module gets.
pub trait Versions: fmt::Debug {
    /// Whether the version of a provider is older than another one.
    fn precedes(&self, provider: &str, version: &str) -> bool;
}

/// A host of container engines that no code sets up.
#[derive(Clone, Debug)]
pub struct Host<'a> {
    /// The folder that it is about, as [`hosts`](crate::hosts) has it.
    pub folder: &'a str,
    /// The files that run something on it.
    pub files: Vec<Scope<'a>>,
}

/// What a world is made of: everything, or a part that meets nothing of the rest. Parts meet where they name the same thing outside of all
/// code, see [`World::outside`]; and all objects of Kubernetes belong together.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    /// Terraform root modules.
    pub roots: Vec<Scope<'a>>,
    /// Some root module that is not here sets up a Kubernetes cluster, so that one here is not the only one.
    pub other_clusters: bool,
    /// Hosts of container engines.
    pub hosts: Vec<Host<'a>>,
    /// Vagrantfiles.
    pub vagrant: Vec<Scope<'a>>,
    /// The Kubernetes objects of all manifests, charts and overlays.
    pub manifests: &'a [&'a [Item]],
    /// What Dockerfiles build; without it, nothing is known of images but their names.
    pub images: Option<&'a dyn Images>,
    /// What the user states.
    pub assume: Assume,
    /// Who may want to stop it.
    pub beat: Beat<'a>,
}

/// Called every few milliseconds while a world is made: it may unwind, where nobody waits for the answer any more.
#[derive(Clone, Copy)]
pub struct Beat<'a>(pub &'a dyn Fn());

impl Beat<'_> {
    /// Lets whoever wants to stop it do so.
    pub fn beat(self) {
        (self.0)();
    }
}

impl Default for Beat<'_> {
    fn default() -> Self {
        Self(&|| {})
    }
}

impl fmt::Debug for Beat<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beat")
    }
}

/// What the user states once, because no code shows it: `[assume]` in plimsoll.toml. Nothing said is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Assume {
    /// Where the hosts stand that no code sets up: of Compose projects, libvirt, Proxmox, Vagrant.
    pub hosts: Option<Stand>,
    /// Whether the cluster's network plug-in enforces network policies.
    pub policies_enforced: Option<bool>,
}

/// Where a host stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stand {
    /// It has a public address, without a firewall before it.
    Public,
    /// It is on a local network, behind NAT: nothing comes in from the internet by itself.
    BehindNat,
}

/// A world that grows.
#[derive(Debug)]
pub(crate) struct Builder {
    pub(crate) world: World,
    /// The nodes of the root module, file or cluster at hand. Another one may give the same names to something else.
    names: Names,
    /// What lies outside of all code, so that everybody means the same thing by its name.
    outside: Names,
    /// What the user states.
    pub(crate) assume: Assume,
}

impl World {
    /// Joins the facts.
    #[must_use]
    pub fn of(facts: &Facts<'_>) -> Self {
        let mut builder = Builder::new(facts.assume.clone());
        let mut roots: Vec<Root<'_>> = Vec::with_capacity(facts.roots.len());
        for root in &facts.roots {
            facts.beat.beat();
            let resources = Resources::new(root.items, root.versions);
            platforms::terraform(root.path, &resources, facts, &mut builder);
            roots.push(Root { resources, names: builder.leave() });
        }
        platforms::files(facts, &mut builder);
        platforms::cluster(facts, &roots, &mut builder);
        builder.finish()
    }
}

impl Builder {
    fn new(assume: Assume) -> Self {
        let nodes = vec![Node::new("internet", Kind::Zone, "zone"), Node::new("local network", Kind::Zone, "zone")];
        Self { world: World::of_nodes(nodes), names: Names::default(), outside: Names::default(), assume }
    }

    fn finish(self) -> World {
        let mut outside: Vec<CompactString> = self.outside.into_keys().collect();
        outside.sort_unstable();
        let mut world = self.world;
        world.outside = outside;
        world
    }

    /// What comes next gives names of its own.
    pub(crate) fn leave(&mut self) -> Names {
        std::mem::take(&mut self.names)
    }

    /// What lies outside of all code, under this name; made where nobody has spoken of it yet.
    pub(crate) fn outside(&mut self, name: &str, make: impl FnOnce(&mut Self) -> NodeId) -> NodeId {
        if let Some(known) = self.outside.get(name) {
            return *known;
        }
        let id = make(self);
        self.outside.insert(name.into(), id);
        id
    }

    /// Adds a node.
    pub(crate) fn node(&mut self, node: Node) -> NodeId {
        let id = NodeId(u32::try_from(self.world.nodes.len()).unwrap_or(u32::MAX));
        self.names.entry(node.name.clone()).or_insert(id);
        self.world.nodes.push(node);
        id
    }

    /// Adds a node for an item, with its name and places.
    pub(crate) fn node_of(&mut self, item: &Item, kind: Kind) -> NodeId {
        self.node(Builder::describe(item, kind))
    }

    /// A node for an item, with its name and places.
    pub(crate) fn describe(item: &Item, kind: Kind) -> Node {
        let platform = item.views.first().cloned().unwrap_or_default();
        let range = Place::new(item.header.file, item.range);
        Node { place: item.header, range, ..Node::new(item.name.clone(), kind, platform) }
    }

    /// The node of a name, if what is at hand has one.
    pub(crate) fn find(&self, name: &str) -> Option<NodeId> {
        self.names.get(name).copied()
    }

    pub(crate) fn get(&mut self, id: NodeId) -> Option<&mut Node> {
        self.world.nodes.get_mut(id.0 as usize)
    }

    /// A way that only what begins at its start takes.
    pub(crate) fn begins(&mut self, from: NodeId, to: NodeId, gates: Vec<Gate>) {
        self.world.ways.push(Way { from, to, kind: WayKind::Begins, gates, renews: false });
    }

    /// A way that what arrives takes on.
    pub(crate) fn passes_on(&mut self, from: NodeId, to: NodeId, gates: Vec<Gate>) {
        self.world.ways.push(Way { from, to, kind: WayKind::PassesOn, gates, renews: false });
    }

    /// A way that what arrives takes on, in the name of the node at its start.
    pub(crate) fn forwards(&mut self, from: NodeId, to: NodeId, gates: Vec<Gate>) {
        self.world.ways.push(Way { from, to, kind: WayKind::PassesOn, gates, renews: true });
    }

    /// A host that no code sets up, with the ways to it: it is on a local network, and whether the internet comes there is what the
    /// user states, or not known.
    pub(crate) fn host(&mut self, node: Node) -> NodeId {
        let (name, place) = (node.name.clone(), node.place);
        let id = self.node(node);
        let gate = match self.assume.hosts {
            Some(Stand::Public) => {
                Gate::Open(Step::at(Place::NONE, format!("plimsoll.toml states that {name} has a public address")))
            }
            Some(Stand::BehindNat) => {
                Gate::Wall(Step::at(Place::NONE, format!("plimsoll.toml states that {name} is behind NAT")))
            }
            None => {
                let missing = Missing::new(format!("whether {name} has a public address (state it as assume.hosts)"));
                Gate::Unknown(Step::at(place, format!("{name} may have a public address")), missing)
            }
        };
        self.begins(World::INTERNET, id, vec![gate]);
        self.begins(World::LAN, id, vec![Gate::Open(Step::at(place, format!("{name} is on its local network")))]);
        id
    }

    /// The tags or labels of a value: a map of texts.
    pub(crate) fn labels(value: Option<&Value>) -> Vec<(CompactString, CompactString, Place)> {
        let entries = value.and_then(Value::as_map).map(|map| map.entries.as_slice()).unwrap_or_default();
        let told = entries.iter().filter_map(|entry| Some((entry.key.clone(), entry.value.as_str()?.into(), entry.place)));
        told.collect()
    }
}
