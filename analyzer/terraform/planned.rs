//! The items of an evaluation.

use std::fmt;
use std::sync::Arc;

use plimsoll_syntax::Item;

/// What is planned, in order. To copy it costs little, and so does to make it anew where most of it is as it was: the items of a module
/// instance are shared as a whole.
#[derive(Clone, Default)]
pub struct Planned(Vec<Arc<Vec<Arc<Item>>>>);

impl Planned {
    pub(crate) const fn new(instances: Vec<Arc<Vec<Arc<Item>>>>) -> Self {
        Self(instances)
    }

    /// The items.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Item>> + Clone {
        self.0.iter().flat_map(|instance| instance.iter())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|instance| instance.len()).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|instance| instance.is_empty())
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
