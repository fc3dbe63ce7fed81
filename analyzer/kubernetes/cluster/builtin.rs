//! The roles that every cluster has from the start, with the rules that the documentation and the API server's bootstrap policy
//! give them: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings>.
//!
//! Only what rules of ours may ask for is kept of the long lists: no resource is named that a role cannot reach, and no verb that it lacks.

use plimsoll_syntax::value::List;
use plimsoll_syntax::{Kind, Place, Value};

use crate::values::derived;

/// Groups, resources and verbs, each separated by spaces; `core` is the group without a name.
type Rule = (&'static str, &'static str, &'static str);

const READ: &str = "get list watch";
const WRITE: &str = "create delete deletecollection patch update";
const ALL: &str = "create delete deletecollection get list patch update watch";

const EVERYTHING: &[Rule] = &[("*", "*", "*")];
const VIEW: &[Rule] = &[
    (
        "core",
        "configmaps endpoints events limitranges namespaces persistentvolumeclaims pods pods/log pods/status replicationcontrollers resourcequotas serviceaccounts services",
        READ,
    ),
    ("apps", "controllerrevisions daemonsets deployments replicasets statefulsets", READ),
    ("autoscaling", "horizontalpodautoscalers", READ),
    ("batch", "cronjobs jobs", READ),
    ("discovery.k8s.io", "endpointslices", READ),
    ("networking.k8s.io", "ingresses networkpolicies", READ),
    ("policy", "poddisruptionbudgets", READ),
];
const EDIT: &[Rule] = &[
    ("core", "secrets", READ),
    ("core", "pods/attach pods/exec pods/portforward pods/proxy services/proxy", ALL),
    ("core", "serviceaccounts", "impersonate"),
    ("core", "serviceaccounts/token pods/eviction", "create"),
    ("core", "configmaps events persistentvolumeclaims pods replicationcontrollers secrets serviceaccounts services", WRITE),
    (
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale",
        WRITE,
    ),
    ("autoscaling", "horizontalpodautoscalers", WRITE),
    ("batch", "cronjobs jobs", WRITE),
    ("networking.k8s.io", "ingresses networkpolicies", WRITE),
    ("policy", "poddisruptionbudgets", WRITE),
];
const ADMIN: &[Rule] =
    &[("rbac.authorization.k8s.io", "roles rolebindings", ALL), ("authorization.k8s.io", "localsubjectaccessreviews", "create")];

/// Each role with the rules that it consists of.
const ROLES: &[(&str, &[&[Rule]])] = &[
    ("cluster-admin", &[EVERYTHING]),
    ("admin", &[VIEW, EDIT, ADMIN]),
    ("edit", &[VIEW, EDIT]),
    ("view", &[VIEW]),
    ("system:aggregate-to-admin", &[ADMIN]),
    ("system:aggregate-to-edit", &[EDIT]),
    ("system:aggregate-to-view", &[VIEW]),
    (
        "system:auth-delegator",
        &[&[("authentication.k8s.io", "tokenreviews", "create"), ("authorization.k8s.io", "subjectaccessreviews", "create")]],
    ),
    ("system:basic-user", &[&[("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", "create")]]),
    (
        "system:kube-controller-manager",
        &[&[
            ("core", "secrets serviceaccounts", "create get list update watch"),
            ("core", "serviceaccounts/token", "create"),
            ("*", "*", "list watch"),
        ]],
    ),
    (
        "system:kube-scheduler",
        &[&[("core", "nodes pods", READ), ("core", "pods", "delete"), ("core", "bindings pods/binding", "create")]],
    ),
    (
        "system:kubelet-api-admin",
        &[&[("core", "nodes", "get list watch proxy"), ("core", "nodes/log nodes/metrics nodes/proxy nodes/stats", "*")]],
    ),
    (
        "system:node",
        &[&[
            ("core", "configmaps secrets persistentvolumes persistentvolumeclaims", "get list watch"),
            ("core", "pods", "create delete get list watch"),
            ("core", "serviceaccounts/token", "create"),
            ("certificates.k8s.io", "certificatesigningrequests", "create get list watch"),
        ]],
    ),
    ("system:node-bootstrapper", &[&[("certificates.k8s.io", "certificatesigningrequests", "create get list watch")]]),
    ("system:node-proxier", &[&[("core", "endpoints nodes services", "list watch")]]),
    (
        "system:persistent-volume-provisioner",
        &[&[
            ("core", "persistentvolumes", "create delete get list watch"),
            ("core", "persistentvolumeclaims", "get list update watch"),
        ]],
    ),
];

/// The rules of a role that every cluster has, as if written at `place`; none for any other role.
pub(super) fn rules(role: &str, place: Place) -> Vec<Value> {
    let words = |text: &str| {
        let word = |word: &str| Value::string(if word == "core" { "" } else { word }, place);
        let items = text.split(' ').map(word).collect();
        Value::new(Kind::List(std::sync::Arc::new(List { items, tail: None, blocks: false })), place)
    };
    let parts = ROLES.iter().find(|row| row.0 == role).map(|row| row.1).unwrap_or_default();
    let rule = |(groups, resources, verbs): &Rule| {
        derived([("apiGroups", words(groups)), ("resources", words(resources)), ("verbs", words(verbs))], place)
    };
    parts.iter().flat_map(|part| part.iter()).map(rule).collect()
}
