//! Words and operators. The bodies of here-documents are taken out on the way, so that the grammar never meets them.
//!
//! Every byte is read once, but for a short look ahead at `((`: what nothing closes reaches to the end of the text, and is never tried in
//! another way.
//!
//! Source: POSIX.1-2024, Shell Command Language, 2.2 to 2.3 and 2.7.4; the Bash manual for `<<<`, `&>`, `|&`, `$'…'`, `((…))`, arrays and patterns.

use super::word;
use crate::text::Span;

mod expansion;

/// Expansions nest so deep, at most, before they are read as plain text.
const MAX_NESTING: usize = 40;

/// Longest first.
const OPERATORS: &[&str] = &[
    "&>>", "<<<", "<<-", ";;&", "&&", "||", ";;", ";&", "|&", "&>", "<<", ">>", "<&", ">&", "<>", ">|", "&", "|", ";", "(", ")",
    "<", ">",
];

/// A piece of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Newline,
    Operator(&'static str),
    /// The digits right before a redirection.
    Descriptor,
    /// `((…))`
    Arithmetic,
    /// `<<TAG`, with its index among the documents.
    HereDocument(usize),
}

/// A here-document.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    /// The word after the operator, as written.
    pub(super) tag: Span,
    /// `<<-`: tabs before the lines do not count.
    pub(super) indented: bool,
    /// From the line after the command to the line of the tag; `None`: the text ends before.
    pub(super) body: Option<Span>,
}

/// The tokens of a script, and the here-documents in it.
pub(super) fn tokens(text: &str) -> (Vec<Token>, Vec<Document>) {
    let mut lexer = Lexer::new(text, 0);
    let tokens = std::iter::from_fn(|| lexer.token()).collect();
    (tokens, lexer.documents)
}

/// The end of the `$…` or of the backquotes at `at`, and whether they are closed there; `double`: they stand in double quotes.
pub(super) fn expansion(text: &str, at: usize, double: bool) -> (usize, bool) {
    let mut lexer = Lexer::new(text, at);
    let closed = lexer.expansion(double);
    (lexer.at.min(text.len()), closed)
}

struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Expansions around.
    depth: usize,
    /// Here-documents whose bodies begin on the next line.
    pending: Vec<usize>,
    documents: Vec<Document>,
    /// `((` without an end.
    tries: usize,
}

impl<'t> Lexer<'t> {
    fn new(text: &'t str, at: usize) -> Self {
        Self { text, bytes: text.as_bytes(), at, depth: 0, pending: Vec::new(), documents: Vec::new(), tries: 0 }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end.min(self.text.len())).unwrap_or("")
    }

    /// The text may end within what is skipped.
    fn skip(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.bytes.len());
    }

    /// Past the next of these bytes; `false`: there is none, and the text is at its end.
    fn skip_past(&mut self, byte: u8) -> bool {
        let found = self.bytes.get(self.at..).and_then(|rest| rest.iter().position(|known| *known == byte));
        self.at = found.map_or(self.bytes.len(), |found| self.at + found + 1);
        found.is_some()
    }

    /// White space, continued lines, comments.
    fn skip_blank(&mut self) {
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b' ' | b'\t'), _) => self.at += 1,
                (Some(b'\r'), Some(b'\n') | None) => self.at += 1,
                (Some(b'\\'), Some(b'\n')) => self.at += 2,
                (Some(b'#'), _) => {
                    let rest = self.bytes.get(self.at..).unwrap_or_default();
                    self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    fn token(&mut self) -> Option<Token> {
        self.skip_blank();
        let start = self.at;
        let kind = match self.peek(0)? {
            b'\n' => {
                self.at += 1;
                self.bodies();
                return Some(Token { kind: Kind::Newline, span: Span::of(start, start + 1) });
            }
            b'(' if self.peek(1) == Some(b'(') && self.arithmetic() => Kind::Arithmetic,
            byte => match self.operator(byte) {
                Some(operator) => {
                    self.at += operator.len();
                    self.here_document(operator).unwrap_or(Kind::Operator(operator))
                }
                None => {
                    self.word();
                    let digits = self.bytes[start..self.at].iter().all(u8::is_ascii_digit);
                    if digits && matches!(self.peek(0), Some(b'<' | b'>')) { Kind::Descriptor } else { Kind::Word }
                }
            },
        };
        Some(Token { kind, span: Span::of(start, self.at) })
    }

    /// The operator that the byte at hand begins.
    fn operator(&self, byte: u8) -> Option<&'static str> {
        if !matches!(byte, b'&' | b'|' | b';' | b'(' | b')' | b'<' | b'>') {
            return None;
        }
        OPERATORS.iter().find(|operator| self.bytes[self.at..].starts_with(operator.as_bytes())).copied()
    }

    /// A word; it takes a byte at least.
    fn word(&mut self) {
        let start = self.at;
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\n' | b'&' | b'|' | b';' | b'<' | b'>' | b')' => return,
                b'\r' if matches!(self.peek(1), Some(b'\n') | None) => return,
                b'(' if self.depth < MAX_NESTING && word::is_assigned(self.slice(start, self.at)) => self.array(),
                b'(' if self.depth < MAX_NESTING && is_pattern(self.slice(start, self.at)) => {
                    self.parentheses();
                }
                b'(' => return,
                b'\\' | b'\'' | b'"' | b'$' | b'`' => self.character(),
                _ => self.at += 1,
            }
        }
    }

    /// What follows `<<`: the tag. Its body begins after the line.
    fn here_document(&mut self, operator: &str) -> Option<Kind> {
        if !matches!(operator, "<<" | "<<-") {
            return None;
        }
        while let Some(b' ' | b'\t') = self.peek(0) {
            self.at += 1;
        }
        let start = self.at;
        self.word();
        if self.at == start {
            return None;
        }
        let index = self.documents.len();
        self.documents.push(Document { tag: Span::of(start, self.at), indented: operator == "<<-", body: None });
        self.pending.push(index);
        Some(Kind::HereDocument(index))
    }

    /// The bodies that begin here, one after the other.
    fn bodies(&mut self) {
        for index in std::mem::take(&mut self.pending) {
            let start = self.at;
            let Some(document) = self.documents.get(index) else { continue };
            let tag = word::without_quotes(document.tag.text(self.text));
            let end = self.end_of_body(&tag, document.indented);
            if let Some(document) = self.documents.get_mut(index) {
                document.body = Some(Span::of(start, end));
            }
        }
    }

    /// Moves past the line of the tag, and gives its beginning. A body that has none reaches to the end of the text, as shells have it.
    fn end_of_body(&mut self, tag: &str, indented: bool) -> usize {
        while self.at < self.bytes.len() {
            let start = self.at;
            self.skip_past(b'\n');
            let line = self.slice(start, self.at).trim_end_matches(['\n', '\r']);
            let content = if indented { line.trim_start_matches('\t') } else { line };
            if content == tag {
                return start;
            }
            // `$(cat <<E … E)`: shells take that for the end as well.
            if self.depth > 0 && content.strip_prefix(tag).is_some_and(|rest| rest.starts_with(')')) {
                self.at = start + (line.len() - content.len()) + tag.len();
                return start;
            }
        }
        self.at
    }
}

/// A word may go on with `(` after these: `@(a|b)`. A single `!` negates a group.
fn is_pattern(word: &str) -> bool {
    word != "!" && word.ends_with(['@', '!', '?', '+', '*'])
}

/// Whether a word after the operator is the target of a redirection.
pub(super) fn is_redirection(operator: &str) -> bool {
    operator.contains(['<', '>'])
}

#[cfg(test)]
mod tests;
