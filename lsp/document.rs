//! Open documents.

use tower_lsp_server::ls_types::{TextDocumentContentChangeEvent, Uri};

use crate::position::{Encoding, Lines};

/// A document as the client has it.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// As the client writes it.
    pub(crate) uri: Uri,
    /// The client's count of edits.
    pub(crate) version: i32,
    pub(crate) text: String,
}

impl Document {
    /// Applies changes, one after the other.
    pub(crate) fn change(&mut self, version: i32, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) {
        self.version = version;
        for change in changes {
            let Some(range) = change.range else {
                self.text = change.text;
                continue;
            };
            let lines = Lines::new(&self.text, encoding);
            let (start, end) = (lines.offset(&self.text, range.start), lines.offset(&self.text, range.end));
            self.text.replace_range(start.min(end)..end.max(start), &change.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use tower_lsp_server::ls_types::{Position, Range};

    use super::*;

    #[test]
    fn changes_apply_one_after_the_other() {
        let uri = Uri::from_str("file:///a").unwrap();
        let mut document = Document { uri, version: 1, text: "é😀 a\nb\n".to_owned() };
        let change = |start: (u32, u32), end: (u32, u32), text: &str| TextDocumentContentChangeEvent {
            range: Some(Range::new(Position::new(start.0, start.1), Position::new(end.0, end.1))),
            range_length: None,
            text: text.to_owned(),
        };
        document.change(
            2,
            vec![change((0, 4), (0, 5), "x"), change((1, 0), (9, 0), "c\n"), change((0, 0), (0, 1), "")],
            Encoding::Utf16,
        );
        assert_eq!((document.version, document.text.as_str()), (2, "😀 x\nc\n"));
        document.change(
            3,
            vec![TextDocumentContentChangeEvent { range: None, range_length: None, text: "all".to_owned() }],
            Encoding::Utf16,
        );
        assert_eq!(document.text, "all");
    }
}
