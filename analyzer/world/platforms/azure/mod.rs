//! Microsoft Azure.
//!
//! Closed-world rules, from the documentation of virtual networks, load balancers, AKS, container instances and the databases:
//! - A machine is reached from the internet when an IP configuration of one of its interfaces has a public address, or a public load
//!   balancer or application gateway leads to it ("Public IP addresses"). A NAT gateway lets nothing in.
//! - Inbound traffic passes the network security group of the subnet, then that of the interface; both must allow it ("How network
//!   security groups filter network traffic"). An association that is not in code does not exist, for a subnet that is in code.
//! - Rules are asked by their number; then the default rules let the virtual network and its peers in, and refuse the rest ("Network
//!   security groups", default security rules).
//! - Without any group a Standard address or balancer is closed, a Basic one is open ("Public IP addresses", SKU).
//! - Machines of a virtual network reach each other, and those of networks that are peered both ways; peering does not pass on
//!   ("Virtual network peering").
//! - A managed database has a public endpoint unless it is in a subnet or public access is off; its firewall lets nobody in until a
//!   rule does. Redis and Cosmos DB are open until there is a rule.
//! - An app of App Service has a public endpoint unless that is turned off; without access restrictions everybody gets in. A container
//!   app has one when its ingress is external and its environment is not internal.

mod balancer;
mod database;
mod firewall;
mod gateway;
mod machine;
mod network;
mod security_group;
mod service;
mod web;

use super::clouds;
use crate::builder::Builder;
use crate::resources::Resources;

/// Adds what Azure runs.
pub(crate) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    let mut networks = network::build(resources, builder);
    let ports = machine::build(resources, &mut networks, builder);
    let mut public = service::build(resources, &mut networks, builder);
    // They lead to what is there by now.
    gateway::build(resources, &mut networks, &ports, builder);
    balancer::build(resources, &mut networks, &ports, builder);
    firewall::build(resources, &mut networks, &ports, builder);
    public.extend(database::build(resources, &mut networks, builder));
    public.extend(web::build(resources, builder));
    networks.peer(builder);
    // What has a public endpoint needs no peering.
    clouds::outward(&networks.all, &public, builder);
}
