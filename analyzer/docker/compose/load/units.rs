//! Sizes and times as Compose writes them.

/// Bytes of `50M`, `1.5gb`, `64`; steps are of 1024.
pub(super) fn bytes(text: &str) -> Option<i128> {
    let lower = text.trim().to_ascii_lowercase();
    let end = lower.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(end);
    let power = match unit.trim().trim_end_matches(['b', 'i']) {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return None,
    };
    let factor = 1024_i128.pow(power);
    match number.parse::<i128>() {
        Ok(number) => number.checked_mul(factor),
        Err(_) => {
            let (whole, fraction) = number.split_once('.')?;
            let digits = u32::try_from(fraction.len()).ok().filter(|digits| *digits < 18)?;
            let scaled = format!("{whole}{fraction}").parse::<i128>().ok()?;
            Some(scaled.checked_mul(factor)? / 10_i128.pow(digits))
        }
    }
}

/// A time in the form that Go prints: `1m30s` for `90s`.
pub(super) fn time(text: &str) -> Option<String> {
    const UNITS: &[(&str, u128)] = &[
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let mut nanoseconds = 0_u128;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, after) = rest.split_at(end);
        let width = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(width);
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        nanoseconds += format!("{whole}{fraction}").parse::<u128>().ok()?.checked_mul(*factor)? / scale;
        rest = after;
    }
    let (hours, minutes) = (nanoseconds / 3_600_000_000_000, nanoseconds / 60_000_000_000 % 60);
    let below = nanoseconds % 60_000_000_000;
    Some(match (hours, minutes) {
        (0, 0) if below == 0 => "0s".to_owned(),
        (0, 0) if below < 1_000_000_000 => format!("{}ms", decimal(below, 1_000_000)),
        (0, 0) => format!("{}s", decimal(below, 1_000_000_000)),
        (0, _) => format!("{minutes}m{}s", decimal(below, 1_000_000_000)),
        _ => format!("{hours}h{minutes}m{}s", decimal(below, 1_000_000_000)),
    })
}

fn decimal(value: u128, unit: u128) -> String {
    let whole = value / unit;
    match value % unit {
        0 => whole.to_string(),
        rest => {
            let width = unit.ilog10() as usize;
            format!("{whole}.{rest:0width$}").trim_end_matches('0').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times() {
        let sizes = [("50M", Some(52_428_800)), ("64", Some(64)), ("1.5kb", Some(1536)), ("1 GiB", Some(1 << 30)), ("x", None)];
        for (text, expected) in sizes {
            assert_eq!(bytes(text), expected, "{text}");
        }
        let times = [
            ("90s", Some("1m30s")),
            ("1s", Some("1s")),
            ("1h", Some("1h0m0s")),
            ("1500ms", Some("1.5s")),
            ("10ms", Some("10ms")),
            ("x", None),
        ];
        for (text, expected) in times {
            assert_eq!(time(text).as_deref(), expected, "{text}");
        }
    }
}
