//! Fields without which the API refuses an object.

use plimsoll_rule_language::check::Violation;
use plimsoll_rule_language::fit::Fault;
use plimsoll_syntax::Item;

pub(crate) fn check(item: &Item) -> Vec<Violation> {
    crate::object_fields::violations(item, |misfit, owner| match misfit.fault {
        Fault::Missing => Some(format!("`{owner}` lacks the field `{}`", misfit.field)),
        _ => None,
    })
}
