//! Comparisons of values, in three values.

use plimsoll_rule_language::condition::Comparison;
use plimsoll_syntax::value::{Number, Part, Shape, Unknown};
use plimsoll_syntax::{Kind, Value};

use crate::domains::quantity;
use crate::truth::Truth;

/// How texts are read for an ordering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    /// Numbers, or whatever both sides can be read as.
    Plain,
    /// `90d`, `1h30m`
    Duration,
    /// `2Gi`, `500m`
    Quantity,
}

/// `left op right`; null fails every ordering, and every equation but that with null.
pub(crate) fn compare(left: &Value, op: Comparison, right: &Value, domain: Domain) -> Truth {
    match op {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => equal(left, right).not(),
        _ => ordering(left, op, right, domain),
    }
}

/// Equality with Terraform's conversions: `"22"` is 22, `"true"` is true.
pub(crate) fn equal(left: &Value, right: &Value) -> Truth {
    match (&left.kind, &right.kind) {
        // Most of what is compared.
        (Kind::String(a), Kind::String(b)) => (a == b).into(),
        (Kind::Null, Kind::Null) => Truth::True,
        (Kind::Unknown(a), Kind::Unknown(b)) if a.identity.is_some() && a.identity == b.identity => Truth::True,
        (Kind::Unknown(unknown), Kind::Null) | (Kind::Null, Kind::Unknown(unknown)) => {
            if unknown.not_null {
                Truth::False
            } else {
                Truth::Unknown
            }
        }
        (Kind::Unknown(unknown), other) | (other, Kind::Unknown(unknown)) => {
            if excluded(unknown, other) {
                Truth::False
            } else {
                Truth::Unknown
            }
        }
        (Kind::Null, _) | (_, Kind::Null) => Truth::False,
        (Kind::Choice(_), _) | (_, Kind::Choice(_)) => Truth::Unknown,
        (Kind::Template(parts), Kind::String(text)) | (Kind::String(text), Kind::Template(parts)) => {
            if may_be(parts, text) {
                Truth::Unknown
            } else {
                Truth::False
            }
        }
        (Kind::Template(a), Kind::Template(b)) => {
            if a == b {
                Truth::True
            } else {
                Truth::Unknown
            }
        }
        (Kind::Template(_), _) | (_, Kind::Template(_)) => Truth::Unknown,
        (Kind::List(a), Kind::List(b)) => {
            let tails = a.tail.is_some() || b.tail.is_some();
            let pairs = a.items.iter().zip(&b.items).map(|(a, b)| equal(a, b)).fold(Truth::True, Truth::and);
            match (tails, a.items.len() == b.items.len()) {
                (false, true) => pairs,
                (false, false) => Truth::False,
                (true, _) => pairs.and(Truth::Unknown),
            }
        }
        (Kind::Map(a), Kind::Map(b)) => {
            if a.tail.is_some() || b.tail.is_some() {
                return Truth::Unknown;
            }
            if a.entries.len() != b.entries.len() {
                return Truth::False;
            }
            let pairs =
                a.entries.iter().map(|entry| b.get(&entry.key).map_or(Truth::False, |other| equal(&entry.value, &other.value)));
            pairs.fold(Truth::True, Truth::and)
        }
        (Kind::List(_) | Kind::Map(_), _) | (_, Kind::List(_) | Kind::Map(_)) => Truth::False,
        (a, b) => Truth::from(same_scalar(a, b)),
    }
}

fn same_scalar(a: &Kind, b: &Kind) -> bool {
    match (a, b) {
        (Kind::Bool(a), Kind::Bool(b)) => a == b,
        (Kind::Bool(flag), Kind::String(text)) | (Kind::String(text), Kind::Bool(flag)) => {
            text.eq_ignore_ascii_case(if *flag { "true" } else { "false" })
        }
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        },
    }
}

fn number(kind: &Kind) -> Option<f64> {
    match kind {
        Kind::Number(number) => Some(number.as_f64()),
        Kind::String(text) => Number::parse(text).map(Number::as_f64),
        _ => None,
    }
}

/// What is known of the unknown excludes the value.
fn excluded(unknown: &Unknown, other: &Kind) -> bool {
    match other {
        Kind::String(text) => !unknown.prefix.is_empty() && !text.starts_with(unknown.prefix.as_str()),
        Kind::List(_) => matches!(unknown.shape, Shape::String | Shape::Number | Shape::Bool),
        _ => false,
    }
}

/// Whether filling the holes can give the text.
pub(crate) fn may_be(parts: &[Part], text: &str) -> bool {
    let mut rest = text;
    let mut open = false;
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Hole(_) => open = true,
            Part::Known(known) if !open => match rest.strip_prefix(known.as_str()) {
                Some(after) => rest = after,
                None => return false,
            },
            Part::Known(known) if at + 1 == parts.len() => return rest.ends_with(known.as_str()),
            Part::Known(known) => match rest.find(known.as_str()) {
                Some(found) => rest = &rest[found + known.len()..],
                None => return false,
            },
        }
    }
    open || rest.is_empty()
}

fn ordering(left: &Value, op: Comparison, right: &Value, domain: Domain) -> Truth {
    let unknown = |value: &Value| matches!(value.kind, Kind::Unknown(_) | Kind::Template(_) | Kind::Choice(_));
    if left.is_null() || right.is_null() {
        return Truth::False;
    }
    if unknown(left) || unknown(right) {
        return Truth::Unknown;
    }
    let (Some(a), Some(b)) = (magnitude(left, domain), magnitude(right, domain)) else { return Truth::False };
    Truth::from(match op {
        Comparison::Less => a < b,
        Comparison::LessEqual => a <= b,
        Comparison::Greater => a > b,
        Comparison::GreaterEqual => a >= b,
        Comparison::Equal | Comparison::NotEqual => false,
    })
}

/// The value as a number, in the domain.
pub(crate) fn magnitude(value: &Value, domain: Domain) -> Option<f64> {
    if let Some(number) = number(&value.kind) {
        return Some(number);
    }
    let text = value.as_str()?;
    match domain {
        Domain::Duration => quantity::duration(value),
        Domain::Quantity => quantity::quantity(text),
        Domain::Plain => quantity::duration(value).or_else(|| quantity::quantity(text)),
    }
}
