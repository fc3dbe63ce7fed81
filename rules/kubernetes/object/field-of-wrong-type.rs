//! Fields that hold something else than the API takes.

use plimsoll_rule_language::check::Violation;
use plimsoll_rule_language::fit::Fault;
use plimsoll_syntax::Item;

pub(crate) fn check(item: &Item) -> Vec<Violation> {
    crate::object_fields::violations(item, |misfit, owner| {
        let Fault::Type { expected, found } = &misfit.fault else { return None };
        Some(format!("`{}` of `{owner}` is {found}, and must be {expected}", misfit.field))
    })
}
