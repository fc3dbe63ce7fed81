//! Patches: partial objects, or lists of operations, for objects that a target selects or the patch itself names.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::Value;

use crate::failure::{Failure, Outcome};
use crate::json_patch;
use crate::kustomization::Kustomization;
use crate::layers::{Builder, Layer};
use crate::load::{documents, is_sequence, objects};
use crate::merge::{CustomLists, merge};
use crate::resource::{Resource, find};
use crate::select::Target;
use crate::tree::{loose, loose_text, map_mut, put, remove, text};

/// What a patch may change besides.
#[derive(Clone, Copy, Default)]
struct Allowed {
    name: bool,
    kind: bool,
}

/// A patch as it is written.
enum Patch {
    Objects(Vec<Value>),
    Operations(Vec<Value>),
}

impl Builder<'_> {
    /// Applies an element of `patches` or `patchesJson6902`.
    pub(crate) fn patch(&mut self, from: &Kustomization, entry: &Value, layer: &mut Layer) -> Outcome<()> {
        let written = ["patch", "jsonOp"].iter().find_map(|name| loose(entry, name)).filter(|text| text.as_str() != Some(""));
        let patch = match (written, loose(entry, "path")) {
            (Some(inline), None) => self.inline_patch(from, inline)?,
            (None, Some(path)) => self.patch_file(from, path)?,
            _ => return Err(Failure::new(entry.place, "a patch has either a text or a path")),
        };
        let option = |name: &str| {
            let value = loose(entry, "options").and_then(|options| loose(options, name)).and_then(text);
            value.as_deref() == Some("true")
        };
        let allowed = Allowed { name: option("allowNameChange"), kind: option("allowKindChange") };
        let target = loose(entry, "target").map(Target::read).transpose()?;
        match (patch, target) {
            (Patch::Objects(patches), None) => self.merge_named(&patches, allowed, layer),
            (Patch::Objects(patches), Some(target)) => {
                let [patch] = patches.as_slice() else {
                    return Err(Failure::new(entry.place, "a patch with a target is one object"));
                };
                for resource in layer.resources.iter_mut().filter(|resource| target.selects(resource)) {
                    apply(resource, patch, allowed, &self.lists);
                }
                Ok(())
            }
            (Patch::Operations(_), None) => Err(Failure::new(entry.place, "a JSON patch needs a target")),
            (Patch::Operations(operations), Some(target)) => {
                for resource in layer.resources.iter_mut().filter(|resource| target.selects(resource)) {
                    resource.remember();
                    json_patch::apply(&mut resource.value, &operations)?;
                }
                Ok(())
            }
        }
    }

    /// Applies an element of `patchesStrategicMerge`: a path or a text.
    pub(crate) fn merge_patch(&mut self, from: &Kustomization, entry: &Value, layer: &mut Layer) -> Outcome<()> {
        let written = text(entry).unwrap_or_default();
        let is_file = !written.contains('\n') && from.path_of(&written).is_some_and(|path| self.files.read(&path).is_some());
        let patch = if is_file { self.patch_file(from, entry)? } else { self.inline_patch(from, entry)? };
        match patch {
            Patch::Objects(patches) => self.merge_named(&patches, Allowed::default(), layer),
            Patch::Operations(_) => Err(Failure::new(entry.place, "this is no object")),
        }
    }

    fn merge_named(&self, patches: &[Value], allowed: Allowed, layer: &mut Layer) -> Outcome<()> {
        for patch in patches {
            let id = Resource::new(patch.clone()).id();
            let at =
                find(&layer.resources, &id).map_err(|reason| Failure::new(patch.place, format!("nothing to patch: {reason}")))?;
            if let Some(resource) = layer.resources.get_mut(at) {
                apply(resource, patch, allowed, &self.lists);
            }
        }
        layer.resources.retain(|resource| !resource.is_gone());
        Ok(())
    }

    fn inline_patch(&self, from: &Kustomization, written: &Value) -> Outcome<Patch> {
        let (values, _, tree) = from.inline(written);
        read(values, &tree, written.place)
    }

    fn patch_file(&mut self, from: &Kustomization, entry: &Value) -> Outcome<Patch> {
        let path = text(entry).unwrap_or_default();
        let found = from.path_of(&path).and_then(|path| Some((self.files.tree(&path)?, path)));
        let ((tree, file), path) = found.ok_or_else(|| Failure::new(entry.place, format!("{path} is not there")))?;
        self.confine(from, &path, entry);
        self.used.insert(path);
        let (values, _) = documents(&tree, file);
        read(values, &tree, entry.place)
    }
}

fn read(values: Vec<Value>, tree: &Arc<plimsoll_syntax::yaml::Tree>, place: plimsoll_syntax::Place) -> Outcome<Patch> {
    let fail = || Failure::new(place, "this is neither a partial object nor a JSON patch");
    if let Some(error) = tree.errors.first() {
        return Err(Failure::new(place, format!("the patch cannot be read: {}", error.message)));
    }
    let root = tree.documents.first().ok_or_else(fail)?.root;
    if is_sequence(tree, root) {
        return Ok(Patch::Operations(values.first().map_or(&[][..], Value::items).to_vec()));
    }
    let patches = objects(values).map_err(|_| fail())?;
    if patches.is_empty() { Err(fail()) } else { Ok(Patch::Objects(patches)) }
}

/// Merges a partial object; kind, name and namespace stay unless a change is allowed.
fn apply(resource: &mut Resource, patch: &Value, allowed: Allowed, lists: &CustomLists) {
    if allowed.name || allowed.kind {
        resource.remember();
    }
    let kept =
        |path: &[&str], field: &str| resource.value.at(path).and_then(Value::as_map).and_then(|map| map.get(field)).cloned();
    let (version, kind) = (kept(&[], "apiVersion"), kept(&[], "kind"));
    let (name, namespace) = (kept(&["metadata"], "name"), kept(&["metadata"], "namespace"));
    merge(&mut resource.value, patch, lists);
    if resource.is_gone() {
        return;
    }
    if let Some(map) = map_mut(&mut resource.value) {
        for entry in version.into_iter().chain(kind.filter(|_| !allowed.kind)) {
            put(map, entry);
        }
    }
    let Some(metadata) = crate::tree::get_mut(&mut resource.value, "metadata") else { return };
    match namespace {
        Some(namespace) => {
            if let Some(map) = map_mut(metadata) {
                put(map, namespace);
            }
        }
        None => {
            remove(metadata, "namespace");
        }
    }
    if let Some((name, map)) = name.filter(|_| !allowed.name).zip(map_mut(metadata)) {
        put(map, name);
    }
}

/// The paths and texts of a step that lists patches.
pub(crate) fn listed(step: &Value) -> Vec<Value> {
    let mut out: Vec<Value> = loose(step, "paths").map_or(&[][..], Value::items).to_vec();
    let inline: CompactString = loose_text(step, "patches");
    if !inline.is_empty() {
        out.extend(loose(step, "patches").cloned());
    }
    out
}
