//! The hash of the content at the end of the names of generated objects.

use std::fmt::Write as _;

use plimsoll_syntax::text::push_json;
use plimsoll_syntax::{Kind, Value};
use sha2::{Digest, Sha256};

use crate::tree::text_at;

/// Digits that could spell words are replaced.
const DIGITS: &[(char, char)] = &[('0', 'g'), ('1', 'h'), ('3', 'k'), ('a', 'm'), ('e', 't')];

/// How many characters a hash has.
const LENGTH: usize = 10;

/// The hash of an object.
pub(crate) fn of(object: &Value) -> String {
    let kind = text_at(object, &["kind"]);
    let mut text = String::new();
    match kind.as_str() {
        "ConfigMap" => fields(object, &["binaryData", "data", "kind", "name"], &mut text),
        "Secret" => fields(object, &["data", "kind", "name", "stringData", "type"], &mut text),
        _ => json(object, &mut text),
    }
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex.chars().take(LENGTH).map(|digit| DIGITS.iter().find(|(from, _)| *from == digit).map_or(digit, |(_, to)| *to)).collect()
}

/// The fields that count, by name. One that is missing counts as an empty text, unless it is one that most objects lack.
fn fields(object: &Value, names: &[&str], out: &mut String) {
    out.push('{');
    let mut first = true;
    for name in names {
        // The name itself does not count: an object that only moves keeps its hash.
        let value = if *name == "name" { None } else { object.get(name) };
        if matches!(*name, "binaryData" | "stringData") && value.is_none_or(|value| value.as_map().is_none()) {
            continue;
        }
        if !first {
            out.push(',');
        }
        first = false;
        quote(name, out);
        out.push(':');
        match value {
            Some(value) => json(value, out),
            None => out.push_str("\"\""),
        }
    }
    out.push('}');
}

fn json(value: &Value, out: &mut String) {
    match &value.kind {
        Kind::Null | Kind::Unknown(_) | Kind::Choice(_) | Kind::Template(_) => out.push_str("null"),
        Kind::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Kind::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Kind::String(text) => quote(text, out),
        Kind::List(list) => {
            out.push('[');
            for (at, item) in list.items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                json(item, out);
            }
            out.push(']');
        }
        Kind::Map(map) => {
            let mut entries: Vec<_> = map.entries.iter().collect();
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            out.push('{');
            for (at, entry) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                quote(&entry.key, out);
                out.push(':');
                json(&entry.value, out);
            }
            out.push('}');
        }
    }
}

/// A JSON string, with the characters escaped that HTML gives a meaning.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    push_json(text, out);
    out.push('"');
}
