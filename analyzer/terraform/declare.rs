//! The declarations of one directory: which names there are and where they are written. Nothing is evaluated.

mod collect;
mod written;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::hcl::{Attribute, Block, BodyItem, Tree};
use plimsoll_syntax::{FileId, Place, Span};
use rustc_hash::{FxHashMap, FxHasher};

pub(crate) use self::written::{find, items};
use crate::{ModuleFiles, Note, SourceFile, SourceTree, json};

/// The declarations of one directory.
#[derive(Debug, Default)]
pub struct Module {
    pub(crate) dir: String,
    pub(crate) files: Vec<File>,
    pub(crate) variables: Named<Declared>,
    pub(crate) locals: Named<Local>,
    pub(crate) outputs: Named<Declared>,
    pub(crate) calls: Named<Declared>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) resource_index: FxHashMap<(Mode, CompactString, CompactString), u32>,
    pub(crate) providers: Vec<Declared>,
    pub(crate) settings: Vec<Declared>,
    pub(crate) imports: Vec<At>,
    /// Variables files, lowest precedence first.
    pub(crate) tfvars: Vec<u32>,
    pub(crate) notes: Vec<Note>,
    pub(crate) uses: crate::uses::Uses,
    /// Somewhere a name is worked out (`var["a"]`): `uses` does not have all.
    pub(crate) has_hidden_uses: bool,
}

/// A file with its tree.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) id: FileId,
    pub(crate) tree: Arc<Tree>,
    pub(crate) spans: Spans,
    /// Where the tree's text says `each` or `count`, in order.
    repetitions: Vec<u32>,
}

/// From the bytes of a tree's text to those of its file.
#[derive(Debug, PartialEq)]
pub(crate) enum Spans {
    /// They are the same.
    Same,
    /// A `.tf.json` file has the tree of the HCL that says the same, and a table back to its own bytes.
    Json(json::Spans),
    /// The file's text lies within the tree's.
    Within { start: u32, length: u32 },
}

impl File {
    pub(crate) fn new(id: FileId, tree: Arc<Tree>, spans: Spans) -> Self {
        let is_repetition = |expr: &&plimsoll_syntax::hcl::Expr| {
            matches!(expr.kind, plimsoll_syntax::hcl::ExprKind::Variable)
                && matches!(tree.text(expr.span), "each" | "count" | "self")
        };
        let mut repetitions: Vec<u32> = tree.exprs.iter().filter(is_repetition).map(|expr| expr.span.start).collect();
        repetitions.sort_unstable();
        Self { id, tree, spans, repetitions }
    }

    /// Whether something in a span of the tree may differ from instance to instance.
    pub(crate) fn may_differ(&self, span: Span) -> bool {
        let at = self.repetitions.partition_point(|place| *place < span.start);
        self.repetitions.get(at).is_some_and(|place| *place < span.end)
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        let span = match &self.spans {
            Spans::Same => span,
            Spans::Json(spans) => spans.original(span),
            Spans::Within { start, length } => {
                let moved = |offset: u32| offset.saturating_sub(*start).min(*length);
                Span::new(moved(span.start), moved(span.end))
            }
        };
        Place::new(self.id, span)
    }

    pub(crate) fn text(&self, span: Span) -> &str {
        self.tree.text(span)
    }

    /// Where something stands, in words that an edit of something else does not change: a number for the way through blocks to an
    /// argument, and bytes from its beginning.
    pub(crate) fn position(&self, span: Span) -> (u64, u32) {
        let mut hasher = FxHasher::default();
        let mut items = self.tree.body.items.as_slice();
        let mut from = 0;
        loop {
            let at = items.partition_point(|item| start(item) <= span.start);
            let Some(item) = at.checked_sub(1).and_then(|at| items.get(at)) else { break };
            from = start(item);
            match item {
                BodyItem::Attribute(attribute) => {
                    self.text(attribute.name).hash(&mut hasher);
                    break;
                }
                BodyItem::Block(block) => {
                    at.hash(&mut hasher);
                    items = block.body.items.as_slice();
                }
            }
        }
        (hasher.finish(), span.start.saturating_sub(from))
    }

    /// The text at a place of the file, as far as it is HCL.
    pub(crate) fn written(&self, place: Place) -> &str {
        match &self.spans {
            Spans::Same => self.tree.text(place.span),
            Spans::Json(_) => "",
            Spans::Within { start, .. } => self.tree.text(place.span.shifted(*start)),
        }
    }
}

/// Declarations by name, in source order.
#[derive(Debug)]
pub(crate) struct Named<T> {
    pub(crate) list: Vec<T>,
    pub(crate) index: FxHashMap<CompactString, u32>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self { list: Vec::new(), index: FxHashMap::default() }
    }
}

impl<T> Named<T> {
    pub(crate) fn position(&self, name: &str) -> Option<u32> {
        self.index.get(name).copied()
    }

    /// The first declaration of a name holds.
    pub(crate) fn add(&mut self, name: &str, value: T) -> bool {
        let at = count(self.list.len());
        match self.index.entry(name.into()) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(at);
                self.list.push(value);
                true
            }
        }
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        let at = self.index.get(name)?;
        self.list.get_mut(*at as usize)
    }
}

pub(crate) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// A top-level block, and the blocks of override files that change it.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) name: CompactString,
    pub(crate) at: At,
    pub(crate) overrides: Vec<At>,
    /// It stands in an override file.
    pub(crate) is_override: bool,
}

/// A top-level block by file and item, or one block inside of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) file: u32,
    pub(crate) item: u32,
    /// The item of the block's body: a data source of a `check`.
    pub(crate) inner: Option<u32>,
}

/// One local value.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    pub(crate) name: CompactString,
    pub(crate) file: u32,
    pub(crate) attribute: Attribute,
}

/// A resource or data block.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) mode: Mode,
    pub(crate) kind: CompactString,
    pub(crate) block: Declared,
}

/// How a resource is managed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    Managed,
    Data,
    Ephemeral,
}

impl Mode {
    /// What stands before the type in an address.
    pub(crate) const fn prefix(self) -> &'static str {
        match self {
            Self::Managed => "",
            Self::Data => "data.",
            Self::Ephemeral => "ephemeral.",
        }
    }
}

impl Module {
    pub(crate) fn block(&self, at: At) -> Option<(&File, &Block)> {
        let file = self.files.get(at.file as usize)?;
        let outer = file.tree.body.items.get(at.item as usize)?.as_block()?;
        match at.inner {
            None => Some((file, outer)),
            Some(inner) => Some((file, outer.body.items.get(inner as usize)?.as_block()?)),
        }
    }
}

fn start(item: &BodyItem) -> u32 {
    match item {
        BodyItem::Attribute(attribute) => attribute.span.start,
        BodyItem::Block(block) => block.span().start,
    }
}

/// Reads the declarations of a directory.
#[must_use]
pub fn declarations(files: &ModuleFiles<'_>) -> Module {
    let mut module = Module { dir: files.dir.to_owned(), ..Module::default() };
    let mut sources: Vec<&SourceFile<'_>> = files.files.iter().filter(|file| !hidden(file.name, &files.files)).collect();
    sources.sort_by_key(|file| (is_override(file.name), file.name));
    let mut tfvars = Vec::new();
    for source in sources {
        let at = count(module.files.len());
        let variables = source.name.ends_with(".tfvars") || source.name.ends_with(".tfvars.json");
        let (tree, spans) = match source.tree {
            SourceTree::Hcl(tree) | SourceTree::Tfvars(tree) => (tree.clone(), Spans::Same),
            SourceTree::Json(tree) => {
                if let Err(error) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&tree.source) {
                    let place = Place::new(source.file, Span::default());
                    let message = compact_str::format_compact!("this is not a JSON object: {error}");
                    module.notes.push(Note { place, message, kind: crate::NoteKind::Refused });
                }
                let (tree, spans) = json::to_hcl(tree, variables);
                (Arc::new(tree), Spans::Json(spans))
            }
        };
        module.files.push(File::new(source.file, tree, spans));
        if variables || matches!(source.tree, SourceTree::Tfvars(_)) {
            tfvars.extend(precedence(source.name).map(|rank| (rank, source.name, at)));
        } else {
            module.collect(at, is_override(source.name));
            if let Some(file) = module.files.last() {
                module.has_hidden_uses |= !crate::uses::collect(file, at, &mut module.uses);
            }
        }
    }
    tfvars.sort_unstable();
    module.tfvars = tfvars.into_iter().map(|(_, _, at)| at).collect();
    module
}

/// A `.tofu` file hides the `.tf` file of the same stem.
fn hidden(name: &str, files: &[SourceFile<'_>]) -> bool {
    let hides = |ending: &str, by: &str| {
        name.strip_suffix(ending).is_some_and(|stem| files.iter().any(|file| file.name.strip_suffix(by) == Some(stem)))
    };
    // What editors leave behind is no configuration.
    let by_editor = name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'));
    by_editor || hides(".tf", ".tofu") || hides(".tf.json", ".tofu.json")
}

fn is_override(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    stem == "override" || stem.ends_with("_override")
}

/// Which variables files are read without being asked for, and in which order.
fn precedence(name: &str) -> Option<u8> {
    match name {
        "terraform.tfvars" => Some(0),
        "terraform.tfvars.json" => Some(1),
        _ if name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json") => Some(2),
        _ => None,
    }
}

/// The directories that a module calls as local modules, sorted.
#[must_use]
pub fn local_calls(module: &Module) -> Vec<String> {
    let mut dirs: Vec<String> = module
        .calls
        .list
        .iter()
        .filter_map(|call| {
            let (file, source) = module.attribute(call, "source")?;
            local_dir(&module.dir, &file.tree.plain_string(source.expr)?)
        })
        .collect();
    dirs.sort();
    dirs.dedup();
    dirs
}

/// The directory of a module source that begins with `./` or `../`; `None` for any other source, and outside the workspace.
pub(crate) fn local_dir(dir: &str, source: &str) -> Option<String> {
    if !(source.starts_with("./") || source.starts_with("../") || source == "." || source == "..") {
        return None;
    }
    join(dir, source)
}

/// `path` from `dir`, without `.` and `..`; `None` where it leaves the workspace.
pub(crate) fn join(dir: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
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
