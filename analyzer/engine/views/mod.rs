//! Views that range over several resources or providers: one shape for what each writes in its own way.

pub(crate) mod disk;
pub(crate) mod ecs;
pub(crate) mod embedded;
pub(crate) mod firewall;
mod firewall_order;
mod firewall_table;
pub(crate) mod gcp;
pub(crate) mod iam;
pub(crate) mod kubernetes;
pub(crate) mod route;
pub(crate) mod taggable;

use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Item, Value};

/// The views over the resources of one root module, but `taggable`, which is as large as all that there is and seldom asked for; `source`
/// gives the text of a file.
pub(crate) fn terraform(resources: &[Item], source: embedded::Source<'_>) -> Vec<Item> {
    let mut items = disk::items(resources);
    items.extend(ecs::items(resources, source));
    items.extend(firewall::items(resources));
    items.extend(gcp::items(resources, source));
    items.extend(iam::items(resources, source));
    items.extend(kubernetes::items(resources));
    items.extend(route::items(resources));
    items
}

/// The type of a resource or data source: the most special of its views.
fn kind_of(item: &Item) -> &str {
    item.views.first().map_or("", |view| view.as_str())
}

/// The field `owner` of a view's items: the address and the type of the resource that has it.
fn owner(resource: &Item, kind: &str) -> Value {
    let mut owner = Map::default();
    owner.set("address", Value::string(resource.name.clone(), resource.header));
    owner.set("type", Value::string(kind, resource.header));
    Value::map(owner, resource.header)
}

/// The blocks of a value: itself where it is a single one.
fn blocks(value: &Value) -> &[Value] {
    if value.as_map().is_some() { std::slice::from_ref(value) } else { value.items() }
}
