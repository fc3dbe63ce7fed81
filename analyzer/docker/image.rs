//! Image references as values with parts.

use compact_str::CompactString;
use plimsoll_syntax::image;
use plimsoll_syntax::value::{Part, Shape, Unknown};
use plimsoll_syntax::{Kind, Value};

use std::borrow::Cow;
use std::sync::Arc;

use crate::values::derived;

/// Stands for a hole while a reference is read: a word that fits anywhere in one. The hole's number and an `x` follow.
const MARK: &str = "plimsollhole";

/// The parts of a reference: `registry`, `repository`, `name` (both), `familiar` (as people write it), `tag`, `digest`, `text`; a
/// tag or digest that is not written is absent. What a hole may change is unknown. `None`: it is no reference.
pub(crate) fn parts(written: &Value) -> Option<Value> {
    let place = written.place;
    let mut holes: Vec<&Arc<Unknown>> = Vec::new();
    let text = match &written.kind {
        Kind::String(known) => Cow::Borrowed(known.as_str()),
        Kind::Template(parts) => {
            let mut text = String::new();
            for part in parts.iter() {
                match part {
                    Part::Known(known) => text.push_str(known),
                    Part::Hole(hole) => {
                        text.push_str(&format!("{MARK}{}x", holes.len()));
                        holes.push(hole);
                    }
                }
            }
            Cow::Owned(text)
        }
        Kind::Unknown(_) => return Some(written.clone()),
        _ => return None,
    };
    let open = |hole: &Arc<Unknown>| Value::unknown(Unknown::clone(hole).shaped(Shape::String), place);
    let Some(image) = image::parse(&text) else {
        // A hole in a place where its filling matters (a digest): nothing is certain.
        return Some(Value::new(Kind::Unknown((*holes.first()?).clone()), place));
    };
    let part = |text: &str| match holes.iter().enumerate().find(|(number, _)| text.contains(&format!("{MARK}{number}x"))) {
        Some((_, hole)) => open(hole),
        None => Value::string(text, place),
    };
    // A hole before the first slash may be a registry; one at the end may bring its own tag and digest.
    let named = text.split('@').next().unwrap_or("");
    let first = || named.split_once('/').map_or_else(|| named.split(':').next().unwrap_or(""), |(first, _)| first);
    let leading = holes.first().filter(|_| first().contains(MARK));
    let at_end = || text.ends_with('x') && text.rfind(MARK).is_some_and(|at| !text[at..].contains(['/', ':', '@']));
    let trailing = holes.last().filter(|_| at_end());
    let name = |text: &str| leading.map_or_else(|| part(text), |hole| open(hole));
    let end = |text: &Option<CompactString>| match (text, trailing) {
        (Some(text), _) => part(text),
        (None, Some(hole)) => open(hole),
        (None, None) => Value::default(),
    };
    let fields = [
        ("registry", name(&image.registry)),
        ("repository", name(&image.repository)),
        ("name", name(&image.name)),
        ("familiar", name(image.familiar())),
        ("tag", end(&image.tag)),
        ("digest", end(&image.digest)),
        ("text", written.clone()),
    ];
    Some(derived(fields, place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_syntax::Place;
    use plimsoll_syntax::value::Reason;

    #[test]
    fn holes_stay_open() {
        let rows: &[(&str, &str)] = &[
            ("nginx", "docker.io/library/nginx - -"),
            ("nginx:1.27", "docker.io/library/nginx 1.27 -"),
            ("nginx:$", "docker.io/library/nginx ? ?"),
            ("$/nginx:1", "? 1 -"),
            ("nginx$", "? ? ?"),
            ("a.io/x:1-$", "a.io/x ? ?"),
            ("a.io/x:$-slim", "a.io/x ? -"),
            ("a.io/$/x:1", "? 1 -"),
            ("$", "?"),
            ("UPPER", "none"),
        ];
        for (text, expected) in rows {
            let mut kinds = Vec::new();
            for (at, known) in text.split('$').enumerate() {
                if at > 0 {
                    kinds.push(Part::Hole(Arc::new(Unknown::new(Reason::Unset, "$X"))));
                }
                if !known.is_empty() {
                    kinds.push(Part::Known(known.into()));
                }
            }
            let value = match &kinds[..] {
                [Part::Known(known)] => Value::string(known.clone(), Place::NONE),
                [Part::Hole(hole)] => Value::new(Kind::Unknown(hole.clone()), Place::NONE),
                _ => Value::new(Kind::Template(kinds.into()), Place::NONE),
            };
            let shown = |value: Option<&Value>| match value {
                None => "-".to_owned(),
                Some(value) => value.as_str().unwrap_or("?").to_owned(),
            };
            let found = match parts(&value) {
                None => "none".to_owned(),
                Some(value) if value.as_map().is_none() => "?".to_owned(),
                Some(value) => format!("{} {} {}", shown(value.get("name")), shown(value.get("tag")), shown(value.get("digest"))),
            };
            assert_eq!(found, *expected, "{text}");
        }
    }
}
