//! Dates: the moment of installation is not known, so every date is made up.

use super::{Function, plain};
use crate::object::{Object, TIME};
use crate::print;
use crate::value::{Data, Value};

/// Seconds that stand for the moment of installation.
const EPOCH: &str = "1767225600";

pub(super) const TABLE: &[Function] = &[
    plain("now", "", |_| Ok(moment())),
    plain("toDate", "ss", |_| Ok(moment())),
    plain("mustToDate", "ss", |_| Ok(moment())),
    plain("dateModify", "sa", |_| Ok(moment())),
    plain("date_modify", "sa", |_| Ok(moment())),
    plain("mustDateModify", "sa", |_| Ok(moment())),
    plain("must_date_modify", "sa", |_| Ok(moment())),
    plain("date", "sa", |call| Ok(Value::opaque(call.str(0)))),
    plain("dateInZone", "sas", |call| Ok(Value::opaque(call.str(0)))),
    plain("date_in_zone", "sas", |call| Ok(Value::opaque(call.str(0)))),
    plain("htmlDate", "a", |_| Ok(Value::opaque("2026-01-01"))),
    plain("htmlDateInZone", "as", |_| Ok(Value::opaque("2026-01-01"))),
    plain("unixEpoch", "a", |_| Ok(Value::opaque(EPOCH))),
    plain("ago", "a", |_| Ok(Value::opaque("1s"))),
    plain("duration", "a", |call| Ok(format!("{}s", print::plain(&call.value(0))).into())),
    plain("durationRound", "a", |call| Ok(print::text(&call.value(0)).into())),
];

const fn moment() -> Value {
    Value { data: Data::Object(Object::Time), origin: crate::value::Origin { place: plimsoll_syntax::Place::NONE, opaque: true } }
}

/// A method of a moment.
pub(super) fn method(name: &str, arguments: &[Value]) -> Option<Value> {
    let number = |int: i64| Some(Value { data: Data::Int(int), origin: moment().origin });
    match name {
        "Format" => Some(Value::opaque(arguments.first().and_then(Value::as_str).unwrap_or(""))),
        "String" => Some(Value::opaque(TIME)),
        "Unix" | "UnixNano" | "UnixMilli" => number(EPOCH.parse().unwrap_or(0)),
        "Year" => number(2026),
        "Day" | "YearDay" | "Month" => number(1),
        "Hour" | "Minute" | "Second" | "Nanosecond" | "Weekday" => number(0),
        "UTC" | "Local" | "AddDate" | "Add" | "Round" | "Truncate" => Some(moment()),
        _ => None,
    }
}
