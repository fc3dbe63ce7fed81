//! Which rows are asked about an item: a row is passed over where a field of the item shows at once that it has nothing to say.
//!
//! Nearly every row needs something of a field before it can be violated: a text (`program == "curl"`), that it is there
//! (`matches(chmod, …)`), or that it has elements (`any(assignments, …)`). What an item has in these fields is looked up once for all
//! rows of a view, and rows about `apt-get` are not asked about `curl`. Only what is surely so counts: a row that may have something to
//! say, be it that something is not known, is asked.

mod claims;

use compact_str::CompactString;
use plimsoll_rule_language::condition::{Literal, Step};
use plimsoll_rule_language::rule::{Row, Verdict};
use plimsoll_rule_language::schema::{Body, Field as SchemaField};
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Item, Kind};
use rustc_hash::FxHashMap;

use claims::{Claim, Claimed, claim, own_field};

/// A rule and one of its rows.
pub(crate) type RowNumber = (u32, u32);

/// The rows that look at the items of a view.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: Vec<RowNumber>,
    /// The fields on which rows hang.
    fields: Vec<Field>,
    /// The rows that judge elements.
    of_elements: Vec<OfElements>,
    /// The rows without defaults of their own: to them what is absent is what the schema says.
    plain: Bits,
}

/// A field of items, and the rows that have nothing to say because of what an item has there.
#[derive(Debug, Default)]
struct Field {
    name: CompactString,
    /// Texts that lie deeper, by the names that lead there.
    deeper: Vec<(Vec<CompactString>, Texts)>,
    /// Nothing is there, and nothing stands in for it.
    null: Bits,
    /// A list without elements.
    empty: Bits,
    /// A list or map, known as a whole.
    whole: Bits,
    texts: Texts,
    /// The other one than `false`, than `true`.
    flag: [Bits; 2],
}

/// Rows that have nothing to say because of a text, but for those that ask for it.
#[derive(Debug, Default)]
struct Texts {
    any: Bits,
    asked: FxHashMap<CompactString, Bits>,
}

/// A row that judges elements of these fields, or of what lies deeper in them.
#[derive(Debug)]
struct OfElements {
    row: usize,
    fields: Vec<usize>,
    deeper: bool,
    /// The row has no defaults of its own: what is absent is null for it.
    plain: bool,
}

/// What an item has in a field, as far as elements go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing, and nothing stands in for it.
    Null,
    /// A list without elements.
    Empty,
    /// A list or map, known as a whole.
    Whole,
    /// Anything else, or not known.
    Other,
}

/// Room to work in, for one item after the other.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    silent: Bits,
    states: Vec<State>,
}

/// Numbers of rows.
#[derive(Clone, Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, at: usize, value: bool) {
        let word = at / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let bit = 1 << (at % 64);
        self.0[word] = if value { self.0[word] | bit } else { self.0[word] & !bit };
    }

    fn has(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word & 1 << (at % 64) != 0)
    }

    /// Takes those away that are not in `others`.
    fn keep(&mut self, others: &Self) {
        for (at, word) in self.0.iter_mut().enumerate() {
            *word &= others.0.get(at).unwrap_or(&0);
        }
    }

    /// Adds those that are not in `but`.
    fn add(&mut self, more: &Self, but: Option<&Self>) {
        if self.0.len() < more.0.len() {
            self.0.resize(more.0.len(), 0);
        }
        for (at, (word, more)) in self.0.iter_mut().zip(&more.0).enumerate() {
            *word |= more & !but.and_then(|but| but.0.get(at)).unwrap_or(&0);
        }
    }
}

impl Rows {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn add(&mut self, number: RowNumber, row: &Row) {
        let at = self.rows.len();
        self.rows.push(number);
        let plain = row.defaults.is_empty();
        self.plain.set(at, plain);
        if !row.each.is_empty() {
            let own: Option<Vec<_>> = row.each.iter().map(|path| own_field(path, true)).collect();
            let Some(own) = own else { return };
            let fields = own.into_iter().map(|name| self.field(name)).collect();
            let deeper = row.each.iter().any(|path| path.steps.len() > 1);
            self.of_elements.push(OfElements { row: at, fields, deeper, plain });
        }
        let verdict = match &row.verdict {
            Verdict::Forbid(condition) => Some((condition, true)),
            Verdict::Require(condition) => Some((condition, false)),
            Verdict::Rust => None,
        };
        let when = row.when.iter().map(|condition| (condition, true));
        let unless = row.unless.iter().map(|condition| (condition, false));
        let mut claims = Vec::new();
        for (condition, wanted) in when.chain(unless).chain(verdict) {
            claim(condition, wanted, row.each.is_empty(), &mut claims);
        }
        for Claim { field, inner, test } in claims {
            let number = self.field(field);
            let Some(field) = self.fields.get_mut(number) else { continue };
            if !inner.is_empty() {
                if let Claimed::Texts(texts) = test {
                    field.deeper(inner).claim(at, &texts);
                }
                continue;
            }
            if plain && !matches!(test, Claimed::Absent | Claimed::Not(_)) {
                field.null.set(at, true);
            }
            match test {
                Claimed::Written => {}
                Claimed::Flag(flag) => field.flag[usize::from(flag)].set(at, true),
                Claimed::Not(flag) => field.flag[usize::from(!flag)].set(at, true),
                Claimed::Absent => {
                    field.texts.claim(at, &[]);
                    field.whole.set(at, true);
                    field.empty.set(at, true);
                    field.flag.iter_mut().for_each(|rows| rows.set(at, true));
                }
                Claimed::Elements => field.empty.set(at, true),
                Claimed::Texts(texts) => field.texts.claim(at, &texts),
            }
        }
    }

    fn field(&mut self, name: &CompactString) -> usize {
        self.fields.iter().position(|field| field.name == *name).unwrap_or_else(|| {
            self.fields.push(Field { name: name.clone(), ..Field::default() });
            self.fields.len() - 1
        })
    }

    /// Adds those that may have something to say about an item; `shape` is what a schema says of its fields.
    pub(crate) fn about(&self, item: &Item, shape: Option<&Body>, scratch: &mut Scratch, out: &mut Vec<RowNumber>) {
        let Scratch { silent, states } = scratch;
        silent.0.clear();
        states.clear();
        match item.value.as_map() {
            Some(map) => states.extend(self.fields.iter().map(|field| field.look(map, shape, &self.plain, silent))),
            None => states.resize(self.fields.len(), State::Other),
        }
        for row in &self.of_elements {
            let state = |field: &usize| states.get(*field).copied().unwrap_or(State::Other);
            let is_empty = |field: &usize| state(field) == State::Empty || row.plain && state(field) == State::Null;
            if row.fields.iter().all(is_empty) {
                silent.set(row.row, true);
            } else if row.deeper || row.fields.iter().any(|field| !is_empty(field) && state(field) != State::Whole) {
                // Elements that are not known leave it open what the row says, whatever its guards are.
                silent.set(row.row, false);
            }
        }
        for (word, rows) in self.rows.chunks(64).enumerate() {
            let mut asked = !silent.0.get(word).unwrap_or(&0);
            while let Some(number) = rows.get(asked.trailing_zeros() as usize) {
                out.push(*number);
                asked &= asked - 1;
            }
        }
    }
}

impl Texts {
    /// A row has something to say of these texts alone. Of two claims each counts: what is asked for is what both ask for.
    fn claim(&mut self, row: usize, texts: &[&CompactString]) {
        if self.any.has(row) {
            let others = self.asked.iter_mut().filter(|(text, _)| !texts.contains(text));
            others.for_each(|(_, rows)| rows.set(row, false));
        } else {
            self.any.set(row, true);
            texts.iter().for_each(|text| self.asked.entry((*text).clone()).or_default().set(row, true));
        }
    }

    /// Adds the rows that have nothing to say because of this text.
    fn look(&self, text: &str, silent: &mut Bits) {
        silent.add(&self.any, self.asked.get(text));
    }
}

impl Field {
    /// The texts that lie where these names lead.
    fn deeper(&mut self, inner: &[Step]) -> &mut Texts {
        let name = |step: &Step| if let Step::Field(name) = step { Some(name.clone()) } else { None };
        let names: Vec<_> = inner.iter().filter_map(name).collect();
        let at = self.deeper.iter().position(|(known, _)| *known == names).unwrap_or_else(|| {
            self.deeper.push((names, Texts::default()));
            self.deeper.len() - 1
        });
        &mut self.deeper[at].1
    }

    /// What a map has in this field; adds the rows that have nothing to say because of it.
    fn look(&self, map: &Map, shape: Option<&Body>, plain: &Bits, silent: &mut Bits) -> State {
        let kind = match map.get(&self.name) {
            Some(entry) => &entry.value.kind,
            None if map.tail.is_none() => &Kind::Null,
            None => return State::Other,
        };
        for (names, texts) in &self.deeper {
            let end = names.iter().try_fold(kind, |kind, name| match kind {
                Kind::Map(map) => map.get(name).map(|entry| &entry.value.kind),
                _ => None,
            });
            if let Some(Kind::String(text)) = end {
                texts.look(text, silent);
            }
        }
        match kind {
            Kind::Null => {
                let field = shape.and_then(|body| body.get(&self.name));
                if field.is_none_or(SchemaField::is_nothing_when_absent) {
                    silent.add(&self.null, None);
                    return State::Null;
                }
                if let Some(Literal::Bool(flag)) = field.and_then(SchemaField::only_default).map(|default| &**default) {
                    let mut rows = self.flag[usize::from(!flag)].clone();
                    rows.keep(plain);
                    silent.add(&rows, None);
                }
                State::Other
            }
            Kind::Bool(flag) => {
                silent.add(&self.flag[usize::from(!flag)], None);
                State::Other
            }
            Kind::String(text) => {
                self.texts.look(text, silent);
                State::Other
            }
            Kind::List(list) if list.tail.is_none() && list.items.is_empty() => {
                silent.add(&self.empty, None);
                State::Empty
            }
            kind => {
                let whole = match kind {
                    Kind::List(list) => list.tail.is_none(),
                    Kind::Map(map) => map.tail.is_none(),
                    _ => false,
                };
                if !whole {
                    return State::Other;
                }
                silent.add(&self.whole, None);
                State::Whole
            }
        }
    }
}

#[cfg(test)]
mod tests;
