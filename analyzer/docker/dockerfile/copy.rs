//! `COPY` and `ADD`.

use compact_str::CompactString;
use plimsoll_syntax::dockerfile::{Instruction, Word};
use plimsoll_syntax::value::{Reason, Shape, Unknown};
use plimsoll_syntax::{Place, Value};

use super::fields::user_value;
use super::read::{Entry, Reader};
use super::{base, from};
use crate::image;
use crate::shell::holes::{has_mark, is_mark};
use crate::values::{derived, map_of};

/// Ends of archives that `ADD` unpacks.
const ARCHIVES: &[&str] = &[
    ".tar",
    ".tar.gz",
    ".tgz",
    ".taz",
    ".tar.bz2",
    ".tb2",
    ".tbz",
    ".tbz2",
    ".tz2",
    ".tar.xz",
    ".txz",
    ".tar.lzma",
    ".tlz",
    ".tar.lz",
    ".tar.lzo",
    ".tar.z",
    ".tar.zst",
    ".tzst",
    ".gz",
    ".bz2",
    ".xz",
];

/// Where `--from` leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// An earlier stage.
    Stage(usize),
    /// The stage itself.
    Own,
    /// A later stage.
    Later,
    /// An image.
    Image,
    /// No stage, and a name that images rarely have: perhaps a named context.
    Unknown,
}

/// What the text behind `--from=` names, seen from a stage.
pub(super) fn origin(reader: &Reader<'_>, text: &str, stage: Option<usize>) -> Origin {
    let current = stage.unwrap_or(0);
    let name = text.to_lowercase();
    let named = |index: &usize| reader.aliases.get(*index).is_some_and(|alias| alias.as_deref() == Some(&*name));
    if let Some(index) = (0..current).rev().find(named) {
        return Origin::Stage(index);
    }
    if named(&current) {
        return Origin::Own;
    }
    if (current + 1..reader.aliases.len()).any(|index| named(&index)) {
        return Origin::Later;
    }
    match text.parse::<usize>() {
        Ok(index) if index < current => Origin::Stage(index),
        Ok(index) if index == current => Origin::Own,
        Ok(index) if index < reader.aliases.len() => Origin::Later,
        Ok(_) => Origin::Unknown,
        Err(_) if text.contains(['/', ':', '@']) || base::is_copied(text) => Origin::Image,
        Err(_) => Origin::Unknown,
    }
}

/// Reads the fields of `COPY` or `ADD`.
pub(super) fn read(reader: &mut Reader<'_>, instruction: &Instruction, entry: &mut Entry) {
    let place = reader.place(instruction.arguments);
    let mut has_from = false;
    let mut excluded = Vec::new();
    for flag in &instruction.flags {
        let flag_place = reader.place(flag.span);
        let word = flag.value.as_ref();
        let text = word.map(|word| reader.expand(&word.text, entry.stage, &mut entry.references)).unwrap_or_default();
        match flag.name.as_str() {
            "from" => {
                has_from = true;
                take(reader, &text, word.map_or(flag_place, |word| reader.place(word.span)), entry);
            }
            "chown" => entry.set("chown", user_value(reader, &text, flag_place)),
            "chmod" => entry.set("chmod", reader.value_of(&text, flag_place)),
            "link" | "parents" => {
                let field = if flag.name == "link" { "link" } else { "parents" };
                entry.set(field, Value::bool(text != "false", flag_place));
            }
            "checksum" => entry.set("checksum", reader.value_of(&text, flag_place)),
            "keep-git-dir" => {
                entry.set("keep_git_dir", reader.value_of(if text.is_empty() { "true" } else { &text }, flag_place))
            }
            "unpack" => entry.set("unpack", reader.value_of(if text.is_empty() { "true" } else { &text }, flag_place)),
            "exclude" => excluded.push(reader.value_of(&text, flag_place)),
            _ => {}
        }
    }
    entry.push("exclude", Value::list(excluded, place));
    let Some((destination, sources)) = instruction.words.split_last() else { return };
    let destination = reader.value(destination, instruction.exec, entry);
    entry.push("destination", destination);
    let sources = sources.iter().map(|word| source(reader, word, instruction.exec, has_from, entry)).collect();
    entry.push("sources", Value::list(sources, place));
}

/// `--from=`
fn take(reader: &mut Reader<'_>, text: &str, place: Place, entry: &mut Entry) {
    let reference = reader.value_of(text, place);
    if has_mark(text) {
        let kind = reference.clone();
        entry.set("from", derived([("kind", kind.clone()), ("name", kind.clone()), ("reference", kind)], place));
        return;
    }
    let origin = origin(reader, text, entry.stage);
    let kind = match origin {
        Origin::Stage(_) => "stage",
        Origin::Own => "self",
        Origin::Later => "later",
        Origin::Image => "image",
        Origin::Unknown => "unknown",
    };
    let mut map = map_of([("kind", Value::string(kind, place)), ("name", reference.clone()), ("reference", reference.clone())]);
    match origin {
        Origin::Stage(index) => {
            if let Some(stage) = reader.stages.get(index) {
                map.set("stage", Value::string(stage.name(index), place));
            }
            reader.takes_from(entry.stage, index);
        }
        Origin::Image => {
            if let Some(parts) = image::parts(&reference) {
                map.set("image", parts.clone());
                entry.parts.push(from::image_use(&reference, parts, "copy"));
            }
        }
        _ => {}
    }
    entry.set("from", Value::map(map, place));
}

fn source(reader: &mut Reader<'_>, word: &Word, exec: bool, has_from: bool, entry: &mut Entry) -> Value {
    let place = reader.place(word.span);
    let text: CompactString = reader.text(word, exec, entry);
    let heredoc = !exec && text.starts_with("<<");
    let remote = starts(&text, &["http://", "https://"]);
    let git = starts(&text, &["git@", "git://", "ssh://"])
        || (remote && text.split('#').next().is_some_and(|url| url.trim_end_matches('/').ends_with(".git")));
    let open = has_mark(&text);
    // A hole at the beginning may be a scheme, one at the end an extension.
    let fact = |known: bool, decided: bool| {
        if decided || known {
            return Value::bool(known, place);
        }
        let source = reader.value_of(&text, place).as_unknown().map(|unknown| unknown.source.clone());
        Value::unknown(Unknown::new(Reason::Unset, source.unwrap_or_else(|| word.text.clone())).shaped(Shape::Bool), place)
    };
    let opens = text.chars().next().is_some_and(is_mark);
    let closes = text.chars().next_back().is_some_and(is_mark);
    let lower = text.to_ascii_lowercase();
    let archive = !remote && !heredoc && ARCHIVES.iter().any(|end| lower.ends_with(end));
    let basename = text.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    let extension = basename.rfind('.').filter(|at| *at > 0).and_then(|at| basename.get(at + 1..));
    let whole = if has_from { text == "/" } else { matches!(text.as_str(), "." | "./" | "/" | "*" | "./*" | "/." | "/*") };
    let local = !has_from && !remote && !git && !heredoc && !open && !text.contains(['*', '?', '[']);
    let ignored = reader.ignore.filter(|_| local).and_then(|ignore| ignore.ignores(&text));
    derived(
        [
            ("path", reader.value_of(&text, place)),
            ("basename", reader.value_of(basename, place)),
            ("extension", extension.map(|text| reader.value_of(text, place)).unwrap_or_default()),
            ("remote", fact(remote || git, !opens)),
            ("git", fact(git, !open)),
            ("archive", fact(archive, !closes && !opens)),
            ("wildcard", fact(text.contains(['*', '?', '[']), !open)),
            ("heredoc", Value::bool(heredoc, place)),
            ("whole", fact(whole, !opens)),
            ("ignored", ignored.map(|ignored| Value::bool(ignored, place)).unwrap_or_default()),
        ],
        place,
    )
}

fn starts(text: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}
