//! From events to nodes; a line that cannot be read is masked with spaces, and the rest read again.

use std::sync::Arc;

use compact_str::CompactString;
use granit_parser::{Event, Parser, ScalarStyle};
use rustc_hash::FxHashMap;

use super::template;
use super::tree::{Document, Entry, Hole, Node, NodeId, NodeKind, Style, Tree};
use crate::text::{Span, SyntaxError, boundary};

/// How many lines are masked before the broken document is given up.
const MAX_MASKS: usize = 16;
/// How many bytes are read again for the sake of broken lines.
const MAX_REREAD: usize = 32 << 20;

/// Reads YAML, or JSON.
#[must_use]
pub fn parse(source: &Arc<str>) -> Tree {
    read(source, source.to_string(), Vec::new())
}

/// Reads a Go template of YAML that was not rendered: its actions are holes.
#[must_use]
pub fn parse_template(source: &Arc<str>) -> Tree {
    let (text, holes) = template::masked(source);
    read(source, text, holes)
}

fn read(source: &Arc<str>, mut text: String, holes: Vec<Hole>) -> Tree {
    let mut errors: Vec<SyntaxError> = Vec::new();
    let mut masked: Vec<Span> = Vec::new();
    let mut reread = 0;
    loop {
        reread += text.len();
        let last_try = masked.len() >= MAX_MASKS || reread > MAX_REREAD;
        let mut builder = Builder::new(&text, source);
        let failure = builder.run(last_try);
        if let Some((at, message)) = &failure
            && !last_try
            && let Some(line) = line_to_mask(&text, *at)
        {
            if errors.last().is_none_or(|last| last.message != *message || last.span.end + 200 < line.start) {
                errors.push(SyntaxError::new(trimmed(source, line), message.clone()));
            }
            text.replace_range(line.range(), &" ".repeat(line.len() as usize));
            masked.push(line);
            continue;
        }
        errors.extend(builder.errors);
        errors.sort_by_key(|error| error.span.start);
        let mut documents = builder.documents;
        for document in &mut documents {
            document.damaged = masked.iter().any(|line| document.span.contains(*line));
        }
        return Tree { source: source.clone(), documents, nodes: builder.nodes, comments: builder.comments, errors, holes };
    }
}

/// The last line at or before the offset that has something on it.
fn line_to_mask(text: &str, at: usize) -> Option<Span> {
    let mut end = boundary(text, at);
    end += text[end..].find('\n').unwrap_or(text.len() - end);
    loop {
        let start = text[..end].rfind('\n').map_or(0, |found| found + 1);
        if !text[start..end].trim().is_empty() {
            return Some(Span::of(start, end - usize::from(text[..end].ends_with('\r'))));
        }
        end = start.checked_sub(1)?;
    }
}

fn trimmed(text: &str, line: Span) -> Span {
    let content = line.text(text);
    let start = line.start as usize + content.len() - content.trim_start().len();
    Span::of(start, start + content.trim().len())
}

struct Builder<'t> {
    /// What is read: of the same length as the source, with broken lines masked.
    text: &'t str,
    source: &'t str,
    nodes: Vec<Node>,
    documents: Vec<Document>,
    comments: Vec<Span>,
    errors: Vec<SyntaxError>,
    open: Vec<NodeId>,
    /// A key that waits for its value, by open node.
    keys: Vec<Option<NodeId>>,
    anchors: FxHashMap<usize, NodeId>,
    root: Option<NodeId>,
    document_start: usize,
    last: Option<NodeId>,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, source: &'t str) -> Self {
        Self {
            text,
            source,
            nodes: Vec::with_capacity(text.len() / 16),
            documents: Vec::new(),
            comments: Vec::new(),
            errors: Vec::new(),
            open: Vec::new(),
            keys: Vec::new(),
            anchors: FxHashMap::default(),
            root: None,
            document_start: 0,
            last: None,
        }
    }

    /// Reads to the end or the first error, which is returned with its offset; with `go_on`, documents with errors are left out.
    fn run(&mut self, go_on: bool) -> Option<(usize, CompactString)> {
        let options = granit_parser::options! {
            max_buffered_comment_events: usize::MAX / 4,
            emit_unresolved_aliases: true,
            simple_key_max_lookahead: 4096,
        };
        let mut parser = Parser::new_from_str_with_options(self.text, options);
        loop {
            match parser.next() {
                None => return None,
                Some(Ok((event, span))) => {
                    // Behind a NUL, the parser's offsets may lie anywhere; in a masked line, within a character of the source.
                    let start = boundary(self.source, span.start.byte_offset().unwrap_or(0));
                    let end = boundary(self.source, span.end.byte_offset().unwrap_or(start));
                    self.event(event, start, end.max(start));
                }
                Some(Err(error)) => {
                    let at = error.marker().byte_offset().unwrap_or(self.text.len());
                    let message = CompactString::from(error.info());
                    if !go_on {
                        return Some((at, message));
                    }
                    let end = boundary(self.source, at);
                    self.errors.push(SyntaxError::new(Span::of(end, end), message));
                    self.open.clear();
                    self.keys.clear();
                    self.root = None;
                    if !matches!(parser.proceed_next_document(), Ok(true)) || self.errors.len() > MAX_MASKS {
                        return None;
                    }
                }
            }
        }
    }

    fn event(&mut self, event: Event<'_>, start: usize, end: usize) {
        match event {
            Event::StreamStart | Event::StreamEnd => {}
            Event::DocumentStart(..) => {
                self.anchors.clear();
                self.document_start = start;
            }
            Event::DocumentEnd => {
                let empty = |node: &Node| {
                    node.span.is_empty() && matches!(&node.kind, NodeKind::Scalar(text, Style::Plain) if text.is_empty())
                };
                if let Some(root) = self.root.take().filter(|root| !empty(&self.nodes[root.0 as usize])) {
                    let span = Span::of(self.document_start, end).to(self.nodes[root.0 as usize].span);
                    self.documents.push(Document { root, span, damaged: false });
                }
            }
            Event::Comment(..) => self.comments.push(Span::of(start, start + self.text[start..end].trim_end().len())),
            Event::Alias(id) => {
                let target = self.anchors.get(&id).copied();
                let endless = target.is_some_and(|target| self.open.contains(&target));
                if endless {
                    self.errors.push(SyntaxError::new(Span::of(start, end), "this alias lies within what it stands for"));
                }
                let target = target.filter(|_| !endless);
                self.node(start, end, String::new(), NodeKind::Alias(target), 0);
            }
            Event::UnresolvedAlias(_) => {
                self.errors.push(SyntaxError::new(Span::of(start, end), "this alias has no anchor before it"));
                self.node(start, end, String::new(), NodeKind::Alias(None), 0);
            }
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                // An empty plain node is reported as `~` with an empty span.
                let empty = start == end && style == Style::Plain;
                let kind = NodeKind::Scalar(if empty { CompactString::default() } else { CompactString::from(text) }, style);
                let end = start + self.text.get(start..end).map_or(0, |content| content.trim_end().len());
                self.node(start, end, tag_text(tag.as_deref()), kind, anchor);
            }
            Event::SequenceStart(_, anchor, tag) => {
                let id = self.node(start, end, tag_text(tag.as_deref()), NodeKind::Sequence(Vec::new()), anchor);
                self.open.push(id);
                self.keys.push(None);
            }
            Event::MappingStart(_, anchor, tag) => {
                let id = self.node(start, end, tag_text(tag.as_deref()), NodeKind::Mapping(Vec::new()), anchor);
                self.open.push(id);
                self.keys.push(None);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(end),
            _ => {}
        }
    }

    fn node(&mut self, start: usize, end: usize, tag: String, kind: NodeKind, anchor: usize) -> NodeId {
        let id = NodeId(Span::of(0, self.nodes.len()).end);
        self.nodes.push(Node { span: Span::of(start, end), tag: tag.into(), kind });
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        self.last = Some(id);
        match self.open.last().copied() {
            None => self.root = Some(id),
            Some(parent) => match &mut self.nodes[parent.0 as usize].kind {
                NodeKind::Sequence(items) => items.push(id),
                NodeKind::Mapping(entries) => {
                    if let Some(waiting) = self.keys.last_mut() {
                        match waiting.take() {
                            None => *waiting = Some(id),
                            Some(key) => entries.push(Entry { key, value: id }),
                        }
                    }
                }
                _ => {}
            },
        }
        id
    }

    /// The span of a collection ends where its last child does, unless a bracket closes it.
    fn close(&mut self, end: usize) {
        let Some(id) = self.open.pop() else { return };
        self.keys.pop();
        let flow = end > 0
            && matches!(self.text.as_bytes().get(end - 1), Some(b']' | b'}'))
            && matches!(self.text.as_bytes().get(self.nodes[id.0 as usize].span.start as usize), Some(b'[' | b'{'));
        let last = match &self.nodes[id.0 as usize].kind {
            NodeKind::Sequence(items) => items.last().copied(),
            NodeKind::Mapping(entries) => entries
                .last()
                .map(|entry| if self.nodes[entry.value.0 as usize].span.is_empty() { entry.key } else { entry.value }),
            _ => None,
        };
        let first = match &self.nodes[id.0 as usize].kind {
            NodeKind::Mapping(entries) => entries.first().map(|entry| self.nodes[entry.key.0 as usize].span.start),
            _ => None,
        };
        let last_end = last.map(|last| self.nodes[last.0 as usize].span.end);
        let node = &mut self.nodes[id.0 as usize];
        if flow {
            node.span.end = Span::of(0, end).end;
        } else if let Some(last_end) = last_end {
            node.span.start = first.unwrap_or(node.span.start).min(last_end);
            node.span.end = last_end.max(node.span.start);
        }
    }
}

fn tag_text(tag: Option<&granit_parser::Tag>) -> String {
    tag.map_or_else(String::new, ToString::to_string)
}
