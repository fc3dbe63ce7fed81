//! Interpolation: `$x ${x} ${x:-d} ${x-d} ${x:?e} ${x:+r}`, nested, and `$$`.
//!
//! Source: <https://docs.docker.com/reference/compose-file/interpolation/>. No environment is read: a variable without a default is
//! unknown, one with a default has it.

use std::cell::RefCell;
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::value::{Choice, How, Part, Reason, Shape, Unknown};
use plimsoll_syntax::{Kind, Place, Value};

/// Defaults in defaults.
const DEPTH: usize = 16;

/// The value of a variable by its name.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What variables stand for.
#[derive(Default)]
pub(super) struct Environment<'a> {
    /// The value of a variable, where the environment is known; one that is not set is empty then.
    pub(super) known: Option<Variables<'a>>,
    /// What a file says of a variable, where the environment is not known.
    pub(super) given: Option<Variables<'a>>,
    /// What Compose would refuse: a variable that must be set, a dollar sign that begins nothing.
    pub(super) refused: RefCell<Vec<CompactString>>,
}

impl Environment<'_> {
    /// What a variable stands for, as far as that is known: its value, or that it has none.
    fn lookup(&self, name: &str) -> Option<Option<String>> {
        match (self.known, self.given) {
            (Some(known), _) => Some(known(name)),
            (None, Some(given)) => given(name).map(Some),
            (None, None) => None,
        }
    }
}

/// The value with every variable in its texts replaced. Keys are left as they are, as Compose leaves them.
pub(super) fn interpolate(mut value: Value, environment: &Environment<'_>) -> Value {
    replace(&mut value, environment);
    value
}

fn replace(value: &mut Value, environment: &Environment<'_>) {
    match &mut value.kind {
        Kind::String(text) if text.contains('$') => {
            let text = std::mem::take(text);
            value.kind = kind_of(&text, value.place, environment);
            // What a file beside this one says stands there, not here.
            if environment.given.is_some_and(|given| mentions(&text, given)) {
                *value = std::mem::take(value).through(How::Setting, value.place);
            }
        }
        Kind::List(list) => Arc::make_mut(list).items.iter_mut().for_each(|item| replace(item, environment)),
        Kind::Map(map) => Arc::make_mut(map).entries.iter_mut().for_each(|entry| replace(&mut entry.value, environment)),
        _ => {}
    }
}

/// Whether a text has a variable that is given.
fn mentions(text: &str, given: Variables<'_>) -> bool {
    let after = text.split('$').skip(1).map(|rest| name(rest.strip_prefix('{').unwrap_or(rest)).0);
    after.filter(|name| !name.is_empty()).any(|name| given(name).is_some())
}

/// What a text becomes.
fn kind_of(text: &str, place: Place, environment: &Environment<'_>) -> Kind {
    if environment.known.is_none()
        && !environment.given.is_some_and(|given| mentions(text, given))
        && let Some(kind) = alternative(text, place)
    {
        return kind;
    }
    let mut parts = Vec::new();
    expand(text, &mut parts, environment, DEPTH);
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
fn expand(text: &str, parts: &mut Vec<Part>, environment: &Environment<'_>, depth: usize) {
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
            braced(&inner[..end], whole, parts, environment, depth);
            rest = &inner[end + 1..];
            continue;
        }
        let (name, behind) = name(after);
        if name.is_empty() {
            // What it says is the text.
            environment.refused.borrow_mut().push(rest.into());
            known("$", parts);
            rest = after;
        } else {
            match environment.lookup(name) {
                Some(value) => known(&value.unwrap_or_default(), parts),
                None => parts.push(Part::Hole(hole(&rest[at..=at + name.len()], false))),
            }
            rest = behind;
        }
    }
    known(rest, parts);
}

/// What stands between the braces.
fn braced(inner: &str, whole: &str, parts: &mut Vec<Part>, environment: &Environment<'_>, depth: usize) {
    let (name, rest) = name(inner);
    let (colon, operator) = rest.strip_prefix(':').map_or((false, rest), |operator| (true, operator));
    let word = operator.get(1..).unwrap_or("");
    let valid = !name.is_empty() && (rest.is_empty() || operator.starts_with(['-', '?', '+'])) && depth > 0;
    if !valid {
        environment.refused.borrow_mut().push(whole.into());
        return known(whole, parts);
    }
    let value = environment.lookup(name);
    let set = value.as_ref().map(|value| value.as_ref().filter(|value| !(colon && value.is_empty())));
    match (operator.chars().next(), set) {
        (Some('-'), None | Some(None)) => expand(word, parts, environment, depth - 1),
        (Some('+'), Some(Some(_))) => expand(word, parts, environment, depth - 1),
        (Some('+'), Some(None)) => {}
        (Some('?'), Some(None)) => environment.refused.borrow_mut().push(whole.into()),
        (_, Some(Some(value))) => known(value, parts),
        (_, Some(None)) => known(value.flatten().as_deref().unwrap_or(""), parts),
        (operator, None) => parts.push(Part::Hole(hole(whole, operator == Some('?')))),
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
            assert_eq!(shown(&kind_of(text, Place::NONE, &Environment::default())), expected, "{text}");
        }
    }

    #[test]
    fn variables_of_a_known_environment() {
        let value = |name: &str| match name {
            "A" => Some("a".to_owned()),
            "E" => Some(String::new()),
            _ => None,
        };
        let rows = [
            ("$A ${A} $B.", "a a .", false),
            ("${E:-d} ${E-d} ${B-d}", "d  d", false),
            ("${A:+r}${B:+r}${E+r}", "rr", false),
            ("${B:-${A}}", "a", false),
            ("${B:?must}", "", true),
            ("${E?must}", "", false),
            ("$$A", "$A", false),
            ("${A", "${A", true),
        ];
        for (text, expected, refused) in rows {
            let environment = Environment { known: Some(&value), ..Environment::default() };
            assert_eq!(shown(&kind_of(text, Place::NONE, &environment)), expected, "{text}");
            assert_eq!(!environment.refused.borrow().is_empty(), refused, "{text}");
        }
    }
}
