//! Mounts: `[SOURCE:]TARGET[:OPTIONS]` and its long form.

use plimsoll_syntax::value::{Map, Unknown};
use plimsoll_syntax::{Kind, Place, Value};

use super::values::{Holed, bool, object, set_at, set_some};

/// What stands behind the second colon and says how mounts spread.
const PROPAGATION: &[&str] = &["shared", "rshared", "slave", "rslave", "private", "rprivate"];
/// What stands there and says how the source is labelled.
const LABELS: &[&str] = &["z", "Z"];

/// The long form of one volume.
pub(crate) fn long(written: &Value) -> Option<Value> {
    match &written.kind {
        Kind::Map(map) => {
            let mut map = Map::clone(map);
            for entry in &mut map.entries {
                if entry.key == "read_only" {
                    entry.value = bool(&entry.value);
                }
            }
            Some(Value::map(map, written.place))
        }
        Kind::Null | Kind::List(_) => None,
        Kind::Unknown(unknown) => {
            let place = written.place;
            Some(Value::map(Map { tail: Some(unknown.clone()), range: place.span, ..Map::default() }, place))
        }
        _ => short(written),
    }
}

fn short(written: &Value) -> Option<Value> {
    let place = written.place;
    let holed = Holed::of(written)?;
    let parts = split(&holed.text);
    let (source, target, options) = match parts.as_slice() {
        [target] => (None, *target, ""),
        [source, target] => (Some(*source), *target, ""),
        [source, target, options] => (Some(*source), *target, *options),
        _ => return None,
    };
    let word = |text: &str| Value::string(text, place);
    let kind = match source {
        None => word("volume"),
        Some(source) if source.starts_with("\\\\.\\") => word("npipe"),
        Some(source) if is_path(source) => word("bind"),
        Some(source) => match source.chars().next().and_then(|first| holed.hole(first)) {
            // A volume's name has no slash.
            Some(_) if source.contains('/') => word("bind"),
            Some(hole) => Value::unknown(Unknown { not_null: true, ..Unknown::clone(hole) }, place),
            None => word("volume"),
        },
    };
    let mut map = Map { range: place.span, ..Map::default() };
    set_at(&mut map, "type", kind, place);
    if let Some(source) = source {
        set_at(&mut map, "source", holed.value(source), place);
    }
    set_at(&mut map, "target", holed.value(target), place);
    options_of(&holed, options, &mut map, place);
    Some(Value::map(map, place))
}

fn options_of(holed: &Holed, options: &str, map: &mut Map, place: Place) {
    let mut bind = Vec::new();
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option {
            "ro" => set_at(map, "read_only", Value::bool(true, place), place),
            "rw" => set_at(map, "read_only", Value::bool(false, place), place),
            "nocopy" => set_at(map, "volume", object([("nocopy", Value::bool(true, place))], place), place),
            _ if PROPAGATION.contains(&option) => bind.push(("propagation", Value::string(option, place))),
            _ if LABELS.contains(&option) => bind.push(("selinux", Value::string(option, place))),
            _ => {
                if let Some(hole) = holed.first_hole(option) {
                    set_at(map, "read_only", Value::unknown(Unknown::clone(hole), place), place);
                }
            }
        }
    }
    if !bind.is_empty() {
        set_at(map, "bind", object(bind, place), place);
    }
}

/// The parts; a drive letter (`C:\data`) belongs to its path.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices(':') {
        let part = &text[from..at];
        let drive = part.len() == 1 && part.starts_with(|letter: char| letter.is_ascii_alphabetic());
        if drive && text[at + 1..].starts_with(['\\', '/']) {
            continue;
        }
        parts.push(part);
        from = at + 1;
    }
    parts.push(&text[from..]);
    parts
}

fn is_path(source: &str) -> bool {
    let drive = source.as_bytes().get(1) == Some(&b':');
    source.starts_with(['.', '/', '~']) || drive
}

/// `docker run --mount type=bind,source=/a,target=/b,readonly`.
pub(super) fn of_mount(written: &Value) -> Option<Value> {
    let place = written.place;
    let holed = Holed::of(written)?;
    let mut map = Map { range: place.span, ..Map::default() };
    let mut bind = Vec::new();
    set_at(&mut map, "type", Value::string("volume", place), place);
    for option in holed.text.split(',') {
        let (key, value) = option.split_once('=').unwrap_or((option, "true"));
        match key {
            "type" => set_at(&mut map, "type", holed.value(value), place),
            "source" | "src" => set_at(&mut map, "source", holed.value(value), place),
            "target" | "destination" | "dst" => set_at(&mut map, "target", holed.value(value), place),
            "readonly" | "ro" => set_at(&mut map, "read_only", bool(&holed.value(value)), place),
            "bind-propagation" => bind.push(("propagation", holed.value(value))),
            _ => {}
        }
    }
    if !bind.is_empty() {
        set_some(&mut map, "bind", object(bind, place));
    }
    Some(Value::map(map, place))
}

/// `[SOURCE:]TARGET[:PERMISSIONS]` of a device.
pub(super) fn device(written: &Value) -> Option<Value> {
    if matches!(written.kind, Kind::Map(_)) {
        return Some(written.clone());
    }
    let holed = Holed::of(written)?;
    let mut parts = holed.text.splitn(3, ':');
    let source = parts.next().unwrap_or("");
    let target = parts.next().unwrap_or(source);
    let permissions = parts.next().unwrap_or("rwm");
    let fields = [("source", holed.value(source)), ("target", holed.value(target)), ("permissions", holed.value(permissions))];
    Some(object(fields, written.place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::values::field;

    #[test]
    fn short_forms() {
        let rows = [
            ("/data", "volume - /data -"),
            ("db:/data", "volume db /data -"),
            ("./a:/b:ro", "bind ./a /b true"),
            ("~/a:/b", "bind ~/a /b -"),
            ("/var/run/docker.sock:/var/run/docker.sock:rw,z", "bind /var/run/docker.sock /var/run/docker.sock false"),
            ("C:\\a:/b", "bind C:\\a /b -"),
            (
                "\\\\.\\pipe\\docker_engine:\\\\.\\pipe\\docker_engine",
                "npipe \\\\.\\pipe\\docker_engine \\\\.\\pipe\\docker_engine -",
            ),
        ];
        for (short, expected) in rows {
            let volume = long(&Value::string(short, Place::NONE)).unwrap();
            let shown = |key: &str| match field(&volume, key).kind {
                Kind::Null => "-".to_owned(),
                Kind::String(text) => text.to_string(),
                Kind::Bool(flag) => flag.to_string(),
                _ => "?".to_owned(),
            };
            assert_eq!(["type", "source", "target", "read_only"].map(shown).join(" "), expected, "{short}");
        }
    }
}
