//! Which rows are asked about an item: a row is passed over where a field of the item shows at once that it has nothing to say.
//!
//! Nearly every row needs something of a field before it can be violated: a text (`program == "curl"`), that it is there
//! (`matches(chmod, …)`), or that it has elements (`any(assignments, …)`). What an item has in these fields is looked up once for all
//! rows of a view, and rows about `apt-get` are not asked about `curl`. Only what is surely so counts: a row that may have something to
//! say, be it that something is not known, is asked.

use compact_str::CompactString;
use plimsoll_rule_language::condition::{Argument, Comparison, Condition, Literal, Operand, Path, Root, Step};
use plimsoll_rule_language::functions::Function;
use plimsoll_rule_language::rule::{Row, Verdict};
use plimsoll_rule_language::schema::{Body, Field as SchemaField};
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Item, Kind};
use rustc_hash::FxHashMap;

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
    /// Nothing is there, and nothing stands in for it.
    null: Bits,
    /// A list without elements.
    empty: Bits,
    /// A list or map, known as a whole.
    whole: Bits,
    /// A text, but for the rows that ask for it.
    text: Bits,
    asked: FxHashMap<CompactString, Bits>,
    /// The other one than `false`, than `true`.
    flag: [Bits; 2],
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
        for Claim { field, test } in claims {
            let number = self.field(field);
            let Some(field) = self.fields.get_mut(number) else { continue };
            if plain && !matches!(test, Claimed::Absent | Claimed::Not(_)) {
                field.null.set(at, true);
            }
            match test {
                Claimed::Written => {}
                Claimed::Flag(flag) => field.flag[usize::from(flag)].set(at, true),
                Claimed::Not(flag) => field.flag[usize::from(!flag)].set(at, true),
                Claimed::Absent => {
                    field.text.set(at, true);
                    field.asked.values_mut().for_each(|rows| rows.set(at, false));
                    field.whole.set(at, true);
                    field.empty.set(at, true);
                    field.flag.iter_mut().for_each(|rows| rows.set(at, true));
                }
                Claimed::Elements => field.empty.set(at, true),
                Claimed::Texts(texts) => {
                    // Of two claims each counts; what is asked for is what both ask for.
                    let before = field.text.has(at);
                    field.text.set(at, true);
                    if before {
                        field
                            .asked
                            .iter_mut()
                            .filter(|(text, _)| !texts.contains(text))
                            .for_each(|(_, rows)| rows.set(at, false));
                    } else {
                        texts.into_iter().for_each(|text| field.asked.entry(text.clone()).or_default().set(at, true));
                    }
                }
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
        out.extend(self.rows.iter().enumerate().filter(|(at, _)| !silent.has(*at)).map(|(_, number)| *number));
    }
}

impl Field {
    /// What a map has in this field; adds the rows that have nothing to say because of it.
    fn look(&self, map: &Map, shape: Option<&Body>, plain: &Bits, silent: &mut Bits) -> State {
        let kind = match map.get(&self.name) {
            Some(entry) => &entry.value.kind,
            None if map.tail.is_none() => &Kind::Null,
            None => return State::Other,
        };
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
                silent.add(&self.text, self.asked.get(text));
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

/// What a condition claims of a field: without it the condition is not what is wanted.
#[derive(Clone)]
struct Claim<'a> {
    field: &'a CompactString,
    test: Claimed<'a>,
}

#[derive(Clone)]
enum Claimed<'a> {
    Texts(Vec<&'a CompactString>),
    Written,
    Elements,
    Absent,
    /// It is there, and not the other one.
    Flag(bool),
    /// It is not this one, be it there or not.
    Not(bool),
}

impl<'a> Claim<'a> {
    /// What either of two conditions needs.
    fn or(self, other: &Self) -> Option<Self> {
        let test = match (self.test, &other.test) {
            _ if self.field != other.field => return None,
            (Claimed::Texts(mut texts), Claimed::Texts(more)) => {
                texts.extend(more);
                Claimed::Texts(texts)
            }
            (Claimed::Elements, Claimed::Elements) => Claimed::Elements,
            (Claimed::Absent, Claimed::Absent) => Claimed::Absent,
            (Claimed::Flag(one), Claimed::Flag(other)) if one == *other => Claimed::Flag(one),
            (Claimed::Not(one), Claimed::Not(other)) if one == *other => Claimed::Not(one),
            (Claimed::Absent | Claimed::Not(_), _) | (_, Claimed::Absent | Claimed::Not(_)) => return None,
            _ => Claimed::Written,
        };
        Some(Self { field: self.field, test })
    }
}

/// Adds what a condition claims of the item's own fields, to be true or false as it is wanted; `here`: names without a root are the
/// item's.
fn claim<'a>(condition: &'a Condition, wanted: bool, here: bool, out: &mut Vec<Claim<'a>>) {
    match condition {
        Condition::Not(inner) => claim(inner, !wanted, here, out),
        // Every part of it must be as it is wanted.
        Condition::And(all) if wanted => all.iter().for_each(|condition| claim(condition, wanted, here, out)),
        Condition::Or(all) if !wanted => all.iter().for_each(|condition| claim(condition, wanted, here, out)),
        Condition::And(all) | Condition::Or(all) => {
            let mut arms = all.iter().map(|condition| {
                let mut claims = Vec::new();
                claim(condition, wanted, here, &mut claims);
                claims
            });
            let first = arms.next().unwrap_or_default();
            let both = |known: Vec<Claim<'a>>, arm: Vec<Claim<'a>>| {
                known.into_iter().filter_map(|claim| arm.iter().find_map(|other| claim.clone().or(other))).collect()
            };
            out.extend(arms.fold(first, both));
        }
        Condition::Compare(Operand::Path(path), comparison, Operand::Literal(constant)) => {
            let test = own_field(path, here).and_then(|field| Some((field, compared(path, *comparison, constant, wanted)?)));
            out.extend(test.map(|(field, test)| Claim { field, test }));
        }
        Condition::Test(function, arguments) => {
            let Some((path, others)) = arguments.split_first().and_then(|(first, others)| Some((first.path()?, others))) else {
                return;
            };
            let test = own_field(path, here).and_then(|field| Some((field, tested(*function, path, others, wanted)?)));
            out.extend(test.map(|(field, test)| Claim { field, test }));
        }
        Condition::Constant(_) | Condition::Compare(..) => {}
    }
}

/// What a comparison with a constant needs: only null equals null, and nothing is less or more.
fn compared<'a>(path: &Path, comparison: Comparison, constant: &'a Literal, wanted: bool) -> Option<Claimed<'a>> {
    let single = path.steps.len() == 1;
    match (comparison, constant) {
        (Comparison::Equal | Comparison::NotEqual, _) => {
            let equal = (comparison == Comparison::Equal) == wanted;
            match (equal, constant) {
                (true, Literal::Null) => single.then_some(Claimed::Absent),
                (true, Literal::String(text)) if single => Some(Claimed::Texts(vec![text])),
                (true, Literal::Bool(flag)) if single => Some(Claimed::Flag(*flag)),
                (false, Literal::Bool(flag)) => single.then_some(Claimed::Not(*flag)),
                (false, Literal::Null) | (true, _) => Some(there(path)),
                (false, _) => None,
            }
        }
        _ => wanted.then(|| there(path)),
    }
}

/// What a test needs of the field that its subject is, or lies in.
fn tested<'a>(function: Function, path: &Path, others: &'a [Argument], wanted: bool) -> Option<Claimed<'a>> {
    match function {
        Function::None | Function::All if !wanted => Some(Claimed::Elements),
        _ if !wanted => None,
        Function::OneOf if path.steps.len() == 1 => {
            let texts: Option<Vec<_>> = others.iter().map(|other| texts(other.literal()?)).collect();
            texts.map(|texts| Claimed::Texts(texts.concat()))
        }
        Function::Any | Function::Contains | Function::Intersects => Some(Claimed::Elements),
        Function::Matches
        | Function::StartsWith
        | Function::EndsWith
        | Function::Satisfies
        | Function::Retired
        | Function::Wellformed
        | Function::SecretName
        | Function::Literal
        | Function::Written => Some(there(path)),
        _ => None,
    }
}

/// Something is at the end of the path: of an empty list there is no part.
fn there<'a>(path: &Path) -> Claimed<'a> {
    if path.steps.len() == 1 { Claimed::Written } else { Claimed::Elements }
}

/// The field of the item that a path is, or leads into by nothing but names.
fn own_field(path: &Path, here: bool) -> Option<&CompactString> {
    let own = match path.root {
        Root::Item => true,
        Root::Here => here,
        _ => false,
    };
    let [Step::Field(name), rest @ ..] = &path.steps[..] else { return None };
    (own && rest.iter().all(|step| matches!(step, Step::Field(_)))).then_some(name)
}

/// The texts of a list of nothing but texts, or the one text.
fn texts(literal: &Literal) -> Option<Vec<&CompactString>> {
    match literal {
        Literal::String(text) => Some(vec![text]),
        Literal::List(all) => all.iter().map(texts).collect::<Option<Vec<_>>>().map(|all| all.concat()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
