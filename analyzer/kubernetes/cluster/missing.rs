//! What pods need and these files do not declare.

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Map, Reason, Unknown};
use plimsoll_syntax::{Item, Place, Value, views};

use super::{Cluster, named};
use crate::namespace::{is_kind, namespace_of};
use crate::references;
use crate::selector::or;
use crate::values::{derived, field};

impl Cluster {
    /// The `reference` items: a ConfigMap, Secret or PersistentVolumeClaim that a workload cannot start without. Fields: `kind`,
    /// `name`, `namespace`, `workload` (`kind`, `name`), `found` (an object of this name is there) and `others` (how many of the
    /// kind are declared in the namespace: a tree without any keeps them elsewhere).
    #[must_use]
    pub fn references(&self) -> Vec<Item> {
        self.held.workloads().flat_map(|workload| self.needs(workload)).collect()
    }

    /// Those of the workloads among these items.
    #[must_use]
    pub fn references_of(&self, items: &[Item]) -> Vec<Item> {
        items.iter().filter(|item| is_kind(item, "workload")).flat_map(|workload| self.needs(workload)).collect()
    }

    fn needs<'c>(&'c self, workload: &'c Item) -> impl Iterator<Item = Item> + 'c {
        let namespace = namespace_of(workload).unwrap_or_default();
        let needed = references::needed(&field(&workload.value, "pod"));
        needed.into_iter().map(move |(kind, name)| {
            let others = self.objects_in(kind, &namespace).count();
            let found = self.objects_in(kind, &namespace).map(|object| named(object, &name)).fold(Some(false), or);
            reference(workload, kind, &name, found, others)
        })
    }
}

fn reference(workload: &Item, kind: &'static str, name: &Value, found: Option<bool>, others: usize) -> Item {
    let at = name.place;
    let found = match found {
        Some(found) => Value::bool(found, at),
        None => Value::unknown(Unknown::new(Reason::Rendered, format_compact!("{kind} of {}", workload.name)), at),
    };
    let summary = derived([("kind", field(&workload.value, "kind")), ("name", field(&workload.value, "name"))], at);
    let fields = [
        ("kind", Value::string(kind, at)),
        ("name", name.clone()),
        ("namespace", field(&workload.value, "namespace")),
        ("found", found),
        ("others", Value::int(i128::try_from(others).unwrap_or_default(), at)),
        ("workload", summary),
    ];
    let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
    let value = derived(fields, at);
    let value = match value.as_map() {
        Some(map) => Value::map(Map { range: at.span, ..map.clone() }, at),
        None => value,
    };
    Item {
        views: views![CompactString::const_new("reference")],
        name: workload.name.clone(),
        header: at,
        range: at.span,
        value,
        owner: Some(Owner { name: workload.name.clone(), range: Place::new(workload.header.file, workload.range) }),
        index: workload.index,
    }
}
