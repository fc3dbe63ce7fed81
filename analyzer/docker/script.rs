//! Shell scripts.

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value};

use crate::compose::{self, run, values::Holed};
use crate::shell::{self, Location};
use crate::{daemon, embedded};

/// Programs that print their words.
const PRINTERS: &[&str] = &["echo", "printf"];

/// Files of assignments of which one holds the daemon's flags.
const OPTIONS: &[&str] = &["/etc/default/docker", "/etc/sysconfig/docker", "/etc/conf.d/docker"];

/// The items of a shell script.
#[must_use]
pub fn items(text: &str, file: FileId) -> Vec<Item> {
    let whole = Value::string(text, Place::new(file, Span::of(0, text.len())));
    let location = Location::exact(file, 0, text);
    let commands = shell::items(text, &location, &shell::Context::default());
    with_effects(commands, &whole, &location, Some(text), None)
}

/// The items of a script that stands inside another file, of which `source` is the text; `site` as in [`shell::Context`].
pub(crate) fn value_items(value: &Value, source: Option<&str>, site: &'static str, owner: Option<&Owner>) -> Vec<Item> {
    let commands = shell::value_items(value, source, &shell::Context { site, owner, ..shell::Context::default() });
    let location =
        Holed::of(value).map_or_else(|| Location::place(value.place), |holed| Location::of(value.place, &holed.text, source));
    with_effects(commands, value, &location, source, owner)
}

/// Containers and daemons that these `command` items start; without an owner, they belong to the command's.
#[must_use]
pub(crate) fn engine_items(commands: &[Item], owner: Option<&Owner>) -> Vec<Item> {
    let mut out = Vec::new();
    run::items(commands, owner, &mut out);
    daemon::command_items(commands, "flags", owner, &mut out);
    out
}

/// The commands, what they start, and the configuration that they write.
fn with_effects(
    commands: Vec<Item>,
    text: &Value,
    location: &Location,
    source: Option<&str>,
    owner: Option<&Owner>,
) -> Vec<Item> {
    let mut out = engine_items(&commands, owner);
    out.extend(commands.iter().filter_map(|command| printed(command, source, owner)));
    if let Some(holed) = Holed::of(text) {
        for (path, body) in heredocs(&holed.text) {
            let place = location.at(body);
            let value = Value { place: if place.is_some() { place } else { text.place }, ..holed.value(body.text(&holed.text)) };
            out.extend(file_items(&path, &value, source, owner));
        }
    }
    out.extend(commands);
    out
}

/// What a file that is written has to say, by its path: a `daemon.json`, a unit, a script.
pub(crate) fn file_items(path: &str, content: &Value, source: Option<&str>, owner: Option<&Owner>) -> Vec<Item> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let folder = path.strip_suffix(name).unwrap_or("").trim_end_matches('/');
    let unit = [".service", ".socket"].iter().any(|ending| name.ends_with(ending))
        || name.ends_with(".conf") && (folder.ends_with(".service.d") || folder.ends_with(".socket.d"));
    let shebang = Holed::of(content).is_some_and(|holed| {
        holed.text.strip_prefix("#!").and_then(|rest| rest.lines().next()).is_some_and(|line| line.contains("sh"))
    });
    if name == "daemon.json" {
        let read = embedded::yaml_value(content, source);
        read.and_then(|read| daemon::json_value_item(&read, source, owner)).into_iter().collect()
    } else if unit {
        daemon::unit_value_items(content, source, owner)
    } else if compose::looks_like("", name) {
        embedded::yaml_value(content, source).map(|read| compose::value_items(&read, source, owner)).unwrap_or_default()
    } else if OPTIONS.contains(&path) {
        daemon::options_items(content, source, owner)
    } else if name.ends_with(".sh") || shebang {
        value_items(content, source, "script", owner)
    } else {
        Vec::new()
    }
}

/// `echo '{…}' > /etc/docker/daemon.json`, `echo … | tee …`
fn printed(command: &Item, source: Option<&str>, owner: Option<&Owner>) -> Option<Item> {
    let is_command = command.views.iter().any(|view| view == "command");
    let program = command.value.str_at(&["program"]).filter(|program| is_command && PRINTERS.contains(program))?;
    let is_target = |value: &Value| value.as_str().is_some_and(|path| path.ends_with("/daemon.json"));
    let redirected = command
        .value
        .get("redirects")
        .is_some_and(|redirects| redirects.items().iter().any(|redirect| redirect.get("target").is_some_and(is_target)));
    let piped = || {
        let pipe = command.value.get("pipe").map(Value::items).unwrap_or_default();
        pipe.iter().any(|other| {
            other.str_at(&["program"]) == Some("tee") && other.get("argv").is_some_and(|argv| argv.items().iter().any(is_target))
        })
    };
    if !redirected && !piped() {
        return None;
    }
    let words = command.value.get("argv")?.items();
    let text = words.iter().skip(1).find(|word| !word.as_str().is_some_and(|text| text.starts_with('-')))?;
    // `printf` and `echo -e` read `\n`.
    let text = match &text.kind {
        Kind::String(known) if program == "printf" || known.contains("\\n") => {
            Value { kind: Kind::String(known.replace("\\n", "\n").into()), ..text.clone() }
        }
        _ => text.clone(),
    };
    daemon::json_value_item(&embedded::yaml_value(&text, source)?, source, owner)
}

/// Heredocs that a line sends into a file: its path and where the body stands.
fn heredocs(text: &str) -> Vec<(String, Span)> {
    let mut out = Vec::new();
    let mut open: Option<(String, String, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if let Some((path, end, from)) = &open {
            if line.trim_end().trim_start_matches('\t').trim_start() == end {
                out.push((path.clone(), Span::of(*from, start)));
                open = None;
            }
            continue;
        }
        let Some((before, after)) = line.split_once("<<") else { continue };
        let after = after.trim_start_matches(['-', '~']).trim_start();
        let word: String = after
            .chars()
            .skip_while(|c| matches!(c, '\'' | '"' | '\\'))
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let path = before.split_whitespace().chain(after.split_whitespace().skip(1));
        let path =
            path.map(|word| word.trim_matches(['>', '"', '\'']).to_owned()).filter(|word| word.contains(['/', '.'])).last();
        if let (Some(path), false) = (path, word.is_empty()) {
            open = Some((path, word, at));
        }
    }
    out
}

#[cfg(test)]
mod tests;
