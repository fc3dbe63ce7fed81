//! Arithmetic and ranges.

use super::convert::{to_float, to_int};
use super::{Answer, Function, plain};
use crate::run::Call;
use crate::value::{Data, Value};

/// The most numbers that a range may have.
const MAX_RANGE: usize = 100_000;

pub(super) const TABLE: &[Function] = &[
    plain("add1", "a", |call| Ok(long(to_int(&call.value(0)).wrapping_add(1)))),
    plain("add", "a*", |call| Ok(long(call.arguments.iter().map(to_int).fold(0, i64::wrapping_add)))),
    plain("sub", "aa", |call| Ok(long(to_int(&call.value(0)).wrapping_sub(to_int(&call.value(1)))))),
    plain("mul", "aa*", |call| Ok(long(call.arguments.iter().map(to_int).fold(1, i64::wrapping_mul)))),
    plain("div", "aa", |call| divided(call, i64::checked_div)),
    plain("mod", "aa", |call| divided(call, i64::checked_rem)),
    plain("max", "aa*", |call| Ok(long(call.arguments.iter().map(to_int).max().unwrap_or(0)))),
    plain("biggest", "aa*", |call| Ok(long(call.arguments.iter().map(to_int).max().unwrap_or(0)))),
    plain("min", "aa*", |call| Ok(long(call.arguments.iter().map(to_int).min().unwrap_or(0)))),
    plain("add1f", "a", |call| Ok(float(tidy(to_float(&call.value(0)) + 1.0)))),
    plain("addf", "a*", |call| Ok(float(call.arguments.iter().map(to_float).fold(0.0, |a, b| tidy(a + b))))),
    plain("subf", "aa*", |call| Ok(float(folded(call, |a, b| a - b)))),
    plain("mulf", "aa*", |call| Ok(float(folded(call, |a, b| a * b)))),
    plain("divf", "aa*", |call| {
        if call.rest(1).iter().any(|value| to_float(value) == 0.0) {
            Err("decimal division by 0".to_owned())
        } else {
            Ok(float(call.rest(1).iter().map(to_float).fold(to_float(&call.value(0)), quotient)))
        }
    }),
    plain("maxf", "aa*", |call| Ok(float(call.arguments.iter().map(to_float).fold(f64::NEG_INFINITY, f64::max)))),
    plain("minf", "aa*", |call| Ok(float(call.arguments.iter().map(to_float).fold(f64::INFINITY, f64::min)))),
    plain("floor", "a", |call| Ok(float(to_float(&call.value(0)).floor()))),
    plain("ceil", "a", |call| Ok(float(to_float(&call.value(0)).ceil()))),
    plain("round", "aif*", round),
    plain("until", "i", |call| {
        let count = call.int(0);
        range(0, count, if count < 0 { -1 } else { 1 }).map(numbers)
    }),
    plain("untilStep", "iii", |call| range(call.int(0), call.int(1), call.int(2)).map(numbers)),
    plain("seq", "i*", seq),
];

const fn long(int: i64) -> Value {
    Value::new(Data::Long(int))
}

const fn float(float: f64) -> Value {
    Value::new(Data::Float(float))
}

fn divided(call: &Call<'_>, divide: fn(i64, i64) -> Option<i64>) -> Answer {
    divide(to_int(&call.value(0)), to_int(&call.value(1)))
        .map(long)
        .ok_or_else(|| "runtime error: integer divide by zero".to_owned())
}

/// Sprig computes fractions with decimals: without the last digit's noise of doubles.
fn tidy(float: f64) -> f64 {
    let tidied: f64 = format!("{float:.14e}").parse().unwrap_or(float);
    if (tidied - float).abs() <= float.abs() * 4.0 * f64::EPSILON { tidied } else { float }
}

/// A quotient has 16 digits after the point.
fn quotient(a: f64, b: f64) -> f64 {
    format!("{:.16}", a / b).parse().unwrap_or(a / b)
}

fn folded(call: &Call<'_>, operation: fn(f64, f64) -> f64) -> f64 {
    call.rest(1).iter().map(to_float).fold(to_float(&call.value(0)), |a, b| tidy(operation(a, b)))
}

fn round(call: &mut Call<'_>) -> Answer {
    let on = call.arguments.get(2).map_or(0.5, to_float);
    let power = 10_f64.powi(i32::try_from(call.int(1)).unwrap_or(0));
    let digit = power * to_float(&call.value(0));
    let rounded = if digit.fract() >= on { digit.ceil() } else { digit.floor() };
    Ok(float(rounded / power))
}

fn range(start: i64, stop: i64, step: i64) -> Result<Vec<i64>, String> {
    let mut out = Vec::new();
    let mut at = start;
    while if stop < start { step < 0 && at > stop } else { step > 0 && at < stop } {
        if out.len() >= MAX_RANGE {
            return Err("the range is too long to be rendered".to_owned());
        }
        out.push(at);
        at = at.saturating_add(step);
    }
    Ok(out)
}

fn numbers(numbers: Vec<i64>) -> Value {
    Value::list(numbers.into_iter().map(|int| Value::new(Data::Int(int))).collect())
}

fn seq(call: &mut Call<'_>) -> Answer {
    let (start, step, end) = match call.arguments.len() {
        1 => (1, None, call.int(0)),
        2 => (call.int(0), None, call.int(1)),
        3 => (call.int(0), Some(call.int(1)), call.int(2)),
        _ => return Ok("".into()),
    };
    let sign = if end < start { -1 } else { 1 };
    let step = step.unwrap_or(sign);
    if end < start && step > 0 {
        return Ok("".into());
    }
    let all = range(start, end.saturating_add(sign), step)?;
    Ok(all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ").into())
}
