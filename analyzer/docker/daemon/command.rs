//! Daemons that a command starts.

use std::sync::Arc;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{List, Map, Reason, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Value};

use super::flags::{Form, LETTERS, setting};
use crate::compose::values::{Holed, bool, number, pairs, set_at};

/// Programs that are the daemon, and subcommands that older releases had for it.
const DAEMONS: &[&str] = &["dockerd", "dockerd-entrypoint.sh", "dockerd-rootless.sh", "docker-init"];

/// The daemons that these `command` items start. `source` is the field of that name: `flags`, or `unit`.
pub(crate) fn items(commands: &[Item], source: &'static str, owner: Option<&Owner>, out: &mut Vec<Item>) {
    for command in commands.iter().filter(|command| command.views.iter().any(|view| view == "command")) {
        let Some(argv) = command.value.get("argv") else { continue };
        let Some(mut map) = settings(argv) else { continue };
        rootless(argv, command.header, &mut map);
        let place = Place::new(command.header.file, command.range);
        let owner = owner.or(command.owner.as_ref());
        out.push(item(map, command.header, place, source, owner, command.index));
    }
}

/// Whether the daemon runs as a user of the machine: the script says so to it, and nothing else does.
fn rootless(argv: &Value, header: Place, map: &mut Map) {
    let is_open = argv.items().iter().any(|word| word.as_unknown().is_some());
    let program = argv.items().first().and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    if map.get("rootless").is_none() && !is_open && program.is_some_and(|program| DAEMONS.contains(&program)) {
        set_at(map, "rootless", Value::bool(program == Some("dockerd-rootless.sh"), header), Place::NONE);
    }
}

/// The daemon that these words, written at `place`, configure.
pub(super) fn options(argv: &Value, place: Place, owner: Option<&Owner>) -> Option<Item> {
    Some(item(settings(argv)?, place, place, "flags", owner, 0))
}

fn item(mut map: Map, header: Place, place: Place, source: &'static str, owner: Option<&Owner>, index: u32) -> Item {
    map.range = place.span;
    set_at(&mut map, "source", Value::string(source, header), header);
    // Hosts that flags give may not stand in daemon.json as well, and whoever gives them there gives TLS there.
    if map.get("hosts").is_some() {
        for key in ["tls", "tlsverify"] {
            if map.get(key).is_none() {
                set_at(&mut map, key, Value::bool(false, header), Place::NONE);
            }
        }
    }
    // Other settings may stand in the daemon.json of the machine.
    map.tail = Some(Arc::new(Unknown::new(Reason::File, "daemon.json")));
    super::item(map, "dockerd", header, place, owner.cloned(), index)
}

/// What the words of a command tell a daemon; `None`: they start none.
fn settings(argv: &Value) -> Option<Map> {
    let words = argv.items();
    let program = words.first()?.as_str()?.rsplit('/').next()?;
    let mut at = 1;
    if program == "podman"
        && words.get(1).and_then(Value::as_str) == Some("system")
        && words.get(2).and_then(Value::as_str) == Some("service")
    {
        return Some(service_of_podman(words));
    }
    if !DAEMONS.contains(&program) {
        // `docker daemon`, and `docker -d`, as it once was.
        if program != "docker" || words.get(1).and_then(Value::as_str) != Some("daemon") {
            return None;
        }
        at = 2;
    }
    let mut map = Map::default();
    while let Some(word) = words.get(at) {
        at += 1;
        let Some(holed) = Holed::of(word) else { continue };
        let Some((flag, value)) = flag(&holed) else { continue };
        let Some((field, form)) = setting(&flag) else { continue };
        let value = match (value, form) {
            (Some(value), _) => value,
            (None, Form::Bool) => Value::bool(true, word.place),
            (None, _) => {
                let Some(next) = words.get(at) else { break };
                at += 1;
                next.clone()
            }
        };
        add(&mut map, field, form, value, word.place);
    }
    Some(map)
}

/// `podman system service [flags] [address]`: the same API, for whoever connects.
fn service_of_podman(words: &[Value]) -> Map {
    let mut map = Map::default();
    let address = words.iter().skip(3).find(|word| Holed::of(word).is_some_and(|holed| holed.text.contains("://")));
    if let Some(address) = address {
        set_at(&mut map, "hosts", Value::list(vec![address.clone()], address.place), address.place);
    }
    map
}

/// `--flag`, `--flag=value`, `-Hvalue`, `-H=value`, `-H`.
fn flag(holed: &Holed) -> Option<(String, Option<Value>)> {
    if let Some(long) = holed.text.strip_prefix("--") {
        return Some(match long.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(holed.value(value))),
            None => (long.to_owned(), None),
        });
    }
    let mut letters = holed.text.strip_prefix('-')?.chars();
    let letter = letters.next()?;
    let name = LETTERS.iter().find(|(known, _)| *known == letter)?.1.to_owned();
    let rest = letters.as_str();
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    Some((name, (!rest.is_empty()).then(|| holed.value(rest))))
}

fn add(map: &mut Map, field: &str, form: Form, value: Value, flag: Place) {
    let both = flag.file == value.place.file && flag.span.end <= value.place.span.start;
    let place = if both { Place::new(flag.file, flag.span.to(value.place.span)) } else { flag };
    let list = |map: &Map, item: Value| {
        let mut items = map.get(field).map(|entry| entry.value.items().to_vec()).unwrap_or_default();
        items.push(item);
        Value::new(Kind::List(Arc::new(List { items, tail: None, blocks: false })), place)
    };
    let value = match form {
        Form::Bool => bool(&value),
        Form::Number => number(&value),
        Form::Text => value,
        Form::List => list(map, value),
        Form::Map => {
            let one = pairs(&Value::list(vec![value], place));
            let Kind::Map(one) = one.kind else { return };
            let mut all = map.get(field).and_then(|entry| entry.value.as_map()).cloned().unwrap_or_default();
            all.entries.extend(one.entries.iter().cloned());
            all.tail = all.tail.or_else(|| one.tail.clone());
            Value::map(all, place)
        }
    };
    set_at(map, field, value, place);
}
