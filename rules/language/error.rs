//! What is wrong with a page, where, and what to do about it.

use std::fmt;

use plimsoll_syntax::{LineIndex, Position, Span};

/// An error in a rule page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageError {
    /// The page's path, as it was given.
    pub path: String,
    /// Byte range in the page.
    pub span: Span,
    /// Where that is.
    pub position: Position,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead, when that can be said.
    pub hint: Option<String>,
    /// The line with the error.
    pub line: String,
}

/// An error before it knows its page: a byte range of the page's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn in_page(self, path: &str, text: &str) -> PageError {
        let lines = LineIndex::new(text);
        let position = lines.position(self.span.start, text);
        let line = lines.line_span(position.line, text).text(text).to_owned();
        PageError { path: path.to_owned(), span: self.span, position, message: self.message, hint: self.hint, line }
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position;
        let gutter = " ".repeat(line.to_string().len());
        let left = " ".repeat(column.saturating_sub(1) as usize);
        let room = self.line.chars().count().saturating_sub(left.len()).max(1);
        let carets = "^".repeat((self.span.len() as usize).clamp(1, room));
        writeln!(f, "error: {}", self.message)?;
        writeln!(f, "{gutter}--> {}:{line}:{column}", self.path)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{line} | {}", self.line)?;
        write!(f, "{gutter} | {left}{carets}")?;
        match &self.hint {
            Some(hint) => write!(f, " {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for PageError {}
