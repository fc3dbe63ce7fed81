//! Strings whose pieces keep their sources.

use super::{Answer, Function, picks, plain};
use crate::print;
use crate::run::Call;
use crate::text::{Builder, Source, Text};
use crate::value::{Data, Dict, Value};

/// The longest text that is repeated or padded to.
const MAX_LENGTH: usize = 1 << 20;

pub(super) const TABLE: &[Function] = &[
    picks("quote", "a*", |call| Ok(joined(call, |value| print::quoted_text(&print::text(value))))),
    picks("squote", "a*", |call| {
        Ok(joined(call, |value| {
            let mut out = Builder::default();
            out.push_plain("'");
            out.push_text(&print::text(value), value.source());
            out.push_plain("'");
            out.finish()
        }))
    }),
    picks("cat", "a*", |call| Ok(joined(call, print::text))),
    picks("toString", "a", |call| Ok(print::text(&call.value(0)).into())),
    picks("trim", "s", |call| Ok(call.text(0).part(str::trim).into())),
    picks("trimAll", "ss", trim_all),
    picks("trimall", "ss", trim_all),
    picks("trimSuffix", "ss", |call| Ok(call.text(1).part(|text| text.strip_suffix(call.str(0)).unwrap_or(text)).into())),
    picks("trimPrefix", "ss", |call| Ok(call.text(1).part(|text| text.strip_prefix(call.str(0)).unwrap_or(text)).into())),
    picks("trunc", "is", trunc),
    picks("substr", "iis", substr),
    picks("indent", "is", |call| Ok(indented(call, "").into())),
    picks("nindent", "is", |call| Ok(indented(call, "\n").into())),
    picks("replace", "sss", |call| Ok(replaced(&call.text(2), call.str(0), &call.text(1)).into())),
    picks("join", "sa", join),
    picks("lower", "s", |call| Ok(call.text(0).with(call.str(0).to_lowercase()).into())),
    picks("upper", "s", |call| Ok(call.text(0).with(call.str(0).to_uppercase()).into())),
    picks("splitList", "ss", |call| {
        Ok(Value::list(pieces(&call.text(1), call.str(0), usize::MAX).into_iter().map(Value::from).collect()))
    }),
    picks("split", "ss", |call| Ok(numbered(pieces(&call.text(1), call.str(0), usize::MAX)))),
    picks("splitn", "sis", |call| {
        let most = usize::try_from(call.int(1)).unwrap_or(usize::MAX);
        Ok(numbered(if most == 0 { Vec::new() } else { pieces(&call.text(2), call.str(0), most) }))
    }),
    plain("repeat", "is", |call| {
        let count = usize::try_from(call.int(0)).map_err(|_| "strings: negative Repeat count".to_owned())?;
        if count.saturating_mul(call.str(1).len()) > MAX_LENGTH {
            Err("the text gets too long".to_owned())
        } else {
            Ok(call.str(1).repeat(count).into())
        }
    }),
    plain("contains", "ss", |call| Ok(Value::bool(call.str(1).contains(call.str(0))))),
    plain("hasPrefix", "ss", |call| Ok(Value::bool(call.str(1).starts_with(call.str(0))))),
    plain("hasSuffix", "ss", |call| Ok(Value::bool(call.str(1).ends_with(call.str(0))))),
];

/// What is not nil, with a blank between.
fn joined(call: &Call<'_>, write: impl Fn(&Value) -> Text) -> Value {
    let mut out = Builder::default();
    for (at, value) in call.arguments.iter().filter(|value| !value.is_nil()).enumerate() {
        if at > 0 {
            out.push_plain(" ");
        }
        out.push_text(&write(value), value.source());
    }
    out.finish().into()
}

fn trim_all(call: &mut Call<'_>) -> Answer {
    let set: Vec<char> = call.str(0).chars().collect();
    Ok(call.text(1).part(|text| text.trim_matches(set.as_slice())).into())
}

/// The nearest character boundary at or before a byte.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn trunc(call: &mut Call<'_>) -> Answer {
    let (count, text) = (call.int(0), call.text(1));
    let length = text.as_str().len();
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    Ok(match count {
        _ if size >= length => text,
        0.. => text.slice(0, boundary(text.as_str(), size)),
        _ => text.slice(boundary(text.as_str(), length - size), length),
    }
    .into())
}

fn substr(call: &mut Call<'_>) -> Answer {
    let text = call.text(2);
    let length = text.as_str().len();
    let place = |at: i64| usize::try_from(at).ok();
    let end = place(call.int(1)).filter(|end| *end <= length);
    let (start, end) = match (place(call.int(0)), end) {
        (None, Some(end)) => (0, end),
        (Some(start), end) => (start, end.unwrap_or(length)),
        (None, None) => return Err("slice bounds out of range".to_owned()),
    };
    if start > end {
        return Err(format!("slice bounds out of range [{start}:{end}]"));
    }
    Ok(text.slice(boundary(text.as_str(), start), boundary(text.as_str(), end)).into())
}

fn indented(call: &Call<'_>, before: &str) -> Text {
    let pad = " ".repeat(usize::try_from(call.int(0)).unwrap_or(0).min(4096));
    let text = call.text(1);
    let mut out = Builder::default();
    out.push_plain(before);
    out.push_plain(&pad);
    let mut from = 0;
    for (at, _) in text.as_str().match_indices('\n') {
        out.push_slice(&text, from, at + 1, Source::default());
        out.push_plain(&pad);
        from = at + 1;
    }
    out.push_slice(&text, from, text.as_str().len(), Source::default());
    out.finish()
}

/// `strings.Replace(text, old, new, -1)`
pub(super) fn replaced(text: &Text, old: &str, new: &Text) -> Text {
    let mut out = Builder::default();
    let mut from = 0;
    let content = text.as_str();
    for (at, found) in content.match_indices(old) {
        out.push_slice(text, from, at, Source::default());
        out.push_text(new, Source::default());
        from = at + found.len();
    }
    out.push_slice(text, from, content.len(), Source::default());
    out.finish()
}

/// Texts of a list, nil left out; anything else is a list of one.
pub(super) fn texts(value: &Value) -> Vec<Text> {
    match &value.data {
        Data::List(items) => items.iter().filter(|item| !item.is_nil()).map(print::text).collect(),
        Data::Void | Data::Nil => Vec::new(),
        Data::Object(object) => match super::kubernetes::elements(object) {
            Some(elements) if object.kind() == "slice" => elements.iter().map(|(_, value)| print::text(value)).collect(),
            _ => vec![print::text(value)],
        },
        _ => vec![print::text(value)],
    }
}

fn join(call: &mut Call<'_>) -> Answer {
    let separator = call.text(0);
    let mut out = Builder::default();
    for (at, text) in texts(&call.value(1)).iter().enumerate() {
        if at > 0 {
            out.push_text(&separator, Source::default());
        }
        out.push_text(text, Source::default());
    }
    Ok(out.finish().into())
}

/// `strings.SplitN`
fn pieces(text: &Text, separator: &str, most: usize) -> Vec<Text> {
    let content = text.as_str();
    if separator.is_empty() {
        return content.char_indices().map(|(at, c)| text.slice(at, at + c.len_utf8())).collect();
    }
    let mut out = Vec::new();
    let mut from = 0;
    for (at, found) in content.match_indices(separator) {
        if out.len() + 1 >= most {
            break;
        }
        out.push(text.slice(from, at));
        from = at + found.len();
    }
    out.push(text.slice(from, content.len()));
    out
}

fn numbered(pieces: Vec<Text>) -> Value {
    let dict = Dict::default();
    for (at, piece) in pieces.into_iter().enumerate() {
        dict.set(format!("_{at}"), piece);
    }
    dict.into()
}
