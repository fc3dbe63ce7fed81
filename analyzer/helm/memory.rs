//! What was rendered last, so that an edit of the values renders only the templates that read what changed.

use std::sync::Arc;

use plimsoll_syntax::{FileId, Place, Span};
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha256};

use crate::text::Source;
use crate::watch::Seen;
use crate::{ChartFile, Manifest, Options, Run};

/// A rendering to begin from: [`crate::render_again`] makes the same of a chart with it as without it, in less time.
#[derive(Debug, Default)]
pub struct Memory {
    /// Of everything but values and templates.
    pub(crate) around: [u8; 32],
    /// Of the names of all definitions.
    pub(crate) names: [u8; 32],
    pub(crate) texts: FxHashMap<FileId, Arc<str>>,
    /// By the template's name.
    pub(crate) kept: FxHashMap<String, Kept>,
}

/// A template's rendering, and all that it hangs on.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) seen: Vec<Seen>,
    /// The files whose text was executed.
    pub(crate) executed: Vec<FileId>,
    pub(crate) steps: u64,
    pub(crate) written: usize,
}

impl Memory {
    /// Of these files, with nothing rendered yet.
    pub(crate) fn of(files: &[ChartFile<'_>], options: &Options<'_>) -> Self {
        let texts = files.iter().chain(options.values).map(|file| (file.file, file.text.clone())).collect();
        Self { around: around(files, options), texts, ..Self::default() }
    }

    /// Whether this file has the same text in both.
    pub(crate) fn agrees(&self, other: &Self, file: FileId) -> bool {
        self.texts.contains_key(&file) && self.texts.get(&file) == other.texts.get(&file)
    }

    /// A manifest whose values have moved in their files; `None`: what it shows of them was rewritten.
    pub(crate) fn moved(&self, manifest: &Arc<Manifest>, before: &Self) -> Option<Arc<Manifest>> {
        let mut edits: FxHashMap<FileId, Edit> = FxHashMap::default();
        let mut runs: Option<Vec<Run>> = None;
        for (at, run) in manifest.runs.iter().enumerate() {
            let place = run.source.value;
            if !place.is_some() || self.agrees(before, place.file) {
                continue;
            }
            let (old, new) = (before.texts.get(&place.file)?, self.texts.get(&place.file)?);
            let edit = edits.entry(place.file).or_insert_with(|| Edit::between(old, new));
            let span = edit.moved(place.span)?;
            if span != place.span {
                let moved = Run { source: Source { value: Place::new(place.file, span), ..run.source }, ..*run };
                if let Some(slot) = runs.get_or_insert_with(|| manifest.runs.clone()).get_mut(at) {
                    *slot = moved;
                }
            }
        }
        Some(match runs {
            None => manifest.clone(),
            Some(runs) => Arc::new(Manifest { runs, ..Manifest::clone(manifest) }),
        })
    }
}

/// Everything that templates may see besides values and each other.
fn around(files: &[ChartFile<'_>], options: &Options<'_>) -> [u8; 32] {
    let mut digest = Sha256::new();
    let Options { release, namespace, kubernetes, required_is_open, keep_nulls, values: _ } = options;
    digest.update(format!("{release}\0{namespace}\0{kubernetes:?}\0{required_is_open}\0{keep_nulls}\0"));
    let mut files: Vec<&ChartFile<'_>> = files.iter().collect();
    files.sort_by_key(|file| file.path);
    for file in files {
        let name = file.path.rsplit('/').next().unwrap_or(file.path);
        digest.update(format!("{}\0", file.path));
        let is_template = file.path.starts_with("templates/") || file.path.contains("/templates/");
        if name != "values.yaml" && !is_template {
            digest.update(file.text.len().to_le_bytes());
            digest.update(file.text.as_bytes());
        }
    }
    digest.finalize().into()
}

/// The one stretch of a text that is not as it was: so many bytes before and behind it are.
#[derive(Clone, Copy, Debug)]
struct Edit {
    before: usize,
    behind: usize,
    old: usize,
    new: usize,
}

impl Edit {
    fn between(old: &str, new: &str) -> Self {
        let (a, b) = (old.as_bytes(), new.as_bytes());
        let before = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let most = a.len().min(b.len()) - before;
        let behind = a.iter().rev().zip(b.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
        Self { before, behind, old: a.len(), new: b.len() }
    }

    fn moved(self, span: Span) -> Option<Span> {
        let range = span.range();
        if range.end <= self.before {
            return Some(span);
        }
        let first = self.old - self.behind;
        if range.start < first {
            return None;
        }
        let place = |at: usize| at - first + (self.new - self.behind);
        Some(Span::of(place(range.start), place(range.end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_move_with_the_text_around_them() {
        let rows = [
            ("a: 1\nb: 2\n", "a: 1\nb: 22\n", 3..4, Some(3..4)),
            ("a: 1\nb: 2\n", "a: 100\nb: 2\n", 8..9, Some(10..11)),
            ("a: 1\nb: 2\n", "b: 2\n", 8..9, Some(3..4)),
            ("a: 1\nb: 2\n", "a: 3\nb: 2\n", 3..4, None),
            ("aa", "a", 0..1, Some(0..1)),
            ("a", "aa", 0..1, Some(0..1)),
        ];
        for (old, new, span, expected) in rows {
            let moved = Edit::between(old, new).moved(Span::of(span.start, span.end));
            assert_eq!(moved.map(Span::range), expected, "{old:?} {new:?} {span:?}");
        }
    }
}
