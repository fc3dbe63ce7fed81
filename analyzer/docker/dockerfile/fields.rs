//! What each instruction says, and what it changes in its stage.

use compact_str::CompactString;
use plimsoll_syntax::dockerfile::{Instruction, Word};
use plimsoll_syntax::{Place, Span, Value};

use super::read::{Entry, Reader};
use super::scope::Variable;
use super::{copy, from, mount, port, shell};
use crate::shell::holes::has_mark;
use crate::values::{derived, map_of};

/// Reads the fields of an instruction; those of an `ONBUILD` change nothing.
pub(super) fn read(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) {
    match instruction.keyword.as_str() {
        "FROM" if !entry.is_trigger() => from::read(reader, instruction, entry),
        "RUN" => mount::read(reader, instruction, entry),
        "COPY" | "ADD" => copy::read(reader, instruction, entry),
        "ENV" | "LABEL" => pairs(reader, instruction, entry),
        "ARG" => arguments(reader, instruction, entry),
        "USER" => user(reader, instruction, entry),
        "WORKDIR" => workdir(reader, instruction, entry),
        "EXPOSE" => expose(reader, instruction, entry),
        "VOLUME" => {
            let paths: Vec<Value> = values(reader, instruction, entry);
            let place = reader.place(instruction.arguments);
            entry.push("paths", Value::list(paths, place));
        }
        "SHELL" => shell::read(reader, instruction, entry),
        "STOPSIGNAL" => {
            let signal = values(reader, instruction, entry).into_iter().next();
            entry.push("signal", signal.unwrap_or_default());
        }
        "MAINTAINER" => {
            let maintainer = instruction.words.first().map(|word| Value::string(word.text.clone(), reader.place(word.span)));
            entry.push("maintainer", maintainer.unwrap_or_default());
        }
        "ONBUILD" => {
            // The first word: what is not allowed there is not read any further.
            let text = instruction.arguments.text(&reader.tree.source);
            let word = text.split_whitespace().next().map(str::to_ascii_uppercase);
            let trigger = word.map(|word| Value::string(word, reader.place(instruction.arguments)));
            entry.push("trigger", trigger.unwrap_or_default());
        }
        "HEALTHCHECK" => health(reader, instruction, entry),
        _ => {}
    }
}

fn values(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) -> Vec<Value> {
    instruction.words.iter().map(|word| reader.value(word, instruction.exec, entry)).collect()
}

/// A name and what is assigned to it, with their places.
struct Pair {
    name: CompactString,
    name_place: Place,
    /// As written, and where.
    value: Option<(CompactString, Place)>,
    place: Place,
}

/// Takes `name=value` apart; `name value` where the first word has no `=`.
fn pair(reader: &Reader<'_>, word: &Word) -> (Pair, bool) {
    let written = word.span.text(&reader.tree.source);
    let sign = written.find('=');
    let space = written.find(char::is_whitespace);
    let legacy = space.is_some_and(|space| sign.is_none_or(|sign| space < sign)) && !written.starts_with(['"', '\'']);
    let cut = if legacy { space } else { sign };
    let place = reader.place(word.span);
    let part = |from: usize, to: usize| Span::of(word.span.start as usize + from, word.span.start as usize + to);
    let end = cut.unwrap_or(written.len());
    let value = cut.map(|cut| {
        let rest = written.get(cut + 1..).unwrap_or("");
        let lead = if legacy { rest.len() - rest.trim_start().len() } else { 0 };
        let span = part(cut + 1 + lead, written.len());
        (reader.raw(span), reader.place(span))
    });
    let name = written.get(..end).unwrap_or("").trim_matches(['"', '\'']).into();
    (Pair { name, name_place: reader.place(part(0, end)), value, place }, legacy)
}

fn pair_value(reader: &Reader<'_>, pair: &Pair, text: Option<&CompactString>, references: Value) -> Value {
    let value = pair.value.as_ref().zip(text).map(|((_, place), text)| reader.value_of(text, *place));
    derived(
        [
            ("name", reader.value_of(&pair.name, pair.name_place)),
            ("empty", Value::bool(text.is_some_and(|text| text.is_empty()), pair.place)),
            ("value", value.unwrap_or_default()),
            ("references", references),
        ],
        pair.place,
    )
}

fn pairs(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) {
    let place = reader.place(instruction.arguments);
    let mut all = Vec::new();
    let mut set: Vec<(Pair, CompactString)> = Vec::new();
    let mut old = false;
    for word in &instruction.words {
        let (mut pair, legacy) = pair(reader, word);
        old |= legacy;
        let mut references = Vec::new();
        // Every value reads the environment before the line.
        let raw = pair.value.as_ref().map_or_else(CompactString::default, |value| value.0.clone());
        let text = reader.expand(&raw, entry.stage, &mut references);
        if instruction.keyword == "LABEL" {
            let written = pair.name_place.span.text(&reader.tree.source).to_owned();
            pair.name = reader.expand(&written, entry.stage, &mut references);
        }
        let stage = entry.stage.and_then(|index| reader.stages.get(index));
        let listed = reader.references(&references, stage, pair.place);
        all.push(pair_value(reader, &pair, Some(&text), listed));
        entry.references.append(&mut references);
        set.push((pair, text));
    }
    let names = set.iter().map(|(pair, _)| reader.value_of(&pair.name, pair.name_place)).collect();
    entry.push("names", Value::list(names, place));
    entry.push("pairs", Value::list(all, place));
    entry.push("legacy", Value::bool(old, place));
    if entry.is_trigger() {
        return;
    }
    for (pair, text) in set {
        let value = reader.value_of(&text, pair.place);
        let Some(stage) = entry.stage.and_then(|index| reader.stages.get_mut(index)) else { return };
        if instruction.keyword == "ENV" {
            stage.variables.set_env(Variable { name: pair.name, text, place: pair.place });
        } else {
            stage.labels.retain(|label| label.0 != pair.name);
            stage.labels.push((pair.name, value));
        }
    }
}

fn arguments(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) {
    let place = reader.place(instruction.arguments);
    let mut all = Vec::new();
    let mut names = Vec::new();
    for word in &instruction.words {
        let (pair, _) = pair(reader, word);
        let mut references = Vec::new();
        let text = pair.value.as_ref().map(|value| value.0.clone());
        let text = text.map(|raw| reader.expand(&raw, entry.stage, &mut references));
        let stage = entry.stage.and_then(|index| reader.stages.get(index));
        let listed = reader.references(&references, stage, pair.place);
        all.push(pair_value(reader, &pair, text.as_ref(), listed));
        names.push(Value::string(pair.name.clone(), pair.name_place));
        entry.references.append(&mut references);
        if entry.is_trigger() {
            continue;
        }
        let global = reader.globals.arg(&pair.name).cloned();
        match entry.stage.and_then(|index| reader.stages.get_mut(index)) {
            Some(stage) => stage.variables.set_arg(pair.name, text.or(global)),
            None => reader.globals.set_arg(pair.name, text),
        }
    }
    entry.push("names", Value::list(names, place));
    entry.push("pairs", Value::list(all, place));
    entry.push("legacy", Value::bool(false, place));
}

/// `name[:group]` as a value.
pub(super) fn user_value(reader: &Reader<'_>, text: &str, place: Place) -> Value {
    let (name, group) = match text.split_once(':') {
        Some((name, group)) => (name, Some(group)),
        None => (text, None),
    };
    let group = group.map(|group| reader.value_of(group, place)).unwrap_or_default();
    derived([("name", reader.value_of(name, place)), ("group", group), ("text", reader.value_of(text, place))], place)
}

fn user(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) {
    let Some(word) = instruction.words.first() else { return };
    let text = reader.text(word, false, entry);
    let user = user_value(reader, &text, reader.place(word.span));
    entry.push("user", user.clone());
    if let Some(stage) = entry.stage.and_then(|index| reader.stages.get_mut(index)).filter(|_| !entry.is_trigger()) {
        stage.user = user;
    }
}

fn workdir(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) {
    let Some(word) = instruction.words.first() else { return };
    let text = reader.text(word, false, entry);
    let place = reader.place(word.span);
    entry.push("path", reader.value_of(&text, place));
    if entry.is_trigger() {
        return;
    }
    let before = entry.stage.and_then(|index| reader.stages.get(index)).map(|stage| stage.workdir.clone()).unwrap_or_default();
    let absolute = text.starts_with('/') || text.get(1..2) == Some(":") || text.starts_with('\\') || has_mark(&text);
    let path = match (absolute, before.as_str()) {
        (true, _) => reader.value_of(&text, place),
        (false, Some(before)) => reader.value_of(&format!("{}/{text}", before.trim_end_matches('/')), place),
        (false, None) if before.is_null() => reader.value_of(&format!("/{text}"), place),
        (false, None) => Value { place, ..before },
    };
    if let Some(stage) = entry.stage.and_then(|index| reader.stages.get_mut(index)) {
        stage.workdir = path;
    }
}

fn expose(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) {
    let mut ports = Vec::new();
    for word in &instruction.words {
        let text = reader.text(word, false, entry);
        let place = reader.place(word.span);
        ports.extend(text.split_whitespace().map(|text| port::value(reader, text, place)));
    }
    let place = reader.place(instruction.arguments);
    entry.push("ports", Value::list(ports.clone(), place));
    if let Some(stage) = entry.stage.and_then(|index| reader.stages.get_mut(index)).filter(|_| !entry.is_trigger()) {
        stage.ports.extend(ports);
    }
}

fn health(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) {
    let disabled = instruction.inner.is_none();
    entry.push("disabled", Value::bool(disabled, reader.place(instruction.arguments)));
    for (flag, field) in [
        ("interval", "interval"),
        ("timeout", "timeout"),
        ("start-period", "start_period"),
        ("start-interval", "start_interval"),
        ("retries", "retries"),
    ] {
        let Some(word) = instruction.flags.iter().find(|known| known.name == flag).and_then(|known| known.value.as_ref()) else {
            continue;
        };
        let place = reader.place(word.span);
        let number = word.text.parse::<i64>().ok().filter(|_| field == "retries");
        entry.push(field, number.map_or_else(|| Value::string(word.text.clone(), place), |number| Value::int(number, place)));
    }
    if disabled && !entry.is_trigger() {
        let header = entry.header;
        if let Some(stage) = entry.stage.and_then(|index| reader.stages.get_mut(index)) {
            stage.healthcheck = Value::map(map_of([("disabled", Value::bool(true, header))]), header);
        }
    }
}
