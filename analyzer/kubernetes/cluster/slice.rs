//! Parts of a cluster that something was said about, so that it can be said again only when they change.

use std::sync::{Arc, Mutex, PoisonError};

use compact_str::CompactString;
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Item, Kind};

use super::Cluster;

/// Instead of a kind: everything that holds a pod template.
pub(super) const WORKLOADS: &str = "";

/// The objects of a kind, of one namespace or of all.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slice {
    kind: CompactString,
    namespace: Option<CompactString>,
}

/// What a slice consists of. Equal where nothing of it was read anew: items that only look alike are not.
#[derive(Clone, Debug, Default)]
pub struct SliceItems(Vec<Arc<Map>>);

impl PartialEq for SliceItems {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

impl Cluster {
    /// The same cluster, which notes from now on what is looked at.
    #[must_use]
    pub fn watched(&self) -> Self {
        Self { held: self.held.clone(), looked: Some(Mutex::default()) }
    }

    /// What was looked at, in order.
    #[must_use]
    pub fn looked(&self) -> Vec<Slice> {
        let Some(looked) = &self.looked else { return Vec::new() };
        let mut slices: Vec<Slice> = looked.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        slices.sort_unstable();
        slices
    }

    /// What is in a slice.
    #[must_use]
    pub fn slice(&self, slice: &Slice) -> SliceItems {
        let held = &self.held;
        let map = |item: &Item| match &item.value.kind {
            Kind::Map(map) => Some(map.clone()),
            _ => None,
        };
        let items: Vec<Arc<Map>> = match (slice.kind.as_str(), &slice.namespace) {
            (WORKLOADS, Some(namespace)) => held.workloads_in(namespace).filter_map(map).collect(),
            (WORKLOADS, None) => held.workloads().filter_map(map).collect(),
            (kind, Some(namespace)) => held.objects_in(kind, namespace).filter_map(map).collect(),
            (kind, None) => held.objects_of(kind).filter_map(map).collect(),
        };
        SliceItems(items)
    }

    pub(super) fn look(&self, kind: &str, namespace: Option<&str>) {
        let Some(looked) = &self.looked else { return };
        let slice = Slice { kind: kind.into(), namespace: namespace.map(Into::into) };
        looked.lock().unwrap_or_else(PoisonError::into_inner).insert(slice);
    }
}
