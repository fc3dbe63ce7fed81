//! What a chart renders to with some values, template by template.
//!
//! The engine remembers what it rendered last: templates that would be rendered to the same keep their items, and with them what the
//! rules said about those.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_helm::{ChartFile, Kubernetes, Manifest, Memory, Options, Problem, ProblemKind, render_again};
use plimsoll_kubernetes as kubernetes;
use plimsoll_syntax::yaml::{self, Hole};
use plimsoll_syntax::{FileId, Item};
use rustc_hash::FxHashMap;

use super::places::{self, Places};
use super::{files, is_template};
use crate::db::{Db, SourceFile, Workspace};
use crate::file::file_items;
use crate::kind::FileKind;
use crate::render::Lost;

/// Ends a rendered text, so that its objects are known to be a chart's: what names no namespace is in the release's.
const OF_A_CHART: &str = "\n# {{ .Release.Namespace }}\n";

/// A chart with the values that it is given.
#[salsa::interned]
pub(crate) struct Release<'db> {
    /// The chart's folder.
    #[returns(ref)]
    pub folder: String,
    /// Files of values over the chart's own, the last one holds; relative to the workspace.
    #[returns(ref)]
    pub values: Vec<String>,
}

/// What a chart renders to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chart {
    /// By template.
    pub parts: Vec<Part>,
    /// The items of all of them, with the places of templates and values.
    pub items: Arc<Vec<Item>>,
    /// What could not be rendered or read.
    pub lost: Vec<Lost>,
}

/// What one template renders to. Equal where it was not rendered anew.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part(Arc<Piece>);

#[derive(Debug, Default)]
struct Piece {
    /// The template, as Helm names it.
    name: String,
    items: Vec<Item>,
    lost: Vec<Lost>,
    /// Where it was rendered.
    manifest: Option<Arc<Manifest>>,
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Part {
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn items(&self) -> &[Item] {
        &self.0.items
    }
}

/// A chart's folder, and the files of values.
type Rendering = (String, Vec<String>);

/// What was rendered last, by chart and values. Answers are the same without it.
#[derive(Default)]
pub(crate) struct Memories(Mutex<FxHashMap<Rendering, Arc<Remembered>>>);

#[derive(Default)]
struct Remembered {
    memory: Memory,
    parts: Vec<Part>,
}

/// Renders a chart.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn rendered<'db>(db: &'db dyn Db, workspace: Workspace, of: Release<'db>) -> Arc<Chart> {
    let mut out = Chart::default();
    let folder = of.folder(db);
    let files = files(db, workspace, folder, &mut out.lost);
    let read = |file: &SourceFile| (file.id(db), file.content(db).text.clone());
    let texts: Vec<(&str, (FileId, Arc<str>))> = files.iter().map(|(path, file)| (path.as_str(), read(file))).collect();
    let given: Vec<(&String, (FileId, Arc<str>))> =
        of.values(db).iter().filter_map(|path| Some((path, read(&db.file(path.as_ref())?)))).collect();
    let chart: Vec<ChartFile<'_>> = texts.iter().map(|(path, (file, text))| ChartFile { path, file: *file, text }).collect();
    let values: Vec<ChartFile<'_>> = given.iter().map(|(path, (file, text))| ChartFile { path, file: *file, text }).collect();
    let options =
        Options { kubernetes: Kubernetes::Minor(workspace.kubernetes_minor(db)), values: &values, ..Options::default() };

    let key = (folder.clone(), of.values(db).clone());
    let memories = db.memories();
    let before = memories.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned().unwrap_or_default();
    let (outcome, memory) = render_again(&chart, &options, Some(&before.memory));

    let source = |file: FileId| db.by_id(file).map(|file| file.content(db).text.clone());
    for manifest in outcome.manifests.iter().filter(|manifest| !manifest.path.ends_with("NOTES.txt")) {
        let same = |part: &&Part| part.0.manifest.as_ref().is_some_and(|known| Arc::ptr_eq(known, manifest));
        let known = before.parts.iter().find(same).cloned();
        out.parts.push(known.unwrap_or_else(|| Part(Arc::new(piece(manifest, &source)))));
    }
    for problem in &outcome.problems {
        let template = problem.template.and_then(|file| db.by_id(file));
        out.lost.extend(lost(db, problem, template, &files));
        // What was not rendered is read as it stands, with holes; what cannot be read of it is lost as a whole already.
        let unrendered = files.iter().filter(|(_, file)| match problem.kind {
            ProblemKind::Chart => is_template(db, workspace, **file),
            ProblemKind::Template => Some(**file) == template,
            ProblemKind::MissingDependency => false,
        });
        for (path, &file) in unrendered.filter(|(_, file)| file.content(db).kind == Some(FileKind::Kubernetes)) {
            let items = file_items(db, file).to_vec();
            out.parts.push(Part(Arc::new(Piece { name: path.clone(), items, ..Piece::default() })));
        }
    }
    let mut items = Vec::new();
    for part in &out.parts {
        append(&mut items, part.items().to_vec());
        out.lost.extend(part.0.lost.iter().cloned());
    }
    out.items = Arc::new(items);
    let remembered = Remembered { memory, parts: out.parts.clone() };
    memories.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::new(remembered));
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

/// The items of a manifest.
fn piece(manifest: &Arc<Manifest>, source: &dyn Fn(FileId) -> Option<Arc<str>>) -> Piece {
    let mut out = Piece { name: manifest.path.clone(), manifest: Some(manifest.clone()), ..Piece::default() };
    if manifest.text.trim().is_empty() {
        return out;
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
    out.items = kubernetes::items(&tree, places::RENDERED);
    out.items.iter_mut().for_each(|item| places.item(item));
    out
}

/// Adds the items of another template; objects are numbered on.
fn append(items: &mut Vec<Item>, mut more: Vec<Item>) {
    let first = items.iter().map(|item| item.index + 1).max().unwrap_or(0);
    more.iter_mut().for_each(|item| item.index += first);
    items.append(&mut more);
}
