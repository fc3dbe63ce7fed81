//! The items of an evaluation.

use std::fmt;
use std::sync::Arc;

use plimsoll_syntax::Item;

/// The items of one module instance.
pub(crate) type Own = Arc<Vec<Arc<Item>>>;

/// How many module instances are copied where one of them is another.
const CHUNK: usize = 16;

/// What is planned, in order. To copy it costs little, and so does to make it anew where most of it is as it was: the items of a module
/// instance are shared as a whole, and so are those of several neighbours.
#[derive(Clone, Default)]
pub struct Planned(Vec<Arc<Vec<Own>>>);

impl Planned {
    pub(crate) fn new(instances: &[Own]) -> Self {
        Self(instances.chunks(CHUNK).map(|chunk| Arc::new(chunk.to_vec())).collect())
    }

    /// The items of the module instance at a position are others; those that they were.
    pub(crate) fn replace(&mut self, position: usize, own: Own) -> Own {
        let chunk = self.0.get_mut(position / CHUNK);
        let known = chunk.and_then(|chunk| Arc::make_mut(chunk).get_mut(position % CHUNK));
        known.map_or_else(Own::default, |known| std::mem::replace(known, own))
    }

    /// The items.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Item>> + Clone {
        self.instances().flat_map(|instance| instance.iter())
    }

    /// The items: given away where nobody else has them, else copied.
    #[must_use]
    pub fn into_items(self) -> Vec<Item> {
        let mut items = Vec::with_capacity(self.len());
        for instance in self.0.into_iter().flat_map(Arc::unwrap_or_clone) {
            match Arc::try_unwrap(instance) {
                Ok(own) => items.extend(own.into_iter().map(Arc::unwrap_or_clone)),
                Err(shared) => items.extend(shared.iter().map(|item| Item::clone(item))),
            }
        }
        items
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.instances().map(|instance| instance.len()).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.instances().all(|instance| instance.is_empty())
    }

    fn instances(&self) -> impl Iterator<Item = &Own> + Clone {
        self.0.iter().flat_map(|chunk| chunk.iter())
    }
}

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'p> IntoIterator for &'p Planned {
    type Item = &'p Arc<Item>;
    type IntoIter = Box<dyn Iterator<Item = &'p Arc<Item>> + 'p>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}
