//! Places after an edit: what stands behind it has moved.

use std::cell::Cell;
use std::sync::Arc;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Choice, Entry, How, Kind, List, Map, Via};
use plimsoll_syntax::{FileId, Item, Place, Span, Value};

/// What an edit of one file has moved.
#[derive(Debug)]
pub(crate) struct Shift {
    file: FileId,
    /// What ends before this is the same in both texts, and stays where it is.
    same: u32,
    /// The beginning of the line of the edit: what begins before it begins there still.
    start: u32,
    /// Bytes from this on move.
    end: u32,
    by: i64,
    /// Something stands in the midst of the edit: it has no new place.
    lost: Cell<bool>,
}

impl Shift {
    /// The edit between two texts.
    pub(crate) fn between(file: FileId, old: &str, new: &str) -> Option<Self> {
        let (old, new) = (old.as_bytes(), new.as_bytes());
        let before = alike(old, new);
        // From the beginning of the line: a word that was put before another may begin as that one does.
        let start = old.get(..before)?.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let rest = old.len().min(new.len()) - start;
        let same = alike_from_behind(old, new).min(rest);
        let by = i64::try_from(new.len()).ok()? - i64::try_from(old.len()).ok()?;
        let count = crate::declare::count;
        Some(Self { file, same: count(before), start: count(start), end: count(old.len() - same), by, lost: Cell::new(false) })
    }

    /// Whether anything stands elsewhere now.
    pub(crate) const fn moves(&self) -> bool {
        self.by != 0
    }

    /// Whether what stands at two places is the same text: it ends before the edit, or begins behind it.
    pub(crate) fn is_beside(&self, old: Span, new: Span) -> bool {
        let before = old.end <= self.same && old == new;
        before || (old.start >= self.end && new == self.behind(old))
    }

    /// Whether a place of the old text is one of the new text now.
    pub(crate) fn leads(&self, old: Span, new: Span) -> bool {
        if old.end <= self.same { old == new } else { new == self.behind(old) }
    }

    fn behind(&self, span: Span) -> Span {
        let start = if span.start >= self.end { self.moved(span.start) } else { span.start };
        Span::new(start, self.moved(span.end))
    }

    /// Whether something had no new place.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.get()
    }

    /// The file.
    pub(crate) const fn file(&self) -> FileId {
        self.file
    }

    /// What ends at an offset, or before it, stays where it is.
    pub(crate) const fn same(&self) -> u32 {
        self.same
    }

    /// The place as it is now; `None`: it is the same.
    pub(crate) fn place(&self, place: Place) -> Option<Place> {
        if place.file != self.file || place == Place::NONE {
            return None;
        }
        self.span(place.span).map(|span| Place { span, ..place })
    }

    fn span(&self, span: Span) -> Option<Span> {
        if span.end <= self.same {
            return None;
        }
        if span.end < self.end || (span.start >= self.start && span.start < self.end) {
            self.lost.set(true);
        }
        Some(self.behind(span))
    }

    /// An offset behind the edit as it is now.
    pub(crate) fn moved(&self, offset: u32) -> u32 {
        u32::try_from(i64::from(offset) + self.by).unwrap_or(offset)
    }

    /// The value as it is now; `None`: it is the same.
    pub(crate) fn value(&self, value: &Value) -> Option<Value> {
        let place = self.place(value.place);
        let via = value.via.as_deref().and_then(|via| self.via(via));
        let kind = match &value.kind {
            Kind::List(list) => self.all(&list.items).map(|items| Kind::List(Arc::new(List { items, ..List::clone(list) }))),
            Kind::Choice(choice) => {
                self.all(&choice.arms).map(|arms| Kind::Choice(Arc::new(Choice { arms, ..Choice::clone(choice) })))
            }
            Kind::Map(map) => self.map(map, value.place.file).map(|map| Kind::Map(Arc::new(map))),
            _ => None,
        };
        if place.is_none() && via.is_none() && kind.is_none() {
            return None;
        }
        Some(Value {
            kind: kind.unwrap_or_else(|| value.kind.clone()),
            place: place.unwrap_or(value.place),
            via: via.map(Arc::new).or_else(|| value.via.clone()),
            sensitive: value.sensitive,
        })
    }

    fn all(&self, values: &[Value]) -> Option<Vec<Value>> {
        each(values, |value| self.value(value))
    }

    fn map(&self, map: &Map, file: FileId) -> Option<Map> {
        let range = (file == self.file && !map.range.is_empty()).then(|| self.span(map.range)).flatten();
        let entries = each(&map.entries, |entry| self.entry(entry));
        if range.is_none() && entries.is_none() {
            return None;
        }
        let entries = entries.unwrap_or_else(|| map.entries.clone());
        Some(Map { entries, range: range.unwrap_or(map.range), tail: map.tail.clone() })
    }

    fn entry(&self, entry: &Entry) -> Option<Entry> {
        let (key_place, place, value) = (self.place(entry.key_place), self.place(entry.place), self.value(&entry.value));
        if key_place.is_none() && place.is_none() && value.is_none() {
            return None;
        }
        Some(Entry {
            key: entry.key.clone(),
            key_place: key_place.unwrap_or(entry.key_place),
            place: place.unwrap_or(entry.place),
            value: value.unwrap_or_else(|| entry.value.clone()),
        })
    }

    fn via(&self, via: &Via) -> Option<Via> {
        let place = self.place(via.place);
        let how = match &via.how {
            How::Encoded(value) => self.value(value).map(|value| How::Encoded(Arc::new(value))),
            _ => None,
        };
        let from = via.from.as_deref().and_then(|from| self.via(from));
        if place.is_none() && how.is_none() && from.is_none() {
            return None;
        }
        Some(Via {
            how: how.unwrap_or_else(|| via.how.clone()),
            place: place.unwrap_or(via.place),
            from: from.map(Arc::new).or_else(|| via.from.clone()),
        })
    }

    /// The item as it is now; `None`: it is the same.
    pub(crate) fn item(&self, item: &Item) -> Option<Item> {
        let (header, value) = (self.place(item.header), self.value(&item.value));
        let range = (item.header.file == self.file).then(|| self.span(item.range)).flatten();
        let owner =
            item.owner.as_ref().and_then(|owner| Some(Owner { range: self.place(owner.range)?, name: owner.name.clone() }));
        if header.is_none() && value.is_none() && range.is_none() && owner.is_none() {
            return None;
        }
        Some(Item {
            views: item.views.clone(),
            name: item.name.clone(),
            header: header.unwrap_or(item.header),
            range: range.unwrap_or(item.range),
            value: value.unwrap_or_else(|| item.value.clone()),
            owner: owner.or_else(|| item.owner.clone()),
            index: item.index,
        })
    }
}

/// Bytes that are compared at once.
const CHUNK: usize = 32;

/// How many bytes two texts have alike from their beginning.
fn alike(one: &[u8], other: &[u8]) -> usize {
    let chunks = one.chunks_exact(CHUNK).zip(other.chunks_exact(CHUNK)).take_while(|(one, other)| one == other).count() * CHUNK;
    let rest = one.iter().zip(other).skip(chunks);
    chunks + rest.take_while(|(one, other)| one == other).count()
}

/// The same, from their end.
fn alike_from_behind(one: &[u8], other: &[u8]) -> usize {
    let chunks = one.rchunks_exact(CHUNK).zip(other.rchunks_exact(CHUNK)).take_while(|(one, other)| one == other).count() * CHUNK;
    let rest = one.iter().rev().zip(other.iter().rev()).skip(chunks);
    chunks + rest.take_while(|(one, other)| one == other).count()
}

/// All as they are now; `None`: all are the same. Each is looked at once.
fn each<T: Clone>(all: &[T], moved: impl Fn(&T) -> Option<T>) -> Option<Vec<T>> {
    let mut out: Option<Vec<T>> = None;
    for (at, one) in all.iter().enumerate() {
        match (moved(one), &mut out) {
            (new, Some(out)) => out.push(new.unwrap_or_else(|| one.clone())),
            (Some(new), None) => {
                let mut made = Vec::with_capacity(all.len());
                made.extend(all.iter().take(at).cloned());
                made.push(new);
                out = Some(made);
            }
            (None, None) => {}
        }
    }
    out
}
