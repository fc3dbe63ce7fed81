//! What paths are told with: steps, and facts that are missing.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_connectivity::{Ports, Protocol};
use plimsoll_syntax::value::Part;
use plimsoll_syntax::{Kind, Place, Value};

/// One step of a path, or the wall that ends it, with the place that says so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// Where it is written; [`Place::NONE`] for a platform's documented default.
    pub place: Place,
    /// One sentence without a full stop; every path that takes the step shares it.
    pub message: Arc<str>,
}

impl Step {
    /// A step that is written at `place`.
    pub fn at(place: Place, message: impl Into<Arc<str>>) -> Self {
        Self { place, message: message.into() }
    }
}

/// A fact without which nothing can be decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Missing {
    /// As a person would recognise it: `var.allowed_cidr`, `the route table of subnet-0ab`.
    pub what: CompactString,
}

impl Missing {
    /// Names the fact.
    pub fn new(what: impl Into<CompactString>) -> Self {
        Self { what: what.into() }
    }

    /// What of a value is not known; `None` where all of it is.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match &value.kind {
            Kind::Unknown(unknown) => Some(Self::new(unknown.source.clone())),
            Kind::Choice(choice) => Some(Self::new(choice.condition.source.clone())),
            Kind::Template(parts) => parts.iter().find_map(|part| match part {
                Part::Hole(unknown) => Some(Self::new(unknown.source.clone())),
                Part::Known(_) => None,
            }),
            Kind::List(list) => {
                let tail = || list.tail.as_ref().map(|tail| Self::new(tail.source.clone()));
                list.items.iter().find_map(Self::of).or_else(tail)
            }
            _ => None,
        }
    }
}

/// The protocols with their names.
const PROTOCOLS: &[(&str, Protocol)] = &[("tcp", Protocol::Tcp), ("udp", Protocol::Udp), ("sctp", Protocol::Sctp)];

/// Ports as they are written in answers: `tcp/22`, `udp/53-60`; `all` for every one of every protocol.
#[must_use]
pub fn words(ports: &Ports) -> Vec<String> {
    if ports.is_all() {
        return vec!["all".to_owned()];
    }
    let told = PROTOCOLS.iter().flat_map(|(name, protocol)| {
        let one = move |&(first, last): &(u32, u32)| match first == last {
            true => format!("{name}/{first}"),
            false if (first, last) == (1, 65_535) => format!("{name}/all"),
            false => format!("{name}/{first}-{last}"),
        };
        ports.intervals(*protocol).iter().map(one)
    });
    told.collect()
}

/// The same in a sentence.
pub(crate) fn shown(ports: &Ports) -> String {
    if ports.is_all() { "every port".to_owned() } else { words(ports).join(", ") }
}
