//! What was said last about everything, and what is said otherwise now.

use std::sync::Arc;

use plimsoll_syntax::{FileId, Place, Span};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::db::{Database, Db};
use crate::render::Lost;
use crate::run::{RawFinding, RawItem, Verdicts};
use crate::world::Heavy;
use crate::{Part, Subject};

/// What was said last about everything.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    parts: Vec<(Subject, Part)>,
    /// Who has said something about a file: numbers of parts.
    about: FxHashMap<FileId, Vec<usize>>,
    /// The texts that the world's findings are about, so that they can be found again in what became of them.
    texts: FxHashMap<FileId, Arc<str>>,
    /// The world that the findings are about, and the one before, which the database lets go at the next edit: they go when this goes, not
    /// while somebody waits.
    heavy: [Vec<Heavy>; 2],
}

impl Standing {
    pub(super) fn of(db: &Database, parts: Vec<(Subject, Part)>, heavy: [Vec<Heavy>; 2]) -> Self {
        let findings = parts.iter().filter(|(subject, _)| subject.is_of_world()).flat_map(|(_, part)| &part.verdicts.findings);
        let files: FxHashSet<FileId> = findings.flat_map(places).map(|place| place.file).collect();
        let texts = files.into_iter().filter_map(|id| Some((id, db.by_id(id)?.content(db).text.clone()))).collect();
        let mut about: FxHashMap<FileId, Vec<usize>> = FxHashMap::default();
        for (at, (_, part)) in parts.iter().enumerate() {
            let lost = part.incomplete.iter().filter_map(|lost| lost.file);
            for file in part.verdicts.findings.iter().flat_map(files_of).chain(lost) {
                let all = about.entry(file).or_default();
                if all.last() != Some(&at) {
                    all.push(at);
                }
            }
        }
        Self { parts, about, texts, heavy }
    }

    pub(super) fn heavy(&self) -> [Vec<Heavy>; 2] {
        self.heavy.clone()
    }

    pub(super) fn parts(&self) -> &[(Subject, Part)] {
        &self.parts
    }

    /// Who has said something about a file.
    pub(super) fn about(&self, file: FileId) -> impl Iterator<Item = &Subject> {
        let all = self.about.get(&file).into_iter().flatten();
        all.filter_map(|&at| self.parts.get(at)).map(|(subject, _)| subject)
    }

    /// What the world said, at the places that the lines have moved to. What lies where something was written meanwhile is left out:
    /// the next look at the world tells it again, if it is still so.
    pub(super) fn moved_world(&self, db: &Database) -> Vec<(Subject, Part)> {
        let text = |id: FileId| db.by_id(id).map(|file| file.content(db).text.clone());
        let changed = self.texts.iter().filter_map(|(id, before)| {
            let now = text(*id).unwrap_or_default();
            (now != *before).then(|| (*id, Change::between(before, &now)))
        });
        let changed: FxHashMap<FileId, Change> = changed.collect();
        let stays = |part: &Part| {
            let mut places = part.verdicts.findings.iter().flat_map(places);
            changed.is_empty() || !places.any(|place| changed.contains_key(&place.file))
        };
        let parts = self.parts.iter().filter(|(subject, _)| subject.is_of_world()).map(|(subject, part)| {
            if stays(part) {
                return (subject.clone(), part.clone());
            }
            let findings = part.verdicts.findings.iter().filter_map(|finding| moved(finding, &changed)).collect();
            let verdicts = Arc::new(Verdicts { findings, ..Verdicts::clone(&part.verdicts) });
            (subject.clone(), Part { verdicts, incomplete: part.incomplete.clone() })
        });
        parts.collect()
    }
}

/// What became of a text: the same bytes in the front and at the end, and something else between them.
struct Change {
    /// Where it begins.
    start: u32,
    /// Where it ends in the text before.
    end: u32,
    /// By how much what follows has moved.
    by: i64,
}

impl Change {
    fn between(before: &str, now: &str) -> Self {
        let front = before.bytes().zip(now.bytes()).take_while(|(a, b)| a == b).count();
        let rest = before.len().min(now.len()) - front;
        let back = before.bytes().rev().zip(now.bytes().rev()).take(rest).take_while(|(a, b)| a == b).count();
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let by = i64::from(number(now.len())) - i64::from(number(before.len()));
        Self { start: number(front), end: number(before.len() - back), by }
    }

    /// Where a stretch lies now; `None`: something was written at its start or its end.
    fn moved(&self, span: Span) -> Option<Span> {
        let moved = |at: u32| match at {
            at if at <= self.start => Some(at),
            at if at >= self.end => u32::try_from(i64::from(at) + self.by).ok(),
            _ => None,
        };
        Some(Span { start: moved(span.start)?, end: moved(span.end)? })
    }
}

/// All places of a finding.
fn places(finding: &RawFinding) -> impl Iterator<Item = Place> {
    [finding.place, finding.item.range].into_iter().chain(finding.related.iter().map(|(place, _)| *place))
}

fn moved(finding: &RawFinding, changed: &FxHashMap<FileId, Change>) -> Option<RawFinding> {
    let place = |place: Place| match changed.get(&place.file) {
        Some(change) => change.moved(place.span).map(|span| Place::new(place.file, span)),
        None => Some(place),
    };
    let related = finding.related.iter().map(|(at, message)| Some((place(*at)?, message.clone())));
    Some(RawFinding {
        place: place(finding.place)?,
        related: related.collect::<Option<_>>()?,
        // No rule about the world has one; one at an old place would be wrong.
        fix: None,
        item: RawItem { range: place(finding.item.range)?, name: finding.item.name.clone() },
        ..finding.clone()
    })
}

/// The files that a finding belongs to: where it is, and where its item is.
pub(super) fn files_of(finding: &RawFinding) -> impl Iterator<Item = FileId> + use<> {
    let (place, item) = (finding.place.file, finding.item.range.file);
    [place].into_iter().chain((item != place && item != FileId::NONE).then_some(item))
}

/// The files about which something else is said now, and the edited ones, whose lines have moved.
pub(super) fn different(before: &[(Subject, Part)], after: &[(Subject, Part)], edited: &FxHashSet<FileId>) -> FxHashSet<FileId> {
    let mut dirty: FxHashSet<FileId> = edited.clone();
    let pointers =
        |parts: &[(Subject, Part)]| parts.iter().map(|(_, part)| Arc::as_ptr(&part.verdicts)).collect::<FxHashSet<_>>();
    let (old, new) = (pointers(before), pointers(after));
    let (was, is) = (by_file(before, &new), by_file(after, &old));
    let empty = Vec::new();
    for file in was.keys().chain(is.keys()) {
        if was.get(file).unwrap_or(&empty) != is.get(file).unwrap_or(&empty) {
            dirty.insert(*file);
        }
    }
    for finding in is.values().flatten() {
        // The lines of what it refers to may have moved, too.
        let refers = finding.related.iter().any(|(place, _)| edited.contains(&place.file))
            || files_of(finding).any(|file| edited.contains(&file));
        if refers {
            dirty.extend(files_of(finding));
        }
    }
    let (was, is) = (lost_by_file(before), lost_by_file(after));
    let empty = Vec::new();
    dirty.extend(was.keys().chain(is.keys()).filter(|file| was.get(file).unwrap_or(&empty) != is.get(file).unwrap_or(&empty)));
    dirty
}

/// The findings of parts that the other side does not have, by the files that they belong to.
fn by_file<'p>(parts: &'p [(Subject, Part)], other: &FxHashSet<*const Verdicts>) -> FxHashMap<FileId, Vec<&'p RawFinding>> {
    let mut all: FxHashMap<FileId, Vec<&RawFinding>> = FxHashMap::default();
    for (_, part) in parts.iter().filter(|(_, part)| !other.contains(&Arc::as_ptr(&part.verdicts))) {
        for finding in &part.verdicts.findings {
            for file in files_of(finding) {
                all.entry(file).or_default().push(finding);
            }
        }
    }
    all
}

fn lost_by_file(parts: &[(Subject, Part)]) -> FxHashMap<FileId, Vec<&Lost>> {
    let mut all: FxHashMap<FileId, Vec<&Lost>> = FxHashMap::default();
    for lost in parts.iter().flat_map(|(_, part)| &part.incomplete) {
        all.entry(lost.file.unwrap_or(FileId::NONE)).or_default().push(lost);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_move_with_their_lines() {
        let before = "one\ntwo\nthree\n";
        let of = |now: &str, word: &str| {
            let start = u32::try_from(before.find(word).unwrap()).unwrap();
            let span = Span { start, end: start + u32::try_from(word.len()).unwrap() };
            let span = Change::between(before, now).moved(span)?;
            now.get(span.start as usize..span.end as usize).map(str::to_owned)
        };
        for (now, word, expected) in [
            ("zero\none\ntwo\nthree\n", "two", Some("two")),
            ("one\ntwo\n", "one", Some("one")),
            ("three\n", "three", Some("three")),
            ("one\nt-w-o\nthree\n", "three", Some("three")),
            ("one\nt-w-o\nthree\n", "one", Some("one")),
            // It is longer now.
            ("one\nt-w-o\nthree\n", "two", Some("t-w-o")),
            // Its start is gone.
            ("one\nxx\nthree\n", "wo", None),
            ("", "two", None),
        ] {
            assert_eq!(of(now, word).as_deref(), expected, "{word} in {now:?}");
        }
    }
}
