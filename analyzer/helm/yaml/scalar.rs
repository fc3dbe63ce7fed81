//! How a string is written as a YAML scalar.

/// The styles, without those that are never chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What the characters of a string allow.
struct Allowed {
    plain: bool,
    single: bool,
    block: bool,
}

fn analyzed(text: &str) -> Allowed {
    let chars: Vec<char> = text.chars().collect();
    let blank = |c: Option<&char>| c.is_none_or(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'));
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let (mut special, mut breaks, mut break_space, mut space_break) = (false, false, false, false);
    let (mut space_before, mut break_before) = (false, false);
    for (at, &c) in chars.iter().enumerate() {
        let followed = matches!(chars.get(at + 1), None | Some(' ' | '\t'));
        let preceded = at == 0 || blank(chars.get(at - 1));
        indicators |= match c {
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => at == 0,
            '#' => preceded,
            '?' | '-' => at == 0 && followed,
            ':' => followed,
            _ => false,
        };
        let is_break = is_break(c);
        special |= !is_printable(c);
        breaks |= is_break;
        break_space |= c == ' ' && break_before;
        space_break |= is_break && space_before;
        (space_before, break_before) = (c == ' ', is_break);
    }
    let edge = |c: Option<&char>| c.is_some_and(|c| *c == ' ' || is_break(*c));
    let edges = edge(chars.first()) || edge(chars.last());
    Allowed {
        plain: !(indicators || edges || break_space || space_break || special || breaks),
        single: !(break_space || space_break || special),
        block: !(chars.is_empty() || chars.last() == Some(&' ') || space_break || special),
    }
}

const fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// As the writer's library sees it: tabs and characters beyond the basic plane are not.
const fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// The style of a string; as a key it has one line.
pub(super) fn style(text: &str, is_key: bool) -> Style {
    let allowed = analyzed(text);
    let multiline = text.contains(is_break);
    let wanted = if text.contains('\n') {
        Style::Literal
    } else if resolves_to_string(text) {
        Style::Plain
    } else {
        Style::Double
    };
    match wanted {
        _ if is_key && multiline => Style::Double,
        Style::Literal if allowed.block => Style::Literal,
        Style::Plain if allowed.plain => Style::Plain,
        Style::Plain if allowed.single => Style::Single,
        _ => Style::Double,
    }
}

pub(super) fn key(text: &str) -> String {
    quoted(text, style(text, true))
}

/// The string in its style, on one line.
pub(super) fn quoted(text: &str, style: Style) -> String {
    match style {
        Style::Plain | Style::Literal => text.to_owned(),
        Style::Single => format!("'{}'", text.replace('\'', "''")),
        Style::Double => {
            let mut out = String::from("\"");
            for c in text.chars() {
                escape(&mut out, c);
            }
            out.push('"');
            out
        }
    }
}

fn escape(out: &mut String, c: char) {
    let named = match c {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' | '\\' => c,
        '\u{85}' => 'N',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ if is_printable(c) && c != '\u{feff}' => return out.push(c),
        _ => {
            let code = c as u32;
            out.push_str(&match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            });
            return;
        }
    };
    out.push('\\');
    out.push(named);
}

/// What stands after `|`: an indentation where the text begins with a blank, and how it ends.
pub(super) fn hints(text: &str) -> String {
    let mut out = String::new();
    if text.starts_with(|c| c == ' ' || is_break(c)) {
        out.push('2');
    }
    let mut ends = text.chars().rev();
    match (ends.next().is_some_and(is_break), ends.next()) {
        (false, _) => out.push('-'),
        (true, None) => out.push('+'),
        (true, Some(before)) if is_break(before) => out.push('+'),
        (true, Some(_)) => {}
    }
    out
}

/// Whether YAML 1.1 reads the plain text as a string.
fn resolves_to_string(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "", "~", "null", "Null", "NULL", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "n", "N", "no",
        "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf",
        "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
    ];
    if WORDS.contains(&text) {
        return false;
    }
    match text.chars().next() {
        Some('.') => !is_float(text, true),
        Some('+' | '-' | '0'..='9') => {
            let plain = text.replace('_', "");
            let binary = plain.strip_prefix('-').unwrap_or(&plain).strip_prefix("0b");
            !(is_timestamp(text)
                || crate::parser::integer(&plain).is_some()
                || plain.parse::<u64>().is_ok()
                || is_float(&plain, false)
                || binary.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|digit| matches!(digit, b'0' | b'1')))
                || is_sexagesimal(text))
        }
        _ => true,
    }
}

/// `1.5`, `.5`, `1e3`; `free`: as Go's own parser reads it.
fn is_float(text: &str, free: bool) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    if text.len() - digits.len() > 1 {
        return false;
    }
    let (mantissa, exponent) =
        digits.split_once(['e', 'E']).map_or((digits, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(whole, fraction)| (whole, Some(fraction)));
    let number = all_digits(whole)
        && fraction.is_none_or(all_digits)
        && (!whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty()));
    let power = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    number && power && (!free || text.parse::<f64>().is_ok())
}

/// `2001-12-14`, with a time or not.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = text.split_once(['T', 't', ' ']).map_or((text, None), |(date, time)| (date, Some(time)));
    let parts: Vec<&str> = date.split('-').collect();
    let digits = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_date =
        matches!(parts.as_slice(), [year, month, day] if digits(year, 4..=4) && digits(month, 1..=2) && digits(day, 1..=2));
    is_date
        && time.is_none_or(|time| {
            let clock = time.split(['Z', '+', '-', '.']).next().unwrap_or("");
            let parts: Vec<&str> = clock.split(':').collect();
            parts.len() == 3 && parts.iter().all(|part| digits(part, 1..=2))
        })
}

/// `190:20:30`
fn is_sexagesimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = digits.split(':');
    let first = parts.next().unwrap_or("");
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let sixty = |part: &str| {
        matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit()) && (part.len() == 1 || part < "60")
    };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
        && middle.iter().all(|part| sixty(part))
        && sixty(last)
        && fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_where_they_must() {
        let rows = [
            ("a", "a"),
            ("true", "\"true\""),
            ("80", "\"80\""),
            ("1e3", "\"1e3\""),
            ("08", "\"08\""),
            ("1.2.3", "1.2.3"),
            ("", "\"\""),
            ("#a", "'#a'"),
            ("a #b", "'a #b'"),
            ("a: b", "'a: b'"),
            ("a:b", "a:b"),
            ("*", "'*'"),
            ("- a", "'- a'"),
            ("-a", "-a"),
            ("it's", "it's"),
            ("'a", "'''a'"),
            ("a\tb", "\"a\\tb\""),
            ("2024-01-02", "\"2024-01-02\""),
            ("12:30:00", "\"12:30:00\""),
            ("0x1F", "\"0x1F\""),
            (" a", "' a'"),
            ("é", "é"),
            ("😀", "\"\\U0001F600\""),
            ("{{ x }}", "'{{ x }}'"),
        ];
        for (text, expected) in rows {
            assert_eq!(quoted(text, style(text, false)), expected, "{text}");
        }
    }
}
