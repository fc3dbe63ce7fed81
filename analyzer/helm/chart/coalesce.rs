//! How values of a chart and of those around it become one (<https://helm.sh/docs/chart_template_guide/subcharts_and_globals/>).

use super::Chart;
use crate::value::{Data, Dict, Slot, Value};

/// The values that a chart and its sub-charts are rendered with. `merge`: null does not delete a default.
pub(crate) fn coalesced(chart: &Chart, values: &Dict, merge: bool) -> Result<Dict, String> {
    let target = values.deep();
    coalesce(chart, &target, merge)?;
    Ok(target)
}

/// Puts a file of values over those before it, as the `helm` program does with several `--values`.
pub(crate) fn over(target: &Dict, source: &Dict) {
    for (key, slot) in source.entries() {
        match (target.table(&key), slot.value.as_dict()) {
            (Some(below), Some(above)) => over(&below, above),
            _ => target.set_slot(key, slot),
        }
    }
}

fn coalesce(chart: &Chart, target: &Dict, merge: bool) -> Result<(), String> {
    own(chart, target, merge);
    for inner in &chart.charts {
        match target.get(&inner.name).map(|value| value.data) {
            None => target.set(inner.name.as_str(), Dict::default()),
            Some(Data::Map(_)) => {}
            Some(_) => return Err(format!("type mismatch on {}: its values are no map", inner.name)),
        }
        let Some(values) = target.table(&inner.name) else { continue };
        globals(&values, target);
        coalesce(inner, &values, merge)?;
    }
    Ok(())
}

fn globals(target: &Dict, source: &Dict) {
    let map = |dict: &Dict| match dict.get("global").map(|value| value.data) {
        None => Some(Dict::default()),
        Some(Data::Map(dict)) => Some(dict),
        Some(_) => None,
    };
    let (Some(to), Some(from)) = (map(target), map(source)) else { return };
    for (key, slot) in from.entries() {
        match (&slot.value.data, to.get(&key).map(|value| value.data)) {
            (Data::Map(new), None) => to.set_slot(key, slot.clone_with(new.shallow())),
            (Data::Map(new), Some(Data::Map(old))) => {
                let new = new.shallow();
                tables(&new, &old, true);
                to.set_slot(key, slot.clone_with(new));
            }
            (Data::Map(_), Some(_)) | (_, Some(Data::Map(_))) => {}
            _ => to.set_slot(key, slot),
        }
    }
    target.set("global", to);
}

impl Slot {
    fn clone_with(&self, dict: Dict) -> Self {
        Self { key: self.key, value: Value { data: Data::Map(dict), origin: self.value.origin } }
    }
}

/// A chart's own defaults below what is given.
fn own(chart: &Chart, target: &Dict, merge: bool) {
    for (key, slot) in chart.values.deep().entries() {
        match target.get(&key).map(|value| value.data) {
            None => target.set_slot(key, slot),
            Some(Data::Nil | Data::Void) if !merge => target.remove(&key),
            Some(Data::Map(given)) => {
                if let Data::Map(default) = &slot.value.data {
                    let merge = merge || chart.charts.iter().any(|inner| *inner.name == *key);
                    tables(&given, default, merge);
                }
            }
            Some(_) => {}
        }
    }
}

/// Entries of `source` where `target` has none.
pub(crate) fn tables(target: &Dict, source: &Dict, merge: bool) {
    if target.is(source) {
        return;
    }
    for (key, slot) in source.entries() {
        match (target.get(&key).map(|value| value.data), &slot.value.data) {
            (Some(Data::Nil | Data::Void), _) if !merge => target.remove(&key),
            (None, _) => target.set_slot(key, slot),
            (Some(Data::Map(given)), Data::Map(default)) => tables(&given, default, merge),
            _ => {}
        }
    }
}
