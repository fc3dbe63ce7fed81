//! What selectors say of pods, whatever language they are written in: of their labels, their namespace, their service account.

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::{Kind, Value};

use super::objects::{Objects, Workload, label_text, shown};
use crate::context::matches;
use crate::resources::field;

/// What is asked of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A label of its own.
    Label(CompactString),
    /// The name of its namespace.
    Namespace,
    /// A label of its namespace.
    OfNamespace(CompactString),
    /// Its service account.
    Account,
    /// Who it is within a mesh of Istio: `cluster.local/ns/NAMESPACE/sa/ACCOUNT`.
    Principal,
}

/// How a text must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Like {
    Contains,
    Starts,
    Ends,
    /// `*` is any text.
    Pattern,
}

/// A condition on pods.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Expr {
    /// All of them hold; of none, always.
    All(Vec<Expr>),
    /// One of them holds; of none, never.
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Has(Key),
    /// It has one of these values.
    In(Key, Vec<CompactString>),
    Like(Key, Like, CompactString),
    /// Nobody knows; by what is written.
    Unknown(CompactString),
}

/// What a pod has.
pub(super) enum Found {
    Text(CompactString),
    Nothing,
    Unknown,
}

impl Expr {
    /// It holds for every pod.
    pub(super) const ALWAYS: Self = Self::All(Vec::new());

    /// Both.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All(mut all), Self::All(more)) => {
                all.extend(more);
                Self::All(all)
            }
            (Self::All(mut all), other) | (other, Self::All(mut all)) => {
                all.push(other);
                Self::All(all)
            }
            (this, other) => Self::All(vec![this, other]),
        }
    }

    /// It is one of these.
    pub(super) fn is(key: Key, text: impl Into<CompactString>) -> Self {
        Self::In(key, vec![text.into()])
    }

    /// Reads a selector with `matchLabels` and `matchExpressions`, with the keys as `key` understands them; what that does not know is not
    /// known.
    pub(super) fn read(selector: &Value, key: impl Fn(&str) -> Option<Key>) -> Self {
        let unknown = |value: &Value| Self::Unknown(shown(value).unwrap_or_else(|| "a selector".into()));
        let Some(map) = selector.as_map() else { return unknown(selector) };
        let mut all = Vec::new();
        if map.tail.is_some() {
            all.push(unknown(selector));
        }
        let one = |written: &str, make: &dyn Fn(Key) -> Self| key(written).map_or_else(|| Self::Unknown(written.into()), make);
        if let Some(labels) = field(selector, "matchLabels") {
            match labels.as_map() {
                Some(labels) if labels.tail.is_none() => {
                    all.extend(labels.entries.iter().map(|entry| {
                        one(&entry.key, &|key| match label_text(&entry.value) {
                            Some(text) => Self::is(key, text),
                            None => unknown(&entry.value),
                        })
                    }));
                }
                _ => all.push(unknown(labels)),
            }
        }
        if let Some(list) = field(selector, "matchExpressions") {
            if list.as_list().is_none_or(|list| list.tail.is_some()) {
                all.push(unknown(list));
            }
            for each in list.items() {
                let values: Option<Vec<CompactString>> =
                    each.get("values").map(Value::items).unwrap_or_default().iter().map(label_text).collect();
                let written = each.str_at(&["key"]).unwrap_or_default();
                all.push(match (each.str_at(&["operator"]), values) {
                    (Some("In"), Some(values)) => one(written, &|key| Self::In(key, values.clone())),
                    (Some("NotIn"), Some(values)) => one(written, &|key| Self::Not(Box::new(Self::In(key, values.clone())))),
                    (Some("Exists"), _) => one(written, &Self::Has),
                    (Some("DoesNotExist"), _) => one(written, &|key| Self::Not(Box::new(Self::Has(key)))),
                    _ => unknown(each),
                });
            }
        }
        Self::All(all)
    }

    /// Whether it asks for a namespace, or for what one is like.
    pub(super) fn asks_namespace(&self) -> bool {
        match self {
            Self::All(all) | Self::Any(all) => all.iter().any(Self::asks_namespace),
            Self::Not(inner) => inner.asks_namespace(),
            Self::Has(key) | Self::In(key, _) | Self::Like(key, ..) => matches!(key, Key::Namespace | Key::OfNamespace(_)),
            Self::Unknown(_) => false,
        }
    }

    /// Whether it holds for the pods of a workload; nothing where that is not known.
    pub(super) fn holds(&self, workload: &Workload<'_>, objects: &Objects<'_>) -> Option<bool> {
        self.of(&|key| find(key, workload, objects))
    }

    /// Whether it holds for what has these labels and nothing else, in no namespace.
    pub(super) fn holds_for_labels(&self, labels: &Value) -> Option<bool> {
        self.of(&|key| match key {
            Key::Label(name) => label(labels, name),
            Key::Namespace | Key::OfNamespace(_) | Key::Account | Key::Principal => Found::Nothing,
        })
    }

    fn of(&self, found: &dyn Fn(&Key) -> Found) -> Option<bool> {
        match self {
            Self::All(all) => every(all.iter().map(|each| each.of(found))),
            Self::Any(all) => every(all.iter().map(|each| each.of(found).map(|holds| !holds))).map(|none| !none),
            Self::Not(inner) => inner.of(found).map(|holds| !holds),
            Self::Unknown(_) => None,
            Self::Has(key) => match found(key) {
                Found::Text(_) => Some(true),
                Found::Nothing => Some(false),
                Found::Unknown => None,
            },
            Self::In(key, values) => match found(key) {
                Found::Text(text) => Some(values.contains(&text)),
                Found::Nothing => Some(false),
                Found::Unknown => None,
            },
            Self::Like(key, like, wanted) => match found(key) {
                Found::Text(text) => Some(match like {
                    Like::Contains => text.contains(wanted.as_str()),
                    Like::Starts => text.starts_with(wanted.as_str()),
                    Like::Ends => text.ends_with(wanted.as_str()),
                    Like::Pattern => matches(wanted, &text),
                }),
                Found::Nothing => Some(false),
                Found::Unknown => None,
            },
        }
    }

    /// The value that a key must have, by one of the conditions that must all hold.
    fn pinned(&self, wanted: impl Fn(&Key) -> bool + Copy) -> Option<(&Key, &CompactString)> {
        match self {
            Self::All(all) => all.iter().find_map(|each| each.pinned(wanted)),
            Self::In(key, values) if wanted(key) => match values.as_slice() {
                [only] => Some((key, only)),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Objects<'_> {
    /// The workloads that a condition holds for: surely, or perhaps.
    pub(super) fn fitting(&self, expr: &Expr) -> Vec<(usize, bool)> {
        let space = expr.pinned(|key| matches!(key, Key::Namespace)).map(|(_, name)| name.as_str());
        let label = expr.pinned(|key| matches!(key, Key::Label(_))).and_then(|(key, value)| match key {
            Key::Label(name) => Some((name.clone(), value.clone())),
            _ => None,
        });
        let mut found: Vec<(usize, bool)> = self
            .candidates(space, label.as_ref())
            .into_iter()
            .filter_map(|at| match expr.holds(self.workloads.get(at)?, self) {
                Some(true) => Some((at, true)),
                Some(false) => None,
                None => Some((at, false)),
            })
            .collect();
        found.sort_unstable();
        found
    }
}

/// Whether all hold: surely not where one surely does not, else not known where one is not.
fn every(all: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for holds in all {
        match holds {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = None,
        }
    }
    known
}

fn find(key: &Key, workload: &Workload<'_>, objects: &Objects<'_>) -> Found {
    match key {
        Key::Label(name) => label(&workload.labels, name),
        Key::Namespace => Found::Text(workload.namespace.clone()),
        Key::OfNamespace(name) => objects.space(&workload.namespace).map_or(Found::Unknown, |labels| label(labels, name)),
        Key::Account => account(workload).map_or(Found::Unknown, Found::Text),
        Key::Principal => account(workload).map_or(Found::Unknown, |account| {
            Found::Text(format_compact!("cluster.local/ns/{}/sa/{account}", workload.namespace))
        }),
    }
}

/// A label among others.
pub(super) fn label(labels: &Value, name: &str) -> Found {
    match &labels.kind {
        Kind::Null => Found::Nothing,
        Kind::Map(map) => match map.get(name) {
            Some(value) => label_text(&value.value).map_or(Found::Unknown, Found::Text),
            None if map.tail.is_some() => Found::Unknown,
            None => Found::Nothing,
        },
        _ => Found::Unknown,
    }
}

/// The service account that pods run under; nothing where it is not known.
pub(super) fn account(workload: &Workload<'_>) -> Option<CompactString> {
    let pod = field(&workload.item.value, "pod")?;
    match ["serviceAccountName", "serviceAccount"].iter().find_map(|key| field(pod, key)) {
        Some(written) => written.as_str().map(Into::into),
        None => Some("default".into()),
    }
}
