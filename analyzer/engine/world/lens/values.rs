//! Values at a place in a file: what they are, how they came there, and why they are not known.

use camino::Utf8Path;
use plimsoll_syntax::value::How;
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value};

use crate::db::{Db, SourceFile};
use crate::inspect::{Leaf, missing, shown};
use crate::kind::FileKind;
use crate::live::{Cancelled, Snapshot};
use crate::queries::{self, Directory, Root};
use crate::report::Range;
use crate::{Engine, charts, overlays};

/// How deep a value is taken apart.
const DEPTH: usize = 24;

/// A value of an item.
#[derive(Clone, Debug)]
pub struct ValueAt {
    /// The items that have it there: the instances of a module that is called more than once.
    pub addresses: Vec<String>,
    /// The value, with its history.
    pub leaf: Leaf,
    /// What is written at the place that was asked for.
    pub range: Range,
}

/// What is shown behind an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    /// The byte behind which it stands.
    pub after: u32,
    /// `= "10.0.0.0/16"`, `user: root`
    pub text: String,
}

impl Snapshot {
    /// The values of the smallest expression around a byte of a file; empty where there is nothing that the text itself does not say.
    ///
    /// # Errors
    /// When it was cancelled.
    pub fn values_at(&self, path: &Utf8Path, offset: usize) -> Result<Vec<ValueAt>, Cancelled> {
        self.ask(|engine| engine.values_at(path, offset).unwrap_or_default())
    }

    /// What references stand for in a part of a file, and whom a stage runs as.
    ///
    /// # Errors
    /// When it was cancelled.
    pub fn hints(&self, path: &Utf8Path, within: std::ops::Range<usize>) -> Result<Vec<Hint>, Cancelled> {
        self.ask(|engine| engine.hints(path, &within).unwrap_or_default())
    }
}

/// A value with what stands around it.
pub(super) struct Visit<'v> {
    pub(super) item: &'v Item,
    trail: &'v [Segment<'v>],
    /// All of the attribute, key to value; none for elements of lists.
    pub(super) entry: Place,
    pub(super) value: &'v Value,
}

#[derive(Clone, Copy)]
enum Segment<'v> {
    Key(&'v str),
    Index(usize),
}

impl Visit<'_> {
    /// `ingress[0].from_port`
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.trail {
            match segment {
                Segment::Key(key) if path.is_empty() => path.push_str(key),
                Segment::Key(key) => path.extend([".", key]),
                Segment::Index(at) => path.push_str(&format!("[{at}]")),
            }
        }
        path
    }

    /// Where it is used, the steps of its way, where it is written: each with its kind, if it is a step.
    pub(super) fn chain(&self) -> Vec<(Option<&How>, Place)> {
        let steps = self.value.history().map(|via| (Some(&via.how), via.place));
        [(None, self.entry)].into_iter().chain(steps).chain([(None, self.value.place)]).collect()
    }
}

impl Engine {
    /// Hands over every value of everything that a file has a part in.
    pub(super) fn visit(&self, file: SourceFile, visit: &mut dyn FnMut(&Visit<'_>)) {
        self.with_items(file, &mut |items| {
            salsa::Database::unwind_if_revision_cancelled(&self.db);
            for item in items {
                walk(item, &mut Vec::new(), Place::NONE, &item.value, DEPTH, visit);
            }
        });
    }

    /// Hands over the items that a file has a part in, by module, chart, overlay or file.
    pub(super) fn with_items(&self, file: SourceFile, work: &mut dyn FnMut(&[Item])) {
        let (db, workspace) = (&self.db, self.workspace);
        let (path, kind) = (file.path(db), file.content(db).kind);
        let Some(kind) = kind else { return };
        if kind.is_terraform() {
            let folder = path.parent().map(ToString::to_string).unwrap_or_default();
            for root in queries::callers(db, workspace).get(&folder).into_iter().flatten() {
                for (_, inputs) in self.outside.contexts(db, root) {
                    let root = Root::new(db, root.clone(), inputs);
                    // What views over several providers make of them comes behind.
                    work(queries::evaluation(db, workspace, root).planned());
                }
            }
            return;
        }
        for folder in charts::charts(db, workspace).iter().filter(|folder| path.starts_with(folder)) {
            work(&charts::chart(db, workspace, Directory::new(db, folder.clone())).items);
        }
        for folder in overlays::overlays(db, workspace).iter() {
            if overlays::reads(db, workspace, folder, path) {
                work(&overlays::overlay(db, workspace, Directory::new(db, folder.clone())).items);
            }
        }
        if kind == FileKind::Compose {
            work(&crate::compose::compose_items(db, workspace, file));
        } else if !charts::is_template(db, workspace, file) {
            work(&crate::file::file_items(db, file));
        }
    }

    fn values_at(&self, path: &Utf8Path, offset: usize) -> Option<Vec<ValueAt>> {
        let file = self.db.file(path)?;
        let id = file.id(&self.db);
        let mut smallest = None;
        self.visit(file, &mut |visit| smallest = smaller(smallest, cover(visit, id, offset).map(|(_, span)| span)));
        let span: Span = smallest?;
        let mut all: Vec<ValueAt> = Vec::new();
        let (_, range) = self.spot_of(Place::new(id, span))?;
        self.visit(file, &mut |visit| {
            if cover(visit, id, offset).is_none_or(|(_, own)| own != span) || !says_more(visit.value) {
                return;
            }
            let value = visit.value;
            let missing = if value.sensitive { None } else { missing(value) };
            let leaf = Leaf {
                path: visit.path(),
                value: shown(value),
                missing,
                place: self.spot(value.place),
                through: self.steps(value),
            };
            let same = |known: &&mut ValueAt| {
                let steps =
                    |leaf: &Leaf| leaf.through.iter().map(|step| (step.how.clone(), step.place.clone())).collect::<Vec<_>>();
                known.leaf.value == leaf.value && known.leaf.path == leaf.path && steps(&known.leaf) == steps(&leaf)
            };
            let address = visit.item.name.to_string();
            match all.iter_mut().find(same) {
                Some(known) if known.addresses.contains(&address) => {}
                Some(known) => known.addresses.push(address),
                None => all.push(ValueAt { addresses: vec![address], leaf, range }),
            }
        });
        Some(all)
    }

    fn hints(&self, path: &Utf8Path, within: &std::ops::Range<usize>) -> Option<Vec<Hint>> {
        let file = self.db.file(path)?;
        let id = file.id(&self.db);
        let mut all: Vec<(u32, Vec<String>)> = Vec::new();
        let mut add = |after: u32, text: String| {
            let inside = within.start <= after as usize && after as usize <= within.end;
            match all.iter_mut().find(|(at, _)| *at == after) {
                _ if !inside => {}
                Some((_, texts)) if texts.contains(&text) => {}
                Some((_, texts)) => texts.push(text),
                None => all.push((after, vec![text])),
            }
        };
        self.visit(file, &mut |visit| {
            if let Some(via) = visit.value.via.as_deref()
                && via.place.file == id
                && via.place.is_some()
                && matches!(via.how, How::Variable(_) | How::Local(_) | How::Output(_) | How::Resource(_))
                && let Some(text) = short(visit.value)
            {
                add(via.place.span.end, text);
            }
        });
        let mut hints: Vec<Hint> = all
            .into_iter()
            .filter(|(_, texts)| texts.len() <= 3)
            .map(|(after, texts)| Hint { after, text: format!("= {}", texts.join(" | ")) })
            .collect();
        self.with_items(file, &mut |items| {
            for stage in items.iter().filter(|item| item.views.iter().any(|view| view == "stage")) {
                let user = stage.value.get("user");
                let text =
                    user.and_then(|user| user.as_str().or_else(|| user.str_at(&["text"])).or_else(|| user.str_at(&["name"])));
                let end = stage.header.span.end;
                let inside = stage.header.file == id && within.start <= end as usize && end as usize <= within.end;
                if let Some(text) = text.filter(|_| inside) {
                    hints.push(Hint { after: end, text: format!("user: {text}") });
                }
            }
        });
        hints.sort_by_key(|hint| hint.after);
        Some(hints)
    }
}

/// The smallest part of the way of a value that a byte of a file lies in, with its number.
pub(super) fn cover(visit: &Visit<'_>, file: FileId, offset: usize) -> Option<(usize, Span)> {
    let holds = |place: Place| {
        place.file == file && place.is_some() && place.span.start as usize <= offset && offset <= place.span.end as usize
    };
    let own = visit.chain().into_iter().enumerate().filter(|(_, (_, place))| holds(*place));
    own.map(|(at, (_, place))| (at, place.span)).min_by_key(|(_, span)| span.end - span.start)
}

/// The smaller of two spans.
pub(super) fn smaller(one: Option<Span>, other: Option<Span>) -> Option<Span> {
    [one, other].into_iter().flatten().min_by_key(|span| span.end - span.start)
}

/// It came from somewhere else, or something about it is not known.
fn says_more(value: &Value) -> bool {
    !matches!(value.kind, Kind::Null)
        && (value.history().any(|via| !matches!(via.how, How::Inherited | How::Encoded(_))) || missing(value).is_some())
}

/// A value in a few letters; `None`: it is not known, or too long.
fn short(value: &Value) -> Option<String> {
    if value.sensitive
        || !matches!(value.kind, Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::List(_))
        || missing(value).is_some()
    {
        return None;
    }
    let text = shown(value).to_string();
    (text.chars().count() <= 60 && !text.contains("unknown") && !text.contains("sensitive")).then_some(text)
}

fn walk<'v>(
    item: &'v Item,
    trail: &mut Vec<Segment<'v>>,
    entry: Place,
    value: &'v Value,
    depth: usize,
    visit: &mut dyn FnMut(&Visit<'_>),
) {
    if !trail.is_empty() {
        visit(&Visit { item, trail, entry, value });
    }
    if depth == 0 || value.sensitive {
        return;
    }
    match &value.kind {
        Kind::Map(map) => {
            for entry in &map.entries {
                trail.push(Segment::Key(&entry.key));
                walk(item, trail, entry.place, &entry.value, depth - 1, visit);
                trail.pop();
            }
        }
        Kind::List(list) => {
            for (at, value) in list.items.iter().enumerate() {
                trail.push(Segment::Index(at));
                walk(item, trail, Place::NONE, value, depth - 1, visit);
                trail.pop();
            }
        }
        Kind::Choice(choice) => {
            for arm in &choice.arms {
                walk(item, trail, Place::NONE, arm, depth - 1, visit);
            }
        }
        _ => {}
    }
}
