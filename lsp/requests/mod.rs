//! The requests, one file each.

pub(crate) mod code_action;
pub(crate) mod code_lens;
pub(crate) mod diagnostic;
pub(crate) mod hover;
pub(crate) mod links;
mod places;
pub(crate) mod workspace_diagnostic;

use plimsoll_engine::{FileReport, Finding};
use tower_lsp_server::ls_types::Range;

use crate::position::{Encoding, Lines};

/// The findings that a range touches, and the text that they are in.
fn touched<'r>(report: &'r FileReport, path: &camino::Utf8Path, range: Range, encoding: Encoding) -> Vec<&'r Finding> {
    let Some(text) = report.texts.get(path) else { return Vec::new() };
    let lines = Lines::new(&text.text, encoding);
    let (start, end) = (lines.offset(&text.text, range.start), lines.offset(&text.text, range.end));
    let touches = |finding: &&Finding| finding.range.span.start as usize <= end && start <= finding.range.span.end as usize;
    report.findings.iter().filter(touches).collect()
}
