//! The tree of a Go template. Spans are byte ranges of the template's text.

use std::rc::Rc;

use plimsoll_syntax::Span;

/// A piece of a template.
#[derive(Debug)]
pub(crate) struct Node {
    /// The text without what trim markers take away, or the whole action with its braces.
    pub span: Span,
    pub kind: NodeKind,
}

#[derive(Debug)]
pub(crate) enum NodeKind {
    Text,
    /// `{{ pipeline }}`
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    /// `{{ template "name" pipeline }}`
    Template {
        name: Rc<str>,
        argument: Option<Pipe>,
    },
    Break,
    Continue,
}

/// What `if`, `with` and `range` consist of.
#[derive(Debug)]
pub(crate) struct Branch {
    pub pipe: Pipe,
    pub then: Vec<Node>,
    pub otherwise: Option<Vec<Node>>,
}

/// `$a, $b := command | command`
#[derive(Debug)]
pub(crate) struct Pipe {
    pub span: Span,
    pub variables: Vec<Rc<str>>,
    /// `=`, not `:=`
    pub assigns: bool,
    pub commands: Vec<Command>,
}

/// A word with its arguments.
#[derive(Debug)]
pub(crate) struct Command {
    /// At least one.
    pub words: Vec<Operand>,
}

#[derive(Debug)]
pub(crate) struct Operand {
    pub span: Span,
    pub kind: OperandKind,
}

#[derive(Debug)]
pub(crate) enum OperandKind {
    Dot,
    Nil,
    Bool(bool),
    /// A constant is a whole number, a fraction, or both.
    Number {
        int: Option<i64>,
        float: f64,
        is_float: bool,
    },
    String(Rc<str>),
    /// `.a.b`
    Field(Vec<Rc<str>>),
    /// `$a.b`
    Variable(Rc<str>, Vec<Rc<str>>),
    Function(Rc<str>),
    /// `( … )`
    Pipe(Box<Pipe>),
    /// `( … ).a.b`
    Chain(Box<Operand>, Vec<Rc<str>>),
}

/// A named template.
#[derive(Debug)]
pub(crate) struct Definition {
    pub name: Rc<str>,
    pub nodes: Vec<Node>,
}

impl Definition {
    /// Nothing but blank space: does not replace a template that has more.
    pub(crate) fn is_empty(&self, text: &str) -> bool {
        self.nodes.iter().all(|node| matches!(node.kind, NodeKind::Text) && node.span.text(text).trim().is_empty())
    }
}
