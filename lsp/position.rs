//! Lines and columns as the protocol counts them.

use plimsoll_engine::Range as EngineRange;
use tower_lsp_server::ls_types::{Position, PositionEncodingKind, Range};

/// What a column counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    #[default]
    Utf16,
    Utf32,
}

impl Encoding {
    /// The cheapest of those that a client offers; without an offer, UTF-16 is meant.
    pub(crate) fn chosen(offered: Option<&[PositionEncodingKind]>) -> Self {
        let offers = |kind: &PositionEncodingKind| offered.is_some_and(|offered| offered.contains(kind));
        if offers(&PositionEncodingKind::UTF8) {
            Self::Utf8
        } else if offers(&PositionEncodingKind::UTF32) && !offers(&PositionEncodingKind::UTF16) {
            Self::Utf32
        } else {
            Self::Utf16
        }
    }

    /// Its name in the protocol.
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    /// So many characters of a line, in units.
    pub(crate) fn units(self, line: &str, characters: u32) -> u32 {
        let end = line.char_indices().nth(characters as usize).map_or(line.len(), |(at, _)| at);
        u32::try_from(self.length(line.get(..end).unwrap_or(""))).unwrap_or(u32::MAX)
    }

    fn length(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
            Self::Utf32 => text.chars().count(),
        }
    }

    /// The byte at which so many units have passed; at most the length of the text, never inside of a character.
    fn offset(self, text: &str, units: usize) -> usize {
        let mut passed = 0;
        for (at, letter) in text.char_indices() {
            if passed >= units {
                return at;
            }
            passed += match self {
                Self::Utf8 => letter.len_utf8(),
                Self::Utf16 => letter.len_utf16(),
                Self::Utf32 => 1,
            };
        }
        text.len()
    }
}

/// Where the lines of a text begin: after `\n`, `\r\n` or a lone `\r`.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    starts: Vec<usize>,
    encoding: Encoding,
}

impl Lines {
    /// Looks for line ends.
    pub(crate) fn new(text: &str, encoding: Encoding) -> Self {
        let bytes = text.as_bytes();
        let ends =
            bytes.iter().enumerate().filter(|&(at, &byte)| byte == b'\n' || byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
        Self { starts: [0].into_iter().chain(ends.map(|(at, _)| at + 1)).collect(), encoding }
    }

    /// The position of a byte.
    pub(crate) fn position(&self, text: &str, offset: usize) -> Position {
        let line = self.starts.partition_point(|&start| start <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = text.get(start..offset.min(text.len())).unwrap_or("");
        let before = before.strip_prefix('\u{feff}').filter(|_| start == 0).unwrap_or(before);
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position::new(number(line), number(self.encoding.length(before)))
    }

    /// The byte of a position; one behind the end of its line is the end of the line.
    pub(crate) fn offset(&self, text: &str, position: Position) -> usize {
        let Some(&start) = self.starts.get(position.line as usize) else { return text.len() };
        let end = self.starts.get(position.line as usize + 1).copied().unwrap_or(text.len());
        let line = text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r']);
        let mark = if start == 0 && line.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        start + mark + self.encoding.offset(line.get(mark..).unwrap_or(""), position.character as usize)
    }

    /// A range of the engine.
    pub(crate) fn range(&self, text: &str, range: &EngineRange) -> Range {
        Range::new(self.position(text, range.span.start as usize), self.position(text, range.span.end as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_what_was_agreed() {
        let text = "a\r\né😀x\rz\n";
        for (encoding, column) in [(Encoding::Utf8, 6), (Encoding::Utf16, 3), (Encoding::Utf32, 2)] {
            let lines = Lines::new(text, encoding);
            let x = text.find('x').unwrap();
            assert_eq!(lines.position(text, x), Position::new(1, column));
            assert_eq!(lines.offset(text, Position::new(1, column)), x);
            assert_eq!(lines.offset(text, Position::new(1, 99)), text.find("\rz").unwrap(), "the end of the line");
            assert_eq!(lines.position(text, text.find('z').unwrap()), Position::new(2, 0), "a lone carriage return ends a line");
            assert_eq!(lines.offset(text, Position::new(99, 0)), text.len());
        }
    }

    #[test]
    fn a_byte_order_mark_has_no_width() {
        let text = "\u{feff}ab";
        let lines = Lines::new(text, Encoding::Utf16);
        assert_eq!(lines.position(text, 4), Position::new(0, 1));
        assert_eq!(lines.offset(text, Position::new(0, 1)), 4);
    }

    #[test]
    fn the_encoding_is_one_that_both_know() {
        let (utf8, utf16, utf32) = (PositionEncodingKind::UTF8, PositionEncodingKind::UTF16, PositionEncodingKind::UTF32);
        assert_eq!(Encoding::chosen(None), Encoding::Utf16);
        assert_eq!(Encoding::chosen(Some(&[utf16.clone(), utf8])), Encoding::Utf8);
        assert_eq!(Encoding::chosen(Some(&[utf32.clone(), utf16])), Encoding::Utf16);
        assert_eq!(Encoding::chosen(Some(&[utf32])), Encoding::Utf32);
    }
}
