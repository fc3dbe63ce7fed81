//! Annotations: workflow commands that GitHub shows beside the lines of a pull request.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::io::{self, Write};

use camino::Utf8Path;
use plimsoll_engine::{Level, Range};

use super::Run;

pub(crate) fn write(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in &run.report.findings {
        let title = format!("{} ({})", finding.rule, finding.severity);
        command(run, out, finding.severity.into(), &finding.path, finding.range, &title, &finding.message)?;
    }
    for incomplete in &run.report.incomplete {
        command(run, out, Level::Warning, &incomplete.path, incomplete.range, "not read", &incomplete.reason)?;
    }
    Ok(())
}

fn command(
    run: &Run<'_>,
    out: &mut dyn Write,
    level: Level,
    path: &Utf8Path,
    range: Range,
    title: &str,
    message: &str,
) -> io::Result<()> {
    let kind = match level {
        Level::Note => "notice",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let (file, title) = (property(run.in_repository(path).as_str()), property(&format!("plimsoll: {title}")));
    let (start, end) = (range.start, range.end);
    write!(out, "::{kind} file={file},line={},endLine={}", start.line, end.line)?;
    // Columns of two different lines make the command invalid.
    if start.line == end.line {
        write!(out, ",col={},endColumn={}", start.column, end.column)?;
    }
    writeln!(out, ",title={title}::{}", data(message))
}

/// Escapes a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_properties_are_escaped() {
        assert_eq!(data("100 %\r\nof: a, b"), "100 %25%0D%0Aof: a, b");
        assert_eq!(property("a:b,c%"), "a%3Ab%2Cc%25");
    }
}
