//! Rule pages on a terminal: headings, prose, code; no more of Markdown than the pages use.

use crate::paint::Paint;

/// Renders a page; prose is wrapped at `width`.
pub(crate) fn render(page: &str, paint: Paint, width: usize) -> String {
    let mut out = String::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut fence: Option<&str> = None;
    for line in page.lines() {
        let marks = line.trim_start().chars().take_while(|letter| *letter == '`').count();
        if let Some(open) = fence {
            if line.trim_end() == open {
                fence = None;
                out.push('\n');
            } else {
                out.push_str(format!("    {}", code(line, paint)).trim_end());
                out.push('\n');
            }
        } else if marks >= 3 {
            flush(&mut paragraph, &mut out, paint, width);
            fence = line.get(..marks);
            if let Some((_, title)) = line.split_once("title=\"") {
                out.push_str(&format!("    {}\n", paint.dim(format!("── {} ──", title.trim_end_matches('"')))));
            }
        } else if let Some(heading) = line.strip_prefix('#') {
            flush(&mut paragraph, &mut out, paint, width);
            out.push_str(&format!("{}\n\n", paint.bold(heading.trim_start_matches('#').trim())));
        } else if line.trim().is_empty() {
            flush(&mut paragraph, &mut out, paint, width);
        } else if line.starts_with("- ") || line.starts_with("* ") {
            if !paragraph.is_empty() {
                flush(&mut paragraph, &mut out, paint, width);
                // The points of a list stand close together.
                out.pop();
            }
            paragraph.push(line);
        } else {
            paragraph.push(line.trim());
        }
    }
    flush(&mut paragraph, &mut out, paint, width);
    format!("{}\n", out.trim_end())
}

/// The marks of examples are comments about the page, not part of the code.
fn code(line: &str, paint: Paint) -> String {
    let marked = ["# finding", "// finding"].into_iter().find_map(|mark| line.trim_end().strip_suffix(mark));
    match marked {
        Some(rest) => format!("{rest}{}", paint.bad("◄ found")),
        None => line.to_owned(),
    }
}

fn flush(paragraph: &mut Vec<&str>, out: &mut String, paint: Paint, width: usize) {
    if paragraph.is_empty() {
        return;
    }
    let text = paragraph.join(" ");
    paragraph.clear();
    let indent = if text.starts_with("- ") || text.starts_with("* ") { "  " } else { "" };
    let (mut line, mut column) = (String::new(), 0);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            line.push('\n');
            line.push_str(indent);
            column = indent.len();
        } else if column > 0 {
            line.push(' ');
            column += 1;
        }
        line.push_str(word);
        column += length;
    }
    out.push_str(&inline(&line, paint));
    out.push_str("\n\n");
}

/// Paints what stands between single backticks; without colours the backticks stay.
fn inline(text: &str, paint: Paint) -> String {
    if !paint.on {
        return text.to_owned();
    }
    let mut parts = text.split('`');
    let mut out = parts.next().unwrap_or("").to_owned();
    while let Some(quoted) = parts.next() {
        out.push_str(&paint.code(quoted));
        out.push_str(parts.next().unwrap_or(""));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_on_a_terminal() {
        let page = "# Queue has no owner\n\nMessages that nobody\ncollects `page` us.\n\n- one\n- two\n\n## Bad\n\n```terraform title=\"a.tf\"\na {  # finding\n}\n```\n";
        let expected = "Queue has no owner\n\nMessages that\nnobody collects\n`page` us.\n\n- one\n- two\n\nBad\n\n    ── a.tf ──\n    a {  ◄ found\n    }\n";
        assert_eq!(render(page, Paint::PLAIN, 16), expected);
    }
}
