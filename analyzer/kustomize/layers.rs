//! Layers: a kustomization with all below it, from resources to a finished set of objects.

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_syntax::{Place, Value};

use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::kustomization::{Kustomization, path_in, shown};
use crate::load::{Files, documents, is_remote, lies_in, objects, relative};
use crate::merge::CustomLists;
use crate::resource::{Resource, absorb, append_all};
use crate::tree::{loose_text, text};
use crate::variables::{self, Variable};
use crate::{hash, references, transform};

/// How deep kustomizations may lie in each other.
const DEPTH: usize = 40;
/// How many kustomizations one build may go through; a diamond goes through its base more than once.
const VISITS: usize = 2_000;
/// How many objects one build may have.
const OBJECTS: usize = 50_000;

/// What has been gathered so far.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) resources: Vec<Resource>,
    pub(crate) config: Config,
    pub(crate) variables: Vec<Variable>,
}

impl Layer {
    pub(crate) fn new() -> Self {
        Self { resources: Vec::new(), config: Config::standard(), variables: Vec::new() }
    }

    fn merge(&mut self, other: Self) -> Outcome<()> {
        append_all(&mut self.resources, other.resources)?;
        self.config.merge(other.config);
        variables::merge(&mut self.variables, other.variables)
    }
}

/// A build on its way.
pub(crate) struct Builder<'f> {
    pub(crate) files: &'f dyn Files,
    /// The directory of the build.
    pub(crate) root: String,
    /// All that was read.
    pub(crate) used: BTreeSet<String>,
    /// What is not done, though the rest is.
    pub(crate) notes: Vec<Failure>,
    pub(crate) lists: CustomLists,
    /// What the annotations of the build are asked to say.
    pub(crate) tells_origin: bool,
    pub(crate) tells_steps: bool,
    /// Some objects are not here.
    pub(crate) partial: bool,
    left: usize,
}

impl<'f> Builder<'f> {
    pub(crate) fn new(files: &'f dyn Files, root: &str) -> Self {
        Self {
            files,
            root: root.to_owned(),
            used: BTreeSet::new(),
            notes: Vec::new(),
            lists: CustomLists::default(),
            tells_origin: false,
            tells_steps: false,
            partial: false,
            left: VISITS,
        }
    }

    /// Builds the kustomization of the root.
    pub(crate) fn build(&mut self) -> Outcome<Vec<Resource>> {
        let root = self.root.clone();
        let kustomization = Kustomization::read(self.files, &root, Place::NONE)?;
        let metadata = |name: &str| kustomization.items("buildMetadata").iter().any(|item| item.as_str() == Some(name));
        self.tells_origin = metadata("originAnnotations");
        self.tells_steps = metadata("transformerAnnotations");
        let managed = metadata("managedByLabel");
        let place = kustomization.field("buildMetadata").map_or(Place::NONE, |field| field.place);
        if kustomization.is_component() {
            return Err(Failure::new(Place::new(kustomization.file, kustomization.value.place.span), "a component is no build"));
        }
        let mut layer = self.layer(kustomization, &mut Vec::new(), Layer::new())?;
        for resource in layer.resources.iter_mut().filter(|resource| resource.hashed) {
            let name = format!("{}-{}", resource.id().name, hash::of(&resource.value));
            resource.remember();
            resource.rename(name.into());
        }
        references::fix(&mut layer.resources, &layer.config.references)?;
        let done = variables::resolve(&mut layer.resources, &layer.variables, &layer.config.variables);
        self.tolerate(done)?;
        for resource in &mut layer.resources {
            if let Some(origin) = resource.origin.clone().filter(|_| self.tells_origin) {
                transform::annotate(resource, "config.kubernetes.io/origin", &origin);
            }
            if self.tells_steps && !resource.steps.is_empty() {
                let steps = resource.steps.concat();
                transform::annotate(resource, "alpha.config.kubernetes.io/transformations", &steps);
            }
        }
        if managed {
            let label = [("app.kubernetes.io/managed-by".into(), Value::string("kustomize", place))];
            let fields = [crate::field::Field::new("", "", "", "metadata/labels", true)];
            transform::entries(&mut layer.resources, &label, &fields, place)?;
        }
        Ok(layer.resources)
    }

    /// Adds a kustomization to what is there: to nothing, or, of a component, to what it changes.
    fn layer(&mut self, kustomization: Kustomization, above: &mut Vec<String>, mut layer: Layer) -> Outcome<Layer> {
        self.left = self.left.saturating_sub(1);
        let whole = Place::new(kustomization.file, kustomization.value.place.span);
        if self.left == 0 || above.len() > DEPTH {
            return Err(Failure::new(whole, "the kustomization is too large"));
        }
        self.used.insert(kustomization.path.clone());
        self.notes.extend(kustomization.notes.iter().cloned());
        above.push(kustomization.directory.clone());
        self.read_schema(&kustomization);
        for resource in kustomization.resources() {
            self.resource(&kustomization, resource, above, &mut layer)?;
        }
        for configuration in kustomization.items("configurations") {
            for value in self.values(&kustomization, configuration)? {
                layer.config.read(&value);
            }
        }
        for definition in kustomization.items("crds") {
            for value in self.values(&kustomization, definition)? {
                layer.config.read_definitions(&value);
            }
        }
        for generated in self.generators(&kustomization, above)? {
            absorb(&mut layer.resources, generated)?;
        }
        for component in kustomization.items("components") {
            layer = self.component(&kustomization, component, above, layer)?;
        }
        self.transformers(&kustomization, above, &mut layer)?;
        variables::declare(&mut layer.resources, &mut layer.variables, kustomization.items("vars"))?;
        layer.resources.retain(|resource| {
            let local = resource.value.at(&["metadata", "annotations", "config.kubernetes.io/local-config"]).and_then(text);
            !resource.is_gone() && local.is_none_or(|local| local == "false")
        });
        above.pop();
        if layer.resources.len() > OBJECTS {
            return Err(Failure::new(whole, "the kustomization has too many objects"));
        }
        Ok(layer)
    }

    /// Adds what an entry of `resources` names: the objects of a file, or another kustomization.
    pub(crate) fn resource(
        &mut self,
        from: &Kustomization,
        entry: &Value,
        above: &mut Vec<String>,
        layer: &mut Layer,
    ) -> Outcome<()> {
        let written = text(entry).unwrap_or_default();
        let fail = |reason: String| Failure::new(entry.place, reason);
        let path = from.path_of(&written).filter(|_| !is_remote(&written));
        let Some(path) = path else {
            self.opaque(entry.place, &format!("{written} is not in the workspace"));
            return Ok(());
        };
        if let Some((tree, file)) = self.files.tree(&path) {
            self.confine(from, &path, entry);
            let (values, problems) = documents(&tree, file);
            if !tree.errors.is_empty() || problems.iter().any(|problem| problem.place.file != file) {
                return Err(problems.into_iter().next().unwrap_or_else(|| fail(format!("{written} cannot be read"))));
            }
            self.notes.extend(problems);
            self.used.insert(path.clone());
            let mut fresh = Vec::new();
            for value in objects(values)? {
                let mut resource = Resource::new(value);
                resource.origin =
                    (self.tells_origin || self.tells_steps).then(|| format!("path: {}\n", relative(&self.root, &path)));
                fresh.push(resource);
            }
            return append_all(&mut layer.resources, fresh);
        }
        let Some(kustomization) = self.other(&path, entry, above)? else { return Ok(()) };
        if kustomization.is_component() {
            return Err(fail(format!("{written} is a component, which belongs into components")));
        }
        let other = self.layer(kustomization, above, Layer::new())?;
        layer.merge(other)
    }

    fn component(&mut self, from: &Kustomization, entry: &Value, above: &mut Vec<String>, layer: Layer) -> Outcome<Layer> {
        let written = text(entry).unwrap_or_default();
        let Some(path) = from.path_of(&written).filter(|_| !is_remote(&written)) else {
            self.opaque(entry.place, &format!("{written} is not in the workspace"));
            return Ok(layer);
        };
        let Some(kustomization) = self.other(&path, entry, above)? else { return Ok(layer) };
        if !kustomization.is_component() {
            return Err(Failure::new(entry.place, format!("{written} is no component")));
        }
        self.layer(kustomization, above, layer)
    }

    /// Another kustomization; `None`: it is not here.
    fn other(&mut self, path: &str, entry: &Value, above: &[String]) -> Outcome<Option<Kustomization>> {
        if path_in(self.files, path).is_none() {
            self.opaque(entry.place, &format!("{} is neither a file nor a kustomization", shown(path)));
            return Ok(None);
        }
        // A directory that contains one on the way here would contain itself.
        if above.iter().any(|above| lies_in(above, path)) {
            return Err(Failure::new(entry.place, format!("{} contains itself", shown(path))));
        }
        Kustomization::read(self.files, path, entry.place).map(Some)
    }

    /// Objects that are left out.
    pub(crate) fn opaque(&mut self, place: Place, reason: &str) {
        self.notes.push(Failure::new(place, reason));
        self.partial = true;
    }

    /// Files must lie below the kustomization that names them.
    pub(crate) fn confine(&mut self, from: &Kustomization, path: &str, entry: &Value) {
        if !lies_in(path, &from.directory) {
            self.notes.push(Failure::new(entry.place, format!("{path} is not below {}", shown(&from.directory))));
        }
    }

    /// The text of a file that a generator names; one that is not here, as secrets often are not, is left out.
    pub(crate) fn text(&mut self, from: &Kustomization, written: &str, place: Place) -> Option<(Arc<str>, Place)> {
        let found = from.path_of(written).and_then(|path| Some((self.files.read(&path)?, path)));
        let Some(((text, file), path)) = found else {
            self.notes.push(Failure::new(place, format!("{written} is not there")));
            return None;
        };
        self.confine(from, &path, &Value::new(plimsoll_syntax::Kind::Null, place));
        let whole = plimsoll_syntax::Span::of(0, text.len());
        Some((text, Place::new(file, whole)))
    }

    /// The documents of a file that a kustomization names.
    pub(crate) fn values(&mut self, from: &Kustomization, entry: &Value) -> Outcome<Vec<Value>> {
        let written = text(entry).unwrap_or_default();
        let found = from.path_of(&written).and_then(|path| Some((self.files.tree(&path)?, path)));
        let Some(((tree, file), path)) = found else {
            return Err(Failure::new(entry.place, format!("{written} is not there")));
        };
        self.confine(from, &path, entry);
        self.used.insert(path);
        let (values, _) = documents(&tree, file);
        match tree.errors.first() {
            Some(error) => Err(Failure::new(Place::new(file, error.span), error.message.as_str())),
            None => Ok(values),
        }
    }

    /// Lists of custom kinds that a schema says are merged.
    fn read_schema(&mut self, kustomization: &Kustomization) {
        let path = kustomization.field("openapi").map(|field| loose_text(field, "path")).unwrap_or_default();
        if path.is_empty() {
            return;
        }
        let entry =
            kustomization.field("openapi").and_then(|field| crate::tree::loose(field, "path")).cloned().unwrap_or_default();
        if is_remote(&path) {
            self.notes.push(Failure::new(entry.place, format!("{path} is not in the workspace")));
            return;
        }
        match self.values(kustomization, &entry) {
            Ok(values) => values.iter().for_each(|value| self.lists.read(value)),
            Err(failure) => self.notes.push(failure),
        }
    }
}
