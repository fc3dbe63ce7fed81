//! Compose projects among the files of a workspace: which file begins a project, and which belongs to that of another.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_docker::compose::{ProjectFiles, override_of, parts, project_items};
use plimsoll_syntax::{FileId, Item, yaml};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::db::{Db, SourceFile, Workspace};
use crate::file::yaml_tree;
use crate::kind::FileKind;
use crate::queries::inside;

/// The Compose files that are part of a project that begins in another file, and are judged there.
#[salsa::tracked(returns(clone))]
pub(crate) fn compose_parts(db: &dyn Db, workspace: Workspace) -> Arc<FxHashSet<Utf8PathBuf>> {
    let files = workspace.files(db).iter().filter(|file| file.content(db).kind == Some(FileKind::Compose));
    let mut names: FxHashMap<Utf8PathBuf, Vec<Utf8PathBuf>> = FxHashMap::default();
    let mut order = Vec::new();
    for &file in files {
        let path = file.path(db);
        names.insert(path.clone(), named(db, file));
        order.push(path.clone());
    }
    let named_by_others: FxHashSet<&Utf8PathBuf> =
        names.iter().flat_map(|(path, others)| others.iter().filter(move |other| *other != path)).collect();
    // Files that only name each other begin somewhere, too: at the first of them.
    let (first, rest): (Vec<&Utf8PathBuf>, Vec<&Utf8PathBuf>) = order.iter().partition(|path| !named_by_others.contains(path));
    let mut seen: FxHashSet<Utf8PathBuf> = FxHashSet::default();
    let mut of_others = FxHashSet::default();
    for path in first.into_iter().chain(rest) {
        if seen.contains(path) {
            of_others.insert(path.clone());
            continue;
        }
        let mut waiting = vec![path.clone()];
        while let Some(path) = waiting.pop() {
            if seen.insert(path.clone()) {
                waiting.extend(names.get(&path).into_iter().flatten().cloned());
            }
        }
    }
    Arc::new(of_others)
}

/// The files that belong to a Compose file: what lies over it, what it includes and extends.
fn named(db: &dyn Db, file: SourceFile) -> Vec<Utf8PathBuf> {
    let path = file.path(db);
    let text = &file.content(db).text;
    let mut all = override_of(path.as_str());
    if text.contains("include") || text.contains("extends") {
        all.extend(parts(path.as_str(), &yaml_tree(db, file)));
    }
    all.iter().filter_map(|path| inside(Utf8Path::new(path))).collect()
}

/// The items of the project that begins in a Compose file; none where it is part of another's.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn compose_items(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<Vec<Item>> {
    let path = file.path(db);
    if compose_parts(db, workspace).contains(path) {
        return Arc::default();
    }
    let overrides: Vec<String> =
        override_of(path.as_str()).into_iter().filter(|path| db.file(Utf8Path::new(path)).is_some()).take(1).collect();
    Arc::new(project_items(path.as_str(), &overrides, &Read { db }))
}

/// What a project sees of the workspace.
struct Read<'db> {
    db: &'db dyn Db,
}

impl Read<'_> {
    fn file(&self, path: &str) -> Option<SourceFile> {
        let file = self.db.file(&inside(Utf8Path::new(path))?)?;
        file.content(self.db).unread.is_none().then_some(file)
    }
}

impl ProjectFiles for Read<'_> {
    fn tree(&self, path: &str) -> Option<(FileId, Arc<yaml::Tree>)> {
        self.file(path).map(|file| (file.id(self.db), yaml_tree(self.db, file)))
    }

    fn text(&self, path: &str) -> Option<(FileId, Arc<str>)> {
        self.file(path).map(|file| (file.id(self.db), file.content(self.db).text.clone()))
    }
}

#[cfg(test)]
mod tests;
