//! What was made of a text last: whoever asks for one thing of a file soon asks for the next, and nobody needs its tree after that.
//!
//! Trees of YAML and Dockerfiles are as large as all that is made of them. A query that held them would hold them for every file of
//! the workspace; making one again costs less than keeping it.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread::LocalKey;

/// How many texts a thread remembers: a file and those that belong to it.
const TEXTS: usize = 8;

/// What one thread has made last, the latest last.
pub(crate) struct Recent<K, T>(Vec<(K, T)>);

/// A store of a thread.
pub(crate) type Store<K, T> = LocalKey<RefCell<Recent<K, T>>>;

impl<K, T> Recent<K, T> {
    /// Nothing yet.
    pub(crate) const fn new() -> RefCell<Self> {
        RefCell::new(Self(Vec::new()))
    }
}

/// What `make` makes, unless it is there for an equal key. It must be a function of the key alone.
pub(crate) fn recent<K: Clone + PartialEq, T: Clone>(store: &'static Store<K, T>, key: &K, make: impl FnOnce() -> T) -> T {
    let known = store.with_borrow(|held| held.0.iter().find(|(own, _)| own == key).map(|(_, made)| made.clone()));
    known.unwrap_or_else(|| {
        let made = make();
        store.with_borrow_mut(|held| {
            if held.0.len() == TEXTS {
                held.0.remove(0);
            }
            held.0.push((key.clone(), made.clone()));
        });
        made
    })
}

/// A text by which it is: two of them are equal when they are the same one.
#[derive(Clone)]
pub(crate) struct Same(pub Arc<str>);

impl PartialEq for Same {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static LENGTHS: RefCell<Recent<Same, usize>> = const { Recent::new() };
    }

    #[test]
    fn the_latest_texts_are_remembered() {
        let texts: Vec<Arc<str>> = (0..=TEXTS).map(|at| "x".repeat(at).into()).collect();
        let mut made = 0;
        let mut ask = |text: &Arc<str>| {
            let length = recent(&LENGTHS, &Same(text.clone()), || {
                made += 1;
                text.len()
            });
            assert_eq!(length, text.len());
            made
        };
        let first = texts.first().unwrap();
        assert_eq!((ask(first), ask(first)), (1, 1), "made once");
        assert_eq!(ask(&Arc::from(&**first)), 2, "one that only looks the same is another");
        let before = texts.iter().map(&mut ask).last().unwrap();
        assert_eq!(ask(first), before + 1, "the oldest is forgotten");
    }
}
