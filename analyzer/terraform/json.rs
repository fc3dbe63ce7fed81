//! The JSON syntax, <https://opentofu.org/docs/language/syntax/json/>: it is rewritten as the native syntax that says the same,
//! with a table from the bytes of that text back to the bytes of the file.

use std::fmt::Write as _;

use plimsoll_syntax::Span;
use plimsoll_syntax::hcl::{self, Tree};
use plimsoll_syntax::yaml::{self, NodeId, NodeKind, Style};

/// How deep JSON may nest.
const MAX_DEPTH: u32 = 100;

/// From spans of the rewritten text to spans of the file.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Spans {
    /// Start in the rewritten text, end in it, and the span in the file; in order of their ends, inner ones first.
    rows: Vec<(u32, u32, Span)>,
}

impl Spans {
    /// The smallest piece of the file that the span comes from.
    pub(crate) fn original(&self, span: Span) -> Span {
        let at = self.rows.partition_point(|&(start, ..)| start <= span.start);
        let enclosing = |row: &&(u32, u32, Span)| row.1 >= span.end;
        // Rows are sorted by start; the nearest before that also reaches the end encloses the span tightest.
        let inner = self.rows[..at].iter().rev().take(64).find(enclosing).map(|row| row.2);
        let last = self.rows[..at].last().map(|row| row.2);
        inner.or(last).unwrap_or_default()
    }
}

/// Words whose JSON value is a nested block of the top level, and how many labels stand before its body.
const LABELS: &[(&str, u32)] = &[
    ("resource", 2),
    ("data", 2),
    ("ephemeral", 2),
    ("module", 1),
    ("variable", 1),
    ("output", 1),
    ("provider", 1),
    ("check", 1),
];
/// Words inside these bodies that are blocks, with their labels, whatever the provider.
const NESTED: &[(&str, u32)] = &[
    ("lifecycle", 0),
    ("provisioner", 1),
    ("connection", 0),
    ("dynamic", 1),
    ("content", 0),
    ("validation", 0),
    ("precondition", 0),
    ("postcondition", 0),
    ("required_providers", 0),
    ("backend", 1),
    ("cloud", 0),
    ("workspaces", 0),
];

/// Rewrites a file; `variables`: it is a variables file, whose strings are no templates.
pub(crate) fn to_hcl(json: &yaml::Tree, variables: bool) -> (Tree, Spans) {
    let mut writer = Writer { json, out: String::new(), spans: Spans::default(), literal: variables };
    if let Some(document) = json.documents.first() {
        if variables {
            writer.body(document.root, false, 0);
        } else {
            writer.top(document.root);
        }
    }
    let Writer { out, mut spans, .. } = writer;
    spans.rows.sort_by_key(|&(start, end, _)| (start, std::cmp::Reverse(end)));
    (hcl::parse(&out.into()), spans)
}

struct Writer<'j> {
    json: &'j yaml::Tree,
    out: String,
    spans: Spans,
    literal: bool,
}

impl Writer<'_> {
    fn here(&self) -> u32 {
        Span::of(self.out.len(), self.out.len()).start
    }

    fn mapped(&mut self, start: u32, node: NodeId) {
        let span = self.json[node].span;
        self.spans.rows.push((start, self.here(), span));
    }

    fn entries(&self, node: NodeId) -> Vec<(NodeId, NodeId)> {
        match &self.json[self.json.resolve(node)].kind {
            NodeKind::Mapping(entries) => entries.iter().map(|entry| (entry.key, entry.value)).collect(),
            NodeKind::Sequence(items) => items
                .iter()
                .flat_map(|&item| match &self.json[self.json.resolve(item)].kind {
                    NodeKind::Mapping(entries) => entries.iter().map(|entry| (entry.key, entry.value)).collect(),
                    _ => Vec::new(),
                })
                .collect(),
            NodeKind::Scalar(..) | NodeKind::Alias(_) => Vec::new(),
        }
    }

    fn top(&mut self, root: NodeId) {
        for (key, value) in self.entries(root) {
            let name = self.json.scalar(key).unwrap_or("").to_owned();
            match LABELS.iter().find(|(word, _)| *word == name) {
                Some((_, labels)) => self.labelled(&name, key, value, *labels, &mut Vec::new()),
                None if name == "//" => {}
                None => self.blocks(&name, key, value, 0),
            }
        }
    }

    /// Takes `labels` levels of keys as labels, then writes a block for each body.
    fn labelled(&mut self, name: &str, key: NodeId, value: NodeId, labels: u32, path: &mut Vec<NodeId>) {
        if labels == 0 {
            let bodies = match &self.json[self.json.resolve(value)].kind {
                NodeKind::Sequence(items) => items.clone(),
                _ => vec![value],
            };
            for body in bodies {
                let start = self.here();
                self.out.push_str(name);
                self.mapped(start, key);
                for &label in path.iter() {
                    self.out.push(' ');
                    let start = self.here();
                    self.quoted(label, true);
                    self.mapped(start, label);
                }
                self.out.push_str(" {\n");
                self.body(body, true, 1);
                self.out.push_str("}\n");
                self.mapped(start, path.last().copied().unwrap_or(key));
            }
            return;
        }
        for (label, inner) in self.entries(value) {
            if self.json.scalar(label) == Some("//") {
                continue;
            }
            path.push(label);
            self.labelled(name, key, inner, labels - 1, path);
            path.pop();
        }
    }

    fn blocks(&mut self, name: &str, key: NodeId, value: NodeId, labels: u32) {
        self.labelled(name, key, value, labels, &mut Vec::new());
    }

    fn body(&mut self, node: NodeId, nested: bool, depth: u32) {
        for (key, value) in self.entries(node) {
            let name = self.json.scalar(key).unwrap_or("").to_owned();
            let is_word = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) && !name.is_empty();
            if !is_word || depth > MAX_DEPTH {
                continue;
            }
            if let Some((_, labels)) = NESTED.iter().find(|(word, _)| nested && *word == name) {
                self.blocks(&name, key, value, *labels);
                continue;
            }
            let whole = self.here();
            self.out.push_str(&name);
            self.mapped(whole, key);
            self.out.push_str(" = ");
            match name.as_str() {
                // These hold names, or a type: their string is the expression.
                "depends_on" | "provider" | "providers" | "ignore_changes" | "replace_triggered_by" | "type" if nested => {
                    self.words(value, depth + 1)
                }
                _ => self.value(value, depth + 1),
            }
            self.out.push('\n');
        }
    }

    fn words(&mut self, node: NodeId, depth: u32) {
        let start = self.here();
        match self.json[self.json.resolve(node)].kind.clone() {
            NodeKind::Scalar(text, _) => {
                // What is no expression stays a string.
                let tree = hcl::parse(&format!("x = {text}\n").into());
                if tree.errors.is_empty() && !text.contains('\n') && !text.is_empty() {
                    self.out.push_str(&text)
                } else {
                    self.quoted(node, true)
                }
            }
            NodeKind::Sequence(items) if depth < MAX_DEPTH => {
                self.out.push('[');
                for item in items {
                    self.words(item, depth + 1);
                    self.out.push_str(", ");
                }
                self.out.push(']');
            }
            _ => self.value(node, depth),
        }
        self.mapped(start, node);
    }

    fn value(&mut self, node: NodeId, depth: u32) {
        let start = self.here();
        if depth > MAX_DEPTH {
            self.out.push_str("null");
            return;
        }
        match self.json[self.json.resolve(node)].kind.clone() {
            NodeKind::Scalar(text, Style::Plain) if matches!(text.as_str(), "null" | "true" | "false" | "") => {
                self.out.push_str(if text.is_empty() { "null" } else { &text });
            }
            NodeKind::Scalar(text, Style::Plain) if text.parse::<f64>().is_ok() => {
                // A sign is an operator, not part of a literal.
                let _ = write!(self.out, "({text})");
            }
            NodeKind::Scalar(..) => self.quoted(node, self.literal),
            NodeKind::Sequence(items) => {
                self.out.push('[');
                for item in items {
                    self.value(item, depth + 1);
                    self.out.push_str(", ");
                }
                self.out.push(']');
            }
            NodeKind::Mapping(entries) => {
                self.out.push('{');
                for entry in entries {
                    self.quoted(entry.key, self.literal);
                    self.out.push_str(" = ");
                    self.value(entry.value, depth + 1);
                    self.out.push_str(", ");
                }
                self.out.push('}');
            }
            NodeKind::Alias(_) => self.out.push_str("null"),
        }
        self.mapped(start, node);
    }

    /// A string in quotes: text is escaped, `${…}` stays as it is unless `literal`.
    fn quoted(&mut self, node: NodeId, literal: bool) {
        let start = self.here();
        let text = self.json.scalar(node).unwrap_or("").to_owned();
        self.out.push('"');
        let mut rest = text.as_str();
        while let Some(c) = rest.chars().next() {
            let marker = rest.starts_with("${") || rest.starts_with("%{");
            if literal && marker {
                self.out.push(c);
                self.out.push_str(&rest[..2]);
                rest = &rest[2..];
                continue;
            }
            if rest.starts_with("$${") || rest.starts_with("%%{") {
                self.out.push_str(&rest[..3]);
                rest = &rest[3..];
                continue;
            }
            if marker {
                let end = interpolation_end(rest);
                self.out.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                _ => self.out.push(c),
            }
            rest = &rest[c.len_utf8()..];
        }
        self.out.push('"');
        self.mapped(start, node);
    }
}

/// Where the interpolation at the head of `text` ends: after its closing brace, or at the end of the text.
fn interpolation_end(text: &str) -> usize {
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}
