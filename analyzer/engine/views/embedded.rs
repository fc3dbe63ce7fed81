//! Documents in a text: what a call wrote down as JSON or YAML, and JSON whose holes stay unknown. Everything in them is placed
//! where it is written.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_docker::shell::Location;
use plimsoll_syntax::value::{Choice, Entry, List, Map, Part, Unknown};
use plimsoll_syntax::yaml::{self, Dialect};
use plimsoll_syntax::{FileId, Kind, Place, Span, Value};

/// The text of a file.
pub(crate) type Source<'s> = &'s dyn Fn(FileId) -> Option<Arc<str>>;

/// The first of the characters that stand for the holes of a text while it is read as JSON; nobody writes them.
const FIRST_MARK: u32 = 0xE000;
/// More holes than this are not told apart.
const MOST_MARKS: usize = 256;
/// How deep values inside a document are looked into.
const DEPTH: usize = 16;

/// The document that a text is. `None`: it is none, or not known.
pub(super) fn json(value: &Value, source: Source<'_>) -> Option<Value> {
    if let Some(inner) = value.encoded() {
        return match &inner.kind {
            Kind::String(_) | Kind::Template(_) => json(inner, source),
            _ => Some(Lines { source }.tidied(inner, DEPTH)),
        };
    }
    let mut holes: Vec<Arc<Unknown>> = Vec::new();
    let text = match &value.kind {
        Kind::String(text) => text.to_string(),
        Kind::Template(parts) if parts.len() <= MOST_MARKS => {
            let mut text = String::new();
            for part in parts.iter() {
                match part {
                    Part::Known(known) => text.push_str(known),
                    Part::Hole(hole) => {
                        text.extend(mark(holes.len()));
                        holes.push(hole.clone());
                    }
                }
            }
            text
        }
        _ => return None,
    };
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let written = source(value.place.file).filter(|_| value.place.is_some());
    let location = Location::of(value.place, &text, written.as_deref());
    let tree = yaml::parse(&text.into());
    let document = tree.documents.first()?;
    let document = yaml::to_value(&tree, document.root, FileId::NONE, Dialect::Core);
    let placed = Reader { location: &location, holes: &holes }.restored(&document, DEPTH);
    Some(Lines { source }.tidied(&placed, DEPTH))
}

fn mark(hole: usize) -> Option<char> {
    char::from_u32(FIRST_MARK + u32::try_from(hole).ok()?)
}

/// Puts holes back where their marks are, and everything at its place in the file.
struct Reader<'a> {
    location: &'a Location,
    holes: &'a [Arc<Unknown>],
}

impl Reader<'_> {
    fn restored(&self, value: &Value, depth: usize) -> Value {
        let mut place = self.location.at(value.place.span);
        if place.span.is_empty() {
            place = self.location.whole();
        }
        let kind = match &value.kind {
            Kind::String(text) => self.scalar(text),
            Kind::List(list) if depth > 0 => {
                let items = list.items.iter().map(|item| self.restored(item, depth - 1)).collect();
                Kind::List(Arc::new(List { items, ..List::default() }))
            }
            Kind::Map(map) if depth > 0 => {
                let entries = map.entries.iter().map(|entry| Entry {
                    key: entry.key.clone(),
                    key_place: self.location.at(entry.key_place.span),
                    place: self.location.at(entry.place.span),
                    value: self.restored(&entry.value, depth - 1),
                });
                Kind::Map(Arc::new(Map { entries: entries.collect(), ..Map::default() }))
            }
            other => other.clone(),
        };
        Value::new(kind, place)
    }

    fn hole(&self, c: char) -> Option<&Arc<Unknown>> {
        self.holes.get(usize::try_from((c as u32).checked_sub(FIRST_MARK)?).ok()?)
    }

    fn scalar(&self, text: &CompactString) -> Kind {
        let mut parts = Vec::new();
        let mut known = CompactString::default();
        for c in text.chars() {
            match self.hole(c) {
                Some(hole) => {
                    if !known.is_empty() {
                        parts.push(Part::Known(std::mem::take(&mut known)));
                    }
                    parts.push(Part::Hole(hole.clone()));
                }
                None => known.push(c),
            }
        }
        if parts.is_empty() {
            return Kind::String(known);
        }
        if !known.is_empty() {
            parts.push(Part::Known(known));
        }
        match parts.as_slice() {
            [Part::Hole(hole)] => Kind::Unknown(hole.clone()),
            _ => Kind::Template(parts.into()),
        }
    }
}

/// Makes places fit to be underlined: an entry of several lines at its key, an object of several lines at its first.
struct Lines<'s> {
    source: Source<'s>,
}

impl Lines<'_> {
    fn tidied(&self, value: &Value, depth: usize) -> Value {
        if depth == 0 {
            return value.clone();
        }
        let (kind, place) = match &value.kind {
            Kind::List(list) => {
                let items = list.items.iter().map(|item| self.tidied(item, depth - 1)).collect();
                (Kind::List(Arc::new(List { items, ..List::clone(list) })), value.place)
            }
            Kind::Map(map) => {
                let entries = map.entries.iter().map(|entry| Entry {
                    place: if entry.key_place.is_some() && self.first_line(entry.place) != entry.place {
                        entry.key_place
                    } else {
                        entry.place
                    },
                    value: self.tidied(&entry.value, depth - 1),
                    ..entry.clone()
                });
                (Kind::Map(Arc::new(Map { entries: entries.collect(), ..Map::clone(map) })), self.first_line(value.place))
            }
            Kind::Choice(choice) => {
                let arms = choice.arms.iter().map(|arm| self.tidied(arm, depth - 1)).collect();
                (Kind::Choice(Arc::new(Choice { arms, ..Choice::clone(choice) })), value.place)
            }
            _ => return value.clone(),
        };
        Value { kind, place, ..value.clone() }
    }

    fn first_line(&self, place: Place) -> Place {
        let Some(text) = (self.source)(place.file).filter(|_| place.is_some()) else { return place };
        let end = place.span.text(&text).find('\n').map_or(place.span.end, |at| place.span.start + Span::of(0, at).end);
        Place::new(place.file, Span::new(place.span.start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_where_they_are_written() {
        let source = "policy = <<EOT\n{\"Action\": \"${var.a}:*\",\n  \"Resource\": [\n \"*\"]}\nEOT";
        let hole = Arc::new(Unknown::new(plimsoll_syntax::value::Reason::Unset, "var.a"));
        let (start, end) = ("{\"Action\": \"", ":*\",\n  \"Resource\": [\n \"*\"]}\n");
        let parts = [Part::Known(start.into()), Part::Hole(hole), Part::Known(end.into())];
        let place = Place::new(FileId(0), Span::of(9, source.len()));
        let read = json(&Value::new(Kind::Template(parts.into()), place), &|_| Some(source.into())).unwrap();
        let shown = |key: &str| read.as_map().unwrap().get(key).unwrap().place.span.text(source).to_owned();
        assert_eq!(shown("Action"), "\"Action\": \"${var.a}:*\"");
        assert_eq!(shown("Resource"), "\"Resource\"");
        assert!(matches!(read.get("Action").unwrap().kind, Kind::Template(_)));
    }
}
