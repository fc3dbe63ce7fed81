//! What a file's text says besides its values: tags, keys, and the lines of environment files.

use compact_str::CompactString;
use plimsoll_syntax::yaml::{NodeId, NodeKind, Style, Tree};
use plimsoll_syntax::{Place, Value};

use crate::compose::interpolate::{Environment, interpolate};

/// What a later file takes away from the earlier ones.
pub(super) struct Erased {
    /// Names from the top level.
    pub(super) path: Vec<CompactString>,
    /// `!reset`: from this file, too.
    pub(super) own: bool,
}

/// The paths of `!reset` and `!override`.
pub(super) fn tags(tree: &Tree, node: NodeId, path: &mut Vec<CompactString>, out: &mut Vec<Erased>, depth: usize) {
    if depth > 64 {
        return;
    }
    let tag = tree[node].tag.as_str();
    if tag == "!reset" || tag == "!override" {
        out.push(Erased { path: path.clone(), own: tag == "!reset" });
        return;
    }
    if let NodeKind::Mapping(entries) = &tree[node].kind {
        for entry in entries {
            path.push(tree.scalar(entry.key).unwrap_or("").into());
            tags(tree, entry.value, path, out, depth + 1);
            path.pop();
        }
    }
}

/// Keys are texts: a number or null as a key is refused.
pub(super) fn check_keys(tree: &Tree, node: NodeId, path: &str, depth: usize) -> Result<(), String> {
    if depth > 64 {
        return Ok(());
    }
    match &tree[node].kind {
        NodeKind::Mapping(entries) => {
            let mut seen: Vec<&str> = Vec::new();
            for entry in entries {
                let key = tree.scalar(entry.key).unwrap_or("");
                let plain = matches!(&tree[entry.key].kind, NodeKind::Scalar(_, Style::Plain));
                if plain && (key.is_empty() || key.parse::<f64>().is_ok()) {
                    return Err(format!("non-string key in {path}: {key}"));
                }
                if seen.contains(&key) && key != "<<" {
                    return Err(format!("mapping key \"{key}\" already defined"));
                }
                seen.push(key);
                if key == "<<" && matches!(&tree[tree.resolve(entry.value)].kind, NodeKind::Scalar(..)) {
                    return Err("map merge requires map or sequence of maps as the value".to_owned());
                }
                let inner = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                check_keys(tree, entry.value, &inner, depth + 1)?;
            }
            Ok(())
        }
        NodeKind::Sequence(items) => {
            items.iter().enumerate().try_for_each(|(at, item)| check_keys(tree, *item, &format!("{path}[{at}]"), depth + 1))
        }
        _ => Ok(()),
    }
}

/// The assignments of an environment file, in order; a name alone takes the environment's value.
pub(super) fn assignments(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Vec<(String, Option<String>)> {
    let mut out: Vec<(String, Option<String>)> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once(['=', ':']) else {
            out.push((line.to_owned(), variable(line)));
            continue;
        };
        let value = value.trim();
        let quoted = |mark: char| value.strip_prefix(mark).and_then(|rest| rest.split(mark).next());
        let value = match (quoted('\''), quoted('"')) {
            (Some(literal), _) => literal.to_owned(),
            (_, quoted) => {
                let text = quoted.unwrap_or_else(|| value.split(" #").next().unwrap_or("").trim_end());
                let lookup = |name: &str| {
                    variable(name)
                        .or_else(|| out.iter().rev().find(|(known, _)| known == name).and_then(|(_, value)| value.clone()))
                };
                let environment = Environment { known: Some(&lookup), ..Environment::default() };
                interpolate(Value::string(text, Place::NONE), &environment).as_str().unwrap_or("").to_owned()
            }
        };
        out.push((name.trim().to_owned(), Some(value)));
    }
    out
}
