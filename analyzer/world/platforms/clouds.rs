//! What the clouds have in common: what a value names, machines within networks, ports as firewalls write them.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::{Item, Kind as ValueKind, Place, Value};

use super::entries::{self, Meant, Protocols, number};
use crate::address::Range;
use crate::builder::Builder;
use crate::filter::{Entry, Filter, Otherwise, Sources};
use crate::ladder::Rung;
use crate::model::{Evidence, Gate, Kind, Listener, Node, NodeId, World};
use crate::resources::{Resources, field};
use crate::said::{Missing, Step};

/// What a value names.
#[derive(Debug, Default)]
pub(super) struct Named<'a> {
    /// Resources of this root module.
    pub(super) items: Vec<&'a Item>,
    /// Something that is not here, or may not be.
    pub(super) missing: Option<Missing>,
}

/// The resources of some types that a value refers to, or names by the text of one of their fields.
pub(super) fn named<'a>(resources: &Resources<'a>, value: Option<&Value>, types: &[&str], key: &str) -> Named<'a> {
    let Some(value) = value.filter(|value| !value.is_null() && value.as_str() != Some("")) else { return Named::default() };
    let referred = resources.referred(value);
    let of_types = |item: &&Item| types.iter().any(|kind| Resources::is_of(item, kind));
    let (mut items, others): (Vec<&Item>, Vec<&Item>) = referred.items.into_iter().partition(of_types);
    let mut missing = referred.missing;
    if items.is_empty() {
        let mut texts = Vec::new();
        texts_of(value, &mut texts);
        let by_text = |text: &str| {
            let all = types.iter().flat_map(|kind| resources.of_type(kind));
            all.filter(|item| says_last(&item.value, key, text)).collect::<Vec<_>>()
        };
        items = texts.iter().flat_map(|text| by_text(text)).collect();
        if !items.is_empty() {
            missing = None;
        }
    }
    if items.is_empty() && missing.is_none() {
        let other = others.first().map(|item| Missing::new(item.name.clone()));
        let empty = value.as_list().is_some_and(|list| list.items.is_empty() && list.tail.is_none());
        missing = other.or_else(|| Missing::of(value)).or_else(|| (!empty).then(|| Missing::new("what is named here")));
    }
    Named { items, missing }
}

fn texts_of<'v>(value: &'v Value, out: &mut Vec<&'v str>) {
    out.extend(value.as_str());
    value.items().iter().for_each(|item| texts_of(item, out));
}

/// A field is this text, or the text is a path that ends in it, as self links are.
fn says_last(value: &Value, key: &str, text: &str) -> bool {
    let last = text.rsplit('/').next().unwrap_or(text);
    field(value, key).and_then(Value::as_str).is_some_and(|own| !own.is_empty() && (own == text || own == last))
}

/// The resources of a type that name `item`, by reference or by the text of one of its fields.
pub(super) fn belonging<'a>(
    resources: &Resources<'a>,
    kind: &'static str,
    attribute: &'static str,
    item: &Item,
    key: &str,
) -> Vec<&'a Item> {
    let mut all = resources.referring(kind, attribute, item);
    if let Some(text) = field(&item.value, key).and_then(Value::as_str).filter(|text| !text.is_empty()) {
        for other in resources.of_type(kind) {
            let value = field(&other.value, attribute).filter(|value| value.as_str() == Some(text));
            let by_text = value.is_some_and(|value| resources.referred(value).items.is_empty());
            if by_text && !all.iter().any(|known| std::ptr::eq(*known, other)) {
                all.push(other);
            }
        }
    }
    all
}

/// A virtual machine: it has a kernel of its own.
pub(super) fn machine(item: &Item, labels: Option<&Value>, confidential: Option<Place>, builder: &mut Builder) -> NodeId {
    let id = builder.node_of(item, Kind::Machine);
    let step = match confidential {
        Some(place) => Step::at(
            place,
            "a confidential virtual machine: it has a kernel of its own, and its memory is encrypted against its host",
        ),
        None => Step::at(item.header, "a virtual machine has a kernel of its own"),
    };
    if let Some(node) = builder.get(id) {
        node.evidence.push(Evidence { rung: Rung::OwnKernel, step });
        node.labels = Builder::labels(labels);
    }
    id
}

/// Puts a node into a network: what it begins goes there, and what comes from there passes the gates.
pub(super) fn join(item: &Item, id: NodeId, network: NodeId, gates: Vec<Gate>, builder: &mut Builder) {
    let name = builder.world.node(network).map(|node| node.name.clone()).unwrap_or_default();
    builder.begins(id, network, vec![Gate::Open(Step::at(item.header, format!("it is in {name}")))]);
    builder.passes_on(network, id, gates);
}

/// The network that is not in this code, under this name.
pub(super) fn elsewhere(name: String, platform: &str, builder: &mut Builder) -> NodeId {
    builder.outside(&name, |builder| builder.node(Node::new(name.as_str(), Kind::Network, platform)))
}

/// Something that is so, is not so, or is not known to be so.
pub(super) fn gate(flag: Result<bool, Missing>, place: Place, [yes, no, maybe]: [String; 3]) -> Gate {
    match flag {
        Ok(true) => Gate::Open(Step::at(place, yes)),
        Ok(false) => Gate::Wall(Step::at(place, no)),
        Err(missing) => Gate::Unknown(Step::at(place, maybe), missing),
    }
}

/// The place of a field, else of what it would be in.
pub(super) fn at(value: &Value, key: &str, otherwise: Place) -> Place {
    field(value, key).map_or(otherwise, |value| value.place)
}

/// A port of a service.
pub(super) fn listener(item: &Item, port: u16, service: &str, proof: &str, place: Place) -> Listener {
    let step = Step::at(place, format!("{} answers on port {port}", item.name));
    Listener { protocol: Protocol::Tcp, port, service: service.into(), step, proof: Some(proof.into()) }
}

/// Only the ports of these listeners lead anywhere.
pub(super) fn only(listeners: &[Listener]) -> Option<Gate> {
    let one = |listener: &Listener| Ports::range(listener.protocol, listener.port, listener.port);
    let ports = listeners.iter().fold(Ports::default(), |ports, listener| ports.union(&one(listener)));
    listeners.first().map(|listener| Gate::Only(ports, listener.step.clone()))
}

/// A public endpoint, and what stands before it for who goes out to it from a network.
#[derive(Debug)]
pub(super) struct Public {
    pub(super) id: NodeId,
    pub(super) gates: Vec<Gate>,
}

/// From within networks, public endpoints are reached as from everywhere.
pub(super) fn outward(networks: &[NodeId], public: &[Public], builder: &mut Builder) {
    for network in networks {
        for endpoint in public {
            builder.passes_on(*network, endpoint.id, endpoint.gates.clone());
        }
    }
}

/// The same entry for who goes out from a network, with a public address that is not known. `own` is what callers of the platform are
/// known by, where 0.0.0.0 alone means them.
pub(super) fn going_out(mut entry: Entry, own: Option<&str>) -> Entry {
    let ranges = std::mem::take(&mut entry.sources.ranges);
    let none = |range: &Range| !range.v6 && range.first == 0 && range.last == 0;
    if ranges.iter().any(none) {
        entry.sources.groups.extend(own.map(CompactString::from));
    }
    let some = ranges.iter().any(|range| !none(range) && !range.is_private() && !range.is_internet());
    // Who may be anybody is anybody.
    if ranges.iter().any(|range| range.is_internet()) {
        entry.sources.ranges = Sources::everybody().ranges;
    } else if some && entry.sources.unknown.is_none() {
        entry.sources.unknown = Some(Missing::new("the public address that it goes out with"));
    }
    entry
}

/// The ports that a proxy listens on; where one of them is not known, all may be.
pub(super) fn listens(name: &str, ports: impl IntoIterator<Item = Option<u16>>, place: Place) -> Gate {
    let ports: Option<Vec<u16>> = ports.into_iter().collect();
    let Some(ports) = ports else {
        let missing = Missing::new(format!("the ports of {name}"));
        return Gate::Unknown(Step::at(place, format!("{name} listens on ports that are not known")), missing);
    };
    let all = ports.into_iter().fold(Ports::default(), |all, port| all.union(&Ports::range(Protocol::Tcp, port, port)));
    Gate::Only(all, Step::at(place, format!("{name} listens there")))
}

/// The gates from a port of a proxy to a port of what is behind it. Where one of them is not known, what stands there is not asked: about
/// which port, is not known.
pub(super) fn led(
    (name, target): (&str, &str),
    (from, to): (Option<u16>, Option<u16>),
    place: Place,
    behind: impl IntoIterator<Item = Gate>,
) -> Vec<Gate> {
    let (Some(from), Some(to)) = (from, to) else {
        let missing = Missing::new(format!("the ports by which {name} leads to {target}"));
        return vec![Gate::Unknown(Step::at(place, format!("{name} leads to {target} by ports that are not known")), missing)];
    };
    let step = Step::at(place, format!("port {from} of {name} leads to port {to} of {target}"));
    let map = Gate::Map { protocol: Protocol::Tcp, ports: (from, from), to: Some(to), step };
    std::iter::once(map).chain(behind).collect()
}

/// An entry that lets in.
pub(super) fn allow((ports, maybe_ports): Meant, sources: Sources, step: Step) -> Entry {
    Entry { allows: true, ports, maybe_ports, sources, step, doubt: None, passes_to: None }
}

/// Entries that let in what they speak of, and nothing else passes.
pub(super) fn allowlist(name: String, place: Place, entries: Vec<Entry>, more: Option<Missing>) -> Gate {
    Gate::Filter(Arc::new(Filter { name, place, entries, otherwise: Otherwise::Refused, more }))
}

/// One port of a protocol, as a number that is known.
pub(super) fn port_of(value: Option<&Value>) -> Option<u16> {
    u16::try_from(number(value?)?).ok()
}

/// Why a block of a kind may not be there: it stands for those that a `dynamic` block makes of something that is not known, which may
/// be none. Its header is that of the `dynamic` block, which is longer than its kind.
pub(super) fn doubt(value: &Value, key: &str, block: &Value) -> Option<Missing> {
    let list = field(value, key)?.as_list()?;
    let tail = list.tail.as_ref()?;
    let header = block.place.span.end.saturating_sub(block.place.span.start);
    (header as usize > key.len()).then(|| Missing::new(tail.source.clone()))
}

/// The first block of a kind, and what is missing where it is not known whether there is one.
pub(super) fn block<'v>(value: &'v Value, key: &str) -> Result<Option<&'v Value>, Missing> {
    let Some(written) = field(value, key) else { return Ok(None) };
    if written.as_map().is_some() {
        return Ok(Some(written));
    }
    let Some(list) = written.as_list() else { return Err(Missing::of(written).unwrap_or_else(|| Missing::new(key))) };
    match (list.items.first(), &list.tail) {
        (Some(first), _) => doubt(value, key, first).map_or(Ok(Some(first)), Err),
        (None, Some(tail)) => Err(Missing::new(tail.source.clone())),
        (None, None) => Ok(None),
    }
}

/// It is in a network.
pub(super) fn is_placed(id: NodeId, builder: &Builder) -> bool {
    builder.world.node(id).is_some_and(|node| !node.inside.is_empty())
}

/// Where something stands is not known: so is whether the internet gets there.
pub(super) fn unclear(item: &Item, id: NodeId, key: &str, builder: &mut Builder) {
    let missing =
        field(&item.value, key).and_then(Missing::of).unwrap_or_else(|| Missing::new(format!("the {key} of {}", item.name)));
    let step = Step::at(at(&item.value, key, item.header), format!("{} says how it is reached", missing.what));
    builder.begins(World::INTERNET, id, vec![Gate::Unknown(step, missing)]);
}

/// The ports that values write: `22`, `80-90`, `80:90`, `*`, `all`, `22,80`, lists of them; nothing written is every port.
pub(super) fn ports(protocol: Option<&Value>, written: &[Option<&Value>]) -> Meant {
    let mut spans = Spans::default();
    let mut any = false;
    for value in written.iter().flatten().filter(|value| !value.is_null()) {
        any = true;
        spans.read(value);
    }
    if !any || spans.all.is_empty() && spans.missing.is_none() && !spans.wrong {
        spans.all.push((1, u16::MAX));
    }
    let protocols = entries::protocols(protocol);
    let of = |first: u16, last: u16| match protocols {
        Protocols::One(protocol) => Ports::range(protocol, first, last),
        Protocols::All | Protocols::Unknown(_) => Ports::every(first, last),
        Protocols::WithoutPorts => Ports::default(),
    };
    let sure = spans.all.iter().fold(Ports::default(), |ports, (first, last)| ports.union(&of(*first, *last)));
    match (protocols, spans.missing) {
        (Protocols::WithoutPorts, _) => (Ports::default(), None),
        (Protocols::Unknown(missing), _) => (Ports::default(), Some((sure, missing))),
        (Protocols::One(protocol), Some(missing)) => (sure, Some((Ports::range(protocol, 1, u16::MAX), missing))),
        (Protocols::All, Some(missing)) => (sure, Some((Ports::all(), missing))),
        (_, None) => (sure, None),
    }
}

#[derive(Debug, Default)]
struct Spans {
    all: Vec<(u16, u16)>,
    missing: Option<Missing>,
    /// Something is written that is no port.
    wrong: bool,
}

impl Spans {
    fn read(&mut self, value: &Value) {
        match &value.kind {
            ValueKind::List(list) => {
                list.items.iter().for_each(|item| self.read(item));
                if let Some(tail) = &list.tail {
                    self.missing = Some(Missing::new(tail.source.clone()));
                }
            }
            _ => match entries::text(value) {
                Some(text) => text.split(',').for_each(|part| self.text(part.trim())),
                None => self.missing = Missing::of(value).or_else(|| Some(Missing::new("the ports"))),
            },
        }
    }

    fn text(&mut self, text: &str) {
        if ["*", "all", "any", "", "0"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return self.all.push((1, u16::MAX));
        }
        let (first, last) = text.split_once(['-', ':']).unwrap_or((text, text));
        match (first.trim().parse::<u16>(), last.trim().parse::<u16>()) {
            (Ok(first), Ok(last)) if first <= last => self.all.push((first.max(1), last)),
            _ => self.wrong = true,
        }
    }
}

/// The addresses of resources.
pub(super) fn names(items: &[&Item]) -> Vec<CompactString> {
    items.iter().map(|item| item.name.clone()).collect()
}
