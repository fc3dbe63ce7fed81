//! Words, paths and addresses.

use super::{Answer, Function, picks, plain};
use crate::run::Call;
use crate::value::{Data, Dict, Value};

pub(super) const TABLE: &[Function] = &[
    picks("title", "s", |call| Ok(call.text(0).with(title(call.str(0))).into())),
    picks("untitle", "s", |call| Ok(call.text(0).with(words(call.str(0), |c| c.to_lowercase().collect())).into())),
    picks("swapcase", "s", |call| Ok(call.text(0).with(call.str(0).chars().map(swapped).collect()).into())),
    plain("nospace", "s", |call| Ok(call.str(0).split_whitespace().collect::<String>().into())),
    plain("initials", "s", |call| {
        Ok(call.str(0).split_whitespace().filter_map(|word| word.chars().next()).collect::<String>().into())
    }),
    plain("abbrev", "is", |call| Ok(abbreviated(call.str(1), call.int(0)).into())),
    plain("abbrevboth", "iis", |call| Ok(abbreviated(call.str(2), call.int(1)).into())),
    plain("wrap", "is", |call| Ok(wrapped(call.str(1), call.int(0), "\n").into())),
    plain("wrapWith", "iss", |call| Ok(wrapped(call.str(2), call.int(0), call.str(1)).into())),
    plain("plural", "ssi", |call| Ok(if call.int(2) == 1 { call.str(0) } else { call.str(1) }.into())),
    plain("snakecase", "s", |call| Ok(split_words(call.str(0)).join("_").into())),
    plain("kebabcase", "s", |call| Ok(split_words(call.str(0)).join("-").into())),
    plain("camelcase", "s", |call| Ok(split_words(call.str(0)).iter().map(|word| title(word)).collect::<String>().into())),
    plain("base", "s", |call| Ok(base(call.str(0)).into())),
    plain("osBase", "s", |call| Ok(base(call.str(0)).into())),
    plain("dir", "s", |call| Ok(dir(call.str(0)).into())),
    plain("osDir", "s", |call| Ok(dir(call.str(0)).into())),
    plain("clean", "s", |call| Ok(clean(call.str(0)).into())),
    plain("osClean", "s", |call| Ok(clean(call.str(0)).into())),
    plain("ext", "s", |call| Ok(ext(call.str(0)).into())),
    plain("osExt", "s", |call| Ok(ext(call.str(0)).into())),
    plain("isAbs", "s", |call| Ok(Value::bool(call.str(0).starts_with('/')))),
    plain("osIsAbs", "s", |call| Ok(Value::bool(call.str(0).starts_with('/')))),
    plain("urlParse", "s", url_parse),
    plain("urlJoin", "d", url_join),
];

fn title(text: &str) -> String {
    words(text, |c| c.to_uppercase().collect())
}

/// Changes the first letter of every word.
fn words(text: &str, change: impl Fn(char) -> String) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.push(c)
        } else {
            out.push_str(&change(c))
        }
        inside = c.is_alphanumeric() || c == '_' || c == '\'';
    }
    out
}

fn swapped(c: char) -> char {
    if c.is_uppercase() { c.to_lowercase().next().unwrap_or(c) } else { c.to_uppercase().next().unwrap_or(c) }
}

fn abbreviated(text: &str, width: i64) -> String {
    let width = usize::try_from(width).unwrap_or(0);
    if width < 4 || text.chars().count() <= width {
        return text.to_owned();
    }
    let start: String = text.chars().take(width - 3).collect();
    format!("{start}...")
}

fn wrapped(text: &str, width: i64, separator: &str) -> String {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        if column > 0 && column + 1 + word.len() > width {
            out.push_str(separator);
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += word.len();
    }
    out
}

/// Lower-case words of `someName`, `some-name`, `HTTPServer2`.
fn split_words(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, &c) in chars.iter().enumerate() {
        if matches!(c, ' ' | '-' | '_') {
            out.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let starts = c.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || before.is_uppercase() && after.is_some_and(|after| after.is_lowercase())
            });
        if starts && !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        word.extend(c.to_lowercase());
    }
    out.extend(Some(word).filter(|word| !word.is_empty()));
    out
}

/// `path.Base`
pub(crate) fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/" } else { trimmed.rsplit('/').next().unwrap_or(trimmed) }
}

fn dir(path: &str) -> String {
    clean(path.rfind('/').map_or("", |at| &path[..=at]))
}

fn ext(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rfind('.').map_or("", |at| &name[at..])
}

/// `path.Clean`
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut out: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if out.last().is_some_and(|last| *last != "..") => {
                out.pop();
            }
            ".." if rooted => {}
            _ => out.push(part),
        }
    }
    let joined = out.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// The parts of a URL, as a map.
fn url_parse(call: &mut Call<'_>) -> Answer {
    let url = call.str(0);
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let scheme_end = rest.find(':').filter(|at| {
        rest[..*at].chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
            && rest.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    let (scheme, rest) = scheme_end.map_or(("", rest), |at| (&rest[..at], &rest[at + 1..]));
    let (authority, path, opaque) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            (&rest[..end], &rest[end..], "")
        }
        None if !scheme.is_empty() && !rest.starts_with('/') => ("", "", rest),
        None => ("", rest, ""),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let hostname = if host.starts_with('[') { host.trim_start_matches('[').split(']').next() } else { host.split(':').next() };
    let dict = Dict::default();
    let scheme = scheme.to_ascii_lowercase();
    for (key, value) in [
        ("scheme", scheme.as_str()),
        ("host", host),
        ("hostname", hostname.unwrap_or("")),
        ("path", path),
        ("query", query),
        ("opaque", opaque),
        ("fragment", fragment),
        ("userinfo", user),
    ] {
        dict.set(key, value);
    }
    Ok(dict.into())
}

fn url_join(call: &mut Call<'_>) -> Answer {
    let dict = call.dict(0);
    let get = |key: &str| match dict.get(key).map(|value| value.data) {
        Some(Data::Str(text)) => text.as_str().to_owned(),
        _ => String::new(),
    };
    let mut out = String::new();
    let (scheme, host, user) = (get("scheme"), get("host"), get("userinfo"));
    if !scheme.is_empty() {
        out.push_str(&format!("{scheme}:"));
    }
    if !host.is_empty() || !user.is_empty() {
        out.push_str("//");
        if !user.is_empty() {
            out.push_str(&format!("{user}@"));
        }
        out.push_str(&host);
    }
    out.push_str(&get("opaque"));
    out.push_str(&get("path"));
    for (mark, key) in [('?', "query"), ('#', "fragment")] {
        let part = get(key);
        if !part.is_empty() {
            out.push(mark);
            out.push_str(&part);
        }
    }
    Ok(out.into())
}
