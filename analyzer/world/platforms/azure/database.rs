//! Managed databases and caches: public endpoints with a firewall of their own, subnets, private endpoints.

use plimsoll_syntax::{Item, Value};

use super::network::{AZURE, Networks};
use crate::address::Range;
use crate::builder::Builder;
use crate::filter::{Entry, Sources};
use crate::model::{Gate, Kind, NodeId, World};
use crate::platforms::clouds::{self, Public, belonging, named};
use crate::platforms::entries::{addresses, flag};
use crate::resources::{Resources, field};
use crate::said::{Missing, Step};

/// A kind of database: where it says what.
struct Dialect {
    kind: &'static str,
    ports: &'static [u16],
    service: &'static str,
    /// The type of firewall rules, and the attribute by which they name their server.
    rules: (&'static str, &'static str),
    /// The attributes with the ends of the range.
    ends: (&'static str, &'static str),
    /// The attribute that puts it into a subnet, where it has no public endpoint.
    subnet: Option<&'static str>,
    /// The type of rules that let a subnet in, and the attribute by which they name their server.
    subnets: Option<(&'static str, &'static str)>,
    /// Without any rule everybody gets in.
    open: bool,
}

const ENDS: (&str, &str) = ("start_ip_address", "end_ip_address");

const fn server(
    kind: &'static str,
    ports: &'static [u16],
    service: &'static str,
    rules: (&'static str, &'static str),
) -> Dialect {
    Dialect { kind, ports, service, rules, ends: ENDS, subnet: None, subnets: None, open: false }
}

const DIALECTS: &[Dialect] = &[
    Dialect {
        subnets: Some(("azurerm_mssql_virtual_network_rule", "server_id")),
        ..server("azurerm_mssql_server", &[1433], "mssql", ("azurerm_mssql_firewall_rule", "server_id"))
    },
    Dialect {
        subnets: Some(("azurerm_sql_virtual_network_rule", "server_name")),
        ..server("azurerm_sql_server", &[1433], "mssql", ("azurerm_sql_firewall_rule", "server_name"))
    },
    Dialect {
        subnets: Some(("azurerm_postgresql_virtual_network_rule", "server_name")),
        ..server("azurerm_postgresql_server", &[5432], "postgresql", ("azurerm_postgresql_firewall_rule", "server_name"))
    },
    Dialect {
        subnets: Some(("azurerm_mysql_virtual_network_rule", "server_name")),
        ..server("azurerm_mysql_server", &[3306], "mysql", ("azurerm_mysql_firewall_rule", "server_name"))
    },
    Dialect {
        subnets: Some(("azurerm_mariadb_virtual_network_rule", "server_name")),
        ..server("azurerm_mariadb_server", &[3306], "mysql", ("azurerm_mariadb_firewall_rule", "server_name"))
    },
    Dialect {
        subnet: Some("delegated_subnet_id"),
        ..server(
            "azurerm_postgresql_flexible_server",
            &[5432],
            "postgresql",
            ("azurerm_postgresql_flexible_server_firewall_rule", "server_id"),
        )
    },
    Dialect {
        subnet: Some("delegated_subnet_id"),
        ..server(
            "azurerm_mysql_flexible_server",
            &[3306],
            "mysql",
            ("azurerm_mysql_flexible_server_firewall_rule", "server_name"),
        )
    },
    server("azurerm_synapse_workspace", &[1433], "mssql", ("azurerm_synapse_firewall_rule", "synapse_workspace_id")),
    Dialect {
        ends: ("start_ip", "end_ip"),
        subnet: Some("subnet_id"),
        open: true,
        ..server("azurerm_redis_cache", &[6380], "redis", ("azurerm_redis_firewall_rule", "redis_cache_name"))
    },
    // Its ranges are an attribute of its own.
    Dialect { open: true, ..server("azurerm_cosmosdb_account", &[443], "cosmosdb", ("", "")) },
];

pub(super) fn build(resources: &Resources<'_>, networks: &mut Networks, builder: &mut Builder) -> Vec<Public> {
    let mut all = Vec::new();
    for dialect in DIALECTS {
        for database in resources.of_type(dialect.kind) {
            all.extend(one(resources, dialect, database, networks, builder));
        }
    }
    all
}

fn one(
    resources: &Resources<'_>,
    dialect: &Dialect,
    database: &Item,
    networks: &mut Networks,
    builder: &mut Builder,
) -> Option<Public> {
    let value = &database.value;
    let id = builder.node_of(database, Kind::Database);
    let mut listeners: Vec<_> = dialect
        .ports
        .iter()
        .map(|port| clouds::listener(database, *port, dialect.service, "password", database.header))
        .collect();
    for key in ["enable_non_ssl_port", "non_ssl_port_enabled"] {
        if dialect.service == "redis" && flag(value, key, false) == Ok(true) {
            listeners.push(clouds::listener(database, 6379, "redis", "password", clouds::at(value, key, database.header)));
        }
    }
    let only = clouds::only(&listeners);
    if let Some(node) = builder.get(id) {
        node.listeners = listeners;
        node.labels = Builder::labels(field(value, "tags"));
    }
    private_endpoints(resources, database, only.as_ref(), id, networks, builder);
    let name = &database.name;
    if let Some(subnet) = dialect.subnet.and_then(|key| field(value, key)) {
        let step = Step::at(subnet.place, format!("{name} is in a subnet: it has no public endpoint"));
        builder.begins(World::INTERNET, id, vec![Gate::Wall(step)]);
        let spot = networks.spot(resources, Some(subnet), builder);
        if let Some(network) = spot.network {
            builder.passes_on(network, id, only.into_iter().collect());
        }
        if let Some(node) = builder.get(id) {
            node.inside = spot.inside;
            node.addresses = spot.addresses;
        }
        return None;
    }
    let told = [
        format!("{name} has a public endpoint"),
        format!("{name} has no public access"),
        format!("{name} may have a public endpoint"),
    ];
    let place = clouds::at(value, "public_network_access_enabled", database.header);
    let public = clouds::gate(flag(value, "public_network_access_enabled", true), place, told);
    let firewall = Firewall::of(resources, dialect, database);
    let gates =
        [Some(public.clone()), only.clone(), Some(firewall.gate(firewall.entries.clone()))].into_iter().flatten().collect();
    builder.begins(World::INTERNET, id, gates);
    let within = firewall
        .entries
        .iter()
        .cloned()
        .map(|entry| clouds::going_out(entry, Some(AZURE)))
        .chain(firewall.subnets.iter().cloned())
        .collect();
    let gates = [Some(public), only, Some(firewall.gate(within))].into_iter().flatten().collect();
    Some(Public { id, gates })
}

/// The firewall of a server.
struct Firewall<'d> {
    database: &'d Item,
    entries: Vec<Entry>,
    /// Entries that let subnets in.
    subnets: Vec<Entry>,
}

impl<'d> Firewall<'d> {
    fn of(resources: &Resources<'_>, dialect: &Dialect, database: &'d Item) -> Self {
        let every = || (plimsoll_connectivity::Ports::all(), None);
        let (kind, attribute) = dialect.rules;
        let rules = if kind.is_empty() { Vec::new() } else { belonging(resources, kind, attribute, database, "name") };
        let mut entries: Vec<Entry> = Vec::new();
        for rule in &rules {
            let step = Step::at(rule.header, format!("{} lets it in", rule.name));
            entries.push(clouds::allow(every(), span(&rule.value, dialect.ends), step));
        }
        let ranges = field(&database.value, "ip_range_filter");
        if let Some(value) = ranges.filter(|_| dialect.kind == "azurerm_cosmosdb_account") {
            let mut sources = Sources::default();
            match value.as_str() {
                Some(text) => sources.ranges.extend(text.split(',').filter_map(Range::parse)),
                None => addresses(Some(value), &mut sources),
            }
            if !sources.ranges.is_empty() || sources.unknown.is_some() {
                entries.push(clouds::allow(
                    every(),
                    sources,
                    Step::at(value.place, format!("the ranges of {} let it in", database.name)),
                ));
            }
        }
        let subnets: Vec<Entry> = dialect
            .subnets
            .into_iter()
            .flat_map(|(kind, attribute)| {
                let rules = belonging(resources, kind, attribute, database, "name");
                rules
                    .into_iter()
                    .map(|rule| {
                        let found = named(resources, field(&rule.value, "subnet_id"), &["azurerm_subnet"], "name");
                        let sources =
                            Sources { groups: clouds::names(&found.items), unknown: found.missing, ..Sources::default() };
                        clouds::allow(
                            (plimsoll_connectivity::Ports::all(), None),
                            sources,
                            Step::at(rule.header, format!("{} lets it in", rule.name)),
                        )
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        let filtered = flag(&database.value, "is_virtual_network_filter_enabled", false) == Ok(true);
        if entries.is_empty() && dialect.open && !filtered {
            let step = Step::at(database.header, format!("{} has no firewall rule: everybody gets in", database.name));
            entries.push(clouds::allow(every(), Sources::everybody(), step));
        }
        Self { database, entries, subnets }
    }

    fn gate(&self, entries: Vec<Entry>) -> Gate {
        clouds::allowlist(format!("the firewall of {}", self.database.name), self.database.header, entries, None)
    }
}

/// The addresses between both ends.
fn span(value: &Value, (start, end): (&str, &str)) -> Sources {
    let ends = [field(value, start), field(value, end)];
    let read = |value: Option<&Value>| value.and_then(Value::as_str).and_then(Range::parse);
    match (read(ends[0]), read(ends[1])) {
        (Some(first), Some(last)) if first.v6 == last.v6 && first.first <= last.last => {
            Sources { ranges: vec![Range { last: last.last, ..first }], ..Sources::default() }
        }
        _ => {
            let missing = ends.iter().flatten().find_map(|value| Missing::of(value));
            Sources { unknown: missing.or_else(|| Some(Missing::new("the range of the firewall rule"))), ..Sources::default() }
        }
    }
}

/// A private endpoint leads to a database from its virtual network.
fn private_endpoints(
    resources: &Resources<'_>,
    database: &Item,
    only: Option<&Gate>,
    id: NodeId,
    networks: &mut Networks,
    builder: &mut Builder,
) {
    let kind = "azurerm_private_endpoint";
    for endpoint in resources.referring(kind, "private_service_connection.private_connection_resource_id", database) {
        let spot = networks.spot(resources, field(&endpoint.value, "subnet_id"), builder);
        if let Some(network) = spot.network {
            let step = Gate::Open(Step::at(endpoint.header, format!("{} leads to it", endpoint.name)));
            builder.passes_on(network, id, std::iter::once(step).chain(only.cloned()).collect());
        }
    }
}
