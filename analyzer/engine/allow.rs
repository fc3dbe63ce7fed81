//! Writing the comment that allows a finding.

use std::sync::Arc;

use plimsoll_syntax::{LineIndex, Position, Span, dockerfile, hcl, yaml};

use crate::kind::FileKind;
use crate::live::{Cancelled, Snapshot};
use crate::report::{Edit, Finding, Range};
use crate::suppress;

impl Snapshot {
    /// The edit that allows a finding in its file with a comment above it; `None`: no comment can stand there.
    ///
    /// # Errors
    /// When it was cancelled.
    pub fn allowance(&self, path: &camino::Utf8Path, finding: &Finding, reason: &str) -> Result<Option<Edit>, Cancelled> {
        self.of_file(path, |kind, text| allowance(kind, path.as_str(), text, finding, reason))
    }
}

fn allowance(kind: FileKind, path: &str, text: &str, finding: &Finding, reason: &str) -> Option<Edit> {
    // JSON has no comments.
    if path.ends_with(".json") {
        return None;
    }
    let lines = LineIndex::new(text);
    let first = statement(kind, text, &lines, finding.range.start.line);
    let at_item = finding.item.range.start.line;
    [first, finding.range.start.line, at_item].into_iter().find_map(|line| above(kind, text, &lines, line, finding, reason))
}

/// The first line of an instruction or command that goes on over several.
fn statement(kind: FileKind, text: &str, lines: &LineIndex, mut line: u32) -> u32 {
    let goes_on = |line: u32| lines.line_span(line, text).text(text).trim_end().ends_with(['\\', '`']);
    if matches!(kind, FileKind::Dockerfile | FileKind::Script | FileKind::Systemd) {
        while line > 1 && goes_on(line - 1) {
            line -= 1;
        }
    }
    line
}

/// The comment above a line, if it is read there as one that allows the finding.
fn above(kind: FileKind, text: &str, lines: &LineIndex, line: u32, finding: &Finding, reason: &str) -> Option<Edit> {
    let span = lines.line_span(line, text);
    let content = span.text(text).trim_start_matches('\u{feff}');
    let start = span.end - Span::of(0, content.len()).end;
    let indent = &content[..content.len() - content.trim_start().len()];
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let comment = format!("{indent}# plimsoll: allow({}) reason=\"{}\"{end}", finding.rule, reason.replace('"', "'"));
    let (before, after) = text.split_at_checked(start as usize)?;
    let changed: Arc<str> = format!("{before}{comment}{after}").into();
    let sign = start + Span::of(0, indent.len()).end;
    let is_comment = |comments: &[Span]| comments.iter().any(|comment| comment.start == sign);
    let reads = match kind {
        FileKind::Terraform | FileKind::Tfvars | FileKind::Packer => is_comment(&hcl::parse(&changed).comments),
        FileKind::Dockerfile => is_comment(&dockerfile::parse(&changed).comments),
        FileKind::Kubernetes | FileKind::Compose if changed.contains("{{") => {
            is_comment(&yaml::parse_template(&changed).comments)
        }
        FileKind::Kubernetes | FileKind::Compose | FileKind::CloudInit => is_comment(&yaml::parse(&changed).comments),
        FileKind::TerraformJson | FileKind::Daemon | FileKind::PackerJson => false,
        // Their comments are lines that begin with the sign.
        _ => true,
    };
    let below = finding.range.start.line + 1;
    let allows = suppress::read(&changed, &LineIndex::new(&changed))
        .iter()
        .any(|found| found.span.start > sign && found.span.start < sign + 4 && found.lines.contains(&below));
    let place = Position { line, column: 1 };
    (reads && allows).then(|| Edit { range: Range { start: place, end: place, span: Span::at(start) }, text: comment })
}
