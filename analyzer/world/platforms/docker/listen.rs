//! Where the daemon of an engine listens.

use compact_str::CompactString;
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Value};

use super::engine::Engine;
use super::publish;
use crate::builder::Builder;
use crate::model::{Gate, Kind, Listener, Node, NodeId};
use crate::platforms::entries::{flag, says};
use crate::resources::field;
use crate::said::{Missing, Step};

/// The port of the engine's API without TLS, where an address has none.
const API: i128 = 2375;

impl Engine<'_> {
    /// Where the daemon listens: on a machine as its listeners, else as a node of its own with this name.
    pub(crate) fn listen(&self, name: Option<CompactString>, builder: &mut Builder) {
        let Some(first) = self.daemons.first() else { return };
        let node = name.map(|name| {
            let mut node = Node { name, ..Builder::describe(first, Kind::Engine) };
            node.inside = vec![self.host];
            builder.node(node)
        });
        let hosts: Vec<(&Item, &Value)> = self
            .daemons
            .iter()
            .flat_map(|daemon| {
                field(&daemon.value, "hosts").map(Value::items).unwrap_or_default().iter().map(|host| (*daemon, host))
            })
            .collect();
        for (daemon, host) in &hosts {
            if let Some(listener) = self.listener(daemon, host, node, builder)
                && let Some(holder) = builder.get(node.unwrap_or(self.host))
            {
                holder.listeners.push(listener);
            }
        }
        let Some(node) = node else { return };
        if hosts.is_empty() {
            let open = self.daemons.iter().find_map(|daemon| daemon.value.as_map()?.tail.as_ref());
            let written = self.daemons.iter().any(|daemon| says(&daemon.value, "source") == Some("daemon.json"));
            let step = Step::at(first.header, "the daemon listens on its local socket alone");
            builder.passes_on(
                self.host,
                node,
                vec![match open.filter(|_| !written) {
                    Some(tail) => Gate::Unknown(
                        Step::at(first.header, "the daemon may listen on the network"),
                        Missing::new(tail.source.clone()),
                    ),
                    None => Gate::Wall(step),
                }],
            );
        }
    }

    /// One address of the daemon, with the way to it where it is a node of its own.
    fn listener(&self, daemon: &Item, host: &Value, node: Option<NodeId>, builder: &mut Builder) -> Option<Listener> {
        let place = if host.place.is_some() { host.place } else { daemon.header };
        let mut way = |gate| {
            if let Some(node) = node {
                builder.passes_on(self.host, node, vec![gate]);
            }
        };
        let text = says(host, "text").unwrap_or("an address").to_owned();
        if let Some(missing) = [host.get("scheme"), host.get("port")].into_iter().flatten().find_map(Missing::of) {
            way(Gate::Unknown(Step::at(place, "the daemon may listen on the network"), missing));
            return None;
        }
        let scheme = says(host, "scheme");
        if let (None, Some(tail)) = (scheme, host.as_map().and_then(|map| map.tail.as_ref())) {
            way(Gate::Unknown(Step::at(place, "the daemon may listen on the network"), Missing::new(tail.source.clone())));
            return None;
        }
        if scheme != Some("tcp") {
            way(Gate::Wall(Step::at(place, format!("the daemon listens at {text}, which is no network address"))));
            return None;
        }
        let addresses = field(host, "addresses").map(Value::items).unwrap_or_default();
        if let Some(missing) = addresses.iter().find_map(Missing::of) {
            way(Gate::Unknown(Step::at(place, "the daemon may listen on the network"), missing));
            return None;
        }
        if addresses.iter().all(|address| address.as_str().is_some_and(publish::is_of_host_alone)) {
            way(Gate::Wall(Step::at(place, format!("the daemon listens at {text}, which only its host reaches"))));
            return None;
        }
        let port = u16::try_from(field(host, "port").and_then(Value::as_int).unwrap_or(API)).ok()?;
        let proof = match (flag(&daemon.value, "tlsverify", false), self.setting("tlsverify").and_then(Value::as_bool)) {
            (Ok(true), _) | (_, Some(true)) => Some("tls"),
            (Ok(false), _) if !open(daemon, "tlsverify") => Some(""),
            _ => None,
        };
        let said = match proof {
            Some("tls") => ", for whoever has a certificate",
            Some(_) => ", for everybody",
            None => "",
        };
        let step = Step::at(place, format!("the Docker API listens at {text}{said}"));
        way(Gate::Only(
            Ports::range(Protocol::Tcp, port, port),
            Step::at(place, format!("the daemon answers on port {port} alone")),
        ));
        Some(Listener {
            protocol: Protocol::Tcp,
            port,
            service: "docker-api".into(),
            step,
            proof: proof.map(CompactString::from),
        })
    }
}

/// A setting that is not written may stand elsewhere.
fn open(daemon: &Item, key: &str) -> bool {
    daemon.value.as_map().is_some_and(|map| map.get(key).is_none() && map.tail.is_some())
}
