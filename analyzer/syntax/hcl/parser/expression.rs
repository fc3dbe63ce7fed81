//! Expressions: precedence climbing; loops for chains, a depth limit for what nests.

use compact_str::format_compact;

use super::{MAX_DEPTH, Parser};
use crate::hcl::tree::{BinaryOp, ExprId, ExprKind, ForExpr, ForId, ObjectItem, UnaryOp};
use crate::text::Span;

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> ExprId {
        if !self.deeper() {
            self.depth -= 1;
            return self.too_deep();
        }
        let expr = self.conditional();
        self.depth -= 1;
        expr
    }

    /// The rest of the line is lost; so is everything up to the end where newlines mean nothing.
    fn too_deep(&mut self) -> ExprId {
        let at = self.at;
        self.error(self.here(), format_compact!("expressions nest deeper than {MAX_DEPTH}"));
        self.skip_line();
        self.push(at, self.at, ExprKind::Error)
    }

    fn conditional(&mut self) -> ExprId {
        let condition = self.binary(0);
        self.space();
        if self.peek() != b'?' {
            return condition;
        }
        self.at += 1;
        self.space();
        let then = self.expression();
        self.space();
        if self.peek() != b':' {
            self.error(self.here(), "expected `:` and the value if the condition is false");
            let (start, end) = (self.tree[condition].span.start, self.tree[then].span.end);
            return self.push(start as usize, end as usize, ExprKind::Error);
        }
        self.at += 1;
        self.space();
        let otherwise = self.expression();
        let (start, end) = (self.tree[condition].span.start, self.tree[otherwise].span.end);
        self.push(start as usize, end as usize, ExprKind::Conditional { condition, then, otherwise })
    }

    fn operator(&self) -> Option<(BinaryOp, u8, usize)> {
        Some(match (self.peek(), self.peek_at(1)) {
            (b'|', b'|') => (BinaryOp::Or, 1, 2),
            (b'&', b'&') => (BinaryOp::And, 2, 2),
            (b'=', b'=') => (BinaryOp::Equal, 3, 2),
            (b'!', b'=') => (BinaryOp::NotEqual, 3, 2),
            (b'<', b'=') => (BinaryOp::LessEqual, 4, 2),
            (b'>', b'=') => (BinaryOp::GreaterEqual, 4, 2),
            (b'<', next) if next != b'<' => (BinaryOp::Less, 4, 1),
            (b'>', _) => (BinaryOp::Greater, 4, 1),
            (b'+', _) => (BinaryOp::Add, 5, 1),
            (b'-', _) => (BinaryOp::Subtract, 5, 1),
            (b'*', _) => (BinaryOp::Multiply, 6, 1),
            (b'/', _) => (BinaryOp::Divide, 6, 1),
            (b'%', next) if next != b'{' => (BinaryOp::Modulo, 6, 1),
            _ => return None,
        })
    }

    fn binary(&mut self, least: u8) -> ExprId {
        let mut left = self.unary();
        loop {
            let before = self.at;
            self.space();
            let Some((op, precedence, width)) = self.operator().filter(|found| found.1 > least) else {
                self.at = before;
                return left;
            };
            self.at += width;
            self.space();
            let right = self.binary(precedence);
            let (start, end) = (self.tree[left].span.start, self.tree[right].span.end);
            left = self.push(start as usize, end as usize, ExprKind::Binary(op, left, right));
        }
    }

    fn unary(&mut self) -> ExprId {
        let first = self.at;
        let mut count = 0;
        while matches!(self.peek(), b'!' | b'-') && !(self.peek() == b'!' && self.peek_at(1) == b'=') {
            self.at += 1;
            count += 1;
            self.space();
        }
        if count == 0 {
            return self.postfix();
        }
        let mut signs: Vec<(usize, UnaryOp)> = Vec::with_capacity(count);
        let end = self.at;
        for (ahead, byte) in self.bytes[first..end].iter().enumerate() {
            match byte {
                b'!' => signs.push((first + ahead, UnaryOp::Not)),
                b'-' => signs.push((first + ahead, UnaryOp::Negate)),
                b'#' | b'/' => break,
                _ => {}
            }
        }
        let mut expr = self.postfix();
        for (start, op) in signs.into_iter().rev() {
            let end = self.tree[expr].span.end as usize;
            expr = self.push(start, end, ExprKind::Unary(op, expr));
        }
        expr
    }

    fn postfix(&mut self) -> ExprId {
        let expr = self.primary();
        self.traversal(expr, false).0
    }

    /// `.name`, `[key]`, `.0`, `.*`, `[*]`, any number of them. In the tail of an attribute splat, an index ends it.
    fn traversal(&mut self, mut expr: ExprId, attributes_only: bool) -> (ExprId, bool) {
        loop {
            let start = self.tree[expr].span.start as usize;
            let before = self.at;
            self.space();
            match (self.peek(), self.peek_at(1)) {
                (b'.', b'*') => {
                    self.at += 2;
                    let item = self.push(self.at, self.at, ExprKind::SplatItem);
                    if !self.deeper() {
                        self.depth -= 1;
                        return (self.too_deep(), false);
                    }
                    let (each, _) = self.traversal(item, true);
                    self.depth -= 1;
                    expr = self.push(start, self.at, ExprKind::Splat { source: expr, each, full: false });
                }
                (b'.', b'.') => {
                    self.at = before;
                    return (expr, false);
                }
                (b'.', digit) if digit.is_ascii_digit() => {
                    self.at += 1;
                    let key_start = self.at;
                    while self.peek().is_ascii_digit() {
                        self.at += 1;
                    }
                    let key = self.push(key_start, self.at, ExprKind::Number);
                    expr = self.push(start, self.at, ExprKind::Index { base: expr, key });
                }
                (b'.', _) => {
                    let dot = self.at;
                    self.at += 1;
                    self.space();
                    match self.identifier() {
                        Some(name) => expr = self.push(start, self.at, ExprKind::GetAttr { base: expr, name }),
                        None => {
                            self.error(Span::of(dot, dot + 1), "expected an attribute name after this dot");
                            return (self.push(start, dot, ExprKind::Error), false);
                        }
                    }
                }
                (b'[', _) if attributes_only => {
                    self.at = before;
                    return (expr, true);
                }
                (b'[', _) => match self.index(expr, start) {
                    Ok(indexed) => expr = indexed,
                    Err(broken) => return (broken, false),
                },
                _ => {
                    self.at = before;
                    return (expr, false);
                }
            }
        }
    }

    fn index(&mut self, base: ExprId, start: usize) -> Result<ExprId, ExprId> {
        let open = self.at;
        self.at += 1;
        let outer = std::mem::replace(&mut self.newlines, true);
        self.space();
        let star =
            self.peek() == b'*' && self.bytes[self.at + 1..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b']');
        let key = if star {
            self.at += 1;
            None
        } else {
            Some(self.expression())
        };
        self.space();
        self.newlines = outer;
        if self.peek() != b']' {
            self.error(Span::of(open, open + 1), "this index is never closed");
            return Err(self.push(start, self.at, ExprKind::Error));
        }
        self.at += 1;
        Ok(match key {
            Some(key) => self.push(start, self.at, ExprKind::Index { base, key }),
            None => {
                let item = self.push(self.at, self.at, ExprKind::SplatItem);
                if !self.deeper() {
                    self.depth -= 1;
                    return Err(self.too_deep());
                }
                let (each, _) = self.traversal(item, false);
                self.depth -= 1;
                self.push(start, self.at, ExprKind::Splat { source: base, each, full: true })
            }
        })
    }

    fn primary(&mut self) -> ExprId {
        let start = self.at;
        match self.peek() {
            b'(' => {
                self.at += 1;
                let outer = std::mem::replace(&mut self.newlines, true);
                self.space();
                let inner = self.expression();
                self.space();
                self.newlines = outer;
                if self.peek() != b')' {
                    self.error(Span::of(start, start + 1), "this parenthesis is never closed");
                    return self.push(start, self.at, ExprKind::Error);
                }
                self.at += 1;
                self.push(start, self.at, ExprKind::Paren(inner))
            }
            b'[' => self.tuple(),
            b'{' => self.object(),
            b'"' => self.quoted(),
            b'<' if self.peek_at(1) == b'<' => self.heredoc(),
            byte if byte.is_ascii_digit() => self.number(),
            _ => match self.identifier() {
                Some(name) => self.name(name),
                None => {
                    let message = if self.at_end() || self.peek() == b'\n' {
                        "expected a value before the end of the line"
                    } else {
                        "expected a value here"
                    };
                    self.error(self.here(), message);
                    self.push(start, start, ExprKind::Error)
                }
            },
        }
    }

    fn number(&mut self) -> ExprId {
        let start = self.at;
        let digits = |parser: &mut Self| {
            while parser.peek().is_ascii_digit() {
                parser.at += 1;
            }
        };
        digits(self);
        if self.peek() == b'.' && self.peek_at(1).is_ascii_digit() {
            self.at += 1;
            digits(self);
        }
        if matches!(self.peek(), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek_at(1), b'+' | b'-'));
            if self.peek_at(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                digits(self);
            }
        }
        self.push(start, self.at, ExprKind::Number)
    }

    fn name(&mut self, mut name: Span) -> ExprId {
        let start = name.start as usize;
        while self.peek() == b':' && self.peek_at(1) == b':' {
            self.at += 2;
            match self.identifier() {
                Some(next) => name = name.to(next),
                None => {
                    self.error(Span::of(start, self.at), "expected a function name after `::`");
                    return self.push(start, self.at, ExprKind::Error);
                }
            }
        }
        let after = self.at;
        self.space();
        if self.peek() == b'(' {
            return self.call(name);
        }
        self.at = after;
        let kind = match self.word(name) {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "null" => ExprKind::Null,
            word if word.contains("::") => {
                self.error(name, "expected `(` after the name of a function");
                ExprKind::Error
            }
            _ => ExprKind::Variable,
        };
        self.push(start, after, kind)
    }

    fn call(&mut self, name: Span) -> ExprId {
        let open = self.at;
        self.at += 1;
        let outer = std::mem::replace(&mut self.newlines, true);
        let first = self.pending.len();
        let mut expand = false;
        let closed = loop {
            self.space();
            if self.peek() == b')' {
                self.at += 1;
                break true;
            }
            if self.at_end() {
                break false;
            }
            let before = self.at;
            let argument = self.expression();
            self.pending.push(argument);
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                b')' => {}
                b'.' if self.bytes[self.at..].starts_with(b"...") => {
                    self.at += 3;
                    expand = true;
                    self.space();
                    if self.peek() == b',' {
                        self.at += 1;
                        self.space();
                    }
                    if self.peek() != b')' {
                        break false;
                    }
                }
                _ if self.at == before => break false,
                _ => {
                    self.error(self.here(), "expected `,` or `)` between arguments");
                    break false;
                }
            }
        };
        self.newlines = outer;
        let args = Self::list(&mut self.tree.expr_lists, self.pending.drain(first..));
        if !closed {
            self.error(Span::of(open, open + 1), "this call is never closed");
            return self.push(name.start as usize, self.at, ExprKind::Error);
        }
        self.push(name.start as usize, self.at, ExprKind::Call { name, args, expand })
    }

    /// `for`, as a word of its own.
    fn at_for(&mut self) -> bool {
        let outer = std::mem::replace(&mut self.newlines, true);
        let before = self.at;
        self.space();
        let word = self.identifier();
        let found = word.is_some_and(|word| self.word(word) == "for");
        self.newlines = outer;
        if !found {
            self.at = before;
        }
        found
    }

    fn tuple(&mut self) -> ExprId {
        let start = self.at;
        self.at += 1;
        if self.at_for() {
            return self.for_expression(start, b']');
        }
        let outer = std::mem::replace(&mut self.newlines, true);
        let first = self.pending.len();
        let closed = loop {
            self.space();
            if self.peek() == b']' {
                self.at += 1;
                break true;
            }
            if self.at_end() {
                break false;
            }
            let before = self.at;
            let element = self.expression();
            self.pending.push(element);
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                b']' => {}
                _ if self.at == before || self.at_end() => break false,
                _ => {
                    self.error(self.here(), "expected `,` or `]` between elements");
                    break false;
                }
            }
        };
        self.newlines = outer;
        let elements = Self::list(&mut self.tree.expr_lists, self.pending.drain(first..));
        if !closed {
            self.error(Span::of(start, start + 1), "this list is never closed");
            return self.push(start, self.at, ExprKind::Error);
        }
        self.push(start, self.at, ExprKind::Tuple(elements))
    }

    fn object(&mut self) -> ExprId {
        let start = self.at;
        self.at += 1;
        if self.at_for() {
            return self.for_expression(start, b'}');
        }
        let outer = std::mem::replace(&mut self.newlines, false);
        let first = self.pending_items.len();
        let closed = loop {
            self.space_and_newlines();
            if self.peek() == b'}' {
                self.at += 1;
                break true;
            }
            if self.at_end() {
                break false;
            }
            let before = self.at;
            let key = self.expression();
            self.space();
            match self.peek() {
                b'=' | b':' => self.at += 1,
                _ => {
                    self.error(self.tree[key].span, "expected `=` and a value after this key");
                    self.skip_line();
                    if self.at == before {
                        break false;
                    }
                    continue;
                }
            }
            self.space();
            let value = self.expression();
            self.pending_items.push(ObjectItem { key, value });
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                b'}' | b'\n' => {}
                _ if self.at_end() => break false,
                _ => {
                    self.error(self.here(), "expected `,` or a new line between entries");
                    self.skip_line();
                }
            }
        };
        self.newlines = outer;
        let items = Self::list(&mut self.tree.object_items, self.pending_items.drain(first..));
        if !closed {
            self.error(Span::of(start, start + 1), "this object is never closed");
            return self.push(start, self.at, ExprKind::Error);
        }
        self.push(start, self.at, ExprKind::Object(items))
    }

    /// After `[for` or `{for`.
    fn for_expression(&mut self, start: usize, close: u8) -> ExprId {
        let outer = std::mem::replace(&mut self.newlines, true);
        let built = self.for_parts(close);
        self.newlines = outer;
        match built {
            Ok(built) => {
                self.tree.for_exprs.push(built);
                let id = ForId(Span::of(0, self.tree.for_exprs.len() - 1).end);
                self.push(start, self.at, ExprKind::For(id))
            }
            Err(message) => {
                self.error(self.here(), message);
                self.push(start, self.at, ExprKind::Error)
            }
        }
    }

    fn for_parts(&mut self, close: u8) -> Result<ForExpr, &'static str> {
        self.space();
        let first = self.identifier().ok_or("expected a name after `for`")?;
        self.space();
        let mut key = None;
        let mut value = first;
        if self.peek() == b',' {
            self.at += 1;
            self.space();
            key = Some(first);
            value = self.identifier().ok_or("expected a second name after the comma")?;
            self.space();
        }
        let word = self.identifier().ok_or("expected `in` after the names of this `for`")?;
        if self.word(word) != "in" {
            return Err("expected `in` after the names of this `for`");
        }
        self.space();
        let collection = self.expression();
        self.space();
        if self.peek() != b':' {
            return Err("expected `:` after the collection of this `for`");
        }
        self.at += 1;
        self.space();
        let mut value_expr = self.expression();
        self.space();
        let mut key_expr = None;
        if self.peek() == b'=' && self.peek_at(1) == b'>' {
            if close == b']' {
                return Err("a `for` in brackets has no keys");
            }
            self.at += 2;
            self.space();
            key_expr = Some(value_expr);
            value_expr = self.expression();
            self.space();
        } else if close == b'}' {
            return Err("expected `=>` and a value: a `for` in braces makes an object");
        }
        let group = self.bytes[self.at..].starts_with(b"...");
        if group {
            if close == b']' {
                return Err("a `for` in brackets has no groups");
            }
            self.at += 3;
            self.space();
        }
        let before = self.at;
        let mut condition = None;
        if let Some(word) = self.identifier() {
            if self.word(word) == "if" {
                self.space();
                condition = Some(self.expression());
                self.space();
            } else {
                self.at = before;
            }
        }
        if self.peek() != close {
            return Err("expected the end of this `for`");
        }
        self.at += 1;
        Ok(ForExpr { key, value, collection, key_expr, value_expr, group, condition })
    }
}
