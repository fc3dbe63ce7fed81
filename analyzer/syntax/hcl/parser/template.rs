//! Quoted strings and heredocs: literal parts, `${…}`, and the `%{…}` directives folded into trees.

use super::Parser;
use crate::hcl::tree::{ExprId, ExprKind, List, Part, TemplateKind};
use crate::text::Span;

/// A template before its directives are folded.
enum Piece {
    Part(Part),
    If { span: Span, condition: ExprId, strip: u8 },
    Else { span: Span, strip: u8 },
    EndIf { span: Span, strip: u8 },
    For { span: Span, key: Option<Span>, value: Span, collection: ExprId, strip: u8 },
    EndFor { span: Span, strip: u8 },
}

/// An open directive.
enum Frame {
    Top(Vec<Part>),
    If { span: Span, condition: ExprId, strip: u8, then: Vec<Part>, otherwise: Option<Vec<Part>> },
    For { span: Span, key: Option<Span>, value: Span, collection: ExprId, strip: u8, body: Vec<Part> },
}

impl Frame {
    fn parts(&mut self) -> &mut Vec<Part> {
        match self {
            Self::Top(parts) | Self::If { otherwise: Some(parts), .. } | Self::For { body: parts, .. } => parts,
            Self::If { then, .. } => then,
        }
    }
}

impl Parser<'_> {
    pub(super) fn quoted(&mut self) -> ExprId {
        let start = self.at;
        self.at += 1;
        // The commonest string has no escapes and no holes.
        let plain = self.bytes[self.at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | b'$' | b'%' | b'\n'));
        if let Some(length) = plain
            && self.bytes[self.at + length] == b'"'
        {
            let literal = Span::of(self.at, self.at + length);
            self.at += length + 1;
            let parts = if literal.is_empty() {
                Self::list(&mut self.tree.parts, [])
            } else {
                Self::list(&mut self.tree.parts, [Part::Literal(literal)])
            };
            return self.push(start, self.at, ExprKind::Template(TemplateKind::Quoted, parts));
        }
        let mut pieces = Vec::new();
        let mut literal = self.at;
        let closed = loop {
            match self.peek() {
                b'"' => {
                    self.flush(&mut pieces, literal);
                    self.at += 1;
                    break true;
                }
                b'\\' => {
                    let wide = self.text.get(self.at + 1..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
                    if self.peek_at(1) == b'\n' || self.at + 1 >= self.bytes.len() {
                        break false;
                    }
                    if !matches!(self.peek_at(1), b'n' | b'r' | b't' | b'"' | b'\\' | b'u' | b'U') {
                        self.error(Span::of(self.at, self.at + 1 + wide), "this is not an escape sequence");
                    } else if matches!(self.peek_at(1), b'u' | b'U') {
                        self.check_unicode_escape();
                    }
                    self.at += 1 + wide;
                }
                b'\n' => break false,
                _ if self.at_end() => break false,
                b'$' | b'%' => {
                    if !self.marker(&mut pieces, &mut literal) {
                        break false;
                    }
                }
                _ => self.at += 1,
            }
        };
        if !closed {
            self.at = self.at.min(self.bytes.len());
            if self.tree.errors.last().is_none_or(|last| (last.span.start as usize) < start) {
                self.error(Span::of(start, start + 1), "this string is never closed");
            }
            return self.push(start, self.at, ExprKind::Error);
        }
        self.folded(start, TemplateKind::Quoted, pieces)
    }

    fn check_unicode_escape(&mut self) {
        let digits = if self.peek_at(1) == b'u' { 4 } else { 8 };
        let from = self.at + 2;
        let valid = self.text.get(from..from + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        if valid.is_none() {
            self.error(
                Span::of(self.at, self.at + 2),
                "this is not a Unicode escape: four hexadecimal digits after `\\u`, eight after `\\U`",
            );
        }
    }

    fn flush(&self, pieces: &mut Vec<Piece>, literal: usize) {
        if literal < self.at {
            pieces.push(Piece::Part(Part::Literal(Span::of(literal, self.at))));
        }
    }

    /// At `$` or `%`: `$${` is text, `${` and `%{` begin something. False when it is never closed.
    fn marker(&mut self, pieces: &mut Vec<Piece>, literal: &mut usize) -> bool {
        let sign = self.peek();
        if self.peek_at(1) == sign && self.peek_at(2) == b'{' {
            self.at += 3;
            return true;
        }
        if self.peek_at(1) != b'{' {
            self.at += 1;
            return true;
        }
        self.flush(pieces, *literal);
        let start = self.at;
        self.at += 2;
        let left = self.peek() == b'~';
        self.at += usize::from(left);
        let outer = std::mem::replace(&mut self.newlines, true);
        self.space();
        let piece = if !self.deeper() {
            self.error(Span::of(start, start + 2), "templates nest too deep");
            None
        } else if sign == b'$' {
            self.interpolation(start, left)
        } else {
            self.directive(start, left)
        };
        self.depth -= 1;
        self.newlines = outer;
        *literal = self.at;
        match piece {
            Some(piece) => {
                pieces.push(piece);
                true
            }
            None => false,
        }
    }

    /// `~}` or `}`; whether it strips.
    fn marker_end(&mut self, start: usize) -> Option<bool> {
        self.space();
        let right = self.peek() == b'~';
        self.at += usize::from(right);
        if self.peek() != b'}' {
            if self.tree.errors.last().is_none_or(|last| (last.span.start as usize) < start) {
                self.error(Span::of(start, start + 2), "this is never closed: expected `}`");
            }
            return None;
        }
        self.at += 1;
        Some(right)
    }

    fn interpolation(&mut self, start: usize, left: bool) -> Option<Piece> {
        let expr = self.expression();
        let right = self.marker_end(start)?;
        Some(Piece::Part(Part::Interpolation { span: Span::of(start, self.at), expr, strip_left: left, strip_right: right }))
    }

    fn directive(&mut self, start: usize, left: bool) -> Option<Piece> {
        let word = self.identifier();
        let name = word.map_or("", |word| self.word(word)).to_owned();
        self.space();
        let strip = |right: bool| u8::from(left) | (u8::from(right) << 1);
        match name.as_str() {
            "if" => {
                let condition = self.expression();
                let right = self.marker_end(start)?;
                Some(Piece::If { span: Span::of(start, self.at), condition, strip: strip(right) })
            }
            "for" => {
                let first = self.identifier();
                self.space();
                let mut second = None;
                if self.peek() == b',' {
                    self.at += 1;
                    self.space();
                    second = self.identifier();
                    self.space();
                }
                let keyword = self.identifier().is_some_and(|word| self.word(word) == "in");
                let Some(first) = first.filter(|_| keyword) else {
                    self.error(Span::of(start, self.at), "expected `for NAME in COLLECTION`");
                    return None;
                };
                self.space();
                let collection = self.expression();
                let right = self.marker_end(start)?;
                let (key, value) = second.map_or((None, first), |second| (Some(first), second));
                Some(Piece::For { span: Span::of(start, self.at), key, value, collection, strip: strip(right) })
            }
            "else" | "endif" | "endfor" => {
                let right = self.marker_end(start)?;
                let (span, strip) = (Span::of(start, self.at), strip(right));
                Some(match name.as_str() {
                    "else" => Piece::Else { span, strip },
                    "endif" => Piece::EndIf { span, strip },
                    _ => Piece::EndFor { span, strip },
                })
            }
            _ => {
                self.error(Span::of(start, self.at.max(start + 2)), "expected `if`, `else`, `endif`, `for` or `endfor`");
                None
            }
        }
    }

    fn folded(&mut self, start: usize, kind: TemplateKind, pieces: Vec<Piece>) -> ExprId {
        let parts = self.fold(pieces);
        self.push(start, self.at, ExprKind::Template(kind, parts))
    }

    fn fold(&mut self, pieces: Vec<Piece>) -> List<Part> {
        if pieces.iter().all(|piece| matches!(piece, Piece::Part(_))) {
            let part = |piece| if let Piece::Part(part) = piece { Some(part) } else { None };
            return Self::list(&mut self.tree.parts, pieces.into_iter().filter_map(part));
        }
        let mut frames = vec![Frame::Top(Vec::new())];
        for piece in pieces {
            match piece {
                Piece::Part(part) => {
                    if let Some(frame) = frames.last_mut() {
                        frame.parts().push(part);
                    }
                }
                Piece::If { span, condition, strip } => {
                    frames.push(Frame::If { span, condition, strip, then: Vec::new(), otherwise: None })
                }
                Piece::For { span, key, value, collection, strip } => {
                    frames.push(Frame::For { span, key, value, collection, strip, body: Vec::new() });
                }
                Piece::Else { span, strip: marks } => match frames.last_mut() {
                    Some(Frame::If { otherwise: otherwise @ None, strip, .. }) => {
                        *otherwise = Some(Vec::new());
                        *strip |= marks << 2;
                    }
                    _ => self.error(span, "`else` without `if`"),
                },
                Piece::EndIf { span: end, strip: marks } => match frames.pop() {
                    Some(Frame::If { span, condition, strip, then, otherwise }) => {
                        let then = self.parts(then);
                        let otherwise = self.parts(otherwise.unwrap_or_default());
                        let part = Part::If { span: span.to(end), condition, then, otherwise, strip: strip | (marks << 4) };
                        self.close(&mut frames, part);
                    }
                    frame => {
                        frames.extend(frame);
                        self.error(end, "`endif` without `if`");
                    }
                },
                Piece::EndFor { span: end, strip: marks } => match frames.pop() {
                    Some(Frame::For { span, key, value, collection, strip, body }) => {
                        let body = self.parts(body);
                        let part = Part::For { span: span.to(end), key, value, collection, body, strip: strip | (marks << 2) };
                        self.close(&mut frames, part);
                    }
                    frame => {
                        frames.extend(frame);
                        self.error(end, "`endfor` without `for`");
                    }
                },
            }
        }
        let mut all = Vec::new();
        for frame in frames {
            match frame {
                Frame::Top(parts) => all.extend(parts),
                Frame::If { span, then, otherwise, .. } => {
                    self.error(span, "this `if` has no `endif`");
                    all.extend(then);
                    all.extend(otherwise.unwrap_or_default());
                }
                Frame::For { span, body, .. } => {
                    self.error(span, "this `for` has no `endfor`");
                    all.extend(body);
                }
            }
        }
        self.parts(all)
    }

    fn close(&mut self, frames: &mut [Frame], part: Part) {
        if let Some(frame) = frames.last_mut() {
            frame.parts().push(part);
        }
    }

    pub(super) fn heredoc(&mut self) -> ExprId {
        let start = self.at;
        self.at += 2;
        let flush = self.peek() == b'-';
        self.at += usize::from(flush);
        let marker = self.identifier();
        let line_end = self.bytes[self.at..].iter().position(|byte| *byte == b'\n').map(|found| self.at + found);
        let (Some(marker), Some(line_end)) = (marker, line_end) else {
            self.error(Span::of(start, start + 2), "expected the name that ends this text, and a new line");
            self.skip_line();
            return self.push(start, self.at, ExprKind::Error);
        };
        if !self.text[self.at..line_end].trim().is_empty() {
            self.error(Span::of(self.at, line_end), "nothing may follow the name that ends this text");
        }
        self.at = line_end + 1;
        let name = self.word(marker).to_owned();
        let mut pieces = Vec::new();
        let mut literal = self.at;
        let mut line_start = true;
        loop {
            if line_start {
                let rest = &self.text[self.at..];
                let line = rest.split('\n').next().unwrap_or("");
                if line.trim() == name {
                    self.flush(&mut pieces, literal);
                    self.at += line.trim_end().len();
                    break;
                }
                line_start = false;
            }
            if self.at_end() {
                self.error(
                    Span::of(start, marker.end as usize),
                    compact_str::format_compact!("this text is never closed: expected a line `{name}`"),
                );
                return self.push(start, self.at, ExprKind::Error);
            }
            match self.peek() {
                b'\n' => {
                    self.at += 1;
                    line_start = true;
                }
                b'$' | b'%' => {
                    let marker = self.at;
                    if !self.marker(&mut pieces, &mut literal) {
                        match self.rereads.checked_sub(self.at.saturating_sub(marker)) {
                            Some(left) => {
                                self.rereads = left;
                                self.at = marker;
                                self.skip_to_heredoc_end(&name);
                            }
                            None => self.at = self.bytes.len(),
                        }
                        break;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.folded(start, TemplateKind::Heredoc { flush }, pieces)
    }

    /// After a broken template in it, a heredoc still ends at its name.
    fn skip_to_heredoc_end(&mut self, name: &str) {
        while !self.at_end() {
            let rest = &self.text[self.at..];
            let Some(newline) = rest.find('\n') else {
                self.at = self.bytes.len();
                return;
            };
            self.at += newline + 1;
            let line = self.text[self.at..].split('\n').next().unwrap_or("");
            if line.trim() == name {
                self.at += line.trim_end().len();
                return;
            }
        }
    }
}
