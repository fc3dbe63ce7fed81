//! An engine: where it runs, what configures it, its networks and containers.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use plimsoll_syntax::{Item, Place, Value};

use super::isolation::{self, Around};
use super::publish;
use super::{image, local};
use crate::builder::Builder;
use crate::model::{Gate, Kind, Node, NodeId, Way, WayKind};
use crate::platforms::entries::says;
use crate::resources::field;
use crate::said::{Missing, Step};

/// An engine on a host.
pub(crate) struct Engine<'a> {
    /// Its host: a machine, or one that no code sets up.
    pub(crate) host: NodeId,
    /// What configures it: `daemon` items.
    pub(crate) daemons: Vec<&'a Item>,
    /// A command that puts a rule into the chain `DOCKER-USER`.
    pub(crate) filtered: Option<Step>,
    /// By what the engine calls them.
    networks: BTreeMap<CompactString, NodeId>,
    /// Containers by the names that others may join them under.
    containers: BTreeMap<CompactString, NodeId>,
    /// Who joins whose network.
    joins: Vec<(NodeId, CompactString, Place)>,
    /// The networks that its host is on.
    on: BTreeSet<NodeId>,
    /// The containers that it sends for.
    left: BTreeSet<NodeId>,
    /// How its host sends.
    outgoing: Vec<Way>,
}

/// What drives a network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Driver {
    /// A bridge, or an overlay: published ports lead in.
    Bridge,
    /// The host's own network.
    Host,
    /// No network.
    None,
    /// A neighbour on the network of its host.
    Macvlan,
    /// Not known.
    Unknown(Missing),
}

impl Driver {
    /// Reads the name of a driver; nothing written is a bridge.
    pub(crate) fn of(value: Option<&Value>) -> Self {
        let Some(value) = value.filter(|value| !value.is_null()) else { return Self::Bridge };
        match value.as_str() {
            Some("bridge" | "overlay" | "nat" | "") => Self::Bridge,
            Some("host") => Self::Host,
            Some("none" | "null") => Self::None,
            Some("macvlan" | "ipvlan") => Self::Macvlan,
            Some(other) => Self::Unknown(Missing::new(format!("what the network driver {other} does"))),
            None => Self::Unknown(Missing::of(value).unwrap_or_else(|| Missing::new("the network's driver"))),
        }
    }
}

/// A network that a container is in.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    /// What the engine calls it: those with the same key are one.
    pub(crate) key: CompactString,
    /// As people call it.
    pub(crate) name: CompactString,
    /// Where it is declared, else where it is named.
    pub(crate) place: Place,
    pub(crate) driver: Driver,
    /// Nothing leads in or out but from its host.
    pub(crate) internal: Result<bool, Missing>,
    /// Ports are published at this address where none is written.
    pub(crate) binding: Option<CompactString>,
    /// Its containers do not reach each other, as this place says.
    pub(crate) separate: Option<Place>,
}

impl Network {
    /// A bridge of which no more is known.
    pub(crate) fn bridge(key: impl Into<CompactString>, name: impl Into<CompactString>, place: Place) -> Self {
        let (key, name) = (key.into(), name.into());
        Self { key, name, place, driver: Driver::Bridge, internal: Ok(false), binding: None, separate: None }
    }

    /// Options of the bridge driver (<https://docs.docker.com/engine/network/drivers/bridge/>).
    pub(crate) fn options(&mut self, options: Option<&Value>) {
        let Some(options) = options else { return };
        if let Some(address) = says(options, "com.docker.network.bridge.host_binding_ipv4") {
            self.binding = Some(address.into());
        }
        if let Some(icc) = field(options, "com.docker.network.bridge.enable_icc").filter(|value| off(value)) {
            self.separate = Some(icc.place);
        }
    }
}

fn off(value: &Value) -> bool {
    value.as_bool() == Some(false) || value.as_str() == Some("false")
}

/// A container that an engine runs.
pub(crate) struct Container<'a> {
    /// Where it is written.
    pub(crate) item: &'a Item,
    /// What the world calls it.
    pub(crate) name: CompactString,
    /// Under which names others join its network: `service:db`, `container:db`.
    pub(crate) aliases: Vec<CompactString>,
    /// Its settings in the words of a service.
    pub(crate) settings: Value,
    pub(crate) networks: Vec<Network>,
    /// The stage of the Dockerfile that builds its image.
    pub(crate) stage: Option<&'a Item>,
}

impl<'a> Engine<'a> {
    pub(crate) fn new(host: NodeId, builder: &Builder) -> Self {
        let within = |way: &&Way| builder.world.node(way.to).is_some_and(|node| node.inside.contains(&host));
        let ways = builder.world.ways.iter().filter(|way| way.from == host && way.kind == WayKind::Begins && !within(way));
        Self {
            host,
            daemons: Vec::new(),
            filtered: None,
            networks: BTreeMap::new(),
            containers: BTreeMap::new(),
            joins: Vec::new(),
            on: BTreeSet::new(),
            left: BTreeSet::new(),
            outgoing: ways.cloned().collect(),
        }
    }

    /// A setting of the daemon, wherever it is written.
    pub(crate) fn setting(&self, key: &str) -> Option<&'a Value> {
        self.daemons.iter().find_map(|daemon| field(&daemon.value, key).filter(|value| value.as_unknown().is_none()))
    }

    /// The default bridge, with what the daemon says of it.
    pub(crate) fn default_bridge(&self) -> Network {
        let mut network = Network::bridge("bridge", "bridge", Place::NONE);
        network.binding = self.setting("ip").and_then(Value::as_str).map(CompactString::from);
        network.separate = self.setting("icc").filter(|value| off(value)).map(|value| value.place);
        network
    }

    /// Adds a container.
    pub(crate) fn add(&mut self, container: &Container<'_>, builder: &mut Builder) -> NodeId {
        let item = container.item;
        let mut node = Node { name: container.name.clone(), ..Builder::describe(item, Kind::Container) };
        let remapped = self.setting("userns_remap").filter(|value| value.as_str().is_some_and(|user| !user.is_empty()));
        let rootless = self.setting("rootless").filter(|value| value.as_bool() == Some(true));
        let mapped =
            remapped.or(rootless).map(|value| Step::at(value.place, "the engine maps its root to another user of the host"));
        let no_new_privileges = self.setting("no_new_privileges").and_then(Value::as_bool) == Some(true);
        let around =
            Around { stage: container.stage, remapped: mapped, no_new_privileges, runtime: self.setting("default_runtime") };
        node.evidence = isolation::evidence(&container.settings, item.header, &around);
        node.labels = Builder::labels(field(&container.settings, "labels"));
        image::describe(&mut node, &container.settings, container.stage);
        if let Some(host) = builder.world.node(self.host) {
            node.groups = host.groups.clone();
            node.addresses = host.addresses.clone();
        }
        let id = builder.node(node);
        for alias in &container.aliases {
            self.containers.entry(alias.clone()).or_insert(id);
        }
        self.connect(container, id, builder);
        id
    }

    fn connect(&mut self, container: &Container<'_>, id: NodeId, builder: &mut Builder) {
        let place = container.item.header;
        let mut inside = Vec::new();
        let mode = field(&container.settings, "network_mode");
        let networks = match mode {
            None => container.networks.clone(),
            Some(value) => match value.as_str() {
                Some("host") => vec![Network { driver: Driver::Host, ..Network::bridge("host", "host", value.place) }],
                Some("none") => vec![Network { driver: Driver::None, ..Network::bridge("none", "none", value.place) }],
                Some("bridge" | "default" | "private" | "slirp4netns" | "pasta" | "") => vec![self.default_bridge()],
                Some(joined) if joined.contains(':') => {
                    self.joins.push((id, joined.into(), value.place));
                    Vec::new()
                }
                Some(name) => vec![Network::bridge(name, name, value.place)],
                None => {
                    let driver = Driver::Unknown(Missing::of(value).unwrap_or_else(|| Missing::new("the network mode")));
                    vec![Network { driver, ..Network::bridge(container.name.clone(), "unknown", value.place) }]
                }
            },
        };
        for network in &networks {
            inside.extend(self.network(network, id, &container.name, place, builder));
        }
        if !networks.is_empty() {
            for way in publish::ways(self, container, &networks, id) {
                builder.world.ways.push(way);
            }
        }
        inside.push(self.host);
        inside.extend(builder.world.node(self.host).map(|node| node.inside.clone()).unwrap_or_default());
        if let Some(node) = builder.get(id) {
            node.inside = inside;
        }
    }

    /// Puts a container into a network; the network as a boundary.
    fn network(&mut self, network: &Network, id: NodeId, name: &str, place: Place, builder: &mut Builder) -> Option<NodeId> {
        let host = self.host;
        match &network.driver {
            Driver::None => None,
            Driver::Host => {
                let step = Step::at(network.place, format!("{name} shares the network of its host"));
                builder.passes_on(host, id, vec![Gate::Open(step.clone())]);
                builder.begins(id, host, vec![Gate::Open(step)]);
                self.leave(id, builder);
                None
            }
            Driver::Macvlan => {
                // On the host's network; the host alone does not reach it (macvlan driver, "the host cannot").
                let between = self.segment(network, id, name, builder);
                local::neighbour(
                    id,
                    &[Gate::Open(Step::at(network.place, format!("{} puts it on the network of its host", network.name)))],
                    builder,
                );
                between
            }
            Driver::Bridge | Driver::Unknown(_) => {
                let between = self.segment(network, id, name, builder);
                if let Some(between) = between.filter(|between| self.on.insert(*between)) {
                    let step = Step::at(network.place, format!("the host is on {}", network.name));
                    builder.begins(host, between, vec![Gate::Open(step)]);
                }
                let step = Step::at(place, format!("the host answers at the gateway of {}", network.name));
                let gate = match (&network.driver, &network.internal) {
                    (Driver::Unknown(missing), _) | (_, Err(missing)) => Gate::Unknown(step, missing.clone()),
                    (_, Ok(false)) => Gate::Open(step),
                    (_, Ok(true)) => {
                        Gate::Unknown(step, Missing::new(format!("what the host offers to the internal {}", network.name)))
                    }
                };
                let leaves = matches!(gate, Gate::Open(_));
                builder.begins(id, host, vec![gate]);
                if leaves {
                    self.leave(id, builder);
                }
                between
            }
        }
    }

    /// The network as a node, and the ways of a container into it and out of it.
    fn segment(&mut self, network: &Network, id: NodeId, name: &str, builder: &mut Builder) -> Option<NodeId> {
        let host = self.host;
        let between = *self.networks.entry(network.key.clone()).or_insert_with(|| {
            let inside = builder.world.node(host).map(|node| node.inside.clone()).unwrap_or_default();
            let mut node = Node::new(format!("network/{}", network.name), Kind::Network, "docker network");
            node.place = network.place;
            node.range = network.place;
            node.inside = std::iter::once(host).chain(inside).collect();
            builder.node(node)
        });
        let step = Step::at(network.place, format!("{name} is in {}", network.name));
        builder.begins(id, between, vec![Gate::Open(step.clone())]);
        let gate = match network.separate {
            None => Gate::Open(step),
            Some(place) => Gate::Wall(Step::at(place, format!("containers in {} do not reach each other", network.name))),
        };
        builder.passes_on(between, id, vec![gate]);
        Some(between)
    }

    /// What a container sends leaves in the name of its host.
    fn leave(&mut self, id: NodeId, builder: &mut Builder) {
        if self.left.insert(id) {
            builder.world.ways.extend(self.outgoing.iter().map(|way| Way { from: id, ..way.clone() }));
        }
    }

    /// Ties up what could only be said when all containers are there.
    pub(crate) fn finish(&mut self, builder: &mut Builder) {
        for (id, joined, place) in std::mem::take(&mut self.joins) {
            let Some(&other) = self.containers.get(&joined) else {
                let missing = Missing::new(format!("the network of {joined}"));
                let step = Step::at(place, format!("it is in the network of {joined}"));
                builder.passes_on(self.host, id, vec![Gate::Unknown(step, missing)]);
                continue;
            };
            let name = builder.world.node(other).map(|node| node.name.clone()).unwrap_or_default();
            let step = Step::at(place, format!("it is in the network of {name}"));
            let ways: Vec<Way> =
                builder.world.ways.iter().filter(|way| way.from == other && way.kind == WayKind::Begins).cloned().collect();
            builder.world.ways.extend(ways.into_iter().map(|way| Way { from: id, ..way }));
            builder.passes_on(other, id, vec![Gate::Open(step.clone())]);
            builder.begins(id, other, vec![Gate::Open(step)]);
        }
    }
}
