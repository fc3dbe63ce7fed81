//! libvirt, of both schemas of its Terraform provider: 0.8 and before (`network_interface`, `mode`), and 0.9 (`devices`, `forward`).
//!
//! Closed-world rules, from libvirt (<https://libvirt.org/formatnetwork.html>, <https://libvirt.org/formatdomain.html#network-interfaces>,
//! <https://wiki.libvirt.org/VirtualNetworking.html>) and the provider's pages:
//! - A network without a mode is `nat` in schema 0.8; one without `forward` is isolated in schema 0.9. `default` is the NAT network that
//!   libvirt brings along.
//! - `nat`: nothing comes in from beyond the host; what machines send leaves with the host's address. Port forwards are made by hooks on
//!   the host, which are no part of the code; XSLT may change everything, so that what it touches is not known.
//! - `route`, `open`: the local network comes in where it has a route to the network's addresses.
//! - `none`: the machines and their host reach each other, nobody else.
//! - A bridge of the host, and `macvtap`, `vepa`, `passthrough`: a neighbour on the host's local network.
//! - A console (VNC, SPICE) listens on its host, where `graphics` gives it an address of the network; libvirt picks a port from 5900 on.
//! - Machines of one network reach each other, and their host reaches them (not so with macvtap).

use compact_str::CompactString;
use plimsoll_connectivity::Protocol;
use plimsoll_syntax::{Item, Place, Value};

use super::docker::{is_of_host_alone, local};
use super::docker_provider::provider_name;
use crate::address::Range;
use crate::builder::Builder;
use crate::model::{Gate, Kind, Listener, NodeId, World};
use crate::platforms::entries::says;
use crate::resources::{Resources, blocks, field, values_at};
use crate::said::{Missing, Step};

/// Adds what it runs.
pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for network in resources.of_type("libvirt_network") {
        let host = host(resources, network, builder);
        let mut node = Builder::describe(network, Kind::Network);
        let written = values_at(&network.value, &["addresses"]);
        let texts = written.iter().flat_map(|value| value.items()).filter_map(Value::as_str);
        node.addresses = texts.filter_map(Range::parse).collect();
        node.inside.push(host);
        builder.node(node);
    }
    for domain in resources.of_type("libvirt_domain") {
        one(resources, domain, builder);
    }
}

/// The host of a resource, by its provider.
fn host(resources: &Resources<'_>, item: &Item, builder: &mut Builder) -> NodeId {
    let provider = item.value.get("provider").and_then(provider_name).unwrap_or_else(|| "provider.libvirt".into());
    let provider = resources.at(&provider).into_iter().next();
    let uri = provider.and_then(|provider| field(&provider.value, "uri"));
    // `qemu+ssh://root@host/system`
    let address = uri.and_then(Value::as_str).and_then(|uri| uri.split_once("://")?.1.split('/').next());
    let name: CompactString = match address.filter(|address| !address.is_empty()) {
        Some(address) => format!("libvirt host at {}", address.rsplit('@').next().unwrap_or(address)).into(),
        None => "libvirt host".into(),
    };
    local::host(&name, "libvirt", provider.map_or(item.header, |provider| provider.header), builder)
}

/// What a network does with what comes from beyond its host.
enum Mode {
    Nat,
    Route,
    Isolated,
    /// On the local network of the host.
    Neighbour,
    Unknown(Missing),
}

/// Words of `mode`.
fn mode(word: &str) -> Mode {
    match word {
        "nat" | "" => Mode::Nat,
        "route" | "open" => Mode::Route,
        "none" => Mode::Isolated,
        "bridge" | "macvtap" | "private" | "vepa" | "passthrough" | "hostdev" => Mode::Neighbour,
        other => Mode::Unknown(Missing::new(format!("what the mode {other} does"))),
    }
}

/// A machine's way onto a network.
struct Link<'a> {
    mode: Mode,
    /// What says so.
    place: Place,
    /// As people call the network.
    name: CompactString,
    network: Option<&'a Item>,
    /// Its host reaches it, too.
    host_reaches: bool,
}

impl<'a> Link<'a> {
    fn to(mode: Mode, place: Place, name: impl Into<CompactString>) -> Self {
        Self { mode, place, name: name.into(), network: None, host_reaches: true }
    }

    /// Of a network resource.
    fn of(network: &'a Item) -> Self {
        let value = &network.value;
        let newer = value.get("forward").is_some()
            || value.get("ips").is_some()
            || field(value, "bridge").is_some_and(|bridge| bridge.as_map().is_some());
        let written = match newer {
            true => blocks(value, "forward").first().and_then(|forward| field(forward, "mode")),
            false => field(value, "mode"),
        };
        let forwards = newer && !blocks(value, "forward").is_empty();
        let (mode, place) = match (written, newer) {
            (Some(word), _) => match word.as_str() {
                Some(text) => (mode(text), word.place),
                None => (Mode::Unknown(Missing::of(word).unwrap_or_else(|| Missing::new("its mode"))), word.place),
            },
            // `forward` without a mode is NAT.
            (None, true) if !forwards => (Mode::Isolated, network.header),
            (None, _) => (Mode::Nat, network.header),
        };
        let mode = if blocks(value, "xml").is_empty() {
            mode
        } else {
            Mode::Unknown(Missing::new(format!("the XSLT of {}", network.name)))
        };
        Self { network: Some(network), ..Self::to(mode, place, network.name.clone()) }
    }

    /// Of a network by its name or id.
    fn named(resources: &Resources<'a>, value: &Value) -> Self {
        let referred = resources.referred(value);
        let known = referred.items.into_iter().find(|item| Resources::is_of(item, "libvirt_network"));
        let by_name = || {
            let name = value.as_str()?;
            resources.of_type("libvirt_network").find(|network| says(&network.value, "name") == Some(name))
        };
        match (known.or_else(by_name), value.as_str()) {
            (Some(network), _) => Self::of(network),
            (None, Some("default")) => Self::to(Mode::Nat, value.place, "the default network"),
            (None, _) => {
                let missing = referred.missing.or_else(|| Missing::of(value)).unwrap_or_else(|| Missing::new("its network"));
                let what = format!("the mode of the network {}", missing.what);
                Self::to(Mode::Unknown(Missing::new(what)), value.place, missing.what)
            }
        }
    }

    /// Of a bridge by its name.
    fn bridge(resources: &Resources<'a>, value: &Value) -> Self {
        let network = resources.referred(value).items.into_iter().find(|item| Resources::is_of(item, "libvirt_network"));
        match (network, value.as_str()) {
            (Some(network), _) => Self::of(network),
            // The bridges that libvirt makes for its own networks.
            (None, Some(name)) if name.starts_with("virbr") => {
                let made = resources.of_type("libvirt_network").find(|network| says(&network.value, "bridge") == Some(name));
                let unknown = || match name {
                    "virbr0" => Self::to(Mode::Nat, value.place, "the default network"),
                    _ => Self::to(Mode::Unknown(Missing::new(format!("the mode of the network of {name}"))), value.place, name),
                };
                made.map_or_else(unknown, Self::of)
            }
            (None, name) => Self::to(
                Mode::Neighbour,
                value.place,
                name.map_or_else(|| "a bridge".to_owned(), |name| format!("the bridge {name}")),
            ),
        }
    }
}

fn one(resources: &Resources<'_>, domain: &Item, builder: &mut Builder) {
    let host = host(resources, domain, builder);
    let id = local::machine(domain, builder);
    let mut links = older(resources, &domain.value);
    links.extend(newer(resources, &domain.value));
    if !blocks(&domain.value, "xml").is_empty() {
        let place = blocks(&domain.value, "xml").first().map_or(domain.header, |xml| xml.place);
        links.push(Link::to(Mode::Unknown(Missing::new(format!("the XSLT of {}", domain.name))), place, "a network"));
    }
    let mut inside: Vec<NodeId> = links.iter().filter_map(|link| builder.find(&link.network?.name)).collect();
    inside.push(host);
    if let Some(node) = builder.get(id) {
        node.inside = inside;
    }
    if links.is_empty() {
        builder.passes_on(
            host,
            id,
            vec![Gate::Wall(Step::at(domain.header, format!("{} has no network interface", domain.name)))],
        );
    }
    for link in &links {
        join(link, id, host, &domain.name, builder);
    }
    for graphics in blocks(&domain.value, "graphics") {
        console(graphics, id, host, &domain.name, builder);
    }
}

/// The ports among which libvirt picks for consoles (`remote_display_port_min` and `…_max` of qemu.conf).
const CONSOLES: (u16, u16) = (5900, 65_535);

/// A console that its host offers on the network: without `listen_type = "address"` on none, without an address on 127.0.0.1.
fn console(graphics: &Value, id: NodeId, host: NodeId, name: &str, builder: &mut Builder) {
    let address = field(graphics, "listen_address").filter(|_| says(graphics, "listen_type") == Some("address"));
    let Some((place, text)) = address.and_then(|value| Some((value.place, value.as_str()?))) else { return };
    if is_of_host_alone(text) {
        return;
    }
    let kind = says(graphics, "type").unwrap_or("spice");
    let step = Step::at(place, format!("the console of {name} listens at {text} of its host, at a port that libvirt picks"));
    builder.passes_on(host, id, vec![Gate::Map { protocol: Protocol::Tcp, ports: CONSOLES, to: None, step: step.clone() }]);
    if let Some(node) = builder.get(id) {
        node.listeners.push(Listener { protocol: Protocol::Tcp, port: CONSOLES.0, service: kind.into(), step, proof: None });
    }
}

/// `network_interface` of schema 0.8.
fn older<'a>(resources: &Resources<'a>, value: &Value) -> Vec<Link<'a>> {
    let mut links = Vec::new();
    for interface in blocks(value, "network_interface") {
        let said = |key: &str| field(interface, key).filter(|value| value.as_str() != Some(""));
        let direct = ["macvtap", "vepa", "passthrough"].iter().find_map(|key| Some((*key, said(key)?)));
        links.push(match (said("network_id").or_else(|| said("network_name")), said("bridge"), direct) {
            (Some(network), ..) => Link::named(resources, network),
            (None, Some(bridge), _) => Link::bridge(resources, bridge),
            (None, None, Some((kind, device))) => Link { host_reaches: false, ..Link::to(Mode::Neighbour, device.place, kind) },
            // QEMU's own NAT.
            (None, None, None) => Link { host_reaches: false, ..Link::to(Mode::Nat, interface.place, "QEMU") },
        });
    }
    links
}

/// `devices.interfaces` of schema 0.9.
fn newer<'a>(resources: &Resources<'a>, value: &Value) -> Vec<Link<'a>> {
    let mut links = Vec::new();
    for interface in blocks(value, "devices").iter().flat_map(|devices| blocks(devices, "interfaces")) {
        let forwards = ["port_forward", "port_forwards"].iter().find_map(|key| field(interface, key));
        if let Some(forwards) = forwards {
            let missing = Missing::new("which ports of the host are forwarded");
            links.push(Link { host_reaches: false, ..Link::to(Mode::Unknown(missing), forwards.place, "user") });
            continue;
        }
        let Some(source) = field(interface, "source") else {
            links.push(Link { host_reaches: false, ..Link::to(Mode::Nat, interface.place, "QEMU") });
            continue;
        };
        // `network = "x"`, and `network = { network = "x" }`.
        let inner = |key: &str| field(source, key).map(|value| field(value, key).unwrap_or(value));
        let direct = field(source, "direct").or_else(|| field(source, "dev")).or_else(|| field(source, "hostdev"));
        links.push(match (inner("network"), inner("bridge"), direct) {
            (Some(network), ..) => Link::named(resources, network),
            (None, Some(bridge), _) => Link::bridge(resources, bridge),
            (None, None, Some(direct)) => Link { host_reaches: false, ..Link::to(Mode::Neighbour, direct.place, "macvtap") },
            (None, None, None) => match Missing::of(source) {
                Some(missing) => Link::to(Mode::Unknown(missing), source.place, "a network"),
                None => Link { host_reaches: false, ..Link::to(Mode::Nat, source.place, "QEMU") },
            },
        });
    }
    links
}

/// The ways of a machine on a network.
fn join(link: &Link<'_>, id: NodeId, host: NodeId, name: &str, builder: &mut Builder) {
    let network = &link.name;
    if let Some(between) = link.network.and_then(|item| builder.find(&item.name)) {
        let step = Step::at(link.place, format!("{name} is in {network}"));
        builder.begins(id, between, vec![Gate::Open(step.clone())]);
        builder.passes_on(between, id, vec![Gate::Open(step)]);
    }
    if link.host_reaches && !matches!(link.mode, Mode::Neighbour | Mode::Unknown(_)) {
        let step = Step::at(link.place, format!("the host is on {network}"));
        builder.begins(host, id, vec![Gate::Open(step.clone())]);
        builder.begins(id, host, vec![Gate::Open(step)]);
    }
    let at = |message: String| Step::at(link.place, message);
    match &link.mode {
        Mode::Nat => {
            builder.passes_on(host, id, vec![Gate::Wall(at(format!("{network} is in NAT mode, which lets nothing in")))]);
            builder.begins(id, World::LAN, vec![Gate::Open(at(format!("{name} sends with the address of its host")))]);
        }
        Mode::Route => {
            let addresses = link.network.and_then(|item| builder.find(&item.name)).and_then(|id| builder.world.node(id));
            let known = addresses.is_some_and(|node| !node.addresses.is_empty());
            let what = if known { network.to_string() } else { format!("the addresses of {network}") };
            let missing = Missing::new(format!("whether the local network has a route to {what}"));
            builder.passes_on(host, id, vec![Gate::Unknown(at(format!("{network} is routed by its host")), missing.clone())]);
            builder.begins(id, World::LAN, vec![Gate::Unknown(at(format!("{network} is routed by its host")), missing)]);
        }
        Mode::Isolated => {
            builder.passes_on(host, id, vec![Gate::Wall(at(format!("{network} is isolated: its host forwards nothing")))]);
        }
        Mode::Neighbour => {
            local::neighbour(id, &[Gate::Open(at(format!("{network} puts {name} on the local network of its host")))], builder)
        }
        Mode::Unknown(missing) => {
            local::neighbour(
                id,
                &[Gate::Unknown(at(format!("{network} may put {name} on the local network of its host")), missing.clone())],
                builder,
            );
        }
    }
}
