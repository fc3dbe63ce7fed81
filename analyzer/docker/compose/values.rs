//! Small steps on values that Compose files, daemons and cloud-init share.

use std::sync::Arc;

use compact_str::{CompactString, ToCompactString};
use plimsoll_syntax::value::{Entry, List, Map, Number, Part, Shape, Unknown};
use plimsoll_syntax::{Kind, Place, Value};

/// The first of the characters that stand for holes while a text is taken apart; nobody writes them.
const FIRST_MARK: u32 = 0xE000;
/// More holes than this in one text are one unknown.
const MOST_MARKS: usize = 256;

/// A text in which a character stands for each hole, so that it can be split.
#[derive(Debug)]
pub(crate) struct Holed {
    /// The text.
    pub(crate) text: String,
    holes: Vec<Arc<Unknown>>,
    place: Place,
}

impl Holed {
    /// The text of a scalar; `None`: it is none.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let mut out = Self { text: String::new(), holes: Vec::new(), place: value.place };
        match &value.kind {
            Kind::String(text) => out.text.push_str(text),
            Kind::Number(number) => out.text = number.to_string(),
            Kind::Bool(flag) => out.text = flag.to_string(),
            Kind::Unknown(unknown) => out.push(unknown),
            Kind::Template(parts) if parts.len() < MOST_MARKS => {
                for part in parts.iter() {
                    match part {
                        Part::Known(known) => out.text.push_str(known),
                        Part::Hole(hole) => out.push(hole),
                    }
                }
            }
            _ => return None,
        }
        Some(out)
    }

    /// No text: what puts these holes back into others.
    pub(crate) fn with(holes: &[Arc<Unknown>]) -> Self {
        Self { text: String::new(), holes: holes.to_vec(), place: Place::NONE }
    }

    fn push(&mut self, hole: &Arc<Unknown>) {
        let mark = u32::try_from(self.holes.len()).ok().and_then(|number| char::from_u32(FIRST_MARK + number));
        self.text.push(mark.unwrap_or(' '));
        self.holes.push(hole.clone());
    }

    /// The hole that a character stands for.
    pub(crate) fn hole(&self, character: char) -> Option<&Arc<Unknown>> {
        let number = (character as u32).checked_sub(FIRST_MARK)?;
        self.holes.get(usize::try_from(number).ok()?)
    }

    /// The first hole in a part of the text.
    pub(crate) fn first_hole(&self, part: &str) -> Option<&Arc<Unknown>> {
        part.chars().find_map(|character| self.hole(character))
    }

    /// A part of the text as a value.
    pub(crate) fn value(&self, part: &str) -> Value {
        if self.holes.is_empty() {
            return Value::string(part, self.place);
        }
        let mut parts: Vec<Part> = Vec::new();
        for character in part.chars() {
            match (self.hole(character), parts.last_mut()) {
                (Some(hole), _) => parts.push(Part::Hole(hole.clone())),
                (None, Some(Part::Known(known))) => known.push(character),
                (None, _) => parts.push(Part::Known(character.to_compact_string())),
            }
        }
        let kind = match parts.as_slice() {
            [] => Kind::String(CompactString::default()),
            [Part::Known(known)] => Kind::String(known.clone()),
            [Part::Hole(hole)] => Kind::Unknown(Arc::new(Unknown::clone(hole).shaped(Shape::String))),
            _ => Kind::Template(parts.into()),
        };
        Value::new(kind, self.place)
    }

    /// The same, as a number where it is one.
    pub(crate) fn number(&self, part: &str) -> Value {
        match part.parse::<i128>() {
            Ok(number) => Value::int(number, self.place),
            Err(_) => self.value(part),
        }
    }
}

/// The entry under a key; a null counts as absent.
pub(crate) fn entry<'v>(value: &'v Value, key: &str) -> Option<&'v Entry> {
    value.as_map()?.get(key).filter(|entry| !entry.value.is_null())
}

/// What is under `key`: the value, null, or unknown where the map may have more than is known.
pub(crate) fn field(value: &Value, key: &str) -> Value {
    let kind = match &value.kind {
        Kind::Map(map) => match (map.get(key), &map.tail) {
            (Some(entry), _) => return entry.value.clone(),
            (None, Some(tail)) => Kind::Unknown(tail.clone()),
            (None, None) => Kind::Null,
        },
        Kind::Unknown(unknown) => Kind::Unknown(unknown.clone()),
        _ => Kind::Null,
    };
    Value::new(kind, value.place)
}

/// Adds a field with a place of its own to underline.
pub(crate) fn set_at(map: &mut Map, key: &str, value: Value, place: Place) {
    map.put(Entry { place, ..Entry::derived(key, value) });
}

/// Adds a field unless its value is null.
pub(crate) fn set_some(map: &mut Map, key: &str, value: Value) {
    if !value.is_null() {
        map.set(key, value);
    }
}

/// A map of these fields, without those that are null.
pub(crate) fn object<'k>(fields: impl IntoIterator<Item = (&'k str, Value)>, place: Place) -> Value {
    let fields = fields.into_iter();
    let mut map = Map { range: place.span, entries: Vec::with_capacity(fields.size_hint().0), tail: None };
    for (key, value) in fields {
        if !value.is_null() {
            // What is known of one item is underlined as that item.
            set_at(&mut map, key, value, place);
        }
    }
    Value::map(map, place)
}

/// A list of what a value says: itself, or its elements. Null is the empty list.
pub(crate) fn listed(value: &Value) -> Value {
    let items = match &value.kind {
        Kind::List(_) | Kind::Unknown(_) | Kind::Choice(_) => return value.clone(),
        Kind::Null => Vec::new(),
        _ => vec![value.clone()],
    };
    Value::list(items, value.place)
}

/// The list with each element changed; elements for which there is nothing are left out.
pub(crate) fn each(value: &Value, change: impl Fn(&Value) -> Option<Value>) -> Value {
    let list = listed(value);
    let Kind::List(inner) = &list.kind else { return list };
    let items = inner.items.iter().filter_map(change).collect();
    Value::new(Kind::List(Arc::new(List { items, tail: inner.tail.clone(), blocks: false })), list.place)
}

/// The text of a scalar, as a value; anything but a scalar stays as it is.
pub(crate) fn text(value: &Value) -> Value {
    let kind = match &value.kind {
        Kind::Number(number) => Kind::String(number.to_compact_string()),
        Kind::Bool(flag) => Kind::String(flag.to_compact_string()),
        _ => return value.clone(),
    };
    Value { kind, ..value.clone() }
}

/// A bool, also where it is written as a text (`"yes"`); a text that is none stays as it is.
pub(crate) fn bool(value: &Value) -> Value {
    let kind = match &value.kind {
        Kind::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "on" | "1" => Kind::Bool(true),
            "false" | "no" | "n" | "off" | "0" => Kind::Bool(false),
            _ => return value.clone(),
        },
        Kind::Template(parts) => unknown_of(parts),
        _ => return value.clone(),
    };
    Value { kind, ..value.clone() }
}

/// A number, also where it is written as a text.
pub(crate) fn number(value: &Value) -> Value {
    let kind = match &value.kind {
        Kind::String(text) => match Number::parse(text.trim()) {
            Some(number) => Kind::Number(number.into()),
            None => return value.clone(),
        },
        Kind::Template(parts) => unknown_of(parts),
        _ => return value.clone(),
    };
    Value { kind, ..value.clone() }
}

fn unknown_of(parts: &[Part]) -> Kind {
    let hole = parts.iter().find_map(|part| if let Part::Hole(hole) = part { Some(hole.clone()) } else { None });
    hole.map_or(Kind::Null, Kind::Unknown)
}

/// A map, also where it is written as a list of `KEY=value`; a key alone has a null value.
pub(crate) fn pairs(value: &Value) -> Value {
    match &value.kind {
        Kind::Map(map) => {
            let mut map = Map::clone(map);
            for entry in &mut map.entries {
                entry.value = text(&entry.value);
            }
            Value::map(map, value.place)
        }
        Kind::List(list) => {
            let mut map = Map { range: value.place.span, tail: list.tail.clone(), ..Map::default() };
            for item in &list.items {
                let Some(holed) = Holed::of(item) else { continue };
                let (key, written) = match holed.text.split_once('=') {
                    Some((key, written)) => (key, holed.value(written)),
                    None => (holed.text.as_str(), Value::new(Kind::Null, item.place)),
                };
                let written = Value { via: item.via.clone(), ..written };
                match holed.first_hole(key) {
                    Some(hole) => map.tail = Some(hole.clone()),
                    None => set_at(&mut map, key, written, item.place),
                }
            }
            Value::map(map, value.place)
        }
        _ => value.clone(),
    }
}

/// The words of a command line, as `shlex` splits them: quotes and backslashes, nothing else. Words with holes stay templates.
pub(crate) fn words(value: &Value) -> Value {
    let holed = match &value.kind {
        Kind::String(_) | Kind::Template(_) => Holed::of(value),
        Kind::List(_) => return each(value, |word| Some(text(word))),
        _ => None,
    };
    let Some(holed) = holed else { return value.clone() };
    let mut out = Vec::new();
    let (mut word, mut open, mut quote) = (String::new(), false, None);
    let mut characters = holed.text.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', None | Some('"')) => {
                word.extend(characters.next());
                open = true;
            }
            (mark, Some(end)) if mark == end => quote = None,
            ('\'' | '"', None) => (quote, open) = (Some(character), true),
            (space, None) if space.is_whitespace() => {
                if std::mem::take(&mut open) {
                    out.push(holed.value(&std::mem::take(&mut word)));
                }
            }
            _ => {
                word.push(character);
                open = true;
            }
        }
    }
    if open {
        out.push(holed.value(&word));
    }
    Value::list(out, value.place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_split_as_a_shell_does() {
        let rows: &[(&str, &[&str])] = &[
            ("a b  c", &["a", "b", "c"]),
            ("sh -c 'a \"b\"'", &["sh", "-c", "a \"b\""]),
            ("a \"b c\" d\\ e", &["a", "b c", "d e"]),
            ("a ''", &["a", ""]),
            ("", &[]),
        ];
        for (line, expected) in rows {
            let all = words(&Value::string(*line, Place::NONE));
            let shown: Vec<&str> = all.items().iter().filter_map(Value::as_str).collect();
            assert_eq!(shown, *expected, "{line}");
        }
    }
}
