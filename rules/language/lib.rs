//! The rule language: pages, their headers, and the compiled form that the engine runs.
//!
//! A rule is a Markdown page with a header in a closed subset of HCL. This crate reads pages, checks headers against the schemas
//! of providers, Kubernetes and views, and compiles them; it also owns those schemas. It must not know how a condition is
//! evaluated, nor any particular rule.

pub mod check;
mod compile;
pub mod condition;
mod error;
pub mod fit;
pub mod functions;
mod page;
pub mod relation;
pub mod rule;
pub mod schema;

pub use compile::Context;
pub use error::PageError;
pub use page::{Example, ExampleFile, Page};
pub use relation::{Relation, Relations};
pub use rule::{Profile, Rule, Severity};
pub use schema::Schemas;

use plimsoll_syntax::Span;

/// Reads and compiles a page.
///
/// # Errors
/// Everything that is wrong with its header, or the first thing that is wrong with the page.
pub fn compile_page(path: &str, text: &str, context: Context<'_>) -> Result<(Page, Rule), Vec<PageError>> {
    let page = Page::read(text).map_err(|fault| vec![fault.in_page(path, text)])?;
    let header = page.header.text(text);
    let rule = compile::compile(header, context).map_err(|faults| {
        let shift = |mut fault: error::Fault| {
            fault.span = Span::shifted(fault.span, page.header.start);
            fault.in_page(path, text)
        };
        faults.into_iter().map(shift).collect::<Vec<_>>()
    })?;
    Ok((page, rule))
}

/// The nearest of `words` to a misspelt one, when it is near enough to be meant.
#[must_use]
pub fn nearest<'a>(misspelt: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (misspelt.chars().count() / 3).max(1);
    let scored = words.into_iter().map(|word| (distance(misspelt, word, allowed), word));
    scored.filter(|(distance, _)| *distance <= allowed).min().map(|(_, word)| word)
}

/// Edits (insert, delete, replace, swap two neighbours: each 1) between two words; more than `limit` may be given as any larger
/// number.
fn distance(left: &str, right: &str, limit: usize) -> usize {
    if left.len().abs_diff(right.len()) > limit + 2 {
        return limit + 1;
    }
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, from) in left.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, to) in right.iter().enumerate() {
            let mut best = (row[j] + usize::from(from != to)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *from == right[j - 1] && left[i - 1] == *to {
                best = best.min(before[j - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[right.len()]
}
