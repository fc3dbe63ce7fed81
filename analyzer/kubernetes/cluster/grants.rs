//! RBAC across objects: who is bound to what.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{List, Map};
use plimsoll_syntax::{Item, Kind, Place, Value, views};

use super::{Cluster, Related, builtin, named};
use crate::container::header;
use crate::namespace::namespace_of;
use crate::selector::{and, or, same, selects};
use crate::values::{copy, field, follow, is_open, set_at, shown};

/// How many grants of one workspace are looked at.
const LIMIT: usize = 100_000;

impl Cluster {
    /// Subject × rule × binding: the `rbac.grant` items, in order of the bindings. Fields: those of the rule, `subject` (`kind`,
    /// `name`, `namespace`), `role`, `role_kind`, `binding`, `binding_kind`, `namespace`, `cluster_wide`. A grant is underlined at the binding's subject.
    #[must_use]
    pub fn grants(&self) -> Vec<Item> {
        let mut grants = Vec::new();
        for kind in ["ClusterRoleBinding", "RoleBinding"] {
            for binding in self.objects_of(kind) {
                let Some(rules) = self.bound_rules(binding) else { continue };
                for subject in field(&binding.value, "subjects").items() {
                    grants.extend(rules.iter().map(|rule| grant(binding, subject, rule)));
                    if grants.len() > LIMIT {
                        return grants;
                    }
                }
            }
        }
        grants
    }

    /// The rules that a binding gives: those of a role of these files, or of one that every cluster has. `None`: it is neither.
    fn bound_rules(&self, binding: &Item) -> Option<Vec<Value>> {
        if let Some(role) = self.bound_roles(binding).items.first() {
            return Some(self.rules(role));
        }
        let reference = field(&binding.value, "roleRef");
        let name = field(&reference, "name");
        let rules = builtin::rules(name.as_str().filter(|_| reference.str_at(&["kind"]) == Some("ClusterRole"))?, name.place);
        (!rules.is_empty()).then_some(rules)
    }

    /// Subject × binding: the `rbac.subject` items, in order of the bindings. Fields: `kind`, `name`, `namespace` of the subject (of a
    /// service account that names none: the binding's), `rules` of the role with those that it aggregates, `role`, `role_kind`,
    /// `binding`, `binding_kind`, `binding_namespace`, `cluster_wide`. The item is named after the subject, and underlined there.
    #[must_use]
    pub fn subjects(&self) -> Vec<Item> {
        let mut found = Vec::new();
        for kind in ["ClusterRoleBinding", "RoleBinding"] {
            for binding in self.objects_of(kind) {
                let rules = match self.bound_rules(binding) {
                    Some(items) => {
                        let place = items.first().map_or(binding.header, |rule| rule.place);
                        Value::new(Kind::List(Arc::new(List { items, tail: None, blocks: true })), place)
                    }
                    None => Value::new(Kind::Null, binding.header),
                };
                for subject in field(&binding.value, "subjects").items().iter().filter(|subject| subject.as_map().is_some()) {
                    found.push(holder(binding, subject, &rules));
                    if found.len() > LIMIT {
                        return found;
                    }
                }
            }
        }
        found
    }

    /// The rules of a role; an aggregated one has those of the roles that its selectors select.
    fn rules(&self, role: &Item) -> Vec<Value> {
        let mut rules: Vec<Value> =
            field(&role.value, "rules").items().iter().filter(|rule| rule.as_map().is_some()).cloned().collect();
        for selector in follow(&role.value, &["aggregationRule", "clusterRoleSelectors"]).items() {
            for other in self.objects_of("ClusterRole") {
                if selects(selector, &follow(&other.value, &["metadata", "labels"])) == Some(true) && other.header != role.header
                {
                    rules.extend(field(&other.value, "rules").items().iter().filter(|rule| rule.as_map().is_some()).cloned());
                }
            }
        }
        rules
    }

    /// The bindings of a role of this kind, named in its `metadata`.
    pub(super) fn bindings(&self, kind: &Value, metadata: &Value, role: &Item) -> Related<'_> {
        let mut related = Related::of(true);
        let name = field(metadata, "name");
        let namespaced = kind.as_str() == Some("Role");
        for binding_kind in ["ClusterRoleBinding", "RoleBinding"] {
            for binding in self.objects_of(binding_kind) {
                let reference = field(&binding.value, "roleRef");
                let same_kind = same(&field(&reference, "kind"), kind);
                let belongs = and(same_kind, same(&field(&reference, "name"), &name));
                if namespaced && namespace_of(binding) != namespace_of(role) {
                    continue;
                }
                related.add(binding, belongs);
            }
        }
        related
    }

    /// The role objects that a binding refers to.
    pub(super) fn bound_roles(&self, binding: &Item) -> Related<'_> {
        let mut related = Related::of(true);
        let reference = field(&binding.value, "roleRef");
        let name = field(&reference, "name");
        let namespace = namespace_of(binding).unwrap_or_default();
        match field(&reference, "kind").as_str() {
            Some("ClusterRole") => self.objects_of("ClusterRole").for_each(|role| related.add(role, named(role, &name))),
            Some("Role") => self.objects_in("Role", &namespace).for_each(|role| related.add(role, named(role, &name))),
            _ => {}
        }
        // The first of several with the same name, as in copies of one manifest: prefer the one beside the binding.
        if related.items.len() > 1 {
            let beside = related.items.iter().find(|role| role.header.file == binding.header.file).copied();
            related.items = vec![beside.unwrap_or(related.items[0])];
        }
        related
    }

    /// The roles of a service account in the namespace of `item`.
    pub(super) fn roles(&self, account: Option<Value>, item: &Item) -> Related<'_> {
        let mut related = Related::of(true);
        for (binding, bound) in self.bindings_of(account, item) {
            let roles = self.bound_roles(binding);
            if related.tail.is_none() {
                related.tail = roles.tail;
            }
            for role in roles.items {
                if !related.items.iter().any(|known| std::ptr::eq(*known, role)) {
                    related.add(role, bound);
                }
            }
        }
        related
    }

    /// The bindings that name a service account in the namespace of `item`, whether their roles are there or not.
    pub(super) fn account_bindings(&self, account: Option<Value>, item: &Item) -> Related<'_> {
        let mut related = Related::of(true);
        for (binding, bound) in self.bindings_of(account, item) {
            related.add(binding, bound);
        }
        related
    }

    /// Bindings that name the account, or may.
    fn bindings_of(&self, account: Option<Value>, item: &Item) -> Vec<(&Item, Option<bool>)> {
        let Some(account) = account else { return Vec::new() };
        let namespace = namespace_of(item).unwrap_or_default();
        let home = Value::string(namespace.clone(), Place::NONE);
        let in_namespace = self.objects_in("RoleBinding", &namespace);
        let bound = |binding: &Item| {
            let subjects = field(&binding.value, "subjects");
            subjects.items().iter().map(|subject| is_subject(subject, &account, &home, binding)).fold(Some(false), or)
        };
        let all = self.objects_of("ClusterRoleBinding").chain(in_namespace).map(|binding| (binding, bound(binding)));
        all.filter(|(_, bound)| *bound != Some(false)).collect()
    }
}

/// Whether a subject of a binding is this service account.
fn is_subject(subject: &Value, account: &Value, namespace: &Value, binding: &Item) -> Option<bool> {
    match subject.str_at(&["kind"]) {
        Some("ServiceAccount") => {
            let home = match field(subject, "namespace") {
                absent if absent.is_null() => field(&binding.value, "namespace"),
                written => written,
            };
            and(same(&field(subject, "name"), account), same(&home, namespace))
        }
        Some("Group") => {
            let name = field(subject, "name");
            if is_open(&name) {
                return None;
            }
            let name = shown(&name).unwrap_or_default();
            let own = format_compact!("system:serviceaccounts:{}", shown(namespace).unwrap_or_default());
            Some(name == "system:serviceaccounts" || name == "system:authenticated" || name == own)
        }
        _ => Some(false),
    }
}

fn holder(binding: &Item, subject: &Value, rules: &Value) -> Item {
    let at = header(subject);
    let mut map = Map { range: subject.place.span, ..copy(subject, 8) };
    let reference = field(&binding.value, "roleRef");
    let cluster_wide = binding.views.first().is_some_and(|view| view == "ClusterRoleBinding");
    let mut fields = vec![
        ("rules", rules.clone()),
        ("role", field(&reference, "name")),
        ("role_kind", field(&reference, "kind")),
        ("binding", follow(&binding.value, &["metadata", "name"])),
        ("binding_kind", field(&binding.value, "kind")),
        ("binding_namespace", field(&binding.value, "namespace")),
        ("cluster_wide", Value::bool(cluster_wide, binding.header)),
    ];
    if subject.str_at(&["kind"]) == Some("ServiceAccount") && field(subject, "namespace").is_null() {
        fields.push(("namespace", field(&binding.value, "namespace")));
    }
    for (key, value) in fields {
        if !value.is_null() {
            set_at(&mut map, key, value, at);
        }
    }
    let word = |name: &str| shown(&field(subject, name)).unwrap_or_default();
    Item {
        views: views![CompactString::const_new("rbac.subject")],
        name: format_compact!("{}/{}", word("kind"), word("name")),
        header: at,
        range: subject.place.span,
        value: Value::map(map, at),
        // The subject is what a finding is about: it belongs to no other item.
        owner: None,
        index: binding.index,
    }
}

fn grant(binding: &Item, subject: &Value, rule: &Value) -> Item {
    let at = header(subject);
    let reference = field(&binding.value, "roleRef");
    let mut map = Map { range: rule.place.span, ..copy(rule, 7) };
    let cluster_wide = binding.views.first().is_some_and(|view| view == "ClusterRoleBinding");
    let fields = [
        ("subject", subject.clone()),
        ("role", field(&reference, "name")),
        ("role_kind", field(&reference, "kind")),
        ("binding", follow(&binding.value, &["metadata", "name"])),
        ("binding_kind", field(&binding.value, "kind")),
        ("namespace", field(&binding.value, "namespace")),
        ("cluster_wide", Value::bool(cluster_wide, binding.header)),
    ];
    for (key, value) in fields {
        if !value.is_null() {
            set_at(&mut map, key, value, at);
        }
    }
    Item {
        views: views![CompactString::const_new("rbac.grant")],
        name: binding.name.clone(),
        header: at,
        range: subject.place.span,
        value: Value::map(map, at),
        owner: Some(Owner { name: binding.name.clone(), range: Place::new(binding.header.file, binding.range) }),
        index: binding.index,
    }
}
