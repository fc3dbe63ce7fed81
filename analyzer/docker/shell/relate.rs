//! What commands have to do with each other, and the items that come of it.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::text::joined;
use plimsoll_syntax::value::{List, Map, Reason, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Span, Value, views};

use super::Context;
use super::location::Location;
use super::package;
use super::program::{self, Words, base};
use super::read::{Command, Script};
use crate::values::{by_name, derived, map_of, own, push_some};

/// So many later commands of a script are kept with each.
const MOST_AFTER: usize = 48;

/// How a command came to stand inside another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// The other runs it: `sudo`, `sh -c`.
    Run,
    /// Its output becomes a word or a file of the other.
    Output,
}

/// The items of a script.
pub(super) fn items(script: &Script<'_>, location: &Location, context: &Context<'_>) -> Vec<Item> {
    let commands = &script.commands;
    let parents = parents(script);
    let words: Vec<Words> = commands.iter().map(|command| program::words(&command.argv)).collect();
    let mut plain: Vec<Value> = Vec::with_capacity(commands.len());
    for (index, (command, words)) in commands.iter().zip(&words).enumerate() {
        let wrappers = wrappers(script, &parents, index, location);
        plain.push(Value::map(fields(script, command, words, wrappers, location, context.site), location.at(command.span)));
    }
    give_inputs(&mut plain, &parents);
    let mut out = Vec::with_capacity(commands.len());
    for (index, (command, words)) in commands.iter().zip(&words).enumerate() {
        // Assignments alone run nothing.
        if command.argv.is_empty() {
            continue;
        }
        let place = location.at(command.span);
        let of_pipe = |other: &Command| other.pipeline == command.pipeline;
        let piped = commands.iter().any(|other| of_pipe(other) && other.position != command.position);
        let pipe = || commands.iter().enumerate().filter(|(_, other)| of_pipe(other));
        let all = || pipe().filter_map(|(other, _)| plain.get(other).cloned()).collect();
        let piped_with = if piped { Value::list(all(), place) } else { Value::default() };
        let name = name(script, command, words);
        let packages = package::packages(command, words);
        let whole = (piped && pipe().next().is_some_and(|first| first.0 == index)).then(|| {
            let span = pipe().map(|(_, other)| other.span).reduce(Span::to).unwrap_or(command.span);
            let place = location.at(span);
            let map = map_of([
                ("commands", Value::list(all(), place)),
                ("pipefail", Value::bool(command.pipefail || in_pipefail(script, &parents, index), place)),
                ("conditional", Value::bool(command.conditional, place)),
                ("where", Value::string(context.site, place)),
            ]);
            item("pipeline", name.clone(), header(command, place, location), place, with(map, context), context)
        });
        let after = after(commands, &plain, index, place);
        let value = plain.get(index).cloned().unwrap_or_default();
        let packages: Vec<Item> =
            packages.iter().map(|package| package_item(script, package, &value, location, context)).collect();
        // Nobody asks for a command by itself that is the only one.
        if commands.len() == 1 {
            plain.clear();
        }
        let mut map = match value.kind {
            Kind::Map(map) => own(map, 2 + context.fields.len()),
            _ => Map::default(),
        };
        push_some(&mut map, "pipe", piped_with);
        map.push("after", after);
        out.push(item("command", name, header(command, place, location), place, with(map, context), context));
        out.extend(packages);
        out.extend(whole);
    }
    out
}

/// The commands whose output a command takes.
fn give_inputs(plain: &mut [Value], parents: &[Option<(usize, Inside)>]) {
    if !parents.iter().flatten().any(|parent| parent.1 == Inside::Output) {
        return;
    }
    let bare = plain.to_vec();
    for (index, value) in plain.iter_mut().enumerate() {
        let inputs = parents.iter().enumerate().filter(|(_, parent)| **parent == Some((index, Inside::Output)));
        let inputs: Vec<Value> = inputs.filter_map(|(inner, _)| bare.get(inner).cloned()).collect();
        if let (false, Kind::Map(map)) = (inputs.is_empty(), &value.kind) {
            let mut map = own(map.clone(), 1);
            map.push("inputs", Value::list(inputs, value.place));
            value.kind = Kind::Map(Arc::new(map));
        }
    }
}

fn with(mut map: Map, context: &Context<'_>) -> Map {
    for (key, value) in context.fields {
        map.set(*key, value.clone());
    }
    map
}

/// What is underlined of a command: its program.
fn header(command: &Command, place: Place, location: &Location) -> Place {
    command.argv.first().map_or(place, |word| location.at(word.span))
}

fn item(view: &'static str, name: CompactString, header: Place, place: Place, map: Map, context: &Context<'_>) -> Item {
    Item {
        views: views![CompactString::const_new(view)],
        name,
        header,
        range: place.span,
        value: Value::map(Map { range: place.span, ..map }, header),
        owner: context.owner.cloned(),
        index: context.index,
    }
}

/// `apt-get install`
fn name(script: &Script<'_>, command: &Command, words: &Words) -> CompactString {
    let shown = |index: usize| command.argv.get(index).map(|word| word.span.text(&script.text)).unwrap_or_default();
    let program = base(shown(0));
    match words.subcommand.map(shown) {
        Some(subcommand)
            if subcommand.len() <= 24 && subcommand.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            joined([program, " ", subcommand])
        }
        _ => program.into(),
    }
}

/// The fields of a command that it has by itself.
fn fields(
    script: &Script<'_>,
    command: &Command,
    words: &Words,
    wrappers: Value,
    location: &Location,
    site: &'static str,
) -> Map {
    let place = location.at(command.span);
    let argv: Vec<Value> = command.argv.iter().map(|word| script.value(word, location)).collect();
    let picked = |indexes: &[usize]| Value::list(indexes.iter().filter_map(|index| argv.get(*index).cloned()).collect(), place);
    let program = match (command.argv.first(), argv.first()) {
        (Some(word), Some(Value { kind: Kind::String(text), place, .. })) if !word.is_open() => Value::string(base(text), *place),
        (_, Some(value)) => value.clone(),
        _ => Value::default(),
    };
    let subcommand = match (words.subcommand, words.uncertain, words.operands.first()) {
        (Some(index), ..) => argv.get(index).cloned().unwrap_or_default(),
        (None, true, Some(first)) => {
            let source = argv.get(*first).and_then(|value| value.as_unknown().map(|unknown| unknown.source.clone()));
            Value::unknown(Unknown::new(Reason::Unset, source.unwrap_or_else(|| "a word".into())), place)
        }
        _ => Value::default(),
    };
    let assignments = command.assignments.iter().map(|(name, word)| (name.clone(), script.value(word, location)));
    let redirects = command.redirects.iter().map(|(operator, word)| {
        let target = script.value(word, location);
        let place = target.place;
        derived([("operator", Value::string(operator.clone(), place)), ("target", target)], place)
    });
    map_of([
        ("program", program),
        ("path", argv.first().cloned().unwrap_or_default()),
        ("subcommand", subcommand),
        ("args", Value::list(argv.iter().skip(1).cloned().collect(), place)),
        ("operands", picked(&words.operands)),
        ("assignments", by_name(assignments, place)),
        ("redirects", Value::list(redirects.collect(), place)),
        ("position", Value::int(command.position, place)),
        ("conditional", Value::bool(command.conditional, place)),
        ("where", Value::string(site, place)),
        ("argv", Value::list(argv, place)),
        ("wrappers", wrappers),
    ])
}

fn package_item(
    script: &Script<'_>,
    package: &package::Package,
    value: &Value,
    location: &Location,
    context: &Context<'_>,
) -> Item {
    let place = location.at(package.word.span);
    let map = map_of([
        ("manager", Value::string(package.manager, place)),
        ("name", script.text_value(&package.name, place)),
        ("version", package.version.as_ref().map(|version| script.text_value(version, place)).unwrap_or_default()),
        ("operator", if package.operator.is_empty() { Value::default() } else { Value::string(package.operator, place) }),
        ("source", Value::string(package.source, place)),
        ("reference", script.text_value(&package.word.text, place)),
        ("where", Value::string(context.site, place)),
        ("command", value.clone()),
    ]);
    item("package", package.word.span.text(&script.text).into(), place, place, with(map, context), context)
}

/// The later commands of the script.
fn after(commands: &[Command], plain: &[Value], index: usize, place: Place) -> Value {
    let end = commands.get(index).map_or(0, |command| command.span.end);
    let later = commands.iter().zip(plain).skip(index + 1).filter(|(other, _)| other.span.start >= end);
    let mut items: Vec<Value> = later.take(MOST_AFTER + 1).map(|(_, value)| value.clone()).collect();
    let more = items.len() > MOST_AFTER;
    items.truncate(MOST_AFTER);
    let tail = more.then(|| Arc::new(Unknown::new(Reason::Limit, "later commands")));
    Value::new(Kind::List(Arc::new(List { items, tail, blocks: false })), place)
}

/// The innermost command around each, and why it is there.
fn parents(script: &Script<'_>) -> Vec<Option<(usize, Inside)>> {
    let commands = &script.commands;
    let mut open: Vec<usize> = Vec::new();
    let mut out = Vec::with_capacity(commands.len());
    for (index, command) in commands.iter().enumerate() {
        while let Some(last) = open.last()
            && !commands.get(*last).is_some_and(|outer| outer.span.contains(command.span))
        {
            open.pop();
        }
        let around = open.last().copied();
        let parent = around.and_then(|outer| Some((outer, inside(script, commands.get(outer)?, command))));
        out.push(parent.filter(|parent| parent.1 == Inside::Output).or_else(|| feeds(script, index)).or(parent));
        open.push(index);
    }
    // In `sh -c "$(curl …)"` the substitution is the whole script: what it gives is what the shell runs.
    let whole = |at: usize| commands.get(at).is_some_and(|command| matches!(command.argv.as_slice(), [word] if word.is_open()));
    let outer = |parent: &Option<(usize, Inside)>| match *parent {
        Some((at, Inside::Output)) if whole(at) => out
            .get(at)
            .copied()
            .flatten()
            .filter(|outer| outer.1 == Inside::Run)
            .map(|outer| (outer.0, Inside::Output))
            .or(*parent),
        other => other,
    };
    out.iter().map(outer).collect()
}

/// How `inner`, which lies inside `outer`, is run.
fn inside(script: &Script<'_>, outer: &Command, inner: &Command) -> Inside {
    let same_end = outer.argv.last().map(|word| word.span) == inner.argv.last().map(|word| word.span);
    let first = inner.argv.first().map(|word| word.span);
    if same_end && outer.argv.iter().any(|word| Some(word.span) == first) {
        return Inside::Run;
    }
    let assigned = outer.assignments.iter().chain(&outer.redirects).map(|pair| pair.1.span);
    let word = outer.argv.iter().map(|word| word.span).chain(assigned).find(|span| span.contains(inner.span));
    let before = word.map_or("", |word| Span::new(word.start, inner.span.start).text(&script.text));
    let mut depth = 0_i32;
    let mut last = ' ';
    for c in before.chars() {
        match c {
            '(' if matches!(last, '$' | '<') => depth += 1,
            ')' if depth > 0 => depth -= 1,
            _ => {}
        }
        last = c;
    }
    if depth > 0 || before.matches('`').count() % 2 == 1 { Inside::Output } else { Inside::Run }
}

/// `bash <(curl …)`: the command before the bracket reads the output.
fn feeds(script: &Script<'_>, index: usize) -> Option<(usize, Inside)> {
    let command = script.commands.get(index)?;
    let before =
        script.text.get(..command.span.start as usize)?.trim_end().strip_suffix("<(")?.trim_end_matches([' ', '\t', '<']);
    let end = Span::of(0, before.len()).end;
    let around = |(at, other): (usize, &Command)| (other.span.end == end && at < index).then_some(at);
    let outer = script.commands.iter().enumerate().rev().find_map(around)?;
    Some((outer, Inside::Output))
}

/// The programs that the command runs under, outermost first.
fn wrappers(script: &Script<'_>, parents: &[Option<(usize, Inside)>], index: usize, location: &Location) -> Value {
    let mut names = Vec::new();
    let mut at = index;
    while let Some(Some((outer, how))) = parents.get(at) {
        if *how == Inside::Run
            && let Some(word) = script.commands.get(*outer).and_then(|outer| outer.argv.first())
        {
            names.push(Value::string(base(&word.text), location.at(word.span)));
        }
        at = *outer;
    }
    names.reverse();
    let place = script.commands.get(index).map_or(Place::NONE, |command| location.at(command.span));
    Value::list(names, place)
}

/// Whether a shell around the command was started with `-o pipefail`.
fn in_pipefail(script: &Script<'_>, parents: &[Option<(usize, Inside)>], index: usize) -> bool {
    let mut at = index;
    while let Some(Some((outer, _))) = parents.get(at) {
        if script.commands.get(*outer).is_some_and(|outer| outer.argv.iter().any(|word| word.text == "pipefail")) {
            return true;
        }
        at = *outer;
    }
    false
}
