//! Findings with the code that they are about.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::io::{self, Write};

use camino::Utf8Path;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use plimsoll_engine::{Finding, Fix, Incomplete, Level, Range, Severity, Text};
use plimsoll_syntax::Span;
use rayon::prelude::*;

use super::source::Source;
use super::{Run, concise, long_line, page_of};
use crate::paint::Paint;

/// Longer ranges are underlined on their first line only: a whole resource is no culprit.
const MOST_LINES: u32 = 6;

/// Findings that are worth several threads.
const MANY: usize = 64;

/// Wider frames are hard to read, however wide the terminal is.
const WIDTH: usize = 110;

pub(crate) fn write(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    let handler = handler(run.paint);
    let findings = &run.report.findings;
    if findings.len() < MANY {
        findings.iter().try_for_each(|finding| write_finding(run, &handler, finding, out))?;
    } else {
        let shown = |finding| {
            let mut block = Vec::new();
            write_finding(run, &handler, finding, &mut block).map(|()| block)
        };
        let blocks: io::Result<Vec<Vec<u8>>> = findings.par_iter().map(shown).collect();
        blocks?.iter().try_for_each(|block| out.write_all(block))?;
    }
    for incomplete in &run.report.incomplete {
        write_incomplete(run, &handler, incomplete, out)?;
    }
    if run.options.undecided && !run.report.undecided.is_empty() {
        writeln!(out, "{}\n", run.paint.bold("Not decided, because a value is not known:"))?;
        concise::write_undecided(run, out)?;
        writeln!(out)?;
    }
    Ok(())
}

fn handler(paint: Paint) -> GraphicalReportHandler {
    let theme = if paint.on { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    // Long lines are better broken by the terminal, which knows its width, than in the middle of a code frame.
    GraphicalReportHandler::new_themed(theme).with_links(false).with_width(WIDTH).with_context_lines(1).tab_width(2)
}

fn write_finding(run: &Run<'_>, handler: &GraphicalReportHandler, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let mut labels = vec![LabeledSpan::new_primary_with_span(None, span(finding.range))];
    let mut elsewhere: BTreeMap<&Utf8Path, Vec<LabeledSpan>> = BTreeMap::new();
    let mut order: Vec<&Utf8Path> = Vec::new();
    for related in &finding.related {
        let label = LabeledSpan::new_with_span(Some(related.message.clone()), span(related.range));
        if related.path == finding.path {
            labels.push(label);
        } else {
            if !elsewhere.contains_key(&*related.path) {
                order.push(&related.path);
            }
            elsewhere.entry(&related.path).or_default().push(label);
        }
    }
    let url = page_of(run.rules, &finding.rule);
    let (paint, severity) = (run.paint, finding.severity);
    let head = paint.severity(severity, format!("{severity}[{}]", paint.link(url.as_deref(), &finding.rule)));
    writeln!(out, "{head}: {}", paint.bold(&finding.message))?;
    write_frame(run, handler, (&finding.path, finding.severity.into()), labels, out)?;
    for path in order {
        let labels = elsewhere.remove(path).unwrap_or_default();
        write_frame(run, handler, (path, Level::Note), labels, out)?;
    }
    if let Some(fix) = &finding.fix {
        write_fix(run, finding, fix, out)?;
    }
    let more = url.unwrap_or_else(|| format!("plimsoll explain {}", finding.rule));
    writeln!(out, "   {}\n", paint.dim(format!("= {more}")))
}

/// A code frame. What has no text is only named.
fn write_frame(
    run: &Run<'_>,
    handler: &GraphicalReportHandler,
    (path, level): (&Utf8Path, Level),
    labels: Vec<LabeledSpan>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(text) = run.report.texts.get(path).filter(|text| !text.text.is_empty()) else {
        for label in labels {
            let colon = label.label().map(|label| format!(": {label}")).unwrap_or_default();
            writeln!(out, "   ╭─[{path}]{colon}")?;
        }
        return Ok(());
    };
    let (long, short): (Vec<_>, Vec<_>) = labels.into_iter().partition(|label| long_line::holds(text, label));
    for label in long {
        long_line::write(path, text, &label, out)?;
    }
    if short.is_empty() {
        return Ok(());
    }
    let frame = Frame { level, source: Source { path, text }, labels: short };
    let mut text = String::new();
    handler.render_report(&mut text, &frame).map_err(io::Error::other)?;
    // The first line holds the message, which stands above already.
    let frame = text.split_once('\n').map_or("", |(_, rest)| rest);
    out.write_all(frame.as_bytes())
}

fn write_fix(run: &Run<'_>, finding: &Finding, fix: &Fix, out: &mut dyn Write) -> io::Result<()> {
    let paint = run.paint;
    writeln!(out, "   {} {}", paint.code("= help:"), fix.message)?;
    let Some(text) = run.report.texts.get(&finding.path) else { return Ok(()) };
    for (before, after) in changed_lines(&text.text, fix) {
        for line in before {
            writeln!(out, "     {}", paint.severity(Severity::High, format!("- {}", line.trim_end())))?;
        }
        for line in after {
            writeln!(out, "     {}", paint.good(format!("+ {}", line.trim_end())))?;
        }
    }
    Ok(())
}

/// The lines of each edit before and after it, without the margin that all of them share.
fn changed_lines(text: &str, fix: &Fix) -> Vec<(Vec<String>, Vec<String>)> {
    let line_of = |edit: &plimsoll_engine::Edit| {
        let Span { start, end } = edit.range.span;
        let from = text.get(..start as usize)?.rfind('\n').map_or(0, |at| at + 1);
        let to = text.get(end as usize..)?.find('\n').map_or(text.len(), |at| end as usize + at);
        let new = format!("{}{}{}", text.get(from..start as usize)?, edit.text, text.get(end as usize..to)?);
        Some((text.get(from..to)?.to_owned(), new))
    };
    let pairs = fix.edits.iter().filter_map(line_of);
    pairs
        .map(|(old, new)| {
            let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
            let all = old.iter().chain(&new).filter(|line| !line.trim().is_empty());
            let margin = all.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
            let cut = |lines: &[&str]| lines.iter().map(|line| line.get(margin..).unwrap_or("").to_owned()).collect::<Vec<_>>();
            let same_start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
            let (old, new) = (cut(&old), cut(&new));
            // An insertion shows what is new only.
            (old.into_iter().skip(same_start).collect(), new.into_iter().skip(same_start).collect())
        })
        .collect()
}

fn write_incomplete(
    run: &Run<'_>,
    handler: &GraphicalReportHandler,
    incomplete: &Incomplete,
    out: &mut dyn Write,
) -> io::Result<()> {
    let head = run.paint.careful("incomplete");
    if run.report.texts.get(&incomplete.path).is_none_or(|text| text.text.is_empty()) {
        return writeln!(out, "{head}: {}: {}\n", incomplete.path, run.paint.bold(&incomplete.reason));
    }
    writeln!(out, "{head}: {}", run.paint.bold(&incomplete.reason))?;
    let label = LabeledSpan::new_primary_with_span(None, span(incomplete.range));
    write_frame(run, handler, (&incomplete.path, Level::Warning), vec![label], out)?;
    writeln!(out)
}

fn span(range: Range) -> std::ops::Range<usize> {
    range.span.range()
}

/// A code frame, as miette wants it.
#[derive(Debug)]
struct Frame<'a> {
    level: Level,
    source: Source<'a>,
    labels: Vec<LabeledSpan>,
}

impl Frame<'_> {
    /// Spans that underline well: of long ranges the first line, without the line ends at the end.
    fn trimmed(&self, label: &LabeledSpan) -> LabeledSpan {
        let text = self.source.text;
        let start = Span::of(label.offset(), label.offset()).start;
        let whole = Span::of(label.offset(), label.offset() + label.len());
        let kept = whole.text(&text.text).trim_end().len();
        let mut end = start.saturating_add(Span::of(0, kept).end);
        let first = text.lines.line(start);
        if text.lines.line(end).saturating_sub(first) >= MOST_LINES {
            end = text.lines.line_span(first, &text.text).end.max(start);
        }
        let shown = visible(text, Span::new(start, end)).range();
        let name = label.label().map(str::to_owned);
        if label.primary() { LabeledSpan::new_primary_with_span(name, shown) } else { LabeledSpan::new_with_span(name, shown) }
    }
}

/// The span, or one character where it is empty: the one after it, or at a line's end the one before.
fn visible(text: &Text, span: Span) -> Span {
    let line = text.lines.line_span(text.lines.line(span.start), &text.text);
    if !span.is_empty() {
        return span;
    }
    let length = |letter: char| Span::of(0, letter.len_utf8()).end;
    let (before, after) = (Span::new(line.start, span.start), Span::new(span.start, line.end));
    match (after.text(&text.text).chars().next(), before.text(&text.text).chars().next_back()) {
        (Some(letter), _) => Span::new(span.start, span.start + length(letter)),
        (None, Some(letter)) => Span::new(span.start - length(letter), span.start),
        (None, None) => span,
    }
}

impl Display for Frame<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Frame<'_> {}

impl Diagnostic for Frame<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.level {
            Level::Error => miette::Severity::Error,
            Level::Warning => miette::Severity::Warning,
            Level::Note => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().map(|label| self.trimmed(label))))
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_engine::Edit;
    use plimsoll_syntax::Position;

    use super::*;

    #[test]
    fn a_fix_shows_the_lines_that_it_changes() {
        let range = |start, end| {
            let here = Position { line: 1, column: 1 };
            Range { start: here, end: here, span: Span::new(start, end) }
        };
        let fix = |start, end, text: &str| Fix {
            message: String::new(),
            safe: true,
            edits: vec![Edit { range: range(start, end), text: text.to_owned() }],
        };
        let text = "a {\n  b = true\n}\n";
        let replaced = changed_lines(text, &fix(10, 14, "false"));
        assert_eq!(replaced, [(vec!["b = true".to_owned()], vec!["b = false".to_owned()])]);
        let inserted = changed_lines(text, &fix(3, 3, "\n  c = 1"));
        assert_eq!(inserted, [(vec![], vec!["  c = 1".to_owned()])]);
    }
}
