//! The parser, after BuildKit's own (`frontend/dockerfile/parser`): physical lines are joined into logical ones, and each logical
//! line is one instruction. What is wrong with an instruction is an error, and the next one is read as if nothing had happened.

mod line;
mod words;

use std::sync::Arc;

use compact_str::{CompactString, format_compact};

use super::tree::{Flag, Heredoc, Instruction, Tree, Word};
use crate::text::{BOM, Span, SyntaxError};
use line::{Line, Lines};

/// How the arguments of an instruction are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A command: shell, or a JSON array.
    Command,
    /// Words, or a JSON array.
    List,
    /// Words.
    Words,
    /// `name=value` words, or `name value`.
    Pairs,
    /// `name`, `name=value`
    Arguments,
    /// One string to the end of the line.
    Text,
    /// Another instruction.
    Trigger,
    /// `NONE`, or `CMD` with a command.
    Health,
}

/// Every instruction: its form, and how many words it must and may have.
const INSTRUCTIONS: &[(&str, Form, usize, usize)] = &[
    ("ADD", Form::List, 2, usize::MAX),
    ("ARG", Form::Arguments, 1, usize::MAX),
    ("CMD", Form::Command, 0, usize::MAX),
    ("COPY", Form::List, 2, usize::MAX),
    ("ENTRYPOINT", Form::Command, 0, usize::MAX),
    ("ENV", Form::Pairs, 1, usize::MAX),
    ("EXPOSE", Form::Words, 1, usize::MAX),
    ("FROM", Form::Words, 1, 3),
    ("HEALTHCHECK", Form::Health, 0, usize::MAX),
    ("LABEL", Form::Pairs, 1, usize::MAX),
    ("MAINTAINER", Form::Text, 1, 1),
    ("ONBUILD", Form::Trigger, 0, usize::MAX),
    ("RUN", Form::Command, 0, usize::MAX),
    ("SHELL", Form::List, 1, usize::MAX),
    ("STOPSIGNAL", Form::Text, 1, 1),
    ("USER", Form::Text, 1, 1),
    ("VOLUME", Form::List, 1, usize::MAX),
    ("WORKDIR", Form::Text, 1, 1),
];

/// The flags of each instruction that has some.
const FLAGS: &[(&str, &[&str])] = &[
    ("ADD", &["keep-git-dir", "checksum", "chown", "chmod", "link", "exclude", "unpack"]),
    ("COPY", &["from", "chown", "chmod", "link", "parents", "exclude"]),
    ("FROM", &["platform"]),
    ("HEALTHCHECK", &["interval", "timeout", "start-period", "start-interval", "retries"]),
    ("RUN", &["mount", "network", "security", "device"]),
];

/// Instructions whose heredocs are read.
const WITH_HEREDOCS: &[&str] = &["ADD", "COPY", "RUN"];

/// Reads a Dockerfile.
#[must_use]
pub fn parse(source: &Arc<str>) -> Tree {
    let mut tree = Tree {
        source: source.clone(),
        directives: Vec::new(),
        escape: '\\',
        instructions: Vec::new(),
        comments: Vec::new(),
        errors: Vec::new(),
        refused: Vec::new(),
    };
    let text: &str = source;
    let start = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
    directives(&mut tree, text, start);
    let mut lines = Lines::new(text, start, tree.escape);
    while let Some(line) = lines.next_logical(&mut tree.comments) {
        let mut found = Faults { errors: &mut tree.errors, refused: &mut tree.refused };
        let mut instruction = instruction(&line, tree.escape, &mut found);
        heredocs(&mut instruction, &line, &mut lines, &mut tree.errors);
        tree.instructions.push(instruction);
    }
    if tree.instructions.is_empty() && tree.errors.is_empty() && !text.trim().is_empty() {
        tree.errors.push(SyntaxError::new(Span::of(start, start), "there is no instruction in this file"));
    }
    if let Some(first) = tree.instructions.iter().find(|instruction| instruction.keyword != "ARG")
        && first.keyword != "FROM"
        && INSTRUCTIONS.iter().any(|row| row.0 == first.keyword)
    {
        tree.refused
            .push(SyntaxError::new(first.keyword_span, "no build stage begins before this instruction: a `FROM` is missing"));
    }
    tree.errors.sort_by_key(|error| error.span.start);
    tree.refused.sort_by_key(|error| error.span.start);
    tree
}

/// Where faults go.
struct Faults<'a> {
    errors: &'a mut Vec<SyntaxError>,
    refused: &'a mut Vec<SyntaxError>,
}

/// `# name=value` lines at the very top.
fn directives(tree: &mut Tree, text: &str, start: usize) {
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        let content = line.trim();
        let Some((name, value)) = content.strip_prefix('#').and_then(|comment| comment.split_once('=')) else { return };
        let name = name.trim().to_ascii_lowercase();
        if name.is_empty()
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric())
            || !matches!(name.as_str(), "syntax" | "escape" | "check")
        {
            return;
        }
        let value_at = at + line.find('=').unwrap_or(0) + 1;
        let lead = text[value_at..].len() - text[value_at..].trim_start_matches([' ', '\t']).len();
        let value = value.trim();
        let span = Span::of(value_at + lead, value_at + lead + value.len());
        if tree.directives.iter().any(|known| known.0 == name) {
            tree.errors.push(SyntaxError::new(span, format_compact!("the directive `{name}` is given twice")));
        } else if name == "escape" {
            match value {
                "\\" => {}
                "`" => tree.escape = '`',
                _ => tree.errors.push(SyntaxError::new(span, "the escape character is `\\` or `` ` ``")),
            }
        }
        tree.directives.push((name.into(), Word { text: value.into(), span }));
        at += line.len();
    }
}

/// The instruction of a logical line.
fn instruction(line: &Line, escape: char, faults: &mut Faults<'_>) -> Instruction {
    let text = line.text.as_str();
    let keyword_end = text.find(char::is_whitespace).unwrap_or(text.len());
    let keyword: CompactString = text[..keyword_end].to_ascii_uppercase().into();
    let keyword_span = line.span(0, keyword_end);
    let Some(&(_, form, least, most)) = INSTRUCTIONS.iter().find(|row| row.0 == keyword) else {
        let near =
            INSTRUCTIONS.iter().find(|row| keyword.len() > 2 && keyword.get(..3).is_some_and(|start| row.0.starts_with(start)));
        let hint = near.map_or_else(String::new, |row| format!("; did you mean `{}`?", row.0));
        faults
            .refused
            .push(SyntaxError::new(keyword_span, format_compact!("`{}` is not an instruction{hint}", &text[..keyword_end])));
        return Instruction {
            keyword,
            keyword_span,
            span: line.span(0, text.trim_end().len()),
            flags: Vec::new(),
            arguments: keyword_span,
            words: Vec::new(),
            exec: false,
            heredocs: Vec::new(),
            inner: None,
        };
    };
    let mut at = keyword_end;
    let flags = words::flags(line, &mut at, escape);
    let rest_start = at + (text[at..].len() - text[at..].trim_start().len());
    let rest_end = rest_start + text[rest_start..].trim_end().len();
    let mut out = Instruction {
        keyword: keyword.clone(),
        keyword_span,
        span: line.span(0, rest_end.max(keyword_end)),
        flags,
        arguments: if rest_start < rest_end {
            line.span(rest_start, rest_end)
        } else {
            Span::at(line.span(0, text.trim_end().len()).end)
        },
        words: Vec::new(),
        exec: false,
        heredocs: Vec::new(),
        inner: None,
    };
    let rest = line.part(rest_start, rest_end);
    let json = if matches!(form, Form::Command | Form::List) { words::json(&rest) } else { None };
    match (form, json) {
        (_, Some(Ok(words))) => {
            out.exec = true;
            out.words = words;
        }
        (_, Some(Err(()))) => {
            faults.errors.push(SyntaxError::new(out.arguments, "a JSON array here holds strings alone"));
            return out;
        }
        (Form::Command, None) => {
            if rest.text.is_empty() && keyword != "CMD" && keyword != "ENTRYPOINT" {
                faults.refused.push(SyntaxError::new(keyword_span, format_compact!("`{keyword}` has no command")));
            }
        }
        (Form::List, None) if keyword == "SHELL" => {
            faults.refused.push(SyntaxError::new(out.span, "`SHELL` takes a JSON array"));
        }
        (Form::List | Form::Words, None) => out.words = words::plain(&rest),
        (Form::Pairs, None) => match words::pairs(&rest, escape) {
            Ok(words) => out.words = words,
            Err(message) => faults.errors.push(SyntaxError::new(out.span, message)),
        },
        (Form::Arguments, None) => out.words = words::shell_words(&rest, escape),
        (Form::Text, None) => {
            if !rest.text.is_empty() {
                out.words = vec![Word { text: words::unquoted(&rest.text, escape), span: out.arguments }];
            }
        }
        (Form::Trigger, None) => trigger(&mut out, &rest, escape, faults),
        (Form::Health, None) => health(&mut out, &rest, escape, faults),
    }
    let count = out.words.len();
    let counted = !matches!(form, Form::Command | Form::Trigger | Form::Health)
        && faults.errors.last().is_none_or(|last| last.span != out.span);
    if counted && (count < least || count > most || (keyword == "FROM" && count == 2)) {
        let wanted = match (keyword.as_str(), least) {
            ("FROM", _) => "an image, and perhaps `AS name`".to_owned(),
            (_, 1) if most == 1 => "one argument".to_owned(),
            (_, 1) => "at least one argument".to_owned(),
            (_, least) => format!("at least {least} arguments"),
        };
        faults.refused.push(SyntaxError::new(out.span, format_compact!("`{keyword}` takes {wanted}")));
    } else if keyword == "FROM" && count == 3 && !out.words[1].text.eq_ignore_ascii_case("as") {
        faults.refused.push(SyntaxError::new(out.words[1].span, "expected `AS` and the name of the stage"));
    } else if let ("FROM", Some(name)) = (keyword.as_str(), out.words.get(2))
        && !is_stage_name(&name.text)
    {
        faults.refused.push(SyntaxError::new(
            name.span,
            "the name of a stage begins with a letter and has letters, digits, `-`, `_` and `.`",
        ));
    }
    let known = FLAGS.iter().find(|row| row.0 == keyword).map_or(&[][..], |row| row.1);
    for flag in &out.flags {
        if !known.contains(&flag.name.as_str()) {
            faults.refused.push(SyntaxError::new(flag.span, format_compact!("`{keyword}` has no flag `--{}`", flag.name)));
        }
        let mount = flag.value.as_ref().filter(|_| flag.name == "mount").map_or("", |value| value.text.as_str());
        if mount.split(',').any(|part| part.strip_prefix("from=").is_some_and(|from| from.contains('$'))) {
            faults
                .refused
                .push(SyntaxError::new(flag.span, "`from` of a mount takes no variable: give the image a stage of its own"));
        }
    }
    out
}

fn is_stage_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn trigger(out: &mut Instruction, rest: &Line, escape: char, faults: &mut Faults<'_>) {
    if rest.text.is_empty() {
        faults.refused.push(SyntaxError::new(out.keyword_span, "`ONBUILD` takes an instruction"));
        return;
    }
    // What `ONBUILD` may not hold is not read as an instruction: it would nest as deep as the line is long.
    let word = rest.text.split_whitespace().next().unwrap_or("");
    if word.eq_ignore_ascii_case("ONBUILD") {
        faults.refused.push(SyntaxError::new(rest.span(0, word.len()), "`ONBUILD` is not allowed in `ONBUILD`"));
        return;
    }
    let inner = instruction(rest, escape, faults);
    if matches!(inner.keyword.as_str(), "FROM" | "MAINTAINER") {
        faults
            .refused
            .push(SyntaxError::new(inner.keyword_span, format_compact!("`{}` is not allowed in `ONBUILD`", inner.keyword)));
    }
    out.inner = Some(Box::new(inner));
}

fn health(out: &mut Instruction, rest: &Line, escape: char, faults: &mut Faults<'_>) {
    let word = rest.text.split_whitespace().next().unwrap_or("");
    match word.to_ascii_uppercase().as_str() {
        "NONE" => out.words = vec![Word { text: "NONE".into(), span: rest.span(0, word.len()) }],
        "CMD" => {
            let inner = instruction(rest, escape, faults);
            let empty = inner.arguments.is_empty();
            out.inner = Some(Box::new(inner));
            if empty {
                faults.refused.push(SyntaxError::new(out.span, "`HEALTHCHECK CMD` has no command"));
            }
        }
        "" => faults.refused.push(SyntaxError::new(out.keyword_span, "`HEALTHCHECK` takes `NONE` or `CMD` with a command")),
        _ => {
            faults.refused.push(SyntaxError::new(rest.span(0, word.len()), "`HEALTHCHECK` takes `NONE` or `CMD` with a command"))
        }
    }
}

/// Reads the bodies of the heredocs that the logical line opens.
fn heredocs(out: &mut Instruction, line: &Line, lines: &mut Lines<'_>, errors: &mut Vec<SyntaxError>) {
    let keyword = out.inner.as_ref().filter(|_| out.keyword == "ONBUILD").map_or(&out.keyword, |inner| &inner.keyword);
    if !WITH_HEREDOCS.contains(&keyword.as_str()) || !line.text.contains("<<") || out.exec {
        return;
    }
    for (delimiter, expand, chomp) in words::heredoc_markers(&line.text) {
        match lines.heredoc(&delimiter, chomp) {
            Ok((body, end)) => {
                out.span.end = end;
                out.heredocs.push(Heredoc { delimiter, body, expand });
            }
            Err(end) => {
                out.span.end = end;
                errors.push(SyntaxError::new(
                    out.keyword_span,
                    format_compact!("this heredoc is never closed: expected a line `{delimiter}`"),
                ));
            }
        }
    }
}

/// A flag of an instruction.
fn flag(name: &str, value: Option<Word>, span: Span) -> Flag {
    Flag { name: name.into(), value, span }
}

#[cfg(test)]
mod tests;
