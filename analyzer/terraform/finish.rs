//! Values as they leave the evaluator.

use std::sync::Arc;

use plimsoll_syntax::Value;
use plimsoll_syntax::hcl::{ExprId, ExprKind};
use plimsoll_syntax::value::{Choice, Entry, Kind, List, Map};

use crate::evaluator::Cx;
use crate::lattice::{self, MAX_NODES, limit};

/// An argument that names things: its words as strings.
pub(crate) fn names(cx: &Cx<'_>, expr: ExprId, depth: u32) -> Value {
    let tree = &cx.file.tree;
    let place = cx.place(tree[expr].span);
    let text = |expr: ExprId| tree.plain_string(expr).unwrap_or_else(|| crate::expression::clip(tree.text(tree[expr].span)));
    match tree[expr].kind {
        ExprKind::Tuple(items) if depth < 4 => {
            Value::list(tree.list(items).iter().map(|&item| names(cx, item, depth + 1)).collect(), place)
        }
        ExprKind::Object(items) => {
            let entries = tree.items(items).iter().map(|item| (text(item.key), names(cx, item.value, 4)));
            lattice::map(entries, None, place)
        }
        _ => Value::string(text(expr), place),
    }
}

/// The value as it leaves the evaluator: no list is marked as a set, and there are not more parts than anybody can look at.
pub(crate) fn finished(value: Value) -> Value {
    let mut left = MAX_NODES;
    if is_finished(&value, &mut left) {
        return value;
    }
    let mut left = MAX_NODES;
    finish(value, &mut left)
}

fn is_finished(value: &Value, left: &mut usize) -> bool {
    if *left == 0 {
        return false;
    }
    *left -= 1;
    match &value.kind {
        Kind::List(list) => !list.blocks && list.items.iter().all(|item| is_finished(item, left)),
        Kind::Map(map) => map.entries.iter().all(|entry| is_finished(&entry.value, left)),
        Kind::Choice(choice) => choice.arms.iter().all(|arm| is_finished(arm, left)),
        _ => true,
    }
}

fn finish(value: Value, left: &mut usize) -> Value {
    if *left == 0 {
        return limit("a value with too many parts", value.place);
    }
    *left -= 1;
    let kind = match &value.kind {
        Kind::List(list) => {
            let items = list.items.iter().map(|item| finish(item.clone(), left)).collect();
            Kind::List(Arc::new(List { items, tail: list.tail.clone(), blocks: false }))
        }
        Kind::Map(map) => {
            let entries =
                map.entries.iter().map(|entry| Entry { value: finish(entry.value.clone(), left), ..entry.clone() }).collect();
            Kind::Map(Arc::new(Map { entries, ..Map::clone(map) }))
        }
        Kind::Choice(choice) => {
            let arms = choice.arms.iter().map(|arm| finish(arm.clone(), left)).collect();
            Kind::Choice(Arc::new(Choice { arms, ..Choice::clone(choice) }))
        }
        _ => return value,
    };
    Value { kind, ..value }
}
