//! Words: quotes, variables, substitutions.

use compact_str::CompactString;

use super::tree::WordPart;
use crate::text::Span;

/// Brackets that no bracket closes, before the rest of the word is left alone: each costs a look at all that follows.
const MAX_UNCLOSED: usize = 16;

/// The parts of a raw word.
pub(super) fn parts(raw: &str) -> Vec<WordPart> {
    let mut out = Vec::new();
    let mut text = CompactString::default();
    let mut double = false;
    let mut unclosed = 0;
    let mut at = 0;
    while let Some(c) = raw[at..].chars().next() {
        let next = at + c.len_utf8();
        match c {
            '\'' if !double => {
                let end = raw[next..].find('\'').map_or(raw.len(), |found| next + found);
                text.push_str(&raw[next..end]);
                at = (end + 1).min(raw.len());
                continue;
            }
            '"' => double = !double,
            '\\' => {
                let Some(escaped) = raw[next..].chars().next() else {
                    text.push(c);
                    break;
                };
                if double && !matches!(escaped, '"' | '$' | '`' | '\\' | '\n') {
                    text.push(c);
                }
                if escaped != '\n' {
                    text.push(escaped);
                }
                at = next + escaped.len_utf8();
                continue;
            }
            '$' if unclosed == MAX_UNCLOSED => {
                if !text.is_empty() {
                    out.push(WordPart::Text(std::mem::take(&mut text)));
                }
                out.push(WordPart::Other(raw[at..].into()));
                break;
            }
            '$' | '`' => {
                if let Some((end, part)) = expansion(raw, at) {
                    if !text.is_empty() {
                        out.push(WordPart::Text(std::mem::take(&mut text)));
                    }
                    out.push(part);
                    at = end;
                    continue;
                }
                unclosed += usize::from(raw[next..].starts_with(['(', '{']));
                text.push(c);
            }
            _ => text.push(c),
        }
        at = next;
    }
    if !text.is_empty() || out.is_empty() {
        out.push(WordPart::Text(text));
    }
    out
}

/// The expansion at `at`: its end, and what it is; `None`: a plain `$`.
fn expansion(raw: &str, at: usize) -> Option<(usize, WordPart)> {
    let rest = &raw[at..];
    if let Some(inner) = rest.strip_prefix('`') {
        let end = inner.find('`').map_or(rest.len(), |found| found + 2);
        return Some((at + end, WordPart::Other(rest[..end].into())));
    }
    match rest.as_bytes().get(1)? {
        b'(' | b'{' => {
            let end = closing(rest, 1)?;
            let inner = &rest[2..end - 1];
            let name = rest.as_bytes()[1] == b'{'
                && !inner.is_empty()
                && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let part = if name { WordPart::Variable(inner.into()) } else { WordPart::Other(rest[..end].into()) };
            Some((at + end, part))
        }
        byte if byte.is_ascii_alphabetic() || *byte == b'_' => {
            let end = 1 + rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len() - 1);
            Some((at + end, WordPart::Variable(rest[1..end].into())))
        }
        byte if byte.is_ascii_digit() || matches!(byte, b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-') => {
            Some((at + 2, WordPart::Variable(rest[1..2].into())))
        }
        _ => None,
    }
}

/// The end of the bracket that opens at `open`, quotes respected.
fn closing(text: &str, open: usize) -> Option<usize> {
    let (left, right) = if text.as_bytes().get(open) == Some(&b'(') { (b'(', b')') } else { (b'{', b'}') };
    let mut depth = 0_usize;
    let mut quote = None;
    let mut bytes = text.bytes().enumerate().skip(open);
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (Some(b'\''), b'\'') => quote = None,
            (Some(b'\''), _) => {}
            (_, b'\\') => {
                bytes.next();
            }
            (Some(b'"'), b'"') => quote = None,
            (None, b'\'' | b'"') => quote = Some(byte),
            (_, byte) if byte == left => depth += 1,
            (_, byte) if byte == right => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The scripts in `$(…)` and backquotes of a raw word, with their offsets in it.
pub(super) fn substitutions(raw: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut at = 0;
    let mut single = false;
    let mut double = false;
    let mut unclosed = 0;
    while let Some(c) = raw[at..].chars().next() {
        match c {
            '$' | '`' if unclosed == MAX_UNCLOSED => {}
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '\\' if !single => at += 1,
            '$' if !single && raw[at..].starts_with("$(") && !raw[at..].starts_with("$((") => {
                if let Some(end) = closing(&raw[at..], 1) {
                    out.push((at + 2, &raw[at + 2..at + end - 1]));
                    at += end;
                    continue;
                }
                unclosed += 1;
            }
            '`' if !single => {
                if let Some(end) = raw[at + 1..].find('`') {
                    out.push((at + 1, &raw[at + 1..at + 1 + end]));
                    at += end + 2;
                    continue;
                }
                unclosed += 1;
            }
            _ => {}
        }
        at += raw.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        if !raw.is_char_boundary(at.min(raw.len())) {
            at += 1;
        }
        at = at.min(raw.len());
    }
    out
}

/// A token of the scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(Span),
    Pipe,
    End,
}

/// Words and the ends of commands, without a grammar.
pub(super) fn scan(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\t' | b'\r' => at += 1,
            b'#' => at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at),
            b'|' if bytes.get(at + 1) != Some(&b'|') => {
                out.push(Token::Pipe);
                at += 1;
            }
            b'\n' | b';' | b'&' | b'|' | b'(' | b')' => {
                out.push(Token::End);
                at += 1;
            }
            _ => {
                let start = at;
                let mut quote = None;
                while let Some(&byte) = bytes.get(at) {
                    match (quote, byte) {
                        (None, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')') => break,
                        (None, b'\'' | b'"') => quote = Some(byte),
                        (Some(open), byte) if open == byte => quote = None,
                        (None | Some(b'"'), b'\\') => at += 1,
                        _ => {}
                    }
                    at += 1;
                }
                at = at.min(bytes.len());
                while !text.is_char_boundary(at) {
                    at += 1;
                }
                out.push(Token::Word(Span::of(start, at)));
            }
        }
    }
    out
}
