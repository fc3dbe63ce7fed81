//! Choices: what is made from one of several values is one of several results.

use std::sync::Arc;

use plimsoll_syntax::value::{Choice, Kind, Shape};
use plimsoll_syntax::{Place, Value};

use crate::lattice::derived_value;
use crate::operator::identical;

/// How many combinations of arms are worked out.
const MAX_COMBINATIONS: usize = 64;

/// Applies `work` to the arguments; where some are choices, once for each combination of their arms. Choices of one condition
/// move together.
pub(crate) fn distribute(args: &[Value], place: Place, work: &mut dyn FnMut(&[Value]) -> Value) -> Value {
    if !args.iter().any(|arg| matches!(arg.kind, Kind::Choice(_))) {
        return work(args);
    }
    spread(args.to_vec(), place, MAX_COMBINATIONS, work)
}

fn spread(mut args: Vec<Value>, place: Place, left: usize, work: &mut dyn FnMut(&[Value]) -> Value) -> Value {
    let first = args.iter().find_map(|arg| if let Kind::Choice(choice) = &arg.kind { Some(choice.clone()) } else { None });
    let Some(choice) = first else { return work(&args) };
    let each = left / choice.arms.len().max(1);
    if each == 0 {
        return derived_value(&choice.condition, Shape::Any, place);
    }
    let before = args.clone();
    let mut arms = Vec::with_capacity(choice.arms.len());
    for at in 0..choice.arms.len() {
        for (arg, original) in args.iter_mut().zip(&before) {
            *arg = match &original.kind {
                Kind::Choice(other) if other.id == choice.id && other.arms.len() == choice.arms.len() => {
                    let mut arm = other.arms[at].clone();
                    arm.sensitive |= original.sensitive;
                    arm
                }
                _ => original.clone(),
            };
        }
        arms.push(spread(args.clone(), place, each, work));
    }
    one_of(&choice, arms, place)
}

/// The arms as a choice; alike arms are one value.
pub(crate) fn one_of(like: &Choice, arms: Vec<Value>, place: Place) -> Value {
    if let Some((first, rest)) = arms.split_first()
        && rest.iter().all(|arm| identical(first, arm) && !matches!(arm.kind, Kind::Unknown(_)))
    {
        return first.clone();
    }
    let sensitive = arms.iter().any(|arm| arm.sensitive);
    let kind = Kind::Choice(Arc::new(Choice { id: like.id, condition: like.condition.clone(), arms }));
    Value { sensitive, ..Value::new(kind, place) }
}
