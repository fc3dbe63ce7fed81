//! A text of the report as miette wants it: found by line index instead of by reading from the start.

use camino::Utf8Path;
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use plimsoll_engine::Text;
use plimsoll_syntax::Span;

/// A file with its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) path: &'a Utf8Path,
    pub(super) text: &'a Text,
}

impl SourceCode for Source<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let Text { text, lines } = self.text;
        let wanted = Span::of(span.offset(), span.offset().saturating_add(span.len()));
        // The position of an end that touches the next line is on the line before.
        let last_byte = if wanted.is_empty() { wanted.end } else { wanted.end - 1 };
        let (first, last) = (lines.line(wanted.start), lines.line(last_byte));
        let before = u32::try_from(lines_before).unwrap_or(0);
        let after = u32::try_from(lines_after).unwrap_or(0);
        // Blank lines at the edges show nothing.
        let is_blank = |line: &u32| lines.line_span(*line, text).text(text).trim().is_empty();
        let from = (first.saturating_sub(before).max(1)..first).find(|line| !is_blank(line)).unwrap_or(first);
        let to = (last + 1..=last.saturating_add(after).min(lines.lines())).rev().find(|line| !is_blank(line)).unwrap_or(last);
        let (start, column) = match lines_before {
            0 => (wanted.start, lines.position(wanted.start, text).column as usize - 1),
            _ => (lines.line_span(from, text).start, 0),
        };
        let end = if lines_after == 0 { wanted.end } else { lines.line_span(to, text).end }.max(start);
        let data = text.as_bytes().get(Span::new(start, end).range()).ok_or(MietteError::OutOfBounds)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.path.to_string(),
            data,
            SourceSpan::from((start as usize, data.len())),
            from as usize - 1,
            column,
            (to - from) as usize + 1,
        )))
    }
}
