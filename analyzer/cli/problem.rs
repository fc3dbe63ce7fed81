//! Why a run could not be done: wrong usage, wrong settings, pages with errors.

use std::fmt::Display;
use std::io;

use camino::Utf8Path;
use plimsoll_rule_language::PageError;
use plimsoll_syntax::{LineIndex, Span};

use crate::paint::Paint;

/// What is wrong; it ends the run with status 2.
#[derive(Debug)]
pub(crate) enum Problem {
    /// One sentence, and what to do about it.
    Said { message: String, hint: Option<String> },
    /// Something wrong in a file, with the place and a caret.
    At(Box<PageError>),
    /// Rule pages with errors.
    Pages(Vec<PageError>),
}

impl Problem {
    /// One sentence.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Said { message: message.into(), hint: None }
    }

    /// One sentence, and what to do about it.
    pub(crate) fn hinted(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Said { message: message.into(), hint: Some(hint.into()) }
    }

    /// The disk refused.
    pub(crate) fn disk(path: impl Display, error: &io::Error) -> Self {
        Self::new(format!("{path}: {}", reason(error)))
    }

    /// Something wrong at a place in a file.
    pub(crate) fn at(path: &Utf8Path, text: &str, span: Span, message: impl Into<String>, hint: Option<String>) -> Self {
        let lines = LineIndex::new(text);
        let position = lines.position(span.start, text);
        let line = lines.line_span(position.line, text).text(text).to_owned();
        let (path, message) = (path.to_string(), message.into());
        Self::At(Box::new(PageError { path, span, position, message, hint, line }))
    }

    /// For standard error, with a line end.
    pub(crate) fn shown(&self, paint: Paint) -> String {
        let mut out = String::new();
        let mut add = |text: String| {
            // Errors of pages bring their own first word.
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            out.push_str(&format!("{}: {text}\n", paint.bad("error")));
        };
        match self {
            Self::Said { message, hint } => {
                let hint = hint.as_ref().map(|hint| format!("\n  {}: {hint}", paint.code("help"))).unwrap_or_default();
                add(format!("{message}{hint}"));
            }
            Self::At(error) => add(error.to_string()),
            Self::Pages(errors) => {
                for error in errors {
                    add(format!("{error}\n"));
                }
                add(format!("{} in rule pages; nothing was checked", counted(errors.len(), "error")));
            }
        }
        out
    }
}

/// What the operating system says, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((before, _)) => lower_first(before),
        None => lower_first(&text),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// `1 file`, `2 files`
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
