//! JSON, as `encoding/json` writes it.

use crate::text::{Builder, Source, Text};
use crate::value::{Data, MAX_DEPTH, Value};

/// How it is written.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// On lines of their own, with two blanks.
    pub pretty: bool,
    /// `<`, `>` and `&` as escapes.
    pub escape_html: bool,
}

pub(crate) fn write(value: &Value, style: Style) -> Text {
    let mut out = Builder::default();
    node(&mut out, value, style, 0);
    out.finish()
}

fn node(out: &mut Builder, value: &Value, style: Style, level: usize) {
    if level > MAX_DEPTH {
        return out.push_plain("null");
    }
    let line = |out: &mut Builder, level: usize| {
        if style.pretty {
            out.push_plain("\n");
            out.push_plain(&"  ".repeat(level));
        }
    };
    match &value.data {
        Data::Object(object) => node(out, &object.as_data(), style, level + 1),
        Data::List(items) if !items.is_empty() => {
            out.push_plain("[");
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_plain(",");
                }
                line(out, level + 1);
                node(out, item, style, level + 1);
            }
            line(out, level);
            out.push_plain("]");
        }
        Data::Map(dict) if dict.len() > 0 => {
            out.push_plain("{");
            for (at, (key, slot)) in dict.entries().iter().enumerate() {
                if at > 0 {
                    out.push_plain(",");
                }
                line(out, level + 1);
                out.push_str(&string(key, style), Source { value: slot.key, ..Source::default() });
                out.push_plain(if style.pretty { ": " } else { ":" });
                node(out, &slot.value, style, level + 1);
            }
            line(out, level);
            out.push_plain("}");
        }
        _ => {
            let origin = value.traced();
            out.push_str(&scalar(value, style), Source { value: origin.place, opaque: origin.opaque, ..Source::default() });
        }
    }
}

fn scalar(value: &Value, style: Style) -> String {
    match &value.data {
        Data::Void | Data::Nil => "null".to_owned(),
        Data::Bool(flag) => flag.to_string(),
        Data::Int(int) | Data::Long(int) => int.to_string(),
        Data::Float(float) => number(*float),
        Data::Str(text) => string(text.as_str(), style),
        Data::List(_) => "[]".to_owned(),
        Data::Map(_) => "{}".to_owned(),
        Data::Object(object) => string(&object.text(), style),
    }
}

fn number(float: f64) -> String {
    let size = float.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        return format!("{float:e}").replace('e', if size >= 1.0 { "e+" } else { "e" });
    }
    format!("{float}")
}

fn string(text: &str, style: Style) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '<' | '>' | '&' if style.escape_html => out.push_str(&format!("\\u{:04x}", c as u32)),
            '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            _ if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}
