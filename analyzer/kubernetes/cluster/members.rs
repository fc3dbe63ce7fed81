//! Which objects and workloads some files hold, sorted by what they are looked for by: done once for files that stay as they are.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::Item;
use rustc_hash::FxHashMap;

use crate::namespace::{is_kind, namespace_of};

/// Where an item is: the number of its file among the members' files, and its own in that.
type At = (u32, u32);

/// The objects and workloads of some files. Equal where nothing of it was read anew: items that only look alike are not.
#[derive(Debug, Default)]
pub struct Members {
    files: Vec<Arc<Vec<Item>>>,
    pub(super) objects: Vec<At>,
    pub(super) workloads: Vec<At>,
    /// Objects by kind and namespace.
    pub(super) by_kind: FxHashMap<(CompactString, CompactString), Vec<At>>,
    /// Objects by kind.
    pub(super) all: FxHashMap<CompactString, Vec<At>>,
    /// Workloads by namespace.
    pub(super) workloads_by: FxHashMap<CompactString, Vec<At>>,
}

impl PartialEq for Members {
    fn eq(&self, other: &Self) -> bool {
        self.files.len() == other.files.len() && self.files.iter().zip(&other.files).all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

impl Members {
    /// Those of these files' items, as [`crate::items`] gives them.
    #[must_use]
    pub fn new(files: Vec<Arc<Vec<Item>>>) -> Self {
        let mut out = Self::default();
        for (file, items) in (0..).zip(&files) {
            for (number, item) in (0..).zip(items.iter()) {
                let at = (file, number);
                if item.views.iter().any(|view| view == "object") {
                    let kind = item.views[0].clone();
                    let namespace = namespace_of(item).unwrap_or_default();
                    out.by_kind.entry((kind.clone(), namespace)).or_default().push(at);
                    out.all.entry(kind).or_default().push(at);
                    out.objects.push(at);
                } else if is_kind(item, "workload") {
                    out.workloads_by.entry(namespace_of(item).unwrap_or_default()).or_default().push(at);
                    out.workloads.push(at);
                }
            }
        }
        out.files = files;
        out
    }

    /// The items of all files.
    pub fn files(&self) -> impl Iterator<Item = &[Item]> {
        self.files.iter().map(|items| items.as_slice())
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub(super) fn item(&self, (file, number): At) -> Option<&Item> {
        self.files.get(file as usize)?.get(number as usize)
    }

    pub(super) fn items<'m>(&'m self, places: &'m [At]) -> impl Iterator<Item = &'m Item> {
        places.iter().filter_map(|at| self.item(*at))
    }
}
