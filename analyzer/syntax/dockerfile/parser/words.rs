//! Words of instructions: flags, JSON arrays, pairs, quotes.

use compact_str::CompactString;

use super::line::Line;
use crate::dockerfile::tree::{Flag, Word};

/// The flags after the keyword; `at` moves behind them.
pub(super) fn flags(line: &Line, at: &mut usize, escape: char) -> Vec<Flag> {
    let mut out = Vec::new();
    loop {
        let rest = &line.text[*at..];
        let start = *at + (rest.len() - rest.trim_start().len());
        if !line.text[start..].starts_with("--") {
            return out;
        }
        let end = word_end(&line.text, start, escape);
        if &line.text[start..end] == "--" {
            *at = end;
            return out;
        }
        let written = &line.text[start + 2..end];
        let (name, value) = match written.split_once('=') {
            Some((name, value)) => {
                let from = start + 2 + name.len() + 1;
                (name, Some(Word { text: unquoted(value, escape), span: line.span(from, end) }))
            }
            None => (written, None),
        };
        out.push(super::flag(name, value, line.span(start, end)));
        *at = end;
    }
}

/// Where the word that begins at `start` ends: at white space outside quotes.
fn word_end(text: &str, start: usize, escape: char) -> usize {
    let mut quote = None;
    let mut chars = text[start..].char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            None if c.is_whitespace() => return start + at,
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ if c == escape && quote != Some('\'') => {
                chars.next();
            }
            _ => {}
        }
    }
    text.len()
}

/// Words at white space, as they are.
pub(super) fn plain(line: &Line) -> Vec<Word> {
    let mut out = Vec::new();
    let mut at = 0;
    for word in line.text.split_whitespace() {
        let start = at + line.text[at..].find(word).unwrap_or(0);
        at = start + word.len();
        out.push(Word { text: word.into(), span: line.span(start, at) });
    }
    out
}

/// Words at white space outside quotes, quotes removed.
pub(super) fn shell_words(line: &Line, escape: char) -> Vec<Word> {
    let text = &line.text;
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        at += text[at..].len() - text[at..].trim_start().len();
        if at >= text.len() {
            break;
        }
        let end = word_end(text, at, escape);
        out.push(Word { text: unquoted(&text[at..end], escape), span: line.span(at, end) });
        at = end;
    }
    out
}

/// `name=value` words; or the old `name value`, which becomes one.
pub(super) fn pairs(line: &Line, escape: char) -> Result<Vec<Word>, &'static str> {
    let text = &line.text;
    let first_end = word_end(text, 0, escape);
    let first = &text[..first_end];
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if !first.contains('=') {
        let value = text[first_end..].trim_start();
        if value.is_empty() {
            return Err("expected `name=value`");
        }
        let joined = format!("{first}={}", unquoted(value, escape));
        return Ok(vec![Word { text: joined.into(), span: line.span(0, text.len()) }]);
    }
    let words = shell_words(line, escape);
    let raw_has_sign = |word: &Word| word.text.contains('=');
    if !words.iter().all(raw_has_sign) {
        return Err("every word here is `name=value`; quote values with spaces");
    }
    if words.iter().any(|word| word.text.starts_with('=')) {
        return Err("a name is missing before `=`");
    }
    Ok(words)
}

/// Quotes and escapes removed.
pub(super) fn unquoted(text: &str, escape: char) -> CompactString {
    let mut out = CompactString::default();
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match quote {
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            Some('\'') => out.push(c),
            _ if c == escape => match chars.next() {
                Some(next) if quote == Some('"') && !matches!(next, '"' | '$') && next != escape => {
                    out.push(c);
                    out.push(next);
                }
                // A variable that is escaped stays escaped: expansion comes later.
                Some('$') => out.push_str("\\$"),
                Some(next) => out.push(next),
                None => out.push(c),
            },
            _ => out.push(c),
        }
    }
    out
}

/// A JSON array of strings; `None`: it is not JSON, so it is words or shell. An array of anything else is an error.
pub(super) fn json(line: &Line) -> Option<Result<Vec<Word>, ()>> {
    let text = line.text.trim_end();
    if !text.starts_with('[') {
        return None;
    }
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut at = 1;
    let skip = |at: &mut usize| {
        while bytes.get(*at).is_some_and(u8::is_ascii_whitespace) {
            *at += 1;
        }
    };
    skip(&mut at);
    if bytes.get(at) == Some(&b']') && at + 1 == bytes.len() {
        return Some(Ok(words));
    }
    loop {
        skip(&mut at);
        if bytes.get(at) != Some(&b'"') {
            return valid_json_value(&text[at..]).then_some(Err(()));
        }
        let start = at;
        let mut value = String::new();
        at += 1;
        loop {
            let c = text.get(at..)?.chars().next()?;
            at += c.len_utf8();
            match c {
                '"' => break,
                '\\' => {
                    let escaped = text.get(at..)?.chars().next()?;
                    at += escaped.len_utf8();
                    match escaped {
                        'n' => value.push('\n'),
                        't' => value.push('\t'),
                        'r' => value.push('\r'),
                        'b' => value.push('\u{8}'),
                        'f' => value.push('\u{c}'),
                        '"' | '\\' | '/' => value.push(escaped),
                        'u' => {
                            let code = u32::from_str_radix(text.get(at..at + 4)?, 16).ok()?;
                            value.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                            at += 4;
                        }
                        _ => return None,
                    }
                }
                c if (c as u32) < 0x20 => return None,
                c => value.push(c),
            }
        }
        words.push(Word { text: value.into(), span: line.span(start, at) });
        skip(&mut at);
        match bytes.get(at) {
            Some(b',') => at += 1,
            Some(b']') if at + 1 == bytes.len() => return Some(Ok(words)),
            _ => return None,
        }
    }
}

/// The rest of an array that is JSON, but not of strings: a number, a word, a nested array or object.
fn valid_json_value(rest: &str) -> bool {
    let balanced = rest.matches(['[', '{']).count() + 1 == rest.matches([']', '}']).count();
    let first = rest.bytes().next().unwrap_or(0);
    let word = rest.trim_end_matches(']').trim_end().split(',').all(|part| {
        let part = part.trim();
        part.parse::<f64>().is_ok()
            || matches!(part, "true" | "false" | "null")
            || (part.len() > 1 && part.starts_with('"') && part.ends_with('"'))
    });
    balanced && (matches!(first, b'[' | b'{') || word)
}

/// The heredocs that a line opens: delimiter, whether variables are expanded, whether tabs are taken off.
pub(super) fn heredoc_markers(text: &str) -> Vec<(CompactString, bool, bool)> {
    let mut out = Vec::new();
    let mut quote = None;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if text[at..].starts_with("<<<") => at += 2,
            None if text[at..].starts_with("<<") && starts_word(text, at) => {
                let mut rest = &text[at + 2..];
                let chomp = rest.starts_with('-');
                rest = rest.strip_prefix('-').unwrap_or(rest);
                let (name, length) = delimiter(rest);
                let expand = !rest[..length].contains(['"', '\'', '\\']);
                if !name.is_empty() {
                    out.push((name, expand, chomp));
                }
                at += 2 + usize::from(chomp) + length;
                continue;
            }
            None => {}
        }
        at += c.len_utf8();
    }
    out
}

/// The word that ends a heredoc, quotes and escapes removed, and how long it is as written.
fn delimiter(text: &str) -> (CompactString, usize) {
    let mut name = CompactString::default();
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\\', None | Some('"')) => name.extend(characters.next().map(|next| next.1)),
            (c, Some(_)) => name.push(c),
            ('"' | '\'', None) => quote = Some(c),
            (c, None) if c.is_whitespace() || matches!(c, ';' | '|' | '&' | ')' | '<' | '>') => return (name, at),
            (c, None) => name.push(c),
        }
    }
    // A quote that is never closed opens no heredoc.
    (if quote.is_none() { name } else { CompactString::default() }, text.len())
}

/// A heredoc begins a word, perhaps after the number of a file descriptor.
fn starts_word(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches(|c: char| c.is_ascii_digit());
    before.is_empty() || before.ends_with(char::is_whitespace) || before.ends_with(['(', ';', '|', '&'])
}
