//! Sets of ports: numbers, ranges, `all`, with their protocol.

use std::fmt;

use plimsoll_syntax::{Kind, Value};

use crate::domains::{DEPTH, text};
use crate::truth::Truth;

/// The highest port.
const LAST: u16 = u16::MAX;

/// Keys of a map that hold the first port, in the dialects of providers and manifests.
const FROM: &[&str] =
    &["from", "from_port", "min", "port_range_min", "start", "start_port", "port", "containerPort", "published"];
/// Keys of a map that hold the last port.
const TO: &[&str] = &["to", "to_port", "max", "port_range_max", "end", "end_port", "endPort"];
/// Keys of a map that hold the protocol.
const PROTOCOL: &[&str] = &["protocol", "ip_protocol"];
/// Protocols that stand for all of them; AWS ignores ports there.
const EVERY_PROTOCOL: &[&str] = &["-1", "all", "any", "*"];
/// Protocols that have ports, with their numbers at IANA.
const WITH_PORTS: &[(&str, &str)] = &[("tcp", "6"), ("udp", "17"), ("sctp", "132"), ("udplite", "136"), ("dccp", "33")];

/// An interval of ports of which both ends may be known only roughly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    /// Surely in the set; `None`: nothing is.
    certain: Option<(u16, u16)>,
    /// Nothing outside is in the set.
    possible: (u16, u16),
    /// `tcp`, …; `None`: any.
    protocol: Option<&'static str>,
}

impl Interval {
    const ALL: Self = Self::known(0, LAST);
    const UNKNOWN: Self = Self { certain: None, possible: (0, LAST), protocol: None };

    /// What is left without these ports of a protocol, or of all.
    fn without(self, taken: (u16, u16), protocol: Option<&'static str>) -> Vec<Self> {
        let known = self.certain == Some(self.possible);
        let meets = self.possible.0 <= taken.1 && taken.0 <= self.possible.1;
        if !known || !meets || protocol.is_some() && self.protocol.is_some() && protocol != self.protocol {
            return vec![self];
        }
        if let (Some(protocol), None) = (protocol, self.protocol) {
            // Of all protocols, one loses ports.
            let one = |&(name, _): &(&'static str, &str)| Self { protocol: Some(name), ..self };
            let split = WITH_PORTS.iter().map(one);
            return split
                .flat_map(|one| if one.protocol == Some(protocol) { one.without(taken, None) } else { vec![one] })
                .collect();
        }
        let (from, to) = self.possible;
        let below = taken
            .0
            .checked_sub(1)
            .filter(|last| *last >= from)
            .map(|last| Self { protocol: self.protocol, ..Self::known(from, last) });
        let above = taken
            .1
            .checked_add(1)
            .filter(|first| *first <= to)
            .map(|first| Self { protocol: self.protocol, ..Self::known(first, to) });
        below.into_iter().chain(above).collect()
    }

    const fn known(from: u16, to: u16) -> Self {
        let ends = if from <= to { (from, to) } else { (to, from) };
        Self { certain: Some(ends), possible: ends, protocol: None }
    }
}

/// The ports of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PortSet {
    intervals: Vec<Interval>,
}

/// Reads a set of ports: a number, `"22"`, `"8000-9000"`, `"1/200"`, `"*"`, `"all"`, `"22/tcp"`, a map with the first and the
/// last port and the protocol, or a list of these. Whatever cannot be read may be any port.
#[must_use]
pub(crate) fn set(ports: &Value) -> PortSet {
    let mut set = PortSet::default();
    collect(ports, &mut set.intervals, DEPTH);
    set
}

/// The notation of a map that is a range of ports; `None` for any other value.
#[must_use]
pub(crate) fn range(value: &Value) -> Option<String> {
    let map = value.as_map()?;
    FROM[..6].iter().any(|key| map.get(key).is_some()).then(|| set(value).to_string())
}

impl PortSet {
    /// What is left of the set without the ports that are surely in the other; `None`: it has all of its own, or some are not known.
    #[must_use]
    pub(crate) fn without(&self, other: &Self) -> Option<Self> {
        let mut left = self.intervals.clone();
        for &taken in &other.intervals {
            let Some(ends) = taken.certain else { continue };
            left = left.into_iter().flat_map(|interval| interval.without(ends, taken.protocol)).collect();
        }
        (left != self.intervals).then_some(Self { intervals: left })
    }

    /// There is no port in it.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// Its ranges as texts that [`set`] reads: `8000-9000/tcp`.
    #[must_use]
    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |interval: &Interval| {
            let (from, to) = interval.possible;
            let range = if from == to { from.to_string() } else { format!("{from}-{to}") };
            interval.protocol.map_or_else(|| range.clone(), |protocol| format!("{range}/{protocol}"))
        };
        self.intervals.iter().map(text).collect()
    }

    /// Whether it has the port, or touches the range.
    #[must_use]
    pub(crate) fn touches(&self, wanted: Interval) -> Truth {
        let meets = |a: (u16, u16)| a.0 <= wanted.possible.1 && wanted.possible.0 <= a.1;
        let same = |interval: &&Interval| match (interval.protocol, wanted.protocol) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        self.intervals
            .iter()
            .filter(same)
            .map(|interval| match (interval.certain.is_some_and(meets), meets(interval.possible)) {
                (true, _) => Truth::True,
                (false, true) => Truth::Unknown,
                (false, false) => Truth::False,
            })
            .fold(Truth::False, Truth::or)
    }
}

impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut known: Vec<(u16, u16)> = self.intervals.iter().filter_map(|interval| interval.certain).collect();
        known.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::new();
        for (from, to) in known {
            match merged.last_mut() {
                Some(last) if u32::from(from) <= u32::from(last.1) + 1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        let mut words: Vec<String> = merged
            .iter()
            .map(|&ends| match ends {
                (0 | 1, LAST) => "all ports".to_owned(),
                (from, to) if from == to => from.to_string(),
                (from, to) => format!("{from}–{to}"),
            })
            .collect();
        if self.intervals.iter().any(|interval| interval.certain != Some(interval.possible)) {
            words.push("ports that are not known".to_owned());
        }
        if words.is_empty() { f.write_str("no port") } else { f.write_str(&words.join(", ")) }
    }
}

fn collect(value: &Value, out: &mut Vec<Interval>, depth: usize) {
    if depth == 0 {
        out.push(Interval::UNKNOWN);
        return;
    }
    match &value.kind {
        Kind::Null => {}
        Kind::List(list) => {
            for item in &list.items {
                collect(item, out, depth - 1);
            }
            out.extend(list.tail.iter().map(|_| Interval::UNKNOWN));
        }
        Kind::Map(_) => out.extend(entry(value)),
        Kind::Choice(choice) => {
            // Any arm may be the one: nothing is certain but what every arm has, which is left out as rare.
            let mut arms = Vec::new();
            for arm in &choice.arms {
                collect(arm, &mut arms, depth - 1);
            }
            out.extend(arms.into_iter().map(|arm| Interval { certain: None, ..arm }));
        }
        Kind::Number(_) | Kind::String(_) => {
            let written = text(value).unwrap_or_default();
            for part in written.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                out.push(parse(part).unwrap_or(Interval::UNKNOWN));
            }
        }
        Kind::Bool(_) | Kind::Template(_) | Kind::Unknown(_) => out.push(Interval::UNKNOWN),
    }
}

/// Reads a port or a range: `22`, `22-25`, `1/200`, `*`, `-1`, each with `/tcp` behind it or not.
#[must_use]
pub(crate) fn parse(written: &str) -> Option<Interval> {
    let written = written.trim();
    if EVERY_PROTOCOL.iter().any(|word| written.eq_ignore_ascii_case(word)) || written == "-1/-1" {
        return Some(Interval::ALL);
    }
    let (ports, protocol) = match written.split_once('/') {
        Some((ports, word)) if !word.starts_with(|c: char| c.is_ascii_digit()) => (ports, with_ports(word)),
        _ => (written, None),
    };
    let interval = match ports.split_once(['-', '–', '/']) {
        Some((from, to)) => Interval::known(from.trim().parse().ok()?, to.trim().parse().ok()?),
        None => {
            let port = ports.trim().parse().ok()?;
            Interval::known(port, port)
        }
    };
    Some(Interval { protocol, ..interval })
}

/// What a protocol's name or number means for ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// It stands for all protocols.
    Every,
    /// It has ports, and is called so.
    With(&'static str),
    /// It has none: ICMP, GRE.
    Without,
}

/// Reads a protocol's name or number.
#[must_use]
pub(crate) fn protocol(written: &str) -> Protocol {
    if EVERY_PROTOCOL.iter().any(|every| written.eq_ignore_ascii_case(every)) {
        return Protocol::Every;
    }
    with_ports(written).map_or(Protocol::Without, Protocol::With)
}

/// Whether two names or numbers mean the same protocol, or one stands for all.
#[must_use]
pub(crate) fn same_protocol(a: &str, b: &str) -> bool {
    let (a, b) = (protocol(a), protocol(b));
    a == b || a == Protocol::Every || b == Protocol::Every
}

fn with_ports(protocol: &str) -> Option<&'static str> {
    let row = WITH_PORTS.iter().find(|(name, number)| protocol.eq_ignore_ascii_case(name) || protocol == *number)?;
    Some(row.0)
}

/// The interval of a map; `None`: its protocol has no ports.
fn entry(value: &Value) -> Option<Interval> {
    let field = |keys: &[&str]| keys.iter().find_map(|key| value.get(key)).filter(|field| !field.is_null());
    let mut interval = Interval { protocol: None, ..Interval::UNKNOWN };
    let mut protocol_known = true;
    if let Some(protocol) = field(PROTOCOL) {
        match text(protocol) {
            Some(word) => match self::protocol(&word) {
                Protocol::Every => return Some(Interval::ALL),
                Protocol::With(name) => interval.protocol = Some(name),
                Protocol::Without => return None,
            },
            None => protocol_known = false,
        }
    }
    let Some(from) = field(FROM) else {
        return Some(if protocol_known { Interval { protocol: interval.protocol, ..Interval::ALL } } else { Interval::UNKNOWN });
    };
    let from = bounds(from, DEPTH);
    let to = field(TO).map_or(from, |to| bounds(to, DEPTH));
    if from == Some((-1, -1)) && to == Some((-1, -1)) {
        return Some(Interval { certain: protocol_known.then_some((0, LAST)), ..interval });
    }
    let clamp = |bound: i128| u16::try_from(bound.clamp(0, i128::from(LAST))).unwrap_or(LAST);
    // A range is written low to high; where one end is unknown, it lies beyond the other.
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (from, to),
        (Some(from), None) => (from, (from.0, i128::from(LAST))),
        (None, Some(to)) => ((0, to.1), to),
        (None, None) => return Some(interval),
    };
    let (low, high) = if from.0 > to.1 { (to, from) } else { (from, to) };
    interval.possible = (clamp(low.0), clamp(high.1));
    interval.certain = (low.1 <= high.0).then(|| (clamp(low.1), clamp(high.0)));
    if !protocol_known {
        // It may be ICMP, which has no ports, or all protocols, which cover all ports.
        return Some(Interval::UNKNOWN);
    }
    Some(interval)
}

/// The least and the greatest that a number may be; `None`: anything.
fn bounds(value: &Value, depth: usize) -> Option<(i128, i128)> {
    match &value.kind {
        Kind::Choice(choice) if depth > 0 => {
            let arms: Option<Vec<(i128, i128)>> = choice.arms.iter().map(|arm| bounds(arm, depth - 1)).collect();
            let arms = arms?;
            Some((arms.iter().map(|arm| arm.0).min()?, arms.iter().map(|arm| arm.1).max()?))
        }
        Kind::Number(number) if number.as_int().is_some() => number.as_int().map(|number| (number, number)),
        _ => {
            let written = text(value)?;
            if let Ok(number) = written.trim().parse() {
                return Some((number, number));
            }
            let interval = parse(&written)?;
            Some((interval.possible.0.into(), interval.possible.1.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::samples::{choice, int, list, map, open, template, text, texts, unknown};

    #[test]
    fn covering() {
        use Truth::{False, True, Unknown};
        let range = |from, to| map(vec![("from", from), ("to", to)]);
        let of = |from, to, protocol| map(vec![("from_port", int(from)), ("to_port", int(to)), ("protocol", text(protocol))]);
        let rows: Vec<(Value, &str, Truth)> = vec![
            (int(22), "22", True),
            (int(-1), "22", True),
            (text("22"), "22-25", True),
            (text("8000-9000"), "8443", True),
            (text("8000-9000"), "22", False),
            (text("*"), "22", True),
            (text("22/tcp"), "22", True),
            (text("22/tcp"), "22/udp", False),
            (text("53/udp"), "53/udp", True),
            (text("8080:80"), "80", Unknown),
            (text("1/200"), "22", True),
            (text("80, 20-23"), "22", True),
            (texts(&["80", "443"]), "22", False),
            (texts(&["80", "20-25"]), "22", True),
            (open(vec![text("80")]), "22", Unknown),
            (open(vec![text("22")]), "22", True),
            (unknown(), "22", Unknown),
            (template("2$"), "22", Unknown),
            (Value::default(), "22", False),
            (list(Vec::new()), "22", False),
            (range(int(0), int(65535)), "22", True),
            (range(int(20), unknown()), "22", Unknown),
            (range(int(20), unknown()), "20", True),
            (range(int(23), unknown()), "22", False),
            (range(unknown(), int(22)), "22", True),
            (range(unknown(), int(21)), "22", False),
            (range(unknown(), unknown()), "22", Unknown),
            (map(vec![("from", int(22))]), "22", True),
            (range(choice(vec![int(22), int(80)]), int(443)), "100", True),
            (range(choice(vec![int(22), int(80)]), int(443)), "22", Unknown),
            (of(0, 0, "-1"), "22", True),
            (of(0, 0, "tcp"), "22", False),
            (of(-1, -1, "tcp"), "22", True),
            (of(-1, -1, "icmp"), "22", False),
            (of(22, 22, "17"), "22/tcp", False),
            (of(22, 22, "6"), "22/tcp", True),
            (map(vec![("from", int(22)), ("protocol", unknown())]), "22", Unknown),
            (choice(vec![int(80), int(443)]), "22", False),
        ];
        for (ports, wanted, expected) in rows {
            assert_eq!(set(&ports).touches(parse(wanted).unwrap()), expected, "{ports:?} {wanted}");
        }
    }

    #[test]
    fn showing() {
        let rows: Vec<(Value, &str)> = vec![
            (texts(&["8000-9000", "22", "21"]), "21–22, 8000–9000"),
            (text("*"), "all ports"),
            (int(22), "22"),
            (open(vec![int(22)]), "22, ports that are not known"),
            (list(Vec::new()), "no port"),
        ];
        for (ports, expected) in rows {
            assert_eq!(set(&ports).to_string(), expected);
        }
        assert_eq!(range(&map(vec![("from", int(20)), ("to", int(22))])).as_deref(), Some("20–22"));
        assert_eq!(range(&map(vec![("name", int(20))])), None);
    }
}
