//! Edits of Terraform files.

use plimsoll_rule_language::condition::Literal;
use plimsoll_syntax::Span;
use plimsoll_syntax::hcl::{Block, Body, BodyItem, ExprKind, Tree};

use super::{ByteEdit, indentation, line_end, line_start};
use crate::eval::{Change, Holder, Name};

/// How much deeper an inner level stands.
const STEP: &str = "  ";

pub(super) fn edit(tree: &Tree, change: &Change) -> Option<ByteEdit> {
    let text = &*tree.source;
    match change {
        Change::Replace { .. } => super::replaced(text, change),
        Change::Insert { holder, names, literal } => insert(tree, *holder, names, literal),
        Change::Remove { place, name } if place.span.text(text).starts_with(name.as_str()) => remove(tree, place.span),
        Change::Append { place, literal } => {
            let items = tuple(tree, place.span)?;
            let Some(last) = items.last() else {
                return Some(ByteEdit { span: place.span, text: format!("[{}]", value(literal, "")) });
            };
            let own_line =
                text.get(line_start(text, last.start)..last.start as usize).is_some_and(|before| before.trim().is_empty());
            let joint = if own_line { format!(",\n{}", indentation(text, last.start)) } else { ", ".to_owned() };
            Some(ByteEdit::insert(last.end, format!("{joint}{}", value(literal, ""))))
        }
        Change::RemoveElement { list, place } => {
            let items = tuple(tree, list.span)?;
            let at = items.iter().position(|item| *item == place.span)?;
            let span = match (at.checked_sub(1).and_then(|before| items.get(before)), items.get(at + 1)) {
                (_, Some(next)) => Span::new(place.span.start, next.start),
                (Some(before), None) => Span::new(before.end, place.span.end),
                (None, None) => place.span,
            };
            Some(ByteEdit { span, text: String::new() })
        }
        _ => None,
    }
}

/// The elements of a list that is written at a place.
fn tuple(tree: &Tree, span: Span) -> Option<Vec<Span>> {
    tree.exprs.iter().find(|expr| expr.span == span).and_then(|expr| match expr.kind {
        ExprKind::Tuple(list) => Some(tree.list(list).iter().map(|item| tree[*item].span).collect()),
        _ => None,
    })
}

/// The block that is written at a place.
fn block_at<'t>(body: &'t Body, holder: &Holder) -> Option<&'t Block> {
    for item in &body.items {
        let BodyItem::Block(block) = item else { continue };
        let whole = Span::new(block.kind.start, block.close.end.max(block.open.end));
        if whole.start == holder.place.span.start || whole == holder.range {
            return Some(block);
        }
        if whole.start < holder.place.span.start && holder.place.span.start < whole.end {
            return block_at(&block.body, holder);
        }
    }
    None
}

fn insert(tree: &Tree, holder: Holder, names: &[Name], literal: &Literal) -> Option<ByteEdit> {
    let text = &*tree.source;
    let block = block_at(&tree.body, &holder)?;
    if block.close.is_empty() {
        return None;
    }
    let outer = indentation(text, block.kind.start);
    let inner = format!("{outer}{STEP}");
    let lines = written(names, literal, &inner);
    let body = text.get(block.open.end as usize..block.close.start as usize)?;
    if !body.contains('\n') {
        // `{}` and `{ a = 1 }` on one line.
        let own = body.trim();
        let own = if own.is_empty() { String::new() } else { format!("\n{inner}{own}") };
        let span = Span::new(block.open.end, block.close.start);
        return Some(ByteEdit { span, text: format!("{own}\n{lines}\n{outer}") });
    }
    // Behind the last attribute before the blocks, else at the top.
    let attributes = block.body.items.iter().take_while(|item| matches!(item, BodyItem::Attribute(_)));
    let last = attributes
        .filter_map(|item| if let BodyItem::Attribute(attribute) = item { Some(attribute.span.end) } else { None })
        .last();
    let is_block = names.len() > 1 && names.first().is_some_and(|name| name.block);
    let at = if is_block {
        let start = line_start(text, block.close.start);
        return Some(ByteEdit::insert(u32::try_from(start).ok()?, format!("{lines}\n")));
    } else {
        line_end(text, last.unwrap_or(block.open.end))
    };
    Some(ByteEdit::insert(at, format!("\n{lines}")))
}

/// The attribute with the blocks or objects around it, without a line end.
fn written(names: &[Name], literal: &Literal, indent: &str) -> String {
    match names {
        [] => String::new(),
        [last] => format!("{indent}{} = {}", last.text, value(literal, indent)),
        [first, rest @ ..] => {
            let inner = written(rest, literal, &format!("{indent}{STEP}"));
            let sign = if first.block { "" } else { "= " };
            format!("{indent}{} {sign}{{\n{inner}\n{indent}}}", first.text)
        }
    }
}

fn value(literal: &Literal, indent: &str) -> String {
    match literal {
        Literal::String(text) => format!("{:?}", text.replace("${", "$${").replace("%{", "%%{")),
        Literal::Map(entries) => {
            let lines: String =
                entries.iter().map(|(key, inner)| format!("{indent}{STEP}{key} = {}\n", value(inner, indent))).collect();
            format!("{{\n{lines}{indent}}}")
        }
        other => other.to_string(),
    }
}

/// An attribute or block on lines of its own.
fn remove(tree: &Tree, span: Span) -> Option<ByteEdit> {
    let text = &*tree.source;
    let end = whole(&tree.body, span)?;
    let start = line_start(text, span.start);
    let last = line_end(text, end);
    let alone = text.get(start..span.start as usize)?.trim().is_empty();
    let behind = text.get(end as usize..last as usize)?.trim();
    if !alone || !(behind.is_empty() || behind.starts_with(['#', '/'])) {
        return None;
    }
    let newline = text.get(last as usize..)?.find('\n').map_or(0, |newline| newline + 1);
    Some(ByteEdit { span: Span::new(u32::try_from(start).ok()?, last + u32::try_from(newline).ok()?), text: String::new() })
}

/// Where the attribute or block that begins at a place ends.
fn whole(body: &Body, span: Span) -> Option<u32> {
    body.items.iter().find_map(|item| match item {
        BodyItem::Attribute(attribute) => (attribute.span.start == span.start).then_some(attribute.span.end),
        BodyItem::Block(block) if block.kind.start == span.start => (!block.close.is_empty()).then_some(block.close.end),
        BodyItem::Block(block) => whole(&block.body, span),
    })
}
