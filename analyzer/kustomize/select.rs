//! Which objects a patch or a replacement is about.

use compact_str::CompactString;
use plimsoll_syntax::Value;
use regex::Regex;

use crate::failure::{Failure, Outcome};
use crate::identity::Gvk;
use crate::resource::Resource;
use crate::tree::loose_text;

/// A target: patterns for the parts of a name, and selectors of labels and annotations.
pub(crate) struct Target {
    parts: [Option<Regex>; 5],
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

/// One requirement of a label selector.
enum Requirement {
    Is(CompactString, Vec<CompactString>),
    IsNot(CompactString, Vec<CompactString>),
    Has(CompactString),
    HasNot(CompactString),
}

impl Target {
    /// From its fields.
    ///
    /// # Errors
    /// When a pattern is no regular expression, or a selector cannot be read.
    pub(crate) fn read(value: &Value) -> Outcome<Self> {
        let gvk = Gvk::selector(value);
        let texts = [gvk.group, gvk.version, gvk.kind, loose_text(value, "name"), loose_text(value, "namespace")];
        let mut parts = [const { None }; 5];
        for (part, text) in parts.iter_mut().zip(&texts) {
            if !text.is_empty() {
                let pattern = Regex::new(&format!("^(?:{text})$"));
                *part = Some(pattern.map_err(|_| Failure::new(value.place, format!("{text} is no regular expression")))?);
            }
        }
        let requirements = |field: &str| {
            let text = loose_text(value, field);
            requirements_of(&text).ok_or_else(|| Failure::new(value.place, format!("{text} is no selector")))
        };
        Ok(Self { parts, labels: requirements("labelSelector")?, annotations: requirements("annotationSelector")? })
    }

    /// Whether an object is meant, by what it is called now or was called by its author.
    pub(crate) fn selects(&self, resource: &Resource) -> bool {
        let [group, version, kind, name, namespace] = &self.parts;
        let fits = |pattern: &Option<Regex>, text: &str| pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
        let ids = [resource.original_id(), resource.id()];
        let gvk = Gvk::of(&resource.value);
        ids.iter().any(|id| fits(namespace, id.effective_namespace()))
            && ids.iter().any(|id| fits(name, &id.name))
            && fits(group, &gvk.group)
            && fits(version, &gvk.version)
            && fits(kind, &gvk.kind)
            && meets(&self.labels, resource, "labels")
            && meets(&self.annotations, resource, "annotations")
    }
}

/// Whether an object meets the selectors of labels and annotations of a configuration; a selector that cannot be read is met.
pub(crate) fn meets_selectors(value: &Value, resource: &Resource) -> bool {
    [("labelSelector", "labels"), ("annotationSelector", "annotations")].iter().all(|(selector, field)| {
        requirements_of(&loose_text(value, selector)).is_none_or(|requirements| meets(&requirements, resource, field))
    })
}

fn meets(requirements: &[Requirement], resource: &Resource, field: &str) -> bool {
    if requirements.is_empty() {
        return true;
    }
    let all = resource.strings(field);
    let of = |key: &CompactString| all.iter().find(|(own, _)| own == key).and_then(|(_, value)| value.as_str());
    requirements.iter().all(|requirement| match requirement {
        Requirement::Is(key, values) => of(key).is_some_and(|own| values.iter().any(|value| value == own)),
        Requirement::IsNot(key, values) => of(key).is_none_or(|own| values.iter().all(|value| value != own)),
        Requirement::Has(key) => of(key).is_some(),
        Requirement::HasNot(key) => of(key).is_none(),
    })
}

/// Reads `a=b, c!=d, e in (f, g), h notin (i), j, !k`.
fn requirements_of(text: &str) -> Option<Vec<Requirement>> {
    let mut out = Vec::new();
    let mut depth = 0;
    let parts = text.split(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
        out.push(requirement(part)?);
    }
    Some(out)
}

fn requirement(text: &str) -> Option<Requirement> {
    if let Some(list) = text.strip_suffix(')') {
        let (head, list) = list.split_once('(')?;
        let values = list.split(',').map(|value| value.trim().into()).collect();
        let (key, word) = head.trim().rsplit_once(char::is_whitespace)?;
        return match word {
            "in" => Some(Requirement::Is(key.trim().into(), values)),
            "notin" => Some(Requirement::IsNot(key.trim().into(), values)),
            _ => None,
        };
    }
    for (sign, negative) in [("!=", true), ("==", false), ("=", false)] {
        if let Some((key, value)) = text.split_once(sign) {
            let (key, values) = (key.trim().into(), vec![value.trim().into()]);
            return Some(if negative { Requirement::IsNot(key, values) } else { Requirement::Is(key, values) });
        }
    }
    match text.strip_prefix('!') {
        Some(key) => Some(Requirement::HasNot(key.trim().into())),
        None => (!text.contains(char::is_whitespace)).then(|| Requirement::Has(text.into())),
    }
}
