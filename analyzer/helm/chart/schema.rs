//! `values.schema.json`: the parts of JSON Schema that charts use (<https://json-schema.org/draft-07>).

use plimsoll_syntax::Place;
use regex::Regex;

use super::Chart;
use crate::text::Text;
use crate::value::{Data, Dict, Value};
use crate::yaml;

/// How deep schemas and references may nest.
const MAX_DEPTH: usize = 64;

/// The first thing about the values that a schema refuses, with the place of the value.
pub(crate) fn check(chart: &Chart, values: &Dict) -> Option<(Place, String)> {
    if let Some(schema) = &chart.schema
        && let Ok(schema) = yaml::read(&Text::from(&**schema))
    {
        let checker = Checker { root: &schema };
        if let Err((place, message)) = checker.check(&schema, &values.clone().into(), MAX_DEPTH) {
            return Some((
                place,
                format!(
                    "values don't meet the specifications of the schema(s) in the following chart(s): {}: {message}",
                    chart.name
                ),
            ));
        }
    }
    chart.charts.iter().find_map(|inner| check(inner, &values.table(&inner.name)?))
}

struct Checker<'s> {
    root: &'s Value,
}

type Checked = Result<(), (Place, String)>;

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, depth: usize) -> Checked {
        let Some(depth) = depth.checked_sub(1) else { return Ok(()) };
        let fail = |message: String| Err((value.origin.place, message));
        let schema = match &schema.data {
            Data::Bool(false) => return fail("no value is allowed here".to_owned()),
            Data::Map(schema) => schema,
            _ => return Ok(()),
        };
        if let Some(target) = schema.get("$ref").as_ref().and_then(Value::as_str).and_then(|path| self.target(path)) {
            self.check(&target, value, depth)?;
        }
        if let Some(wanted) = schema.get("type") {
            let names: Vec<Value> = match &wanted.data {
                Data::List(names) => names.to_vec(),
                _ => vec![wanted],
            };
            if !names.iter().filter_map(Value::as_str).any(|name| is(value, name)) {
                let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                return fail(format!("this must be {}", names.join(" or ")));
            }
        }
        if let Some(Data::List(allowed)) = schema.get("enum").map(|value| value.data)
            && !allowed.iter().any(|allowed| same(allowed, value))
        {
            return fail("this is none of the values that are allowed".to_owned());
        }
        if schema.get("const").is_some_and(|wanted| !same(&wanted, value)) {
            return fail("this is not the value that is allowed".to_owned());
        }
        self.combined(schema, value, depth)?;
        match &value.data {
            Data::Map(dict) => self.object(schema, value, dict, depth),
            Data::List(items) => self.array(schema, value, items, depth),
            Data::Str(text) => string(schema, text.as_str()).or_else(fail),
            Data::Float(_) | Data::Int(_) | Data::Long(_) => bounds(schema, value).or_else(fail),
            _ => Ok(()),
        }
    }

    /// `allOf`, `anyOf`, `oneOf`, `not`, `if`
    fn combined(&self, schema: &Dict, value: &Value, depth: usize) -> Checked {
        let list = |key: &str| match schema.get(key).map(|value| value.data) {
            Some(Data::List(items)) => items.to_vec(),
            _ => Vec::new(),
        };
        for inner in list("allOf") {
            self.check(&inner, value, depth)?;
        }
        let fitting = |all: &[Value]| all.iter().filter(|inner| self.check(inner, value, depth).is_ok()).count();
        let (any, one) = (list("anyOf"), list("oneOf"));
        if !any.is_empty() && fitting(&any) == 0 || !one.is_empty() && fitting(&one) != 1 {
            return Err((value.origin.place, "this fits none of the alternatives".to_owned()));
        }
        if schema.get("not").is_some_and(|inner| self.check(&inner, value, depth).is_ok()) {
            return Err((value.origin.place, "this is what the schema excludes".to_owned()));
        }
        if let Some(condition) = schema.get("if") {
            let branch = if self.check(&condition, value, depth).is_ok() { "then" } else { "else" };
            if let Some(inner) = schema.get(branch) {
                self.check(&inner, value, depth)?;
            }
        }
        Ok(())
    }

    fn object(&self, schema: &Dict, value: &Value, dict: &Dict, depth: usize) -> Checked {
        if let Some(Data::List(required)) = schema.get("required").map(|value| value.data)
            && let Some(absent) = required.iter().filter_map(Value::as_str).find(|name| !dict.has(name))
        {
            return Err((value.origin.place, format!("missing property '{absent}'")));
        }
        let properties = schema.table("properties").unwrap_or_default();
        let patterns: Vec<(Regex, Value)> = schema
            .table("patternProperties")
            .map(|patterns| {
                patterns
                    .entries()
                    .into_iter()
                    .filter_map(|(pattern, slot)| Some((Regex::new(&pattern).ok()?, slot.value)))
                    .collect()
            })
            .unwrap_or_default();
        let additional = schema.get("additionalProperties");
        for (key, slot) in dict.entries() {
            let mut known = false;
            if let Some(inner) = properties.get(&key) {
                known = true;
                self.check(&inner, &slot.value, depth)?;
            }
            for (_, inner) in patterns.iter().filter(|(pattern, _)| pattern.is_match(&key)) {
                known = true;
                self.check(inner, &slot.value, depth)?;
            }
            if let Some(inner) = additional.as_ref().filter(|_| !known) {
                if matches!(inner.data, Data::Bool(false)) {
                    return Err((slot.key, format!("additional property '{key}' is not allowed")));
                }
                self.check(inner, &slot.value, depth)?;
            }
        }
        let count = Value::new(Data::Int(i64::try_from(dict.len()).unwrap_or(i64::MAX)));
        length(schema, &count, "minProperties", "maxProperties").map_err(|message| (value.origin.place, message))
    }

    fn array(&self, schema: &Dict, value: &Value, items: &[Value], depth: usize) -> Checked {
        match schema.get("items").map(|value| value.data) {
            Some(Data::List(schemas)) => {
                for (inner, item) in schemas.iter().zip(items) {
                    self.check(inner, item, depth)?;
                }
            }
            Some(data) => {
                let inner = Value::new(data);
                for item in items {
                    self.check(&inner, item, depth)?;
                }
            }
            None => {}
        }
        let unique = schema.get("uniqueItems").is_some_and(|flag| flag.truth());
        if unique && items.iter().enumerate().any(|(at, item)| items.iter().take(at).any(|other| same(other, item))) {
            return Err((value.origin.place, "the elements must differ".to_owned()));
        }
        let count = Value::new(Data::Int(i64::try_from(items.len()).unwrap_or(i64::MAX)));
        length(schema, &count, "minItems", "maxItems").map_err(|message| (value.origin.place, message))
    }

    /// `#/definitions/name`
    fn target(&self, path: &str) -> Option<Value> {
        let rest = path.strip_prefix('#')?;
        rest.split('/').filter(|part| !part.is_empty()).try_fold(self.root.clone(), |value, part| {
            let name = part.replace("~1", "/").replace("~0", "~");
            match &value.data {
                Data::Map(dict) => dict.get(&name),
                Data::List(items) => items.get(name.parse::<usize>().ok()?).cloned(),
                _ => None,
            }
        })
    }
}

fn number(value: &Value) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "numbers of values files are doubles")]
    match value.data {
        Data::Float(float) => Some(float),
        Data::Int(int) | Data::Long(int) => Some(int as f64),
        _ => None,
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (number(a), number(b)) {
        #[expect(clippy::float_cmp, reason = "constants are compared as they are")]
        (Some(a), Some(b)) => a == b,
        _ => a.equals(b),
    }
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.as_dict().is_some(),
        "array" => matches!(value.data, Data::List(_)),
        "string" => value.as_str().is_some(),
        "boolean" => matches!(value.data, Data::Bool(_)),
        "null" => value.is_nil(),
        "number" => number(value).is_some(),
        "integer" => number(value).is_some_and(|number| number.fract() == 0.0),
        _ => true,
    }
}

fn bounds(schema: &Dict, value: &Value) -> Result<(), String> {
    let Some(size) = number(value) else { return Ok(()) };
    let bound = |key: &str| schema.get(key).as_ref().and_then(number);
    let wrong = bound("minimum").is_some_and(|least| size < least)
        || bound("maximum").is_some_and(|most| size > most)
        || bound("exclusiveMinimum").is_some_and(|least| size <= least)
        || bound("exclusiveMaximum").is_some_and(|most| size >= most)
        || bound("multipleOf").is_some_and(|step| step > 0.0 && (size / step).fract() != 0.0);
    if wrong { Err("this number is outside of what is allowed".to_owned()) } else { Ok(()) }
}

fn length(schema: &Dict, count: &Value, least: &str, most: &str) -> Result<(), String> {
    let size = number(count).unwrap_or(0.0);
    let bound = |key: &str| schema.get(key).as_ref().and_then(number);
    let wrong = bound(least).is_some_and(|least| size < least) || bound(most).is_some_and(|most| size > most);
    if wrong { Err("this has too few or too many elements".to_owned()) } else { Ok(()) }
}

fn string(schema: &Dict, text: &str) -> Result<(), String> {
    if let Some(pattern) = schema.get("pattern").as_ref().and_then(Value::as_str)
        && Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text))
    {
        return Err(format!("this does not match pattern '{pattern}'"));
    }
    let count = Value::new(Data::Int(i64::try_from(text.chars().count()).unwrap_or(i64::MAX)));
    length(schema, &count, "minLength", "maxLength")
}
