//! Running rules over items: which rows look at which views, and what they say.

use std::sync::OnceLock;

use plimsoll_rule_language::Severity;
use plimsoll_rule_language::check::Violation;
use plimsoll_rule_language::rule::Verdict;
use plimsoll_rule_language::schema::Body;
use plimsoll_rules::{RuleSet, schemas};
use plimsoll_syntax::{Item, Place};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::asked::{RowNumber, Rows, Scratch};
use crate::db::guarded;
use crate::eval::{Evaluator, Frames, Judgement, RawFix, Relate, Slot};
use crate::settings::{ActiveRule, Settings, SettingsError, active};
use crate::versions::Chosen;
use crate::views::taggable;
use crate::{versions, world};

/// The rules of a run, ready to be asked by view.
#[derive(Debug, Default)]
pub(crate) struct Rulebook {
    pub(crate) rules: Vec<ActiveRule>,
    by_view: FxHashMap<String, Lookers>,
}

/// The rules that look at the items of a view, and which of their rows do: read when there is such an item.
#[derive(Debug, Default)]
struct Lookers {
    rules: Vec<u32>,
    rows: OnceLock<Rows>,
    /// What a schema says of the fields of these items.
    body: OnceLock<Option<&'static Body>>,
}

/// What a rule said about an item; places are bytes, not lines yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RawFinding {
    /// Index in [`Rulebook::rules`].
    pub(crate) rule: u32,
    /// Index of the row that it violates.
    pub(crate) row: u32,
    pub(crate) severity: Severity,
    pub(crate) place: Place,
    pub(crate) related: Vec<(Place, String)>,
    pub(crate) message: String,
    pub(crate) fix: Option<RawFix>,
    pub(crate) item: RawItem,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RawItem {
    pub(crate) name: String,
    pub(crate) range: Place,
}

/// A verdict that hangs on something unknown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RawUndecided {
    pub(crate) rule: u32,
    pub(crate) place: Place,
    pub(crate) missing: Vec<String>,
}

/// Everything that rules said about some items.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Verdicts {
    pub(crate) findings: Vec<RawFinding>,
    pub(crate) undecided: Vec<RawUndecided>,
    /// Rules that panicked, with what they said.
    pub(crate) failures: Vec<(u32, String)>,
}

impl Verdicts {
    pub(crate) fn add(&mut self, more: Self) {
        self.findings.extend(more.findings);
        self.undecided.extend(more.undecided);
        self.failures.extend(more.failures);
    }
}

impl Rulebook {
    /// The rules that the settings choose.
    pub(crate) fn new(rules: &RuleSet, settings: &Settings) -> Result<Self, SettingsError> {
        let rules = active(rules, settings)?;
        let mut by_view: FxHashMap<String, Lookers> = FxHashMap::default();
        for (number, rule) in (0_u32..).zip(&rules) {
            for view in rule.info.views() {
                by_view.entry(view.to_owned()).or_default().rules.push(number);
            }
        }
        Ok(Self { rules, by_view })
    }

    /// The rows of those who look at this view.
    fn rows<'r>(&self, view: &str, lookers: &'r Lookers) -> Option<&'r Rows> {
        let rows = lookers.rows.get_or_init(|| {
            let mut rows = Rows::default();
            for &number in &lookers.rules {
                let Some(rule) = self.rules.get(number as usize) else { continue };
                if !versions::hold_elsewhere(&rule.info.rule.versions, &rule.kubernetes) || rule.lacks_settings() {
                    continue;
                }
                for (row_number, row) in (0_u32..).zip(&rule.info.rule.rows).filter(|(_, row)| row.view == view) {
                    rows.add((number, row_number), row);
                }
            }
            rows
        });
        (!rows.is_empty()).then_some(rows)
    }

    /// Whether some rule looks at this view.
    pub(crate) fn looks_at(&self, view: &str) -> bool {
        self.by_view.get(view).is_some_and(|lookers| self.rows(view, lookers).is_some())
    }

    /// Judges items that may be resources, and their tags where a rule looks at those.
    pub(crate) fn run_with_tags(&self, items: &[Item], relate: &dyn Relate, chosen: &Chosen) -> Verdicts {
        let mut verdicts = self.run_with(items, relate, chosen);
        if self.looks_at("taggable") {
            verdicts.add(self.run_with(&taggable::items(items, schemas()), relate, chosen));
        }
        verdicts
    }

    /// Judges items; `relate` knows what is related to them.
    pub(crate) fn run(&self, items: &[Item], relate: &dyn Relate) -> Verdicts {
        self.run_with(items, relate, &Chosen::default())
    }

    /// The same for a root module that gets these versions of providers.
    pub(crate) fn run_with<'a>(&'a self, items: &'a [Item], relate: &'a dyn Relate, chosen: &'a Chosen) -> Verdicts {
        let mut run = Run { book: self, chosen, relate, evaluator: None, said: Vec::new(), out: Verdicts::default() };
        let (mut looking, mut rows, mut scratch): (Vec<&Rows>, Vec<RowNumber>, _) = (Vec::new(), Vec::new(), Scratch::default());
        for item in items {
            looking.clear();
            rows.clear();
            // The fields are those of the first view with a schema.
            let mut body: Option<&'static Body> = None;
            for view in &item.views {
                let of_view = || schemas().get(view).map(|body| &**body);
                match self.by_view.get(view.as_str()) {
                    Some(lookers) => {
                        body = body.or_else(|| *lookers.body.get_or_init(of_view));
                        looking.extend(self.rows(view, lookers));
                    }
                    None => body = body.or_else(of_view),
                }
            }
            looking.iter().for_each(|known| known.about(item, body, &mut scratch, &mut rows));
            if rows.is_empty() {
                continue;
            }
            if looking.len() > 1 {
                rows.sort_unstable();
                rows.dedup();
            }
            let slot = Slot::of_item(item, body);
            let frames = Frames::of(&slot);
            rows.chunk_by(|one, other| one.0 == other.0).for_each(|rows| run.judge((item, &frames), rows));
        }
        run.out
    }
}

/// Rules at work on items.
struct Run<'a> {
    book: &'a Rulebook,
    chosen: &'a Chosen,
    relate: &'a dyn Relate,
    /// Made once, for all that is judged.
    evaluator: Option<Evaluator<'a>>,
    /// What the rule at hand says about the item at hand, by row.
    said: Vec<(u32, Judgement)>,
    out: Verdicts,
}

impl<'a> Run<'a> {
    /// One rule on one item.
    fn judge(&mut self, (item, frames): (&'a Item, &Frames<'_, 'a>), rows: &[RowNumber]) {
        let Some(&(number, _)) = rows.first() else { return };
        let Some(rule) = self.book.rules.get(number as usize) else { return };
        let header = &*rule.info.rule;
        if !self.chosen.hold(&header.versions) {
            return;
        }
        for &(_, row_number) in rows {
            let Some(row) = header.rows.get(row_number as usize) else { continue };
            let of_rule = (row, rule.params(), &*rule.kubernetes);
            let evaluator = match &mut self.evaluator {
                Some(evaluator) => {
                    evaluator.turn_to(of_rule);
                    evaluator
                }
                none => none.insert(Evaluator::new(of_rule, (schemas(), self.chosen), self.relate)),
            };
            let said = &mut self.said;
            let before = said.len();
            let mut say = |judgement| said.push((row_number, judgement));
            let judged = guarded(|| match (&row.verdict, rule.info.check) {
                (Verdict::Rust, Some(check)) => {
                    if evaluator.guards_hold(frames) {
                        let violated = |found: Violation| Judgement::Violated {
                            place: found.place,
                            related: found.related,
                            message: found.message,
                            fix: None,
                        };
                        check(item).into_iter().map(violated).for_each(say);
                    }
                }
                _ => evaluator.judge(item, frames, &mut say),
            });
            if let Err(message) = judged {
                // What it was at when it failed is no matter to the rows that come.
                self.evaluator = None;
                self.said.truncate(before);
                if !self.out.failures.iter().any(|failure| failure.0 == number) {
                    self.out.failures.push((number, message));
                }
            }
        }
        if !self.said.is_empty() {
            self.report(number, rule, item);
        }
    }

    /// Takes down what the rule said: the first row that is violated reports an element.
    fn report(&mut self, number: u32, rule: &ActiveRule, item: &Item) {
        let mut violated: FxHashSet<Place> = FxHashSet::default();
        let mut undecided: Vec<RawUndecided> = Vec::new();
        for (row, judgement) in self.said.drain(..) {
            match judgement {
                Judgement::Violated { place, mut related, message, fix } => {
                    if violated.insert(place) {
                        related.extend(world::told(item));
                        let own = rule.info.rule.rows.get(row as usize).map(|row| row.severity);
                        let Some(severity) = rule.severity.or(own) else { continue };
                        let item = raw_item(item);
                        self.out.findings.push(RawFinding { rule: number, row, severity, place, related, message, fix, item });
                    }
                }
                Judgement::Undecided { place, missing } => {
                    let missing = missing.into_iter().map(String::from).collect();
                    undecided.push(RawUndecided { rule: number, place, missing });
                }
            }
        }
        self.out.undecided.extend(undecided.into_iter().filter(|verdict| !violated.contains(&verdict.place)));
    }
}

fn raw_item(item: &Item) -> RawItem {
    match &item.owner {
        Some(owner) => RawItem { name: owner.name.to_string(), range: owner.range },
        None => RawItem { name: item.name.to_string(), range: Place::new(item.header.file, item.range) },
    }
}
