//! Edits of YAML and JSON.

use plimsoll_docker::compose::is_service_key;
use plimsoll_docker::daemon::written_key;
use plimsoll_rule_language::condition::Literal;
use plimsoll_syntax::Span;
use plimsoll_syntax::yaml::{Entry, NodeId, NodeKind, Style, Tree};

use super::{ByteEdit, indentation, is_scalar, line_end, line_start};
use crate::eval::{Change, Holder, Name};
use crate::kind::FileKind;

/// How much deeper an inner level stands.
const STEP: &str = "  ";

pub(super) fn edit(tree: &Tree, kind: FileKind, change: &Change) -> Option<ByteEdit> {
    if tree.source.contains("{{") {
        return None;
    }
    match change {
        Change::Replace { place, written, literal } => {
            let node = find(tree, place.span, |node| matches!(node, NodeKind::Scalar(..)))?;
            let NodeKind::Scalar(text, style) = &tree[node].kind else { return None };
            if entry_at(tree, tree[node].span).is_some() {
                return None;
            }
            let same = text == written || text.to_lowercase() == *written;
            (same && !matches!(style, Style::Literal | Style::Folded))
                .then(|| ByteEdit { span: tree[node].span, text: scalar(literal, is_flow(tree, node)) })
        }
        Change::Insert { holder, names, literal } => insert(tree, kind, *holder, names, literal),
        Change::Remove { place, name } => remove_entry(tree, place.span, name),
        Change::Append { place, literal } => append(tree, place.span, literal),
        Change::RemoveElement { list, place } => remove_element(tree, list.span, place.span),
        _ => None,
    }
}

fn find(tree: &Tree, span: Span, is: impl Fn(&NodeKind) -> bool) -> Option<NodeId> {
    let at = tree.nodes.iter().position(|node| node.span == span && is(&node.kind))?;
    u32::try_from(at).ok().map(NodeId)
}

fn is_mapping(kind: &NodeKind) -> bool {
    matches!(kind, NodeKind::Mapping(_))
}

/// Written with braces or brackets.
fn is_flow(tree: &Tree, node: NodeId) -> bool {
    tree[node].span.text(&tree.source).starts_with(['{', '['])
}

fn is_json(tree: &Tree) -> bool {
    tree.source.trim_start().starts_with('{')
}

fn insert(tree: &Tree, kind: FileKind, holder: Holder, names: &[Name], literal: &Literal) -> Option<ByteEdit> {
    let mapping = find(tree, holder.range, is_mapping).or_else(|| find(tree, holder.place.span, is_mapping));
    let [first, rest @ ..] = names else { return None };
    let Some(mapping) = mapping else {
        return if first.text == "host_ip" { address(tree, holder.place.span, literal) } else { None };
    };
    if let Some(known) = tree.get(mapping, &first.text) {
        return (rest.is_empty() && is_scalar(literal))
            .then(|| ByteEdit { span: tree[known].span, text: scalar(literal, is_json(tree)) })
            .filter(|edit| !edit.span.is_empty());
    }
    let top = match kind {
        FileKind::Daemon => written_key(&first.text)?,
        FileKind::Compose if first.text != "host_ip" && !is_service_key(&first.text) => return None,
        _ => first.text.to_string(),
    };
    let keys: Vec<String> = std::iter::once(top).chain(rest.iter().map(|name| name.text.to_string())).collect();
    let NodeKind::Mapping(entries) = &tree[mapping].kind else { return None };
    if is_flow(tree, mapping) {
        into_flow(tree, mapping, entries, &keys, literal)
    } else {
        into_block(tree, entries, &keys, literal)
    }
}

/// `, key: value` behind the last entry, on a line of its own where that has one.
fn into_flow(tree: &Tree, mapping: NodeId, entries: &[Entry], keys: &[String], literal: &Literal) -> Option<ByteEdit> {
    let json = is_json(tree);
    let value = keys.iter().rev().try_fold(None, |inner: Option<String>, key| {
        let key = if json { format!("{key:?}") } else { key.clone() };
        let value = inner.map_or_else(|| flow(literal, json), |inner| format!("{{ {inner} }}"));
        Some(Some(format!("{key}: {value}")))
    })??;
    let Some(last) = entries.last() else {
        let span = tree[mapping].span;
        return Some(ByteEdit { span, text: format!("{{ {value} }}") });
    };
    let (key, end) = (tree[last.key].span.start, tree[last.value].span.end.max(tree[last.key].span.end));
    let own_line = tree.source.get(line_start(&tree.source, key)..key as usize).is_some_and(|before| before.trim().is_empty());
    let text = if own_line { format!(",\n{}{value}", indentation(&tree.source, key)) } else { format!(", {value}") };
    Some(ByteEdit::insert(end, text))
}

/// Lines behind the last entry.
fn into_block(tree: &Tree, entries: &[Entry], keys: &[String], literal: &Literal) -> Option<ByteEdit> {
    let (first, last) = (entries.first()?, entries.last()?);
    let at = tree[first.key].span.start as usize;
    let column = tree.source.get(line_start(&tree.source, tree[first.key].span.start)..at)?.chars().count();
    let indent = " ".repeat(column);
    let mut lines = String::new();
    for (depth, key) in keys.iter().enumerate() {
        let deeper = format!("{indent}{}", STEP.repeat(depth));
        let end = if depth + 1 == keys.len() { block(literal, &deeper) } else { String::new() };
        lines.push_str(&format!("\n{deeper}{key}:{end}"));
    }
    let end = end_of(tree, last.value).max(tree[last.key].span.end);
    Some(ByteEdit::insert(line_end(&tree.source, end), lines))
}

/// Where the last character of a node stands.
fn end_of(tree: &Tree, node: NodeId) -> u32 {
    let span = tree[node].span;
    let text = span.text(&tree.source).trim_end();
    span.start + u32::try_from(text.len()).unwrap_or(0)
}

/// ` value`, or the lines of a list, behind a key.
fn block(literal: &Literal, indent: &str) -> String {
    match literal {
        Literal::List(items) => items.iter().map(|item| format!("\n{indent}{STEP}- {}", scalar(item, false))).collect(),
        _ => format!(" {}", flow(literal, false)),
    }
}

fn flow(literal: &Literal, json: bool) -> String {
    match literal {
        Literal::List(items) => format!("[{}]", items.iter().map(|item| scalar(item, json)).collect::<Vec<_>>().join(", ")),
        Literal::Map(entries) => {
            let shown = entries.iter().map(|(key, value)| {
                let key = if json { format!("{key:?}") } else { key.to_string() };
                format!("{key}: {}", flow(value, json))
            });
            format!("{{ {} }}", shown.collect::<Vec<_>>().join(", "))
        }
        _ => scalar(literal, json),
    }
}

/// A scalar as YAML has it: plain where that cannot be taken for anything else.
fn scalar(literal: &Literal, json: bool) -> String {
    match literal {
        Literal::String(text) if !json && is_plain(text) => text.to_string(),
        other => other.to_string(),
    }
}

fn is_plain(text: &str) -> bool {
    const WORDS: &[&str] = &["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// A published port in its short form, on an address.
fn address(tree: &Tree, span: Span, literal: &Literal) -> Option<ByteEdit> {
    let Literal::String(address) = literal else { return None };
    let node = find(tree, span, |node| matches!(node, NodeKind::Scalar(..)))?;
    let written = tree[node].span.text(&tree.source);
    let quote = written.chars().next().filter(|first| matches!(first, '"' | '\''));
    let inner = quote.map_or(written, |quote| written.trim_matches(quote));
    let rest = ["0.0.0.0:", "[::]:"].iter().find_map(|all| inner.strip_prefix(all)).unwrap_or(inner);
    // Another address would have dots or colons of its own.
    if rest.is_empty() || rest.matches(':').count() != 1 || rest.contains(['.', '$', '[']) {
        return None;
    }
    let quote = quote.unwrap_or('"');
    Some(ByteEdit { span: tree[node].span, text: format!("{quote}{address}:{rest}{quote}") })
}

/// The mapping that has an entry, and the entry's number.
fn entry_at(tree: &Tree, span: Span) -> Option<(NodeId, usize)> {
    tree.nodes.iter().enumerate().find_map(|(at, node)| {
        let NodeKind::Mapping(entries) = &node.kind else { return None };
        let found = entries.iter().position(|entry| tree[entry.key].span.start == span.start)?;
        Some((NodeId(u32::try_from(at).ok()?), found))
    })
}

fn remove_entry(tree: &Tree, span: Span, name: &str) -> Option<ByteEdit> {
    let (mapping, at) = entry_at(tree, span)?;
    let NodeKind::Mapping(entries) = &tree[mapping].kind else { return None };
    // A derived field lies where something else is written.
    if tree.scalar(entries.get(at)?.key)?.replace('-', "_") != name.replace('-', "_") {
        return None;
    }
    let spans: Vec<Span> = entries
        .iter()
        .map(|entry| Span::new(tree[entry.key].span.start, end_of(tree, entry.value).max(tree[entry.key].span.end)))
        .collect();
    removed(tree, is_flow(tree, mapping), &spans, at)
}

fn remove_element(tree: &Tree, list: Span, element: Span) -> Option<ByteEdit> {
    let list = find(tree, list, |node| matches!(node, NodeKind::Sequence(_)))?;
    let NodeKind::Sequence(items) = &tree[list].kind else { return None };
    let spans: Vec<Span> = items.iter().map(|item| Span::new(tree[*item].span.start, end_of(tree, *item))).collect();
    let at = spans.iter().position(|span| span.start == element.start)?;
    removed(tree, is_flow(tree, list), &spans, at)
}

/// One of several parts; the last one of a block is not taken away, since that would leave nothing to hold it.
fn removed(tree: &Tree, flow: bool, parts: &[Span], at: usize) -> Option<ByteEdit> {
    let own = *parts.get(at)?;
    if flow {
        let span = match (at.checked_sub(1).and_then(|before| parts.get(before)), parts.get(at + 1)) {
            (_, Some(next)) => Span::new(own.start, next.start),
            (Some(before), None) => Span::new(before.end, own.end),
            (None, None) => own,
        };
        return Some(ByteEdit { span, text: String::new() });
    }
    if parts.len() < 2 {
        return None;
    }
    let start = line_start(&tree.source, own.start);
    let lead = tree.source.get(start..own.start as usize)?;
    let end = line_end(&tree.source, own.end);
    let behind = tree.source.get(own.end as usize..end as usize)?.trim_start();
    if !(behind.is_empty() || behind.starts_with('#')) {
        return None;
    }
    if lead.trim().is_empty() || lead.trim() == "-" && own.start as usize == start + lead.len() && at > 0 {
        let newline = u32::try_from(tree.source.get(end as usize..)?.find('\n').map_or(0, |newline| newline + 1)).ok()?;
        return Some(ByteEdit { span: Span::new(u32::try_from(start).ok()?, end + newline), text: String::new() });
    }
    // `- first: x`: the next one takes its place behind the dash.
    let next = parts.get(at + 1)?;
    Some(ByteEdit { span: Span::new(own.start, next.start), text: String::new() })
}

fn append(tree: &Tree, list: Span, literal: &Literal) -> Option<ByteEdit> {
    let list = find(tree, list, |node| matches!(node, NodeKind::Sequence(_)))?;
    let NodeKind::Sequence(items) = &tree[list].kind else { return None };
    let json = is_json(tree);
    let Some(last) = items.last() else {
        return Some(ByteEdit { span: tree[list].span, text: format!("[{}]", scalar(literal, json)) });
    };
    let end = end_of(tree, *last);
    if is_flow(tree, list) {
        return Some(ByteEdit::insert(end, format!(", {}", scalar(literal, json))));
    }
    let first = tree[*items.first()?].span.start;
    let lead = tree.source.get(line_start(&tree.source, first)..first as usize)?;
    let indent = lead.get(..lead.rfind('-')?)?;
    indent
        .trim()
        .is_empty()
        .then(|| ByteEdit::insert(line_end(&tree.source, end), format!("\n{indent}- {}", scalar(literal, false))))
}
