//! What belongs to what.

use crate::Cluster;
use crate::tests::{fields, read};

const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      serviceAccountName: robot
      containers:
      - name: c
        image: i
        env:
        - {name: A, valueFrom: {secretKeyRef: {name: key, key: a}}}
        envFrom: [{configMapRef: {name: settings}}]
      volumes: [{name: v, projected: {sources: [{secret: {name: other}}]}}]
---
apiVersion: v1
kind: Pod
metadata: {name: alone}
spec: {containers: [{name: c, image: i}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {selector: {app: db}}
---
apiVersion: v1
kind: Service
metadata: {name: open, namespace: shop}
spec: {selector: {app: '{{ .Values.app }}'}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: front, namespace: shop}
spec: {podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [front]}]}, ingress: [{}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: other, namespace: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: unused, namespace: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
---
apiVersion: v1
kind: LimitRange
metadata: {name: limits, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader, labels: {aggregate: \"yes\"}}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: all}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {aggregate: \"yes\"}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {kind: ClusterRole, name: all}
subjects: [{kind: ServiceAccount, name: robot, namespace: shop}, {kind: User, name: u}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: one, namespace: shop}
spec: {rules: [{host: a.example, http: {paths: [{path: /, backend: {service: {name: web}}}]}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: two, namespace: shop}
spec: {rules: [{host: a.example, http: {paths: [{backend: {service: {name: gone}}}]}}]}
";

#[test]
fn things_are_related() {
    let found = read(SHOP);
    let cluster = Cluster::new(&[&found]);
    let names = |view: &str, name: &str, relation: &str| {
        let item = found.iter().find(|item| item.views[0] == view && item.name == name)?;
        let related = cluster.links(item, relation)?;
        let mut names: Vec<String> = related.items.iter().map(|item| item.name.to_string()).collect();
        names.extend(related.tail.iter().map(|tail| format!("…{}", tail.source)));
        Some(names.join(" "))
    };
    let rows = [
        ("workload", "Deployment/web", "services", Some("Service/web …Service/open")),
        ("Deployment", "Deployment/web", "services", Some("Service/web …Service/open")),
        ("container", "c", "services", Some("Service/web …Service/open")),
        ("workload", "Pod/alone", "services", Some("")),
        ("workload", "Deployment/web", "network_policies", Some("NetworkPolicy/deny")),
        ("workload", "Pod/alone", "network_policies", Some("")),
        ("workload", "Deployment/web", "disruption_budgets", Some("PodDisruptionBudget/web")),
        ("workload", "Deployment/web", "autoscalers", Some("HorizontalPodAutoscaler/web")),
        ("workload", "Deployment/web", "service_account", Some("ServiceAccount/robot")),
        ("workload", "Pod/alone", "service_account", Some("")),
        ("workload", "Deployment/web", "roles", Some("ClusterRole/all")),
        ("workload", "Deployment/web", "secrets", Some("Secret/key Secret/other")),
        ("workload", "Deployment/web", "config_maps", Some("ConfigMap/settings")),
        ("workload", "Deployment/web", "limit_ranges", Some("LimitRange/limits")),
        ("workload", "Deployment/web", "namespace_object", Some("Namespace/shop")),
        ("workload", "Deployment/web", "nonsense", None),
        ("Secret", "Secret/key", "services", None),
        ("Service", "Service/web", "workloads", Some("Deployment/web")),
        ("Service", "Service/db", "workloads", Some("")),
        ("Service", "Service/open", "workloads", Some("…Deployment/web")),
        ("PodDisruptionBudget", "PodDisruptionBudget/web", "workloads", Some("Deployment/web")),
        ("ServiceAccount", "ServiceAccount/robot", "roles", Some("ClusterRole/all")),
        ("Ingress", "Ingress/one", "host_conflicts", Some("Ingress/two")),
        ("Ingress", "Ingress/one", "services", Some("Service/web")),
        ("Namespace", "Namespace/shop", "network_policies", Some("NetworkPolicy/deny NetworkPolicy/front")),
    ];
    for (view, name, relation, expected) in rows {
        assert_eq!(names(view, name, relation).as_deref(), expected, "{name} {relation}");
    }
}

#[test]
fn namespaces_are_declared_or_used() {
    let found = read(SHOP);
    let cluster = Cluster::new(&[&found]);
    let namespaces = cluster.namespaces();
    let paths = ["declared", "labels", "workloads", "default_deny_ingress", "default_deny_egress"];
    let expected = [
        "Namespace/shop declared=true labels={team: a} workloads=1 default_deny_ingress=true default_deny_egress=false",
        "Namespace/{{ .Release.Namespace }} declared=false labels=<Namespace/{{ .Release.Namespace }}> workloads=1 default_deny_ingress=false default_deny_egress=false",
    ];
    assert_eq!(fields(&namespaces, "namespace", &paths), expected);
    let grants = fields(&cluster.grants(), "rbac.grant", &["subject.name", "resources", "role", "binding", "cluster_wide"]);
    let expected = [
        "ClusterRoleBinding/all subject.name=robot resources=[secrets] role=all binding=all cluster_wide=true",
        "ClusterRoleBinding/all subject.name=u resources=[secrets] role=all binding=all cluster_wide=true",
    ];
    assert_eq!(grants, expected);
}

#[test]
fn default_deny_is_an_empty_policy() {
    let rows = [
        ("{podSelector: {}}", "true", "false"),
        ("{podSelector: {}, policyTypes: [Ingress, Egress]}", "true", "true"),
        ("{podSelector: {}, policyTypes: [Egress]}", "false", "true"),
        ("{podSelector: {}, policyTypes: [Egress], egress: [{}]}", "false", "false"),
        ("{podSelector: {}, egress: []}", "true", "false"),
        ("{podSelector: {matchLabels: {a: b}}}", "false", "false"),
        ("{podSelector: {}, ingress: [{from: []}]}", "false", "false"),
        ("{podSelector: {}, ingress: '{{ .x }}'}", "<a NetworkPolicy>", "false"),
    ];
    for (spec, ingress, egress) in rows {
        let source = format!("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p}}\nspec: {spec}\n");
        let found = read(&source);
        let cluster = Cluster::new(&[&found]);
        let shown = fields(&cluster.namespaces(), "namespace", &["default_deny_ingress", "default_deny_egress"]);
        assert_eq!(shown, [format!("Namespace/default default_deny_ingress={ingress} default_deny_egress={egress}")], "{spec}");
    }
}

#[test]
fn policies_of_cilium_count() {
    let rows = [
        ("spec: {endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}", "true", true),
        ("spec: {endpointSelector: {matchLabels: {}}, egress: []}", "false", true),
        ("spec: {endpointSelector: {matchLabels: {app: b}}, ingress: []}", "false", false),
        ("specs: [{endpointSelector: {}, ingressDeny: []}]", "true", true),
    ];
    for (spec, denied, about) in rows {
        let source = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, labels: {{app: a}}}}\nspec: {{containers: []}}\n---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: c}}\n{spec}\n"
        );
        let found = read(&source);
        let cluster = Cluster::new(&[&found]);
        let namespaces = cluster.namespaces();
        let expected = [format!("Namespace/default default_deny_ingress={denied}")];
        assert_eq!(fields(&namespaces, "namespace", &["default_deny_ingress"]), expected, "{spec}");
        let pod = found.iter().find(|item| item.views[0] == "workload").expect("a workload");
        let related = cluster.links(pod, "network_policies").expect("a relation");
        assert_eq!(related.items.len(), usize::from(about), "{spec}");
    }
}

#[test]
fn a_copy_of_an_ingress_is_no_rival() {
    let ingress = |name: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}}}\nspec: {{rules: [{{host: a.example, http: {{paths: [{{path: /}}]}}}}]}}\n"
        )
    };
    for (other, conflicts) in [("web", 0), ("shop", 1)] {
        let (here, there) = (read(&ingress("web")), read(&ingress(other)));
        let cluster = Cluster::new(&[&here, &there]);
        let related = cluster.links(&here[0], "host_conflicts").expect("a relation");
        assert_eq!(related.items.len(), conflicts, "{other}");
    }
}

const RIGHTS: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: top}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {into: top}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: part, labels: {into: top}}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: team, namespace: shop}
roleRef: {kind: ClusterRole, name: top}
subjects: [{kind: User, name: jane}, {kind: ServiceAccount, name: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: lost, namespace: shop}
roleRef: {kind: Role, name: elsewhere}
subjects: [{kind: Group, name: dev}]
";

#[test]
fn subjects_hold_the_rules_of_aggregated_roles() {
    let found = read(RIGHTS);
    let cluster = Cluster::new(&[&found]);
    let shown = fields(&cluster.subjects(), "rbac.subject", &["kind", "namespace", "role", "binding", "cluster_wide", "rules"]);
    let rules = "rules=[{apiGroups: [], resources: [secrets], verbs: [get]}]";
    let expected = [
        format!("User/jane kind=User namespace=- role=top binding=team cluster_wide=false {rules}"),
        format!("ServiceAccount/ci kind=ServiceAccount namespace=shop role=top binding=team cluster_wide=false {rules}"),
        "Group/dev kind=Group namespace=- role=elsewhere binding=lost cluster_wide=false rules=-".to_owned(),
    ];
    assert_eq!(shown, expected);
}

const DOORS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  serviceAccountName: robot
  containers:
  - name: c
    image: i
    envFrom: [{configMapRef: {name: there}}, {configMapRef: {name: maybe, optional: true}}, {secretRef: {name: gone}}]
    env: [{name: A, valueFrom: {configMapKeyRef: {name: gone, key: a}}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: there, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route, namespace: gateways}
spec: {rules: [{backendRefs: [{name: web, namespace: shop}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: mesh, namespace: istio}
spec: {http: [{route: [{destination: {host: web.shop.svc.cluster.local}}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: other, namespace: bank}
spec: {defaultBackend: {service: {name: web}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: robot, namespace: shop}
roleRef: {kind: Role, name: elsewhere}
subjects: [{kind: ServiceAccount, name: robot}]
";

#[test]
fn a_workload_knows_its_doors_and_bindings() {
    let found = read(DOORS);
    let cluster = Cluster::new(&[&found]);
    let workload = found.iter().find(|item| item.views[0] == "workload").unwrap();
    let names = |relation: &str| -> Vec<&str> {
        cluster.links(workload, relation).unwrap().items.iter().map(|item| item.name.as_str()).collect()
    };
    assert_eq!(names("entrances"), ["HTTPRoute/route", "VirtualService/mesh"]);
    assert_eq!(names("bindings"), ["RoleBinding/robot"]);
}

#[test]
fn what_a_pod_cannot_start_without() {
    let found = read(DOORS);
    let shown = fields(&Cluster::new(&[&found]).references(), "reference", &["kind", "name", "found", "others"]);
    let expected = [
        "Pod/web kind=ConfigMap name=gone found=false others=1",
        "Pod/web kind=ConfigMap name=there found=true others=1",
        "Pod/web kind=Secret name=gone found=false others=0",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn roles_of_every_cluster_have_their_rules() {
    let binding = |kind: &str, role: &str| {
        let source = format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: b, namespace: n}}\nroleRef: {{kind: ClusterRole, name: {role}}}\nsubjects: [{{kind: User, name: jane}}]\n"
        );
        let items = read(&source);
        let cluster = Cluster::new(&[&items]);
        (cluster.grants().len(), cluster.subjects()[0].value.get("rules").is_some_and(|rules| !rules.is_null()))
    };
    assert_eq!(binding("ClusterRoleBinding", "cluster-admin"), (1, true));
    assert_eq!(binding("RoleBinding", "edit"), (17, true));
    assert_eq!(binding("RoleBinding", "unknown"), (0, false));
}

#[test]
fn selectors_reach_over_namespaces() {
    let pod = |name: &str, namespace: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}}\nspec: {{containers: [{{name: c, image: i}}]}}\n---\n"
        )
    };
    let spec = "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: a}}}, {namespaceSelector: {matchLabels: {team: x}}}, \
                {podSelector: {}, namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: two}}}, {ipBlock: {cidr: 10.0.0.0/8}}]}]}";
    let source = format!(
        "{}{}{}apiVersion: v1\nkind: Namespace\nmetadata: {{name: two, labels: {{team: x}}}}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: one}}\nspec: {spec}\n",
        pod("a", "one"),
        pod("a", "two"),
        pod("c", "three"),
    );
    let items = read(&source);
    let cluster = Cluster::new(&[&items]);
    let peers = items.iter().filter(|item| item.views[0] == "network.peer");
    let found: Vec<(usize, bool)> = peers
        .map(|peer| {
            let related = cluster.links(peer, "workloads").unwrap();
            (related.items.len(), related.tail.is_some())
        })
        .collect();
    // What other labels a namespace has that is not declared cannot be told.
    assert_eq!(found, [(1, false), (1, true), (1, false), (0, false)]);
}

#[test]
fn only_what_was_looked_at_counts() {
    let items = read(SHOP);
    let again = read(SHOP);
    let (cluster, same, other) = (Cluster::new(&[&items]).watched(), Cluster::new(&[&items]), Cluster::new(&[&again]));
    let service = items.iter().find(|item| item.name == "Service/web").unwrap();
    cluster.links(service, "workloads").unwrap();
    let looked = cluster.looked();
    assert_eq!(looked.len(), 1);
    assert!(looked.iter().all(|slice| cluster.slice(slice) == same.slice(slice)));
    // Read anew, it may be something else.
    assert!(looked.iter().all(|slice| cluster.slice(slice) != other.slice(slice)));
}
