//! What is built of what. A case is a text: files follow lines `# path`, and `# =` the objects that are expected.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_syntax::yaml::{self, Dialect};
use plimsoll_syntax::{FileId, Value};

use crate::tree::same;
use crate::{Build, Failure, Files, build, included, stands_alone};

#[derive(Default)]
struct Held(BTreeMap<String, String>);

impl Held {
    fn new(text: &str) -> Self {
        let mut files = Self::default();
        let mut path = String::new();
        for line in text.lines() {
            match line.strip_prefix("# ") {
                Some(name) => path = name.to_owned(),
                None => files.0.entry(path.clone()).or_default().push_str(&format!("{line}\n")),
            }
        }
        files
    }

    fn line(&self, value: &Value) -> String {
        let (path, text) = self.0.iter().nth(value.place.file.0 as usize).unwrap();
        format!("{path}:{}", 1 + text[..value.place.span.start as usize].matches('\n').count())
    }
}

impl Files for Held {
    fn read(&self, path: &str) -> Option<(Arc<str>, FileId)> {
        let (at, (_, text)) = self.0.iter().enumerate().find(|(_, (name, _))| *name == path)?;
        Some((text.as_str().into(), FileId(u32::try_from(at).unwrap())))
    }
}

fn built(text: &str) -> (Held, Result<Build, Failure>) {
    let files = Held::new(text);
    let result = build(&files, "");
    (files, result)
}

/// Builds the case and compares, in order.
fn check(text: &str) {
    let (files, result) = built(text);
    let build = result.unwrap_or_else(|failure| panic!("{failure}\n{text}"));
    assert_eq!(build.notes, [], "{text}");
    let tree = yaml::parse(&files.0["="].as_str().into());
    let expected: Vec<Value> =
        tree.documents.iter().map(|document| yaml::to_value(&tree, document.root, FileId(0), Dialect::Kubernetes)).collect();
    assert_eq!(expected.len(), build.objects.len(), "{text}\n{:#?}", build.objects);
    for (expected, object) in expected.iter().zip(&build.objects) {
        assert!(same(expected, object), "{text}\nwanted {}\nbuilt  {}", shown(expected), shown(object));
    }
}

fn shown(value: &Value) -> String {
    if let Some(map) = value.as_map() {
        return format!(
            "{{{}}}",
            map.entries.iter().map(|entry| format!("{}: {}", entry.key, shown(&entry.value))).collect::<Vec<_>>().join(", ")
        );
    }
    match value.as_list() {
        Some(list) => format!("[{}]", list.items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        None => format!("{:?}", value.kind),
    }
}

fn failure(text: &str) -> String {
    match built(text).1 {
        Err(failure) => failure.reason,
        Ok(build) => build.notes.into_iter().next().map(|note| note.reason).unwrap_or_else(|| panic!("{text}\nwas built")),
    }
}

/// A deployment with two containers, in one line.
const WEB: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: [{name: a, image: 'x/a:1'}, {name: b, image: b}]}}}}";

/// The same with this in place of the containers.
fn web(containers: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{template: {{spec: {{containers: {containers}}}}}}}}}"
    )
}

/// A patch of the deployment's containers, and what becomes of them.
#[test]
fn containers_are_merged_by_name() {
    let rows = [
        ("[{name: b, image: c}]", "[{name: b, image: c}, {name: a, image: 'x/a:1'}]"),
        ("[{name: c}]", "[{name: c}, {name: a, image: 'x/a:1'}, {name: b, image: b}]"),
        ("[{name: a, $patch: delete}]", "[{name: b, image: b}]"),
        ("[{name: a, image: null, tty: true}]", "[{name: a, tty: true}, {name: b, image: b}]"),
        ("[{$patch: replace}, {name: c}]", "[{name: c}]"),
        (
            "[{name: a, ports: [{containerPort: 1}]}]",
            "[{name: a, image: 'x/a:1', ports: [{containerPort: 1}]}, {name: b, image: b}]",
        ),
        ("[{image: c}]", "[{image: c}, {name: a, image: 'x/a:1'}, {name: b, image: b}]"),
        ("null", "null"),
    ];
    for (patch, result) in rows {
        let expected = if result == "null" { web(result).replace("containers: null", "") } else { web(result) };
        check(&format!(
            "# kustomization.yaml\nresources: [web.yaml]\npatches: [{{path: p.yaml}}]\n# web.yaml\n{WEB}\n# p.yaml\n{}\n# =\n{expected}\n",
            web(patch)
        ));
    }
}

/// A patch of the specification of a service, which has one, and of a kind whose lists are not known.
#[test]
fn lists_are_merged_or_replaced() {
    let rows = [
        (
            "{ports: [{port: 80, name: a, protocol: TCP}]}",
            "{ports: [{port: 80, targetPort: 8}]}",
            "{ports: [{port: 80, name: a, protocol: TCP, targetPort: 8}]}",
        ),
        (
            "{ports: [{port: 80, protocol: TCP}]}",
            "{ports: [{port: 80, protocol: UDP}]}",
            "{ports: [{port: 80, protocol: UDP}, {port: 80, protocol: TCP}]}",
        ),
        ("{externalIPs: [a, b]}", "{externalIPs: [c]}", "{externalIPs: [c]}"),
        ("{externalIPs: [a, b]}", "{$deleteFromPrimitiveList/externalIPs: [a]}", "{externalIPs: [b]}"),
        ("{a: 1, b: 2}", "{$retainKeys: [b, c], c: 3}", "{b: 2, c: 3}"),
        ("{selector: {a: b}}", "{selector: {$patch: replace, c: d}}", "{selector: {c: d}}"),
        ("{selector: {a: b}}", "{selector: {$patch: delete}}", "{}"),
    ];
    for (spec, patch, result) in rows {
        let service = |spec| format!("{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {spec}}}");
        check(&format!(
            "# kustomization.yaml\nresources: [s.yaml]\npatchesStrategicMerge: [p.yaml]\n# s.yaml\n{}\n# p.yaml\n{}\n# =\n{}\n",
            service(spec),
            service(patch),
            service(result)
        ));
    }
    let custom = |list| format!("{{apiVersion: x.io/v1, kind: X, metadata: {{name: x}}, spec: {{containers: {list}}}}}");
    let (before, patch) = (custom("[{name: a}]"), custom("[{name: b}]"));
    check(&format!(
        "# kustomization.yaml\nresources: [x.yaml]\npatches: [{{path: p.yaml}}]\n# x.yaml\n{before}\n# p.yaml\n{patch}\n# =\n{patch}\n"
    ));
}

/// Operations on the deployment, and what becomes of its containers.
#[test]
fn operations_are_applied() {
    let rows = [
        (
            "{op: replace, path: /spec/template/spec/containers/1/image, value: c}",
            "[{name: a, image: 'x/a:1'}, {name: b, image: c}]",
        ),
        (
            "{op: add, path: /spec/template/spec/containers/-, value: {name: c}}",
            "[{name: a, image: 'x/a:1'}, {name: b, image: b}, {name: c}]",
        ),
        (
            "{op: add, path: /spec/template/spec/containers/0, value: {name: c}}",
            "[{name: c}, {name: a, image: 'x/a:1'}, {name: b, image: b}]",
        ),
        ("{op: remove, path: /spec/template/spec/containers/0}", "[{name: b, image: b}]"),
        (
            "{op: move, from: /spec/template/spec/containers/0/image, path: /spec/template/spec/containers/1/image}",
            "[{name: a}, {name: b, image: 'x/a:1'}]",
        ),
        (
            "{op: copy, from: /spec/template/spec/containers/1, path: /spec/template/spec/containers/0}",
            "[{name: b, image: b}, {name: a, image: 'x/a:1'}, {name: b, image: b}]",
        ),
        ("{op: test, path: /spec/template/spec/containers/1/name, value: b}", "[{name: a, image: 'x/a:1'}, {name: b, image: b}]"),
    ];
    for (operation, result) in rows {
        let kustomization =
            format!("resources: [web.yaml]\npatches:\n- target: {{kind: Deploy.*}}\n  patch: |\n    - {operation}\n");
        check(&format!("# kustomization.yaml\n{kustomization}\n# web.yaml\n{WEB}\n# =\n{}\n", web(result)));
    }
}

/// A field of a kustomization, and what becomes of the deployment's containers.
#[test]
fn images_and_replacements() {
    let rows = [
        ("images: [{name: b, newTag: '2'}]", "[{name: a, image: 'x/a:1'}, {name: b, image: 'b:2'}]"),
        (
            "images: [{name: x/a, newName: r:5/y, digest: 'sha256:0'}]",
            "[{name: a, image: 'r:5/y@sha256:0'}, {name: b, image: b}]",
        ),
        ("images: [{name: x/a, newName: z}]", "[{name: a, image: 'z:1'}, {name: b, image: b}]"),
        ("images: [{name: a, newTag: '2'}]", "[{name: a, image: 'x/a:1'}, {name: b, image: b}]"),
        (
            "replacements: [{source: {kind: Deployment, fieldPath: 'spec.template.spec.containers.[name=a].image', options: {delimiter: ':', index: 1}}, targets: [{select: {name: web}, fieldPaths: ['spec.template.spec.containers.[name=b].image'], options: {delimiter: ':', index: 9}}]}]",
            "[{name: a, image: 'x/a:1'}, {name: b, image: 'b:1'}]",
        ),
        (
            "replacements: [{source: {name: web}, targets: [{select: {kind: Deployment}, fieldPaths: ['spec.template.spec.containers.*.env.[name=NN].value'], options: {create: true}}]}]",
            "[{name: a, image: 'x/a:1', env: [{name: NN, value: web}]}, {name: b, image: b, env: [{name: NN, value: web}]}]",
        ),
    ];
    for (field, result) in rows {
        check(&format!("# kustomization.yaml\nresources: [web.yaml]\n{field}\n# web.yaml\n{WEB}\n# =\n{}\n", web(result)));
    }
}

#[test]
fn labels_reach_selectors_only_when_asked() {
    let service = |labels: &str| format!("{{apiVersion: v1, kind: Service, metadata: {{name: s{labels}}}");
    let rows = [
        ("commonLabels: {a: b}", ", spec: {selector: {a: b}}}"),
        ("labels: [{pairs: {a: b}, includeSelectors: true}]", ", spec: {selector: {a: b}}}"),
        ("labels: [{pairs: {a: b}}]", "}"),
    ];
    for (field, rest) in rows {
        check(&format!(
            "# kustomization.yaml\nresources: [s.yaml]\n{field}\n# s.yaml\n{}}}\n# =\n{}{rest}\n",
            service(""),
            service(", labels: {a: b}")
        ));
    }
}

#[test]
fn names_are_followed() {
    check(
        "# kustomization.yaml
namePrefix: p-
namespace: ns
resources: [all.yaml]
# all.yaml
{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}
subjects: [{kind: ServiceAccount, name: a, namespace: default}, {kind: ServiceAccount, name: other, namespace: x}]
---
{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {serviceAccountName: a}}
# =
{apiVersion: v1, kind: ServiceAccount, metadata: {name: p-a, namespace: ns}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: p-r}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: p-b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: p-r}
subjects: [{kind: ServiceAccount, name: p-a, namespace: ns}, {kind: ServiceAccount, name: other, namespace: x}]
---
{apiVersion: v1, kind: Pod, metadata: {name: p-x, namespace: ns}, spec: {serviceAccountName: p-a}}
",
    );
}

#[test]
fn components_change_what_is_there() {
    check(
        "# kustomization.yaml
resources: [base]
components: [more]
# base/kustomization.yaml
resources: [c.yaml]
configMapGenerator: [{name: g, literals: [a=1], options: {disableNameSuffixHash: true}}]
# base/c.yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {}}
# more/kustomization.yaml
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [d.yaml]
configMapGenerator: [{name: g, behavior: merge, literals: ['b=\"2\"']}]
patches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k: v}}'}]
# more/d.yaml
{apiVersion: v1, kind: ConfigMap, metadata: {name: d}}
# =
{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k: v}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: g}, data: {a: '1', b: '2'}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: d}}
",
    );
}

#[test]
fn what_an_overlay_sets_is_placed_in_it() {
    let (files, result) = built(
        "# kustomization.yaml
resources:
- base
patches:
- patch: |-
    apiVersion: v1
    kind: Pod
    metadata: {name: p}
    spec:
      containers:
      - name: a
        tty: true
images:
- name: b
  newTag: '7'
namespace: ns
# base/kustomization.yaml
resources: [p.yaml]
# base/p.yaml
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    image: b
    stdin: true
",
    );
    let build = result.unwrap();
    let pod = &build.objects[0];
    let container = &pod.at(&["spec", "containers"]).unwrap().items()[0];
    let at = |value: Option<&Value>| files.line(value.unwrap());
    assert_eq!(at(container.get("tty")), "kustomization.yaml:11");
    assert_eq!(at(container.get("image")), "kustomization.yaml:14");
    assert_eq!(at(container.get("stdin")), "base/p.yaml:8");
    assert_eq!(at(container.get("name")), "base/p.yaml:6");
    assert_eq!(at(pod.at(&["metadata", "namespace"])), "kustomization.yaml:15");
    assert_eq!(at(Some(pod)), "base/p.yaml:1");
    assert_eq!(
        build.used.iter().map(String::as_str).collect::<Vec<_>>(),
        ["base/kustomization.yaml", "base/p.yaml", "kustomization.yaml"]
    );
    assert_eq!(included(&files, "").into_iter().collect::<Vec<_>>(), ["base"]);
}

#[test]
fn what_cannot_be_built_is_said() {
    let rows = [
        ("# a.yaml\na: b\n", "there is no kustomization in ."),
        ("# kustomization.yaml\nkind: Kustomization\n", "the kustomization is empty"),
        ("# kustomization.yaml\nresources: [gone.yaml]\n", "gone.yaml is neither a file nor a kustomization"),
        ("# kustomization.yaml\nresources: [a]\n# a/kustomization.yaml\nresources: [..]\n", ". contains itself"),
        ("# kustomization.yaml\nresources: [../../x]\n", "../../x is not in the workspace"),
        ("# kustomization.yaml\nresources: ['https://x.io/a.yaml']\n", "https://x.io/a.yaml is not in the workspace"),
        ("# kustomization.yaml\nresources: [a.yaml]\n# a.yaml\nkind: Pod\n", "the object has no metadata.name"),
        ("# kustomization.yaml\nnamePrefx: a\n", "namePrefx is no field of a kustomization"),
        ("# kustomization.yaml\nnamePrefix: 1\n", "this must be a text; it needs quotes"),
        ("# kustomization.yaml\nhelmCharts: [{name: x}]\n", "charts are not rendered here"),
        (
            "# kustomization.yaml\nconfigMapGenerator: [{name: a, behavior: merge}]\n",
            "ConfigMap/a is not there to be merged or replaced",
        ),
        (
            "# kustomization.yaml\npatches: [{patch: '{kind: Pod, metadata: {name: a}}'}]\n",
            "nothing to patch: Pod/a is not there",
        ),
        ("# kustomization.yaml\nreplicas: [{name: a, count: 1}]\n", "nothing of the name a has replicas"),
    ];
    for (text, reason) in rows {
        assert_eq!(failure(text), reason, "{text}");
    }
}

#[test]
fn what_is_not_here_is_left_out() {
    let (_, result) = built(
        "# kustomization.yaml
resources: [gone.yaml, here.yaml]
patches: [{patch: '{apiVersion: v1, kind: Pod, metadata: {name: gone}, spec: {}}'}]
secretGenerator: [{name: s, envs: [.env], literals: [a=b]}]
# here.yaml
{apiVersion: v1, kind: Pod, metadata: {name: here}}
",
    );
    let build = result.unwrap();
    let names: Vec<_> = build.objects.iter().filter_map(|object| object.str_at(&["metadata", "name"])).collect();
    assert_eq!((names.len(), names[0]), (2, "here"));
    let data = build.objects[1].get("data").and_then(Value::as_map).unwrap();
    assert_eq!((data.entries[0].value.as_str(), data.tail.is_some()), (Some("Yg=="), true));
    let notes: Vec<_> = build.notes.iter().map(|note| note.reason.as_str()).collect();
    assert_eq!(
        notes,
        ["gone.yaml is neither a file nor a kustomization", ".env is not there", "nothing to patch: Pod/gone is not there"]
    );
}

#[test]
fn only_some_kustomizations_stand_alone() {
    let rows = [
        ("resources: []\n", true),
        ("kind: Component\nresources: []\n", false),
        ("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec: {}\n", false),
    ];
    for (text, expected) in rows {
        assert_eq!(stands_alone(&Held::new(&format!("# kustomization.yaml\n{text}")), ""), expected, "{text}");
    }
}
