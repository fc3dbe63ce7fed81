//! `plimsoll check`

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_engine::{Engine, Environment, Given, Inputs, Report, Settings, Severity, Stated};

use crate::Status;
use crate::arguments::{Check, Color, Format, Variables, Word};
use crate::config::{self, Config};
use crate::files::{Workspace, WorkspaceFiles};
use crate::output::{self, Run};
use crate::paint::Paint;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::{disk, fix, rules, walk};

/// Something that was not read counts as a warning: it fails a run unless only errors do.
const INCOMPLETE: Severity = Severity::Medium;

/// Checks files and prints what was found.
pub(crate) fn run(options: &Check, color: Color) -> Result<Status, Problem> {
    let started = Instant::now();
    let paths: Vec<Utf8PathBuf> = options.paths.iter().chain(&options.plan).cloned().collect();
    let workspace = Workspace::new(&paths)?;
    if let Some(plan) = &options.plan {
        is_plan(plan, &workspace)?;
    }
    let config = config(options, &workspace)?;
    let rules = rules::load(&workspace.root, options.isolated)?;
    let settings = variables(settings(options, &config), &options.variables, &config, &workspace)?;
    let files = Arc::new(WorkspaceFiles { root: workspace.root.clone(), limit: options.max_file_size });
    let mut engine = Engine::new(files.clone(), &rules, &settings)
        .map_err(|error| config.blame(&error).unwrap_or_else(|| Problem::new(error.to_string())))?;

    let mut found = walk::find(&workspace, &files, &config.exclude, options.force_exclude);
    if workspace.targets.iter().any(|target| !target.is_folder && is_plan(&target.path, &workspace).is_ok()) {
        // A plan speaks about the source beside it.
        found.context.retain(|path| !matches!(path.extension(), Some("tf" | "tofu")));
    }
    engine.add(found.sources);
    let progress = Progress::new(options.quiet);
    let mut report = engine.check(&|done, total| progress.step(done, total));
    progress.finish();
    let fixed = (options.fix || options.diff).then(|| fix::run(&mut engine, &mut report, options, &found.context));
    if let Some(fixed) = fixed.as_ref().filter(|_| options.fix) {
        fix::write(fixed, &workspace)?;
    }
    restrict(&mut report, &found.context);
    relocate(&mut report, &workspace);

    let threshold = options.fail_on.or(config.fail_on).unwrap_or(Severity::Low);
    let status = status(&report, threshold, options.exit_zero);
    let paint = if options.output_file.is_some() { color_of_file(color) } else { Paint::stdout(color) };
    let (working_directory, repository) = (&*workspace.working_directory, &*workspace.repository());
    let run = Run { report: &report, rules: &rules, options, paint, status, working_directory, repository };
    match fixed.as_ref().filter(|_| options.diff) {
        Some(fixed) => emit_text(&run, &fix::shown(fixed, &workspace))?,
        None => emit(&run)?,
    }

    // The engine and its rules live in one piece until the end: taking them apart would cost more than the check of a small workspace.
    std::mem::forget(engine);
    let stderr = Paint::stderr(color);
    let mut notes = String::new();
    for failure in &report.failures {
        notes.push_str(&format!("{}: rule `{}` failed: {}\n", stderr.bad("error"), failure.rule, failure.message));
    }
    for stranger in found.strangers.iter().filter(|_| !options.quiet) {
        notes.push_str(&format!("{}: {stranger} is of no kind that is checked\n", stderr.careful("note")));
    }
    if let Some(fixed) = fixed.as_ref().filter(|_| !options.quiet) {
        notes.push_str(&fix::summary(fixed, options));
    }
    if !options.quiet && options.output_format.is_for_people() && !options.show_files && !options.diff {
        notes.push_str(&output::summary::text(&report, stderr, started.elapsed()));
    }
    // Where nobody listens there is nothing to be told.
    let _ = io::stderr().write_all(notes.as_bytes());
    std::mem::forget(rules);
    Ok(status)
}

fn config(options: &Check, workspace: &Workspace) -> Result<Config, Problem> {
    match &options.config {
        _ if options.isolated => Ok(Config::default()),
        Some(path) => Config::read(&workspace.working_directory.join(path), path),
        None => Config::nearest(&workspace.working_directory),
    }
}

/// The command line goes before the settings file.
pub(crate) fn settings(options: &Check, config: &Config) -> Settings {
    let mut settings = Settings {
        select: options.select.clone(),
        ignore: options.ignore.clone(),
        minimum: options.severity.or(config.severity),
        severities: config.severities.clone(),
        params: config.params.clone(),
        today: today(),
        kubernetes: config.kubernetes.as_deref().map(Into::into),
        ..Settings::default()
    };
    if options.select.is_empty() {
        settings.select.clone_from(&config.select);
        if !config.enabled.is_empty() && settings.select.is_empty() {
            settings.select.push("recommended".to_owned());
        }
        settings.select.extend_from_slice(&config.enabled);
    }
    settings.ignore.extend(config.ignore.iter().filter(|word| !options.select.contains(word)).cloned());
    settings
}

/// A plan is a file in JSON: what `terraform plan -out` writes is not.
fn is_plan(path: &Utf8Path, workspace: &Workspace) -> Result<(), Problem> {
    let text = disk::read_text(&workspace.working_directory.join(path)).unwrap_or_default();
    if plimsoll_engine::is_plan(&text) && path.extension() == Some("json") {
        return Ok(());
    }
    Err(Problem::new(format!("{path} is not a plan in JSON; write one with `terraform show -json PLAN > plan.json`")))
}

/// What Terraform's root modules are given: from the command line, the environment, and the settings.
pub(crate) fn variables(
    settings: Settings,
    given: &Variables,
    config: &Config,
    workspace: &Workspace,
) -> Result<Settings, Problem> {
    let mut variables = Inputs::default();
    if given.env_vars {
        variables.environment =
            std::env::vars().filter_map(|(name, text)| Some((name.strip_prefix("TF_VAR_")?.to_owned(), text))).collect();
        variables.environment.sort();
    }
    for word in &given.order {
        variables.given.extend(match word {
            Word::Variable(at) => given.vars.get(*at).map(|(name, text)| Given::Variable(name.clone(), text.clone())),
            Word::File(at) => given.var_files.get(*at).map(|path| variables_file(path, workspace)).transpose()?,
        });
    }
    let folder = workspace.inside(&config.folder).unwrap_or_default();
    let environment = |named: &Environment| Environment { folder: folder.clone(), ..named.clone() };
    let stated = Stated { path: workspace.inside(&config.folder.join(config::NAME)), ..config.stated.clone() };
    Ok(Settings { variables, environments: config.environments.iter().map(environment).collect(), stated, ..settings })
}

fn variables_file(path: &Utf8Path, workspace: &Workspace) -> Result<Given, Problem> {
    let real = disk::canonical(workspace.working_directory.join(path).as_std_path()).and_then(disk::utf8);
    let real = real.map_err(|error| Problem::disk(path, &error))?;
    match workspace.inside(&real) {
        Some(inside) => Ok(Given::File(inside.into_string())),
        None => Err(Problem::new(format!("{path} lies outside of what is checked"))),
    }
}

/// Keeps what was asked for: findings in files that were only read beside others are left out.
fn restrict(report: &mut Report, context: &BTreeSet<Utf8PathBuf>) {
    if !context.is_empty() {
        report.findings.retain(|finding| !context.contains(&finding.path));
        report.incomplete.retain(|incomplete| !context.contains(&incomplete.path));
        report.undecided.retain(|undecided| !context.contains(&undecided.path));
        report.files.retain(|file| !context.contains(&file.path));
    }
}

/// Turns paths of the workspace into paths relative to the working directory.
fn relocate(report: &mut Report, workspace: &Workspace) {
    if workspace.root == workspace.working_directory {
        return;
    }
    let shown = |path: &mut Utf8PathBuf| *path = workspace.shown(path);
    for finding in &mut report.findings {
        shown(&mut finding.path);
        finding.related.iter_mut().for_each(|related| shown(&mut related.path));
    }
    report.incomplete.iter_mut().for_each(|incomplete| shown(&mut incomplete.path));
    report.undecided.iter_mut().for_each(|undecided| shown(&mut undecided.path));
    report.files.iter_mut().for_each(|file| shown(&mut file.path));
    report.texts = std::mem::take(&mut report.texts).into_iter().map(|(path, text)| (workspace.shown(&path), text)).collect();
}

fn status(report: &Report, threshold: Severity, exit_zero: bool) -> Status {
    let found = report.findings.iter().any(|finding| finding.severity >= threshold);
    if !report.failures.is_empty() {
        Status::Failed
    } else if !exit_zero && (found || !report.incomplete.is_empty() && INCOMPLETE >= threshold) {
        Status::Findings
    } else {
        Status::Clean
    }
}

fn color_of_file(color: Color) -> Paint {
    Paint { on: color == Color::Always }
}

fn emit(run: &Run<'_>) -> Result<(), Problem> {
    emit_with(run, |out| print(run, out))
}

fn emit_text(run: &Run<'_>, text: &str) -> Result<(), Problem> {
    emit_with(run, |out| out.write_all(text.as_bytes()))
}

fn emit_with(run: &Run<'_>, print: impl Fn(&mut dyn Write) -> io::Result<()>) -> Result<(), Problem> {
    let written = match &run.options.output_file {
        Some(path) => {
            let mut bytes = Vec::new();
            print(&mut bytes).and_then(|()| disk::write(path, &bytes)).map_err(|error| Problem::disk(path, &error))?;
            Ok(())
        }
        None => {
            let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
            print(&mut out).and_then(|()| out.flush())
        }
    };
    match written {
        // `plimsoll check | head` has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Problem::disk("standard output", &error)),
    }
}

fn print(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    let options = run.options;
    if options.show_files {
        return output::files::write(run, out);
    }
    if options.statistics {
        return output::statistics::write(run, out);
    }
    match options.output_format {
        Format::Full => output::full::write(run, out),
        Format::Concise => output::concise::write(run, out),
        Format::Json => output::json::write(run, out),
        Format::Sarif => output::sarif::write(run, out),
        Format::Github => output::github::write(run, out),
    }
}

/// Year, month and day in UTC.
fn today() -> Option<(u16, u8, u8)> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    date(seconds / 86_400)
}

/// The date of a day since 1970-01-01, by Howard Hinnant's `civil_from_days`.
fn date(day: u64) -> Option<(u16, u8, u8)> {
    let shifted = day + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    Some((u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        let rows =
            [(0, (1970, 1, 1)), (59, (1970, 3, 1)), (11_016, (2000, 2, 29)), (20_781, (2026, 11, 24)), (47_540, (2100, 2, 28))];
        for (day, expected) in rows {
            assert_eq!(date(day), Some(expected), "{day}");
        }
    }
}
