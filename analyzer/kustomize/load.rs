//! From files to objects: paths, documents, lists of objects, and texts inside other files.

use std::sync::Arc;

use plimsoll_syntax::value::{List, Map};
use plimsoll_syntax::yaml::{self, Dialect, NodeId, NodeKind, Tree};
use plimsoll_syntax::{FileId, Kind, Place, Span, Value};
use rustc_hash::FxHashSet;

use crate::failure::{Failure, Outcome};
use crate::tree::text_at;

/// The names that a kustomization may have, in the order in which they are looked for.
pub const NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Where a build reads. Paths are relative to the workspace, with forward slashes and without `.` and `..`.
pub trait Files {
    /// The text of a file and the number that its places carry; `None`: there is no such file.
    fn read(&self, path: &str) -> Option<(Arc<str>, FileId)>;

    /// The YAML (or JSON) tree of a file.
    fn tree(&self, path: &str) -> Option<(Arc<Tree>, FileId)> {
        let (text, file) = self.read(path)?;
        Some((Arc::new(yaml::parse(&text)), file))
    }
}

/// How deep lists of objects may lie in each other.
const LIST_DEPTH: usize = 4;

/// A path from a directory, without `.` and `..`; `None`: it leaves the workspace.
pub(crate) fn join(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    if path.starts_with('/') {
        return None;
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// A path as seen from a directory.
pub(crate) fn relative(from: &str, path: &str) -> String {
    let from: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = path.split('/').collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut out: Vec<&str> = vec![".."; from.len() - shared];
    out.extend(to.iter().skip(shared));
    out.join("/")
}

/// Whether a path lies in a directory or below it.
pub(crate) fn lies_in(path: &str, directory: &str) -> bool {
    directory.is_empty() || path == directory || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether something is fetched from elsewhere.
pub(crate) fn is_remote(path: &str) -> bool {
    path.contains("://")
        || path.starts_with("git@")
        || path.starts_with("git::")
        || path.contains("?ref=")
        || path.contains(".git//")
        || path.split('/').next().is_some_and(|host| {
            host.contains('.') && path.contains('/') && matches!(host, "github.com" | "gitlab.com" | "bitbucket.org")
        })
}

/// The documents of a tree, and what is wrong with them.
pub(crate) fn documents(tree: &Tree, file: FileId) -> (Vec<Value>, Vec<Failure>) {
    let mut problems: Vec<Failure> =
        tree.errors.iter().map(|error| Failure::new(Place::new(file, error.span), error.message.as_str())).collect();
    let mut seen = FxHashSet::default();
    for node in &tree.nodes {
        let NodeKind::Mapping(entries) = &node.kind else { continue };
        seen.clear();
        for entry in entries {
            if let Some(key) = tree.scalar(entry.key).filter(|key| *key != "<<")
                && !seen.insert(key)
            {
                problems.push(Failure::new(Place::new(file, tree[entry.key].span), format!("{key} is there twice")));
            }
        }
    }
    let values = yaml::to_values(tree, file, Dialect::Kubernetes);
    (values.collect(), problems)
}

/// The objects among documents: lists are taken apart, and each must have a kind and a name.
pub(crate) fn objects(documents: Vec<Value>) -> Outcome<Vec<Value>> {
    let mut out = Vec::new();
    for document in documents {
        flatten(document, LIST_DEPTH, &mut out)?;
    }
    Ok(out)
}

fn flatten(value: Value, depth: usize, out: &mut Vec<Value>) -> Outcome<()> {
    match &value.kind {
        Kind::Null => return Ok(()),
        Kind::Map(map) if map.entries.is_empty() => return Ok(()),
        Kind::Map(_) => {}
        _ => return Err(Failure::new(value.place, "this is no object")),
    }
    let kind = text_at(&value, &["kind"]);
    if kind.is_empty() {
        return Err(Failure::new(value.place, "the object has no kind"));
    }
    if kind.ends_with("List")
        && let Some(items) = value.get("items").filter(|items| depth > 0 && (items.is_null() || items.as_list().is_some()))
    {
        return items.items().iter().try_for_each(|item| flatten(item.clone(), depth - 1, out));
    }
    if text_at(&value, &["metadata", "name"]).is_empty() && !kind.ends_with("List") {
        return Err(Failure::new(value.place, "the object has no metadata.name"));
    }
    out.push(value);
    Ok(())
}

/// The documents of a text that is written in a scalar of another file; places point to where it is written there, as far as
/// its lines stand there as they read.
pub(crate) fn inline(text: &Value, source: Option<&str>) -> (Vec<Value>, Vec<Failure>, Arc<Tree>) {
    let inner: Arc<str> = text.as_str().unwrap_or("").into();
    let tree = Arc::new(yaml::parse(&inner));
    let (mut values, mut problems) = documents(&tree, text.place.file);
    let lines = Lines::new(&inner, text.place, source);
    for value in &mut values {
        lines.place(value);
    }
    for problem in &mut problems {
        problem.place = text.place;
    }
    (values, problems, tree)
}

/// Whether a text could be a JSON patch: a list.
pub(crate) fn is_sequence(tree: &Tree, root: NodeId) -> bool {
    matches!(tree[tree.resolve(root)].kind, NodeKind::Sequence(_))
}

/// Where the lines of an inner text stand in the outer one.
struct Lines {
    whole: Place,
    /// Start in the inner text, start in the outer one.
    starts: Vec<(u32, u32)>,
}

impl Lines {
    fn new(inner: &str, whole: Place, source: Option<&str>) -> Self {
        Self { whole, starts: Self::find(inner, whole, source).unwrap_or_default() }
    }

    fn find(inner: &str, whole: Place, source: Option<&str>) -> Option<Vec<(u32, u32)>> {
        let outer = source?.get(whole.span.range())?;
        if !inner.contains('\n') {
            let at = outer.find(inner)?;
            return Some(vec![(0, whole.span.start + u32::try_from(at).ok()?)]);
        }
        let mut starts = Vec::new();
        let mut from = 0;
        let mut inner_start = 0_u32;
        for line in inner.split_inclusive('\n') {
            let text = line.trim_end_matches(['\n', '\r']);
            if !text.trim().is_empty() {
                let at = from + outer.get(from..)?.find(text)?;
                starts.push((inner_start, whole.span.start + u32::try_from(at).ok()?));
                from = at + text.len();
            }
            inner_start += u32::try_from(line.len()).ok()?;
        }
        Some(starts)
    }

    fn map(&self, place: Place) -> Place {
        let offset = |at: u32| {
            let line = self.starts.partition_point(|(start, _)| *start <= at).checked_sub(1)?;
            self.starts.get(line).map(|(inner, outer)| outer + (at - inner))
        };
        match (offset(place.span.start), offset(place.span.end)) {
            (Some(start), Some(end)) if start <= end && end <= self.whole.span.end => {
                Place::new(self.whole.file, Span::new(start, end))
            }
            _ => self.whole,
        }
    }

    fn place(&self, value: &mut Value) {
        value.place = self.map(value.place);
        match &mut value.kind {
            Kind::Map(map) => {
                let map: &mut Map = Arc::make_mut(map);
                map.range = value.place.span;
                for entry in &mut map.entries {
                    entry.key_place = self.map(entry.key_place);
                    entry.place = self.map(entry.place);
                    self.place(&mut entry.value);
                }
            }
            Kind::List(list) => {
                let list: &mut List = Arc::make_mut(list);
                for item in &mut list.items {
                    self.place(item);
                }
            }
            _ => {}
        }
    }
}
