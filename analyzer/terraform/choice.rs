//! Choices: what is made from one of several values is one of several results.

use std::sync::Arc;

use plimsoll_syntax::value::{Choice, Entry, Kind, List, Map, Shape};
use plimsoll_syntax::{Place, Value};

use crate::lattice::derived_value;
use crate::operator::identical;

/// How many combinations of arms are worked out.
const MAX_COMBINATIONS: usize = 64;
/// How many versions of one value with choices inside are made.
const MAX_LIFTED: usize = 16;
/// How many parts of a value are searched for choices.
const MAX_SEARCHED: usize = 5_000;

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

/// Brings choices inside of a value to its outside, so that what is made of it as a whole has its arms, too.
pub(crate) fn outward(value: &Value) -> Value {
    lifted(value, MAX_LIFTED)
}

fn lifted(value: &Value, left: usize) -> Value {
    let mut nodes = MAX_SEARCHED;
    let Some(choice) = inner_choice(value, &mut nodes) else { return value.clone() };
    let each = left / choice.arms.len().max(1);
    if each == 0 {
        return value.clone();
    }
    let arms = (0..choice.arms.len()).map(|at| lifted(&settled(value, &choice, at), each)).collect();
    Value { kind: Kind::Choice(Arc::new(Choice { arms, ..Choice::clone(&choice) })), ..value.clone() }
}

fn inner_choice(value: &Value, left: &mut usize) -> Option<Arc<Choice>> {
    *left = left.checked_sub(1)?;
    match &value.kind {
        Kind::Choice(choice) => Some(choice.clone()),
        Kind::List(list) => list.items.iter().find_map(|item| inner_choice(item, left)),
        Kind::Map(map) => map.entries.iter().find_map(|entry| inner_choice(&entry.value, left)),
        _ => None,
    }
}

/// The value where a condition has been settled.
fn settled(value: &Value, by: &Choice, arm: usize) -> Value {
    let kind = match &value.kind {
        Kind::Choice(choice) if choice.id == by.id => {
            return choice
                .arms
                .get(arm)
                .map(|arm| Value { sensitive: arm.sensitive | value.sensitive, ..arm.clone() })
                .unwrap_or_default();
        }
        Kind::List(list) => {
            let items = list.items.iter().map(|item| settled(item, by, arm)).collect();
            Kind::List(Arc::new(List { items, ..List::clone(list) }))
        }
        Kind::Map(map) => {
            let entries =
                map.entries.iter().map(|entry| Entry { value: settled(&entry.value, by, arm), ..entry.clone() }).collect();
            Kind::Map(Arc::new(Map { entries, ..Map::clone(map) }))
        }
        _ => return value.clone(),
    };
    Value { kind, ..value.clone() }
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
