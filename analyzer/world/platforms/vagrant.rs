//! Vagrantfiles: the machine that one describes, with VirtualBox unless it says otherwise.
//!
//! Closed-world rules, from Vagrant's pages on networking (<https://developer.hashicorp.com/vagrant/docs/networking/forwarded_ports>,
//! …/public_network, …/private_network):
//! - The first adapter is behind NAT: nothing comes in but by forwarded ports. A forwarded port without `host_ip` is bound to every
//!   address of the host, with `host_ip: "127.0.0.1"` to the host alone. Vagrant's own forward for SSH is bound to 127.0.0.1.
//! - `public_network`: bridged, a neighbour on the local network of the host.
//! - `private_network`: the host and the machines on the same network.
//! - What a Vagrantfile says by Ruby beyond literal calls is not read. All machines of one file are one node.

use plimsoll_connectivity::Protocol;
use plimsoll_syntax::{Item, Value};

use super::docker::{self, local};
use crate::address::Range;
use crate::builder::{Builder, Facts};
use crate::ladder::Rung;
use crate::model::{Evidence, Gate, Kind, Node, NodeId, World};
use crate::platforms::entries::{flag, number, says};
use crate::resources::{Resources, field};
use crate::said::{Missing, Step};

/// Adds what they run.
pub(super) fn build(facts: &Facts<'_>, builder: &mut Builder) {
    for file in &facts.files {
        if file.path.rsplit('/').next().is_none_or(|name| !name.eq_ignore_ascii_case("vagrantfile")) {
            continue;
        }
        let Some(first) = file.items.first() else { continue };
        let host = local::host("Vagrant host", "vagrant", first.header, builder);
        let step = Step::at(first.header, "a virtual machine has a kernel of its own");
        let node = Node {
            evidence: vec![Evidence { rung: Rung::OwnKernel, step }],
            inside: vec![host],
            ..Node::new(file.path, Kind::Machine, "vagrant")
        };
        let id = builder.node(Node { place: first.header, range: first.header, ..node });
        let name = file.path;
        builder.passes_on(
            host,
            id,
            vec![Gate::Wall(Step::at(first.header, format!("{name} is behind NAT, and nothing else is forwarded")))],
        );
        let step = Step::at(first.header, "Vagrant forwards port 2222 for SSH, to which only the host comes");
        builder.begins(host, id, vec![Gate::Map { protocol: Protocol::Tcp, ports: (2222, 2222), to: Some(22), step }]);
        builder.begins(
            id,
            World::LAN,
            vec![Gate::Open(Step::at(first.header, format!("{name} sends with the address of its host")))],
        );
        for network in file.items.iter().filter(|item| Resources::is_of(item, "vagrant.network")) {
            join(network, id, host, name, builder);
        }
        let owned: Vec<&Item> =
            file.items.iter().filter(|item| item.owner.as_ref().is_some_and(|owner| owner.name == "Vagrantfile")).collect();
        docker::run(id, &owned, builder);
    }
}

fn join(network: &Item, id: NodeId, host: NodeId, name: &str, builder: &mut Builder) {
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
