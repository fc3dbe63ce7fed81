//! YAML in and out, as `sigs.k8s.io/yaml` reads and writes it, with the sources of every scalar.

use std::cmp::Ordering;
use std::sync::Arc;

use plimsoll_syntax::{FileId, Place, yaml};

use crate::text::{Builder, Source, Text};
use crate::value::{Data, List, MAX_DEPTH, Slot, Value};

mod scalar;

/// Columns after which lines are folded.
const WIDTH: usize = 80;

/// Writes a value in block style, with a line end.
pub(crate) fn write(value: &Value) -> Text {
    written(value, false)
}

/// The same as `toYamlPretty` has it: sequences are indented below their keys, and no line is folded.
pub(crate) fn write_pretty(value: &Value) -> Text {
    written(value, true)
}

fn written(value: &Value, pretty: bool) -> Text {
    let mut writer = Writer { out: Builder::default(), column: 0, pretty };
    writer.node(value, -2, false, MAX_DEPTH);
    writer.put("\n", Source::default());
    writer.out.finish()
}

struct Writer {
    out: Builder,
    column: usize,
    pretty: bool,
}

impl Writer {
    fn put(&mut self, text: &str, source: Source) {
        self.out.push_str(text, source);
        match text.rfind('\n') {
            Some(at) => self.column = text[at + 1..].chars().count(),
            None => self.column += text.chars().count(),
        }
    }

    fn indent(&mut self, indent: i64) {
        self.put("\n", Source::default());
        self.put(&" ".repeat(usize::try_from(indent).unwrap_or(0)), Source::default());
    }

    /// `indent`: the column of the mapping or sequence that this is in; -2 at the top. `inline`: stands after `- `.
    fn node(&mut self, value: &Value, indent: i64, inline: bool, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return self.put("null", Source::default()) };
        match &value.data {
            Data::Object(object) => self.node(&object.as_data(), indent, inline, depth),
            Data::Map(dict) if dict.len() > 0 => {
                let mut entries = dict.entries();
                entries.sort_by(|(a, _), (b, _)| natural(a, b));
                let inner = if indent < 0 { 0 } else { indent + 2 };
                for (at, (key, slot)) in entries.iter().enumerate() {
                    if at > 0 || indent >= 0 && !inline {
                        self.indent(inner);
                    }
                    let source = Source { value: slot.key, ..Source::default() };
                    self.put(&scalar::key(key), source);
                    self.put(":", source);
                    self.entry(&slot.value, inner, depth);
                }
            }
            Data::List(items) if !items.is_empty() => {
                let inner = if indent < 0 { 0 } else { indent + 2 };
                self.items(items, inner, indent >= 0 && !inline, depth);
            }
            _ => self.scalar(value, indent),
        }
    }

    /// The value after `key:`; a sequence is not indented below its key, unless it is to be pretty.
    fn entry(&mut self, value: &Value, indent: i64, depth: usize) {
        match &value.data {
            Data::List(items) if !items.is_empty() => {
                self.items(items, if self.pretty { indent + 2 } else { indent }, true, depth);
            }
            Data::Map(dict) if dict.len() > 0 => self.node(value, indent, false, depth),
            Data::Object(object) => self.entry(&object.as_data(), indent, depth),
            _ => {
                self.put(" ", Source::default());
                self.scalar(value, indent);
            }
        }
    }

    fn items(&mut self, items: &[Value], indent: i64, on_new_line: bool, depth: usize) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 || on_new_line {
                self.indent(indent);
            }
            self.put("- ", Source { value: item.origin.place, ..Source::default() });
            self.node(item, indent, true, depth);
        }
    }

    fn scalar(&mut self, value: &Value, indent: i64) {
        let text = match &value.data {
            Data::Void | Data::Nil => "null".to_owned(),
            Data::Bool(flag) => flag.to_string(),
            Data::Int(int) | Data::Long(int) => int.to_string(),
            Data::Float(float) => number(*float),
            Data::List(_) => "[]".to_owned(),
            Data::Map(_) => "{}".to_owned(),
            Data::Str(text) => return self.string(value, text, indent),
            Data::Object(object) => object.text(),
        };
        self.put(&text, value.source());
    }

    fn string(&mut self, value: &Value, text: &Text, indent: i64) {
        let origin = value.traced();
        let source = Source { value: origin.place, opaque: origin.opaque, ..Source::default() };
        let content = text.as_str();
        match scalar::style(content, false) {
            scalar::Style::Literal => {
                self.put(&format!("|{}", scalar::hints(content)), source);
                let pad = " ".repeat(usize::try_from(indent + 2).unwrap_or(0).max(if indent < 0 { 2 } else { 0 }));
                let lines: Vec<&str> = content.split('\n').collect();
                let last = lines.len() - 1;
                let mut at = 0;
                for (number, line) in lines.iter().enumerate() {
                    if !(number == last && line.is_empty()) {
                        self.put("\n", Source::default());
                        if !line.is_empty() {
                            self.put(&pad, Source::default());
                            self.out.push_slice(text, at, at + line.len(), source);
                            self.column += line.len();
                        }
                    }
                    at += line.len() + 1;
                }
            }
            style => {
                let written = scalar::quoted(content, style);
                if self.pretty || self.column + written.len() <= WIDTH || !written.contains(' ') {
                    // Pieces keep their own sources where nothing was escaped.
                    match written.find(content).filter(|_| !content.is_empty()) {
                        Some(at) => {
                            self.put(&written[..at], source);
                            self.out.push_text(text, source);
                            self.column += content.chars().count();
                            self.put(&written[at + content.len()..], source);
                        }
                        None => self.put(&written, source),
                    }
                } else {
                    self.folded(&written, style, indent, source);
                }
            }
        }
    }

    /// Breaks a long scalar at single blanks.
    fn folded(&mut self, written: &str, style: scalar::Style, indent: i64, source: Source) {
        let pad = usize::try_from(indent + 2).unwrap_or(0).max(if indent < 0 { 2 } else { 0 });
        let bytes = written.as_bytes();
        let inner = if style == scalar::Style::Plain { 0 } else { 1 };
        let mut blank_before = false;
        let mut from = 0;
        for (at, c) in written.char_indices() {
            if c != ' ' {
                blank_before = false;
                continue;
            }
            let here = self.column + written[from..at].chars().count();
            let next_is_blank = bytes.get(at + 1) == Some(&b' ');
            let at_edge = inner == 1 && (at <= inner || at + 1 + inner >= written.len());
            let escapes = style == scalar::Style::Double && next_is_blank;
            if !blank_before && here > WIDTH && !at_edge && (!next_is_blank || escapes) {
                self.put(&written[from..at], source);
                self.put("\n", Source::default());
                self.put(&" ".repeat(pad), Source::default());
                if escapes {
                    self.put("\\", source);
                }
                from = at + 1;
            }
            blank_before = true;
        }
        self.put(&written[from..], source);
    }
}

/// A double as JSON writes it and YAML reads it back.
fn number(float: f64) -> String {
    let is_integer = float.fract() == 0.0 && float > -9.2e18 && float < 1.84e19;
    if is_integer { format!("{float}") } else { crate::print::shortest(float, 'e', 6) }
}

/// The order of keys: letters by letter, digits by number.
fn natural(a: &str, b: &str) -> Ordering {
    let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    for (at, (p, q)) in x.iter().zip(&y).enumerate() {
        if p == q {
            continue;
        }
        match (p.is_alphabetic(), q.is_alphabetic()) {
            (true, true) => return p.cmp(q),
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        let mut nonzero = false;
        if *p == '0' || *q == '0' {
            nonzero = x.iter().take(at).rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
        }
        let digits = |chars: &[char]| {
            chars.iter().skip(at).take_while(|c| c.is_ascii_digit()).fold((i64::from(nonzero), at), |(value, end), c| {
                (value.wrapping_mul(10).wrapping_add(i64::from(*c as u32 - '0' as u32)), end + 1)
            })
        };
        return digits(&x).cmp(&digits(&y)).then(p.cmp(q));
    }
    x.len().cmp(&y.len())
}

/// Reads YAML or JSON; scalars come from what the text comes from.
pub(crate) fn read(text: &Text) -> Result<Value, String> {
    let source: Arc<str> = text.as_str().into();
    let tree = yaml::parse(&source);
    if let Some(error) = tree.errors.first() {
        return Err(format!("error converting YAML to JSON: yaml: {}", error.message));
    }
    let Some(document) = tree.documents.first() else { return Ok(Value::new(Data::Nil)) };
    let read = yaml::to_value(&tree, document.root, FileId(0), yaml::Dialect::Kubernetes);
    let mut value = Value::read(&read, &source);
    trace(&mut value, text, MAX_DEPTH);
    Ok(value)
}

/// Replaces places in a text by the places that the text comes from.
fn trace(value: &mut Value, text: &Text, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let place = value.origin.place;
    let first = |place: Place| {
        let at = text.runs().partition_point(|run| run.span.end <= place.span.start);
        text.runs()
            .get(at..)
            .unwrap_or(&[])
            .iter()
            .take_while(move |run| run.span.start < place.span.end.max(place.span.start + 1))
    };
    let value_place =
        |place: Place| first(place).map(|run| run.source.value).find(|value| value.is_some()).unwrap_or(Place::NONE);
    let is_scalar = !matches!(value.data, Data::Map(_) | Data::List(_));
    value.origin.place =
        if is_scalar { value_place(place) } else { first(place).next().map_or(Place::NONE, |run| run.source.value) };
    value.origin.opaque = is_scalar && first(place).any(|run| run.source.opaque);
    match &mut value.data {
        Data::Map(dict) => {
            for (key, mut slot) in dict.entries() {
                trace(&mut slot.value, text, depth);
                dict.set_slot(key, Slot { key: value_place(slot.key), value: slot.value });
            }
        }
        Data::List(items) => {
            let mut changed = items.to_vec();
            changed.iter_mut().for_each(|item| trace(item, text, depth));
            *items = List::new(changed);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        read(&Text::from(text)).map(|value| write(&value).as_str().to_owned()).unwrap_or_default()
    }

    #[test]
    fn maps_and_lists() {
        let rows = [
            ("{b: [1, {x: 'y', z: [a]}], a: {}}", "a: {}\nb:\n- 1\n- x: \"y\"\n  z:\n  - a\n"),
            ("[[1, 2], []]", "- - 1\n  - 2\n- []\n"),
            ("a: |\n  x\n  y\n", "a: |\n  x\n  y\n"),
            ("a: \"x\\ny\"\nb: 1", "a: |-\n  x\n  y\nb: 1\n"),
            ("k:\n- |\n  t\n- 2", "k:\n- |\n  t\n- 2\n"),
            ("a: \"x\\n\\n\"\nb: 1", "a: |+\n  x\n\nb: 1\n"),
            ("x10: 1\nx9: 2", "x9: 2\nx10: 1\n"),
            ("text", "text\n"),
            ("1.5e3", "1500\n"),
            ("a: \"a\\tb\\nc\"", "a: \"a\\tb\\nc\"\n"),
        ];
        for (text, expected) in rows {
            assert_eq!(round(text), expected, "{text}");
        }
    }

    #[test]
    fn long_lines_are_folded() {
        let words = "word ".repeat(30);
        let folded = round(&format!("a: {}", words.trim()));
        assert!(folded.lines().nth(1).is_some_and(|line| line.starts_with("  word")), "{folded}");
        assert_eq!(round(&folded), folded);
    }
}
