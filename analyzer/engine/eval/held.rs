//! What a path leads to is lent where it lies, and copied only where it was made on the way.

use std::borrow::Cow;
use std::ops::Deref;
use std::rc::Rc;

use plimsoll_rule_language::schema::Field;
use plimsoll_syntax::value::{Entry, Map};
use plimsoll_syntax::{Kind, Place, Value};

/// What an absent value is.
static NULL: Value = Value::new(Kind::Null, Place::NONE);

/// A value that lies in an item, a header or a schema, or one that was made on the way. Nearly all are lent: following a path copies
/// nothing.
#[derive(Clone, Debug)]
pub(crate) enum Held<'a> {
    Lent(&'a Value),
    Made(Rc<Value>),
}

impl Deref for Held<'_> {
    type Target = Value;

    fn deref(&self) -> &Value {
        match self {
            Self::Lent(value) => value,
            Self::Made(value) => value,
        }
    }
}

impl<'a> Held<'a> {
    pub(crate) fn made(value: Value) -> Self {
        Self::Made(Rc::new(value))
    }

    pub(super) fn null() -> Self {
        Self::Lent(&NULL)
    }

    /// A part of it; what is lent lends its parts.
    pub(super) fn part(&self, find: impl for<'v> FnOnce(&'v Value) -> Option<&'v Value>) -> Option<Self> {
        match self {
            Self::Lent(value) => find(value).map(Self::Lent),
            Self::Made(value) => find(value).cloned().map(Self::made),
        }
    }

    /// The element of a list.
    pub(super) fn item(&self, at: usize) -> Option<Self> {
        self.part(|value| value.items().get(at))
    }

    /// The value of a field and the place of its entry.
    pub(super) fn written(&self, name: &str, field: Option<&Field>) -> Option<(Self, Place)> {
        match self {
            Self::Lent(value) => {
                let entry = written(value.as_map()?, name, field)?;
                Some((Self::Lent(&entry.value), entry.place))
            }
            Self::Made(value) => {
                let entry = written(value.as_map()?, name, field)?;
                Some((Self::made(entry.value.clone()), entry.place))
            }
        }
    }

    /// The key and the value of a map's entry.
    pub(super) fn entry(&self, at: usize) -> Option<(Cow<'a, str>, Self)> {
        match self {
            Self::Lent(value) => {
                let entry = value.as_map()?.entries.get(at)?;
                Some((Cow::Borrowed(entry.key.as_str()), Self::Lent(&entry.value)))
            }
            Self::Made(value) => {
                let entry = value.as_map()?.entries.get(at)?;
                Some((Cow::Owned(entry.key.to_string()), Self::made(entry.value.clone())))
            }
        }
    }
}

/// The entry of a field, under its name or one that it had.
fn written<'m>(map: &'m Map, name: &str, field: Option<&Field>) -> Option<&'m Entry> {
    map.get(name).or_else(|| field?.renamed.iter().find_map(|old| map.get(old)))
}
