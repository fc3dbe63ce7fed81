//! Judging items: one verdict per item or element, with its place and what it hangs on.

mod compare;
mod condition;
mod elements;
mod fix;
mod functions;
mod held;
mod message;
mod slot;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_rule_language::condition::{Condition, Path};
use plimsoll_rule_language::rule::{Row, Verdict};
use plimsoll_rule_language::schema::{Body, Schemas, Type};
use plimsoll_syntax::value::{Choice, Unknown};
use plimsoll_syntax::{Item, Place, Value};
use rustc_hash::FxHashMap;

use crate::domains::ports::PortSet;
use crate::truth::Truth;
use crate::versions::Chosen;
use condition::Outcome;
pub(crate) use fix::{Change, Holder, Name, RawFix};
use held::Held;
use slot::Shape;
pub(crate) use slot::{Frames, Slot};

/// How many combinations of choices are looked at before the verdict is left undecided.
const COMBINATIONS: usize = 64;

/// Where relations lead; the engine knows.
pub(crate) trait Relate {
    /// What the relation leads to; `None`: the item has no such relation.
    fn related<'a>(&'a self, item: &'a Item, relation: &str) -> Option<Links<'a>>;
}

/// The far end of a relation.
#[derive(Default)]
pub(crate) struct Links<'a> {
    /// Items.
    pub(crate) items: Vec<&'a Item>,
    /// Parts of items, such as inline blocks.
    pub(crate) values: Vec<&'a Value>,
    /// There may be more.
    pub(crate) tail: Option<Arc<Unknown>>,
    /// Any number, not one at most.
    pub(crate) many: bool,
}

/// The fields of an item: those of its first view with a schema.
pub(crate) fn body_of<'a>(schemas: &'a Schemas, item: &Item) -> Option<&'a Body> {
    item.views.iter().find_map(|view| schemas.get(view)).map(|body| &**body)
}

/// A row, the parameters of its rule, and the version of Kubernetes that manifests are for.
pub(crate) type OfRule<'a> = (&'a Row, &'a FxHashMap<CompactString, Value>, &'a str);

/// Judges items by one row of a rule after the other.
pub(crate) struct Evaluator<'a> {
    /// The row at hand.
    pub(crate) row: &'a Row,
    pub(crate) schemas: &'a Schemas,
    /// The versions of providers whose defaults hold.
    pub(crate) chosen: &'a Chosen,
    pub(crate) relate: &'a dyn Relate,
    pub(crate) params: &'a FxHashMap<CompactString, Value>,
    /// The version of Kubernetes that manifests are for.
    pub(crate) kubernetes: &'a str,
    /// The choices met so far in this round.
    choices: RefCell<Vec<Met>>,
    /// Whether what decides a condition is of interest: names, culprits, what is missing. Nearly every verdict is that all is well,
    /// and is found without.
    words: Cell<bool>,
    /// The value that was last asked for its ports, and those.
    ports: RefCell<Option<(&'a Value, PortSet)>>,
}

/// A choice that was met, and the arm that this round looks at.
struct Met {
    id: u64,
    arms: usize,
    arm: usize,
    condition: Arc<Unknown>,
}

/// What was decided about one item or element, unless all is well.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Judgement {
    /// The rule is violated.
    Violated {
        /// What to underline.
        place: Place,
        /// Further places, with what is there.
        related: Vec<(Place, String)>,
        /// The rendered message.
        message: String,
        /// How to mend it, where that is plain.
        fix: Option<RawFix>,
    },
    /// It hangs on these.
    Undecided {
        /// The item or element.
        place: Place,
        /// Source texts.
        missing: Vec<CompactString>,
    },
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(
        (row, params, kubernetes): OfRule<'a>,
        (schemas, chosen): (&'a Schemas, &'a Chosen),
        relate: &'a dyn Relate,
    ) -> Self {
        Self {
            row,
            schemas,
            chosen,
            relate,
            params,
            kubernetes,
            choices: RefCell::default(),
            words: Cell::new(false),
            ports: RefCell::default(),
        }
    }

    /// Goes on to another row.
    pub(crate) fn turn_to(&mut self, (row, params, kubernetes): OfRule<'a>) {
        (self.row, self.params, self.kubernetes) = (row, params, kubernetes);
    }

    /// Judges one item: one judgement per violated or undecided element (or the item itself).
    pub(crate) fn judge(&self, item: &'a Item, frames: &Frames<'_, 'a>, say: &mut impl FnMut(Judgement)) {
        if self.row.each.is_empty() {
            self.element(frames, item.header).into_iter().for_each(say);
            return;
        }
        for path in &self.row.each {
            self.choices.borrow_mut().clear();
            if self.all_is_well(path, frames) {
                continue;
            }
            self.choices.borrow_mut().clear();
            let elements = self.spoken(|| self.elements(path, frames));
            for slot in &elements.slots {
                let inner = Frames { each: Some(slot), ..frames.inside(slot) };
                self.element(&inner, slot.place).into_iter().for_each(&mut *say);
            }
            if let Some(tail) = elements.tail {
                say(Judgement::Undecided { place: elements.place, missing: vec![tail.source.clone()] });
            }
        }
    }

    /// Whether all is well with every element, as nearly always: then no words are put together for them.
    fn all_is_well(&self, path: &Path, frames: &Frames<'_, 'a>) -> bool {
        let is_well = |element: &Slot<'a>| {
            let inner = Frames { each: Some(element), ..frames.inside(element) };
            self.judged(&inner, |frames| self.decision(frames)) == Truth::False
        };
        let well = if let Some((list, mut element)) = self.plain_list(path, frames) {
            let is_well = |item| {
                element.value = Held::Lent(item);
                is_well(&element)
            };
            list.tail.is_none() && list.items.iter().all(is_well)
        } else {
            let elements = self.elements(path, frames);
            elements.tail.is_none() && elements.slots.iter().all(is_well)
        };
        // Where choices were met, other arms have yet to be looked at.
        well && self.choices.borrow().is_empty()
    }

    /// Whether `when` and `unless` are not known to keep the rule from looking at the item.
    pub(crate) fn guards_hold(&self, frames: &Frames<'_, 'a>) -> bool {
        let holds = |guard: Option<&'a Condition>, wanted| guard.is_none_or(|guard| self.truth(guard, frames) == wanted);
        holds(self.row.when.as_ref(), Truth::True) && holds(self.row.unless.as_ref(), Truth::False)
    }

    /// Looks at every combination of choices; the verdict is known where all agree.
    fn element(&self, frames: &Frames<'_, 'a>, place: Place) -> Option<Judgement> {
        self.choices.borrow_mut().clear();
        let mut first: Option<(Truth, Option<Judgement>)> = None;
        let mut conditions = Vec::new();
        for _ in 0..COMBINATIONS {
            let truth = self.judged(frames, |frames| self.decision(frames));
            match &first {
                // Words are only put together where there is something to say.
                None => {
                    let words = || self.judged(frames, |frames| self.judgement(frames, &self.verdict(frames), place));
                    first = Some((truth, (truth != Truth::False).then(|| self.spoken(words))));
                }
                Some((known, _)) if *known == truth => {}
                Some(_) => {
                    conditions.extend(self.choices.borrow().iter().map(|choice| choice.condition.source.clone()));
                    break;
                }
            }
            if !self.next_combination() {
                return first?.1;
            }
        }
        conditions.extend(self.choices.borrow().iter().map(|choice| choice.condition.source.clone()));
        conditions.sort_unstable();
        conditions.dedup();
        Some(Judgement::Undecided { place, missing: conditions })
    }

    /// Does something for which words matter.
    fn spoken<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.words.replace(true);
        let done = work();
        self.words.set(before);
        done
    }

    /// Hands over the frames that have what is judged.
    fn judged<T>(&self, frames: &Frames<'_, 'a>, then: impl FnOnce(&Frames<'_, 'a>) -> T) -> T {
        let slot = |path| self.plain_slot(path, frames).unwrap_or_else(|| self.slot(path, frames));
        let judged = self.row.value.as_ref().map(slot);
        let frames = judged.as_ref().map_or(*frames, |it| Frames { it, ..*frames });
        then(&frames)
    }

    /// The truth of [`Self::verdict`], for which nothing is put together.
    fn decision(&self, frames: &Frames<'_, 'a>) -> Truth {
        let mut all = Truth::True;
        let when = self.row.when.iter().map(|guard| (guard, true));
        let unless = self.row.unless.iter().map(|guard| (guard, false));
        for (guard, wanted) in when.chain(unless) {
            let truth = self.truth(guard, frames);
            let truth = if wanted { truth } else { truth.not() };
            if truth == Truth::False {
                return truth;
            }
            all = all.and(truth);
        }
        all.and(match &self.row.verdict {
            Verdict::Require(condition) => self.truth(condition, frames).not(),
            Verdict::Forbid(condition) => self.truth(condition, frames),
            Verdict::Rust => Truth::False,
        })
    }

    /// `when && !unless && bad`
    fn verdict(&self, frames: &Frames<'_, 'a>) -> Outcome {
        let mut all = Outcome::certain(true);
        if let Some(when) = &self.row.when {
            let guard = self.condition(when, frames);
            if guard.truth == Truth::False {
                return guard;
            }
            all = all.and_guard(guard);
        }
        if let Some(unless) = &self.row.unless {
            let guard = self.condition(unless, frames).not();
            if guard.truth == Truth::False {
                return guard;
            }
            all = all.and_guard(guard);
        }
        let bad = match &self.row.verdict {
            Verdict::Require(condition) => self.condition(condition, frames).not(),
            Verdict::Forbid(condition) => self.condition(condition, frames),
            Verdict::Rust => Outcome::certain(false),
        };
        all.with_verdict(bad)
    }

    fn judgement(&self, frames: &Frames<'_, 'a>, outcome: &Outcome, place: Place) -> Judgement {
        if outcome.truth == Truth::Unknown {
            let mut missing = outcome.missing.clone();
            missing.sort_unstable();
            missing.dedup();
            return Judgement::Undecided { place, missing };
        }
        let message = self.message(&self.row.message, frames);
        let mut related: Vec<(Place, String)> = Vec::new();
        let home = frames.item.item.map_or(place.file, |item| item.header.file);
        let mut culprits = outcome.culprits.clone();
        culprits.retain(|culprit| culprit.place.is_some());
        culprits.dedup_by_key(|culprit| culprit.place);
        let chosen = if let Some(at) = &self.row.at {
            self.slot(at, frames).place
        } else if self.row.value.is_some() {
            frames.it.place
        } else {
            match &culprits[..] {
                // A service may be written in several files; what it says stands in any of them.
                [only] if only.place.file == home || is_of_several_files(frames, only.place) => only.place,
                _ => place,
            }
        };
        for culprit in &culprits {
            if culprit.place != chosen {
                related.push((culprit.place, message::fact(&culprit.names, &culprit.value)));
            }
            related.extend(message::origin(&culprit.value, culprit.place));
        }
        let chosen = if chosen.is_some() { chosen } else { place };
        Judgement::Violated { place: chosen, related, message, fix: self.fix(frames) }
    }

    /// The arm of a choice in this round.
    fn arm(&self, choice: &Choice) -> usize {
        let mut choices = self.choices.borrow_mut();
        if let Some(known) = choices.iter().find(|known| known.id == choice.id) {
            return known.arm;
        }
        choices.push(Met { id: choice.id, arms: choice.arms.len(), arm: 0, condition: choice.condition.clone() });
        0
    }

    /// Moves on to the next combination of the choices that this round met; false when there is none.
    fn next_combination(&self) -> bool {
        let mut choices = self.choices.borrow_mut();
        while let Some(last) = choices.last_mut() {
            last.arm += 1;
            if last.arm < last.arms {
                return true;
            }
            choices.pop();
        }
        false
    }

    pub(crate) fn body(&self, shape: Shape<'a>) -> Option<&'a Body> {
        match shape {
            Shape::Fields(body) => Some(body),
            Shape::Of(Type::Object(body) | Type::Block { body, .. }) => Some(body),
            Shape::Of(Type::Named(name)) => self.schemas.named_type(name).map(|body| &**body),
            Shape::Of(_) => None,
        }
    }

    /// Whether somebody asks which way a path went.
    fn names_matter(&self) -> bool {
        self.words.get() || !self.row.defaults.is_empty()
    }
}

/// Whether the item is put together from several files, and the place is in one of them.
fn is_of_several_files(frames: &Frames<'_, '_>, place: Place) -> bool {
    frames.item.item.is_some_and(|item| {
        item.views.iter().any(|view| view == "service" || view == "project") || crate::charts::is_own(item, place)
    })
}

#[cfg(test)]
mod tests;
