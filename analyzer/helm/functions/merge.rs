//! `merge` and `mergeOverwrite`, as the library under sprig merges.

use super::{Answer, Function, picks};
use crate::run::Call;
use crate::value::{Data, Dict, MAX_DEPTH, Value};

pub(super) const TABLE: &[Function] = &[
    picks("merge", "dd*", |call| merged(call, false)),
    picks("mustMerge", "dd*", |call| merged(call, false)),
    picks("mergeOverwrite", "dd*", |call| merged(call, true)),
    picks("mustMergeOverwrite", "dd*", |call| merged(call, true)),
];

fn merged(call: &Call<'_>, overwrite: bool) -> Answer {
    let target = call.dict(0);
    for source in call.rest(1).iter().filter_map(Value::as_dict) {
        merge(&target, source, overwrite, MAX_DEPTH);
    }
    Ok(Value { data: Data::Map(target), origin: call.value(0).origin })
}

/// Entries of `source` go into `target`: where it has nothing, or something empty; with `overwrite`, always. Maps are merged.
fn merge(target: &Dict, source: &Dict, overwrite: bool, depth: usize) {
    let Some(depth) = depth.checked_sub(1).filter(|_| !target.is(source)) else { return };
    for (name, slot) in source.entries() {
        let known = target.get(&name);
        if slot.value.is_nil() {
            if overwrite {
                target.set_slot(name, slot);
            }
            continue;
        }
        if let (Some(Data::Map(inner)), Data::Map(other)) = (known.as_ref().map(|known| &known.data), &slot.value.data) {
            merge(inner, other, overwrite, depth);
            if inner.len() > 0 {
                continue;
            }
        }
        if overwrite || known.is_none_or(|known| !known.truth()) {
            target.set_slot(name, slot);
        }
    }
}
