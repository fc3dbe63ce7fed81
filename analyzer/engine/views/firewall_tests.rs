//! Firewalls of many providers, as rules see them.

use plimsoll_syntax::{Span, views};

use super::*;
use crate::domains::samples::{int, list, map, open, text, texts, unknown};

fn resource(kind: &str, fields: Vec<(&str, Value)>) -> Item {
    Item {
        views: views![kind.into(), "resource".into()],
        name: format!("{kind}.a").into(),
        header: Place::NONE,
        range: Span::default(),
        value: map(fields),
        owner: None,
        index: 7,
    }
}

/// `view ports sources → destinations`, with what rules make of it: `ssh`, `world`.
fn shown(kind: &str, fields: Vec<(&str, Value)>) -> Vec<String> {
    let words = |value: Option<&Value>| match value.map(|value| &value.kind) {
        Some(Kind::List(list)) => {
            let mut words: Vec<String> = list.items.iter().map(text_of).collect();
            words.extend(list.tail.iter().map(|_| "?".to_owned()));
            words.join(" ")
        }
        Some(Kind::Null) | None => String::new(),
        Some(_) => "?".to_owned(),
    };
    let mut rows = Vec::new();
    for item in items(&[resource(kind, fields)]) {
        let field = |key: &str| item.value.get(key);
        let ports = field("ports").cloned().unwrap_or_default();
        let ssh = match ports::set(&ports).touches(ports::parse("22/tcp").unwrap()) {
            Truth::True => " ssh",
            Truth::Unknown => " ssh?",
            Truth::False => "",
        };
        let view = item.views[0].trim_start_matches("firewall.").to_owned();
        rows.push(format!("{view} [{}] {} > {}{ssh}", ports::set(&ports), words(field("sources")), words(field("destinations"))));
        assert_eq!(item.index, 7);
        assert_eq!(item.value.str_at(&["owner_type"]), Some(kind));
    }
    rows
}

/// A resource type, its fields, and what is made of it.
type Row<'a> = (&'a str, Vec<(&'a str, Value)>, &'a [&'a str]);

fn text_of(value: &Value) -> String {
    crate::domains::text(value).unwrap_or_else(|| "?".to_owned())
}

#[test]
fn amazon() {
    let entry = |from: i64, to: i64, protocol: &str, blocks: &[&str]| {
        map(vec![("from_port", int(from)), ("to_port", int(to)), ("protocol", text(protocol)), ("cidr_blocks", texts(blocks))])
    };
    let group = vec![
        ("ingress", list(vec![entry(22, 22, "tcp", &["10.0.0.0/8", "0.0.0.0/0"]), entry(-1, -1, "icmp", &["0.0.0.0/0"])])),
        ("egress", list(vec![entry(0, 0, "-1", &["0.0.0.0/0"])])),
    ];
    assert_eq!(
        shown("aws_security_group", group),
        ["ingress [22] 10.0.0.0/8 0.0.0.0/0 >  ssh", "ingress [no port] 0.0.0.0/0 > ", "egress [all ports]  > 0.0.0.0/0 ssh"]
    );
    let rule = |kind: Value| {
        vec![
            ("type", kind),
            ("from_port", int(20)),
            ("to_port", unknown()),
            ("protocol", text("tcp")),
            ("ipv6_cidr_blocks", texts(&["::/0"])),
        ]
    };
    assert_eq!(shown("aws_security_group_rule", rule(text("egress"))), ["egress [20, ports that are not known]  > ::/0 ssh?"]);
    assert_eq!(shown("aws_security_group_rule", rule(unknown())), ["ingress [20, ports that are not known] ? >  ssh?"]);
    let by_group = vec![
        ("ip_protocol", text("tcp")),
        ("from_port", int(22)),
        ("to_port", int(22)),
        ("referenced_security_group_id", text("sg-1")),
    ];
    assert_eq!(shown("aws_vpc_security_group_ingress_rule", by_group), ["ingress [22]  >  ssh"]);
    let acl = |action: &str| {
        vec![
            ("rule_action", text(action)),
            ("egress", text("false")),
            ("protocol", text("6")),
            ("cidr_block", text("0.0.0.0/0")),
            ("from_port", int(22)),
            ("to_port", int(22)),
        ]
    };
    assert_eq!(shown("aws_network_acl_rule", acl("allow")), ["ingress [22] 0.0.0.0/0 >  ssh"]);
    assert!(shown("aws_network_acl_rule", acl("deny")).is_empty());
    assert!(shown("aws_instance", vec![]).is_empty());
}

#[test]
fn blocks_that_are_not_known() {
    let one = map(vec![("from_port", int(22)), ("to_port", int(22)), ("protocol", unknown()), ("cidr_blocks", unknown())]);
    let rows = shown("aws_security_group", vec![("ingress", open(vec![one, unknown()]))]);
    assert_eq!(rows, ["ingress [ports that are not known] ? >  ssh?"]);
    assert!(shown("aws_security_group", vec![("ingress", unknown())]).is_empty());
}

#[test]
fn azure() {
    let rule = |access: Value, ports: Value, protocol: &str| {
        map(vec![
            ("access", access),
            ("direction", text("Inbound")),
            ("protocol", text(protocol)),
            ("destination_port_range", ports),
            ("source_address_prefix", text("*")),
            ("destination_address_prefix", text("10.0.0.4")),
        ])
    };
    let rules = vec![
        rule(text("Allow"), text("22"), "Tcp"),
        rule(text("Deny"), text("22"), "Tcp"),
        rule(text("Allow"), text("*"), "Udp"),
        rule(text("Allow"), text("20-25"), "*"),
        rule(unknown(), text("22"), "Tcp"),
    ];
    assert_eq!(
        shown("azurerm_network_security_group", vec![("security_rule", list(rules))]),
        [
            "ingress [22] * > 10.0.0.4 ssh",
            "ingress [all ports] * > 10.0.0.4",
            "ingress [20–25] * > 10.0.0.4 ssh",
            "ingress [22] ? > 10.0.0.4 ssh",
        ]
    );
}

#[test]
fn google() {
    let firewall = |more: Vec<(&'static str, Value)>| {
        let allow = vec![
            map(vec![("protocol", text("tcp")), ("ports", texts(&["22", "8000-9000"]))]),
            map(vec![("protocol", text("icmp"))]),
        ];
        let mut fields = vec![("allow", list(allow))];
        fields.extend(more);
        shown("google_compute_firewall", fields)
    };
    assert_eq!(firewall(vec![]), ["ingress [22, 8000–9000] 0.0.0.0/0 >  ssh", "ingress [no port] 0.0.0.0/0 > "]);
    assert_eq!(firewall(vec![("source_tags", texts(&["web"]))])[0], "ingress [22, 8000–9000]  >  ssh");
    assert_eq!(firewall(vec![("source_ranges", texts(&["10.0.0.0/8"]))])[0], "ingress [22, 8000–9000] 10.0.0.0/8 >  ssh");
    assert_eq!(firewall(vec![("direction", text("EGRESS"))])[0], "egress [22, 8000–9000]  > 0.0.0.0/0 ssh");
    assert!(firewall(vec![("disabled", Value::bool(true, Place::NONE))]).is_empty());
    let all = vec![("allow", list(vec![map(vec![("protocol", text("tcp"))])])), ("source_ranges", texts(&["0.0.0.0/0"]))];
    assert_eq!(shown("google_compute_firewall", all), ["ingress [all ports] 0.0.0.0/0 >  ssh"]);
    let config = map(vec![("ip_protocol", text("tcp")), ("ports", texts(&["22"]))]);
    let matching = map(vec![("src_ip_ranges", texts(&["0.0.0.0/0"])), ("layer4_configs", list(vec![config]))]);
    let policy = vec![("action", text("allow")), ("direction", text("INGRESS")), ("match", list(vec![matching]))];
    assert_eq!(shown("google_compute_network_firewall_policy_rule", policy), ["ingress [22] 0.0.0.0/0 >  ssh"]);
}

#[test]
fn others() {
    let rows: Vec<Row<'_>> = vec![
        (
            "openstack_networking_secgroup_rule_v2",
            vec![("direction", text("ingress")), ("ethertype", text("IPv6"))],
            &["ingress [all ports] ::/0 >  ssh"],
        ),
        (
            "openstack_compute_secgroup_v2",
            vec![(
                "rule",
                list(vec![map(vec![
                    ("from_port", int(22)),
                    ("to_port", int(22)),
                    ("ip_protocol", text("tcp")),
                    ("cidr", text("0.0.0.0/0")),
                ])]),
            )],
            &["ingress [22] 0.0.0.0/0 >  ssh"],
        ),
        (
            "digitalocean_firewall",
            vec![(
                "outbound_rule",
                list(vec![map(vec![
                    ("protocol", text("tcp")),
                    ("port_range", text("all")),
                    ("destination_addresses", texts(&["::/0"])),
                ])]),
            )],
            &["egress [all ports]  > ::/0 ssh"],
        ),
        (
            "hcloud_firewall",
            vec![(
                "rule",
                list(vec![map(vec![
                    ("direction", text("in")),
                    ("protocol", text("tcp")),
                    ("port", text("any")),
                    ("source_ips", texts(&["0.0.0.0/0"])),
                ])]),
            )],
            &["ingress [all ports] 0.0.0.0/0 >  ssh"],
        ),
        (
            "linode_firewall",
            vec![(
                "inbound",
                list(vec![map(vec![
                    ("action", text("ACCEPT")),
                    ("protocol", text("TCP")),
                    ("ports", text("22,80-90")),
                    ("ipv4", texts(&["0.0.0.0/0"])),
                ])]),
            )],
            &["ingress [22, 80–90] 0.0.0.0/0 >  ssh"],
        ),
        (
            "oci_core_security_list",
            vec![(
                "ingress_security_rules",
                list(vec![
                    map(vec![("protocol", text("all")), ("source", text("10.0.0.0/8"))]),
                    map(vec![
                        ("protocol", text("6")),
                        ("source", text("0.0.0.0/0")),
                        ("tcp_options", map(vec![("min", int(22)), ("max", int(25))])),
                    ]),
                ]),
            )],
            &["ingress [all ports] 10.0.0.0/8 >  ssh", "ingress [22–25] 0.0.0.0/0 >  ssh"],
        ),
        (
            "alicloud_security_group_rule",
            vec![
                ("type", text("ingress")),
                ("ip_protocol", text("tcp")),
                ("port_range", text("1/100")),
                ("cidr_ip", text("0.0.0.0/0")),
            ],
            &["ingress [1–100] 0.0.0.0/0 >  ssh"],
        ),
        (
            "nifcloud_security_group_rule",
            vec![("type", text("IN")), ("cidr_ip", text("0.0.0.0/0"))],
            &["ingress [all ports] 0.0.0.0/0 >  ssh"],
        ),
        (
            "yandex_vpc_security_group",
            vec![("ingress", list(vec![map(vec![("port", int(22)), ("v4_cidr_blocks", texts(&["0.0.0.0/0"]))])]))],
            &["ingress [22] 0.0.0.0/0 >  ssh"],
        ),
    ];
    for (kind, fields, expected) in rows {
        assert_eq!(shown(kind, fields), expected, "{kind}");
    }
}

/// Entries of several resources, as `shown` does for one.
fn left(resources: &[Item]) -> Vec<String> {
    let ports = |item: &Item| ports::set(item.value.get("ports").unwrap_or(&Value::default())).to_string();
    items(resources).iter().map(|item| format!("{} {}", item.name, ports(item))).collect()
}

#[test]
fn denied_before() {
    let entry = |number: i64, action: &str, from: i64, to: i64, from_where: &str| {
        map(vec![
            ("rule_no", int(number)),
            ("action", text(action)),
            ("protocol", text("tcp")),
            ("from_port", int(from)),
            ("to_port", int(to)),
            ("cidr_block", text(from_where)),
        ])
    };
    let acl = |entries: Vec<Value>| left(&[resource("aws_network_acl", vec![("ingress", list(entries))])]);
    let ssh = || entry(200, "allow", 22, 22, "0.0.0.0/0");
    let rows: Vec<(Vec<Value>, &[&str])> = vec![
        (vec![ssh(), entry(100, "deny", 0, 1024, "0.0.0.0/0")], &[]),
        (vec![ssh(), entry(300, "deny", 0, 1024, "0.0.0.0/0")], &["aws_network_acl.a 22"]),
        (vec![ssh(), entry(100, "deny", 23, 1024, "0.0.0.0/0")], &["aws_network_acl.a 22"]),
        (vec![ssh(), entry(100, "deny", 22, 22, "10.0.0.0/8")], &["aws_network_acl.a 22"]),
        (
            vec![entry(200, "allow", 20, 25, "0.0.0.0/0"), entry(100, "deny", 22, 23, "0.0.0.0/0")],
            &["aws_network_acl.a 20–21, 24–25"],
        ),
        (vec![entry(200, "allow", 22, 22, "10.1.0.0/16"), entry(100, "deny", 22, 22, "10.0.0.0/8")], &[]),
        (
            vec![map(vec![("rule_no", unknown()), ("action", text("deny")), ("protocol", text("-1"))]), ssh()],
            &["aws_network_acl.a 22"],
        ),
    ];
    for (entries, expected) in rows {
        assert_eq!(acl(entries), expected);
    }
}

#[test]
fn denied_by_priority() {
    let rule = |priority: i64, access: &str, from: &str| {
        map(vec![
            ("priority", int(priority)),
            ("access", text(access)),
            ("direction", text("Inbound")),
            ("protocol", text("*")),
            ("source_port_range", text("*")),
            ("destination_port_range", text("22")),
            ("source_address_prefix", text(from)),
            ("destination_address_prefix", text("*")),
        ])
    };
    let group = |rules: Vec<Value>| left(&[resource("azurerm_network_security_group", vec![("security_rule", list(rules))])]);
    assert!(group(vec![rule(100, "Deny", "*"), rule(200, "Allow", "*")]).is_empty());
    assert_eq!(group(vec![rule(200, "Deny", "*"), rule(100, "Allow", "*")]), ["azurerm_network_security_group.a 22"]);
    let firewall = |name: &str, block: &str, network: &str, more: Vec<(&'static str, Value)>| {
        let mut fields = vec![
            (
                if block == "deny" { "deny" } else { "allow" },
                list(vec![map(vec![("protocol", text("tcp")), ("ports", texts(&["22"]))])]),
            ),
            ("network", text(network)),
        ];
        fields.extend(more);
        Item { name: name.into(), ..resource("google_compute_firewall", fields) }
    };
    let allow = || firewall("allow", "allow", "main", vec![]);
    assert!(left(&[allow(), firewall("deny", "deny", "main", vec![])]).is_empty());
    assert_eq!(left(&[allow(), firewall("deny", "deny", "other", vec![])]), ["allow 22"]);
    assert_eq!(left(&[allow(), firewall("deny", "deny", "main", vec![("priority", int(2000))])]), ["allow 22"]);
    assert_eq!(left(&[allow(), firewall("deny", "deny", "main", vec![("target_tags", texts(&["web"]))])]), ["allow 22"]);
}
