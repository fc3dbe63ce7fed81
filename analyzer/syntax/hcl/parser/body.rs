//! Bodies: attributes and blocks, with recovery at the line, the block and the column.

use std::collections::BTreeSet;

use compact_str::format_compact;
use smallvec::SmallVec;

use super::{MAX_DEPTH, Parser};

use crate::hcl::tree::{Attribute, Block, Body, BodyItem, ExprKind};
use crate::text::Span;

/// The names of a body's attributes: few are compared one by one, many are looked up.
#[derive(Default)]
struct Names<'t> {
    few: Vec<&'t str>,
    many: BTreeSet<&'t str>,
}

/// So many names are compared one by one.
const FEW: usize = 16;

impl<'t> Names<'t> {
    /// Adds a name; false when it is there.
    fn insert(&mut self, name: &'t str) -> bool {
        if self.many.is_empty() {
            if self.few.contains(&name) {
                return false;
            }
            self.few.push(name);
            if self.few.len() > FEW {
                self.many = self.few.drain(..).collect();
            }
            return true;
        }
        self.many.insert(name)
    }
}

impl<'t> Parser<'t> {
    /// The items up to the closing brace (`open` is the opening one) or the end of the text.
    pub(super) fn body(&mut self, open: Option<usize>) -> Body {
        let mut body = self.items(open);
        // Bodies stay as long as their module does.
        body.items.shrink_to_fit();
        body
    }

    fn items(&mut self, open: Option<usize>) -> Body {
        let mut body = Body::default();
        let mut names = Names::default();
        loop {
            self.space_and_newlines();
            if self.at_end() {
                return body;
            }
            if self.peek() == b'}' {
                if open.is_some() {
                    return body;
                }
                self.error(self.here(), "this brace closes nothing");
                self.at += 1;
                continue;
            }
            if open.is_some() && self.columns && self.is_header_in_column_one() {
                return body;
            }
            let before = self.at;
            if let Some(item) = self.item() {
                self.check_duplicate(&mut names, &item);
                body.items.push(item);
            }
            if self.at == before {
                // Nothing was read: never stand still.
                self.skip_line();
                if self.at == before && !self.at_end() {
                    self.at += 1;
                }
            }
        }
    }

    /// A name at the beginning of a line, then labels, then `{`.
    fn is_header_in_column_one(&self) -> bool {
        if self.at > 0 && self.bytes[self.at - 1] != b'\n' {
            return false;
        }
        let line = self.text[self.at..].lines().next().unwrap_or("").trim_end();
        let mut words = line.trim_end_matches('}').trim_end().trim_end_matches('{').split_whitespace();
        let name = words.next().unwrap_or("");
        let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        is_name && line.contains('{') && !line.contains('=') && words.all(|word| word.starts_with('"') && word.ends_with('"'))
    }

    fn check_duplicate(&mut self, names: &mut Names<'t>, item: &BodyItem) {
        let BodyItem::Attribute(new) = item else { return };
        let name = new.name.text(self.text);
        if !names.insert(name) {
            self.error(new.name, format_compact!("`{name}` is set twice"));
        }
    }

    fn item(&mut self) -> Option<BodyItem> {
        let start = self.at;
        let Some(name) = self.identifier() else {
            let span = self.here();
            let message =
                if self.peek() == b'"' { "a name is not quoted here" } else { "expected the name of an attribute or block" };
            self.error(span, message);
            self.skip_line();
            return None;
        };
        self.space();
        match self.peek() {
            b'=' if self.peek_at(1) != b'=' => self.attribute(name).map(BodyItem::Attribute),
            b'{' | b'"' => self.block(name),
            byte if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 => self.block(name),
            _ => {
                let message = format_compact!("expected `=` or `{{` after `{}`", self.word(name));
                self.error(Span::of(start, name.end as usize), message);
                self.skip_line();
                None
            }
        }
    }

    fn attribute(&mut self, name: Span) -> Option<Attribute> {
        self.at += 1;
        self.space();
        let value_start = self.at;
        let expr = if matches!(self.peek(), b'\n' | b'}' | 0) && (self.at_end() || self.peek() != 0) {
            self.error(name, format_compact!("`{}` has no value", self.word(name)));
            self.push(value_start, value_start, ExprKind::Error)
        } else {
            self.expression()
        };
        let span = name.to(self.tree[expr].span);
        self.space();
        if !self.at_end() && !matches!(self.peek(), b'\n' | b'}') {
            if self.tree.errors.last().is_none_or(|last| last.span.end as usize <= value_start) {
                let message = if self.peek() == b',' {
                    "attributes are not separated by commas"
                } else {
                    "expected the end of the line here"
                };
                self.error(self.here(), message);
            }
            self.skip_line();
        }
        Some(Attribute { name, expr, span })
    }

    fn block(&mut self, kind: Span) -> Option<BodyItem> {
        let mut labels = SmallVec::new();
        loop {
            self.space();
            match self.peek() {
                b'{' => break,
                b'"' => match self.label() {
                    Some(label) => labels.push(label),
                    None => {
                        self.skip_line();
                        return None;
                    }
                },
                _ => match self.identifier() {
                    Some(label) => labels.push(label),
                    None => {
                        let message = format_compact!("expected `{{` after the header of this `{}` block", self.word(kind));
                        self.error(Span::of(kind.start as usize, self.at), message);
                        self.skip_line();
                        return None;
                    }
                },
            }
        }
        let open = Span::of(self.at, self.at + 1);
        self.at += 1;
        let outer = std::mem::replace(&mut self.newlines, false);
        let fits = self.deeper();
        if !fits {
            self.error(open, format_compact!("blocks nest deeper than {MAX_DEPTH}"));
            self.at = self.bytes.len();
        }
        self.space();
        let one_line = !matches!(self.peek(), b'\n' | b'}') && !self.at_end();
        let body = if one_line && fits { self.one_line_body() } else { self.body(Some(open.start as usize)) };
        self.depth -= 1;
        self.newlines = outer;
        let close = if self.peek() == b'}' && !self.at_end() {
            self.at += 1;
            Span::of(self.at - 1, self.at)
        } else {
            self.unclosed = true;
            let header = labels.last().map_or(kind, |last| kind.to(*last));
            self.error(header, format_compact!("this `{}` block is never closed", self.word(kind)));
            Span::of(self.at, self.at)
        };
        if !close.is_empty() {
            self.space();
            if !self.at_end() && self.peek() != b'\n' && !(self.peek() == b'}' && self.depth > 0) {
                self.error(self.here(), "expected the end of the line after this block");
            }
        }
        Some(BodyItem::Block(Box::new(Block { kind, labels, open, close, body })))
    }

    /// `{ name = value }`: one attribute at most, as HCL has it; what follows is read all the same.
    fn one_line_body(&mut self) -> Body {
        let mut body = Body::default();
        let mut names = Names::default();
        loop {
            self.space();
            if self.peek() == b'}' || self.at_end() {
                return body;
            }
            if self.peek() == b'\n' {
                self.error(self.here(), "this block begins on one line: it must end there, or have a line per attribute");
                let rest = self.body(Some(self.at));
                body.items.extend(rest.items);
                return body;
            }
            if !body.items.is_empty() {
                self.error(self.here(), "a block on one line holds one attribute");
            }
            let before = self.at;
            let Some(item) = self.one_line_item() else {
                if self.at == before {
                    self.at += self.text[self.at..].chars().next().map_or(1, char::len_utf8);
                }
                continue;
            };
            if let BodyItem::Block(inner) = &item {
                self.error(inner.kind, "a block on one line holds no further block");
            }
            self.check_duplicate(&mut names, &item);
            body.items.push(item);
        }
    }

    fn one_line_item(&mut self) -> Option<BodyItem> {
        let name = self.identifier();
        self.space();
        match (name, self.peek()) {
            (Some(name), b'=') if self.peek_at(1) != b'=' => {
                self.at += 1;
                self.space();
                let expr = self.expression();
                self.space();
                if self.peek() == b',' {
                    self.error(self.here(), "attributes are not separated by commas");
                    self.at += 1;
                }
                Some(BodyItem::Attribute(Attribute { name, expr, span: name.to(self.tree[expr].span) }))
            }
            (Some(name), _) => self.block(name),
            (None, _) => {
                self.error(self.here(), "expected the name of an attribute");
                self.skip_line();
                None
            }
        }
    }

    /// A quoted label, with its quotes; no templates in it.
    fn label(&mut self) -> Option<Span> {
        let start = self.at;
        self.at += 1;
        while !self.at_end() {
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Some(Span::of(start, self.at));
                }
                b'\n' => break,
                b'\\' => self.at += 2,
                b'$' | b'%' if self.peek_at(1) == b'{' && self.bytes.get(self.at.wrapping_sub(1)) != Some(&self.peek()) => {
                    self.error(Span::of(self.at, self.at + 2), "a label holds no template");
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
        self.error(Span::of(start, start + 1), "this label is never closed");
        None
    }
}
