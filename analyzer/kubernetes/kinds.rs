//! Which kinds exist, where they live, and where they keep pods: tables.

/// The groups of Kubernetes itself, with their kinds that belong to no namespace. A kind of these groups that is not listed as
/// such lives in a namespace.
///
/// Source: `kubectl api-resources --namespaced=false` of Kubernetes 1.37, and older versions.
const GROUPS: &[(&str, &[&str])] = &[
    ("", &["ComponentStatus", "Namespace", "Node", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("apps", &[]),
    ("authentication.k8s.io", &["SelfSubjectReview", "TokenReview"]),
    ("authorization.k8s.io", &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"]),
    ("autoscaling", &[]),
    ("batch", &[]),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("coordination.k8s.io", &[]),
    ("discovery.k8s.io", &[]),
    ("events.k8s.io", &[]),
    ("extensions", &["PodSecurityPolicy"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("internal.apiserver.k8s.io", &["StorageVersion"]),
    ("networking.k8s.io", &["IPAddress", "IngressClass", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("policy", &["PodSecurityPolicy"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("resource.k8s.io", &["DeviceClass", "DeviceTaintRule", "ResourceSlice"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("storage.k8s.io", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"]),
    ("storagemigration.k8s.io", &["StorageVersionMigration"]),
];

/// The same for groups of well-known custom resources.
const CUSTOM_GROUPS: &[(&str, &[&str])] = &[
    ("apps.kruise.io", &[]),
    ("apps.openshift.io", &[]),
    ("argoproj.io", &["ClusterWorkflowTemplate", "ClusterAnalysisTemplate"]),
    ("batch.volcano.sh", &[]),
    ("cert-manager.io", &["ClusterIssuer"]),
    ("cilium.io", &["CiliumClusterwideNetworkPolicy", "CiliumNode", "CiliumIdentity", "CiliumLoadBalancerIPPool"]),
    ("gateway.networking.k8s.io", &["GatewayClass"]),
    ("jobset.x-k8s.io", &[]),
    ("keda.sh", &["ClusterTriggerAuthentication"]),
    ("kubeflow.org", &[]),
    ("leaderworkerset.x-k8s.io", &[]),
    ("monitoring.coreos.com", &[]),
    ("networking.istio.io", &[]),
    ("policy.networking.k8s.io", &["AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"]),
    ("ray.io", &[]),
    ("route.openshift.io", &[]),
    ("security.istio.io", &[]),
    ("serving.knative.dev", &[]),
    ("snapshot.storage.k8s.io", &["VolumeSnapshotClass", "VolumeSnapshotContent"]),
    ("tekton.dev", &["ClusterTask"]),
];

/// Kinds whose names custom resources reuse: the view of this name holds those of these groups only.
const OWN_KINDS: &[(&str, &[&str])] = &[
    ("Pod", &[""]),
    ("Service", &[""]),
    ("Secret", &[""]),
    ("ConfigMap", &[""]),
    ("Namespace", &[""]),
    ("ServiceAccount", &[""]),
    ("Ingress", &["networking.k8s.io", "extensions"]),
    ("NetworkPolicy", &["networking.k8s.io", "extensions"]),
    ("Deployment", &["apps", "extensions"]),
    ("DaemonSet", &["apps", "extensions"]),
    ("ReplicaSet", &["apps", "extensions"]),
    ("StatefulSet", &["apps"]),
    ("Job", &["batch"]),
    ("CronJob", &["batch"]),
    ("Policy", &["audit.k8s.io"]),
    ("Role", &["rbac.authorization.k8s.io"]),
    ("ClusterRole", &["rbac.authorization.k8s.io"]),
    ("RoleBinding", &["rbac.authorization.k8s.io"]),
    ("ClusterRoleBinding", &["rbac.authorization.k8s.io"]),
];

/// Groups (or their endings) whose documents configure a program and never reach the API server.
const CONFIGURATION: &[&str] = &[
    ".config.k8s.io",
    "apiserver.config.k8s.io",
    "apiserver.k8s.io",
    "audit.k8s.io",
    "kind.x-k8s.io",
    "kubeadm.k8s.io",
    "ctlptl.dev",
    "eksctl.io",
    "k3d.io",
    "skaffold",
];

/// Whether objects of a kind live in a namespace. `None`: a custom resource, whose definition would say.
pub(crate) fn namespaced(group: &str, kind: &str) -> Option<bool> {
    let (_, cluster_wide) = GROUPS.iter().chain(CUSTOM_GROUPS).find(|(name, _)| *name == group)?;
    Some(!cluster_wide.contains(&kind))
}

/// Whether the group is one of Kubernetes itself.
pub(crate) fn is_builtin(group: &str) -> bool {
    GROUPS.iter().any(|(name, _)| *name == group)
}

/// Whether the view `kind` holds this object: a Knative `Service` is no `Service`. A group of Kubernetes itself that is not the
/// kind's is a slip of the pen (`v1` for `apps/v1`), which the API server refuses.
pub(crate) fn is_own(group: &str, kind: &str) -> bool {
    let own = OWN_KINDS.iter().find(|(name, _)| *name == kind);
    own.is_none_or(|(_, groups)| groups.contains(&group) || is_builtin(group))
}

/// Whether a document of this kind configures a program instead of describing an object of a cluster.
pub(crate) fn is_configuration(group: &str, kind: &str) -> bool {
    let kubeconfig = group.is_empty() && kind == "Config";
    kubeconfig
        || CONFIGURATION.iter().any(|ending| if ending.starts_with('.') { group.ends_with(ending) } else { group == *ending })
}

/// What is found at the end of a [`PodPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `metadata` and `spec`.
    Template,
    /// The same, laid over a template that an operator writes: only its containers with an image are its own.
    Overlay,
    /// The pod's spec itself.
    Spec,
    /// A Tekton task: `steps` and `sidecars`.
    Steps,
    /// An Argo workflow's spec: `templates`, each of which may be a pod.
    Workflow,
}

/// Where a kind keeps its pods. `*` in the path stands for every element of a list or map.
pub(crate) struct PodPath {
    group: &'static str,
    kinds: &'static [&'static str],
    /// From the object.
    pub(crate) path: &'static [&'static str],
    pub(crate) shape: Shape,
}

const fn row(group: &'static str, kinds: &'static [&'static str], path: &'static [&'static str]) -> PodPath {
    PodPath { group, kinds, path, shape: Shape::Template }
}

const fn shaped(group: &'static str, kinds: &'static [&'static str], path: &'static [&'static str], shape: Shape) -> PodPath {
    PodPath { group, kinds, path, shape }
}

const TEMPLATE: &[&str] = &["spec", "template"];

/// Every kind known to hold pods. The groups of Kubernetes itself are read as one: `extensions` had what `apps` has.
const POD_PATHS: &[PodPath] = &[
    row("", &["Pod"], &[]),
    row("", &["PodTemplate"], &["template"]),
    row("", &["ReplicationController"], TEMPLATE),
    row("apps", &["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"], TEMPLATE),
    row("batch", &["Job"], TEMPLATE),
    row("batch", &["CronJob"], &["spec", "jobTemplate", "spec", "template"]),
    row("argoproj.io", &["Rollout"], TEMPLATE),
    shaped("argoproj.io", &["Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate"], &["spec"], Shape::Workflow),
    shaped("argoproj.io", &["CronWorkflow"], &["spec", "workflowSpec"], Shape::Workflow),
    row("serving.knative.dev", &["Service", "Configuration"], TEMPLATE),
    row("serving.knative.dev", &["Revision"], &[]),
    row("agents.x-k8s.io", &["Sandbox"], &["spec", "podTemplate"]),
    row("extensions.agents.x-k8s.io", &["SandboxTemplate"], &["spec", "podTemplate"]),
    row("keda.sh", &["ScaledJob"], &["spec", "jobTargetRef", "template"]),
    row("apps.openshift.io", &["DeploymentConfig"], TEMPLATE),
    row("", &["DeploymentConfig"], TEMPLATE),
    row("apps.kruise.io", &["CloneSet", "StatefulSet", "DaemonSet", "BroadcastJob"], TEMPLATE),
    row("apps.kruise.io", &["AdvancedCronJob"], &["spec", "template", "jobTemplate", "spec", "template"]),
    row("apps.kruise.io", &["AdvancedCronJob"], &["spec", "template", "broadcastJobTemplate", "spec", "template"]),
    shaped("apps.kruise.io", &["SidecarSet"], &["spec"], Shape::Spec),
    row("batch.volcano.sh", &["Job"], &["spec", "tasks", "*", "template"]),
    row("jobset.x-k8s.io", &["JobSet"], &["spec", "replicatedJobs", "*", "template", "spec", "template"]),
    row("leaderworkerset.x-k8s.io", &["LeaderWorkerSet"], &["spec", "leaderWorkerTemplate", "leaderTemplate"]),
    row("leaderworkerset.x-k8s.io", &["LeaderWorkerSet"], &["spec", "leaderWorkerTemplate", "workerTemplate"]),
    row("ray.io", &["RayCluster"], &["spec", "headGroupSpec", "template"]),
    row("ray.io", &["RayCluster"], &["spec", "workerGroupSpecs", "*", "template"]),
    row("ray.io", &["RayJob"], &["spec", "rayClusterSpec", "headGroupSpec", "template"]),
    row("ray.io", &["RayJob"], &["spec", "rayClusterSpec", "workerGroupSpecs", "*", "template"]),
    row("ray.io", &["RayService"], &["spec", "rayClusterConfig", "headGroupSpec", "template"]),
    row("ray.io", &["RayService"], &["spec", "rayClusterConfig", "workerGroupSpecs", "*", "template"]),
    row("kubeflow.org", &["PyTorchJob"], &["spec", "pytorchReplicaSpecs", "*", "template"]),
    row("kubeflow.org", &["TFJob"], &["spec", "tfReplicaSpecs", "*", "template"]),
    row("kubeflow.org", &["MPIJob"], &["spec", "mpiReplicaSpecs", "*", "template"]),
    row("kubeflow.org", &["XGBoostJob"], &["spec", "xgbReplicaSpecs", "*", "template"]),
    row("kubeflow.org", &["PaddleJob"], &["spec", "paddleReplicaSpecs", "*", "template"]),
    row("kubeflow.org", &["Notebook"], TEMPLATE),
    shaped("tekton.dev", &["Task", "ClusterTask"], &["spec"], Shape::Steps),
    shaped("tekton.dev", &["TaskRun"], &["spec", "taskSpec"], Shape::Steps),
    shaped("tekton.dev", &["Pipeline"], &["spec", "tasks", "*", "taskSpec"], Shape::Steps),
    shaped("tekton.dev", &["PipelineRun"], &["spec", "pipelineSpec", "tasks", "*", "taskSpec"], Shape::Steps),
    shaped("elasticsearch.k8s.elastic.co", &["Elasticsearch"], &["spec", "nodeSets", "*", "podTemplate"], Shape::Overlay),
    shaped("kibana.k8s.elastic.co", &["Kibana"], &["spec", "podTemplate"], Shape::Overlay),
    shaped("beat.k8s.elastic.co", &["Beat"], &["spec", "daemonSet", "podTemplate"], Shape::Overlay),
    shaped("beat.k8s.elastic.co", &["Beat"], &["spec", "deployment", "podTemplate"], Shape::Overlay),
];

/// The places where a kind keeps pods; empty for one that holds none or is not known.
pub(crate) fn pod_paths(group: &str, kind: &str) -> impl Iterator<Item = &'static PodPath> {
    let of_kind = POD_PATHS.iter().filter(move |row| row.kinds.contains(&kind));
    of_kind.filter(move |row| row.group == group || (is_builtin(row.group) && is_builtin(group)))
}

/// Kinds whose absent `spec.replicas` means one.
pub(crate) const REPLICATED: &[&str] =
    &["Deployment", "ReplicaSet", "StatefulSet", "ReplicationController", "Rollout", "DeploymentConfig", "CloneSet"];
