//! Google Cloud.
//!
//! Closed-world rules, from the documentation of VPC, Compute Engine, Cloud Load Balancing, Cloud SQL, GKE and Cloud Run:
//! - An instance is reached from the internet when one of its interfaces has an access config, or a forwarding rule leads to it. Cloud NAT
//!   lets nothing in.
//! - Firewall rules belong to a network and choose their instances by tags or service accounts; they are asked by priority, a refusal
//!   before a permission of the same one. What none speaks of is refused ("VPC firewall rules", implied rules). A rule without a source is
//!   for 0.0.0.0/0.
//! - The default network comes with rules for SSH, RDP and its own addresses; a network in code comes with none. The rules of a network
//!   that is not in code are not known, and may refuse. Hierarchical policies that are not in code are taken not to exist.
//! - Passthrough forwarding rules keep the address of the client; proxies connect from 35.191.0.0/16 and 130.211.0.0/22, or from the
//!   proxy-only subnet of the region.
//! - Cloud SQL has a public address unless it says otherwise, and lets nobody in there until a network is authorized.
//! - The API server of GKE is public unless it says otherwise, for everybody unless authorized networks are written.
//! - Cloud Run and functions take traffic from everywhere unless they say otherwise, and refuse who is no invoker.

mod balancer;
mod cluster;
mod database;
mod firewall;
mod machine;
mod network;
mod policy;
mod serverless;

use super::clouds;
use crate::builder::Builder;
use crate::resources::Resources;

/// Adds what Google Cloud runs.
pub(crate) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    let mut networks = network::Networks::build(resources, builder);
    let machines = machine::build(resources, &mut networks, builder);
    let mut public = database::build(resources, &mut networks, builder);
    public.extend(cluster::build(resources, &mut networks, builder));
    let services = serverless::build(resources, builder);
    // They lead to what is there by now.
    balancer::build(resources, &mut networks, &machines, &services, builder);
    networks.peer(builder);
    // What has a public endpoint needs no peering.
    serverless::within(&networks, &services, builder);
    clouds::outward(&networks.all, &public, builder);
}
