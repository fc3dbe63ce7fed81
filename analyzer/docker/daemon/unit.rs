//! systemd units and drop-ins: what starts the daemon, and the sockets that it is given.
//!
//! Source: `systemd.unit(5)`, `systemd.service(5)`, `systemd.socket(5)`, `systemd.syntax(7)`.

use std::sync::Arc;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::shell::Continuation;
use plimsoll_syntax::value::{Map, Reason, Unknown};
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value};

use crate::compose::values::{Holed, pairs, set_at};
use crate::shell::{self, Location};

/// Settings whose value is a command line.
const COMMANDS: &[&str] =
    &["ExecStart", "ExecStartPre", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost", "ExecCondition"];
/// What may stand before the program of a command line.
const PREFIXES: &[char] = &['-', '@', ':', '+', '!', '|'];

/// The items of a systemd unit or drop-in.
#[must_use]
pub fn items(text: &str, file: FileId) -> Vec<Item> {
    read(text, &Location::exact(file, 0, text), None)
}

/// The items of a unit that stands inside another file; `source` is that file's text.
pub(crate) fn value_items(value: &Value, source: Option<&str>, owner: Option<&Owner>) -> Vec<Item> {
    let Some(holed) = Holed::of(value) else { return Vec::new() };
    let items = read(&holed.text, &Location::of(value.place, &holed.text, source), owner);
    crate::embedded::restored(items, &holed)
}

/// One setting: section, name, and the range of its value, continuation lines included.
struct Setting<'t> {
    section: &'t str,
    name: &'t str,
    value: Span,
}

fn settings(text: &str) -> Vec<Setting<'_>> {
    let mut out: Vec<Setting<'_>> = Vec::new();
    let (mut section, mut continued, mut at) = ("", false, 0);
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let code = line.trim_end();
        let trimmed = code.trim_start();
        let comment = trimmed.starts_with(['#', ';']);
        let end = start + code.len();
        if continued {
            // Comment lines between the parts are skipped.
            if let Some(last) = out.last_mut().filter(|_| !comment) {
                last.value = Span::new(last.value.start, Span::of(0, end).end);
            }
            continued = comment || code.ends_with('\\');
            continue;
        }
        if comment || trimmed.is_empty() {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
            continue;
        }
        let Some((name, value)) = code.split_once('=') else { continue };
        let value_start = end - value.trim_start().len();
        out.push(Setting { section, name: name.trim(), value: Span::of(value_start, end) });
        continued = code.ends_with('\\');
    }
    out
}

fn read(text: &str, location: &Location, owner: Option<&Owner>) -> Vec<Item> {
    let settings = settings(text);
    let mut out = Vec::new();
    let mut listens = Vec::new();
    let (mut environment, mut lines) = (Vec::new(), Vec::new());
    for setting in &settings {
        let value = setting.value.text(text);
        if setting.section == "Socket" && setting.name == "ListenStream" && !value.is_empty() {
            listens.push(Value::string(value, location.at(setting.value)));
        } else if setting.section == "Service" && setting.name == "Environment" {
            environment.push(setting.value);
        } else if setting.section == "Service" && COMMANDS.contains(&setting.name) {
            lines.push(setting.value);
        }
    }
    let environment = words(text, &environment, location);
    for line in lines {
        out.extend(commands(text, line, location, &environment, owner));
    }
    let socket = settings.iter().any(|setting| setting.name == "SocketGroup" && setting.value.text(text) == "docker")
        || listens.iter().any(|listen| listen.as_str().is_some_and(|listen| listen.contains("docker")));
    if socket && let Some(first) = listens.first() {
        out.push(of_socket(&listens, first.place, owner));
    }
    if !environment.items().is_empty() {
        for item in out.iter_mut().filter(|item| item.views.iter().any(|view| view == "daemon")) {
            if let Some(map) = item.value.as_map() {
                let mut map = Map::clone(map);
                set_at(&mut map, "environment", pairs(&environment), environment.place);
                item.value = Value::map(map, item.value.place);
            }
        }
    }
    out
}

/// The commands of a setting, what they start, and the daemon among them.
fn commands(text: &str, span: Span, location: &Location, environment: &Value, owner: Option<&Owner>) -> Vec<Item> {
    let value = span.text(text);
    let line = value.trim_start_matches(PREFIXES);
    let skipped = Span::of(0, value.len() - line.len()).end;
    // Comment lines between the parts are blanked, so that the shell's grammar does not see them.
    let mut plain = String::with_capacity(line.len());
    for part in line.split_inclusive('\n') {
        match part.trim_start().starts_with(['#', ';']) {
            true => plain.push_str(&format!("{}\\\n", " ".repeat(part.trim_end_matches('\n').len().saturating_sub(1)))),
            false => plain.push_str(part),
        }
    }
    let start = span.start + skipped;
    let place = location.at(Span::new(start, span.end));
    // An exact location where the text lies in the file as it is.
    let shift = match place.span.len() == span.end - start {
        true => Location::exact(place.file, place.span.start, &plain),
        false => Location::place(place),
    };
    let context = shell::Context { site: "unit", owner, continuation: Continuation::Shell, ..shell::Context::default() };
    let mut items = shell::items(&plain, &shift, &context);
    let mut found = Vec::new();
    let expanded: Vec<Item> = items.iter().map(|item| with_environment(item, environment)).collect();
    super::command_items(&expanded, "unit", owner, &mut found);
    crate::compose::run::items(&items, owner, &mut found);
    items.extend(found);
    items
}

/// A command in which `$NAME` of the unit's environment is replaced by its words, as systemd does it.
fn with_environment(item: &Item, environment: &Value) -> Item {
    let Kind::Map(written) = &item.value.kind else { return item.clone() };
    let Some(argv) = written.get("argv") else { return item.clone() };
    let known = pairs(environment);
    let mut words = Vec::new();
    for word in argv.value.items() {
        let name = word.as_unknown().map(|unknown| unknown.source.trim_matches(['$', '{', '}', '"']).to_owned());
        match name.and_then(|name| known.get(&name).cloned()) {
            Some(value) => words.extend(crate::compose::values::words(&value).items().iter().cloned()),
            None => words.push(word.clone()),
        }
    }
    let mut map = Map::clone(written);
    map.set("argv", Value::list(words, argv.value.place));
    Item { value: Value::map(map, item.value.place), ..item.clone() }
}

/// `DOCKER_OPTS="-H tcp://0.0.0.0:2375"` in `/etc/default/docker` and its like.
pub(crate) fn options_items(value: &Value, source: Option<&str>, owner: Option<&Owner>) -> Vec<Item> {
    let Some(holed) = Holed::of(value) else { return Vec::new() };
    let location = Location::of(value.place, &holed.text, source);
    let mut at = 0;
    let mut out = Vec::new();
    for line in holed.text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let code = line.trim();
        let code = code.strip_prefix("export ").unwrap_or(code);
        let Some((name, flags)) = code.split_once('=') else { continue };
        if !matches!(name, "DOCKER_OPTS" | "DOCKER_OPTIONS" | "OPTIONS" | "DOCKERD_OPTS" | "DOCKER_NETWORK_OPTIONS") {
            continue;
        }
        let place = location.at(Span::of(start, start + line.trim_end().len()));
        // The quotes around all flags are the shell's, those within are not.
        let flags = flags.trim_matches(['"', '\'']);
        let mut argv = vec![Value::string("dockerd", place)];
        argv.extend(crate::compose::values::words(&Value { place, ..holed.value(flags) }).items().iter().cloned());
        out.extend(super::command::options(&Value::list(argv, place), place, owner));
    }
    out
}

/// Words of several settings, quotes removed.
fn words(text: &str, spans: &[Span], location: &Location) -> Value {
    let mut all = Vec::new();
    for span in spans {
        let value = Value::string(span.text(text).replace("\\\n", "  "), location.at(*span));
        all.extend(crate::compose::values::words(&value).items().iter().cloned());
    }
    let place = all.first().map_or(Place::NONE, |first| first.place);
    Value::list(all, place)
}

/// `docker.socket`: the addresses at which systemd listens for the daemon.
fn of_socket(listens: &[Value], header: Place, owner: Option<&Owner>) -> Item {
    let mut map = Map::default();
    let texts = listens.iter().map(|listen| {
        let text = listen.as_str().unwrap_or("");
        // A port alone is every address.
        let host = match text.parse::<u16>() {
            Ok(port) => format!("tcp://0.0.0.0:{port}"),
            Err(_) => text.to_owned(),
        };
        Value::string(host, listen.place)
    });
    let hosts = Value::list(texts.collect(), header);
    set_at(&mut map, "hosts", hosts, header);
    set_at(&mut map, "source", Value::string("unit", header), header);
    for key in ["tls", "tlsverify"] {
        let unknown = Unknown::new(Reason::File, "docker.service");
        set_at(&mut map, key, Value::unknown(unknown, header), header);
    }
    map.tail = Some(Arc::new(Unknown::new(Reason::File, "daemon.json")));
    super::item(map, "docker.socket", header, header, owner.cloned(), 0)
}
