//! Objects that are generated: config maps, secrets, and the service accounts of a cloud.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::value::{Map, Reason, Shape, Unknown};
use plimsoll_syntax::{Kind, Place, Value};

use crate::failure::{Failure, Outcome};
use crate::resource::{Behaviour, Resource};
use crate::tree::{empty_map, entry, loose, loose_items, loose_text, map_of, set, strings, text};

/// Reads the files that a generator names, by path as written and its place; `None`: it is not here, which was said.
pub(crate) type Read<'r> = &'r mut dyn FnMut(&str, Place) -> Option<(Arc<str>, Place)>;

/// A key, and its text; `None`: the file that holds it is not here.
struct Pair {
    key: CompactString,
    text: Option<CompactString>,
    place: Place,
}

/// How long the lines of encoded data are.
const LINE: usize = 70;

/// A `ConfigMap` or `Secret`. `global`: the options of the kustomization, which fill in the generator's own.
pub(crate) fn keyed(kind: &str, arguments: &Value, global: Option<&Value>, read: Read<'_>) -> Outcome<Resource> {
    let place = arguments.place;
    let written = |name: &str| loose(arguments, name).cloned();
    let name = written("name")
        .or_else(|| arguments.get("metadata").and_then(|metadata| metadata.get("name")).cloned())
        .ok_or_else(|| Failure::new(place, format!("the generator of a {kind} has no name")))?;
    let own = loose(arguments, "options");
    let either = |field: &str| {
        [own, global].into_iter().flatten().any(|options| loose(options, field).and_then(Value::as_bool) == Some(true))
    };
    let mut metadata =
        map_of([("name", Value { kind: Kind::String(text(&name).unwrap_or_default()), ..name.clone() })], name.place);
    let namespace =
        written("namespace").or_else(|| arguments.get("metadata").and_then(|metadata| metadata.get("namespace")).cloned());
    if let Some(namespace) = namespace.filter(|namespace| text(namespace).is_some_and(|text| !text.is_empty())) {
        set(&mut metadata, "namespace", namespace);
    }
    for field in ["labels", "annotations"] {
        let mut all = empty_map(place);
        for options in [global, own].into_iter().flatten() {
            for (key, value) in strings(loose(options, field)) {
                set(&mut all, &key, value);
            }
        }
        if all.as_map().is_some_and(|map| !map.entries.is_empty()) {
            set(&mut metadata, field, all);
        }
    }
    let mut value = map_of(
        [("apiVersion", Value::string("v1", name.place)), ("kind", Value::string(kind, name.place)), ("metadata", metadata)],
        place,
    );
    let mut data = Map { range: place.span, ..Map::default() };
    let (pairs, missing) = pairs(arguments, read)?;
    if let Some(path) = missing {
        data.tail = Some(Arc::new(Unknown::new(Reason::File, path)));
    }
    for Pair { key, text, place } in pairs {
        if !is_key(&key) {
            return Err(Failure::new(place, format!("{key} cannot be a key of a {kind}")));
        }
        if data.get(&key).is_some() {
            return Err(Failure::new(place, format!("the key {key} is there twice")));
        }
        let value = match text {
            Some(text) if kind == "Secret" => Value { sensitive: true, ..Value::string(encoded(text.as_bytes()), place) },
            Some(text) => Value::string(text, place),
            None => Value::unknown(Unknown::new(Reason::File, key.clone()).shaped(Shape::String), place),
        };
        data.entries.push(entry(&key, value));
    }
    if kind == "Secret" {
        let written = written("type").filter(|kind| text(kind).is_some_and(|kind| !kind.is_empty()));
        set(&mut value, "type", written.unwrap_or_else(|| Value::string("Opaque", place)));
    }
    if !data.entries.is_empty() || data.tail.is_some() {
        set(&mut value, "data", Value::map(data, place));
    }
    if either("immutable") {
        set(&mut value, "immutable", Value::bool(true, place));
    }
    Ok(Resource {
        hashed: !either("disableNameSuffixHash"),
        behaviour: Behaviour::parse(&loose_text(arguments, "behavior")),
        ..Resource::new(value)
    })
}

/// What is in environment files, then in literals, then in files; and an environment file that is not here.
fn pairs(arguments: &Value, read: Read<'_>) -> Outcome<(Vec<Pair>, Option<CompactString>)> {
    let mut out = Vec::new();
    let mut missing = None;
    for path in loose_items(arguments, "envs").iter().chain(loose(arguments, "env")) {
        let written = text(path).unwrap_or_default();
        let Some((content, place)) = read(&written, path.place) else {
            missing = Some(written);
            continue;
        };
        let mut offset = 0_u32;
        for (at, line) in content.split_inclusive('\n').enumerate() {
            let start = offset;
            offset += u32::try_from(line.len()).unwrap_or(0);
            let line = line.trim_end_matches('\n').trim_end_matches('\r');
            let line = if at == 0 { line.trim_start_matches('\u{feff}') } else { line };
            let trimmed = line.trim_start();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let (key, value) = trimmed.split_once('=').unwrap_or((trimmed, ""));
            let span = plimsoll_syntax::Span::new(start, start + u32::try_from(line.len()).unwrap_or(0));
            let here = Place::new(place.file, span);
            if !is_variable(key) {
                return Err(Failure::new(path.place, format!("{key} cannot be the name of a variable")));
            }
            out.push(Pair { key: key.into(), text: Some(value.into()), place: here });
        }
    }
    for literal in loose_items(arguments, "literals") {
        let written = text(literal).unwrap_or_default();
        let (key, value) = written
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| Failure::new(literal.place, format!("{written} is not of the form key=value")))?;
        out.push(Pair { key: key.into(), text: Some(unquoted(value).into()), place: literal.place });
    }
    for file in loose_items(arguments, "files") {
        let written = text(file).unwrap_or_default();
        let (key, path) = match written.split_once('=') {
            None => (written.rsplit('/').next().unwrap_or(""), written.as_str()),
            Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => (key, path),
            Some(_) => return Err(Failure::new(file.place, format!("{written} is not of the form key=path"))),
        };
        let content = read(path, file.place).map(|(content, _)| CompactString::from(&*content));
        out.push(Pair { key: key.into(), text: content, place: file.place });
    }
    Ok((out, missing))
}

/// Without the pair of quotes around it.
fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

fn is_key(key: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !key.is_empty() && key.len() <= 253 && key.chars().all(fits) && !matches!(key, "." | "..") && !key.starts_with("..")
}

fn is_variable(key: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    is_key(key) && key.chars().all(fits) && !key.starts_with(|c: char| c.is_ascii_digit())
}

/// Base64, in lines where it is long.
fn encoded(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut plain = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let index = (bits >> (18 - 6 * at)) & 63;
            let digit = ALPHABET.get(index as usize).map_or('A', |digit| char::from(*digit));
            plain.push(if at > chunk.len() { '=' } else { digit });
        }
    }
    if plain.len() < LINE {
        return plain;
    }
    let mut out = String::new();
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && at % LINE == 0 {
            out.push('\n');
        }
        out.push(digit);
    }
    out.push('\n');
    out
}

/// The Kubernetes service account that acts as one of a cloud.
pub(crate) fn cloud_account(arguments: &Value) -> Outcome<Resource> {
    let place = arguments.place;
    if loose_text(arguments, "cloud") != "gke" {
        return Err(Failure::new(place, "the cloud of the account is not known"));
    }
    let part = |owner: &str, field: &str| loose(arguments, owner).and_then(|owner| loose(owner, field)).cloned();
    let name = part("kubernetesService", "name").ok_or_else(|| Failure::new(place, "the account has no name"))?;
    let cloud_name = part("serviceAccount", "name").and_then(|name| text(&name)).unwrap_or_default();
    let project = part("serviceAccount", "projectId").and_then(|project| text(&project)).unwrap_or_default();
    let account = format_compact!("{cloud_name}@{project}.iam.gserviceaccount.com");
    let annotations = map_of([("iam.gke.io/gcp-service-account", Value::string(account, place))], place);
    let mut metadata = map_of([("annotations", annotations), ("name", name)], place);
    if let Some(namespace) = part("kubernetesService", "namespace") {
        set(&mut metadata, "namespace", namespace);
    }
    let fields =
        [("apiVersion", Value::string("v1", place)), ("kind", Value::string("ServiceAccount", place)), ("metadata", metadata)];
    Ok(Resource::new(map_of(fields, place)))
}
