//! Maps.

use super::{Answer, Function, picks, plain};
use crate::print;
use crate::run::Call;
use crate::value::{Data, Dict, Value};

pub(super) const TABLE: &[Function] = &[
    picks("dict", "a*", dict),
    picks("get", "ds", |call| Ok(call.dict(0).get(call.str(1)).unwrap_or_else(|| "".into()))),
    picks("set", "dsa", |call| {
        call.dict(0).set(call.str(1), call.value(2));
        Ok(call.value(0))
    }),
    picks("unset", "ds", |call| {
        call.dict(0).remove(call.str(1));
        Ok(call.value(0))
    }),
    plain("hasKey", "ds", |call| Ok(Value::bool(call.dict(0).has(call.str(1))))),
    picks("pluck", "sd*", |call| {
        Ok(Value::list(call.rest(1).iter().filter_map(|dict| dict.as_dict()?.get(call.str(0))).collect()))
    }),
    picks("keys", "d*", keys),
    picks("values", "d", |call| Ok(Value::list(call.dict(0).entries().into_iter().map(|(_, slot)| slot.value).collect()))),
    picks("pick", "ds*", |call| {
        let (from, out) = (call.dict(0), Dict::default());
        for name in call.rest(1).iter().filter_map(Value::as_str) {
            if let Some(slot) = from.slot(name) {
                out.set_slot(name, slot);
            }
        }
        Ok(out.into())
    }),
    picks("omit", "ds*", |call| {
        let out = call.dict(0).shallow();
        call.rest(1).iter().filter_map(Value::as_str).for_each(|name| out.remove(name));
        Ok(out.into())
    }),
    picks("deepCopy", "a", |call| Ok(call.value(0).deep())),
    picks("mustDeepCopy", "a", |call| Ok(call.value(0).deep())),
    picks("dig", "aaa*", dig),
];

fn dict(call: &mut Call<'_>) -> Answer {
    let out = Dict::default();
    for pair in call.arguments.chunks(2) {
        if let Some(key) = pair.first() {
            out.set(print::plain(key), pair.get(1).cloned().unwrap_or_else(|| "".into()));
        }
    }
    Ok(out.into())
}

/// The names; Go gives them in no order, we sort them.
fn keys(call: &mut Call<'_>) -> Answer {
    let mut out = Vec::new();
    for dict in call.arguments.iter().filter_map(Value::as_dict) {
        for (name, slot) in dict.entries() {
            let mut name = Value::string(&*name);
            name.origin.place = slot.key;
            out.push(name);
        }
    }
    Ok(Value::list(out))
}

/// `dig "a" "b" default dict`
fn dig(call: &mut Call<'_>) -> Answer {
    let [path @ .., default, dict] = call.arguments.as_slice() else {
        return Err("dig needs at least three arguments".to_owned());
    };
    let mut value = dict.clone();
    for key in path {
        let Data::Map(dict) = &value.data else {
            return Err(format!(
                "interface conversion: interface {{}} is {}, not map[string]interface {{}}",
                print::type_name(&value)
            ));
        };
        match dict.get(key.as_str().unwrap_or("")) {
            Some(next) => value = next,
            None => return Ok(default.clone()),
        }
    }
    Ok(value)
}
