//! Amazon Web Services.
//!
//! Closed-world rules, from the VPC, EC2, ELB, ECS, EKS and RDS user guides:
//! - An instance is reached from the internet when it has a public IPv4 address *and* its subnet's route table leads to an internet
//!   gateway. A NAT gateway lets nothing in (VPC guide, "Internet gateways", "NAT gateways").
//! - Without a `subnet_id` an instance is in a default subnet of the default VPC: a public address and a route to an internet gateway are
//!   given (VPC guide, "Default VPCs"). A subnet in code gives no public address unless it says so.
//! - A subnet without an association uses the main route table, which has only the local route unless code says more.
//! - Security groups only allow; several are a union; what no rule speaks of is refused. An instance without one is in the
//!   default group of its VPC, which lets in its own members alone (VPC guide, "Security groups").
//! - A subnet without a network ACL in code has the default one, which lets everything through. ACLs are read by number, and are
//!   stateless: what refuses every answer is a wall, too.

mod balancer;
mod container;
mod database;
mod machine;
mod network;
mod security_group;

use crate::builder::Builder;
use crate::resources::Resources;

/// Adds what AWS runs.
pub(crate) fn build(resources: &Resources<'_>, builder: &mut Builder) {
    network::build(resources, builder);
    machine::build(resources, builder);
    database::build(resources, builder);
    container::build(resources, builder);
    // They lead to what is there by now.
    balancer::build(resources, builder);
}
