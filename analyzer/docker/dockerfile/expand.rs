//! Words of instructions as BuildKit expands them: quotes, escapes, `$name`, `${name:-word}`, `${name#pattern}`.
//!
//! After `frontend/dockerfile/shell` of BuildKit; <https://docs.docker.com/reference/dockerfile/#environment-replacement>.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::value::{Reason, Shape, Unknown};

use crate::shell::holes::{has_mark, mark};

/// Substitutions may nest so deep.
const DEPTH: usize = 24;

/// A text that grows beyond this is not followed: `ENV A=$A$A` doubles it with every line.
const LONGEST: usize = 64 << 10;

/// What a scope says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// Set, perhaps with holes.
    Set(CompactString),
    /// Declared without a value: whoever builds may give one.
    Declared,
    /// Nobody sets it here, and nobody else can: it is empty.
    Missing,
    /// Nobody sets it here; the base image may.
    Elsewhere,
}

/// A use of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) name: CompactString,
    pub(crate) lookup: Lookup,
    /// `${name:-default}` as written.
    pub(crate) default: Option<CompactString>,
}

/// Expands words in a scope, and remembers what they refer to.
pub(crate) struct Expander<'a> {
    pub(crate) escape: char,
    pub(crate) scope: &'a dyn Fn(&str) -> Lookup,
    pub(crate) holes: &'a mut Vec<Arc<Unknown>>,
    pub(crate) references: Vec<Reference>,
    /// What BuildKit refuses the word for.
    pub(crate) error: Option<&'static str>,
}

/// A word as BuildKit expands it where `variables` are all that is set.
///
/// # Errors
/// Why BuildKit refuses it.
pub fn expand(
    word: &str,
    escape: char,
    variables: &dyn Fn(&str) -> Option<CompactString>,
) -> Result<CompactString, &'static str> {
    let mut holes = Vec::new();
    // What is not set is empty; what `-` and `+` ask is whether it is set.
    let scope = |name: &str| variables(name).map_or(Lookup::Missing, Lookup::Set);
    let mut expander = Expander { escape, scope: &scope, holes: &mut holes, references: Vec::new(), error: None };
    let text = expander.word(word);
    match expander.error {
        Some(error) => Err(error),
        None => Ok(text),
    }
}

impl Expander<'_> {
    /// The word with quotes removed and variables replaced.
    pub(crate) fn word(&mut self, text: &str) -> CompactString {
        if !text.chars().any(|c| matches!(c, '\'' | '"' | '$') || c == self.escape) {
            return text.into();
        }
        let mut chars = Cursor { chars: text.chars().collect(), at: 0 };
        let out = self.until(&mut chars, None, 0);
        if out.len() > LONGEST { self.hole("a very long text") } else { out }
    }

    fn until(&mut self, chars: &mut Cursor, stop: Option<char>, depth: usize) -> CompactString {
        let mut out = CompactString::default();
        while let Some(c) = chars.next() {
            match c {
                _ if Some(c) == stop => {
                    chars.at -= 1;
                    break;
                }
                '\'' => loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => out.push(c),
                        None => {
                            self.error = Some("a single quote is never closed");
                            break;
                        }
                    }
                },
                '"' => self.quoted(chars, &mut out, depth),
                '$' => {
                    let text = self.dollar(chars, depth);
                    // What is too long stays so; how long does not matter.
                    if out.len() <= LONGEST {
                        out.push_str(&text);
                    }
                }
                c if c == self.escape => out.extend(chars.next()),
                c => out.push(c),
            }
        }
        out
    }

    fn quoted(&mut self, chars: &mut Cursor, out: &mut CompactString, depth: usize) {
        while let Some(c) = chars.next() {
            match c {
                '"' => return,
                '$' => {
                    let text = self.dollar(chars, depth);
                    if out.len() <= LONGEST {
                        out.push_str(&text);
                    }
                }
                c if c == self.escape => match chars.peek() {
                    Some(next) if next == '"' || next == '$' || next == self.escape => out.extend(chars.next()),
                    _ => out.push(c),
                },
                c => out.push(c),
            }
        }
        self.error = Some("a double quote is never closed");
    }

    fn dollar(&mut self, chars: &mut Cursor, depth: usize) -> CompactString {
        if chars.peek() != Some('{') {
            let name = chars.name();
            return if name.is_empty() { "$".into() } else { self.variable(&name, None) };
        }
        let start = chars.at;
        chars.at += 1;
        let name = chars.name();
        let colon = chars.peek() == Some(':');
        if colon {
            chars.at += 1;
        }
        let operator = chars.next();
        if operator == Some('}') && !name.is_empty() && !colon {
            return self.variable(&name, None);
        }
        let operators: &[char] = if colon { &['-', '+', '?'] } else { &['-', '+', '?', '#', '%', '/'] };
        let Some(operator) = operator.filter(|c| operators.contains(c) && depth < DEPTH && !name.is_empty()) else {
            self.error = Some("this substitution is not supported");
            return self.hole("${");
        };
        let second = chars.peek().filter(|next| *next == operator && matches!(operator, '#' | '%' | '/'));
        if second.is_some() {
            chars.at += 1;
        }
        let word_start = chars.at;
        // The references of the word count only where it is used.
        let before = self.references.len();
        let stop = if operator == '/' { '/' } else { '}' };
        let word = self.until(chars, Some(stop), depth + 1);
        let written = chars.text(word_start, chars.at);
        let mut replacement = CompactString::default();
        if operator == '/' && chars.peek() == Some('/') {
            chars.at += 1;
            replacement = self.until(chars, Some('}'), depth + 1);
        }
        if chars.next().is_none() {
            self.error = Some("a substitution is never closed");
        }
        let source = format_compact!("${}", chars.text(start, chars.at));
        let lookup = (self.scope)(&name);
        let default = matches!(operator, '-' | '?').then_some(written);
        let inner = self.references.split_off(before);
        self.references.push(Reference { name, lookup: lookup.clone(), default });
        self.references.extend(inner);
        let empty = |text: &CompactString| colon && text.is_empty();
        match (operator, lookup) {
            ('-', Lookup::Set(text)) if !empty(&text) => text,
            ('-', Lookup::Elsewhere) => self.hole(&source),
            ('-', _) => word,
            ('+', Lookup::Set(text)) if !empty(&text) => word,
            ('+', Lookup::Elsewhere) => self.hole(&source),
            ('+', _) => CompactString::default(),
            ('?', Lookup::Set(text)) if !empty(&text) => text,
            ('?', Lookup::Missing | Lookup::Set(_)) => {
                self.error = Some("a variable that must be set is not");
                self.hole(&source)
            }
            ('#' | '%' | '/', Lookup::Missing) => CompactString::default(),
            ('#' | '%' | '/', Lookup::Set(text)) if !has_mark(&text) && !has_mark(&word) => {
                let all = second.is_some();
                match operator {
                    '#' => without_prefix(&text, &word, all),
                    '%' => without_suffix(&text, &word, all),
                    _ => replaced(&text, &word, &replacement, all),
                }
            }
            _ => self.hole(&source),
        }
    }

    fn variable(&mut self, name: &str, default: Option<CompactString>) -> CompactString {
        let lookup = (self.scope)(name);
        self.references.push(Reference { name: name.into(), lookup: lookup.clone(), default });
        match lookup {
            Lookup::Set(text) => text,
            Lookup::Missing => CompactString::default(),
            Lookup::Declared | Lookup::Elsewhere => self.hole(&format!("${name}")),
        }
    }

    fn hole(&mut self, source: &str) -> CompactString {
        let unknown = Arc::new(Unknown::new(Reason::Unset, source).shaped(Shape::String));
        let mut text = CompactString::default();
        text.push(mark(unknown, self.holes));
        text
    }
}

struct Cursor {
    chars: Vec<char>,
    at: usize,
}

impl Cursor {
    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn text(&self, start: usize, end: usize) -> CompactString {
        self.chars.get(start..end).unwrap_or(&[]).iter().collect()
    }

    /// The name that begins here: letters, digits and `_`; or digits; or one special character.
    fn name(&mut self) -> CompactString {
        let start = self.at;
        match self.peek() {
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
                    self.at += 1;
                }
            }
            Some(c) if c.is_ascii_digit() => {
                while self.peek().is_some_and(|c| c.is_ascii_digit()) {
                    self.at += 1;
                }
            }
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => self.at += 1,
            _ => {}
        }
        self.text(start, self.at)
    }
}

/// `*` and `?`, as in file names but across slashes; a backslash takes the next character as it is. Time grows with the product
/// of both lengths, whatever the pattern.
fn fits(pattern: &[char], text: &[char]) -> bool {
    // Whether the pattern so far fits the first so many characters.
    let mut fitting = vec![false; text.len() + 1];
    if let Some(first) = fitting.first_mut() {
        *first = true;
    }
    let mut rest = pattern.iter();
    while let Some(c) = rest.next() {
        match c {
            '*' => {
                let mut any = false;
                for fits in &mut fitting {
                    any |= *fits;
                    *fits = any;
                }
            }
            c => {
                let wanted = if *c == '\\' { rest.next().unwrap_or(c) } else { c };
                let one = *c == '?';
                let next = fitting.iter().zip(text).map(|(fits, found)| *fits && (one || found == wanted));
                fitting = std::iter::once(false).chain(next.collect::<Vec<_>>()).collect();
            }
        }
    }
    fitting.last().copied().unwrap_or(false)
}

/// Longer texts are not searched for patterns.
const MOST: usize = 400;

fn without_prefix(text: &str, pattern: &str, longest: bool) -> CompactString {
    let (chars, pattern): (Vec<char>, Vec<char>) = (text.chars().take(MOST).collect(), pattern.chars().collect());
    let fit = |at: &usize| fits(&pattern, chars.get(..*at).unwrap_or(&[]));
    let cut = if longest { (0..=chars.len()).rev().find(fit) } else { (0..=chars.len()).find(fit) };
    text.chars().skip(cut.unwrap_or(0)).collect()
}

fn without_suffix(text: &str, pattern: &str, longest: bool) -> CompactString {
    let (chars, pattern): (Vec<char>, Vec<char>) = (text.chars().take(MOST).collect(), pattern.chars().collect());
    let fit = |at: &usize| fits(&pattern, chars.get(*at..).unwrap_or(&[]));
    let cut = if longest { (0..=chars.len()).find(fit) } else { (0..=chars.len()).rev().find(fit) };
    text.chars().take(cut.unwrap_or(usize::MAX)).collect()
}

fn replaced(text: &str, pattern: &str, replacement: &str, all: bool) -> CompactString {
    let (chars, pattern): (Vec<char>, Vec<char>) = (text.chars().take(MOST).collect(), pattern.chars().collect());
    let mut out = CompactString::default();
    let mut at = 0;
    let mut done = pattern.is_empty();
    while let Some(c) = chars.get(at) {
        let end = (at + 1..=chars.len()).rev().find(|end| !done && fits(&pattern, chars.get(at..*end).unwrap_or(&[])));
        match end {
            Some(end) => {
                out.push_str(replacement);
                at = end;
                done = !all;
            }
            None => {
                out.push(*c);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut holes = Vec::new();
        let scope = |name: &str| match name {
            "A" => Lookup::Set("one".into()),
            "EMPTY" => Lookup::Set(CompactString::default()),
            "PATHS" => Lookup::Set("/usr/lib/a.tar.gz".into()),
            "ARGUMENT" => Lookup::Declared,
            "NONE" => Lookup::Missing,
            _ => Lookup::Elsewhere,
        };
        let mut expander = Expander { escape: '\\', scope: &scope, holes: &mut holes, references: Vec::new(), error: None };
        let word = expander.word(text);
        word.chars().map(|c| if crate::shell::holes::is_mark(c) { '□' } else { c }).collect()
    }

    #[test]
    fn words() {
        let rows: &[(&str, &str)] = &[
            ("plain", "plain"),
            ("$A", "one"),
            ("${A}s", "ones"),
            ("$As", "□"),
            ("\"$A b\"", "one b"),
            ("'$A'", "$A"),
            ("\\$A", "$A"),
            ("a\\ b", "a b"),
            ("\"a\\\"b\\c\"", "a\"b\\c"),
            ("$", "$"),
            ("${A:-x}", "one"),
            ("${EMPTY:-x}", "x"),
            ("${EMPTY-x}", ""),
            ("${NONE:-$A}", "one"),
            ("${ARGUMENT:-x}", "x"),
            ("${BASE:-x}", "□"),
            ("${A:+x}", "x"),
            ("${NONE:+x}", ""),
            ("${NONE:-${EMPTY:-y}}", "y"),
            ("${PATHS#*/}", "usr/lib/a.tar.gz"),
            ("${PATHS##*/}", "a.tar.gz"),
            ("${PATHS%.*}", "/usr/lib/a.tar"),
            ("${PATHS%%.*}", "/usr/lib/a"),
            ("${PATHS/a/b}", "/usr/lib/b.tar.gz"),
            ("${PATHS#*a*a*a*a*a*a*a*a*a*x}", "/usr/lib/a.tar.gz"),
            ("${PATHS#/???/}", "lib/a.tar.gz"),
            ("${PATHS//a/b}", "/usr/lib/b.tbr.gz"),
            ("${ARGUMENT}", "□"),
            ("a${}", "a□"),
            ("${A", "□"),
        ];
        for (text, expected) in rows {
            assert_eq!(shown(text), *expected, "{text}");
        }
    }
}
