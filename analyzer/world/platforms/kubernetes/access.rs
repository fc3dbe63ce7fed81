//! Service accounts that can start a privileged pod, or enter one: what runs under them can act as a node.

use compact_str::CompactString;
use plimsoll_kubernetes::Cluster;
use plimsoll_syntax::{Item, Value};
use rustc_hash::FxHashMap;

use super::objects::{Objects, Workload, name_of, namespace_of, shown};
use crate::ladder::Rung;
use crate::model::Evidence;
use crate::resources::field;
use crate::said::Step;

/// What makes pods, and what enters them.
const MAKERS: &[&str] =
    &["pods", "deployments", "daemonsets", "statefulsets", "replicasets", "replicationcontrollers", "jobs", "cronjobs", "*"];
const DOORS: &[&str] = &["pods/exec", "pods/ephemeralcontainers", "nodes/proxy"];
/// Roles of every cluster that can start pods ("Using RBAC Authorization", "User-facing roles").
const BUILT_IN: &[&str] = &["cluster-admin", "admin", "edit"];
/// The API groups of both.
const GROUPS: &[&str] = &["", "apps", "batch", "*"];

/// What bindings give to service accounts, by namespace and name.
pub(super) struct Accounts {
    /// Whoever runs under one of these can act as a node.
    strong: FxHashMap<(CompactString, CompactString), Evidence>,
    /// Accounts whose token is not mounted unless the pod asks for it.
    without_token: FxHashMap<(CompactString, CompactString), bool>,
}

impl Accounts {
    pub(super) fn of(objects: &Objects<'_>) -> Self {
        let kinds = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];
        let roles: Vec<Item> = kinds.iter().flat_map(|kind| objects.of_kind(kind)).cloned().collect();
        let mut strong = FxHashMap::default();
        for subject in Cluster::new(&[&roles]).subjects() {
            if subject.value.str_at(&["kind"]) != Some("ServiceAccount") {
                continue;
            }
            let wide = field(&subject.value, "cluster_wide").and_then(Value::as_bool) == Some(true);
            let home = field(&subject.value, "binding_namespace").and_then(shown).unwrap_or_default();
            if !wide && is_guarded(objects, &home) {
                continue;
            }
            let rules = field(&subject.value, "rules");
            let builtin = || {
                let role =
                    subject.value.str_at(&["role"]).filter(|_| subject.value.str_at(&["role_kind"]) == Some("ClusterRole"));
                role.filter(|role| BUILT_IN.contains(role)).map(|_| "can start a privileged pod")
            };
            let what = match rules {
                Some(rules) => rules.items().iter().find_map(|rule| power(rule, wide)),
                None => builtin(),
            };
            let Some(what) = what else { continue };
            let namespace = field(&subject.value, "namespace").and_then(shown).unwrap_or(home);
            let name = field(&subject.value, "name").and_then(shown).unwrap_or_default();
            let step = Step::at(subject.header, format!("the service account {name}, which its pods run under, {what}"));
            strong.entry((namespace, name)).or_insert(Evidence { rung: Rung::Host, step });
        }
        let silent = |item: &Item| field(&item.value, "automountServiceAccountToken").is_some_and(says_false);
        let accounts = objects.of_kind("ServiceAccount").map(|item| ((namespace_of(item), name_of(item)), silent(item)));
        Self { strong, without_token: accounts.collect() }
    }

    /// What the account of a workload gives to its pods.
    pub(super) fn evidence(&self, workload: &Workload<'_>) -> Option<Evidence> {
        let pod = field(&workload.item.value, "pod")?;
        let written = ["serviceAccountName", "serviceAccount"].iter().find_map(|key| field(pod, key));
        let name = written.map_or_else(|| Some("default".into()), shown)?;
        let key = (workload.namespace.clone(), name);
        let mounted = match field(pod, "automountServiceAccountToken") {
            Some(value) => !says_false(value),
            None => self.without_token.get(&key) != Some(&true),
        };
        self.strong.get(&key).filter(|_| mounted).cloned()
    }
}

fn says_false(value: &Value) -> bool {
    value.as_bool() == Some(false) || value.as_str() == Some("false")
}

/// The namespace refuses privileged pods ("Pod Security Admission").
fn is_guarded(objects: &Objects<'_>, namespace: &str) -> bool {
    let label = |item: &Item| item.value.str_at(&["metadata", "labels", "pod-security.kubernetes.io/enforce"]).map(str::to_owned);
    let declared = objects.of_kind("Namespace").find(|item| name_of(item) == namespace);
    declared.and_then(label).is_some_and(|level| level != "privileged")
}

/// What a rule lets its holder do with pods.
fn power(rule: &Value, wide: bool) -> Option<&'static str> {
    let has = |key: &str, wanted: &[&str]| {
        let listed = rule.get(key).map(Value::items).unwrap_or_default();
        listed.iter().filter_map(Value::as_str).any(|text| wanted.contains(&text))
    };
    // A rule for objects of some names says nothing of new ones.
    let named = rule.get("resourceNames").is_some_and(|names| !names.items().is_empty());
    if !has("apiGroups", GROUPS) || named {
        return None;
    }
    if has("resources", MAKERS) && has("verbs", &["create", "*"]) {
        return Some("can start a privileged pod");
    }
    // Within one namespace, exec leads no further than its pods are.
    (wide && has("resources", DOORS) && has("verbs", &["create", "get", "*"]))
        .then_some("can run commands in every pod of the cluster")
}
