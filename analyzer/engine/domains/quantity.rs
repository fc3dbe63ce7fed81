//! Quantities and durations.

use plimsoll_syntax::{Kind, Value};

/// Suffixes of Kubernetes quantities (`apimachinery/pkg/api/resource`).
const SUFFIXES: &[(&str, f64)] = &[
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("", 1.0),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// Units of time, in lower case. `m` is minutes, as in Go.
const UNITS: &[(&str, f64)] = &[
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("sec", 1.0),
    ("second", 1.0),
    ("m", MINUTE),
    ("min", MINUTE),
    ("minute", MINUTE),
    ("h", HOUR),
    ("hr", HOUR),
    ("hour", HOUR),
    ("d", DAY),
    ("day", DAY),
    ("w", 7.0 * DAY),
    ("week", 7.0 * DAY),
    ("month", 30.0 * DAY),
    ("y", 365.0 * DAY),
    ("year", 365.0 * DAY),
];

/// Designators of ISO 8601 durations, before and after the `T`; a month has 30 days, a year 365.
const ISO_DATE: &[(char, f64)] = &[('Y', 365.0 * DAY), ('M', 30.0 * DAY), ('W', 7.0 * DAY), ('D', DAY)];
const ISO_TIME: &[(char, f64)] = &[('H', HOUR), ('M', MINUTE), ('S', 1.0)];

/// Reads a Kubernetes quantity: `500m`, `2Gi`, `1e3`, `0.5`.
#[must_use]
pub(crate) fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    if let Some(exponent) = suffix.strip_prefix(['e', 'E'])
        && !exponent.is_empty()
    {
        let exponent: i32 = exponent.parse().ok()?;
        return finite(decimal(number)? * 10_f64.powi(exponent));
    }
    let (_, factor) = SUFFIXES.iter().find(|(name, _)| *name == suffix)?;
    finite(decimal(number)? * factor)
}

/// Reads a duration in seconds: a number, `90d`, `1h30m`, `7776000s`, `90 days`, `P30D`.
#[must_use]
pub(crate) fn duration(value: &Value) -> Option<f64> {
    match &value.kind {
        Kind::Number(number) => Some(number.as_f64()),
        Kind::String(text) => seconds(text),
        _ => None,
    }
}

fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some(iso) = text.strip_prefix(['P', 'p']) {
        return iso_seconds(iso);
    }
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if let Some(plain) = decimal(rest) {
        return finite(sign * plain);
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let unit = unit.to_lowercase();
        let singular = unit.strip_suffix('s').filter(|short| short.len() > 2).unwrap_or(&unit);
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == singular)?;
        total += decimal(number)? * factor;
        rest = after.trim_start();
    }
    if text.is_empty() { None } else { finite(sign * total) }
}

/// What follows the `P` of an ISO 8601 duration.
fn iso_seconds(text: &str) -> Option<f64> {
    let upper = text.to_ascii_uppercase();
    let (date, time) = upper.split_once('T').unwrap_or((&upper, ""));
    let mut total = 0.0;
    for (mut part, units) in [(date, ISO_DATE), (time, ISO_TIME)] {
        while !part.is_empty() {
            let end = part.find(|c: char| c.is_ascii_alphabetic())?;
            let (_, factor) = units.iter().find(|(letter, _)| part[end..].starts_with(*letter))?;
            total += decimal(&part[..end].replace(',', "."))? * factor;
            part = &part[end + 1..];
        }
    }
    if upper.is_empty() || upper.ends_with('T') { None } else { finite(total) }
}

/// A decimal number without exponent.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'));
    if plain && text.bytes().any(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::samples::{int, text, unknown};

    #[test]
    fn quantities() {
        let rows = [
            ("500m", Some(0.5)),
            ("2Gi", Some(2_147_483_648.0)),
            ("2G", Some(2e9)),
            ("1e3", Some(1000.0)),
            ("1E3", Some(1000.0)),
            ("1E", Some(1e18)),
            (".5", Some(0.5)),
            ("100", Some(100.0)),
            ("-1", Some(-1.0)),
            ("1gb", None),
            ("Gi", None),
            ("", None),
            ("1 Gi", None),
        ];
        for (written, expected) in rows {
            assert_eq!(quantity(written), expected, "{written}");
        }
    }

    #[test]
    fn durations() {
        let rows = [
            ("90d", Some(7_776_000.0)),
            ("1h30m", Some(5400.0)),
            ("7776000s", Some(7_776_000.0)),
            ("1.5h", Some(5400.0)),
            ("100ms", Some(0.1)),
            ("P30D", Some(2_592_000.0)),
            ("PT1H30M", Some(5400.0)),
            ("P1Y", Some(31_536_000.0)),
            ("90 days", Some(7_776_000.0)),
            ("1 day 2 hours", Some(93_600.0)),
            ("3600", Some(3600.0)),
            ("-1h", Some(-3600.0)),
            ("PT", None),
            ("P", None),
            ("soon", None),
            ("5 parsecs", None),
            ("", None),
        ];
        for (written, expected) in rows {
            assert_eq!(duration(&text(written)), expected, "{written}");
        }
        assert_eq!(duration(&int(60)), Some(60.0));
        assert_eq!(duration(&unknown()), None);
    }
}
