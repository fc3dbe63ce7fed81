//! Policies of the three tiers.

use super::{admin, baseline, between, namespace, of, pod, policy, shop};
use crate::Peer;

const ALL: &str = "All Connections";
const NONE: &str = "No Connections";

#[test]
fn what_a_network_policy_lets_web_hear() {
    // spec, from shop/db, from tools/job, from outside
    let rows = [
        // Selected, and nothing allowed; each of the ways to say so.
        ("{podSelector: {}}", NONE, NONE, NONE),
        ("{podSelector: {}, ingress: []}", NONE, NONE, NONE),
        // Not selected.
        ("{podSelector: {matchLabels: {app: other}}}", ALL, ALL, ALL),
        // Not about ingress.
        ("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}", ALL, ALL, ALL),
        // Everybody: no rule's field, and an empty one.
        ("{podSelector: {}, ingress: [{}]}", ALL, ALL, ALL),
        ("{podSelector: {}, ingress: [{from: [], ports: [{port: 1}]}]}", "TCP 1", "TCP 1", "TCP 1"),
        // Pods of its own namespace, of all, of some.
        ("{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", ALL, NONE, NONE),
        ("{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}", ALL, ALL, NONE),
        ("{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}]}]}", NONE, ALL, NONE),
        // Both at once is less than one after the other.
        (
            "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: db}}}]}]}",
            ALL,
            NONE,
            NONE,
        ),
        (
            "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}, {podSelector: {}}]}]}",
            ALL,
            ALL,
            NONE,
        ),
        // The name that every namespace has as a label.
        (
            "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: tools}}}]}]}",
            NONE,
            ALL,
            NONE,
        ),
        // A block is for what is outside.
        ("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}", NONE, NONE, ALL),
        // Ports: a range, all of a protocol, a name, a name with another protocol, a name that is not there.
        ("{podSelector: {}, ingress: [{ports: [{port: 1, endPort: 9}]}]}", "TCP 1-9", "TCP 1-9", "TCP 1-9"),
        ("{podSelector: {}, ingress: [{ports: [{protocol: UDP}]}]}", "UDP 1-65535", "UDP 1-65535", "UDP 1-65535"),
        ("{podSelector: {}, ingress: [{ports: [{port: http}]}]}", "TCP 80", "TCP 80", "TCP 80"),
        ("{podSelector: {}, ingress: [{ports: [{port: http, protocol: UDP}]}]}", NONE, NONE, NONE),
        ("{podSelector: {}, ingress: [{ports: [{port: other}]}]}", NONE, NONE, NONE),
    ];
    for (spec, near, far, outside) in rows {
        let connectivity = of(&(shop() + &policy(spec)));
        let from = |name: &str| between(&connectivity, name, "shop/web[Pod]");
        let got = (from("shop/db[Pod]"), from("tools/job[Pod]"), from("0.0.0.0-255.255.255.255[External]"));
        assert_eq!(got, (near.into(), far.into(), outside.into()), "{spec}");
        assert_eq!(connectivity.notes(), [], "{spec}");
    }
}

#[test]
fn egress_is_isolated_only_when_it_is_spoken_of() {
    let to = |spec: &str| between(&of(&(shop() + &policy(spec))), "shop/web[Pod]", "tools/job[Pod]");
    assert_eq!(to("{podSelector: {}}"), ALL);
    assert_eq!(to("{podSelector: {}, policyTypes: [Egress]}"), NONE);
    assert_eq!(to("{podSelector: {}, egress: [{to: [{podSelector: {}}]}]}"), NONE);
    // A name is what the destination calls so.
    assert_eq!(to("{podSelector: {}, egress: [{ports: [{port: http}]}]}"), "TCP 80");
}

#[test]
fn what_is_excepted_from_a_block_is_cut_out() {
    let spec = "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]}]}";
    let connectivity = of(&(pod("shop", "web", "") + &policy(spec)));
    let heard: Vec<String> = connectivity
        .connections()
        .filter(|each| matches!(each.from, Peer::Addresses(_)))
        .map(|each| each.from.to_string())
        .collect();
    assert_eq!(heard, ["10.0.0.0-10.0.255.255[External]", "10.2.0.0-10.255.255.255[External]"]);
}

const SHOP: &str = "subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}";
const FROM_OPS: &str = "from: [{namespaces: {matchLabels: {team: ops}}}]";

#[test]
fn admin_policies_decide_first_and_baseline_last() {
    let deny = admin("a", &format!("{{priority: 9, {SHOP}, ingress: [{{action: Deny, {FROM_OPS}}}]}}"));
    let allow = |priority: u8| admin("b", &format!("{{priority: {priority}, {SHOP}, ingress: [{{action: Allow, {FROM_OPS}}}]}}"));
    let pass = admin("b", &format!("{{priority: 1, {SHOP}, ingress: [{{action: Pass, {FROM_OPS}}}]}}"));
    let allow_80 = admin(
        "c",
        &format!(
            "{{priority: 2, {SHOP}, ingress: [{{action: Allow, {FROM_OPS}, ports: [{{portNumber: {{port: 80, protocol: TCP}}}}]}}]}}"
        ),
    );
    let last = baseline(&format!("{{{SHOP}, ingress: [{{action: Deny, {FROM_OPS}}}]}}"));
    let isolated = policy("{podSelector: {}}");
    let open = policy("{podSelector: {}, ingress: [{}]}");
    let rows: &[(&[&str], &str)] = &[
        (&[&deny], NONE),
        (&[&deny, &open], NONE),
        // The smaller number goes first.
        (&[&deny, &allow(8)], ALL),
        (&[&deny, &allow(10)], NONE),
        (&[&allow(8), &isolated], ALL),
        (&[&last], NONE),
        // A pod with a policy of its own has no baseline.
        (&[&last, &open], ALL),
        (&[&last, &allow(8)], ALL),
        // What is passed on is out of reach for the policies behind, and goes to the next tier.
        (&[&deny, &pass], ALL),
        (&[&deny, &pass, &isolated], NONE),
        (&[&deny, &pass, &last], NONE),
        (&[&deny, &allow_80], "TCP 80"),
        (&[&isolated, &allow_80], "TCP 80"),
    ];
    for (policies, expected) in rows {
        let connectivity = of(&(shop() + &policies.concat()));
        assert_eq!(between(&connectivity, "tools/job[Pod]", "shop/web[Pod]"), *expected, "{policies:#?}");
        assert_eq!(between(&connectivity, "shop/web[Pod]", "tools/job[Pod]"), ALL);
    }
}

#[test]
fn the_peers_of_admin_policies() {
    // rule, to shop/db, to tools/job, to outside
    let rows = [
        ("{action: Deny, to: [{namespaces: {}}]}", NONE, NONE, ALL),
        ("{action: Deny, to: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: job}}}}]}", ALL, NONE, ALL),
        ("{action: Deny, to: [{networks: [0.0.0.0/0]}]}", ALL, ALL, NONE),
        ("{action: Deny, to: [{namespaces: {}}], ports: [{namedPort: http}]}", "80", "80", ALL),
        ("{action: Deny, to: [{namespaces: {}}], ports: [{portRange: {protocol: TCP, start: 80, end: 80}}]}", "80", "80", ALL),
        ("{action: Deny, to: [{namespaces: {sameLabels: [kubernetes.io/metadata.name]}}]}", NONE, ALL, ALL),
        ("{action: Deny, to: [{namespaces: {notSameLabels: [kubernetes.io/metadata.name]}}]}", ALL, NONE, ALL),
        ("{action: Deny, to: [{networks: [fd00::/8]}]}", ALL, ALL, ALL),
        ("{action: Deny, to: [{nodes: {}}]}", ALL, ALL, ALL),
    ];
    for (rule, near, far, outside) in rows {
        let manifests = shop()
            + &admin(
                "a",
                &format!("{{priority: 1, subject: {{pods: {{podSelector: {{matchLabels: {{app: web}}}}}}}}, egress: [{rule}]}}"),
            );
        let connectivity = of(&manifests);
        let to = |name: &str| between(&connectivity, "shop/web[Pod]", name);
        let got = [to("shop/db[Pod]"), to("tools/job[Pod]"), to("0.0.0.0-255.255.255.255[External]")];
        let expected = [near, far, outside].map(|text| match text {
            "80" => "SCTP 1-65535,TCP 1-79,81-65535,UDP 1-65535",
            other => other,
        });
        assert_eq!(got, expected, "{rule}");
        assert_eq!(between(&connectivity, "shop/db[Pod]", "tools/job[Pod]"), ALL, "{rule}");
    }
}

#[test]
fn the_evidence_is_the_policies_that_decide() {
    let manifests = shop()
        + &policy("{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {}}]}]}")
        + &policy("{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{namespaceSelector: {}}]}]}")
        + &policy("{podSelector: {matchLabels: {app: db}}}");
    let connectivity = of(&manifests);
    let count = |from: &str, to: &str| {
        let found = connectivity.connections().find(|each| each.from.to_string() == from && each.to.to_string() == to);
        found.map(|each| (each.evidence.len(), each.certain))
    };
    assert_eq!(count("shop/db[Pod]", "shop/web[Pod]"), Some((2, true)));
    assert_eq!(count("tools/job[Pod]", "shop/web[Pod]"), Some((1, true)));
    assert_eq!(count("shop/web[Pod]", "tools/job[Pod]"), Some((0, true)));
    assert_eq!(count("shop/web[Pod]", "shop/db[Pod]"), None);
}

#[test]
fn a_policy_that_cannot_be_read_costs_itself() {
    let rows = [
        policy("{podSelector: {matchLabels: x}}"),
        policy("{podSelector: {}, ingress: [{ports: [{port: 70000}]}]}"),
        policy("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: nowhere}}]}]}"),
        policy("nothing"),
        admin("a", "{subject: {namespaces: {}}}"),
        admin("a", "{priority: 1, subject: {}}"),
        admin("a", "{priority: 1, subject: {namespaces: {}}, ingress: [{action: Drop, from: [{namespaces: {}}]}]}"),
    ];
    for bad in rows {
        let connectivity = of(&(shop() + &bad));
        assert_eq!(connectivity.notes().len(), 1, "{bad}");
        let heard = connectivity.connections().find(|each| each.to.to_string() == "shop/web[Pod]");
        assert!(heard.is_some_and(|each| !each.certain && each.ports.is_all()), "{bad}");
    }
    // One of another namespace leaves the others alone.
    let connectivity = of(&(shop() + &pod("far", "a", "") + &pod("far", "b", "") + &policy("nothing")));
    let far =
        connectivity.connections().find(|each| each.from.to_string() == "far/a[Pod]" && each.to.to_string() == "far/b[Pod]");
    assert!(far.is_some_and(|each| each.certain));
}

#[test]
fn labels_of_a_namespace_that_is_not_declared_decide_nothing() {
    let spec = "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: ops}}}]}]}";
    let pods = pod("shop", "web", "") + &pod("far", "job", "");
    let undecided = |manifests: &str| -> Vec<String> {
        of(manifests).undecided().map(|each| format!("{} => {}", each.from, each.to)).collect()
    };
    assert_eq!(undecided(&(pods.clone() + &policy(spec))), ["far/job[Pod] => shop/web[Pod]"]);
    assert_eq!(undecided(&(pods + &namespace("far", "team: dev") + &policy(spec))), Vec::<String>::new());
}
