//! Which sub-charts take part: conditions, tags, aliases, and values that a parent imports.

use std::cell::Cell;
use std::rc::Rc;

use plimsoll_syntax::Place;

use super::coalesce::{coalesced, tables};
use super::{Chart, text_of};
use crate::functions::semver::{Constraint, Version};
use crate::print;
use crate::value::{Data, Dict, MAX_DEPTH, Value};

/// How many charts one chart may consist of, each alias counted.
const MAX_CHARTS: usize = 1000;

/// An entry of `dependencies:`.
#[derive(Clone, Debug)]
pub(crate) struct Requirement {
    /// The alias once it has been looked up.
    pub name: String,
    pub alias: String,
    pub version: String,
    pub condition: String,
    pub tags: Vec<String>,
    pub imports: Vec<Value>,
    /// Shared by the copies under several aliases: Helm imports for the first of them only.
    pub imported: Rc<Cell<bool>>,
    pub enabled: bool,
    /// Where it is written.
    pub place: Place,
}

/// What `Chart.yaml` (or `requirements.yaml`) asks for.
pub(crate) fn requirements(metadata: &Dict) -> Vec<Requirement> {
    let Some(Data::List(all)) = metadata.get("dependencies").map(|value| value.data) else { return Vec::new() };
    let items = |dict: &Dict, key: &str| match dict.get(key).map(|value| value.data) {
        Some(Data::List(items)) => items.to_vec(),
        _ => Vec::new(),
    };
    let one = |value: &Value| {
        let dict = value.as_dict()?;
        Some(Requirement {
            name: text_of(dict, "name"),
            alias: text_of(dict, "alias"),
            version: text_of(dict, "version"),
            condition: text_of(dict, "condition"),
            tags: items(dict, "tags").iter().map(print::plain).collect(),
            imports: items(dict, "import-values"),
            imported: Rc::default(),
            enabled: true,
            place: dict.get("name").map_or(value.origin.place, |name| name.origin.place),
        })
    };
    all.iter().filter_map(one).collect()
}

/// Leaves out what is disabled and copies what is aliased. What is not there is noted in `missing`.
pub(crate) fn select(chart: &mut Chart, values: &Dict, path: &str, missing: &mut Vec<Requirement>) -> Result<(), String> {
    let mut left = MAX_CHARTS;
    select_within(chart, values, path, missing, &mut left)
}

fn select_within(
    chart: &mut Chart,
    values: &Dict,
    path: &str,
    missing: &mut Vec<Requirement>,
    left: &mut usize,
) -> Result<(), String> {
    *left = left.checked_sub(1 + chart.requirements.len()).ok_or("there are too many charts in charts")?;
    if chart.requirements.is_empty() {
        return Ok(());
    }
    let wanted =
        |requirement: &Requirement, chart: &Chart| chart.name == requirement.name && fits(&requirement.version, &chart.version);
    let mut charts: Vec<Chart> = chart
        .charts
        .iter()
        .filter(|inner| !chart.requirements.iter().any(|requirement| wanted(requirement, inner)))
        .cloned()
        .collect();
    let mut absent = Vec::new();
    for requirement in &mut chart.requirements {
        match chart.charts.iter().find(|inner| wanted(requirement, inner)) {
            Some(inner) => {
                let mut copy = inner.clone();
                copy.values = inner.values.deep();
                if !requirement.alias.is_empty() {
                    copy.name.clone_from(&requirement.alias);
                }
                charts.push(copy);
            }
            None => absent.push(requirement.place),
        }
        if !requirement.alias.is_empty() {
            requirement.name.clone_from(&requirement.alias);
        }
    }
    chart.charts = charts;
    let all = coalesced(chart, values, false)?;
    tagged(&mut chart.requirements, &all);
    conditioned(&mut chart.requirements, &all, path);
    let disabled: Vec<String> = chart
        .requirements
        .iter()
        .filter(|requirement| !requirement.enabled)
        .map(|requirement| requirement.name.clone())
        .collect();
    chart.charts.retain(|inner| !disabled.contains(&inner.name));
    chart.requirements.retain(|requirement| !disabled.contains(&requirement.name));
    missing.extend(chart.requirements.iter().filter(|requirement| absent.contains(&requirement.place)).cloned());
    for inner in &mut chart.charts {
        let path = format!("{path}{}.", inner.name);
        select_within(inner, &all, &path, missing, left)?;
    }
    Ok(())
}

fn fits(constraint: &str, version: &str) -> bool {
    Constraint::parse(constraint).zip(Version::parse(version)).is_some_and(|(constraint, version)| constraint.allows(&version))
}

fn tagged(requirements: &mut [Requirement], values: &Dict) {
    let Some(tags) = values.table("tags") else { return };
    for requirement in requirements {
        let said = |wanted: bool| {
            requirement
                .tags
                .iter()
                .any(|tag| matches!(tags.get(tag).map(|value| value.data), Some(Data::Bool(flag)) if flag == wanted))
        };
        requirement.enabled = said(true) || !said(false);
    }
}

fn conditioned(requirements: &mut [Requirement], values: &Dict, path: &str) {
    for requirement in requirements {
        let said = requirement.condition.trim().split(',').filter(|condition| !condition.is_empty()).find_map(|condition| {
            match at(values, &format!("{path}{condition}"))?.data {
                Data::Bool(flag) => Some(flag),
                _ => None,
            }
        });
        requirement.enabled = said.unwrap_or(requirement.enabled);
    }
}

/// The value at `a.b.c`.
fn at(values: &Dict, path: &str) -> Option<Value> {
    match path.split_once('.') {
        Some((first, rest)) => at(&values.table(first)?, rest),
        None => values.get(path),
    }
}

/// Copies what parents import from their sub-charts into the parents' own values, innermost first. As a parent's null deletes a
/// sub-chart's default, nulls are kept until all values meet.
pub(crate) fn import(chart: &mut Chart, keep_nulls: bool) -> Result<(), String> {
    for inner in &mut chart.charts {
        import(inner, keep_nulls)?;
    }
    if chart.requirements.is_empty() {
        return Ok(());
    }
    let all = coalesced(chart, &Dict::default(), keep_nulls)?;
    let imported = Dict::default();
    for requirement in &chart.requirements {
        let done = requirement.imported.replace(true);
        for import in requirement.imports.iter().filter(|_| !done) {
            let (child, parent) = match &import.data {
                Data::Map(dict) => (text_of(dict, "child"), text_of(dict, "parent")),
                Data::Str(name) => (format!("exports.{}", name.as_str()), ".".to_owned()),
                _ => continue,
            };
            let Some(Data::Map(found)) = at(&all, &format!("{}.{child}", requirement.name)).map(|value| value.data) else {
                continue;
            };
            let mut nested = found.deep();
            if parent != "." {
                for name in parent.split('.').rev() {
                    let outer = Dict::default();
                    outer.set(name, nested);
                    nested = outer;
                }
            }
            tables(&imported, &nested, keep_nulls);
        }
    }
    let own = all.deep();
    if !keep_nulls {
        without_nulls(&own, MAX_DEPTH);
    }
    tables(&own, &imported, keep_nulls);
    chart.values = own;
    Ok(())
}

fn without_nulls(values: &Dict, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    for (key, slot) in values.entries() {
        match &slot.value.data {
            Data::Map(inner) => without_nulls(inner, depth),
            Data::Nil | Data::Void => values.remove(&key),
            _ => {}
        }
    }
}
