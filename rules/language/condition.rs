//! The compiled form of conditions: what the engine evaluates and what the binary holds.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::functions::Function;

/// A condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Condition {
    /// `true`, `false`
    Constant(bool),
    /// `!a`
    Not(Box<Condition>),
    /// `a && b && c`
    And(Vec<Condition>),
    /// `a || b || c`
    Or(Vec<Condition>),
    /// `a == b`
    Compare(Operand, Comparison, Operand),
    /// `predicate(subject, …)`
    Test(Function, Vec<Argument>),
}

/// An argument of a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Argument {
    /// A value.
    Operand(Operand),
    /// A condition on each element, of a quantifier.
    Condition(Condition),
}

/// Something that has a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Operand {
    /// A constant.
    Literal(Literal),
    /// A path.
    Path(Path),
    /// `function(subject, …).rest`
    Call(Function, Vec<Argument>, Vec<Step>),
}

/// A constant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `22`
    Number(f64),
    /// `"text"`
    String(CompactString),
    /// `["a", "b"]`
    List(Vec<Literal>),
    /// `{ a = "b" }`
    Map(Vec<(CompactString, Literal)>),
}

/// A path from a root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// Where it starts.
    pub root: Root,
    /// The way from there.
    pub steps: Vec<Step>,
}

/// Where a path starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Root {
    /// The innermost item: the quantifier's element, else the `each` element, else the `on` item.
    Here,
    /// `self`: the `on` item.
    Item,
    /// `each`: the `each` element.
    Each,
    /// `it`: what is judged.
    It,
    /// `key`: the key of the innermost element.
    Key,
    /// `param.x`
    Param(CompactString),
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// `.name`
    Field(CompactString),
    /// `.related.name`
    Related(CompactString),
    /// `["key"]`: of a map, or of a keyed list.
    Key(CompactString),
    /// `[0]`
    Index(u32),
    /// `[it]`
    ByIt,
    /// `[key]`
    ByKey,
    /// `[each]`
    ByEach,
}

/// How two operands are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Comparison {
    /// `==`, `<`, …
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }

    /// Whether it is `<`, `<=`, `>` or `>=`.
    #[must_use]
    pub const fn is_ordering(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// A message: text with operands in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// The parts, in order.
    pub parts: Vec<TemplatePart>,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TemplatePart {
    /// Text as it is.
    Text(CompactString),
    /// `${operand}`
    Operand(Operand),
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::String(value) => write!(f, "{value:?}"),
            Self::List(values) => {
                f.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        f.write_str(", ")?;
                    }
                    value.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                f.write_str("{ ")?;
                for (at, (key, value)) in entries.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    write!(f, "{comma}{key:?} = {value}")?;
                }
                f.write_str(" }")
            }
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = match &self.root {
            Root::Here => true,
            Root::Item => {
                f.write_str("self")?;
                false
            }
            Root::Each => {
                f.write_str("each")?;
                false
            }
            Root::It => {
                f.write_str("it")?;
                false
            }
            Root::Key => {
                f.write_str("key")?;
                false
            }
            Root::Param(name) => {
                write!(f, "param.{name}")?;
                false
            }
        };
        for step in &self.steps {
            let dot = if first { "" } else { "." };
            first = false;
            match step {
                Step::Field(name) => write!(f, "{dot}{name}")?,
                Step::Related(name) => write!(f, "{dot}related.{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::ByIt => f.write_str("[it]")?,
                Step::ByKey => f.write_str("[key]")?,
                Step::ByEach => f.write_str("[each]")?,
            }
        }
        Ok(())
    }
}
