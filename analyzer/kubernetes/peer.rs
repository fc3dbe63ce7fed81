//! Whom a NetworkPolicy names.

use compact_str::format_compact;
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Item, Value};

use crate::container::header;
use crate::object::Object;
use crate::values::{copy, field, set_at};

/// Adds the peers of a policy, one for each entry of `from` and `to`: what is written (`podSelector`, `namespaceSelector`, `ipBlock`),
/// `direction`, `policy` and `namespace`.
pub(crate) fn peers(object: &Object, items: &mut Vec<Item>) {
    if object.kind != "NetworkPolicy" || !crate::kinds::is_own(&object.group, &object.kind) {
        return;
    }
    let spec = field(&object.value, "spec");
    for (direction, list) in [("ingress", "from"), ("egress", "to")] {
        for (at, rule) in field(&spec, direction).items().iter().enumerate() {
            for (nth, peer) in field(rule, list).items().iter().enumerate().filter(|(_, peer)| peer.as_map().is_some()) {
                let header = header(peer);
                let mut map = Map { range: peer.place.span, ..copy(peer, 3) };
                set_at(&mut map, "direction", Value::string(direction, peer.place), header);
                set_at(&mut map, "policy", object.name.clone(), header);
                if !object.namespace.is_null() {
                    set_at(&mut map, "namespace", object.namespace.clone(), header);
                }
                let name = format_compact!("{}#{direction}.{at}.{nth}", object.label);
                items.push(object.part("network.peer", name, header, peer.place, Value::map(map, peer.place)));
            }
        }
    }
}
