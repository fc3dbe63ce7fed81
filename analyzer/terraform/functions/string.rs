//! Strings. What is known of a string with holes is kept where the function allows it.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::Value;
use plimsoll_syntax::text::push_json;
use plimsoll_syntax::value::{Kind, Map, Part, Shape, Unknown};
use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::Needs::{All, Nothing};
use super::{ANY, Call, Function, Outcome, entry, regexp, row};
use crate::lattice::{derived, first_unknown, list, noun};
use crate::template::TextBuilder;

pub(super) const TABLE: &[Function] = &[
    row("lower", 1, 1, Nothing, Shape::String, |call| each_part(call, 0, &|text| mapped(text, char::to_lowercase))),
    row("upper", 1, 1, Nothing, Shape::String, |call| each_part(call, 0, &|text| mapped(text, char::to_uppercase))),
    row("title", 1, 1, All, Shape::String, |call| call.string(title(&call.text(0)?))),
    row("strrev", 1, 1, All, Shape::String, |call| call.string(call.text(0)?.graphemes(true).rev().collect::<String>())),
    row("chomp", 1, 1, Nothing, Shape::String, |call| ends(call, None, Some(&|text| text.trim_end_matches(['\r', '\n'])))),
    row("trimspace", 1, 1, Nothing, Shape::String, |call| ends(call, Some(&str::trim_start), Some(&str::trim_end))),
    row("trim", 2, 2, Nothing, Shape::String, |call| {
        let Some(set) = call.given_text(1)? else { return call.lacking(1) };
        ends(
            call,
            Some(&|text| text.trim_start_matches(|c| set.contains(c))),
            Some(&|text| text.trim_end_matches(|c| set.contains(c))),
        )
    }),
    row("trimprefix", 2, 2, Nothing, Shape::String, |call| {
        let Some(prefix) = call.given_text(1)? else { return call.lacking(1) };
        ends(call, Some(&|text| text.strip_prefix(prefix.as_str()).unwrap_or(text)), None)
    }),
    row("trimsuffix", 2, 2, Nothing, Shape::String, |call| {
        let Some(suffix) = call.given_text(1)? else { return call.lacking(1) };
        ends(call, None, Some(&|text| text.strip_suffix(suffix.as_str()).unwrap_or(text)))
    }),
    row("startswith", 2, 2, Nothing, Shape::Bool, |call| at_end(call, true)),
    row("endswith", 2, 2, Nothing, Shape::Bool, |call| at_end(call, false)),
    row("strcontains", 2, 2, Nothing, Shape::Bool, strcontains),
    row("indent", 2, 2, Nothing, Shape::String, indent),
    row("substr", 3, 3, All, Shape::String, substr),
    row("join", 1, ANY, Nothing, Shape::String, join),
    row("split", 2, 2, All, Shape::List, split),
    row("replace", 3, 3, Nothing, Shape::String, replace),
    row("regex", 2, 2, All, Shape::Any, |call| {
        let (regex, text) = (pattern(call)?, call.text(1)?);
        regex.captures(&text).map(|found| groups(call, &regex, &found)).ok_or_else(|| "the pattern does not match".to_owned())
    }),
    row("regexall", 2, 2, All, Shape::List, |call| {
        let (regex, text) = (pattern(call)?, call.text(1)?);
        call.list(regex.captures_iter(&text).map(|found| groups(call, &regex, &found)).collect())
    }),
];

/// Each letter by itself; a letter that would become several stays.
fn mapped<I: Iterator<Item = char>>(text: &str, map: fn(char) -> I) -> String {
    text.chars()
        .map(|c| {
            let mut other = map(c);
            match (other.next(), other.next()) {
                (Some(one), None) => one,
                _ => c,
            }
        })
        .collect()
}

fn title(text: &str) -> String {
    let mut before = ' ';
    let upper = |c: char| if let (Some(one), None) = (c.to_uppercase().next(), c.to_uppercase().nth(1)) { one } else { c };
    text.chars()
        .map(|c| {
            let separates =
                if before.is_ascii() { !before.is_ascii_alphanumeric() && before != '_' } else { before.is_whitespace() };
            before = c;
            if separates { upper(c) } else { c }
        })
        .collect()
}

/// Changes each known part of a string.
fn each_part(call: &Call<'_, '_>, at: usize, change: &dyn Fn(&str) -> String) -> Outcome {
    let parts = call.parts(at)?;
    let mut text = TextBuilder::default();
    for part in &parts {
        match part {
            Part::Known(known) => text.push(&change(known)),
            Part::Hole(unknown) => text.hole(Arc::new(derived(unknown, Shape::String))),
        }
    }
    Ok(text.finish(call.place))
}

type Cut<'f> = &'f dyn Fn(&str) -> &str;

/// Cuts at the ends of a string, as far as they are known. A string that begins or ends with a hole keeps it there.
fn ends(call: &Call<'_, '_>, start: Option<Cut<'_>>, end: Option<Cut<'_>>) -> Outcome {
    let parts = call.parts(0)?;
    let last = parts.len().saturating_sub(1);
    let mut text = TextBuilder::default();
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Known(known) => {
                let mut known = known.as_str();
                if let (0, Some(cut)) = (at, start) {
                    known = cut(known);
                }
                if let (true, Some(cut)) = (at == last, end) {
                    known = cut(known);
                }
                text.push(known);
            }
            Part::Hole(unknown) => text.hole(Arc::new(derived(unknown, Shape::String))),
        }
    }
    Ok(text.finish(call.place))
}

fn at_end(call: &Call<'_, '_>, start: bool) -> Outcome {
    let Some(wanted) = call.given_text(1)? else { return call.lacking(1) };
    let parts = call.parts(0)?;
    let outer = if start { parts.first() } else { parts.last() };
    let known = match outer {
        Some(Part::Known(known)) => known.as_str(),
        Some(Part::Hole(unknown)) if start => unknown.prefix.as_str(),
        _ => "",
    };
    let holds = if start { known.starts_with(wanted.as_str()) } else { known.ends_with(wanted.as_str()) };
    let possible = if start { wanted.starts_with(known) } else { wanted.ends_with(known) };
    match parts.iter().find_map(hole) {
        None => call.truth(holds),
        Some(_) if holds => call.truth(true),
        Some(_) if !possible => call.truth(false),
        Some(unknown) => call.missing(unknown),
    }
}

const fn hole(part: &Part) -> Option<&Arc<Unknown>> {
    match part {
        Part::Hole(unknown) => Some(unknown),
        Part::Known(_) => None,
    }
}

fn strcontains(call: &Call<'_, '_>) -> Outcome {
    let Some(wanted) = call.given_text(1)? else { return call.lacking(1) };
    let parts = call.parts(0)?;
    if parts.iter().any(|part| matches!(part, Part::Known(known) if known.contains(wanted.as_str()))) {
        return call.truth(true);
    }
    parts.iter().find_map(hole).map_or_else(|| call.truth(false), |unknown| call.missing(unknown))
}

fn indent(call: &Call<'_, '_>) -> Outcome {
    if call.unknown(0).is_some() {
        return call.lacking(0);
    }
    let spaces = format!("\n{}", " ".repeat(call.size(0)?.min(1_000)));
    each_part(call, 1, &|text| text.replace('\n', &spaces))
}

fn substr(call: &Call<'_, '_>) -> Outcome {
    let (text, offset, length) = (call.text(0)?, call.int(1)?, call.int(2)?);
    let count = if offset < 0 { i128::try_from(text.graphemes(true).count()).unwrap_or(0) } else { 0 };
    let skip = usize::try_from((offset + count).max(0)).unwrap_or(usize::MAX);
    let take = if length < 0 { usize::MAX } else { usize::try_from(length).unwrap_or(usize::MAX) };
    call.string(text.graphemes(true).skip(skip).take(take).collect::<String>())
}

fn join(call: &Call<'_, '_>) -> Outcome {
    let Some(separator) = call.given_text(0)? else { return call.lacking(0) };
    if call.args.len() < 2 {
        return Err("at least one list is required".to_owned());
    }
    let (mut text, mut first) = (TextBuilder::default(), true);
    for arg in call.args.iter().skip(1) {
        let (items, tail) = match &arg.kind {
            Kind::List(list) => (list.items.as_slice(), list.tail.as_ref()),
            Kind::Unknown(unknown) if matches!(unknown.shape, Shape::Any | Shape::List) => (&[][..], Some(unknown)),
            _ => return Err(format!("a list of strings is required, not {}", noun(arg))),
        };
        for item in items {
            if !std::mem::take(&mut first) {
                text.push(&separator);
            }
            text.add(item)?;
        }
        if let Some(tail) = tail {
            text.hole(Arc::new(derived(tail, Shape::String)));
            first = false;
        }
    }
    Ok(text.finish(call.place))
}

fn split(call: &Call<'_, '_>) -> Outcome {
    let (separator, text) = (call.text(0)?, call.text(1)?);
    if separator.is_empty() {
        return call.strings(text.chars().map(String::from));
    }
    call.strings(text.split(separator.as_str()))
}

fn replace(call: &Call<'_, '_>) -> Outcome {
    let (Some(what), Some(with)) = (call.given_text(1)?, call.given_text(2)?) else {
        return if call.unknown(1).is_some() { call.lacking(1) } else { call.lacking(2) };
    };
    if what.len() > 1 && what.starts_with('/') && what.ends_with('/') {
        let regex = regexp::compile(call, &what[1..what.len() - 1])?;
        if let Some(unknown) = call.unknown(0) {
            return call.missing(&unknown);
        }
        return call.string(regex.replace_all(&call.text(0)?, with.as_str()).into_owned());
    }
    each_part(call, 0, &|text| text.replace(what.as_str(), &with))
}

fn pattern(call: &Call<'_, '_>) -> Result<Regex, String> {
    let regex = regexp::compile(call, &call.text(0)?)?;
    let named = regex.capture_names().skip(1).filter(Option::is_some).count();
    if named != 0 && named + 1 != regex.captures_len() {
        return Err("named and unnamed groups cannot be mixed".to_owned());
    }
    Ok(regex)
}

/// The match as a string, a list of the groups, or an object of the named groups.
fn groups(call: &Call<'_, '_>, regex: &Regex, found: &regex::Captures<'_>) -> Value {
    let text = |group: Option<regex::Match<'_>>| {
        group.map_or(Value::new(Kind::Null, call.place), |group| Value::string(group.as_str(), call.place))
    };
    if regex.captures_len() == 1 {
        return text(found.get(0));
    }
    if regex.capture_names().flatten().next().is_some() {
        let entries = regex.capture_names().flatten().map(|name| entry(name.into(), text(found.name(name)))).collect();
        return Value::map(Map { entries, ..Map::default() }, call.place);
    }
    list((1..regex.captures_len()).map(|at| text(found.get(at))).collect(), None, call.place)
}

impl Call<'_, '_> {
    /// The parts of a string argument: one for a known string.
    pub(super) fn parts(&self, at: usize) -> Result<Vec<Part>, String> {
        match &self.arg(at).kind {
            Kind::Template(parts) => Ok(parts.to_vec()),
            Kind::Unknown(unknown) if !matches!(unknown.shape, Shape::List | Shape::Map) => Ok(vec![Part::Hole(unknown.clone())]),
            _ => self.text(at).map(|text| vec![Part::Known(text)]),
        }
    }

    /// A string argument; `None`: it is not known as a whole.
    pub(super) fn given_text(&self, at: usize) -> Result<Option<CompactString>, String> {
        if self.unknown(at).is_some() { Ok(None) } else { self.text(at).map(Some) }
    }

    /// The result depends on an argument that is not known.
    pub(super) fn lacking(&self, at: usize) -> Outcome {
        first_unknown(self.arg(at)).map_or_else(|| self.later(), |unknown| self.missing(&unknown))
    }
}

/// Text in JSON's quotes, as Go writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    push_json(text, &mut out);
    out.push('"');
    out
}
