//! Variables: `$(NAME)` in some fields stands for what a field of an object holds.

use compact_str::CompactString;
use plimsoll_syntax::{Kind, Value};
use rustc_hash::FxHashMap;

use crate::failure::{Failure, Outcome};
use crate::field::{Field, visit};
use crate::identity::Id;
use crate::resource::Resource;
use crate::tree::{list_mut, loose, loose_text, map_mut, text};

/// A variable as a kustomization declares it.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: CompactString,
    pub(crate) written: Value,
}

/// Declares variables: notes at the objects that they are read from them.
///
/// # Errors
/// When a name is declared twice, or its object is not one.
pub(crate) fn declare(all: &mut [Resource], known: &mut Vec<Variable>, written: &[Value]) -> Outcome<()> {
    for variable in written {
        let name = loose_text(variable, "name");
        let target = loose(variable, "objref").map(Id::selector).unwrap_or_default();
        let exact = !target.namespace.is_empty() || target.gvk.is_cluster_wide();
        let matches = |id: &Id| if exact { id.is(&target) } else { id.gvk == target.gvk && id.name == target.name };
        let mut found = all.iter_mut().filter(|resource| resource.ids().any(|id| matches(&id)));
        if let Some(resource) = found.next() {
            if found.next().is_some() {
                return Err(Failure::new(variable.place, format!("the object of {name} is more than one")));
            }
            resource.variables.push(name.clone());
        }
        add(known, Variable { name, written: variable.clone() })?;
    }
    Ok(())
}

/// Adds a variable whose name nobody has.
pub(crate) fn add(known: &mut Vec<Variable>, fresh: Variable) -> Outcome<()> {
    if known.iter().any(|known| known.name == fresh.name) {
        return Err(Failure::new(fresh.written.place, format!("the variable {} is there twice", fresh.name)));
    }
    known.push(fresh);
    Ok(())
}

/// Adds the variables of another layer.
///
/// # Errors
/// When a name is there already.
pub(crate) fn merge(known: &mut Vec<Variable>, others: Vec<Variable>) -> Outcome<()> {
    others.into_iter().try_for_each(|other| add(known, other))
}

/// Fills the variables in.
///
/// # Errors
/// When one has no value.
pub(crate) fn resolve(all: &mut [Resource], variables: &[Variable], fields: &[Field]) -> Outcome<()> {
    if variables.is_empty() {
        return Ok(());
    }
    let mut values: FxHashMap<CompactString, Value> = FxHashMap::default();
    for variable in variables {
        let path = loose(&variable.written, "fieldref").map(|field| loose_text(field, "fieldpath")).unwrap_or_default();
        let path = if path.is_empty() { "metadata.name".into() } else { path };
        let source = all.iter().find(|resource| resource.variables.contains(&variable.name));
        let value = source.and_then(|resource| at(&resource.value, &path));
        let value = value.ok_or_else(|| Failure::new(variable.written.place, format!("{} has no value", variable.name)))?;
        values.insert(variable.name.clone(), value.clone());
    }
    for resource in all {
        for field in fields {
            let place = resource.value.place;
            visit(&mut resource.value, field, None, &mut |value| {
                fill(value, &values);
                Ok(())
            })
            .map_err(|reason| Failure::new(place, reason))?;
        }
    }
    Ok(())
}

/// The value at a path such as `spec.rules[0].host`.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let path = path.replace('[', ".").replace(']', "");
    crate::field::split(&path, '.').iter().try_fold(value, |value, step| match &value.kind {
        Kind::List(list) => list.items.get(step.parse::<usize>().ok()?),
        _ => value.get(step),
    })
}

fn fill(value: &mut Value, values: &FxHashMap<CompactString, Value>) {
    if let Some(list) = list_mut(value) {
        list.items.iter_mut().filter(|item| item.as_str().is_some()).for_each(|item| fill(item, values));
    } else if let Some(map) = map_mut(value) {
        let texts = map.entries.iter_mut().filter(|entry| entry.value.as_str().is_some());
        texts.for_each(|entry| fill(&mut entry.value, values));
    } else if let Some(text) = value.as_str().filter(|text| text.contains('$')) {
        value.kind = expanded(text, values);
    }
}

/// The text with its variables filled in. A text that is nothing but a variable takes the type of its value.
fn expanded(input: &str, values: &FxHashMap<CompactString, Value>) -> Kind {
    let mut out = CompactString::default();
    let mut rest = input;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = after;
        if let Some(escaped) = after.strip_prefix('$') {
            out.push('$');
            rest = escaped;
        } else if let Some((name, behind)) = after.strip_prefix('(').and_then(|after| after.split_once(')')) {
            let value = values.get(name).and_then(|value| Some((value, text(value)?)));
            match value {
                Some((value, _)) if before.is_empty() && out.is_empty() && behind.is_empty() => return value.kind.clone(),
                Some((_, text)) => out.push_str(&text),
                None => {
                    out.push_str("$(");
                    out.push_str(name);
                    out.push(')');
                }
            }
            rest = behind;
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    Kind::String(out)
}
