//! What a container's settings amount to: the derived fields that services and `docker run` share.

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Entry, How, Map, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Value, views};

use super::values::{Holed, entry, field, object, set_at};
use crate::image;

/// Options of `security_opt` with a value, and the field that has it.
const OPTIONS: &[(&str, &str)] = &[("seccomp", "seccomp"), ("apparmor", "apparmor"), ("systempaths", "systempaths")];

/// Paths that limit something, and the field that says that one of them is there.
const LIMITS: &[(&str, &[&[&str]])] = &[
    ("memory_limited", &[&["mem_limit"], &["deploy", "resources", "limits", "memory"]]),
    ("cpu_limited", &[&["cpus"], &["cpu_quota"], &["cpu_count"], &["cpuset"], &["deploy", "resources", "limits", "cpus"]]),
    ("pids_limited", &[&["pids_limit"], &["deploy", "resources", "limits", "pids"]]),
];

/// Adds the derived fields to a container's settings in their normal form.
pub(super) fn derive(map: &mut Map, header: Place) {
    let whole = Value::map(map.clone(), header);
    if let Some(written) = entry(&whole, "image")
        && let Some(parts) = image::parts(&written.value)
    {
        set_at(map, "image_parts", parts, written.place);
    }
    security(&whole, map);
    if let Some(written) = entry(&whole, "user")
        && let Some(holed) = Holed::of(&written.value)
    {
        let (user, group) = holed.text.split_once(':').map_or((holed.text.as_str(), None), |(user, group)| (user, Some(group)));
        set_at(map, "user_name", holed.value(user), written.place);
        if let Some(group) = group {
            set_at(map, "group_name", holed.value(group), written.place);
        }
    }
    for (name, path) in [("variables", &["environment"][..]), ("build_variables", &["build", "args"])] {
        let written = path.iter().fold(whole.clone(), |value, key| field(&value, key));
        if let Some(known) = written.as_map() {
            set_at(map, name, variables(known, written.place), written.place);
        }
    }
    for (name, paths) in LIMITS {
        limited(&whole, name, paths, map, header);
    }
}

/// Each variable that is given a value here, with the assignment as one text; what another file says of it is no text of this one.
fn variables(written: &Map, place: Place) -> Value {
    let here = |entry: &&Entry| !entry.value.history().any(|via| via.how == How::Setting);
    let items = written.entries.iter().filter(here).filter_map(|entry| {
        let holed = Holed::of(&entry.value)?;
        let text = holed.value(&format!("{}={}", entry.key, holed.text));
        Some(object(
            [("name", Value::string(entry.key.clone(), entry.place)), ("value", entry.value.clone()), ("text", text)],
            entry.place,
        ))
    });
    Value::list(items.collect(), place)
}

fn limited(whole: &Value, name: &str, paths: &[&[&str]], map: &mut Map, header: Place) {
    let mut open = None;
    for path in paths {
        let value = path.iter().fold(whole.clone(), |value, key| field(&value, key));
        match value.kind {
            Kind::Null => {}
            Kind::Unknown(unknown) if whole.as_map().is_some_and(|map| map.tail.is_some()) => open = open.or(Some(unknown)),
            _ => {
                let place = if value.place.is_some() { value.place } else { header };
                return set_at(map, name, Value::bool(true, place), place);
            }
        }
    }
    let value = open.map_or_else(|| Value::bool(false, Place::NONE), |unknown| Value::new(Kind::Unknown(unknown), header));
    set_at(map, name, value, Place::NONE);
}

/// `no_new_privileges`, `seccomp`, `apparmor`, `selinux`, `systempaths` from `security_opt`.
fn security(whole: &Value, map: &mut Map) {
    let Some(written) = entry(whole, "security_opt") else { return };
    let mut set = |key: &str, value: Value| {
        let place = value.place;
        set_at(map, key, value, place);
    };
    for option in written.value.items() {
        let Some(holed) = Holed::of(option) else { continue };
        let (name, value) = match holed.text.find(['=', ':']) {
            Some(at) => (&holed.text[..at], holed.text.get(at + 1..)),
            None => (holed.text.as_str(), None),
        };
        if name == "no-new-privileges" {
            let known = match value {
                None | Some("true") => Value::bool(true, option.place),
                Some("false") => Value::bool(false, option.place),
                Some(other) => holed.value(other),
            };
            set("no_new_privileges", known);
        } else if name == "label" && value == Some("disable") {
            set("selinux", holed.value("disable"));
        } else if let Some((_, key)) = OPTIONS.iter().find(|(option, _)| *option == name) {
            set(key, holed.value(value.unwrap_or("")));
        } else if let Some(hole) = holed.first_hole(name) {
            // Whatever the option is, it may be any of them.
            for key in ["no_new_privileges", "seccomp", "apparmor"] {
                if whole.get(key).is_none() {
                    set(key, Value::unknown(Unknown::clone(hole), option.place));
                }
            }
        }
    }
    if let Some(tail) = written.value.as_list().and_then(|list| list.tail.clone()).or_else(|| written.value.as_unknown().cloned())
    {
        for key in ["no_new_privileges", "seccomp", "apparmor"] {
            if map.get(key).is_none() {
                set_at(map, key, Value::new(Kind::Unknown(tail.clone()), written.place), written.place);
            }
        }
    }
}

/// The use of the image as an item: `image` (its parts), `reference` (as written), `where`.
pub(super) fn image_use(item: &Item, site: &'static str) -> Option<Item> {
    let written = entry(&item.value, "image")?;
    // What was derived from it lies where it is written.
    let parts = entry(&item.value, "image_parts").filter(|parts| parts.place == written.place)?.value.clone();
    let fields = [("image", parts), ("reference", written.value.clone()), ("where", Value::string(site, Place::NONE))];
    let value = object(fields, written.place);
    let owner =
        item.owner.clone().or_else(|| Some(Owner { name: item.name.clone(), range: Place::new(item.header.file, item.range) }));
    Some(Item {
        views: views!["image.use".into()],
        name: item.name.clone(),
        header: written.place,
        range: written.place.span,
        value,
        owner,
        index: item.index,
    })
}
