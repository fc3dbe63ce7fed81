//! Where the bytes of a shell text are written.

use plimsoll_syntax::{FileId, Place, Span};

use super::holes::is_mark;

/// Where a text is written: as it is from one offset on, or piece by piece, or somewhere in one place.
#[derive(Clone, Debug)]
pub struct Location {
    /// What all places fall back to.
    whole: Place,
    /// Runs of the text that are written as they are: offset in the text, length, offset in the file.
    pieces: Vec<(u32, u32, u32)>,
}

impl Location {
    /// The text lies in the file as it is, from `offset` on.
    #[must_use]
    pub fn exact(file: FileId, offset: u32, text: &str) -> Self {
        let length = Span::of(0, text.len()).end;
        Self { whole: Place::new(file, Span::new(offset, offset + length)), pieces: vec![(0, length, offset)] }
    }

    /// Everything lies in one place.
    #[must_use]
    pub const fn place(place: Place) -> Self {
        Self { whole: place, pieces: Vec::new() }
    }

    /// The text is what `place` of `source` says, perhaps without its indentation, quotes and holes: each line is looked for
    /// there.
    #[must_use]
    pub fn of(place: Place, text: &str, source: Option<&str>) -> Self {
        let mut location = Self::place(place);
        let Some(source) = source.filter(|_| place.is_some()) else { return location };
        let end = (place.span.end as usize).min(source.len());
        let mut cursor = place.span.start as usize;
        let mut at = 0;
        for run in text.split_inclusive(|c: char| c == '\n' || is_mark(c)) {
            let piece = run.trim_end_matches(|c: char| c == '\n' || is_mark(c));
            if !piece.trim().is_empty()
                && let Some(found) = source.get(cursor..end).and_then(|rest| position(rest, piece))
            {
                let offset = cursor + found;
                location.pieces.push((Span::of(0, at).end, Span::of(0, piece.len()).end, Span::of(0, offset).end));
                cursor = offset + piece.len();
            }
            at += run.len();
        }
        location
    }

    /// Adds what is known of a part of the text that begins at `shift`.
    pub(super) fn append(&mut self, part: &Self, shift: u32) {
        self.pieces.extend(part.pieces.iter().map(|(start, length, target)| (start + shift, *length, *target)));
        if part.pieces.is_empty() && part.whole.is_some() {
            self.pieces.push((shift, 0, part.whole.span.start));
        }
        if !self.whole.is_some() {
            self.whole = part.whole;
        }
    }

    /// The whole text.
    #[must_use]
    pub const fn whole(&self) -> Place {
        self.whole
    }

    /// The place of a range of the text.
    #[must_use]
    pub fn at(&self, span: Span) -> Place {
        let mapped = |offset: u32| {
            let index = self.pieces.partition_point(|piece| piece.0 <= offset).checked_sub(1)?;
            let (start, length, target) = self.pieces.get(index).copied()?;
            (offset - start <= length).then_some(target + (offset - start))
        };
        match (mapped(span.start), mapped(span.end)) {
            (Some(start), Some(end)) if start <= end => Place::new(self.whole.file, Span::new(start, end)),
            (Some(start), _) if !self.pieces.is_empty() => Place::new(self.whole.file, Span::at(start)),
            _ => self.whole,
        }
    }
}

/// Where a piece first stands in what is left: most often at once, or behind a quote.
fn position(rest: &str, piece: &str) -> Option<usize> {
    let near = (0..=1).find(|at| rest.get(*at..).is_some_and(|rest| rest.starts_with(piece)));
    near.or_else(|| rest.find(piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_where_they_are_written() {
        let rows: &[(&str, &str, &str, &str)] = &[
            ("run: curl -k x", "curl -k x", "-k", "-k"),
            ("run: |\n    curl a\n    wget b\n", "curl a\nwget b\n", "wget b", "wget b"),
            ("x = <<EOF\n  curl ${var.a} -k\n  wget b\nEOF", "curl \u{E000} -k\nwget b\n", "-k", "-k"),
            ("run: \"curl \\\"a\\\" b\"", "curl \"a\" b", "b", "run: \"curl \\\"a\\\" b\""),
        ];
        for (source, text, part, expected) in rows {
            let place = Place::new(FileId(0), Span::of(0, source.len()));
            let location = Location::of(place, text, Some(source));
            let at = text.rfind(part).unwrap();
            let found = location.at(Span::of(at, at + part.len()));
            assert_eq!(found.span.text(source), *expected, "{source}");
        }
    }
}
