//! A kustomization: the file, and the fields that it may have.

use std::sync::Arc;

use plimsoll_syntax::{FileId, Value};

use crate::failure::{Failure, Outcome};
use crate::load::{self, Files, NAMES, documents, join};
use crate::tree::{loose, loose_items, loose_text};

/// The fields of a kustomization.
const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "images",
    "imageTags",
    "replicas",
    "replacements",
    "vars",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "helmCharts",
    "helmGlobals",
    "helmChartInflationGenerator",
    "openapi",
    "buildMetadata",
    "sortOptions",
    "inventory",
];

/// The fields of the elements of lists, where what is not among them is refused.
const ELEMENT_FIELDS: &[(&str, &[&str])] = &[
    ("labels", &["pairs", "includeSelectors", "includeTemplates", "fields"]),
    ("images", &["name", "newName", "newTag", "digest", "tagSuffix"]),
    ("replicas", &["name", "count"]),
    ("patches", &["path", "patch", "target", "options"]),
    ("replacements", &["path", "source", "targets", "sourceValue"]),
    ("vars", &["name", "objref", "fieldref"]),
    ("configMapGenerator", &["name", "namespace", "behavior", "literals", "files", "envs", "env", "options"]),
    ("secretGenerator", &["name", "namespace", "behavior", "literals", "files", "envs", "env", "options", "type"]),
];

/// A kustomization as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Kustomization {
    /// The directory, relative to the workspace.
    pub(crate) directory: String,
    /// The path of the file.
    pub(crate) path: String,
    /// Its text.
    pub(crate) source: Arc<str>,
    /// Its number.
    pub(crate) file: FileId,
    /// What it says.
    pub(crate) value: Value,
    /// What is wrong with it without hindering the build.
    pub(crate) notes: Vec<Failure>,
}

/// The path of the kustomization in a directory.
pub(crate) fn path_in(files: &dyn Files, directory: &str) -> Option<String> {
    let path = |name: &&str| if directory.is_empty() { (*name).to_owned() } else { format!("{directory}/{name}") };
    NAMES.iter().map(path).find(|path| files.read(path).is_some())
}

impl Kustomization {
    /// Reads the kustomization of a directory.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub(crate) fn read(files: &dyn Files, directory: &str, from: plimsoll_syntax::Place) -> Outcome<Self> {
        let missing = || Failure::new(from, format!("there is no kustomization in {}", shown(directory)));
        let path = path_in(files, directory).ok_or_else(missing)?;
        let (source, file) = files.read(&path).ok_or_else(missing)?;
        let (tree, _) = files.tree(&path).ok_or_else(missing)?;
        let (values, problems) = documents(&tree, file);
        if let Some(error) = tree.errors.first() {
            return Err(Failure::new(plimsoll_syntax::Place::new(file, error.span), error.message.as_str()));
        }
        // Of repeated fields the last one counts, which is allowed here.
        drop(problems);
        let value = values.into_iter().next().unwrap_or_default();
        let whole = plimsoll_syntax::Place::new(file, value.place.span);
        let fields = value.as_map().map_or(&[][..], |map| &map.entries);
        let only_named = |entry: &plimsoll_syntax::value::Entry| matches!(entry.key.as_str(), "apiVersion" | "kind" | "metadata");
        if fields.iter().all(only_named) {
            return Err(Failure::new(whole, "the kustomization is empty"));
        }
        let kind = loose_text(&value, "kind");
        if !matches!(kind.as_str(), "" | "Kustomization" | "Component") {
            return Err(Failure::new(whole, format!("{kind} is no kustomization")));
        }
        let mut notes = Vec::new();
        let known = |key: &str, names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(key));
        for entry in fields {
            if !known(&entry.key, FIELDS) {
                notes.push(Failure::new(entry.key_place, format!("{} is no field of a kustomization", entry.key)));
            }
            let Some((_, names)) = ELEMENT_FIELDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&entry.key)) else {
                continue;
            };
            for element in entry.value.items().iter().filter_map(Value::as_map) {
                for field in element.entries.iter().filter(|field| !known(&field.key, names)) {
                    notes.push(Failure::new(field.key_place, format!("{} is no field of {}", field.key, entry.key)));
                }
            }
        }
        refused(&value, whole, &mut notes);
        Ok(Self { directory: directory.to_owned(), path, source, file, value, notes })
    }

    /// A field.
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        loose(&self.value, name)
    }

    /// The elements of a list.
    pub(crate) fn items(&self, name: &str) -> &[Value] {
        loose_items(&self.value, name)
    }

    /// Whether it changes what others have, and stands for nothing by itself.
    pub(crate) fn is_component(&self) -> bool {
        loose_text(&self.value, "kind") == "Component"
    }

    /// Whether it is of another program that uses the name.
    pub(crate) fn is_foreign(&self) -> bool {
        let version = loose_text(&self.value, "apiVersion");
        !version.is_empty() && !version.starts_with("kustomize.config.k8s.io/")
    }

    /// The resources, whatever they are.
    pub(crate) fn resources(&self) -> impl Iterator<Item = &Value> {
        self.items("resources").iter().chain(self.items("bases"))
    }

    /// A path that it names, from the workspace; `None`: outside.
    pub(crate) fn path_of(&self, path: &str) -> Option<String> {
        join(&self.directory, path)
    }

    /// The documents of a text that is written in it.
    pub(crate) fn inline(&self, text: &Value) -> (Vec<Value>, Vec<Failure>, Arc<plimsoll_syntax::yaml::Tree>) {
        let source = (text.place.file == self.file).then_some(&*self.source);
        load::inline(text, source)
    }
}

/// Fields that hold texts, and maps of texts: a number or a bool is refused there.
const TEXTS: &[&str] = &["namespace", "namePrefix", "nameSuffix", "commonLabels", "commonAnnotations"];

/// Fields of elements that hold them.
const ELEMENT_TEXTS: &[(&str, &[&str])] =
    &[("images", &["name", "newName", "newTag", "digest", "tagSuffix"]), ("labels", &["pairs"]), ("replicas", &["name"])];

/// The only schema that is built into Kustomize 5.
const SCHEMA: &str = "v1.21.2";

/// Notes what would be refused.
fn refused(value: &Value, whole: plimsoll_syntax::Place, notes: &mut Vec<Failure>) {
    let version = loose_text(value, "apiVersion");
    let wanted = if loose_text(value, "kind") == "Component" { "v1alpha1" } else { "v1beta1" };
    if !version.is_empty() && version.strip_prefix("kustomize.config.k8s.io/") != Some(wanted) {
        let place = loose(value, "apiVersion").map_or(whole, |version| version.place);
        notes.push(Failure::new(place, format!("the apiVersion must be kustomize.config.k8s.io/{wanted}")));
    }
    let mut texts = |value: &Value| {
        let entries = value.as_map().map_or(&[][..], |map| &map.entries).iter().map(|entry| &entry.value);
        for scalar in entries.chain([value]) {
            if matches!(scalar.kind, plimsoll_syntax::Kind::Number(_) | plimsoll_syntax::Kind::Bool(_)) {
                notes.push(Failure::new(scalar.place, "this must be a text; it needs quotes"));
            }
        }
    };
    TEXTS.iter().filter_map(|name| loose(value, name)).for_each(&mut texts);
    for (list, names) in ELEMENT_TEXTS {
        for element in loose_items(value, list) {
            names.iter().filter_map(|name| loose(element, name)).for_each(&mut texts);
        }
    }
    if let Some(schema) =
        loose(value, "openapi").and_then(|openapi| loose(openapi, "version")).filter(|schema| schema.as_str() != Some(SCHEMA))
    {
        notes.push(Failure::new(schema.place, "there is no built-in schema of this version"));
    }
    if let Some(order) = loose(value, "sortOptions").and_then(|options| loose(options, "order"))
        && !matches!(order.as_str(), Some("fifo" | "legacy"))
    {
        notes.push(Failure::new(order.place, "the order must be fifo or legacy"));
    }
}

/// A directory as people call it.
pub(crate) fn shown(directory: &str) -> &str {
    if directory.is_empty() { "." } else { directory }
}
