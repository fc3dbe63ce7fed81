//! Edits of Dockerfiles and of shell commands.

use plimsoll_syntax::Span;
use plimsoll_syntax::dockerfile::{Instruction, Tree};

use super::{ByteEdit, indentation, line_end, line_start};

/// ` -y` behind a word, or `, "-y"` behind an element of the exec form.
pub(super) fn insert_words(text: &str, after: Span, written: &str, words: &[String]) -> Option<ByteEdit> {
    let here = after.text(text);
    if here.trim_matches('"') != written {
        return None;
    }
    let behind = text.get(after.end as usize..)?;
    let closing = behind.strip_prefix('"').filter(|rest| rest.trim_start().starts_with([',', ']']));
    let is_element = here.starts_with('"') || closing.is_some();
    let added: String = words.iter().map(|word| if is_element { format!(", \"{word}\"") } else { format!(" {word}") }).collect();
    Some(ByteEdit::insert(after.end + u32::from(closing.is_some()), added))
}

/// A word with the blanks before it.
pub(super) fn remove_word(text: &str, word: Span, written: &str) -> Option<ByteEdit> {
    if word.text(text) != written {
        return None;
    }
    let before = text.get(..word.start as usize)?;
    let blanks = before.len() - before.trim_end_matches([' ', '\t']).len();
    // A word at the beginning of a line leaves the line's end alone.
    (blanks > 0 && !before.trim_end_matches([' ', '\t']).ends_with('\n')).then_some(())?;
    let start = word.start - u32::try_from(blanks).ok()?;
    Some(ByteEdit { span: Span::new(start, word.end), text: String::new() })
}

/// ` && command` at the end of a shell form.
pub(super) fn append_command(tree: &Tree, inside: Span, command: &str) -> Option<ByteEdit> {
    let instruction = at(tree, inside)?;
    let body = instruction.arguments.text(&tree.source).trim_end();
    if instruction.keyword != "RUN"
        || instruction.exec
        || !instruction.heredocs.is_empty()
        || body.is_empty()
        || body.ends_with([';', '&', '|', tree.escape])
    {
        return None;
    }
    let end = instruction.arguments.start + u32::try_from(body.len()).ok()?;
    let last = indentation(&tree.source, end);
    let inner = if last.is_empty() { "    " } else { last };
    let text = if body.contains('\n') { format!(" {}\n{inner}&& {command}", tree.escape) } else { format!(" && {command}") };
    Some(ByteEdit::insert(end, text))
}

/// Another keyword, in the case of the one that is written.
pub(super) fn keyword(tree: &Tree, inside: Span, keyword: &str) -> Option<ByteEdit> {
    let instruction = at(tree, inside)?;
    let written = instruction.keyword_span.text(&tree.source);
    let text =
        if written.chars().all(|letter| letter.is_ascii_lowercase()) { keyword.to_ascii_lowercase() } else { keyword.to_owned() };
    Some(ByteEdit { span: instruction.keyword_span, text })
}

/// What only says how a container starts: what stands before it holds for it.
const START: &[&str] = &["CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "EXPOSE", "LABEL"];

/// An instruction before those that say how a stage starts; or another argument for the last one of that keyword.
pub(super) fn instruction(tree: &Tree, stage: Span, keyword: &str, arguments: &str) -> Option<ByteEdit> {
    let from = tree.instructions.iter().position(|known| known.span.contains(stage) && known.keyword == "FROM")?;
    let body: Vec<&Instruction> = tree.instructions.iter().skip(from + 1).take_while(|known| known.keyword != "FROM").collect();
    let is_start = |known: &&&Instruction| START.contains(&known.keyword.as_str());
    let first = body.len() - body.iter().rev().take_while(is_start).count();
    if let Some(known) = body.iter().rev().take(body.len() - first + 1).find(|known| known.keyword == keyword) {
        return Some(ByteEdit { span: known.arguments, text: arguments.to_owned() });
    }
    let line = format!("{keyword} {arguments}\n");
    match body.get(first) {
        Some(next) => {
            // What says something about the instruction stays with it.
            let mut start = line_start(&tree.source, next.span.start);
            while let Some(before) = start.checked_sub(1).and_then(|end| tree.source.get(..end)) {
                let above = before.rfind('\n').map_or(0, |newline| newline + 1);
                if !before.get(above..)?.trim_start().starts_with('#') {
                    break;
                }
                start = above;
            }
            Some(ByteEdit::insert(u32::try_from(start).ok()?, line))
        }
        None => {
            let last = body.last().copied().or_else(|| tree.instructions.get(from))?;
            let end = line_end(&tree.source, last.span.end);
            Some(ByteEdit::insert(end, format!("\n{}", line.trim_end())))
        }
    }
}

/// The instruction at a place, also that of an ONBUILD.
fn at(tree: &Tree, place: Span) -> Option<&Instruction> {
    let outer = tree.instructions.iter().find(|known| known.span.start <= place.start && place.start < known.span.end)?;
    match outer.inner.as_deref() {
        Some(inner) if inner.span.start <= place.start && outer.keyword == "ONBUILD" => Some(inner),
        _ => Some(outer),
    }
}
