//! `yamlencode` and `yamldecode`, as Terraform writes and reads YAML.

use std::fmt::Write as _;
use std::sync::Arc;

use plimsoll_syntax::Value;
use plimsoll_syntax::value::{Kind, Number, Part, Shape, Unknown};
use plimsoll_syntax::yaml::{self, NodeId, NodeKind, Style};

use super::{Call, Outcome, time};
use crate::lattice::{self, MapBuilder, derived, number_text, sorted};
use crate::template::TextBuilder;

/// How deep a value may nest.
const MAX_DEPTH: usize = 100;
/// Nodes that aliases may make.
const MAX_NODES: usize = 100_000;

pub(super) fn yamlencode(call: &Call<'_, '_>) -> Outcome {
    let mut out = TextBuilder::default();
    node(call.arg(0), 0, false, 0, &mut out);
    Ok(out.finish(call.place))
}

fn spaces(count: usize, out: &mut TextBuilder) {
    out.push(&" ".repeat(count));
}

/// Writes a value with its line ends. `inline`: its first line stands behind `- `.
fn node(value: &Value, indent: usize, inline: bool, depth: usize, out: &mut TextBuilder) {
    if depth > MAX_DEPTH {
        return out.push("null\n");
    }
    match &value.kind {
        Kind::Map(map) if !map.entries.is_empty() || map.tail.is_some() => {
            for (at, entry) in sorted(map).into_iter().enumerate() {
                if !(inline && at == 0) {
                    spaces(indent, out);
                }
                quoted(&entry.key, out);
                out.push(":");
                match &entry.value.kind {
                    Kind::Map(inner) if !inner.entries.is_empty() || inner.tail.is_some() => {
                        out.push("\n");
                        node(&entry.value, indent + 2, false, depth + 1, out);
                    }
                    Kind::List(inner) if !inner.items.is_empty() || inner.tail.is_some() => {
                        out.push("\n");
                        node(&entry.value, indent, false, depth + 1, out);
                    }
                    _ => {
                        out.push(" ");
                        scalar(&entry.value, indent + 2, out);
                    }
                }
            }
            more(map.tail.as_ref(), indent, out);
        }
        Kind::List(list) if !list.items.is_empty() || list.tail.is_some() => {
            for (at, item) in list.items.iter().enumerate() {
                if !(inline && at == 0) {
                    spaces(indent, out);
                }
                out.push("- ");
                match &item.kind {
                    Kind::Map(inner) if !inner.entries.is_empty() => node(item, indent + 2, true, depth + 1, out),
                    Kind::List(inner) if !inner.items.is_empty() => node(item, indent + 2, true, depth + 1, out),
                    _ => scalar(item, indent + 2, out),
                }
            }
            more(list.tail.as_ref(), indent, out);
        }
        _ => scalar(value, indent + 2, out),
    }
}

/// There may be more entries: a hole on a line of its own.
fn more(tail: Option<&Arc<Unknown>>, indent: usize, out: &mut TextBuilder) {
    if let Some(tail) = tail {
        spaces(indent, out);
        out.hole(tail.clone());
        out.push("\n");
    }
}

fn scalar(value: &Value, indent: usize, out: &mut TextBuilder) {
    match &value.kind {
        Kind::Null => out.push("null"),
        Kind::Bool(value) => out.push(if *value { "true" } else { "false" }),
        Kind::Number(number) => out.push(&number_text(number.get())),
        Kind::String(text) if text.contains('\n') && fits_block(text) => return block(text, indent, out),
        Kind::String(text) => quoted(text, out),
        Kind::Template(parts) => {
            out.push("\"");
            for part in parts.iter() {
                match part {
                    Part::Known(known) => escaped(known, out),
                    Part::Hole(unknown) => out.hole(unknown.clone()),
                }
            }
            out.push("\"");
        }
        Kind::List(_) => out.push("[]"),
        Kind::Map(_) => out.push("{}"),
        Kind::Unknown(unknown) => out.hole(unknown.clone()),
        Kind::Choice(choice) => out.hole(Arc::new(derived(&choice.condition, Shape::Any))),
    }
    out.push("\n");
}

/// Whether the text can stand as a literal block.
fn fits_block(text: &str) -> bool {
    !text.ends_with(' ') && text.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{feff}'))
}

fn block(text: &str, indent: usize, out: &mut TextBuilder) {
    let hint = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let chomp = match text.strip_suffix('\n') {
        None => "-",
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => "+",
        Some(_) => "",
    };
    out.push(&format!("|{hint}{chomp}\n"));
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            spaces(indent, out);
            out.push(line);
        }
        out.push("\n");
    }
}

fn quoted(text: &str, out: &mut TextBuilder) {
    out.push("\"");
    escaped(text, out);
    out.push("\"");
}

fn escaped(text: &str, out: &mut TextBuilder) {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\0' => escaped.push_str("\\0"),
            '\u{7}' => escaped.push_str("\\a"),
            '\u{8}' => escaped.push_str("\\b"),
            '\u{b}' => escaped.push_str("\\v"),
            '\u{c}' => escaped.push_str("\\f"),
            '\u{1b}' => escaped.push_str("\\e"),
            '\u{feff}' => escaped.push_str("\\uFEFF"),
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\x{:02X}", c as u32);
            }
            _ => escaped.push(c),
        }
    }
    out.push(&escaped);
}

pub(super) fn yamldecode(call: &Call<'_, '_>) -> Outcome {
    let (text, holes) = masked(call)?;
    if let [unknown] = holes.as_slice()
        && text.trim() == mark(0)
    {
        return call.missing(unknown);
    }
    let tree = yaml::parse(&text.as_str().into());
    let mut reader = Reader { call, tree: &tree, holes: &holes, left: MAX_NODES };
    let value = match (tree.errors.first(), tree.documents.as_slice()) {
        (Some(error), _) => Err(error.message.to_string()),
        (None, [one]) => reader.value(one.root, 0),
        (None, []) => Err("there is no document".to_owned()),
        (None, _) => Err("there is more than one document".to_owned()),
    };
    match (value, holes.first()) {
        (Err(_), Some(unknown)) => call.missing(unknown),
        (value, _) => value.map(|value| super::located::in_file(call, value)),
    }
}

/// A word that stands for a hole: no YAML of anybody has characters for private use.
fn mark(at: usize) -> String {
    format!("\u{e000}{at}\u{e001}")
}

/// The text with a word for each hole.
fn masked(call: &Call<'_, '_>) -> Result<(String, Vec<Arc<Unknown>>), String> {
    let (mut text, mut holes) = (String::new(), Vec::new());
    for part in call.parts(0)? {
        match part {
            Part::Known(known) => text.push_str(&known),
            Part::Hole(unknown) => {
                text.push_str(&mark(holes.len()));
                holes.push(unknown);
            }
        }
    }
    Ok((text, holes))
}

struct Reader<'r> {
    call: &'r Call<'r, 'r>,
    tree: &'r yaml::Tree,
    holes: &'r [Arc<Unknown>],
    left: usize,
}

impl Reader<'_> {
    fn value(&mut self, id: NodeId, depth: usize) -> Outcome {
        let place = self.call.place;
        if self.left == 0 || depth > MAX_DEPTH {
            return Ok(lattice::limit("a document with too many parts", place));
        }
        self.left -= 1;
        let node = &self.tree[id];
        match &node.kind {
            NodeKind::Scalar(text, style) => self.scalar(text, *style, &node.tag),
            NodeKind::Sequence(items) => {
                let items: Result<Vec<Value>, String> = items.iter().map(|&item| self.value(item, depth + 1)).collect();
                Ok(lattice::list(items?, None, place))
            }
            NodeKind::Mapping(entries) => {
                let mut map = MapBuilder::default();
                let mut tail = None;
                for entry in entries {
                    let value = self.value(entry.value, depth + 1)?;
                    if let NodeKind::Scalar(text, Style::Plain) = &self.tree[entry.key].kind
                        && text == "<<"
                    {
                        for from in value.as_list().map_or(std::slice::from_ref(&value), |list| &list.items) {
                            for one in from.as_map().map_or(&[][..], |from| &from.entries) {
                                map.entry(one.clone());
                            }
                        }
                        continue;
                    }
                    let key = self.value(entry.key, depth + 1)?;
                    match (lattice::first_unknown(&key), crate::convert::text_of(&key)) {
                        (Some(unknown), _) => tail = Some(unknown),
                        (None, Some(key)) => map.set(key, plimsoll_syntax::Place::NONE, value),
                        (None, None) => return Err("a key must be a string".to_owned()),
                    }
                }
                Ok(map.finish(tail, place))
            }
            NodeKind::Alias(Some(target)) if *target != id => self.value(*target, depth + 1),
            NodeKind::Alias(_) => Err("an alias has no anchor".to_owned()),
        }
    }

    fn scalar(&self, text: &str, style: Style, tag: &str) -> Outcome {
        let place = self.call.place;
        if text.contains('\u{e000}') {
            return Ok(self.filled(text, style));
        }
        if tag.ends_with("!!str") || tag == "tag:yaml.org,2002:str" || (style != Style::Plain && tag.is_empty()) {
            return self.call.string(text);
        }
        let number = || {
            number(text).map_or_else(
                || Err(format!("{text:?} is no number")),
                |number| Ok(Value::new(Kind::Number(number.into()), place)),
            )
        };
        match tag {
            "" => Ok(plain(text).map_or_else(|| Value::string(text, place), |kind| Value::new(kind, place))),
            "!!int" | "!!float" => number(),
            "!!bool" => Ok(Value::new(plain(text).filter(|kind| matches!(kind, Kind::Bool(_))).ok_or("this is no bool")?, place)),
            "!!null" => Ok(Value::new(Kind::Null, place)),
            _ => self.call.string(text),
        }
    }

    /// A scalar with holes.
    fn filled(&self, text: &str, style: Style) -> Value {
        let mut out = TextBuilder::default();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('\u{e000}') {
            let (number, after) = after.split_once('\u{e001}').unwrap_or((after, ""));
            let hole = number.parse().ok().and_then(|at: usize| self.holes.get(at));
            if let Some(hole) = hole {
                if before.is_empty() && after.is_empty() && style == Style::Plain && rest.len() == text.len() {
                    return Value::unknown(Unknown::clone(hole), self.call.place);
                }
                out.push(before);
                out.hole(hole.clone());
            }
            rest = after;
        }
        out.push(rest);
        out.finish(self.call.place)
    }
}

/// What a plain scalar is, where it is no string: the words of YAML 1.1, most of them.
fn plain(text: &str) -> Option<Kind> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Kind::Null),
        "true" | "True" | "TRUE" | "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Some(Kind::Bool(true)),
        "false" | "False" | "FALSE" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Some(Kind::Bool(false)),
        _ => {}
    }
    number(text).map(|number| Kind::Number(number.into())).or_else(|| date(text).map(|text| Kind::String(text.into())))
}

fn number(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let plain = digits.replace('_', "");
    let radix =
        |digits: &str, base| i128::from_str_radix(digits, base).ok().map(|int| Number::Int(if negative { -int } else { int }));
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = plain.strip_prefix(prefix) {
            return radix(digits, base);
        }
    }
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || !plain.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
    {
        return None;
    }
    Number::parse(&format!("{}{plain}", if negative { "-" } else { "" }))
}

/// A date is a time at midnight.
fn date(text: &str) -> Option<String> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    let full = format!("{text}T00:00:00Z");
    (shape && time::is_time(&full)).then_some(full)
}
