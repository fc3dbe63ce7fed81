use super::*;
use crate::yaml::{parse, parse_template};

fn show(value: &Value) -> String {
    match &value.kind {
        Kind::Null => "null".into(),
        Kind::Bool(flag) => flag.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::String(text) => format!("{text:?}"),
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

fn values(source: &str, dialect: Dialect) -> (Vec<String>, usize) {
    let tree = if source.contains("{{") { parse_template(&source.into()) } else { parse(&source.into()) };
    let shown = tree.documents.iter().map(|document| show(&to_value(&tree, document.root, FileId(0), dialect))).collect();
    (shown, tree.errors.len())
}

#[test]
fn documents_become_values() {
    let rows: &[(&str, &[&str], usize)] = &[
        ("", &[], 0),
        ("# only a comment\n", &[], 0),
        ("\u{feff}a: 1\r\nb: [x, 'y']\r\n", &["{a: 1, b: [\"x\", \"y\"]}"], 0),
        ("a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n", &["{a: {b: 1}, c: {b: 1}, d: {e: 2, b: 1}}"], 0),
        ("a: yes\nb: 017\nc: 0x1f\nd: ~\ne: \"1\"\nf: 1.50\n", &["{a: true, b: 15, c: 31, d: null, e: \"1\", f: 1.5}"], 0),
        ("a: 1\n---\nb: [1\n---\nc: 3\n", &["{a: 1}", "{c: 3}"], 1),
        ("a: 1\nb: 'x\nc: 2\n", &["{a: 1, c: 2}"], 1),
        ("a: 1\n   b: 2\nc: 3\n", &["{a: 1, c: 3}"], 1),
        ("{\"a\": [1, true, null]}", &["{a: [1, true, null]}"], 0),
        (
            "a: {{ .x }}\nb: \"{{ .y }}:1\"\nc:\n  {{- toYaml .z | nindent 2 }}\nd: 1\n",
            &["{a: <{{ .x }}>, b: <{{ .y }}>:1, c: <{{- toYaml .z | nindent 2 }}>, d: 1}"],
            0,
        ),
        ("{{ if .x }}\na: 1\n{{ else }}\na: 2\n{{ end }}\nb: 3\n", &["{a: <2>, b: 3}"], 0),
        (
            "a:\n  b: 1\n  {{- include \"l\" . | nindent 2 }}\nd: 1\n",
            &["{a: {b: 1, …{{- include \"l\" . | nindent 2 }}}, d: 1}"],
            0,
        ),
    ];
    for (source, expected, errors) in rows {
        let (found, count) = values(source, Dialect::Kubernetes);
        assert_eq!(found, *expected, "{source}");
        assert_eq!(count.min(1), *errors, "{source}");
    }
}

#[test]
fn findings_underline_an_entry_on_one_line_and_a_key_otherwise() {
    let source = "a:\n  privileged: true\n  caps:\n    - X\n";
    let tree = parse(&source.into());
    let value = to_value(&tree, tree.documents[0].root, FileId(0), Dialect::Core);
    let place = |path: &[&str]| {
        let (last, before) = path.split_last()?;
        let entry = value.at(before)?.as_map()?.get(last)?;
        Some(entry.place.span.text(source).to_owned())
    };
    assert_eq!(place(&["a", "privileged"]).as_deref(), Some("privileged: true"));
    assert_eq!(place(&["a", "caps"]).as_deref(), Some("caps"));
}

#[test]
fn bombs_and_nesting_stay_cheap() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", ")));
    }
    let (found, _) = values(&bomb, Dialect::Core);
    assert_eq!(found.len(), 1);
    for unit in ["[", "{a: ", "- ", "? "] {
        let tree = parse(&unit.repeat(100_000).into());
        assert!(!tree.errors.is_empty(), "{unit}");
    }
    let tree = parse(&"a: \0\nb: 1\n".into());
    assert!(tree.documents.len() <= 1);
}
