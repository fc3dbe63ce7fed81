//! RE2's regular expressions: <https://github.com/google/re2/wiki/Syntax>, in the words of the `regex` crate.

use regex::Regex;

use super::Call;

/// Compiles a pattern once for one evaluation.
///
/// # Errors
/// The pattern is not one.
pub(super) fn compile(call: &Call<'_, '_>, pattern: &str) -> Result<Regex, String> {
    let known = call.evaluator.regexes.borrow().get(pattern).cloned();
    let compiled = known.unwrap_or_else(|| {
        let compiled = regex::RegexBuilder::new(&translated(pattern)).size_limit(2 << 20).build().ok();
        call.evaluator.regexes.borrow_mut().insert(pattern.into(), compiled.clone());
        compiled
    });
    compiled.ok_or_else(|| format!("{pattern:?} is no regular expression"))
}

/// What RE2 and the crate write differently: the classes of Perl are ASCII in RE2, a brace that is no repetition is a brace, and
/// classes neither nest nor intersect.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let next = rest[c.len_utf8()..].chars().next();
        let mut taken = c.len_utf8();
        match (c, next) {
            ('\\', Some(escaped)) => {
                taken += escaped.len_utf8();
                out.push_str(match (escaped, in_class) {
                    ('d', true) => "0-9",
                    ('d', false) => "[0-9]",
                    ('D', _) => "[^0-9]",
                    ('w', true) => "0-9A-Za-z_",
                    ('w', false) => "[0-9A-Za-z_]",
                    ('W', _) => "[^0-9A-Za-z_]",
                    ('s', true) => "\\t\\n\\x0C\\r ",
                    ('s', false) => "[\\t\\n\\x0C\\r ]",
                    ('S', _) => "[^\\t\\n\\x0C\\r ]",
                    ('b', false) => "(?-u:\\b)",
                    _ => &rest[..taken],
                });
            }
            ('[', _) if in_class => match rest.strip_prefix("[:").and_then(|inner| inner.find(":]")) {
                Some(length) => {
                    taken = length + 4;
                    out.push_str(&rest[..taken]);
                }
                None => out.push_str("\\["),
            },
            ('[', _) => {
                in_class = true;
                out.push('[');
                if next == Some('^') {
                    out.push('^');
                    taken += 1;
                }
                if rest[taken..].starts_with(']') {
                    out.push_str("\\]");
                    taken += 1;
                }
            }
            (']', _) if in_class => {
                in_class = false;
                out.push(']');
            }
            ('&' | '~', _) if in_class => out.extend(['\\', c]),
            ('-', Some('-')) if in_class => out.push_str("\\-"),
            ('{', _) if !in_class && !is_repetition(rest) => out.push_str("\\{"),
            _ => out.push(c),
        }
        rest = &rest[taken..];
    }
    out
}

/// `{2}`, `{2,}`, `{2,3}`
fn is_repetition(text: &str) -> bool {
    let Some(inner) = text.get(1..).and_then(|text| text.split_once('}')).map(|(inner, _)| inner) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match inner.split_once(',') {
        None => digits(inner),
        Some((least, most)) => digits(least) && (most.is_empty() || digits(most)),
    }
}
