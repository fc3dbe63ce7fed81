//! `plimsoll rules`: the list, and the work on one's own rules.

use std::io::{self, Write};

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_engine::Severity;
use plimsoll_engine::pages::{PageFailure, PageResult};
use plimsoll_rules::{RuleInfo, RuleSet};
use serde::Serialize;

use crate::arguments::{Color, ListFormat, Rules, RulesCommand};
use crate::files::relative;
use crate::paint::Paint;
use crate::problem::{Problem, counted};
use crate::{Status, disk};

/// Where a workspace keeps its own pages.
pub(crate) const OWN_PAGES: &str = ".plimsoll/rules";

const SKELETON: &str = include_str!("skeleton.md");

/// The rules of this release with those of the workspace: the nearest pages from a folder upwards, as with the settings.
pub(crate) fn load(root: &Utf8Path, isolated: bool) -> Result<RuleSet, Problem> {
    let builtin = RuleSet::builtin();
    let mut folders = root.ancestors().map(|folder| folder.join(OWN_PAGES));
    let Some(folder) = folders.find(|folder| !isolated && disk::exists(folder)) else { return Ok(builtin) };
    let mut pages = disk::pages(&folder).map_err(|error| Problem::disk(&folder, &error))?;
    for (path, _) in &mut pages {
        *path = relative(root, path);
    }
    builtin.with_pages(&pages).map_err(Problem::Pages)
}

/// Lists rules, tests pages, or writes one.
pub(crate) fn run(options: Rules, color: Color) -> Result<Status, Problem> {
    match options.command {
        Some(RulesCommand::Test { path }) => test(&path, Paint::stdout(color)),
        Some(RulesCommand::New { name }) => new(&name),
        None => {
            let folder = disk::working_directory().map_err(|error| Problem::disk("the working directory", &error))?;
            let rules = load(&folder, options.isolated)?;
            let listed = list(&rules, options.output_format, Paint::stdout(color));
            listed.map(|()| Status::Clean).or_else(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => Ok(Status::Clean),
                _ => Err(Problem::disk("standard output", &error)),
            })
        }
    }
}

#[derive(Serialize)]
struct Listed<'a> {
    rule: &'a str,
    severity: Severity,
    title: &'a str,
    peers: Vec<&'a str>,
    tags: Vec<&'a str>,
    views: Vec<&'a str>,
    profile: String,
    group: &'a str,
}

#[derive(Serialize)]
struct List<'a> {
    rules: Vec<Listed<'a>>,
}

fn list(rules: &RuleSet, format: ListFormat, paint: Paint) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    if format == ListFormat::Json {
        let list = List { rules: rules.iter().map(|rule| listed(rule)).collect() };
        serde_json::to_writer_pretty(&mut out, &list)?;
        return writeln!(out).and_then(|()| out.flush());
    }
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    let mut by_group: Vec<&RuleInfo> = rules.iter().map(|rule| &**rule).collect();
    by_group.sort_by(|a, b| a.group().cmp(b.group()).then(a.name.cmp(&b.name)));
    let mut group = "";
    for rule in by_group {
        if rule.group() != group {
            let gap = if group.is_empty() { "" } else { "\n" };
            group = rule.group();
            writeln!(out, "{gap}{}", paint.bold(group))?;
        }
        let severity = rule.severity();
        let severity = paint.severity(severity, format!("{severity:8}"));
        let profile = paint.dim(format!("{:11}", rule.profile().to_string()));
        writeln!(out, "  {}  {severity}  {profile}  {}", paint.code(format!("{:width$}", rule.name)), rule.title())?;
    }
    out.flush()
}

fn listed(rule: &RuleInfo) -> Listed<'_> {
    Listed {
        rule: &rule.name,
        severity: rule.severity(),
        title: rule.title(),
        peers: rule.peers(),
        tags: rule.tags().collect(),
        views: rule.views().collect(),
        profile: rule.profile().to_string(),
        group: rule.group(),
    }
}

fn test(path: &Utf8Path, paint: Paint) -> Result<Status, Problem> {
    let pages = disk::pages(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Problem::hinted(format!("there is no {path}"), "`plimsoll rules new NAME` writes the page of a new rule")
        }
        _ => Problem::disk(path, &error),
    })?;
    let results = plimsoll_engine::pages::test(&pages);
    let mut out = String::new();
    for ((_, text), result) in pages.iter().zip(&results) {
        for failure in &result.failures {
            out.push_str(&shown(result, failure, text, paint));
            out.push('\n');
        }
    }
    let failed = results.iter().filter(|result| !result.failures.is_empty()).count();
    let (passed, failed_shown) = (format!("{} passed", results.len() - failed), format!("{failed} failed"));
    let failed_shown = if failed == 0 { failed_shown } else { paint.bad(failed_shown) };
    let examples = counted(results.iter().map(|result| result.examples).sum(), "example");
    out.push_str(&format!("{}, {failed_shown} {}\n", paint.good(passed), paint.dim(format!("({examples})"))));
    let _ = io::stdout().write_all(out.as_bytes());
    Ok(if failed == 0 { Status::Clean } else { Status::Findings })
}

/// A failure with the page's line.
fn shown(result: &PageResult, failure: &PageFailure, text: &str, paint: Paint) -> String {
    // Errors of the header come with their own frame.
    if let Some(rest) = failure.message.strip_prefix("error: ") {
        return format!("{}: {rest}\n", paint.bad("error"));
    }
    let number = failure.line.to_string();
    let gutter = " ".repeat(number.len());
    let line = text.lines().nth((failure.line as usize).saturating_sub(1)).unwrap_or("");
    let (first, rest) = failure.message.split_once('\n').unwrap_or((&failure.message, ""));
    let mut out = format!("{}: {first}\n", paint.bad("error"));
    out.push_str(&format!("{gutter}--> {}:{number}\n{gutter} |\n{number} | {line}\n", result.path));
    // The mark, if there is one, is what was wrong.
    let start = ["# finding", "// finding"].into_iter().find_map(|mark| line.rfind(mark));
    let start = start.unwrap_or(line.len() - line.trim_start().len());
    let (left, right) = line.split_at(start);
    let width = right.trim_end().chars().count().max(1);
    out.push_str(&format!("{gutter} | {}{}\n", " ".repeat(left.chars().count()), paint.bad("^".repeat(width))));
    if !rest.is_empty() {
        out.push_str(&format!("{gutter} |\n"));
        for line in rest.lines() {
            out.push_str(&format!("{gutter} = {line}\n"));
        }
    }
    out
}

fn new(name: &str) -> Result<Status, Problem> {
    let well_formed = !name.is_empty()
        && name
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    if !well_formed {
        let hint = "small letters, digits and single hyphens; it names the bad pattern: `queue-without-owner`";
        return Err(Problem::hinted(format!("`{name}` is not a name for a rule"), hint));
    }
    if RuleSet::builtin().get(name).is_some() {
        return Err(Problem::hinted(format!("there is a rule `{name}` already"), "a page of the same name would replace it"));
    }
    let path: Utf8PathBuf = format!("{OWN_PAGES}/{name}.md").into();
    let mut words = name.split('-').map(str::to_owned).collect::<Vec<_>>().join(" ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    disk::write_new(&path, &SKELETON.replace("TITLE", &words)).map_err(|error| Problem::disk(&path, &error))?;
    let _ = writeln!(io::stdout(), "{path}\n\nFill it in, then run its examples with `plimsoll rules test`.");
    Ok(Status::Clean)
}
