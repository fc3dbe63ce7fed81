//! `firewall.ingress` and `firewall.egress`: what firewalls of all providers let in and out, in one shape.
//!
//! One item for each entry that allows. Fields: `ports` (maps with `from`, `to`, `protocol`, or texts), `protocol`, `sources`,
//! `destinations`, `description`, `direction`, `owner` (the resource's address) and `owner_type`. Those that an entry before them denies
//! whole are left out.

use std::sync::{Arc, LazyLock};

use plimsoll_syntax::value::{Entry, List, Map, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Value, views};
use rustc_hash::FxHashMap;

use super::firewall_order::{self, Order};
use super::firewall_table::{DIALECTS, Dialect, Direction, Ports, Word};
use crate::domains::{address, ports, text};
use crate::truth::Truth;

/// The dialects of a resource type.
static BY_TYPE: LazyLock<FxHashMap<&str, Vec<&Dialect>>> = LazyLock::new(|| {
    let mut by_type: FxHashMap<&str, Vec<&Dialect>> = FxHashMap::default();
    for dialect in DIALECTS {
        for kind in dialect.types {
            by_type.entry(kind).or_default().push(dialect);
        }
    }
    by_type
});

/// How many entries of one resource are looked at.
const LIMIT: usize = 2000;

/// The entries of all firewalls among these resources, in their order.
#[must_use]
pub(crate) fn items(terraform: &[Item]) -> Vec<Item> {
    let mut entries = Vec::new();
    for resource in terraform {
        let Some((kind, dialects)) = resource.views.iter().find_map(|view| BY_TYPE.get_key_value(view.as_str())) else {
            continue;
        };
        for dialect in dialects {
            let mut scope = Scope { resource, kind, dialect, levels: vec![&resource.value] };
            scope.walk(dialect.entries, &mut entries);
        }
    }
    firewall_order::effective(entries)
}

/// A resource, and the way down to one of its entries.
struct Scope<'a> {
    resource: &'a Item,
    kind: &'a str,
    dialect: &'a Dialect,
    /// The resource's value first, the entry's last.
    levels: Vec<&'a Value>,
}

impl<'a> Scope<'a> {
    fn walk(&mut self, path: &[&str], out: &mut Vec<firewall_order::Entry>) {
        let Some((first, rest)) = path.split_first() else {
            out.extend(self.entry());
            return;
        };
        let Some(inner) = self.levels.last().and_then(|level| level.get(first)) else { return };
        let inner = match &inner.kind {
            Kind::Map(_) => std::slice::from_ref(inner),
            _ => inner.items(),
        };
        for value in inner.iter().filter(|value| value.as_map().is_some()).take(LIMIT) {
            self.levels.push(value);
            self.walk(rest, out);
            self.levels.pop();
        }
    }

    /// What the entry says under a key; null is nothing.
    fn field(&self, key: &str) -> Option<&'a Entry> {
        let depth = if self.dialect.inherits { self.levels.len() } else { 1 };
        let mut levels = self.levels.iter().rev().take(depth);
        levels.find_map(|level| level.as_map()?.get(key).filter(|entry| !entry.value.is_null()))
    }

    fn entry(&self) -> Option<firewall_order::Entry> {
        // What is not known about whether the entry counts makes its addresses unknown: then no rule is sure of it.
        let mut doubt: Option<Arc<Unknown>> = None;
        let allowed = self.dialect.action.map_or(Truth::True, |action| self.says(action, &mut doubt));
        let denies = self.dialect.denies || allowed == Truth::False;
        let order = self.dialect.order.as_ref();
        if denies && order.is_none_or(|order| self.is_narrowed(order)) {
            return None;
        }
        if let Some((key, counts)) = self.dialect.switch
            && let Some(switch) = self.field(key)
        {
            match (&switch.value.kind, text(&switch.value)) {
                (_, Some(written)) if written != counts.to_string() => return None,
                (_, Some(_)) => {}
                (kind, None) => doubt = doubt.or_else(|| reason(kind)),
            }
        }
        let inward = match self.dialect.direction {
            Direction::In => true,
            Direction::Out => false,
            Direction::Word(word) => self.says(word, &mut doubt) != Truth::False,
            Direction::Flag(key) => match self.field(key).map(|flag| (text(&flag.value), &flag.value.kind)) {
                Some((Some(written), _)) => written != "true",
                Some((None, kind)) => {
                    doubt = doubt.or_else(|| reason(kind));
                    true
                }
                None => true,
            },
        };
        let entry = self.levels.last()?;
        let header = if self.dialect.entries.is_empty() { self.resource.header } else { entry.place };
        let block = entry.as_map().map(|map| map.range).filter(|range| !range.is_empty());
        let range = if self.dialect.entries.is_empty() { self.resource.range } else { block.unwrap_or(entry.place.span) };

        let mut fields = Map { range, ..Map::default() };
        let mut put = |key: &str, value: Value, place: Place| {
            fields.entries.push(Entry { key: key.into(), key_place: Place::NONE, place, value });
        };
        let (ports, place) = self.ports(header);
        put("ports", ports, place);
        let (sources, destinations) = match (self.dialect.remotes, inward) {
            ([], _) => (self.dialect.sources, self.dialect.destinations),
            (remotes, true) => (remotes, self.dialect.destinations),
            (remotes, false) => (self.dialect.sources, remotes),
        };
        let (sources, source_place) = self.addresses(sources, inward, doubt.as_ref(), header);
        put("sources", sources, source_place);
        let (destinations, destination_place) = self.addresses(destinations, !inward, doubt.as_ref(), header);
        put("destinations", destinations, destination_place);
        for key in [self.dialect.protocol, "description"] {
            if let Some(field) = self.field(key) {
                let name = if key == "description" { key } else { "protocol" };
                put(name, field.value.clone(), field.place);
            }
        }
        let direction = if inward { "ingress" } else { "egress" };
        put("direction", Value::string(direction, header), header);
        put("owner", Value::string(self.resource.name.clone(), self.resource.header), self.resource.header);
        put("owner_type", Value::string(self.kind, self.resource.header), self.resource.header);
        let item = Item {
            views: views![format!("firewall.{direction}").into()],
            name: self.resource.name.clone(),
            header,
            range,
            value: Value::map(fields, header),
            owner: None,
            index: self.resource.index,
        };
        let rank = order.and_then(|order| order.rank(self.resource, |key| self.field(key).map(|entry| &entry.value)));
        Some(firewall_order::Entry { item, denies, rank })
    }

    /// The entry is not for everything that the list is for.
    fn is_narrowed(&self, order: &Order) -> bool {
        order.narrowing.iter().filter_map(|key| self.field(key)).any(|entry| {
            let everything = text(&entry.value).is_some_and(|text| matches!(text.as_str(), "*" | "0-65535"));
            !everything && !is_nothing(&entry.value)
        })
    }

    /// Whether the attribute says one of the words; `doubt` is what it hangs on where that is not known.
    fn says(&self, word: Word, doubt: &mut Option<Arc<Unknown>>) -> Truth {
        let Some(field) = self.field(word.key) else { return word.absent.into() };
        match text(&field.value) {
            Some(written) => word.yes.contains(&written.to_lowercase().as_str()).into(),
            None => {
                if doubt.is_none() {
                    *doubt = reason(&field.value.kind);
                }
                Truth::Unknown
            }
        }
    }

    /// The addresses under these keys, and the place to point at: of the key that opens it to the internet, else of the first.
    fn addresses(&self, keys: &[&str], remote: bool, doubt: Option<&Arc<Unknown>>, header: Place) -> (Value, Place) {
        let found: Vec<&Entry> = keys.iter().filter_map(|key| self.field(key)).collect();
        let open = found.iter().find(|entry| address::internet(&entry.value) == Truth::True);
        let place = open.or(found.first()).map_or(header, |entry| entry.place);
        if remote && let Some(doubt) = doubt {
            return (Value::new(Kind::Unknown(doubt.clone()), place), place);
        }
        let mut list = List::default();
        for entry in &found {
            match &entry.value.kind {
                Kind::List(inner) => {
                    list.items.extend(inner.items.iter().cloned());
                    list.tail = list.tail.or_else(|| inner.tail.clone());
                }
                _ => list.items.push(entry.value.clone()),
            }
        }
        let named = self.dialect.groups.iter().any(|key| self.field(key).is_some_and(|entry| !is_nothing(&entry.value)));
        if found.is_empty() && remote && !named && self.dialect.absent_is_everybody {
            let ethertype = self.field("ethertype").and_then(|entry| entry.value.as_str()).unwrap_or("");
            let everybody = if ethertype.eq_ignore_ascii_case("ipv6") { "::/0" } else { "0.0.0.0/0" };
            list.items.push(Value::string(everybody, header));
        }
        let mut value = Value::new(Kind::List(Arc::new(list)), place);
        if let Some(from) = open.or(found.first()).and_then(|entry| travelled(&entry.value)) {
            (value.place, value.via) = (from.place, from.via.clone());
        }
        (value, place)
    }

    /// The ports as a list, and the place to point at.
    fn ports(&self, header: Place) -> (Value, Place) {
        let protocol = self.field(self.dialect.protocol);
        let place = protocol.map_or(header, |entry| entry.place);
        let written = protocol.and_then(|entry| text(&entry.value));
        let listed = |items: Vec<Value>, place: Place| (Value::list(items, place), place);
        match written.as_deref().map(ports::protocol) {
            Some(ports::Protocol::Without) => return listed(Vec::new(), place),
            Some(ports::Protocol::Every) if self.dialect.every_protocol_every_port => {
                return listed(vec![Value::string("*", place)], place);
            }
            _ => {}
        }
        match self.dialect.ports {
            Ports::Ends(from, to, single) => {
                let ends = self.field(single).map(|only| (only, None)).or_else(|| Some((self.field(from)?, self.field(to))));
                let place = ends.map_or(place, |(from, _)| from.place);
                listed(vec![self.interval(ends, protocol, place)], place)
            }
            Ports::Texts(keys) => self.texts(keys, protocol, place),
            Ports::Oracle => {
                let mut items = Vec::new();
                let mut first = None;
                for (key, name) in [("tcp_options", "tcp"), ("udp_options", "udp")] {
                    let same = written.as_deref().is_none_or(|written| ports::same_protocol(written, name));
                    let Some(options) = self.field(key).filter(|_| same) else { continue };
                    let options = single(&options.value);
                    let range = options.and_then(|options| options.get("destination_port_range")).map_or(options, single);
                    let map = range.and_then(Value::as_map);
                    let Some(from) = map.and_then(|map| map.get("min")).filter(|entry| !entry.value.is_null()) else { continue };
                    first = first.or(Some(from.place));
                    items.push(self.interval(Some((from, map.and_then(|map| map.get("max")))), protocol, from.place));
                }
                if items.is_empty() {
                    items.push(self.interval(None, protocol, place));
                }
                listed(items, first.unwrap_or(place))
            }
        }
    }

    /// A map of the first and the last port; without them all ports of the protocol.
    fn interval(&self, ends: Option<(&Entry, Option<&Entry>)>, protocol: Option<&Entry>, place: Place) -> Value {
        let mut map = Map::default();
        let mut put = |key: &str, entry: &Entry| {
            map.entries.push(Entry { key: key.into(), key_place: Place::NONE, place: entry.place, value: entry.value.clone() });
        };
        if let Some((from, to)) = ends {
            put("from", from);
            to.into_iter().for_each(|to| put("to", to));
        }
        // A protocol that stands for all of them would mean all ports: leave it out where it does not.
        let every = protocol.and_then(|entry| text(&entry.value)).map(|written| ports::protocol(&written));
        if every != Some(ports::Protocol::Every) {
            protocol.into_iter().for_each(|protocol| put("protocol", protocol));
        }
        Value::map(map, place)
    }

    /// Ports as texts, each with the protocol where it is one with ports.
    fn texts(&self, keys: &[&str], protocol: Option<&Entry>, place: Place) -> (Value, Place) {
        let found: Vec<&Entry> =
            keys.iter().filter_map(|key| self.field(key)).filter(|entry| !is_nothing(&entry.value)).collect();
        let place = found.first().map_or(place, |entry| entry.place);
        let written = protocol.and_then(|entry| text(&entry.value));
        let unknown = protocol.filter(|_| written.is_none()).and_then(|entry| reason(&entry.value.kind));
        if let Some(unknown) = unknown {
            return (Value::new(Kind::Unknown(unknown), place), place);
        }
        let named = match written.as_deref().map(ports::protocol) {
            Some(ports::Protocol::With(name)) => Some(name),
            _ => None,
        };
        let all = |place: Place| match (named, protocol) {
            (Some(_), Some(protocol)) => {
                let mut map = Map::default();
                map.set("from", Value::int(0, place));
                map.set("to", Value::int(u16::MAX, place));
                map.entries.push(Entry { key: "protocol".into(), key_place: Place::NONE, ..protocol.clone() });
                Value::map(map, place)
            }
            _ => Value::string("*", place),
        };
        if found.is_empty() {
            return (Value::list(vec![all(place)], place), place);
        }
        let mut list = List::default();
        for entry in found {
            let items = match &entry.value.kind {
                Kind::List(inner) => {
                    list.tail = list.tail.or_else(|| inner.tail.clone());
                    inner.items.as_slice()
                }
                _ => std::slice::from_ref(&entry.value),
            };
            for item in items {
                match text(item) {
                    Some(written) => {
                        list.items.extend(written.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| {
                            if part == "-1/-1" || ports::protocol(part) == ports::Protocol::Every {
                                return all(item.place);
                            }
                            // Alibaba and Tencent write a range with a slash.
                            let range = part.replace('/', "-");
                            let shown = named.map_or_else(|| range.clone(), |name| format!("{range}/{name}"));
                            Value { kind: Kind::String(shown.into()), ..item.clone() }
                        }))
                    }
                    None => list.items.push(item.clone()),
                }
            }
        }
        (Value::new(Kind::List(Arc::new(list)), place), place)
    }
}

/// The block that may be there once: itself, or the one element of a list.
fn single(value: &Value) -> Option<&Value> {
    match &value.kind {
        Kind::Map(_) => Some(value),
        Kind::List(list) => list.items.first(),
        _ => None,
    }
}

/// Nothing is named: an empty list, an empty text, `false`.
fn is_nothing(value: &Value) -> bool {
    match &value.kind {
        Kind::Null | Kind::Bool(false) => true,
        Kind::String(text) => text.is_empty(),
        Kind::List(list) => list.items.is_empty() && list.tail.is_none(),
        _ => false,
    }
}

/// What a value hangs on.
fn reason(kind: &Kind) -> Option<Arc<Unknown>> {
    match kind {
        Kind::Unknown(unknown) => Some(unknown.clone()),
        Kind::Choice(choice) => Some(choice.condition.clone()),
        Kind::Template(parts) => parts.iter().find_map(|part| match part {
            plimsoll_syntax::value::Part::Hole(hole) => Some(hole.clone()),
            plimsoll_syntax::value::Part::Known(_) => None,
        }),
        _ => None,
    }
}

/// The list, or the element of it that opens it to the internet, when it was written somewhere else.
fn travelled(value: &Value) -> Option<&Value> {
    let open = value.items().iter().find(|item| address::internet(item) == Truth::True);
    [Some(value), open].into_iter().flatten().find(|value| value.via.is_some())
}

#[cfg(test)]
#[path = "firewall_tests.rs"]
mod tests;
