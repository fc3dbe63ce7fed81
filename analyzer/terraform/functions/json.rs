//! `jsonencode` and `jsondecode`. What is not known leaves a hole in the text, and comes out of the hole again.

use std::sync::Arc;

use plimsoll_syntax::text::push_json;
use plimsoll_syntax::value::{Kind, Map, Number, Part, Shape, Unknown};
use plimsoll_syntax::{Place, Value};

use super::string::quoted;
use super::{Call, Outcome, entry};
use crate::lattice::{self, derived, number_text, sorted};
use crate::template::TextBuilder;

/// How deep a value may nest.
const MAX_DEPTH: u32 = 100;

pub(super) fn jsonencode(call: &Call<'_, '_>) -> Outcome {
    let mut text = TextBuilder::default();
    encode_into(call.arg(0), &mut text, 0);
    Ok(text.finish(call.place))
}

/// A wholly known value.
pub(super) fn encoded(value: &Value) -> String {
    let mut text = TextBuilder::default();
    encode_into(value, &mut text, 0);
    match text.finish(Place::NONE).kind {
        Kind::String(text) => text.into(),
        _ => String::new(),
    }
}

pub(super) fn encode_into(value: &Value, out: &mut TextBuilder, depth: u32) {
    if depth > MAX_DEPTH {
        return out.push("null");
    }
    match &value.kind {
        Kind::Null => out.push("null"),
        Kind::Bool(value) => out.push(if *value { "true" } else { "false" }),
        Kind::Number(number) => out.push(&number_text(number.get())),
        Kind::String(text) => out.push(&quoted(text)),
        Kind::Template(parts) => in_quotes(parts, out),
        Kind::List(list) => {
            out.push("[");
            for (at, item) in list.items.iter().enumerate() {
                if at > 0 {
                    out.push(",");
                }
                encode_into(item, out, depth + 1);
            }
            rest(list.items.is_empty(), list.tail.as_ref(), out);
            out.push("]");
        }
        Kind::Map(map) => {
            out.push("{");
            for (at, entry) in sorted(map).into_iter().enumerate() {
                if at > 0 {
                    out.push(",");
                }
                out.push(&quoted(&entry.key));
                out.push(":");
                encode_into(&entry.value, out, depth + 1);
            }
            rest(map.entries.is_empty(), map.tail.as_ref(), out);
            out.push("}");
        }
        // One that is certainly a string stands in quotes; any other hole is a whole value.
        Kind::Unknown(unknown) if unknown.shape == Shape::String && unknown.not_null => {
            in_quotes(&[Part::Hole(unknown.clone())], out)
        }
        Kind::Unknown(unknown) => out.hole(unknown.clone()),
        Kind::Choice(choice) => out.hole(Arc::new(derived(&choice.condition, Shape::Any))),
    }
}

fn in_quotes(parts: &[Part], out: &mut TextBuilder) {
    out.push("\"");
    for part in parts {
        match part {
            Part::Known(known) => {
                let mut text = String::new();
                push_json(known, &mut text);
                out.push(&text);
            }
            Part::Hole(unknown) => out.hole(unknown.clone()),
        }
    }
    out.push("\"");
}

/// There may be more elements.
fn rest(first: bool, tail: Option<&Arc<Unknown>>, out: &mut TextBuilder) {
    if let Some(tail) = tail {
        if !first {
            out.push(",");
        }
        out.hole(tail.clone());
    }
}

pub(super) fn jsondecode(call: &Call<'_, '_>) -> Outcome {
    let mut tokens = Vec::new();
    for part in call.parts(0)? {
        match part {
            Part::Known(text) => tokens.extend(text.chars().map(Token::Char)),
            Part::Hole(unknown) => tokens.push(Token::Hole(unknown)),
        }
    }
    if let [Token::Hole(unknown)] = tokens.as_slice() {
        return call.missing(unknown);
    }
    let hole = tokens.iter().find_map(|token| if let Token::Hole(unknown) = token { Some(unknown.clone()) } else { None });
    let mut decoder = Decoder { tokens: &tokens, at: 0, place: call.place };
    let value = decoder.value(0).and_then(|value| {
        decoder.space();
        if decoder.at == tokens.len() { Ok(value) } else { Err("there is more text after the value".to_owned()) }
    });
    match (value, hole) {
        // What stands in a hole may make the text one that can be read.
        (Err(_), Some(unknown)) => call.missing(&unknown),
        (value, _) => value.map(|value| super::located::in_file(call, value)),
    }
}

enum Token {
    Char(char),
    Hole(Arc<Unknown>),
}

struct Decoder<'t> {
    tokens: &'t [Token],
    at: usize,
    place: Place,
}

impl Decoder<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next_char(&mut self) -> Option<char> {
        match self.peek() {
            Some(Token::Char(c)) => {
                let c = *c;
                self.at += 1;
                Some(c)
            }
            _ => None,
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(Token::Char(' ' | '\t' | '\n' | '\r'))) {
            self.at += 1;
        }
    }

    fn takes(&mut self, c: char) -> bool {
        self.space();
        let found = matches!(self.peek(), Some(Token::Char(found)) if *found == c);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: u32) -> Result<Value, String> {
        self.space();
        if depth > MAX_DEPTH {
            return Err("the value nests too deep".to_owned());
        }
        match self.peek() {
            Some(Token::Hole(unknown)) => {
                let value = Value::unknown(Unknown::clone(unknown), self.place);
                self.at += 1;
                Ok(value)
            }
            Some(Token::Char('"')) => self.string(),
            Some(Token::Char('[')) => self.list(depth),
            Some(Token::Char('{')) => self.object(depth),
            Some(Token::Char(_)) => self.word(),
            None => Err("the text ends where a value is expected".to_owned()),
        }
    }

    fn list(&mut self, depth: u32) -> Result<Value, String> {
        self.at += 1;
        let mut items = Vec::new();
        if !self.takes(']') {
            loop {
                items.push(self.value(depth + 1)?);
                if self.takes(']') {
                    break;
                }
                if !self.takes(',') {
                    return Err("a comma is expected in the list".to_owned());
                }
            }
        }
        Ok(lattice::list(items, None, self.place))
    }

    fn object(&mut self, depth: u32) -> Result<Value, String> {
        self.at += 1;
        let (mut entries, mut tail): (Vec<plimsoll_syntax::value::Entry>, _) = (Vec::new(), None);
        if !self.takes('}') {
            loop {
                self.space();
                if let Some(Token::Hole(unknown)) = self.peek() {
                    tail = Some(unknown.clone());
                    self.at += 1;
                } else {
                    let key =
                        if self.takes('"') { self.string_after_quote()? } else { return Err("a key is expected".to_owned()) };
                    if !self.takes(':') {
                        return Err("a colon is expected after the key".to_owned());
                    }
                    let value = self.value(depth + 1)?;
                    match key.kind {
                        Kind::String(key) => {
                            entries.retain(|known| known.key != key);
                            entries.push(entry(key, value));
                        }
                        _ => tail = tail.or_else(|| lattice::first_unknown(&key)),
                    }
                }
                if self.takes('}') {
                    break;
                }
                if !self.takes(',') {
                    return Err("a comma is expected in the object".to_owned());
                }
            }
        }
        Ok(Value::map(Map { entries, tail, ..Map::default() }, self.place))
    }

    fn string(&mut self) -> Result<Value, String> {
        self.at += 1;
        self.string_after_quote()
    }

    fn string_after_quote(&mut self) -> Result<Value, String> {
        let mut out = TextBuilder::default();
        let mut buffer = [0; 4];
        loop {
            if let Some(Token::Hole(unknown)) = self.peek() {
                out.hole(unknown.clone());
                self.at += 1;
                continue;
            }
            match self.next_char() {
                None => return Err("a string has no end".to_owned()),
                Some('"') => return Ok(out.finish(self.place)),
                Some('\\') => {
                    let c = match self.next_char() {
                        Some(c @ ('"' | '\\' | '/')) => c,
                        Some('n') => '\n',
                        Some('r') => '\r',
                        Some('t') => '\t',
                        Some('b') => '\u{8}',
                        Some('f') => '\u{c}',
                        Some('u') => self.unicode()?,
                        _ => return Err("a string has an escape that JSON does not know".to_owned()),
                    };
                    out.push(c.encode_utf8(&mut buffer));
                }
                Some(c) if c < ' ' => return Err("a string has a control character".to_owned()),
                Some(c) => out.push(c.encode_utf8(&mut buffer)),
            }
        }
    }

    /// Four digits, or two times four of a surrogate pair.
    fn unicode(&mut self) -> Result<char, String> {
        let first = self.four()?;
        if !(0xD800..0xDC00).contains(&first) {
            return Ok(char::from_u32(first).unwrap_or('\u{fffd}'));
        }
        let before = self.at;
        if self.next_char() == Some('\\') && self.next_char() == Some('u') {
            let second = self.four()?;
            if (0xDC00..0xE000).contains(&second) {
                return Ok(char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)).unwrap_or('\u{fffd}'));
            }
        }
        self.at = before;
        Ok('\u{fffd}')
    }

    fn four(&mut self) -> Result<u32, String> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.next_char().and_then(|c| c.to_digit(16)).ok_or("an escape lacks digits")?;
            value = value * 16 + digit;
        }
        Ok(value)
    }

    fn word(&mut self) -> Result<Value, String> {
        let mut word = String::new();
        while let Some(Token::Char(c)) = self.peek()
            && (c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        {
            word.push(*c);
            self.at += 1;
        }
        let kind = match word.as_str() {
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            _ => {
                let digits = word.strip_prefix('-').unwrap_or(&word);
                let starts = digits.starts_with(|c: char| c.is_ascii_digit())
                    && !(digits.len() > 1
                        && digits.starts_with('0')
                        && !digits.starts_with("0.")
                        && !digits.starts_with("0e")
                        && !digits.starts_with("0E"));
                let whole = !word.ends_with('.') && !word.contains(".e") && !word.contains(".E");
                match Number::parse(&word) {
                    Some(number) if starts && whole => Kind::Number(number.into()),
                    _ => {
                        return Err(if word.is_empty() {
                            "this is not JSON".to_owned()
                        } else {
                            format!("{word:?} is not JSON")
                        });
                    }
                }
            }
        };
        Ok(Value::new(kind, self.place))
    }
}
