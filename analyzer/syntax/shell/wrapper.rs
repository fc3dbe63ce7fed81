//! Programs that run the command after them, and shells that run a script.

use super::tree::{Command, Word};

/// Programs that run the command after them, and their flags that take a word.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("sudo", &["-u", "-g", "-h", "-p", "-C"]),
    ("env", &["-u", "-C", "-S"]),
    ("exec", &["-a"]),
    ("nohup", &[]),
    ("time", &["-f", "-o"]),
    ("xargs", &["-n", "-I", "-P", "-L", "-d", "-a", "-E", "-s"]),
    ("timeout", &["-k", "-s"]),
    ("nice", &["-n"]),
    ("command", &[]),
    ("builtin", &[]),
    ("doas", &["-u"]),
    ("gosu", &[]),
    ("chroot", &[]),
    ("stdbuf", &["-i", "-o", "-e"]),
];

/// The command that `sudo`, `env` and their like run.
pub(super) fn unwrapped(command: &Command) -> Option<Command> {
    let program = command.argv.first()?.text()?;
    let base = program.rsplit('/').next()?;
    let (_, with_value) = WRAPPERS.iter().find(|row| row.0 == base)?;
    let mut at = 1;
    if matches!(base, "gosu" | "chroot" | "timeout") {
        at += 1;
    }
    while let Some(word) = command.argv.get(at) {
        let text = word.text().unwrap_or_default();
        // `command -v a` asks where it is.
        if base == "command" && matches!(text, "-v" | "-V") {
            return None;
        }
        if with_value.contains(&text) {
            at += 2;
        } else if text.starts_with('-') || (base == "env" && text.contains('=')) {
            at += 1;
        } else {
            break;
        }
    }
    let argv = command.argv.get(at..).filter(|rest| !rest.is_empty())?.to_vec();
    Some(Command {
        argv,
        span: command.span,
        assignments: Vec::new(),
        redirects: command.redirects.clone(),
        documents: command.documents.clone(),
        pipeline: command.pipeline,
        position: command.position,
        conditional: command.conditional,
    })
}

/// What a shell is told to run.
pub(super) enum Told<'c> {
    /// `sh -c WORD`
    Word(&'c Word),
    /// What comes in: `sh`, `bash -s`.
    Input,
}

/// What a command that starts a shell runs; `None`: it starts none, or one that reads a file.
pub(super) fn told(command: &Command) -> Option<Told<'_>> {
    let program = command.argv.first().and_then(Word::text)?;
    let base = program.rsplit('/').next()?;
    if !matches!(base, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "su") {
        return None;
    }
    let is_flag = |word: &Word, letter: char| {
        word.text().is_some_and(|text| text.starts_with('-') && !text.starts_with("--") && text.ends_with(letter))
    };
    if let Some(flag) = command.argv.iter().position(|word| is_flag(word, 'c')) {
        return command.argv.get(flag + 1).map(Told::Word);
    }
    let operands = || command.argv.iter().skip(1).any(|word| !word.text().is_some_and(|text| text.starts_with(['-', '+'])));
    let input = command.argv.iter().any(|word| is_flag(word, 's')) || !operands();
    (input && base != "su").then_some(Told::Input)
}
