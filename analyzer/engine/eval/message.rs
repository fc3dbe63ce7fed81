//! Messages: text with values in it, as a person would say them.

use compact_str::CompactString;
use plimsoll_rule_language::condition::{Operand, Root, Template, TemplatePart};
use plimsoll_syntax::value::{How, Part};
use plimsoll_syntax::{Kind, Place, Value};

use super::Evaluator;
use super::slot::{Frames, Slot};
use crate::domains::ports;

/// How many elements of a list are named.
const NAMED: usize = 3;

impl<'a> Evaluator<'a> {
    pub(super) fn message(&self, template: &'a Template, frames: &Frames<'_, 'a>) -> String {
        let mut out = String::new();
        for part in &template.parts {
            match part {
                TemplatePart::Text(text) => out.push_str(text),
                TemplatePart::Operand(operand) => out.push_str(&self.rendered(operand, frames)),
            }
        }
        out
    }

    fn rendered(&self, operand: &'a Operand, frames: &Frames<'_, 'a>) -> String {
        if let Operand::Path(path) = operand
            && path.steps.is_empty()
        {
            match path.root {
                Root::Item => return frames.item.item.map_or_else(String::new, |item| item.name.to_string()),
                Root::Each => return frames.each.map_or_else(String::new, element),
                _ => {}
            }
        }
        let slot = self.operand(operand, frames);
        if let Some(item) = slot.item {
            return item.name.to_string();
        }
        value(&slot.value)
    }
}

/// An element by its key, name or value.
fn element(slot: &Slot<'_>) -> String {
    if let Some(key) = &slot.key {
        return key.to_string();
    }
    let named = ["name", "key", "mountPath", "path"].iter().find_map(|field| slot.value.str_at(&[field]));
    named.map_or_else(|| value(&slot.value), str::to_owned)
}

/// A culprit in words: "`http_tokens` is not set".
pub(super) fn fact(names: &[CompactString], what: &Value) -> String {
    if names.is_empty() {
        return format!("this is {}", value(what));
    }
    format!("`{}` is {}", names.join("."), value(what))
}

/// Where a value that is used at `used` was written, if that is somewhere else.
pub(super) fn origin(what: &Value, used: Place) -> Option<(Place, String)> {
    let written = what.place;
    if !written.is_some() || (written.file == used.file && used.span.contains(written.span)) {
        return None;
    }
    let step = what.history().find_map(|via| match &via.how {
        How::Variable(name) => Some(format!("`var.{name}` gets its value here")),
        How::Local(name) => Some(format!("`local.{name}` gets its value here")),
        How::Output(name) => Some(format!("output `{name}` gets its value here")),
        How::Argument(name) => Some(format!("argument `{name}` is passed here")),
        How::Setting => Some("the value is set here".to_owned()),
        How::Resource(reference) => Some(format!("`{}` is set here", reference.address)),
        How::Inherited => Some("inherited from here".to_owned()),
        How::Rendered => None,
        How::File => Some("the text is read from this file".to_owned()),
        How::Encoded(_) => None,
    });
    Some((written, step?))
}

/// A value in words: `not set`, the source of an unknown, three elements of a list.
pub(crate) fn value(value: &Value) -> String {
    if value.sensitive {
        return "(sensitive)".to_owned();
    }
    match &value.kind {
        Kind::Null => "not set".to_owned(),
        Kind::Bool(flag) => flag.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::String(text) => shortened(text),
        Kind::Template(parts) => {
            let mut out = String::new();
            for part in parts.iter() {
                match part {
                    Part::Known(text) => out.push_str(text),
                    Part::Hole(unknown) => {
                        out.push_str("${");
                        out.push_str(&unknown.source);
                        out.push('}');
                    }
                }
            }
            shortened(&out)
        }
        Kind::Unknown(unknown) => unknown.source.to_string(),
        Kind::Choice(choice) => {
            let arms: Vec<String> = choice.arms.iter().take(NAMED).map(self::value).collect();
            arms.join(" or ")
        }
        Kind::List(list) => {
            let mut words: Vec<String> = list.items.iter().take(NAMED).map(self::value).collect();
            if list.items.len() > NAMED {
                return format!("{} and {} more", words.join(", "), list.items.len() - NAMED);
            }
            words.extend(list.tail.iter().map(|tail| format!("more from {}", tail.source)));
            if words.is_empty() { "none".to_owned() } else { words.join(", ") }
        }
        Kind::Map(map) => {
            if let Some(ports) = ports::range(value) {
                return ports;
            }
            let named = ["name", "address", "text", "image"].iter().find_map(|field| value.str_at(&[field]));
            named.map_or_else(|| format!("{} entries", map.entries.len()), str::to_owned)
        }
    }
}

fn shortened(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or("");
    if line.chars().count() <= 60 && line.len() == text.trim().len() {
        return line.to_owned();
    }
    let start: String = line.chars().take(60).collect();
    format!("{start}…")
}
