//! What each platform adds to the world. Every module says in its head which closed-world rules it follows, with their sources.

mod aws;
mod azure;
mod clouds;
mod digitalocean;
mod docker;
mod docker_provider;
mod entries;
mod google;
mod hetzner;
mod kubernetes;
mod libvirt;
mod linode;
mod octavia;
mod openstack;
mod proxmox;
mod vagrant;
mod virtualbox;
mod vsphere;

use crate::builder::{Builder, Facts};
use crate::resources::{Resources, Root};

pub use docker::{Images, Known, Recipe, Role, Said, given, hosts, recipes};
pub use kubernetes::{clusters, has_objects};

/// All platforms that Terraform sets up.
pub(crate) fn terraform(path: &str, resources: &Resources<'_>, facts: &Facts<'_>, builder: &mut Builder) {
    let platforms = [
        aws::build,
        azure::build,
        google::build,
        openstack::build,
        octavia::build,
        hetzner::build,
        digitalocean::build,
        linode::build,
        libvirt::build,
        virtualbox::build,
        proxmox::build,
        vsphere::build,
        // On the machines that are there by now.
        docker_provider::build,
    ];
    for build in platforms {
        build(resources, builder);
    }
    docker::link(path, resources, facts, builder);
}

/// What files say by themselves.
pub(crate) fn files(facts: &Facts<'_>, builder: &mut Builder) {
    docker::build(facts, builder);
    vagrant::build(facts, builder);
}

/// The objects of all manifests.
pub(crate) fn cluster(facts: &Facts<'_>, roots: &[Root<'_>], builder: &mut Builder) {
    kubernetes::build(facts, roots, builder);
}
