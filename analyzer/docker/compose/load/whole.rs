//! A project from all of its files, as items that keep the places where each thing is written.
//!
//! What Compose would refuse is no reason to say nothing here: a file that is not there, or that says nothing sensible, leaves open
//! what it would have said.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use plimsoll_syntax::value::{Entry, How, Map, Reason, Unknown};
use plimsoll_syntax::yaml::{self, Dialect, Tree};
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value};

use super::layer::{SECTIONS, remove};
use super::paths::{folder, join};
use super::source::{self, Erased};
use crate::compose::extends::{NOT_TAKEN, merged};
use crate::compose::interpolate::{Environment, interpolate};
use crate::compose::normal;
use crate::compose::project::{self, Whole};
use crate::compose::values::{field, listed, set_at};

/// Files that include or extend each other.
const DEPTH: usize = 16;

/// Where a project's files are read; paths are relative to the workspace, with forward slashes.
pub trait ProjectFiles {
    /// A Compose file.
    fn tree(&self, path: &str) -> Option<(FileId, Arc<Tree>)>;
    /// An environment file.
    fn text(&self, path: &str) -> Option<(FileId, Arc<str>)>;
}

/// The names of the file that Compose reads over the one at `path`, relative to the same folder; empty: it reads none.
#[must_use]
pub fn override_of(path: &str) -> Vec<String> {
    let at = folder(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or("");
    if !matches!(stem, "compose" | "docker-compose") {
        return Vec::new();
    }
    ["yml", "yaml"].iter().map(|ending| join(at, &format!("{stem}.override.{ending}"))).collect()
}

/// The files that a Compose file includes, and those of which its services are made, as far as it says so in plain words.
#[must_use]
pub fn parts(path: &str, tree: &Tree) -> Vec<String> {
    let mut all = Vec::new();
    for document in &tree.documents {
        let written = yaml::to_value(tree, document.root, FileId(0), Dialect::Core);
        for item in listed(&field(&written, "include")).items() {
            let files = if item.as_map().is_some() { listed(&field(item, "path")) } else { listed(item) };
            all.extend(files.items().iter().filter_map(Value::as_str).map(str::to_owned));
        }
        let services = field(&written, "services");
        for service in services.as_map().into_iter().flat_map(|map| &map.entries) {
            all.extend(service.value.str_at(&["extends", "file"]).map(str::to_owned));
        }
    }
    all.into_iter().map(|file| join(folder(path), &file)).collect()
}

/// The items of a project: its file, with `overrides` over it and everything that they name.
#[must_use]
pub fn project_items(path: &str, overrides: &[String], files: &dyn ProjectFiles) -> Vec<Item> {
    let mut out = Vec::new();
    let Some((file, tree)) = files.tree(path) else { return out };
    for document in &tree.documents {
        let reader = Reader::new(folder(path), files);
        let written = reader.written(path, &tree, document.root, file);
        let Kind::Map(top) = &written.kind else { continue };
        let mut whole = reader.model(path, top, DEPTH);
        for other in overrides {
            whole = reader.over(&whole, other);
        }
        reader.environment_files(&mut whole);
        let texts: Vec<(FileId, Arc<str>)> = reader.texts.take().into_iter().map(|(file, _, text)| (file, text)).collect();
        let whole = Whole { top: whole, complete: reader.complete.get(), texts: &texts };
        project::items(&written, Some(&tree.source), Some(&whole), None, &mut out);
    }
    out
}

struct Reader<'a> {
    files: &'a dyn ProjectFiles,
    /// What the environment files of the project's folder say.
    environment: Vec<(String, Option<String>)>,
    /// The files that were read, with their paths and texts.
    texts: RefCell<Vec<(FileId, String, Arc<str>)>>,
    complete: Cell<bool>,
}

impl<'a> Reader<'a> {
    fn new(at: &str, files: &'a dyn ProjectFiles) -> Self {
        let text = files.text(&join(at, ".env"));
        let environment = text.map(|(_, text)| source::assignments(&text, &|_| None)).unwrap_or_default();
        Self { files, environment, texts: RefCell::default(), complete: Cell::new(true) }
    }

    /// A document with its variables replaced, where a file says what they are.
    fn written(&self, path: &str, tree: &Tree, root: yaml::NodeId, file: FileId) -> Value {
        if !self.texts.borrow().iter().any(|(known, ..)| *known == file) {
            self.texts.borrow_mut().push((file, path.to_owned(), tree.source.clone()));
        }
        let given =
            |name: &str| self.environment.iter().rev().find(|(known, _)| known == name).and_then(|(_, value)| value.clone());
        let environment = Environment { given: Some(&given), ..Environment::default() };
        interpolate(yaml::to_value(tree, root, file, Dialect::Core), &environment)
    }

    /// The top level of a file, and what it takes away from those below it.
    fn read(&self, path: &str) -> Option<(Map, Vec<Erased>)> {
        let found = self.files.tree(path);
        let Some((file, tree)) = found else {
            self.complete.set(false);
            return None;
        };
        let mut erased = Vec::new();
        let mut top: Option<Map> = None;
        for document in &tree.documents {
            source::tags(&tree, document.root, &mut Vec::new(), &mut erased, 0);
            if let Kind::Map(map) = &self.written(path, &tree, document.root, file).kind {
                top = Some(top.map_or_else(|| Map::clone(map), |top| merged(&top, map)));
            }
        }
        top.map(|top| (top, erased))
    }

    /// What a file says, its services in their normal form, with what it includes.
    fn model(&self, path: &str, top: &Map, depth: usize) -> Map {
        let mut out = top.clone();
        for entry in &mut out.entries {
            let Kind::Map(services) = &entry.value.kind else { continue };
            if entry.key == "services" {
                let mut all = Map { tail: services.tail.clone(), range: services.range, ..Map::default() };
                for service in &services.entries {
                    let value = match service.value.as_map() {
                        Some(written) => Value::map(self.service(path, services, written, DEPTH), service.value.place),
                        None => service.value.clone(),
                    };
                    all.entries.push(Entry { value, ..service.clone() });
                }
                entry.value = Value::map(all, entry.value.place);
            }
        }
        for item in listed(&top.get("include").map(|entry| entry.value.clone()).unwrap_or_default()).items() {
            let files = if item.as_map().is_some() { listed(&field(item, "path")) } else { listed(item) };
            let mut included: Option<Map> = None;
            for file in files.items() {
                let read = file.as_str().filter(|_| depth > 0).map(|file| join(folder(path), file));
                let Some((other, (top, erased))) = read.and_then(|other| Some((other.clone(), self.read(&other)?))) else {
                    self.complete.set(false);
                    continue;
                };
                let model = self.model(&other, &top, depth - 1);
                included = Some(included.map_or_else(|| model.clone(), |below| layered(&below, &model, &erased)));
            }
            if let Some(included) = included {
                beside(&mut out, &included);
            }
        }
        out
    }

    /// A model with a file over it.
    fn over(&self, model: &Map, path: &str) -> Map {
        match self.read(path) {
            Some((top, erased)) => layered(model, &self.model(path, &top, DEPTH), &erased),
            None => model.clone(),
        }
    }

    /// A service in its normal form, with what it extends.
    fn service(&self, path: &str, services: &Map, written: &Map, depth: usize) -> Map {
        let mut own = normal::fields(written);
        let Some(extends) = own.get("extends").cloned() else { return own };
        let open = |reason, source: &str| Some(Arc::new(Unknown::new(reason, source)));
        let other = field(&extends.value, "file");
        let Some(name) = extends.value.str_at(&["service"]).filter(|_| depth > 0) else {
            own.tail = open(if depth == 0 { Reason::Cycle } else { Reason::Unset }, "extends");
            return own;
        };
        let base = match other.as_str() {
            Some(file) => {
                let file = join(folder(path), file);
                self.read(&file).and_then(|(top, _)| {
                    let services = top.get("services")?.value.as_map()?.clone();
                    let base = services.get(name)?.value.as_map()?.clone();
                    Some(self.service(&file, &services, &base, depth - 1))
                })
            }
            None if other.is_null() => {
                services.get(name).and_then(|base| Some(self.service(path, services, base.value.as_map()?, depth - 1)))
            }
            None => None,
        };
        let Some(base) = base else {
            own.tail = open(if other.is_null() { Reason::Undeclared } else { Reason::File }, other.as_str().unwrap_or(name));
            return own;
        };
        let taken = base.entries.into_iter().filter(|entry| !NOT_TAKEN.contains(&entry.key.as_str()));
        let taken = taken.map(|entry| Entry { value: entry.value.clone().through(How::Inherited, extends.place), ..entry });
        let base = Map { entries: taken.collect(), tail: base.tail, range: own.range };
        // What it extends is told already.
        merged(&base, &own)
    }

    /// What the files under `env_file` say, below what stands in the service itself.
    fn environment_files(&self, model: &mut Map) {
        let Some(services) = model.entries.iter_mut().find(|entry| entry.key == "services") else { return };
        let Kind::Map(map) = &services.value.kind else { return };
        let mut map = Map::clone(map);
        for service in &mut map.entries {
            let Kind::Map(fields) = &service.value.kind else { continue };
            let Some(files) = fields.get("env_file") else { continue };
            let mut variables = Map::default();
            for file in files.value.items() {
                let path = field(file, "path");
                let at = self.texts.borrow().iter().find(|(known, ..)| *known == path.place.file).map(|(_, at, _)| at.clone());
                let read = path.as_str().zip(at).and_then(|(path, at)| self.files.text(&join(folder(&at), path)));
                if let Some((file, text)) = read {
                    assignments(&text, file, &mut variables);
                }
            }
            if variables.entries.is_empty() {
                continue;
            }
            let own = fields.get("environment").cloned();
            let place = own.as_ref().map_or(files.place, |own| own.place);
            let value = match own.as_ref().map(|own| &own.value.kind) {
                Some(Kind::Map(own)) => merged(&variables, own),
                Some(_) => continue,
                None => variables,
            };
            let mut fields = Map::clone(fields);
            set_at(&mut fields, "environment", Value::map(value, place), place);
            service.value = Value::map(fields, service.value.place);
        }
        services.value = Value::map(map, services.value.place);
    }
}

/// Adds the assignments of an environment file.
fn assignments(text: &str, file: FileId, out: &mut Map) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let from = u32::try_from(start).unwrap_or(u32::MAX);
        let place = Place::new(file, Span::new(from, from.saturating_add(u32::try_from(line.trim_end().len()).unwrap_or(0))));
        start += line.len();
        for (name, value) in source::assignments(line, &|_| None) {
            if let Some(value) = value {
                set_at(out, &name, Value::string(value, place).through(How::Setting, place), place);
            }
        }
    }
}

/// One model over another. What both declare stays where it was declared first; what it says stands where that is written.
fn layered(base: &Map, over: &Map, erased: &[Erased]) -> Map {
    let (mut base, mut over) = (base.clone(), over.clone());
    for gone in erased {
        remove(&mut base, &gone.path);
        if gone.own {
            remove(&mut over, &gone.path);
        }
    }
    let mut out = merged(&base, &over);
    out.range = base.range;
    for section in &mut out.entries {
        let before = base.get(&section.key).filter(|_| SECTIONS.contains(&section.key.as_str()));
        let Some(before) = before else { continue };
        (section.key_place, section.place) = (before.key_place, before.place);
        let (Kind::Map(now), Kind::Map(old)) = (&section.value.kind, &before.value.kind) else { continue };
        let mut now = Map::clone(now);
        now.range = old.range;
        for entry in &mut now.entries {
            let Some(first) = old.get(&entry.key) else { continue };
            (entry.key_place, entry.place, entry.value.place) = (first.key_place, first.place, first.value.place);
            if let (Kind::Map(fields), Some(range)) = (&entry.value.kind, first.value.as_map().map(|map| map.range)) {
                entry.value.kind = Kind::Map(Arc::new(Map { range, ..Map::clone(fields) }));
            }
        }
        section.value = Value::map(now, before.value.place);
    }
    out
}

/// Adds what an included model declares; a name that is taken stays what it is.
fn beside(out: &mut Map, included: &Map) {
    for section in included.entries.iter().filter(|section| SECTIONS.contains(&section.key.as_str())) {
        let Some(known) = out.entries.iter_mut().find(|known| known.key == section.key) else {
            out.entries.push(section.clone());
            continue;
        };
        let (Kind::Map(own), Kind::Map(theirs)) = (&known.value.kind, &section.value.kind) else { continue };
        let mut both = Map::clone(own);
        both.entries.extend(theirs.entries.iter().filter(|entry| own.get(&entry.key).is_none()).cloned());
        known.value = Value::map(both, known.value.place);
    }
}

#[cfg(test)]
mod tests;
