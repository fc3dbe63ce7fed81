//! `format` and `formatlist`: <https://opentofu.org/docs/language/functions/format/>.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::Value;
use plimsoll_syntax::value::{Kind, Number, Shape};
use unicode_segmentation::UnicodeSegmentation;

use super::Needs::Nothing;
use super::string::quoted;
use super::{ANY, Call, Function, Outcome, json, number_in, row};
use crate::convert::{text_of, to_bool};
use crate::lattice::{self, derived, first_unknown, noun};
use crate::template::TextBuilder;

pub(super) const TABLE: &[Function] =
    &[row("format", 1, ANY, Nothing, Shape::String, format), row("formatlist", 1, ANY, Nothing, Shape::List, formatlist)];

fn format(call: &Call<'_, '_>) -> Outcome {
    let Some(pattern) = call.given_text(0)? else { return call.lacking(0) };
    let args: Vec<&Value> = call.args.iter().skip(1).collect();
    formatted(call, &pattern, &args)
}

fn formatlist(call: &Call<'_, '_>) -> Outcome {
    let Some(pattern) = call.given_text(0)? else { return call.lacking(0) };
    let args: Vec<&Value> = call.args.iter().skip(1).collect();
    let mut length: Option<usize> = None;
    for arg in &args {
        match &arg.kind {
            Kind::List(list) => match &list.tail {
                Some(tail) => return call.missing(tail),
                None if length.is_some_and(|length| length != list.items.len()) => {
                    return Err("the lists have different lengths".to_owned());
                }
                None => length = Some(list.items.len()),
            },
            Kind::Unknown(unknown) if matches!(unknown.shape, Shape::Any | Shape::List) => return call.missing(unknown),
            _ => {}
        }
    }
    let row = |at: usize| {
        let args: Vec<&Value> = args.iter().map(|arg| arg.as_list().and_then(|list| list.items.get(at)).unwrap_or(arg)).collect();
        formatted(call, &pattern, &args)
    };
    call.list((0..length.unwrap_or(1)).map(row).collect::<Result<_, _>>()?)
}

/// `%`, flags, width, precision, index, letter.
#[derive(Default)]
struct Verb {
    letter: char,
    plus: bool,
    minus: bool,
    space: bool,
    zero: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
    index: Option<usize>,
}

/// Reads a verb after its `%`; returns what follows.
fn verb(text: &str) -> Result<(Verb, &str), String> {
    fn digits(text: &str) -> (&str, &str) {
        text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
    }
    let mut verb = Verb::default();
    let mut rest = text;
    while let Some(flag) = rest.chars().next() {
        match flag {
            '+' => verb.plus = true,
            '-' => verb.minus = true,
            ' ' => verb.space = true,
            '0' => verb.zero = true,
            '#' => verb.sharp = true,
            _ => break,
        }
        rest = &rest[1..];
    }
    let (width, after) = digits(rest);
    verb.width =
        if width.is_empty() { 0 } else { width.parse().ok().filter(|width| *width < 10_000).ok_or("the width is too large")? };
    rest = after;
    if let Some(after) = rest.strip_prefix('.') {
        let (precision, after) = digits(after);
        verb.precision = Some(if precision.is_empty() {
            0
        } else {
            precision.parse().ok().filter(|precision| *precision < 10_000).ok_or("the precision is too large")?
        });
        rest = after;
    }
    if let Some(after) = rest.strip_prefix('[') {
        let (index, after) = digits(after);
        verb.index = index.parse().ok().filter(|index| *index > 0);
        rest = after.strip_prefix(']').ok_or("an index has no end")?;
        if verb.index.is_none() {
            return Err("an index must be a number from 1".to_owned());
        }
    }
    verb.letter = rest.chars().next().ok_or("a verb has no letter")?;
    if !verb.letter.is_ascii_alphabetic() {
        return Err(format!("{:?} is not expected in a verb", verb.letter));
    }
    Ok((verb, &rest[1..]))
}

fn formatted(call: &Call<'_, '_>, pattern: &str, args: &[&Value]) -> Outcome {
    let mut out = TextBuilder::default();
    let (mut rest, mut next, mut highest) = (pattern, 0, 0);
    while let Some((before, after)) = rest.split_once('%') {
        out.push(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push("%");
            rest = after;
            continue;
        }
        let (verb, after) = verb(after)?;
        rest = after;
        let at = verb.index.map_or(next, |index| index - 1);
        next = at + 1;
        highest = highest.max(next);
        let arg = args.get(at).ok_or_else(|| format!("argument {} is missing", at + 1))?;
        append(&mut out, &verb, arg)?;
    }
    out.push(rest);
    if highest < args.len() {
        return Err("there are more arguments than verbs".to_owned());
    }
    Ok(out.finish(call.place))
}

fn append(out: &mut TextBuilder, verb: &Verb, arg: &Value) -> Result<(), String> {
    if !"vtbdoxXeEfgGsq".contains(verb.letter) {
        return Err(format!("there is no verb %{}", verb.letter));
    }
    let plain = verb.width == 0 && verb.precision.is_none();
    match &arg.kind {
        // A string as it is keeps its parts.
        Kind::Template(_) if plain && matches!(verb.letter, 's' | 'v') && !verb.sharp => return out.add(arg),
        Kind::Template(_) | Kind::Unknown(_) | Kind::Choice(_) | Kind::List(_) | Kind::Map(_) => {
            if verb.letter == 'v' && plain && matches!(arg.kind, Kind::List(_) | Kind::Map(_)) {
                json::encode_into(arg, out, 0);
                return Ok(());
            }
            if let Some(unknown) = first_unknown(arg) {
                out.hole(Arc::new(derived(&unknown, Shape::String)));
                return Ok(());
            }
        }
        Kind::Null if verb.letter != 'v' => return Err(format!("null cannot be written as %{}", verb.letter)),
        _ => {}
    }
    let text = match verb.letter {
        'v' => padded(verb, &as_is(verb, arg)),
        't' => padded(
            verb,
            if to_bool(arg).and_then(|value| value.as_bool()).ok_or_else(|| format!("a bool is required, not {}", noun(arg)))? {
                "true"
            } else {
                "false"
            },
        ),
        's' | 'q' => {
            let text = text_of(arg).ok_or_else(|| format!("a string is required, not {}", noun(arg)))?;
            let text: String = match verb.precision {
                Some(most) => text.graphemes(true).take(most).collect(),
                None => text.into(),
            };
            padded(verb, &if verb.letter == 'q' { quoted(&text) } else { text })
        }
        'b' | 'd' | 'o' | 'x' | 'X' => integer(verb, number_in(arg)?),
        _ => float(verb, number_in(arg)?.as_f64()),
    };
    out.push(&text);
    Ok(())
}

fn as_is(verb: &Verb, arg: &Value) -> String {
    match &arg.kind {
        Kind::String(text) if !verb.sharp => text.to_string(),
        Kind::Number(number) if !verb.sharp => general(number.get()),
        _ => json::encoded(arg),
    }
}

/// A number in its shortest form, with an exponent where Go's `%g` has one.
fn general(number: Number) -> String {
    let text = lattice::number_text(number);
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |text| ("-", text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = CompactString::from(whole) + fraction;
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let exponent = i64::try_from(whole.len()).unwrap_or(0) - 1 - i64::try_from(leading).unwrap_or(0);
    let significant = digits.trim_matches('0');
    let significant = if significant.is_empty() { return format!("{sign}0") } else { significant };
    if (-4..6).contains(&exponent) {
        return format!("{sign}{text}");
    }
    let (head, tail) = significant.split_at(1);
    let point = if tail.is_empty() { "" } else { "." };
    format!("{sign}{head}{point}{tail}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// Fills up to the width, counted in characters as people see them.
fn padded(verb: &Verb, text: &str) -> String {
    let fill = verb.width.saturating_sub(text.graphemes(true).count());
    match (verb.minus, verb.zero) {
        (true, _) => format!("{text}{}", " ".repeat(fill)),
        (false, true) => format!("{}{text}", "0".repeat(fill)),
        (false, false) => format!("{}{text}", " ".repeat(fill)),
    }
}

fn integer(verb: &Verb, number: Number) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a fraction is cut off, as Terraform does")]
    let int = match number {
        Number::Int(int) => int,
        Number::Float(float) => float as i128,
    };
    let magnitude = int.unsigned_abs();
    let digits = match verb.letter {
        'b' => format!("{magnitude:b}"),
        'o' => format!("{magnitude:o}"),
        'x' => format!("{magnitude:x}"),
        'X' => format!("{magnitude:X}"),
        _ => magnitude.to_string(),
    };
    let base = match (verb.sharp, verb.letter) {
        (true, 'x') => "0x",
        (true, 'X') => "0X",
        (true, 'o') => "0",
        (true, 'b') => "0b",
        _ => "",
    };
    let least = verb.precision.unwrap_or(0);
    let digits = format!("{base}{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
    signed(verb, int < 0, &digits, verb.precision.is_none())
}

fn signed(verb: &Verb, negative: bool, digits: &str, zeros: bool) -> String {
    let sign = match (negative, verb.plus, verb.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    };
    let fill = verb.width.saturating_sub(digits.len() + sign.len());
    if verb.minus {
        format!("{sign}{digits}{}", " ".repeat(fill))
    } else if verb.zero && zeros {
        format!("{sign}{}{digits}", "0".repeat(fill))
    } else {
        format!("{}{sign}{digits}", " ".repeat(fill))
    }
}

fn float(verb: &Verb, float: f64) -> String {
    let magnitude = float.abs();
    let text = match verb.letter {
        'f' => format!("{magnitude:.*}", verb.precision.unwrap_or(6)),
        'e' | 'E' => exponential(&format!("{magnitude:.*e}", verb.precision.unwrap_or(6))),
        _ => match verb.precision {
            None => general(Number::from(magnitude)),
            Some(precision) => significant(magnitude, precision.max(1)),
        },
    };
    let text = if verb.letter.is_ascii_uppercase() { text.to_uppercase() } else { text };
    signed(verb, float < 0.0, &text, true)
}

/// `1.5e2` as `1.5e+02`.
fn exponential(text: &str) -> String {
    let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// `%g` with a precision: so many significant digits at most.
fn significant(magnitude: f64, precision: usize) -> String {
    let text = format!("{magnitude:.*e}", precision - 1);
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
    };
    let precision = i64::try_from(precision).unwrap_or(i64::MAX);
    if exponent < -4 || exponent >= precision {
        return exponential(&format!("{}e{exponent}", trim(digits)));
    }
    trim(&format!("{magnitude:.*}", usize::try_from(precision - 1 - exponent).unwrap_or(0)))
}
