//! What the steps change unless a configuration says otherwise: fields by kind, and who refers to whom.
//!
//! Source: the default transformer configuration in Kustomize's documentation.

use compact_str::{CompactString, format_compact};

use crate::field::Field;
use crate::identity::Gvk;

/// A row of a table: group, version, kind, path, whether it is made where it is missing.
type Row = (&'static str, &'static str, &'static str, &'static str, bool);

/// Kinds with a pod template, and the path to its specification.
const PODS: &[(&str, &str)] = &[
    ("Pod", "spec"),
    ("PodTemplate", "template/spec"),
    ("ReplicationController", "spec/template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
];

const NAMESPACE: &[Row] = &[
    ("", "", "Namespace", "metadata/name", true),
    ("apiregistration.k8s.io", "", "APIService", "spec/service/namespace", true),
    ("apiextensions.k8s.io", "", "CustomResourceDefinition", "spec/conversion/webhook/clientConfig/service/namespace", false),
];

const TEMPLATE_LABELS: &[Row] = &[
    ("", "v1", "ReplicationController", "spec/template/metadata/labels", true),
    ("", "", "Deployment", "spec/template/metadata/labels", true),
    ("", "", "ReplicaSet", "spec/template/metadata/labels", true),
    ("", "", "DaemonSet", "spec/template/metadata/labels", true),
    ("apps", "", "StatefulSet", "spec/template/metadata/labels", true),
    ("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true),
    ("batch", "", "Job", "spec/template/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true),
];

const SELECTORS: &[Row] = &[
    ("", "v1", "Service", "spec/selector", true),
    ("", "v1", "ReplicationController", "spec/selector", true),
    ("", "", "Deployment", "spec/selector/matchLabels", true),
    ("", "", "ReplicaSet", "spec/selector/matchLabels", true),
    ("", "", "DaemonSet", "spec/selector/matchLabels", true),
    ("apps", "", "StatefulSet", "spec/selector/matchLabels", true),
    ("batch", "", "Job", "spec/selector/matchLabels", false),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false),
    ("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false),
];

/// Selectors in the pods of deployments and stateful sets.
const POD_SELECTORS: &[&str] = &[
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "topologySpreadConstraints/labelSelector/matchLabels",
];

const ANNOTATIONS: &[Row] = &[
    ("", "", "", "metadata/annotations", true),
    ("", "v1", "ReplicationController", "spec/template/metadata/annotations", true),
    ("", "", "Deployment", "spec/template/metadata/annotations", true),
    ("", "", "ReplicaSet", "spec/template/metadata/annotations", true),
    ("", "", "DaemonSet", "spec/template/metadata/annotations", true),
    ("", "", "StatefulSet", "spec/template/metadata/annotations", true),
    ("batch", "", "Job", "spec/template/metadata/annotations", true),
    ("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations", true),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true),
];

const REPLICAS: &[Row] = &[
    ("", "", "Deployment", "spec/replicas", true),
    ("", "", "ReplicationController", "spec/replicas", true),
    ("", "", "ReplicaSet", "spec/replicas", true),
    ("", "", "StatefulSet", "spec/replicas", true),
];

const IMAGES: &[&str] = &[
    "spec/containers[]/image",
    "spec/initContainers[]/image",
    "spec/volumes[]/image/reference",
    "spec/template/spec/containers[]/image",
    "spec/template/spec/initContainers[]/image",
    "spec/template/spec/volumes[]/image/reference",
];

/// Referred-to kind (group, version, kind) and, in a pod's specification, the fields that hold its name.
const IN_PODS: &[(Target, &[&str])] = &[
    (
        ("", "v1", "ConfigMap"),
        &[
            "volumes/configMap/name",
            "volumes/projected/sources/configMap/name",
            "containers/env/valueFrom/configMapKeyRef/name",
            "initContainers/env/valueFrom/configMapKeyRef/name",
            "containers/envFrom/configMapRef/name",
            "initContainers/envFrom/configMapRef/name",
        ],
    ),
    (
        ("", "v1", "Secret"),
        &[
            "volumes/secret/secretName",
            "volumes/projected/sources/secret/name",
            "containers/env/valueFrom/secretKeyRef/name",
            "initContainers/env/valueFrom/secretKeyRef/name",
            "containers/envFrom/secretRef/name",
            "initContainers/envFrom/secretRef/name",
            "imagePullSecrets/name",
        ],
    ),
    (("", "v1", "ServiceAccount"), &["serviceAccountName"]),
    (("", "v1", "PersistentVolumeClaim"), &["volumes/persistentVolumeClaim/claimName"]),
    (("scheduling.k8s.io", "v1", "PriorityClass"), &["priorityClassName"]),
];

/// Group, version and kind.
type Target = (&'static str, &'static str, &'static str);

/// Group, kind and path.
type Referrer = (&'static str, &'static str, &'static str);

/// Referred-to kind, and the fields of other kinds that hold its name: group, kind, path.
const REFERENCES: &[(Target, &[Referrer])] = &[
    (("", "", "Deployment"), &[("", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name")]),
    (("", "", "ReplicationController"), &[("", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name")]),
    (("", "", "ReplicaSet"), &[("", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name")]),
    (("", "", "StatefulSet"), &[("", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name")]),
    (
        ("", "v1", "ConfigMap"),
        &[
            ("", "Node", "spec/configSource/configMap/name"),
            ("", "Role", "rules/resourceNames"),
            ("", "ClusterRole", "rules/resourceNames"),
            ("", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap"),
        ],
    ),
    (
        ("", "v1", "Secret"),
        &[
            ("", "Ingress", "spec/tls/secretName"),
            ("", "Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret"),
            ("", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret"),
            ("", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret"),
            ("", "ServiceAccount", "imagePullSecrets/name"),
            ("", "ServiceAccount", "secrets/name"),
            ("", "StorageClass", "parameters/secretName"),
            ("", "StorageClass", "parameters/adminSecretName"),
            ("", "StorageClass", "parameters/userSecretName"),
            ("", "StorageClass", "parameters/secretRef"),
            ("", "Role", "rules/resourceNames"),
            ("", "ClusterRole", "rules/resourceNames"),
            ("serving.knative.dev", "Service", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
            ("serving.knative.dev", "Service", "spec/template/spec/volumes/secret/secretName"),
            ("", "PersistentVolume", "spec/azureFile/secretName"),
        ],
    ),
    (
        ("", "v1", "Service"),
        &[
            ("apps", "StatefulSet", "spec/serviceName"),
            ("", "Ingress", "spec/rules/http/paths/backend/serviceName"),
            ("", "Ingress", "spec/backend/serviceName"),
            ("", "Ingress", "spec/rules/http/paths/backend/service/name"),
            ("", "Ingress", "spec/defaultBackend/service/name"),
            ("apiregistration.k8s.io", "APIService", "spec/service/name"),
            ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
            ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
            ("apiextensions.k8s.io", "CustomResourceDefinition", "spec/conversion/webhook/clientConfig/service/name"),
        ],
    ),
    (("rbac.authorization.k8s.io", "", "Role"), &[("rbac.authorization.k8s.io", "RoleBinding", "roleRef/name")]),
    (
        ("rbac.authorization.k8s.io", "", "ClusterRole"),
        &[
            ("rbac.authorization.k8s.io", "RoleBinding", "roleRef/name"),
            ("rbac.authorization.k8s.io", "ClusterRoleBinding", "roleRef/name"),
        ],
    ),
    (
        ("", "v1", "ServiceAccount"),
        &[
            ("rbac.authorization.k8s.io", "RoleBinding", "subjects"),
            ("rbac.authorization.k8s.io", "ClusterRoleBinding", "subjects"),
        ],
    ),
    (
        ("", "v1", "PersistentVolume"),
        &[("", "PersistentVolumeClaim", "spec/volumeName"), ("", "ClusterRole", "rules/resourceNames")],
    ),
    (
        ("storage.k8s.io", "v1", "StorageClass"),
        &[
            ("", "PersistentVolume", "spec/storageClassName"),
            ("", "PersistentVolumeClaim", "spec/storageClassName"),
            ("", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
        ],
    ),
    (("networking.k8s.io", "v1", "IngressClass"), &[("", "Ingress", "spec/ingressClassName")]),
    (
        ("admissionregistration.k8s.io", "", "ValidatingAdmissionPolicy"),
        &[("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "spec/policyName")],
    ),
];

/// Where `$(NAME)` stands for a variable: in a pod's specification …
const VARIABLES_IN_PODS: &[&str] = &[
    "containers/args",
    "containers/command",
    "containers/env/value",
    "containers/volumeMounts/mountPath",
    "initContainers/args",
    "initContainers/command",
    "initContainers/env/value",
    "initContainers/volumeMounts/mountPath",
    "volumes/nfs/server",
];

/// … and elsewhere.
const VARIABLES: &[(&str, &str)] = &[
    ("Ingress", "spec/rules/host"),
    ("Ingress", "spec/tls/hosts"),
    ("Ingress", "spec/tls/secretName"),
    ("Service", "spec/ports/port"),
    ("Service", "spec/ports/targetPort"),
    ("StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
    ("CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server"),
    ("CronJob", "spec/jobTemplate/spec/template/metadata/annotations"),
    ("DaemonSet", "spec/template/metadata/annotations"),
    ("Deployment", "spec/template/metadata/annotations"),
    ("Job", "spec/template/metadata/annotations"),
    ("ReplicaSet", "spec/template/metadata/annotations"),
    ("StatefulSet", "spec/template/metadata/annotations"),
    ("PersistentVolume", "spec/nfs/server"),
    ("", "metadata/labels"),
    ("", "metadata/annotations"),
];

fn rows(rows: &[Row]) -> Vec<Field> {
    rows.iter().map(|(group, version, kind, path, create)| Field::new(group, version, kind, path, *create)).collect()
}

/// Fields that hold a namespace.
pub(crate) fn namespace() -> Vec<Field> {
    rows(NAMESPACE)
}

/// Labels of pod templates.
pub(crate) fn template_labels() -> Vec<Field> {
    rows(TEMPLATE_LABELS)
}

/// Labels, and what selects by them.
pub(crate) fn common_labels() -> Vec<Field> {
    let mut fields = vec![Field::new("", "", "", "metadata/labels", true)];
    fields.extend(rows(SELECTORS));
    fields.extend(template_labels());
    for kind in ["Deployment", "StatefulSet"] {
        fields
            .extend(POD_SELECTORS.iter().map(|path| Field::new("apps", "", kind, &format!("spec/template/spec/{path}"), false)));
    }
    fields
}

/// Annotations.
pub(crate) fn annotations() -> Vec<Field> {
    rows(ANNOTATIONS)
}

/// Numbers of replicas.
pub(crate) fn replicas() -> Vec<Field> {
    rows(REPLICAS)
}

/// Images.
pub(crate) fn images() -> Vec<Field> {
    IMAGES.iter().map(|path| Field::new("", "", "", path, true)).collect()
}

/// Names.
pub(crate) fn names() -> Vec<Field> {
    vec![Field::new("", "", "", "metadata/name", false)]
}

/// Who refers to whom by name.
pub(crate) fn references() -> Vec<(Gvk, Vec<Field>)> {
    let gvk = |(group, version, kind): &Target| Gvk {
        group: CompactString::const_new(group),
        version: CompactString::const_new(version),
        kind: CompactString::const_new(kind),
    };
    let mut out: Vec<(Gvk, Vec<Field>)> = Vec::new();
    for (target, fields) in REFERENCES {
        out.push((gvk(target), fields.iter().map(|(group, kind, path)| Field::new(group, "", kind, path, false)).collect()));
    }
    for (target, paths) in IN_PODS {
        let fields = in_pods(paths);
        match out.iter_mut().find(|(known, _)| *known == gvk(target)) {
            Some((_, known)) => known.extend(fields),
            None => out.push((gvk(target), fields)),
        }
    }
    out
}

/// Where variables are filled in.
pub(crate) fn variables() -> Vec<Field> {
    let mut fields = in_pods(VARIABLES_IN_PODS);
    fields.extend(VARIABLES.iter().map(|(kind, path)| Field::new("", "", kind, path, false)));
    fields
}

fn in_pods(paths: &[&str]) -> Vec<Field> {
    PODS.iter()
        .flat_map(|(kind, root)| paths.iter().map(move |path| Field::new("", "", kind, &format_compact!("{root}/{path}"), false)))
        .collect()
}
