//! Sets of ports as values of rules.

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Place, Value};

use super::views::object;

/// Maps with `from`, `to` and `protocol`, as `firewall.ingress` has them.
pub(super) fn intervals(ports: &Ports, at: Place) -> Vec<Value> {
    let each = [("tcp", Protocol::Tcp), ("udp", Protocol::Udp), ("sctp", Protocol::Sctp)];
    let told = each.iter().flat_map(|(name, protocol)| {
        ports.intervals(*protocol).iter().map(move |&(first, last)| {
            object(at, [("from", Value::int(first, at)), ("to", Value::int(last, at)), ("protocol", Value::string(*name, at))])
        })
    });
    told.collect()
}

/// Nothing stands before any TCP port.
pub(super) fn every_port(ports: &Ports) -> bool {
    ports.intervals(Protocol::Tcp) == [(1, 65_535)]
}
