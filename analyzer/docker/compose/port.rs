//! Published ports: `[HOST_IP:][HOST:]CONTAINER[/PROTOCOL]` and its long form.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::value::{Map, Shape, Unknown};
use plimsoll_syntax::{Kind, Value};

use super::values::{Holed, field, number, object, set_at, text};

/// The long form of one port.
pub(crate) fn long(written: &Value) -> Option<Value> {
    match &written.kind {
        Kind::Map(map) => {
            let mut map = Map::clone(map);
            for entry in &mut map.entries {
                entry.value = match entry.key.as_str() {
                    "target" | "published" => number(&entry.value),
                    "host_ip" => bare(&text(&entry.value)),
                    _ => text(&entry.value),
                };
            }
            Some(Value::map(map, written.place))
        }
        Kind::Null | Kind::List(_) => None,
        _ => short(written),
    }
}

/// The short form. A hole that stands alone before a colon may be a port or an address with a port.
fn short(written: &Value) -> Option<Value> {
    let holed = Holed::of(written)?;
    let (ports, protocol) = match holed.text.rsplit_once('/') {
        Some((ports, protocol)) => (ports, holed.value(protocol)),
        None => (holed.text.as_str(), Value::string("tcp", written.place)),
    };
    let open = |part: &str| holed.first_hole(part).map(|hole| unknown(hole, written)).unwrap_or_default();
    let (host, published, target) = match split(ports) {
        [None, None, Some(target)] => {
            // `${PORTS}` alone may bring all parts.
            let alone = open(target);
            (alone.clone(), alone, holed.number(target))
        }
        [None, Some(published), Some(target)] => (open(published), holed.number(published), holed.number(target)),
        [Some(host), Some(""), Some(target)] => (bare(&holed.value(host)), Value::default(), holed.number(target)),
        [Some(host), Some(published), Some(target)] => (bare(&holed.value(host)), holed.number(published), holed.number(target)),
        _ => return None,
    };
    let fields = [
        ("target", target),
        ("published", published),
        ("host_ip", host),
        ("protocol", protocol),
        ("mode", Value::string("ingress", written.place)),
        ("text", text(written)),
    ];
    Some(object(fields, written.place))
}

/// Address, published port, container port; from the right, so that an address may have colons.
fn split(ports: &str) -> [Option<&str>; 3] {
    let Some((rest, target)) = ports.rsplit_once(':') else { return [None, None, Some(ports)] };
    match rest.rsplit_once(':') {
        Some((host, published)) => [Some(host), Some(published), Some(target)],
        None => [None, Some(rest), Some(target)],
    }
}

/// An address without brackets.
fn bare(address: &Value) -> Value {
    match address.as_str() {
        Some(text) => {
            let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
            Value { kind: Kind::String(inner.into()), ..address.clone() }
        }
        None => address.clone(),
    }
}

/// What the hole may bring is not known, its absence neither.
fn unknown(hole: &Arc<Unknown>, written: &Value) -> Value {
    Value::unknown(Unknown { not_null: false, ..Unknown::clone(hole) }.shaped(Shape::Any), written.place)
}

/// A published port, for finding others that take it.
pub(super) struct Published {
    from: u16,
    to: u16,
    address: CompactString,
    protocol: CompactString,
}

impl Published {
    /// `None`: it publishes nothing that is known.
    pub(super) fn of(port: &Value) -> Option<Self> {
        let published = field(port, "published");
        let written =
            published.as_str().map(CompactString::from).or_else(|| published.as_int().map(|port| port.to_string().into()))?;
        let (from, to) = written.split_once('-').unwrap_or((&written, &written));
        let address = match field(port, "host_ip").kind {
            Kind::Null => CompactString::default(),
            Kind::String(address) if matches!(address.as_str(), "0.0.0.0" | "::") => CompactString::default(),
            Kind::String(address) => address,
            _ => return None,
        };
        let protocol = field(port, "protocol").as_str().unwrap_or("tcp").into();
        Some(Self { from: from.parse().ok()?, to: to.parse().ok()?, address, protocol })
    }

    /// Whether both cannot be published on one host.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let everywhere = self.address.is_empty() || other.address.is_empty();
        self.protocol == other.protocol
            && self.from <= other.to
            && other.from <= self.to
            && (everywhere || self.address == other.address)
    }
}

/// Adds who publishes the same port already.
pub(super) fn with_taken(port: &Value, by: &str) -> Value {
    let Kind::Map(map) = &port.kind else { return port.clone() };
    let mut map = Map::clone(map);
    set_at(&mut map, "taken_by", Value::string(by, port.place), port.place);
    Value::map(map, port.place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_syntax::Place;

    #[test]
    fn short_forms() {
        let rows = [
            ("80", "- - 80 tcp"),
            ("8080:80", "- 8080 80 tcp"),
            ("8080:80/udp", "- 8080 80 udp"),
            ("127.0.0.1:8080:80", "127.0.0.1 8080 80 tcp"),
            ("127.0.0.1::80", "127.0.0.1 - 80 tcp"),
            ("[::1]:8080:80", "::1 8080 80 tcp"),
            ("9090-9091:8080-8081", "- 9090-9091 8080-8081 tcp"),
        ];
        for (short, expected) in rows {
            let port = long(&Value::string(short, Place::NONE)).unwrap();
            let shown = |key: &str| match field(&port, key).kind {
                Kind::Null => "-".to_owned(),
                Kind::String(text) => text.to_string(),
                Kind::Number(number) => number.to_string(),
                _ => "?".to_owned(),
            };
            let found = ["host_ip", "published", "target", "protocol"].map(shown).join(" ");
            assert_eq!(found, expected, "{short}");
        }
    }
}
