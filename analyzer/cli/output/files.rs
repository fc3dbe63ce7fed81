//! The files of a run and what they were taken for.

use std::io::{self, Write};

use super::Run;

pub(crate) fn write(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    let width = run.report.files.iter().map(|file| file.kind.len()).max().unwrap_or(0);
    for file in &run.report.files {
        writeln!(out, "{}  {}", run.paint.code(format!("{:width$}", file.kind)), file.path)?;
    }
    for incomplete in &run.report.incomplete {
        let reason = super::concise::one_line(&incomplete.reason);
        writeln!(out, "{}  {}:{}: {reason}", run.paint.careful("incomplete"), incomplete.path, incomplete.range.start.line)?;
    }
    Ok(())
}
