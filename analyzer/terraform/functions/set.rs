//! Sets.

use plimsoll_syntax::Value;
use plimsoll_syntax::value::{Kind, Shape};

use super::Needs::{All, Nothing, Outside};
use super::{ANY, Call, Function, Outcome, row};
use crate::convert::{Type, alike, convert};
use crate::lattice::{self, MAX_ELEMENTS, is_set};
use crate::operator::equal;

pub(super) const TABLE: &[Function] = &[
    row("toset", 1, 1, Nothing, Shape::List, |call| convert(call.arg(0), &Type::Set(Box::new(Type::Any)))),
    row("setunion", 1, ANY, Outside, Shape::List, union),
    row("setintersection", 1, ANY, All, Shape::List, |call| {
        combine(call, |item, others| others.iter().all(|other| has(other, item)))
    }),
    row("setsubtract", 2, 2, All, Shape::List, |call| combine(call, |item, others| !others.iter().any(|other| has(other, item)))),
    row("setsymmetricdifference", 1, ANY, All, Shape::List, symmetric),
    row("setproduct", 1, ANY, Outside, Shape::List, product),
];

fn has(items: &[Value], item: &Value) -> bool {
    items.iter().any(|other| equal(other, item) == Ok(true))
}

/// The arguments as sets of one type of element.
fn sets(call: &Call<'_, '_>) -> Result<Vec<Vec<Value>>, String> {
    let mut sizes = Vec::new();
    let mut all = Vec::new();
    for at in 0..call.args.len() {
        let items = call.items(at)?;
        sizes.push(items.len());
        all.extend_from_slice(items);
    }
    let mut all = alike(&all).into_iter();
    Ok(sizes.into_iter().map(|size| all.by_ref().take(size).collect()).collect())
}

fn union(call: &Call<'_, '_>) -> Outcome {
    let tail = call.args.iter().find_map(|arg| arg.as_list()?.tail.clone());
    Ok(lattice::set(sets(call)?.concat(), tail, call.place))
}

/// The elements of the first set that `keep` keeps, seeing the other sets.
fn combine(call: &Call<'_, '_>, keep: fn(&Value, &[Vec<Value>]) -> bool) -> Outcome {
    let mut sets = sets(call)?.into_iter();
    let first = sets.next().unwrap_or_default();
    let others: Vec<Vec<Value>> = sets.collect();
    if first.len().saturating_mul(others.iter().map(Vec::len).sum::<usize>()) > 10_000_000 {
        return Ok(lattice::limit("sets of more elements than are compared", call.place));
    }
    Ok(lattice::set(first.into_iter().filter(|item| keep(item, &others)).collect(), None, call.place))
}

fn symmetric(call: &Call<'_, '_>) -> Outcome {
    let mut result: Vec<Value> = Vec::new();
    for set in sets(call)? {
        if result.len().saturating_mul(set.len()) > 5_000_000 {
            return Ok(lattice::limit("sets of more elements than are compared", call.place));
        }
        let kept = result.iter().filter(|item| !has(&set, item)).cloned();
        let new: Vec<Value> = kept.chain(set.iter().filter(|item| !has(&result, item)).cloned()).collect();
        result = new;
    }
    Ok(lattice::set(result, None, call.place))
}

fn product(call: &Call<'_, '_>) -> Outcome {
    if call.args.len() < 2 {
        return Err("at least two lists are required".to_owned());
    }
    if let Some(tail) = call.args.iter().find_map(|arg| arg.as_list()?.tail.clone()) {
        return call.missing(&tail);
    }
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for at in 0..call.args.len() {
        let items = call.items(at)?;
        if rows.len().saturating_mul(items.len()) > MAX_ELEMENTS {
            return Ok(lattice::limit("a product of more elements than are looked at", call.place));
        }
        rows =
            rows.iter().flat_map(|row| items.iter().map(|item| [row.as_slice(), std::slice::from_ref(item)].concat())).collect();
    }
    let columns: Vec<Vec<Value>> =
        (0..call.args.len()).map(|at| alike(&rows.iter().filter_map(|row| row.get(at).cloned()).collect::<Vec<_>>())).collect();
    let rows = (0..rows.len())
        .map(|at| lattice::list(columns.iter().filter_map(|column| column.get(at).cloned()).collect(), None, call.place))
        .collect();
    let all_sets = call.args.iter().all(|arg| is_set(arg) || matches!(arg.kind, Kind::Null));
    if all_sets { Ok(lattice::set(rows, None, call.place)) } else { call.list(rows) }
}
