//! Files: read through the workspace only. Paths are relative to the root module's directory.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::value::{Choice, How, Kind, Reason, Shape, Unknown};
use plimsoll_syntax::{FileId, Place, Span, Value};
use rustc_hash::FxHashMap;

use super::Needs::{All, Nothing};
use super::{Call, Function, Outcome, encoding, row};
use crate::declare::join;
use crate::evaluator::Cx;
use crate::expression::template_file;
use crate::lattice::{self, noun};
use crate::{FileRead, NoteKind};

pub(super) const TABLE: &[Function] = &[
    row("file", 1, 1, All, Shape::String, file),
    row("filebase64", 1, 1, All, Shape::String, |call| {
        with_text(call, |call, text| call.string(encoding::base64(text.as_bytes())))
    }),
    row("fileexists", 1, 1, All, Shape::Bool, fileexists),
    row("fileset", 2, 2, All, Shape::List, fileset),
    row("templatefile", 2, 2, Nothing, Shape::Any, templatefile),
    row("templatestring", 2, 2, Nothing, Shape::Any, templatestring),
    row("abspath", 1, 1, All, Shape::String, abspath),
    row("pathexpand", 1, 1, All, Shape::String, |call| {
        let path = call.text(0)?;
        // Whose home it will be is not known.
        if path.starts_with('~') { call.later() } else { call.string(path) }
    }),
    row("basename", 1, 1, All, Shape::String, |call| call.string(basename(&call.text(0)?))),
    row("dirname", 1, 1, All, Shape::String, |call| call.string(dirname(&call.text(0)?))),
];

/// How deep templates may render templates.
const MAX_TEMPLATES: u32 = 20;

/// Hands the text of the file that the first argument names to `work`.
pub(super) fn with_text(call: &Call<'_, '_>, work: fn(&Call<'_, '_>, &str) -> Outcome) -> Outcome {
    let path = call.text(0)?;
    match read(call, &path) {
        FileRead::Text(text, _) => work(call, &text),
        FileRead::Missing => Ok(refused(call, &format!("there is no file {path:?}"))),
        FileRead::Outside => Ok(refused(call, &format!("file {path:?} lies outside of the workspace"))),
    }
}

/// The text of a file, placed in that file.
fn file(call: &Call<'_, '_>) -> Outcome {
    let path = call.text(0)?;
    match read(call, &path) {
        FileRead::Text(text, file) => Ok(placed(call.string(&*text)?, whole(file, &text), call.place)),
        FileRead::Missing => Ok(refused(call, &format!("there is no file {path:?}"))),
        FileRead::Outside => Ok(refused(call, &format!("file {path:?} lies outside of the workspace"))),
    }
}

fn whole(file: FileId, text: &str) -> Place {
    Place::new(file, Span::of(0, text.len()))
}

/// A text as written in the file that a call reads; what is no text has places of its own.
fn placed(value: Value, place: Place, call: Place) -> Value {
    if !place.is_some() {
        return lattice::moved(&value, call);
    }
    let value = match &value.kind {
        Kind::String(_) | Kind::Template(_) => Value { place, ..value },
        Kind::Choice(choice) => {
            let arms = choice.arms.iter().map(|arm| placed(arm.clone(), place, call)).collect();
            Value { kind: Kind::Choice(Arc::new(Choice { arms, ..Choice::clone(choice) })), ..value }
        }
        _ => return value,
    };
    lattice::through(value, How::File, call)
}

fn read(call: &Call<'_, '_>, path: &str) -> FileRead {
    resolved(call, path).map_or(FileRead::Outside, |path| call.evaluator.workspace.read(&path))
}

/// The path from the workspace; `None`: it lies outside.
fn resolved(call: &Call<'_, '_>, path: &str) -> Option<String> {
    if path.starts_with(['/', '~', '\\']) || path.get(1..2) == Some(":") {
        return None;
    }
    join(&call.evaluator.root_dir(), path)
}

fn refused(call: &Call<'_, '_>, message: &str) -> Value {
    let unknown = Unknown { not_null: true, ..Unknown::new(Reason::File, call.source()).shaped(call.shape) };
    call.evaluator.fault(call.place, NoteKind::File, message, unknown)
}

fn fileexists(call: &Call<'_, '_>) -> Outcome {
    let path = call.text(0)?;
    if path.is_empty() {
        return Err("a path is required".to_owned());
    }
    match read(call, &path) {
        FileRead::Text(..) => call.truth(true),
        FileRead::Missing => call.truth(false),
        FileRead::Outside => Ok(refused(call, &format!("file {path:?} lies outside of the workspace"))),
    }
}

fn templatefile(call: &Call<'_, '_>) -> Outcome {
    let Some(path) = call.given_text(0)? else { return call.lacking(0) };
    match read(call, &path) {
        FileRead::Text(text, file) => rendered(call, &text, file),
        FileRead::Missing => Ok(refused(call, &format!("there is no file {path:?}"))),
        FileRead::Outside => Ok(refused(call, &format!("file {path:?} lies outside of the workspace"))),
    }
}

fn templatestring(call: &Call<'_, '_>) -> Outcome {
    match call.given_text(0)? {
        Some(text) => rendered(call, &text, FileId::NONE),
        None => call.lacking(0),
    }
}

/// Evaluates a template with the entries of the second argument as its only names.
fn rendered(call: &Call<'_, '_>, text: &str, read: FileId) -> Outcome {
    let vars = call.arg(1);
    let (names, open): (Vec<(&CompactString, &Value)>, _) = match &vars.kind {
        Kind::Map(map) => (map.entries.iter().map(|entry| (&entry.key, &entry.value)).collect(), map.tail.as_ref()),
        Kind::Unknown(unknown) if matches!(unknown.shape, Shape::Any | Shape::Map) => (Vec::new(), Some(unknown)),
        _ => return Err(format!("the variables must be an object, not {}", noun(vars))),
    };
    let file = template_file(text, read);
    if let Some(error) = file.tree.errors.first() {
        return Err(format!("the template cannot be read: {}", error.message));
    }
    let Some(attribute) = file.tree.body.attributes().next() else { return Err("the template cannot be read".to_owned()) };
    if let Some(wrong) = names.iter().find(|(name, _)| !is_identifier(name)) {
        return Err(format!("{:?} is no name of a variable", wrong.0));
    }
    let names: FxHashMap<CompactString, Value> = names
        .into_iter()
        .map(|(name, value)| {
            let mut value = value.clone();
            value.sensitive |= vars.sensitive;
            (name.clone(), value)
        })
        .collect();
    let nested = call.evaluator.templates.get();
    if nested >= MAX_TEMPLATES {
        return Err("templates render templates too deep here".to_owned());
    }
    call.evaluator.templates.set(nested + 1);
    let cx = Cx { isolated: true, names: Some(&names), open, ..Cx::new(call.cx.at, &file) };
    let value = call.evaluator.deeper(call.place, || call.evaluator.template_text(&cx, attribute.expr));
    call.evaluator.templates.set(nested);
    // Places inside of a template that is no file are not places of any file that is shown.
    Ok(placed(value, whole(read, text), call.place))
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

fn abspath(call: &Call<'_, '_>) -> Outcome {
    let path = call.text(0)?;
    if path.starts_with('/') { call.string(cleaned(&path)) } else { call.later() }
}

/// The path without `.`, `..` and doubled slashes.
fn cleaned(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            name => parts.push(name),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

fn basename(path: &str) -> CompactString {
    match path.trim_end_matches('/') {
        "" if path.is_empty() => ".".into(),
        "" => "/".into(),
        trimmed => trimmed.rsplit('/').next().unwrap_or(trimmed).into(),
    }
}

fn dirname(path: &str) -> String {
    path.rfind('/').map_or_else(|| ".".to_owned(), |end| cleaned(&path[..=end]))
}

fn fileset(call: &Call<'_, '_>) -> Outcome {
    let (dir, pattern) = (call.text(0)?, call.text(1)?);
    let Some(base) = resolved(call, &dir) else {
        return Ok(refused(call, &format!("directory {dir:?} lies outside of the workspace")));
    };
    let Some(files) = call.evaluator.workspace.files(&base) else { return call.later() };
    let glob = regex::Regex::new(&glob_pattern(&pattern)).map_err(|_| format!("{pattern:?} is no pattern"))?;
    let found = files.iter().filter(|file| glob.is_match(file)).map(|file| Value::string(format_compact!("{file}"), call.place));
    Ok(lattice::set(found.collect(), None, call.place))
}

/// A pattern of files as a regular expression: `*`, `**`, `?`, `[a-z]`, `{a,b}`.
fn glob_pattern(glob: &str) -> String {
    let mut out = String::from("^");
    let (mut rest, mut braces) = (glob, 0_u32);
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            '*' if rest.starts_with("**/") => {
                out.push_str("(?:.*/)?");
                taken = 3;
            }
            '*' if rest.starts_with("**") => {
                out.push_str(".*");
                taken = 2;
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '{' => {
                braces += 1;
                out.push_str("(?:");
            }
            '}' if braces > 0 => {
                braces -= 1;
                out.push(')');
            }
            ',' if braces > 0 => out.push('|'),
            '[' => {
                // Without an end it stays a set without an end, which is no pattern.
                let Some(end) = rest.find(']') else { return "[".to_owned() };
                out.push_str(&rest[..end].replace("[!", "[^"));
                out.push(']');
                taken = end + 1;
            }
            _ => out.push_str(&regex::escape(&rest[..taken])),
        }
        rest = &rest[taken..];
    }
    out.push('$');
    out
}
