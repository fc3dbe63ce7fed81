//! Regular expressions of rules, compiled once.

use std::sync::{Arc, LazyLock, RwLock};

use regex::Regex;
use rustc_hash::FxHashMap;

/// By pattern; `None`: it is no regular expression.
type Compiled = FxHashMap<Box<str>, Option<Arc<Regex>>>;

static COMPILED: LazyLock<RwLock<Compiled>> = LazyLock::new(RwLock::default);

/// The compiled expression; `None` where it is not one (a parameter that a user set).
pub(crate) fn get(pattern: &str) -> Option<Arc<Regex>> {
    if let Ok(compiled) = COMPILED.read()
        && let Some(known) = compiled.get(pattern)
    {
        return known.clone();
    }
    let fresh = Regex::new(pattern).ok().map(Arc::new);
    if let Ok(mut compiled) = COMPILED.write() {
        compiled.insert(pattern.into(), fresh.clone());
    }
    fresh
}
