//! YAML: Kubernetes manifests, and a Compose project.

use std::fmt::Write as _;

use super::NAMES;
use crate::random::Random;

/// What YAML and Go templates are made of, for damaging them.
pub const WORDS: &[&str] = &[
    "apiVersion: v1\n",
    "kind: Pod\n",
    "metadata:\n",
    "spec:\n",
    "containers:\n",
    "- name: a\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "&a ",
    "*a",
    "<<: *a\n",
    "!!str ",
    "!reset ",
    "? ",
    ": ",
    "- ",
    "|\n",
    ">-\n",
    "|2+\n",
    "\"",
    "'",
    "{a: 1}",
    "[a, b]",
    "{{ .Values.a }}",
    "{{- if .a }}\n",
    "{{- end }}\n",
    "{{/* c */}}",
    "{{ include \"x\" . | nindent 4 }}\n",
    "{{ range $k, $v := .a }}\n",
    "~",
    "null",
    "yes",
    "0o17",
    "017",
    "0x1f",
    ".inf",
    "1e3",
    "# c\n",
    "\t",
    "  ",
    "services:\n",
    "image: a:${TAG:-b}\n",
];

/// Documents of at least this many bytes: deployments with their services and policies.
#[must_use]
pub fn manifests(random: &mut Random, least: usize) -> String {
    let mut out = String::with_capacity(least + 2048);
    while out.len() < least {
        let name = format!("{}-{}", random.pick(NAMES), random.below(1000));
        match random.below(5) {
            0 => service(random, &name, &mut out),
            1 => policy(random, &name, &mut out),
            _ => deployment(random, &name, &mut out),
        }
    }
    out
}

fn deployment(random: &mut Random, name: &str, out: &mut String) {
    let _ = write!(
        out,
        "---\n# The {name} service.\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  labels: {{app: {name}, tier: \"{}\"}}\nspec:\n  replicas: {}\n  \
         selector:\n    matchLabels:\n      app: {name}\n  template:\n    metadata:\n      labels:\n        app: {name}\n    spec:\n      containers:\n",
        random.pick(NAMES),
        random.below(5),
    );
    for at in 0..1 + random.below(3) {
        let _ = write!(
            out,
            "        - name: {}{at}\n          image: ghcr.io/acme/{}:1.{}\n          args: [\"--port\", '8080', --verbose]\n          ports:\n            - containerPort: {}\n          \
             securityContext:\n            privileged: {}\n            runAsUser: {}\n            capabilities:\n              add: [\"NET_ADMIN\"]\n          env:\n            \
             - name: KEY\n              value: \"a # b\"\n            - {{name: PLAIN, value: 'it''s'}}\n          resources:\n            limits:\n              cpu: 500m\n              \
             memory: {}Mi\n",
            random.pick(NAMES),
            random.pick(NAMES),
            random.below(30),
            1024 + random.below(9000),
            random.percent(20),
            random.below(2000),
            64 << random.below(5),
        );
        if random.percent(20) {
            out.push_str("          command:\n            - sh\n            - -c\n            - |\n              set -e\n              exec server --config /etc/server.conf\n");
        }
    }
}

fn service(random: &mut Random, name: &str, out: &mut String) {
    let kind = random.pick(&["ClusterIP", "NodePort", "LoadBalancer"]);
    let _ = write!(
        out,
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  annotations:\n    note: >-\n      Folded text\n      of two lines\nspec:\n  type: {kind}\n  selector: {{app: {name}}}\n  \
         ports:\n  - port: {}\n    targetPort: http\n",
        1 + random.below(60_000),
    );
}

fn policy(random: &mut Random, name: &str, out: &mut String) {
    let _ = write!(
        out,
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {name}\nspec:\n  podSelector: {{}}\n  policyTypes: [Ingress]\n  ingress:\n    - from:\n        \
         - ipBlock:\n            cidr: 10.{}.0.0/16\n",
        random.below(256),
    );
}

/// One Compose project with this many services.
#[must_use]
pub fn compose(random: &mut Random, services: usize) -> String {
    let mut out = String::from("services:\n");
    for at in 0..services {
        let name = random.pick(NAMES);
        let _ = write!(
            out,
            "  {name}{at}:\n    image: acme/{name}:${{TAG:-1}}\n    ports:\n      - \"{}:80\"\n    environment:\n      LEVEL: info\n    volumes:\n      - ./data:/data:ro\n",
            1024 + random.below(60_000),
        );
        if random.percent(10) {
            out.push_str("    privileged: true\n");
        }
    }
    out
}
