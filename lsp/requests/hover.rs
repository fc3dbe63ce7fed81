//! `textDocument/hover`: what is known of a node at its header, of a value at its expression, and the page of the rule that found
//! something here.

use camino::Utf8Path;
use plimsoll_engine::{Cancelled, Exposed, FileReport, NodeDetails, Snapshot, ValueAt};
use tower_lsp_server::ls_types::*;

use super::code_lens::{sender, summary};
use super::places::Places;
use super::touched;
use crate::convert::Context;

/// Nodes, values and findings at a position.
pub(crate) fn hover(
    context: &Context,
    path: &Utf8Path,
    snapshot: &Snapshot,
    report: &FileReport,
    position: Position,
) -> Result<Option<Hover>, Cancelled> {
    let mut places = Places::new(context, snapshot);
    let offset = places.offset(path, position)?;
    let mut sections: Vec<String> = Vec::new();
    let mut range = None;
    for node in snapshot.nodes_at(path, offset)? {
        range = Some(places.range(path, &node.lens.header)?);
        let text = details(&node, &places);
        if !sections.contains(&text) {
            sections.push(text);
        }
    }
    if sections.is_empty() {
        let values = snapshot.values_at(path, offset)?;
        if let Some(first) = values.first() {
            range = Some(places.range(path, &first.range)?);
            sections.push(told(&values, &places));
        }
    }
    let found = touched(report, path, Range::new(position, position), context.client.encoding);
    if let Some(first) = found.first() {
        range = Some(places.range(path, &first.range)?);
    }
    for (at, finding) in found.iter().enumerate() {
        if found.iter().take(at).any(|earlier| earlier.rule == finding.rule) {
            continue;
        }
        let mut page = format!("**{}**: {}", finding.severity, finding.message);
        if let Some(rule) = context.rules.get(&finding.rule) {
            page.push_str("\n\n");
            page.push_str(rule.markdown().trim());
        }
        let name = &finding.rule;
        page.push_str(
            &context.page(finding).map_or_else(|| format!("\n\n`{name}`"), |link| format!("\n\n[{name}]({})", link.as_str())),
        );
        // What a rule says of a place comes before what is merely known of it.
        sections.insert(at.min(sections.len()), page);
    }
    if sections.is_empty() {
        return Ok(None);
    }
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: sections.join("\n\n---\n\n") });
    Ok(Some(Hover { contents, range }))
}

/// A node: rung with evidence, marks, boundaries, who reaches it.
fn details(node: &NodeDetails, places: &Places<'_>) -> String {
    let title = summary(&node.lens).map(|summary| format!(": {summary}")).unwrap_or_default();
    let mut out = format!("**{}** ({}){title}\n", node.lens.name, node.lens.kind.replace('_', " "));
    let mut part = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            out.push_str(&format!("\n{title}\n\n"));
            lines.iter().for_each(|line| out.push_str(&format!("- {line}\n")));
        }
    };
    let evidence = node.evidence.iter().map(|witness| format!("rung {}: {}", witness.rung, places.told(&witness.step)));
    part("Isolation", evidence.collect());
    let marks = node.marks.iter().map(|(what, word, said)| match (&said.path, &said.range) {
        (Some(path), Some(range)) => format!("{what}: {word} ({})", places.link(path, range.start.line)),
        _ => format!("{what}: {word}"),
    });
    part("Marks", marks.collect());
    part("Within", node.inside.iter().map(|(name, kind)| format!("{name} ({})", kind.replace('_', " "))).collect());
    for exposed in &node.lens.exposed {
        out.push_str(&format!("\n{}\n\n", verdict(exposed)));
        for (number, step) in (1..).zip(&exposed.steps) {
            out.push_str(&format!("{number}. {}\n", places.told(step)));
        }
        if let Some(wall) = &exposed.wall_place {
            out.push_str(&format!("- stopped: {}\n", places.told(wall)));
        }
    }
    let neighbours: Vec<String> = node
        .neighbours
        .iter()
        .flatten()
        .map(|exposed| format!("{} on {}", sender(&exposed.from), exposed.ports.join(", ")))
        .collect();
    if !neighbours.is_empty() {
        out.push_str("\nReached by\n\n");
        neighbours.iter().for_each(|line| out.push_str(&format!("- {line}\n")));
    }
    out
}

fn verdict(exposed: &Exposed) -> String {
    let from = sender(&exposed.from);
    match exposed.verdict {
        "reachable" => {
            let why = exposed.intended.as_ref().map(|reason| format!("; intended: {reason}")).unwrap_or_default();
            format!("Reachable from {from} on {}{why}", exposed.ports.join(", "))
        }
        "undecided" => format!("Whether {from} reaches it is not decided; missing: {}", exposed.missing.join(", ")),
        _ => format!("Not reachable from {from}"),
    }
}

/// Values: each once, with the instances that have it.
fn told(values: &[ValueAt], places: &Places<'_>) -> String {
    let mut out = String::new();
    for value in values.iter().take(5) {
        let text = serde_json::to_string_pretty(&value.leaf.value).unwrap_or_default();
        let shown: String = text.chars().take(600).collect();
        let more = if shown.len() < text.len() { "\n…" } else { "" };
        out.push_str(&format!("`{}`", value.leaf.path));
        if values.len() > 1 {
            out.push_str(&format!(" of {}", value.addresses.iter().take(3).cloned().collect::<Vec<_>>().join(", ")));
        }
        out.push_str(&format!("\n\n```json\n{shown}{more}\n```\n\n"));
        if let Some(missing) = &value.leaf.missing {
            out.push_str(&format!("Not known: `{}`: {}\n\n", missing.source, missing.reason));
        }
        for step in &value.leaf.through {
            let place = step.place.as_ref().map(|spot| format!(" ({})", places.link(&spot.path, spot.line))).unwrap_or_default();
            out.push_str(&format!("- through `{}`{place}\n", step.how));
        }
        if let Some(spot) = value.leaf.place.as_ref().filter(|_| !value.leaf.through.is_empty()) {
            out.push_str(&format!("- written in {}\n", places.link(&spot.path, spot.line)));
        }
        out.push('\n');
    }
    if values.len() > 5 {
        out.push_str(&format!("and {} more\n", values.len() - 5));
    }
    out.trim_end().to_owned()
}
