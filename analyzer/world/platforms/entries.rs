//! What the entries of firewalls have in common: ports and sources from values.

use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Kind, Value};

use crate::address::Range;
use crate::filter::Sources;
use crate::resources::{Resources, field};
use crate::said::Missing;

/// Ports that are surely meant, and those that may be besides.
pub(crate) type Meant = (Ports, Option<(Ports, Missing)>);

/// What texts and numbers name a protocol.
const PROTOCOLS: &[(&str, Option<Protocol>)] = &[
    ("tcp", Some(Protocol::Tcp)),
    ("6", Some(Protocol::Tcp)),
    ("udp", Some(Protocol::Udp)),
    ("17", Some(Protocol::Udp)),
    ("sctp", Some(Protocol::Sctp)),
    ("132", Some(Protocol::Sctp)),
    // Every protocol.
    ("-1", None),
    ("all", None),
    ("any", None),
    ("*", None),
    ("", None),
];

/// The protocols that a value names: all of them, one, or none that has ports.
pub(crate) enum Protocols {
    All,
    One(Protocol),
    WithoutPorts,
    Unknown(Missing),
}

/// Reads a protocol's name or number; nothing written is every protocol.
pub(crate) fn protocols(value: Option<&Value>) -> Protocols {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Protocols::All };
    let Some(text) = text(value) else {
        return Protocols::Unknown(Missing::of(value).unwrap_or_else(|| Missing::new("the protocol")));
    };
    match PROTOCOLS.iter().find(|(name, _)| *name == text.to_ascii_lowercase()) {
        Some((_, None)) => Protocols::All,
        Some((_, Some(protocol))) => Protocols::One(*protocol),
        None => Protocols::WithoutPorts,
    }
}

/// A text, or a number as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match &value.kind {
        Kind::String(text) => Some(text.to_string()),
        _ => value.as_int().map(|number| number.to_string()),
    }
}

/// A port number, or a text that is one.
pub(crate) fn number(value: &Value) -> Option<i128> {
    value.as_int().or_else(|| value.as_str()?.trim().parse().ok())
}

/// The ports from one field to another, of a protocol.
pub(crate) fn range(protocol: Option<&Value>, from: Option<&Value>, to: Option<&Value>) -> Meant {
    let all = |protocols: &Protocols| match protocols {
        Protocols::One(protocol) => Ports::range(*protocol, 1, u16::MAX),
        Protocols::All | Protocols::Unknown(_) => Ports::all(),
        Protocols::WithoutPorts => Ports::default(),
    };
    let protocols = protocols(protocol);
    if let Protocols::WithoutPorts = protocols {
        return (Ports::default(), None);
    }
    let (Some(from), Some(to)) = (from.filter(|value| !value.is_null()), to.filter(|value| !value.is_null())) else {
        // No ports are written: all of the protocol.
        return match protocols {
            Protocols::Unknown(missing) => (Ports::default(), Some((Ports::all(), missing))),
            _ => (all(&protocols), None),
        };
    };
    let (Some(first), Some(last)) = (number(from), number(to)) else {
        let missing = Missing::of(from).or_else(|| Missing::of(to)).unwrap_or_else(|| Missing::new("the ports"));
        return (Ports::default(), Some((all(&protocols), missing)));
    };
    let clamp = |port: i128| u16::try_from(port.clamp(0, 65_535)).unwrap_or_default();
    // 0 to 0 and -1 to -1 are what is written for every port where every protocol is meant.
    let whole = matches!(protocols, Protocols::All) && (first <= 0 && last <= 0);
    let (first, last) = if whole { (1, u16::MAX) } else { (clamp(first).max(1), clamp(last)) };
    if first > last {
        return (Ports::default(), None);
    }
    match protocols {
        Protocols::One(protocol) => (Ports::range(protocol, first, last), None),
        Protocols::Unknown(missing) => (Ports::default(), Some((Ports::every(first, last), missing))),
        Protocols::All | Protocols::WithoutPorts => (Ports::every(first, last), None),
    }
}

/// Adds the addresses of a value: a text, or a list of them.
pub(crate) fn addresses(value: Option<&Value>, sources: &mut Sources) {
    let Some(value) = value.filter(|value| !value.is_null()) else { return };
    match &value.kind {
        Kind::String(text) => match Range::parse(text) {
            Some(range) => sources.ranges.push(range),
            None => sources.unknown = Some(Missing::new(text.clone())),
        },
        Kind::List(list) => {
            list.items.iter().for_each(|item| addresses(Some(item), sources));
            if let Some(tail) = &list.tail {
                sources.unknown = Some(Missing::new(tail.source.clone()));
            }
        }
        _ => sources.unknown = Missing::of(value).or_else(|| Some(Missing::new("the addresses"))),
    }
}

/// Adds the groups that a value refers to, by the addresses of their resources.
pub(crate) fn groups(value: Option<&Value>, resources: &Resources<'_>, sources: &mut Sources) {
    let Some(value) = value.filter(|value| !value.is_null()) else { return };
    let referred = resources.referred(value);
    sources.groups.extend(referred.items.iter().map(|item| item.name.clone()));
    // A group that is not here is still a group: nobody here is known to be in it.
    if let Some(missing) = referred.missing
        && Missing::of(value).is_some()
    {
        sources.unknown = Some(missing);
    }
}

/// The text of a field.
pub(crate) fn says<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    field(value, key)?.as_str()
}

/// A field that is true or false; what is missing where it is neither.
pub(crate) fn flag(value: &Value, key: &str, default: bool) -> Result<bool, Missing> {
    match field(value, key) {
        None => Ok(default),
        Some(value) => match (value.as_bool(), value.as_str()) {
            (Some(flag), _) => Ok(flag),
            (None, Some("true")) => Ok(true),
            (None, Some("false")) => Ok(false),
            _ => Err(Missing::of(value).unwrap_or_else(|| Missing::new(key))),
        },
    }
}
