//! Texts that are put together from what a file writes here and there, with the places of their parts.

use std::sync::Arc;

use plimsoll_syntax::value::Unknown;
use plimsoll_syntax::{FileId, Place, Span, Value};

use crate::shell::{Location, holes};

/// A text that stands nowhere as it reads.
#[derive(Clone, Debug)]
pub(crate) struct Assembled {
    text: String,
    holes: Vec<Arc<Unknown>>,
    pieces: Vec<Piece>,
    /// Where it belongs.
    home: Place,
}

/// A part of the text, and where it is written.
#[derive(Clone, Debug)]
struct Piece {
    span: Span,
    location: Location,
}

impl Assembled {
    /// The empty text; what belongs to no part of it is placed at `home`.
    pub(crate) const fn new(home: Place) -> Self {
        Self { text: String::new(), holes: Vec::new(), pieces: Vec::new(), home }
    }

    /// Adds words that nobody has written: `place` is what they mean.
    pub(crate) fn add(&mut self, text: &str, place: Place) {
        self.push(text, Location::place(place));
    }

    /// Adds what a scalar says; `source` is the text of the file that it is written in. Whether it is a scalar.
    pub(crate) fn add_value(&mut self, value: &Value, source: Option<&str>) -> bool {
        let Some(text) = holes::marked(value, &mut self.holes) else { return false };
        let location = Location::of(value.place, &text, source);
        self.push(&text, location);
        true
    }

    fn push(&mut self, text: &str, location: Location) {
        let start = self.text.len();
        self.text.push_str(text);
        self.pieces.push(Piece { span: Span::of(start, self.text.len()), location });
    }

    /// The text; its holes are characters that stand for [`Self::holes`].
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn holes(&self) -> &[Arc<Unknown>] {
        &self.holes
    }

    /// The file that it belongs to.
    pub(crate) const fn file(&self) -> FileId {
        self.home.file
    }

    /// The place of a range of the text.
    pub(crate) fn at(&self, span: Span) -> Place {
        let (Some(first), Some(last)) = (self.piece(span.start), self.piece(span.end.saturating_sub(1).max(span.start))) else {
            return self.home;
        };
        let within = |piece: &Piece| {
            let from = span.start.max(piece.span.start) - piece.span.start;
            let to = span.end.min(piece.span.end).saturating_sub(piece.span.start);
            piece.location.at(Span::new(from, to.max(from)))
        };
        let (start, end) = (within(first), within(last));
        let joined = start.file == end.file && start.span.start <= end.span.start;
        if joined { Place::new(start.file, start.span.to(end.span)) } else { start }
    }

    fn piece(&self, offset: u32) -> Option<&Piece> {
        let index = self.pieces.partition_point(|piece| piece.span.start <= offset).checked_sub(1)?;
        self.pieces.get(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_their_places() {
        let source = "image = \"alpine\"\nchanges = [\"USER app\"]\n";
        let place =
            |text: &str| Place::new(FileId(0), Span::of(source.find(text).unwrap(), source.find(text).unwrap() + text.len()));
        let mut written = Assembled::new(place("image"));
        written.add("FROM ", place("image"));
        written.add_value(&Value::string("alpine", place("\"alpine\"")), Some(source));
        written.add("\n", Place::NONE);
        written.add_value(&Value::string("USER app", place("\"USER app\"")), Some(source));
        for (part, expected) in [("FROM", "image"), ("alpine", "alpine"), ("app", "app"), ("FROM alpine", "image = \"alpine")] {
            let start = written.text().find(part).unwrap();
            assert_eq!(written.at(Span::of(start, start + part.len())).span.text(source), expected, "{part}");
        }
    }
}
