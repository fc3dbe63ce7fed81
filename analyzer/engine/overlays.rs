//! Kustomizations of the workspace: which of them are built, what they build, and what could not be built.
//!
//! A kustomization that no other one includes is a build. Its objects, with places in the overlay or the base that says so, are
//! judged instead of the files that it is built from. What cannot be built is judged as it stands.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8Path;
use plimsoll_kubernetes::{self as kubernetes, Members};
use plimsoll_kustomize::{Failure, NAMES, build, included, stands_alone};
use plimsoll_syntax::value::{How, Via};
use plimsoll_syntax::yaml::Tree;
use plimsoll_syntax::{FileId, Item};

use crate::charts::{self, Chart};
use crate::db::{Book, Db, SourceFile, Workspace};
use crate::file::{file_items, yaml_tree};
use crate::kind::FileKind;
use crate::queries::{Directory, Stretch, sorted_stretch, stretches};
use crate::render::Lost;
use crate::run::Verdicts;
use crate::slices::judged_in;

/// What a kustomization builds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overlay {
    /// The items of its objects.
    pub items: Arc<Vec<Item>>,
    /// What could not be built.
    pub lost: Vec<Lost>,
    /// The files that it was built from, except for kustomizations; empty where nothing was built.
    pub used: BTreeSet<String>,
}

/// What a build sees of the workspace.
struct View<'db>(&'db dyn Db);

impl View<'_> {
    fn file(&self, path: &str) -> Option<SourceFile> {
        self.0.file(Utf8Path::new(path)).filter(|file| file.content(self.0).unread.is_none())
    }
}

impl plimsoll_kustomize::Files for View<'_> {
    fn read(&self, path: &str) -> Option<(Arc<str>, FileId)> {
        let file = self.file(path)?;
        Some((file.content(self.0).text.clone(), file.id(self.0)))
    }

    fn tree(&self, path: &str) -> Option<(Arc<Tree>, FileId)> {
        let file = self.file(path)?;
        Some((yaml_tree(self.0, file), file.id(self.0)))
    }
}

/// The kustomization files, with the folders that they are in.
fn kustomizations(db: &dyn Db, workspace: Workspace) -> Vec<(String, SourceFile)> {
    let named = |file: &&SourceFile| file.path(db).file_name().is_some_and(|name| NAMES.contains(&name));
    let folder = |file: SourceFile| Some((file.path(db).parent()?.to_string(), file));
    workspace.files(db).iter().filter(named).filter_map(|file| folder(*file)).collect()
}

/// The kustomizations that no other one includes, by folder.
#[salsa::tracked(returns(clone))]
pub(crate) fn overlays(db: &dyn Db, workspace: Workspace) -> Arc<Vec<String>> {
    let view = View(db);
    // A template of one, in a chart or a scaffold, is none.
    let real = |file: SourceFile| !charts::is_template(db, workspace, file) && !file.content(db).text.contains("{{");
    let mut folders: Vec<String> =
        kustomizations(db, workspace).into_iter().filter(|(_, file)| real(*file)).map(|(folder, _)| folder).collect();
    folders.dedup();
    let inside: BTreeSet<String> =
        folders.iter().flat_map(|folder| included(&view, folder).into_iter().filter(move |other| other != folder)).collect();
    folders.retain(|folder| !inside.contains(folder) && stands_alone(&view, folder));
    Arc::new(folders)
}

/// Builds a kustomization.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn overlay<'db>(db: &'db dyn Db, workspace: Workspace, folder: Directory<'db>) -> Arc<Overlay> {
    let mut out = Overlay::default();
    let here = kustomization_file(db, workspace, folder.path(db));
    let lost = |failure: &Failure, what: &str| {
        let file = if failure.place.is_some() { Some(failure.place.file) } else { here };
        file.map(|file| Lost::at(file, failure.place.span, format!("{what}: {}", failure.reason)))
    };
    match build(&View(db), folder.path(db)) {
        Ok(built) => {
            out.lost.extend(built.notes.iter().filter_map(|note| lost(note, "this kustomization is not built in full")));
            out.used = built.used.into_iter().filter(|path| !NAMES.contains(&path.rsplit('/').next().unwrap_or(path))).collect();
            let mut items = Vec::new();
            for object in &built.objects {
                append(&mut items, kubernetes::items_of(object));
            }
            out.items = Arc::new(items);
        }
        Err(failure) => out.lost.extend(lost(&failure, "this kustomization is not built")),
    }
    Arc::new(out)
}

/// The kustomization of a folder.
#[must_use]
pub(crate) fn kustomization_file(db: &dyn Db, workspace: Workspace, folder: &str) -> Option<FileId> {
    kustomizations(db, workspace).into_iter().find(|(own, _)| own == folder).map(|(_, file)| file.id(db))
}

/// Adds the items of an object, numbered on. They may be put together from several files.
fn append(items: &mut Vec<Item>, more: Vec<Item>) {
    let first = items.iter().map(|item| item.index + 1).max().unwrap_or(0);
    for mut item in more {
        item.index += first;
        if item.value.place.is_some() && item.value.place.file != item.header.file {
            item.range = item.header.span;
        }
        item.value.via = Some(Arc::new(Via { how: How::Rendered, place: item.header, from: item.value.via.take() }));
        items.push(item);
    }
}

/// Every file that something is built from.
#[salsa::tracked(returns(clone))]
fn used(db: &dyn Db, workspace: Workspace) -> Arc<BTreeSet<String>> {
    let all = overlays(db, workspace);
    let built = all.iter().map(|folder| overlay(db, workspace, Directory::new(db, folder.clone())));
    Arc::new(built.flat_map(|overlay| overlay.used.clone()).collect())
}

/// Whether a file is judged as what is built from it, not as what it says.
#[must_use]
pub(crate) fn is_used(db: &dyn Db, workspace: Workspace, file: SourceFile) -> bool {
    if file.content(db).kind != Some(FileKind::Kubernetes) {
        return false;
    }
    let used = used(db, workspace);
    !used.is_empty() && used.contains(file.path(db).as_str())
}

/// Whether a file belongs to a build.
#[must_use]
pub(crate) fn reads(db: &dyn Db, workspace: Workspace, folder: &str, path: &Utf8Path) -> bool {
    path.parent().is_some_and(|parent| parent == folder)
        || overlay(db, workspace, Directory::new(db, folder.to_owned())).used.contains(path.as_str())
}

/// The manifests among some files that are judged by themselves.
#[salsa::tracked(returns(clone))]
fn plain_stretch<'db>(db: &'db dyn Db, workspace: Workspace, stretch: Stretch<'db>) -> Arc<Members> {
    let own = |file: &&SourceFile| !charts::is_template(db, workspace, **file) && !is_used(db, workspace, **file);
    let files = sorted_stretch(db, workspace, stretch);
    Arc::new(Members::new(files.manifests.iter().filter(own).map(|&file| file_items(db, file)).collect()))
}

/// Reads neighbours in the list of files, for those who ask for all.
pub(crate) fn prepare_stretch(db: &dyn Db, workspace: Workspace, number: usize) {
    plain_stretch(db, workspace, Stretch::new(db, number));
}

/// The manifests that are judged by themselves.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn plain(db: &dyn Db, workspace: Workspace) -> Arc<Vec<Arc<Members>>> {
    let all = stretches(db, workspace).map(|stretch| plain_stretch(db, workspace, stretch));
    Arc::new(all.filter(|members| !members.is_empty()).collect())
}

/// Everything that plain manifests and charts say, those of charts as `chart` gives them.
pub(crate) fn plain_with<'c>(
    db: &dyn Db,
    workspace: Workspace,
    charts: impl IntoIterator<Item = &'c Arc<Chart>>,
) -> Vec<Arc<Members>> {
    let mut all = Vec::clone(&plain(db, workspace));
    let charts: Vec<Arc<Vec<Item>>> = charts.into_iter().map(|chart| chart.items.clone()).collect();
    if !charts.is_empty() {
        all.push(Arc::new(Members::new(charts)));
    }
    all
}

/// What belongs together in a build: its objects, and those that nothing is built from. Two overlays of one base are two
/// environments that know nothing of each other.
#[salsa::tracked(returns(clone), no_eq)]
fn environment<'db>(db: &'db dyn Db, workspace: Workspace, folder: Directory<'db>) -> Arc<kubernetes::Cluster> {
    let folders = charts::charts(db, workspace);
    let charts: Vec<_> = folders.iter().map(|folder| charts::chart(db, workspace, Directory::new(db, folder.clone()))).collect();
    let mut all = plain_with(db, workspace, &charts);
    all.push(Arc::new(Members::new(vec![overlay(db, workspace, folder).items.clone()])));
    Arc::new(kubernetes::Cluster::of(all))
}

/// What the rules say about a build.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn overlay_verdicts<'db>(db: &'db dyn Db, workspace: Workspace, book: Book, folder: Directory<'db>) -> Arc<Verdicts> {
    let overlay = overlay(db, workspace, folder);
    Arc::new(judged_in(db, book, &overlay.items, &|| environment(db, workspace, folder)))
}

#[cfg(test)]
mod tests;
