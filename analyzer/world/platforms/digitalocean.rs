//! DigitalOcean.
//!
//! Closed-world rules, from DigitalOcean's product documentation:
//! - Every droplet has a public address ("Droplets").
//! - Without a firewall every port is open. Those that name the droplet or one of its tags add up, and refuse what no inbound rule allows;
//!   they stand before the public and the private address alike ("Cloud Firewalls").
//! - Droplets of a region are in its default VPC unless they name another ("VPC").
//! - A database is open to everybody until it has a trusted source ("Secure Clusters"). The API server of a cluster is public.
//! - A load balancer faces the internet unless `network` is INTERNAL.

use compact_str::CompactString;
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Value};
use rustc_hash::FxHashMap;

use super::clouds::{self, named, port_of};
use super::entries::{addresses, flag, says};
use crate::address::Range;
use crate::builder::Builder;
use crate::filter::{Entry, Sources};
use crate::model::{Gate, Kind, Node, NodeId, World};
use crate::resources::{Resources, blocks, field};
use crate::said::{Missing, Step};

/// The ports of the engines of managed databases ("Managed Databases", connection details).
const ENGINES: &[(&str, u16, &str)] = &[
    ("pg", 25_060, "postgresql"),
    ("mysql", 25_060, "mysql"),
    ("redis", 25_061, "redis"),
    ("valkey", 25_061, "redis"),
    ("mongodb", 27_017, "mongodb"),
    ("kafka", 25_073, "kafka"),
    ("opensearch", 25_060, "opensearch"),
];

/// Adds what it runs.
pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for network in resources.of_type("digitalocean_vpc") {
        let addresses = says(&network.value, "ip_range").and_then(Range::parse).into_iter().collect();
        builder.node(Node { addresses, ..Builder::describe(network, Kind::Network) });
    }
    let mut firewalls: FxHashMap<CompactString, Gate> = FxHashMap::default();
    let mut networks: Vec<NodeId> = Vec::new();
    for droplet in resources.of_type("digitalocean_droplet") {
        let id = clouds::machine(droplet, None, None, builder);
        let firewall = firewall(resources, droplet);
        let step = Step::at(droplet.header, format!("{} has a public address", droplet.name));
        builder.begins(World::INTERNET, id, vec![Gate::Open(step), firewall.clone()]);
        let network = network(resources, droplet, builder);
        clouds::join(droplet, id, network, vec![firewall.clone()], builder);
        firewalls.insert(droplet.name.clone(), firewall);
        if !networks.contains(&network) {
            networks.push(network);
        }
        let addresses = builder.world.node(network).map(|node| node.addresses.clone()).unwrap_or_default();
        let tags = tags(resources, field(&droplet.value, "tags")).0;
        if let Some(node) = builder.get(id) {
            node.inside.push(network);
            node.addresses = addresses;
            node.groups.push(droplet.name.clone());
            node.groups.extend(tags);
        }
    }
    for balancer in resources.of_type("digitalocean_loadbalancer") {
        balance(resources, balancer, &firewalls, builder);
    }
    for database in resources.of_type("digitalocean_database_cluster") {
        self::database(resources, database, &networks, builder);
    }
    for cluster in resources.of_type("digitalocean_kubernetes_cluster") {
        api_server(cluster, builder);
    }
}

/// The VPC of something; without a word the default one of its region.
fn network(resources: &Resources<'_>, item: &Item, builder: &mut Builder) -> NodeId {
    let found = named(resources, field(&item.value, "vpc_uuid"), &["digitalocean_vpc"], "name");
    let own = found.items.first().and_then(|network| builder.find(&network.name));
    own.unwrap_or_else(|| {
        let name = match found.missing {
            Some(missing) => format!("network {}", missing.what),
            None => format!("the default network of {}", says(&item.value, "region").unwrap_or("the region")),
        };
        clouds::elsewhere(name, "digitalocean_vpc", builder)
    })
}

/// The tags of a value, as filters know them: by their resources, else by their names.
fn tags(resources: &Resources<'_>, value: Option<&Value>) -> (Vec<CompactString>, Option<Missing>) {
    let found = named(resources, value, &["digitalocean_tag"], "name");
    let written = value.map(|value| value.items().iter().chain(std::slice::from_ref(value))).into_iter().flatten();
    let mut all: Vec<CompactString> = written.filter_map(Value::as_str).map(|text| format!("tag {text}").into()).collect();
    for tag in &found.items {
        all.push(tag.name.clone());
        all.extend(says(&tag.value, "name").map(|name| CompactString::from(format!("tag {name}"))));
    }
    let missing = if all.is_empty() { found.missing } else { value.and_then(Missing::of).filter(|_| found.items.is_empty()) };
    (all, missing)
}

/// What the firewalls of a droplet let in together.
fn firewall(resources: &Resources<'_>, droplet: &Item) -> Gate {
    let (own, unknown_tags) = tags(resources, field(&droplet.value, "tags"));
    let mut all: Vec<&Item> = Vec::new();
    let mut missing = None;
    for firewall in resources.of_type("digitalocean_firewall") {
        let droplets = named(resources, field(&firewall.value, "droplet_ids"), &["digitalocean_droplet"], "id");
        let (theirs, unknown) = tags(resources, field(&firewall.value, "tags"));
        if droplets.items.iter().any(|item| item.name == droplet.name) || theirs.iter().any(|tag| own.contains(tag)) {
            all.push(firewall);
        } else {
            let chosen = droplets.missing.filter(|_| droplets.items.is_empty()).or(unknown);
            let by_tag = unknown_tags.clone().filter(|_| !theirs.is_empty());
            missing = missing.or(chosen).or(by_tag);
        }
    }
    let Some(first) = all.first() else {
        return match missing {
            None => {
                Gate::Open(Step::at(droplet.header, format!("no firewall is attached to {}: every port is open", droplet.name)))
            }
            Some(missing) => Gate::Unknown(Step::at(droplet.header, "a firewall may refuse it"), missing),
        };
    };
    let mut entries = Vec::new();
    let mut more = missing;
    for firewall in &all {
        for rule in blocks(&firewall.value, "inbound_rule") {
            let step = Step::at(rule.place, format!("{} lets it in", firewall.name));
            let meant = clouds::ports(field(rule, "protocol"), &[field(rule, "port_range")]);
            let doubt = clouds::doubt(&firewall.value, "inbound_rule", rule);
            entries.push(Entry { doubt, ..clouds::allow(meant, sources(resources, rule), step) });
        }
        let rules = field(&firewall.value, "inbound_rule").filter(|value| value.as_map().is_none());
        let rules = rules.filter(|value| value.as_list().is_none_or(|list| list.tail.is_some()));
        more = more.or_else(|| rules.and_then(Missing::of));
    }
    let name = all.iter().map(|firewall| firewall.name.as_str()).collect::<Vec<_>>().join(" and ");
    clouds::allowlist(name, first.header, entries, more)
}

fn sources(resources: &Resources<'_>, rule: &Value) -> Sources {
    let mut sources = Sources::default();
    addresses(field(rule, "source_addresses"), &mut sources);
    let (tags, unknown) = tags(resources, field(rule, "source_tags"));
    sources.groups.extend(tags);
    sources.unknown = sources.unknown.take().or(unknown);
    let kinds = [
        ("source_droplet_ids", "digitalocean_droplet"),
        ("source_load_balancer_uids", "digitalocean_loadbalancer"),
        ("source_kubernetes_ids", "digitalocean_kubernetes_cluster"),
    ];
    for (key, kind) in kinds {
        let found = named(resources, field(rule, key), &[kind], "id");
        sources.groups.extend(clouds::names(&found.items));
        sources.unknown = sources.unknown.take().or(found.missing);
    }
    sources
}

fn balance(resources: &Resources<'_>, balancer: &Item, firewalls: &FxHashMap<CompactString, Gate>, builder: &mut Builder) {
    let name = &balancer.name;
    let value = &balancer.value;
    let id = builder.node_of(balancer, Kind::Proxy);
    let internal = match field(value, "network").map(|value| value.as_str().ok_or_else(|| Missing::of(value))) {
        None => Ok(false),
        Some(Ok(text)) => Ok(text.eq_ignore_ascii_case("internal")),
        Some(Err(missing)) => Err(missing.unwrap_or_else(|| Missing::new("its network"))),
    };
    let rules = blocks(value, "forwarding_rule");
    let unknown = field(value, "forwarding_rule").and_then(Missing::of).map(|_| None);
    let only = clouds::listens(name, rules.iter().map(|rule| port_of(field(rule, "entry_port"))).chain(unknown), balancer.header);
    let told = [format!("{name} faces the internet"), format!("{name} is internal"), format!("{name} may face the internet")];
    let public = clouds::gate(internal.map(|internal| !internal), clouds::at(value, "network", balancer.header), told);
    let own = blocks(value, "firewall").first().map(|block| {
        let mut sources = Sources::default();
        let allowed = field(block, "allow").map(|value| value.items()).unwrap_or_default();
        for text in allowed.iter().filter_map(Value::as_str) {
            let text = text.split_once(':').map_or(text, |(_, rest)| rest);
            sources.ranges.extend(Range::parse(text));
        }
        if field(block, "allow").is_none() {
            sources = Sources::everybody();
        }
        let step = Step::at(block.place, format!("the firewall of {name} lets it in"));
        let entry = clouds::allow((Ports::all(), None), sources, step);
        clouds::allowlist(format!("the firewall of {name}"), block.place, vec![entry], None)
    });
    builder.begins(World::INTERNET, id, [Some(public), own, Some(only)].into_iter().flatten().collect());
    let listed = named(resources, field(value, "droplet_ids"), &["digitalocean_droplet"], "id").items;
    let tagged = tags(resources, field(value, "droplet_tag")).0;
    let by_tag = resources.of_type("digitalocean_droplet").filter(|droplet| {
        let own = tags(resources, field(&droplet.value, "tags")).0;
        own.iter().any(|tag| tagged.contains(tag))
    });
    let network = network(resources, balancer, builder);
    if let Some(node) = builder.get(id) {
        node.groups.push(name.clone());
        node.inside.push(network);
    }
    for droplet in listed.into_iter().chain(by_tag) {
        let Some(there) = builder.find(&droplet.name) else { continue };
        for rule in blocks(value, "forwarding_rule") {
            let ports = (port_of(field(rule, "entry_port")), port_of(field(rule, "target_port")));
            let firewall = firewalls.get(&droplet.name).cloned();
            builder.forwards(id, there, clouds::led((name, &droplet.name), ports, rule.place, firewall));
        }
    }
}

fn database(resources: &Resources<'_>, database: &Item, networks: &[NodeId], builder: &mut Builder) {
    let name = &database.name;
    let id = builder.node_of(database, Kind::Database);
    let engine = ENGINES.iter().find(|(engine, ..)| says(&database.value, "engine") == Some(engine));
    let listener = engine.map(|(_, port, service)| clouds::listener(database, *port, service, "password", database.header));
    let only = listener.as_ref().and_then(|listener| clouds::only(std::slice::from_ref(listener)));
    let rules = resources.referring("digitalocean_database_firewall", "cluster_id", database);
    let mut entries = Vec::new();
    for rule in rules.iter().flat_map(|rules| blocks(&rules.value, "rule")) {
        let mut sources = Sources::default();
        let value = field(rule, "value");
        match says(rule, "type") {
            Some("ip_addr") => addresses(value, &mut sources),
            Some("tag") => sources.groups = tags(resources, value).0,
            _ => {
                let kinds = ["digitalocean_droplet", "digitalocean_kubernetes_cluster", "digitalocean_app"];
                let found = named(resources, value, &kinds, "id");
                sources.groups = clouds::names(&found.items);
            }
        }
        let step = Step::at(rule.place, format!("a trusted source of {name} lets it in"));
        entries.push(clouds::allow((Ports::all(), None), sources, step));
    }
    if rules.is_empty() {
        let step = Step::at(database.header, format!("{name} has no trusted source: everybody gets in"));
        entries.push(clouds::allow((Ports::all(), None), Sources::everybody(), step));
    }
    let place = rules.first().map_or(database.header, |rules| rules.header);
    let filter = clouds::allowlist(format!("the list of trusted sources of {name}"), place, entries, None);
    let step = Gate::Open(Step::at(database.header, format!("{name} has a public address")));
    builder.begins(World::INTERNET, id, [Some(step), only.clone(), Some(filter.clone())].into_iter().flatten().collect());
    for network in networks {
        builder.passes_on(*network, id, [only.clone(), Some(filter.clone())].into_iter().flatten().collect());
    }
    if let Some(node) = builder.get(id) {
        node.listeners.extend(listener);
    }
}

fn api_server(cluster: &Item, builder: &mut Builder) {
    let name = &cluster.name;
    let id = builder.node_of(cluster, Kind::ApiServer);
    let firewall = blocks(&cluster.value, "control_plane_firewall").first();
    let firewall = firewall.filter(|block| flag(block, "enabled", false) != Ok(false));
    let mut sources = Sources::everybody();
    if let Some(block) = firewall {
        sources = Sources::default();
        addresses(field(block, "allowed_addresses"), &mut sources);
        sources.unknown = sources.unknown.take().or_else(|| flag(block, "enabled", false).err());
    }
    let place = firewall.map_or(cluster.header, |block| block.place);
    let answers = Ports::range(Protocol::Tcp, 443, 443);
    let entry = clouds::allow((answers, None), sources, Step::at(place, format!("the endpoint of {name} lets it in")));
    let filter = clouds::allowlist(format!("the public endpoint of {name}"), place, vec![entry], None);
    builder.begins(World::INTERNET, id, vec![filter]);
    if let Some(node) = builder.get(id) {
        node.listeners.push(clouds::listener(cluster, 443, "kubernetes-api", "tls", cluster.header));
    }
}
