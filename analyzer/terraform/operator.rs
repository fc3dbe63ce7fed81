//! Operators: arithmetic, comparison, Kleene's logic, equality of what is only partly known.

use std::sync::Arc;

use plimsoll_syntax::hcl::tree::{BinaryOp, UnaryOp};
use plimsoll_syntax::value::{Kind, Number, Part, Reason, Shape, Unknown};
use plimsoll_syntax::{Place, Value};

use crate::choice::distribute;
use crate::convert::{to_bool, to_number};
use crate::evaluator::Evaluator;
use crate::lattice::{MAX_NODES, derived_value, first_unknown, is_sensitive, noun, number};

impl Evaluator<'_> {
    pub(crate) fn unary(&self, op: UnaryOp, operand: &Value, place: Place) -> Value {
        let mut value = distribute(std::slice::from_ref(operand), place, &mut |args| {
            let converted = match op {
                UnaryOp::Negate => to_number(&args[0]),
                UnaryOp::Not => to_bool(&args[0]),
            };
            let Some(converted) = converted else {
                return self.invalid(place, format!("{} has no negation", noun(&args[0])));
            };
            match (&converted.kind, op) {
                (Kind::Number(known), _) => match known.get() {
                    Number::Int(int) => int.checked_neg().map_or_else(|| number(0.0, place), |int| Value::int(int, place)),
                    Number::Float(float) => number(-float, place),
                },
                (Kind::Bool(known), _) => Value::bool(!known, place),
                (Kind::Unknown(unknown), UnaryOp::Negate) => derived_value(unknown, Shape::Number, place),
                (Kind::Unknown(unknown), UnaryOp::Not) => derived_value(unknown, Shape::Bool, place),
                _ => self.invalid(place, "the operand is null"),
            }
        });
        value.sensitive |= operand.sensitive;
        value
    }

    pub(crate) fn binary(&self, op: BinaryOp, left: Value, right: Value, place: Place) -> Value {
        let sensitive = match op {
            BinaryOp::Equal | BinaryOp::NotEqual => is_sensitive(&left) || is_sensitive(&right),
            _ => left.sensitive || right.sensitive,
        };
        let mut value = distribute(&[left, right], place, &mut |args| match op {
            BinaryOp::Equal => truth(equal(&args[0], &args[1]), place),
            BinaryOp::NotEqual => truth(equal(&args[0], &args[1]).map(|same| !same), place),
            BinaryOp::And | BinaryOp::Or => self.logic(op, args, place),
            _ => self.arithmetic(op, args, place),
        });
        value.sensitive |= sensitive;
        value
    }

    fn logic(&self, op: BinaryOp, args: &[Value], place: Place) -> Value {
        let decisive = op == BinaryOp::Or;
        let mut unknown = None;
        let mut result = !decisive;
        for arg in args {
            let Some(value) = to_bool(arg) else {
                return self.invalid(place, format!("a bool is required here, not {}", noun(arg)));
            };
            match &value.kind {
                Kind::Bool(known) if *known == decisive => {
                    result = decisive;
                    // The other operand must be a bool, but its value no longer matters.
                }
                // Null counts as false.
                Kind::Bool(_) | Kind::Null if !decisive => {
                    if value.as_bool() != Some(true) {
                        result = false;
                    }
                }
                Kind::Bool(_) | Kind::Null => {}
                Kind::Unknown(missing) => unknown = unknown.or(Some(missing.clone())),
                _ => return self.invalid(place, "the operand is null"),
            }
        }
        match unknown {
            Some(unknown) if result != decisive => derived_value(&unknown, Shape::Bool, place),
            _ => Value::bool(result, place),
        }
    }

    fn arithmetic(&self, op: BinaryOp, args: &[Value], place: Place) -> Value {
        let (Some(left), Some(right)) = (to_number(&args[0]), to_number(&args[1])) else {
            let wrong = args.iter().find(|arg| to_number(arg).is_none()).map_or("this", noun);
            return self.invalid(place, format!("a number is required here, not {wrong}"));
        };
        let shape = match op {
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => Shape::Bool,
            _ => Shape::Number,
        };
        if left.is_null() || right.is_null() {
            return self.invalid(place, "the operand is null");
        }
        let (Kind::Number(a), Kind::Number(b)) = (&left.kind, &right.kind) else {
            let unknown = first_unknown(&left).or_else(|| first_unknown(&right));
            return unknown.map_or_else(Value::default, |unknown| derived_value(&unknown, shape, place));
        };
        let (x, y) = (a.as_f64(), b.as_f64());
        let ints = a.as_int().zip(b.as_int());
        let order = ints.map_or_else(|| x.total_cmp(&y), |(a, b)| a.cmp(&b));
        let exact = |of: fn(i128, i128) -> Option<i128>| ints.and_then(|(a, b)| of(a, b)).map(|int| Value::int(int, place));
        match op {
            BinaryOp::Less => Value::bool(order.is_lt(), place),
            BinaryOp::LessEqual => Value::bool(order.is_le(), place),
            BinaryOp::Greater => Value::bool(order.is_gt(), place),
            BinaryOp::GreaterEqual => Value::bool(order.is_ge(), place),
            BinaryOp::Add => exact(i128::checked_add).unwrap_or_else(|| number(x + y, place)),
            BinaryOp::Subtract => exact(i128::checked_sub).unwrap_or_else(|| number(x - y, place)),
            BinaryOp::Multiply => exact(i128::checked_mul).unwrap_or_else(|| number(x * y, place)),
            BinaryOp::Divide if y == 0.0 && x != 0.0 => crate::lattice::limit("an infinite number", place),
            BinaryOp::Divide | BinaryOp::Modulo if y == 0.0 => self.invalid(place, "division by zero"),
            BinaryOp::Divide => {
                exact(|a, b| if a.checked_rem(b)? == 0 { a.checked_div(b) } else { None }).unwrap_or_else(|| number(x / y, place))
            }
            _ => exact(i128::checked_rem).unwrap_or_else(|| number(x % y, place)),
        }
    }
}

fn truth(known: Result<bool, Arc<Unknown>>, place: Place) -> Value {
    match known {
        Ok(known) => Value::bool(known, place),
        Err(unknown) => derived_value(&unknown, Shape::Bool, place),
    }
}

/// Whether two values are equal; what decides it, where that is not known.
pub(crate) fn equal(a: &Value, b: &Value) -> Result<bool, Arc<Unknown>> {
    let mut left = MAX_NODES;
    compare(a, b, &mut left)
}

/// Whether two values are the same in all that is known and unknown of them.
pub(crate) fn identical(a: &Value, b: &Value) -> bool {
    if let (Kind::Unknown(a), Kind::Unknown(b)) = (&a.kind, &b.kind) {
        return Arc::ptr_eq(a, b) || a == b;
    }
    equal(a, b) == Ok(true)
}

fn compare(a: &Value, b: &Value, left: &mut usize) -> Result<bool, Arc<Unknown>> {
    if *left == 0 {
        return Err(Arc::new(Unknown::new(Reason::Limit, "values with too many parts")));
    }
    *left -= 1;
    match (&a.kind, &b.kind) {
        (Kind::Unknown(a), Kind::Unknown(b)) => {
            if a.identity.is_some() && a.identity == b.identity {
                Ok(true)
            } else {
                Err(a.clone())
            }
        }
        (Kind::Unknown(unknown), other) | (other, Kind::Unknown(unknown)) => {
            let shape = shape(other);
            let excluded = if shape == Shape::Any {
                unknown.not_null
            } else {
                unknown.shape != Shape::Any && unknown.shape != shape && unknown.not_null
            };
            if excluded { Ok(false) } else { Err(unknown.clone()) }
        }
        (Kind::Choice(choice), _) | (_, Kind::Choice(choice)) => Err(choice.condition.clone()),
        (Kind::Template(parts), Kind::Template(others)) if parts == others => Ok(true),
        (Kind::Template(parts), other) | (other, Kind::Template(parts)) => match other {
            Kind::String(text) => fits(parts, text),
            Kind::Template(_) => Err(hole(parts)),
            _ => Ok(false),
        },
        // A set equals no list.
        (Kind::List(x), Kind::List(y)) if x.blocks != y.blocks => Ok(false),
        (Kind::List(x), Kind::List(y)) => {
            let short = |x: &plimsoll_syntax::value::List, y: &plimsoll_syntax::value::List| {
                x.items.len() < y.items.len() && x.tail.is_none()
            };
            if short(x, y) || short(y, x) {
                return Ok(false);
            }
            let mut missing = x.tail.clone().or_else(|| y.tail.clone());
            for (x, y) in x.items.iter().zip(&y.items) {
                match compare(x, y, left) {
                    Ok(true) => {}
                    Ok(false) => return Ok(false),
                    Err(unknown) => missing = missing.or(Some(unknown)),
                }
            }
            missing.map_or(Ok(true), Err)
        }
        (Kind::Map(x), Kind::Map(y)) => {
            let mut missing = x.tail.clone().or_else(|| y.tail.clone());
            for (one, other) in [(x, y), (y, x)] {
                let index: rustc_hash::FxHashMap<&str, &Value> =
                    other.entries.iter().map(|entry| (entry.key.as_str(), &entry.value)).collect();
                for entry in &one.entries {
                    match index.get(entry.key.as_str()).map(|value| compare(&entry.value, value, left)) {
                        Some(Ok(true)) => {}
                        Some(Ok(false)) => return Ok(false),
                        Some(Err(unknown)) => missing = missing.or(Some(unknown)),
                        None if other.tail.is_none() => return Ok(false),
                        None => {}
                    }
                }
            }
            missing.map_or(Ok(true), Err)
        }
        (x, y) => Ok(x == y),
    }
}

const fn shape(kind: &Kind) -> Shape {
    match kind {
        Kind::Bool(_) => Shape::Bool,
        Kind::Number(_) => Shape::Number,
        Kind::String(_) | Kind::Template(_) => Shape::String,
        Kind::List(_) => Shape::List,
        Kind::Map(_) => Shape::Map,
        Kind::Null | Kind::Unknown(_) | Kind::Choice(_) => Shape::Any,
    }
}

fn hole(parts: &[Part]) -> Arc<Unknown> {
    let found = parts.iter().find_map(|part| if let Part::Hole(unknown) = part { Some(unknown.clone()) } else { None });
    found.unwrap_or_else(|| Arc::new(Unknown::new(Reason::Function, "")))
}

/// Whether a string with holes can be `text`.
fn fits(parts: &[Part], text: &str) -> Result<bool, Arc<Unknown>> {
    let prefix = if let Some(Part::Known(known)) = parts.first() { known.as_str() } else { "" };
    let suffix = if let Some(Part::Known(known)) = parts.last() { known.as_str() } else { "" };
    let known: usize = parts.iter().map(|part| if let Part::Known(known) = part { known.len() } else { 0 }).sum();
    if known > text.len() || !text.starts_with(prefix) || !text.ends_with(suffix) { Ok(false) } else { Err(hole(parts)) }
}
