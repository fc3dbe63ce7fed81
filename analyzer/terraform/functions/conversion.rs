//! Conversions, the first value that is one, and marks.

use plimsoll_syntax::Value;
use plimsoll_syntax::value::{Kind, Shape};

use super::Needs::Nothing;
use super::{ANY, Call, Function, Outcome, row};
use crate::convert::{Type, alike, convert};
use crate::lattice::{derived_value, first_unknown, noun};

pub(super) const TABLE: &[Function] = &[
    row("tolist", 1, 1, Nothing, Shape::List, tolist),
    row("tomap", 1, 1, Nothing, Shape::Map, tomap),
    row("tostring", 1, 1, Nothing, Shape::String, tostring),
    row("tonumber", 1, 1, Nothing, Shape::Number, tonumber),
    row("tobool", 1, 1, Nothing, Shape::Bool, tobool),
    row("coalesce", 1, ANY, Nothing, Shape::Any, coalesce),
    row("coalescelist", 1, ANY, Nothing, Shape::List, coalescelist),
    row("sensitive", 1, 1, Nothing, Shape::Any, |call| Ok(Value { sensitive: true, ..call.arg(0).clone() })),
    row("nonsensitive", 1, 1, Nothing, Shape::Any, |call| Ok(Value { sensitive: false, ..call.arg(0).clone() })),
    row("issensitive", 1, 1, Nothing, Shape::Bool, |call| call.truth(call.arg(0).sensitive)),
    row("ephemeralasnull", 1, 1, Nothing, Shape::Any, |call| Ok(call.arg(0).clone())),
];

fn tolist(call: &Call<'_, '_>) -> Outcome {
    convert(call.arg(0), &Type::List(Box::new(Type::Any)))
}

fn tomap(call: &Call<'_, '_>) -> Outcome {
    convert(call.arg(0), &Type::Map(Box::new(Type::Any)))
}

fn tostring(call: &Call<'_, '_>) -> Outcome {
    convert(call.arg(0), &Type::String)
}

fn tonumber(call: &Call<'_, '_>) -> Outcome {
    convert(call.arg(0), &Type::Number)
}

fn tobool(call: &Call<'_, '_>) -> Outcome {
    convert(call.arg(0), &Type::Bool)
}

fn coalesce(call: &Call<'_, '_>) -> Outcome {
    let as_text = alike(call.args);
    for arg in as_text {
        match &arg.kind {
            Kind::Null => {}
            Kind::String(text) if text.is_empty() => {}
            Kind::Unknown(unknown) => return Ok(derived_value(unknown, unknown.shape, call.place)),
            _ => return Ok(arg),
        }
    }
    Err("every argument is null or empty".to_owned())
}

fn coalescelist(call: &Call<'_, '_>) -> Outcome {
    for arg in call.args {
        match &arg.kind {
            Kind::List(list) if list.items.is_empty() && list.tail.is_none() => {}
            Kind::List(list) if !list.items.is_empty() => return Ok(arg.clone()),
            Kind::List(_) | Kind::Unknown(_) => {
                return first_unknown(arg).map_or_else(|| call.later(), |unknown| call.missing(&unknown));
            }
            _ => return Err(format!("a list is required, not {}", noun(arg))),
        }
    }
    Err("every list is empty".to_owned())
}
