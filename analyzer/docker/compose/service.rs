//! Services as items.

use std::sync::Arc;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Entry, List, Map, Reason, Unknown};
use plimsoll_syntax::{FileId, Item, Kind, Place, Value, views};

use super::port::{self, Published};
use super::values::{entry, field, object, set_at, set_some};
use super::{container, extends, order};
use crate::assembled::Assembled;
use crate::dockerfile::assembled_items;
use crate::shell;

/// What a service is made from; one without any of them is a part that another file completes.
pub(super) const SOURCES: &[&str] = &["image", "build", "extends", "provider"];

/// What services look at in their project.
pub(super) struct Around<'a> {
    /// The project's name.
    pub(super) project: &'a Value,
    /// The services, as written or, where several files were read, in their normal form.
    pub(super) services: &'a Map,
    /// They are in their normal form.
    pub(super) normal: bool,
    /// The services of the project's own file as written.
    pub(super) written: &'a Map,
    /// The texts of the project's files, where there are several.
    pub(super) texts: &'a [(FileId, Arc<str>)],
    /// The project's networks in their normal form.
    pub(super) networks: &'a Value,
    /// The top level in its normal form.
    pub(super) top: &'a Value,
    /// Everything that services name is declared in this file.
    pub(super) whole: bool,
    /// The text of the file, where it is known.
    pub(super) source: Option<&'a str>,
    /// Whom the project belongs to, where it stands inside another file.
    pub(super) owner: Option<&'a Owner>,
}

impl Around<'_> {
    /// The text of the file that a place lies in.
    fn text(&self, place: Place) -> Option<&str> {
        let other = self.texts.iter().find(|(file, _)| *file == place.file).map(|(_, text)| &**text);
        if self.texts.is_empty() { self.source } else { other }
    }
}

/// A service with its fields, before it is compared with the others.
pub(super) struct Service {
    /// The key.
    header: Place,
    /// As in [`Item::range`].
    place: Place,
    name: compact_str::CompactString,
    map: Map,
}

/// The services of a project, in source order.
pub(super) fn all(around: &Around<'_>) -> Vec<Service> {
    let mut services: Vec<Service> = around.services.entries.iter().filter_map(|entry| one(around, entry)).collect();
    taken_ports(&mut services);
    taken_names(&mut services);
    services
}

fn one(around: &Around<'_>, entry: &Entry) -> Option<Service> {
    let Kind::Map(written) = &entry.value.kind else { return None };
    let header = if entry.key_place.is_some() { entry.key_place } else { entry.place };
    let mut map = if around.normal { Map::clone(written) } else { extends::resolved(around.services, written) };
    if map.tail.is_none() && !SOURCES.iter().any(|key| map.get(key).is_some()) {
        map.tail = Some(Arc::new(Unknown::new(Reason::File, "the Compose file that this one completes")));
    }
    map.range = entry.value.place.span;
    container::derive(&mut map, header);
    networks(around, &mut map);
    let raw = around.written.get(&entry.key).and_then(|entry| entry.value.as_map());
    if let (Some(source), Some(raw)) = (around.source, raw) {
        quoting(raw, source, &mut map);
    }
    if around.whole && map.tail.is_none() {
        declarations(around, &mut map);
    }
    set_at(&mut map, "name", Value::string(entry.key.clone(), header), header);
    set_some(&mut map, "project", around.project.clone());
    let disorder = raw.map(|raw| order::of_service(raw, header)).unwrap_or_default();
    if !disorder.is_empty() {
        set_at(&mut map, "disorder", Value::list(disorder, header), header);
    }
    let place =
        if entry.value.place.is_some() { Place::new(header.file, header.span.to(entry.value.place.span)) } else { header };
    // The body of an anchor lies elsewhere; a service's own range begins with its key.
    let place = if place.span.start < header.span.start { header } else { place };
    Some(Service { header, place, name: entry.key.clone(), map })
}

/// The networks with what the project says of them; without any, and without a mode, the project's own.
fn networks(around: &Around<'_>, map: &mut Map) {
    let declared = |name: &str| {
        around.networks.items().iter().find(|network| network.str_at(&["name"]) == Some(name)).cloned().unwrap_or_default()
    };
    let with = |network: &Value| {
        let Kind::Map(inner) = &network.kind else { return network.clone() };
        let mut inner = Map::clone(inner);
        let known = declared(network.str_at(&["name"]).unwrap_or(""));
        for key in ["network", "external", "internal", "driver"] {
            set_some(&mut inner, key, field(&known, key));
        }
        Value::map(inner, network.place)
    };
    let place = match map.get("networks").cloned() {
        Some(entry) => {
            let value = super::values::each(&entry.value, |network| Some(with(network)));
            return set_at(map, "networks", value, entry.place);
        }
        None if map.get("network_mode").is_some() || map.tail.is_some() => return,
        None => Place::NONE,
    };
    let default = with(&object([("name", Value::string("default", place))], place));
    set_at(map, "networks", Value::list(vec![default], place), place);
}

/// Lists of a service whose elements name something of the project, the field with the name, and the project's section.
const NAMES: &[(&str, &str, &str)] = &[
    ("networks", "name", "networks"),
    ("volumes", "source", "volumes"),
    ("secrets", "source", "secrets"),
    ("configs", "source", "configs"),
    ("depends_on", "service", "services"),
];

/// `declared` of everything that a service names.
fn declarations(around: &Around<'_>, map: &mut Map) {
    for (list, key, section) in NAMES {
        let Some(known) = map.get(list).cloned() else { continue };
        let declared = field(around.top, section);
        let value = super::values::each(&known.value, |item| {
            let Kind::Map(inner) = &item.kind else { return Some(item.clone()) };
            let Some(name) = item.str_at(&[key]) else { return Some(item.clone()) };
            let other =
                *list == "volumes" && item.str_at(&["type"]) != Some("volume") || *list == "networks" && name == "default";
            let found =
                declared.items().iter().any(|known| known.as_str() == Some(name) || known.str_at(&["name"]) == Some(name));
            let mut inner = Map::clone(inner);
            set_at(&mut inner, "declared", Value::bool(found || other, item.place), item.place);
            Some(Value::map(inner, item.place))
        });
        set_at(map, list, value, known.place);
    }
}

/// `quoted` of ports and volumes in their short form: the scalar begins with a quote.
fn quoting(written: &Map, source: &str, map: &mut Map) {
    for key in ["ports", "volumes"] {
        let Some(raw) = written.get(key) else { continue };
        let Some(known) = map.get(key).cloned() else { continue };
        let is_short = |place: Place| raw.value.items().iter().any(|item| item.place == place && item.as_map().is_none());
        let value = super::values::each(&known.value, |item| {
            let Kind::Map(inner) = &item.kind else { return Some(item.clone()) };
            let mut inner = Map::clone(inner);
            if is_short(item.place) {
                let quoted = item.place.span.text(source).starts_with(['"', '\'']);
                set_at(&mut inner, "quoted", Value::bool(quoted, item.place), item.place);
            }
            Some(Value::map(inner, item.place))
        });
        set_at(map, key, value, known.place);
    }
}

/// Whether two services can run at the same time.
fn together(a: &Map, b: &Map) -> bool {
    let names = |map: &Map| -> Vec<String> {
        let entry = map.get("profiles");
        entry.map(|entry| entry.value.items().iter().filter_map(Value::as_str).map(str::to_owned).collect()).unwrap_or_default()
    };
    let (a, b) = (names(a), names(b));
    a.is_empty() || b.is_empty() || a.iter().any(|name| b.contains(name))
}

/// `taken_by` of each published port: the service before it, or the port before it in the same service.
fn taken_ports(services: &mut [Service]) {
    let mut before: Vec<(usize, Published)> = Vec::new();
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
    for (at, service) in services.iter().enumerate() {
        let Some(ports) = service.map.get("ports") else { continue };
        for (index, port) in ports.value.items().iter().enumerate() {
            let Some(published) = Published::of(port) else { continue };
            let other = before.iter().find(|(other, known)| {
                known.meets(&published) && services.get(*other).is_some_and(|other| together(&other.map, &service.map))
            });
            found.extend(other.map(|(other, _)| (at, index, *other)));
            before.push((at, published));
        }
    }
    for (at, index, other) in found {
        let Some(by) = services.get(other).map(|other| other.name.clone()) else { continue };
        let Some(entry) =
            services.get_mut(at).and_then(|service| service.map.entries.iter_mut().find(|entry| entry.key == "ports"))
        else {
            continue;
        };
        if let Kind::List(list) = &entry.value.kind {
            let mut list = List::clone(list);
            if let Some(port) = list.items.get_mut(index) {
                *port = port::with_taken(port, &by);
            }
            entry.value.kind = Kind::List(Arc::new(list));
        }
    }
}

/// `container_name_taken_by`
fn taken_names(services: &mut [Service]) {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let name = |service: &Service| service.map.get("container_name").and_then(|entry| entry.value.as_str().map(str::to_owned));
    for (at, service) in services.iter().enumerate() {
        let Some(own) = name(service) else { continue };
        let other =
            services.iter().take(at).position(|other| name(other).as_ref() == Some(&own) && together(&other.map, &service.map));
        found.extend(other.map(|other| (at, other)));
    }
    for (at, other) in found {
        let Some(by) = services.get(other).map(|other| other.name.clone()) else { continue };
        let Some(service) = services.get_mut(at) else { continue };
        let Some(place) = service.map.get("container_name").map(|entry| entry.place) else { continue };
        set_at(&mut service.map, "container_name_taken_by", Value::string(by, place), place);
    }
}

/// The items of a service: itself, its image, its commands.
pub(super) fn items(service: Service, index: u32, around: &Around<'_>, out: &mut Vec<Item>) {
    let item = Item {
        views: views!["service".into(), "docker.container".into()],
        name: service.name,
        header: service.header,
        range: service.place.span,
        value: Value::map(service.map, service.header),
        owner: around.owner.cloned(),
        index,
    };
    let owner = around.owner.cloned().unwrap_or_else(|| Owner { name: item.name.clone(), range: service.place });
    let used = container::image_use(&item, "service");
    let commands = commands(&item, &owner, around);
    out.extend(inline_dockerfile(&item, &owner, around));
    out.push(item);
    out.extend(used);
    out.extend(crate::script::engine_items(&commands, Some(&owner)));
    out.extend(commands);
}

/// `build.dockerfile_inline`
fn inline_dockerfile(item: &Item, owner: &Owner, around: &Around<'_>) -> Vec<Item> {
    let text = field(&field(&item.value, "build"), "dockerfile_inline");
    // A text that is filled in as a whole says nothing.
    if text.is_null() || text.as_unknown().is_some() {
        return Vec::new();
    }
    let mut written = Assembled::new(if text.place.is_some() { text.place } else { item.header });
    written.add_value(&text, around.text(text.place));
    assembled_items(&written, Some(owner))
}

/// What the service runs: its entrypoint with its command behind it; its health check.
fn commands(item: &Item, owner: &Owner, around: &Around<'_>) -> Vec<Item> {
    let fields = [("service", Value::string(item.name.clone(), item.header))];
    let context =
        |site| shell::Context { site, owner: Some(owner), index: item.index, fields: &fields, ..shell::Context::default() };
    let mut argv = List::default();
    let mut place = None;
    for key in ["entrypoint", "command"] {
        let Some(written) = entry(&item.value, key) else { continue };
        if let Kind::List(list) = &written.value.kind
            && argv.tail.is_none()
        {
            argv.items.extend(list.items.iter().cloned());
            argv.tail.clone_from(&list.tail);
            place = place.or(Some(written.value.place));
        }
    }
    let argv = Value::new(Kind::List(Arc::new(argv)), place.unwrap_or(item.header));
    let mut out = shell::argv_items(&argv, around.text(argv.place), &context("service"));
    let test = field(&field(&item.value, "healthcheck"), "test");
    let source = around.text(test.place);
    match test.items() {
        [first, script, ..] if first.as_str() == Some("CMD-SHELL") => {
            out.extend(shell::value_items(script, source, &context("healthcheck")));
        }
        [first, rest @ ..] if first.as_str() == Some("CMD") => {
            let argv = Value::list(rest.to_vec(), test.place);
            out.extend(shell::argv_items(&argv, source, &context("healthcheck")));
        }
        _ => {}
    }
    out
}
