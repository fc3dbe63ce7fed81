//! `textDocument/hover`: the page of the rule that found something here.

use camino::Utf8Path;
use plimsoll_engine::FileReport;
use tower_lsp_server::ls_types::*;

use super::touched;
use crate::convert::Context;
use crate::position::Lines;

/// The pages of the rules that found something at a position, each once.
pub(crate) fn hover(context: &Context, path: &Utf8Path, report: &FileReport, position: Position) -> Option<Hover> {
    let found = touched(report, path, Range::new(position, position), context.client.encoding);
    let first = found.first()?;
    let text = &report.texts.get(path)?.text;
    let range = Lines::new(text, context.client.encoding).range(text, &first.range);
    let mut pages: Vec<String> = Vec::new();
    for (at, finding) in found.iter().enumerate() {
        if found.iter().take(at).any(|earlier| earlier.rule == finding.rule) {
            continue;
        }
        let mut page = format!("**{}**: {}", finding.severity, finding.message);
        if let Some(rule) = context.rules.get(&finding.rule) {
            page.push_str("\n\n");
            page.push_str(rule.markdown.trim());
        }
        let name = &finding.rule;
        page.push_str(
            &context.page(finding).map_or_else(|| format!("\n\n`{name}`"), |link| format!("\n\n[{name}]({})", link.as_str())),
        );
        pages.push(page);
    }
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: pages.join("\n\n---\n\n") });
    Some(Hover { contents, range: Some(range) })
}
