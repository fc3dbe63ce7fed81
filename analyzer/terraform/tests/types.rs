//! Types of outputs, and what is refused before anything has a value.

use super::*;

#[test]
fn types_of_outputs() {
    let declared = "variable \"map\" {\n  type = map(string)\n  default = { a = \"b\" }\n}\n\
                    variable \"object\" {\n  type = object({ a = optional(set(string)), \"b-c\" = optional(number, 1) })\n  default = null\n}\n\
                    variable \"open\" {\n  type = list(any)\n  default = []\n}\nvariable \"none\" { default = [] }\n\
                    module \"m\" {\n  source = \"./m\"\n  given = var.map\n}\nmodule \"many\" {\n  source = \"./m\"\n  count = 2\n  given = var.map\n}\n\
                    resource \"aws_x\" \"many\" { count = 2 }\n";
    let module = "variable \"given\" {}\noutput \"given\" { value = var.given }\n";
    for (value, of) in [
        ("var.map", "\"map(string)\""),
        ("local.map", "\"map(string)\""),
        ("var.map[\"a\"]", "\"string\""),
        ("var.object", "\"object({a = set(string), \\\"b-c\\\" = number})\""),
        ("var.object.a", "\"set(string)\""),
        ("[var.object.a, 1]", "\"tuple([set(string), number])\""),
        ("{ a = var.map, b = \"x-${var.none}\" }", "\"object({a = map(string), b = string})\""),
        ("module.m.given", "\"map(string)\""),
        ("false ? 1 : null", "\"number\""),
        ("true ? var.map : var.map", "\"map(string)\""),
        ("\"${sort(aws_x.many.*.id)}\"", "\"list(string)\""),
        ("toset([1, 2])", "\"set(number)\""),
        ("keys(var.map)", "\"list(string)\""),
        ("merge(var.map, var.map)", "\"map(string)\""),
        // What an expression does not say is left to its value.
        ("var.open", "absent"),
        ("var.none", "absent"),
        ("module.many.given", "absent"),
        ("true ? var.map : {}", "absent"),
        ("tolist([1, \"a\"])", "absent"),
        ("keys({ a = 1 })", "absent"),
        ("aws_x.many[0].id", "absent"),
        ("local.round", "absent"),
    ] {
        let text =
            format!("{declared}locals {{\n  map = var.map\n  round = local.round\n}}\noutput \"o\" {{ value = {value} }}\n");
        assert_eq!(field(&plan(&[("main.tf", &text), ("m/main.tf", module)]), "output.o", "type"), of, "{value}");
    }
}

#[test]
fn sorted_lists_keep_their_length() {
    assert_eq!(local("sort([\"b\", var.u])"), "[?var.u, ?var.u]");
    assert_eq!(local("length(sort([\"b\", var.u]))"), "2");
    assert_eq!(local("sort(toset([\"b\", var.u]))"), "?var.u");
    assert_eq!(local("sort(concat([\"b\"], var.u))"), "?var.u");
}

#[test]
fn refused_before_there_are_values() {
    let resources = "resource \"x_a\" \"a\" {}\nresource \"x_a\" \"b\" {\n  provider = x.other\n}\nresource \"y_a\" \"a\" {}\nprovider \"x\" { alias = \"other\" }\n";
    for (text, said) in [
        ("provider \"x\" { k = x_a.a.id }", Some("provider x is configured with what it makes itself: x_a.a")),
        ("provider \"x\" { k = x_a.b.id }", None),
        ("provider \"x\" { k = y_a.a.id }", None),
        ("provider \"x\" {\n  alias = \"more\"\n  k = x_a.a.id\n}", None),
        (
            "moved {\n  from = x_a.c\n  to = x_a.a\n}\nmoved {\n  from = x_a.c\n  to = x_a.b\n}",
            Some("x_a.c moves to x_a.a already"),
        ),
        ("moved {\n  from = x_a.c\n  to = x_a.a\n}\nmoved {\n  from = x_a.c\n  to = x_a.a\n}", None),
        ("moved {\n  from = x_a.c\n  to = x_a.a\n}\nmoved {\n  from = x_a.c\n  to = x_a.b[\"k\"]\n}", None),
        (
            "resource \"x_a\" \"k\" { for_each = toset([\"k\"]) }\nimport {\n  to = x_a.k[sensitive(\"k\")]\n  id = \"i\"\n}",
            Some("a key must be a string or number that is known before the run, and no secret"),
        ),
        (
            "variable \"on\" { type = bool }\nresource \"x_a\" \"c\" {\n  lifecycle {\n    enabled = var.on\n  }\n}",
            Some("how many there are depends on var.on"),
        ),
    ] {
        let plan = plan(&[("main.tf", &format!("{resources}{text}\n"))]);
        assert_eq!(plan.notes.first().map(|note| note.message.as_str()), said, "{text}");
    }
}
