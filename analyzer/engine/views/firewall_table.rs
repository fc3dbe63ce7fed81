//! How providers write what a firewall lets in and out.

use super::firewall_order::Order;

/// One way of writing entries of a firewall.
pub(super) struct Dialect {
    /// Resource types that use it.
    pub(super) types: &'static [&'static str],
    /// The block or list of objects that holds the entries, by path; empty: the resource itself is one.
    pub(super) entries: &'static [&'static str],
    /// What an entry does not say is said by what it is in.
    pub(super) inherits: bool,
    /// Which way it is.
    pub(super) direction: Direction,
    /// The word that allows.
    pub(super) action: Option<Word>,
    /// Every entry denies.
    pub(super) denies: bool,
    /// Which entry goes before which.
    pub(super) order: Option<Order>,
    /// An attribute that switches the entry off or on, and what it is when it counts. Absent: it counts.
    pub(super) switch: Option<(&'static str, bool)>,
    /// The protocol's attribute.
    pub(super) protocol: &'static str,
    /// All protocols means all ports, whatever the ports say.
    pub(super) every_protocol_every_port: bool,
    /// The ports.
    pub(super) ports: Ports,
    /// Addresses of the other side: sources of what comes in, destinations of what goes out.
    pub(super) remotes: &'static [&'static str],
    /// Addresses of the source, whichever way.
    pub(super) sources: &'static [&'static str],
    /// Addresses of the destination, whichever way.
    pub(super) destinations: &'static [&'static str],
    /// Other ways to name the other side: groups, tags, prefix lists.
    pub(super) groups: &'static [&'static str],
    /// When nothing names the other side, it is everybody.
    pub(super) absent_is_everybody: bool,
}

/// Which way an entry is.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    /// Always in.
    In,
    /// Always out.
    Out,
    /// An attribute says; absent is in.
    Word(Word),
    /// A bool attribute is true for out; absent is in.
    Flag(&'static str),
}

/// An attribute with words for yes, in lower case.
#[derive(Clone, Copy)]
pub(super) struct Word {
    /// The attribute.
    pub(super) key: &'static str,
    /// What it may say; anything else is no.
    pub(super) yes: &'static [&'static str],
    /// What it is when absent.
    pub(super) absent: bool,
}

/// How ports are written.
#[derive(Clone, Copy)]
pub(super) enum Ports {
    /// First, last, and a single one.
    Ends(&'static str, &'static str, &'static str),
    /// Texts, or lists of them.
    Texts(&'static [&'static str]),
    /// Oracle's blocks of options for each protocol.
    Oracle,
}

const INGRESS: &[&str] = &["ingress", "in", "inbound"];

const fn word(key: &'static str, yes: &'static [&'static str], absent: bool) -> Word {
    Word { key, yes, absent }
}

/// What most dialects share; rows say what differs.
const BASE: Dialect = Dialect {
    types: &[],
    entries: &[],
    inherits: false,
    direction: Direction::In,
    action: None,
    denies: false,
    order: None,
    switch: None,
    protocol: "protocol",
    every_protocol_every_port: true,
    ports: Ports::Ends("from_port", "to_port", "port"),
    remotes: &[],
    sources: &[],
    destinations: &[],
    groups: &[],
    absent_is_everybody: false,
};

const fn numbered(number: &'static str, list: &'static str) -> Option<Order> {
    Some(Order { number, absent: None, list, deny_wins: false, narrowing: &[] })
}

const fn azure_order(list: &'static str) -> Option<Order> {
    Some(Order {
        number: "priority",
        absent: None,
        list,
        deny_wins: false,
        narrowing: &["source_port_range", "source_port_ranges", "destination_application_security_group_ids"],
    })
}

/// Machines that a rule of Google's is for.
const GOOGLE_TARGETS: &[&str] = &["target_tags", "target_service_accounts", "target_resources", "target_secure_tags"];

const fn google_order(absent: Option<i64>, list: &'static str) -> Option<Order> {
    Some(Order { number: "priority", absent, list, deny_wins: true, narrowing: GOOGLE_TARGETS })
}

const AWS_GROUP: Dialect = Dialect {
    types: &["aws_security_group", "aws_default_security_group"],
    remotes: &["cidr_blocks", "ipv6_cidr_blocks"],
    groups: &["security_groups", "prefix_list_ids", "self"],
    ..BASE
};
const AWS_RULE: Dialect = Dialect { protocol: "ip_protocol", remotes: &["cidr_ipv4", "cidr_ipv6"], ..BASE };
const AWS_ACL: Dialect = Dialect {
    types: &["aws_network_acl", "aws_default_network_acl"],
    action: Some(word("action", &["allow"], false)),
    remotes: &["cidr_block", "ipv6_cidr_block"],
    ..BASE
};
const AZURE: Dialect = Dialect {
    direction: Direction::Word(word("direction", &["inbound"], true)),
    action: Some(word("access", &["allow"], true)),
    every_protocol_every_port: false,
    ports: Ports::Texts(&["destination_port_range", "destination_port_ranges"]),
    sources: &["source_address_prefix", "source_address_prefixes"],
    destinations: &["destination_address_prefix", "destination_address_prefixes"],
    groups: &["source_application_security_group_ids"],
    ..BASE
};
const GOOGLE_POLICY: Dialect = Dialect {
    inherits: true,
    direction: Direction::Word(word("direction", &["ingress"], true)),
    action: Some(word("action", &["allow"], false)),
    switch: Some(("disabled", false)),
    protocol: "ip_protocol",
    ports: Ports::Texts(&["ports"]),
    sources: &["src_ip_ranges"],
    destinations: &["dest_ip_ranges"],
    groups: &[
        "src_secure_tags",
        "src_address_groups",
        "src_fqdns",
        "src_region_codes",
        "src_threat_intelligences",
        "src_networks",
    ],
    absent_is_everybody: true,
    ..BASE
};
const GOOGLE: Dialect = Dialect {
    types: &["google_compute_firewall"],
    action: None,
    order: google_order(Some(1000), "network"),
    protocol: "protocol",
    sources: &["source_ranges"],
    destinations: &["destination_ranges"],
    groups: &["source_tags", "source_service_accounts"],
    ..GOOGLE_POLICY
};
const ORACLE: Dialect = Dialect {
    types: &["oci_core_security_list", "oci_core_default_security_list"],
    every_protocol_every_port: false,
    ports: Ports::Oracle,
    sources: &["source"],
    destinations: &["destination"],
    ..BASE
};
const YANDEX: Dialect = Dialect {
    types: &["yandex_vpc_security_group", "yandex_vpc_default_security_group"],
    every_protocol_every_port: false,
    remotes: &["v4_cidr_blocks", "v6_cidr_blocks"],
    groups: &["security_group_id", "predefined_target"],
    ..BASE
};
const LINODE: Dialect = Dialect {
    types: &["linode_firewall"],
    action: Some(word("action", &["accept"], false)),
    ports: Ports::Texts(&["ports"]),
    remotes: &["ipv4", "ipv6"],
    ..BASE
};
const NAVER: Dialect = Dialect { ports: Ports::Texts(&["port_range"]), remotes: &["ip_block"], ..BASE };
const NAVER_ACL: Dialect =
    Dialect { types: &["ncloud_network_acl_rule"], action: Some(word("rule_action", &["allow"], false)), ..NAVER };
const NAVER_GROUP: Dialect =
    Dialect { types: &["ncloud_access_control_group_rule"], groups: &["source_access_control_group_no"], ..NAVER };
const SCALEWAY: Dialect = Dialect {
    types: &["scaleway_instance_security_group"],
    action: Some(word("action", &["accept"], false)),
    ports: Ports::Texts(&["port", "port_range"]),
    remotes: &["ip", "ip_range"],
    absent_is_everybody: true,
    ..BASE
};

/// The dialects, from the providers' own documentation.
pub(super) const DIALECTS: &[Dialect] = &[
    Dialect { entries: &["ingress"], ..AWS_GROUP },
    Dialect { entries: &["egress"], direction: Direction::Out, ..AWS_GROUP },
    Dialect {
        types: &["aws_security_group_rule"],
        direction: Direction::Word(word("type", INGRESS, true)),
        groups: &["source_security_group_id", "prefix_list_ids", "self"],
        ..AWS_GROUP
    },
    Dialect { types: &["aws_vpc_security_group_ingress_rule"], ..AWS_RULE },
    Dialect { types: &["aws_vpc_security_group_egress_rule"], direction: Direction::Out, ..AWS_RULE },
    Dialect { entries: &["ingress"], order: numbered("rule_no", ""), ..AWS_ACL },
    Dialect { entries: &["egress"], order: numbered("rule_no", ""), direction: Direction::Out, ..AWS_ACL },
    Dialect {
        types: &["aws_network_acl_rule"],
        direction: Direction::Flag("egress"),
        action: Some(word("rule_action", &["allow"], false)),
        order: numbered("rule_number", "network_acl_id"),
        ..AWS_ACL
    },
    Dialect { types: &["azurerm_network_security_group"], entries: &["security_rule"], order: azure_order(""), ..AZURE },
    Dialect { types: &["azurerm_network_security_rule"], order: azure_order("network_security_group_name"), ..AZURE },
    Dialect { entries: &["allow"], ..GOOGLE },
    Dialect { entries: &["deny"], denies: true, ..GOOGLE },
    Dialect {
        types: &[
            "google_compute_firewall_policy_rule",
            "google_compute_network_firewall_policy_rule",
            "google_compute_region_network_firewall_policy_rule",
        ],
        entries: &["match", "layer4_configs"],
        order: google_order(None, "firewall_policy"),
        ..GOOGLE_POLICY
    },
    Dialect {
        types: &["openstack_networking_secgroup_rule_v2"],
        direction: Direction::Word(word("direction", INGRESS, true)),
        ports: Ports::Ends("port_range_min", "port_range_max", ""),
        remotes: &["remote_ip_prefix"],
        groups: &["remote_group_id", "remote_address_group_id"],
        absent_is_everybody: true,
        ..BASE
    },
    Dialect {
        types: &["openstack_compute_secgroup_v2"],
        entries: &["rule"],
        protocol: "ip_protocol",
        remotes: &["cidr"],
        groups: &["from_group_id", "self"],
        ..BASE
    },
    Dialect {
        types: &["openstack_fw_rule_v1", "openstack_fw_rule_v2"],
        action: Some(word("action", &["allow"], false)),
        switch: Some(("enabled", true)),
        every_protocol_every_port: false,
        ports: Ports::Texts(&["destination_port"]),
        sources: &["source_ip_address"],
        destinations: &["destination_ip_address"],
        absent_is_everybody: true,
        ..BASE
    },
    Dialect {
        types: &["digitalocean_firewall"],
        entries: &["inbound_rule"],
        ports: Ports::Texts(&["port_range"]),
        remotes: &["source_addresses"],
        ..BASE
    },
    Dialect {
        types: &["digitalocean_firewall"],
        entries: &["outbound_rule"],
        direction: Direction::Out,
        ports: Ports::Texts(&["port_range"]),
        remotes: &["destination_addresses"],
        ..BASE
    },
    Dialect {
        types: &["hcloud_firewall"],
        entries: &["rule"],
        direction: Direction::Word(word("direction", INGRESS, true)),
        ports: Ports::Texts(&["port"]),
        sources: &["source_ips"],
        destinations: &["destination_ips"],
        ..BASE
    },
    Dialect { entries: &["inbound"], ..LINODE },
    Dialect { entries: &["outbound"], direction: Direction::Out, ..LINODE },
    Dialect { entries: &["ingress_security_rules"], ..ORACLE },
    Dialect { entries: &["egress_security_rules"], direction: Direction::Out, ..ORACLE },
    Dialect {
        types: &["oci_core_network_security_group_security_rule"],
        direction: Direction::Word(word("direction", INGRESS, true)),
        ..ORACLE
    },
    Dialect {
        types: &["alicloud_security_group_rule"],
        direction: Direction::Word(word("type", INGRESS, true)),
        action: Some(word("policy", &["accept"], true)),
        protocol: "ip_protocol",
        ports: Ports::Texts(&["port_range"]),
        remotes: &["cidr_ip", "ipv6_cidr_ip"],
        groups: &["source_security_group_id", "prefix_list_id"],
        absent_is_everybody: true,
        ..BASE
    },
    Dialect {
        types: &["tencentcloud_security_group_rule"],
        direction: Direction::Word(word("type", INGRESS, true)),
        action: Some(word("policy", &["accept"], true)),
        protocol: "ip_protocol",
        ports: Ports::Texts(&["port_range"]),
        remotes: &["cidr_ip", "ipv6_cidr_ip"],
        groups: &["source_sgid"],
        ..BASE
    },
    Dialect {
        types: &["nifcloud_security_group_rule"],
        direction: Direction::Word(word("type", INGRESS, true)),
        remotes: &["cidr_ip"],
        groups: &["source_security_group_name"],
        ..BASE
    },
    Dialect { entries: &["inbound"], ..NAVER_ACL },
    Dialect { entries: &["outbound"], direction: Direction::Out, ..NAVER_ACL },
    Dialect { entries: &["inbound"], ..NAVER_GROUP },
    Dialect { entries: &["outbound"], direction: Direction::Out, ..NAVER_GROUP },
    Dialect { entries: &["ingress"], ..YANDEX },
    Dialect { entries: &["egress"], direction: Direction::Out, ..YANDEX },
    Dialect {
        types: &["yandex_vpc_security_group_rule"],
        direction: Direction::Word(word("direction", INGRESS, true)),
        ..YANDEX
    },
    Dialect {
        types: &["exoscale_security_group_rule"],
        direction: Direction::Word(word("type", INGRESS, true)),
        ports: Ports::Ends("start_port", "end_port", ""),
        remotes: &["cidr"],
        groups: &["user_security_group_id", "public_security_group"],
        ..BASE
    },
    Dialect { entries: &["inbound_rule"], ..SCALEWAY },
    Dialect { entries: &["outbound_rule"], direction: Direction::Out, ..SCALEWAY },
];
