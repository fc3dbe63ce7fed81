//! `plimsoll inspect --connections`: who may reach whom.

use crate::workspace::Workspace;

const PODS: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\nspec: {containers: [{name: a, image: a}]}\n---\n\
                    apiVersion: v1\nkind: Pod\nmetadata: {name: db, namespace: shop, labels: {app: db}}\nspec: {containers: [{name: a, image: a}]}\n";
const POLICY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web, namespace: shop}\nspec: {podSelector: {matchLabels: {app: web}}}\n";

#[test]
fn a_policy_takes_connections_away() {
    let line = "shop/db[Pod] => shop/web[Pod] : All Connections";
    let has = |files: &[(&str, &str)]| {
        Workspace::new(files).run(&["inspect", "--connections"]).stdout.lines().any(|found| found == line)
    };
    assert!(has(&[("pods.yaml", PODS)]));
    assert!(!has(&[("pods.yaml", PODS), ("policy.yaml", POLICY)]));
}
