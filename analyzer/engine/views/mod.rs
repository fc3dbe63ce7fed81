//! Views that range over several resources or providers: one shape for what each writes in its own way.

pub(crate) mod disk;
pub(crate) mod ecs;
mod embedded;
pub(crate) mod firewall;
mod firewall_table;
pub(crate) mod gcp;
pub(crate) mod iam;
pub(crate) mod kubernetes;

use plimsoll_syntax::Item;

/// The views over the resources of one root module.
pub(crate) fn terraform(resources: &[Item]) -> Vec<Item> {
    let views: [fn(&[Item]) -> Vec<Item>; 6] =
        [disk::items, ecs::items, firewall::items, gcp::items, iam::items, kubernetes::items];
    views.iter().flat_map(|items| items(resources)).collect()
}
