//! Interpolation: `$x ${x} ${x:-d} ${x-d} ${x:?e} ${x:+r}`, nested, and `$$`.
//!
//! Source: <https://docs.docker.com/reference/compose-file/interpolation/>. No environment is read: a variable without a default is
//! unknown, one with a default has it.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::value::{Choice, List, Map, Part, Reason, Shape, Unknown};
use plimsoll_syntax::{Kind, Place, Value};

/// Defaults in defaults.
const DEPTH: usize = 16;

/// The value with every variable in its texts replaced. Keys are left as they are, as Compose leaves them.
pub(super) fn interpolate(value: &Value) -> Value {
    let kind = match &value.kind {
        Kind::String(text) if text.contains('$') => kind_of(text, value.place),
        Kind::List(list) => {
            Kind::List(Arc::new(List { items: list.items.iter().map(interpolate).collect(), ..List::clone(list) }))
        }
        Kind::Map(map) => {
            let mut map = Map::clone(map);
            for entry in &mut map.entries {
                entry.value = interpolate(&entry.value);
            }
            Kind::Map(Arc::new(map))
        }
        _ => return value.clone(),
    };
    Value { kind, ..value.clone() }
}

/// What a text becomes.
fn kind_of(text: &str, place: Place) -> Kind {
    if let Some(kind) = alternative(text, place) {
        return kind;
    }
    let mut parts = Vec::new();
    expand(text, &mut parts, DEPTH);
    match parts.as_slice() {
        [] => Kind::String(CompactString::default()),
        [Part::Known(known)] => Kind::String(known.clone()),
        [Part::Hole(hole)] => Kind::Unknown(hole.clone()),
        _ => Kind::Template(parts.into()),
    }
}

/// `${x:+r}` alone: `r`, or nothing.
fn alternative(text: &str, place: Place) -> Option<Kind> {
    let inner = text.strip_prefix("${")?.strip_suffix('}')?;
    let (name, rest) = name(inner);
    let replacement = rest.strip_prefix(":+").or_else(|| rest.strip_prefix('+'))?;
    if name.is_empty() || replacement.contains(['$', '{', '}']) {
        return None;
    }
    let id = u64::from(place.span.start) << 32 | u64::from(place.file.0);
    let arms = vec![Value::string("", place), Value::string(replacement, place)];
    Some(Kind::Choice(Arc::new(Choice { id, condition: hole(text, false), arms })))
}

/// Adds the parts of a text.
fn expand(text: &str, parts: &mut Vec<Part>, depth: usize) {
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        known(&rest[..at], parts);
        let after = &rest[at + 1..];
        if let Some(escaped) = after.strip_prefix('$') {
            known("$", parts);
            rest = escaped;
            continue;
        }
        if let Some(inner) = after.strip_prefix('{')
            && let Some(end) = closing(inner)
        {
            let whole = &rest[at..at + 2 + end + 1];
            braced(&inner[..end], whole, parts, depth);
            rest = &inner[end + 1..];
            continue;
        }
        let (name, behind) = name(after);
        if name.is_empty() {
            // Compose refuses it; what it says is the text.
            known("$", parts);
            rest = after;
        } else {
            parts.push(Part::Hole(hole(&rest[at..=at + name.len()], false)));
            rest = behind;
        }
    }
    known(rest, parts);
}

/// What stands between the braces.
fn braced(inner: &str, whole: &str, parts: &mut Vec<Part>, depth: usize) {
    let (name, rest) = name(inner);
    let default = rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-'));
    match default {
        _ if name.is_empty() => known(whole, parts),
        Some(default) if depth > 0 => expand(default, parts, depth - 1),
        _ => {
            let required = rest.starts_with(['?']) || rest.starts_with(":?");
            parts.push(Part::Hole(hole(whole, required)));
        }
    }
}

/// Where the brace that is open closes.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A variable's name, and what follows it.
fn name(text: &str) -> (&str, &str) {
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let end = match starts {
        true => text.find(|next: char| !(next.is_ascii_alphanumeric() || next == '_')).unwrap_or(text.len()),
        false => 0,
    };
    text.split_at(end)
}

fn known(text: &str, parts: &mut Vec<Part>) {
    if text.is_empty() {
        return;
    }
    match parts.last_mut() {
        Some(Part::Known(before)) => before.push_str(text),
        _ => parts.push(Part::Known(text.into())),
    }
}

fn hole(source: &str, not_null: bool) -> Arc<Unknown> {
    let unknown = Unknown::new(Reason::Unset, source).shaped(Shape::String);
    Arc::new(Unknown { not_null, ..unknown })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: &Kind) -> String {
        match kind {
            Kind::String(text) => text.to_string(),
            Kind::Unknown(unknown) => format!("<{}>", unknown.source),
            Kind::Template(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Known(text) => text.to_string(),
                    Part::Hole(hole) => format!("<{}>", hole.source),
                })
                .collect(),
            Kind::Choice(choice) => choice.arms.iter().map(|arm| shown(&arm.kind)).collect::<Vec<_>>().join("|"),
            _ => "?".to_owned(),
        }
    }

    #[test]
    fn variables() {
        let rows = [
            ("plain", "plain"),
            ("$A", "<$A>"),
            ("a${B}c", "a<${B}>c"),
            ("$A-$B", "<$A>-<$B>"),
            ("${A:-d}", "d"),
            ("${A-}", ""),
            ("${A:-${B:-c}}", "c"),
            ("${A:-x$B}", "x<$B>"),
            ("${A:?must}", "<${A:?must}>"),
            ("${A:+r}", "|r"),
            ("a${A:+r}", "a<${A:+r}>"),
            ("$$A", "$A"),
            ("$$$$", "$$"),
            ("$5 ${", "$5 ${"),
            ("${}", "${}"),
            ("x$", "x$"),
        ];
        for (text, expected) in rows {
            assert_eq!(shown(&kind_of(text, Place::NONE)), expected, "{text}");
        }
    }
}
