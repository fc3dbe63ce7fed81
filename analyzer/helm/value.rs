//! The values that templates compute with, as Go has them, each with the place in a values file that it comes from.

use plimsoll_syntax::value::Kind;
use plimsoll_syntax::{Place, Value as Read};

pub(crate) use crate::containers::{Dict, List, Slot};
use crate::object::Object;
use crate::text::{Builder, Source, Text};

/// How deep values may nest before they are cut; maps that hold themselves end here.
pub(crate) const MAX_DEPTH: usize = 100;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Where a values file writes it.
    pub place: Place,
    /// As [`Source::opaque`].
    pub opaque: bool,
}

/// A value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Value {
    pub data: Data,
    pub origin: Origin,
}

/// The kinds of values.
#[derive(Clone, Debug, Default)]
pub(crate) enum Data {
    /// No value at all: fields of it are no value either.
    #[default]
    Void,
    /// A nil interface, as a map holds it: it has no fields.
    Nil,
    Bool(bool),
    /// `int`
    Int(i64),
    /// `int64`
    Long(i64),
    /// `float64`; every number of a values file is one.
    Float(f64),
    Str(Text),
    List(List),
    Map(Dict),
    Object(Object),
}

impl Value {
    pub(crate) const fn new(data: Data) -> Self {
        Self { data, origin: Origin { place: Place::NONE, opaque: false } }
    }

    pub(crate) fn string(text: impl Into<Text>) -> Self {
        Self::new(Data::Str(text.into()))
    }

    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self::new(Data::List(List::new(items.into_iter().map(Self::stored).collect())))
    }

    #[cfg(test)]
    pub(crate) fn strings<'t>(items: impl IntoIterator<Item = &'t str>) -> Self {
        Self::list(items.into_iter().map(Self::string).collect())
    }

    pub(crate) const fn bool(value: bool) -> Self {
        Self::new(Data::Bool(value))
    }

    /// Something made up at installation.
    pub(crate) fn opaque(text: impl Into<Text>) -> Self {
        Self { data: Data::Str(text.into()), origin: Origin { place: Place::NONE, opaque: true } }
    }

    /// As containers hold it.
    pub(crate) fn stored(mut self) -> Self {
        if matches!(self.data, Data::Void) {
            self.data = Data::Nil;
        }
        self
    }

    /// As a pipeline hands it on.
    pub(crate) fn piped(mut self) -> Self {
        if matches!(self.data, Data::Nil) {
            self.data = Data::Void;
        }
        self
    }

    pub(crate) const fn is_nil(&self) -> bool {
        matches!(self.data, Data::Void | Data::Nil)
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Str(text) => Some(text.as_str()),
            _ => None,
        }
    }

    pub(crate) const fn as_dict(&self) -> Option<&Dict> {
        match &self.data {
            Data::Map(dict) => Some(dict),
            _ => None,
        }
    }

    pub(crate) const fn as_int(&self) -> Option<i64> {
        match &self.data {
            Data::Int(int) | Data::Long(int) => Some(*int),
            _ => None,
        }
    }

    /// What `if` makes of it, and sprig's `empty` the contrary.
    pub(crate) fn truth(&self) -> bool {
        match &self.data {
            Data::Void | Data::Nil => false,
            Data::Bool(value) => *value,
            Data::Int(int) | Data::Long(int) => *int != 0,
            Data::Float(float) => *float != 0.0,
            Data::Str(text) => !text.as_str().is_empty(),
            Data::List(items) => !items.is_empty(),
            Data::Map(dict) => dict.len() > 0,
            Data::Object(object) => object.truth(),
        }
    }

    pub(crate) fn deep(&self) -> Self {
        self.deep_to(MAX_DEPTH)
    }

    pub(crate) fn deep_to(&self, depth: usize) -> Self {
        let Some(depth) = depth.checked_sub(1) else { return Self::new(Data::Nil) };
        let data = match &self.data {
            Data::Map(dict) => Data::Map(dict.deep_to(depth)),
            Data::List(items) => Data::List(List::new(items.iter().map(|item| item.deep_to(depth)).collect())),
            other => other.clone(),
        };
        Self { data, origin: self.origin }
    }

    /// The source of what the value is written as, where its text has none of its own.
    pub(crate) const fn source(&self) -> Source {
        Source { template: Place::NONE, exact: false, value: self.origin.place, opaque: self.origin.opaque }
    }

    /// Its origin, or what its text says about it.
    pub(crate) fn traced(&self) -> Origin {
        match &self.data {
            Data::Str(text) if !text.runs().is_empty() => Origin {
                place: if self.origin.place.is_some() { self.origin.place } else { text.value() },
                opaque: self.origin.opaque || text.is_opaque(),
            },
            _ => self.origin,
        }
    }

    /// The text with the value's origin in it.
    pub(crate) fn text(&self) -> Text {
        match &self.data {
            Data::Str(text) if self.origin == Origin::default() => text.clone(),
            Data::Str(text) => {
                let mut out = Builder::default();
                out.push_text(text, self.source());
                out.finish()
            }
            _ => Text::from(""),
        }
    }

    /// How many values are in it, itself included, up to a limit.
    pub(crate) fn nodes(&self) -> usize {
        let mut count = 0;
        self.count(&mut count, MAX_DEPTH);
        count
    }

    fn count(&self, count: &mut usize, depth: usize) {
        *count += 1;
        let Some(depth) = depth.checked_sub(1).filter(|_| *count < 1 << 24) else { return };
        match &self.data {
            Data::List(items) => items.iter().for_each(|item| item.count(count, depth)),
            Data::Map(dict) => dict.each(|value| value.count(count, depth)),
            _ => {}
        }
    }

    /// What `reflect.DeepEqual` says.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.equals_to(other, MAX_DEPTH)
    }

    fn equals_to(&self, other: &Self, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match (&self.data, &other.data) {
            (Data::Void | Data::Nil, Data::Void | Data::Nil) => true,
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Int(a), Data::Int(b)) | (Data::Long(a), Data::Long(b)) => a == b,
            #[expect(clippy::float_cmp, reason = "as Go compares them")]
            (Data::Float(a), Data::Float(b)) => a == b,
            (Data::Str(a), Data::Str(b)) => a.as_str() == b.as_str(),
            (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equals_to(b, depth)),
            (Data::Map(a), Data::Map(b)) => {
                a.is(b)
                    || a.len() == b.len()
                        && a.entries()
                            .iter()
                            .all(|(key, slot)| b.get(key).is_some_and(|other| slot.value.equals_to(&other, depth)))
            }
            _ => false,
        }
    }

    /// A value that was read from the text of a YAML file, as JSON decoding hands it to templates: numbers are doubles.
    pub(crate) fn read(value: &Read, text: &str) -> Self {
        let data = match &value.kind {
            Kind::Bool(flag) => Data::Bool(*flag),
            Kind::Number(number) => Data::Float(number.as_f64()),
            Kind::String(text) => Data::Str(Text::from(text.as_str())),
            Kind::List(list) => Data::List(List::new(list.items.iter().map(|item| Self::read(item, text)).collect())),
            Kind::Map(map) => {
                let dict = Dict::default();
                for entry in &map.entries {
                    let written = entry.key_place.span.text(text);
                    let slot = Slot { key: entry.key_place, value: Self::read(&entry.value, text) };
                    dict.set_slot(key(&entry.key, written), slot);
                }
                Data::Map(dict)
            }
            Kind::Null | Kind::Template(_) | Kind::Unknown(_) | Kind::Choice(_) => Data::Nil,
        };
        Self { data, origin: Origin { place: value.place, opaque: false } }
    }
}

/// A key as JSON has it: bools and numbers of YAML 1.1 are written anew, unless they are quoted.
fn key(key: &str, written: &str) -> String {
    if written.starts_with(['"', '\'']) || written != key {
        return key.to_owned();
    }
    match key {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => "true".to_owned(),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => "false".to_owned(),
        _ if key.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) => {
            let plain = key.replace('_', "");
            let int = crate::parser::integer(&plain).map(|int| int.to_string());
            let float = || {
                plain.parse::<f64>().ok().filter(|float| {
                    float.is_finite() && !plain.contains(|c: char| c.is_ascii_alphabetic() && c != 'e' && c != 'E')
                })
            };
            int.or_else(|| float().map(|float| crate::print::shortest(float, 'e', 21))).unwrap_or_else(|| key.to_owned())
        }
        _ => key.to_owned(),
    }
}

impl From<Dict> for Value {
    fn from(dict: Dict) -> Self {
        Self::new(Data::Map(dict))
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::new(Data::Str(text))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::string(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::bool(value)
    }
}
