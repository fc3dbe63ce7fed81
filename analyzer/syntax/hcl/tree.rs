//! The tree: bodies of attributes and blocks; expressions in one arena.

use std::marker::PhantomData;
use std::ops::Index;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::text::{Span, SyntaxError};

/// The tree of one text. All spans are byte ranges of [`Tree::source`].
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// The text.
    pub source: Arc<str>,
    /// The top-level body.
    pub body: Body,
    /// Every expression; children come before their parents.
    pub exprs: Vec<Expr>,
    /// Children of expressions with any number of them; see [`List`].
    pub expr_lists: Vec<ExprId>,
    /// Items of object constructors.
    pub object_items: Vec<ObjectItem>,
    /// `for` expressions.
    pub for_exprs: Vec<ForExpr>,
    /// Parts of templates.
    pub parts: Vec<Part>,
    /// Every comment, in order, without its line end.
    pub comments: Vec<Span>,
    /// What could not be read, in order.
    pub errors: Vec<SyntaxError>,
}

/// An index into [`Tree::exprs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub u32);

/// A run of neighbours in one of the tree's arenas; read with [`Tree::list`], [`Tree::items`] and [`Tree::parts`].
#[derive(Debug, PartialEq, Eq)]
pub struct List<T> {
    /// Index of the first.
    pub start: u32,
    /// How many.
    pub len: u32,
    /// What they are.
    pub of: PhantomData<T>,
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<T> {}

/// Attributes and blocks in source order. Duplicates are kept: Terraform reports them and goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// The items.
    pub items: Vec<BodyItem>,
}

/// An item of a body.
#[derive(Clone, Debug, PartialEq)]
pub enum BodyItem {
    /// `name = expression`
    Attribute(Attribute),
    /// `type "label" { … }`
    Block(Box<Block>),
}

/// `name = expression`
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The name.
    pub name: Span,
    /// The expression; [`ExprKind::Error`] when it could not be read.
    pub expr: ExprId,
    /// Name to end of expression.
    pub span: Span,
}

/// `type label "label" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The block's type.
    pub kind: Span,
    /// The labels, quoted ones with their quotes.
    pub labels: SmallVec<[Span; 2]>,
    /// The opening brace.
    pub open: Span,
    /// The closing brace; empty where it is missing.
    pub close: Span,
    /// What is inside.
    pub body: Body,
}

/// An expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expr {
    /// First to last byte, parentheses of its own included.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// The kinds of expressions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ExprKind {
    /// Could not be read; the error is in [`Tree::errors`].
    Error,
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A numeric literal; its text is the span.
    Number,
    /// A quoted string or heredoc, as parts. A plain string has one literal part or none.
    Template(TemplateKind, List<Part>),
    /// A root name: `var`, `each`, `aws_instance`.
    Variable,
    /// `base.name`
    GetAttr {
        /// What it is read from.
        base: ExprId,
        /// The name.
        name: Span,
    },
    /// `base[key]`; also the legacy `base.0`, whose key is a number.
    Index {
        /// What it is read from.
        base: ExprId,
        /// The key.
        key: ExprId,
    },
    /// `source[*].a[0]` (full) or `source.*.a`: `each` is the expression per element, rooted in [`ExprKind::SplatItem`].
    Splat {
        /// The list.
        source: ExprId,
        /// Per element.
        each: ExprId,
        /// `[*]`, not `.*`.
        full: bool,
    },
    /// The element inside a splat.
    SplatItem,
    /// `name(args…)`, `provider::aws::arn_parse(…)`
    Call {
        /// The name, with its namespace.
        name: Span,
        /// The arguments.
        args: List<ExprId>,
        /// The last argument is followed by `...`.
        expand: bool,
    },
    /// `[a, b]`
    Tuple(List<ExprId>),
    /// `{ a = b }`
    Object(List<ObjectItem>),
    /// `-a`, `!a`
    Unary(UnaryOp, ExprId),
    /// `a + b`
    Binary(BinaryOp, ExprId, ExprId),
    /// `a ? b : c`
    Conditional {
        /// The condition.
        condition: ExprId,
        /// If true.
        then: ExprId,
        /// If false.
        otherwise: ExprId,
    },
    /// `(a)`
    Paren(ExprId),
    /// `[for k, v in c : e if p]` and `{for k, v in c : ke => e... if p}`
    For(ForId),
}

/// An index into [`Tree::for_exprs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForId(pub u32);

/// A `for` expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForExpr {
    /// The name for key or index, if given.
    pub key: Option<Span>,
    /// The name for the value.
    pub value: Span,
    /// What is iterated.
    pub collection: ExprId,
    /// The result's key: present in an object-`for`.
    pub key_expr: Option<ExprId>,
    /// The result's value.
    pub value_expr: ExprId,
    /// `...` after the value.
    pub group: bool,
    /// After `if`.
    pub condition: Option<ExprId>,
}

/// How a template is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateKind {
    /// `"…"`
    Quoted,
    /// `<<EOT`; with `flush` (`<<-EOT`) the least indentation is taken off.
    Heredoc {
        /// `<<-`
        flush: bool,
    },
}

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// Literal text as written; escapes are resolved by [`Tree::unescape`].
    Literal(Span),
    /// `${ expr }`
    Interpolation {
        /// With its braces.
        span: Span,
        /// What is inside.
        expr: ExprId,
        /// `${~`
        strip_left: bool,
        /// `~}`
        strip_right: bool,
    },
    /// `%{ if c }…%{ else }…%{ endif }`
    If {
        /// From the first to the last marker.
        span: Span,
        /// The condition.
        condition: ExprId,
        /// Parts if true.
        then: List<Part>,
        /// Parts if false.
        otherwise: List<Part>,
        /// The strip marks (`~`) of the markers, as bits: if-left, if-right, else-left, else-right, endif-left, endif-right.
        strip: u8,
    },
    /// `%{ for k, v in c }…%{ endfor }`
    For {
        /// From the first to the last marker.
        span: Span,
        /// The name for key or index, if given.
        key: Option<Span>,
        /// The name for the value.
        value: Span,
        /// What is iterated.
        collection: ExprId,
        /// The parts of one round.
        body: List<Part>,
        /// The strip marks as bits: for-left, for-right, endfor-left, endfor-right.
        strip: u8,
    },
}

/// An item of an object constructor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ObjectItem {
    /// The key. A bare word is an [`ExprKind::Variable`] and means its own text.
    pub key: ExprId,
    /// The value.
    pub value: ExprId,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `!`
    Not,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Index<ExprId> for Tree {
    type Output = Expr;

    fn index(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }
}

impl Tree {
    /// The text of `span`.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        span.text(&self.source)
    }

    /// The expressions of a list.
    #[must_use]
    pub fn list(&self, list: List<ExprId>) -> &[ExprId] {
        slice(&self.expr_lists, list)
    }

    /// The items of an object constructor.
    #[must_use]
    pub fn items(&self, list: List<ObjectItem>) -> &[ObjectItem] {
        slice(&self.object_items, list)
    }

    /// The parts of a template.
    #[must_use]
    pub fn parts(&self, list: List<Part>) -> &[Part] {
        slice(&self.parts, list)
    }

    /// The `for` expression.
    #[must_use]
    pub fn for_expr(&self, id: ForId) -> &ForExpr {
        &self.for_exprs[id.0 as usize]
    }
}

fn slice<T>(all: &[T], list: List<T>) -> &[T] {
    let start = list.start as usize;
    all.get(start..start + list.len as usize).unwrap_or(&[])
}

impl BodyItem {
    /// The block that it is.
    #[must_use]
    pub fn as_block(&self) -> Option<&Block> {
        match self {
            Self::Block(block) => Some(block),
            Self::Attribute(_) => None,
        }
    }
}

impl Body {
    /// The attributes, in order.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.items.iter().filter_map(|item| match item {
            BodyItem::Attribute(attribute) => Some(attribute),
            BodyItem::Block(_) => None,
        })
    }

    /// The blocks, in order.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.items.iter().filter_map(BodyItem::as_block)
    }
}

impl Block {
    /// Type and labels: what a finding about the block underlines.
    #[must_use]
    pub fn header(&self) -> Span {
        self.labels.last().map_or(self.kind, |last| self.kind.to(*last))
    }

    /// Type to closing brace.
    #[must_use]
    pub fn span(&self) -> Span {
        self.kind.to(self.close)
    }
}
