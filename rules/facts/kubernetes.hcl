# What belongs to what in a cluster. The logic (selectors, names, scopes) is in analyzer/kubernetes.

relation services {
  from   = [workload, container, Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, ServiceMonitor]
  many   = [Service]
  native = true
}
relation network_policies {
  from   = [workload, container, namespace, Namespace, Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob]
  many   = [NetworkPolicy]
  native = true
}
# Ingresses and routes that lead to a Service of the workload.
relation entrances {
  from   = [workload, container, Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob]
  many   = [Ingress]
  native = true
}
# All policies of the same files, itself included: a pod may choose among those that its account may use.
relation policies {
  from   = PodSecurityPolicy
  many   = [PodSecurityPolicy]
  native = true
}
relation disruption_budgets {
  from   = [workload, container, Deployment, StatefulSet, ReplicaSet]
  many   = [PodDisruptionBudget]
  native = true
}
relation autoscalers {
  from   = [workload, container, Deployment, StatefulSet, ReplicaSet]
  many   = [HorizontalPodAutoscaler]
  native = true
}
relation service_account {
  from   = [workload, container, volume, mount, Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob]
  one    = [ServiceAccount]
  native = true
}
# The roles that the pods' service account is bound to.
relation roles {
  from   = [workload, container, ServiceAccount, Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob]
  many   = [Role]
  native = true
}
relation config_maps {
  from   = [workload, container, Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob]
  many   = [ConfigMap]
  native = true
}
relation secrets {
  from   = [workload, container, Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob]
  many   = [Secret]
  native = true
}
relation volume_claims {
  from   = [workload, container, Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob]
  many   = [PersistentVolumeClaim]
  native = true
}
# Of the namespace that the thing lives in.
relation limit_ranges {
  from   = [workload, container, namespace, Namespace]
  many   = [LimitRange]
  native = true
}
relation quotas {
  from   = [workload, container, namespace, Namespace]
  many   = [ResourceQuota]
  native = true
}
relation service_accounts {
  from   = [workload, namespace, Namespace]
  many   = [ServiceAccount]
  native = true
}
relation namespace_object {
  from   = [workload, container, namespace]
  one    = [Namespace]
  native = true
}
relation workloads {
  from   = [Service, NetworkPolicy, CiliumNetworkPolicy, PodDisruptionBudget, HorizontalPodAutoscaler, ScaledObject, ServiceAccount, namespace, Namespace, network.peer]
  many   = [workload]
  native = true
}
# The bindings of a role or of the pods' service account, and the role of a binding.
relation bindings {
  from   = [Role, ClusterRole, rbac.rule, workload]
  many   = [RoleBinding, ClusterRoleBinding]
  native = true
}
relation role {
  from   = [RoleBinding, ClusterRoleBinding]
  one    = [ClusterRole]
  native = true
}
# Other Ingresses that claim a host and path of this one.
relation host_conflicts {
  from   = Ingress
  many   = [Ingress]
  native = true
}
relation services {
  from   = Ingress
  many   = [Service]
  native = true
}
relation service {
  from   = ingress.backend
  one    = [Service]
  native = true
}
relation headless_service {
  from   = StatefulSet
  one    = [Service]
  native = true
}
