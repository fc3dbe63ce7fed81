//! Build stages: what each inherits, and what it becomes.

use compact_str::{CompactString, ToCompactString};
use plimsoll_syntax::value::{List, Map, Reason, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Span, Value};

use std::sync::Arc;

use super::scope::Variables;
use super::shell::Shell;
use crate::shell::holes;
use crate::values::{by_name, derived, own, push_some, roomy};

/// So many fields of a stage are no others' to see.
const OWN_FIELDS: usize = 11;

/// A stage so far.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) alias: Value,
    /// The keyword of its `FROM`.
    pub(super) header: Place,
    /// From `FROM` to its last instruction.
    pub(super) span: Span,
    pub(super) base: Value,
    /// The stage that it starts from.
    pub(super) parent: Option<usize>,
    pub(super) image: Value,
    pub(super) platform: Value,
    pub(super) variables: Variables,
    pub(super) labels: Vec<(CompactString, Value)>,
    pub(super) ports: Vec<Value>,
    pub(super) user: Value,
    pub(super) workdir: Value,
    pub(super) shell: Shell,
    pub(super) healthcheck: Value,
    pub(super) entrypoint: Value,
    pub(super) cmd: Value,
    pub(super) commands: Vec<Value>,
    pub(super) packages: Vec<Value>,
    /// Stages whose files it takes.
    pub(super) sources: Vec<usize>,
    /// Some commands cannot be read.
    pub(super) opaque: bool,
}

impl Stage {
    /// The name that people call it by: the alias, else the index.
    pub(super) fn name(&self, index: usize) -> CompactString {
        self.alias.as_str().map_or_else(|| index.to_compact_string(), Into::into)
    }
}

/// Which stages end up in the final one: by `FROM`, so that their layers are shipped, and by `FROM` or a copy.
pub(super) fn reachable(stages: &[Stage]) -> (Vec<bool>, Vec<bool>) {
    let mut shipped = vec![false; stages.len()];
    let mut needed = vec![false; stages.len()];
    let mut at = stages.len().checked_sub(1);
    while let Some(index) = at {
        match shipped.get_mut(index) {
            Some(mark) if !*mark => *mark = true,
            _ => break,
        }
        at = stages.get(index).and_then(|stage| stage.parent);
    }
    let mut open: Vec<usize> = stages.len().checked_sub(1).into_iter().collect();
    while let Some(index) = open.pop() {
        let (Some(mark), Some(stage)) = (needed.get_mut(index), stages.get(index)) else { continue };
        if !std::mem::replace(mark, true) {
            open.extend(stage.parent.iter().chain(&stage.sources));
        }
    }
    (shipped, needed)
}

/// The values of the stages, and the value of the file: its stages, without what they hold.
pub(super) fn values(stages: &[Stage], file_holes: &[Arc<Unknown>], syntax: Value) -> (Vec<Value>, Value) {
    let (shipped, needed) = reachable(stages);
    let heads: Vec<Map> = stages
        .iter()
        .enumerate()
        .map(|(index, stage)| {
            let place = stage.header;
            let of = |marks: &[bool]| Value::bool(marks.get(index).copied().unwrap_or(false), place);
            let fields = [
                ("name", Value::string(stage.name(index), place)),
                ("alias", stage.alias.clone()),
                ("index", Value::int(Span::of(0, index).end, place)),
                ("final", Value::bool(index + 1 == stages.len(), place)),
                ("shipped", of(&shipped)),
                ("needed", of(&needed)),
                ("platform", stage.platform.clone()),
                ("base", stage.base.clone()),
                ("image", stage.image.clone()),
            ];
            roomy(fields, OWN_FIELDS)
        })
        .collect();
    let first = stages.first().map_or(Place::NONE, |stage| stage.header);
    let all = heads.iter().zip(stages).map(|(head, stage)| Value::map(Map::clone(head), stage.header)).collect();
    let file = derived([("stages", Value::list(all, first)), ("syntax", syntax)], first);
    let full = |(stage, head): (&Stage, Map)| {
        let place = stage.header;
        let env = stage.variables.env.iter();
        let env = env.map(|variable| (variable.name.clone(), holes::value(&variable.text, file_holes, variable.place)));
        let commands = List { items: stage.commands.clone(), tail: stage.opaque.then(unread), blocks: false };
        let mut map = head;
        for (key, value) in [
            ("user", stage.user.clone()),
            ("workdir", stage.workdir.clone()),
            ("shell", stage.shell.argv.clone()),
            ("env", by_name(env, place)),
            ("labels", by_name(stage.labels.iter().cloned(), place)),
            ("ports", Value::list(stage.ports.clone(), place)),
            ("healthcheck", stage.healthcheck.clone()),
            ("entrypoint", stage.entrypoint.clone()),
            ("cmd", stage.cmd.clone()),
            ("commands", Value::new(Kind::List(Arc::new(commands)), place)),
            ("packages", Value::list(stage.packages.clone(), place)),
        ] {
            push_some(&mut map, key, value);
        }
        Value::map(map, place)
    };
    (stages.iter().zip(heads).map(full).collect(), file)
}

/// Why the commands of another shell are not known.
pub(super) fn unread() -> Arc<Unknown> {
    Arc::new(Unknown::new(Reason::Limit, "commands of another shell"))
}

/// The item of a stage.
pub(super) fn item(stage: &Stage, index: usize, last: bool, value: &Value, file: &Value) -> Item {
    let mut map = match &value.kind {
        Kind::Map(map) => own(map.clone(), 1),
        _ => Map::default(),
    };
    map.push("file", file.clone());
    map.range = stage.span;
    let views: &[&str] = if last { &["stage.final", "stage"] } else { &["stage"] };
    Item {
        views: views.iter().map(|view| CompactString::const_new(view)).collect(),
        name: stage.name(index),
        header: stage.header,
        range: stage.span,
        value: Value::map(map, stage.header),
        owner: None,
        index: Span::of(0, index).end,
    }
}
