//! What people get wrong, and what they are told.

use std::sync::LazyLock;

use super::*;
use crate::schema;

const SCHEMA: &str = "resource aws_sqs_queue
  name string
  tags map(string)
resource aws_security_group
  name string
  ingress block*
    from_port, to_port number
    cidr_blocks list(string)
view container
  privileged bool = false
  ports list(object)
    containerPort number
  environment block* keyed(name)
    name, value string
";

const FACTS: &str = "relation rules {\n  from = aws_security_group\n  many = [aws_sqs_queue.name]\n}\n";

fn compiled(header: &str) -> Result<Rule, Vec<Fault>> {
    static SCHEMAS: LazyLock<Schemas> =
        LazyLock::new(|| Schemas::from_static(schema::compile(&[("test", SCHEMA)]).unwrap().leak()));
    let mut relations = Relations::default();
    relations.read("facts.hcl", FACTS).unwrap();
    compile(header, Context { schemas: &SCHEMAS, relations: &relations })
}

/// The first error: what it underlines, what it says, and the hint.
fn error(header: &str) -> (String, String, String) {
    let faults = compiled(header).expect_err(header);
    let fault = &faults[0];
    (fault.span.text(header).to_owned(), fault.message.clone(), fault.hint.clone().unwrap_or_default())
}

fn with(on: &str, line: &str) -> String {
    format!("severity = low\non = {on}\n{line}\nmessage = \"m\"\n")
}

#[test]
fn slips_are_told_with_their_place_and_a_way_out() {
    let rows = [
        (
            with("aws_sqs_queue", "require = tags[\"owner\"] = \"team\""),
            "=",
            "`=` sets a key; a condition compares with `==`",
            "write `==`",
        ),
        (
            with("aws_security_group", "each = ingres\nforbid = from_port == 22"),
            "ingres",
            "aws_security_group has no attribute `ingres`",
            "did you mean `ingress`?",
        ),
        (
            with("aws_sqs_queu", "forbid = name == \"x\""),
            "aws_sqs_queu",
            "there is no view or resource type `aws_sqs_queu`",
            "did you mean `aws_sqs_queue`?",
        ),
        (
            with("container", "forbid = privileged == true\nrequire = privileged == false"),
            "privileged == false",
            "a rule has `require` or `forbid`, not both",
            "write two rules, or two rows",
        ),
        (with("container", "forbid = param.x == 1"), "x", "the rule has no parameter `x`", "declare it: params = { x = … }"),
        (
            with("aws_security_group", "forbid = length(related.rulse) > 0"),
            "rulse",
            "aws_security_group has no relation `rulse`",
            "did you mean `rules`?",
        ),
        (
            with("container", ""),
            "container",
            "the rule has neither `require` nor `forbid`",
            "`require` says what must hold, `forbid` what must not",
        ),
    ];
    for (header, underlined, message, hint) in rows {
        assert_eq!(error(&header), (underlined.to_owned(), message.to_owned(), hint.to_owned()), "{header}");
    }
}

#[test]
fn a_repeated_block_has_no_single_value() {
    let (_, message, hint) = error(&with("aws_security_group", "forbid = ingress.from_port == 22"));
    assert!(message.contains("written many times"), "{message}");
    assert!(hint.contains("each = ingress") && hint.contains("any(ingress"), "{hint}");
}

#[test]
fn types_are_compared_with_their_own_literals() {
    let (underlined, message, hint) = error(&with("container", "forbid = privileged == \"true\""));
    assert_eq!(underlined, "\"true\"");
    assert!(message.contains("bool") && message.contains("string"), "{message}");
    assert!(hint.contains("`true`"), "{hint}");
}

#[test]
fn what_hcl_has_and_headers_have_not() {
    for condition in
        ["[for x in tags : x] == null", "name == \"a\" ? true : false", "from_port + 1 == 2", "ingress[*].from_port == 22"]
    {
        let on = if condition.contains("port") { "aws_security_group" } else { "aws_sqs_queue" };
        let (_, message, hint) = error(&with(on, &format!("forbid = {condition}")));
        assert!(!message.is_empty() && !hint.is_empty(), "{condition}: {message}");
    }
}

#[test]
fn whole_headers_compile() {
    let headers = [
        with("aws_security_group", "each = ingress\nforbid = from_port <= 22 && to_port >= 22 && contains(cidr_blocks, \"0.0.0.0/0\")"),
        with("container", "forbid = environment[\"DOCKER_HOST\"].value != null"),
        with("[aws_sqs_queue, aws_security_group]", "require = matches(name, \"^[a-z]+$\")"),
        "severity = low\nmessage = \"m\"\nforbid = it == true\non container { value = privileged }\non aws_sqs_queue {\n  value = name\n  forbid = it == \"x\"\n  severity = high\n}\n".to_owned(),
        "severity = low\nparams = { labels = map(string), days = 3 }\non = aws_sqs_queue\neach = param.labels\nrequire = self.tags[key] == it\nmessage = \"${self} ${key}\"\n".to_owned(),
    ];
    for header in headers {
        let rule = compiled(&header).unwrap_or_else(|faults| panic!("{header}\n{faults:?}"));
        assert!(!rule.rows.is_empty(), "{header}");
    }
}
