//! Lists and maps.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::Value;
use plimsoll_syntax::value::{Kind, Map, Number, Shape, Unknown};
use unicode_segmentation::UnicodeSegmentation;

use super::Needs::{All, Nothing, Outside};
use super::{ANY, Call, Function, Outcome, entry, items_in, number_in, row};
use crate::convert::{alike, text_of, to_bool, to_text};
use crate::lattice::{self, MAX_ELEMENTS, MapBuilder, derived_value, first_unknown, is_sensitive, is_set, noun, sorted};
use crate::operator::equal;

pub(super) const TABLE: &[Function] = &[
    row("length", 1, 1, Nothing, Shape::Number, length),
    row("concat", 1, ANY, Nothing, Shape::List, concat),
    row("merge", 0, ANY, Nothing, Shape::Map, merge),
    row("lookup", 2, 3, Nothing, Shape::Any, lookup),
    row("element", 2, 2, Outside, Shape::Any, element),
    row("keys", 1, 1, Outside, Shape::List, keys),
    row("values", 1, 1, Outside, Shape::List, values),
    row("contains", 2, 2, Nothing, Shape::Bool, contains),
    row("distinct", 1, 1, Outside, Shape::List, distinct),
    row("flatten", 1, 1, Outside, Shape::List, flatten),
    row("compact", 1, 1, Outside, Shape::List, compact),
    row("reverse", 1, 1, Outside, Shape::List, reverse),
    row("slice", 3, 3, Outside, Shape::List, slice),
    row("sort", 1, 1, Outside, Shape::List, sort),
    row("zipmap", 2, 2, Outside, Shape::Map, zipmap),
    row("one", 1, 1, Outside, Shape::Any, one),
    row("alltrue", 1, 1, Outside, Shape::Bool, alltrue),
    row("anytrue", 1, 1, Outside, Shape::Bool, anytrue),
    row("index", 2, 2, Outside, Shape::Number, index),
    row("matchkeys", 3, 3, All, Shape::List, matchkeys),
    row("chunklist", 2, 2, Outside, Shape::List, chunklist),
    row("transpose", 1, 1, All, Shape::Map, transpose),
    row("range", 1, 3, All, Shape::List, range),
    row("sum", 1, 1, All, Shape::Number, sum),
    row("list", 0, ANY, Nothing, Shape::List, |_| Err("list() was removed; use tolist([…])".to_owned())),
    row("map", 0, ANY, Nothing, Shape::Map, |_| Err("map() was removed; use tomap({…})".to_owned())),
];

fn length(call: &Call<'_, '_>) -> Outcome {
    match &call.arg(0).kind {
        Kind::List(list) => list.tail.as_ref().map_or_else(|| call.whole(list.items.len()), |tail| call.missing(tail)),
        Kind::Map(map) => map.tail.as_ref().map_or_else(|| call.whole(map.entries.len()), |tail| call.missing(tail)),
        Kind::String(text) => call.whole(text.graphemes(true).count()),
        Kind::Unknown(_) | Kind::Template(_) | Kind::Choice(_) => {
            first_unknown(call.arg(0)).map_or_else(|| call.later(), |unknown| call.missing(&unknown))
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => {
            Err(format!("a collection or a string is required, not {}", noun(call.arg(0))))
        }
    }
}

fn concat(call: &Call<'_, '_>) -> Outcome {
    let (mut items, mut tail) = (Vec::new(), None);
    for arg in call.args {
        match &arg.kind {
            Kind::List(_) if is_set(arg) => return Err("a list is required, not a set".to_owned()),
            Kind::List(list) => {
                items.extend(list.items.iter().map(|item| carried(item, arg)));
                tail = tail.or_else(|| list.tail.clone());
                if items.len() > MAX_ELEMENTS {
                    break;
                }
            }
            Kind::Unknown(unknown) if matches!(unknown.shape, Shape::Any | Shape::List) => {
                tail = tail.or_else(|| Some(unknown.clone()))
            }
            _ => return Err(format!("a list is required, not {}", noun(arg))),
        }
    }
    Ok(lattice::list(items, tail, call.place))
}

/// A part of an argument has come the way of the argument.
fn carried(item: &Value, from: &Value) -> Value {
    let mut item = item.clone();
    if item.via.is_none() {
        item.via.clone_from(&from.via);
    }
    item
}

fn merge(call: &Call<'_, '_>) -> Outcome {
    let mut map = MapBuilder::default();
    let mut tail: Option<Arc<Unknown>> = None;
    for arg in call.args {
        let hides = match &arg.kind {
            Kind::Null => continue,
            Kind::Map(one) => one.tail.clone(),
            Kind::Unknown(unknown) if matches!(unknown.shape, Shape::Any | Shape::Map) => Some(unknown.clone()),
            _ => return Err(format!("a map is required, not {}", noun(arg))),
        };
        if let Some(hides) = hides {
            // What is merged later may set any key again.
            if let Kind::Map(known) = std::mem::take(&mut map).finish(None, call.place).kind {
                for entry in &known.entries {
                    let value = Value::unknown(lattice::element(&hides, &format!("{:?}", entry.key)), entry.value.place);
                    map.entry(plimsoll_syntax::value::Entry { value, ..entry.clone() });
                }
            }
            tail = tail.or(Some(hides));
        }
        if let Kind::Map(one) = &arg.kind {
            one.entries.iter().for_each(|entry| {
                map.entry(plimsoll_syntax::value::Entry { value: carried(&entry.value, arg), ..entry.clone() })
            });
        }
    }
    Ok(map.finish(tail, call.place))
}

fn lookup(call: &Call<'_, '_>) -> Outcome {
    if let Some(unknown) = call.unknown(0).or_else(|| call.unknown(1)) {
        return call.missing(&unknown);
    }
    let (map, key) = (call.map(0)?, call.text(1)?);
    match (map.get(&key), &map.tail) {
        (Some(entry), _) => Ok(carried(&entry.value, call.arg(0))),
        (None, Some(tail)) => Ok(Value::unknown(lattice::element(tail, &format!("{key:?}")), call.place)),
        (None, None) if call.has(2) => {
            // The default is of the type of the elements.
            let texts = !map.entries.is_empty() && map.entries.iter().all(|entry| matches!(entry.value.kind, Kind::String(_)));
            Ok(if texts { to_text(call.arg(2)) } else { None }.unwrap_or_else(|| call.arg(2).clone()))
        }
        (None, None) => Err(format!("there is no element {key:?}")),
    }
}

fn element(call: &Call<'_, '_>) -> Outcome {
    let list = call.arg(0).as_list().ok_or_else(|| format!("a list is required, not {}", noun(call.arg(0))))?;
    if is_set(call.arg(0)) {
        return Err("a set has no order".to_owned());
    }
    let at = call.int(1)?;
    if let Some(tail) = &list.tail {
        return match usize::try_from(at).ok().and_then(|at| list.items.get(at)) {
            Some(item) => Ok(carried(item, call.arg(0))),
            None => Ok(Value::unknown(lattice::element(tail, &format!("{at}")), call.place)),
        };
    }
    let size = i128::try_from(list.items.len()).unwrap_or(0);
    let at = at.checked_rem_euclid(size).ok_or("the list is empty")?;
    usize::try_from(at)
        .ok()
        .and_then(|at| list.items.get(at))
        .map(|item| carried(item, call.arg(0)))
        .ok_or_else(|| "the list is empty".to_owned())
}

fn keys(call: &Call<'_, '_>) -> Outcome {
    let map = call.map(0)?;
    let keys = sorted(map)
        .into_iter()
        .map(|entry| Value::string(entry.key.clone(), if entry.key_place.is_some() { entry.key_place } else { call.place }));
    Ok(lattice::list(keys.collect(), map.tail.clone(), call.place))
}

fn values(call: &Call<'_, '_>) -> Outcome {
    let map = call.map(0)?;
    Ok(lattice::list(
        sorted(map).into_iter().map(|entry| carried(&entry.value, call.arg(0))).collect(),
        map.tail.clone(),
        call.place,
    ))
}

fn contains(call: &Call<'_, '_>) -> Outcome {
    if let Some(unknown) = call.unknown(0) {
        return call.missing(&unknown);
    }
    if call.arg(1).is_null() {
        return Err("the second argument must not be null".to_owned());
    }
    let list = call.arg(0).as_list().ok_or_else(|| format!("a list is required, not {}", noun(call.arg(0))))?;
    let mut missing = list.tail.clone();
    // The value is converted to the type of the elements.
    let wanted = match (list.items.first().map(|item| &item.kind), &call.arg(1).kind) {
        (Some(Kind::String(_)), Kind::Number(_) | Kind::Bool(_)) if is_set(call.arg(0)) => {
            to_text(call.arg(1)).unwrap_or_default()
        }
        _ => call.arg(1).clone(),
    };
    for item in &list.items {
        match equal(item, &wanted) {
            Ok(true) => return call.truth(true),
            Ok(false) => {}
            Err(unknown) => missing = missing.or(Some(unknown)),
        }
    }
    missing.map_or_else(|| call.truth(false), |unknown| call.missing(&unknown))
}

fn distinct(call: &Call<'_, '_>) -> Outcome {
    let list = call.arg(0).as_list().ok_or_else(|| format!("a list is required, not {}", noun(call.arg(0))))?;
    let mut seen = rustc_hash::FxHashSet::default();
    let mut kept: Vec<Value> = Vec::new();
    for item in alike(&list.items) {
        let new = match text_of(&item) {
            Some(text) => seen.insert(text),
            // Comparing all with all is for lists of objects, which are short; beyond, duplicates stay.
            None => kept.len() > 500 || !kept.iter().any(|known| crate::operator::identical(known, &item)),
        };
        if new {
            kept.push(item);
        }
    }
    Ok(lattice::list(kept, list.tail.clone(), call.place))
}

fn flatten(call: &Call<'_, '_>) -> Outcome {
    let (mut items, mut tail) = (Vec::new(), None);
    items_in(call.arg(0))?;
    flatten_into(call.arg(0), &mut items, &mut tail, 0);
    Ok(lattice::list(items, tail, call.place))
}

fn flatten_into(value: &Value, items: &mut Vec<Value>, tail: &mut Option<Arc<Unknown>>, depth: u32) {
    if items.len() > MAX_ELEMENTS || depth > 100 {
        return;
    }
    match &value.kind {
        Kind::List(list) => {
            list.items.iter().for_each(|item| flatten_into(&carried(item, value), items, tail, depth + 1));
            if tail.is_none() {
                tail.clone_from(&list.tail);
            }
        }
        // Whether this is one element or a list of them is not known.
        Kind::Unknown(unknown) if matches!(unknown.shape, Shape::Any | Shape::List) => {
            if tail.is_none() {
                *tail = Some(unknown.clone());
            }
        }
        Kind::Choice(choice) if choice.arms.iter().any(|arm| matches!(arm.kind, Kind::List(_))) => {
            if tail.is_none() {
                *tail = Some(choice.condition.clone());
            }
        }
        _ => items.push(value.clone()),
    }
}

fn compact(call: &Call<'_, '_>) -> Outcome {
    let list = call.arg(0).as_list().ok_or_else(|| format!("a list is required, not {}", noun(call.arg(0))))?;
    let (mut items, mut tail) = (Vec::new(), list.tail.clone());
    for item in &list.items {
        match &item.kind {
            Kind::Null => {}
            Kind::String(text) if text.is_empty() => {}
            Kind::Unknown(unknown) if !unknown.not_null && unknown.prefix.is_empty() => {
                tail = tail.or_else(|| Some(unknown.clone()))
            }
            Kind::List(_) | Kind::Map(_) => return Err("a list of strings is required".to_owned()),
            _ => items.push(to_text(item).unwrap_or_else(|| item.clone())),
        }
    }
    Ok(lattice::list(items, tail, call.place))
}

fn reverse(call: &Call<'_, '_>) -> Outcome {
    let list = call.arg(0).as_list().ok_or_else(|| format!("a list is required, not {}", noun(call.arg(0))))?;
    Ok(lattice::list(list.items.iter().rev().cloned().collect(), list.tail.clone(), call.place))
}

fn slice(call: &Call<'_, '_>) -> Outcome {
    let list = call.arg(0).as_list().ok_or_else(|| format!("a list is required, not {}", noun(call.arg(0))))?;
    if is_set(call.arg(0)) {
        return Err("a set has no order".to_owned());
    }
    let (start, end) = (call.size(1)?, call.size(2)?);
    match (list.items.get(start..end), &list.tail) {
        (Some(items), _) => call.list(items.to_vec()),
        (None, Some(tail)) => call.missing(tail),
        (None, None) => Err("the end lies before the start, or beyond the list".to_owned()),
    }
}

fn sort(call: &Call<'_, '_>) -> Outcome {
    let items = call.items(0)?;
    let sensitive = items.iter().any(is_sensitive);
    let mut sorted = match (items.iter().find_map(first_unknown), call.arg(0).as_list().and_then(|list| list.tail.as_ref())) {
        // How many there are is known, which one is where is not.
        (Some(unknown), None) if !is_set(call.arg(0)) => {
            lattice::list(items.iter().map(|_| derived_value(&unknown, Shape::String, call.place)).collect(), None, call.place)
        }
        (Some(unknown), _) => call.missing(&unknown)?,
        (None, Some(tail)) => call.missing(tail)?,
        (None, None) => {
            let mut texts = call.texts(0)?;
            texts.sort();
            call.strings(texts)?
        }
    };
    sorted.sensitive |= sensitive;
    Ok(sorted)
}

fn zipmap(call: &Call<'_, '_>) -> Outcome {
    if let Some(unknown) = call.items(0)?.iter().find_map(first_unknown) {
        return call.missing(&unknown);
    }
    let (keys, values) = (call.texts(0)?, call.items(1)?);
    let tail = [call.arg(0), call.arg(1)].into_iter().find_map(|arg| arg.as_list()?.tail.clone());
    if tail.is_none() && keys.len() != values.len() {
        return Err("there are not as many keys as values".to_owned());
    }
    Ok(lattice::map(keys.into_iter().zip(values.iter().cloned()), tail, call.place))
}

fn one(call: &Call<'_, '_>) -> Outcome {
    let list = call.arg(0).as_list().ok_or_else(|| format!("a list is required, not {}", noun(call.arg(0))))?;
    match (list.items.as_slice(), &list.tail) {
        ([], None) => Ok(Value::new(Kind::Null, call.place)),
        ([only], None) => Ok(carried(only, call.arg(0))),
        (_, Some(tail)) if list.items.len() < 2 => Ok(Value::unknown(lattice::element(tail, "0"), call.place)),
        _ => Err("the list has more than one element".to_owned()),
    }
}

fn alltrue(call: &Call<'_, '_>) -> Outcome {
    all_or_any(call, false)
}

fn anytrue(call: &Call<'_, '_>) -> Outcome {
    all_or_any(call, true)
}

fn all_or_any(call: &Call<'_, '_>, decisive: bool) -> Outcome {
    let list = call.arg(0).as_list().ok_or_else(|| format!("a list is required, not {}", noun(call.arg(0))))?;
    let mut missing = list.tail.clone();
    for item in &list.items {
        match to_bool(item).map(|item| item.kind) {
            Some(Kind::Bool(value)) if value == decisive => return call.truth(decisive),
            Some(Kind::Bool(_)) => {}
            Some(Kind::Null) if !decisive => return call.truth(false),
            Some(Kind::Null) => {}
            Some(_) => missing = missing.or_else(|| first_unknown(item)),
            None => return Err(format!("a list of bools is required; it has {}", noun(item))),
        }
    }
    missing.map_or_else(|| call.truth(!decisive), |unknown| call.missing(&unknown))
}

fn index(call: &Call<'_, '_>) -> Outcome {
    let list = call.arg(0).as_list().ok_or_else(|| format!("a list is required, not {}", noun(call.arg(0))))?;
    for (at, item) in list.items.iter().enumerate() {
        match equal(item, call.arg(1)) {
            Ok(true) => return call.whole(at),
            Ok(false) => {}
            Err(unknown) => return call.missing(&unknown),
        }
    }
    list.tail.as_ref().map_or_else(|| Err("the value is not in the list".to_owned()), |tail| call.missing(tail))
}

fn matchkeys(call: &Call<'_, '_>) -> Outcome {
    let (values, keys, wanted) = (call.items(0)?, call.items(1)?, call.items(2)?);
    if values.len() != keys.len() {
        return Err("there are not as many keys as values".to_owned());
    }
    // Both lists are of one type.
    let mut all = alike(&[keys, wanted].concat());
    let wanted = all.split_off(keys.len());
    let kept = values.iter().zip(&all).filter(|(_, key)| wanted.iter().any(|one| equal(key, one) == Ok(true)));
    call.list(kept.map(|(value, _)| value.clone()).collect())
}

fn chunklist(call: &Call<'_, '_>) -> Outcome {
    let (list, size) =
        (call.arg(0).as_list().ok_or_else(|| format!("a list is required, not {}", noun(call.arg(0))))?, call.size(1)?);
    let size = if size == 0 { list.items.len().max(1) } else { size };
    let chunks = list.items.chunks(size).map(|chunk| lattice::list(chunk.to_vec(), None, call.place));
    Ok(lattice::list(chunks.collect(), list.tail.clone(), call.place))
}

fn transpose(call: &Call<'_, '_>) -> Outcome {
    let mut groups: std::collections::BTreeMap<CompactString, Vec<Value>> = std::collections::BTreeMap::new();
    for one in sorted(call.map(0)?) {
        for item in items_in(&one.value)? {
            let key = text_of(item).ok_or("a map of lists of strings is required")?;
            groups.entry(key).or_default().push(Value::string(one.key.clone(), call.place));
        }
    }
    let entries = groups.into_iter().map(|(key, items)| entry(key, lattice::list(items, None, call.place))).collect();
    Ok(Value::map(Map { entries, ..Map::default() }, call.place))
}

fn range(call: &Call<'_, '_>) -> Outcome {
    let (start, limit) = if call.has(1) { (call.float(0)?, call.float(1)?) } else { (0.0, call.float(0)?) };
    let step = if call.has(2) {
        call.float(2)?
    } else if limit < start {
        -1.0
    } else {
        1.0
    };
    if step == 0.0 || (limit > start && step < 0.0) || (limit < start && step > 0.0) {
        return Err("the step does not lead from the start to the limit".to_owned());
    }
    let mut items = Vec::new();
    let mut at = start;
    while if step > 0.0 { at < limit } else { at > limit } {
        if items.len() >= 1_024 {
            return Err("more than 1024 elements".to_owned());
        }
        items.push(lattice::number(at, call.place));
        at += step;
    }
    call.list(items)
}

fn sum(call: &Call<'_, '_>) -> Outcome {
    let items = call.items(0)?;
    if items.is_empty() {
        return Err("the list is empty".to_owned());
    }
    let mut total = Number::Int(0);
    for item in items {
        total = match (total, number_in(item)?) {
            (Number::Int(a), Number::Int(b)) => a.checked_add(b).map_or(Number::Float(a as f64 + b as f64), Number::Int),
            (a, b) => Number::from(a.as_f64() + b.as_f64()),
        };
    }
    Ok(Value::new(Kind::Number(total.into()), call.place))
}
