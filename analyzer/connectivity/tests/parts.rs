//! Sets, selectors and blocks of addresses.

use std::sync::Arc;

use plimsoll_syntax::yaml::{self, Dialect};
use plimsoll_syntax::{FileId, Value};

use crate::address::{Cidr, cidr, partition};
use crate::intervals::Intervals;
use crate::ports::{Ports, Protocol};
use crate::selector::Selector;

fn set(parts: &[(u32, u32)]) -> Intervals {
    Intervals::from_parts(parts.to_vec())
}

#[test]
fn intervals_that_touch_are_one() {
    assert_eq!(set(&[(5, 6), (1, 2), (3, 4), (9, 8)]), set(&[(1, 6)]));
    assert_eq!(set(&[(1, 2), (4, 5)]).parts(), [(1, 2), (4, 5)]);
    assert_eq!(set(&[(0, u32::MAX), (7, 7)]).parts(), [(0, u32::MAX)]);
}

#[test]
fn intervals_are_cut() {
    // whole, taken away, rest, common
    type Row<'a> = (&'a [(u32, u32)], &'a [(u32, u32)], &'a [(u32, u32)], &'a [(u32, u32)]);
    let rows: &[Row<'_>] = &[
        (&[(1, 9)], &[(4, 5)], &[(1, 3), (6, 9)], &[(4, 5)]),
        (&[(1, 9)], &[(0, 1), (9, 12)], &[(2, 8)], &[(1, 1), (9, 9)]),
        (&[(1, 3), (7, 9)], &[(3, 7)], &[(1, 2), (8, 9)], &[(3, 3), (7, 7)]),
        (&[(0, u32::MAX)], &[(u32::MAX, u32::MAX)], &[(0, u32::MAX - 1)], &[(u32::MAX, u32::MAX)]),
        (&[(1, 3)], &[], &[(1, 3)], &[]),
        (&[(4, 6)], &[(1, 9)], &[], &[(4, 6)]),
    ];
    for (whole, away, rest, common) in rows {
        assert_eq!(set(whole).minus(&set(away)).parts(), *rest, "{whole:?} - {away:?}");
        assert_eq!(set(whole).intersection(&set(away)).parts(), *common, "{whole:?} & {away:?}");
    }
}

#[test]
fn ports_are_written() {
    let http = Ports::range(Protocol::Tcp, 80, 80);
    assert_eq!(Ports::all().to_string(), "All Connections");
    assert_eq!(Ports::default().to_string(), "No Connections");
    assert_eq!(Ports::all().minus(&http).to_string(), "SCTP 1-65535,TCP 1-79,81-65535,UDP 1-65535");
    let named = Ports::name(Protocol::Tcp, "dns").union(&Ports::range(Protocol::Udp, 53, 54)).union(&http);
    assert_eq!(named.to_string(), "TCP 80,dns,UDP 53-54");
    assert_eq!(named.intersection(&Ports::whole(Protocol::Tcp)).to_string(), "TCP 80,dns");
    assert_eq!(named.minus(&Ports::whole(Protocol::Tcp)).to_string(), "UDP 53-54");
    assert!(named.contains(Protocol::Udp, 54) && !named.contains(Protocol::Tcp, 54));
}

#[test]
fn blocks_of_addresses() {
    let rows = [
        ("10.0.0.0/8", Some(Cidr::V4(0x0a00_0000, 0x0aff_ffff))),
        ("10.1.2.3/8", Some(Cidr::V4(0x0a00_0000, 0x0aff_ffff))),
        ("0.0.0.0/0", Some(Cidr::V4(0, u32::MAX))),
        ("1.2.3.4/32", Some(Cidr::V4(0x0102_0304, 0x0102_0304))),
        ("fd00::/8", Some(Cidr::V6)),
        ("fd00::/129", None),
        ("10.0.0.0/33", None),
        ("10.0.0.0", None),
        ("10.0.0/8", None),
    ];
    for (text, expected) in rows {
        assert_eq!(cidr(text), expected, "{text}");
    }
    let cut: Vec<String> = partition(&[(0x0a00_0000, 0x0aff_ffff), (0, u32::MAX)]).iter().map(ToString::to_string).collect();
    assert_eq!(cut, ["0.0.0.0-9.255.255.255", "10.0.0.0-10.255.255.255", "11.0.0.0-255.255.255.255"]);
    assert_eq!(partition(&[]).len(), 1);
}

fn value(text: &str) -> Value {
    let text: Arc<str> = text.into();
    let tree = yaml::parse(&text);
    tree.documents
        .first()
        .map_or_else(Value::default, |document| yaml::to_value(&tree, document.root, FileId(0), Dialect::Kubernetes))
}

fn selector(text: &str) -> Selector {
    Selector::read(&value(text)).unwrap()
}

fn expression(operator: &str, values: &str) -> Selector {
    selector(&format!("matchExpressions: [{{key: a, operator: {operator}, values: [{values}]}}]"))
}

#[test]
fn a_selector_selects_all_that_another_does() {
    let label = selector("matchLabels: {a: x}");
    let rows = [
        (&label, expression("In", "x, y"), true),
        (&label, expression("In", "y"), false),
        (&label, expression("NotIn", "y"), true),
        (&label, expression("NotIn", "x"), false),
        (&label, expression("Exists", ""), true),
        (&label, expression("DoesNotExist", ""), false),
        (&label, Selector::default(), true),
        (&Selector::default(), label.clone(), false),
        (&expression("In", "x"), label.clone(), true),
        (&expression("In", "x, y"), label.clone(), false),
        (&expression("DoesNotExist", ""), expression("NotIn", "x"), true),
        (&expression("NotIn", "x, y"), expression("NotIn", "x"), true),
        (&expression("NotIn", "x"), expression("NotIn", "x, y"), false),
        (&expression("NotIn", "x"), expression("Exists", ""), false),
        (&selector("matchLabels: {a: x, b: y}"), label.clone(), true),
    ];
    for (narrow, wide, expected) in rows {
        assert_eq!(narrow.implies(&wide), expected, "{narrow} within {wide}");
    }
}

#[test]
fn a_selector_that_cannot_be_read_is_none() {
    for text in
        ["matchLabels: [a]", "matchExpressions: [{key: a, operator: Like}]", "matchExpressions: [{operator: Exists}]", "x"]
    {
        assert!(Selector::read(&value(text)).is_err(), "{text}");
    }
}
