//! The configuration of the steps: which fields they change. It grows as layers are merged.

use plimsoll_syntax::Value;
use plimsoll_syntax::value::Entry;

use crate::field::Field;
use crate::identity::Gvk;
use crate::tables;
use crate::tree::loose;

/// Which fields the steps change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    pub(crate) names: Vec<Field>,
    pub(crate) prefixes: Vec<Field>,
    pub(crate) suffixes: Vec<Field>,
    pub(crate) namespace: Vec<Field>,
    pub(crate) common_labels: Vec<Field>,
    pub(crate) template_labels: Vec<Field>,
    pub(crate) annotations: Vec<Field>,
    pub(crate) replicas: Vec<Field>,
    pub(crate) images: Vec<Field>,
    pub(crate) variables: Vec<Field>,
    /// Referred-to kinds, with the fields that hold their names.
    pub(crate) references: Vec<(Gvk, Vec<Field>)>,
}

impl Config {
    /// What holds where nobody says otherwise.
    pub(crate) fn standard() -> Self {
        Self {
            names: tables::names(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            namespace: tables::namespace(),
            common_labels: tables::common_labels(),
            template_labels: tables::template_labels(),
            annotations: tables::annotations(),
            replicas: tables::replicas(),
            images: tables::images(),
            variables: tables::variables(),
            references: tables::references(),
        }
    }

    /// Adds what a configuration file says.
    pub(crate) fn read(&mut self, value: &Value) {
        for (name, fields) in [
            ("namePrefix", &mut self.prefixes),
            ("nameSuffix", &mut self.suffixes),
            ("namespace", &mut self.namespace),
            ("commonLabels", &mut self.common_labels),
            ("templateLabels", &mut self.template_labels),
            ("commonAnnotations", &mut self.annotations),
            ("replicas", &mut self.replicas),
            ("images", &mut self.images),
            ("varReference", &mut self.variables),
        ] {
            add(fields, Field::read_all(loose(value, name)));
        }
        // Labels without selectors have a list of their own, which reaches all that sets labels.
        add(&mut self.common_labels, Field::read_all(loose(value, "labels")));
        for reference in loose(value, "nameReference").map_or(&[][..], Value::items) {
            self.refer(Gvk::selector(reference), Field::read_all(loose(reference, "fieldSpecs")));
        }
    }

    /// Adds fields that hold the names of a kind.
    pub(crate) fn refer(&mut self, target: Gvk, fields: Vec<Field>) {
        match self.references.iter_mut().find(|(known, _)| *known == target) {
            Some((_, known)) => add(known, fields),
            None => self.references.push((target, fields)),
        }
    }

    /// Adds what another layer says.
    pub(crate) fn merge(&mut self, other: Self) {
        for (own, others) in [
            (&mut self.names, other.names),
            (&mut self.prefixes, other.prefixes),
            (&mut self.suffixes, other.suffixes),
            (&mut self.namespace, other.namespace),
            (&mut self.common_labels, other.common_labels),
            (&mut self.template_labels, other.template_labels),
            (&mut self.annotations, other.annotations),
            (&mut self.replicas, other.replicas),
            (&mut self.images, other.images),
            (&mut self.variables, other.variables),
        ] {
            add(own, others);
        }
        for (target, fields) in other.references {
            self.refer(target, fields);
        }
    }

    /// Adds what the definitions of custom kinds say in extensions of their schemas: labels, selectors, names of others.
    pub(crate) fn read_definitions(&mut self, value: &Value) {
        let Some(definitions) = value.as_map() else { return };
        for definition in &definitions.entries {
            let own = definition.value.at(&["Schema"]).unwrap_or(&definition.value);
            let kind = definition.key.rsplit('.').next().unwrap_or("");
            let properties = own.get("properties");
            if kind.is_empty() || properties.is_none_or(|found| found.get("kind").is_none() || found.get("metadata").is_none()) {
                continue;
            }
            let gvk = Gvk { kind: kind.into(), ..Gvk::default() };
            self.read_properties(definitions.entries.as_slice(), &gvk, properties, "", 8);
        }
    }

    fn read_properties(&mut self, all: &[Entry], gvk: &Gvk, properties: Option<&Value>, path: &str, depth: usize) {
        let Some(properties) = properties.and_then(Value::as_map).filter(|_| depth > 0) else { return };
        for property in &properties.entries {
            let path = if path.is_empty() { property.key.to_string() } else { format!("{path}/{}", property.key) };
            let has = |name: &str| property.value.get(name).is_some();
            let field = |path: &str| Field { create: false, ..Field::new("", "", &gvk.kind, path, false) };
            if has("x-kubernetes-annotation") {
                add(&mut self.annotations, vec![field(&path)]);
            }
            if has("x-kubernetes-label-selector") {
                add(&mut self.common_labels, vec![field(&path)]);
            }
            if has("x-kubernetes-identity") {
                add(&mut self.prefixes, vec![field(&path)]);
            }
            let version = property.value.str_at(&["x-kubernetes-object-ref-api-version"]);
            let kind = property.value.str_at(&["x-kubernetes-object-ref-kind"]);
            if let (Some(version), Some(kind)) = (version, kind) {
                let key = property.value.str_at(&["x-kubernetes-object-ref-name-key"]).unwrap_or("name");
                self.refer(Gvk::parse(version, kind), vec![field(&format!("{path}/{key}"))]);
            }
            let reference = property.value.str_at(&["$ref"]);
            let reference = reference.map(|reference| reference.strip_prefix("#/definitions/").unwrap_or(reference));
            let target =
                reference.and_then(|reference| all.iter().find(|entry| entry.key == reference)).map(|entry| &entry.value);
            let next = target.unwrap_or(&property.value);
            self.read_properties(all, gvk, next.at(&["Schema"]).unwrap_or(next).get("properties"), &path, depth - 1);
        }
    }
}

fn add(known: &mut Vec<Field>, fresh: Vec<Field>) {
    for field in fresh {
        if !known.contains(&field) {
            known.push(field);
        }
    }
}
