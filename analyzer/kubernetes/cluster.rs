//! All manifests together: what belongs to what.

mod builtin;
mod entrances;
mod grants;
mod members;
mod missing;
mod named_by;
mod slice;

use std::sync::{Arc, Mutex};

use compact_str::CompactString;
use plimsoll_syntax::value::{List, Reason, Unknown};
use plimsoll_syntax::{Item, Kind, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::namespace::{self, labels, namespace_of};
use crate::network::{self, Direction, has_pods, is_about};
use crate::references::{self, Source};
use crate::selector::{and, or, same, selects, selects_exactly};
use crate::values::{derived, field, follow, is_open, shown};

pub use members::Members;
pub use slice::{Slice, SliceItems};

/// Everything of the workspace's manifests that belongs together. Objects that name no namespace are taken to share one.
#[derive(Debug, Default)]
pub struct Cluster {
    held: Arc<Held>,
    /// What was looked at, where somebody wants to know.
    looked: Option<Mutex<FxHashSet<Slice>>>,
}

/// What a cluster consists of, in order of the files.
#[derive(Debug, Default)]
struct Held {
    members: Vec<Arc<Members>>,
    /// The members with objects of a kind and namespace.
    by_kind: FxHashMap<(CompactString, CompactString), Vec<u32>>,
    /// The members with objects of a kind.
    all: FxHashMap<CompactString, Vec<u32>>,
    /// The members with workloads of a namespace.
    workloads_by: FxHashMap<CompactString, Vec<u32>>,
}

impl Held {
    fn members<'h>(&'h self, numbers: Option<&'h Vec<u32>>) -> impl Iterator<Item = &'h Members> {
        numbers.into_iter().flatten().filter_map(|number| self.members.get(*number as usize)).map(|members| &**members)
    }

    fn objects_in(&self, kind: &str, namespace: &str) -> impl Iterator<Item = &Item> {
        let key = (CompactString::from(kind), CompactString::from(namespace));
        let all = self.members(self.by_kind.get(&key));
        all.flat_map(move |members| members.by_kind.get(&key).into_iter().flat_map(|places| members.items(places)))
    }

    fn objects_of(&self, kind: &str) -> impl Iterator<Item = &Item> {
        let all = self.members(self.all.get(kind));
        let key = CompactString::from(kind);
        all.flat_map(move |members| members.all.get(&key).into_iter().flat_map(|places| members.items(places)))
    }

    fn workloads_in(&self, namespace: &str) -> impl Iterator<Item = &Item> {
        let all = self.members(self.workloads_by.get(namespace));
        let key = CompactString::from(namespace);
        all.flat_map(move |members| members.workloads_by.get(&key).into_iter().flat_map(|places| members.items(places)))
    }

    fn objects(&self) -> impl Iterator<Item = &Item> {
        self.members.iter().flat_map(|members| members.items(&members.objects))
    }

    fn workloads(&self) -> impl Iterator<Item = &Item> {
        self.members.iter().flat_map(|members| members.items(&members.workloads))
    }
}

/// The far end of a relation.
#[derive(Clone, Debug, Default)]
pub struct Related<'c> {
    /// The things, in order of their files.
    pub items: Vec<&'c Item>,
    /// There may be more.
    pub tail: Option<Arc<Unknown>>,
    /// The relation leads to any number of things, not to one at most.
    pub many: bool,
}

impl<'c> Related<'c> {
    fn of(many: bool) -> Self {
        Self { many, ..Self::default() }
    }

    /// Adds the item when it belongs here, a tail when that cannot be told.
    fn add(&mut self, item: &'c Item, belongs: Option<bool>) {
        match belongs {
            Some(true) => self.items.push(item),
            Some(false) => {}
            None => {
                let unknown = || Arc::new(Unknown::new(Reason::Rendered, item.name.clone()));
                self.tail.get_or_insert_with(unknown);
            }
        }
    }
}

impl Cluster {
    /// The cluster of these files' items, as [`crate::items`] gives them.
    #[must_use]
    pub fn new(files: &[&[Item]]) -> Self {
        Self::of(vec![Arc::new(Members::new(files.iter().map(|items| Arc::new(items.to_vec())).collect()))])
    }

    /// The cluster of these members, in order of their files.
    #[must_use]
    pub fn of(members: Vec<Arc<Members>>) -> Self {
        let mut held = Held::default();
        for (number, members) in (0..).zip(&members) {
            members.by_kind.keys().for_each(|key| held.by_kind.entry(key.clone()).or_default().push(number));
            members.all.keys().for_each(|kind| held.all.entry(kind.clone()).or_default().push(number));
            members.workloads_by.keys().for_each(|name| held.workloads_by.entry(name.clone()).or_default().push(number));
        }
        held.members = members;
        Self { held: Arc::new(held), looked: None }
    }

    /// The namespaces that are declared or merely used, by name.
    #[must_use]
    pub fn namespaces(&self) -> Vec<Item> {
        namespace::items(|| self.held.objects(), self.held.workloads())
    }

    /// What is related to `item` by `name`, as values: a list for a relation to many, else the thing itself or null. `None`: an
    /// item of this view has no such relation.
    #[must_use]
    pub fn related(&self, item: &Item, name: &str) -> Option<Value> {
        let related = self.links(item, name)?;
        let kind = if related.many {
            let items = related.items.iter().map(|item| item.value.clone()).collect();
            Kind::List(Arc::new(List { items, tail: related.tail, blocks: true }))
        } else {
            match (related.items.first(), related.tail) {
                (Some(first), _) => return Some(first.value.clone()),
                (None, Some(tail)) => Kind::Unknown(tail),
                (None, None) => Kind::Null,
            }
        };
        Some(Value::new(kind, item.header))
    }

    /// The same, as items of this cluster.
    #[must_use]
    pub fn links(&self, item: &Item, name: &str) -> Option<Related<'_>> {
        let view = item.views.first()?.as_str();
        if view == "namespace" || view == "Namespace" {
            return self.of_namespace(item, name);
        }
        if view == "workload" {
            return self.of_workload(item, name);
        }
        match (view, name) {
            (
                "Service"
                | "NetworkPolicy"
                | "CiliumNetworkPolicy"
                | "PodDisruptionBudget"
                | "HorizontalPodAutoscaler"
                | "ScaledObject"
                | "ServiceAccount",
                "workloads",
            ) => Some(self.workloads_of(item, view)),
            ("Role" | "ClusterRole", "bindings") => {
                Some(self.bindings(&field(&item.value, "kind"), &field(&item.value, "metadata"), item))
            }
            ("rbac.rule", "bindings") => {
                let named = derived([("name", field(&item.value, "role"))], item.header);
                Some(self.bindings(&field(&item.value, "role_kind"), &named, item))
            }
            ("RoleBinding" | "ClusterRoleBinding", "role") => Some(Related { many: false, ..self.bound_roles(item) }),
            ("ingress.backend", "service") => {
                Some(self.service_named(&field(&item.value, "service_name"), &field(&item.value, "service_namespace")))
            }
            ("StatefulSet", "headless_service") => {
                Some(self.service_named(&follow(&item.value, &["spec", "serviceName"]), &field(&item.value, "namespace")))
            }
            ("ServiceAccount", "roles") => {
                Some(self.roles(item.value.str_at(&["metadata", "name"]).map(|name| Value::string(name, item.header)), item))
            }
            ("network.peer", "workloads") => Some(self.peers(item)),
            ("ServiceMonitor", "services") => Some(self.monitored(item)),
            ("Ingress", "host_conflicts") => Some(self.host_conflicts(item)),
            ("Ingress", "services") => Some(self.backends(item)),
            ("PodSecurityPolicy", "policies") => {
                Some(Related { items: self.objects_of("PodSecurityPolicy").collect(), ..Related::of(true) })
            }
            _ => {
                let workload = self.workload_of(item)?;
                self.of_workload(workload, name)
            }
        }
    }

    /// The workload that an object is, or that a container or volume belongs to.
    fn workload_of(&self, item: &Item) -> Option<&Item> {
        let (name, range) = match &item.owner {
            Some(owner) => (&owner.name, owner.range.span),
            None => (&item.name, item.range),
        };
        // Where it is looked for is no matter: it comes from the same file as the item.
        self.held
            .workloads_in(&self.namespace_of_part(item))
            .find(|workload| workload.name == *name && workload.range == range && workload.header.file == item.header.file)
    }

    fn namespace_of_part(&self, item: &Item) -> CompactString {
        let of_workload = || shown(&follow(&item.value, &["workload", "namespace"]));
        namespace_of(item).or_else(of_workload).unwrap_or_default()
    }

    fn objects_in(&self, kind: &str, namespace: &str) -> impl Iterator<Item = &Item> {
        self.look(kind, Some(namespace));
        self.held.objects_in(kind, namespace)
    }

    fn objects_of(&self, kind: &str) -> impl Iterator<Item = &Item> {
        self.look(kind, None);
        self.held.objects_of(kind)
    }

    fn workloads_in(&self, namespace: &str) -> impl Iterator<Item = &Item> {
        self.look(slice::WORKLOADS, Some(namespace));
        self.held.workloads_in(namespace)
    }

    fn of_workload(&self, workload: &Item, name: &str) -> Option<Related<'_>> {
        let namespace = namespace_of(workload).unwrap_or_default();
        let labels = labels(workload);
        let pod = field(&workload.value, "pod");
        let mut related = Related::of(true);
        match name {
            "services" => {
                for service in self.objects_in("Service", &namespace).filter(|service| has_pods(&service.value)) {
                    related.add(service, selects_exactly(&follow(&service.value, &["spec", "selector"]), &labels));
                }
            }
            "network_policies" => {
                for kind in ["NetworkPolicy", "CiliumNetworkPolicy"] {
                    for policy in self.objects_in(kind, &namespace) {
                        related.add(policy, is_about(&policy.value, &labels));
                    }
                }
                for policy in self.objects_of("CiliumClusterwideNetworkPolicy") {
                    related.add(policy, is_about(&policy.value, &labels));
                }
            }
            "disruption_budgets" => {
                for budget in self.objects_in("PodDisruptionBudget", &namespace) {
                    related.add(budget, selects(&follow(&budget.value, &["spec", "selector"]), &labels));
                }
            }
            "autoscalers" => {
                for kind in ["HorizontalPodAutoscaler", "ScaledObject"] {
                    for scaler in self.objects_in(kind, &namespace) {
                        related.add(scaler, scales(scaler, workload));
                    }
                }
            }
            "service_account" => {
                related.many = false;
                let account = references::service_account(&pod);
                for object in self.objects_in("ServiceAccount", &namespace) {
                    related.add(object, named(object, &account));
                }
            }
            "bindings" => return Some(self.account_bindings(Some(references::service_account(&pod)), workload)),
            "entrances" => return Some(self.entrances(workload)),
            "roles" => return Some(self.roles(Some(references::service_account(&pod)), workload)),
            "config_maps" | "secrets" => {
                let (kind, source) =
                    if name == "secrets" { ("Secret", Source::Secret) } else { ("ConfigMap", Source::ConfigMap) };
                let names = references::names(&pod, source);
                for object in self.objects_in(kind, &namespace) {
                    let belongs = names.iter().map(|name| named(object, name)).fold(Some(false), or);
                    related.add(object, belongs);
                }
            }
            "volume_claims" => {
                let names = references::claims(&pod);
                for object in self.objects_in("PersistentVolumeClaim", &namespace) {
                    let belongs = names.iter().map(|name| named(object, name)).fold(Some(false), or);
                    related.add(object, belongs);
                }
            }
            _ => return self.of_namespace_named(&namespace, name),
        }
        Some(related)
    }

    /// The Service of a name that may have holes, in a namespace.
    fn service_named(&self, name: &Value, namespace: &Value) -> Related<'_> {
        let mut related = Related::of(false);
        for service in self.objects_in("Service", &shown(namespace).unwrap_or_default()) {
            related.add(service, named(service, name));
        }
        if related.items.is_empty() && is_open(name) && related.tail.is_none() {
            related.tail = Some(Arc::new(Unknown::new(Reason::Rendered, shown(name).unwrap_or_default())));
        }
        related
    }

    fn of_namespace(&self, item: &Item, name: &str) -> Option<Related<'_>> {
        let namespace = match item.views.first().is_some_and(|view| view == "namespace") {
            true => shown(&field(&item.value, "name")),
            false => shown(&follow(&item.value, &["metadata", "name"])),
        };
        self.of_namespace_named(&namespace.unwrap_or_default(), name)
    }

    fn of_namespace_named(&self, namespace: &str, name: &str) -> Option<Related<'_>> {
        let mut related = Related::of(true);
        match name {
            "limit_ranges" => related.items.extend(self.objects_in("LimitRange", namespace)),
            "quotas" => related.items.extend(self.objects_in("ResourceQuota", namespace)),
            "network_policies" => {
                related.items.extend(self.objects_in("NetworkPolicy", namespace));
                related.items.extend(self.objects_in("CiliumNetworkPolicy", namespace));
                for policy in self.objects_of("CiliumClusterwideNetworkPolicy") {
                    let denies = |direction| network::cilium_denies_by_default(&policy.value, direction);
                    related.add(policy, or(denies(Direction::Ingress), denies(Direction::Egress)));
                }
            }
            "service_accounts" => related.items.extend(self.objects_in("ServiceAccount", namespace)),
            "workloads" => {
                related.items.extend(self.workloads_in(namespace));
            }
            "namespace_object" => {
                related.many = false;
                let name = Value::string(namespace, plimsoll_syntax::Place::NONE);
                for object in self.objects_of("Namespace") {
                    let label = field(&object.value, "metadata");
                    let known = shown(&field(&label, "name")).as_deref() == Some(namespace);
                    related.add(object, if known { Some(true) } else { named(object, &name) });
                }
            }
            _ => return None,
        }
        Some(related)
    }

    /// The workloads that a Service, policy, budget, autoscaler or service account is about.
    fn workloads_of(&self, item: &Item, view: &str) -> Related<'_> {
        let mut related = Related::of(true);
        let selector = follow(&item.value, &["spec", "selector"]);
        for workload in self.workloads_in(&namespace_of(item).unwrap_or_default()) {
            let labels = labels(workload);
            let belongs = match view {
                "Service" if !has_pods(&item.value) => Some(false),
                "Service" => selects_exactly(&selector, &labels),
                "NetworkPolicy" | "CiliumNetworkPolicy" => is_about(&item.value, &labels),
                "PodDisruptionBudget" => selects(&selector, &labels),
                "HorizontalPodAutoscaler" | "ScaledObject" => scales(item, workload),
                _ => named(item, &references::service_account(&field(&workload.value, "pod"))),
            };
            related.add(workload, belongs);
        }
        related
    }

    /// Other Ingresses that claim a host and path of this one. One of the same name and namespace is the same Ingress, as another
    /// environment has it.
    fn host_conflicts(&self, item: &Item) -> Related<'_> {
        let mut related = Related::of(true);
        let claimed = claims(item);
        if claimed.is_empty() {
            return related;
        }
        for other in self.objects_of("Ingress") {
            let itself = other.name == item.name && namespace_of(other) == namespace_of(item);
            if !itself && claims(other).iter().any(|claim| claimed.contains(claim)) {
                related.items.push(other);
            }
        }
        related
    }
}

/// Whether an object has this name.
fn named(object: &Item, name: &Value) -> Option<bool> {
    same(&follow(&object.value, &["metadata", "name"]), name)
}

/// Whether an autoscaler scales a workload: by kind (a `Deployment` when none is written) and name.
fn scales(scaler: &Item, workload: &Item) -> Option<bool> {
    let target = |key| follow(&scaler.value, &["spec", "scaleTargetRef", key]);
    let names = same(&target("name"), &field(&workload.value, "name"));
    // Nearly all scale something else.
    if names == Some(false) {
        return names;
    }
    let kind = match target("kind") {
        absent if absent.is_null() => Value::string("Deployment", scaler.header),
        kind => kind,
    };
    and(same(&kind, &field(&workload.value, "kind")), names)
}

/// The hosts with their paths that an Ingress claims, as far as they are known, with its class.
fn claims(ingress: &Item) -> FxHashSet<(CompactString, CompactString, CompactString)> {
    let spec = field(&ingress.value, "spec");
    let class = match field(&spec, "ingressClassName") {
        absent if absent.is_null() => follow(&ingress.value, &["metadata", "annotations", "kubernetes.io/ingress.class"]),
        class => class,
    };
    let class = shown(&class).unwrap_or_default();
    let mut claims = FxHashSet::default();
    for rule in field(&spec, "rules").items() {
        let host = field(rule, "host");
        let Some(host) = host.as_str() else { continue };
        for path in follow(rule, &["http", "paths"]).items() {
            let path = field(path, "path");
            let text = if path.is_null() { Some(CompactString::const_new("/")) } else { path.as_str().map(CompactString::from) };
            if let Some(path) = text {
                claims.insert((class.clone(), CompactString::from(host), path));
            }
        }
    }
    claims
}

#[cfg(test)]
mod tests;
