//! Helm charts of the workspace: which folders are charts, what they render to, and what could not be rendered.

mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_helm::{ChartFile, Kubernetes, Manifest, Options, Problem, ProblemKind, render};
use plimsoll_kubernetes as kubernetes;
use plimsoll_syntax::value::How;
use plimsoll_syntax::yaml::{self, Hole};
use plimsoll_syntax::{FileId, Item, Kind, Place, Value};

use crate::db::{Book, Db, SourceFile, Workspace};
use crate::kind::FileKind;
use crate::queries::{Directory, cluster, file_items};
use crate::relations::Related;
use crate::render::Lost;
use crate::run::Verdicts;

use places::Places;

/// Ends a rendered text, so that its objects are known to be a chart's: what names no namespace is in the release's.
const OF_A_CHART: &str = "\n# {{ .Release.Namespace }}\n";

/// What a chart consists of, besides what its templates read with `.Files`.
const PARTS: &[&str] = &["Chart.yaml", "values.yaml", "values.schema.json", "requirements.yaml"];

/// What a chart renders to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chart {
    /// The items of its manifests, with the places of templates and values.
    pub items: Vec<Item>,
    /// What could not be rendered or read.
    pub lost: Vec<Lost>,
}

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

/// Renders a chart with its default values.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn chart<'db>(db: &'db dyn Db, workspace: Workspace, folder: Directory<'db>) -> Arc<Chart> {
    let files = files(db, workspace, folder.path(db));
    let texts: Vec<(&str, FileId, Arc<str>)> =
        files.iter().map(|(path, file)| (path.as_str(), file.id(db), file.content(db).text.clone())).collect();
    let parts: Vec<ChartFile<'_>> = texts.iter().map(|(path, file, text)| ChartFile { path, file: *file, text }).collect();
    let kubernetes = Kubernetes::Minor(workspace.kubernetes_minor(db));
    let rendered = render(&parts, &Options { kubernetes, ..Options::default() });
    let mut out = Chart::default();
    let source = |file: FileId| db.by_id(file).map(|file| file.content(db).text.clone());
    for manifest in rendered.manifests.iter().filter(|manifest| !manifest.path.ends_with("NOTES.txt")) {
        add(manifest, &source, &mut out);
    }
    for problem in &rendered.problems {
        let template = problem.template.and_then(|file| db.by_id(file));
        out.lost.extend(lost(db, problem, template, &files));
        // What was not rendered is read as it stands, with holes; what cannot be read of it is lost as a whole already.
        let unrendered = files.values().filter(|file| match problem.kind {
            ProblemKind::Chart => is_template(db, workspace, **file),
            ProblemKind::Template => Some(**file) == template,
            ProblemKind::MissingDependency => false,
        });
        for &file in unrendered.filter(|file| file.content(db).kind == Some(FileKind::Kubernetes)) {
            append(&mut out.items, file_items(db, file).to_vec());
        }
    }
    Arc::new(out)
}

/// The problem at its place; a template that is not rendered is named where the cause lies elsewhere.
fn lost(db: &dyn Db, problem: &Problem, template: Option<SourceFile>, files: &BTreeMap<String, SourceFile>) -> Option<Lost> {
    let file = Some(problem.place.file)
        .filter(|_| problem.place.is_some())
        .or_else(|| files.get("Chart.yaml").map(|file| file.id(db)))?;
    let reason = match (problem.kind, template) {
        (ProblemKind::MissingDependency, _) => problem.message.clone(),
        (ProblemKind::Template, Some(template)) if template.id(db) == file => {
            format!("this template is not rendered: {}", problem.message)
        }
        (ProblemKind::Template, Some(template)) => format!("{} is not rendered: {}", template.path(db), problem.message),
        _ => format!("this chart is not rendered: {}", problem.message),
    };
    Some(Lost::at(file, problem.place.span, reason))
}

/// The files of a chart by their path in it: those of the workspace and of the disk.
fn files(db: &dyn Db, workspace: Workspace, folder: &str) -> BTreeMap<String, SourceFile> {
    let folder = Utf8Path::new(folder);
    let known = workspace.files(db).iter().filter_map(|file| Some((file.path(db).strip_prefix(folder).ok()?.to_string(), *file)));
    let mut all: BTreeMap<String, SourceFile> = known.filter(|(_, file)| file.content(db).unread.is_none()).collect();
    let listed: Vec<String> = db.list(folder).unwrap_or_default().into_iter().filter(|path| !all.contains_key(path)).collect();
    let read = |path: &String| db.file(&folder.join(path)).filter(|file| file.content(db).unread.is_none());
    for path in listed.iter().filter(|path| is_part(path)) {
        all.extend(read(path).map(|file| (path.clone(), file)));
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
    PARTS.contains(&name) || path.starts_with("templates/") || path.contains("/templates/")
}

/// The items of a manifest.
fn add(manifest: &Manifest, source: &dyn Fn(FileId) -> Option<Arc<str>>, out: &mut Chart) {
    if manifest.text.trim().is_empty() {
        return;
    }
    let text: Arc<str> = format!("{}{OF_A_CHART}", manifest.text).into();
    let mut tree = yaml::parse(&text);
    tree.holes = manifest.runs.iter().filter(|run| run.source.opaque).map(|run| Hole { span: run.span, line: false }).collect();
    let mut places = Places::new(manifest, source);
    for error in &tree.errors {
        let place = places.extent(error.span);
        let reason = format!("what is rendered here cannot be read: {}", error.message);
        out.lost.push(Lost::at(if place.is_some() { place.file } else { manifest.file }, place.span, reason));
    }
    let mut items = kubernetes::items(&tree, places::RENDERED);
    items.iter_mut().for_each(|item| places.item(item));
    append(&mut out.items, items);
}

/// Adds the items of another file; objects are numbered on.
fn append(items: &mut Vec<Item>, mut more: Vec<Item>) {
    let first = items.iter().map(|item| item.index + 1).max().unwrap_or(0);
    more.iter_mut().for_each(|item| item.index += first);
    items.append(&mut more);
}

/// What the rules say about a chart.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn chart_verdicts<'db>(db: &'db dyn Db, workspace: Workspace, book: Book, folder: Directory<'db>) -> Arc<Verdicts> {
    let chart = chart(db, workspace, folder);
    let related = Related::new(plimsoll_rules::relations(), &chart.items, || Some(cluster(db, workspace)));
    Arc::new(book.rulebook(db).run(&chart.items, &related))
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
