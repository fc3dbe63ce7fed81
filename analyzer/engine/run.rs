//! Running rules over items: which rows look at which views, and what they say.

use std::sync::OnceLock;

use plimsoll_rule_language::Severity;
use plimsoll_rule_language::rule::{Row, Verdict};
use plimsoll_rules::{RuleSet, schemas};
use plimsoll_syntax::{Item, Place};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::asked::{RowNumber, Rows, Scratch};
use crate::db::guarded;
use crate::eval::{Evaluator, Frames, Judgement, RawFix, Relate, Slot, body_of};
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

    /// The rows that look at this view.
    fn rows(&self, view: &str) -> Option<&Rows> {
        let lookers = self.by_view.get(view)?;
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
        self.rows(view).is_some()
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
    pub(crate) fn run_with(&self, items: &[Item], relate: &dyn Relate, chosen: &Chosen) -> Verdicts {
        let mut out = Verdicts::default();
        let (mut rows, mut scratch): (Vec<RowNumber>, _) = (Vec::new(), Scratch::default());
        for item in items {
            rows.clear();
            let body = body_of(schemas(), item);
            for view in &item.views {
                if let Some(known) = self.rows(view) {
                    known.about(item, body, &mut scratch, &mut rows);
                }
            }
            if rows.is_empty() {
                continue;
            }
            rows.sort_unstable();
            rows.dedup();
            let slot = Slot::of_item(item, body);
            let frames = Frames::of(&slot);
            let mut at = 0;
            while let Some(&(rule, _)) = rows.get(at) {
                let end = at + rows[at..].iter().take_while(|row| row.0 == rule).count();
                self.judge((item, &frames), rule, &rows[at..end], (relate, chosen), &mut out);
                at = end;
            }
        }
        out
    }

    /// One rule on one item: the first row that is violated reports an element.
    fn judge<'a>(
        &'a self,
        (item, frames): (&'a Item, &Frames<'_, 'a>),
        number: u32,
        rows: &[RowNumber],
        (relate, chosen): (&'a dyn Relate, &'a Chosen),
        out: &mut Verdicts,
    ) {
        let Some(rule) = self.rules.get(number as usize).filter(|rule| chosen.hold(&rule.info.rule.versions)) else { return };
        let mut violated: FxHashSet<Place> = FxHashSet::default();
        let mut undecided: Vec<RawUndecided> = Vec::new();
        for &(_, row_number) in rows {
            let Some(row) = rule.info.rule.rows.get(row_number as usize) else { continue };
            let severity = rule.severity.unwrap_or(row.severity);
            match guarded(|| judgements(rule, row, (item, frames), relate, chosen)) {
                Ok(judgements) => {
                    for judgement in judgements {
                        match judgement {
                            Judgement::Violated { place, related, message, fix } => {
                                if violated.insert(place) {
                                    let mut related = related;
                                    related.extend(world::told(item));
                                    let item = raw_item(item);
                                    out.findings.push(RawFinding {
                                        rule: number,
                                        row: row_number,
                                        severity,
                                        place,
                                        related,
                                        message,
                                        fix,
                                        item,
                                    });
                                }
                            }
                            Judgement::Undecided { place, missing } => {
                                let missing = missing.into_iter().map(String::from).collect();
                                undecided.push(RawUndecided { rule: number, place, missing });
                            }
                        }
                    }
                }
                Err(message) => {
                    if !out.failures.iter().any(|failure| failure.0 == number) {
                        out.failures.push((number, message));
                    }
                }
            }
        }
        out.undecided.extend(undecided.into_iter().filter(|verdict| !violated.contains(&verdict.place)));
    }
}

fn judgements<'a>(
    rule: &'a ActiveRule,
    row: &'a Row,
    (item, frames): (&'a Item, &Frames<'_, 'a>),
    relate: &'a dyn Relate,
    chosen: &'a Chosen,
) -> Vec<Judgement> {
    let evaluator = Evaluator::new(row, (schemas(), chosen), relate, rule.params(), &rule.kubernetes);
    match (&row.verdict, rule.info.check) {
        (Verdict::Rust, Some(check)) => {
            if !evaluator.guards_hold(frames) {
                return Vec::new();
            }
            let violations = check(item).into_iter();
            violations
                .map(|found| Judgement::Violated {
                    place: found.place,
                    related: found.related,
                    message: found.message,
                    fix: None,
                })
                .collect()
        }
        _ => evaluator.judge(item, frames),
    }
}

fn raw_item(item: &Item) -> RawItem {
    match &item.owner {
        Some(owner) => RawItem { name: owner.name.to_string(), range: owner.range },
        None => RawItem { name: item.name.to_string(), range: Place::new(item.header.file, item.range) },
    }
}
