//! The compiled form: strings and bodies are stored once each, and everything is found without decoding what lies before it.
//!
//! All integers are 32 bits, little endian. In this order:
//!
//! ```text
//! magic, number of strings, of bodies, of views, of types
//! where each string ends, among the strings
//! where each body ends, among the bodies
//! rows of views, sorted by name: name, body, parent's name + 1 or 0
//! rows of types, sorted by name: name, body, 0
//! the strings                      the commonest first, so that their numbers are short
//! the bodies                       each a StoredBody in postcard's encoding
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use compact_str::CompactString;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::merge::{Merged, ViewBody};
use super::text::{Draft, LEAVES, Shape};
use super::{Body, Field, Literal, Type};

const MAGIC: u32 = u32::from_le_bytes(*b"PLS1");
const HEADER: usize = 5;
const ROW: usize = 3;
/// Bodies and parents are followed this deep; the text's reader allows less.
const DEPTH: usize = 32;

#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct StoredBody {
    dynamic: bool,
    fields: Vec<StoredField>,
}

#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct StoredField {
    name: u32,
    ty: StoredType,
    more: Option<More>,
}

#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct More {
    /// A [`StoredLiteral`] in postcard's encoding.
    default: Option<StoredLiteral>,
    keyed: Option<u32>,
    renamed: Vec<u32>,
    required: bool,
}

/// Numbers are stored by their bits.
#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum StoredLiteral {
    Null,
    Bool(bool),
    Number(u64),
    String(u32),
    List(Vec<StoredLiteral>),
    Map(Vec<(u32, StoredLiteral)>),
}

#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum StoredType {
    /// An index into [`LEAVES`].
    Leaf(u8),
    List(Box<StoredType>),
    Map(Box<StoredType>),
    Object(u32),
    Block(u32),
    Blocks(u32),
    Named(u32),
}

/// The types of [`LEAVES`], in the same order.
const LEAF_TYPES: [Type; LEAVES.len()] = [
    Type::String,
    Type::Number,
    Type::Bool,
    Type::Any,
    Type::Ports,
    Type::Addresses,
    Type::Image,
    Type::Duration,
    Type::Quantity,
];

/// Strings by number, as the writer collects them.
struct Strings<'a>(BTreeMap<&'a str, u32>);

impl<'a> Strings<'a> {
    fn collect(merged: &'a Merged<'_>) -> Self {
        let mut counts = BTreeMap::new();
        let mut count = |text: &'a str| *counts.entry(text).or_insert(0u32) += 1;
        for (name, view) in &merged.views {
            count(name);
            view.parent.iter().for_each(|parent| count(parent));
            match &view.body {
                ViewBody::Own(body) => count_body(body, &mut count),
                ViewBody::Named(name) => count(name),
            }
        }
        for (name, body) in &merged.types {
            count(name);
            count_body(body, &mut count);
        }
        let mut by_count: Vec<(u32, &str)> = counts.into_iter().map(|(text, count)| (count, text)).collect();
        by_count.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        Self((0..).zip(by_count).map(|(number, (_, text))| (text, number)).collect())
    }

    fn number(&self, text: &str) -> u32 {
        self.0.get(text).copied().unwrap_or(0)
    }

    fn in_order(&self) -> Vec<&'a str> {
        let mut all: Vec<(u32, &str)> = self.0.iter().map(|(text, number)| (*number, *text)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, text)| text).collect()
    }
}

fn count_body<'a>(body: &'a Draft<'_>, count: &mut impl FnMut(&'a str)) {
    for field in &body.fields {
        count(field.name);
        field.keyed.iter().chain(&field.renamed).for_each(|name| count(name));
        if let Some(shape) = &field.shape {
            let mut shape = shape;
            while let Shape::List(inner) | Shape::Map(inner) = shape {
                shape = inner;
            }
            if let Shape::Named(name) = shape {
                count(name);
            }
        }
        field.default.iter().for_each(|literal| count_literal(literal, count));
        count_body(&field.body, count);
    }
}

fn count_literal<'a>(literal: &'a Literal, count: &mut impl FnMut(&'a str)) {
    match literal {
        Literal::String(text) => count(text),
        Literal::List(all) => all.iter().for_each(|literal| count_literal(literal, count)),
        Literal::Map(all) => all.iter().for_each(|(key, literal)| {
            count(key);
            count_literal(literal, count);
        }),
        _ => {}
    }
}

struct Writer<'a> {
    strings: Strings<'a>,
    known: FxHashMap<Vec<u8>, u32>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

/// Writes a blob.
pub(super) fn write(merged: &Merged<'_>) -> Vec<u8> {
    let strings = Strings::collect(merged);
    let mut writer = Writer { strings, known: FxHashMap::default(), ends: Vec::new(), bytes: Vec::new() };
    let mut types = Vec::new();
    let mut numbers = BTreeMap::new();
    for (name, body) in &merged.types {
        let body = writer.body(body);
        numbers.insert(name.as_str(), body);
        types.push([writer.strings.number(name), body, 0]);
    }
    let mut views = Vec::new();
    for (name, view) in &merged.views {
        let body = match &view.body {
            ViewBody::Own(body) => writer.body(body),
            ViewBody::Named(name) => numbers.get(name).copied().unwrap_or(0),
        };
        let parent =
            view.parent.as_deref().filter(|parent| *parent != name).map_or(0, |parent| writer.strings.number(parent) + 1);
        views.push([writer.strings.number(name), body, parent]);
    }
    let strings = writer.strings.in_order();
    let mut out = Vec::new();
    let mut put = |number: u32| out.extend_from_slice(&number.to_le_bytes());
    put(MAGIC);
    for count in [strings.len(), writer.ends.len(), views.len(), types.len()] {
        put(as_u32(count));
    }
    let mut end = 0;
    for text in &strings {
        end += text.len();
        put(as_u32(end));
    }
    writer.ends.iter().copied().for_each(&mut put);
    views.into_iter().chain(types).flatten().for_each(&mut put);
    strings.iter().for_each(|text| out.extend_from_slice(text.as_bytes()));
    out.extend_from_slice(&writer.bytes);
    out
}

fn as_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Writer<'_> {
    /// The number of a body; equal bodies have the same.
    fn body(&mut self, draft: &Draft<'_>) -> u32 {
        let mut fields: Vec<(&str, StoredField)> = Vec::new();
        for field in &draft.fields {
            let inner = match &field.shape {
                Some(shape) if shape.has_fields() => self.body(&field.body),
                _ => 0,
            };
            let has_more = field.default.is_some() || field.keyed.is_some() || !field.renamed.is_empty() || field.required;
            let more = has_more.then(|| More {
                default: field.default.as_ref().map(|literal| self.literal(literal)),
                keyed: field.keyed.map(|name| self.strings.number(name)),
                renamed: field.renamed.iter().map(|name| self.strings.number(name)).collect(),
                required: field.required,
            });
            let ty = field.shape.as_ref().map_or(StoredType::Leaf(3), |shape| self.ty(shape, inner));
            fields.push((field.name, StoredField { name: self.strings.number(field.name), ty, more }));
        }
        fields.sort_by_key(|field| field.0);
        let stored = StoredBody { dynamic: draft.dynamic, fields: fields.into_iter().map(|field| field.1).collect() };
        let bytes = postcard::to_allocvec(&stored).unwrap_or_default();
        if let Some(number) = self.known.get(&bytes) {
            return *number;
        }
        let number = as_u32(self.ends.len());
        self.bytes.extend_from_slice(&bytes);
        self.ends.push(as_u32(self.bytes.len()));
        self.known.insert(bytes, number);
        number
    }

    fn ty(&self, shape: &Shape<'_>, body: u32) -> StoredType {
        match shape {
            Shape::Leaf(leaf) => StoredType::Leaf(*leaf),
            Shape::List(inner) => StoredType::List(Box::new(self.ty(inner, body))),
            Shape::Map(inner) => StoredType::Map(Box::new(self.ty(inner, body))),
            Shape::Object => StoredType::Object(body),
            Shape::Block => StoredType::Block(body),
            Shape::Blocks => StoredType::Blocks(body),
            Shape::Named(name) => StoredType::Named(self.strings.number(name)),
        }
    }

    fn literal(&self, literal: &Literal) -> StoredLiteral {
        match literal {
            Literal::Null => StoredLiteral::Null,
            Literal::Bool(value) => StoredLiteral::Bool(*value),
            Literal::Number(value) => StoredLiteral::Number(value.to_bits()),
            Literal::String(text) => StoredLiteral::String(self.strings.number(text)),
            Literal::List(all) => StoredLiteral::List(all.iter().map(|literal| self.literal(literal)).collect()),
            Literal::Map(all) => {
                StoredLiteral::Map(all.iter().map(|(key, value)| (self.strings.number(key), self.literal(value))).collect())
            }
        }
    }
}

/// A blob that is read.
#[derive(Debug, Default)]
pub(super) struct Blob {
    bytes: &'static [u8],
    strings: usize,
    bodies: usize,
    views: usize,
    types: usize,
    /// Decoded bodies by number.
    decoded: Mutex<FxHashMap<u32, Arc<Body>>>,
}

impl Blob {
    pub(super) fn open(bytes: &'static [u8]) -> Self {
        let mut out = Self { bytes, ..Self::default() };
        if out.word(0) != MAGIC {
            return Self::default();
        }
        let count = |index: usize| out.word(index) as usize;
        let [strings, bodies, views, types] = [count(1), count(2), count(3), count(4)];
        let words = [strings, bodies, views.saturating_mul(ROW), types.saturating_mul(ROW)]
            .into_iter()
            .fold(HEADER, usize::saturating_add);
        if words > bytes.len() / 4 {
            return Self::default();
        }
        (out.strings, out.bodies, out.views, out.types) = (strings, bodies, views, types);
        out
    }

    pub(super) fn views(&self) -> usize {
        self.views
    }

    pub(super) fn view_name(&self, index: usize) -> &'static str {
        self.string(self.word(self.view_row(index)))
    }

    pub(super) fn find_view(&self, name: &str) -> Option<usize> {
        self.find(self.view_row(0), self.views, name)
    }

    /// The fields of a view and of the view whose fields it has as well.
    pub(super) fn view_body(&self, index: usize) -> Arc<Body> {
        let mut body = self.body(self.word(self.view_row(index) + 1));
        let mut index = index;
        for _ in 0..DEPTH {
            let parent = self.word(self.view_row(index) + 2);
            let Some(found) = parent.checked_sub(1).and_then(|name| self.find_view(self.string(name))) else { break };
            index = found;
            let inherited = self.body(self.word(self.view_row(index) + 1));
            let new = inherited.fields().iter().filter(|field| body.get(&field.name).is_none());
            let fields = body.fields().iter().chain(new).cloned().collect();
            body = Arc::new(Body::new(fields, body.dynamic || inherited.dynamic));
        }
        body
    }

    pub(super) fn types(&self) -> usize {
        self.types
    }

    pub(super) fn type_name(&self, index: usize) -> &'static str {
        self.string(self.word(self.view_row(self.views) + index * ROW))
    }

    pub(super) fn type_body(&self, index: usize) -> Arc<Body> {
        self.body(self.word(self.view_row(self.views) + index * ROW + 1))
    }

    fn word(&self, index: usize) -> u32 {
        let bytes = index.checked_mul(4).and_then(|at| self.bytes.get(at..)).and_then(<[u8]>::first_chunk);
        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    fn view_row(&self, index: usize) -> usize {
        HEADER + self.strings + self.bodies + index * ROW
    }

    fn find(&self, first: usize, count: usize, name: &str) -> Option<usize> {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.bytes_of(self.word(first + middle * ROW)).cmp(name.as_bytes()) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The piece of this number; `ends` is the first word of the table of ends, `start` the first byte of all pieces.
    fn piece(&self, number: usize, ends: usize, start: usize) -> &'static [u8] {
        let from = if number == 0 { 0 } else { self.word(ends + number - 1) as usize };
        let to = self.word(ends + number) as usize;
        self.bytes.get(start.saturating_add(from)..start.saturating_add(to)).unwrap_or_default()
    }

    fn string(&self, number: u32) -> &'static str {
        std::str::from_utf8(self.bytes_of(number)).unwrap_or_default()
    }

    /// The string of this number as bytes, which sort as strings do.
    fn bytes_of(&self, number: u32) -> &'static [u8] {
        let number = number as usize;
        if number >= self.strings {
            return b"";
        }
        self.piece(number, HEADER, self.view_row(self.views + self.types) * 4)
    }

    fn body(&self, number: u32) -> Arc<Body> {
        let mut decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        self.decode(number, &mut decoded, 0)
    }

    fn decode(&self, number: u32, decoded: &mut FxHashMap<u32, Arc<Body>>, depth: usize) -> Arc<Body> {
        if let Some(body) = decoded.get(&number) {
            return body.clone();
        }
        if number as usize >= self.bodies || depth > DEPTH {
            return Arc::default();
        }
        let strings_end = if self.strings == 0 { 0 } else { self.word(HEADER + self.strings - 1) as usize };
        let start = (self.view_row(self.views + self.types) * 4).saturating_add(strings_end);
        let bytes = self.piece(number as usize, HEADER + self.strings, start);
        let Ok(stored) = postcard::from_bytes::<StoredBody>(bytes) else { return Arc::default() };
        let mut field = |stored: StoredField| {
            let more = stored.more.unwrap_or(More { default: None, keyed: None, renamed: Vec::new(), required: false });
            Field {
                name: self.text(stored.name),
                ty: self.ty(stored.ty, decoded, depth + 1),
                default: more.default.map(|literal| Box::new(self.literal(literal).into())),
                keyed: more.keyed.map(|name| self.text(name)),
                renamed: more.renamed.into_iter().map(|name| self.text(name)).collect(),
                required: more.required,
            }
        };
        let fields = stored.fields.into_iter().map(&mut field).collect();
        let body = Arc::new(Body::new(fields, stored.dynamic));
        decoded.insert(number, body.clone());
        body
    }

    fn text(&self, number: u32) -> CompactString {
        self.string(number).into()
    }

    fn ty(&self, stored: StoredType, decoded: &mut FxHashMap<u32, Arc<Body>>, depth: usize) -> Type {
        match stored {
            StoredType::Leaf(leaf) => LEAF_TYPES.get(usize::from(leaf)).cloned().unwrap_or(Type::Any),
            StoredType::List(inner) => Type::List(Box::new(self.ty(*inner, decoded, depth))),
            StoredType::Map(inner) => Type::Map(Box::new(self.ty(*inner, decoded, depth))),
            StoredType::Object(body) => Type::Object(self.decode(body, decoded, depth)),
            StoredType::Block(body) => Type::Block { body: self.decode(body, decoded, depth), repeated: false },
            StoredType::Blocks(body) => Type::Block { body: self.decode(body, decoded, depth), repeated: true },
            StoredType::Named(name) => Type::Named(self.text(name)),
        }
    }

    fn literal(&self, stored: StoredLiteral) -> Literal {
        match stored {
            StoredLiteral::Null => Literal::Null,
            StoredLiteral::Bool(value) => Literal::Bool(value),
            StoredLiteral::Number(bits) => Literal::Number(f64::from_bits(bits)),
            StoredLiteral::String(text) => Literal::String(self.text(text)),
            StoredLiteral::List(all) => Literal::List(all.into_iter().map(|literal| self.literal(literal)).collect()),
            StoredLiteral::Map(all) => {
                Literal::Map(all.into_iter().map(|(key, value)| (self.text(key), self.literal(value))).collect())
            }
        }
    }
}
