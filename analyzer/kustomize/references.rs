//! References by name: when an object is renamed, those that name it follow.
//!
//! Source: Kustomize's documentation of name references.

use compact_str::CompactString;
use plimsoll_syntax::{Kind, Value};
use rustc_hash::FxHashMap;

use crate::failure::{Failure, Outcome};
use crate::field::{Field, visit};
use crate::identity::{Gvk, Id};
use crate::resource::Resource;
use crate::tree::{set, text, text_at};

/// Who may be referred to.
struct Candidate {
    id: Id,
    previous: Vec<Id>,
    prefixes: Vec<CompactString>,
    suffixes: Vec<CompactString>,
}

/// Who refers.
struct Referrer {
    id: Id,
    prefixes: Vec<CompactString>,
    suffixes: Vec<CompactString>,
    /// Namespaces that a role binding reaches through its subjects.
    reached: Vec<CompactString>,
    role: Option<Gvk>,
}

/// Renames, in all objects, what refers to renamed ones.
pub(crate) fn fix(all: &mut [Resource], table: &[(Gvk, Vec<Field>)]) -> Outcome<()> {
    let candidates: Vec<Candidate> = all
        .iter()
        .filter(|resource| !resource.previous.is_empty())
        .map(|resource| Candidate {
            id: resource.id(),
            previous: resource.previous_ids().collect(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
        })
        .collect();
    if candidates.is_empty() {
        return Ok(());
    }
    let mut by_name: FxHashMap<&str, Vec<&Candidate>> = FxHashMap::default();
    for candidate in &candidates {
        let mut names: Vec<&str> = candidate.previous.iter().map(|id| id.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().for_each(|name| by_name.entry(name).or_default().push(candidate));
    }
    for resource in all {
        let original = resource.original_id();
        let referrer = Referrer::of(resource);
        for (target, fields) in table {
            for field in fields.iter().filter(|field| original.gvk.is_selected_by(&field.gvk)) {
                let place = resource.value.place;
                // The field is that of the original kind; a kind that was patched since has it as well.
                let field = Field { gvk: Gvk::default(), ..field.clone() };
                let by_role = field.path.last().is_some_and(|last| last == "name")
                    && field.path.first().is_some_and(|first| first == "roleRef");
                let step = Step { referrer: &referrer, by_name: &by_name, target, by_role };
                visit(&mut resource.value, &field, None, &mut |value| step.update(value))
                    .map_err(|reason| Failure::new(place, reason))?;
            }
        }
    }
    Ok(())
}

impl Referrer {
    fn of(resource: &Resource) -> Self {
        let reached = match resource.id().gvk.kind.as_str() {
            "RoleBinding" => resource
                .value
                .get("subjects")
                .map_or(&[][..], Value::items)
                .iter()
                .filter(|subject| subject.str_at(&["kind"]) == Some("ServiceAccount"))
                .map(|subject| text_at(subject, &["namespace"]))
                .collect(),
            _ => Vec::new(),
        };
        let role = resource.value.get("roleRef").map(|role| Gvk {
            group: text_at(role, &["apiGroup"]),
            version: CompactString::default(),
            kind: text_at(role, &["kind"]),
        });
        Self { id: resource.id(), prefixes: resource.prefixes.clone(), suffixes: resource.suffixes.clone(), reached, role }
    }

    /// Whether an object can be referred to at all.
    fn reaches(&self, candidate: &Candidate) -> bool {
        candidate.id.gvk.is_cluster_wide()
            || self.id.gvk.is_cluster_wide()
            || self.id.shares_namespace_with(&candidate.id)
            || (candidate.id.gvk.kind == "ServiceAccount" && self.reached.contains(&candidate.id.namespace))
    }
}

struct Step<'s> {
    referrer: &'s Referrer,
    /// Candidates by every name that they had.
    by_name: &'s FxHashMap<&'s str, Vec<&'s Candidate>>,
    target: &'s Gvk,
    by_role: bool,
}

impl Step<'_> {
    fn update(&self, value: &mut Value) -> Result<(), String> {
        match &value.kind {
            Kind::List(_) => {
                let Some(list) = crate::tree::list_mut(value) else { return Ok(()) };
                list.items.iter_mut().try_for_each(|item| if item.as_list().is_some() { Ok(()) } else { self.update(item) })
            }
            Kind::Map(_) => {
                let Some(name) = value.get("name").and_then(text) else { return Ok(()) };
                let namespace = value.get("namespace").map(|namespace| text(namespace).unwrap_or_default());
                let Some(found) = self.select(&name, namespace.as_deref())? else { return Ok(()) };
                if found.id.name != name
                    && let Some(written) = crate::tree::get_mut(value, "name")
                {
                    written.kind = Kind::String(found.id.name.clone());
                }
                if !found.id.namespace.is_empty() && namespace.as_ref() != Some(&found.id.namespace) {
                    let place = value.get("namespace").map_or(value.place, |namespace| namespace.place);
                    set(value, "namespace", Value::string(found.id.namespace.clone(), place));
                }
                Ok(())
            }
            Kind::String(name) => {
                if let Some(found) = self.select(name, None)? {
                    value.kind = Kind::String(found.id.name.clone());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The one object that is meant by an old name.
    fn select(&self, name: &str, namespace: Option<&str>) -> Result<Option<&Candidate>, String> {
        let mut found: Vec<&Candidate> = self
            .by_name
            .get(name)
            .into_iter()
            .flatten()
            .copied()
            .filter(|candidate| self.referrer.reaches(candidate))
            .filter(|candidate| candidate.previous.iter().any(|id| id.gvk.is_selected_by(self.target)))
            .filter(|candidate| {
                let role = self.referrer.role.as_ref().filter(|_| self.by_role);
                role.is_none_or(|role| candidate.previous.iter().any(|id| id.gvk.is_selected_by(role)))
            })
            .collect();
        if let Some(namespace) = namespace {
            let namespace = if namespace.is_empty() { "default" } else { namespace };
            let within = |id: &Id| id.effective_namespace() == namespace || id.gvk.is_cluster_wide();
            let original: Vec<_> = found.iter().copied().filter(|found| found.previous.first().is_some_and(within)).collect();
            found = if original.is_empty() { found.into_iter().filter(|found| within(&found.id)).collect() } else { original };
        }
        for empty_fits in [true, false] {
            if found.len() > 1 {
                found.retain(|candidate| self.same_affixes(candidate, empty_fits));
            }
        }
        match found.as_slice() {
            [] => Ok(None),
            [first, rest @ ..] if rest.iter().all(|other| other.id.name == first.id.name) => Ok(Some(first)),
            _ => Err(format!("{name} could mean more than one object")),
        }
    }

    fn same_affixes(&self, candidate: &Candidate, empty_fits: bool) -> bool {
        let same = |own: &[CompactString], other: &[CompactString]| {
            let (short, long) = if own.len() < other.len() { (own, other) } else { (other, own) };
            if short.is_empty() { empty_fits || long.is_empty() } else { long.ends_with(short) }
        };
        same(&self.referrer.prefixes, &candidate.prefixes) && same(&self.referrer.suffixes, &candidate.suffixes)
    }
}
