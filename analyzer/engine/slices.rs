//! What is judged with the whole cluster in view, and judged again only when what it looked at has changed.
//!
//! A verdict depends on the parts of the cluster that its rules looked at, not on the cluster: an edit of one manifest judges again the
//! file itself and what looks at objects of its kind in its namespace.

use std::cell::OnceCell;
use std::sync::Arc;

use plimsoll_kubernetes::{Cluster, Slice, SliceItems};
use plimsoll_syntax::Item;

use crate::db::{Book, Db, Workspace};
use crate::queries::cluster;
use crate::relations::Related;
use crate::run::Verdicts;

/// The cluster as it is now. It is equal to any other, so that nothing depends on it: who reads it must depend on what it reads of it.
#[derive(Clone)]
pub(crate) struct Latest(Arc<Cluster>);

impl PartialEq for Latest {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[salsa::tracked(returns(clone))]
fn latest(db: &dyn Db, workspace: Workspace) -> Latest {
    // An answer that lasts longer than the next edit would make that edit a change by itself.
    db.report_untracked_read();
    Latest(cluster(db, workspace))
}

#[salsa::interned]
struct Part<'db> {
    #[returns(ref)]
    slice: Slice,
}

#[salsa::tracked(returns(clone))]
fn part<'db>(db: &'db dyn Db, workspace: Workspace, part: Part<'db>) -> SliceItems {
    db.report_untracked_read();
    cluster(db, workspace).slice(part.slice(db))
}

/// What `work` makes of the cluster, on which the query at hand then depends as far as it was looked at.
pub(crate) fn with_cluster<T>(db: &dyn Db, workspace: Workspace, work: impl FnOnce(&dyn Fn() -> Arc<Cluster>) -> T) -> T {
    let held: OnceCell<Arc<Cluster>> = OnceCell::new();
    let out = work(&|| held.get_or_init(|| Arc::new(latest(db, workspace).0.watched())).clone());
    for slice in held.get().into_iter().flat_map(|cluster| cluster.looked()) {
        part(db, workspace, Part::new(db, slice));
    }
    out
}

/// What the rules say about manifests that belong to the cluster, and about what their workloads refer to.
pub(crate) fn judged(db: &dyn Db, workspace: Workspace, book: Book, items: &[Item]) -> Verdicts {
    with_cluster(db, workspace, |cluster| judged_in(db, book, items, cluster))
}

/// The same in a cluster of its own.
pub(crate) fn judged_in(db: &dyn Db, book: Book, items: &[Item], cluster: &dyn Fn() -> Arc<Cluster>) -> Verdicts {
    let rulebook = book.rulebook(db);
    let has_workloads = || items.iter().any(|item| item.views.iter().any(|view| view == "workload"));
    let with_references: Vec<Item>;
    let items = if rulebook.looks_at("reference") && has_workloads() {
        with_references = [items, &cluster().references_of(items)].concat();
        &with_references
    } else {
        items
    };
    rulebook.run(items, &Related::new(plimsoll_rules::relations(), items, || Some(cluster())))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use camino::Utf8Path;
    use plimsoll_rules::{RuleSet, load};

    use crate::pages::Nothing;
    use crate::run::Verdicts;
    use crate::{Engine, Settings, Source, queries};

    fn pod(name: &str, namespace: &str, image: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}}\nspec: {{containers: [{{name: c, image: {image}}}]}}\n"
        )
    }

    fn service(name: &str, namespace: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{selector: {{app: {name}}}}}\n"
        )
    }

    fn verdicts(engine: &Engine) -> Vec<Arc<Verdicts>> {
        let files = engine.workspace.files(&engine.db).clone();
        files.into_iter().map(|file| queries::file_verdicts(&engine.db, engine.workspace, engine.book, file)).collect()
    }

    #[test]
    fn an_edit_judges_what_looks_at_it() {
        let page = "# Title\n\n```rule\nseverity = high\nprofile = recommended\non = Service\nrequire = length(related.workloads) > 0\nmessage = \"${self}\"\n```\n";
        let rule = load(Utf8Path::new("r.md"), page).unwrap_or_else(|errors| panic!("{}", errors[0])).1;
        let mut engine = Engine::new(Arc::new(Nothing), &RuleSet::of_rule(rule), &Settings::default()).unwrap();
        let source = |path: &str, text: String| Source::new(path, Ok(text.into_bytes()));
        engine.add(vec![
            source("a.yaml", pod("a", "one", "x")),
            source("b.yaml", service("a", "one")),
            source("c.yaml", pod("c", "two", "x")),
            source("d.yaml", service("c", "two")),
        ]);
        let before = verdicts(&engine);
        for (text, expected) in [
            // The other namespace is no matter to it.
            (pod("a", "one", "y"), [false, false, true, true]),
            // The service of its namespace selects nothing now.
            (pod("z", "one", "y"), [false, false, true, true]),
        ] {
            engine.set(source("a.yaml", text));
            let after = verdicts(&engine);
            let same: Vec<bool> = before.iter().zip(&after).map(|(a, b)| Arc::ptr_eq(a, b)).collect();
            assert_eq!(same, expected);
        }
        assert_eq!(verdicts(&engine).iter().map(|verdicts| verdicts.findings.len()).collect::<Vec<_>>(), [0, 1, 0, 0]);
    }
}
