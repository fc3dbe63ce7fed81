//! Numbers from anything, and lists of strings.

use super::{Function, picks, plain};
use crate::parser::integer;
use crate::print;
use crate::value::{Data, Value};

pub(super) const TABLE: &[Function] = &[
    plain("int", "a", |call| Ok(Value::new(Data::Int(to_int(&call.value(0)))))),
    plain("int64", "a", |call| Ok(Value::new(Data::Long(to_int(&call.value(0)))))),
    plain("float64", "a", |call| Ok(Value::new(Data::Float(to_float(&call.value(0)))))),
    plain("atoi", "s", |call| Ok(Value::new(Data::Int(call.str(0).parse().unwrap_or(0))))),
    plain("toDecimal", "a", |call| {
        Ok(Value::new(Data::Long(i64::from_str_radix(&print::plain(&call.value(0)), 8).unwrap_or(0))))
    }),
    picks("toStrings", "a", |call| Ok(Value::list(super::strings::texts(&call.value(0)).into_iter().map(Value::from).collect()))),
];

/// `cast.ToInt64`: 0 for what is no number.
pub(super) fn to_int(value: &Value) -> i64 {
    match &value.data {
        Data::Int(int) | Data::Long(int) => *int,
        Data::Float(float) => whole(*float),
        Data::Bool(flag) => i64::from(*flag),
        Data::Str(text) => integer(without_zeros(text.as_str())).unwrap_or(0),
        _ => 0,
    }
}

/// What is out of range becomes the least number, as on the processors that Go programs run on.
#[expect(clippy::cast_possible_truncation, reason = "guarded: in range")]
fn whole(float: f64) -> i64 {
    if float.is_finite() && float.abs() < 9.223_372_036_854_776e18 { float as i64 } else { i64::MIN }
}

/// `8080.00` reads as a whole number.
fn without_zeros(text: &str) -> &str {
    let trimmed = text.trim_end_matches('0');
    match trimmed.strip_suffix('.') {
        Some(whole) if trimmed.len() < text.len() => whole,
        _ => text,
    }
}

#[expect(clippy::cast_precision_loss, reason = "as Go converts")]
pub(super) fn to_float(value: &Value) -> f64 {
    match &value.data {
        Data::Int(int) | Data::Long(int) => *int as f64,
        Data::Float(float) => *float,
        Data::Bool(flag) => f64::from(u8::from(*flag)),
        Data::Str(text) => text.as_str().parse().unwrap_or(0.0),
        _ => 0.0,
    }
}
