//! Manifests and charts: how the time of a check grows with them (goal: ten times as many take at most eleven times as long), and what an
//! edit costs: of one manifest among 10,000, and of one line of a chart's values (goal: only the templates that read it are rendered).
//!
//! `cargo bench -p plimsoll-tests --bench kubernetes`; the program is `PLIMSOLL`, by default the release build, which must be there;
//! `MANIFESTS` and `TEMPLATES` choose other sizes. Every figure that matters is a ratio of two that were taken in the same run.
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};

use camino::Utf8PathBuf;
use plimsoll_engine::{Engine, Settings, Source, Standing};
use plimsoll_helm::{ChartFile, Options, render_again};
use plimsoll_rules::RuleSet;
use plimsoll_syntax::FileId;
use plimsoll_tests::measure::{self, milliseconds, processor_time};
use plimsoll_tests::{NoDisk, workspace};

type Texts = Vec<(String, String)>;

fn main() {
    let number = |name: &str, default: usize| env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (many, templates) = (number("MANIFESTS", 10_000), number("TEMPLATES", 200));
    let rules = RuleSet::builtin();
    println!("manifests, in namespaces of fifty");
    growth("files", many, manifests);
    manifest_edit(&rules, &manifests(many));
    println!("a chart, ten lines of values for each template");
    growth("templates", templates, chart);
    values_edit(&rules, templates);
}

/// One object a file: deployments with their services, accounts, settings and policies.
fn manifests(count: usize) -> Texts {
    let one = |at: usize| {
        let (app, namespace) = (at / 5, at / 50);
        let name = format!("app-{app}");
        let head = |api: &str, kind: &str| {
            format!(
                "apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: team-{namespace}\n  labels: {{app: {name}}}\n"
            )
        };
        let text = match at % 5 {
            0 => format!(
                "{}spec:\n  replicas: 2\n  selector:\n    matchLabels: {{app: {name}}}\n  template:\n{}",
                head("apps/v1", "Deployment"),
                pod(4, &name)
            ),
            1 => format!(
                "{}spec:\n  selector: {{app: {name}}}\n  ports:\n    - port: 80\n      targetPort: http\n",
                head("v1", "Service")
            ),
            2 => format!(
                "{}spec:\n  podSelector:\n    matchLabels: {{app: {name}}}\n  ingress:\n    - from:\n        - podSelector:\n            matchLabels: {{app: app-{}}}\n",
                head("networking.k8s.io/v1", "NetworkPolicy"),
                app + 1
            ),
            3 => format!("{}data:\n  level: info\n", head("v1", "ConfigMap")),
            _ => head("v1", "ServiceAccount"),
        };
        (format!("deploy/team-{namespace}/{name}-{}.yaml", at % 5), text)
    };
    (0..count).map(one).collect()
}

fn pod(indent: usize, name: &str) -> String {
    let text = format!(
        "metadata:\n  labels: {{app: {name}}}\nspec:\n  serviceAccountName: {name}\n  containers:\n    - name: app\n      image: registry.example.org/{name}:1.1\n      ports:\n        - name: http\n          containerPort: 8080\n      \
         envFrom:\n        - configMapRef: {{name: {name}}}\n      securityContext:\n        allowPrivilegeEscalation: false\n        runAsNonRoot: true\n      resources:\n        limits: {{cpu: 500m, memory: 128Mi}}\n"
    );
    text.lines().map(|line| format!("{:indent$}{line}\n", "")).collect()
}

/// Deployments and services, with values of their own and a helper that all of them include.
fn chart(templates: usize) -> Texts {
    let mut values = String::from("registry: registry.example.org\n");
    let mut files = vec![
        ("Chart.yaml".to_owned(), "apiVersion: v2\nname: c\nversion: 1.0.0\n".to_owned()),
        (
            "templates/_labels.tpl".to_owned(),
            "{{- define \"c.labels\" -}}\napp.kubernetes.io/name: {{ .name }}\napp.kubernetes.io/instance: {{ .root.Release.Name }}\n{{- end -}}\n".to_owned(),
        ),
    ];
    for at in 0..templates {
        let name = format!("app{at:04}");
        let _ = write!(
            values,
            "{name}:\n  enabled: true\n  replicas: 2\n  tag: \"1.10\"\n  port: 8080\n  resources:\n    limits:\n      cpu: 500m\n      memory: 128Mi\n  privileged: false\n"
        );
        let labels =
            |indent: usize| format!("{{{{- include \"c.labels\" (dict \"name\" \"{name}\" \"root\" $) | nindent {indent} }}}}\n");
        let text = format!(
            "{{{{- with .Values.{name} }}}}\n{{{{- if .enabled }}}}\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{{{ $.Release.Name }}}}-{name}\n  labels:\n    {}spec:\n  replicas: {{{{ .replicas }}}}\n  \
             selector:\n    matchLabels:\n      {}  template:\n    metadata:\n      labels:\n        {}    spec:\n      containers:\n        - name: app\n          image: {{{{ $.Values.registry }}}}/{name}:{{{{ .tag }}}}\n          \
             ports:\n            - containerPort: {{{{ .port }}}}\n          securityContext:\n            privileged: {{{{ .privileged }}}}\n          resources:\n            {{{{- toYaml .resources | nindent 12 }}}}\n{{{{- end }}}}\n{{{{- end }}}}\n",
            labels(4),
            labels(6),
            labels(8)
        );
        files.push((format!("templates/{name}.yaml"), text));
    }
    files.push(("values.yaml".to_owned(), values));
    files
}

fn engine(rules: &RuleSet, texts: &[(String, String)]) -> Engine {
    let mut engine = Engine::new(Arc::new(NoDisk), rules, &Settings::default()).unwrap();
    engine.add(texts.iter().map(|(path, text)| source(path, text)).collect());
    engine
}

fn source(path: &str, text: &str) -> Source {
    Source::new(path, Ok(text.as_bytes().to_vec()))
}

/// The processor time of the built program for so many and for a tenth of them, without that of its start.
fn growth(what: &str, count: usize, of: fn(usize) -> Texts) {
    let program = env::var_os("PLIMSOLL").map_or_else(|| workspace().join("target/release/plimsoll"), PathBuf::from);
    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-kubernetes");
    let _ = fs::remove_dir_all(&scratch);
    let written = |count: usize| {
        let folder = scratch.join(count.to_string());
        for (path, text) in of(count) {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    };
    let (none, small, large) = (written(0), written(count / 10), written(count));
    fs::create_dir_all(&none).unwrap();
    let time = |rounds: u32, folder: &Path| processor_time(rounds, || measure::check(&program, folder));
    // Taken in turns, so that a busy machine is busy for all.
    let rounds: Vec<_> = (0..3).map(|_| (time(20, &none), time(20, &small), time(4, &large))).collect();
    let start = rounds.iter().map(|round| round.0).min().unwrap();
    let tenth = rounds.iter().map(|round| round.1).min().unwrap() - start;
    let whole = rounds.iter().map(|round| round.2).min().unwrap() - start;
    println!(
        "  check of {count} {what}: {:.1} ms of processor time, of a tenth of them {:.1} ms: {:.1} × (goal: at most 11)",
        milliseconds(whole),
        milliseconds(tenth),
        ratio(whole, tenth)
    );
    let _ = fs::remove_dir_all(&scratch);
}

/// The time of a first look at everything, the world included, and of a look after each edit.
fn edits(rules: &RuleSet, texts: &[(String, String)], path: &str, edits: &[(&str, String)]) {
    let start = Instant::now();
    let mut engine = engine(rules, texts);
    let look = |engine: &Engine, before: &Standing, edited: &[Utf8PathBuf]| {
        let snapshot = engine.snapshot();
        let (standing, reports) = snapshot.advance(before, edited).unwrap();
        (snapshot.complete(&standing).unwrap().0, reports)
    };
    let (mut standing, _) = look(&engine, &Standing::default(), &[]);
    let cold = start.elapsed();
    for (what, text) in edits {
        let start = Instant::now();
        engine.set(source(path, text));
        let (next, reports) = look(&engine, &standing, &[path.into()]);
        let took = start.elapsed();
        standing = next;
        println!(
            "  {what}: {:.1} ms, {:.1} % of the first look ({:.0} ms); {} files with something new",
            milliseconds(took),
            100.0 * ratio(took, cold),
            milliseconds(cold),
            reports.len()
        );
    }
}

fn manifest_edit(rules: &RuleSet, texts: &[(String, String)]) {
    let middle = texts.len() / 2 / 5 * 5;
    let (path, text) = &texts[middle];
    let changed = |to: &str| text.replace(":1.1\n", &format!("{to}\n"));
    edits(
        rules,
        texts,
        path,
        &[("one image is changed", changed(":1.2")), ("and again", changed(":latest")), ("and back", text.clone())],
    );
}

fn values_edit(rules: &RuleSet, templates: usize) {
    let texts = chart(templates);
    let values = &texts.last().unwrap().1;
    let key = format!("app{:04}:\n  enabled: true\n  replicas: ", templates / 2);
    let changed = |to: &str| values.replace(&format!("{key}2"), &format!("{key}{to}"));
    let rows = [
        ("one line of the values is changed", changed("3")),
        ("and grows longer", changed("10")),
        ("one that all templates read", values.replace("registry.example.org", "registry.example.com")),
    ];
    for (what, after) in &rows {
        let (rendered, again) = rendered_again(&texts, after);
        println!("  {what}: {rendered} of {again} templates are rendered");
    }
    edits(rules, &texts, "values.yaml", &rows);
}

/// How many templates an edit of the values renders again: of the others the text is not even written anew.
fn rendered_again(texts: &[(String, String)], values: &str) -> (usize, usize) {
    let shared = |texts: &[(String, String)]| -> Vec<(String, Arc<str>)> {
        texts.iter().map(|(path, text)| (path.clone(), text.as_str().into())).collect()
    };
    let before = shared(texts);
    let mut after = before.clone();
    after.iter_mut().filter(|(path, _)| path == "values.yaml").for_each(|(_, text)| *text = values.into());
    let (first, memory) = render_again(&files(&before), &Options::default(), None);
    let (second, _) = render_again(&files(&after), &Options::default(), Some(&memory));
    let same = |text: &Arc<str>| first.manifests.iter().any(|manifest| Arc::ptr_eq(&manifest.text, text));
    (second.manifests.iter().filter(|manifest| !same(&manifest.text)).count(), second.manifests.len())
}

fn files(texts: &[(String, Arc<str>)]) -> Vec<ChartFile<'_>> {
    (0..).zip(texts).map(|(at, (path, text))| ChartFile { path, file: FileId(at), text }).collect()
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}
