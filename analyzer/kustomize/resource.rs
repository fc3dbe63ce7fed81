//! Objects on their way through the layers: what they are, what they were called, and what is still to be done with them.

use compact_str::CompactString;
use plimsoll_syntax::{Kind, Value};
use rustc_hash::FxHashSet;

use crate::failure::{Failure, Outcome};
use crate::identity::{Gvk, Id};
use crate::tree::{empty_map, get_or_insert, remove, set, strings, text_at};

/// An object with its past.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resource {
    /// The object as it is now.
    pub(crate) value: Value,
    /// What it was called before, oldest first: kind, name, namespace.
    pub(crate) previous: Vec<Previous>,
    /// The prefixes that it was given, in order.
    pub(crate) prefixes: Vec<CompactString>,
    /// The suffixes that it was given, in order.
    pub(crate) suffixes: Vec<CompactString>,
    /// Its name ends in a hash of its content when all is done.
    pub(crate) hashed: bool,
    /// What happens when there is such an object already.
    pub(crate) behaviour: Behaviour,
    /// The variables that are read from it.
    pub(crate) variables: Vec<CompactString>,
    /// Where it comes from, as the annotation says it.
    pub(crate) origin: Option<String>,
    /// Which steps it went through, as the annotation says them.
    pub(crate) steps: Vec<String>,
}

/// A former name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Previous {
    pub(crate) kind: CompactString,
    pub(crate) name: CompactString,
    pub(crate) namespace: CompactString,
}

/// What a generated object does to one of the same name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// It must be the first.
    #[default]
    Create,
    /// It takes the other's place.
    Replace,
    /// Its entries are added to the other's.
    Merge,
}

impl Behaviour {
    /// As a generator says it.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            _ => Self::Create,
        }
    }
}

impl Resource {
    /// An object without a past.
    pub(crate) fn new(value: Value) -> Self {
        Self { value, ..Self::default() }
    }

    /// What it is called now.
    pub(crate) fn id(&self) -> Id {
        Id {
            gvk: Gvk::of(&self.value),
            name: text_at(&self.value, &["metadata", "name"]),
            namespace: text_at(&self.value, &["metadata", "namespace"]),
        }
    }

    /// What it was called before, oldest first.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = Id> {
        let gvk = Gvk::of(&self.value);
        self.previous.iter().map(move |previous| Id {
            gvk: Gvk { kind: previous.kind.clone(), ..gvk.clone() },
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
        })
    }

    /// What its author called it.
    pub(crate) fn original_id(&self) -> Id {
        self.previous_ids().next().unwrap_or_else(|| self.id())
    }

    /// All that it was ever called, the newest first.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Id> {
        std::iter::once(self.id()).chain(self.previous_ids())
    }

    /// Notes what it is called, before that changes.
    pub(crate) fn remember(&mut self) {
        let id = self.id();
        self.previous.push(Previous { kind: id.gvk.kind.clone(), name: id.name, namespace: id.namespace });
    }

    /// Renames it, keeping where its name is written.
    pub(crate) fn rename(&mut self, name: CompactString) {
        if let Some(written) =
            crate::tree::get_mut(&mut self.value, "metadata").and_then(|meta| crate::tree::get_mut(meta, "name"))
        {
            written.kind = Kind::String(name);
        }
    }

    /// The labels, or annotations, by key.
    pub(crate) fn strings(&self, field: &str) -> Vec<(CompactString, Value)> {
        strings(self.value.at(&["metadata", field]))
    }

    /// Whether it is called so now; a look at the name spares most comparisons.
    pub(crate) fn is(&self, id: &Id) -> bool {
        let name = self.value.at(&["metadata", "name"]);
        name.is_some_and(|name| name.as_str().is_none_or(|name| name == id.name)) && self.id().is(id)
    }

    /// Whether it is, or was, called so.
    pub(crate) fn is_or_was(&self, id: &Id) -> bool {
        self.is(id)
            || self.previous.iter().any(|previous| previous.name == id.name) && self.previous_ids().any(|known| known.is(id))
    }

    /// Whether nothing is left of it.
    pub(crate) fn is_gone(&self) -> bool {
        match &self.value.kind {
            Kind::Null => true,
            Kind::Map(map) => map.entries.is_empty(),
            _ => false,
        }
    }

    /// Takes what another object (of which this one takes the place) had: names, labels, annotations, past.
    fn succeed(&mut self, old: &Self) {
        let place = self.value.place;
        let mut metadata = self.value.get("metadata").cloned().unwrap_or_else(|| empty_map(place));
        for field in ["labels", "annotations"] {
            let mut both = old.value.at(&["metadata", field]).cloned().unwrap_or_else(|| empty_map(place));
            for (key, value) in self.strings(field) {
                set(&mut both, &key, value);
            }
            if both.as_map().is_some_and(|map| map.entries.is_empty()) {
                remove(&mut metadata, field);
            } else {
                set(&mut metadata, field, both);
            }
        }
        for field in ["name", "namespace"] {
            match old.value.at(&["metadata", field]) {
                Some(value) => set(&mut metadata, field, value.clone()),
                None => {
                    remove(&mut metadata, field);
                }
            }
        }
        set(&mut self.value, "metadata", metadata);
        // A name without a hash is one that others rely on.
        self.hashed &= old.hashed;
        self.previous.clone_from(&old.previous);
        self.prefixes.clone_from(&old.prefixes);
        self.suffixes.clone_from(&old.suffixes);
        self.variables.clone_from(&old.variables);
        self.steps.clone_from(&old.steps);
    }
}

/// Adds an object whose name nobody has yet.
pub(crate) fn append(all: &mut Vec<Resource>, fresh: Resource) -> Outcome<()> {
    let id = fresh.id();
    if all.iter().any(|known| known.is(&id)) {
        return Err(Failure::new(fresh.value.place, format!("{id} is there twice")));
    }
    all.push(fresh);
    Ok(())
}

/// Adds objects whose names nobody has yet.
pub(crate) fn append_all(all: &mut Vec<Resource>, fresh: Vec<Resource>) -> Outcome<()> {
    all.extend(fresh);
    unique(all)
}

/// Sees to it that no two objects are called the same.
pub(crate) fn unique(all: &[Resource]) -> Outcome<()> {
    let mut seen = FxHashSet::default();
    for resource in all {
        let id = resource.id();
        let namespace = CompactString::from(id.effective_namespace());
        let shown = id.to_string();
        if !seen.insert((id.gvk, id.name, namespace)) {
            return Err(Failure::new(resource.value.place, format!("{shown} is there twice")));
        }
    }
    Ok(())
}

/// Adds, replaces or merges a generated object.
pub(crate) fn absorb(all: &mut Vec<Resource>, mut fresh: Resource) -> Outcome<()> {
    let id = fresh.id();
    let mut found = all.iter_mut().filter(|known| known.is_or_was(&id));
    let Some(old) = found.next() else {
        return match fresh.behaviour {
            Behaviour::Create => append(all, fresh),
            _ => Err(Failure::new(fresh.value.place, format!("{id} is not there to be merged or replaced"))),
        };
    };
    if found.next().is_some() {
        return Err(Failure::new(fresh.value.place, format!("{id} is not the name of one object only")));
    }
    match fresh.behaviour {
        Behaviour::Create => {
            return Err(Failure::new(fresh.value.place, format!("{id} is there already; its behavior must be merge or replace")));
        }
        Behaviour::Replace => fresh.succeed(old),
        Behaviour::Merge => {
            let origin = old.origin.take();
            fresh.succeed(old);
            for field in ["data", "binaryData"] {
                let Some(before) = old.value.get(field).filter(|value| value.as_map().is_some()) else { continue };
                let place = fresh.value.place;
                let Some(data) = get_or_insert(&mut fresh.value, field, &empty_map(place)) else { continue };
                for entry in before.as_map().map_or(&[][..], |map| &map.entries) {
                    if data.get(&entry.key).is_none()
                        && let Some(map) = crate::tree::map_mut(data)
                    {
                        map.entries.push(entry.clone());
                    }
                }
            }
            fresh.origin = origin.or(fresh.origin);
        }
    }
    *old = fresh;
    Ok(())
}

/// The one object that is, or was, called so.
pub(crate) fn find(all: &[Resource], id: &Id) -> Result<usize, String> {
    let mut found = all.iter().enumerate().filter(|(_, known)| known.is_or_was(id));
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(at),
        (None, _) => Err(format!("{id} is not there")),
        (Some(_), Some(_)) => Err(format!("{id} is not the name of one object only")),
    }
}
