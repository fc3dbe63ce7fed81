//! Fixes as edits of a text: what a rule wants otherwise, in the syntax of the file.

mod apply;
mod docker;
mod hcl;
mod yaml;

use plimsoll_rule_language::condition::Literal;
use plimsoll_syntax::{Place, Span};

use crate::db::{Database, SourceFile};
use crate::eval::{Change, RawFix};
use crate::file;
use crate::kind::FileKind;

pub use apply::{apply, diff};

/// A replacement in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ByteEdit {
    /// What is replaced; empty to insert.
    pub(crate) span: Span,
    /// By what.
    pub(crate) text: String,
}

impl ByteEdit {
    fn insert(at: u32, text: String) -> Self {
        Self { span: Span::new(at, at), text }
    }
}

/// The edits of a fix in a file, in order; `None`: it cannot be written there.
pub(crate) fn lower(db: &Database, fix: &RawFix, file: SourceFile) -> Option<Vec<ByteEdit>> {
    let id = file.id(db);
    let kind = file.content(db).kind?;
    let text = &*file.content(db).text;
    let mut edits: Vec<ByteEdit> = Vec::new();
    for change in &fix.changes {
        if place(change).file != id {
            return None;
        }
        edits.push(one(db, change, file, kind, text)?);
    }
    if text.contains("\r\n") {
        edits.iter_mut().for_each(|edit| edit.text = edit.text.replace('\n', "\r\n"));
    }
    edits.sort_by_key(|edit| edit.span);
    let apart = edits
        .windows(2)
        .all(|pair| pair[0].span.end < pair[1].span.start || pair[0].span.end == pair[1].span.start && !pair[1].span.is_empty());
    apart.then_some(edits)
}

fn one(db: &Database, change: &Change, file: SourceFile, kind: FileKind, text: &str) -> Option<ByteEdit> {
    match change {
        Change::InsertWords { after, written, words } => docker::insert_words(text, after.span, written, words),
        Change::RemoveWord { place, written } => docker::remove_word(text, place.span, written),
        Change::AppendCommand { inside, command } if kind == FileKind::Dockerfile => {
            docker::append_command(&file::dockerfile_tree(db, file), inside.span, command)
        }
        Change::Keyword { inside, keyword } if kind == FileKind::Dockerfile => {
            docker::keyword(&file::dockerfile_tree(db, file), inside.span, keyword)
        }
        Change::Instruction { stage, keyword, arguments } if kind == FileKind::Dockerfile => {
            docker::instruction(&file::dockerfile_tree(db, file), stage.span, keyword, arguments)
        }
        change => match kind {
            FileKind::Terraform | FileKind::Packer => hcl::edit(&file::hcl_tree(db, file), change),
            FileKind::Compose | FileKind::Kubernetes | FileKind::Daemon => yaml::edit(&file::yaml_tree(db, file), kind, change),
            _ => replaced(text, change),
        },
    }
}

/// A place in the file that a change is about.
fn place(change: &Change) -> Place {
    match change {
        Change::Replace { place, .. }
        | Change::Append { place, .. }
        | Change::RemoveWord { place, .. }
        | Change::Remove { place, .. } => *place,
        Change::RemoveElement { list, .. } => *list,
        Change::Insert { holder, .. } => holder.place,
        Change::InsertWords { after, .. } => *after,
        Change::AppendCommand { inside, .. } | Change::Keyword { inside, .. } => *inside,
        Change::Instruction { stage, .. } => *stage,
    }
}

/// A scalar that is written as itself becomes another.
fn replaced(text: &str, change: &Change) -> Option<ByteEdit> {
    let Change::Replace { place, written, literal } = change else { return None };
    let here = place.span.text(text);
    (here.trim_matches(['"', '\'']) == written).then(|| ByteEdit { span: place.span, text: literal.to_string() })
}

/// The line that an offset lies in, up to its first character that is no blank.
fn indentation(text: &str, at: u32) -> &str {
    let start = line_start(text, at);
    let line = text.get(start..).unwrap_or("");
    line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or("")
}

/// Where the line of an offset begins.
fn line_start(text: &str, at: u32) -> usize {
    text.get(..at as usize).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

/// Where the line of an offset ends, before its line end.
fn line_end(text: &str, at: u32) -> u32 {
    let rest = text.get(at as usize..).unwrap_or("");
    let end = rest.find('\n').map_or(rest.len(), |newline| if rest[..newline].ends_with('\r') { newline - 1 } else { newline });
    at + u32::try_from(end).unwrap_or(0)
}

fn is_scalar(literal: &Literal) -> bool {
    matches!(literal, Literal::Bool(_) | Literal::Number(_) | Literal::String(_))
}

#[cfg(test)]
mod tests;
