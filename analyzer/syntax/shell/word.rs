//! Words: quotes, variables, substitutions.

use std::borrow::Cow;

use compact_str::CompactString;

use super::lexer::expansion;
use super::tree::WordPart;

/// What quotes are in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// They quote.
    Word,
    /// They are text like any other: the body of a here-document.
    Document,
}

/// The parts of a raw word.
pub(super) fn parts(raw: &str, quoting: Quoting) -> Vec<WordPart> {
    let mut out = Vec::new();
    let mut text = CompactString::default();
    let document = quoting == Quoting::Document;
    let mut double = document;
    let mut at = 0;
    loop {
        // What means nothing but itself is taken at once.
        let plain = raw.as_bytes()[at..].iter().position(|byte| matches!(byte, b'\'' | b'"' | b'\\' | b'$' | b'`'));
        let special = plain.map_or(raw.len(), |plain| at + plain);
        text.push_str(&raw[at..special]);
        at = special;
        let Some(c) = raw[at..].chars().next() else { break };
        let next = at + 1;
        let following = raw[next..].chars().next();
        match (c, following) {
            ('\'', _) if !double => {
                let end = raw[next..].find('\'').map_or(raw.len(), |found| next + found);
                text.push_str(&raw[next..end]);
                at = (end + 1).min(raw.len());
                continue;
            }
            ('"', _) if !document => double = !double,
            ('\\', Some(escaped)) => {
                if double && !(matches!(escaped, '$' | '`' | '\\' | '\n') || escaped == '"' && !document) {
                    text.push(c);
                }
                if escaped != '\n' {
                    text.push(escaped);
                }
                at = next + escaped.len_utf8();
                continue;
            }
            ('$', Some('\'')) if !double => {
                let (end, closed) = expansion(raw, at, false);
                text.push_str(&raw[next + 1..end - usize::from(closed)]);
                at = end;
                continue;
            }
            // A text to be translated.
            ('$', Some('"')) if !double => {}
            ('$' | '`', _) => {
                if let Some((end, part)) = expanded(raw, at, double) {
                    if !text.is_empty() {
                        out.push(WordPart::Text(std::mem::take(&mut text)));
                    }
                    out.push(part);
                    at = end;
                    continue;
                }
                text.push(c);
            }
            _ => text.push(c),
        }
        at = next;
    }
    // Most words are one text, and need room for no more.
    if out.is_empty() {
        return vec![WordPart::Text(text)];
    }
    if !text.is_empty() {
        out.push(WordPart::Text(text));
    }
    out
}

/// The expansion at `at`: its end, and what it is; `None`: a plain `$`.
fn expanded(raw: &str, at: usize, double: bool) -> Option<(usize, WordPart)> {
    let rest = &raw[at..];
    let name_end = |rest: &str| rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    if rest.starts_with('`') || rest.starts_with("$(") || rest.starts_with("${") {
        let (end, closed) = expansion(raw, at, double);
        let written = &raw[at..end];
        let name = written.strip_prefix("${").map(|inner| &inner[..inner.len() - usize::from(closed)]);
        let part = match name.filter(|name| !name.is_empty() && name_end(name) == name.len()) {
            Some(name) => WordPart::Variable(name.into()),
            None => WordPart::Other(written.into()),
        };
        return Some((end, part));
    }
    match rest.as_bytes().get(1)? {
        byte if byte.is_ascii_alphabetic() || *byte == b'_' => {
            let end = 1 + name_end(&rest[1..]);
            Some((at + end, WordPart::Variable(rest[1..end].into())))
        }
        byte if byte.is_ascii_digit() || b"@*#?$!-".contains(byte) => Some((at + 2, WordPart::Variable(rest[1..2].into()))),
        _ => None,
    }
}

/// The scripts in `$(…)` and backquotes of a raw word, with their offsets in it.
pub(super) fn substitutions(raw: &str, quoting: Quoting) -> Vec<(usize, Cow<'_, str>)> {
    let mut out = Vec::new();
    let bytes = raw.as_bytes();
    if !bytes.iter().any(|byte| matches!(byte, b'$' | b'`')) {
        return out;
    }
    let document = quoting == Quoting::Document;
    let mut double = document;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = &bytes[at..];
        match byte {
            b'\'' if !double => {
                at += 1 + rest[1..].iter().position(|byte| *byte == b'\'').unwrap_or(rest.len() - 1);
            }
            b'"' if !document => double = !double,
            b'\\' => at += 1,
            b'$' if rest.starts_with(b"$'") && !double => at = expansion(raw, at, false).0 - 1,
            // Of arithmetic, only what is substituted in it.
            b'$' if rest.starts_with(b"$((") => at += 2,
            b'$' if rest.starts_with(b"$(") => {
                let (end, closed) = expansion(raw, at, double);
                out.push((at + 2, Cow::Borrowed(&raw[at + 2..end - usize::from(closed)])));
                at = end - 1;
            }
            b'`' => {
                let (end, closed) = expansion(raw, at, double);
                let inner = &raw[at + 1..end - usize::from(closed)];
                // Backquotes within backquotes are escaped. Offsets stay.
                let inner = if inner.contains("\\`") { Cow::Owned(inner.replace("\\`", " `")) } else { Cow::Borrowed(inner) };
                out.push((at + 1, inner));
                at = end - 1;
            }
            _ => {}
        }
        at += 1;
    }
    out
}

/// The tag of a here-document as its last line writes it.
pub(super) fn without_quotes(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => out.extend(characters.next().filter(|escaped| *escaped != '\n')),
            '\'' | '"' => {}
            _ => out.push(c),
        }
    }
    out
}

/// `NAME` of `NAME=value`, `NAME+=value` and `NAME[index]=value`.
pub(super) fn assigned_name(raw: &str) -> Option<&str> {
    let (left, _) = raw.split_once('=')?;
    let left = left.strip_suffix('+').unwrap_or(left);
    let name = if left.ends_with(']') { left.split('[').next()? } else { left };
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (plain && name.starts_with(|first: char| !first.is_ascii_digit())).then_some(name)
}

/// `NAME=` before the parenthesis of an array.
pub(super) fn is_assigned(raw: &str) -> bool {
    raw.ends_with('=') && raw.len() < 256 && assigned_name(raw).is_some_and(|_| raw.matches('=').count() == 1)
}

/// A command may follow these.
pub(super) fn begins_command(word: &str) -> bool {
    matches!(word, "if" | "then" | "elif" | "else" | "while" | "until" | "do" | "in" | "{" | "!" | "time")
}
