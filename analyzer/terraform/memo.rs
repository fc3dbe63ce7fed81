//! What is known of names that are evaluated once.

use std::hash::Hash;

use compact_str::CompactString;
use rustc_hash::FxHashMap;

use crate::instance::State;

/// Up to so many names are looked through one by one.
const FEW: usize = 16;

/// Names and what is known of them.
pub(crate) trait Memo<K> {
    /// What is known of a name.
    fn get(&self, key: &K) -> Option<&State>;
    /// This is known of a name now.
    fn set(&mut self, key: K, state: State);
}

impl<K: Hash + Eq> Memo<K> for FxHashMap<K, State> {
    fn get(&self, key: &K) -> Option<&State> {
        self.get(key)
    }

    fn set(&mut self, key: K, state: State) {
        self.insert(key, state);
    }
}

/// The attributes and blocks of a resource instance. There are many instances, each with a few of them: they lie side by side, without room for
/// more.
#[derive(Default)]
pub(crate) struct Attributes {
    list: Vec<(CompactString, State)>,
    /// Where each one is, once they are more than a few.
    index: Option<Box<FxHashMap<CompactString, usize>>>,
}

impl Attributes {
    /// Nothing is known any more.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn position(&self, key: &CompactString) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.list.iter().position(|(known, _)| known == key),
        }
    }
}

impl Memo<CompactString> for Attributes {
    fn get(&self, key: &CompactString) -> Option<&State> {
        self.list.get(self.position(key)?).map(|(_, state)| state)
    }

    fn set(&mut self, key: CompactString, state: State) {
        if let Some((_, known)) = self.position(&key).and_then(|at| self.list.get_mut(at)) {
            *known = state;
            return;
        }
        let at = self.list.len();
        match &mut self.index {
            Some(index) => {
                index.insert(key.clone(), at);
            }
            None if at == FEW => {
                let names = self.list.iter().map(|(name, _)| name).chain([&key]).enumerate();
                self.index = Some(Box::new(names.map(|(at, name)| (name.clone(), at)).collect()));
            }
            None => {}
        }
        if at == self.list.capacity() {
            self.list.reserve_exact(4.max(at / 2));
        }
        self.list.push((key, state));
    }
}
