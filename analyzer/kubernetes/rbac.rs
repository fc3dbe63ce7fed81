//! RBAC: what roles allow.

use compact_str::format_compact;
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Item, Value};

use crate::container::header;
use crate::object::Object;
use crate::values::{copy, field, set_at};

/// Adds the rules of a role: what is written (`verbs`, `resources`, `apiGroups`, `resourceNames`, `nonResourceURLs`), `role`,
/// `role_kind`, `namespace` and `cluster_wide`.
pub(crate) fn rules(object: &Object, items: &mut Vec<Item>) {
    let cluster_wide = object.kind == "ClusterRole";
    if !(cluster_wide || object.kind == "Role") || !crate::kinds::is_own(&object.group, &object.kind) {
        return;
    }
    for (at, rule) in field(&object.value, "rules").items().iter().enumerate() {
        if rule.as_map().is_none() {
            continue;
        }
        let header = header(rule);
        let mut map = Map { range: rule.place.span, ..copy(rule, 4) };
        set_at(&mut map, "role", object.name.clone(), header);
        set_at(&mut map, "role_kind", Value::string(object.kind.clone(), object.header), header);
        set_at(&mut map, "cluster_wide", Value::bool(cluster_wide, object.header), header);
        if !object.namespace.is_null() {
            set_at(&mut map, "namespace", object.namespace.clone(), header);
        }
        let name = format_compact!("{}#{at}", object.label);
        items.push(object.part("rbac.rule", name, header, rule.place, Value::map(map, rule.place)));
    }
}
