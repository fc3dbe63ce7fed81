//! A rule page: Markdown with one `rule` block, prose, and examples under `## Bad` and `## Good`.

use plimsoll_syntax::{LineIndex, Span};

use crate::error::Fault;

/// The parts of a page; all spans are byte ranges of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The heading's text.
    pub title: String,
    /// The content of the `rule` block.
    pub header: Span,
    /// The `rule` block with its fences, to leave it out when the page is shown.
    pub header_block: Span,
    /// The first paragraph after the header.
    pub summary: String,
    /// The examples, in order.
    pub examples: Vec<Example>,
}

/// A small project that the rule is tried on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// It stands under `## Good`.
    pub good: bool,
    /// Its files.
    pub files: Vec<ExampleFile>,
}

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFile {
    /// The title, or the language's usual file name.
    pub path: String,
    /// The text, its `finding` marks blanked.
    pub text: String,
    /// The lines (from 1) that must be reported.
    pub expected: Vec<u32>,
    /// The page's line (from 1) of the block's first line.
    pub first_line: u32,
}

/// Languages of fenced blocks and the file that an untitled block is.
const LANGUAGES: &[(&str, &str)] = &[
    ("terraform", "main.tf"),
    ("hcl", "main.tf"),
    ("yaml", "manifest.yaml"),
    ("compose", "compose.yaml"),
    ("dockerfile", "Dockerfile"),
    ("json", "daemon.json"),
    ("systemd", "docker.service"),
    ("ini", "docker.service"),
    ("cloud-init", "user-data.yaml"),
    ("packer", "template.pkr.hcl"),
    ("sh", "script.sh"),
    ("bash", "script.sh"),
];

struct Fence {
    language: String,
    title: Option<String>,
    block: Span,
    content: Span,
    first_line: u32,
}

impl Page {
    /// Reads the page.
    ///
    /// # Errors
    /// The first thing that a page must have and this one lacks.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let lines = LineIndex::new(text);
        let mut title = None;
        let mut header = None;
        let mut summary = String::new();
        let mut summary_done = false;
        let mut examples: Vec<Example> = Vec::new();
        let mut section: Option<bool> = None;
        let mut new_section = false;
        let mut number = 1;
        while number <= lines.lines() {
            let span = lines.line_span(number, text);
            let line = span.text(text);
            if let Some(marks) = fence_marks(line) {
                let fence = read_fence(text, &lines, number, marks);
                number = fence.first_line + content_lines(fence.content.text(text)) + 1;
                if fence.language == "rule" && header.is_none() {
                    header = Some((fence.content, fence.block));
                } else if let Some(good) = section {
                    let file = example_file(text, &fence)?;
                    let joins = fence.title.is_some()
                        && !new_section
                        && examples.last().is_some_and(|last| last.files.iter().all(|known| known.path != file.path));
                    match examples.last_mut() {
                        Some(last) if joins => last.files.push(file),
                        _ => examples.push(Example { good, files: vec![file] }),
                    }
                    new_section = false;
                }
                continue;
            }
            if let Some(heading) = line.strip_prefix("# ") {
                title.get_or_insert_with(|| heading.trim().to_owned());
            } else if let Some(heading) = line.strip_prefix("## ") {
                section = match heading.trim() {
                    "Bad" => Some(false),
                    "Good" => Some(true),
                    _ => None,
                };
                new_section = true;
                summary_done = true;
            } else if header.is_some() && !summary_done {
                match line.trim() {
                    "" => summary_done = !summary.is_empty(),
                    words => {
                        if !summary.is_empty() {
                            summary.push(' ');
                        }
                        summary.push_str(words);
                    }
                }
            }
            number += 1;
        }
        let whole = Span::of(0, text.lines().next().map_or(0, str::len));
        let title = title.ok_or_else(|| Fault::new(whole, "the page has no title").hint("begin it with `# Title`"))?;
        let (header, header_block) = header.ok_or_else(|| {
            Fault::new(whole, "the page has no `rule` block").hint("write the header in a fenced block called `rule`")
        })?;
        Ok(Self { title, header, header_block, summary, examples })
    }

    /// The page as a reader wants it: without its `rule` block.
    #[must_use]
    pub fn prose(&self, text: &str) -> String {
        let before = text.get(..self.header_block.start as usize).unwrap_or("").trim_end();
        let after = text.get(self.header_block.end as usize..).unwrap_or("").trim_start();
        format!("{before}\n\n{after}")
    }
}

/// The fence's backticks, when the line opens or closes a block.
fn fence_marks(line: &str) -> Option<&str> {
    let marks = line.len() - line.trim_start_matches('`').len();
    (marks >= 3).then(|| &line[..marks])
}

fn content_lines(content: &str) -> u32 {
    u32::try_from(content.matches('\n').count()).unwrap_or(u32::MAX)
}

fn read_fence(text: &str, lines: &LineIndex, opening: u32, marks: &str) -> Fence {
    let open = lines.line_span(opening, text);
    let info = open.text(text)[marks.len()..].trim();
    let (language, rest) = info.split_once(char::is_whitespace).unwrap_or((info, ""));
    let title = rest.split_once("title=\"").and_then(|(_, tail)| tail.split_once('"')).map(|(title, _)| title.to_owned());
    let start = lines.line_span(opening + 1, text).start.max(open.end);
    let mut number = opening + 1;
    while number <= lines.lines() && lines.line_span(number, text).text(text).trim_end() != marks {
        number += 1;
    }
    let close = lines.line_span(number, text);
    let (content_end, block_end) = if number <= lines.lines() { (close.start, close.end) } else { (end_of(text), end_of(text)) };
    Fence {
        language: language.to_owned(),
        title,
        block: Span::new(open.start, block_end),
        content: Span::new(start, content_end),
        first_line: opening + 1,
    }
}

fn end_of(text: &str) -> u32 {
    Span::of(0, text.len()).end
}

fn example_file(text: &str, fence: &Fence) -> Result<ExampleFile, Fault> {
    let usual = LANGUAGES.iter().find(|(name, _)| *name == fence.language).map(|row| row.1);
    let path = match (&fence.title, usual) {
        (Some(title), _) => title.clone(),
        (None, Some(usual)) => usual.to_owned(),
        (None, None) => {
            let known = LANGUAGES.iter().map(|row| row.0).collect::<Vec<_>>().join(", ");
            return Err(Fault::new(fence.block, format!("`{}` is not a language of examples", fence.language))
                .hint(format!("use one of {known}, or give the block a title=\"path\"")));
        }
    };
    let (text, expected) = take_marks(fence.content.text(text));
    Ok(ExampleFile { path, text, expected, first_line: fence.first_line })
}

/// Blanks the marks (`# finding`, `// finding`), which in some languages are not comments, and returns the lines they are about.
fn take_marks(text: &str) -> (String, Vec<u32>) {
    let mut out = String::with_capacity(text.len());
    let mut expected = Vec::new();
    for (number, line) in (1_u32..).zip(text.split_inclusive('\n')) {
        let content = line.trim_end();
        let mark = ["# finding", "// finding"].into_iter().find(|mark| content.ends_with(mark));
        let Some(mark) = mark else {
            out.push_str(line);
            continue;
        };
        let kept = &content[..content.len() - mark.len()];
        expected.push(if kept.trim().is_empty() { number + 1 } else { number });
        out.push_str(kept);
        out.extend(std::iter::repeat_n(' ', mark.len()));
        out.push_str(&line[content.len()..]);
    }
    expected.sort_unstable();
    expected.dedup();
    (out, expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Title here\n\n```rule\nseverity = high\n```\n\nWhy it\nmatters.\n\nMore.\n\n## Bad\n\n```terraform\na {} # finding\n# finding\nb {}\n```\n\n\
                        ## Good\n\n```terraform title=\"a.tf\"\na {}\n```\n```terraform title=\"b.tf\"\nb {}\n```\n";

    #[test]
    fn a_page_has_parts() {
        let page = Page::read(PAGE);
        assert!(page.is_ok(), "{page:?}");
        let Ok(page) = page else { return };
        assert_eq!(page.title, "Title here");
        assert_eq!(page.header.text(PAGE), "severity = high\n");
        assert_eq!(page.summary, "Why it matters.");
        let shape: Vec<_> = page.examples.iter().map(|example| (example.good, example.files.len())).collect();
        assert_eq!(shape, [(false, 1), (true, 2)]);
        let bad = &page.examples[0].files[0];
        assert_eq!(bad.expected, [1, 3]);
        assert_eq!(bad.text.lines().next(), Some("a {}          "));
        assert_eq!(bad.first_line, 15);
        assert!(!page.prose(PAGE).contains("severity"));
    }
}
