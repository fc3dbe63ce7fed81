//! Kustomizations as the engine's callers see them.

use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_rules::{RuleSet, load};

use crate::{Engine, Files, Report, Settings, Source};

struct NoDisk;

impl Files for NoDisk {
    fn read(&self, _: &Utf8Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn check(header: &str, files: &[(&str, &str)]) -> Report {
    let page = format!("# Title\n\n```rule\nseverity = high\nprofile = recommended\n{header}\nmessage = \"${{self}}\"\n```\n");
    let rule = load(&Utf8PathBuf::from("r.md"), &page).unwrap_or_else(|errors| panic!("{}", errors[0])).1;
    let mut engine = Engine::new(Arc::new(NoDisk), &RuleSet::of_rule(rule), &Settings::default()).unwrap();
    engine.add(files.iter().map(|(path, text)| Source::new(*path, Ok(text.as_bytes().to_vec()))).collect());
    engine.check(&|_, _| {})
}

fn places(report: &Report) -> Vec<String> {
    report.findings.iter().map(|finding| format!("{}:{} {}", finding.path, finding.range.start.line, finding.item.name)).collect()
}

fn lost(report: &Report) -> Vec<String> {
    report.incomplete.iter().map(|lost| format!("{}:{} {}", lost.path, lost.range.start.line, lost.reason)).collect()
}

const PRIVILEGED: &str = "on = container\nforbid = securityContext.privileged == true";
const BASE: (&str, &str) = ("base/kustomization.yaml", "resources:\n- web.yaml\n");

fn pod(privileged: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    image: nginx\n    securityContext:\n      privileged: {privileged}\n"
    )
}

#[test]
fn a_field_that_an_overlay_sets_is_reported_there() {
    let overlay = "namePrefix: prod-\nresources:\n- ../base\npatches:\n- patch: |\n    apiVersion: v1\n    kind: Pod\n    metadata:\n      name: web\n    spec:\n      containers:\n      - name: web\n        securityContext:\n          privileged: true\n";
    let pod = pod("false");
    let files = [BASE, ("base/web.yaml", &pod), ("prod/kustomization.yaml", overlay)];
    assert_eq!(places(&check(PRIVILEGED, &files)), ["prod/kustomization.yaml:14 Pod/prod-web"]);
}

#[test]
fn what_an_overlay_mends_is_not_reported() {
    let patch = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    securityContext:\n      privileged: false\n";
    let pod = pod("true");
    let files = [
        BASE,
        ("base/web.yaml", &pod),
        ("prod/patch.yaml", patch),
        ("prod/kustomization.yaml", "resources: [../base]\npatches: [{path: patch.yaml}]\n"),
    ];
    assert_eq!(places(&check(PRIVILEGED, &files)), [""; 0]);
}

#[test]
fn what_two_overlays_take_from_one_base_is_reported_once() {
    let pod = pod("true");
    let files = [
        BASE,
        ("base/web.yaml", &*pod),
        ("prod/kustomization.yaml", "resources: [../base]\nnamespace: prod\n"),
        ("test/kustomization.yaml", "resources: [../base]\nnamespace: test\n"),
    ];
    assert_eq!(places(&check(PRIVILEGED, &files)), ["base/web.yaml:10 Pod/web"]);
}

#[test]
fn a_partial_object_is_not_judged_by_itself() {
    let patch = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {a: b}\n";
    let pod = pod("false");
    let files = [
        BASE,
        ("base/web.yaml", &*pod),
        ("prod/patch.yaml", patch),
        ("prod/kustomization.yaml", "resources: [../base]\npatches: [{path: patch.yaml}]\n"),
    ];
    let report = check("on = Pod\nrequire = spec.containers != null", &files);
    assert_eq!(places(&report), [""; 0]);
}

#[test]
fn what_cannot_be_built_is_said_and_judged_as_it_stands() {
    let pod = pod("true");
    let files = [("k/kustomization.yaml", "resources: [web.yaml]\npatches: [{path: gone.yaml}]\n"), ("k/web.yaml", &*pod)];
    let report = check(PRIVILEGED, &files);
    assert_eq!(places(&report), ["k/web.yaml:10 Pod/web"]);
    assert_eq!(lost(&report), ["k/kustomization.yaml:2 this kustomization is not built: gone.yaml is not there"]);
    let files = [("k/kustomization.yaml", "resources:\n- web.yaml\n- github.com/a/b?ref=v1\n"), ("k/web.yaml", &*pod)];
    let report = check(PRIVILEGED, &files);
    assert_eq!(places(&report), ["k/web.yaml:10 Pod/web"]);
    assert_eq!(
        lost(&report),
        ["k/kustomization.yaml:3 this kustomization is not built in full: github.com/a/b?ref=v1 is not in the workspace"]
    );
}

#[test]
fn a_comment_at_the_place_allows_it() {
    let pod = pod("true # plimsoll: allow(r)");
    let files = [BASE, ("base/web.yaml", &*pod), ("prod/kustomization.yaml", "resources: [../base]\n")];
    let report = check(PRIVILEGED, &files);
    assert_eq!((places(&report).len(), report.suppressed), (0, 1));
}
