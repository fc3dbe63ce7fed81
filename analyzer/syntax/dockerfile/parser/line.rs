//! Logical lines: physical ones joined at the escape character, with the true offset of every byte.

use crate::text::Span;

/// A logical line, or a part of one.
pub(super) struct Line {
    pub(super) text: String,
    /// The offset of each byte in the file.
    offsets: Vec<u32>,
}

impl Line {
    /// The range in the file of the bytes from `start` to `end` of the line.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let first = self.offsets.get(start).copied();
        let last = end.checked_sub(1).filter(|last| *last >= start).and_then(|last| self.offsets.get(last)).map(|last| last + 1);
        match (first, last) {
            (Some(first), Some(last)) => Span::new(first, last),
            (Some(first), None) => Span::at(first),
            _ => Span::at(self.offsets.last().map_or(0, |last| last + 1)),
        }
    }

    pub(super) fn part(&self, start: usize, end: usize) -> Self {
        Self { text: self.text[start..end].to_owned(), offsets: self.offsets[start..end].to_vec() }
    }
}

/// The physical lines of a file.
pub(super) struct Lines<'t> {
    text: &'t str,
    at: usize,
    escape: char,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str, at: usize, escape: char) -> Self {
        Self { text, at, escape }
    }

    /// The next physical line without its end, and its offset.
    fn physical(&mut self) -> Option<(usize, &'t str)> {
        if self.at >= self.text.len() {
            return None;
        }
        let start = self.at;
        let rest = &self.text[start..];
        let length = rest.find('\n').map_or(rest.len(), |found| found + 1);
        self.at += length;
        Some((start, rest[..length].trim_end_matches(['\n', '\r'])))
    }

    /// The next instruction's line; comments and empty lines before it and inside it are skipped.
    pub(super) fn next_logical(&mut self, comments: &mut Vec<Span>) -> Option<Line> {
        loop {
            let (start, content) = self.physical()?;
            let trimmed = content.trim_start();
            if trimmed.is_empty() {
                continue;
            }
            let indent = content.len() - trimmed.len();
            if trimmed.starts_with('#') {
                comments.push(Span::of(start + indent, start + content.len()));
                continue;
            }
            let mut line = Line { text: String::new(), offsets: Vec::new() };
            let mut goes_on = self.append(&mut line, start + indent, trimmed);
            while goes_on {
                let Some((start, content)) = self.physical() else { break };
                let trimmed = content.trim_start();
                let indent = content.len() - trimmed.len();
                if trimmed.starts_with('#') {
                    comments.push(Span::of(start + indent, start + content.len()));
                } else if !trimmed.is_empty() {
                    goes_on = self.append(&mut line, start, content);
                }
            }
            if !line.text.trim().is_empty() {
                return Some(line);
            }
        }
    }

    /// Appends a physical line; whether it goes on with the next.
    fn append(&self, line: &mut Line, start: usize, content: &str) -> bool {
        let cut = content.trim_end_matches([' ', '\t']);
        let without = cut.strip_suffix(self.escape).filter(|before| !before.ends_with(self.escape));
        let kept = without.unwrap_or(content);
        line.text.push_str(kept);
        line.offsets.extend((0..kept.len()).map(|at| Span::of(start + at, start + at).start));
        without.is_some()
    }

    /// The lines up to the delimiter: their range, and the end of the delimiter's line; the end of the file when it is missing.
    pub(super) fn heredoc(&mut self, delimiter: &str, chomp: bool) -> Result<(Span, u32), u32> {
        let body = self.at;
        while let Some((start, content)) = self.physical() {
            let candidate = if chomp { content.trim_start_matches('\t') } else { content };
            if candidate == delimiter {
                return Ok((Span::of(body, start), Span::of(0, start + content.len()).end));
            }
        }
        Err(Span::of(0, self.text.trim_end().len()).end)
    }
}
