//! The functions of Go templates, sprig (<https://masterminds.github.io/sprig/>) and Helm, as tables by topic.

mod builtin;
mod convert;
mod dates;
mod dicts;
pub(crate) mod encoding;
mod flow;
mod generated;
mod hashes;
pub(crate) mod kubernetes;
mod lists;
mod math;
mod merge;
mod regular;
pub(crate) mod semver;
mod strings;
mod words;

pub(crate) use flow::without_no_value;
pub(crate) use words::base;

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::run::{Call, Outcome};
use crate::value::{Data, Value};

pub(crate) use crate::run::Answer;

/// A function.
pub(crate) struct Function {
    pub name: &'static str,
    /// One letter an argument: `a`ny, `s`tring, `i`nt, `f`loat64, `b`ool, `d`ict; `*`: the last may come any number of times.
    pub signature: &'static str,
    pub body: Body,
}

/// How it works.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// Computes something new; the result comes from what went in.
    Plain(fn(&mut Call<'_>) -> Answer),
    /// Returns one of its arguments, or a piece of one.
    Picks(fn(&mut Call<'_>) -> Answer),
    /// Executes templates.
    Inner(fn(&mut Call<'_>) -> Outcome<Value>),
}

const fn plain(name: &'static str, signature: &'static str, body: fn(&mut Call<'_>) -> Answer) -> Function {
    Function { name, signature, body: Body::Plain(body) }
}

const fn picks(name: &'static str, signature: &'static str, body: fn(&mut Call<'_>) -> Answer) -> Function {
    Function { name, signature, body: Body::Picks(body) }
}

const TABLES: &[&[Function]] = &[
    builtin::TABLE,
    convert::TABLE,
    dates::TABLE,
    dicts::TABLE,
    encoding::TABLE,
    flow::TABLE,
    generated::TABLE,
    hashes::TABLE,
    lists::TABLE,
    math::TABLE,
    merge::TABLE,
    regular::TABLE,
    semver::TABLE,
    strings::TABLE,
    words::TABLE,
];

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    static BY_NAME: OnceLock<FxHashMap<&'static str, &'static Function>> = OnceLock::new();
    BY_NAME
        .get_or_init(|| TABLES.iter().copied().flatten().map(|function| (function.name, function)).collect())
        .get(name)
        .copied()
}

/// Functions that look at everything in their arguments.
const DEEP: &[&str] = &[
    "deepCopy",
    "mustDeepCopy",
    "merge",
    "mustMerge",
    "mergeOverwrite",
    "mustMergeOverwrite",
    "deepEqual",
    "toYaml",
    "toYamlPretty",
    "toJson",
    "mustToJson",
    "toPrettyJson",
    "mustToPrettyJson",
    "toRawJson",
    "mustToRawJson",
    "toToml",
    "toString",
    "quote",
    "squote",
    "print",
    "println",
    "printf",
    "has",
    "mustHas",
    "uniq",
    "mustUniq",
    "without",
    "mustWithout",
    "join",
    "sortAlpha",
    "eq",
    "ne",
];

/// Those of them that make new values of what they see.
const COPYING: &[&str] = &["deepCopy", "mustDeepCopy", "merge", "mustMerge", "mergeOverwrite", "mustMergeOverwrite"];

/// What a call costs besides itself, in steps, by the size of what goes in.
pub(crate) fn cost(function: &Function, arguments: &[Value]) -> u64 {
    let text: usize = arguments.iter().filter_map(Value::as_str).map(str::len).sum();
    // Whatever is made of a list is a copy of it.
    let items: usize = arguments.iter().map(length).sum();
    let mut steps = text / 16 + items;
    if DEEP.contains(&function.name) {
        let nodes: usize = arguments.iter().map(Value::nodes).sum();
        // Elements are compared with each other.
        let rounds = if function.name.to_ascii_lowercase().contains("uniq") { nodes / 16 } else { arguments.len().max(4) / 4 };
        // A node that is copied takes room as well as time.
        let copies = if COPYING.contains(&function.name) { 4 } else { 1 };
        steps = steps.saturating_add(nodes.saturating_mul(rounds.max(1)).saturating_mul(copies));
    }
    if function.name.to_ascii_lowercase().contains("regex") {
        steps += 200;
    }
    steps as u64
}

/// How many values lie directly in a list.
fn length(value: &Value) -> usize {
    match &value.data {
        Data::List(items) => items.len(),
        _ => 0,
    }
}

/// Whether a template may call a function of this name.
pub(crate) fn is_known(name: &str) -> bool {
    matches!(name, "and" | "or") || find(name).is_some()
}
