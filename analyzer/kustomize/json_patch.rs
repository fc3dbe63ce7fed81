//! JSON patches, RFC 6902.

use compact_str::CompactString;
use plimsoll_syntax::{Kind, Value};

use crate::failure::{Failure, Outcome};
use crate::tree::{get_mut, list_mut, map_mut, remove, same, set, text_at};

/// Applies the operations of a patch, in order.
///
/// # Errors
/// When an operation leads to nothing, or its test fails.
pub(crate) fn apply(target: &mut Value, operations: &[Value]) -> Outcome<()> {
    operations.iter().try_for_each(|operation| step(target, operation))
}

fn step(target: &mut Value, operation: &Value) -> Outcome<()> {
    let written = |name: &str| operation.str_at(&[name]).map(pointer);
    let fail = |reason: String| Failure::new(operation.place, reason);
    let name = text_at(operation, &["op"]);
    let path = written("path").ok_or_else(|| fail("the operation has no path".into()))?;
    let nothing = || fail(format!("{} leads to nothing", text_at(operation, &["path"])));
    let value = || operation.get("value").cloned().unwrap_or_else(|| Value::new(Kind::Null, operation.place));
    let from = || written("from").ok_or_else(|| fail("the operation has no from".into()));
    let done = match name.as_str() {
        "add" => add(target, &path, value()),
        "replace" => find(target, &path).map(|found| *found = value()).map(|()| place_at(target, &path, operation)),
        "remove" => take(target, &path).map(drop),
        "move" => {
            let moved = take(target, &from()?).ok_or_else(nothing)?;
            add(target, &path, moved)
        }
        "copy" => {
            let copied = find(target, &from()?).ok_or_else(nothing)?.clone();
            add(target, &path, copied)
        }
        "test" => {
            let found = find(target, &path).map(|found| same(found, &value()));
            Some(()).filter(|()| found == Some(true) || (found.is_none() && value().is_null()))
        }
        other => return Err(fail(format!("{other} is no operation"))),
    };
    done.ok_or_else(nothing)
}

/// The keys of a pointer.
fn pointer(text: &str) -> Vec<CompactString> {
    text.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~").into()).collect()
}

/// Where in a list: counted from the end when negative.
fn index(key: &str, length: usize) -> Option<usize> {
    let at: i64 = key.parse().ok()?;
    if at < 0 { length.checked_sub(usize::try_from(-at).ok()?) } else { usize::try_from(at).ok() }
}

fn find<'v>(target: &'v mut Value, path: &[CompactString]) -> Option<&'v mut Value> {
    path.iter().try_fold(target, |value, key| match &value.kind {
        Kind::Map(_) => get_mut(value, key),
        Kind::List(_) => {
            let list = list_mut(value)?;
            let at = index(key, list.items.len())?;
            list.items.get_mut(at)
        }
        _ => None,
    })
}

fn add(target: &mut Value, path: &[CompactString], value: Value) -> Option<()> {
    let Some((last, before)) = path.split_last() else {
        *target = value;
        return Some(());
    };
    let parent = find(target, before)?;
    match &parent.kind {
        Kind::Map(_) => set(parent, last, value),
        Kind::List(_) => {
            let list = list_mut(parent)?;
            let at = if last == "-" { list.items.len() } else { index(last, list.items.len())? };
            if at > list.items.len() {
                return None;
            }
            list.items.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

fn take(target: &mut Value, path: &[CompactString]) -> Option<Value> {
    let (last, before) = path.split_last()?;
    let parent = find(target, before)?;
    match &parent.kind {
        Kind::Map(_) => {
            let value = parent.get(last)?.clone();
            remove(parent, last);
            Some(value)
        }
        Kind::List(_) => {
            let list = list_mut(parent)?;
            let at = index(last, list.items.len())?;
            (at < list.items.len()).then(|| list.items.remove(at))
        }
        _ => None,
    }
}

/// The entry of a replaced value is where the patch writes it.
fn place_at(target: &mut Value, path: &[CompactString], operation: &Value) {
    let Some((last, before)) = path.split_last() else { return };
    let place = operation.get("value").map_or(operation.place, |value| value.place);
    if let Some(entry) =
        find(target, before).and_then(map_mut).and_then(|map| map.entries.iter_mut().find(|entry| entry.key == *last))
    {
        entry.place = place;
        entry.key_place = place;
    }
}
