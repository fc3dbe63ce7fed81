//! What was understood of root modules: instances, values, where each came from, what is not known and why.

use camino::Utf8PathBuf;
use plimsoll_syntax::value::{How, Number, Part, Reason, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Value};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::Engine;
use crate::db::Db;
use crate::queries::{self, Root};
use crate::versions::{Choice, Chosen, Why, newest};

/// How deep a value is taken apart.
const DEPTH: usize = 24;

/// One root module, in one environment.
#[derive(Clone, Debug, Serialize)]
pub struct Inspected {
    /// Its directory; empty for the workspace itself.
    pub root: String,
    /// The environment, where the settings name some.
    pub environment: Option<String>,
    /// The versions of providers whose defaults hold.
    pub versions: Vec<InspectedVersion>,
    /// Instances and declarations.
    pub items: Vec<InspectedItem>,
    /// What was found wrong or missing.
    pub notes: Vec<InspectedNote>,
}

/// The version of a provider, or of Terraform itself where one is asked for.
#[derive(Clone, Debug, Serialize)]
pub struct InspectedVersion {
    /// The provider's type, `terraform` or `opentofu`.
    pub name: String,
    /// The version.
    pub version: String,
    /// `lock`: it is locked; `constraint`: it is the newest known that the root module and what it calls allow; `newest`: nobody
    /// says anything.
    pub from: &'static str,
    /// Where it is locked, or the constraint that says most.
    pub place: Option<Spot>,
}

/// An instance or declaration.
#[derive(Clone, Debug, Serialize)]
pub struct InspectedItem {
    /// `module.web.aws_instance.this[0]`, `var.image`
    pub address: String,
    /// The views that rules find it in.
    pub views: Vec<String>,
    /// Where it is written.
    pub place: Option<Spot>,
    /// Its values, taken apart.
    pub values: Vec<Leaf>,
}

/// A value that is not taken apart further.
#[derive(Clone, Debug, Serialize)]
pub struct Leaf {
    /// `ingress[0].from_port`
    pub path: String,
    /// The value; `{"unknown": …}`, `{"template": […]}` and `{"one_of": […]}` where it is not known as a whole.
    pub value: Json,
    /// Why it is not known as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// Where it is written.
    pub place: Option<Spot>,
    /// How it came here, latest step first.
    pub through: Vec<Step>,
}

/// What is not known, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Missing {
    /// What a person would recognise.
    pub source: String,
    /// Why.
    pub reason: &'static str,
}

/// One step of the way of a value.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// `var.image`, `local.tags`, a file that is read.
    pub how: String,
    /// Where.
    pub place: Option<Spot>,
}

/// Something wrong or missing.
#[derive(Clone, Debug, Serialize)]
pub struct InspectedNote {
    /// What.
    pub message: String,
    /// Where.
    pub place: Option<Spot>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spot {
    /// Relative to the workspace, with forward slashes.
    pub path: Utf8PathBuf,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

impl Engine {
    /// Everything that was understood of Terraform; `address`: only what has it or lies below it.
    #[must_use]
    pub fn inspect(&self, address: Option<&str>) -> Vec<Inspected> {
        let mut all = Vec::new();
        for path in queries::roots(&self.db, self.workspace).iter() {
            for (environment, inputs) in self.outside.contexts(&self.db, path) {
                let root = Root::new(&self.db, path.clone(), inputs);
                let evaluation = queries::evaluation(&self.db, self.workspace, root);
                let wanted =
                    evaluation.planned().iter().filter(|item| address.is_none_or(|address| is_below(&item.name, address)));
                let items: Vec<InspectedItem> = wanted.map(|item| self.inspected(item)).collect();
                let versions = self.versions(&queries::chosen(&self.db, self.workspace, root), evaluation.planned());
                let notes = evaluation.notes.iter().filter(|_| address.is_none());
                let notes = notes.map(|note| InspectedNote { message: note.message.to_string(), place: self.spot(note.place) });
                let environment = environment.map(str::to_owned);
                all.push(Inspected { root: path.clone(), environment, versions, items, notes: notes.collect() });
            }
        }
        all
    }

    /// Which workload may reach which, on which ports, by the network policies of the manifests: hands over lines of text, in
    /// order.
    pub fn connections(&self, write: &mut dyn FnMut(&str)) {
        queries::connectivity(&self.db, self.workspace).write_lines(write);
    }

    /// Those that were chosen, and the newest known of the other providers that are used.
    fn versions(&self, chosen: &Chosen, items: &[Item]) -> Vec<InspectedVersion> {
        let used = items.iter().filter(|item| item.views.iter().any(|view| view == "terraform.provider"));
        let used = used.filter_map(|item| item.value.str_at(&["name"]));
        let rest = used.filter(|name| chosen.0.iter().all(|choice| choice.name != *name) && !newest(name).is_empty());
        let rest =
            rest.map(|name| Choice { name: name.into(), version: newest(name).into(), why: Why::Newest, place: Place::NONE });
        let mut all: Vec<Choice> = chosen.0.iter().cloned().chain(rest).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all.dedup();
        let inspected = |choice: Choice| InspectedVersion {
            name: choice.name.into(),
            version: choice.version.into(),
            from: choice.why.word(),
            place: self.spot(choice.place),
        };
        all.into_iter().map(inspected).collect()
    }

    fn inspected(&self, item: &Item) -> InspectedItem {
        let mut values = Vec::new();
        for entry in item.value.as_map().into_iter().flat_map(|map| &map.entries) {
            self.leaves(entry.key.to_string(), &entry.value, DEPTH, &mut values);
        }
        InspectedItem {
            address: item.name.to_string(),
            views: item.views.iter().map(ToString::to_string).collect(),
            place: self.spot(item.header),
            values,
        }
    }

    fn leaves(&self, path: String, value: &Value, depth: usize, out: &mut Vec<Leaf>) {
        let is_open = depth > 0 && !value.sensitive;
        match &value.kind {
            Kind::Map(map) if is_open && !map.entries.is_empty() => {
                for entry in &map.entries {
                    self.leaves(format!("{path}.{}", entry.key), &entry.value, depth - 1, out);
                }
                out.extend(map.tail.as_ref().map(|tail| self.more(format!("{path}.…"), tail, value)));
            }
            Kind::List(list) if is_open && !list.items.is_empty() => {
                for (at, item) in list.items.iter().enumerate() {
                    self.leaves(format!("{path}[{at}]"), item, depth - 1, out);
                }
                out.extend(list.tail.as_ref().map(|tail| self.more(format!("{path}[…]"), tail, value)));
            }
            _ => {
                let missing = if value.sensitive { None } else { missing(value) };
                out.push(Leaf { path, value: shown(value), missing, place: self.spot(value.place), through: self.steps(value) });
            }
        }
    }

    fn more(&self, path: String, tail: &Unknown, of: &Value) -> Leaf {
        Leaf { path, value: unknown(tail), missing: Some(of_unknown(tail)), place: self.spot(of.place), through: self.steps(of) }
    }

    pub(crate) fn steps(&self, value: &Value) -> Vec<Step> {
        value.history().map(|via| Step { how: step(&via.how), place: self.spot(via.place) }).collect()
    }

    pub(crate) fn spot(&self, place: Place) -> Option<Spot> {
        let file = self.db.by_id(place.file).filter(|_| place.is_some())?;
        let text = queries::text(&self.db, file);
        let position = text.lines.position(place.span.start, &text.text);
        Some(Spot { path: file.path(&self.db).clone(), line: position.line, column: position.column })
    }
}

/// Whether a name is an address, or lies below it: an instance, a part of a module.
fn is_below(name: &str, address: &str) -> bool {
    name.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn step(how: &How) -> String {
    match how {
        How::Variable(name) => format!("var.{name}"),
        How::Local(name) => format!("local.{name}"),
        How::Output(name) => format!("output {name}"),
        How::Argument(name) => format!("argument {name}"),
        How::Setting => "setting".to_owned(),
        How::Resource(reference) if reference.attribute.is_empty() => reference.address.to_string(),
        How::Resource(reference) => format!("{}.{}", reference.address, reference.attribute),
        How::Inherited => "inherited".to_owned(),
        How::Rendered => "rendered".to_owned(),
        How::Encoded(_) => "encoded".to_owned(),
        How::File => "file".to_owned(),
    }
}

/// Why something is not known, in words.
const REASONS: &[(Reason, &str)] = &[
    (Reason::Unset, "it has no value here"),
    (Reason::Computed, "only the provider knows it"),
    (Reason::Data, "a data source reads it"),
    (Reason::OpaqueModule, "the module's source is not here"),
    (Reason::Undeclared, "nobody declares it"),
    (Reason::Function, "it is made from something that is not known"),
    (Reason::File, "the file is not here"),
    (Reason::Cycle, "it refers to itself"),
    (Reason::Limit, "a limit of the analysis was reached"),
    (Reason::Syntax, "the source has an error"),
    (Reason::Invalid, "it would be refused when run"),
    (Reason::Rendered, "a template fills it in"),
];

fn of_unknown(unknown: &Unknown) -> Missing {
    let reason = REASONS.iter().find(|(reason, _)| *reason == unknown.reason).map_or("it is not known", |row| row.1);
    Missing { source: unknown.source.to_string(), reason }
}

pub(crate) fn missing(value: &Value) -> Option<Missing> {
    match &value.kind {
        Kind::Unknown(unknown) => Some(of_unknown(unknown)),
        Kind::Template(parts) => parts.iter().find_map(|part| match part {
            Part::Hole(hole) => Some(of_unknown(hole)),
            Part::Known(_) => None,
        }),
        Kind::Choice(choice) => Some(of_unknown(&choice.condition)),
        Kind::List(list) => list.tail.as_ref().map(|tail| of_unknown(tail)),
        Kind::Map(map) => map.tail.as_ref().map(|tail| of_unknown(tail)),
        _ => None,
    }
}

fn unknown(unknown: &Unknown) -> Json {
    json!({"unknown": unknown.source.as_str()})
}

pub(crate) fn shown(value: &Value) -> Json {
    if value.sensitive {
        return json!({"sensitive": true});
    }
    match &value.kind {
        Kind::Null => Json::Null,
        Kind::Bool(flag) => json!(flag),
        Kind::Number(number) => match number.get() {
            Number::Int(int) => i64::try_from(int).map_or_else(|_| json!(int.to_string()), |int| json!(int)),
            Number::Float(float) => json!(float),
        },
        Kind::String(text) => json!(text.as_str()),
        Kind::Template(parts) => {
            let part = |part: &Part| match part {
                Part::Known(text) => json!(text.as_str()),
                Part::Hole(hole) => unknown(hole),
            };
            json!({"template": parts.iter().map(part).collect::<Vec<_>>()})
        }
        Kind::List(list) => list.items.iter().map(shown).collect(),
        Kind::Map(map) => map.entries.iter().map(|entry| (entry.key.to_string(), shown(&entry.value))).collect(),
        Kind::Unknown(missing) => unknown(missing),
        Kind::Choice(choice) => {
            json!({"one_of": choice.arms.iter().map(shown).collect::<Vec<_>>(), "by": choice.condition.source.as_str()})
        }
    }
}
