//! Where a daemon listens: `unix:///run/docker.sock`, `tcp://0.0.0.0:2375`, `fd://`.

use plimsoll_syntax::value::{Map, Unknown};
use plimsoll_syntax::{Kind, Value};

use crate::compose::values::{Holed, object, set_at};

/// A host with its parts: `text`, `scheme`, `addresses`, `port`.
pub(super) fn read(written: &Value) -> Option<Value> {
    let place = written.place;
    if let Kind::Unknown(unknown) = &written.kind {
        return Some(Value::map(Map { tail: Some(unknown.clone()), range: place.span, ..Map::default() }, place));
    }
    let holed = Holed::of(written)?;
    let (scheme, rest) = match holed.text.split_once("://") {
        Some((scheme, rest)) => (holed.value(scheme), rest),
        // An address alone is TCP, a path alone a socket.
        None if holed.text.starts_with('/') => (Value::string("unix", place), holed.text.as_str()),
        None => match holed.first_hole(&holed.text) {
            Some(hole) => (Value::unknown(Unknown::clone(hole), place), holed.text.as_str()),
            None => (Value::string("tcp", place), holed.text.as_str()),
        },
    };
    let mut map = Map { range: place.span, ..Map::default() };
    set_at(&mut map, "text", written.clone(), place);
    let tcp = matches!(scheme.as_str(), Some("tcp" | "http" | "https")) || scheme.as_unknown().is_some();
    set_at(&mut map, "scheme", scheme, place);
    if tcp {
        let (addresses, port) = split(&holed, rest);
        set_at(&mut map, "addresses", addresses, place);
        set_at(&mut map, "port", port, place);
    }
    Some(Value::map(map, place))
}

/// `addresses` and `port` of `127.0.0.1:9323`; `None`: there is no text.
pub(crate) fn address(written: &Value) -> Option<Value> {
    let holed = Holed::of(written)?;
    let (addresses, port) = split(&holed, &holed.text);
    Some(object([("addresses", addresses), ("port", port)], written.place))
}

/// Address and port. `tcp://` listens on localhost, `tcp://:2375` on every address; the port is 2375 where none is written.
fn split(holed: &Holed, rest: &str) -> (Value, Value) {
    let rest = rest.split('/').next().unwrap_or("");
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (rest, ""),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let address = match (host, rest) {
        ("", "") => holed.value("127.0.0.1"),
        ("", _) => holed.value("0.0.0.0"),
        _ => holed.value(host),
    };
    let port = if port.is_empty() { holed.number("2375") } else { holed.number(port) };
    let place = address.place;
    (Value::list(vec![address], place), port)
}
