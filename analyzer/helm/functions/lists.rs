//! Lists.

use super::{Answer, Function, picks, plain};
use crate::print;
use crate::run::Call;
use crate::value::{Data, List, Value};

pub(super) const TABLE: &[Function] = &[
    picks("list", "a*", |call| Ok(Value::list(call.arguments.clone()))),
    picks("tuple", "a*", |call| Ok(Value::list(call.arguments.clone()))),
    picks("first", "a", |call| Ok(items(call, 0)?.first().cloned().unwrap_or_default())),
    picks("mustFirst", "a", |call| Ok(items(call, 0)?.first().cloned().unwrap_or_default())),
    picks("last", "a", |call| Ok(items(call, 0)?.last().cloned().unwrap_or_default())),
    picks("mustLast", "a", |call| Ok(items(call, 0)?.last().cloned().unwrap_or_default())),
    picks("rest", "a", |call| Ok(Value::list(items(call, 0)?.iter().skip(1).cloned().collect()))),
    picks("mustRest", "a", |call| Ok(Value::list(items(call, 0)?.iter().skip(1).cloned().collect()))),
    picks("initial", "a", initial),
    picks("mustInitial", "a", initial),
    picks("append", "aa", append),
    picks("push", "aa", append),
    picks("mustAppend", "aa", append),
    picks("mustPush", "aa", append),
    picks("prepend", "aa", prepend),
    picks("mustPrepend", "aa", prepend),
    picks("concat", "a*", |call| {
        let mut out = Vec::new();
        for at in 0..call.arguments.len() {
            out.extend(items(call, at)?.iter().cloned());
        }
        Ok(Value::list(out))
    }),
    picks("reverse", "a", |call| Ok(Value::list(items(call, 0)?.iter().rev().cloned().collect()))),
    picks("mustReverse", "a", |call| Ok(Value::list(items(call, 0)?.iter().rev().cloned().collect()))),
    picks("uniq", "a", uniq),
    picks("mustUniq", "a", uniq),
    picks("compact", "a", |call| Ok(Value::list(items(call, 0)?.iter().filter(|item| item.truth()).cloned().collect()))),
    picks("mustCompact", "a", |call| Ok(Value::list(items(call, 0)?.iter().filter(|item| item.truth()).cloned().collect()))),
    picks("without", "aa*", without),
    picks("mustWithout", "aa*", without),
    plain("has", "aa", has),
    plain("mustHas", "aa", has),
    picks("slice", "aa*", slice),
    picks("mustSlice", "aa*", slice),
    picks("chunk", "ia", chunk),
    picks("mustChunk", "ia", chunk),
    picks("sortAlpha", "a", |call| {
        let mut texts = super::strings::texts(&call.value(0));
        texts.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        Ok(Value::list(texts.into_iter().map(Value::from).collect()))
    }),
];

/// The elements of a list; anything else is refused.
fn items(call: &Call<'_>, at: usize) -> Result<List, String> {
    let value = call.value(at);
    match &value.data {
        Data::List(items) => Ok(items.clone()),
        Data::Object(object) if object.kind() == "slice" => {
            Ok(List::new(super::kubernetes::elements(object).unwrap_or_default().into_iter().map(|(_, value)| value).collect()))
        }
        _ => Err(format!("this needs a list, and got {}", print::type_name(&value))),
    }
}

fn initial(call: &mut Call<'_>) -> Answer {
    let items = items(call, 0)?;
    Ok(Value::list(items.iter().take(items.len().saturating_sub(1)).cloned().collect()))
}

fn append(call: &mut Call<'_>) -> Answer {
    let mut out = items(call, 0)?.to_vec();
    out.push(call.value(1));
    Ok(Value::list(out))
}

fn prepend(call: &mut Call<'_>) -> Answer {
    let mut out = vec![call.value(1)];
    out.extend(items(call, 0)?.iter().cloned());
    Ok(Value::list(out))
}

fn uniq(call: &mut Call<'_>) -> Answer {
    let mut out: Vec<Value> = Vec::new();
    for item in items(call, 0)?.iter() {
        if !out.iter().any(|known| known.equals(item)) {
            out.push(item.clone());
        }
    }
    Ok(Value::list(out))
}

fn without(call: &mut Call<'_>) -> Answer {
    let kept =
        items(call, 0)?.iter().filter(|item| !call.rest(1).iter().any(|unwanted| unwanted.equals(item))).cloned().collect();
    Ok(Value::list(kept))
}

fn has(call: &mut Call<'_>) -> Answer {
    if call.value(1).is_nil() {
        return Ok(Value::bool(false));
    }
    let needle = call.value(0);
    Ok(Value::bool(items(call, 1)?.iter().any(|item| item.equals(&needle))))
}

fn slice(call: &mut Call<'_>) -> Answer {
    let items = items(call, 0)?;
    if items.is_empty() {
        return Ok(Value::default());
    }
    let bound = |at: usize, missing: usize| {
        call.arguments.get(at).map_or(Ok(missing), |value| usize::try_from(super::convert::to_int(value)))
    };
    let out_of_range = || "slice bounds out of range".to_owned();
    let (start, end) = (bound(1, 0).map_err(|_| out_of_range())?, bound(2, items.len()).map_err(|_| out_of_range())?);
    Ok(Value::list(items.get(start..end).ok_or_else(out_of_range)?.to_vec()))
}

fn chunk(call: &mut Call<'_>) -> Answer {
    let size = usize::try_from(call.int(0)).ok().filter(|size| *size > 0).ok_or_else(|| "a chunk needs a size".to_owned())?;
    Ok(Value::list(items(call, 1)?.chunks(size).map(|chunk| Value::list(chunk.to_vec())).collect()))
}
