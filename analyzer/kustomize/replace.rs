//! Replacements: values of fields that are copied from one object to others.

use compact_str::CompactString;
use plimsoll_syntax::value::{List, Map};
use plimsoll_syntax::{Kind, Place, Value};

use crate::failure::{Failure, Outcome};
use crate::field::retext;
use crate::identity::Id;
use crate::resource::Resource;
use crate::select::meets_selectors;
use crate::tree::{get_mut, list_mut, loose, loose_items, loose_text, map_mut, text};

/// Copies what one replacement says.
///
/// # Errors
/// When its source is not one object, or a field is missing.
pub(crate) fn apply(all: &mut [Resource], replacement: &Value) -> Outcome<()> {
    let targets = loose_items(replacement, "targets");
    if targets.is_empty() {
        return Err(Failure::new(replacement.place, "the replacement has no target"));
    }
    let value = match (loose(replacement, "source"), loose(replacement, "sourceValue")) {
        (Some(source), _) => read(all, source)?,
        (None, Some(value)) => value.clone(),
        (None, None) => return Err(Failure::new(replacement.place, "the replacement has no source")),
    };
    targets.iter().try_for_each(|target| write(all, target, &value))
}

fn read(all: &[Resource], source: &Value) -> Outcome<Value> {
    let selector = Id::selector(source);
    let fail = |reason: &str| Failure::new(source.place, reason);
    let mut found = all.iter().filter(|resource| resource.ids().any(|id| id.is_selected_by(&selector)));
    let resource = found.next().ok_or_else(|| fail("the source of the replacement is not there"))?;
    if found.next().is_some() {
        return Err(fail("the source of the replacement is more than one object"));
    }
    let path = Some(loose_text(source, "fieldPath")).filter(|path| !path.is_empty()).unwrap_or("metadata.name".into());
    let steps = split(&path);
    let value = steps.iter().try_fold(&resource.value, |value, step| enter(value, step));
    let value = value.filter(|value| !is_nothing(value)).ok_or_else(|| fail("the source of the replacement lacks the field"))?;
    let options = loose(source, "options");
    let delimiter = options.map(|options| loose_text(options, "delimiter")).unwrap_or_default();
    if delimiter.is_empty() {
        return Ok(value.clone());
    }
    let whole = text(value).ok_or_else(|| fail("only a scalar can be taken apart"))?;
    let index = options.and_then(|options| loose(options, "index")).and_then(Value::as_int).unwrap_or(0);
    let part = usize::try_from(index).ok().and_then(|index| whole.split(delimiter.as_str()).nth(index));
    let part = part.ok_or_else(|| fail("the source of the replacement has fewer parts"))?;
    let kind = if value.as_str().is_some() { Kind::String(part.into()) } else { crate::field::plain(part) };
    Ok(Value::new(kind, value.place))
}

fn is_nothing(value: &Value) -> bool {
    match &value.kind {
        Kind::Null => true,
        Kind::Map(map) => map.entries.is_empty(),
        Kind::List(list) => list.items.is_empty(),
        _ => false,
    }
}

fn write(all: &mut [Resource], target: &Value, value: &Value) -> Outcome<()> {
    let select =
        loose(target, "select").ok_or_else(|| Failure::new(target.place, "the target of the replacement selects nothing"))?;
    let selector = Id::selector(select);
    let rejected: Vec<(Id, &Value)> = loose_items(target, "reject").iter().map(|reject| (Id::selector(reject), reject)).collect();
    let options = loose(target, "options");
    let paths: Vec<(CompactString, Place)> =
        loose_items(target, "fieldPaths").iter().map(|path| (text(path).unwrap_or_default(), path.place)).collect();
    let paths = if paths.is_empty() { vec![("metadata.name".into(), target.place)] } else { paths };
    for resource in all {
        let ids: Vec<Id> = resource.ids().collect();
        let is_rejected = rejected.iter().any(|(rejected, written)| {
            let nothing = *rejected == Id::default()
                && loose(written, "labelSelector").is_none()
                && loose(written, "annotationSelector").is_none();
            !nothing && ids.iter().any(|id| id.is_selected_by(rejected)) && meets_selectors(written, resource)
        });
        if is_rejected || !ids.iter().any(|id| id.is_selected_by(&selector)) || !meets_selectors(select, resource) {
            continue;
        }
        for (path, place) in &paths {
            let create = options.and_then(|options| loose(options, "create")).and_then(Value::as_bool) == Some(true);
            let mut changed = 0;
            let mut result = Ok(());
            walk(&mut resource.value, &split(path), create.then_some(value), &mut |found| {
                changed += 1;
                if let Err(reason) = put(found, value, options) {
                    result = Err(Failure::new(*place, reason));
                }
            });
            result?;
            if changed == 0 {
                return Err(Failure::new(*place, format!("{path} is not there to be replaced")));
            }
        }
    }
    Ok(())
}

fn put(found: &mut Value, value: &Value, options: Option<&Value>) -> Result<(), String> {
    let delimiter = options.map(|options| loose_text(options, "delimiter")).unwrap_or_default();
    let is_scalar = |value: &Value| value.as_map().is_none() && value.as_list().is_none();
    if !delimiter.is_empty() {
        if !is_scalar(found) {
            return Err("only a scalar can be taken apart".into());
        }
        let own = text(found).unwrap_or_default();
        let fresh = text(value).unwrap_or_default();
        let mut parts: Vec<&str> = own.split(delimiter.as_str()).collect();
        let index = options.and_then(|options| loose(options, "index")).and_then(Value::as_int).unwrap_or(0);
        match usize::try_from(index) {
            Err(_) => parts.insert(0, &fresh),
            Ok(index) => match parts.get_mut(index) {
                Some(part) => *part = &fresh,
                None => parts.push(&fresh),
            },
        }
        retext(found, parts.join(delimiter.as_str()).into(), value.place);
        return Ok(());
    }
    match text(value).filter(|_| is_scalar(found)) {
        Some(text) => retext(found, text, value.place),
        None => *found = value.clone(),
    }
    Ok(())
}

/// Splits a path at dots that are not in brackets; a backslash takes the meaning from a dot.
fn split(path: &str) -> Vec<CompactString> {
    let mut parts = vec![CompactString::default()];
    let mut depth = 0;
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '.' if depth == 0 => {
                parts.push(CompactString::default());
                continue;
            }
            '[' => depth += 1,
            ']' => depth -= 1,
            '\\' if characters.peek() == Some(&'.') => {
                characters.next();
                if let Some(last) = parts.last_mut() {
                    last.push('.');
                }
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// `[key=value]`: the element of a list that has the value; `[=value]`: that is it.
fn element(step: &str) -> Option<(&str, &str)> {
    step.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

fn is_element(item: &Value, key: &str, value: &str) -> bool {
    let own = if key.is_empty() { text(item) } else { item.get(key).and_then(text) };
    own.is_some_and(|own| {
        own == value || value.strip_prefix('^').is_some() && regex::Regex::new(value).is_ok_and(|pattern| pattern.is_match(&own))
    })
}

/// A key, written with or without brackets.
fn key(step: &str) -> &str {
    step.strip_prefix('[').and_then(|step| step.strip_suffix(']')).unwrap_or(step)
}

fn enter<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    if let Some((key, wanted)) = element(step) {
        return value.items().iter().find(|item| is_element(item, key, wanted));
    }
    match &value.kind {
        Kind::List(list) => list.items.get(step.parse::<usize>().ok()?),
        _ => value.get(key(step)),
    }
}

/// Visits all that a path leads to; `make`: what is made at its end where nothing is.
fn walk(value: &mut Value, path: &[CompactString], make: Option<&Value>, visit: &mut impl FnMut(&mut Value)) {
    let Some((step, rest)) = path.split_first() else { return visit(value) };
    // What is made on the way must fit the step that follows.
    let fresh = |make: &Value| match rest.first() {
        Some(next) if element(next).is_some() || next == "-" => Value::list(Vec::new(), make.place),
        Some(_) => Value::map(Map::default(), make.place),
        None if make.as_map().is_some() => Value::map(Map::default(), make.place),
        None if make.as_list().is_some() => Value::list(Vec::new(), make.place),
        None => Value::new(Kind::Null, make.place),
    };
    if let Some((key, wanted)) = element(step) {
        let Some(list) = list_mut(value) else { return };
        if let Some(make) = make
            && !list.items.iter().any(|item| is_element(item, key, wanted))
        {
            let wanted = Value::string(wanted, make.place);
            list.items.push(if key.is_empty() { wanted } else { crate::tree::map_of([(key, wanted)], make.place) });
        }
        for item in list.items.iter_mut().filter(|item| is_element(item, key, wanted)) {
            walk(item, rest, make, visit);
        }
        return;
    }
    if step == "*" {
        if let Some(list) = list_mut(value) {
            list.items.iter_mut().for_each(|item| walk(item, rest, make, visit));
        } else if let Some(map) = map_mut(value) {
            map.entries.iter_mut().for_each(|entry| walk(&mut entry.value, rest, make, visit));
        }
        return;
    }
    if let Some(list) = list_mut(value) {
        return in_list(list, step, rest, make.map(|make| (make, fresh(make))), visit);
    }
    let key = key(step);
    if let Some(make) = make
        && value.get(key).is_none()
        && let Some(map) = map_mut(value)
    {
        map.entries.push(crate::tree::entry(key, fresh(make)));
    }
    if let Some(found) = get_mut(value, key)
        && (rest.is_empty() || !found.is_null())
    {
        walk(found, rest, make, visit);
    }
}

fn in_list(
    list: &mut List,
    step: &str,
    rest: &[CompactString],
    make: Option<(&Value, Value)>,
    visit: &mut impl FnMut(&mut Value),
) {
    let at = if step == "-" { Some(list.items.len()) } else { step.parse::<usize>().ok() };
    let Some(at) = at else { return };
    if let Some((_, fresh)) = &make
        && at == list.items.len()
    {
        list.items.push(fresh.clone());
    }
    if let Some(item) = list.items.get_mut(at) {
        walk(item, rest, make.map(|(make, _)| make), visit);
    }
}
