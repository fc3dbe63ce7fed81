//! The steps of a layer, in order: generators, then transformers, built in or configured in files of their own.

use compact_str::CompactString;
use plimsoll_syntax::Value;

use crate::failure::{Failure, Outcome};
use crate::field::Field;
use crate::kustomization::Kustomization;
use crate::layers::{Builder, Layer};
use crate::load::{objects, relative};
use crate::resource::Resource;
use crate::transform::{self, End};
use crate::tree::{loose, loose_items, loose_text, strings, text, text_at};
use crate::{config::Config, generate, hash, patches, replace};

/// The configuration of a step, and the file in which it is written.
struct Step {
    value: Value,
    path: String,
}

impl Step {
    fn kind(&self) -> CompactString {
        text_at(&self.value, &["kind"])
    }

    fn is_built_in(&self) -> bool {
        text_at(&self.value, &["apiVersion"]) == "builtin"
    }
}

impl Builder<'_> {
    /// The objects that a kustomization generates.
    pub(crate) fn generators(&mut self, from: &Kustomization, above: &mut Vec<String>) -> Outcome<Vec<Resource>> {
        let mut out = Vec::new();
        let global = from.field("generatorOptions");
        for (list, kind, object) in
            [("configMapGenerator", "ConfigMapGenerator", "ConfigMap"), ("secretGenerator", "SecretGenerator", "Secret")]
        {
            for arguments in from.items(list) {
                let mut resource = generate::keyed(object, arguments, global, &mut |path, place| self.text(from, path, place))?;
                resource.origin = Some(self.told(&from.path, kind, None));
                out.push(resource);
            }
        }
        for field in ["helmCharts", "helmChartInflationGenerator"] {
            if let Some(charts) = from.field(field) {
                self.opaque(charts.place, "charts are not rendered here");
            }
        }
        for step in self.configured(from, "generators", above)? {
            let resource = match (step.is_built_in(), step.kind().as_str()) {
                (true, "ConfigMapGenerator") => {
                    generate::keyed("ConfigMap", &step.value, None, &mut |path, place| self.text(from, path, place))?
                }
                (true, "SecretGenerator") => {
                    generate::keyed("Secret", &step.value, None, &mut |path, place| self.text(from, path, place))?
                }
                (true, "IAMPolicyGenerator") => generate::cloud_account(&step.value)?,
                _ => {
                    self.notes.push(unknown(&step));
                    self.partial = true;
                    continue;
                }
            };
            let origin = Some(self.told(&step.path, &step.kind(), step.value.get("metadata")));
            out.push(Resource { origin, ..resource });
        }
        Ok(out)
    }

    /// Does what a kustomization says to the objects.
    pub(crate) fn transformers(&mut self, from: &Kustomization, above: &mut Vec<String>, layer: &mut Layer) -> Outcome<()> {
        for patch in from.items("patchesStrategicMerge") {
            let done = self.merge_patch(from, patch, layer);
            self.tolerate(done)?;
            self.stamp(layer, &from.path, "PatchStrategicMergeTransformer", None);
        }
        for patch in from.items("patches") {
            // The field once was what patchesStrategicMerge is.
            let done =
                if patch.as_map().is_some() { self.patch(from, patch, layer) } else { self.merge_patch(from, patch, layer) };
            self.tolerate(done)?;
            self.stamp(layer, &from.path, "PatchTransformer", None);
        }
        let config = layer.config.clone();
        if let Some(namespace) = from.field("namespace").filter(|namespace| namespace.as_str() != Some("")) {
            transform::namespace(&mut layer.resources, namespace, &config.namespace, "", false)?;
            self.stamp(layer, &from.path, "NamespaceTransformer", None);
        }
        let affixes = [
            ("namePrefix", &config.prefixes, End::Prefix, "PrefixTransformer"),
            ("nameSuffix", &config.suffixes, End::Suffix, "SuffixTransformer"),
        ];
        for (name, more, end, kind) in affixes {
            let Some(affix) = from.field(name).filter(|affix| affix.as_str() != Some("")) else { continue };
            let fields = [config.names.as_slice(), more.as_slice()].concat();
            transform::affix(&mut layer.resources, affix, &fields, end)?;
            self.stamp(layer, &from.path, kind, None);
        }
        self.labels(from, &config, layer)?;
        let annotations = strings(from.field("commonAnnotations"));
        if let Some((_, first)) = annotations.first() {
            transform::entries(&mut layer.resources, &annotations, &config.annotations, first.place)?;
            self.stamp(layer, &from.path, "AnnotationsTransformer", None);
        }
        for patch in from.items("patchesJson6902") {
            let done = self.patch(from, patch, layer);
            self.tolerate(done)?;
            self.stamp(layer, &from.path, "PatchJson6902Transformer", None);
        }
        for replicas in from.items("replicas") {
            let done = transform::replicas(&mut layer.resources, replicas, &config.replicas);
            self.tolerate(done)?;
            self.stamp(layer, &from.path, "ReplicaCountTransformer", None);
        }
        for image in from.items("images").iter().chain(from.items("imageTags")) {
            transform::images(&mut layer.resources, image, &config.images)?;
            self.stamp(layer, &from.path, "ImageTagTransformer", None);
        }
        if !from.items("replacements").is_empty() {
            self.replacements(from, from.items("replacements"), layer)?;
            self.stamp(layer, &from.path, "ReplacementTransformer", None);
        }
        for step in self.configured(from, "transformers", above)? {
            self.step(from, &step, layer)?;
            self.stamp(layer, &step.path, &step.kind(), step.value.get("metadata"));
        }
        for step in self.configured(from, "validators", above)? {
            if !step.is_built_in() {
                self.notes.push(unknown(&step));
            }
        }
        Ok(())
    }

    /// Where a part of the objects is not here, what finds nothing to change may well find it there.
    pub(crate) fn tolerate(&mut self, done: Outcome<()>) -> Outcome<()> {
        match done {
            Err(failure) if self.partial => {
                self.notes.push(failure);
                Ok(())
            }
            done => done,
        }
    }

    fn labels(&self, from: &Kustomization, config: &Config, layer: &mut Layer) -> Outcome<()> {
        for label in from.items("labels") {
            let is = |name: &str| loose(label, name).and_then(Value::as_bool) == Some(true);
            let mut fields = Field::read_all(loose(label, "fields"));
            if is("includeSelectors") {
                fields.extend(config.common_labels.iter().cloned());
            } else {
                if is("includeTemplates") {
                    fields.extend(config.template_labels.iter().cloned());
                }
                fields.push(Field::new("", "", "", "metadata/labels", true));
            }
            transform::entries(&mut layer.resources, &strings(loose(label, "pairs")), &fields, label.place)?;
            self.stamp(layer, &from.path, "LabelTransformer", None);
        }
        let common = strings(from.field("commonLabels"));
        if let Some((_, first)) = common.first() {
            transform::entries(&mut layer.resources, &common, &config.common_labels, first.place)?;
            self.stamp(layer, &from.path, "LabelTransformer", None);
        }
        Ok(())
    }

    fn replacements(&mut self, from: &Kustomization, entries: &[Value], layer: &mut Layer) -> Outcome<()> {
        for entry in entries {
            let Some(path) = loose(entry, "path") else {
                let done = replace::apply(&mut layer.resources, entry);
                self.tolerate(done)?;
                continue;
            };
            for value in self.values(from, path)? {
                let several = value.as_list().map(|list| list.items.clone());
                for replacement in several.unwrap_or_else(|| vec![value.clone()]) {
                    let done = replace::apply(&mut layer.resources, &replacement);
                    self.tolerate(done)?;
                }
            }
        }
        Ok(())
    }

    /// A transformer that is configured in a file of its own.
    fn step(&mut self, from: &Kustomization, step: &Step, layer: &mut Layer) -> Outcome<()> {
        let value = &step.value;
        let fields = Field::read_all(loose(value, "fieldSpecs"));
        let all = &mut layer.resources;
        if !step.is_built_in() {
            self.notes.push(unknown(step));
            return Ok(());
        }
        match step.kind().as_str() {
            "AnnotationsTransformer" => transform::entries(all, &strings(loose(value, "annotations")), &fields, value.place),
            "LabelTransformer" => transform::entries(all, &strings(loose(value, "labels")), &fields, value.place),
            "NamespaceTransformer" => {
                let namespace = value.at(&["metadata", "namespace"]).or_else(|| loose(value, "namespace"));
                let unset_only = loose(value, "unsetOnly").and_then(Value::as_bool) == Some(true);
                let subjects = loose_text(value, "setRoleBindingSubjects");
                namespace.map_or(Ok(()), |namespace| transform::namespace(all, namespace, &fields, &subjects, unset_only))
            }
            "PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer" => {
                for (name, end) in [("prefix", End::Prefix), ("suffix", End::Suffix)] {
                    if let Some(affix) = loose(value, name) {
                        transform::affix(all, affix, &fields, end)?;
                    }
                }
                Ok(())
            }
            "ImageTagTransformer" => loose(value, "imageTag").map_or(Ok(()), |image| transform::images(all, image, &fields)),
            "ReplicaCountTransformer" => {
                loose(value, "replica").map_or(Ok(()), |replica| transform::replicas(all, replica, &fields))
            }
            "ValueAddTransformer" => loose(value, "value")
                .map_or(Ok(()), |constant| transform::add_value(all, constant, loose_items(value, "targets"))),
            "HashTransformer" => {
                for resource in all.iter_mut().filter(|resource| resource.hashed) {
                    let name = format!("{}-{}", resource.id().name, hash::of(&resource.value));
                    resource.remember();
                    resource.rename(name.into());
                }
                Ok(())
            }
            "PatchTransformer" | "PatchJson6902Transformer" => self.patch(from, value, layer),
            "PatchStrategicMergeTransformer" => {
                patches::listed(value).iter().try_for_each(|patch| self.merge_patch(from, patch, layer))
            }
            "ReplacementTransformer" => self.replacements(from, loose_items(value, "replacements"), layer),
            "SortOrderTransformer" | "LegacyOrderTransformer" => Ok(()),
            _ => {
                self.notes.push(unknown(step));
                Ok(())
            }
        }
    }

    /// The steps that a list names: texts, files and kustomizations.
    fn configured(&mut self, from: &Kustomization, list: &str, above: &mut Vec<String>) -> Outcome<Vec<Step>> {
        let mut out = Vec::new();
        for entry in from.items(list) {
            let written = text(entry).unwrap_or_default();
            if written.contains('\n') || written.contains(": ") {
                let (values, _, _) = from.inline(entry);
                let values = objects(values)?;
                out.extend(values.into_iter().map(|value| Step { value, path: from.path.clone() }));
                continue;
            }
            let mut layer = Layer::new();
            let told = std::mem::replace(&mut self.tells_steps, true);
            let done = self.resource(from, entry, above, &mut layer);
            self.tells_steps = told;
            done?;
            for resource in layer.resources {
                let path = resource.origin.as_deref().and_then(|origin| origin.strip_prefix("path: ")).unwrap_or("").trim_end();
                let path = crate::load::join(&self.root, path).unwrap_or_default();
                out.push(Step { value: resource.value, path });
            }
        }
        Ok(out)
    }

    /// What an annotation says of a step.
    fn told(&self, path: &str, kind: &str, metadata: Option<&Value>) -> String {
        let mut out =
            format!("configuredIn: {}\nconfiguredBy:\n  apiVersion: builtin\n  kind: {kind}\n", relative(&self.root, path));
        for key in ["name", "namespace"] {
            let text = metadata.map(|metadata| loose_text(metadata, key)).unwrap_or_default();
            if !text.is_empty() {
                out.push_str(&format!("  {key}: {text}\n"));
            }
        }
        out
    }

    /// Notes at the objects that they went through a step, and drops those of which nothing is left.
    fn stamp(&self, layer: &mut Layer, path: &str, kind: &str, metadata: Option<&Value>) {
        layer.resources.retain(|resource| !resource.is_gone());
        if !self.tells_steps {
            return;
        }
        let mut told = String::new();
        for (at, line) in self.told(path, kind, metadata).lines().enumerate() {
            told.push_str(if at == 0 { "- " } else { "  " });
            told.push_str(line);
            told.push('\n');
        }
        for resource in &mut layer.resources {
            resource.steps.push(told.clone());
        }
    }
}

fn unknown(step: &Step) -> Failure {
    let place = step.value.as_map().and_then(|map| map.get("kind")).map_or(step.value.place, |entry| entry.place);
    Failure::new(place, format!("{} is a plugin", step.kind()))
}
