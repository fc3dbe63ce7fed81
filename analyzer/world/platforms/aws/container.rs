//! ECS services and the API servers of EKS.

use std::sync::Arc;

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Value};

use super::network::{self, Subnet};
use super::security_group;
use crate::builder::Builder;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::ladder::Rung;
use crate::model::{Evidence, Gate, Kind, Listener, World};
use crate::platforms::entries::{addresses, flag, says};
use crate::resources::{Resources, blocks, field, values_at};
use crate::said::{Missing, Step};

pub(super) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    for cluster in resources.of_type("aws_eks_cluster") {
        api_server(resources, cluster, builder);
    }
    for service in resources.of_type("aws_ecs_service") {
        task(resources, service, builder);
    }
}

/// The API server of EKS: public unless said otherwise, to everybody unless said otherwise (EKS guide, "Cluster API server
/// endpoint").
fn api_server(resources: &Resources<'_>, cluster: &Item, builder: &mut Builder) {
    let id = builder.node_of(cluster, Kind::ApiServer);
    let config = blocks(&cluster.value, "vpc_config").first();
    let place = |key: &str| config.and_then(|config| field(config, key)).map_or(cluster.header, |value| value.place);
    let public = config.map_or(Ok(true), |config| flag(config, "endpoint_public_access", true));
    let public = match public {
        Ok(true) => Gate::Open(Step::at(place("endpoint_public_access"), format!("{} has a public endpoint", cluster.name))),
        Ok(false) => Gate::Wall(Step::at(place("endpoint_public_access"), format!("{} has no public endpoint", cluster.name))),
        Err(missing) => {
            let step = Step::at(place("endpoint_public_access"), format!("{} may have a public endpoint", cluster.name));
            Gate::Unknown(step, missing)
        }
    };
    let blocks = config.and_then(|config| field(config, "public_access_cidrs"));
    let mut sources = Sources::default();
    match blocks {
        Some(value) => addresses(Some(value), &mut sources),
        None => sources = Sources::everybody(),
    }
    let who = place("public_access_cidrs");
    let entry = Entry {
        allows: true,
        ports: Ports::range(Protocol::Tcp, 443, 443),
        maybe_ports: None,
        sources,
        step: Step::at(who, format!("the endpoint of {} lets it in", cluster.name)),
        doubt: None,
        passes_to: None,
    };
    let name = format!("the public endpoint of {}", cluster.name);
    let filter = Filter { name, place: who, entries: vec![entry], otherwise: Otherwise::Refused, more: None };
    let filter = Gate::Filter(Arc::new(filter));
    builder.begins(World::INTERNET, id, vec![public.clone(), filter.clone()]);
    let subnets = config.map(|config| network::subnets(resources, field(config, "subnet_ids"))).unwrap_or_default();
    let inside = subnets.first().map(|subnet| subnet.hold(resources, builder).0).unwrap_or_default();
    if let Some(vpc) = inside.last().copied() {
        let vpc_item = subnets.iter().find_map(|subnet| match subnet {
            Subnet::Known(subnet) => network::vpc_of(resources, subnet),
            _ => None,
        });
        let step = |what: &str| Step::at(place("endpoint_private_access"), format!("{} {what}", cluster.name));
        let private = config.map_or(Ok(false), |config| flag(config, "endpoint_private_access", false));
        let near = match private {
            Ok(true) => vec![
                Gate::Open(step("has an endpoint in its VPC")),
                Gate::Filter(own_groups(resources, cluster, config, vpc_item)),
            ],
            // What is in the VPC takes the public endpoint, if it has a way to the internet.
            Ok(false) => {
                let missing = Missing::new("with which public address it leaves the VPC");
                vec![public, Gate::Unknown(step("has no endpoint in its VPC"), missing), filter]
            }
            Err(missing) => vec![Gate::Unknown(step("may have an endpoint in its VPC"), missing)],
        };
        let answers = Step::at(cluster.header, format!("the API server of {} answers there", cluster.name));
        let only = Gate::Only(Ports::range(Protocol::Tcp, 443, 443), answers);
        builder.passes_on(vpc, id, near.into_iter().chain([only]).collect());
    }
    if let Some(node) = builder.get(id) {
        let step = Step::at(cluster.header, format!("the API server of {} answers on port 443", cluster.name));
        node.inside = inside.last().copied().into_iter().collect();
        node.listeners.push(Listener {
            protocol: Protocol::Tcp,
            port: 443,
            service: "kubernetes-api".into(),
            step,
            proof: Some("tls".into()),
        });
    }
}

/// What the endpoint in the VPC lets in: the groups that are named, and that which EKS makes (EKS guide, "Amazon EKS security group
/// requirements").
fn own_groups(resources: &Resources<'_>, cluster: &Item, config: Option<&Value>, vpc: Option<&Item>) -> Arc<Filter> {
    let missing = Missing::new(format!("the rules of the cluster security group of {}", cluster.name));
    let named = config.and_then(|config| field(config, "security_group_ids"));
    if named.is_some() {
        let groups = security_group::of(resources, &[named], cluster, vpc);
        return Arc::new(Filter { more: Some(missing), ..Filter::clone(&groups.filter) });
    }
    let name = format!("the cluster security group of {}", cluster.name);
    Arc::new(Filter { name, place: cluster.header, entries: Vec::new(), otherwise: Otherwise::Refused, more: Some(missing) })
}

/// The tasks of an ECS service.
fn task(resources: &Resources<'_>, service: &Item, builder: &mut Builder) {
    let value = &service.value;
    let id = builder.node_of(service, Kind::Task);
    let definition = field(value, "task_definition").and_then(|value| resources.referred(value).items.into_iter().next());
    let (rung, place, why) = ladder(value, definition, service);
    let config = blocks(value, "network_configuration").first();
    let subnets = config.map(|config| network::subnets(resources, field(config, "subnets"))).unwrap_or_default();
    let vpc = subnets.iter().find_map(|subnet| match subnet {
        Subnet::Known(subnet) => network::vpc_of(resources, subnet),
        _ => None,
    });
    let groups = security_group::of(resources, &[config.and_then(|config| field(config, "security_groups"))], service, vpc);
    let written = config.and_then(|config| field(config, "assign_public_ip"));
    let at = written.map_or(service.header, |value| value.place);
    let public = match config.map(|config| flag(config, "assign_public_ip", false)) {
        Some(Ok(true)) => Gate::Open(Step::at(at, format!("the tasks of {} have public addresses", service.name))),
        // Its containers are in the network of their instances.
        None => {
            let missing = Missing::new(format!("the instances that run {}", service.name));
            Gate::Unknown(Step::at(at, format!("{} may be reached at the addresses of its instances", service.name)), missing)
        }
        Some(Ok(false)) => Gate::Wall(Step::at(at, format!("the tasks of {} have no public address", service.name))),
        Some(Err(missing)) => {
            Gate::Unknown(Step::at(at, format!("the tasks of {} may have public addresses", service.name)), missing)
        }
    };
    for subnet in &subnets {
        let mut gates = vec![public.clone()];
        gates.extend(subnet.gates_of_internet(resources));
        gates.push(Gate::Filter(groups.filter.clone()));
        builder.begins(World::INTERNET, id, gates);
    }
    if subnets.is_empty() {
        builder.begins(World::INTERNET, id, vec![public]);
    }
    let (inside, addresses) = subnets.first().map(|subnet| subnet.hold(resources, builder)).unwrap_or_default();
    if let Some(vpc) = inside.last().copied() {
        builder.begins(id, vpc, Vec::new());
        builder.passes_on(vpc, id, vec![Gate::Filter(groups.filter.clone())]);
    }
    if let Some(node) = builder.get(id) {
        node.inside = inside;
        node.addresses = addresses;
        node.groups = groups.names;
        node.egress = groups.egress;
        node.labels = Builder::labels(field(value, "tags"));
        node.evidence.push(Evidence { rung, step: Step::at(place, why) });
    }
}

/// Fargate gives every task a kernel of its own (ECS guide, "Fargate security considerations"); else tasks share the kernel of
/// their instance.
fn ladder(value: &Value, definition: Option<&Item>, service: &Item) -> (Rung, plimsoll_syntax::Place, &'static str) {
    let launch = field(value, "launch_type");
    let provider = values_at(value, &["capacity_provider_strategy", "capacity_provider"]);
    let fargate = launch
        .filter(|value| value.as_str() == Some("FARGATE"))
        .or_else(|| provider.iter().copied().find(|value| value.as_str().is_some_and(|name| name.starts_with("FARGATE"))));
    let privileged = definition.is_some_and(|definition| {
        let text = says(&definition.value, "container_definitions").unwrap_or("");
        let squeezed: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        squeezed.contains("\"privileged\":true")
    });
    match (fargate, definition) {
        (Some(value), _) => (Rung::OwnKernel, value.place, "Fargate gives every task a kernel of its own"),
        (None, Some(definition)) if privileged => (Rung::Host, definition.header, "a privileged container can act as its host"),
        (None, Some(definition)) if says(&definition.value, "network_mode") == Some("host") => {
            (Rung::Weakened, definition.header, "its containers are in the network of their host")
        }
        _ => (Rung::Default, service.header, "its containers share the kernel of their instance"),
    }
}
