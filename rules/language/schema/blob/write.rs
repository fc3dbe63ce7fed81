//! Writing a blob.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::super::Literal;
use super::super::merge::{Merged, ViewBody};
use super::super::text::{Draft, DraftField, Shape};
use super::{MAGIC, More, StoredBody, StoredDefault, StoredField, StoredLiteral, StoredType};

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
                ViewBody::Own(body) => {
                    if has_changed(body) {
                        count(provider_of(name));
                    }
                    count_body(body, &mut count);
                }
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
        for (version, literal) in &field.earlier {
            count(version);
            count_literal(literal, count);
        }
        count_body(&field.body, count);
    }
}

/// Whether the default of a field changed with a version.
fn has_changed(body: &Draft<'_>) -> bool {
    body.fields.iter().any(|field| !field.earlier.is_empty() || has_changed(&field.body))
}

/// The provider that has a view: resources are called after theirs.
fn provider_of(view: &str) -> &str {
    let name = view.strip_prefix("data.").or_else(|| view.strip_prefix("provider.")).unwrap_or(view);
    name.split('_').next().unwrap_or(name)
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
    /// Whose view is written.
    provider: u32,
    known: FxHashMap<Vec<u8>, u32>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

/// Writes a blob.
pub(in super::super) fn write(merged: &Merged<'_>) -> Vec<u8> {
    let strings = Strings::collect(merged);
    let mut writer = Writer { strings, provider: 0, known: FxHashMap::default(), ends: Vec::new(), bytes: Vec::new() };
    let mut types = Vec::new();
    let mut numbers = BTreeMap::new();
    for (name, body) in &merged.types {
        let body = writer.body(body);
        numbers.insert(name.as_str(), body);
        types.push([writer.strings.number(name), body, 0]);
    }
    let mut views = Vec::new();
    for (name, view) in &merged.views {
        writer.provider = writer.strings.number(provider_of(name));
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
            let default = self.default_of(field);
            let has_more =
                default != StoredDefault::Unknown || field.keyed.is_some() || !field.renamed.is_empty() || field.required;
            let more = has_more.then(|| More {
                default,
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

    fn default_of(&self, field: &DraftField<'_>) -> StoredDefault {
        let newest = field.default.as_ref().map(|literal| self.literal(literal));
        if field.earlier.is_empty() {
            return newest.map_or(StoredDefault::Unknown, StoredDefault::Always);
        }
        // Null says that absence meant nothing: the field was not there, or had to be.
        let stored = |literal: &Literal| (*literal != Literal::Null).then(|| self.literal(literal));
        let earlier = field.earlier.iter().map(|(version, literal)| (self.strings.number(version), stored(literal)));
        StoredDefault::Changed { provider: self.provider, newest, earlier: earlier.collect() }
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
