//! `plimsoll check --fix` and `--diff`: applies fixes to what was read, checks again, and goes on until nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use plimsoll_engine::{Engine, Finding, Report, Source, apply, diff};

use crate::arguments::Check;
use crate::disk;
use crate::files::Workspace;
use crate::problem::Problem;

/// A fix may bring out what another one mends; more rounds than this go in a circle.
const ROUNDS: usize = 10;

/// What fixes made of the files.
#[derive(Debug, Default)]
pub(crate) struct Fixed {
    /// Paths of the workspace, with their texts before and after.
    pub(crate) files: BTreeMap<Utf8PathBuf, (String, String)>,
    /// How many fixes were applied.
    pub(crate) count: usize,
    /// How many could be applied with `--unsafe-fixes`.
    pub(crate) left: usize,
}

/// Applies the fixes of a report to the texts that the engine holds; the report becomes the one of the fixed texts.
pub(crate) fn run(engine: &mut Engine, report: &mut Report, options: &Check, context: &BTreeSet<Utf8PathBuf>) -> Fixed {
    let mut fixed = Fixed::default();
    // Files in which a fix did harm.
    let mut spoilt: BTreeSet<Utf8PathBuf> = BTreeSet::new();
    let is_wanted = |finding: &&Finding| finding.fix.as_ref().is_some_and(|fix| fix.safe || options.unsafe_fixes);
    for _ in 0..ROUNDS {
        let mut changed: Vec<(Utf8PathBuf, String, String, usize)> = Vec::new();
        for (path, text) in report.texts.iter().filter(|(path, _)| !spoilt.contains(*path) && !context.contains(*path)) {
            let fixes = report.findings.iter().filter(|finding| finding.path == *path).filter(is_wanted);
            let (after, count) = apply(&text.text, fixes.filter_map(|finding| finding.fix.as_ref()));
            if count > 0 && after != *text.text {
                changed.push((path.clone(), text.text.to_string(), after, count));
            }
        }
        if changed.is_empty() {
            break;
        }
        let source = |path: &Utf8PathBuf, text: &str| Source::new(path.clone(), Ok(text.as_bytes().to_vec()));
        engine.add(changed.iter().map(|(path, _, after, _)| source(path, after)).collect());
        let next = engine.check(&|_, _| {});
        let lost = |report: &Report, path: &Utf8PathBuf| report.incomplete.iter().filter(|lost| lost.path == *path).count();
        let (bad, good): (Vec<_>, Vec<_>) = changed.into_iter().partition(|(path, ..)| lost(&next, path) > lost(report, path));
        for (path, before, after, count) in good {
            fixed.count += count;
            fixed.files.entry(path).or_insert_with(|| (before, String::new())).1 = after;
        }
        if bad.is_empty() {
            *report = next;
            continue;
        }
        // What can no longer be read stays as it was.
        engine.add(bad.iter().map(|(path, before, ..)| source(path, before)).collect());
        spoilt.extend(bad.into_iter().map(|(path, ..)| path));
        *report = engine.check(&|_, _| {});
    }
    fixed.left = report.findings.iter().filter(|finding| !context.contains(&finding.path) && finding.fix.is_some()).count();
    fixed
}

/// Writes the fixed files.
pub(crate) fn write(fixed: &Fixed, workspace: &Workspace) -> Result<(), Problem> {
    for (path, (_, after)) in &fixed.files {
        disk::write(&workspace.root.join(path), after.as_bytes()).map_err(|error| Problem::disk(path, &error))?;
    }
    Ok(())
}

/// What would be written, in the unified format.
pub(crate) fn shown(fixed: &Fixed, workspace: &Workspace) -> String {
    fixed.files.iter().map(|(path, (before, after))| diff(workspace.shown(path).as_str(), before, after)).collect()
}

/// What was done, in a sentence.
pub(crate) fn summary(fixed: &Fixed, options: &Check) -> String {
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let verb = if options.diff { "Would fix" } else { "Fixed" };
    let mut text = format!("{verb} {} in {}", plural(fixed.count, "problem"), plural(fixed.files.len(), "file"));
    if fixed.left > 0 && !options.unsafe_fixes {
        text.push_str(&format!("; {} more with --unsafe-fixes, which may change what works", fixed.left));
    }
    text.push('\n');
    text
}
