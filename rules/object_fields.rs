//! What the fields of Kubernetes objects must be, for the rules that ask: by the API of the newest version.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use plimsoll_rule_language::check::Violation;
use plimsoll_rule_language::fit::{Fault, Misfit, misfits};
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Item, Kind};

/// An object and what does not fit in it.
type Checked = (Arc<Map>, Rc<[Misfit]>);

thread_local! {
    /// What does not fit in the fields of an object: several rules ask about one after the other.
    static LAST: RefCell<Option<Checked>> = const { RefCell::new(None) };
}

/// What the engine adds to an object.
pub(crate) const ADDED: &[&str] = &["gvk", "group", "version", "namespaced", "namespace"];

/// Each field of an object that does not fit, and for which `message` has something to say.
///
/// An object of a kind or a version that this release does not know is never judged, nor is one that Terraform makes.
pub(crate) fn violations(item: &Item, message: impl Fn(&Misfit, &str) -> Option<String>) -> Vec<Violation> {
    let text = |key: &str| item.value.str_at(&[key]);
    let (Some(kind), Some(group), Some(version)) = (text("kind"), text("group"), text("version")) else { return Vec::new() };
    // A resource of Terraform has an address.
    if item.name.split('/').next() != Some(kind) || (group.contains('.') && !group.ends_with(".k8s.io")) {
        return Vec::new();
    }
    let Kind::Map(map) = &item.value.kind else { return Vec::new() };
    let found = LAST.with_borrow_mut(|last| {
        if let Some((known, found)) = last
            && Arc::ptr_eq(known, map)
        {
            return found.clone();
        }
        let group = group.split('.').next().filter(|group| !group.is_empty()).unwrap_or("core");
        let schemas = crate::schemas();
        let body = schemas.named_type(&format!("{group}.{version}.{kind}"));
        let found = body.map(|body| misfits(schemas, body, &item.value, is_spared, |field| ADDED.contains(&field)));
        let found: Rc<[Misfit]> = found.unwrap_or_default().into();
        *last = Some((map.clone(), found.clone()));
        found
    });
    let violation = |misfit: &Misfit| {
        let owner = if misfit.owner.is_empty() { kind } else { misfit.owner.as_str() };
        // The object itself is underlined where it says what it is.
        let place = if misfit.owner.is_empty() && misfit.fault == Fault::Missing { item.header } else { misfit.place };
        Some(Violation { place, message: message(misfit, owner)?, related: Vec::new() })
    };
    found.iter().filter_map(violation).collect()
}

/// What the cluster writes, and what patches say to Kustomize.
fn is_spared(field: &str) -> bool {
    field.starts_with('$') || matches!(field, "status" | "managedFields")
}
