//! What a character begins within a word: quotes, `$…`, backquotes, and parentheses with all that is in them.

use super::{Kind, Lexer, MAX_NESTING, Token, is_redirection};
use crate::shell::word;

/// Arithmetic between `((` and `))` is so long, at most.
const MAX_ARITHMETIC: usize = 4096;
/// `((` without an end that near, before no more are tried as arithmetic: each costs a look at so many bytes.
const MAX_TRIES: usize = 16;

/// What a `)` may belong to, within a substitution.
#[derive(PartialEq, Eq)]
enum Nest {
    Parenthesis,
    /// Between `in` and `esac`: it ends a pattern.
    Case,
}

impl Lexer<'_> {
    /// A character with what it begins, outside of double quotes.
    pub(super) fn character(&mut self) {
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
    pub(super) fn expansion(&mut self, double: bool) -> bool {
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
    pub(super) fn parentheses(&mut self) -> bool {
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
    pub(super) fn arithmetic(&mut self) -> bool {
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
    pub(super) fn array(&mut self) {
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
}
