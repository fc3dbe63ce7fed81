//! What workloads are open to beyond the manifests.

use super::{admin, namespace, of, pod, policy};

/// The exposures of `shop/web` in one direction, without the addresses outside.
fn exposures(manifests: &str, arrow: &str) -> Vec<String> {
    let web = namespace("shop", "") + &pod("shop", "web", "app: web");
    let lines = of(&(web + manifests)).exposure_lines();
    let lines = lines.iter().filter(|line| line.contains(arrow) && !line.contains("External"));
    lines
        .filter_map(|line| Some(line.strip_prefix("shop/web[Pod]")?.split_once('\t')?.1.split_once('\t')?.1.trim().to_owned()))
        .collect()
}

#[test]
fn pods_that_no_manifest_has() {
    let rows: &[(&str, &[&str])] = &[
        // Without a policy, and with one that lets everybody.
        ("", &["entire-cluster : All Connections"]),
        (
            "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}], ports: [{port: dns}]}]}",
            &["entire-cluster : TCP dns"],
        ),
        ("{podSelector: {}, policyTypes: [Egress]}", &[]),
        // Addresses are not the cluster.
        ("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}", &[]),
        (
            "{podSelector: {}, egress: [{to: [{podSelector: {matchLabels: {app: new}}}]}]}",
            &["shop/[pod with {app=new}] : All Connections"],
        ),
        ("{podSelector: {}, egress: [{to: [{podSelector: {}}]}]}", &["shop/[all pods] : All Connections"]),
        (
            "{podSelector: {}, egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: far}}}]}]}",
            &["far/[all pods] : All Connections"],
        ),
        (
            "{podSelector: {}, egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {b: v, a: x}}}]}]}",
            &["[all namespaces]/[pod with {a=x,b=v}] : All Connections"],
        ),
        (
            "{podSelector: {}, egress: [{to: [{namespaceSelector: {matchExpressions: [{key: t, operator: In, values: [b, a]}]}}]}]}",
            &["[namespace with {{Key:t,Operator:In,Values:[a b],}}]/[all pods] : All Connections"],
        ),
        // One that is there is no exposure.
        ("{podSelector: {}, egress: [{to: [{podSelector: {matchLabels: {app: web}}}]}]}", &[]),
        (
            "{podSelector: {}, egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}]}]}",
            &["[all namespaces]/[pod with {app=web}] : All Connections"],
        ),
        // The wider rule holds for the narrower pods as well; the same as for any pod is not told twice.
        (
            "{podSelector: {}, egress: [{to: [{podSelector: {}}], ports: [{port: 1}]}, {to: [{podSelector: {matchLabels: {app: new}}}], ports: [{port: 2}]}]}",
            &["shop/[all pods] : TCP 1", "shop/[pod with {app=new}] : TCP 1-2"],
        ),
        (
            "{podSelector: {}, egress: [{to: [{namespaceSelector: {}}]}, {to: [{podSelector: {matchLabels: {app: new}}}]}]}",
            &["entire-cluster : All Connections"],
        ),
    ];
    for (spec, expected) in rows {
        let manifests = if spec.is_empty() { String::new() } else { policy(spec) };
        assert_eq!(exposures(&manifests, "=>"), *expected, "{spec}");
    }
}

#[test]
fn pods_that_are_left_out_of_the_cluster_are_told() {
    let deny = admin(
        "a",
        "{priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {matchLabels: {team: bad}}}]}]}",
    );
    assert_eq!(
        exposures(&deny, "<="),
        ["entire-cluster : All Connections", "[namespace with {team=bad}]/[all pods] : No Connections"]
    );
    assert_eq!(exposures(&deny, "=>"), ["entire-cluster : All Connections"]);
}
