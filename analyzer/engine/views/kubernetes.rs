//! Objects of Kubernetes that Terraform makes: what a manifest would say, from `kubernetes_*` resources and `kubernetes_manifest`.
//!
//! The provider writes blocks in the singular and in snake case; everything else is as in the API, and so are the views.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Entry, List, Map};
use plimsoll_syntax::{Item, Kind, Place, Value};

/// Resource types without their version, with what the object's `apiVersion` and `kind` are.
const KINDS: &[(&str, &str, &str)] = &[
    ("cluster_role", "rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("cluster_role_binding", "rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("config_map", "v1", "ConfigMap"),
    ("cron_job", "batch/v1", "CronJob"),
    ("daemon_set", "apps/v1", "DaemonSet"),
    ("daemonset", "apps/v1", "DaemonSet"),
    ("deployment", "apps/v1", "Deployment"),
    ("endpoints", "v1", "Endpoints"),
    ("ingress", "networking.k8s.io/v1", "Ingress"),
    ("job", "batch/v1", "Job"),
    ("limit_range", "v1", "LimitRange"),
    ("mutating_webhook_configuration", "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
    ("namespace", "v1", "Namespace"),
    ("network_policy", "networking.k8s.io/v1", "NetworkPolicy"),
    ("persistent_volume", "v1", "PersistentVolume"),
    ("persistent_volume_claim", "v1", "PersistentVolumeClaim"),
    ("pod", "v1", "Pod"),
    ("pod_disruption_budget", "policy/v1", "PodDisruptionBudget"),
    ("pod_security_policy", "policy/v1beta1", "PodSecurityPolicy"),
    ("replication_controller", "v1", "ReplicationController"),
    ("resource_quota", "v1", "ResourceQuota"),
    ("role", "rbac.authorization.k8s.io/v1", "Role"),
    ("role_binding", "rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("secret", "v1", "Secret"),
    ("service", "v1", "Service"),
    ("service_account", "v1", "ServiceAccount"),
    ("stateful_set", "apps/v1", "StatefulSet"),
    ("storage_class", "storage.k8s.io/v1", "StorageClass"),
    ("validating_webhook_configuration", "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
];

/// Endings of resource types that name a version of the API.
const VERSIONS: [&str; 4] = ["_v1", "_v2", "_v1beta1", "_v2beta2"];

/// Blocks that may be written many times, with the name of the list in the API.
const LISTS: &[(&str, &str)] = &[
    ("allowed_host_paths", "allowedHostPaths"),
    ("container", "containers"),
    ("egress", "egress"),
    ("env", "env"),
    ("env_from", "envFrom"),
    ("from", "from"),
    ("host_aliases", "hostAliases"),
    ("host_ports", "hostPorts"),
    ("http_header", "httpHeaders"),
    ("image_pull_secret", "imagePullSecrets"),
    ("image_pull_secrets", "imagePullSecrets"),
    ("ingress", "ingress"),
    ("init_container", "initContainers"),
    ("items", "items"),
    ("limit", "limits"),
    ("match_expressions", "matchExpressions"),
    ("match_fields", "matchFields"),
    ("node_selector_term", "nodeSelectorTerms"),
    ("path", "paths"),
    ("port", "ports"),
    ("ports", "ports"),
    ("preferred_during_scheduling_ignored_during_execution", "preferredDuringSchedulingIgnoredDuringExecution"),
    ("range", "ranges"),
    ("readiness_gate", "readinessGates"),
    ("rule", "rules"),
    ("secret", "secrets"),
    ("sources", "sources"),
    ("subject", "subjects"),
    ("sysctl", "sysctls"),
    ("tls", "tls"),
    ("to", "to"),
    ("toleration", "tolerations"),
    ("topology_spread_constraint", "topologySpreadConstraints"),
    ("volume", "volumes"),
    ("volume_claim_template", "volumeClaimTemplates"),
    ("volume_device", "volumeDevices"),
    ("volume_mount", "volumeMounts"),
    ("webhook", "webhooks"),
];

/// A list in some blocks only.
const REQUIRED: (&str, &str) =
    ("required_during_scheduling_ignored_during_execution", "requiredDuringSchedulingIgnoredDuringExecution");

/// Names that camel case does not give.
const NAMES: &[(&str, &str)] = &[
    ("cluster_ip", "clusterIP"),
    ("external_ips", "externalIPs"),
    ("host_ip", "hostIP"),
    ("host_ipc", "hostIPC"),
    ("host_pid", "hostPID"),
    ("load_balancer_ip", "loadBalancerIP"),
    ("non_resource_urls", "nonResourceURLs"),
];

/// How deep blocks are looked into.
const DEPTH: usize = 24;

/// The objects of all these resources, and what belongs to them, in their order.
#[must_use]
pub(crate) fn items(terraform: &[Item]) -> Vec<Item> {
    terraform.iter().filter_map(|item| Some((item, object(item)?))).flat_map(|(item, object)| belonging(item, &object)).collect()
}

/// The items of an object, under the address of the resource that makes it.
fn belonging(resource: &Item, object: &Value) -> Vec<Item> {
    let owner = Owner { name: resource.name.clone(), range: Place { span: resource.range, ..resource.header } };
    let mut items = plimsoll_kubernetes::items_of(object);
    for item in &mut items {
        match &mut item.owner {
            Some(known) => known.clone_from(&owner),
            None => item.name.clone_from(&resource.name),
        }
    }
    items
}

/// What the API server would get.
fn object(resource: &Item) -> Option<Value> {
    let kind = resource.views.first()?.strip_prefix("kubernetes_")?;
    let whole = Place { span: resource.range, ..resource.header };
    if kind == "manifest" {
        let manifest = resource.value.get("manifest")?;
        manifest.as_map()?;
        return Some(Value { place: whole, ..manifest.clone() });
    }
    let kind = VERSIONS.iter().find_map(|version| kind.strip_suffix(version)).unwrap_or(kind);
    let (_, version, kind) = KINDS.iter().find(|row| row.0 == kind)?;
    let mut fields = api_map(resource.value.as_map()?, "", DEPTH);
    // What Terraform itself knows of a resource is no part of the object.
    fields.entries.retain(|entry| !matches!(entry.key.as_str(), "address" | "id" | "name" | "provider" | "timeouts" | "type"));
    fields.set("apiVersion", Value::string(*version, resource.header));
    fields.set("kind", Value::string(*kind, resource.header));
    fields.range = resource.range;
    Some(Value::map(fields, whole))
}

/// The fields of a block, `parent`, as the API calls them.
fn api_map(block: &Map, parent: &str, depth: usize) -> Map {
    let mut fields = Map { entries: Vec::new(), ..block.clone() };
    for entry in &block.entries {
        let blocks = entry.value.as_list().filter(|list| list.blocks && depth > 0);
        let (key, value) = match blocks {
            Some(list) => api_blocks(&entry.key, entry, list, parent, depth - 1),
            None => (camel_case(&entry.key), entry.value.clone()),
        };
        if !value.is_null() {
            fields.entries.push(Entry { key, value, ..entry.clone() });
        }
    }
    fields
}

/// Blocks as a list of the API, or as the one object that they are.
fn api_blocks(name: &str, entry: &Entry, list: &List, parent: &str, depth: usize) -> (CompactString, Value) {
    let convert = |value: &Value| match &value.kind {
        Kind::Map(map) => Value { kind: Kind::Map(Arc::new(api_map(map, name, depth))), ..value.clone() },
        _ => value.clone(),
    };
    // A volume's secret, and the port of a backend's service, are single blocks of the same name.
    let single = matches!(parent, "volume" | "sources") || (parent, name) == ("service", "port");
    // What a pod needs of other pods is a list; what it needs of its node is one object of the same name.
    let required = matches!(parent, "pod_affinity" | "pod_anti_affinity").then_some(REQUIRED);
    match LISTS.iter().chain(&required).find(|row| row.0 == name && !single) {
        Some((_, plural)) => {
            let items = list.items.iter().map(convert).collect();
            let kind = Kind::List(Arc::new(List { items, tail: list.tail.clone(), blocks: true }));
            ((*plural).into(), Value { kind, ..entry.value.clone() })
        }
        None => {
            let value = match (list.items.first(), &list.tail) {
                (Some(first), _) => convert(first),
                (None, Some(tail)) => Value::new(Kind::Unknown(tail.clone()), entry.value.place),
                (None, None) => Value::default(),
            };
            (camel_case(name), value)
        }
    }
}

fn camel_case(name: &str) -> CompactString {
    if let Some((_, known)) = NAMES.iter().find(|row| row.0 == name) {
        return (*known).into();
    }
    let mut out = CompactString::default();
    let mut upper = false;
    for letter in name.chars() {
        match letter {
            '_' => upper = true,
            _ if upper => {
                out.push(letter.to_ascii_uppercase());
                upper = false;
            }
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use plimsoll_syntax::{Span, views};

    use super::*;
    use crate::domains::samples::{map, text};

    fn blocks(items: Vec<Value>) -> Value {
        Value::new(Kind::List(Arc::new(List { items, tail: None, blocks: true })), Place::NONE)
    }

    fn resource(kind: &str, fields: Vec<(&str, Value)>) -> Item {
        Item {
            views: views![kind.into(), "resource".into()],
            name: format!("{kind}.web").into(),
            header: Place::NONE,
            range: Span::default(),
            value: map(fields),
            owner: None,
            index: 0,
        }
    }

    #[test]
    fn blocks_become_the_objects_fields() {
        let container = map(vec![
            ("name", text("web")),
            ("security_context", blocks(vec![map(vec![("read_only_root_filesystem", text("true"))])])),
        ]);
        let volume = map(vec![("name", text("v")), ("secret", blocks(vec![map(vec![("secret_name", text("s"))])]))]);
        let required =
            ("required_during_scheduling_ignored_during_execution", blocks(vec![map(vec![("topology_key", text("zone"))])]));
        let affinity = blocks(vec![map(vec![("pod_anti_affinity", blocks(vec![map(vec![required])]))])]);
        let spec = map(vec![
            ("affinity", affinity),
            ("host_pid", text("true")),
            ("node_selector", map(vec![("disk_type", text("ssd"))])),
            ("container", blocks(vec![container])),
            ("volume", blocks(vec![volume])),
        ]);
        let pod = resource(
            "kubernetes_pod_v1",
            vec![("metadata", blocks(vec![map(vec![("name", text("web"))])])), ("spec", blocks(vec![spec]))],
        );
        let found = items(&[pod, resource("kubernetes_labels", vec![]), resource("aws_instance", vec![])]);
        let object = found.first().expect("an object");
        assert_eq!(object.name, "kubernetes_pod_v1.web");
        assert_eq!(object.value.str_at(&["kind"]), Some("Pod"));
        assert_eq!(object.value.str_at(&["spec", "hostPID"]), Some("true"));
        assert_eq!(object.value.str_at(&["spec", "nodeSelector", "disk_type"]), Some("ssd"));
        let affinity = ["spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
        assert_eq!(object.value.at(&affinity).map(|terms| terms.items().len()), Some(1));
        let volumes = object.value.at(&["spec", "volumes"]).map(Value::items).unwrap_or_default();
        assert_eq!(volumes[0].str_at(&["secret", "secretName"]), Some("s"));
        let container = found.iter().find(|item| item.views.iter().any(|view| view == "container")).expect("a container");
        assert_eq!(container.value.str_at(&["securityContext", "readOnlyRootFilesystem"]), Some("true"));
        assert_eq!(container.owner.as_ref().map(|owner| owner.name.as_str()), Some("kubernetes_pod_v1.web"));
    }
}
