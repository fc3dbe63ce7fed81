//! Managed databases and caches.

use plimsoll_connectivity::Protocol;
use plimsoll_syntax::{Item, Value};

use super::network::{self, Subnet};
use super::{balancer, security_group};
use crate::builder::Builder;
use crate::model::{Gate, Kind, Listener, World};
use crate::platforms::entries::{flag, number, says};
use crate::resources::{Resources, field, values_at};
use crate::said::{Missing, Step};

/// A kind of database: where it says what.
struct Dialect {
    kind: &'static str,
    /// It has a public address when this is true; without the attribute it never has one. And what holds where it is not written:
    /// nothing where that depends on the version of the provider.
    public: Option<(&'static str, Option<bool>)>,
    groups: &'static str,
    /// The attribute that names the subnet group, the group's type.
    subnets: (&'static str, &'static str),
    /// The port where none is written, by engine; the last is for every engine.
    ports: &'static [(&'static str, u16)],
}

/// The engines of RDS with their ports (RDS guide, "Default ports").
const ENGINES: &[(&str, u16)] =
    &[("postgres", 5432), ("aurora-postgresql", 5432), ("sqlserver", 1433), ("oracle", 1521), ("db2", 50_000), ("", 3306)];

/// What is public where it does not say: no database of RDS; a cluster of Redshift until version 6 of the provider; an instance of DMS
/// (DMS API, `CreateReplicationInstance`).
const DIALECTS: &[Dialect] = &[
    Dialect {
        kind: "aws_db_instance",
        public: Some(("publicly_accessible", Some(false))),
        groups: "vpc_security_group_ids",
        subnets: ("db_subnet_group_name", "aws_db_subnet_group"),
        ports: ENGINES,
    },
    Dialect {
        kind: "aws_rds_cluster_instance",
        public: Some(("publicly_accessible", Some(false))),
        groups: "vpc_security_group_ids",
        subnets: ("db_subnet_group_name", "aws_db_subnet_group"),
        ports: ENGINES,
    },
    Dialect {
        kind: "aws_redshift_cluster",
        public: Some(("publicly_accessible", None)),
        groups: "vpc_security_group_ids",
        subnets: ("cluster_subnet_group_name", "aws_redshift_subnet_group"),
        ports: &[("", 5439)],
    },
    Dialect {
        kind: "aws_dms_replication_instance",
        public: Some(("publicly_accessible", Some(true))),
        groups: "vpc_security_group_ids",
        subnets: ("replication_subnet_group_id", "aws_dms_replication_subnet_group"),
        ports: &[],
    },
    Dialect {
        kind: "aws_elasticache_cluster",
        public: None,
        groups: "security_group_ids",
        subnets: ("subnet_group_name", "aws_elasticache_subnet_group"),
        ports: &[("memcached", 11_211), ("", 6379)],
    },
    Dialect {
        kind: "aws_elasticache_replication_group",
        public: None,
        groups: "security_group_ids",
        subnets: ("subnet_group_name", "aws_elasticache_subnet_group"),
        ports: &[("", 6379)],
    },
    Dialect {
        kind: "aws_docdb_cluster",
        public: None,
        groups: "vpc_security_group_ids",
        subnets: ("db_subnet_group_name", "aws_docdb_subnet_group"),
        ports: &[("", 27_017)],
    },
    Dialect {
        kind: "aws_neptune_cluster",
        public: None,
        groups: "vpc_security_group_ids",
        subnets: ("neptune_subnet_group_name", "aws_neptune_subnet_group"),
        ports: &[("", 8182)],
    },
];

pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for dialect in DIALECTS {
        for database in resources.of_type(dialect.kind) {
            one(resources, dialect, database, builder);
        }
    }
}

fn one(resources: &Resources<'_>, dialect: &Dialect, database: &Item, builder: &mut Builder) {
    let value = &database.value;
    // An instance of a cluster has the cluster's groups and subnets.
    let cluster = field(value, "cluster_identifier").and_then(|value| resources.referred(value).items.into_iter().next());
    let cluster = cluster.filter(|cluster| Resources::is_of(cluster, "aws_rds_cluster"));
    let of = |key: &str| field(value, key).or_else(|| field(&cluster?.value, key));
    let subnets = of(dialect.subnets.0).map(|group| {
        let groups = resources.referred(group);
        let named = || {
            resources
                .of_type(dialect.subnets.1)
                .filter(|item| group.as_str().is_some_and(|name| says(&item.value, "name") == Some(name)))
        };
        let all: Vec<&Item> = groups.items.iter().copied().chain(named()).collect();
        let values: Vec<&Value> = all.iter().flat_map(|item| values_at(&item.value, &["subnet_ids"])).collect();
        if values.is_empty() {
            return network::subnets(resources, Some(group));
        }
        values.into_iter().flat_map(|value| network::subnets(resources, Some(value))).collect()
    });
    let subnets = subnets.unwrap_or_else(|| vec![Subnet::Default]);
    let vpc = subnets.iter().find_map(|subnet| match subnet {
        Subnet::Known(subnet) => network::vpc_of(resources, subnet),
        _ => None,
    });
    let groups = security_group::of(resources, &[of(dialect.groups)], database, vpc);
    let id = builder.node_of(database, Kind::Database);
    let public = match dialect.public {
        None => Gate::Wall(Step::at(database.header, format!("{} has no public address: the service gives none", database.name))),
        Some((key, None)) if field(value, key).is_none() => {
            let missing =
                Missing::new(format!("{key} of {}, whose default is another in each version of the provider", database.name));
            Gate::Unknown(Step::at(database.header, format!("{} may have a public address", database.name)), missing)
        }
        Some((key, default)) => {
            let place = field(value, key).map_or(database.header, |value| value.place);
            match flag(value, key, default.unwrap_or(false)) {
                Ok(true) => Gate::Open(Step::at(place, format!("{} has a public address", database.name))),
                Ok(false) => Gate::Wall(Step::at(place, format!("{} has no public address", database.name))),
                Err(missing) => Gate::Unknown(Step::at(place, format!("{} may have a public address", database.name)), missing),
            }
        }
    };
    let listener = listener(dialect, database, of("port"), of("engine"));
    let only = listener.as_ref().map(|listener| {
        let ports = plimsoll_connectivity::Ports::range(Protocol::Tcp, listener.port, listener.port);
        Gate::Only(ports, listener.step.clone())
    });
    let mut told: Vec<Vec<Gate>> = Vec::new();
    for subnet in &subnets {
        let mut gates = vec![public.clone()];
        gates.extend(subnet.gates_of_internet(resources));
        gates.push(Gate::Filter(groups.filter.clone()));
        gates.extend(only.clone());
        if told.iter().any(|known| balancer::same(known, &gates)) {
            continue;
        }
        told.push(gates.clone());
        builder.begins(World::INTERNET, id, gates);
    }
    let (inside, addresses) = subnets.first().map(|subnet| subnet.hold(resources, builder)).unwrap_or_default();
    if let Some(vpc) = inside.last().copied() {
        let gates = [Some(Gate::Filter(groups.filter.clone())), only].into_iter().flatten().collect();
        builder.passes_on(vpc, id, gates);
    }
    if let Some(node) = builder.get(id) {
        node.inside = inside.last().copied().into_iter().collect();
        node.addresses = addresses;
        node.groups = groups.names;
        node.egress = groups.egress;
        node.labels = Builder::labels(field(value, "tags"));
    }
}

fn listener(dialect: &Dialect, database: &Item, port: Option<&Value>, engine: Option<&Value>) -> Option<Listener> {
    let engine = engine.and_then(Value::as_str);
    let default = dialect.ports.iter().find(|(name, _)| name.is_empty() || engine.is_some_and(|engine| engine.starts_with(name)));
    let written = port.map(|value| (number(value).and_then(|port| u16::try_from(port).ok()), value.place));
    let (port, place) = match written {
        Some((Some(port), place)) => (port, place),
        // A port that is not known is any.
        Some((None, _)) => return None,
        None => (default?.1, database.header),
    };
    let step = Step::at(place, format!("{} answers on port {port}", database.name));
    Some(Listener {
        protocol: Protocol::Tcp,
        port,
        service: engine.unwrap_or("database").into(),
        step,
        proof: Some("password".into()),
    })
}
