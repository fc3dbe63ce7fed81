//! The functions of the rule language, by name.

use std::rc::Rc;
use std::sync::Arc;

use compact_str::{CompactString, ToCompactString, format_compact};
use plimsoll_rule_language::condition::{Argument, Literal, Operand, Step};
use plimsoll_rule_language::functions::Function;
use plimsoll_syntax::value::{How, List, Map, Number, Part};
use plimsoll_syntax::{Kind, Value};
use regex::Regex;

use super::Evaluator;
use super::compare::{Domain, equal, magnitude};
use super::condition::Outcome;
use super::held::Held;
use super::slot::{Frames, Slot};
use crate::domains::{address, argv, iam, labels, ports, quantity, retired, secret, tls, version, wellformed};
use crate::truth::Truth;

impl<'a> Evaluator<'a> {
    /// The predicates.
    pub(super) fn test(&self, function: Function, arguments: &'a [Argument], frames: &Frames<'_, 'a>) -> Outcome {
        if function.is_quantifier() {
            return self.quantifier(function, arguments, frames);
        }
        let Some(Argument::Operand(first)) = arguments.first() else { return Outcome::certain(false) };
        let list = matches!(function, Function::Contains | Function::Intersects);
        if list {
            return self.membership(first, &arguments[1..], frames);
        }
        let subject = self.operand(first, frames);
        let truth = self.predicate(function, &subject.value, subject.present, (&arguments[1..], frames));
        self.because(truth, &[&subject])
    }

    /// The truth alone, for which nothing is put together.
    pub(super) fn tested(&self, function: Function, arguments: &'a [Argument], frames: &Frames<'_, 'a>) -> Truth {
        let plain = match (function, arguments) {
            _ if self.words.get() => None,
            _ if function.is_quantifier() => self.plain_quantifier(function, arguments, frames),
            (Function::Contains | Function::Intersects, _) => None,
            (_, [Argument::Operand(first), others @ ..]) => {
                let subject = self.seen(first, frames);
                Some(self.predicate(function, &subject.value, subject.present, (others, frames)))
            }
            _ => None,
        };
        plain.unwrap_or_else(|| self.test(function, arguments, frames).truth)
    }

    /// A predicate on a value, and whether somebody wrote it.
    fn predicate(
        &self,
        function: Function,
        value: &Held<'a>,
        present: bool,
        (others, frames): (&'a [Argument], &Frames<'_, 'a>),
    ) -> Truth {
        let constant = others.first().and_then(Argument::constant);
        match (function, constant) {
            (Function::OneOf, _) => {
                return self.values(others, frames).fold(Truth::False, |truth, other| {
                    elements_or_self(&other).iter().fold(truth, |truth, other| truth.or(equal(value, other)))
                });
            }
            // Most of what is asked: the pattern of a constant is looked up once.
            (Function::Matches, Some(constant)) => {
                let of = |literal: &Literal| crate::patterns::get(if let Literal::String(text) = literal { text } else { "" });
                if let Some(pattern) = constant.made(of) {
                    return self.text_test(value, |known| is_match(pattern.as_deref(), known), |_| Truth::Unknown);
                }
            }
            _ => {}
        }
        let other = self.values(others, frames).next();
        let text = other.as_deref().and_then(Value::as_str).unwrap_or("");
        match function {
            Function::Matches => {
                let pattern = crate::patterns::get(text);
                self.text_test(value, |known| is_match(pattern.as_deref(), known), |_| Truth::Unknown)
            }
            Function::StartsWith => starts(value, text),
            Function::EndsWith => ends(value, text),
            Function::Satisfies => self.text_test(value, |known| Truth::of(version::satisfies(known, text)), |_| Truth::Unknown),
            Function::Retired => {
                self.text_test(value, |known| retired::is(known, text, self.kubernetes).into(), |_| Truth::Unknown)
            }
            Function::Wellformed => self.text_test(value, |known| Truth::of(wellformed::is(known, text)), |_| Truth::Unknown),
            Function::Covers => {
                let ports = |value: &Value| ports::parse(&super::message::value(value));
                let read = constant.and_then(|constant| constant.made(|literal| ports(&literal.value())).copied());
                let wanted = read.unwrap_or_else(|| other.as_deref().and_then(ports));
                wanted.map_or(Truth::Unknown, |wanted| self.with_ports(value, |ports| ports.touches(wanted)))
            }
            Function::Internet => address::internet(value),
            Function::World => address::world(value),
            Function::Loopback => address::loopback(value),
            Function::Absolute => starts(value, "/").or(self.text_test(
                value,
                |known| (known.as_bytes().get(1) == Some(&b':')).into(),
                |parts| match parts.first() {
                    Some(Part::Known(known)) if known.len() > 1 => (known.as_bytes().get(1) == Some(&b':')).into(),
                    _ => Truth::Unknown,
                },
            )),
            Function::Secret => Truth::from(holds_secret(value, 0)),
            Function::Literal => Truth::from(is_constant(value)),
            Function::SecretName => self.text_test(value, |known| secret::name(known).into(), |_| Truth::Unknown),
            Function::Written => match &value.kind {
                Kind::Unknown(unknown) if present && !unknown.not_null => Truth::Unknown,
                _ => present.into(),
            },
            Function::Selects => other.map_or(Truth::Unknown, |labels| labels::selects(value, &labels)),
            Function::Allows => iam::allows(value, text),
            Function::Public => iam::public(value),
            Function::Narrowed => iam::narrowed(value),
            _ => Truth::Unknown,
        }
    }

    /// Hands over the set of ports that a value is. Rules ask of one value after the other whether it has this port or that.
    fn with_ports<T>(&self, value: &Held<'a>, work: impl FnOnce(&ports::PortSet) -> T) -> T {
        let Held::Lent(lent) = value else { return work(&ports::set(value)) };
        let mut last = self.ports.borrow_mut();
        match &*last {
            Some((known, ports)) if std::ptr::eq(*known, *lent) => work(ports),
            _ => work(&last.insert((lent, ports::set(lent))).1),
        }
    }

    /// The values of arguments.
    fn values<'s>(&'s self, arguments: &'a [Argument], frames: &'s Frames<'_, 'a>) -> impl Iterator<Item = Held<'a>> + 's {
        arguments.iter().filter_map(move |argument| match argument {
            Argument::Operand(operand) => Some(self.seen(operand, frames).value),
            Argument::Condition(_) => None,
        })
    }

    /// `contains` and `intersects`.
    fn membership(&self, list: &'a Operand, others: &'a [Argument], frames: &Frames<'_, 'a>) -> Outcome {
        let others: Vec<Held<'a>> = self.values(others, frames).collect();
        let wanted = || others.iter().flat_map(|value| elements_or_self(value));
        let plain = |list: &Operand| if let Operand::Path(path) = list { self.plain_list(path, frames) } else { None };
        if let Some((list, _)) = plain(list) {
            let start = if list.tail.is_some() { Truth::Unknown } else { Truth::False };
            let pairs = list.items.iter().flat_map(|item| wanted().map(move |other| equal(item, other)));
            return Outcome::bare(pairs.fold(start, Truth::or));
        }
        let elements = self.operand_elements(list, frames);
        let mut truth = if elements.tail.is_some() { Truth::Unknown } else { Truth::False };
        let mut missing: Vec<CompactString> = elements.tail.iter().map(|tail| tail.source.clone()).collect();
        for element in &elements.slots {
            let here = wanted().map(|other| equal(&element.value, other)).fold(Truth::False, Truth::or);
            if here == Truth::True {
                return self.because(here, &[element]);
            }
            if here == Truth::Unknown {
                missing.extend(self.because(here, &[element]).missing);
            }
            truth = truth.or(here);
        }
        if !self.words.get() {
            return Outcome::bare(truth);
        }
        Outcome { truth, culprits: vec![elements.culprit()], missing }
    }

    /// The functions that give values.
    pub(super) fn call(
        &self,
        function: Function,
        arguments: &'a [Argument],
        rest: &'a [Step],
        frames: &Frames<'_, 'a>,
    ) -> Slot<'a> {
        let Some(Argument::Operand(first)) = arguments.first() else { return Slot::of_value(Value::default()) };
        let number = |number: usize| Kind::Number(Number::Int(number as i128).into());
        if matches!(function, Function::Count | Function::Length) {
            return self.size(function, first, arguments.get(1), frames);
        }
        let subject = self.operand(first, frames);
        let others: Vec<Held<'a>> = self.values(&arguments[1..], frames).collect();
        let text = |at: usize| others.get(at).and_then(|value| value.as_str()).unwrap_or("");
        let known = subject.value.as_str();
        let unknown = matches!(subject.value.kind, Kind::Unknown(_) | Kind::Template(_));
        let kind = match function {
            Function::Lower => match &subject.value.kind {
                Kind::String(text) => Kind::String(lower(text)),
                Kind::Bool(flag) => Kind::String(flag.to_compact_string()),
                Kind::Template(parts) => Kind::Template(parts.iter().map(lower_part).collect()),
                other => other.clone(),
            },
            Function::Parts => match known {
                Some(known) => {
                    let words = known.split(text(0)).map(str::trim).filter(|word| !word.is_empty());
                    let items = words.map(|word| Value::string(word, subject.value.place)).collect();
                    Kind::List(Arc::new(List { items, tail: None, blocks: false }))
                }
                None => subject.value.kind.clone(),
            },
            Function::Duration | Function::Quantity if unknown => subject.value.kind.clone(),
            Function::Duration => quantity::duration(&subject.value).map_or(Kind::Null, |seconds| Kind::Number(seconds.into())),
            Function::Quantity => {
                magnitude(&subject.value, Domain::Quantity).map_or(Kind::Null, |size| Kind::Number(size.into()))
            }
            Function::Tls if unknown => subject.value.kind.clone(),
            Function::Tls => crate::domains::text(&subject.value)
                .as_deref()
                .and_then(tls::least_version)
                .map_or(Kind::Null, |least| Kind::String(least.into())),
            Function::Image => image(&subject.value),
            Function::Ratio => {
                let sides =
                    (magnitude(&subject.value, Domain::Plain), others.first().and_then(|value| magnitude(value, Domain::Plain)));
                match sides {
                    (Some(a), Some(b)) if b != 0.0 => Kind::Number((a / b).into()),
                    _ => Kind::Null,
                }
            }
            Function::Flag => {
                let names: Vec<&str> = others.iter().filter_map(|value| value.as_str()).collect();
                let value = argv::flag(&subject.value, &names);
                let place = if value.place.is_some() { value.place } else { subject.place };
                // People say that the flag is not set, not that the arguments are not.
                let called = subject.names.as_ref().map(|_| Rc::new(names.iter().take(1).map(|name| (*name).into()).collect()));
                return Slot { value: Held::made(value), place, names: called, ..subject };
            }
            Function::References => references(&subject.value),
            _ => number(0),
        };
        let mut value = Value { kind, ..Value::clone(&subject.value) };
        for step in rest {
            let Step::Field(name) = step else { continue };
            let kind = match &value.kind {
                Kind::Map(map) => map.get(name).map_or(Kind::Null, |entry| entry.value.kind.clone()),
                other => other.clone(),
            };
            value.kind = kind;
        }
        Slot { value: Held::made(value), ..subject }
    }

    /// A test on a text that is known; `null` is false, unknown is unknown, a text with holes is asked for its parts.
    fn text_test(&self, value: &Value, known: impl Fn(&str) -> Truth, holes: impl Fn(&[Part]) -> Truth) -> Truth {
        match &value.kind {
            Kind::String(text) => known(text),
            Kind::Number(number) => known(&number.to_compact_string()),
            Kind::Bool(flag) => known(if *flag { "true" } else { "false" }),
            Kind::Template(parts) => holes(parts),
            Kind::Unknown(_) | Kind::Choice(_) => Truth::Unknown,
            Kind::Null | Kind::List(_) | Kind::Map(_) => Truth::False,
        }
    }
}

/// Whether the text has what the pattern asks for; a pattern that is none asks for nothing that can be told.
fn is_match(pattern: Option<&Regex>, text: &str) -> Truth {
    Truth::of(pattern.map(|pattern| pattern.is_match(text)))
}

/// The elements of a list, or the one value that it is.
fn elements_or_self(value: &Value) -> &[Value] {
    match &value.kind {
        Kind::List(list) => &list.items,
        _ => std::slice::from_ref(value),
    }
}

fn lower(text: &CompactString) -> CompactString {
    if !text.is_ascii() {
        return text.to_lowercase();
    }
    let mut text = text.clone();
    text.as_mut_str().make_ascii_lowercase();
    text
}

fn lower_part(part: &Part) -> Part {
    match part {
        Part::Known(text) => Part::Known(lower(text)),
        Part::Hole(unknown) => Part::Hole(unknown.clone()),
    }
}

fn starts(value: &Value, prefix: &str) -> Truth {
    match &value.kind {
        Kind::String(text) => text.starts_with(prefix).into(),
        Kind::Template(parts) => match parts.first() {
            Some(Part::Known(text)) if text.len() >= prefix.len() || !prefix.starts_with(text.as_str()) => {
                text.starts_with(prefix).into()
            }
            _ => Truth::Unknown,
        },
        Kind::Unknown(unknown) if unknown.prefix.len() >= prefix.len() && !prefix.is_empty() => {
            unknown.prefix.starts_with(prefix).into()
        }
        Kind::Unknown(_) | Kind::Choice(_) => Truth::Unknown,
        _ => Truth::False,
    }
}

fn ends(value: &Value, suffix: &str) -> Truth {
    match &value.kind {
        Kind::String(text) => text.ends_with(suffix).into(),
        Kind::Template(parts) => match parts.last() {
            Some(Part::Known(text)) if text.len() >= suffix.len() || !suffix.ends_with(text.as_str()) => {
                text.ends_with(suffix).into()
            }
            _ => Truth::Unknown,
        },
        Kind::Unknown(_) | Kind::Choice(_) => Truth::Unknown,
        _ => Truth::False,
    }
}

/// The source text holds a credential, anywhere in the value.
fn holds_secret(value: &Value, depth: usize) -> bool {
    // What a call has packed is known as it was before.
    if depth < 8 && value.encoded().is_some_and(|plain| holds_secret(plain, depth + 1)) {
        return true;
    }
    match &value.kind {
        Kind::String(text) => secret::find(text).is_some(),
        Kind::Template(parts) => parts.iter().any(|part| matches!(part, Part::Known(text) if secret::find(text).is_some())),
        Kind::List(list) if depth < 8 => list.items.iter().any(|item| holds_secret(item, depth + 1)),
        Kind::Map(map) if depth < 8 => map.entries.iter().any(|entry| holds_secret(&entry.value, depth + 1)),
        _ => false,
    }
}

/// A text of the source, wherever it came through; the empty string hides nothing.
fn is_constant(value: &Value) -> bool {
    let through_resource = value.history().any(|via| matches!(via.how, How::Resource(_)));
    !through_resource && value.place.is_some() && matches!(&value.kind, Kind::String(text) if !text.is_empty())
}

/// The image reference by its parts.
fn image(value: &Value) -> Kind {
    let Kind::String(text) = &value.kind else {
        return value.kind.clone();
    };
    let Some(image) = plimsoll_syntax::image::parse(text) else { return Kind::Null };
    let mut map = Map::default();
    let optional = |part: Option<CompactString>| part.map_or(Kind::Null, Kind::String);
    map.set("registry", Value::new(Kind::String(image.registry), value.place));
    map.set("repository", Value::new(Kind::String(image.repository), value.place));
    map.set("name", Value::new(Kind::String(image.name), value.place));
    map.set("tag", Value::new(optional(image.tag), value.place));
    map.set("digest", Value::new(optional(image.digest), value.place));
    Kind::Map(Arc::new(map))
}

/// The resources that a value was made from: maps of `address`, `type`, `attribute`.
fn references(value: &Value) -> Kind {
    let mut found = value.references();
    found.sort();
    found.dedup();
    let items = found.into_iter().map(|reference| {
        let mut map = Map::default();
        let ty = crate::relations::resource_type(&reference.address);
        map.set("type", Value::string(ty, value.place));
        map.set("address", Value::string(reference.address.clone(), value.place));
        map.set("attribute", Value::string(format_compact!("{}", reference.attribute), value.place));
        Value::map(map, value.place)
    });
    Kind::List(Arc::new(List { items: items.collect(), tail: None, blocks: false }))
}
