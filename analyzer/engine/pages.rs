//! Rule pages tried on their own examples.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_rule_language::{Example, ExampleFile, Page};
use plimsoll_rules::{RuleSet, load};

use crate::fix::{apply, diff};
use crate::report::Report;
use crate::settings::Settings;
use crate::{Engine, Files, Source, Stated};

/// What became of one page.
#[derive(Clone, Debug, PartialEq)]
pub struct PageResult {
    /// As it was given.
    pub path: Utf8PathBuf,
    /// The rule's name.
    pub rule: String,
    /// How many examples it has.
    pub examples: usize,
    /// What is wrong; empty when all is well.
    pub failures: Vec<PageFailure>,
}

/// Something that is wrong with a page.
#[derive(Clone, Debug, PartialEq)]
pub struct PageFailure {
    /// The page's line, from 1.
    pub line: u32,
    /// What is wrong, in one sentence, and what to do about it below.
    pub message: String,
}

/// The day on which examples are checked: what has expired in them has expired for ever.
const TODAY: (u16, u8, u8) = (2026, 1, 1);

/// The title of an example's block that holds settings for the rule.
const SETTINGS: &str = "plimsoll.toml";

/// Compiles every page (path, text) and tries it on its own examples, with no other rule.
#[must_use]
pub fn test(pages: &[(Utf8PathBuf, String)]) -> Vec<PageResult> {
    pages.iter().map(|(path, text)| test_page(path, text)).collect()
}

fn test_page(path: &Utf8Path, text: &str) -> PageResult {
    let mut result =
        PageResult { path: path.to_owned(), rule: path.file_stem().unwrap_or("").to_owned(), examples: 0, failures: Vec::new() };
    let (page, info) = match load(path, text) {
        Ok(loaded) => loaded,
        Err(errors) => {
            result.failures =
                errors.iter().map(|error| PageFailure { line: error.position.line, message: error.to_string() }).collect();
            return result;
        }
    };
    result.examples = page.examples.len();
    let rules = RuleSet::of_rule(info);
    for good in [false, true] {
        if !page.examples.iter().any(|example| example.good == good) {
            let heading = if good { "## Good" } else { "## Bad" };
            result.failures.push(PageFailure { line: 1, message: format!("the page has no example under `{heading}`") });
        }
    }
    for example in &page.examples {
        match check(example, &rules, &result.rule) {
            Ok(report) => {
                compare(example, &report, &page, &mut result.failures);
                mended(example, &report, &rules, &result.rule, &mut result.failures);
            }
            Err(failure) => result.failures.push(failure),
        }
    }
    result
}

/// A disk with nothing on it.
pub(crate) struct Nothing;

impl Files for Nothing {
    fn read(&self, _path: &Utf8Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn list(&self, _folder: &Utf8Path) -> Option<Vec<String>> {
        Some(Vec::new())
    }
}

fn check(example: &Example, rules: &RuleSet, rule: &str) -> Result<Report, PageFailure> {
    let line = example.files.first().map_or(1, |file| file.first_line);
    let mut settings = Settings { select: vec![rule.to_owned()], today: Some(TODAY), ..Settings::default() };
    if let Some(file) = example.files.iter().find(|file| file.path == SETTINGS) {
        let table: toml::Table =
            file.text.parse().map_err(|error| PageFailure { line: file.first_line, message: format!("{error}") })?;
        let own =
            table.get("rules").and_then(|rules| rules.get(rule)).and_then(toml::Value::as_table).cloned().unwrap_or_default();
        settings.params.insert(rule.to_owned(), own.into_iter().collect());
        settings.stated =
            Stated::parse(&file.text).map_err(|error| PageFailure { line: file.first_line, message: error.message })?;
        settings.stated.path = Some(SETTINGS.into());
    }
    let mut engine =
        Engine::new(Arc::new(Nothing), rules, &settings).map_err(|error| PageFailure { line, message: error.to_string() })?;
    let source = |file: &ExampleFile| Source::new(file.path.clone(), Ok(file.text.clone().into_bytes()));
    let (stated, files): (Vec<_>, Vec<_>) = example.files.iter().partition(|file| file.path == SETTINGS);
    stated.into_iter().for_each(|file| engine.set_aside(source(file)));
    engine.add(files.into_iter().map(source).collect());
    Ok(engine.check(&|_, _| {}))
}

/// Exactly the marked lines are reported, and everything was understood.
fn compare(example: &Example, report: &Report, page: &Page, failures: &mut Vec<PageFailure>) {
    for file in &example.files {
        let at = |line: u32| file.first_line + line - 1;
        let expected: BTreeSet<u32> = file.expected.iter().copied().collect();
        let here = report.findings.iter().filter(|finding| finding.path == file.path.as_str());
        let found: BTreeSet<u32> = here.clone().map(|finding| finding.range.start.line).collect();
        for &line in expected.difference(&found) {
            let undecided = report.undecided.iter().find(|verdict| verdict.path == file.path.as_str());
            let why = undecided.map_or_else(String::new, |verdict| {
                format!("; the verdict is undecided, since this is not known: {}", verdict.missing.join(", "))
            });
            failures.push(PageFailure { line: at(line), message: format!("expected a finding here; there was none{why}") });
        }
        for finding in here.filter(|finding| !expected.contains(&finding.range.start.line)) {
            let place = if example.good {
                "a good example is silent, but the rule says"
            } else {
                "no finding is marked here, but the rule says"
            };
            failures.push(PageFailure { line: at(finding.range.start.line), message: format!("{place}: {}", finding.message) });
        }
        let lost = report.incomplete.iter().filter(|lost| lost.path == file.path.as_str());
        failures.extend(
            lost.map(|lost| PageFailure { line: at(lost.range.start.line), message: format!("not understood: {}", lost.reason) }),
        );
        if report.files.iter().all(|checked| checked.path != file.path.as_str()) && !is_aside(&file.path) {
            failures.push(PageFailure { line: at(1), message: format!("`{}` is no kind of file that is checked", file.path) });
        }
    }
    for failure in &report.failures {
        failures.push(PageFailure { line: 1, message: format!("the rule failed on `{}`: {}", page.title, failure.message) });
    }
}

/// Each fix that is offered does what it says: the fixed file can be read, and the finding is gone.
fn mended(example: &Example, report: &Report, rules: &RuleSet, rule: &str, failures: &mut Vec<PageFailure>) {
    for finding in &report.findings {
        let Some(fix) = &finding.fix else { continue };
        let Some(at) = example.files.iter().position(|file| file.path == finding.path.as_str()) else { continue };
        let file = &example.files[at];
        let mut fixed = example.clone();
        fixed.files[at].text = apply(&file.text, [fix]).0;
        let Ok(after) = check(&fixed, rules, rule) else { continue };
        let lost = after.incomplete.iter().find(|lost| report.incomplete.iter().all(|known| known.reason != lost.reason));
        let wrong = match lost {
            Some(lost) => Some(format!("cannot be read: {}", lost.reason)),
            None if after.findings.len() >= report.findings.len() => Some("is reported as before".to_owned()),
            None => None,
        };
        if let Some(wrong) = wrong {
            let line = finding.range.start.line;
            let changed: String =
                diff(&file.path, &file.text, &fixed.files[at].text).lines().skip(2).map(|line| format!("\n    {line}")).collect();
            let message = format!(
                "the fix ({}) does not mend it: the file {wrong}; write another `fix`, or `fix = none`{changed}",
                fix.message
            );
            failures.push(PageFailure { line: file.first_line + line - 1, message });
        }
    }
}

/// Files that examples may have beside those that are checked: settings, and what others read.
fn is_aside(path: &str) -> bool {
    path == SETTINGS
        || [".dockerignore", ".env", ".lock.hcl", ".txt", ".tftpl", ".tpl"].iter().any(|ending| path.ends_with(ending))
}
