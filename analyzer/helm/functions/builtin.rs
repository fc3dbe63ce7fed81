//! What `text/template` itself has: comparison, `index`, `len`, printing, escaping.

use std::cmp::Ordering;

use super::{Answer, Function, picks, plain};
use crate::print;
use crate::run::Call;
use crate::value::{Data, Value};

pub(super) const TABLE: &[Function] = &[
    plain("not", "a", |call| Ok(Value::bool(!call.value(0).truth()))),
    plain("eq", "aa*", eq),
    plain("ne", "aa", |call| Ok(Value::bool(!equal(&call.value(0), &call.value(1))?))),
    plain("lt", "aa", |call| Ok(Value::bool(order(call)? == Ordering::Less))),
    plain("le", "aa", |call| Ok(Value::bool(order(call)? != Ordering::Greater))),
    plain("gt", "aa", |call| Ok(Value::bool(order(call)? == Ordering::Greater))),
    plain("ge", "aa", |call| Ok(Value::bool(order(call)? != Ordering::Less))),
    plain("len", "a", len),
    picks("index", "aa*", index),
    picks("print", "a*", |call| Ok(print::print(&call.arguments, false).into())),
    picks("println", "a*", |call| Ok(print::print(&call.arguments, true).into())),
    picks("printf", "sa*", |call| Ok(crate::printf::format(call.str(0), call.rest(1)).into())),
    plain("html", "a*", |call| Ok(escaped(call, html).into())),
    plain("js", "a*", |call| Ok(escaped(call, js).into())),
    plain("urlquery", "a*", |call| Ok(escaped(call, url).into())),
];

fn eq(call: &mut Call<'_>) -> Answer {
    let [first, others @ ..] = call.arguments.as_slice() else { return Ok(Value::bool(false)) };
    if others.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for other in others {
        if equal(first, other)? {
            return Ok(Value::bool(true));
        }
    }
    Ok(Value::bool(false))
}

/// Kinds that compare: 0 for what has none.
const fn basic(value: &Value) -> u8 {
    match value.data {
        Data::Bool(_) => 1,
        Data::Int(_) | Data::Long(_) => 2,
        Data::Float(_) => 3,
        Data::Str(_) => 4,
        _ => 0,
    }
}

fn equal(a: &Value, b: &Value) -> Result<bool, String> {
    if a.is_nil() || b.is_nil() {
        return Ok(a.is_nil() && b.is_nil());
    }
    match (basic(a), basic(b)) {
        (0, 0) => Err("non-comparable types".to_owned()),
        (2, 2) => Ok(a.as_int() == b.as_int()),
        (x, y) if x == y => Ok(a.equals(b)),
        _ => Err("incompatible types for comparison".to_owned()),
    }
}

fn order(call: &Call<'_>) -> Result<Ordering, String> {
    let (a, b) = (call.value(0), call.value(1));
    let different = || Err("incompatible types for comparison".to_owned());
    match (&a.data, &b.data) {
        (Data::Int(_) | Data::Long(_), Data::Int(_) | Data::Long(_)) => Ok(a.as_int().cmp(&b.as_int())),
        (Data::Float(a), Data::Float(b)) => Ok(a.partial_cmp(b).unwrap_or(Ordering::Greater)),
        (Data::Str(a), Data::Str(b)) => Ok(a.as_str().cmp(b.as_str())),
        _ if basic(&a) < 2 || basic(&b) < 2 => Err("invalid type for comparison".to_owned()),
        _ => different(),
    }
}

fn len(call: &mut Call<'_>) -> Answer {
    let value = call.value(0);
    let length = match &value.data {
        Data::Str(text) => text.as_str().len(),
        Data::List(items) => items.len(),
        Data::Map(dict) => dict.len(),
        Data::Object(object) => match super::kubernetes::elements(object) {
            Some(elements) => elements.len(),
            None => return Err(format!("len of type {}", object.type_name())),
        },
        Data::Void | Data::Nil => return Err("len of nil pointer".to_owned()),
        _ => return Err(format!("len of type {}", print::type_name(&value))),
    };
    Ok(Value::new(Data::Int(i64::try_from(length).unwrap_or(i64::MAX))))
}

fn index(call: &mut Call<'_>) -> Answer {
    let mut value = call.value(0);
    if value.is_nil() {
        return Err("index of untyped nil".to_owned());
    }
    for key in call.rest(1) {
        let at = || -> Result<usize, String> {
            match key.data {
                Data::Int(at) | Data::Long(at) => usize::try_from(at).map_err(|_| format!("index out of range: {at}")),
                _ => Err(format!("cannot index slice/array with type {}", print::type_name(key))),
            }
        };
        let missing = |at: usize| format!("index out of range: {at}");
        value = match &value.data {
            Data::Map(dict) => {
                let name = key.as_str().ok_or_else(|| format!("value has type {}; should be string", print::type_name(key)))?;
                dict.get(name).unwrap_or_else(|| Value::new(Data::Nil))
            }
            Data::List(items) => {
                let at = at()?;
                items.get(at).cloned().ok_or_else(|| missing(at))?
            }
            Data::Str(text) => {
                let at = at()?;
                Value::new(Data::Int(i64::from(*text.as_str().as_bytes().get(at).ok_or_else(|| missing(at))?)))
            }
            Data::Object(object) => {
                let elements = super::kubernetes::elements(object)
                    .ok_or_else(|| format!("can't index item of type {}", object.type_name()))?;
                let found = elements
                    .into_iter()
                    .find(|(name, _)| name.equals(key) || name.as_int().is_some() && name.as_int() == key.as_int());
                found.map(|(_, value)| value).unwrap_or_default()
            }
            Data::Void | Data::Nil => return Err("index of nil pointer".to_owned()),
            _ => return Err(format!("can't index item of type {}", print::type_name(&value))),
        };
    }
    Ok(value)
}

fn escaped(call: &Call<'_>, escape: fn(&str) -> String) -> String {
    match call.arguments.as_slice() {
        [only] if only.is_nil() => escape("<no value>"),
        all => escape(print::print(all, false).as_str()),
    }
}

fn html(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' | '\'' | '"' => {
                out.push('\\');
                out.push(c);
            }
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u{:04X}", c as u32)),
            _ if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04X}", c as u32)),
            _ => out.push(c),
        }
    }
    out
}

/// `url.QueryEscape`
pub(super) fn url(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
