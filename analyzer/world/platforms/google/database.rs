//! Cloud SQL, and the caches that are in a network alone.

use plimsoll_connectivity::Ports;
use plimsoll_syntax::Item;

use super::network::{self, Networks};
use crate::builder::Builder;
use crate::filter::{Entry, Sources};
use crate::model::{Gate, Kind, World};
use crate::platforms::clouds::{self, Public, port_of};
use crate::platforms::entries::{addresses, flag, says};
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// What a version of a database begins with, its port, its name.
const ENGINES: &[(&str, u16, &str)] = &[("POSTGRES", 5432, "postgresql"), ("SQLSERVER", 1433, "mssql"), ("MYSQL", 3306, "mysql")];

/// Databases that have an address in their network alone: the attribute that names it, port and service.
const PRIVATE: &[(&str, &str, u16, &str)] = &[
    ("google_redis_instance", "authorized_network", 6379, "redis"),
    ("google_memcache_instance", "authorized_network", 11_211, "memcached"),
    ("google_alloydb_cluster", "network", 5432, "postgresql"),
];

pub(super) fn build<'a>(resources: &Resources<'a>, networks: &mut Networks<'a>, builder: &mut Builder) -> Vec<Public> {
    let databases: Vec<&Item> = resources.of_type("google_sql_database_instance").collect();
    let public = databases.into_iter().map(|database| sql(resources, database, networks, builder)).collect();
    for (kind, attribute, port, service) in PRIVATE {
        for database in resources.of_type(kind) {
            let id = builder.node_of(database, Kind::Database);
            let port = port_of(field(&database.value, "port")).unwrap_or(*port);
            let listener = clouds::listener(database, port, service, "password", database.header);
            let only = clouds::only(std::slice::from_ref(&listener));
            let step = Step::at(database.header, format!("{} has no public address: the service gives none", database.name));
            builder.begins(World::INTERNET, id, vec![Gate::Wall(step)]);
            let key =
                field(&database.value, attribute).map_or(network::Key::Default, |value| network::key(resources, Some(value)));
            let network = networks.node(&key, builder);
            builder.passes_on(network, id, only.into_iter().collect());
            if let Some(node) = builder.get(id) {
                node.inside.push(network);
                node.listeners.push(listener);
                node.labels = Builder::labels(field(&database.value, "labels"));
            }
        }
    }
    public
}

fn sql<'a>(resources: &Resources<'a>, database: &Item, networks: &mut Networks<'a>, builder: &mut Builder) -> Public {
    let name = &database.name;
    let id = builder.node_of(database, Kind::Database);
    let settings = blocks(&database.value, "settings").first();
    let config = settings.map_or(Ok(None), |settings| clouds::block(settings, "ip_configuration"));
    let unknown = config.as_ref().err().cloned();
    let config = config.ok().flatten();
    let written = config.and_then(|config| field(config, "ipv4_enabled"));
    let place = written.or(config).map_or(database.header, |value| value.place);
    let told = [
        format!("{name} has a public address"),
        format!("{name} has no public address"),
        format!("{name} may have a public address"),
    ];
    let public = match &unknown {
        Some(missing) => Err(missing.clone()),
        None => config.map_or(Ok(true), |config| flag(config, "ipv4_enabled", true)),
    };
    let public = clouds::gate(public, place, told);
    let mut entries = Vec::new();
    let networks_written = config.map(|config| blocks(config, "authorized_networks")).unwrap_or_default();
    for block in networks_written {
        let mut sources = Sources::default();
        addresses(field(block, "value"), &mut sources);
        let step = Step::at(block.place, format!("an authorized network of {name} lets it in"));
        let doubt = config.and_then(|config| clouds::doubt(config, "authorized_networks", block));
        entries.push(Entry { doubt, ..clouds::allow((Ports::all(), None), sources, step) });
    }
    let more = config.and_then(|config| field(config, "authorized_networks"));
    let more = more
        .filter(|value| value.as_map().is_none() && value.as_list().is_none_or(|list| list.tail.is_some()))
        .and_then(Missing::of)
        .or(unknown);
    let filter = |entries| clouds::allowlist(format!("the list of authorized networks of {name}"), place, entries, more.clone());
    let within = filter(entries.iter().cloned().map(|entry| clouds::going_out(entry, None)).collect());
    let filter = filter(entries);
    let version = says(&database.value, "database_version").unwrap_or("");
    let engine = ENGINES.iter().find(|(prefix, ..)| version.starts_with(prefix));
    let listener = engine.map(|(_, port, service)| clouds::listener(database, *port, service, "password", database.header));
    let only = listener.as_ref().and_then(|listener| clouds::only(std::slice::from_ref(listener)));
    let gates = |filter: Gate| [Some(public.clone()), only.clone(), Some(filter)].into_iter().flatten().collect::<Vec<_>>();
    builder.begins(World::INTERNET, id, gates(filter));
    let within = gates(within);
    if let Some(private) = config.and_then(|config| field(config, "private_network")) {
        let key = network::key(resources, Some(private));
        let network = networks.node(&key, builder);
        let step = Gate::Open(Step::at(private.place, format!("{name} has an address in {}", key.name())));
        builder.passes_on(network, id, std::iter::once(step).chain(only).collect());
        if let Some(node) = builder.get(id) {
            node.inside.push(network);
        }
    }
    if let Some(node) = builder.get(id) {
        node.listeners.extend(listener);
        node.labels = Builder::labels(settings.and_then(|settings| field(settings, "user_labels")));
    }
    Public { id, gates: within }
}
