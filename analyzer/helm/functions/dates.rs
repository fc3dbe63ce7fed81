//! Dates: the moment of installation is not known, so every date is made up.

use super::{Function, plain};
use crate::object::{Object, TIME};
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
    plain("duration", "a", |call| Ok(hours_minutes_seconds(super::convert::to_int(&call.value(0))).into())),
    plain("durationRound", "a", |call| {
        let value = call.value(0);
        // A moment is a while ago, of which nothing is known.
        Ok(match &value.data {
            Data::Object(_) => Value::opaque("1s"),
            Data::Str(text) => rounded(nanoseconds(text.as_str()).unwrap_or(0)).into(),
            _ => rounded(super::convert::to_int(&value)).into(),
        })
    }),
];

/// Go's units of time with their nanoseconds, and those that sprig has besides, from the longest.
const UNITS: &[(&str, u64)] = &[
    ("y", 365 * 24 * HOUR),
    ("mo", 30 * 24 * HOUR),
    ("d", 24 * HOUR),
    ("h", HOUR),
    ("m", 60 * SECOND),
    ("s", SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];
const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3_600 * SECOND;

/// A whole number of seconds as Go writes it: `1h0m5s`.
fn hours_minutes_seconds(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let all = seconds.unsigned_abs();
    let (hours, minutes, seconds) = (all / 3_600, all / 60 % 60, all % 60);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, _) => format!("{sign}{minutes}m{seconds}s"),
        _ => format!("{sign}{hours}h{minutes}m{seconds}s"),
    }
}

/// `1h15m30.5s`, as Go reads it.
fn nanoseconds(text: &str) -> Option<i64> {
    let (negative, mut rest) =
        text.strip_prefix('-').map_or((false, text.strip_prefix('+').unwrap_or(text)), |rest| (true, rest));
    let mut sum = 0_f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, behind) = rest.split_at(end);
        let end = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(end);
        let (_, length) = UNITS.iter().skip(3).find(|(name, _)| *name == unit)?;
        #[expect(clippy::cast_precision_loss, reason = "an hour is far below 2^52 nanoseconds")]
        let length = *length as f64;
        sum += number.parse::<f64>().ok()? * length;
        rest = behind;
    }
    let whole = super::convert::to_int(&Value::new(Data::Float(sum)));
    Some(if negative { whole.saturating_neg() } else { whole })
}

/// In the longest unit that it is more than one of, as sprig has it.
fn rounded(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let all = nanoseconds.unsigned_abs();
    let found = UNITS.iter().take(6).find(|(_, length)| all > *length);
    found.map_or_else(|| "0s".to_owned(), |(name, length)| format!("{sign}{}{name}", all / length))
}

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
