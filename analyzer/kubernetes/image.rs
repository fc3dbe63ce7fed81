//! Image references of containers.

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::image;
use plimsoll_syntax::value::{Map, Part, Shape, Unknown};
use plimsoll_syntax::{Item, Kind, Place, Value};

use crate::object::Object;
use crate::values::{entry, field, set_at};

/// Stands for a hole while a reference is read: a word that fits anywhere in one. The hole's number follows.
const MARK: &str = "plimsollhole";

/// The parts of a reference: `registry`, `repository`, `name` (both), `familiar` (as people write it), `tag`, `digest`, and all of
/// it as `text`; a tag or digest that is not written is absent. What a hole may change is unknown. `None`: it is no reference.
pub(crate) fn parts(written: &Value) -> Option<Value> {
    let place = written.place;
    let set = |map: &mut Map, key: &str, value: Value| set_at(map, key, value, place);
    let mut map = Map::default();
    let holes: Vec<&Unknown> = match &written.kind {
        Kind::String(_) => Vec::new(),
        Kind::Template(parts) => {
            parts.iter().filter_map(|part| if let Part::Hole(hole) = part { Some(&**hole) } else { None }).collect()
        }
        Kind::Unknown(_) => return Some(written.clone()),
        _ => return None,
    };
    let mut text = CompactString::default();
    match &written.kind {
        Kind::Template(parts) => {
            let mut number = 0;
            for part in parts.iter() {
                match part {
                    Part::Known(known) => text.push_str(known),
                    Part::Hole(_) => {
                        text.push_str(&format_compact!("{MARK}{number}x"));
                        number += 1;
                    }
                }
            }
        }
        _ => text.push_str(written.as_str()?),
    }
    let Some(image) = image::parse(&text) else {
        // A hole in a place where its filling matters (a digest): nothing is certain.
        let first = holes.first()?;
        return Some(Value::unknown(Unknown::clone(first), place));
    };
    let part = |text: &str| match holes.iter().enumerate().find(|(number, _)| text.contains(&format!("{MARK}{number}x"))) {
        Some((_, hole)) => Value::unknown(Unknown::clone(hole).shaped(Shape::String), place),
        None => Value::string(text, place),
    };
    // A hole before the first slash may be a registry; one at the end may bring its own tag and digest.
    let named = text.split('@').next().unwrap_or("");
    let first = match named.split_once('/') {
        Some((first, _)) => first,
        None => named.split(':').next().unwrap_or(""),
    };
    let leading = holes.first().filter(|_| first.contains(MARK));
    let trailing =
        holes.last().filter(|_| text.ends_with('x') && text.rfind(MARK).is_some_and(|at| !text[at..].contains(['/', ':'])));
    let open = |hole: &&Unknown| Value::unknown(Unknown::clone(hole), place);
    for (key, text) in
        [("registry", &*image.registry), ("repository", &image.repository), ("name", &image.name), ("familiar", image.familiar())]
    {
        set(&mut map, key, leading.map_or_else(|| part(text), open));
    }
    for (key, text) in [("tag", &image.tag), ("digest", &image.digest)] {
        match text {
            Some(text) => set(&mut map, key, part(text)),
            None => {
                if let Some(hole) = trailing {
                    set(&mut map, key, open(hole));
                }
            }
        }
    }
    set(&mut map, "text", written.clone());
    Some(Value::map(map, place))
}

/// When the kubelet pulls: as written; else always for `latest` or no tag, and otherwise where the image is missing.
pub(crate) fn pull_policy(container: &Value, parts: &Value) -> Value {
    if let Some(written) = entry(container, &["imagePullPolicy"]) {
        return written.value.clone();
    }
    let (tag, digest) = (field(parts, "tag"), field(parts, "digest"));
    let policy = match (&tag.kind, &digest.kind) {
        (Kind::Unknown(_), _) => return tag,
        (_, Kind::Unknown(_)) => return digest,
        (Kind::String(tag), _) if tag != "latest" => "IfNotPresent",
        (Kind::Null, Kind::String(_)) => "IfNotPresent",
        _ => "Always",
    };
    Value::string(policy, parts.place)
}

/// The use of an image by a container: `image` (its parts), `reference` (as written), `imagePullPolicy` and `where`.
pub(crate) fn usage(object: &Object, container: &Item) -> Option<Item> {
    let written = entry(&container.value, &["image"])?;
    let parts = parts(&written.value)?;
    let mut map = Map { range: written.place.span, ..Map::default() };
    set_at(&mut map, "image", parts, written.place);
    set_at(&mut map, "reference", written.value.clone(), written.place);
    set_at(&mut map, "where", Value::string("container", Place::NONE), Place::NONE);
    if let Some(policy) = entry(&container.value, &["imagePullPolicy"]) {
        map.entries.push(policy.clone());
    }
    Some(object.part("image.use", container.name.clone(), written.place, written.place, Value::map(map, written.place)))
}

#[cfg(test)]
mod tests {
    use crate::tests::{fields, read};

    #[test]
    fn images_are_pulled_by_their_tags() {
        let rows = [
            ("image: nginx", "Always"),
            ("image: 'nginx:latest'", "Always"),
            ("image: 'nginx:1.29'", "IfNotPresent"),
            ("image: 'nginx@sha256:2bcabc23b45489fb0885d69a06ba1d648aeda973fae7bb981bafbb884165e514'", "IfNotPresent"),
            ("image: nginx, imagePullPolicy: Never", "Never"),
            ("image: 'nginx:{{ .Values.tag }}'", "<{{ .Values.tag }}>"),
        ];
        for (container, expected) in rows {
            let source = format!("apiVersion: v1\nkind: Pod\nspec: {{containers: [{{name: a, {container}}}]}}\n");
            assert_eq!(
                fields(&read(&source), "container", &["pull_policy"]),
                [format!("a pull_policy={expected}")],
                "{container}"
            );
        }
    }
}
