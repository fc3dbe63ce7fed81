//! Go templates that were not rendered: their actions are overwritten, so that the YAML around them can be read.

use super::tree::Hole;
use crate::text::Span;

/// The words that begin an action which puts nothing into the text itself.
const CONTROL: &[&str] = &["if", "else", "end", "range", "with", "define", "block", "template", "break", "continue"];

/// The text with its actions overwritten, byte for byte: spaces where an action is alone on its line or only controls, a plain word
/// elsewhere. The holes are the actions that put something into the text.
pub(super) fn masked(source: &str) -> (String, Vec<Hole>) {
    let mut bytes = source.as_bytes().to_vec();
    let mut holes = Vec::new();
    let mut at = 0;
    while let Some(found) = source[at..].find("{{") {
        let start = at + found;
        let comment = source[start..].trim_start_matches(['{', '-', ' ']).starts_with("/*");
        let close = if comment { source[start..].find("*/").and_then(|end| source[start + end..].find("}}").map(|more| end + more)) } else { source[start..].find("}}") };
        let Some(length) = close else { break };
        let end = start + length + 2;
        let action = source[start + 2..end - 2].trim_start_matches('-').trim_end_matches('-').trim();
        let word = action.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
        let assigns = action.starts_with('$') && action.contains(":=");
        let silent = comment || assigns || CONTROL.contains(&word);
        let alone = alone_on_line(source, start, end);
        if !silent || word == "template" {
            holes.push(Hole { span: Span::of(start, end), line: alone });
        }
        let filler = if silent || alone || source[start..end].contains('\n') { b' ' } else { b'_' };
        for byte in &mut bytes[start..end] {
            if *byte != b'\n' {
                *byte = filler;
            }
        }
        at = end;
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|_| source.to_owned());
    (text, holes)
}

/// Nothing but actions stands on the lines from `start` to `end`.
fn alone_on_line(source: &str, start: usize, end: usize) -> bool {
    let line_start = source[..start].rfind('\n').map_or(0, |found| found + 1);
    let line_end = source[end..].find('\n').map_or(source.len(), |found| end + found);
    let blank = |text: &str| {
        let mut rest = text;
        while let Some(open) = rest.find("{{") {
            if !rest[..open].trim().is_empty() {
                return false;
            }
            match rest[open..].find("}}") {
                Some(close) => rest = &rest[open + close + 2..],
                None => return false,
            }
        }
        rest.trim().is_empty()
    };
    blank(&source[line_start..start]) && blank(&source[end..line_end])
}
