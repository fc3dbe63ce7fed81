//! Fields that the API does not have.

use plimsoll_rule_language::check::Violation;
use plimsoll_rule_language::fit::Fault;
use plimsoll_syntax::Item;

pub(crate) fn check(item: &Item) -> Vec<Violation> {
    crate::object_fields::violations(item, |misfit, owner| {
        let Fault::Unknown(nearest) = &misfit.fault else { return None };
        let hint = nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        Some(format!("`{owner}` has no field `{}`{hint}", misfit.field))
    })
}
