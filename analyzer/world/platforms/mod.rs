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
use crate::resources::{Resources, Roots};

/// All platforms that Terraform sets up.
pub(crate) fn terraform(resources: &Resources<'_>, builder: &mut Builder) {
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
}

/// What files say by themselves.
pub(crate) fn files(facts: &Facts<'_>, roots: &Roots<'_>, builder: &mut Builder) {
    docker::build(facts, roots, builder);
    vagrant::build(facts, builder);
}

/// The objects of all manifests.
pub(crate) fn cluster(facts: &Facts<'_>, roots: &Roots<'_>, builder: &mut Builder) {
    kubernetes::build(facts, roots, builder);
}
