//! Whole charts, in a few lines each.

use super::*;

/// A chart of these files, and the template `t.yaml`.
fn chart(template: &str, values: &str) -> Rendered {
    let files =
        [("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.2.3\n"), ("values.yaml", values), ("templates/t.yaml", template)];
    rendered(&files)
}

fn rendered(files: &[(&str, &str)]) -> Rendered {
    let texts: Vec<Arc<str>> = files.iter().map(|(_, text)| Arc::from(*text)).collect();
    let files: Vec<ChartFile<'_>> = files
        .iter()
        .zip(&texts)
        .enumerate()
        .map(|(at, ((path, _), text))| ChartFile { path, file: FileId(u32::try_from(at).unwrap_or(0)), text })
        .collect();
    render(&files, &Options::default())
}

fn text(template: &str, values: &str) -> String {
    let rendered = chart(template, values);
    match rendered.problems.first() {
        Some(problem) => format!("! {}", problem.message),
        None => rendered.manifests.first().map_or(String::new(), |manifest| manifest.text.to_string()),
    }
}

#[test]
fn templates() {
    let rows = [
        ("a {{ .Values.x }} b", "x: 1", "a 1 b"),
        ("{{ .Values.missing }}|{{ .Values.x.y }}", "x: {}", "|"),
        ("{{- if and .Values.a (not .Values.b) }} yes {{- else }} no {{- end }}", "a: true", " yes"),
        ("{{ if .Values.a }}a{{ else if .Values.b }}b{{ else }}c{{ end }}", "b: 1", "b"),
        ("{{ range $i, $x := .Values.l }}{{ $i }}={{ $x }};{{ end }}", "l: [a, b]", "0=a;1=b;"),
        ("{{ range .Values.m }}{{ . }}{{ else }}none{{ end }}", "m: {}", "none"),
        ("{{ range $k, $v := .Values.m }}{{ $k }}{{ $v }}{{ end }}", "m: {b: 2, a: 1}", "a1b2"),
        ("{{ with .Values.x }}{{ .w }}{{ $.Release.Name }}{{ end }}", "x: {w: z}", "zrelease-name"),
        ("{{ $a := 1 }}{{ if true }}{{ $a = 2 }}{{ end }}{{ $a }}", "", "2"),
        ("{{ define \"d\" }}<{{ . }}>{{ end }}{{ include \"d\" 5 }}{{ template \"d\" 6 }}", "", "<5><6>"),
        (
            "{{ range until 5 }}{{ if eq . 3 }}{{ break }}{{ end }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}",
            "",
            "02",
        ),
        ("{{/* c */ -}}\n x {{- /* d */}}y", "", "xy"),
        ("{{ .Values.a.b }}", "", "! nil pointer evaluating interface {}.b"),
        ("{{ (.Values.a).b }}|{{ .Values.k }}", "k: 1000000", "|1e+06"),
        ("{{ tpl .Values.t . }}", "t: \"{{ .Chart.Name }}-{{ .Chart.Version }}\"", "c-1.2.3"),
        ("{{ toYaml .Values.x | nindent 2 }}", "x: {b: [1, \"2\"], a: true}", "\n  a: true\n  b:\n  - 1\n  - \"2\""),
        ("{{ toYamlPretty .Values.x }}", "x: {b: [1, [c]], a: {d: [e: 2]}}", "a:\n  d:\n    - e: 2\nb:\n  - 1\n  - - c"),
        ("{{ duration 95 }} {{ duration 3605 }} {{ duration \"7\" }}", "", "1m35s 1h0m5s 7s"),
        ("{{ durationRound \"2h10m5s\" }} {{ durationRound \"2400h\" }} {{ durationRound \"0.5s\" }}", "", "2h 3mo 0s"),
        ("{{ .Values.x | default \"d\" | quote }}", "x: \"\"", "\"d\""),
        ("{{ required \"need x\" .Values.x | quote }}", "", "\"required\""),
        ("{{ fail \"no way\" }}", "", "! no way"),
        ("{{ nosuch 1 }}", "", "! function \"nosuch\" not defined"),
        ("{{ eq 1 1.0 }}", "", "! error calling eq: incompatible types for comparison"),
        ("{{ trunc 3 5 }}", "", "! wrong type for value; expected string; got int"),
        ("{{ `{{ raw }}` }}{{ 'a' }}", "", "{{ raw }}97"),
        ("{{ index .Values.l 1 }}{{ index .Values \"l\" 0 }}", "l: [a, b]", "ba"),
        ("{{ $d := dict \"a\" 1 }}{{ $_ := set $d \"b\" 2 }}{{ keys $d | join \",\" }}", "", "a,b"),
        ("{{ .Capabilities.KubeVersion }} {{ .Capabilities.APIVersions.Has \"apps/v1\" }}", "", "v1.37.0 true"),
        ("{{ .Capabilities.APIVersions.Has \"policy/v1beta1\" }} {{ .Capabilities.KubeVersion.Minor }}", "", "false 37"),
        (
            "{{ merge (dict \"a\" 1) (dict \"a\" 2 \"b\" 3) | toJson }}{{ mergeOverwrite (dict \"a\" 1) (dict \"a\" 2) | toJson }}",
            "",
            "{\"a\":1,\"b\":3}{\"a\":2}",
        ),
        ("{{ fromYaml \"a: {b: c}\" | toJson }}", "", "{\"a\":{\"b\":\"c\"}}"),
        ("{{ regexReplaceAll \"a(x*)b\" \"-ab-axxb-\" \"${1}W\" }}", "", "-W-xxW-"),
        ("{{ printf \"%s-%d\" \"a\" (int .Values.k) | upper }}", "k: 3", "A-3"),
        ("{{ .Files.Get \"nothing\" }}{{ lookup \"v1\" \"Pod\" \"\" \"\" }}", "", "map[]"),
        ("{{ dig \"a\" \"b\" \"none\" .Values.x }}", "x: {a: {b: w}}", "w"),
        ("{{ ternary 1 2 (kindIs \"map\" .Values) }}", "", "1"),
        ("{{ .Values.y }}|{{ index .Values \"true\" }}|{{ index .Values \"8\" }}", "y: 1\n010: 2", "|1|2"),
        ("{{ if", "", "! unclosed action"),
        ("{{ if true }}", "", "! unexpected EOF"),
        ("{{ .x | }}", "", "! empty command"),
    ];
    for (template, values, expected) in rows {
        assert_eq!(text(template, values), expected, "{template}");
    }
}

#[test]
fn rendering_ends() {
    for template in [
        "{{ define \"d\" }}{{ include \"d\" . }}{{ end }}{{ include \"d\" . }}",
        "{{ define \"d\" }}{{ template \"d\" . }}{{ end }}{{ template \"d\" . }}",
        "{{ define \"d\" }}{{ tpl \"{{ include `d` . }}\" . }}{{ end }}{{ include \"d\" . }}",
        "{{ range until 99999 }}{{ range until 99999 }}{{ range until 99999 }}x{{ end }}{{ end }}{{ end }}",
        "{{ $s := \"x\" }}{{ range until 60 }}{{ $s = printf \"%s%s\" $s $s }}{{ end }}",
        "{{ repeat 99999999 \"x\" }}",
        "{{ range 99999999999 }}{{ end }}",
        "{{ $x := repeat 1000000 \"x\" }}{{ range until 99999 }}{{ $_ := sha256sum $x }}{{ end }}",
        "{{ $x := until 99999 }}{{ range until 99999 }}{{ $_ := deepCopy $x }}{{ end }}",
        "{{ $x := uniq (until 99999) }}",
        "{{ range until 99999 }}{{ $_ := regexMatch \"a{1,99}b{1,99}\" \"x\" }}{{ end }}",
    ] {
        assert!(text(template, "").starts_with('!'), "{template}");
    }
    assert!(!text("{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ if $d }}{{ len (toYaml $d) }}{{ end }}", "").is_empty());
    assert_eq!(text("{{ $l := list }}{{ range until 99999 }}{{ $l = list $l }}{{ end }}{{ len $l }}", ""), "1");
    assert_eq!(text("{{ $d := dict }}{{ range until 99999 }}{{ $d = dict \"d\" $d }}{{ end }}{{ len $d }}", ""), "1");
    assert!(text(&"{{ if true }}".repeat(5000), "").starts_with('!'));
    assert!(text(&format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000)), "").starts_with('!'));
}

/// The template and value that a piece of the output comes from.
fn source(template: &str, values: &str, piece: &str) -> (String, String) {
    let rendered = chart(template, values);
    let cut = |place: Place| match place.file {
        FileId(1) => place.span.text(values).to_owned(),
        FileId(2) => place.span.text(template).to_owned(),
        _ => String::new(),
    };
    let Some(manifest) = rendered.manifests.first() else { return (format!("{:?}", rendered.problems), String::new()) };
    let at = manifest.text.find(piece).unwrap_or_default();
    let run = manifest.run_at(u32::try_from(at).unwrap_or(0)).copied();
    run.map(|run| (cut(run.source.template), cut(run.source.value))).unwrap_or_default()
}

#[test]
fn bytes_know_where_they_come_from() {
    let rows = [
        ("a: {{ .Values.x }}", "x: yy", "a: ", ("a: ", "")),
        ("a: {{ .Values.x }}", "x: yy", "yy", ("{{ .Values.x }}", "yy")),
        ("{{ .Values.x | quote | nindent 2 }}", "x: yy", "yy", ("{{ .Values.x | quote | nindent 2 }}", "yy")),
        ("{{ toYaml .Values.x | indent 2 }}", "x: {p: true, q: false}", "true", ("{{ toYaml .Values.x | indent 2 }}", "true")),
        ("{{ toYaml .Values.x | indent 2 }}", "x: {p: true, q: false}", "q", ("{{ toYaml .Values.x | indent 2 }}", "q")),
        (
            "{{ define \"d\" }}k: {{ .v }}{{ end }}{{ include \"d\" (dict \"v\" .Values.x) | indent 1 }}",
            "x: yy",
            "k: ",
            ("k: ", ""),
        ),
        (
            "{{ define \"d\" }}k: {{ .v }}{{ end }}{{ include \"d\" (dict \"v\" .Values.x) | indent 1 }}",
            "x: yy",
            "yy",
            ("{{ .v }}", "yy"),
        ),
        (
            "{{ printf \"%s:%v\" .Values.r .Values.t }}",
            "r: repo\nt: 1.5",
            "1.5",
            ("{{ printf \"%s:%v\" .Values.r .Values.t }}", "1.5"),
        ),
        ("{{ (fromYaml (toYaml .Values)).x.p }}", "x: {p: deep}", "deep", ("{{ (fromYaml (toYaml .Values)).x.p }}", "deep")),
        ("{{ tpl .Values.x . }}", "x: \"n-{{ .Values.w }}\"\nw: inner", "inner", ("tpl .Values.x .", "inner")),
        ("{{ int .Values.x }}", "x: \"12\"", "12", ("{{ int .Values.x }}", "\"12\"")),
        ("{{ default \"dd\" .Values.x }}", "x: ''", "dd", ("{{ default \"dd\" .Values.x }}", "")),
    ];
    for (template, values, piece, (from, value)) in rows {
        assert_eq!(source(template, values, piece), (from.to_owned(), value.to_owned()), "{template}");
    }
}

#[test]
fn what_is_made_up_is_marked() {
    let rendered = chart("p: {{ randAlphaNum 10 | b64enc | quote }}", "");
    let opaque: Vec<bool> = rendered.manifests.iter().flat_map(|manifest| &manifest.runs).map(|run| run.source.opaque).collect();
    assert!(opaque.contains(&true) && opaque.contains(&false), "{opaque:?}");
}

#[test]
fn sub_charts_take_part() {
    let parent = "apiVersion: v2\nname: p\nversion: 1.0.0\ndependencies:\n- {name: s, version: 1.x, alias: one, condition: one.enabled}\n- {name: s, version: 1.x, alias: two, condition: two.enabled}\n- {name: gone, version: 1.x}\n";
    let files = [
        ("Chart.yaml", parent),
        ("values.yaml", "global: {g: G}\none: {enabled: true, a: set}\ntwo: {enabled: false}\n"),
        ("charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.4.0\n"),
        ("charts/s/values.yaml", "a: default\nb: own\n"),
        ("charts/s/templates/t.yaml", "{{ .Values.a }} {{ .Values.b }} {{ .Values.global.g }} {{ .Chart.Name }}"),
    ];
    let rendered = rendered(&files);
    let all: Vec<(&str, &str)> = rendered.manifests.iter().map(|manifest| (&*manifest.path, &*manifest.text)).collect();
    assert_eq!(all, [("p/charts/one/templates/t.yaml", "set own G one")]);
    assert_eq!(rendered.problems.iter().map(|problem| problem.kind).collect::<Vec<_>>(), [ProblemKind::MissingDependency]);
}

#[test]
fn schemas_refuse() {
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: p\nversion: 1.0.0\n"),
        ("values.yaml", "a: text\n"),
        ("values.schema.json", "{\"properties\": {\"a\": {\"type\": \"integer\"}}}"),
        ("templates/t.yaml", "x"),
    ];
    let rendered = rendered(&files);
    assert!(rendered.manifests.is_empty());
    assert_eq!(
        rendered.problems.first().map(|problem| (problem.kind, problem.place.file)),
        Some((ProblemKind::Chart, FileId(1)))
    );
}

#[test]
fn an_edit_of_the_values_renders_what_reads_them() {
    let texts = |values: &str, helper: &str| -> Vec<(&'static str, Arc<str>)> {
        vec![
            ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n".into()),
            ("values.yaml", values.into()),
            ("templates/_h.tpl", helper.into()),
            ("templates/a.yaml", "a: {{ .Values.a }}\n".into()),
            ("templates/b.yaml", "b: {{ include \"h\" . }}\n".into()),
            ("templates/c.yaml", "c: {{ toYaml .Values.c | nindent 2 }}\n".into()),
            ("templates/d.yaml", "d: {{ if .Values.c }}1{{ end }}\n".into()),
        ]
    };
    let helper = "{{ define \"h\" }}{{ .Values.b }}{{ end }}";
    let first = texts("a: 1\nb: 2\nc:\n  d: 3\n", helper);
    // What is rendered anew, and what is the same but for its places.
    let rows: [(&str, &str, &[&str], &[&str]); 5] = [
        ("a: 1\nb: 2\nc:\n  d: 4\n", helper, &["c"], &[]),
        ("a: 1\nb: 2\nc:\n  d: 3\n  e: 4\n", helper, &["c", "d"], &[]),
        ("a: 100\nb: 2\nc:\n  d: 3\n", helper, &["a"], &["b", "c"]),
        ("# x\na: 1\nb: 2\nc:\n  d: 3\n", helper, &[], &["a", "b", "c"]),
        ("a: 1\nb: 2\nc:\n  d: 3\n", "{{ define \"h\" }}x{{ end }}", &["b"], &[]),
    ];
    for (values, helper, anew, moved) in rows {
        let (before, memory) = render_again(&files(&first), &Options::default(), None);
        let edited = texts(values, helper);
        let (after, _) = render_again(&files(&edited), &Options::default(), Some(&memory));
        assert_eq!(after, render(&files(&edited), &Options::default()), "{values}");
        for manifest in &after.manifests {
            let name = manifest.path.rsplit('/').next().unwrap().trim_end_matches(".yaml");
            let old = before.manifests.iter().find(|old| old.path == manifest.path).unwrap();
            let same = Arc::ptr_eq(old, manifest);
            assert_eq!(same, !anew.contains(&name) && !moved.contains(&name), "{values} {name}");
        }
    }
}

#[test]
fn what_a_template_writes_is_seen_by_all() {
    let texts = |a: &str| -> Vec<(&'static str, Arc<str>)> {
        vec![
            ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n".into()),
            ("values.yaml", "a: 1\nb: 2\nl: [{c: 3}]\n".into()),
            ("templates/a.yaml", "a: {{ .Values.a }} {{ (first .Values.l).c }}\n".into()),
            ("templates/b.yaml", a.into()),
        ]
    };
    let plain = texts("b: {{ .Values.b }}");
    for template in ["b: {{ set .Values \"a\" 5 | len }}", "b: {{ set (first .Values.l) \"c\" 5 | len }}"] {
        let writes = texts(template);
        let (_, memory) = render_again(&files(&plain), &Options::default(), None);
        let (after, _) = render_again(&files(&writes), &Options::default(), Some(&memory));
        assert_eq!(after, render(&files(&writes), &Options::default()));
        assert!(
            after.manifests.iter().any(|manifest| manifest.text.starts_with("a:") && manifest.text.contains('5')),
            "{template}"
        );
    }
}

fn files<'t>(texts: &'t [(&'t str, Arc<str>)]) -> Vec<ChartFile<'t>> {
    (0..).zip(texts).map(|(at, (path, text))| ChartFile { path, file: FileId(at), text }).collect()
}
