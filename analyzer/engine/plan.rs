//! Plans in JSON: what Terraform says it will do, judged as if it were written.

use std::sync::Arc;

use plimsoll_syntax::Item;
use plimsoll_syntax::yaml::{self, Dialect};
use plimsoll_terraform::{Inputs, plan_items};

use crate::db::{Db, SourceFile, Workspace};
use crate::queries::{self, Root};
use crate::root_module::{RootModule, with_views};

/// The items of a plan, placed in the source where that is in the workspace.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn items(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<Vec<Item>> {
    let tree = yaml::parse(&file.content(db).text);
    let Some(document) = tree.documents.first() else { return Arc::default() };
    let plan = yaml::to_value(&tree, document.root, file.id(db), Dialect::Core);
    let written = source(db, workspace, file, &plan_items(&plan, &[]));
    let mut items = plan_items(&plan, written.as_ref().map_or(&[], |module| module.planned()));
    with_views(db, &mut items);
    Arc::new(items)
}

/// The root module that a plan is of: the one that declares most of what is planned.
fn source(db: &dyn Db, workspace: Workspace, file: SourceFile, planned: &[Item]) -> Option<Arc<RootModule>> {
    let here = file.path(db).parent().map(ToString::to_string).unwrap_or_default();
    let mut best = (0, None);
    for path in queries::roots(db, workspace).iter() {
        let root = Root::new(db, path.clone(), Inputs::default());
        let evaluation = queries::evaluation(db, workspace, root);
        let shared = planned.iter().filter(|item| evaluation.planned().iter().any(|known| known.name == item.name)).count();
        // Of two that declare as much, the one beside the plan.
        let weight = 2 * shared + usize::from(shared > 0 && *path == here);
        if weight > best.0 {
            best = (weight, Some(evaluation));
        }
    }
    best.1
}
