//! What runs the shell form: what `SHELL` says, and what hadolint's comment says of the base image.

use plimsoll_syntax::dockerfile::Instruction;
use plimsoll_syntax::{Span, Value};

use super::read::{Entry, Reader};
use crate::shell::is_shell;

/// What runs the shell form.
#[derive(Clone, Debug)]
pub(super) struct Shell {
    /// As `SHELL` writes it; null: the default.
    pub(super) argv: Value,
    /// Its language is that of Unix shells.
    pub(super) unix: bool,
    pub(super) pipefail: bool,
}

impl Shell {
    /// What an image brings that says nothing of it.
    pub(super) fn of_image(unix: bool) -> Self {
        Self { argv: Value::default(), unix, pipefail: false }
    }

    /// `sh -c`, `/usr/bin/env bash -c`
    fn of_words(words: &[&str]) -> Self {
        let base = |word: &str| is_shell(word.rsplit(['/', '\\']).next().unwrap_or(""));
        let unix = words.iter().take(3).any(|word| base(word));
        let pipefail = words.iter().any(|word| word.split_whitespace().any(|part| part == "pipefail"));
        Self { argv: Value::default(), unix, pipefail }
    }
}

/// Reads a `SHELL`.
pub(super) fn read(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) {
    let values = instruction.words.iter().map(|word| Value::string(word.text.clone(), reader.place(word.span)));
    let argv = Value::list(values.collect(), reader.place(instruction.arguments));
    entry.push("argv", argv.clone());
    let words: Vec<&str> = instruction.words.iter().map(|word| &*word.text).collect();
    if let Some(stage) = entry.stage.and_then(|index| reader.stages.get_mut(index)).filter(|_| !entry.is_trigger()) {
        stage.shell = Shell { argv, ..Shell::of_words(&words) };
    }
}

/// Follows `# hadolint shell=…` between two instructions. Above the first `FROM` it is about every stage, else about the rest of its own.
pub(super) fn declare(reader: &mut Reader<'_>, between: Span) {
    let source = &reader.tree.source;
    let inside = reader.tree.comments.iter().filter(|comment| between.contains(**comment));
    let Some(declared) = inside.filter_map(|comment| declared(comment.text(source))).next_back() else { return };
    match reader.stages.last_mut() {
        Some(stage) => stage.shell = Shell { argv: stage.shell.argv.clone(), ..declared },
        None => reader.shell = Some(declared),
    }
}

/// The shell of a comment, as hadolint reads it.
///
/// Source: hadolint, README, "Inline ignores" and "Shell".
fn declared(comment: &str) -> Option<Shell> {
    let rest = comment.strip_prefix('#')?.trim_start().strip_prefix("hadolint")?;
    let value = rest.trim_start().strip_prefix("shell")?.trim_start().strip_prefix('=')?;
    let words: Vec<&str> = value.split(';').next()?.split_whitespace().collect();
    (rest.starts_with(char::is_whitespace) && !words.is_empty()).then(|| Shell::of_words(&words))
}
