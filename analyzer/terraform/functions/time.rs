//! Times: RFC 3339 in, out as asked. <https://opentofu.org/docs/language/functions/formatdate/>

use std::fmt::Write as _;

use plimsoll_syntax::Value;
use plimsoll_syntax::value::Shape;

use super::Needs::All;
use super::{Call, Function, Outcome, row};

pub(super) const TABLE: &[Function] = &[
    row("timestamp", 0, 0, All, Shape::String, |call| call.later()),
    row("plantimestamp", 0, 0, All, Shape::String, |call| call.later()),
    row("formatdate", 2, 2, All, Shape::String, formatdate),
    row("timeadd", 2, 2, All, Shape::String, timeadd),
    row("timecmp", 2, 2, All, Shape::Number, |call| {
        let (a, b) = (Time::parse(&call.text(0)?)?, Time::parse(&call.text(1)?)?);
        Ok(Value::int(i128::from(a.instant().cmp(&b.instant()) as i8), call.place))
    }),
];

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
const SECOND: i128 = 1_000_000_000;

pub(super) fn is_time(text: &str) -> bool {
    Time::parse(text).is_ok()
}

/// A moment, and the clock on which it is read.
#[derive(Clone, Copy)]
struct Time {
    /// Seconds since 1970 on the local clock.
    local: i64,
    nanos: i64,
    /// Minutes that the local clock is ahead of UTC.
    offset: i64,
}

/// Days since 1970 of a date of the Gregorian calendar, by the arithmetic of Howard Hinnant's `days_from_civil`.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day.
const fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// Reads digits, each in its range, between marks.
struct Digits<'t>(&'t str);

impl Digits<'_> {
    fn number(&mut self, width: usize, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let digits = self.0.get(..width).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        self.0 = &self.0[width..];
        digits.parse().ok().filter(|number| range.contains(number))
    }

    fn mark(&mut self, mark: char) -> Option<()> {
        self.0 = self.0.strip_prefix(mark)?;
        Some(())
    }
}

impl Time {
    fn parse(text: &str) -> Result<Self, String> {
        Self::read(text).ok_or_else(|| format!("{text:?} is no time as RFC 3339 writes it"))
    }

    fn read(text: &str) -> Option<Self> {
        let mut digits = Digits(text);
        let year = digits.number(4, 0..=9_999)?;
        digits.mark('-')?;
        let month = digits.number(2, 1..=12)?;
        digits.mark('-')?;
        let day = digits.number(2, 1..=31)?;
        if date(days(year, month, day)) != (year, month, day) {
            return None;
        }
        digits.mark('T')?;
        let hour = digits.number(2, 0..=23)?;
        digits.mark(':')?;
        let minute = digits.number(2, 0..=59)?;
        digits.mark(':')?;
        let second = digits.number(2, 0..=59)?;
        let mut nanos = 0;
        if digits.mark('.').is_some() {
            let length = digits.0.bytes().take_while(u8::is_ascii_digit).count();
            let fraction = digits.0.get(..length).filter(|fraction| !fraction.is_empty())?;
            nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
            digits.0 = &digits.0[length..];
        }
        let offset = match digits.0 {
            "Z" => 0,
            zone => {
                let sign = if zone.starts_with('-') { -1 } else { 1 };
                digits.0 = zone.strip_prefix(['+', '-'])?;
                let hours = digits.number(2, 0..=23)?;
                digits.mark(':')?;
                let minutes = digits.number(2, 0..=59)?;
                if !digits.0.is_empty() {
                    return None;
                }
                sign * (hours * 60 + minutes)
            }
        };
        let local = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        Some(Self { local, nanos, offset })
    }

    /// Nanoseconds since 1970 in UTC.
    fn instant(self) -> i128 {
        (i128::from(self.local) - i128::from(self.offset) * 60) * SECOND + i128::from(self.nanos)
    }

    fn zone(self, colon: &str) -> String {
        let minutes = self.offset.abs();
        format!("{}{:02}{colon}{:02}", if self.offset < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
    }
}

fn formatdate(call: &Call<'_, '_>) -> Outcome {
    let (format, time) = (call.text(0)?, Time::parse(&call.text(1)?)?);
    let (year, month, day) = date(time.local.div_euclid(86_400));
    let second = time.local.rem_euclid(86_400);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    let name = |names: &[&'static str], at: i64| usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or("");
    let weekday = name(&DAYS, time.local.div_euclid(86_400).rem_euclid(7));
    let month_name = name(&MONTHS, month - 1);
    let twelve = (hour + 11) % 12 + 1;
    let mut out = String::new();
    let mut rest = format.as_str();
    while let Some(c) = rest.chars().next() {
        if c == '\'' {
            rest = literal(&rest[1..], &mut out)?;
            continue;
        }
        let length = rest.chars().take_while(|other| *other == c).count() * c.len_utf8();
        let (verb, after) = rest.split_at(length);
        rest = after;
        if !c.is_ascii_alphabetic() {
            out.push_str(verb);
            continue;
        }
        // Writing to a string cannot fail.
        let _ = match verb {
            "YYYY" => write!(out, "{year:04}"),
            "YY" => write!(out, "{:02}", year % 100),
            "MMMM" => write!(out, "{month_name}"),
            "MMM" => write!(out, "{}", &month_name[..3.min(month_name.len())]),
            "MM" => write!(out, "{month:02}"),
            "M" => write!(out, "{month}"),
            "DD" => write!(out, "{day:02}"),
            "D" => write!(out, "{day}"),
            "EEEE" => write!(out, "{weekday}"),
            "EEE" => write!(out, "{}", &weekday[..3.min(weekday.len())]),
            "hh" => write!(out, "{hour:02}"),
            "h" => write!(out, "{hour}"),
            "HH" => write!(out, "{twelve:02}"),
            "H" => write!(out, "{twelve}"),
            "AA" => write!(out, "{}", if hour < 12 { "AM" } else { "PM" }),
            "aa" => write!(out, "{}", if hour < 12 { "am" } else { "pm" }),
            "mm" => write!(out, "{minute:02}"),
            "m" => write!(out, "{minute}"),
            "ss" => write!(out, "{:02}", second % 60),
            "s" => write!(out, "{}", second % 60),
            "ZZZZZ" => write!(out, "{}", time.zone(":")),
            "ZZZZ" => write!(out, "{}", time.zone("")),
            "ZZZ" if time.offset == 0 => write!(out, "UTC"),
            "ZZZ" => write!(out, "{}", time.zone("")),
            "Z" if time.offset == 0 => write!(out, "Z"),
            "Z" => write!(out, "{}", time.zone(":")),
            _ => return Err(format!("there is no date verb {verb:?}")),
        };
    }
    call.string(out)
}

/// Text up to the closing quote; two quotes are one. Returns what follows.
fn literal<'t>(mut rest: &'t str, out: &mut String) -> Result<&'t str, String> {
    // Two quotes outside of a literal are one quote, too.
    if let Some(after) = rest.strip_prefix('\'') {
        out.push('\'');
        return Ok(after);
    }
    loop {
        let (text, after) = rest.split_once('\'').ok_or("a quoted part has no end")?;
        out.push_str(text);
        match after.strip_prefix('\'') {
            Some(after) => {
                out.push('\'');
                rest = after;
            }
            None => return Ok(after),
        }
    }
}

fn timeadd(call: &Call<'_, '_>) -> Outcome {
    let (time, duration) = (Time::parse(&call.text(0)?)?, call.text(1)?);
    let added = nanoseconds(&duration).ok_or_else(|| format!("{duration:?} is no duration"))?;
    let total = i128::from(time.local) * SECOND + i128::from(time.nanos) + added;
    let local = i64::try_from(total.div_euclid(SECOND)).map_err(|_| "the time is out of range".to_owned())?;
    let (year, month, day) = date(local.div_euclid(86_400));
    if !(0..=9_999).contains(&year) {
        return Err("the time is out of range".to_owned());
    }
    let second = local.rem_euclid(86_400);
    let zone = if time.offset == 0 { "Z".to_owned() } else { time.zone(":") };
    call.string(format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{zone}", second / 3_600, second / 60 % 60, second % 60))
}

const UNITS: &[(&str, i128)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3_600 * SECOND),
];

/// `-1h30m`, as Go reads durations.
fn nanoseconds(text: &str) -> Option<i128> {
    let (sign, mut rest) = text.strip_prefix('-').map_or_else(|| (1, text.strip_prefix('+').unwrap_or(text)), |rest| (-1, rest));
    if rest == "0" {
        return Some(0);
    }
    let mut total: i128 = 0;
    let mut parts = 0;
    while !rest.is_empty() {
        let length = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, after) = rest.split_at(length);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || whole.len() > 18 {
            return None;
        }
        let unit = after.split(|c: char| c.is_ascii_digit() || c == '.').next().unwrap_or("");
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let fraction = fraction.get(..fraction.len().min(9)).unwrap_or("");
        let scale = 10_i128.pow(u32::try_from(fraction.len()).unwrap_or(0));
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
        total = total.checked_add(whole.checked_mul(*factor)?)?.checked_add(part * factor / scale)?;
        parts += 1;
        rest = &after[unit.len()..];
    }
    (parts > 0).then_some(sign * total)
}
