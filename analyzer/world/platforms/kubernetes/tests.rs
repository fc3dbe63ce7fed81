//! On which rung pods stand, and what holds them.

use std::fmt::Write;
use std::sync::Arc;

use plimsoll_syntax::{FileId, Item, Place, views, yaml};

use crate::builder::{Assume, Facts, Scope};
use crate::model::World;
use crate::search::{From, Question, Verdict};

fn items(manifests: &str) -> Vec<Item> {
    let text: Arc<str> = manifests.into();
    plimsoll_kubernetes::items(&yaml::parse(&text), FileId(0))
}

fn world(manifests: &str, assume: Assume) -> World {
    let items = items(manifests);
    World::of(&Facts { manifests: &[&items], assume, ..Facts::default() })
}

/// A pod with fields of its spec, and of its container, both as flow entries.
fn pod(spec: &str, container: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{{spec} containers: [{{name: c, image: i{container}}}]}}\n")
}

const RESTRICTED: &str = "runAsNonRoot: true, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, \
                          seccompProfile: {type: RuntimeDefault}, capabilities: {drop: [ALL]}";

/// The number of the pod's rung, and what its lowest evidence says.
fn rung(manifests: &str) -> (u8, String) {
    let world = world(manifests, Assume::default());
    let node = world.node(world.named("Pod/p").unwrap()).unwrap();
    let rung = node.rung().unwrap();
    let why = node.evidence.iter().find(|evidence| evidence.rung == rung).unwrap();
    (rung.number(), why.step.message.to_string())
}

#[test]
fn a_rung_by_what_the_pod_says() {
    let context = |fields: &str| format!(", securityContext: {{{fields}}}");
    let mount = |path: &str, read_only: &str| {
        let volume = format!("volumes: [{{name: v, hostPath: {{path: {path}}}}}],");
        pod(&volume, &format!(", volumeMounts: [{{name: v, mountPath: /host{read_only}}}]"))
    };
    let class = |handler: &str| {
        format!("---\napiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {{name: apart}}\nhandler: {handler}\n")
    };
    let rows: &[(String, u8, &str)] = &[
        (pod("", ""), 2, "share the kernel"),
        (pod("", &context("privileged: true")), 0, "c is privileged"),
        (pod("", &context("privileged: false")), 2, "share the kernel"),
        (pod("hostUsers: false,", &context("privileged: true")), 1, "c is privileged"),
        (pod("hostUsers: false,", ""), 3, "a user namespace of their own"),
        (pod("", &context(RESTRICTED)), 3, "the restricted profile"),
        (pod("", &context(&RESTRICTED.replace("readOnlyRootFilesystem: true, ", ""))), 2, "share the kernel"),
        (pod("", &context(&RESTRICTED.replace("[ALL]", "[ALL], add: [NET_BIND_SERVICE]"))), 3, "the restricted profile"),
        (pod("", &context(&RESTRICTED.replace("[ALL]", "[ALL], add: [NET_RAW]"))), 2, "share the kernel"),
        (pod("", &context("capabilities: {add: [SYS_ADMIN]}")), 1, "the capability SYS_ADMIN"),
        (pod("", &context("capabilities: {add: [SYS_MODULE]}")), 0, "load modules"),
        (pod("", &context("capabilities: {add: [CHOWN]}")), 2, "share the kernel"),
        (pod("", &context("seccompProfile: {type: Unconfined}")), 1, "system calls"),
        (pod("", &context("appArmorProfile: {type: Unconfined}")), 1, "AppArmor"),
        (pod("", &context("procMount: Unmasked")), 1, "/proc"),
        (pod("hostNetwork: true,", ""), 1, "the network of their node"),
        (pod("hostIPC: true,", ""), 1, "the memory of processes"),
        (pod("hostPID: true,", ""), 1, "see the processes"),
        (pod("hostPID: true,", &context("capabilities: {add: [SYS_PTRACE]}")), 0, "may take them over"),
        (mount("/", ""), 0, "changes files that its node runs by"),
        (mount("/", ", readOnly: true"), 1, "reads all files"),
        (mount("/srv/data", ""), 1, "writes to files of its node"),
        (mount("/srv/data", ", readOnly: true"), 2, "share the kernel"),
        (mount("/var/run/docker.sock", ", readOnly: true"), 0, "the socket of its node's container engine"),
        (mount("/run/containerd/containerd.sock", ""), 0, "the socket"),
        (pod("runtimeClassName: gvisor,", ""), 4, "gVisor"),
        (pod("runtimeClassName: gvisor,", &context("privileged: true")), 4, "gVisor"),
        (pod("runtimeClassName: kata-qemu,", ""), 5, "Kata"),
        (pod("runtimeClassName: apart,", ""), 2, "share the kernel"),
        (pod("runtimeClassName: apart,", "") + &class("runsc"), 4, "gVisor"),
        (pod("runtimeClassName: apart,", "") + &class("runc"), 2, "share the kernel"),
        (pod("runtimeClassName: apart,", "") + &class("wasmtime"), 4, "WebAssembly"),
    ];
    for (manifests, expected, why) in rows {
        let (rung, told) = rung(manifests);
        assert!(rung == *expected && told.contains(why), "{manifests}: {rung} {told}");
    }
}

/// A binding of the account `a` to a role of this rule, in namespace `default`.
fn bound(rule: &str) -> String {
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: r}}\nrules: [{{{rule}}}]\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: b}}\n\
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}}\n\
         subjects: [{{kind: ServiceAccount, name: a, namespace: default}}]\n"
    )
}

#[test]
fn whoever_may_start_pods_can_be_the_host() {
    let create = bound("apiGroups: [apps], resources: [deployments], verbs: [create]");
    let guarded = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {pod-security.kubernetes.io/enforce: baseline}}\n";
    let silent = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\nautomountServiceAccountToken: false\n";
    let admin = bound("apiGroups: [apps], resources: [deployments], verbs: [get]")
        .replace("kind: Role, name: r}\n", "kind: ClusterRole, name: cluster-admin}\n");
    let own = || pod("serviceAccountName: a,", "");
    let rows: &[(String, u8)] = &[
        (own() + &create, 0),
        (pod("serviceAccountName: other,", "") + &create, 2),
        (pod("serviceAccountName: a, automountServiceAccountToken: false,", "") + &create, 2),
        (own() + &create + silent, 2),
        (own() + &create + guarded, 2),
        (own() + &bound("apiGroups: [''], resources: [pods], verbs: [get, list]"), 2),
        (own() + &bound("apiGroups: [''], resources: [configmaps], verbs: [create]"), 2),
        (own() + &bound("apiGroups: [''], resources: [pods/exec], verbs: [create]"), 2),
        (
            own() + &bound("apiGroups: [''], resources: [pods/exec], verbs: [create]").replace("kind: Role", "kind: ClusterRole"),
            0,
        ),
        (own() + &admin, 0),
    ];
    for (manifests, expected) in rows {
        assert_eq!(rung(manifests).0, *expected, "{manifests}");
    }
}

#[test]
fn a_pod_is_in_its_namespace_and_cluster() {
    let second = pod("", "").replace("{name: p}", "{name: p, namespace: shop}");
    let world = world(&format!("{}---\n{second}", pod("", "")), Assume::default());
    let node = world.node(world.named("shop/Pod/p").unwrap()).unwrap();
    let inside: Vec<&str> = node.inside.iter().map(|&id| world.node(id).unwrap().name.as_str()).collect();
    assert_eq!(inside, ["Namespace/shop", "cluster"]);
    assert_eq!((node.platform.as_str(), node.images[0].0.as_str()), ("Pod", "i"));
    assert!(world.named("default/Pod/p").is_some());
}

#[test]
fn policies_are_walls_where_the_user_does_not_deny_it() {
    let deny = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny}\nspec: {podSelector: {}}\n";
    let manifests = format!("{}---\n{}{deny}", pod("", ""), pod("", "").replace("name: p", "name: q"));
    let wall = |enforced| {
        let world = world(&manifests, Assume { policies_enforced: enforced, ..Assume::default() });
        let question = Question { from: From::Node(world.named("Pod/q").unwrap()), to: world.named("Pod/p"), port: None };
        match &world.answers(&question)[0].verdict {
            Verdict::NotReachable(step) => step.message.to_string(),
            _ => String::new(),
        }
    };
    assert_eq!(wall(None), "NetworkPolicy/deny (if the network plug-in enforces policies) lets nothing in from Pod/q");
    assert_eq!(wall(Some(true)), "NetworkPolicy/deny lets nothing in from Pod/q");
    assert_eq!(wall(Some(false)), "");
}

#[test]
fn what_grows_tenfold_takes_no_hundred_times_the_ways() {
    let ways = |count: usize| {
        let mut text = String::new();
        for number in 0..count {
            write!(
                text,
                "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}, labels: {{app: a{number}}}}}\nspec: {{containers: [{{name: c, image: i}}]}}\n\
                 ---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{number}}}\nspec: {{selector: {{app: a{number}}}, ports: [{{port: 80}}]}}\n\
                 ---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: n{number}}}\nspec: {{podSelector: {{matchLabels: {{app: a{number}}}}}, \
                 ingress: [{{from: [{{podSelector: {{matchLabels: {{app: a{}}}}}}}]}}]}}\n",
                number / 2
            )
            .unwrap();
        }
        world(&text, Assume::default()).ways.len()
    };
    assert!(ways(100) <= 10 * ways(10), "{} {}", ways(100), ways(10));
}

/// A resource with the arguments of a flow map.
fn resource(address: &str, arguments: &str) -> Item {
    let text: Arc<str> = arguments.into();
    let tree = yaml::parse(&text);
    let value = yaml::to_value(&tree, tree.documents[0].root, FileId(1), yaml::Dialect::Kubernetes);
    let kind = address.split('.').next().unwrap();
    Item {
        views: views![kind.into(), "resource".into()],
        name: address.into(),
        header: Place { file: FileId(1), ..Place::NONE },
        range: plimsoll_syntax::Span::default(),
        value,
        owner: None,
        index: 0,
    }
}

#[test]
fn fargate_runs_what_its_profile_selects_where_there_is_one_cluster() {
    let shop = pod("", "").replace("{name: p}", "{name: p, namespace: shop, labels: {app: web}}");
    let cluster = || resource("aws_eks_cluster.main", "{name: main}");
    let profile = |selector: &str| resource("aws_eks_fargate_profile.f", &format!("{{selector: [{selector}]}}"));
    let rows = [
        (vec![cluster(), profile("{namespace: shop}")], 5),
        (vec![cluster(), profile("{namespace: other}")], 2),
        (vec![cluster(), profile("{namespace: 'sh*'}")], 5),
        (vec![cluster(), profile("{namespace: shop, labels: {app: web}}")], 5),
        (vec![cluster(), profile("{namespace: shop, labels: {app: db}}")], 2),
        (vec![cluster(), resource("google_container_cluster.b", "{name: b}"), profile("{namespace: shop}")], 2),
    ];
    let manifests = items(&shop);
    for (root, expected) in rows {
        let roots = vec![Scope { path: "", items: &root, versions: None }];
        let world = World::of(&Facts { roots, manifests: &[&manifests], ..Facts::default() });
        let node = world.node(world.named("Pod/p").unwrap()).unwrap();
        assert_eq!(node.rung().unwrap().number(), expected, "{:?}", node.evidence);
    }
}

#[test]
fn workloads_that_cannot_share_a_node_do_not_share_its_kernel() {
    let cluster = || resource("aws_eks_cluster.main", "{name: main}");
    let with = |key: &str, address: &str| {
        let identity = plimsoll_syntax::value::Reference { address: "aws_eks_cluster.main".into(), attribute: "name".into() };
        let mut unknown =
            plimsoll_syntax::value::Unknown::new(plimsoll_syntax::value::Reason::Computed, "aws_eks_cluster.main.name");
        unknown.identity = Some(identity);
        let mut item = resource(address, key);
        if let plimsoll_syntax::Kind::Map(map) = &mut item.value.kind {
            Arc::make_mut(map).set("cluster_name", plimsoll_syntax::Value::unknown(unknown, item.header));
        }
        item
    };
    let cards = || {
        with(
            "{node_group_name: cards, labels: {zone: cards}, taint: [{key: zone, value: cards, effect: NO_SCHEDULE}]}",
            "aws_eks_node_group.cards",
        )
    };
    let open = || with("{node_group_name: all}", "aws_eks_node_group.all");
    let pinned = "nodeSelector: {zone: cards}, tolerations: [{key: zone, operator: Equal, value: cards, effect: NoSchedule}],";
    let two = |own: &str, other: &str| {
        pod(own, "").replace("{name: p}", "{name: p, namespace: cards, labels: {pci-dss: 'true'}}")
            + "---\n"
            + &pod(other, "").replace("{name: p}", "{name: q, namespace: blog}")
    };
    let rows: &[(Vec<Item>, String, Option<u8>)] = &[
        (vec![cluster(), cards(), open()], two(pinned, ""), Some(5)),
        // It does not tolerate the taint, so nowhere but on the other pool.
        (vec![cluster(), cards(), open()], two("", ""), Some(2)),
        // The other tolerates the taint, and may come there.
        (vec![cluster(), cards(), open()], two(pinned, "tolerations: [{operator: Exists}],"), Some(2)),
        (vec![cluster(), open()], two(pinned, ""), Some(2)),
        (vec![cluster(), cards(), open(), resource("aws_autoscaling_group.more", "{}")], two(pinned, ""), Some(2)),
    ];
    for (root, manifests, wall) in rows {
        let manifests = items(manifests);
        let roots = vec![Scope { path: "", items: root, versions: None }];
        let world = World::of(&Facts { roots, manifests: &[&manifests], ..Facts::default() });
        let shared = world.shared(&world.purposes(&[]));
        assert_eq!(shared.first().and_then(|shared| shared.wall).map(crate::Rung::number), *wall, "{shared:?}");
    }
}
