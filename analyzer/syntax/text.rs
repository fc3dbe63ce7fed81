//! Bytes, byte ranges, lines and columns.

use std::fmt::{self, Write as _};
use std::ops::Range;

use compact_str::CompactString;

/// A half-open range of byte offsets into one file's text.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The range from `start` to `end`; an `end` before `start` gives an empty range at `start`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end: if end < start { start } else { end } }
    }

    /// The range of `usize` offsets, as parsers count them. Files above 4 GiB are refused long before this.
    #[must_use]
    pub fn of(start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self::new(clamp(start), clamp(end))
    }

    /// The empty range at `offset`.
    #[must_use]
    pub const fn at(offset: u32) -> Self {
        Self { start: offset, end: offset }
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether no byte lies in the range.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `other` lies wholly inside.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The range for slicing text.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The text of the range, empty where the range does not lie on character boundaries of `text`.
    #[must_use]
    pub fn text(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or("")
    }

    /// The same range, moved right by `offset` bytes: from a snippet into the file that holds it.
    #[must_use]
    pub const fn shifted(self, offset: u32) -> Self {
        Self { start: self.start.saturating_add(offset), end: self.end.saturating_add(offset) }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// A file of the workspace, by its index in the sorted list of paths. Only the engine gives these out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

impl FileId {
    /// No file: the value was not written anywhere (a provider's default, for example).
    pub const NONE: Self = Self(u32::MAX);
}

/// A byte range in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The bytes.
    pub span: Span,
}

impl Place {
    /// Not written anywhere.
    pub const NONE: Self = Self { file: FileId::NONE, span: Span { start: 0, end: 0 } };

    /// The place of `span` in `file`.
    #[must_use]
    pub const fn new(file: FileId, span: Span) -> Self {
        Self { file, span }
    }

    /// Whether this is a place in a file.
    #[must_use]
    pub fn is_some(self) -> bool {
        self.file != FileId::NONE
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::NONE
    }
}

/// Something that a parser could not read, and what it lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where; tight enough to underline.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: CompactString,
}

impl SyntaxError {
    /// An error at `span`.
    pub fn new(span: Span, message: impl Into<CompactString>) -> Self {
        Self { span, message: message.into() }
    }
}

/// The offset, or the start of the character that it lies within; the end of the text for what lies behind it.
pub(crate) fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Decodes a file. Every byte offset of the result is one of the input: a byte that is not UTF-8 becomes one `?`, and the
/// first such run of bytes is reported.
#[must_use]
pub fn decode(bytes: Vec<u8>) -> (String, Option<SyntaxError>) {
    let mut bytes = match String::from_utf8(bytes) {
        Ok(text) => return (text, None),
        Err(error) => error.into_bytes(),
    };
    let mut first = None;
    let mut from = 0;
    while let Err(error) = std::str::from_utf8(&bytes[from..]) {
        let start = from + error.valid_up_to();
        let end = error.error_len().map_or(bytes.len(), |len| start + len);
        first.get_or_insert(Span::of(start, end));
        bytes[start..end].fill(b'?');
        from = end;
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (text, first.map(|span| SyntaxError::new(span, "bytes here are not valid UTF-8")))
}

/// The byte order mark that some editors put first; not part of the first line.
pub const BOM: char = '\u{feff}';

/// A line and a column, both counted from 1. Columns count Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

/// Where the lines of one text begin. `\n` ends a line; `\r\n` is one line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| Span::of(at + 1, at + 1).start));
        Self { starts }
    }

    /// The line of `offset`, from 1.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.starts.partition_point(|&start| start <= offset)).unwrap_or(u32::MAX)
    }

    /// How many lines there are; an empty text has one.
    #[must_use]
    pub fn lines(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// The bytes of `line` (from 1) without its line end; empty for a line that is not there.
    #[must_use]
    pub fn line_span(&self, line: u32, text: &str) -> Span {
        let Some(&start) = (line as usize).checked_sub(1).and_then(|index| self.starts.get(index)) else {
            return Span::default();
        };
        let end = self.starts.get(line as usize).copied().unwrap_or(Span::of(text.len(), text.len()).start);
        let content = Span::new(start, end).text(text).trim_end_matches(['\n', '\r']);
        Span::new(start, start + Span::of(0, content.len()).end)
    }

    /// The line and column of `offset` in `text`, the text that this index was made from.
    #[must_use]
    pub fn position(&self, offset: u32, text: &str) -> Position {
        let line = self.line(offset);
        let start = self.starts[line as usize - 1];
        let before = Span::new(start, offset).text(text);
        let columns = before.strip_prefix(BOM).filter(|_| start == 0).unwrap_or(before).chars().count();
        Position { line, column: u32::try_from(columns).unwrap_or(u32::MAX).saturating_add(1) }
    }
}

/// Pieces of text one after the other: names are made all the time, and formatting them costs several times as much.
#[must_use]
pub fn joined<const N: usize>(pieces: [&str; N]) -> CompactString {
    let mut text = CompactString::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
    pieces.iter().for_each(|piece| text.push_str(piece));
    text
}

/// Adds a text as it stands between the quotes of JSON that Go's `encoding/json` writes: what HTML gives a meaning is escaped, too
/// (<https://pkg.go.dev/encoding/json#HTMLEscape>).
pub fn push_json(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_once() {
        let text = "\u{feff}aé=1\r\nb\n";
        let index = LineIndex::new(text);
        let at = |needle: &str| {
            let found = text.find(needle).unwrap_or_default();
            let position = index.position(Span::of(found, found).start, text);
            (position.line, position.column)
        };
        assert_eq!(at("a"), (1, 1));
        assert_eq!(at("="), (1, 3));
        assert_eq!(at("b"), (2, 1));
        assert_eq!(index.line_span(1, text).text(text), "\u{feff}aé=1");
        assert_eq!(index.lines(), 3);
    }

    #[test]
    fn decoding_keeps_offsets() {
        let (text, error) = decode(b"a\xff\xfe=1".to_vec());
        assert_eq!(text, "a??=1");
        assert_eq!(error.map(|error| error.span), Some(Span::new(1, 2)));
    }
}
