//! YAML in, items out, in a compact form: `views name @header: fields`.

use plimsoll_syntax::value::Part;
use plimsoll_syntax::{FileId, Item, Kind, Value, yaml};

use crate::{Cluster, items};

pub(crate) fn read(source: &str) -> Vec<Item> {
    let source: std::sync::Arc<str> = source.into();
    let tree = if source.contains("{{") { yaml::parse_template(&source) } else { yaml::parse(&source) };
    items(&tree, FileId(0))
}

fn show(value: &Value) -> String {
    match &value.kind {
        Kind::Null => "null".into(),
        Kind::Bool(flag) => flag.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::String(text) => text.to_string(),
        Kind::Template(parts) => {
            let part = |part: &Part| match part {
                Part::Known(text) => text.to_string(),
                Part::Hole(unknown) => format!("<{}>", unknown.source),
            };
            parts.iter().map(part).collect()
        }
        Kind::Unknown(unknown) => format!("<{}>", unknown.source),
        Kind::Choice(_) => "choice".into(),
        Kind::List(list) => {
            let mut items: Vec<String> = list.items.iter().map(show).collect();
            items.extend(list.tail.iter().map(|tail| format!("…{}", tail.source)));
            format!("[{}]", items.join(", "))
        }
        Kind::Map(map) => {
            let mut items: Vec<String> =
                map.entries.iter().map(|entry| format!("{}: {}", entry.key, show(&entry.value))).collect();
            items.extend(map.tail.iter().map(|tail| format!("…{}", tail.source)));
            format!("{{{}}}", items.join(", "))
        }
    }
}

/// The items of a view: the name, and the fields at these paths.
pub(crate) fn fields(items: &[Item], view: &str, paths: &[&str]) -> Vec<String> {
    let of_view = items.iter().filter(|item| item.views.iter().any(|name| name == view));
    let one = |item: &Item| {
        let mut line = item.name.to_string();
        for path in paths {
            let keys: Vec<&str> = path.split('.').collect();
            line.push_str(&format!(" {path}={}", item.value.at(&keys).map_or_else(|| "-".into(), show)));
        }
        line
    };
    of_view.map(one).collect()
}

/// What a finding about the field at a path underlines: its entry, else the deepest one before it that is there.
fn place<'s>(source: &'s str, item: &Item, path: &str) -> &'s str {
    let mut place = item.header;
    let mut value = &item.value;
    for key in path.split('.') {
        let Some(entry) = value.as_map().and_then(|map| map.get(key)).filter(|entry| !entry.value.is_null()) else { break };
        place = if entry.place.is_some() { entry.place } else { place };
        value = &entry.value;
    }
    place.span.text(source)
}

#[test]
fn documents_are_objects() {
    let rows: &[(&str, &[&str])] = &[
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", &["Pod/a gvk=v1/Pod namespace=default namespaced=true"]),
        (
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {generateName: a-}\n",
            &["ClusterRole/a- gvk=rbac.authorization.k8s.io/v1/ClusterRole namespace=- namespaced=false"],
        ),
        (
            "apiVersion: x.io/v1\nkind: Own\nmetadata: {name: a, namespace: ns}\n---\napiVersion: x.io/v1\nkind: Own\n",
            &[
                "Own/a gvk=x.io/v1/Own namespace=ns namespaced=true",
                "Own gvk=x.io/v1/Own namespace=<scope of Own> namespaced=<scope of Own>",
            ],
        ),
        (
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: a}}\n- kind: nothing\n",
            &["Secret/a gvk=v1/Secret namespace=default namespaced=true"],
        ),
        (
            "apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: a}\n",
            &["Service/a gvk=v1/Service namespace=default namespaced=true"],
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}-web\n  namespace: {{ .Release.Namespace }}\n",
            &["Service/{{ .Release.Name }}-web gvk=v1/Service namespace=<{{ .Release.Namespace }}> namespaced=true"],
        ),
        ("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", &[]),
        ("apiVersion: v2\nname: chart\n", &[]),
        ("- apiVersion: v1\n- kind: Pod\n", &[]),
        ("", &[]),
    ];
    for (source, expected) in rows {
        assert_eq!(fields(&read(source), "object", &["gvk", "namespace", "namespaced"]), *expected, "{source}");
    }
    let knative = read("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n");
    assert_eq!(knative[0].views[..], ["object"]);
    assert_eq!(read("apiVersion: v1\nkind: Service\n")[0].views[..], ["Service", "object"]);
    assert_eq!(
        read("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n")[0].views[..],
        ["KubeletConfiguration"]
    );
}

#[test]
fn pod_templates_are_workloads() {
    let pod = "{metadata: {labels: {l: x}}, spec: {containers: [{name: c, image: i}]}}";
    let workload = |version: &str, kind: &str, rest: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n{}", rest.replace("POD", pod))
    };
    let rows = [
        ("v1", "Pod", "spec: {containers: [{name: c, image: i}]}", vec!["labels=- replicas=1"]),
        ("apps/v1", "Deployment", "spec: {template: POD}", vec!["labels={l: x} replicas=1"]),
        ("apps/v1", "DaemonSet", "spec: {template: POD}", vec!["labels={l: x} replicas=-"]),
        ("apps/v1", "StatefulSet", "spec: {replicas: 3, template: POD}", vec!["labels={l: x} replicas=3"]),
        ("batch/v1", "CronJob", "spec: {jobTemplate: {spec: {template: POD}}}", vec!["labels={l: x} replicas=-"]),
        ("v1", "PodTemplate", "template: POD", vec!["labels={l: x} replicas=-"]),
        ("argoproj.io/v1alpha1", "Rollout", "spec: {template: POD}", vec!["labels={l: x} replicas=1"]),
        (
            "jobset.x-k8s.io/v1alpha2",
            "JobSet",
            "spec: {replicatedJobs: [{template: {spec: {template: POD}}}]}",
            vec!["labels={l: x} replicas=-"],
        ),
        (
            "kubeflow.org/v1",
            "PyTorchJob",
            "spec: {pytorchReplicaSpecs: {Master: {template: POD}, Worker: {template: POD}}}",
            vec!["labels={l: x} replicas=-"; 2],
        ),
        ("tekton.dev/v1", "Task", "spec: {steps: [{name: c, image: i}]}", vec!["labels=- replicas=-"]),
        (
            "argoproj.io/v1alpha1",
            "Workflow",
            "spec: {templates: [{container: {image: i}}, {steps: []}]}",
            vec!["labels=- replicas=-"],
        ),
        ("own.io/v1", "Thing", "spec: {inner: [{deep: POD}]}", vec!["labels={l: x} replicas=-"]),
        ("own.io/v1", "Thing", "spec: {containers: [{name: c}]}", vec![]),
        ("v1", "ConfigMap", "data: {spec: {containers: [{name: c, image: i}]}}", vec![]),
        ("apps/v1", "Deployment", "spec: {template: 1}", vec![]),
    ];
    for (version, kind, rest, expected) in rows {
        let source = workload(version, kind, rest);
        let found = read(&source);
        let expected: Vec<String> = expected.iter().map(|line| format!("{kind}/a {line}")).collect();
        assert_eq!(fields(&found, "workload", &["labels", "replicas"]), expected, "{source}");
        assert_eq!(fields(&found, "container", &["image"]).len(), expected.len(), "{source}");
        assert_eq!(fields(&found, "image.use", &["reference"]).len(), expected.len(), "{source}");
    }
}

const HARDENED: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    metadata:
      annotations:
        container.apparmor.security.beta.kubernetes.io/b: localhost/web
        seccomp.security.alpha.kubernetes.io/pod: runtime/default
    spec:
      securityContext:
        runAsUser: 1000
        runAsNonRoot: true
        fsGroup: 1
      initContainers:
      - name: i
        image: ghcr.io/a/i@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        restartPolicy: Always
      containers:
      - name: a
        image: nginx
        securityContext:
          runAsUser: 0
          privileged: true
      - image: r.io:5000/b:1
        name: b
        command: [/usr/bin/kube-apiserver]
        args: [--x=1]
        resources:
          limits: {cpu: 1, memory: 1Gi}
          requests: {cpu: 1m}
        livenessProbe:
          periodSeconds: 1
          httpGet: {port: http}
        volumeMounts:
        - name: sock
          mountPath: /s
        - name: gone
          mountPath: /g
      volumes:
      - name: sock
        hostPath: {path: /var/run/docker.sock}
      - name: tmp
";

#[test]
fn containers_have_the_settings_of_their_pod() {
    let found = read(HARDENED);
    let paths = [
        "init",
        "sidecar",
        "securityContext",
        "image_parts.name",
        "image_parts.tag",
        "program",
        "argv",
        "livenessProbe.port",
        "resources.requests",
    ];
    let expected = [
        "a init=false sidecar=false securityContext={runAsUser: 0, privileged: true, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}} \
         image_parts.name=docker.io/library/nginx image_parts.tag=- program=- argv=- livenessProbe.port=- resources.requests=-",
        "b init=false sidecar=false securityContext={runAsUser: 1000, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}, \
         appArmorProfile: {type: Localhost, localhostProfile: web}} image_parts.name=r.io:5000/b image_parts.tag=1 program=kube-apiserver \
         argv=[/usr/bin/kube-apiserver, --x=1] livenessProbe.port=http resources.requests={cpu: 1m, memory: 1Gi}",
        "i init=true sidecar=true securityContext={runAsUser: 1000, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}} \
         image_parts.name=ghcr.io/a/i image_parts.tag=- program=- argv=- livenessProbe.port=- resources.requests=-",
    ];
    assert_eq!(fields(&found, "container", &paths), expected);
    let mounts = ["mountPath", "volume.hostPath.path", "volume.source", "container"];
    let expected = [
        "sock mountPath=/s volume.hostPath.path=/var/run/docker.sock volume.source=hostPath container=b",
        "gone mountPath=/g volume.hostPath.path=- volume.source=- container=b",
    ];
    assert_eq!(fields(&found, "mount", &mounts), expected);
    assert_eq!(fields(&found, "volume", &["source"]), ["sock source=hostPath", "tmp source=emptyDir"]);
}

#[test]
fn programs_of_the_control_plane_are_found_where_they_are_started() {
    let rows = [
        ("args: [kube-scheduler, --v=2]", "program=kube-scheduler argv=[kube-scheduler, --v=2]"),
        ("args: [serve, --v=2]", "program=- argv=[serve, --v=2]"),
        (
            "command: [/bin/sh, -ec, 'cd /; exec /usr/bin/etcd --name=$N --x >log 2>&1']",
            "program=etcd argv=[/usr/bin/etcd, <--name=$N>, --x]",
        ),
        ("command: [bash, -c, 'exec web --v=2']", "program=bash argv=[bash, -c, exec web --v=2]"),
    ];
    for (command, expected) in rows {
        let source = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n  - name: a\n    image: i\n    {command}\n"
        );
        assert_eq!(fields(&read(&source), "container", &["program", "argv"]), [format!("a {expected}")]);
    }
}

#[test]
fn an_action_fills_in_its_own_document() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: c\n    image: i\n";
    let source = format!("{pod}---\n{pod}  {{{{- include \"more\" . | nindent 2 }}}}\n---\n{pod}");
    let found = read(&source);
    let specs = found.iter().filter(|item| item.views[0] == "Pod").filter_map(|item| item.value.get("spec")?.as_map());
    let open: Vec<bool> = specs.map(|spec| spec.tail.is_some()).collect();
    assert_eq!(open, [false, true, false]);
}

#[test]
fn findings_have_places() {
    let found = read(HARDENED);
    let container = |name: &str| found.iter().find(|item| item.views[0] == "container" && item.name == name).cloned();
    let rows = [
        ("a", "securityContext.privileged", "privileged: true"),
        ("a", "securityContext.allowPrivilegeEscalation", "securityContext"),
        ("a", "securityContext.runAsNonRoot", "runAsNonRoot: true"),
        ("a", "livenessProbe", "name: a"),
        ("a", "image_parts.tag", "image: nginx"),
        ("b", "securityContext.readOnlyRootFilesystem", "name: b"),
        ("b", "securityContext.runAsUser", "runAsUser: 1000"),
        ("b", "securityContext.appArmorProfile.type", "container.apparmor.security.beta.kubernetes.io/b: localhost/web"),
        ("b", "pod.hostPID", "name: b"),
        ("b", "resources.requests.memory", "memory: 1Gi"),
        ("b", "resources.requests.storage", "requests: {cpu: 1m}"),
        ("i", "securityContext.privileged", "name: i"),
    ];
    for (name, path, expected) in rows {
        let item = container(name).expect(name);
        let found = place(HARDENED, &item, path);
        // An annotation's value has its own place inside its entry.
        assert!(found == expected || expected.ends_with(found), "{name} {path}: {found}");
        assert_eq!(item.owner.as_ref().map(|owner| owner.name.as_str()), Some("Deployment/web"));
    }
    let workload = found.iter().find(|item| item.views[0] == "workload").expect("a workload");
    for (path, expected) in [
        ("template.spec.hostPID", "spec"),
        ("template.spec.securityContext.fsGroup", "fsGroup: 1"),
        ("metadata.labels", "metadata"),
    ] {
        assert_eq!(place(HARDENED, workload, path), expected);
    }
    assert_eq!(workload.header.span.text(HARDENED), "kind: Deployment");
}

#[test]
fn what_a_template_fills_in_is_not_known() {
    let source = "\
apiVersion: v1
kind: Pod
metadata:
  name: a
spec:
  securityContext:
    {{- toYaml .Values.pod | nindent 4 }}
  containers:
  - name: a
    image: \"{{ .Values.registry }}/web:{{ .Values.tag }}\"
    securityContext:
      privileged: false
  - name: b
    image: nginx:{{ .Values.tag }}
    securityContext:
      {{- toYaml .Values.own | nindent 6 }}
  - name: c
    image: {{ .Values.image }}
    command: {{ .Values.command }}
";
    let found = fields(
        &read(source),
        "container",
        &["securityContext.runAsUser", "securityContext.privileged", "image_parts", "program"],
    );
    let pod = "<{{- toYaml .Values.pod | nindent 4 }}>";
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with(&format!("a securityContext.runAsUser={pod} securityContext.privileged=false")), "{}", found[0]);
    assert!(found[0].contains("name: <{{ .Values.registry }}>") && found[0].contains("tag: <{{ .Values.tag }}>"), "{}", found[0]);
    assert!(found[1].contains("name: docker.io/library/nginx") && found[1].contains("tag: <{{ .Values.tag }}>"), "{}", found[1]);
    assert!(found[2].ends_with("image_parts=<{{ .Values.image }}> program=<{{ .Values.command }}>"), "{}", found[2]);
}

#[test]
fn roles_have_rules() {
    let source = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: r}
rules:
- apiGroups: [\"\"]
  resources: [secrets]
  verbs: [get]
-
";
    let found = fields(&read(source), "rbac.rule", &["resources", "verbs", "role", "cluster_wide"]);
    assert_eq!(found, ["ClusterRole/r#0 resources=[secrets] verbs=[get] role=r cluster_wide=true"]);
}

#[test]
fn odd_shapes_are_taken_as_they_come() {
    let rows = [
        "apiVersion: 1\nkind: 2\n",
        "apiVersion: v1\nkind: Pod\nspec: x\n",
        "apiVersion: v1\nkind: Pod\nspec: {containers: x, volumes: {a: 1}}\n",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [x, null, {}, {name: [], image: 1, securityContext: x, volumeMounts: [1, {}]}], volumes: [1, {}]}\n",
        "apiVersion: v1\nkind: Pod\nmetadata: x\nspec: {containers: [{image: 'A B', command: x, args: [1, {}], livenessProbe: x, resources: {limits: x}}]}\n",
        "apiVersion: v1\nkind: List\nitems: [1, [], {kind: List, items: [{kind: List, apiVersion: v1, items: []}]}]\n",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules: x\n",
        "apiVersion: v1\nkind: Namespace\n",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: x\n",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nspec: {tls: x, rules: [1, {http: {paths: [x, {backend: {}}]}}]}\n",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec: {hostnames: x, rules: [{backendRefs: [1, {}]}]}\n",
    ];
    for source in rows {
        let found = read(source);
        let cluster = Cluster::new(&[&found]);
        let _ = cluster.namespaces();
        let _ = cluster.grants();
        for item in &found {
            for relation in [
                "services",
                "network_policies",
                "roles",
                "secrets",
                "volume_claims",
                "workloads",
                "host_conflicts",
                "namespace_object",
                "bindings",
                "role",
                "service",
                "headless_service",
            ] {
                let _ = cluster.related(item, relation);
            }
        }
    }
}

#[test]
fn charts_are_installed_into_a_namespace_of_somebodys_choice() {
    let rows = [
        ("a", "default"),
        ("{{ .Values.a }}", "<{{ .Release.Namespace }}>"),
        // A template of something else.
        ("'{{ $labels.a }}'", "default"),
    ];
    for (name, expected) in rows {
        let source = format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels:\n    a: {name}\n");
        assert_eq!(fields(&read(&source), "object", &["namespace"]), [format!("ConfigMap namespace={expected}")], "{name}");
    }
}
