//! What must hold of any chart whatever: rendering it never panics and always ends, with so much text at most, and every byte of what it
//! makes lies in a template or in the values.

use std::sync::Arc;

use plimsoll_helm::{ChartFile, Options, render, render_again};
use plimsoll_syntax::{FileId, Place, text};

/// Stands alone on a line between the parts of an input: a template, the chart's values, a file of definitions, another template, and the
/// values as they are after an edit.
pub const BETWEEN: &str = "\n=====\n";

/// The files of the chart that an input is.
const PATHS: &[&str] = &["templates/a.yaml", "values.yaml", "templates/_helpers.tpl", "templates/b.yaml"];

/// More than the engine's own bound on what all templates of a chart may write.
const MOST_TEXT: usize = 80 << 20;

/// What Go templates are made of, for damaging charts.
pub const WORDS: &[&str] = &[
    BETWEEN,
    "{{ include \"a\" . }}",
    "{{- define \"a\" }}\n",
    "{{ template \"a\" . }}",
    "{{- end }}\n",
    "{{ end -}}",
    "{{ else }}",
    "{{ else if .Values.a }}",
    "{{ tpl .Values.a . }}",
    "{{ tpl (toYaml .Values) $ }}",
    "{{- range $k, $v := .Values }}\n",
    "{{- range until 100 }}\n",
    "{{- with .Values.a }}\n",
    "{{- if .Values.a }}\n",
    "{{ break }}",
    "{{ continue }}",
    "{{ toYaml .Values | nindent 2 }}",
    "{{ .Values.a | default \"b\" | quote }}",
    "{{ $x := dict \"a\" (list 1 2) }}",
    "{{ set $ \"a\" $ }}",
    "{{ $_ := set .Values \"a\" .Values }}",
    "{{ merge (deepCopy .Values) .Values }}",
    "{{ printf \"%[3]*.[2]*[1]f %v %q %d\" 1 2 3 }}",
    "{{ repeat 1000 \"a\" }}",
    "{{ .Values.a | b64enc | sha256sum | trunc 5 }}",
    "{{ regexReplaceAll \"(a*)*b\" .Values.a \"$1\" }}",
    "{{ substr 1 -1 .Values.a }}",
    "{{ slice .Values.a 1 2 }}",
    "{{ index .Values \"a\" 0 }}",
    "{{ required \"a\" .Values.a }}",
    "{{ (.Files.Glob \"*\").AsConfig }}",
    "{{ semverCompare \">=1.0-0\" .Capabilities.KubeVersion.Version }}",
    "{{ fromYaml (include \"a\" .) }}",
    "{{ fromJson .Values.a }}",
    "{{ fromToml .Values.a }}",
    "{{ .Values.a | splitList \",\" | join \"-\" | wrap 3 }}",
    "{{ div 1 0 }}{{ mod 1 0 }}{{ seq 1 2 100 }}",
    "{{ (1 | int64) | add 9223372036854775807 }}",
    "{{/* a */}}",
    "{{- \"a\" -}}",
    "{{ `a` }}",
    "{{ '\\u00e9' }}",
    "a: &a [*a]\n",
    "a: {b: [1, 2]}\n",
    "a: \"{{ include \\\"a\\\" . }}\"\n",
    "é",
];

/// Charts to damage.
pub const SEEDS: &[&str] = &[
    "kind: ConfigMap\ndata:\n  a: {{ include \"a\" . | quote }}\n=====\na: b\n=====\n{{- define \"a\" -}}{{ .Values.a }}{{- end -}}\n",
    "{{ include \"a\" . }}\n=====\na: 1\n=====\n{{ define \"a\" }}{{ include \"a\" . }}{{ end }}",
    "{{ tpl .Values.a . }}\n=====\na: \"{{ tpl .Values.a . }}x\"\n",
    "{{- range $k, $v := .Values.list }}\n{{ $k }}: {{ $v | toYaml | nindent 2 }}\n{{- else }}\nnone\n{{- end }}\n=====\nlist: [a, {b: c}]\n",
    "{{ $d := dict }}{{ range until 1000 }}{{ $_ := set $d (toString .) (deepCopy $d) }}{{ end }}{{ toYaml $d }}\n=====\n",
    "{{ $s := \"a\" }}{{ range until 60 }}{{ $s = printf \"%s%s\" $s $s }}{{ end }}{{ $s }}\n=====\n",
    "a: {{ .Values.a }}\nb: {{ toYaml .Values.c | nindent 2 }}\n=====\na: 1\nc: {d: 2}\n=====\n\n=====\n{{ range $k, $v := .Values.c }}{{ $k }}{{ end }}\n=====\na: 100\nc: {d: 2}\n",
    "{{ $_ := set .Values \"a\" 2 }}{{ .Values.a }}\n=====\na: 1\n=====\n\n=====\n{{ .Values.a }}\n=====\na: 3\n",
    "{{ $l := list 1 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}{{ toJson $l }}\n=====\n",
];

/// A chart: two templates, definitions and values, split at [`BETWEEN`].
pub fn helm(bytes: &[u8]) {
    let (whole, _) = text::decode(bytes.to_vec());
    let texts: Vec<Arc<str>> = whole.split(BETWEEN).map(Arc::from).collect();
    let meta: Arc<str> = "apiVersion: v2\nname: a\nversion: 1.0.0\nappVersion: \"1\"\n".into();
    let number = |at: usize| FileId(u32::try_from(at).unwrap_or(u32::MAX));
    let mut files: Vec<ChartFile<'_>> =
        PATHS.iter().zip(&texts).enumerate().map(|(at, (path, text))| ChartFile { path, file: number(at), text }).collect();
    files.push(ChartFile { path: "Chart.yaml", file: number(PATHS.len()), text: &meta });
    let inside = |place: Place| {
        if place.is_some() {
            let file = files.iter().find(|file| file.file == place.file);
            assert!(
                file.is_some_and(|file| file.text.get(place.span.range()).is_some()),
                "{place:?} is no place of the chart's files"
            );
        }
    };
    let rendered = render(&files, &Options::default());
    let mut written = 0;
    for manifest in &rendered.manifests {
        written += manifest.text.len();
        let mut end = 0;
        for run in &manifest.runs {
            assert!(run.span.start >= end && manifest.text.get(run.span.range()).is_some(), "{run:?} is out of order");
            end = run.span.end;
            inside(run.source.template);
            inside(run.source.value);
            if run.source.exact {
                assert_eq!(run.source.template.span.range().len(), run.span.range().len(), "{run:?} is not byte by byte");
            }
        }
    }
    assert!(written <= MOST_TEXT, "{written} bytes are rendered of {}", bytes.len());
    rendered.problems.iter().for_each(|problem| inside(problem.place));
    if let Some(edited) = texts.get(PATHS.len()) {
        let (_, memory) = render_again(&files, &Options::default(), None);
        let mut after = files.clone();
        after.iter_mut().filter(|file| file.path == "values.yaml").for_each(|file| file.text = edited);
        let (again, _) = render_again(&after, &Options::default(), Some(&memory));
        assert!(again == render(&after, &Options::default()), "an edit makes something else of the chart than reading it anew");
    }
}
