//! Helm charts of the workspace: which folders are charts, what they render to, and what could not be rendered.

pub(crate) mod packed;
mod places;
mod release;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_helm::is_archive;
use plimsoll_kubernetes as kubernetes;
use plimsoll_syntax::value::How;
use plimsoll_syntax::{FileId, Item, Kind, Place, Value};

use crate::db::{Book, Database, Db, SourceFile, Workspace, contained};
use crate::queries::Directory;
use crate::render::Lost;
use crate::run::Verdicts;
use crate::settings::Environment;
use crate::slices::{judged, judged_in};
use crate::{overlays, roots};

pub(crate) use release::{Chart, Memories};
use release::{Part, Release, rendered};

/// What findings say where they hold with a chart's own values.
const DEFAULT: &str = "the default values";

/// What a chart consists of, besides what its templates read with `.Files`.
const PARTS: &[&str] = &["Chart.yaml", "values.yaml", "values.schema.json", "requirements.yaml", ".helmignore"];

/// Every folder with a `Chart.yaml`.
#[salsa::tracked(returns(clone))]
fn folders(db: &dyn Db, workspace: Workspace) -> Arc<BTreeSet<String>> {
    let charts = workspace.files(db).iter().map(|file| file.path(db)).filter(|path| path.file_name() == Some("Chart.yaml"));
    Arc::new(charts.filter_map(|path| path.parent()).map(ToString::to_string).collect())
}

/// The charts that no other chart vendors, by folder.
#[salsa::tracked(returns(clone))]
pub(crate) fn charts(db: &dyn Db, workspace: Workspace) -> Arc<Vec<String>> {
    let all = folders(db, workspace);
    let is_vendored = |folder: &str| outer(folder, "charts").any(|parent| all.contains(parent));
    Arc::new(all.iter().filter(|folder| !is_vendored(folder)).cloned().collect())
}

/// The folders above a path that have a folder `name` on the way to it.
fn outer<'p>(path: &'p str, name: &'p str) -> impl Iterator<Item = &'p str> {
    let inside = path.match_indices(name).filter(move |(at, _)| {
        let end = at + name.len();
        (*at == 0 || path.as_bytes().get(at - 1) == Some(&b'/')) && path.as_bytes().get(end) == Some(&b'/')
    });
    inside.map(move |(at, _)| path.get(..at.saturating_sub(1)).unwrap_or(""))
}

/// Whether a file is a template of a chart: read as what it renders to, not as what it says.
#[must_use]
pub(crate) fn is_template(db: &dyn Db, workspace: Workspace, file: SourceFile) -> bool {
    let all = folders(db, workspace);
    !all.is_empty() && outer(file.path(db).as_str(), "templates").any(|folder| all.contains(folder))
}

/// What a chart renders to with its default values.
pub(crate) fn chart<'db>(db: &'db dyn Db, workspace: Workspace, folder: Directory<'db>) -> Arc<Chart> {
    rendered(db, workspace, Release::new(db, folder.path(db).clone(), Vec::new()))
}

/// The files of a chart by their path in it: those of the workspace, of the disk, and of packed charts inside it.
fn files(db: &dyn Db, workspace: Workspace, folder: &str, lost: &mut Vec<Lost>) -> BTreeMap<String, SourceFile> {
    let folder = Utf8Path::new(folder);
    let known = workspace.files(db).iter().filter_map(|file| Some((file.path(db).strip_prefix(folder).ok()?.to_string(), *file)));
    let mut all: BTreeMap<String, SourceFile> = known.filter(|(_, file)| file.content(db).unread.is_none()).collect();
    let listed: Vec<String> = db.list(folder).unwrap_or_default().into_iter().filter(|path| !all.contains_key(path)).collect();
    let read = |path: &String| db.file(&folder.join(path)).filter(|file| file.content(db).unread.is_none());
    for path in listed.iter().filter(|path| is_part(path)) {
        all.extend(read(path).map(|file| (path.clone(), file)));
    }
    let archives: Vec<String> = all.keys().filter(|path| is_archive(path)).cloned().collect();
    for archive in archives {
        let Some(file) = all.remove(&archive) else { continue };
        match packed::files(db, file) {
            Ok(found) => all.extend(found.iter().map(|(path, file)| (format!("{archive}/{path}"), *file))),
            Err(reason) => lost.push(Lost::whole(Some(file.id(db)), reason)),
        }
    }
    let reads_files = all.values().any(|file| file.content(db).text.contains(".Files."));
    if reads_files {
        for path in listed.iter().filter(|path| !is_part(path)) {
            all.extend(read(path).map(|file| (path.clone(), file)));
        }
    }
    all
}

fn is_part(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    PARTS.contains(&name) || is_archive(path) || path.starts_with("templates/") || path.contains("/templates/")
}

/// A template, as Helm names it.
#[salsa::interned]
struct Template<'db> {
    #[returns(ref)]
    name: String,
}

/// What one template of a chart renders to.
#[salsa::tracked(returns(clone))]
fn part<'db>(db: &'db dyn Db, workspace: Workspace, of: Release<'db>, template: Template<'db>) -> Part {
    // An answer that lasts longer than the next edit would make that edit a change by itself.
    db.report_untracked_read();
    let chart = rendered(db, workspace, of);
    chart.parts.iter().find(|part| part.name() == template.name(db)).cloned().unwrap_or_default()
}

/// What belongs together in a release with values of its own: its objects, and all others but those of the same chart with other values.
#[salsa::tracked(returns(clone), no_eq)]
fn environment<'db>(db: &'db dyn Db, workspace: Workspace, of: Release<'db>) -> Arc<kubernetes::Cluster> {
    let folders = charts(db, workspace);
    let others = folders.iter().filter(|folder| *folder != of.folder(db));
    let mut all: Vec<Arc<Chart>> = others.map(|folder| chart(db, workspace, Directory::new(db, folder.clone()))).collect();
    all.push(rendered(db, workspace, of));
    Arc::new(kubernetes::Cluster::of(overlays::plain_with(db, workspace, &all)))
}

/// What the rules say about one template.
#[salsa::tracked(returns(clone), no_eq)]
fn part_verdicts<'db>(
    db: &'db dyn Db,
    workspace: Workspace,
    book: Book,
    of: Release<'db>,
    template: Template<'db>,
) -> Arc<Verdicts> {
    let part = part(db, workspace, of, template);
    Arc::new(if of.values(db).is_empty() {
        judged(db, workspace, book, part.items())
    } else {
        judged_in(db, book, part.items(), &|| environment(db, workspace, of))
    })
}

/// What the rules say about a chart with some values.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn release_verdicts<'db>(db: &'db dyn Db, workspace: Workspace, book: Book, of: Release<'db>) -> Arc<Verdicts> {
    let mut all = Verdicts::default();
    for part in &rendered(db, workspace, of).parts {
        let verdicts = part_verdicts(db, workspace, book, of, Template::new(db, part.name().to_owned()));
        all.findings.extend(verdicts.findings.iter().cloned());
        all.undecided.extend(verdicts.undecided.iter().cloned());
        all.failures.extend(verdicts.failures.iter().cloned());
    }
    Arc::new(all)
}

/// What a chart contributes to the report: with its default values, and with those of each environment that has a file of values for it.
pub(crate) fn judged_in_all(
    db: &Database,
    workspace: Workspace,
    book: Book,
    environments: &[Environment],
    folder: &str,
) -> (Arc<Verdicts>, Vec<Lost>) {
    let own = Release::new(db, folder.to_owned(), Vec::new());
    let mut releases = vec![(DEFAULT, own)];
    for environment in environments {
        let found = |file: &Utf8PathBuf| roots::found(db, [folder, environment.folder.as_str()], file);
        let values: Vec<String> = environment.values.iter().filter_map(found).map(Utf8PathBuf::into_string).collect();
        if !values.is_empty() {
            releases.push((&environment.name, Release::new(db, folder.to_owned(), values)));
        }
    }
    let (mut all, mut incomplete) = (Vec::new(), Vec::new());
    for (name, of) in releases {
        match contained(|| (release_verdicts(db, workspace, book, of), rendered(db, workspace, of))) {
            Ok((verdicts, chart)) => {
                incomplete.extend(chart.lost.iter().cloned());
                all.push((Some(name), verdicts));
            }
            Err(reason) => incomplete.push(Lost::whole(chart_file(db, folder), reason)),
        }
    }
    let verdicts = if let [(_, only)] = all.as_slice() { only.clone() } else { Arc::new(roots::together(&all)) };
    (verdicts, incomplete)
}

/// Whether a place belongs to an object of a chart, whatever file it lies in.
#[must_use]
pub(crate) fn is_own(item: &Item, place: Place) -> bool {
    item.value.history().any(|via| via.how == How::Rendered) && holds(&item.value, place)
}

fn holds(value: &Value, place: Place) -> bool {
    value.place == place
        || match &value.kind {
            Kind::Map(map) => {
                map.entries.iter().any(|entry| entry.place == place || entry.key_place == place || holds(&entry.value, place))
            }
            Kind::List(list) => list.items.iter().any(|item| holds(item, place)),
            _ => false,
        }
}

/// Where to say that a whole chart was lost.
#[must_use]
pub(crate) fn chart_file(db: &dyn Db, folder: &str) -> Option<FileId> {
    let path: Utf8PathBuf = Utf8Path::new(folder).join("Chart.yaml");
    db.file(&path).map(|file| file.id(db))
}

#[cfg(test)]
mod tests;
