//! Places on very long lines, such as those of minified JSON: only what is near is shown.

use std::io::{self, Write};

use camino::Utf8Path;
use miette::LabeledSpan;
use plimsoll_engine::Text;
use plimsoll_syntax::Span;

/// Bytes of a line from which on it is cut.
const LONG: u32 = 400;

/// Characters before the place, and from its start on.
const BEFORE: usize = 40;
const AFTER: usize = 60;

/// Whether a place is on such a line.
pub(super) fn holds(text: &Text, label: &LabeledSpan) -> bool {
    let line = text.lines.line(start(label));
    // The lines around are shown as well.
    (line.saturating_sub(1)..=line + 1).any(|line| text.lines.line_span(line, &text.text).len() > LONG)
}

/// A frame with a part of the line.
pub(super) fn write(path: &Utf8Path, text: &Text, label: &LabeledSpan, out: &mut dyn Write) -> io::Result<()> {
    let from = start(label);
    let position = text.lines.position(from, &text.text);
    let line = text.lines.line_span(position.line, &text.text);
    let left = Span::new(line.start, from).text(&text.text);
    let right = Span::new(from, line.end).text(&text.text);
    let cut = left.char_indices().rev().nth(BEFORE).map_or(0, |(at, letter)| at + letter.len_utf8());
    let (dots, left) = (if cut > 0 { "…" } else { "" }, left.get(cut..).unwrap_or(""));
    let end = right.char_indices().nth(AFTER).map_or(right.len(), |(at, _)| at);
    let (right, rest) = right.split_at(end);
    let left = format!("{dots}{left}").replace('\t', " ");
    let marked = label.len().min(right.len());
    let width = right.char_indices().take_while(|(at, _)| *at < marked).count().max(1);

    let number = position.line.to_string();
    let gutter = " ".repeat(number.len());
    let label = label.label().map(|label| format!(" {label}")).unwrap_or_default();
    writeln!(out, " {gutter} ╭─[{path}:{number}:{}]", position.column)?;
    writeln!(out, " {number} │ {left}{}{}", right.replace('\t', " "), if rest.is_empty() { "" } else { "…" })?;
    writeln!(out, " {gutter} · {}{}{label}", " ".repeat(left.chars().count()), "─".repeat(width))?;
    writeln!(out, " {gutter} ╰────")
}

fn start(label: &LabeledSpan) -> u32 {
    Span::of(label.offset(), label.offset()).start
}

#[cfg(test)]
mod tests {
    use plimsoll_syntax::LineIndex;

    use super::*;

    #[test]
    fn the_place_is_in_the_middle() {
        let text = format!("{{\"a\": \"{}\", \"privileged\": true, \"b\": \"{}\"}}", "é".repeat(300), "y".repeat(300));
        let at = text.find("true").unwrap();
        let text = Text { lines: LineIndex::new(&text), text: text.into() };
        let label = LabeledSpan::new_with_span(Some("here".to_owned()), at..at + 4);
        assert!(holds(&text, &label));
        let mut out = Vec::new();
        write(Utf8Path::new("a.json"), &text, &label, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[0], "   ╭─[a.json:1:325]");
        let column = |line: &str, part: &str| line[..line.find(part).unwrap()].chars().count();
        assert_eq!(column(lines[1], "true"), column(lines[2], "──── here"));
        assert!(lines[1].chars().count() < 120 && lines[1].ends_with('…'), "{out}");
    }
}
