//! API servers of GKE.

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::Item;

use super::network::Networks;
use crate::builder::Builder;
use crate::filter::Sources;
use crate::model::{Gate, Kind, World};
use crate::platforms::clouds::{self, Public};
use crate::platforms::entries::{addresses, flag};
use crate::resources::{Resources, field, values_at};
use crate::said::{Missing, Step};

pub(super) fn build<'a>(resources: &Resources<'a>, networks: &mut Networks<'a>, builder: &mut Builder) -> Vec<Public> {
    let clusters: Vec<&Item> = resources.of_type("google_container_cluster").collect();
    clusters.into_iter().map(|cluster| one(resources, cluster, networks, builder)).collect()
}

fn one<'a>(resources: &Resources<'a>, cluster: &Item, networks: &mut Networks<'a>, builder: &mut Builder) -> Public {
    let value = &cluster.value;
    let name = &cluster.name;
    let id = builder.node_of(cluster, Kind::ApiServer);
    let config = clouds::block(value, "private_cluster_config");
    let written = config.as_ref().ok().copied().flatten().and_then(|config| field(config, "enable_private_endpoint"));
    let private = config.and_then(|config| config.map_or(Ok(false), |config| flag(config, "enable_private_endpoint", false)));
    let told = [
        format!("{name} has a public endpoint"),
        format!("{name} has no public endpoint"),
        format!("{name} may have a public endpoint"),
    ];
    let public = clouds::gate(private.map(|private| !private), written.map_or(cluster.header, |value| value.place), told);
    // Authorized networks are off until the block is there; then nobody gets in but whom it names.
    let authorized = field(value, "master_authorized_networks_config")
        .filter(|value| value.as_list().is_none_or(|list| !list.items.is_empty() || list.tail.is_some()));
    let mut sources = Sources::default();
    let mut more = None;
    match authorized {
        Some(config) => {
            for block in values_at(config, &["cidr_blocks"])
                .into_iter()
                .flat_map(|value| value.items().iter().chain(std::slice::from_ref(value)))
            {
                addresses(field(block, "cidr_block"), &mut sources);
            }
            let dynamic = values_at(config, &["cidr_blocks"]);
            more = dynamic
                .into_iter()
                .filter(|value| value.as_map().is_none())
                .find_map(Missing::of)
                .or_else(|| Missing::of(config));
        }
        None => sources = Sources::everybody(),
    }
    let who = authorized.map_or(cluster.header, |value| value.place);
    let answers = Ports::range(Protocol::Tcp, 443, 443);
    let entry = clouds::allow((answers.clone(), None), sources, Step::at(who, format!("the endpoint of {name} lets it in")));
    if let Err(missing) = clouds::block(value, "master_authorized_networks_config") {
        more = more.or(Some(missing));
    }
    let filter = |entry| clouds::allowlist(format!("the public endpoint of {name}"), who, vec![entry], more.clone());
    builder.begins(World::INTERNET, id, vec![public.clone(), filter(entry.clone())]);
    let within = vec![public, filter(clouds::going_out(entry, None))];
    if let Some(dns) =
        values_at(value, &["control_plane_endpoints_config", "dns_endpoint_config", "allow_external_traffic"]).first()
        && dns.as_bool() == Some(true)
    {
        let step = Step::at(dns.place, format!("the DNS endpoint of {name} answers from outside of its network"));
        builder.begins(World::INTERNET, id, vec![Gate::Only(answers.clone(), step)]);
    }
    if field(value, "network").or_else(|| field(value, "subnetwork")).is_some() {
        let spot = networks.spot(resources, value, builder);
        let step = Step::at(cluster.header, format!("the API server of {name} is reached from its network"));
        builder.passes_on(spot.network, id, vec![Gate::Only(answers, step)]);
        if let Some(node) = builder.get(id) {
            node.inside.push(spot.network);
        }
    }
    if let Some(node) = builder.get(id) {
        node.listeners.push(clouds::listener(cluster, 443, "kubernetes-api", "tls", cluster.header));
        node.labels = Builder::labels(field(value, "resource_labels"));
    }
    Public { id, gates: within }
}
