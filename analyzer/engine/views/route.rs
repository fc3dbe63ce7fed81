//! `route`: where networks of AWS, Azure and Google send what is for an address, in one shape.
//!
//! Fields: `destinations` (blocks of addresses), `target` (the attributes that say where to, as written), `owner` (`address`, `type`).

use plimsoll_syntax::value::{Entry, List, Map};
use plimsoll_syntax::{Item, Kind, Place, Value, views};
use std::sync::Arc;

use super::{blocks, kind_of, owner};

/// How many routes of one table are looked at.
const LIMIT: usize = 2000;

/// One way of writing routes.
struct Dialect {
    types: &'static [&'static str],
    /// The block that holds a route; empty: the resource is one.
    block: &'static str,
    destinations: &'static [&'static str],
    targets: &'static [&'static str],
}

const AWS_TARGETS: &[&str] = &[
    "carrier_gateway_id",
    "core_network_arn",
    "egress_only_gateway_id",
    "gateway_id",
    "local_gateway_id",
    "nat_gateway_id",
    "network_interface_id",
    "transit_gateway_id",
    "vpc_endpoint_id",
    "vpc_peering_connection_id",
];
const AZURE_TARGETS: &[&str] = &["next_hop_in_ip_address", "next_hop_type"];
const GOOGLE_TARGETS: &[&str] =
    &["next_hop_gateway", "next_hop_ilb", "next_hop_instance", "next_hop_ip", "next_hop_network", "next_hop_vpn_tunnel"];

const DIALECTS: &[Dialect] = &[
    Dialect {
        types: &["aws_route"],
        block: "",
        destinations: &["destination_cidr_block", "destination_ipv6_cidr_block"],
        targets: AWS_TARGETS,
    },
    Dialect {
        types: &["aws_route_table", "aws_default_route_table"],
        block: "route",
        destinations: &["cidr_block", "ipv6_cidr_block"],
        targets: AWS_TARGETS,
    },
    Dialect { types: &["azurerm_route"], block: "", destinations: &["address_prefix"], targets: AZURE_TARGETS },
    Dialect { types: &["azurerm_route_table"], block: "route", destinations: &["address_prefix"], targets: AZURE_TARGETS },
    Dialect { types: &["google_compute_route"], block: "", destinations: &["dest_range"], targets: GOOGLE_TARGETS },
];

/// The routes of all tables among these resources, in their order.
#[must_use]
pub(crate) fn items(terraform: &[Item]) -> Vec<Item> {
    let mut out = Vec::new();
    for item in terraform {
        let Some(dialect) = DIALECTS.iter().find(|dialect| dialect.types.contains(&kind_of(item))) else { continue };
        if dialect.block.is_empty() {
            out.push(route(item, dialect, &item.value, true));
        } else {
            let written = item.value.get(dialect.block).map(blocks).unwrap_or_default();
            let known = written.iter().filter(|block| block.as_map().is_some()).take(LIMIT);
            out.extend(known.map(|block| route(item, dialect, block, false)));
        }
    }
    out
}

fn route(item: &Item, dialect: &Dialect, written: &Value, alone: bool) -> Item {
    // An attribute that a table of objects has to name and leaves empty says nothing.
    let said = |key: &str| {
        let entry = written.as_map()?.get(key)?;
        (!entry.value.is_null() && entry.value.as_str() != Some("")).then(|| Entry { key_place: Place::NONE, ..entry.clone() })
    };
    let block = written.as_map().map(|map| map.range).filter(|range| !range.is_empty());
    let (header, range) = if alone { (item.header, item.range) } else { (written.place, block.unwrap_or(written.place.span)) };
    let mut fields = Map { range, ..Map::default() };
    let found: Vec<Entry> = dialect.destinations.iter().filter_map(|key| said(key)).collect();
    let place = found.first().map_or(header, |entry| entry.place);
    let list = List { items: found.into_iter().map(|entry| entry.value).collect(), ..List::default() };
    fields.entries.push(Entry {
        key: "destinations".into(),
        key_place: Place::NONE,
        place,
        value: Value::new(Kind::List(Arc::new(list)), place),
    });
    let target = Map { entries: dialect.targets.iter().filter_map(|key| said(key)).collect(), range, ..Map::default() };
    let place = target.entries.first().map_or(header, |entry| entry.place);
    fields.set("target", Value::map(target, place));
    fields.set("owner", owner(item, kind_of(item)));
    Item {
        views: views!["route".into()],
        name: item.name.clone(),
        header,
        range,
        value: Value::map(fields, header),
        owner: None,
        index: item.index,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_syntax::Span;

    use super::*;
    use crate::domains::address;
    use crate::domains::samples::{list, map, text};
    use crate::truth::Truth;

    #[test]
    fn tables_and_single_routes() {
        let resource = |kind: &str, fields: Vec<(&str, Value)>| Item {
            views: views![kind.into(), "resource".into()],
            name: format!("{kind}.a").into(),
            header: Place::NONE,
            range: Span::default(),
            value: map(fields),
            owner: None,
            index: 3,
        };
        let peer =
            map(vec![("cidr_block", text("0.0.0.0/0")), ("gateway_id", text("")), ("vpc_peering_connection_id", text("pcx-1"))]);
        let found = items(&[
            resource("aws_route_table", vec![("route", list(vec![peer]))]),
            resource("azurerm_route", vec![("address_prefix", text("10.0.0.0/8")), ("next_hop_type", text("Internet"))]),
            resource("aws_instance", vec![]),
        ]);
        let shown: Vec<(Truth, Vec<&str>)> = found
            .iter()
            .map(|item| {
                let target = item.value.get("target").and_then(Value::as_map).map(|map| &map.entries[..]).unwrap_or_default();
                let world = address::world(item.value.get("destinations").unwrap_or(&Value::default()));
                (world, target.iter().map(|entry| entry.key.as_str()).collect())
            })
            .collect();
        assert_eq!(shown, [(Truth::True, vec!["vpc_peering_connection_id"]), (Truth::False, vec!["next_hop_type"])]);
    }
}
