//! Hosts that no code sets up, and what is with them on their local network.

use plimsoll_syntax::{Item, Place};

use crate::builder::{Builder, Stand};
use crate::ladder::Rung;
use crate::model::{Evidence, Gate, Kind, Node, NodeId, World};
use crate::said::{Missing, Step};

/// A host by its name; made where it is not there yet. See [`Builder::host`]; it reaches its neighbours, too.
pub(crate) fn host(name: &str, platform: &'static str, place: Place, builder: &mut Builder) -> NodeId {
    builder.outside(name, |builder| {
        let id = builder.host(Node { place, range: place, ..Node::new(name, Kind::Host, platform) });
        let step = Step::at(place, format!("{name} is on its local network"));
        among_neighbours(id, &step, &[], builder);
        id
    })
}

/// Adds a virtual machine for an item.
pub(crate) fn machine(item: &Item, builder: &mut Builder) -> NodeId {
    let step = Step::at(item.header, "a virtual machine has a kernel of its own");
    let id = builder.node_of(item, Kind::Machine);
    if let Some(node) = builder.get(id) {
        node.evidence.push(Evidence { rung: Rung::OwnKernel, step });
    }
    id
}

/// The ways to and from something that is on the local network of hosts, as [`Builder::host`] has them for a host; what comes in must
/// pass these gates, too.
pub(crate) fn neighbour(id: NodeId, gates: &[Gate], builder: &mut Builder) {
    let Some((name, place)) = builder.world.node(id).map(|node| (node.name.clone(), node.place)) else { return };
    let gate = match builder.assume.hosts {
        Some(Stand::Public) => {
            Gate::Open(Step::at(Place::NONE, format!("plimsoll.toml states that {name} has a public address")))
        }
        Some(Stand::BehindNat) => Gate::Wall(Step::at(Place::NONE, format!("plimsoll.toml states that {name} is behind NAT"))),
        None => {
            let missing = Missing::new(format!("whether {name} has a public address (state it as assume.hosts)"));
            Gate::Unknown(Step::at(place, format!("{name} may have a public address")), missing)
        }
    };
    builder.begins(World::INTERNET, id, std::iter::once(gate).chain(gates.iter().cloned()).collect());
    among_neighbours(id, &Step::at(place, format!("{name} is on its local network")), gates, builder);
}

/// The ways between something and its neighbours. Nothing but what they begin comes to the local network.
fn among_neighbours(id: NodeId, step: &Step, gates: &[Gate], builder: &mut Builder) {
    let local = Gate::Open(step.clone());
    builder.passes_on(World::LAN, id, std::iter::once(local.clone()).chain(gates.iter().cloned()).collect());
    builder.begins(id, World::LAN, vec![local]);
}

/// A wall before everybody who is not with it on a network of its own.
pub(crate) fn closed(id: NodeId, wall: &Gate, builder: &mut Builder) {
    builder.passes_on(World::LAN, id, vec![wall.clone()]);
    builder.begins(World::INTERNET, id, vec![wall.clone()]);
}
