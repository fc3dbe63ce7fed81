//! A project: what a Compose file says at its top level.

use std::sync::Arc;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value, views};

use super::service::{self, Around};
use super::values::{bool, each, field, listed, object, pairs, set_at, set_some};
use super::{normal, order};

/// Sections of things with names, and the field that says what the engine calls them.
const SECTIONS: &[(&str, &str)] = &[("networks", "network"), ("volumes", "volume"), ("secrets", "secret"), ("configs", "config")];

/// The files of a project.
pub(super) struct Whole<'a> {
    /// What they say together; services are in their normal form.
    pub(super) top: Map,
    /// Every file that they name was read.
    pub(super) complete: bool,
    /// Their texts.
    pub(super) texts: &'a [(FileId, Arc<str>)],
}

/// Adds the items of a project; `written` is its file, `whole` what it is together with others.
pub(super) fn items(
    written: &Value,
    source: Option<&str>,
    whole: Option<&Whole<'_>>,
    owner: Option<&Owner>,
    out: &mut Vec<Item>,
) {
    let Kind::Map(own) = &written.kind else { return };
    let top = whole.map_or(&**own, |whole| &whole.top);
    let mut map = Map { range: written.place.span, tail: top.tail.clone(), ..Map::default() };
    for entry in &top.entries {
        if matches!(entry.key.as_str(), "name" | "version") {
            map.entries.push(entry.clone());
        }
    }
    for (section, name) in SECTIONS {
        if let Some(entry) = top.get(section).filter(|entry| !entry.value.is_null()) {
            set_at(&mut map, section, named(&entry.value, name), entry.place);
        }
    }
    if let Some(entry) = top.get("include") {
        let include = each(&entry.value, |item| match item.kind {
            Kind::Map(_) => Some(item.clone()),
            _ => Some(object([("path", listed(item))], item.place)),
        });
        set_at(&mut map, "include", include, entry.place);
    }
    let empty = Map::default();
    let of = |top: &'_ Map| top.get("services").cloned();
    let services = of(top);
    let all_services = services.as_ref().and_then(|entry| entry.value.as_map()).unwrap_or(&empty);
    let own_services = of(own);
    let written_services = own_services.as_ref().and_then(|entry| entry.value.as_map()).unwrap_or(&empty);
    // What cannot be a project has none of these.
    if services.is_none() && !["networks", "volumes", "include", "secrets", "configs"].iter().any(|key| top.get(key).is_some()) {
        return;
    }
    let header = own_services.as_ref().or_else(|| own.entries.first()).map_or(written.place, |entry| entry.key_place);
    let names = all_services.entries.iter().map(|entry| Value::string(entry.key.clone(), entry.key_place)).collect();
    set_at(&mut map, "services", Value::list(names, header), header);
    let disorder = order::of_project(own, written_services, header);
    if !disorder.is_empty() {
        set_at(&mut map, "disorder", Value::list(disorder, header), header);
    }
    let all = Value::map(map, header);
    let name = field(&all, "name");
    out.push(Item {
        views: views!["project".into()],
        name: name.as_str().unwrap_or("project").into(),
        header: first_line(own, header),
        // The whole file: what it lacks is lacking on its first line.
        range: whole_file(written, source),
        value: all.clone(),
        owner: owner.cloned(),
        index: 0,
    });
    let networks = field(&all, "networks");
    // A service that another file completes means that other files declare things, too.
    let partial = |value: &Value| !service::SOURCES.iter().any(|key| value.get(key).is_some());
    let complete = whole.map_or(top.get("include").is_none(), |whole| whole.complete);
    let around = Around {
        top: &all,
        whole: complete && top.tail.is_none() && !all_services.entries.iter().any(|entry| partial(&entry.value)),
        project: &name,
        services: all_services,
        normal: whole.is_some(),
        written: written_services,
        texts: whole.map_or(&[], |whole| whole.texts),
        networks: &networks,
        source,
        owner,
    };
    for (index, service) in service::all(&around).into_iter().enumerate() {
        service::items(service, u32::try_from(index + 1).unwrap_or(u32::MAX), &around, out);
    }
}

/// The file from its first byte on, where the project is a file of its own.
fn whole_file(written: &Value, source: Option<&str>) -> Span {
    let span = written.place.span;
    let Some(source) = source else { return span };
    let before = Span::new(0, span.start).text(source);
    let own = before.lines().all(|line| line.is_empty() || line.starts_with('#') || line.starts_with("---"));
    if own { Span::new(0, span.end) } else { span }
}

/// What a finding about the project as a whole underlines: the first key of the file.
fn first_line(top: &Map, otherwise: Place) -> Place {
    top.entries.first().map_or(otherwise, |entry| entry.key_place)
}

/// A section as a list; what the engine calls each stands under `name`.
fn named(section: &Value, name: &'static str) -> Value {
    let list = normal::named(section, "name");
    each(&list, |item| {
        let Kind::Map(written) = &item.kind else { return Some(item.clone()) };
        let mut map = Map::clone(written);
        for entry in &mut map.entries {
            match entry.key.as_str() {
                "engine_name" => entry.key = name.into(),
                "internal" | "attachable" | "enable_ipv6" => entry.value = bool(&entry.value),
                "driver_opts" | "labels" => entry.value = pairs(&entry.value),
                _ => {}
            }
        }
        external(&mut map, name);
        Some(Value::map(map, item.place))
    })
}

/// `external: true`, and the old form `external: {name: …}`.
fn external(map: &mut Map, name: &str) {
    let Some(entry) = map.get("external").cloned() else { return };
    let value = match entry.value.kind {
        Kind::Map(_) => {
            set_some(map, name, field(&entry.value, "name"));
            Value::bool(true, entry.place)
        }
        _ => bool(&entry.value),
    };
    set_at(map, "external", value, entry.place);
}
