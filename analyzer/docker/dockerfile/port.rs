//! Ports of `EXPOSE`.

use plimsoll_syntax::{Place, Value};

use super::read::Reader;
use crate::shell::holes::has_mark;
use crate::values::derived;

/// The highest port.
const HIGHEST: i128 = 65_535;

/// `8080`, `8080/udp`, `8000-8010/tcp`; anything else is not valid.
pub(super) fn value(reader: &Reader<'_>, text: &str, place: Place) -> Value {
    let (range, protocol) = match text.split_once('/') {
        Some((range, protocol)) => (range, Some(protocol)),
        None => (text, None),
    };
    let whole = reader.value_of(text, place);
    let protocol = reader.value_of(protocol.unwrap_or("tcp"), place);
    if has_mark(range) {
        let open = reader.value_of(range, place);
        return derived(
            [
                ("text", whole),
                ("protocol", protocol),
                ("port", open.clone()),
                ("from", open.clone()),
                ("to", open.clone()),
                ("valid", open),
            ],
            place,
        );
    }
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let number = |text: &str| text.parse::<i128>().ok();
    let (from, to) = (number(from), number(to));
    let fits = |port: Option<i128>| port.is_some_and(|port| (0..=HIGHEST).contains(&port));
    let known = ["tcp", "udp", "sctp"].iter().any(|known| protocol.as_str().is_none_or(|text| text.eq_ignore_ascii_case(known)));
    let valid = fits(from) && fits(to) && from <= to && known;
    let int = |port: Option<i128>| port.map(|port| Value::int(port, place)).unwrap_or_default();
    derived(
        [
            ("text", whole),
            ("protocol", protocol),
            ("port", int(from.filter(|_| from == to))),
            ("from", int(from)),
            ("to", int(to)),
            ("valid", Value::bool(valid, place)),
        ],
        place,
    )
}
