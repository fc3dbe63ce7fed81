//! One file over another: reading, `include`, `extends`, `!reset` and `!override`.

use std::cell::RefCell;

use compact_str::CompactString;
use plimsoll_syntax::value::{Entry, Map};
use plimsoll_syntax::yaml::{self, Dialect};
use plimsoll_syntax::{FileId, Kind, Value};

use super::paths::{folder, join, shown};
use super::source::{self, Erased};
use super::{Sources, check};
use crate::compose::extends::{NOT_TAKEN, merged};
use crate::compose::interpolate::{Environment, interpolate};
use crate::compose::normal;
use crate::compose::values::{each, field, listed, set_at};

/// Files that include or extend each other.
const DEPTH: usize = 16;
/// Sections whose entries have names.
pub(super) const SECTIONS: &[&str] = &["services", "networks", "volumes", "secrets", "configs", "models"];

/// Reads files.
pub(super) struct Loader<'a> {
    sources: &'a Sources<'a>,
    refused: RefCell<Option<String>>,
    /// The files that are being read, and what they extend.
    open: RefCell<Vec<String>>,
}

impl<'a> Loader<'a> {
    pub(super) const fn new(sources: &'a Sources<'a>) -> Self {
        Self { sources, refused: RefCell::new(None), open: RefCell::new(Vec::new()) }
    }

    /// What was refused on the way.
    pub(super) fn refused(&self) -> Result<(), String> {
        self.refused.borrow().clone().map_or(Ok(()), Err)
    }

    /// The model with a file over it.
    pub(super) fn file(&self, path: &str, model: &Map) -> Result<Map, String> {
        if self.open.borrow().iter().any(|open| open == path) || self.open.borrow().len() > DEPTH {
            return Err(format!("include cycle through {path}"));
        }
        self.open.borrow_mut().push(path.to_owned());
        let result = self.opened(path, model);
        self.open.borrow_mut().pop();
        result
    }

    fn opened(&self, path: &str, model: &Map) -> Result<Map, String> {
        let (top, erased) = self.read(path)?;
        let mut own = self.normal(path, &top)?;
        let mut base = model.clone();
        for gone in &erased {
            remove(&mut base, &gone.path);
            if gone.own {
                remove(&mut own, &gone.path);
            }
        }
        for included in self.included(path, &top)? {
            base = joined(&base, &included)?;
        }
        Ok(merged(&base, &own))
    }

    /// The top level of a file, its variables replaced.
    fn read(&self, path: &str) -> Result<(Map, Vec<Erased>), String> {
        let text = (self.sources.read)(path).ok_or_else(|| format!("open {path}: no such file or directory"))?;
        let tree = yaml::parse(&text);
        if let Some(error) = tree.errors.first() {
            return Err(format!("{path}: {}", error.message));
        }
        let mut top = Map::default();
        let mut erased = Vec::new();
        for document in &tree.documents {
            source::check_keys(&tree, document.root, "", 0)?;
            source::tags(&tree, document.root, &mut Vec::new(), &mut erased, 0);
            let written = yaml::to_value(&tree, document.root, FileId(0), Dialect::Core);
            let variable = |name: &str| self.variable(name);
            let environment = Environment { known: Some(&variable), ..Environment::default() };
            let value = interpolate(written, &environment);
            if let Some(refused) = environment.refused.borrow().first() {
                return Err(format!("{path}: invalid interpolation `{refused}`"));
            }
            match &value.kind {
                Kind::Map(map) => top = if top.entries.is_empty() { Map::clone(map) } else { merged(&top, map) },
                Kind::Null => {}
                _ => return Err(format!("{path}: top-level object must be a mapping")),
            }
        }
        Ok((top, erased))
    }

    /// A variable of the environment or of the project.
    fn variable(&self, name: &str) -> Option<String> {
        (self.sources.variable)(name).or_else(|| (name == "COMPOSE_PROJECT_NAME").then(|| self.sources.project.to_owned()))
    }

    /// The top level with every service in its normal form, what it extends included.
    fn normal(&self, path: &str, top: &Map) -> Result<Map, String> {
        check::top(top)?;
        let mut out = Map::default();
        for entry in &top.entries {
            let value = match (entry.key.as_str(), &entry.value.kind) {
                ("services", Kind::Map(services)) => {
                    let mut all = Map::default();
                    for service in &services.entries {
                        let fields = self.service(path, services, &service.key, DEPTH)?;
                        all.set(service.key.clone(), Value::map(fields, service.value.place));
                    }
                    Value::map(all, entry.value.place)
                }
                ("services", Kind::Null) | ("include" | "version" | "name", _) => continue,
                ("services", _) => return Err("services must be a mapping".to_owned()),
                ("secrets" | "configs", Kind::Map(section)) => Value::map(self.files(path, section), entry.value.place),
                _ => entry.value.clone(),
            };
            out.entries.push(Entry { value, ..entry.clone() });
        }
        Ok(out)
    }

    /// A service of a file.
    fn service(&self, path: &str, services: &Map, name: &str, depth: usize) -> Result<Map, String> {
        let Some(entry) = services.get(name) else {
            return Err(format!("cannot extend service \"{name}\" in {path}: service not found"));
        };
        let empty = Map::default();
        let written = match &entry.value.kind {
            Kind::Map(map) => &**map,
            Kind::Null => &empty,
            _ => return Err(format!("services.{name} must be a mapping")),
        };
        check::service(name, written)?;
        let mut own = normal::fields(written);
        for key in ["cap_add", "cap_drop"] {
            // As they are written, not as the kernel calls them.
            if let (Some(raw), Some(known)) = (written.get(key), own.entries.iter_mut().find(|entry| entry.key == key)) {
                known.value = listed(&raw.value);
            }
        }
        self.resolve(path, &mut own);
        let Some(extends) = written.get("extends").map(|entry| entry.value.clone()).filter(|value| !value.is_null()) else {
            return Ok(own);
        };
        if depth == 0 {
            return Err(format!("circular reference with extends.{name}"));
        }
        own.entries.retain(|entry| entry.key != "extends");
        let other = extends.as_str().map(str::to_owned).or_else(|| field(&extends, "service").as_str().map(str::to_owned));
        let other = other.ok_or_else(|| format!("services.{name}.extends.service is required"))?;
        let base = match field(&extends, "file").as_str() {
            Some(file) => {
                let file = join(folder(path), file);
                let (top, _) = self.read(&file)?;
                match top.get("services").map(|entry| &entry.value.kind) {
                    Some(Kind::Map(services)) => self.service(&file, services, &other, depth - 1)?,
                    _ => return Err(format!("cannot extend service \"{other}\" in {file}: no services section")),
                }
            }
            None => self.service(path, services, &other, depth - 1)?,
        };
        let taken: Vec<Entry> = base.entries.into_iter().filter(|entry| !NOT_TAKEN[3..].contains(&entry.key.as_str())).collect();
        Ok(merged(&Map { entries: taken, ..Map::default() }, &own))
    }

    /// Paths of a service, which are relative to the file that has them.
    fn resolve(&self, path: &str, service: &mut Map) {
        let here = |written: &str| shown(self.sources.directory, folder(path), written);
        let change = |value: &Value, key: &str| -> Value {
            let Kind::Map(map) = &value.kind else { return value.clone() };
            let mut map = Map::clone(map);
            if let Some(entry) = map.entries.iter_mut().find(|entry| entry.key == key)
                && let Some(written) = entry.value.as_str()
            {
                entry.value.kind = Kind::String(here(written).into());
            }
            Value::map(map, value.place)
        };
        for entry in &mut service.entries {
            entry.value = match entry.key.as_str() {
                "env_file" => each(&entry.value, |file| Some(change(file, "path"))),
                "label_file" => {
                    each(&entry.value, |file| Some(Value { kind: Kind::String(here(file.as_str()?).into()), ..file.clone() }))
                }
                "build" => {
                    let context = field(&entry.value, "context");
                    let Kind::Map(map) = &entry.value.kind else { continue };
                    let mut map = Map::clone(map);
                    let written = context.as_str().unwrap_or(".");
                    let remote = written.contains("://") || written.starts_with("git@") || written.starts_with("github.com/");
                    let shown = if remote { written.to_owned() } else { here(written) };
                    map.set("context", Value::string(shown, context.place));
                    Value::map(map, entry.value.place)
                }
                "volumes" => each(&entry.value, |volume| {
                    Some(if volume.get("type").and_then(Value::as_str) == Some("bind") {
                        change(volume, "source")
                    } else {
                        volume.clone()
                    })
                }),
                "develop" => {
                    let Kind::Map(map) = &entry.value.kind else { continue };
                    let mut map = Map::clone(map);
                    if let Some(watch) = map.get("watch").cloned() {
                        set_at(&mut map, "watch", each(&watch.value, |item| Some(change(item, "path"))), watch.place);
                    }
                    Value::map(map, entry.value.place)
                }
                _ => continue,
            };
        }
    }

    /// The files of secrets and configurations.
    fn files(&self, path: &str, section: &Map) -> Map {
        let mut section = section.clone();
        for entry in &mut section.entries {
            let Kind::Map(map) = &entry.value.kind else { continue };
            let mut map = Map::clone(map);
            if let Some(file) = map.entries.iter_mut().find(|entry| entry.key == "file")
                && let Some(written) = file.value.as_str()
            {
                file.value.kind = Kind::String(shown(self.sources.directory, folder(path), written).into());
            }
            entry.value = Value::map(map, entry.value.place);
        }
        section
    }

    /// The models that a file includes.
    fn included(&self, path: &str, top: &Map) -> Result<Vec<Map>, String> {
        let mut all = Vec::new();
        let Some(include) = top.get("include") else { return Ok(all) };
        for item in listed(&include.value).items() {
            let files = match &item.kind {
                Kind::Map(_) => listed(&field(item, "path")),
                _ => listed(item),
            };
            let mut model = Map::default();
            for file in files.items() {
                let file = file.as_str().ok_or("include.path must be a string")?;
                model = self.file(&join(folder(path), file), &model)?;
            }
            all.push(model);
        }
        Ok(all)
    }
}

/// A model with an included one beside it; the same name may not mean two things.
fn joined(base: &Map, other: &Map) -> Result<Map, String> {
    let mut out = base.clone();
    for section in &other.entries {
        let Some(known) = out.entries.iter_mut().find(|known| known.key == section.key) else {
            out.entries.push(section.clone());
            continue;
        };
        let (Kind::Map(a), Kind::Map(b)) = (&known.value.kind, &section.value.kind) else { continue };
        let mut both = Map::clone(a);
        for entry in &b.entries {
            match both.get(&entry.key) {
                None => both.entries.push(entry.clone()),
                Some(there) if SECTIONS.contains(&section.key.as_str()) && there.value.kind != entry.value.kind => {
                    return Err(format!("{} {} conflicts with imported resource", section.key, entry.key));
                }
                Some(_) => {}
            }
        }
        known.value = Value::map(both, known.value.place);
    }
    Ok(out)
}

/// Takes away what lies at a path.
pub(super) fn remove(map: &mut Map, path: &[CompactString]) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        return map.entries.retain(|entry| entry.key != *first);
    }
    let Some(entry) = map.entries.iter_mut().find(|entry| entry.key == *first) else { return };
    match &entry.value.kind {
        Kind::Map(inner) => {
            let mut inner = Map::clone(inner);
            remove(&mut inner, rest);
            entry.value = Value::map(inner, entry.value.place);
        }
        Kind::List(_) => {
            let named = |item: &Value| {
                rest.first().is_some_and(|name| ["name", "service"].iter().any(|key| item.str_at(&[key]) == Some(name)))
            };
            entry.value = each(&entry.value, |item| (!named(item)).then(|| item.clone()));
        }
        _ => {}
    }
}
