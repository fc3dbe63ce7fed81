//! The elements of what a path leads to: of lists, repeated blocks, maps and relations.

use std::rc::Rc;
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_rule_language::condition::{Argument, Operand, Path, Step};
use plimsoll_rule_language::functions::Function;
use plimsoll_rule_language::schema::Type;
use plimsoll_syntax::value::{List, Number, Reason, Unknown};
use plimsoll_syntax::{Kind, Place, Value};

use super::Evaluator;
use super::condition::Culprit;
use super::held::Held;
use super::slot::{Frames, Seen, Shape, Slot, Start, element_shape};
use crate::truth::Truth;

/// The elements of a list, repeated block, map or relation.
pub(crate) struct Elements<'a> {
    pub(crate) slots: Vec<Slot<'a>>,
    /// There may be more.
    pub(crate) tail: Option<Arc<Unknown>>,
    /// Where the list is.
    pub(crate) place: Place,
    /// The list's path from the item, as [`Slot::names`].
    pub(crate) names: Option<Rc<Vec<CompactString>>>,
}

impl Elements<'_> {
    /// The list as a whole.
    pub(super) fn culprit(&self) -> Culprit {
        let items = self.slots.iter().map(|slot| Value::clone(&slot.value)).collect();
        let value = Value::new(Kind::List(Arc::new(List { items, tail: self.tail.clone(), blocks: false })), self.place);
        Culprit { place: self.place, names: self.names.clone().unwrap_or_default(), value }
    }
}

impl<'a> Evaluator<'a> {
    /// The elements at the end of the path, which may cross repeated blocks.
    pub(crate) fn elements(&self, path: &Path, frames: &Frames<'_, 'a>) -> Elements<'a> {
        let crosses = |slot: &Slot<'a>, step: &Step| {
            matches!(step, Step::Field(_) | Step::Related(_)) && matches!(slot.value.kind, Kind::List(_))
        };
        // Up to the first list that the path crosses there is one value.
        let mut only = self.root(&path.root, frames);
        let mut steps = &path.steps[..];
        while let Some((step, rest)) = steps.split_first()
            && !crosses(&only, step)
        {
            only = Start::Own(self.step(&only, step, frames));
            steps = rest;
        }
        let only = only.into_owned();
        let (mut place, mut names) = (only.place, only.names.clone());
        let (mut tail, mut elements) = (None, Vec::new());
        if steps.is_empty() {
            self.spread(self.or_default(only), &mut tail, &mut elements);
            return Elements { slots: elements, tail, place, names };
        }
        let mut slots = vec![only];
        for step in steps {
            let mut next = Vec::with_capacity(slots.len());
            for slot in slots {
                if crosses(&slot, step) {
                    let known = next.len();
                    self.spread(slot, &mut tail, &mut next);
                    next.iter_mut().skip(known).for_each(|slot| *slot = self.step(slot, step, frames));
                } else {
                    next.push(self.step(&slot, step, frames));
                }
            }
            slots = next;
            if let Some(first) = slots.first() {
                (place, names) = (first.place, first.names.clone());
            }
        }
        for slot in slots {
            self.spread(self.or_default(slot), &mut tail, &mut elements);
        }
        Elements { slots: elements, tail, place, names }
    }

    /// The elements of an operand: those of a path, or of a function's list.
    pub(super) fn operand_elements(&self, operand: &'a Operand, frames: &Frames<'_, 'a>) -> Elements<'a> {
        if let Operand::Path(path) = operand {
            return self.elements(path, frames);
        }
        self.elements_of(self.operand(operand, frames))
    }

    /// The elements of one value.
    fn elements_of(&self, slot: Slot<'a>) -> Elements<'a> {
        let (place, names) = (slot.place, slot.names.clone());
        let (mut tail, mut slots) = (None, Vec::new());
        self.spread(slot, &mut tail, &mut slots);
        Elements { slots, tail, place, names }
    }

    /// `count` and `length`: an interval where elements or verdicts are unknown, of which only the certain part can be told.
    pub(super) fn size(
        &self,
        function: Function,
        list: &'a Operand,
        condition: Option<&'a Argument>,
        frames: &Frames<'_, 'a>,
    ) -> Slot<'a> {
        let whole = self.operand(list, frames);
        if function == Function::Length
            && let Kind::String(text) = &whole.value.kind
        {
            let length = Kind::Number(Number::Int(text.chars().count() as i128).into());
            return Slot { value: Held::made(Value { kind: length, ..Value::clone(&whole.value) }), ..whole };
        }
        // Only a path through repeated blocks has other elements than the value at its end.
        let elements = match list {
            Operand::Path(path) if !self.is_of_one(path, frames) => self.elements(path, frames),
            _ => self.elements_of(whole.clone()),
        };
        let mut certain = 0_usize;
        let mut open = elements.tail.clone();
        for element in &elements.slots {
            let truth = match condition {
                Some(Argument::Condition(condition)) => {
                    let outcome = self.condition(condition, &frames.inside(element));
                    if outcome.truth == Truth::Unknown && open.is_none() {
                        let source = outcome.missing.first().cloned().unwrap_or_default();
                        open = Some(Arc::new(Unknown::new(Reason::Function, source)));
                    }
                    outcome.truth
                }
                _ => Truth::True,
            };
            certain += usize::from(truth == Truth::True);
        }
        let kind = match open {
            Some(tail) => Kind::Unknown(tail),
            None => Kind::Number(Number::Int(certain as i128).into()),
        };
        Slot { value: Held::made(Value::new(kind, elements.place)), place: elements.place, ..whole }
    }

    /// Whether a path is no longer than from something that is no list to a part of it, such as a relation.
    fn is_of_one(&self, path: &Path, frames: &Frames<'_, 'a>) -> bool {
        path.steps.len() <= 1 && !matches!(self.root(&path.root, frames).value.kind, Kind::List(_))
    }

    /// The list that a plain path leads to, and what all its elements have in common: where no words are asked for, one slot stands for
    /// one element after the other.
    pub(super) fn plain_list(&self, path: &Path, frames: &Frames<'_, 'a>) -> Option<(&'a List, Slot<'a>)> {
        let Some(Seen { value: Held::Lent(value), present }) = self.plain(path, frames) else { return None };
        let list = value.as_list()?;
        if self.words.get() || list.items.iter().any(|item| matches!(item.kind, Kind::Choice(_))) {
            return None;
        }
        let shape = self.plain_shape(path, frames).and_then(element_shape);
        Some((list, Slot { present, shape, ..Slot::of(Held::Lent(value)) }))
    }

    /// What a plain path leads to from what it starts at, where no words are asked for.
    pub(super) fn plain_slot(&self, path: &Path, frames: &Frames<'_, 'a>) -> Option<Slot<'a>> {
        let Seen { value, present } = if self.words.get() || path.steps.is_empty() { None } else { self.plain(path, frames) }?;
        Some(Slot { present, shape: self.plain_shape(path, frames), ..Slot::of(value) })
    }

    /// What the schema says of where a path of names leads.
    fn plain_shape(&self, path: &Path, frames: &Frames<'_, 'a>) -> Option<Shape<'a>> {
        let field = |shape: Option<Shape<'a>>, step: &Step| {
            let Step::Field(name) = step else { return None };
            Some(Shape::Of(&self.body(shape?)?.get(name)?.ty))
        };
        path.steps.iter().fold(self.root(&path.root, frames).shape, field)
    }

    /// Adds the elements of one value. A single block counts as one element, null as none.
    pub(crate) fn spread(&self, slot: Slot<'a>, tail: &mut Option<Arc<Unknown>>, out: &mut Vec<Slot<'a>>) {
        let slot = self.settle(slot);
        if let Some(links) = &slot.links {
            if let Kind::List(list) = &slot.value.kind {
                widen(tail, list.tail.as_ref());
            }
            out.extend_from_slice(links);
            return;
        }
        match &slot.value.kind {
            Kind::Null => {}
            Kind::List(list) => {
                widen(tail, list.tail.as_ref());
                let items = (0..list.items.len()).filter_map(|at| slot.value.item(at));
                out.extend(items.map(|item| self.settle(slot.element(item, None))));
            }
            Kind::Map(map) if slot.shape.is_none_or(is_map) => {
                widen(tail, map.tail.as_ref());
                for (at, entry) in map.entries.iter().enumerate() {
                    let Some((key, value)) = slot.value.entry(at) else { continue };
                    out.push(Slot { place: entry.place, ..self.settle(slot.element(value, Some(key))) });
                }
            }
            Kind::Unknown(unknown) => *tail = Some(unknown.clone()),
            _ => out.push(slot),
        }
    }
}

/// A list with a tail leaves open how many elements there are in all.
fn widen(tail: &mut Option<Arc<Unknown>>, more: Option<&Arc<Unknown>>) {
    if let Some(more) = more {
        *tail = Some(more.clone());
    }
}

fn is_map(shape: Shape<'_>) -> bool {
    matches!(shape, Shape::Of(Type::Map(_) | Type::Any))
}
