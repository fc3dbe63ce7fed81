//! Addresses as rules ask for them.

use std::sync::Arc;

use plimsoll_syntax::Place;
use plimsoll_syntax::value::{Reason, Reference, Unknown};

use super::*;
use crate::domains::samples::{choice, list, map, open, template, text, texts, unknown};

fn group() -> Value {
    let identity = Reference { address: "aws_security_group.lb".into(), attribute: "id".into() };
    let unknown = Unknown { identity: Some(identity), ..Unknown::new(Reason::Computed, "aws_security_group.lb.id") };
    Value::new(Kind::Unknown(Arc::new(unknown)), Place::NONE)
}

#[test]
fn public_and_everywhere() {
    use Truth::{False, True, Unknown};
    let ends = |start: &str, end: &str| map(vec![("start", text(start)), ("end", text(end))]);
    // The addresses; do they touch the internet; are they all of it?
    let rows: Vec<(Value, Truth, Truth)> = vec![
        (text("0.0.0.0/0"), True, True),
        (text("::/0"), True, True),
        (text("*"), True, True),
        (text("Internet"), True, True),
        (text("Any"), True, True),
        (text("0.0.0.0"), True, True),
        (text("0.0.0.0/1"), True, False),
        (texts(&["0.0.0.0/1", "128.0.0.0/1"]), True, True),
        (text("8.8.8.8/32"), True, False),
        (text("8.8.8.8"), True, False),
        (text("10.0.0.0/8"), False, False),
        (text("10.0.0.0/7"), True, False),
        (text("10.1.2.3/8"), False, False),
        (text("10.0.0.0/255.0.0.0"), False, False),
        (text("172.16.0.0/12"), False, False),
        (text("172.32.0.0/16"), True, False),
        (text("100.64.0.0/10"), False, False),
        (text("224.0.0.0/3"), False, False),
        (text("fd00::/8"), False, False),
        (text("fe80::1%eth0"), False, False),
        (text("2a00::/16"), True, False),
        (text("2001:db8::/32"), False, False),
        (text("::1/128"), False, False),
        (text("::ffff:10.0.0.0/104"), False, False),
        (text("::ffff:0:0/96"), True, True),
        (text("1.0.0.0-223.255.255.255"), True, True),
        (text("10.0.0.1-10.0.0.9"), False, False),
        (text("sg-0123"), False, False),
        (text("pl-0123"), False, False),
        (text("VirtualNetwork"), False, False),
        (text("AzureCloud.WestEurope"), False, False),
        (text("office.example.com"), Unknown, False),
        (group(), False, False),
        (unknown(), Unknown, Unknown),
        (template("10.$.0.0/16"), False, False),
        (template("52.$.0.0/16"), True, False),
        (template("172.$.0.0/16"), Unknown, False),
        (template("$/32"), Unknown, False),
        (template("$/0"), Unknown, Unknown),
        (template("$"), Unknown, Unknown),
        (template("fd00:$::/64"), False, False),
        (texts(&["10.0.0.0/8", "0.0.0.0/0"]), True, True),
        (text("10.0.0.0/8,192.168.0.0/16"), False, False),
        (open(vec![text("10.0.0.0/8")]), Unknown, Unknown),
        (open(vec![text("0.0.0.0/0")]), True, True),
        (list(vec![unknown(), text("0.0.0.0/0")]), True, True),
        (list(Vec::new()), False, False),
        (Value::default(), False, False),
        (ends("0.0.0.0", "255.255.255.255"), True, True),
        (ends("0.0.0.0", "0.0.0.0"), False, False),
        (ends("10.0.0.0", "10.0.0.255"), False, False),
        (map(vec![("cidr_block", text("0.0.0.0/0"))]), True, True),
        (choice(vec![text("10.0.0.0/8"), text("0.0.0.0/0")]), Unknown, Unknown),
        (choice(vec![text("10.0.0.0/8"), text("192.168.0.0/16")]), False, False),
    ];
    for (addresses, public, everywhere) in rows {
        assert_eq!(internet(&addresses), public, "internet({addresses:?})");
        assert_eq!(world(&addresses), everywhere, "world({addresses:?})");
    }
}

#[test]
fn loopbacks() {
    use Truth::{False, True, Unknown};
    let rows: Vec<(Value, Truth)> = vec![
        (text("127.0.0.1"), True),
        (text("localhost"), True),
        (text("::1"), True),
        (text("[::1]"), True),
        (text("0.0.0.0"), False),
        (texts(&["127.0.0.1", "10.0.0.1"]), False),
        (texts(&["127.0.0.1", "::1"]), True),
        (unknown(), Unknown),
        (template("127.0.0.$"), True),
        (list(vec![unknown(), text("10.0.0.1")]), False),
        (Value::default(), False),
        (list(Vec::new()), False),
    ];
    for (addresses, expected) in rows {
        assert_eq!(loopback(&addresses), expected, "{addresses:?}");
    }
}
