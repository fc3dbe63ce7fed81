use super::*;
use crate::hcl::tree::BodyItem;

fn names(source: &str) -> (Vec<String>, usize) {
    let tree = parse(&source.into());
    let name = |item: &BodyItem| match item {
        BodyItem::Attribute(attribute) => tree.text(attribute.name).to_owned(),
        BodyItem::Block(block) => tree.text(block.header()).to_owned(),
    };
    (tree.body.items.iter().map(name).collect(), tree.errors.len())
}

#[test]
fn one_broken_thing_does_not_hide_its_neighbours() {
    let rows: &[(&str, &[&str], usize)] = &[
        ("a = 1\nb \"c\" {\n  d = [1, 2]\n}\n", &["a", "b \"c\""], 0),
        ("a =\nb = 2\n", &["a", "b"], 1),
        ("a = var.\nb = 2\n", &["a", "b"], 1),
        ("a = \"open\nb = 2\n", &["a", "b"], 1),
        ("word\nb = 2\n", &["b"], 1),
        ("r \"x\" {\n  a = \"${b\"\n}\ns {}\n", &["r \"x\"", "s"], 1),
        ("r \"x\" \"y\" {\n  a = 1\n\nr \"z\" \"w\" {\n  b = 2\n}\n", &["r \"x\" \"y\"", "r \"z\" \"w\""], 1),
        ("a = 1\na = 2\n", &["a", "a"], 1),
        ("}\na = 1\n", &["a"], 1),
        ("\u{feff}a = 1\r\nb = 2\r\n", &["a", "b"], 0),
        ("a = <<EOT\n${x\nEOT\nb = 1\n", &["a", "b"], 1),
    ];
    for (source, expected, errors) in rows {
        let (found, count) = names(source);
        assert_eq!(found, *expected, "{source}");
        assert_eq!(count, *errors, "{source}");
    }
}

#[test]
fn valid_sources_have_no_errors() {
    for source in [
        "",
        "a = b ? c : d",
        "a = [for k, v in x : v if v != null]",
        "a = {for k, v in x : k => v... if true}",
        "a = {\n  b = 1, c : 2\n  (d) = 3\n  \"e\" = 4\n}",
        "a = f(\n  1,\n  x...\n)",
        "a = b[*].c[0].d\nb = c.*.d[0]\nc = d.0.e",
        "a = \"${b}-%{ if c ~}x%{ else }y%{~ endif }$${z}\"",
        "a = <<-EOT\n  x ${y}\n  EOT\n",
        "a = provider::x::f(1)",
        "a = (\n  b\n  .c\n  + 1\n)",
        "a { b = 1 }",
        "a = -1 + !b == c && d || e",
        "a = \"a\\\"b\\u00e9\"",
    ] {
        let tree = parse(&source.into());
        assert_eq!(tree.errors, [], "{source}");
    }
}

#[test]
fn nesting_is_bounded() {
    for unit in ["[", "(", "{a=", "f(", "\"${", "!", "- ", "a ? ", "x[", "a {\n", "[for x in "] {
        let source: Arc<str> = format!("a = {}", unit.repeat(100_000)).into();
        let tree = parse(&source);
        assert!(!tree.errors.is_empty(), "{unit}");
    }
    let long: Arc<str> = format!("a = 1{}", " + 1".repeat(100_000)).into();
    assert_eq!(parse(&long).errors, []);
}
