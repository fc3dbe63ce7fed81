//! The words of a template, as `text/template/parse` cuts them.

use std::rc::Rc;

use plimsoll_syntax::Span;

/// A piece of the text: literal text, or an action.
#[derive(Debug)]
pub(crate) enum Piece {
    Text(Span),
    /// The action with its braces, and its words.
    Action(Span, Vec<Word>),
}

#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub span: Span,
    pub kind: WordKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WordKind {
    Space,
    /// `(`, `)`, `|`, `,`
    Mark(char),
    /// `:=`
    Declare,
    /// `=`
    Assign,
    Dot,
    /// `.name`
    Field(Rc<str>),
    /// `$name`
    Variable(Rc<str>),
    Name(Rc<str>),
    String(Rc<str>),
    Number {
        int: Option<i64>,
        float: f64,
        is_float: bool,
    },
}

/// What is wrong, and where.
pub(crate) type Wrong = (Span, String);

const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

/// Cuts a template into pieces.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece>, Wrong> {
    let mut out = Vec::new();
    let mut at = if text.starts_with(plimsoll_syntax::text::BOM) { plimsoll_syntax::text::BOM.len_utf8() } else { 0 };
    let mut trim = false;
    loop {
        let open = text.get(at..).and_then(|rest| rest.find("{{")).map(|found| at + found);
        let (mut start, mut end) = (at, open.unwrap_or(text.len()));
        if trim {
            start = end - text.get(start..end).unwrap_or("").trim_start_matches(BLANK).len();
        }
        let Some(open) = open else {
            if start < end {
                out.push(Piece::Text(Span::of(start, end)));
            }
            return Ok(out);
        };
        let mut inner = open + 2;
        let rest = text.get(inner..).unwrap_or("");
        if rest.starts_with('-') && rest[1..].starts_with(BLANK) {
            inner += 2;
            end = start + text.get(start..end).unwrap_or("").trim_end_matches(BLANK).len();
        }
        if start < end {
            out.push(Piece::Text(Span::of(start, end)));
        }
        if text.get(inner..).is_some_and(|rest| rest.starts_with("/*")) {
            let wrong = || (Span::of(open, inner), "unclosed comment".to_owned());
            let close = inner + text.get(inner..).and_then(|rest| rest.find("*/")).ok_or_else(wrong)? + 2;
            let rest = text.get(close..).unwrap_or("");
            let marker = BLANK.iter().map(|blank| format!("{blank}-}}}}")).find(|marker| rest.starts_with(marker.as_str()));
            (at, trim) = match marker {
                Some(marker) => (close + marker.len(), true),
                None if rest.starts_with("}}") => (close + 2, false),
                None => return Err((Span::of(open, close), "comment ends before closing delimiter".to_owned())),
            };
            continue;
        }
        let mut lexer = Lexer { text, at: inner, open, words: Vec::new() };
        trim = lexer.action()?;
        at = lexer.at;
        out.push(Piece::Action(Span::of(open, at), lexer.words));
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    open: usize,
    words: Vec<Word>,
}

impl Lexer<'_> {
    /// Reads to the end of the action; whether it trims what follows.
    fn action(&mut self) -> Result<bool, Wrong> {
        loop {
            let rest = self.rest();
            if rest.starts_with("}}") {
                self.at += 2;
                return Ok(false);
            }
            let Some(first) = rest.chars().next() else { return Err(self.wrong(self.open, "unclosed action")) };
            let start = self.at;
            if BLANK.contains(&first) {
                let blank = rest.len() - rest.trim_start_matches(BLANK).len();
                if rest.get(blank..).is_some_and(|rest| rest.starts_with("-}}")) {
                    self.at += blank + 3;
                    return Ok(true);
                }
                self.at += blank;
                self.push(start, WordKind::Space);
                continue;
            }
            let kind = self.word(first)?;
            self.push(start, kind);
        }
    }

    fn word(&mut self, first: char) -> Result<WordKind, Wrong> {
        let start = self.at;
        let rest = self.rest();
        let next = rest.chars().nth(1);
        match first {
            '(' | ')' | '|' | ',' => {
                self.at += 1;
                Ok(WordKind::Mark(first))
            }
            ':' if next == Some('=') => {
                self.at += 2;
                Ok(WordKind::Declare)
            }
            '=' => {
                self.at += 1;
                Ok(WordKind::Assign)
            }
            '"' => self.quoted(),
            '\'' => self.character(),
            '`' => {
                let end = rest[1..].find('`').ok_or_else(|| self.wrong(start, "unterminated raw quoted string"))?;
                let content = rest[1..=end].replace('\r', "");
                self.at += end + 2;
                Ok(WordKind::String(content.into()))
            }
            '.' if !next.is_some_and(|next| next.is_ascii_digit()) => {
                self.at += 1;
                let name = self.name();
                self.ends(start)?;
                Ok(if name.is_empty() { WordKind::Dot } else { WordKind::Field(name.into()) })
            }
            '$' => {
                self.at += 1;
                let name = self.name();
                self.ends(start)?;
                Ok(WordKind::Variable(format!("${name}").into()))
            }
            '+' | '-' | '.' | '0'..='9' => self.number(),
            _ if first.is_alphanumeric() || first == '_' => {
                let name = self.name();
                self.ends(start)?;
                Ok(WordKind::Name(name.into()))
            }
            _ => Err(self.wrong(start, &format!("unexpected {first:?} in command"))),
        }
    }

    fn name(&mut self) -> String {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        self.at += end;
        name
    }

    /// A field, variable or name must be followed by something that ends it.
    fn ends(&self, start: usize) -> Result<(), Wrong> {
        let rest = self.rest();
        let fine = rest.is_empty()
            || rest.starts_with(BLANK)
            || rest.starts_with(['.', ',', '|', ':', ')', '('])
            || rest.starts_with("}}")
            || rest.starts_with('=');
        if fine { Ok(()) } else { Err(self.wrong(start, "bad character in command")) }
    }

    fn quoted(&mut self) -> Result<WordKind, Wrong> {
        let start = self.at;
        let mut out = Vec::new();
        let unterminated = |lexer: &Self| lexer.wrong(start, "unterminated quoted string");
        self.at += 1;
        loop {
            match self.rest().chars().next() {
                None | Some('\n') => return Err(unterminated(self)),
                Some('"') => {
                    self.at += 1;
                    return Ok(WordKind::String(String::from_utf8_lossy(&out).into()));
                }
                Some('\\') => self.escape(&mut out, start)?,
                Some(other) => {
                    let mut bytes = [0; 4];
                    out.extend_from_slice(other.encode_utf8(&mut bytes).as_bytes());
                    self.at += other.len_utf8();
                }
            }
        }
    }

    /// `\n`, `\x41`, `\u00e9`, `\101`
    fn escape(&mut self, out: &mut Vec<u8>, start: usize) -> Result<(), Wrong> {
        let rest = self.rest();
        let wrong = self.wrong(start, "bad escape in string");
        let Some(letter) = rest.chars().nth(1) else { return Err(wrong) };
        let simple = "abfnrtv\\\"'".find(letter).and_then(|at| b"\x07\x08\x0c\n\r\t\x0b\\\"'".get(at));
        if let Some(byte) = simple {
            out.push(*byte);
            self.at += 2;
            return Ok(());
        }
        let (from, digits, radix) = match letter {
            'x' => (2, 2, 16),
            'u' => (2, 4, 16),
            'U' => (2, 8, 16),
            '0'..='7' => (1, 3, 8),
            _ => return Err(wrong),
        };
        let code =
            rest.get(from..from + digits).and_then(|text| u32::from_str_radix(text, radix).ok()).ok_or_else(|| wrong.clone())?;
        self.at += from + digits;
        if matches!(letter, 'u' | 'U') {
            let mut bytes = [0; 4];
            out.extend_from_slice(char::from_u32(code).ok_or(wrong)?.encode_utf8(&mut bytes).as_bytes());
        } else {
            out.push(u8::try_from(code).map_err(|_| wrong)?);
        }
        Ok(())
    }

    /// `'a'` is a number.
    fn character(&mut self) -> Result<WordKind, Wrong> {
        let start = self.at;
        let wrong = self.wrong(start, "malformed character constant");
        self.at += 1;
        let mut bytes = Vec::new();
        match self.rest().chars().next() {
            None | Some('\n' | '\'') => return Err(wrong),
            Some('\\') => self.escape(&mut bytes, start)?,
            Some(other) => {
                let mut buffer = [0; 4];
                bytes.extend_from_slice(other.encode_utf8(&mut buffer).as_bytes());
                self.at += other.len_utf8();
            }
        }
        if !self.rest().starts_with('\'') {
            return Err(wrong);
        }
        self.at += 1;
        let code = String::from_utf8_lossy(&bytes).chars().next().map_or(0, u32::from);
        Ok(WordKind::Number { int: Some(i64::from(code)), float: f64::from(code), is_float: false })
    }

    fn number(&mut self) -> Result<WordKind, Wrong> {
        let start = self.at;
        let rest = self.rest();
        let sign = usize::from(rest.starts_with(['+', '-']));
        let hex = rest[sign..].starts_with("0x") || rest[sign..].starts_with("0X");
        let mut end = sign;
        let mut before = ' ';
        for c in rest[sign..].chars() {
            let exponent = if hex { matches!(before, 'p' | 'P') } else { matches!(before, 'e' | 'E') };
            if !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || matches!(c, '+' | '-') && exponent) {
                break;
            }
            before = c;
            end += c.len_utf8();
        }
        let text = rest[..end].to_owned();
        self.at += end;
        let int = integer(&text);
        let written_as_float = !hex && text.contains(['.', 'e', 'E']);
        let float = text
            .replace('_', "")
            .parse::<f64>()
            .ok()
            .filter(|_| !text.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')));
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "constants are read as Go reads them")]
        match (int, float) {
            (Some(int), float) => Ok(WordKind::Number { int: Some(int), float: float.unwrap_or(int as f64), is_float: false }),
            (None, Some(float)) => {
                let int = (float.fract() == 0.0 && float.abs() < 9.0e18).then_some(float as i64);
                Ok(WordKind::Number { int, float, is_float: written_as_float })
            }
            (None, None) => Err(self.wrong(start, &format!("bad number syntax: {text:?}"))),
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn push(&mut self, start: usize, kind: WordKind) {
        self.words.push(Word { span: Span::of(start, self.at), kind });
    }

    fn wrong(&self, start: usize, message: &str) -> Wrong {
        let first = self.text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        (Span::of(start, self.at.max(start + first)), message.to_owned())
    }
}

/// An integer as Go's `strconv.ParseInt(s, 0, 64)` reads it.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        Some(start) if start.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    let digits = digits.replace('_', "");
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return None;
    }
    let value = i128::from_str_radix(&digits, radix).ok()?;
    i64::try_from(if negative { -value } else { value }).ok()
}
