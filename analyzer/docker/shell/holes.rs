//! Texts with holes, as plain strings: each hole is one character of the private use area, so that words can be split and
//! compared like any other text.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::value::{Part, Unknown};
use plimsoll_syntax::{Kind, Place, Value};

/// The first character that stands for a hole.
const FIRST: u32 = 0xE000;
/// How many there are.
const MOST: u32 = 0x1900;

/// The character of a new hole.
pub(crate) fn mark(hole: Arc<Unknown>, holes: &mut Vec<Arc<Unknown>>) -> char {
    let number = u32::try_from(holes.len()).unwrap_or(MOST).min(MOST - 1);
    if holes.len() < MOST as usize {
        holes.push(hole);
    }
    char::from_u32(FIRST + number).unwrap_or('\u{E000}')
}

/// Whether the character stands for a hole.
pub(crate) const fn is_mark(c: char) -> bool {
    c as u32 >= FIRST && (c as u32) < FIRST + MOST
}

/// Whether the text has a hole.
pub(crate) fn has_mark(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(is_mark)
}

/// A scalar as a text; `None`: it is none.
pub(crate) fn marked(value: &Value, holes: &mut Vec<Arc<Unknown>>) -> Option<CompactString> {
    let mut text = CompactString::default();
    match &value.kind {
        Kind::String(known) => text.push_str(known),
        Kind::Number(number) => text.push_str(&number.to_string()),
        Kind::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Kind::Unknown(hole) => text.push(mark(hole.clone(), holes)),
        Kind::Choice(choice) => text.push(mark(choice.condition.clone(), holes)),
        Kind::Template(parts) => {
            for part in parts.iter() {
                match part {
                    Part::Known(known) => text.push_str(known),
                    Part::Hole(hole) => text.push(mark(hole.clone(), holes)),
                }
            }
        }
        Kind::Null | Kind::List(_) | Kind::Map(_) => return None,
    }
    Some(text)
}

/// The value that a text stands for.
pub(crate) fn value(text: &str, holes: &[Arc<Unknown>], place: Place) -> Value {
    if !has_mark(text) {
        return Value::string(text, place);
    }
    let mut parts = Vec::new();
    let mut known = CompactString::default();
    for c in text.chars() {
        let hole = if is_mark(c) { holes.get((c as u32 - FIRST) as usize) } else { None };
        match hole {
            Some(hole) => {
                if !known.is_empty() {
                    parts.push(Part::Known(std::mem::take(&mut known)));
                }
                parts.push(Part::Hole(hole.clone()));
            }
            None => known.push(c),
        }
    }
    if !known.is_empty() {
        parts.push(Part::Known(known));
    }
    match parts.as_slice() {
        [Part::Hole(hole)] => Value::new(Kind::Unknown(hole.clone()), place),
        [Part::Known(known)] => Value::string(known.clone(), place),
        _ => Value::new(Kind::Template(parts.into()), place),
    }
}
