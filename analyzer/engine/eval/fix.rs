//! Fixes that follow from a condition: what is compared with a constant can be set to it.

use plimsoll_rule_language::condition::{Comparison, Condition, Literal, Operand, Path};
use plimsoll_rule_language::rule::{FixRule, Verdict};
use plimsoll_syntax::{Kind, Place};

use super::Evaluator;
use super::slot::Frames;

/// A literal of the source and what should stand there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RawFix {
    /// The literal.
    pub(crate) place: Place,
    /// What is written there, when it is the value itself.
    pub(crate) written: String,
    /// The new literal: a bool, a number or a quoted string, which HCL, JSON and YAML write alike.
    pub(crate) text: String,
    /// What it does, as an imperative sentence.
    pub(crate) message: String,
}

impl<'a> Evaluator<'a> {
    /// The fix of a violated row, where it is a change of one literal that is written in the item itself.
    pub(super) fn fix(&self, frames: &Frames<'a>) -> Option<RawFix> {
        let (path, wanted) = match (&self.row.fix, &self.row.verdict) {
            (FixRule::None, _) => return None,
            (FixRule::Set(all), _) => match &all[..] {
                [(path, literal)] => (path, literal.clone()),
                _ => return None,
            },
            (FixRule::Derived, Verdict::Require(condition)) => required(condition)?,
            (FixRule::Derived, Verdict::Forbid(condition)) => opposite(condition)?,
            (FixRule::Derived, Verdict::Rust) => return None,
        };
        let text = match &wanted {
            Literal::Bool(_) | Literal::Number(_) | Literal::String(_) => wanted.to_string(),
            Literal::Null | Literal::List(_) | Literal::Map(_) => return None,
        };
        let slot = self.slot(path, frames);
        let own = slot.present && slot.value.via.is_none() && slot.value.place.file == frames.item.place.file;
        let message = format!("set `{}` to {text}", slot.names().join("."));
        let written = match &slot.value.kind {
            Kind::Bool(value) => value.to_string(),
            Kind::Number(value) => value.to_string(),
            Kind::String(value) => value.to_string(),
            _ => return None,
        };
        (own && !slot.value.place.span.is_empty()).then_some(RawFix { place: slot.value.place, written, text, message })
    }
}

/// `p == literal`, `p >= literal`, `p <= literal`
fn required(condition: &Condition) -> Option<(&Path, Literal)> {
    match condition {
        Condition::Compare(Operand::Path(path), Comparison::Equal | Comparison::GreaterEqual | Comparison::LessEqual, Operand::Literal(literal)) => {
            Some((path, literal.clone()))
        }
        _ => None,
    }
}

/// `p == bool`
fn opposite(condition: &Condition) -> Option<(&Path, Literal)> {
    match condition {
        Condition::Compare(Operand::Path(path), Comparison::Equal, Operand::Literal(Literal::Bool(value))) => Some((path, Literal::Bool(!value))),
        _ => None,
    }
}
