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

mod write;

use std::sync::{Arc, Mutex, PoisonError};

use compact_str::CompactString;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::text::LEAVES;
use super::{Body, Constant, Earlier, Field, Literal, Type};

pub(super) use write::write;

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
    default: StoredDefault,
    keyed: Option<u32>,
    renamed: Vec<u32>,
    required: bool,
}

/// What absence means.
#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum StoredDefault {
    Unknown,
    Always(StoredLiteral),
    /// It changed with versions of a provider: the newest, and what it was before some.
    Changed {
        provider: u32,
        newest: Option<StoredLiteral>,
        earlier: Vec<(u32, Option<StoredLiteral>)>,
    },
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
            let more = stored.more.unwrap_or(More {
                default: StoredDefault::Unknown,
                keyed: None,
                renamed: Vec::new(),
                required: false,
            });
            let (default, earlier) = self.default_of(more.default);
            Field {
                name: self.text(stored.name),
                ty: self.ty(stored.ty, decoded, depth + 1),
                default,
                earlier,
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

    fn default_of(&self, stored: StoredDefault) -> (Option<Box<Constant>>, Option<Box<Earlier>>) {
        let constant = |literal| Box::new(Constant::from(self.literal(literal)));
        match stored {
            StoredDefault::Unknown => (None, None),
            StoredDefault::Always(literal) => (Some(constant(literal)), None),
            StoredDefault::Changed { provider, newest, earlier } => {
                let before = |(version, literal): (u32, Option<StoredLiteral>)| {
                    (self.text(version), literal.map(|literal| self.literal(literal).into()))
                };
                let earlier = Earlier { provider: self.text(provider), defaults: earlier.into_iter().map(before).collect() };
                (newest.map(constant), Some(Box::new(earlier)))
            }
        }
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
