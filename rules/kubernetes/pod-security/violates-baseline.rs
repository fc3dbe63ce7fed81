//! The baseline level, control by control.

use plimsoll_kubernetes::pod_security::{self, Level};
use plimsoll_rule_language::check::Violation;
use plimsoll_syntax::Item;

pub(crate) fn check(item: &Item) -> Vec<Violation> {
    let found = pod_security::check_workload(item, Level::Baseline, pod_security::NEWEST).into_iter();
    let own = found.filter(|violation| violation.level == Level::Baseline);
    own.map(|violation| Violation { place: violation.place, message: format!("{} ({})", violation.control, violation.detail), related: Vec::new() })
        .collect()
}
