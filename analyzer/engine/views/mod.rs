//! Views that range over several resources or providers: one shape for what each writes in its own way.

pub mod disk;
pub mod ecs;
mod embedded;
pub mod firewall;
mod firewall_table;
pub mod gcp;
pub mod iam;

use plimsoll_syntax::Item;

/// The views over the resources of one root module.
pub(crate) fn terraform(resources: &[Item]) -> Vec<Item> {
    let views: [fn(&[Item]) -> Vec<Item>; 5] = [disk::items, ecs::items, firewall::items, gcp::items, iam::items];
    views.iter().flat_map(|items| items(resources)).collect()
}
