//! The compiled form of conditions: what the engine evaluates and what the binary holds.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use compact_str::CompactString;
use plimsoll_syntax::value::{List, Map};
use plimsoll_syntax::{Kind, Place, Value};
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
    Literal(Constant),
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

/// A constant with the value that conditions see, which is put together when it is first asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Literal", into = "Literal")]
pub struct Constant {
    literal: Literal,
    value: OnceLock<Value>,
    made: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Constant {
    /// As a value; it has no place.
    pub fn value(&self) -> &Value {
        self.value.get_or_init(|| self.literal.value())
    }

    /// What the one who evaluates the condition makes of it, once: a regular expression of a pattern. `None`: something else was made of
    /// it before.
    pub fn made<T: Any + Send + Sync>(&self, make: impl FnOnce(&Literal) -> T) -> Option<&T> {
        self.made.get_or_init(|| Arc::new(make(&self.literal))).downcast_ref()
    }
}

impl From<Literal> for Constant {
    fn from(literal: Literal) -> Self {
        Self { literal, value: OnceLock::new(), made: OnceLock::new() }
    }
}

impl From<Constant> for Literal {
    fn from(constant: Constant) -> Self {
        constant.literal
    }
}

impl Deref for Constant {
    type Target = Literal;

    fn deref(&self) -> &Literal {
        &self.literal
    }
}

impl PartialEq for Constant {
    fn eq(&self, other: &Self) -> bool {
        self.literal == other.literal
    }
}

impl Operand {
    /// The constant, where it is one.
    #[must_use]
    pub fn literal(&self) -> Option<&Literal> {
        self.constant().map(Deref::deref)
    }

    /// The same, with what is made of it.
    #[must_use]
    pub fn constant(&self) -> Option<&Constant> {
        match self {
            Self::Literal(constant) => Some(constant),
            _ => None,
        }
    }
}

impl Argument {
    /// The constant, where it is one.
    #[must_use]
    pub fn literal(&self) -> Option<&Literal> {
        self.constant().map(Deref::deref)
    }

    /// The same, with what is made of it.
    #[must_use]
    pub fn constant(&self) -> Option<&Constant> {
        match self {
            Self::Operand(operand) => operand.constant(),
            Self::Condition(_) => None,
        }
    }

    /// The path, where it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Operand(Operand::Path(path)) => Some(path),
            _ => None,
        }
    }
}

impl Literal {
    /// As a value; it has no place.
    #[must_use]
    pub fn value(&self) -> Value {
        let kind = match self {
            Self::Null => Kind::Null,
            Self::Bool(value) => Kind::Bool(*value),
            Self::Number(value) => Kind::Number((*value).into()),
            Self::String(value) => Kind::String(value.clone()),
            Self::List(values) => {
                Kind::List(Arc::new(List { items: values.iter().map(Self::value).collect(), tail: None, blocks: false }))
            }
            Self::Map(values) => {
                let mut map = Map::default();
                for (key, value) in values {
                    map.set(key.clone(), value.value());
                }
                Kind::Map(Arc::new(map))
            }
        };
        Value::new(kind, Place::NONE)
    }
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
