//! What comes from outside: variables, files, plans.

use plimsoll_syntax::yaml::Dialect;

use super::*;
use crate::{Given, Inputs, evaluate_with, is_plan, plan_items};

fn given(text: &str, inputs: &Inputs) -> Evaluation {
    let files = Files(vec![
        ("main.tf", text.into()),
        ("terraform.tfvars", "b = \"file\"\nc = \"file\"\n".into()),
        ("prod.tfvars", "c = \"prod\"\nd = \"prod\"\n".into()),
    ]);
    evaluate_with("", inputs, &files)
}

#[test]
fn the_last_word_on_a_variable() {
    let text = "variable \"a\" {}\nvariable \"b\" {}\nvariable \"c\" {}\nvariable \"d\" {}\nvariable \"l\" { type = list(string) }\n\
                locals { all = [var.a, var.b, var.c, var.d, var.l] }\n";
    let inputs = Inputs {
        environment: vec![("a".into(), "env".into()), ("b".into(), "env".into())],
        given: vec![
            Given::Variable("c".into(), "first".into()),
            Given::File("prod.tfvars".into()),
            Given::Variable("d".into(), "last".into()),
            Given::Variable("l".into(), "[\"x\"]".into()),
        ],
        workspace: None,
    };
    let plan = given(text, &inputs);
    assert_eq!(field(&plan, "local.all", "value"), "[\"env\", \"file\", \"prod\", \"last\", [\"x\"]]");
}

#[test]
fn a_validation_that_fails_is_told_where_the_value_is() {
    let text = "variable \"b\" {\n  validation {\n    condition = var.b != \"file\"\n    error_message = \"no files\"\n  }\n}\n\
                variable \"u\" {\n  validation {\n    condition = var.u != \"\"\n    error_message = \"never told\"\n  }\n}\n";
    let plan = given(text, &Inputs::default());
    let told: Vec<_> = plan.notes.iter().map(|note| (note.kind, note.message.as_str(), note.place.file)).collect();
    assert_eq!(told, [(NoteKind::Invalid, "variable \"b\" refuses its value: no files", FileId(1))]);
}

#[test]
fn the_chosen_version_of_a_provider_is_that_of_the_lock_file() {
    let plan = plan(&[
        ("main.tf", "terraform {\n  required_providers {\n    a = { source = \"who/Aws\" }\n  }\n}\nresource \"x_y\" \"a\" {}\n"),
        (
            ".terraform.lock.hcl",
            "provider \"registry.terraform.io/who/aws\" {\n  version = \"5.1.0\"\n}\nprovider \"registry.opentofu.org/hashicorp/x\" {\n  version = \"1.2.3\"\n}\n",
        ),
    ]);
    assert_eq!(["a", "x"].map(|name| field(&plan, &format!("provider.{name}"), "locked")), ["\"5.1.0\"", "\"1.2.3\""]);
}

#[test]
fn what_every_resource_has_is_not_null() {
    let text = "resource \"aws_x\" \"a\" {}\nlocals {\n  id = aws_x.a.id == null\n  arn = aws_x.a.arn != null\n  other = aws_x.a.other == null\n}\n";
    let plan = given(text, &Inputs::default());
    assert_eq!(["id", "arn"].map(|name| field(&plan, &format!("local.{name}"), "value")), ["false", "true"]);
    assert_eq!(field(&plan, "local.other", "value"), "?aws_x.a.other");
}

#[test]
fn fields_of_an_unknown_object_have_their_own_source() {
    let text = "variable \"o\" { type = object({ image = string, ports = list(number) }) }\nlocals {\n  a = var.o.image\n  b = var.o.ports[0]\n}\n";
    let plan = given(text, &Inputs::default());
    assert_eq!(field(&plan, "local.a", "value"), "?var.o.image");
    assert_eq!(field(&plan, "local.b", "value"), "?var.o.ports[0]");
}

#[test]
fn what_was_encoded_is_known_and_what_was_read_has_its_place() {
    let plan = plan(&[
        (
            "main.tf",
            "resource \"x\" \"a\" {\n  policy = jsonencode({ Action = x.b.id })\n  script = file(\"run.sh\")\n  made = templatefile(\"t.tpl\", {})\n  read = jsondecode(file(\"p.json\"))\n}\nresource \"x\" \"b\" {}\n",
        ),
        ("run.sh", "echo 1\n"),
        ("t.tpl", "${jsonencode({\n  Action = \"*\"\n})}\n"),
        ("p.json", "{\"port\": 22}"),
    ]);
    let value = |name: &str| item(&plan, "x.a").value.get(name).unwrap();
    let action = value("policy").encoded().unwrap().as_map().unwrap().get("Action").unwrap();
    assert_eq!((action.place.file, shown(&action.value)), (FileId(0), "?x.b.id".into()));
    assert_eq!((value("script").place.file, value("script").place.span.range()), (FileId(1), 0..7));
    let read = value("read").as_map().unwrap().get("port").unwrap();
    assert_eq!((read.value.place.file, read.value.place.span.range(), shown(&read.value)), (FileId(3), 9..11, "22".into()));
    let made = value("made").encoded().unwrap().as_map().unwrap().get("Action").unwrap();
    assert_eq!((made.place.file, made.place.span.range()), (FileId(2), 17..29));
}

#[test]
fn imports_and_removed_blocks_name_what_is_there() {
    let rows = [
        ("import {\n  to = x.a\n  id = \"1\"\n}", None),
        ("import {\n  to = x.a[\"k\"]\n  id = \"1\"\n}", Some(NoteKind::Undeclared)),
        ("import {\n  to = x.c\n  id = \"1\"\n}", Some(NoteKind::Undeclared)),
        ("import {\n  to = x.a\n  id = x.a.id\n}", Some(NoteKind::Refused)),
        ("removed {\n  from = x.a\n}", Some(NoteKind::Refused)),
        ("removed {\n  from = x.gone\n}", None),
        ("resource \"x\" \"b\" {\n  provider = x.east\n}", Some(NoteKind::Refused)),
        ("output \"o\" {\n  value = sensitive(1)\n}", Some(NoteKind::Refused)),
        ("terraform {\n  provider_meta \"p\" {\n    a = 1\n  }\n}", None),
        ("terraform {\n  provider_meta \"p\" {\n    a = x.a.id\n  }\n}", Some(NoteKind::Invalid)),
        ("language {\n  edition = tofu2024\n}", None),
        ("language {\n  edition = \"tofu2024\"\n}", Some(NoteKind::Invalid)),
    ];
    for (text, expected) in rows {
        let plan = plan(&[("main.tf", &format!("resource \"x\" \"a\" {{}}\n{text}\n"))]);
        assert_eq!(plan.notes.first().map(|note| note.kind), expected, "{text}: {:?}", plan.notes);
    }
}

#[test]
fn self_is_known_where_the_resource_is_there() {
    let conditions = "condition = self.b == 1\n      error_message = \"no\"\n    ";
    for (body, is_known) in [
        ("a = self.id".to_owned(), false),
        ("a {\n    b = self.id\n  }".to_owned(), false),
        ("provisioner \"local-exec\" {\n    command = self.id\n  }".to_owned(), true),
        ("connection {\n    host = self.id\n  }".to_owned(), true),
        (format!("lifecycle {{\n    postcondition {{\n      {conditions}}}\n  }}"), true),
        (format!("lifecycle {{\n    precondition {{\n      {conditions}}}\n  }}"), false),
    ] {
        let plan = plan(&[("main.tf", &format!("resource \"x\" \"a\" {{\n  {body}\n}}\n"))]);
        assert_eq!(plan.notes.is_empty(), is_known, "{body}: {:?}", plan.notes);
    }
}

#[test]
fn a_module_that_configures_a_provider_is_given_none() {
    for (written, is_refused) in [("region = \"a\"", true), ("", false), ("alias = \"b\"\n  region = \"a\"", false)] {
        let called = format!("provider \"p\" {{\n  {written}\n}}\n");
        let root = "provider \"p\" {}\nmodule \"m\" {\n  source = \"./m\"\n  providers = { p = p }\n}\n";
        let plan = plan(&[("main.tf", root), ("m/main.tf", &called)]);
        assert_eq!(plan.notes.iter().any(|note| note.kind == NoteKind::Refused), is_refused, "{written}: {:?}", plan.notes);
    }
}

#[test]
fn many_instances_that_are_alike_are_one_item() {
    let keys: Vec<String> = (0..130).map(|at| format!("\"n{at}\"")).collect();
    let text = |body: &str| format!("resource \"x\" \"a\" {{\n  for_each = toset([{}])\n  v = {body}\n}}\n", keys.join(", "));
    let count = |body: &str| plan(&[("main.tf", &text(body))]).items.iter().filter(|item| item.views[0] == "x").count();
    assert_eq!((count("1"), count("each.key")), (1, 130));
}

#[test]
fn a_plan_is_placed_in_its_source() {
    let json = r#"{"format_version": "1.2", "planned_values": {"root_module": {"resources": [
        {"address": "x.a", "mode": "managed", "type": "x", "name": "a", "values": {"open": true, "token": "t", "more": 1}, "sensitive_values": {"token": true}}]}},
        "resource_changes": [{"address": "x.a", "change": {"after_unknown": {"id": true, "net": true}}}],
        "configuration": {"root_module": {"resources": [{"type": "x", "name": "a", "expressions": {"net": {"references": ["y.n.id", "y.n"]}}}]}}}"#;
    assert!(is_plan(json));
    let tree = yaml::parse(&json.into());
    let document = yaml::to_value(&tree, tree.documents[0].root, FileId(9), Dialect::Core);
    let source = plan(&[("main.tf", "variable \"v\" {}\nresource \"x\" \"a\" {\n  open = var.v\n}\n")]);
    let items = plan_items(&document, &source.items.into_items());
    let value = |name: &str| items[0].value.as_map().unwrap().get(name).unwrap();
    assert_eq!((value("open").place.file, shown(&value("open").value)), (FileId(0), "true".into()));
    assert_eq!(value("more").place, items[0].header);
    assert!(value("token").value.sensitive);
    assert_eq!(shown(&value("net").value), "?y.n.id");
    assert_eq!(shown(&value("id").value), "?x.a.id");
}
