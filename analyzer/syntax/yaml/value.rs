//! From nodes to values: tags, dialects, aliases, merge keys.

use std::sync::Arc;

use compact_str::CompactString;
use rustc_hash::FxHashMap;

use super::tree::{Hole, NodeId, NodeKind, Style, Tree};
use crate::text::{FileId, LineIndex, Place, Span};
use crate::value::{Entry, Kind, List, Map, Number, Part, Reason, Shape, Unknown, Value};

/// Nodes that one document may expand to; beyond it, aliases are left unknown.
const MAX_NODES: usize = 200_000;
/// How deep values may nest.
const MAX_DEPTH: usize = 300;

/// Which plain scalars are bools, numbers and null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Kubernetes reads YAML with YAML 1.1's words: `yes`, `on`, `017`.
    Kubernetes,
    /// The YAML 1.2 core schema: Compose and most others.
    Core,
}

/// The value of a node. Aliases are followed within a budget, merge keys (`<<`) are merged, the last of duplicate keys wins.
#[must_use]
pub fn to_value(tree: &Tree, node: NodeId, file: FileId, dialect: Dialect) -> Value {
    let end = Span::of(0, tree.source.len()).end;
    Reader::new(tree, file, dialect).value(node, end, 0)
}

/// The values of all documents, in order; an action of a template belongs to the document that it stands in.
pub fn to_values(tree: &Tree, file: FileId, dialect: Dialect) -> impl Iterator<Item = Value> {
    let mut reader = Reader::new(tree, file, dialect);
    let end = Span::of(0, tree.source.len()).end;
    tree.documents.iter().enumerate().map(move |(at, document)| {
        reader.left = MAX_NODES;
        let end = tree.documents.get(at + 1).map_or(end, |next| marker(tree, document.root, next.root));
        reader.value(document.root, end, 0)
    })
}

/// Where the marker between the roots of two documents begins.
fn marker(tree: &Tree, root: NodeId, next: NodeId) -> u32 {
    let between = Span::new(tree[root].span.end, tree[next].span.start);
    let found = between.text(&tree.source).find("\n---").and_then(|at| u32::try_from(at).ok());
    found.map_or(between.end, |at| between.start + at)
}

struct Reader<'t> {
    tree: &'t Tree,
    file: FileId,
    dialect: Dialect,
    left: usize,
    /// Where there are holes.
    lines: Option<LineIndex>,
    /// The text has actions of a template.
    template: bool,
}

impl<'t> Reader<'t> {
    fn new(tree: &'t Tree, file: FileId, dialect: Dialect) -> Self {
        let lines = (!tree.holes.is_empty()).then(|| LineIndex::new(&tree.source));
        Self { tree, file, dialect, left: MAX_NODES, lines, template: tree.source.contains("{{") }
    }

    /// `end`: where what follows the node begins.
    fn value(&mut self, id: NodeId, end: u32, depth: usize) -> Value {
        let node = &self.tree[id];
        let place = Place::new(self.file, node.span);
        if self.left == 0 || depth > MAX_DEPTH {
            return Value::unknown(Unknown::new(Reason::Limit, "too many aliases"), place);
        }
        self.left -= 1;
        match &node.kind {
            NodeKind::Scalar(text, style) => {
                if let Some(kind) = self.holed(node.span, text, *style) {
                    return Value::new(kind, place);
                }
                Value::new(scalar(text, *style, &node.tag, self.dialect), place)
            }
            NodeKind::Sequence(items) => {
                let mut values = Vec::with_capacity(items.len());
                for (at, &item) in items.iter().enumerate() {
                    let next = items.get(at + 1).map_or(end, |next| self.tree[*next].span.start);
                    values.push(self.value(item, next, depth + 1));
                }
                let tail = self.line_hole(
                    node.span.start,
                    end,
                    items.iter().enumerate().map(|(at, &item)| {
                        let next = items.get(at + 1).map_or(end, |next| self.tree[*next].span.start);
                        Span::new(self.tree[item].span.start.saturating_sub(1), next)
                    }),
                );
                Value::new(Kind::List(Arc::new(List { items: values, tail, blocks: false })), place)
            }
            NodeKind::Mapping(_) => self.mapping(id, end, depth),
            NodeKind::Alias(Some(target)) => {
                let mut value = self.value(*target, self.tree[*target].span.end, depth + 1);
                // A finding about an alias belongs where it is used.
                if value.as_map().is_none() && value.as_list().is_none() {
                    value.place = place;
                }
                value
            }
            NodeKind::Alias(None) => Value::unknown(Unknown::new(Reason::Undeclared, self.source(node.span)), place),
        }
    }

    fn mapping(&mut self, id: NodeId, end: u32, depth: usize) -> Value {
        let tree = self.tree;
        let node = &tree[id];
        let NodeKind::Mapping(entries) = &node.kind else { return Value::default() };
        let mut map = Map { entries: Vec::with_capacity(entries.len()), tail: None, range: node.span };
        let mut merged = Vec::new();
        let mut places = Places::default();
        for (at, entry) in entries.iter().enumerate() {
            let next = entries.get(at + 1).map_or(end, |next| tree[next.key].span.start);
            let key_span = tree[entry.key].span;
            let key = match tree.scalar(entry.key) {
                Some(key) => CompactString::from(key),
                None => CompactString::from(self.source(key_span)),
            };
            if key == "<<" && matches!(tree[entry.key].kind, NodeKind::Scalar(_, Style::Plain)) {
                merged.push(self.value(entry.value, next, depth + 1));
                continue;
            }
            let mut value = self.value(entry.value, next, depth + 1);
            let written = tree[entry.value].span;
            if value.is_null()
                && written.is_empty()
                && let Some(hole) = self
                    .holes_from(key_span.end)
                    .take_while(|hole| hole.span.start < next)
                    .find(|hole| hole.line && hole.span.start >= key_span.end)
            {
                value = Value::unknown(self.rendered(*hole), Place::new(self.file, key_span));
            }
            let whole = key_span.to(written);
            let one_line = !written.is_empty() && !whole.text(&tree.source).contains('\n');
            let place = Place::new(self.file, if one_line { whole } else { key_span });
            let fresh = Entry { key, key_place: Place::new(self.file, key_span), place, value };
            match places.of(&map, &fresh.key).and_then(|at| map.entries.get_mut(at)) {
                // Two branches of a template: which of them is taken is not known here.
                Some(known) if self.template => {
                    known.value = Value::unknown(Unknown::new(Reason::Rendered, self.source(written)), place);
                }
                Some(known) => *known = fresh,
                None => map.entries.push(fresh),
            }
        }
        for value in merged {
            merge(&mut map, &mut places, &value);
        }
        // An action further right than a key, before the next key, belongs to that key's value.
        let children = entries.iter().enumerate().map(|(at, entry)| {
            let next = entries.get(at + 1).map_or(end, |next| tree[next.key].span.start);
            Span::new(tree[entry.key].span.start, next)
        });
        map.tail = map.tail.take().or_else(|| self.line_hole(node.span.start, end, children));
        Value::map(map, Place::new(self.file, node.span))
    }

    /// The first action alone on its line between the offsets that lies in none of the spans.
    fn line_hole(&self, start: u32, end: u32, children: impl Iterator<Item = Span>) -> Option<Arc<Unknown>> {
        if self.tree.holes.is_empty() {
            return None;
        }
        let children: Vec<Span> = children.collect();
        let mut own = self
            .holes_from(start)
            .take_while(|hole| hole.span.start < end)
            .filter(|hole| hole.line && hole.span.start >= start && hole.span.end <= end);
        let inner =
            |child: &Span, hole: &Hole| child.contains(hole.span) && self.column(hole.span.start) > self.column(child.start);
        // Children stand in order, and only neighbours touch.
        let found = own.find(|hole| {
            let after = children.partition_point(|child| child.start <= hole.span.start);
            !children.iter().take(after).rev().take(2).any(|child| inner(child, hole))
        })?;
        Some(Arc::new(self.rendered(*found)))
    }

    /// The scalar with its actions as holes; `None`: it has none.
    fn holed(&self, span: Span, text: &str, style: Style) -> Option<Kind> {
        let holes: Vec<&Hole> = self.holes_from(span.start).take_while(|hole| hole.span.start < span.end).collect();
        let (first, last) = (holes.first()?, holes.last()?);
        let whole = Span::new(first.span.start, last.span.end).to(span);
        let open = u32::from(matches!(style, Style::Single | Style::Double));
        let inner = Span::new(span.start + open, span.end.saturating_sub(open));
        if inner.len() as usize != text.len() || whole != span || matches!(style, Style::Literal | Style::Folded) {
            return Some(Kind::Unknown(Arc::new(self.rendered(Hole { span, line: false }))));
        }
        if holes.len() == 1 && first.span == inner {
            return Some(Kind::Unknown(Arc::new(self.rendered(**first))));
        }
        let mut parts = Vec::new();
        let mut at = inner.start;
        for hole in holes {
            if at < hole.span.start {
                parts.push(Part::Known(Span::new(at, hole.span.start).text(&self.tree.source).into()));
            }
            parts.push(Part::Hole(Arc::new(self.rendered(*hole).shaped(Shape::String))));
            at = hole.span.end;
        }
        if at < inner.end {
            parts.push(Part::Known(Span::new(at, inner.end).text(&self.tree.source).into()));
        }
        Some(Kind::Template(parts.into()))
    }

    /// The holes that end after the offset, in order; they do not overlap.
    fn holes_from(&self, offset: u32) -> impl Iterator<Item = &Hole> {
        let first = self.tree.holes.partition_point(|hole| hole.span.end <= offset);
        self.tree.holes.iter().skip(first)
    }

    /// Bytes from the beginning of the line.
    fn column(&self, offset: u32) -> u32 {
        let start = self.lines.as_ref().map_or(0, |lines| lines.line_span(lines.line(offset), &self.tree.source).start);
        offset.saturating_sub(start)
    }

    fn rendered(&self, hole: Hole) -> Unknown {
        Unknown::new(Reason::Rendered, self.source(hole.span))
    }

    fn source(&self, span: Span) -> &str {
        let text = span.text(&self.tree.source);
        text.lines().next().unwrap_or("")
    }
}

/// Where keys stand in a map that grows: looked up in the map itself while it is small.
#[derive(Default)]
struct Places {
    known: FxHashMap<CompactString, usize>,
}

impl Places {
    fn of(&mut self, map: &Map, key: &CompactString) -> Option<usize> {
        if map.entries.len() < 16 {
            return map.entries.iter().position(|entry| entry.key == *key);
        }
        for at in self.known.len()..map.entries.len() {
            self.known.insert(map.entries[at].key.clone(), at);
        }
        self.known.get(key).copied()
    }
}

/// Adds what a merge key brings: a mapping, or a list of mappings; written keys win.
fn merge(map: &mut Map, places: &mut Places, value: &Value) {
    for source in std::iter::once(value).chain(value.items()) {
        let Some(other) = source.as_map() else { continue };
        for entry in &other.entries {
            if places.of(map, &entry.key).is_none() {
                map.entries.push(entry.clone());
            }
        }
    }
    if let Some(unknown) = value.as_unknown() {
        map.tail = Some(unknown.clone());
    }
}

fn scalar(text: &CompactString, style: Style, tag: &str, dialect: Dialect) -> Kind {
    let tag = tag.trim_start_matches('!').rsplit(':').next().unwrap_or("");
    if style != Style::Plain || tag == "str" {
        return Kind::String(text.clone());
    }
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" => return Kind::Bool(true),
        "false" | "False" | "FALSE" => return Kind::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if dialect == Dialect::Kubernetes => return Kind::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if dialect == Dialect::Kubernetes => return Kind::Bool(false),
        _ => {}
    }
    number(text, dialect).map_or_else(|| Kind::String(text.clone()), |number| Kind::Number(number.into()))
}

fn number(text: &str, dialect: Dialect) -> Option<Number> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return None;
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let radix = match digits.get(..2) {
        Some("0x" | "0X") => Some((16, &digits[2..])),
        Some("0o" | "0O") => Some((8, &digits[2..])),
        Some("0b" | "0B") if dialect == Dialect::Kubernetes => Some((2, &digits[2..])),
        Some(start)
            if dialect == Dialect::Kubernetes && start.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Some((8, &digits[1..]))
        }
        _ => None,
    };
    if let Some((radix, digits)) = radix {
        let value = i128::from_str_radix(digits, radix).ok()?;
        return Some(Number::Int(if negative { -value } else { value }));
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-' | b'_')) {
        return None;
    }
    let plain = if dialect == Dialect::Kubernetes { text.replace('_', "") } else { text.to_owned() };
    Number::parse(&plain)
}

#[cfg(test)]
mod tests;
