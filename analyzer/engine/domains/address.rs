//! Sets of IP addresses, and what of them is public.
//!
//! Public is what the IANA special-purpose address registries (RFC 6890 and its updates) do not set aside: not private, not
//! shared, not documentation, not multicast or reserved.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use plimsoll_syntax::value::{Part, Unknown};
use plimsoll_syntax::{Kind, Value};

use crate::domains::{DEPTH, agreed, some};
use crate::truth::Truth;

/// A range of addresses of one family, both ends included. IPv4 addresses are numbers below 2³².
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Range {
    v6: bool,
    first: u128,
    last: u128,
}

/// Blocks of IPv4 that are not public, sorted; `(address, prefix length)`.
const RESERVED_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Blocks of IPv6 that are not public, sorted. Only 2000::/3 is given out as global unicast; around it everything is reserved.
const RESERVED_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 3),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    (Ipv6Addr::new(0x4000, 0, 0, 0, 0, 0, 0, 0), 2),
    (Ipv6Addr::new(0x8000, 0, 0, 0, 0, 0, 0, 0), 1),
];

/// Words for every address, in lower case. `0.0.0.0` without a length is what Azure and listening sockets say.
const EVERYWHERE: &[&str] = &["*", "internet", "any", "all", "0.0.0.0", "::", "[::]", "/0", "any4", "any6"];

/// Keys of a map that hold both ends of a range.
const ENDS: &[(&str, &str)] = &[("start", "end"), ("start_ip_address", "end_ip_address"), ("start_ip", "end_ip"), ("from", "to")];
/// Keys of a map that hold one address or block.
const BLOCK: &[&str] =
    &["cidr", "cidr_block", "cidr_blocks", "cidr_ip", "cidr_ipv4", "cidr_ipv6", "ip_range", "ip_address", "address", "value"];

/// What one element of a set of addresses is.
enum Element {
    /// These addresses.
    Ranges(Vec<Range>),
    /// No addresses of its own: a security group, a prefix list, a tag.
    Named,
    /// Some addresses within this range; the second is false when it is surely not all of them.
    Within(Range, bool),
    /// A host, or anything that is not known; false when it is surely not every address.
    Anything(bool),
}

/// How many public addresses of one block count as the internet, in IPv4 and in IPv6. With 1, a single public address does.
const LEAST: (u128, u128) = (1, 1);

const fn least(range: Range) -> u128 {
    if range.v6 { LEAST.1 } else { LEAST.0 }
}

/// Whether the addresses touch public space.
#[must_use]
pub(crate) fn internet(addresses: &Value) -> Truth {
    some(addresses, &|value| match element(value, DEPTH) {
        Element::Ranges(ranges) => ranges.iter().any(|range| holds_public(*range, least(*range))).into(),
        Element::Named => Truth::False,
        Element::Within(range, _) if !holds_public(range, least(range)) => Truth::False,
        Element::Within(range, _) if least(range) == 1 && is_wholly_public(range) => Truth::True,
        Element::Within(..) | Element::Anything(_) => Truth::Unknown,
    })
}

/// Whether the addresses are all of public space, of one family.
#[must_use]
pub(crate) fn world(addresses: &Value) -> Truth {
    let mut known = Vec::new();
    let truth = world_of(addresses, &mut known, DEPTH);
    if truth != Truth::True && (is_world(&known, false) || is_world(&known, true)) { Truth::True } else { truth }
}

/// Whether the second set has addresses, all of them are known, and each lies in a block of the first.
#[must_use]
pub(crate) fn includes(outer: &Value, inner: &Value) -> bool {
    let known = |value: &Value| match element(value, DEPTH) {
        Element::Ranges(ranges) => Some(ranges),
        Element::Named | Element::Within(..) | Element::Anything(_) => None,
    };
    let elements = |value: &Value| match &value.kind {
        Kind::List(list) => list.items.clone(),
        Kind::Null => Vec::new(),
        _ => vec![value.clone()],
    };
    let outer: Vec<Range> = elements(outer).iter().filter_map(known).flatten().collect();
    let open = inner.as_list().is_some_and(|list| list.tail.is_some());
    let inner: Option<Vec<Vec<Range>>> = elements(inner).iter().map(known).collect();
    let within =
        |range: &Range| outer.iter().any(|block| block.v6 == range.v6 && block.first <= range.first && range.last <= block.last);
    !open && inner.is_some_and(|sets| !sets.is_empty() && sets.iter().flatten().all(within))
}

/// Whether there are addresses and all of them are loopback.
#[must_use]
pub(crate) fn loopback(addresses: &Value) -> Truth {
    let empty = addresses.as_list().is_some_and(|list| list.items.is_empty() && list.tail.is_none());
    if addresses.is_null() || empty {
        return Truth::False;
    }
    some(addresses, &|value| match element(value, DEPTH) {
        Element::Ranges(ranges) => (!ranges.iter().all(|range| is_loopback(*range))).into(),
        Element::Named => Truth::True,
        Element::Within(range, _) if is_loopback(range) => Truth::False,
        Element::Within(range, _) if !touches(range, V4_LOOPBACK) && !touches(range, V6_LOOPBACK) => Truth::True,
        Element::Within(..) | Element::Anything(_) => Truth::Unknown,
    })
    .not()
}

const V4_LOOPBACK: Range = Range { v6: false, first: 0x7f00_0000, last: 0x7fff_ffff };
const V6_LOOPBACK: Range = Range { v6: true, first: 1, last: 1 };

fn is_loopback(range: Range) -> bool {
    let inside = |outer: Range| range.v6 == outer.v6 && outer.first <= range.first && range.last <= outer.last;
    inside(V4_LOOPBACK) || inside(V6_LOOPBACK)
}

fn touches(a: Range, b: Range) -> bool {
    a.v6 == b.v6 && a.first <= b.last && b.first <= a.last
}

fn world_of(value: &Value, known: &mut Vec<Range>, depth: usize) -> Truth {
    if depth == 0 {
        return Truth::Unknown;
    }
    match &value.kind {
        Kind::Null => Truth::False,
        Kind::List(list) => {
            let tail = if list.tail.is_some() { Truth::Unknown } else { Truth::False };
            list.items.iter().map(|item| world_of(item, known, depth - 1)).fold(tail, Truth::or)
        }
        Kind::Choice(choice) => agreed(choice.arms.iter().map(|arm| world_of(arm, &mut Vec::new(), depth - 1))),
        _ => match element(value, DEPTH) {
            Element::Ranges(ranges) => {
                let world = is_world(&ranges, false) || is_world(&ranges, true);
                known.extend(ranges);
                world.into()
            }
            Element::Named | Element::Within(_, false) | Element::Anything(false) => Truth::False,
            Element::Within(range, true) if !is_public(range) => Truth::False,
            Element::Within(_, true) | Element::Anything(true) => Truth::Unknown,
        },
    }
}

fn element(value: &Value, depth: usize) -> Element {
    match &value.kind {
        Kind::String(text) => read(text),
        Kind::Template(parts) => partly(parts),
        Kind::Unknown(unknown) => unknown_element(unknown),
        Kind::Map(_) if depth > 0 => of_map(value, depth - 1),
        _ => Element::Anything(true),
    }
}

/// `10.0.0.0/8`, `10.0.0.1`, `10.0.0.1-10.0.0.9`, `*`, several with commas, or the name of a group of addresses.
fn read(text: &str) -> Element {
    let mut ranges = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let lower = part.to_ascii_lowercase();
        if EVERYWHERE.contains(&lower.as_str()) || part.ends_with("/0") && block(part).is_none() {
            ranges.extend([EVERY_V4, EVERY_V6]);
        } else if let Some(range) = block(part) {
            ranges.push(range);
        } else if lower == "localhost" {
            ranges.push(V4_LOOPBACK);
        } else if lower.contains('.') && lower == part && !lower.starts_with("sg-") && !lower.contains([':', '/']) {
            // The name of a host.
            return Element::Anything(false);
        }
    }
    if ranges.is_empty() { Element::Named } else { Element::Ranges(ranges) }
}

const EVERY_V4: Range = Range { v6: false, first: 0, last: u32::MAX as u128 };
const EVERY_V6: Range = Range { v6: true, first: 0, last: u128::MAX };

/// One block, address or range of addresses.
fn block(text: &str) -> Option<Range> {
    if let Some((first, last)) = text.split_once('-') {
        let (first, last) = (address(first)?, address(last)?);
        return (first.v6 == last.v6 && first.first <= last.last).then_some(Range { last: last.last, ..first });
    }
    let Some((base, length)) = text.split_once('/') else { return address(text) };
    let base = address(base)?;
    let length = match length.parse::<u32>() {
        Ok(length) => length,
        // A netmask: its leading ones.
        Err(_) => {
            let mask = u32::from(length.parse::<Ipv4Addr>().ok()?);
            mask.leading_ones()
        }
    };
    mapped(masked(base, length)?)
}

/// The block of this length around an address.
fn masked(base: Range, length: u32) -> Option<Range> {
    let bits = if base.v6 { 128 } else { 32 };
    let host = bits - Some(length).filter(|length| *length <= bits)?;
    let mask = if host == 128 { u128::MAX } else { (1 << host) - 1 };
    Some(Range { v6: base.v6, first: base.first & !mask, last: base.first | mask })
}

fn address(text: &str) -> Option<Range> {
    let text = text.trim();
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let text = text.split_once('%').map_or(text, |(address, _zone)| address);
    let number = match text.parse().ok()? {
        IpAddr::V4(address) => return Some(single(false, u32::from(address).into())),
        IpAddr::V6(address) => u128::from(address),
    };
    Some(single(true, number))
}

const fn single(v6: bool, number: u128) -> Range {
    Range { v6, first: number, last: number }
}

/// IPv4 addresses written as IPv6 ones (`::ffff:10.0.0.1`) are IPv4 addresses.
fn mapped(range: Range) -> Option<Range> {
    let base = 0xffff_u128 << 32;
    let inside = range.v6 && range.first >= base && range.last <= base + u128::from(u32::MAX);
    Some(if inside { Range { v6: false, first: range.first - base, last: range.last - base } } else { range })
}

/// Text with holes: a known beginning (`10.${…}.0.0/16`) says in which block it lies, a known length that it is not all.
fn partly(parts: &[Part]) -> Element {
    let known = |part: Option<&Part>| match part {
        Some(Part::Known(text)) => text.to_string(),
        _ => String::new(),
    };
    let (start, end) = (known(parts.first()), known(parts.last()));
    let length = end.rsplit_once('/').and_then(|(_, length)| length.parse::<u32>().ok());
    if let (Some(length), [Part::Known(_), ..]) = (length, parts)
        && start.contains('/')
    {
        return Element::Anything(length == 0);
    }
    match beginning(&start, length) {
        Some(range) => Element::Within(range, false),
        None if start.starts_with("sg-") || start.starts_with("pl-") => Element::Named,
        None => Element::Anything(length.is_none_or(|length| length == 0)),
    }
}

/// The block that all addresses with this beginning lie in, if the length of theirs is not known to be shorter.
fn beginning(start: &str, length: Option<u32>) -> Option<Range> {
    let (v6, separator, width) = if start.contains(':') { (true, ':', 16) } else { (false, '.', 8) };
    let address = start.split('/').next().unwrap_or("");
    // The group behind the last separator may go on in the hole.
    let (complete, _) = address.rsplit_once(separator)?;
    let bits: u32 = if v6 { 128 } else { 32 };
    let (mut number, mut groups) = (0_u128, 0_u32);
    for group in complete.split(separator) {
        let value = u128::from_str_radix(group, if v6 { 16 } else { 10 }).ok().filter(|value| *value < 1 << width)?;
        number = number << width | value;
        groups += 1;
    }
    let known = groups * width;
    if groups == 0 || known >= bits {
        return None;
    }
    masked(single(v6, number << (bits - known)), length.map_or(known, |length| length.min(known)))
}

fn unknown_element(unknown: &Unknown) -> Element {
    if let Some(identity) = &unknown.identity {
        let kind = identity.address.rsplit('.').nth(1).unwrap_or("");
        let groups = kind.contains("security_group") || kind.contains("secgroup") || kind.contains("prefix_list");
        if groups && matches!(identity.attribute.as_str(), "id" | "" | "arn" | "name") {
            return Element::Named;
        }
    }
    match beginning(&unknown.prefix, None) {
        Some(range) => Element::Within(range, false),
        None => Element::Anything(true),
    }
}

fn of_map(value: &Value, depth: usize) -> Element {
    for (first, last) in ENDS {
        let (Some(first), Some(last)) = (value.get(first), value.get(last)) else { continue };
        return match (first.as_str().and_then(address), last.as_str().and_then(address)) {
            // Azure's way to say "Azure services"; not the internet.
            (Some(first), Some(last)) if first == last && first.first == 0 => Element::Named,
            (Some(first), Some(last)) if first.v6 == last.v6 && first.first <= last.last => {
                Element::Ranges(vec![Range { last: last.last, ..first }])
            }
            (Some(first), None) if first.first > 0x0100_0000 => Element::Anything(false),
            _ => Element::Anything(true),
        };
    }
    match BLOCK.iter().find_map(|key| value.get(key)) {
        Some(block) => match &block.kind {
            Kind::List(_) | Kind::Null | Kind::Choice(_) => Element::Anything(true),
            _ => element(block, depth),
        },
        None => Element::Anything(true),
    }
}

/// Ranges that are not public, sorted, adjacent ones apart.
fn reserved(v6: bool) -> impl Iterator<Item = Range> {
    let v4 = RESERVED_V4.iter().map(|&(base, length)| (single(false, u32::from(base).into()), length)).filter(move |_| !v6);
    let v6 = RESERVED_V6.iter().map(|&(base, length)| (single(true, base.into()), length)).filter(move |_| v6);
    v4.chain(v6).filter_map(|(base, length)| masked(base, length))
}

/// Whether some address of the range is public.
fn is_public(range: Range) -> bool {
    holds_public(range, 1)
}

/// Whether at least so many addresses of the range are public.
fn holds_public(range: Range, least: u128) -> bool {
    let mut count = 0_u128;
    let mut next = range.first;
    for block in reserved(range.v6).filter(|block| touches(*block, range)) {
        count = count.saturating_add(block.first.saturating_sub(next));
        if block.last >= range.last {
            return count >= least;
        }
        next = block.last + 1;
    }
    count.saturating_add((range.last - next).saturating_add(1)) >= least
}

/// Whether no address of the range is set aside.
fn is_wholly_public(range: Range) -> bool {
    !reserved(range.v6).any(|block| touches(block, range))
}

/// Whether the ranges hold all of public space of a family.
fn is_world(ranges: &[Range], v6: bool) -> bool {
    let mut all: Vec<Range> = ranges.iter().copied().filter(|range| range.v6 == v6).collect();
    if all.is_empty() {
        return false;
    }
    all.extend(reserved(v6));
    all.sort_unstable();
    let end = if v6 { EVERY_V6.last } else { EVERY_V4.last };
    let mut next = 0;
    for range in all {
        if range.first > next {
            return false;
        }
        if range.last >= end {
            return true;
        }
        next = next.max(range.last + 1);
    }
    false
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
