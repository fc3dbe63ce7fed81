//! Charts as the engine's callers see them.

use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_rules::{RuleInfo, RuleSet, load};

use crate::{Engine, Environment, Files, Report, Settings, Source};

/// Files that are on the disk but were not discovered.
struct OnDisk(&'static [(&'static str, &'static str)]);

impl Files for OnDisk {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        let found = self.0.iter().find(|(name, _)| path == *name);
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, folder: &Utf8Path) -> Option<Vec<String>> {
        Some(
            self.0
                .iter()
                .filter_map(|(name, _)| Utf8Path::new(name).strip_prefix(folder).ok().map(ToString::to_string))
                .collect(),
        )
    }
}

fn check(header: &str, disk: &'static [(&'static str, &'static str)], files: &[(&str, &str)]) -> Report {
    run(rule(header), &Settings::default(), disk, files)
}

fn rule(header: &str) -> RuleInfo {
    let page = format!("# Title\n\n```rule\nseverity = high\nprofile = recommended\n{header}\nmessage = \"${{self}}\"\n```\n");
    load(&Utf8PathBuf::from("r.md"), &page).unwrap_or_else(|errors| panic!("{}", errors[0])).1
}

fn run(rule: RuleInfo, settings: &Settings, disk: &'static [(&'static str, &'static str)], files: &[(&str, &str)]) -> Report {
    let mut engine = Engine::new(Arc::new(OnDisk(disk)), &RuleSet::of_rule(rule), settings).unwrap();
    engine.add(files.iter().map(|(path, text)| Source::new(*path, Ok(text.as_bytes().to_vec()))).collect());
    engine.check(&|_, _| {})
}

fn places(report: &Report) -> Vec<String> {
    let related = |finding: &crate::Finding| {
        finding.related.iter().map(|at| format!(" <- {}:{}", at.path, at.range.start.line)).collect::<String>()
    };
    report
        .findings
        .iter()
        .map(|finding| format!("{}:{} {}{}", finding.path, finding.range.start.line, finding.item.name, related(finding)))
        .collect()
}

fn lost(report: &Report) -> Vec<String> {
    report.incomplete.iter().map(|lost| format!("{}:{} {}", lost.path, lost.range.start.line, lost.reason)).collect()
}

const PRIVILEGED: &str = "on = container\nforbid = securityContext.privileged == true";
const CHART: &str = "apiVersion: v2\nname: c\nversion: 1.0.0\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}-web\nspec:\n  containers:\n    - name: web\n      image: nginx\n      securityContext:\n        privileged: {{ .Values.privileged }}\n";

#[test]
fn a_finding_points_at_the_template_and_the_value() {
    let files = [("c/Chart.yaml", CHART), ("c/values.yaml", "# first\nprivileged: true\n"), ("c/templates/pod.yaml", POD)];
    assert_eq!(places(&check(PRIVILEGED, &[], &files)), ["c/templates/pod.yaml:10 Pod/release-name-web <- c/values.yaml:2"]);
    let files = [("c/Chart.yaml", CHART), ("c/values.yaml", "privileged: false\n"), ("c/templates/pod.yaml", POD)];
    assert_eq!(places(&check(PRIVILEGED, &[], &files)), [""; 0]);
}

#[test]
fn a_map_that_is_inserted_as_a_whole_points_into_the_values() {
    let pod =
        POD.replace("        privileged: {{ .Values.privileged }}\n", "        {{- toYaml .Values.security | nindent 8 }}\n");
    let files = [
        ("Chart.yaml", CHART),
        ("values.yaml", "security:\n  runAsUser: 0\n  privileged: true\n"),
        ("templates/pod.yaml", pod.as_str()),
    ];
    assert_eq!(places(&check(PRIVILEGED, &[], &files)), ["values.yaml:3 Pod/release-name-web"]);
}

#[test]
fn helpers_are_read_from_the_disk() {
    let disk = &[("c/templates/_helpers.tpl", "{{ define \"c.security\" -}}\nprivileged: true\n{{- end }}\n")];
    let pod =
        POD.replace("        privileged: {{ .Values.privileged }}\n", "        {{- include \"c.security\" . | nindent 8 }}\n");
    let files = [("c/Chart.yaml", CHART), ("c/templates/pod.yaml", pod.as_str())];
    assert_eq!(places(&check(PRIVILEGED, disk, &files)), ["c/templates/_helpers.tpl:2 Pod/release-name-web"]);
}

#[test]
fn a_comment_in_the_template_allows_what_its_object_includes() {
    let disk = &[("c/templates/_helpers.tpl", "{{ define \"c.security\" -}}\nprivileged: true\n{{- end }}\n")];
    let pod =
        POD.replace("        privileged: {{ .Values.privileged }}\n", "        {{- include \"c.security\" . | nindent 8 }}\n");
    let pod = format!("# plimsoll: allow(r) reason=\"known\"\n{pod}");
    let report = check(PRIVILEGED, disk, &[("c/Chart.yaml", CHART), ("c/templates/pod.yaml", pod.as_str())]);
    assert_eq!((places(&report).len(), report.suppressed), (0, 1));
}

#[test]
fn what_cannot_be_rendered_is_told_and_read_with_holes() {
    let pod =
        POD.replace("{{ .Release.Name }}-web", "{{ include \"common.name\" . }}").replace("{{ .Values.privileged }}", "true");
    let files = [("c/Chart.yaml", CHART), ("c/templates/pod.yaml", pod.as_str())];
    let report = check(PRIVILEGED, &[], &files);
    assert_eq!(places(&report).len(), 1);
    assert!(places(&report)[0].starts_with("c/templates/pod.yaml:10 "));
    assert_eq!(report.incomplete.len(), 1);
    assert!(lost(&report)[0].starts_with("c/templates/pod.yaml:4 this template is not rendered: "), "{:?}", lost(&report));
}

#[test]
fn sub_charts_are_rendered_with_their_parent() {
    let parent = "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n  - name: s\n    version: 1.x\n  - name: gone\n    version: 2.x\n";
    let files = [
        ("c/Chart.yaml", parent),
        ("c/values.yaml", "s:\n  privileged: true\n"),
        ("c/charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.1.0\n"),
        ("c/charts/s/values.yaml", "privileged: false\n"),
        ("c/charts/s/templates/pod.yaml", POD),
    ];
    let report = check(PRIVILEGED, &[], &files);
    assert_eq!(places(&report), ["c/charts/s/templates/pod.yaml:10 Pod/release-name-web <- c/values.yaml:2"]);
    assert_eq!(lost(&report), ["c/Chart.yaml:7 the chart gone is not unpacked here, so what it brings is not seen"]);
}

#[test]
fn a_finding_says_with_which_values_it_holds() {
    let environment =
        |name: &str, values: &str| Environment { name: name.to_owned(), values: vec![values.into()], ..Environment::default() };
    let environments =
        vec![environment("prod", "values-prod.yaml"), environment("dev", "envs/dev.yaml"), environment("none", "x.yaml")];
    let settings = Settings { environments, ..Settings::default() };
    let disk = &[("c/values-prod.yaml", "privileged: true\n"), ("envs/dev.yaml", "privileged: false\nhost: true\n")];
    let pod = format!("{POD}  hostNetwork: {{{{ .Values.host }}}}\n");
    let files =
        [("c/Chart.yaml", CHART), ("c/values.yaml", "privileged: true\nhost: true\n"), ("c/templates/pod.yaml", pod.as_str())];
    let report = run(rule(PRIVILEGED), &settings, disk, &files);
    let said: Vec<(String, &str)> =
        places(&report).into_iter().zip(report.findings.iter().map(|finding| finding.message.as_str())).collect();
    let at = "c/templates/pod.yaml:10 Pod/release-name-web";
    assert_eq!(said, [(format!("{at} <- c/values.yaml:1"), "web (in the default values, prod)"),]);
}

#[test]
fn packed_charts_are_read() {
    struct Packed(Vec<u8>);
    impl Files for Packed {
        fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
            if path == "c/charts/s-1.0.0.tgz" { Ok(self.0.clone()) } else { Err(io::ErrorKind::NotFound.into()) }
        }

        fn list(&self, _: &Utf8Path) -> Option<Vec<String>> {
            Some(vec!["charts/s-1.0.0.tgz".to_owned()])
        }
    }
    let allowed = POD.replace("        privileged", "        # plimsoll: allow(r)\n        privileged");
    let pod = format!("{allowed}---\n{}", POD.replace("-web", "-api"));
    let archive = packed(&[
        ("s/Chart.yaml", &CHART.replace("name: c", "name: s")),
        ("s/values.yaml", "privileged: true\n"),
        ("s/templates/pod.yaml", &pod),
    ]);
    let mut engine = Engine::new(Arc::new(Packed(archive)), &RuleSet::of_rule(rule(PRIVILEGED)), &Settings::default()).unwrap();
    engine.add(vec![Source::new("c/Chart.yaml", Ok(CHART.as_bytes().to_vec()))]);
    let report = engine.check(&|_, _| {});
    let file = "c/charts/s-1.0.0.tgz";
    assert_eq!(places(&report), [format!("{file}/templates/pod.yaml:22 Pod/release-name-api <- {file}/values.yaml:1")]);
    assert_eq!((report.suppressed, report.findings[0].fix.is_none()), (1, true));
    assert_eq!(lost(&report), [""; 0]);
}

/// A chart as `helm package` packs it.
fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn an_edit_of_the_values_says_the_same_as_a_new_start() {
    let disk = &[];
    let two = POD.replace("-web", "-two").replace(".Values.privileged", ".Values.other");
    let values = ["privileged: true\nother: true\n", "privileged: false\nother: true\n", "# a\nprivileged: true\nother: true\n"];
    let sources = |values: &str| -> Vec<Source> {
        let files =
            [("c/Chart.yaml", CHART), ("c/values.yaml", values), ("c/templates/a.yaml", POD), ("c/templates/b.yaml", &two)];
        files.into_iter().map(|(path, text)| Source::new(path, Ok(text.as_bytes().to_vec()))).collect()
    };
    let mut edited = Engine::new(Arc::new(OnDisk(disk)), &RuleSet::of_rule(rule(PRIVILEGED)), &Settings::default()).unwrap();
    for values in values {
        edited.add(sources(values));
        let mut fresh = Engine::new(Arc::new(OnDisk(disk)), &RuleSet::of_rule(rule(PRIVILEGED)), &Settings::default()).unwrap();
        fresh.add(sources(values));
        assert_eq!(places(&edited.check(&|_, _| {})), places(&fresh.check(&|_, _| {})), "{values}");
    }
}

#[test]
fn charts_are_rendered_for_the_version_of_the_settings() {
    let template =
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Capabilities.KubeVersion.Version }}\nspec:\n  hostNetwork: true\n";
    let settings = Settings { kubernetes: Some("1.31".into()), ..Settings::default() };
    let rule = rule("on = Pod\nforbid = spec.hostNetwork == true");
    let report = run(rule, &settings, &[], &[("Chart.yaml", CHART), ("templates/a.yaml", template)]);
    assert_eq!(places(&report), ["templates/a.yaml:6 Pod/v1.31.0"]);
}

#[test]
fn what_is_known_at_installation_only_is_not_known() {
    let rule = "on = object\nforbid = metadata.namespace == \"default\"";
    let named = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: {{ .Release.Namespace }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n";
    let report = check(rule, &[], &[("Chart.yaml", CHART), ("templates/a.yaml", named)]);
    assert_eq!(places(&report), [""; 0]);
    assert!(report.undecided.iter().all(|verdict| verdict.missing == ["{{ .Release.Namespace }}"]), "{:?}", report.undecided);
}
