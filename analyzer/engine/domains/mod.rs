//! What the rule language knows about the world: ports, addresses, versions, durations, credentials, IAM and the like.
//!
//! Pure functions over values and texts; none knows a rule. What cannot be known is [`Truth::Unknown`] or `None`, never false.

use plimsoll_syntax::{Kind, Value};

use crate::truth::Truth;

pub(crate) mod address;
pub(crate) mod argv;
pub(crate) mod iam;
pub(crate) mod labels;
pub(crate) mod ports;
pub(crate) mod quantity;
pub(crate) mod retired;
pub(crate) mod secret;
pub(crate) mod tls;
pub(crate) mod version;
pub(crate) mod wellformed;

/// How deep lists in lists and choices in choices are looked into.
const DEPTH: usize = 8;

/// Whether some element passes the test. A value that is no list is its own only element, null has none; a choice is known
/// where its arms agree; a tail leaves open what the known elements do not settle.
pub(crate) fn some(value: &Value, test: &dyn Fn(&Value) -> Truth) -> Truth {
    some_within(value, test, DEPTH)
}

fn some_within(value: &Value, test: &dyn Fn(&Value) -> Truth, depth: usize) -> Truth {
    if depth == 0 {
        return Truth::Unknown;
    }
    match &value.kind {
        Kind::Null => Truth::False,
        Kind::List(list) => {
            let tail = if list.tail.is_some() { Truth::Unknown } else { Truth::False };
            list.items.iter().map(|item| some_within(item, test, depth - 1)).fold(tail, Truth::or)
        }
        Kind::Choice(choice) => agreed(choice.arms.iter().map(|arm| some_within(arm, test, depth - 1))),
        _ => test(value),
    }
}

/// What all arms say; unknown where they differ.
pub(crate) fn agreed(mut arms: impl Iterator<Item = Truth>) -> Truth {
    let Some(first) = arms.next() else { return Truth::Unknown };
    if arms.all(|arm| arm == first) { first } else { Truth::Unknown }
}

/// Whether a list of words, with spaces between, has the word.
pub(crate) fn has(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|known| known == word)
}

/// The text of a scalar that is known as a whole.
pub(crate) fn text(value: &Value) -> Option<String> {
    match &value.kind {
        Kind::String(text) => Some(text.to_string()),
        Kind::Number(number) => Some(number.to_string()),
        Kind::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Short ways to write values in tests.
#[cfg(test)]
pub(crate) mod samples {
    use std::sync::Arc;

    use plimsoll_syntax::value::{Choice, List, Map, Part, Reason, Unknown};
    use plimsoll_syntax::{Kind, Place, Value};

    pub(crate) fn text(text: &str) -> Value {
        Value::string(text, Place::NONE)
    }

    pub(crate) fn int(number: i64) -> Value {
        Value::int(number, Place::NONE)
    }

    pub(crate) fn unknown() -> Value {
        Value::unknown(Unknown::new(Reason::Unset, "var.x"), Place::NONE)
    }

    pub(crate) fn list(items: Vec<Value>) -> Value {
        Value::list(items, Place::NONE)
    }

    pub(crate) fn texts(items: &[&str]) -> Value {
        list(items.iter().map(|item| text(item)).collect())
    }

    pub(crate) fn open(items: Vec<Value>) -> Value {
        let tail = Some(Arc::new(Unknown::new(Reason::Unset, "var.more")));
        Value::new(Kind::List(Arc::new(List { items, tail, blocks: false })), Place::NONE)
    }

    pub(crate) fn map(entries: Vec<(&str, Value)>) -> Value {
        let mut map = Map::default();
        for (key, value) in entries {
            map.set(key, value);
        }
        Value::map(map, Place::NONE)
    }

    pub(crate) fn choice(arms: Vec<Value>) -> Value {
        let condition = Arc::new(Unknown::new(Reason::Unset, "var.prod"));
        Value::new(Kind::Choice(Arc::new(Choice { id: 1, condition, arms })), Place::NONE)
    }

    /// `a${…}b`: a hole wherever the text has `$`.
    pub(crate) fn template(text: &str) -> Value {
        let mut parts = Vec::new();
        for (at, known) in text.split('$').enumerate() {
            if at > 0 {
                parts.push(Part::Hole(Arc::new(Unknown::new(Reason::Unset, "var.x"))));
            }
            if !known.is_empty() {
                parts.push(Part::Known(known.into()));
            }
        }
        Value::new(Kind::Template(parts.into()), Place::NONE)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_syntax::{Place, image};

    use super::samples::{list, map, template, texts};
    use super::*;

    /// Pieces that the functions look for, and some that they do not.
    const PIECES: &[&str] = &[
        "-",
        "--",
        "=",
        "/",
        ":",
        "::",
        ".",
        "0",
        "1",
        "22",
        "255",
        "10.0.0.0",
        "fd00:",
        "*",
        "é",
        "日",
        "\u{0}",
        " ",
        "tls",
        "v",
        "TLS1",
        "_",
        "P",
        "T",
        "D",
        "1h",
        "Ki",
        "e",
        "@",
        "sha256:",
        "$",
        "$$",
        "a",
        "Z",
        "+",
        ",",
        "||",
        ">=",
        "~>",
        "^",
        "x",
        "\"",
        "'",
        "password",
        "AKIA",
        "eyJ",
        "[",
        "]",
        "{",
        "}",
        "(",
        "%",
        "<",
        ">",
        "arn:",
        "sg-",
        "nodejs",
        "<=",
        "99999999999999999999999999",
        "\n",
        "\\",
    ];

    /// A number that looks random, and is the same every time.
    fn next(seed: &mut u64) -> usize {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*seed >> 40).unwrap_or(0)
    }

    #[test]
    fn nothing_panics() {
        let mut seed = 1;
        for _ in 0..3_000 {
            let mut text = String::new();
            for _ in 0..next(&mut seed) % 8 {
                text.push_str(PIECES[next(&mut seed) % PIECES.len()]);
            }
            let other = PIECES[next(&mut seed) % PIECES.len()];
            let value = Value::string(text.as_str(), Place::NONE);
            let words = texts(&[&text, other, &text]);
            let holed = template(&text);
            let ends =
                map(vec![("from", value.clone()), ("to", holed.clone()), ("start", value.clone()), ("end", value.clone())]);
            for value in [&value, &words, &holed, &ends, &list(vec![ends.clone(), holed.clone()])] {
                let _ = (
                    ports::parse(other).map(|wanted| ports::set(value).touches(wanted)),
                    ports::set(value).to_string(),
                    ports::range(value),
                );
                let _ = (address::internet(value), address::world(value), address::loopback(value));
                let _ = (iam::allows(value, &text), iam::public(value), iam::narrowed(value), quantity::duration(value));
                let _ = (labels::selects(value, &words), argv::flag(value, &[other, "-p"]));
            }
            let _ = (
                image::parse(&text),
                version::satisfies(&text, other),
                version::satisfies(other, &text),
                quantity::quantity(&text),
            );
            let _ = (tls::least_version(&text), secret::find(&text), secret::name(&text));
            for form in ["semver", "cron", "port-name", "url"] {
                let _ = wellformed::is(&text, form);
            }
            for table in ["base-image", "kubernetes-api", "eks"] {
                let _ = retired::is(&text, table, "1.37.0");
            }
        }
    }
}
