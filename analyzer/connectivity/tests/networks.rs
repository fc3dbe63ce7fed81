//! Networks beside and instead of the cluster's, owners, and what an ingress controller passes on.

use super::{between, namespace, of, pod, policy, shop};

const ALL: &str = "All Connections";
const NONE: &str = "No Connections";

#[test]
fn a_user_defined_network_keeps_its_pods_apart() {
    let udn = |role: &str| {
        format!(
            "---\napiVersion: k8s.ovn.org/v1\nkind: UserDefinedNetwork\nmetadata: {{name: net, namespace: blue}}\nspec: {{topology: Layer2, layer2: {{role: {role}}}}}\n"
        )
    };
    let pods = pod("blue", "a", "") + &pod("blue", "b", "") + &pod("red", "c", "");
    let marked = pods.clone() + &namespace("blue", "k8s.ovn.org/primary-user-defined-network: ''");
    let apart = of(&(marked.clone() + &udn("Primary")));
    assert_eq!(between(&apart, "blue[udn]/a[Pod]", "blue[udn]/b[Pod]"), ALL);
    assert_eq!(between(&apart, "blue[udn]/a[Pod]", "0.0.0.0-255.255.255.255[External]"), ALL);
    assert!(!apart.lines().iter().any(|line| line.contains("blue") && line.contains("red")));
    // Without the label on the namespace, or as a second network, it is not the pods' first.
    for near in [pods + &namespace("blue", "") + &udn("Primary"), marked + &udn("Secondary")] {
        assert_eq!(between(&of(&near), "blue/a[Pod]", "red/c[Pod]"), ALL, "{near}");
    }
}

#[test]
fn a_cluster_wide_network_joins_namespaces() {
    let network = "---\napiVersion: k8s.ovn.org/v1\nkind: ClusterUserDefinedNetwork\nmetadata: {name: net}\nspec:\n  \
                   namespaceSelector: {matchLabels: {zone: here}}\n  network: {topology: Layer2, layer2: {role: Primary}}\n";
    let primary = "k8s.ovn.org/primary-user-defined-network: '', zone: here";
    let manifests = namespace("a", primary) + &namespace("b", primary) + &namespace("c", "zone: here");
    let connectivity = of(&(manifests + &pod("a", "x", "") + &pod("b", "w", "") + &pod("c", "z", "") + network));
    assert_eq!(between(&connectivity, "a/x[Pod]", "b/w[Pod]"), ALL);
    assert_eq!(between(&connectivity, "a/x[Pod]", "c/z[Pod]"), NONE);
}

/// A pod on a further network called `lan`.
fn attached(name: &str, written: &str) -> String {
    pod("shop", name, &format!("app: {name}"))
        .replace("labels:", &format!("annotations: {{k8s.v1.cni.cncf.io/networks: '{written}'}}, labels:"))
}

#[test]
fn policies_of_further_networks() {
    let definition = "---\napiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {name: lan, namespace: shop}\nspec: {config: '{}'}\n";
    let multi = |spec: &str| {
        policy(spec)
            .replace("networking.k8s.io/v1", "k8s.cni.cncf.io/v1beta1")
            .replace("NetworkPolicy", "MultiNetworkPolicy")
            .replace("namespace: shop", "namespace: shop, annotations: {k8s.v1.cni.cncf.io/policy-for: lan}")
    };
    let json = r#"[{"name": "lan", "namespace": "shop", "ips": ["10.0.0.7/24"]}]"#;
    // The cluster's network is shut, so what is left passes on the other.
    let base = attached("a", "lan@eth1") + &attached("b", json) + &pod("shop", "c", "") + definition;
    let base = base + &policy("{podSelector: {}, policyTypes: [Ingress, Egress]}");
    let rows = [
        (String::new(), ALL, ALL),
        (multi("{podSelector: {matchLabels: {app: b}}}"), NONE, ALL),
        (multi("{podSelector: {}, ingress: [{ports: [{port: 80}]}]}"), "TCP 80", "TCP 80"),
        // The address that somebody chose for b.
        (multi("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/29}}]}]}"), NONE, ALL),
        (multi("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.1.0/24}}]}]}"), NONE, NONE),
        (multi("{podSelector: {}}").replace("policy-for: lan", "policy-for: wan"), ALL, ALL),
    ];
    for (policies, there, back) in rows {
        let connectivity = of(&(base.clone() + &policies));
        assert_eq!(between(&connectivity, "shop/a[Pod]", "shop/b[Pod]"), there, "{policies}");
        assert_eq!(between(&connectivity, "shop/b[Pod]", "shop/a[Pod]"), back, "{policies}");
        assert!(!connectivity.lines().iter().any(|line| line.contains("shop/c")), "{policies}");
    }
}

#[test]
fn pods_are_their_controllers() {
    let owned =
        |owner: &str| pod("shop", "web-x", "app: web").replace("labels:", &format!("ownerReferences: [{owner}], labels:"));
    let rows = [
        ("{kind: ReplicaSet, name: web, controller: true}", "shop/web[ReplicaSet]"),
        ("{kind: VirtualMachineInstance, name: vm, controller: true}", "shop/vm[VirtualMachine]"),
        ("{kind: ReplicaSet, name: web}", "shop/web-x[Pod]"),
        ("{kind: Node, name: n, controller: true}", "shop/web-x[Pod]"),
    ];
    for (owner, expected) in rows {
        let connectivity = of(&owned(owner));
        assert_eq!(connectivity.connections().next().map(|each| each.to.to_string()).as_deref(), Some(expected), "{owner}");
    }
    // Two pods of one workload are one peer, which may what either may.
    let two = owned("{kind: ReplicaSet, name: web, controller: true}");
    let two = two.clone() + &two.replace("web-x", "web-y").replace("app: web", "app: other") + &pod("shop", "db", "");
    let connectivity = of(&(two + &policy("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}")));
    assert_eq!(between(&connectivity, "shop/web[ReplicaSet]", "shop/db[Pod]"), ALL);
}

#[test]
fn what_an_ingress_controller_passes_on() {
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec:\n  selector: {app: web}\n  ports: [{name: front, port: 8080, targetPort: http}, {name: back, port: 81}]\n";
    let ingress = |port: &str| {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i, namespace: shop}}\nspec:\n  rules: [{{http: {{paths: [{{backend: {{service: {{name: web, port: {port}}}}}}}]}}}}]\n"
        )
    };
    let route = |port: &str| {
        format!(
            "---\napiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {{name: r, namespace: shop}}\nspec: {{to: {{kind: Service, name: web}}{port}}}\n"
        )
    };
    let rows = [
        (ingress("{number: 8080}"), "TCP 80"),
        (ingress("{name: front}"), "TCP 80"),
        // No container has the port behind it.
        (ingress("{name: back}"), NONE),
        (ingress("{number: 9}"), NONE),
        (ingress("{number: 8080}").replace("name: web,", "name: other,"), NONE),
        (route(""), "TCP 80"),
        (route(", port: {targetPort: front}"), "TCP 80"),
        (route(", port: {targetPort: http}"), "TCP 80"),
        (route(", port: {targetPort: back}"), NONE),
        (ingress("{number: 8080}") + &policy("{podSelector: {}}"), NONE),
        (ingress("{number: 8080}") + &policy("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"), "TCP 80"),
    ];
    for (front, expected) in rows {
        let connectivity = of(&(shop() + service + &front));
        assert_eq!(between(&connectivity, "{ingress-controller}", "shop/web[Pod]"), expected, "{front}");
    }
}

#[test]
fn a_pod_on_its_hosts_network_is_not_certain() {
    let host = pod("shop", "web", "").replace("spec:\n", "spec:\n  hostNetwork: true\n");
    let connectivity = of(&(host.clone() + &policy("{podSelector: {}, ingress: [{}]}")));
    assert!(connectivity.connections().any(|each| each.to.to_string() == "shop/web[Pod]" && !each.certain));
    assert!(of(&host).connections().all(|each| each.certain));
}
