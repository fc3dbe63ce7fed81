//! The parser: one pass over the bytes, no token list. It never fails: what it cannot read becomes an error and is skipped.

mod body;
mod expression;
mod template;

use std::sync::Arc;

use super::tree::{Body, Expr, ExprId, ExprKind, List, ObjectItem, Part, Tree};
use crate::text::{Span, SyntaxError};

/// How deep expressions and blocks may nest.
const MAX_DEPTH: u32 = 200;
/// More errors than this say nothing new.
const MAX_ERRORS: usize = 64;

/// So many times as much as there is may be read once more: what is broken inside of what is broken would double the work with every
/// level.
const REREADS: usize = 8;

/// Reads HCL.
#[must_use]
pub fn parse(source: &Arc<str>) -> Tree {
    let first = Parser::new(source, false).file();
    if first.1 {
        // A block is never closed. Where the text is indented, a block header in column one tells where it should have been.
        let second = Parser::new(source, true).file();
        return second.0;
    }
    first.0
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    /// Newlines are white space: inside parentheses, brackets, calls, `${}`.
    newlines: bool,
    /// A block header in column one ends every open block.
    columns: bool,
    unclosed: bool,
    tree: Tree,
    pending: Vec<ExprId>,
    pending_items: Vec<ObjectItem>,
    /// How many bytes may be read once more after something broken.
    rereads: usize,
}

impl<'a> Parser<'a> {
    fn new(source: &'a Arc<str>, columns: bool) -> Self {
        let guess = source.len() / 12;
        Self {
            text: source,
            bytes: source.as_bytes(),
            at: if source.starts_with(crate::text::BOM) { crate::text::BOM.len_utf8() } else { 0 },
            depth: 0,
            newlines: false,
            columns,
            unclosed: false,
            tree: Tree {
                source: source.clone(),
                body: Body::default(),
                exprs: Vec::with_capacity(guess),
                expr_lists: Vec::new(),
                object_items: Vec::new(),
                for_exprs: Vec::new(),
                parts: Vec::with_capacity(guess / 2),
                comments: Vec::new(),
                errors: Vec::new(),
            },
            rereads: source.len().saturating_mul(REREADS),
            pending: Vec::new(),
            pending_items: Vec::new(),
        }
    }

    fn file(mut self) -> (Tree, bool) {
        self.tree.body = self.body(None);
        self.tree.errors.sort_by_key(|error| error.span.start);
        // There was room for as many as a text of this length may have.
        self.tree.exprs.shrink_to_fit();
        self.tree.parts.shrink_to_fit();
        (self.tree, self.unclosed)
    }

    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn peek_at(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn here(&self) -> Span {
        let end = self.text[self.at..].chars().next().filter(|c| *c != '\n').map_or(self.at, |c| self.at + c.len_utf8());
        Span::of(self.at, end)
    }

    fn error(&mut self, span: Span, message: impl Into<compact_str::CompactString>) {
        if self.tree.errors.len() < MAX_ERRORS {
            self.tree.errors.push(SyntaxError::new(span, message));
        }
    }

    fn push(&mut self, start: usize, end: usize, kind: ExprKind) -> ExprId {
        self.tree.exprs.push(Expr { span: Span::of(start, end), kind });
        ExprId(Span::of(0, self.tree.exprs.len() - 1).end)
    }

    fn list<T>(all: &mut Vec<T>, new: impl IntoIterator<Item = T>) -> List<T> {
        let start = all.len();
        all.extend(new);
        List { start: Span::of(0, start).end, len: Span::of(0, all.len() - start).end, of: std::marker::PhantomData }
    }

    /// White space and comments; newlines too where they do not matter.
    #[inline]
    fn space(&mut self) {
        let byte = self.peek();
        // Mostly there is none.
        if byte < 64 && SPACE >> byte & 1 == 1 && (byte != b'\n' || self.newlines) {
            self.some_space();
        }
    }

    fn some_space(&mut self) {
        let (bytes, newlines) = (self.bytes, self.newlines);
        let mut at = self.at;
        loop {
            match bytes.get(at) {
                Some(b' ' | b'\t') => at += 1,
                Some(b'\n') if newlines => at += 1,
                Some(b'\r') if newlines || bytes.get(at + 1) == Some(&b'\n') => at += 1,
                Some(b'#') => at = self.comment_at(at, Self::line_comment),
                Some(b'/') if bytes.get(at + 1) == Some(&b'/') => at = self.comment_at(at, Self::line_comment),
                Some(b'/') if bytes.get(at + 1) == Some(&b'*') => at = self.comment_at(at, Self::block_comment),
                _ => break,
            }
        }
        self.at = at;
    }

    /// Reads a comment; where it ends.
    fn comment_at(&mut self, at: usize, comment: fn(&mut Self)) -> usize {
        self.at = at;
        comment(self);
        self.at
    }

    /// White space, comments and newlines, whatever the place.
    fn space_and_newlines(&mut self) {
        let before = std::mem::replace(&mut self.newlines, true);
        self.space();
        self.newlines = before;
    }

    fn line_comment(&mut self) {
        let start = self.at;
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let end = if self.at > start && self.bytes[self.at - 1] == b'\r' { self.at - 1 } else { self.at };
        self.tree.comments.push(Span::of(start, end));
    }

    fn block_comment(&mut self) {
        let start = self.at;
        match self.text[start + 2..].find("*/") {
            Some(found) => self.at = start + 2 + found + 2,
            None => {
                self.at = self.bytes.len();
                self.error(Span::of(start, start + 2), "this comment is never closed");
            }
        }
        self.tree.comments.push(Span::of(start, self.at));
    }

    /// Skips to the end of the line, or to a closing brace on it.
    fn skip_line(&mut self) {
        while !self.at_end() && self.peek() != b'\n' {
            match self.peek() {
                b'#' => return self.line_comment(),
                b'"' => {
                    self.at += 1;
                    while !self.at_end() && !matches!(self.peek(), b'"' | b'\n') {
                        self.at += if self.peek() == b'\\' && self.peek_at(1) != b'\n' { 2 } else { 1 };
                    }
                    if self.peek() == b'"' {
                        self.at += 1;
                    }
                }
                _ => self.at += 1,
            }
            self.at = self.at.min(self.bytes.len());
        }
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    /// An identifier: letters, digits, `_` and `-`, not beginning with a digit or `-`.
    #[inline]
    fn identifier(&mut self) -> Option<Span> {
        let start = self.at;
        let mut at = start;
        while let Some(&byte) = self.bytes.get(at) {
            if in_name(byte, at > start) {
                at += 1;
            } else if byte >= 0x80 {
                let next = self.text[at..]
                    .chars()
                    .next()
                    .filter(|c| c.is_alphabetic() || (at > start && c.is_alphanumeric()) || is_mark(*c, at > start));
                match next {
                    Some(c) => at += c.len_utf8(),
                    None => break,
                }
            } else {
                break;
            }
        }
        if at == start {
            return None;
        }
        self.at = at;
        Some(Span::of(start, at))
    }

    fn word(&self, span: Span) -> &'a str {
        span.text(self.text)
    }

    fn deeper(&mut self) -> bool {
        self.depth += 1;
        self.depth <= MAX_DEPTH
    }

    fn parts(&mut self, parts: Vec<Part>) -> List<Part> {
        Self::list(&mut self.tree.parts, parts)
    }
}

/// Combining marks and connectors go on with an identifier, as `ID_Continue` has them.
/// The bytes that white space and comments begin with, as bits.
const SPACE: u64 = 1 << b' ' | 1 << b'\t' | 1 << b'\r' | 1 << b'\n' | 1 << b'#' | 1 << b'/';

/// What each ASCII byte is in a name: 2 begins one, 1 may stand in one.
const NAME: [u8; 256] = {
    let mut all = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        all[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => 3,
            b'0'..=b'9' | b'-' => 1,
            _ => 0,
        };
        byte += 1;
    }
    all
};

/// Whether an ASCII byte may stand in a name, or begin one.
#[inline]
const fn in_name(byte: u8, inside: bool) -> bool {
    NAME[byte as usize] & if inside { 1 } else { 2 } != 0
}

fn is_mark(c: char, inside: bool) -> bool {
    inside && matches!(c, '\u{0300}'..='\u{036f}' | '\u{203f}' | '\u{2040}')
}

#[cfg(test)]
mod tests;
