//! Ports that a host answers on for its containers.

use compact_str::CompactString;
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Place, Value};

use super::engine::{Container, Driver, Engine, Network};
use crate::address::Range;
use crate::model::{Gate, NodeId, Way, WayKind};
use crate::platforms::entries::{number, text};
use crate::resources::field;
use crate::said::{Missing, Step};

/// The host ports among which the engine picks where none is written: the usual `ip_local_port_range` of Linux.
const PICKED: (u16, u16) = (32_768, 60_999);
/// The gateway of the default bridge as the engine sets it up, where only containers and the host come.
const DEFAULT_GATEWAY: &str = "172.17.0.1";

/// Whether only the host itself, or its containers, come to an address.
pub(crate) fn is_of_host_alone(address: &str) -> bool {
    let loopback = Range::parse("127.0.0.0/8").zip(Range::parse(address)).is_some_and(|(block, own)| block.holds(own));
    loopback || matches!(address, "localhost" | "::1" | DEFAULT_GATEWAY)
}

/// The ways from the host to a container that its published ports open.
pub(super) fn ways(engine: &Engine<'_>, container: &Container<'_>, networks: &[Network], id: NodeId) -> Vec<Way> {
    let drivers = || networks.iter().map(|network| &network.driver);
    if drivers().all(|driver| *driver == Driver::Host) {
        return Vec::new();
    }
    let way = |gates| Way { from: engine.host, to: id, kind: WayKind::PassesOn, gates, renews: false };
    let name = &container.name;
    if let Some(network) = networks.iter().find(|network| network.driver == Driver::None) {
        return vec![way(vec![Gate::Wall(Step::at(network.place, format!("{name} has no network")))])];
    }
    let mut before = Vec::new();
    let bridges = || networks.iter().filter(|network| network.driver == Driver::Bridge);
    if !bridges().any(|network| network.internal == Ok(false)) {
        let doubt = networks.iter().find_map(|network| match (&network.driver, &network.internal) {
            (Driver::Unknown(missing), _) | (Driver::Bridge, Err(missing)) => Some((network.place, missing.clone())),
            _ => None,
        });
        match (doubt, bridges().next()) {
            (Some((place, missing)), _) => {
                before.push(Gate::Unknown(Step::at(place, "the network may let published ports in"), missing));
            }
            (None, Some(network)) => {
                let wall = format!("{} is internal: nothing is published into it", network.name);
                return vec![way(vec![Gate::Wall(Step::at(network.place, wall))])];
            }
            // A neighbour of its host publishes nothing.
            (None, None) => {
                let place = networks.first().map_or(Place::NONE, |network| network.place);
                let wall = format!("{name} is on a network past its host, which does not lead there");
                return vec![way(vec![Gate::Wall(Step::at(place, wall))])];
            }
        }
    }
    if let Some(step) = &engine.filtered {
        before.push(Gate::Unknown(step.clone(), Missing::new("what the chain DOCKER-USER lets through")));
    }
    let binding = bridges().find_map(|network| network.binding.clone());
    let mut out = Vec::new();
    let list = field(&container.settings, "ports");
    for port in list.map(Value::items).unwrap_or_default() {
        let gates = published(port, binding.as_ref());
        if !gates.is_empty() {
            out.push(way(before.iter().cloned().chain(gates).collect()));
        }
    }
    if let Some(missing) = list.and_then(tail) {
        let step = Step::at(list.map_or(Place::NONE, |list| list.place), "it may publish ports");
        out.push(way(vec![Gate::Unknown(step, missing)]));
    }
    if let Some(all) = field(&container.settings, "publish_all").filter(|all| all.as_bool() != Some(false)) {
        let step = Step::at(all.place, format!("every exposed port of {name} is published at a port that the engine picks"));
        let missing = Missing::of(all).unwrap_or_else(|| Missing::new(format!("which ports the image of {name} exposes")));
        out.push(way(before.iter().cloned().chain([Gate::Unknown(step, missing)]).collect()));
    }
    if out.is_empty() {
        let open = container.settings.as_map().and_then(|map| map.tail.as_ref()).filter(|_| list.is_none());
        out.push(way(vec![match open {
            Some(tail) => Gate::Unknown(
                Step::at(container.item.header, format!("{name} may publish ports")),
                Missing::new(tail.source.clone()),
            ),
            None => Gate::Wall(Step::at(container.item.header, format!("{name} publishes no port"))),
        }]));
    }
    out
}

/// What of a list is not known.
fn tail(list: &Value) -> Option<Missing> {
    match list.as_list() {
        Some(known) => known.tail.as_ref().map(|tail| Missing::new(tail.source.clone())),
        None => Missing::of(list),
    }
}

/// The gates of one port; none for one that cannot be read.
fn published(port: &Value, binding: Option<&CompactString>) -> Vec<Gate> {
    let mut gates = Vec::new();
    let protocol = match field(port, "protocol").and_then(Value::as_str).unwrap_or("tcp") {
        "udp" => Protocol::Udp,
        "sctp" => Protocol::Sctp,
        _ => Protocol::Tcp,
    };
    let address = match field(port, "host_ip") {
        None => binding.map(ToString::to_string),
        Some(value) => match value.as_str() {
            Some("") => binding.map(ToString::to_string),
            Some(text) => Some(text.to_owned()),
            None => {
                let missing = Missing::of(value).unwrap_or_else(|| Missing::new("the address of the port"));
                gates.push(Gate::Unknown(Step::at(port.place, "the port is published at an address that is not known"), missing));
                None
            }
        },
    };
    if let Some(address) = address.filter(|address| is_of_host_alone(address)) {
        return vec![Gate::Wall(Step::at(
            port.place,
            format!("the port is published at {address}, which only its host reaches"),
        ))];
    }
    let doubt = |value: &Value| {
        let missing = Missing::of(value).unwrap_or_else(|| Missing::new("the published port"));
        Gate::Unknown(Step::at(port.place, "a port is published that is not known"), missing)
    };
    let target = field(port, "target").and_then(range);
    if let (None, Some(value)) = (target, field(port, "target")) {
        gates.push(doubt(value));
        return gates;
    }
    let Some(target) = target else { return Vec::new() };
    let alone = Gate::Only(
        Ports::range(protocol, target.0, target.1),
        Step::at(port.place, format!("it leads to port {} alone", target.0)),
    );
    let (ports, message) = match field(port, "published") {
        None => (PICKED, "the port is published at a port that the engine picks".to_owned()),
        Some(value) => match range(value) {
            Some((first, last)) if first == last => {
                ((first, last), format!("port {first} of the host is published for port {} of it", target.0))
            }
            Some((first, last)) => ((first, last), format!("ports {first}-{last} of the host are published for it")),
            None if text(value).is_some_and(|text| matches!(text.as_str(), "" | "0")) => {
                (PICKED, "the port is published at a port that the engine picks".to_owned())
            }
            None => {
                gates.extend([doubt(value), alone]);
                return gates;
            }
        },
    };
    gates.push(Gate::Map { protocol, ports, to: Some(target.0), step: Step::at(port.place, message) });
    // The engine picks one of several.
    if u32::from(ports.1 - ports.0) > u32::from(target.1 - target.0) {
        gates.push(alone);
    }
    gates
}

/// A port, or a range of them.
fn range(value: &Value) -> Option<(u16, u16)> {
    let one = |number: i128| u16::try_from(number).ok().filter(|port| *port > 0);
    if let Some(port) = number(value) {
        return one(port).map(|port| (port, port));
    }
    let (first, last) = value.as_str()?.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (0 < first && first <= last).then_some((first, last))
}
