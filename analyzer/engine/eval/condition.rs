//! Conditions, with what decided them.

use std::rc::Rc;

use compact_str::CompactString;
use plimsoll_rule_language::condition::{Argument, Comparison, Condition, Operand};
use plimsoll_rule_language::functions::Function;
use plimsoll_rule_language::schema::Type;
use plimsoll_syntax::value::Part;
use plimsoll_syntax::{Kind, Place, Value};

use super::Evaluator;
use super::compare::{Domain, compare};
use super::held::Held;
use super::slot::{Frames, Seen, Slot};
use crate::truth::Truth;

/// A value that forced a verdict.
#[derive(Clone, Debug)]
pub(super) struct Culprit {
    /// What to underline.
    pub(super) place: Place,
    /// Its path from the item; empty where it has none.
    pub(super) names: Rc<Vec<CompactString>>,
    pub(super) value: Value,
}

impl Culprit {
    pub(super) fn of(slot: &Slot<'_>) -> Self {
        Self { place: slot.place, names: slot.names(), value: Value::clone(&slot.value) }
    }
}

/// What a condition is, and why.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) truth: Truth,
    /// The values that forced it.
    pub(super) culprits: Vec<Culprit>,
    /// What would decide it: source texts.
    pub(super) missing: Vec<CompactString>,
}

impl Outcome {
    pub(super) fn certain(value: bool) -> Self {
        Self::bare(value.into())
    }

    /// The truth alone.
    pub(super) fn bare(truth: Truth) -> Self {
        Self { truth, culprits: Vec::new(), missing: Vec::new() }
    }

    pub(super) fn not(mut self) -> Self {
        self.truth = self.truth.not();
        self
    }

    /// A guard that is not false: its culprits do not count, what it misses does.
    pub(super) fn and_guard(mut self, guard: Self) -> Self {
        self.truth = self.truth.and(guard.truth);
        self.miss(guard.missing);
        self
    }

    pub(super) fn with_verdict(mut self, bad: Self) -> Self {
        self.truth = self.truth.and(bad.truth);
        self.culprits = bad.culprits;
        self.miss(bad.missing);
        self
    }

    fn miss(&mut self, more: Vec<CompactString>) {
        if self.missing.is_empty() {
            self.missing = more;
        } else {
            self.missing.extend(more);
        }
    }
}

/// The unknown leaves of a value.
fn missing(value: &Value, out: &mut Vec<CompactString>) {
    match &value.kind {
        Kind::Unknown(unknown) => out.push(unknown.source.clone()),
        Kind::Template(parts) => {
            for part in parts.iter() {
                if let Part::Hole(unknown) = part {
                    out.push(unknown.source.clone());
                }
            }
        }
        Kind::List(list) => {
            out.extend(list.tail.iter().map(|tail| tail.source.clone()));
            for item in list.items.iter().take(16) {
                missing(item, out);
            }
        }
        Kind::Map(map) => {
            out.extend(map.tail.iter().map(|tail| tail.source.clone()));
            for entry in map.entries.iter().take(16) {
                missing(&entry.value, out);
            }
        }
        _ => {}
    }
}

/// What a quantifier looks for among elements: `all` is `none` of the contrary.
fn wanted(function: Function) -> Truth {
    if function == Function::All { Truth::False } else { Truth::True }
}

impl<'a> Evaluator<'a> {
    pub(super) fn condition(&self, condition: &'a Condition, frames: &Frames<'_, 'a>) -> Outcome {
        if !self.words.get() {
            return Outcome::bare(self.truth(condition, frames));
        }
        match condition {
            Condition::Constant(value) => Outcome::certain(*value),
            Condition::Not(inner) => self.condition(inner, frames).not(),
            Condition::And(all) => self.junction(all, frames, Truth::False),
            Condition::Or(all) => self.junction(all, frames, Truth::True),
            Condition::Compare(left, op, right) => self.comparison(left, *op, right, frames),
            Condition::Test(function, arguments) => self.test(*function, arguments, frames),
        }
    }

    /// The truth alone, for which nothing is put together.
    pub(super) fn truth(&self, condition: &'a Condition, frames: &Frames<'_, 'a>) -> Truth {
        match condition {
            Condition::Constant(value) => (*value).into(),
            Condition::Not(inner) => self.truth(inner, frames).not(),
            Condition::And(all) => self.decided(all, frames, Truth::False),
            Condition::Or(all) => self.decided(all, frames, Truth::True),
            Condition::Compare(left, op @ (Comparison::Equal | Comparison::NotEqual), right) => {
                compare(&self.seen(left, frames).value, *op, &self.seen(right, frames).value, Domain::Plain)
            }
            Condition::Compare(left, op, right) => self.comparison(left, *op, right, frames).truth,
            Condition::Test(function, arguments) => self.tested(*function, arguments, frames),
        }
    }

    /// The truth of a junction, as [`Self::junction`] tells it.
    fn decided(&self, all: &'a [Condition], frames: &Frames<'_, 'a>, deciding: Truth) -> Truth {
        let mut out = deciding.not();
        for condition in all {
            match self.truth(condition, frames) {
                truth if truth == deciding => return truth,
                Truth::Unknown => out = Truth::Unknown,
                _ => {}
            }
        }
        out
    }

    /// A truth with the values that it hangs on, as far as words are asked for.
    pub(super) fn because(&self, truth: Truth, slots: &[&Slot<'a>]) -> Outcome {
        let mut out = Outcome::bare(truth);
        if self.words.get() {
            out.culprits.extend(slots.iter().map(|slot| Culprit::of(slot)));
            if truth == Truth::Unknown {
                slots.iter().for_each(|slot| missing(&slot.value, &mut out.missing));
            }
        }
        out
    }

    /// `&&` is decided by the first false, `||` by the first true; otherwise every side matters.
    fn junction(&self, all: &'a [Condition], frames: &Frames<'_, 'a>, deciding: Truth) -> Outcome {
        let mut out = Outcome::bare(deciding.not());
        for condition in all {
            let outcome = self.condition(condition, frames);
            if outcome.truth == deciding {
                return outcome;
            }
            if outcome.truth == Truth::Unknown {
                out.truth = Truth::Unknown;
            }
            out.culprits.extend(outcome.culprits);
            out.missing.extend(outcome.missing);
        }
        out
    }

    fn comparison(&self, left: &'a Operand, op: Comparison, right: &'a Operand, frames: &Frames<'_, 'a>) -> Outcome {
        let subject = self.operand(left, frames);
        let other = self.operand(right, frames);
        let domain = match (left, subject.ty()) {
            (Operand::Call(Function::Duration, ..), _) | (_, Some(Type::Duration)) => Domain::Duration,
            (Operand::Call(Function::Quantity, ..), _) | (_, Some(Type::Quantity)) => Domain::Quantity,
            _ => Domain::Plain,
        };
        let truth = compare(&subject.value, op, &other.value, domain);
        if matches!(right, Operand::Literal(_)) {
            self.because(truth, &[&subject])
        } else {
            self.because(truth, &[&subject, &other])
        }
    }

    /// What an operand is, where its value is all that is asked.
    pub(super) fn seen(&self, operand: &'a Operand, frames: &Frames<'_, 'a>) -> Seen<'a> {
        match operand {
            Operand::Literal(constant) => Seen { value: Held::Lent(constant.value()), present: true },
            Operand::Path(path) => self.plain(path, frames).unwrap_or_else(|| self.slot(path, frames).into()),
            Operand::Call(function, arguments, rest) => self.call(*function, arguments, rest, frames).into(),
        }
    }

    /// The value of an operand.
    pub(super) fn operand(&self, operand: &'a Operand, frames: &Frames<'_, 'a>) -> Slot<'a> {
        match operand {
            Operand::Literal(constant) => Slot::of(Held::Lent(constant.value())),
            Operand::Path(path) => self.slot(path, frames),
            Operand::Call(function, arguments, rest) => self.call(*function, arguments, rest, frames),
        }
    }

    /// `any`, `all` and `none`.
    pub(super) fn quantifier(&self, function: Function, arguments: &'a [Argument], frames: &Frames<'_, 'a>) -> Outcome {
        let [Argument::Operand(list), Argument::Condition(condition)] = arguments else { return Outcome::certain(false) };
        let wanted = wanted(function);
        let elements = self.operand_elements(list, frames);
        let mut truth = if elements.tail.is_some() { Truth::Unknown } else { Truth::False };
        let mut missing: Vec<CompactString> = elements.tail.iter().map(|tail| tail.source.clone()).collect();
        for element in &elements.slots {
            let inner = self.condition(condition, &frames.inside(element));
            if inner.truth == wanted {
                let truth = Truth::from(function == Function::Any);
                if !self.words.get() {
                    return Outcome::bare(truth);
                }
                let culprits = if inner.culprits.is_empty() { vec![Culprit::of(element)] } else { inner.culprits };
                return Outcome { truth, culprits, missing: Vec::new() };
            }
            if inner.truth == Truth::Unknown {
                truth = Truth::Unknown;
                missing.extend(inner.missing);
            }
        }
        let truth = if function == Function::Any { truth } else { truth.not() };
        if !self.words.get() {
            return Outcome::bare(truth);
        }
        Outcome { truth, culprits: vec![elements.culprit()], missing }
    }

    /// The truth of a quantifier, where its elements are those of a plain list.
    pub(super) fn plain_quantifier(
        &self,
        function: Function,
        arguments: &'a [Argument],
        frames: &Frames<'_, 'a>,
    ) -> Option<Truth> {
        let [Argument::Operand(Operand::Path(path)), Argument::Condition(condition)] = arguments else { return None };
        let (list, mut element) = self.plain_list(path, frames)?;
        let wanted = wanted(function);
        let mut truth = if list.tail.is_some() { Truth::Unknown } else { Truth::False };
        for item in &list.items {
            element.value = Held::Lent(item);
            match self.truth(condition, &frames.inside(&element)) {
                here if here == wanted => {
                    truth = Truth::True;
                    break;
                }
                Truth::Unknown => truth = Truth::Unknown,
                _ => {}
            }
        }
        Some(if function == Function::Any { truth } else { truth.not() })
    }
}
