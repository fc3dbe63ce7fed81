//! The engine as its callers see it: files in, report out.

use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_rules::{RuleInfo, RuleSet, load};

use crate::{Engine, Files, Report, Settings, Source};

/// Files that are on the disk but were not discovered.
struct OnDisk(&'static [(&'static str, &'static str)]);

impl Files for OnDisk {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        let found = self.0.iter().find(|(name, _)| path == *name);
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn rule(name: &str, header: &str) -> RuleInfo {
    let page = format!("# Title\n\n```rule\nseverity = high\nprofile = recommended\n{header}\nmessage = \"${{self}}\"\n```\n");
    load(&Utf8PathBuf::from(format!("{name}.md")), &page).unwrap_or_else(|errors| panic!("{}", errors[0])).1
}

fn public() -> RuleInfo {
    rule("public", "on = aws_db_instance\nforbid = publicly_accessible == true")
}

fn source(path: &str, text: &str) -> Source {
    Source::new(path, Ok(text.as_bytes().to_vec()))
}

fn engine(rules: RuleSet, files: &[(&str, &str)]) -> Engine {
    let disk = OnDisk(&[("infra/flag.txt", "true")]);
    let mut engine = Engine::new(Arc::new(disk), &rules, &Settings::default()).unwrap();
    engine.add(files.iter().map(|(path, text)| source(path, text)).collect());
    engine
}

fn check(rule: RuleInfo, files: &[(&str, &str)]) -> Report {
    engine(RuleSet::of_rule(rule), files).check(&|_, _| {})
}

fn places(report: &Report) -> Vec<String> {
    report.findings.iter().map(|finding| format!("{}:{} {}", finding.path, finding.range.start.line, finding.message)).collect()
}

const DATABASE: &str = "resource \"aws_db_instance\" \"x\" {\n  publicly_accessible = true\n}\n";

#[test]
fn a_rule_that_panics_is_named_and_the_run_goes_on() {
    let mut failing = rule("failing", "on = aws_db_instance\ncheck = rust");
    failing.check = Some(|_| panic!("out of luck"));
    let report = check(failing, &[("main.tf", DATABASE)]);
    assert_eq!(
        report.failures.iter().map(|failure| (&*failure.rule, failure.message.as_str())).collect::<Vec<_>>(),
        [("failing", "out of luck")]
    );
    assert_eq!(report.files.len(), 1);
}

#[test]
fn one_broken_block_hides_no_other() {
    let text = format!("resource \"aws_db_instance\" \"broken\" {{\n  engine = = 1\n}}\n{DATABASE}");
    let report = check(public(), &[("main.tf", &text)]);
    assert_eq!(places(&report), ["main.tf:5 aws_db_instance.x"]);
    assert_eq!(report.incomplete.len(), 1);
    assert_eq!(report.incomplete[0].range.start.line, 2);
}

#[test]
fn a_module_of_two_callers_has_one_finding_that_names_both() {
    let root = "module \"a\" {\n  source = \"./db\"\n}\nmodule \"b\" {\n  source = \"./db\"\n}\n";
    let report = check(public(), &[("main.tf", root), ("db/main.tf", DATABASE)]);
    assert_eq!(places(&report), ["db/main.tf:2 module.a.aws_db_instance.x"]);
    let related: Vec<&str> = report.findings[0].related.iter().map(|related| related.message.as_str()).collect();
    assert_eq!(related, ["as `module.a.aws_db_instance.x`", "as `module.b.aws_db_instance.x`"]);
}

#[test]
fn files_that_nobody_discovered_are_read_when_they_are_named() {
    let text = "resource \"aws_db_instance\" \"x\" {\n  publicly_accessible = file(\"${path.module}/flag.txt\")\n}\n";
    assert_eq!(places(&check(public(), &[("infra/main.tf", text)])), ["infra/main.tf:2 aws_db_instance.x"]);
    let outside = text.replace("${path.module}/flag.txt", "../../flag.txt");
    let report = check(public(), &[("infra/main.tf", &outside)]);
    assert_eq!(places(&report), [""; 0]);
    assert_eq!(report.undecided.len(), 1);
}

#[test]
fn companions_are_found_by_reference_and_by_name() {
    let versioned = || rule("unversioned", "on = aws_s3_bucket\nrequire = related.versioning_resource != null");
    let bucket = "variable \"v\" {}\nresource \"aws_s3_bucket\" \"b\" {\n  bucket = \"logs\"\n}\n";
    let companion = |link: &str| format!("{bucket}resource \"aws_s3_bucket_versioning\" \"v\" {{\n  bucket = {link}\n}}\n");
    let rows = [
        (bucket.to_owned(), 1, 0),
        (companion("aws_s3_bucket.b.id"), 0, 0),
        (companion("aws_s3_bucket.b.bucket"), 0, 0),
        (companion("\"logs\""), 0, 0),
        (companion("\"other\""), 1, 0),
        (companion("var.v"), 0, 1),
    ];
    for (text, findings, undecided) in rows {
        let report = check(versioned(), &[("main.tf", &text)]);
        assert_eq!((report.findings.len(), report.undecided.len()), (findings, undecided), "{text}");
    }
}

#[test]
fn comments_allow_and_are_counted() {
    let text = format!("# plimsoll: allow(public) reason=\"a test\"\n{DATABASE}");
    let report = check(public(), &[("main.tf", &text)]);
    assert_eq!((report.findings.len(), report.suppressed), (0, 1));
    let other = format!("# plimsoll: allow(other)\n{DATABASE}");
    assert_eq!(check(public(), &[("main.tf", &other)]).findings.len(), 1);
}

#[test]
fn an_edit_gives_what_a_fresh_check_gives() {
    let files = [
        ("variables.tf", "variable \"p\" {\n  default = false\n}\n"),
        ("main.tf", "resource \"aws_db_instance\" \"x\" {\n  publicly_accessible = var.p\n}\n"),
    ];
    let mut edited = engine(RuleSet::of_rule(public()), &files);
    assert_eq!(places(&edited.check(&|_, _| {})), [""; 0]);
    let changed = files[0].1.replace("false", "true");
    edited.add(vec![source("variables.tf", &changed)]);
    let fresh = check(public(), &[("variables.tf", &changed), files[1]]);
    assert_eq!(edited.check(&|_, _| {}).findings, fresh.findings);
    assert_eq!(places(&fresh), ["main.tf:2 aws_db_instance.x"]);
}

#[test]
fn fingerprints_outlive_edits_elsewhere() {
    let print = |text: &str| check(public(), &[("main.tf", text)]).findings[0].fingerprint.clone();
    assert_eq!(print(DATABASE), print(&format!("# a comment\n\n{DATABASE}")));
    assert_ne!(print(DATABASE), print(&DATABASE.replace("\"x\"", "\"y\"")));
}

#[test]
fn what_was_not_read_is_told() {
    let mut engine = engine(RuleSet::of_rule(public()), &[]);
    engine.add(vec![Source::new("big.tf", Err("larger than 10 MB".to_owned()))]);
    let report = engine.check(&|_, _| {});
    assert_eq!(
        report.incomplete.iter().map(|lost| (lost.path.as_str(), lost.reason.as_str())).collect::<Vec<_>>(),
        [("big.tf", "larger than 10 MB")]
    );
}
