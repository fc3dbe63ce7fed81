//! Instructions that run something: `RUN`, `CMD`, `ENTRYPOINT`, `HEALTHCHECK`.

use std::sync::Arc;

use plimsoll_syntax::dockerfile::Instruction;
use plimsoll_syntax::shell::Continuation;
use plimsoll_syntax::value::List;
use plimsoll_syntax::{Item, Kind, Span, Value};

use super::read::{Entry, Reader};
use super::scope::{Variable, Variables};
use super::shell::Shell;
use super::stage::unread;
use crate::shell::{self, Context, Location};
use crate::values::derived;

/// Reads the commands of an instruction that runs something, and what it says of how.
pub(super) fn read(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) {
    let (body, site) = match instruction.keyword.as_str() {
        "RUN" => (instruction, "run"),
        "CMD" => (instruction, "cmd"),
        "ENTRYPOINT" => (instruction, "entrypoint"),
        "HEALTHCHECK" => match &instruction.inner {
            Some(inner) => (&**inner, "healthcheck"),
            None => return,
        },
        _ => return,
    };
    let shell = entry.stage.and_then(|index| reader.stages.get(index)).map(|stage| stage.shell.clone());
    let shell = shell.unwrap_or_else(|| Shell::of_image(true));
    let place = reader.place(body.arguments);
    let readable = body.exec || shell.unix;
    entry.push("shell", shell.argv);
    let written = if body.exec { words(reader, body) } else { Value::default() };
    let items = if readable { commands(reader, body, &written, entry, site, shell.pipefail) } else { Vec::new() };
    let of_view = |view: &str| -> Vec<Value> {
        let items = items.iter().filter(|item| item.views.iter().any(|known| known == view));
        items.map(|item| item.value.clone()).collect()
    };
    let known = of_view("command");
    let tail = (!readable).then(unread);
    let all = Value::new(Kind::List(Arc::new(List { items: known.clone(), tail, blocks: false })), place);
    let packages = of_view("package");
    let argv = match known.first() {
        _ if body.exec => written,
        Some(first) if site != "run" => first.get("argv").cloned().unwrap_or_default(),
        _ => Value::default(),
    };
    entry.push("commands", all.clone());
    if site == "run" {
        entry.push("packages", Value::list(packages.clone(), place));
        entry.push("heredoc", Value::bool(!body.heredocs.is_empty(), place));
    } else {
        entry.push("argv", argv.clone());
    }
    // What a container starts, not what a build step does.
    let daemons = if matches!(site, "cmd" | "entrypoint") { crate::script::engine_items(&items, None) } else { Vec::new() };
    entry.parts.extend(items);
    entry.parts.extend(daemons);
    if entry.is_trigger() {
        return;
    }
    let Some(stage) = entry.stage.and_then(|index| reader.stages.get_mut(index)) else { return };
    let start = |argv| derived([("form", entry.form.clone()), ("argv", argv), ("commands", all)], place);
    match site {
        "run" => {
            stage.commands.extend(known);
            stage.packages.extend(packages);
            stage.opaque |= !readable;
        }
        "cmd" => stage.cmd = start(argv),
        "entrypoint" => {
            // What `CMD` a stage inherits is for the old entrypoint.
            stage.entrypoint = start(argv);
        }
        _ => {
            let mut map = entry.map.clone();
            map.set("argv", argv);
            map.set("disabled", Value::bool(false, place));
            stage.healthcheck = Value::map(map, entry.header);
        }
    }
}

/// The words of the exec form.
fn words(reader: &Reader<'_>, body: &Instruction) -> Value {
    let words = body.words.iter().map(|word| reader.value_of(&word.text, reader.place(word.span)));
    Value::list(words.collect(), reader.place(body.arguments))
}

fn commands(
    reader: &Reader<'_>,
    body: &Instruction,
    argv: &Value,
    entry: &Entry,
    site: &'static str,
    pipefail: bool,
) -> Vec<Item> {
    let stage = entry.stage.and_then(|index| reader.stages.get(index));
    let variables = stage.map(|stage| &stage.variables);
    let lookup = |name: &str| variable(reader, variables.unwrap_or(&reader.globals), name, site == "run");
    let context = Context { site, pipefail, variables: Some(&lookup), holes: &reader.given, ..Context::default() };
    let source = &*reader.tree.source;
    if body.exec {
        return shell::argv_items(argv, Some(source), &context);
    }
    let text = body.arguments.text(source);
    if body.heredocs.is_empty() || site != "run" {
        let context = Context { continuation: Continuation::Dockerfile(reader.tree.escape), ..context };
        return shell::items(text, &Location::exact(reader.file, body.arguments.start, text), &context);
    }
    // A line of nothing else: the heredocs are the script.
    if text.split_whitespace().all(|word| word.starts_with("<<")) {
        let bodies = body.heredocs.iter().map(|heredoc| heredoc.body);
        return bodies.flat_map(|span| script(reader, span, &context)).collect();
    }
    // The heredocs are the shell's own.
    let span = Span::new(body.arguments.start, body.span.end);
    let text = span.text(source);
    let context = Context { continuation: Continuation::Dockerfile(reader.tree.escape), ..context };
    shell::items(text, &Location::exact(reader.file, span.start, text), &context)
}

/// A heredoc that is a script; one of another language has no commands.
fn script(reader: &Reader<'_>, span: Span, context: &Context<'_>) -> Vec<Item> {
    let text = span.text(&reader.tree.source);
    let interpreter = text.strip_prefix("#!").and_then(|rest| rest.lines().next());
    if interpreter.is_some_and(|line| {
        !line.split(['/', ' ']).any(|word| matches!(word.trim(), "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh"))
    }) {
        return Vec::new();
    }
    shell::items(text, &Location::exact(reader.file, span.start, text), context)
}

/// What a variable holds when the command runs: build arguments are gone when the container runs.
fn variable(reader: &Reader<'_>, variables: &Variables, name: &str, building: bool) -> Option<Value> {
    if let Some(Variable { text, place, .. }) = variables.env.iter().find(|variable| variable.name == name) {
        return Some(reader.value_of(text, *place));
    }
    let text = variables.arg(name).filter(|_| building)?;
    Some(reader.value_of(text, plimsoll_syntax::Place::NONE))
}
