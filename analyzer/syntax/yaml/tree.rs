//! The tree: documents of nodes in one arena.

use std::ops::Index;
use std::sync::Arc;

use compact_str::CompactString;

use crate::text::{Span, SyntaxError};

/// The tree of one text. All spans are byte ranges of [`Tree::source`].
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// The text.
    pub source: Arc<str>,
    /// The documents, in order; empty ones are left out.
    pub documents: Vec<Document>,
    /// Every node.
    pub nodes: Vec<Node>,
    /// Every comment, in order, without its line end.
    pub comments: Vec<Span>,
    /// What could not be read, in order.
    pub errors: Vec<SyntaxError>,
    /// Actions of an unrendered Go template, in order.
    pub holes: Vec<Hole>,
}

/// An action of an unrendered Go template that puts something into the text; control flow and comments are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// `{{ … }}`
    pub span: Span,
    /// Alone on its line: it may put any number of lines there.
    pub line: bool,
}

/// One document of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document {
    /// The root.
    pub root: NodeId,
    /// First to last byte of the root, and the comments and markers around it.
    pub span: Span,
    /// Lines were masked to read it.
    pub damaged: bool,
}

/// An index into [`Tree::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The bytes of the content, tight: without tag, anchor, trailing spaces and line ends.
    pub span: Span,
    /// An explicit tag, as written (`!!str`, `!reset`); empty where there is none.
    pub tag: CompactString,
    /// What it is.
    pub kind: NodeKind,
}

/// The kinds of nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// Text after folding and escapes.
    Scalar(CompactString, Style),
    /// `- a`, `[a]`
    Sequence(Vec<NodeId>),
    /// `a: b`, `{a: b}`; in source order, duplicates and merge keys (`<<`) kept.
    Mapping(Vec<Entry>),
    /// `*name`, resolved to its anchor's node where there is one before it.
    Alias(Option<NodeId>),
}

/// A key with its value. `key: ` without a value has an empty plain scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: NodeId,
    /// The value.
    pub value: NodeId,
}

/// How a scalar is written. Only plain ones are anything but strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `text`
    Plain,
    /// `'text'`
    Single,
    /// `"text"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

impl Index<NodeId> for Tree {
    type Output = Node;

    fn index(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }
}

impl Tree {
    /// The node itself, or what the alias stands for.
    #[must_use]
    pub fn resolve(&self, id: NodeId) -> NodeId {
        match self[id].kind {
            NodeKind::Alias(Some(target)) => target,
            _ => id,
        }
    }

    /// The value node under a key of a mapping (the last one, as YAML readers take it); merge keys are not looked into.
    #[must_use]
    pub fn get(&self, mapping: NodeId, key: &str) -> Option<NodeId> {
        let NodeKind::Mapping(entries) = &self[self.resolve(mapping)].kind else { return None };
        entries.iter().rev().find(|entry| self.scalar(entry.key) == Some(key)).map(|entry| entry.value)
    }

    /// The text of a scalar.
    #[must_use]
    pub fn scalar(&self, id: NodeId) -> Option<&str> {
        match &self[self.resolve(id)].kind {
            NodeKind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }
}
