//! Headers against source, in the words of the reference: violated, satisfied, or undecided with what is missing.

use std::sync::Arc;

use camino::Utf8Path;
use plimsoll_rules::{RuleSet, load};

use crate::pages::Nothing;
use crate::{Engine, Report, Settings, Source};

fn report(header: &str, file: &str, text: &str) -> Report {
    let page = format!("# Title\n\n```rule\nseverity = high\nprofile = recommended\n{header}\n```\n");
    let (_, info) = load(Utf8Path::new("tried.md"), &page).unwrap_or_else(|errors| panic!("{}", errors[0]));
    let mut engine = Engine::new(Arc::new(Nothing), &RuleSet::of_rule(info), &Settings::default()).unwrap();
    engine.add(vec![Source::new(file, Ok(text.as_bytes().to_vec()))]);
    engine.check(&|_, _| {})
}

fn verdict(header: &str, file: &str, text: &str) -> String {
    let report = report(header, file, text);
    assert_eq!(report.failures, [], "{header}");
    match (report.findings.first(), report.undecided.first()) {
        (Some(_), _) => "violated".to_owned(),
        (None, Some(undecided)) => format!("undecided: {}", undecided.missing.join(", ")),
        (None, None) => "satisfied".to_owned(),
    }
}

const REQUIRE: &str = "on = azurerm_storage_account\nrequire = min_tls_version == \"TLS1_1\"\nmessage = \"m\"";
const FORBID: &str = "on = aws_db_instance\nforbid = publicly_accessible == true\nmessage = \"m\"";
const LIST: &str = "on = aws_eks_cluster\nforbid = contains(vpc_config.public_access_cidrs, \"0.0.0.0/0\")\nmessage = \"m\"";

#[test]
fn three_values() {
    let storage = |value: &str| {
        format!("variable \"tls\" {{}}\nvariable \"prod\" {{}}\nresource \"azurerm_storage_account\" \"x\" {{\n{value}\n}}\n")
    };
    let database = |value: &str| format!("variable \"p\" {{}}\nresource \"aws_db_instance\" \"x\" {{\n{value}\n}}\n");
    let cluster = |value: &str| {
        format!(
            "variable \"more\" {{}}\nresource \"aws_eks_cluster\" \"x\" {{\nvpc_config {{\npublic_access_cidrs = {value}\n}}\n}}\n"
        )
    };
    let rows = [
        (REQUIRE, storage("min_tls_version = \"TLS1_1\""), "satisfied"),
        (REQUIRE, storage("min_tls_version = \"TLS1_0\""), "violated"),
        (REQUIRE, storage("min_tls_version = var.tls"), "undecided: var.tls"),
        (REQUIRE, storage("min_tls_version = var.prod ? \"TLS1_1\" : \"TLS1_0\""), "undecided: var.prod"),
        (REQUIRE, storage("min_tls_version = var.prod ? \"TLS1_2\" : \"TLS1_0\""), "violated"),
        (FORBID, database(""), "satisfied"),
        (FORBID, database("publicly_accessible = null"), "satisfied"),
        (FORBID, database("publicly_accessible = \"true\""), "violated"),
        (FORBID, database("publicly_accessible = var.p"), "undecided: var.p"),
        (LIST, cluster("concat([\"0.0.0.0/0\"], var.more)"), "violated"),
        (LIST, cluster("concat([\"10.0.0.0/8\"], var.more)"), "undecided: var.more"),
        (LIST, cluster("[\"10.0.0.0/8\"]"), "satisfied"),
    ];
    for (header, text, expected) in rows {
        assert_eq!(verdict(header, "main.tf", &text), expected, "{header}\n{text}");
    }
}

#[test]
fn a_false_side_decides_whatever_the_guard_is() {
    let header = "on = aws_db_instance\nwhen = engine == \"x\"\nforbid = publicly_accessible == true\nmessage = \"m\"";
    let text = |public: &str| {
        format!(
            "variable \"e\" {{}}\nresource \"aws_db_instance\" \"x\" {{\nengine = var.e\npublicly_accessible = {public}\n}}\n"
        )
    };
    assert_eq!(verdict(header, "main.tf", &text("false")), "satisfied");
    assert_eq!(verdict(header, "main.tf", &text("true")), "undecided: var.e");
}

#[test]
fn findings_point_at_the_culprit() {
    let header = "on = aws_instance\nrequire = metadata_options.http_tokens == \"required\"\nmessage = \"${self}: ${metadata_options.http_tokens}\"";
    let line = |text: &str| {
        report(header, "main.tf", text).findings.first().map(|finding| (finding.range.start.line, finding.message.clone()))
    };
    let absent = "resource \"aws_instance\" \"x\" {\n  ami = \"a\"\n}\n";
    assert_eq!(line(absent), Some((1, "aws_instance.x: not set".to_owned())));
    let block =
        "resource \"aws_instance\" \"x\" {\n  ami = \"a\"\n  metadata_options {\n    http_endpoint = \"enabled\"\n  }\n}\n";
    assert_eq!(line(block).map(|found| found.0), Some(3));
    let written = "resource \"aws_instance\" \"x\" {\n  metadata_options {\n    http_tokens = \"optional\"\n  }\n}\n";
    assert_eq!(line(written), Some((3, "aws_instance.x: optional".to_owned())));
}

#[test]
fn a_value_from_elsewhere_brings_its_place() {
    let header = "on = aws_db_instance\nforbid = publicly_accessible == true\nmessage = \"m\"";
    let text = "variable \"p\" {\n  default = true\n}\nresource \"aws_db_instance\" \"x\" {\n  publicly_accessible = var.p\n}\n";
    let report = report(header, "main.tf", text);
    let related: Vec<_> =
        report.findings[0].related.iter().map(|related| (related.range.start.line, related.message.as_str())).collect();
    assert_eq!(report.findings[0].range.start.line, 5);
    assert_eq!(related, [(2, "`var.p` gets its value here")]);
}

#[test]
fn quantifiers_and_each() {
    let cases = [
        ("on = aws_security_group\neach = ingress\nforbid = from_port == 22\nmessage = \"m\"", 2),
        ("on = aws_security_group\nforbid = any(ingress, from_port == 22)\nmessage = \"m\"", 1),
        ("on = aws_security_group\nforbid = count(ingress, from_port == 22) > 1\nmessage = \"m\"", 1),
        ("on = aws_security_group\nrequire = all(ingress, from_port == 22)\nmessage = \"m\"", 1),
        ("on = aws_security_group\nforbid = none(ingress, from_port == 22)\nmessage = \"m\"", 0),
        ("on = aws_security_group\nforbid = length(ingress) == 3\nmessage = \"m\"", 1),
    ];
    let block = |port: u32| format!("  ingress {{\n    from_port = {port}\n  }}\n");
    let text = format!("resource \"aws_security_group\" \"x\" {{\n{}{}{}}}\n", block(22), block(80), block(22));
    for (header, expected) in cases {
        assert_eq!(report(header, "main.tf", &text).findings.len(), expected, "{header}");
    }
}

#[test]
fn every_arm_of_an_element_counts() {
    let header = "on = aws_security_group\neach = ingress\nforbid = from_port == 22\nmessage = \"m\"";
    for (port, expected) in [
        ("80", "satisfied"),
        ("var.p ? 80 : 81", "satisfied"),
        ("var.p ? 80 : 22", "undecided: var.p"),
        ("var.p ? 22 : 80", "undecided: var.p"),
    ] {
        let block = |port: &str| format!("ingress {{\nfrom_port = {port}\n}}\n");
        let text = format!("variable \"p\" {{}}\nresource \"aws_security_group\" \"x\" {{\n{}{}}}\n", block("443"), block(port));
        assert_eq!(verdict(header, "main.tf", &text), expected, "{port}");
    }
}

#[test]
fn rows_report_an_item_once() {
    let header = "message = \"m\"\non aws_db_instance {\n  forbid = engine == \"a\"\n}\non aws_db_instance {\n  forbid = publicly_accessible == true\n  severity = low\n}\n";
    let text = "resource \"aws_db_instance\" \"x\" {\n  engine = \"b\"\n  publicly_accessible = true\n}\n";
    let report = report(header, "main.tf", text);
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].severity, crate::Severity::Low);
}

#[test]
fn comparisons_give_fixes() {
    let header = "on = aws_db_instance\nforbid = publicly_accessible == true\nmessage = \"m\"";
    let fix = |value: &str| {
        let text =
            format!("locals {{\n  yes = true\n}}\nresource \"aws_db_instance\" \"x\" {{\n  publicly_accessible = {value}\n}}\n");
        let report = report(header, "main.tf", &text);
        report.findings[0].fix.as_ref().map(|fix| (fix.edits[0].range.span.text(&text).to_owned(), fix.edits[0].text.clone()))
    };
    assert_eq!(fix("true"), Some(("true".to_owned(), "false".to_owned())));
    assert_eq!(fix("local.yes"), None);
    assert_eq!(fix("!false"), None);
}
