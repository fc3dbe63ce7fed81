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
    // Whether nothing but actions stands on the line before `at`, and the first thing after it that is no action: found once for
    // all the actions of a line, which may be many.
    let mut blank_before = true;
    let mut next_text = 0;
    while let Some(found) = source[at..].find("{{") {
        let start = at + found;
        let comment = source[start..].trim_start_matches(['{', '-', ' ']).starts_with("/*");
        let close = if comment {
            source[start..].find("*/").and_then(|end| source[start + end..].find("}}").map(|more| end + more))
        } else {
            source[start..].find("}}")
        };
        let Some(length) = close else { break };
        let end = start + length + 2;
        let action = source[start + 2..end - 2].trim_start_matches('-').trim_end_matches('-').trim();
        let word = action.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
        let assigns = action.starts_with('$') && action.contains(":=");
        let silent = comment || assigns || CONTROL.contains(&word);
        let gap = &source[at..start];
        blank_before = match gap.rfind('\n') {
            Some(newline) => gap[newline..].trim().is_empty(),
            None => blank_before && gap.trim().is_empty(),
        };
        if next_text < end {
            next_text = text_after(source, end);
        }
        let alone = blank_before && source.as_bytes().get(next_text).is_none_or(|byte| *byte == b'\n');
        if !silent || word == "template" {
            holes.push(Hole { span: Span::of(start, end), line: alone });
        }
        let filler = if silent || alone || source[start..end].contains('\n') { b' ' } else { b'_' };
        for byte in &mut bytes[start..end] {
            if *byte != b'\n' {
                *byte = filler;
            }
        }
        blank_before &= !source[start..end].contains('\n');
        at = end;
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|_| source.to_owned());
    (text, holes)
}

/// Where the first thing stands from `from` on that is neither white space nor an action of this line; the line's end where there is none.
fn text_after(source: &str, from: usize) -> usize {
    let line = source[from..].split('\n').next().unwrap_or("");
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        match rest.strip_prefix("{{").and_then(|action| action.find("}}").map(|close| &action[close + 2..])) {
            Some(after) => rest = after,
            None => return from + line.len() - rest.len(),
        }
    }
}
