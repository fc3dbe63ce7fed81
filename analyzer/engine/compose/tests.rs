use std::io;
use std::sync::Arc;

use camino::Utf8Path;
use plimsoll_rules::{RuleSet, load};

use crate::{Engine, Files, Settings, Source};

/// A file that nobody discovered.
struct OnDisk;

impl Files for OnDisk {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        match path.as_str() {
            "p/.env" => Ok(b"MODE=host\n".to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, _folder: &Utf8Path) -> Option<Vec<String>> {
        Some(Vec::new())
    }
}

/// Where services on the host's network or without a health check are reported.
fn places(files: &[(&str, &str)]) -> Vec<String> {
    let page = "# Title\n\n```rule\nseverity = low\nmessage = \"${self}\"\n\non service { forbid = network_mode == \"host\" }\non service { require = healthcheck != null }\n```\n";
    let (_, info) = load(Utf8Path::new("rules/x/some-rule.md"), page).unwrap();
    let settings = Settings { select: vec!["all".to_owned()], ..Settings::default() };
    let mut engine = Engine::new(Arc::new(OnDisk), &RuleSet::of_rule(info), &settings).unwrap();
    engine.add(files.iter().map(|(path, text)| Source::new(*path, Ok(text.as_bytes().to_vec()))).collect());
    let report = engine.check(&|_, _| {});
    report.findings.iter().map(|finding| format!("{}:{} {}", finding.path, finding.range.start.line, finding.message)).collect()
}

const MAIN: &str = "include: [db.yaml]\nservices:\n  web:\n    image: a\n    healthcheck: {test: a}\n";

#[test]
fn files_of_a_project_are_judged_together_and_once() {
    let found = places(&[
        ("p/compose.yaml", MAIN),
        ("p/compose.override.yaml", "services:\n  web:\n    network_mode: ${MODE}\n"),
        ("p/db.yaml", "services:\n  db:\n    image: a\n"),
    ]);
    assert_eq!(found, ["p/compose.override.yaml:3 web", "p/db.yaml:2 db"]);
}

#[test]
fn a_file_that_nobody_names_is_a_project() {
    assert_eq!(places(&[("p/db.yaml", "services:\n  db:\n    image: a\n")]), ["p/db.yaml:2 db"]);
    // Two that name each other begin at the first.
    let ring = |other: &str, name: &str| format!("include: [{other}]\nservices:\n  {name}:\n    image: a\n");
    assert_eq!(places(&[("a.yaml", &ring("b.yaml", "x")), ("b.yaml", &ring("a.yaml", "y"))]), ["a.yaml:3 x", "b.yaml:3 y"]);
}
