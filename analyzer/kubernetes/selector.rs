//! Label selectors.

use plimsoll_syntax::{Kind, Value};

use crate::values::{field, is_empty, shown};

/// Whether a label selector (`matchLabels`, `matchExpressions`) selects these labels. An empty selector selects everything, an
/// absent one nothing. `None`: it depends on something unknown.
///
/// Source: `LabelSelectorAsSelector` of `apimachinery/pkg/apis/meta/v1`.
#[must_use]
pub fn selects(selector: &Value, labels: &Value) -> Option<bool> {
    let Kind::Map(map) = &selector.kind else {
        return if selector.is_null() { Some(false) } else { None };
    };
    let exact = equal(&field(selector, "matchLabels"), labels);
    let expressions = field(selector, "matchExpressions");
    let listed = match &expressions.kind {
        Kind::Null => Some(true),
        Kind::List(list) => {
            let tail = if list.tail.is_some() { None } else { Some(true) };
            list.items.iter().map(|expression| holds(expression, labels)).fold(tail, and)
        }
        _ => None,
    };
    let open = if map.tail.is_some() { None } else { Some(true) };
    and(and(exact, listed), open)
}

/// Whether a bare map of labels, as a Service has it, selects these labels; an absent or empty one selects nothing.
pub(crate) fn selects_exactly(selector: &Value, labels: &Value) -> Option<bool> {
    match is_empty(Some(selector)) {
        Some(true) => Some(false),
        Some(false) => equal(selector, labels),
        None => None,
    }
}

/// Whether every pair is among the labels.
fn equal(wanted: &Value, labels: &Value) -> Option<bool> {
    match &wanted.kind {
        Kind::Null => Some(true),
        Kind::Map(map) => {
            let tail = if map.tail.is_some() { None } else { Some(true) };
            map.entries.iter().map(|entry| has(labels, &entry.key, std::slice::from_ref(&entry.value))).fold(tail, and)
        }
        _ => None,
    }
}

fn holds(expression: &Value, labels: &Value) -> Option<bool> {
    let (key, operator) = (expression.str_at(&["key"])?, expression.str_at(&["operator"])?);
    let values = field(expression, "values");
    let listed = || match &values.kind {
        Kind::List(list) if list.tail.is_some() => has(labels, key, &list.items).filter(|found| *found),
        Kind::List(list) => has(labels, key, &list.items),
        Kind::Null => Some(false),
        _ => None,
    };
    match operator {
        "In" => listed(),
        // A label that is not there is in no list.
        "NotIn" => listed().map(|found| !found),
        "Exists" => exists(labels, key),
        "DoesNotExist" => exists(labels, key).map(|found| !found),
        _ => None,
    }
}

fn exists(labels: &Value, key: &str) -> Option<bool> {
    match &labels.kind {
        Kind::Null => Some(false),
        Kind::Map(map) if map.get(key).is_some() => Some(true),
        Kind::Map(map) if map.tail.is_none() => Some(false),
        _ => None,
    }
}

/// Whether the label is there with one of the values. Two holes with the same text have the same filling.
fn has(labels: &Value, key: &str, wanted: &[Value]) -> Option<bool> {
    if exists(labels, key)? {
        let label = labels.get(key)?;
        wanted.iter().map(|value| same(label, value)).fold(Some(false), or)
    } else {
        Some(false)
    }
}

/// Whether two scalars are the same text; `None` where a hole decides.
pub(crate) fn same(left: &Value, right: &Value) -> Option<bool> {
    let open = crate::values::is_open(left) || crate::values::is_open(right);
    match (shown(left), shown(right)) {
        // Only a template's action is the same wherever it stands.
        (Some(left), Some(right)) if left == right && (!open || left.contains("{{")) => Some(true),
        (Some(_), Some(_)) if !open => Some(false),
        _ => None,
    }
}

pub(crate) fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

pub(crate) fn or(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    and(left.map(|known| !known), right.map(|known| !known)).map(|known| !known)
}
