//! From instructions to items: one pass that follows stages and variables.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::dockerfile::{Instruction, Tree, Word};
use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Map, Reason, Unknown};
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value, views};

use super::expand::{Expander, Lookup, Reference};
use super::ignore::Ignore;
use super::scope::Variables;
use super::shell::Shell;
use super::stage::{self, Stage};
use super::{fields, from, run, shell};
use crate::shell::holes;
use crate::values::{by_name, derived, loose, own, push_some, roomy};

/// The state of the pass.
pub(super) struct Reader<'t> {
    pub(super) tree: &'t Tree,
    pub(super) file: FileId,
    /// What of the build context the builder does not see.
    pub(super) ignore: Option<&'t Ignore>,
    /// What the text itself leaves open: it is written inside another file that fills it in.
    pub(super) given: Vec<Arc<Unknown>>,
    /// Those, and what variables leave open.
    pub(super) holes: Vec<Arc<Unknown>>,
    /// What `ARG` before the first `FROM` declares.
    pub(super) globals: Variables,
    pub(super) stages: Vec<Stage>,
    /// What a comment says of the shell of every base image.
    pub(super) shell: Option<Shell>,
    /// The names of all stages, the later ones too, in lower case.
    pub(super) aliases: Vec<Option<CompactString>>,
    entries: Vec<Entry>,
    /// Most keywords are written in lower case.
    lower_case: bool,
}

/// An instruction that was read.
pub(super) struct Entry {
    keyword: CompactString,
    pub(super) header: Place,
    span: Span,
    pub(super) map: Map,
    pub(super) stage: Option<usize>,
    pub(super) form: Value,
    onbuild: bool,
    /// Commands, pipes, packages and images in it.
    pub(super) parts: Vec<Item>,
    pub(super) references: Vec<Reference>,
    /// A later one of its stage takes its place.
    superseded: bool,
}

/// What instructions say beside what all of them have is so many fields, at most, or little more.
const MORE_FIELDS: usize = 12;

/// Keywords of which the last in a stage counts.
const SINGLE: &[&str] = &["CMD", "ENTRYPOINT", "HEALTHCHECK"];

impl<'t> Reader<'t> {
    pub(super) fn new(tree: &'t Tree, file: FileId, ignore: Option<&'t Ignore>) -> Self {
        let alias = |instruction: &Instruction| instruction.words.get(2).map(|word| word.text.to_lowercase());
        let written = tree.instructions.iter().map(|instruction| instruction.keyword_span.text(&tree.source));
        let (mut lower, mut upper) = (0_usize, 0_usize);
        for keyword in written {
            lower += usize::from(!keyword.contains(|c: char| c.is_ascii_uppercase()));
            upper += usize::from(!keyword.contains(|c: char| c.is_ascii_lowercase()));
        }
        let from = tree.instructions.iter().filter(|instruction| instruction.keyword == "FROM");
        Self {
            tree,
            file,
            ignore,
            given: Vec::new(),
            holes: Vec::new(),
            globals: Variables { closed: true, ..Variables::default() },
            stages: Vec::new(),
            shell: None,
            aliases: from.map(alias).collect(),
            entries: Vec::with_capacity(tree.instructions.len()),
            lower_case: lower > upper,
        }
    }

    /// The reader of a text that is filled in when it is used.
    pub(super) fn filled(tree: &'t Tree, file: FileId, given: Vec<Arc<Unknown>>) -> Self {
        Self { holes: given.clone(), given, ..Self::new(tree, file, None) }
    }

    pub(super) fn items(mut self) -> Vec<Item> {
        let mut end = 0;
        for instruction in &self.tree.instructions {
            shell::declare(&mut self, Span::new(end, instruction.span.start));
            end = instruction.span.end;
            self.instruction(instruction, false);
        }
        self.supersede();
        let directive = self.tree.directives.iter().find(|directive| directive.0 == "syntax");
        let syntax = directive.map(|(_, word)| Value::string(word.text.clone(), self.place(word.span))).unwrap_or_default();
        let (stages, file) = stage::values(&self.stages, &self.holes, syntax);
        let parts: usize = self.entries.iter().map(|entry| entry.parts.len()).sum();
        let mut out: Vec<Item> = Vec::with_capacity(self.stages.len() + self.entries.len() + parts);
        for (index, (stage, value)) in self.stages.iter().zip(&stages).enumerate() {
            out.push(stage::item(stage, index, index + 1 == stages.len(), value, &file));
        }
        let mut previous: Option<(Option<usize>, Value)> = None;
        for (number, entry) in std::mem::take(&mut self.entries).into_iter().enumerate() {
            let light = entry.light();
            let before = previous.take().filter(|previous| previous.0 == entry.stage).map(|previous| previous.1);
            if !entry.onbuild {
                previous = Some((entry.stage, light.clone()));
            }
            let stage = entry.stage.and_then(|index| stages.get(index)).cloned().unwrap_or_default();
            let owner = Some(Owner { name: entry.keyword.clone(), range: self.place(entry.span) });
            self.emit(entry, number, Surroundings { stage, light, before, owner, file: &file }, &mut out);
        }
        out
    }

    fn emit(&self, entry: Entry, number: usize, around: Surroundings<'_>, out: &mut Vec<Item>) {
        let index = Span::of(0, number).end;
        for mut part in entry.parts {
            if let Kind::Map(map) = std::mem::take(&mut part.value.kind) {
                let mut map = own(map, 2);
                map.push("stage", around.stage.clone());
                map.push("instruction", around.light.clone());
                part.value.kind = Kind::Map(Arc::new(map));
            }
            part.owner.clone_from(&around.owner);
            part.index = index;
            out.push(part);
        }
        let mut map = entry.map;
        let base = entry.stage.and_then(|index| self.stages.get(index));
        map.push("references", self.references(&entry.references, base, entry.header));
        if SINGLE.contains(&entry.keyword.as_str()) {
            map.push("superseded", Value::bool(entry.superseded, entry.header));
        }
        push_some(&mut map, "stage", around.stage);
        push_some(&mut map, "previous", around.before.unwrap_or_default());
        push_some(&mut map, "file", around.file.clone());
        map.range = entry.span;
        let mut view = CompactString::const_new("instruction.");
        view.push_str(&entry.keyword);
        out.push(Item {
            views: views![view, CompactString::const_new("instruction")],
            name: entry.keyword,
            header: entry.header,
            range: entry.span,
            value: loose(map, entry.header),
            owner: None,
            index,
        });
    }

    /// Reads an instruction, and what an `ONBUILD` holds.
    fn instruction(&mut self, instruction: &'t Instruction, onbuild: bool) {
        if instruction.keyword == "FROM" && !onbuild {
            from::stage(self, instruction);
        } else if self.stages.is_empty() && instruction.keyword != "ARG" {
            from::missing(self, instruction);
        }
        let stage = self.stages.len().checked_sub(1);
        if let Some(last) = self.stages.last_mut() {
            last.span = last.span.to(instruction.span);
        }
        let mut entry = self.entry(instruction, stage, onbuild);
        fields::read(self, instruction, &mut entry);
        run::read(self, instruction, &mut entry);
        let inner = instruction.inner.as_deref().filter(|_| instruction.keyword == "ONBUILD");
        self.entries.push(entry);
        if let Some(inner) = inner {
            self.instruction(inner, true);
        }
    }

    /// What all instructions have.
    fn entry(&self, instruction: &Instruction, stage: Option<usize>, onbuild: bool) -> Entry {
        let header = self.place(instruction.keyword_span);
        let flags = instruction.flags.iter().map(|flag| {
            let value = flag.value.as_ref().map_or("true", |word| &*word.text);
            (flag.name.clone(), Value::string(value, self.place(flag.span)))
        });
        let form = match instruction.keyword.as_str() {
            "RUN" | "CMD" | "ENTRYPOINT" => Some(instruction.exec),
            "HEALTHCHECK" => instruction.inner.as_ref().map(|inner| inner.exec),
            _ => None,
        };
        let form = form.map(|exec| Value::string(if exec { "exec" } else { "shell" }, self.place(instruction.arguments)));
        let form = form.unwrap_or_default();
        let before = stage.and_then(|index| self.stages.get(index)).map(|stage| {
            let wanted = instruction.keyword == "ENV";
            let env = stage.variables.env.iter().map(|variable| Value::string(variable.name.clone(), variable.place));
            let names = env.chain(stage.variables.args.iter().map(|arg| Value::string(arg.0.clone(), header))).filter(|_| wanted);
            let workdir = stage.workdir.clone();
            derived([("workdir", workdir), ("names", Value::list(names.collect(), header))], header)
        });
        let written = instruction.keyword_span.text(&self.tree.source);
        let odd = |c: char| if self.lower_case { c.is_ascii_uppercase() } else { c.is_ascii_lowercase() };
        let fields = [
            ("odd_case", Value::bool(written.contains(odd), header)),
            ("empty_line", Value::bool(self.has_empty_line(instruction), header)),
            ("keyword", Value::string(instruction.keyword.clone(), header)),
            ("written", Value::string(written, header)),
            ("text", Value::string(instruction.arguments.text(&self.tree.source), self.place(instruction.arguments))),
            ("form", form.clone()),
            ("onbuild", Value::bool(onbuild, header)),
            ("flags", by_name(flags, header)),
            ("before", before.unwrap_or_default()),
        ];
        Entry {
            keyword: instruction.keyword.clone(),
            header,
            span: instruction.span,
            map: roomy(fields, MORE_FIELDS),
            stage,
            form,
            onbuild,
            parts: Vec::new(),
            references: Vec::new(),
            superseded: false,
        }
    }

    /// An empty line stands between the lines of the instruction.
    fn has_empty_line(&self, instruction: &Instruction) -> bool {
        let text = Span::new(instruction.span.start, instruction.arguments.end).text(&self.tree.source);
        instruction.heredocs.is_empty() && text.contains('\n') && text.lines().any(|line| line.trim().is_empty())
    }

    fn supersede(&mut self) {
        for keyword in SINGLE {
            let mut later: Option<usize> = None;
            for entry in self.entries.iter_mut().rev().filter(|entry| entry.keyword == *keyword && !entry.onbuild) {
                entry.superseded = later == entry.stage && entry.stage.is_some();
                later = entry.stage;
            }
        }
    }

    pub(super) const fn place(&self, span: Span) -> Place {
        Place::new(self.file, span)
    }

    /// The text of a range as the instruction's parser sees it: continued lines joined, comments between them left out.
    pub(super) fn raw(&self, span: Span) -> CompactString {
        let text = span.text(&self.tree.source);
        if !text.contains('\n') {
            return text.into();
        }
        let mut out = CompactString::default();
        for (number, line) in text.lines().enumerate() {
            if number > 0 && (line.trim_start().starts_with('#') || line.trim().is_empty()) {
                continue;
            }
            let cut = line.trim_end_matches([' ', '\t']);
            out.push_str(cut.strip_suffix(self.tree.escape).unwrap_or(line));
        }
        out
    }

    /// Expands a text in the scope of the entry's stage, or of the file.
    pub(super) fn expand(&mut self, text: &str, stage: Option<usize>, references: &mut Vec<Reference>) -> CompactString {
        let mut holes = std::mem::take(&mut self.holes);
        let variables = stage.and_then(|index| self.stages.get(index)).map_or(&self.globals, |stage| &stage.variables);
        let scope = |name: &str| variables.lookup(name);
        let mut expander =
            Expander { escape: self.tree.escape, scope: &scope, holes: &mut holes, references: Vec::new(), error: None };
        let out = expander.word(text);
        references.append(&mut expander.references);
        self.holes = holes;
        out
    }

    /// A word of the instruction as a text with holes; what a JSON array holds has no quotes left to remove.
    pub(super) fn text(&mut self, word: &Word, exec: bool, entry: &mut Entry) -> CompactString {
        let raw = if exec { word.text.clone() } else { self.raw(word.span) };
        self.expand(&raw, entry.stage, &mut entry.references)
    }

    /// The same as a value.
    pub(super) fn value(&mut self, word: &Word, exec: bool, entry: &mut Entry) -> Value {
        let text = self.text(word, exec, entry);
        self.value_of(&text, self.place(word.span))
    }

    /// A stage takes files of another.
    pub(super) fn takes_from(&mut self, stage: Option<usize>, source: usize) {
        if let Some(stage) = stage.and_then(|index| self.stages.get_mut(index)) {
            stage.sources.push(source);
        }
    }

    pub(super) fn value_of(&self, text: &str, place: Place) -> Value {
        holes::value(text, &self.holes, place)
    }

    pub(super) fn references(&self, references: &[Reference], stage: Option<&Stage>, place: Place) -> Value {
        let all = references.iter().map(|reference| {
            let defined = match reference.lookup {
                Lookup::Set(_) | Lookup::Declared => Value::bool(true, place),
                Lookup::Missing => Value::bool(false, place),
                Lookup::Elsewhere => {
                    let image = stage.and_then(|stage| stage.base.str_at(&["reference"])).unwrap_or("the base image");
                    Value::unknown(Unknown::new(Reason::Data, format!("the environment of {image}")), place)
                }
            };
            let default = reference.default.as_ref().map(|text| Value::string(text.clone(), place)).unwrap_or_default();
            derived(
                [
                    ("name", Value::string(reference.name.clone(), place)),
                    ("defined", defined),
                    ("without_default", Value::bool(reference.lookup == Lookup::Declared, place)),
                    ("default", default),
                ],
                place,
            )
        });
        Value::list(all.collect(), place)
    }
}

/// What stands around an instruction.
struct Surroundings<'a> {
    stage: Value,
    light: Value,
    before: Option<Value>,
    owner: Option<Owner>,
    file: &'a Value,
}

impl Entry {
    /// What others see of it.
    fn light(&self) -> Value {
        // Only what runs something has these.
        let field = |key| if self.form.is_null() { None } else { self.map.get(key) };
        let mounts = field("mounts").map(|entry| entry.value.clone()).unwrap_or_default();
        let commands = field("commands").and_then(|entry| entry.value.as_list());
        // What is not known may be any number.
        let steps =
            commands.filter(|list| list.tail.is_none()).map(|list| Value::int(Span::of(0, list.items.len()).end, self.header));
        derived(
            [
                ("keyword", Value::string(self.keyword.clone(), self.header)),
                ("form", self.form.clone()),
                ("onbuild", Value::bool(self.onbuild, self.header)),
                ("mounts", mounts),
                ("steps", steps.unwrap_or_default()),
            ],
            self.header,
        )
    }

    /// Sets a field, perhaps again; null leaves it out.
    pub(super) fn set(&mut self, key: &'static str, value: Value) {
        if !value.is_null() {
            self.map.set(key, value);
        }
    }

    /// Adds a field that is given once; null leaves it out.
    pub(super) fn push(&mut self, key: &'static str, value: Value) {
        push_some(&mut self.map, key, value);
    }

    /// It belongs to an `ONBUILD`, and so changes nothing here.
    pub(super) const fn is_trigger(&self) -> bool {
        self.onbuild
    }
}
