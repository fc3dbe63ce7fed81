//! One line per finding, as compilers print them: editors and `grep` know what to do with it.

use std::io::{self, Write};

use super::Run;

pub(crate) fn write(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    let paint = run.paint;
    for finding in &run.report.findings {
        let (path, start, severity) = (paint.bold(&finding.path), finding.range.start, finding.severity);
        let head = paint.severity(severity, format!("{severity}[{}]", finding.rule));
        writeln!(out, "{path}:{}:{}: {head} {}", start.line, start.column, one_line(&finding.message))?;
    }
    for incomplete in &run.report.incomplete {
        let (path, start) = (paint.bold(&incomplete.path), incomplete.range.start);
        let head = paint.careful("incomplete");
        writeln!(out, "{path}:{}:{}: {head} {}", start.line, start.column, one_line(&incomplete.reason))?;
    }
    if run.options.undecided {
        write_undecided(run, out)?;
    }
    Ok(())
}

/// The verdicts that hang on something unknown, one a line.
pub(super) fn write_undecided(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    for undecided in &run.report.undecided {
        let (path, start) = (run.paint.bold(&undecided.path), undecided.range.start);
        let head = run.paint.dim(format!("undecided[{}]", undecided.rule));
        let missing: Vec<String> = undecided.missing.iter().map(|missing| format!("`{}`", one_line(missing))).collect();
        let needs = if missing.is_empty() { "a value is not known".to_owned() } else { format!("needs {}", missing.join(", ")) };
        writeln!(out, "{path}:{}:{}: {head} {needs}", start.line, start.column)?;
    }
    Ok(())
}

/// A message in one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
