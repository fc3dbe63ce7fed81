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
    let fresh = compile(pattern).map(Arc::new);
    if let Ok(mut compiled) = COMPILED.write() {
        compiled.insert(pattern.into(), fresh.clone());
    }
    fresh
}

/// Capitals and small letters are the same in ASCII alone where that is enough: that `s` is also the long s of old prints makes compiling
/// an expression several times as slow.
fn compile(pattern: &str) -> Option<Regex> {
    let ascii = pattern.strip_prefix("(?i)").filter(|rest| !rest.contains('\\'));
    let ascii = ascii.and_then(|rest| Regex::new(&format!("(?i-u){rest}")).ok());
    ascii.or_else(|| Regex::new(pattern).ok())
}
