//! Vagrantfiles: the machine that one describes, with VirtualBox unless it says otherwise.
//!
//! Closed-world rules, from Vagrant's pages on networking (<https://developer.hashicorp.com/vagrant/docs/networking/forwarded_ports>,
//! …/public_network, …/private_network):
//! - The first adapter is behind NAT: nothing comes in but by forwarded ports. A forwarded port without `host_ip` is bound to every
//!   address of the host, with `host_ip: "127.0.0.1"` to the host alone. Vagrant's own forward for SSH is bound to 127.0.0.1.
//! - `public_network`: bridged, a neighbour on the local network of the host.
//! - `private_network`: the host and the machines on the same network.
//!   Machines of one file are on the same one by their addresses (of a /24 unless `netmask` says otherwise), by DHCP, or by the name of an
//!   internal network, on which the host is not.
//! - `config.vm.define` makes a machine of its own ("Multi-Machine"); what is written outside of their blocks is for all of them. Where there
//!   are several, Vagrant corrects colliding ports for SSH by itself, to one from 2200 to 2250. Machines of a loop are one node.
//! - What a Vagrantfile says by Ruby beyond literal calls is not read.

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Place, Value};

use super::docker::{self, local};
use crate::address::Range;
use crate::builder::{Builder, Facts, Scope};
use crate::ladder::Rung;
use crate::model::{Evidence, Gate, Kind, Node, NodeId, World};
use crate::platforms::entries::{flag, number, says};
use crate::resources::{Resources, field};
use crate::said::{Missing, Step};

/// The ports that Vagrant picks from ("Forwarded Ports", `usable_port_range`).
const PICKED: (u16, u16) = (2200, 2250);

/// Adds what they run.
pub(super) fn build(facts: &Facts<'_>, builder: &mut Builder) {
    for file in &facts.vagrant {
        builder.leave();
        let Some(first) = file.items.first() else { continue };
        let host = local::host("Vagrant host", "vagrant", first.header, builder);
        let all: Vec<&Item> = file.items.iter().filter(|item| Resources::is_of(item, "vagrant.machine")).collect();
        if all.is_empty() {
            machine(file, None, host, builder);
        }
        for (number, own) in all.iter().enumerate() {
            machine(file, Some(&Defined { own, all: &all, number }), host, builder);
        }
    }
}

/// A machine among those of its file.
struct Defined<'a> {
    own: &'a Item,
    all: &'a [&'a Item],
    number: usize,
}

impl Defined<'_> {
    /// What is written in the block of a machine is of that machine, the rest of all.
    fn has(&self, item: &Item) -> bool {
        let within = |machine: &Item| machine.range.start <= item.header.span.start && item.header.span.end <= machine.range.end;
        within(self.own) || !self.all.iter().any(|machine| within(machine))
    }
}

fn machine(file: &Scope<'_>, defined: Option<&Defined<'_>>, host: NodeId, builder: &mut Builder) {
    let Some(first) = defined.map(|defined| defined.own).or_else(|| file.items.first()) else { return };
    let name = match defined {
        Some(defined) => format!("{}/{}", file.path, defined.own.name),
        None => file.path.to_owned(),
    };
    let step = Step::at(first.header, "a virtual machine has a kernel of its own");
    let node = Node {
        evidence: vec![Evidence { rung: Rung::OwnKernel, step }],
        inside: vec![host],
        ..Node::new(name.as_str(), Kind::Machine, "vagrant")
    };
    let range = defined.map_or(first.header, |defined| Place::new(first.header.file, defined.own.range));
    let id = builder.node(Node { place: first.header, range, ..node });
    builder.passes_on(
        host,
        id,
        vec![Gate::Wall(Step::at(first.header, format!("{name} is behind NAT, and nothing else is forwarded")))],
    );
    if defined.is_some_and(|defined| defined.number > 0) {
        let step = Step::at(first.header, "Vagrant forwards a port for SSH that it picks, to which only the host comes");
        let picked = Gate::Only(Ports::range(Protocol::Tcp, PICKED.0, PICKED.1), step.clone());
        builder.begins(host, id, vec![picked, Gate::Leads { protocol: Protocol::Tcp, port: 22, step }]);
    } else {
        let step = Step::at(first.header, "Vagrant forwards port 2222 for SSH, to which only the host comes");
        builder.begins(host, id, vec![Gate::Map { protocol: Protocol::Tcp, ports: (2222, 2222), to: Some(22), step }]);
    }
    builder.begins(
        id,
        World::LAN,
        vec![Gate::Open(Step::at(first.header, format!("{name} sends with the address of its host")))],
    );
    let is_own = |item: &&Item| defined.is_none_or(|defined| defined.has(item));
    for network in file.items.iter().filter(|item| Resources::is_of(item, "vagrant.network")).filter(is_own) {
        join(network, id, host, (&name, file.path), builder);
    }
    let of_file = |item: &&Item| item.owner.as_ref().is_some_and(|owner| owner.name == "Vagrantfile");
    let owned: Vec<&Item> = file.items.iter().filter(of_file).filter(is_own).collect();
    docker::run(id, &owned, builder);
}

/// The machines of a file on one private network reach each other: by the name of an internal network, or the block of their addresses.
fn among(network: &Item, id: NodeId, (name, file): (&str, &str), builder: &mut Builder) {
    let value = &network.value;
    let internal = field(value, "virtualbox__intnet").map(|value| value.as_str().unwrap_or("intnet"));
    let mask = says(value, "netmask").and_then(|mask| mask.parse::<std::net::Ipv4Addr>().ok());
    let length = mask.map_or(24, |mask| u32::from(mask).leading_ones());
    let block = says(value, "ip").and_then(|ip| Range::parse(&format!("{ip}/{length}")));
    let key = match (internal, block) {
        (Some(internal), _) => format!("internal network {internal} of {file}"),
        (None, Some(block)) => format!("private network {:x} of {file}", block.first),
        (None, None) if says(value, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("dhcp")) => {
            format!("private network of {file}")
        }
        _ => return,
    };
    let step = |told: &str| Step::at(network.header, format!("{name} {told} a network of its own"));
    let there = builder.find(&key).unwrap_or_else(|| {
        let place = network.header;
        builder.node(Node { place, range: place, ..Node::new(key, Kind::Network, "vagrant") })
    });
    builder.begins(id, there, vec![Gate::Open(step("is with others on"))]);
    builder.passes_on(there, id, vec![Gate::Open(step("is on"))]);
}

fn join(network: &Item, id: NodeId, host: NodeId, (name, file): (&str, &str), builder: &mut Builder) {
    let value = &network.value;
    let at = |message: String| Step::at(network.header, message);
    match says(value, "kind") {
        Some("forwarded_port") => {
            let Some((own, gates)) = forwarded(network) else { return };
            if own {
                let step = at("the port is forwarded from an address that only the host reaches".to_owned());
                builder.passes_on(host, id, vec![Gate::Wall(step)]);
                builder.begins(host, id, gates);
            } else {
                builder.passes_on(host, id, gates);
            }
        }
        Some("public_network") => {
            local::neighbour(id, &[Gate::Open(at(format!("{name} is bridged to the network of its host")))], builder)
        }
        Some("private_network") => {
            among(network, id, (name, file), builder);
            // An internal network is not for the host.
            if field(value, "virtualbox__intnet").is_some() {
                return;
            }
            builder.begins(host, id, vec![Gate::Open(at(format!("{name} and its host are on a network of their own")))]);
            builder.begins(id, host, vec![Gate::Open(at(format!("{name} and its host are on a network of their own")))]);
            let address = says(value, "ip").and_then(Range::parse);
            if let (Some(address), Some(node)) = (address, builder.get(id)) {
                node.addresses.push(address);
            }
        }
        _ => {}
    }
}

/// The gates of a forwarded port, and whether it is for the host alone; none for one that is switched off.
fn forwarded(network: &Item) -> Option<(bool, Vec<Gate>)> {
    let value = &network.value;
    let place = network.header;
    let mut gates = Vec::new();
    match flag(value, "disabled", false) {
        Ok(true) => return None,
        Ok(false) => {}
        Err(missing) => gates.push(Gate::Unknown(Step::at(place, "the port may be forwarded"), missing)),
    }
    let address = field(value, "host_ip");
    if let Some(address) = address.filter(|address| address.as_str().is_none()) {
        gates.push(doubt(address, network));
    }
    let own = address.and_then(Value::as_str).is_some_and(docker::is_of_host_alone);
    let protocol = if says(value, "protocol") == Some("udp") { Protocol::Udp } else { Protocol::Tcp };
    let port = |key: &str| field(value, key).and_then(number).and_then(|port| u16::try_from(port).ok());
    match (port("host"), port("guest")) {
        (Some(from), Some(to)) => {
            let step = Step::at(place, format!("port {from} of the host is forwarded to port {to}"));
            gates.push(Gate::Map { protocol, ports: (from, from), to: Some(to), step });
        }
        _ => {
            let open = ["host", "guest"].iter().find_map(|key| field(value, key).filter(|value| number(value).is_none()));
            gates.push(open.map_or_else(
                || Gate::Unknown(Step::at(place, "a port is forwarded"), Missing::new("which port is forwarded")),
                |open| doubt(open, network),
            ));
        }
    }
    Some((own, gates))
}

fn doubt(value: &Value, network: &Item) -> Gate {
    let missing = Missing::of(value).unwrap_or_else(|| Missing::new("the forwarded port"));
    Gate::Unknown(Step::at(network.header, "a port is forwarded that is not known"), missing)
}
