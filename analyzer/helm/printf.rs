//! `fmt.Sprintf` (<https://pkg.go.dev/fmt>).

use crate::print::{plain, quoted, quoted_text, shortest, text, type_name};
use crate::text::{Builder, Text};
use crate::value::{Data, MAX_DEPTH, Value};

/// The widest field that is padded.
const MAX_WIDTH: usize = 4096;

#[derive(Clone, Copy, Default)]
struct Flags {
    minus: bool,
    plus: bool,
    space: bool,
    zero: bool,
    sharp: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

impl Flags {
    const fn is_plain(self) -> bool {
        !self.minus && !self.plus && !self.space && !self.zero && !self.sharp && self.width.is_none() && self.precision.is_none()
    }
}

/// Formats; what is inserted as it is keeps its sources.
pub(crate) fn format(format: &str, values: &[Value]) -> Text {
    let mut out = Builder::default();
    let mut values = values.iter();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_plain(&rest[..at]);
        rest = &rest[at + 1..];
        let flags = flags(&mut rest, &mut values);
        let Some(verb) = rest.chars().next() else {
            out.push_plain("%!(NOVERB)");
            break;
        };
        rest = &rest[verb.len_utf8()..];
        if verb == '%' {
            out.push_plain("%");
            continue;
        }
        let Some(value) = values.next() else {
            out.push_plain(&format!("%!{verb}(MISSING)"));
            continue;
        };
        match (verb, &value.data) {
            ('s' | 'v', Data::Str(_)) | ('v', Data::Bool(_) | Data::Int(_) | Data::Long(_) | Data::Float(_))
                if flags.is_plain() =>
            {
                out.push_text(&text(value), value.source());
            }
            ('q', Data::Str(_)) if flags.is_plain() => out.push_text(&quoted_text(&value.text()), value.source()),
            _ => {
                let origin = value.traced();
                let source = crate::text::Source { value: origin.place, opaque: origin.opaque, ..crate::text::Source::default() };
                out.push_str(&one(value, verb, flags, MAX_DEPTH), source);
            }
        }
    }
    out.push_plain(rest);
    let extra: Vec<String> = values
        .map(|value| if value.is_nil() { "<nil>".to_owned() } else { format!("{}={}", type_name(value), plain(value)) })
        .collect();
    if !extra.is_empty() {
        out.push_plain(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out.finish()
}

fn flags<'v>(rest: &mut &str, values: &mut impl Iterator<Item = &'v Value>) -> Flags {
    let mut flags = Flags::default();
    while let Some(c) = rest.chars().next() {
        match c {
            '-' => flags.minus = true,
            '+' => flags.plus = true,
            ' ' => flags.space = true,
            '0' => flags.zero = true,
            '#' => flags.sharp = true,
            _ => break,
        }
        *rest = &rest[1..];
    }
    flags.width = number(rest, values);
    if let Some(after) = rest.strip_prefix('.') {
        *rest = after;
        flags.precision = Some(number(rest, values).unwrap_or(0));
    }
    flags
}

fn number<'v>(rest: &mut &str, values: &mut impl Iterator<Item = &'v Value>) -> Option<usize> {
    if let Some(after) = rest.strip_prefix('*') {
        *rest = after;
        return values.next().and_then(Value::as_int).and_then(|int| usize::try_from(int).ok()).map(|width| width.min(MAX_WIDTH));
    }
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let digits = &rest[..end];
    *rest = &rest[end..];
    (!digits.is_empty()).then(|| digits.parse::<usize>().unwrap_or(MAX_WIDTH).min(MAX_WIDTH))
}

fn padded(text: &str, flags: Flags) -> String {
    let missing = flags.width.unwrap_or(0).saturating_sub(text.chars().count());
    if missing == 0 {
        return text.to_owned();
    }
    if flags.minus {
        return format!("{text}{}", " ".repeat(missing));
    }
    if flags.zero {
        let (sign, digits) = match text.strip_prefix(['-', '+']) {
            Some(digits) => text.split_at(text.len() - digits.len()),
            None => ("", text),
        };
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    format!("{}{text}", " ".repeat(missing))
}

/// A value; what it consists of is padded piece by piece.
fn one(value: &Value, verb: char, flags: Flags, depth: usize) -> String {
    let Some(depth) = depth.checked_sub(1) else { return String::new() };
    match &value.data {
        Data::List(items) if verb != 'T' => {
            format!("[{}]", items.iter().map(|item| one(item, verb, flags, depth)).collect::<Vec<_>>().join(" "))
        }
        Data::Map(dict) if verb != 'T' => {
            let entry = |(key, slot): &(std::rc::Rc<str>, crate::value::Slot)| {
                let key = one(&Value::string(&**key), verb, flags, depth);
                format!("{key}:{}", one(&slot.value, verb, flags, depth))
            };
            format!("map[{}]", dict.entries().iter().map(entry).collect::<Vec<_>>().join(" "))
        }
        _ => {
            let written = leaf(value, verb, flags).unwrap_or_else(|| bad(value, verb));
            if written.starts_with("%!") { written } else { padded(&written, flags) }
        }
    }
}

fn leaf(value: &Value, verb: char, flags: Flags) -> Option<String> {
    if verb == 'T' {
        return Some(type_name(value).to_owned());
    }
    match &value.data {
        Data::Void | Data::Nil if verb == 'v' => Some("<nil>".to_owned()),
        Data::Void | Data::Nil => Some(format!("%!{verb}(<nil>)")),
        Data::Bool(flag) if matches!(verb, 't' | 'v') => Some(flag.to_string()),
        Data::Int(int) | Data::Long(int) => whole(*int, verb, flags),
        Data::Float(float) => fraction(*float, verb, flags),
        Data::Str(content) => string(content.as_str(), verb, flags),
        Data::Object(object) => string(&object.text(), verb, flags),
        Data::Bool(_) | Data::List(_) | Data::Map(_) => None,
    }
}

fn bad(value: &Value, verb: char) -> String {
    format!("%!{verb}({}={})", type_name(value), plain(value))
}

fn signed(text: String, flags: Flags) -> String {
    if text.starts_with('-') {
        text
    } else if flags.plus {
        format!("+{text}")
    } else if flags.space {
        format!(" {text}")
    } else {
        text
    }
}

fn whole(int: i64, verb: char, flags: Flags) -> Option<String> {
    let sign = if int < 0 { "-" } else { "" };
    let size = int.unsigned_abs();
    Some(match verb {
        'v' => int.to_string(),
        'd' => signed(int.to_string(), flags),
        'x' => format!("{sign}{}{size:x}", if flags.sharp { "0x" } else { "" }),
        'X' => format!("{sign}{}{size:X}", if flags.sharp { "0X" } else { "" }),
        'o' => format!("{sign}{}{size:o}", if flags.sharp { "0" } else { "" }),
        'b' => format!("{sign}{size:b}"),
        'c' => u32::try_from(int).ok().and_then(char::from_u32).unwrap_or('\u{fffd}').to_string(),
        'q' => format!("'{}'", u32::try_from(int).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')),
        'U' => format!("U+{size:04X}"),
        _ => return None,
    })
}

fn fraction(float: f64, verb: char, flags: Flags) -> Option<String> {
    let text = match verb {
        'v' => return Some(shortest(float, 'e', 6)),
        'g' | 'G' => match flags.precision {
            None => shortest(float, if verb == 'G' { 'E' } else { 'e' }, 6),
            Some(digits) => significant(float, digits.max(1)),
        },
        'f' | 'F' => format!("{float:.*}", flags.precision.unwrap_or(6)),
        'e' | 'E' => {
            let text = format!("{float:.*e}", flags.precision.unwrap_or(6));
            let (digits, exponent) = text.split_once('e')?;
            let exponent: i32 = exponent.parse().ok()?;
            format!("{digits}{verb}{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        }
        _ => return None,
    };
    Some(signed(text, flags))
}

/// `%.3g`
fn significant(float: f64, digits: usize) -> String {
    let text = format!("{float:.*e}", digits - 1);
    let rounded: f64 = text.parse().unwrap_or(float);
    shortest(rounded, 'e', i32::try_from(digits).unwrap_or(i32::MAX))
}

fn string(content: &str, verb: char, flags: Flags) -> Option<String> {
    let cut = || match flags.precision {
        Some(length) => content.chars().take(length).collect(),
        None => content.to_owned(),
    };
    Some(match verb {
        's' => cut(),
        'v' if flags.sharp => quoted(content),
        'v' => cut(),
        'q' => quoted(&cut()),
        'x' => content.bytes().map(|byte| format!("{byte:02x}")).collect(),
        'X' => content.bytes().map(|byte| format!("{byte:02X}")).collect(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs() {
        let s = |text: &str| Value::string(text);
        let f = |float: f64| Value::new(Data::Float(float));
        let i = |int: i64| Value::new(Data::Int(int));
        let rows: &[(&str, Vec<Value>, &str)] = &[
            ("%s-%s", vec![s("a"), s("b")], "a-b"),
            ("%s", vec![f(80.0)], "%!s(float64=80)"),
            ("%d", vec![f(80.0)], "%!d(float64=80)"),
            ("%v %v", vec![f(1e6), Value::bool(true)], "1e+06 true"),
            ("%.0f", vec![f(2.5)], "2"),
            ("%03d|%-4d|%+d", vec![i(7), i(7), i(7)], "007|7   |+7"),
            ("%q", vec![s("a\"b")], "\"a\\\"b\""),
            ("%5s|%.1s", vec![s("ab"), s("cd")], "   ab|c"),
            ("%s", vec![], "%!s(MISSING)"),
            ("a", vec![s("b")], "a%!(EXTRA string=b)"),
            ("%s", vec![Value::new(Data::Nil)], "%!s(<nil>)"),
            ("%v", vec![Value::new(Data::Nil)], "<nil>"),
            ("100%%", vec![], "100%"),
            ("%t", vec![Value::bool(false)], "false"),
            ("%x", vec![s("hi")], "6869"),
            ("%s", vec![Value::strings(["a", "b"])], "[a b]"),
            ("%", vec![], "%!(NOVERB)"),
        ];
        for (pattern, values, expected) in rows {
            assert_eq!(format(pattern, values).as_str(), *expected, "{pattern}");
        }
    }
}
