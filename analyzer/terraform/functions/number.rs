//! Numbers.

use plimsoll_syntax::Value;
use plimsoll_syntax::value::{Kind, Number, Shape};

use super::Needs::All;
use super::{ANY, Call, Function, Outcome, row};
use crate::lattice;

pub(super) const TABLE: &[Function] = &[
    row("min", 1, ANY, All, Shape::Number, |call| extreme(call, true)),
    row("max", 1, ANY, All, Shape::Number, |call| extreme(call, false)),
    row("abs", 1, 1, All, Shape::Number, |call| if call.float(0)? < 0.0 { negated(call) } else { same(call) }),
    row("ceil", 1, 1, All, Shape::Number, |call| rounded(call, f64::ceil)),
    row("floor", 1, 1, All, Shape::Number, |call| rounded(call, f64::floor)),
    row("pow", 2, 2, All, Shape::Number, pow),
    row("log", 2, 2, All, Shape::Number, log),
    row("signum", 1, 1, All, Shape::Number, |call| {
        let number = call.float(0)?;
        Ok(Value::int(if number > 0.0 { 1_i128 } else { -i128::from(number < 0.0) }, call.place))
    }),
    row("parseint", 2, 2, All, Shape::Number, parseint),
];

fn same(call: &Call<'_, '_>) -> Outcome {
    Ok(Value::new(Kind::Number(call.number(0)?.into()), call.place))
}

fn negated(call: &Call<'_, '_>) -> Outcome {
    Ok(match call.number(0)? {
        Number::Int(int) => {
            int.checked_neg().map_or_else(|| lattice::limit("a number", call.place), |int| Value::int(int, call.place))
        }
        Number::Float(float) => lattice::number(-float, call.place),
    })
}

fn extreme(call: &Call<'_, '_>, least: bool) -> Outcome {
    let mut best = call.number(0)?;
    for at in 1..call.args.len() {
        let number = call.number(at)?;
        if (number.as_f64() < best.as_f64()) == least && number.as_f64() != best.as_f64() {
            best = number;
        }
    }
    Ok(Value::new(Kind::Number(best.into()), call.place))
}

fn rounded(call: &Call<'_, '_>, round: fn(f64) -> f64) -> Outcome {
    match call.number(0)? {
        Number::Int(_) => same(call),
        Number::Float(float) => Ok(lattice::number(round(float), call.place)),
    }
}

fn pow(call: &Call<'_, '_>) -> Outcome {
    if let (Number::Int(base), Number::Int(exponent)) = (call.number(0)?, call.number(1)?)
        && let Some(exact) = u32::try_from(exponent).ok().and_then(|exponent| base.checked_pow(exponent))
    {
        return Ok(Value::int(exact, call.place));
    }
    Ok(lattice::number(call.float(0)?.powf(call.float(1)?), call.place))
}

fn log(call: &Call<'_, '_>) -> Outcome {
    let (number, base) = (call.float(0)?, call.float(1)?);
    let result = number.ln() / base.ln();
    if result.is_finite() { Ok(lattice::number(result, call.place)) } else { Err("there is no such logarithm".to_owned()) }
}

fn parseint(call: &Call<'_, '_>) -> Outcome {
    if !matches!(call.arg(0).kind, Kind::String(_)) {
        return Err("a string is required".to_owned());
    }
    let (text, base) = (call.text(0)?, call.int(1)?);
    if !(2..=62).contains(&base) {
        return Err("the base must lie between 2 and 62".to_owned());
    }
    let refused = || format!("{text:?} is no whole number in base {base}");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    if digits.is_empty() {
        return Err(refused());
    }
    let mut total: i128 = 0;
    for c in digits.chars() {
        let digit = match c {
            '0'..='9' => c as i128 - '0' as i128,
            'a'..='z' => c as i128 - 'a' as i128 + 10,
            'A'..='Z' if base <= 36 => c as i128 - 'A' as i128 + 10,
            'A'..='Z' => c as i128 - 'A' as i128 + 36,
            _ => return Err(refused()),
        };
        if digit >= base {
            return Err(refused());
        }
        let Some(next) = total.checked_mul(base).and_then(|total| total.checked_add(digit)) else {
            return Ok(lattice::limit("a number of more than 127 bits", call.place));
        };
        total = next;
    }
    Ok(Value::int(if negative { -total } else { total }, call.place))
}
