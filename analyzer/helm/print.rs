//! How Go writes values: `fmt.Print`, and what `%v` does.

use crate::text::{Builder, Text};
use crate::value::{Data, MAX_DEPTH, Value};

/// `%v`
pub(crate) fn plain(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, MAX_DEPTH);
    out
}

fn write(out: &mut String, value: &Value, depth: usize) {
    let Some(depth) = depth.checked_sub(1).filter(|_| out.len() < 1 << 22) else { return };
    match &value.data {
        Data::Void | Data::Nil => out.push_str("<nil>"),
        Data::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Data::Int(int) | Data::Long(int) => out.push_str(&int.to_string()),
        Data::Float(float) => out.push_str(&shortest(*float, 'e', 6)),
        Data::Str(text) => out.push_str(text.as_str()),
        Data::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                write(out, item, depth);
            }
            out.push(']');
        }
        Data::Map(dict) => {
            out.push_str("map[");
            for (at, (key, slot)) in dict.entries().iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                write(out, &slot.value, depth);
            }
            out.push(']');
        }
        Data::Object(object) => out.push_str(&object.text()),
    }
}

/// sprig's `strval`, with its sources.
pub(crate) fn text(value: &Value) -> Text {
    if let Data::Str(_) = value.data {
        return value.text();
    }
    let mut out = Builder::default();
    out.push_str(&plain(value), value.source());
    out.finish()
}

/// `fmt.Sprint`: a space between operands when neither is a string.
pub(crate) fn print(values: &[Value], line: bool) -> Text {
    let mut out = Builder::default();
    let mut string_before = true;
    for (at, value) in values.iter().enumerate() {
        let is_string = value.as_str().is_some();
        if at > 0 && (line || !is_string && !string_before) {
            out.push_plain(" ");
        }
        out.push_text(&text(value), value.source());
        string_before = is_string;
    }
    if line {
        out.push_plain("\n");
    }
    out.finish()
}

/// The shortest digits that read back as the same double, as `%g` writes them; `limit`: the exponent from which it is written.
pub(crate) fn shortest(float: f64, mark: char, limit: i32) -> String {
    if float.is_nan() {
        return "NaN".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= limit {
        return format!("{digits}{mark}{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    }
    format!("{float}")
}

/// `strconv.Quote`
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        escape(&mut out, c);
    }
    out.push('"');
    out
}

fn escape(out: &mut String, c: char) {
    match c {
        '"' | '\\' => {
            out.push('\\');
            out.push(c);
        }
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        _ if (c as u32) < 0x20 || c == '\x7f' => out.push_str(&format!("\\x{:02x}", c as u32)),
        _ if is_hidden(c) && (c as u32) < 0x10000 => out.push_str(&format!("\\u{:04x}", c as u32)),
        _ => out.push(c),
    }
}

/// What Go's `IsPrint` refuses, as far as it occurs in charts.
const fn is_hidden(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{a0}' | '\u{ad}' | '\u{1680}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{d7ff}'..='\u{f8ff}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}')
}

/// The text in double quotes, its sources kept where nothing is escaped.
pub(crate) fn quoted_text(text: &Text) -> Text {
    let mut out = Builder::default();
    out.push_plain("\"");
    let content = text.as_str();
    let mut from = 0;
    for (at, c) in content.char_indices() {
        let mut escaped = String::new();
        escape(&mut escaped, c);
        let next = at + c.len_utf8();
        if content.get(at..next) != Some(escaped.as_str()) {
            out.push_slice(text, from, at, crate::text::Source::default());
            out.push_text(&mark(text, at, next, &escaped), crate::text::Source::default());
            from = next;
        }
    }
    out.push_slice(text, from, content.len(), crate::text::Source::default());
    out.push_plain("\"");
    out.finish()
}

/// Other text with the source of a piece.
fn mark(text: &Text, start: usize, end: usize, instead: &str) -> Text {
    let mut source = text.slice(start, end).runs().first().map(|run| run.source).unwrap_or_default();
    source.exact = false;
    let mut out = Builder::default();
    out.push_str(instead, source);
    out.finish()
}

/// `%T`
pub(crate) fn type_name(value: &Value) -> &'static str {
    match &value.data {
        Data::Void | Data::Nil => "<nil>",
        Data::Bool(_) => "bool",
        Data::Int(_) => "int",
        Data::Long(_) => "int64",
        Data::Float(_) => "float64",
        Data::Str(_) => "string",
        Data::List(_) => "[]interface {}",
        Data::Map(_) => "map[string]interface {}",
        Data::Object(object) => object.type_name(),
    }
}

/// `reflect.Kind`
pub(crate) fn kind_name(value: &Value) -> &'static str {
    match &value.data {
        Data::Void | Data::Nil => "invalid",
        Data::List(_) => "slice",
        Data::Map(_) => "map",
        Data::Object(object) => object.kind(),
        _ => type_name(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_go_prints_them() {
        let rows = [
            (80.0, "80"),
            (1_000_000.0, "1e+06"),
            (0.1, "0.1"),
            (123_456.0, "123456"),
            (1_234_567.0, "1.234567e+06"),
            (0.000_01, "1e-05"),
            (-2.5, "-2.5"),
            (1e21, "1e+21"),
        ];
        for (float, expected) in rows {
            assert_eq!(shortest(float, 'e', 6), expected);
        }
        assert_eq!(shortest(1_234_567.0, 'e', 21), "1234567");
    }

    #[test]
    fn quotes_escape() {
        assert_eq!(quoted("a\"b\\\n\u{1}é"), "\"a\\\"b\\\\\\n\\x01é\"");
        assert_eq!(quoted_text(&Text::from("a\nb")).as_str(), "\"a\\nb\"");
    }
}
