//! Words and operators. The bodies of here-documents are taken out on the way, so that the grammar never meets them.
//!
//! Every byte is read once: what nothing closes reaches to the end of the text, and is never tried in another way.
//!
//! Source: POSIX.1-2024, Shell Command Language, 2.2 to 2.3 and 2.7.4; the Bash manual for `<<<`, `&>`, `|&`, `$'…'`, `((…))`, arrays and patterns.

use super::word;
use crate::text::Span;

/// Expansions nest so deep, at most, before they are read as plain text.
const MAX_NESTING: usize = 40;
/// Arithmetic between `((` and `))` is so long, at most.
const MAX_ARITHMETIC: usize = 4096;
/// `((` without an end that near, before no more are tried as arithmetic: each costs a look at so many bytes.
const MAX_TRIES: usize = 16;

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
    tries: usize,
}

/// What a `)` may belong to, within a substitution.
#[derive(PartialEq, Eq)]
enum Nest {
    Parenthesis,
    /// Between `in` and `esac`: it ends a pattern.
    Case,
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
            _ => match OPERATORS.iter().find(|operator| self.bytes[start..].starts_with(operator.as_bytes())) {
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
                _ => self.character(),
            }
        }
    }

    /// A character with what it begins, outside of double quotes.
    fn character(&mut self) {
        match self.peek(0) {
            Some(b'\\') => self.skip(2),
            Some(b'\'') => {
                self.at += 1;
                self.skip_past(b'\'');
            }
            Some(b'"') => self.double_quotes(),
            Some(b'$' | b'`') => {
                self.expansion(false);
            }
            _ => self.skip(1),
        }
    }

    fn double_quotes(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => self.skip(2),
                b'$' | b'`' => {
                    self.expansion(true);
                }
                _ => self.at += 1,
            }
        }
    }

    /// `$…` or backquotes. Whether they are closed.
    fn expansion(&mut self, double: bool) -> bool {
        match (self.peek(0), self.peek(1)) {
            (Some(b'`'), _) => self.quoted_until(b'`'),
            (_, Some(b'\'')) if !double => {
                self.at += 1;
                self.quoted_until(b'\'')
            }
            (_, Some(b'(' | b'{')) if self.depth >= MAX_NESTING => {
                self.at += 1;
                false
            }
            (_, Some(b'(')) if self.peek(2) == Some(b'(') => {
                self.at += 1;
                self.parentheses()
            }
            (_, Some(b'(')) => self.substitution(),
            (_, Some(b'{')) => self.braces(double),
            _ => {
                self.at += 1;
                true
            }
        }
    }

    /// From a quote to the next of its kind that no backslash escapes.
    fn quoted_until(&mut self, quote: u8) -> bool {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => self.skip(2),
                _ => self.at += 1,
            }
            if byte == quote {
                return true;
            }
        }
        false
    }

    /// `${…}`
    fn braces(&mut self, double: bool) -> bool {
        self.at += 2;
        self.depth += 1;
        let mut closed = false;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'}' => {
                    self.at += 1;
                    closed = true;
                    break;
                }
                b'\'' if double => self.at += 1,
                b'$' | b'`' => {
                    self.expansion(double);
                }
                _ => self.character(),
            }
        }
        self.depth -= 1;
        closed
    }

    /// `(…)` of arithmetic and patterns, with all the parentheses in it.
    fn parentheses(&mut self) -> bool {
        self.depth += 1;
        let mut open = 0_usize;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {
                    self.character();
                    continue;
                }
            }
            self.at += 1;
            if open == 0 {
                break;
            }
        }
        self.depth -= 1;
        open == 0
    }

    /// `((…))`; else two groups begin here. Nothing but quotes and parentheses counts, so that no attempt makes others.
    fn arithmetic(&mut self) -> bool {
        let end = self.at + MAX_ARITHMETIC;
        let window = self.bytes.get(self.at..end.min(self.bytes.len())).filter(|_| self.tries < MAX_TRIES).unwrap_or_default();
        let (mut open, mut quote) = (0_usize, None);
        let mut bytes = window.iter().enumerate();
        while let Some((index, &byte)) = bytes.next() {
            match (quote, byte) {
                (Some(b'\''), b'\'') | (Some(b'"'), b'"') => quote = None,
                (Some(b'\''), _) => {}
                (_, b'\\') => drop(bytes.next()),
                (Some(_), _) => {}
                (None, b'\'' | b'"') => quote = Some(byte),
                (None, b'(') => open += 1,
                (None, b')') => open -= 1,
                _ => continue,
            }
            if open == 0 {
                let found = window.get(..=index).is_some_and(|all| all.ends_with(b"))"));
                self.at += if found { index + 1 } else { 0 };
                return found;
            }
        }
        self.tries += 1;
        false
    }

    /// `(…)` of an array.
    fn array(&mut self) {
        self.at += 1;
        self.depth += 1;
        let mut open = 1_usize;
        while open > 0 {
            match self.token() {
                Some(Token { kind: Kind::Operator("("), .. }) => open += 1,
                Some(Token { kind: Kind::Operator(")"), .. }) => open -= 1,
                Some(_) => {}
                None => break,
            }
        }
        self.depth -= 1;
    }

    /// `$(…)`: a script, of which the end of a pattern is no end.
    fn substitution(&mut self) -> bool {
        self.at += 2;
        self.depth += 1;
        let mut nest = Vec::new();
        // How much of `case WORD in` was read, and whether a command may begin.
        let (mut case, mut head) = (0, true);
        let mut closed = false;
        while let Some(token) = self.token() {
            let written = token.span.text(self.text);
            match token.kind {
                Kind::Operator("(") => nest.push(Nest::Parenthesis),
                Kind::Operator(")") => match nest.last() {
                    None => {
                        closed = true;
                        break;
                    }
                    Some(Nest::Parenthesis) => drop(nest.pop()),
                    Some(Nest::Case) => {}
                },
                Kind::Word if head && written == "esac" && nest.last() == Some(&Nest::Case) => drop(nest.pop()),
                Kind::Word if case == 2 && written == "in" => nest.push(Nest::Case),
                _ => {}
            }
            case = match token.kind {
                Kind::Word if head && written == "case" => 1,
                Kind::Word if case == 1 => 2,
                Kind::Newline if case == 2 => 2,
                _ => 0,
            };
            head = match token.kind {
                Kind::Newline => true,
                Kind::Operator(operator) => !is_redirection(operator),
                Kind::Word => word::begins_command(written),
                _ => false,
            };
        }
        self.depth -= 1;
        closed
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
