//! Methods and elements of Helm's own objects.

use super::Answer;
use crate::object::Object;
use crate::value::{Data, Value};

/// A field or method of an object; `None`: it has none of this name.
pub(crate) fn method(object: &Object, name: &str, arguments: &[Value]) -> Option<Answer> {
    let word = |at: usize| arguments.get(at).and_then(Value::as_str);
    match object {
        Object::Struct(structure) => match (name, &structure.text) {
            ("String" | "GitVersion", Some(text)) => Some(Ok(Value::string(&**text))),
            _ => structure.fields.get(name).map(|value| {
                if arguments.is_empty() {
                    Ok(value.clone())
                } else {
                    Err(format!("{name} has arguments but cannot be invoked as function"))
                }
            }),
        },
        Object::Files(files) => files.method(name, arguments),
        Object::ApiVersions(versions) if name == "Has" => Some(match word(0) {
            Some(wanted) => Ok(Value::bool(versions.iter().any(|version| **version == *wanted))),
            None => Err("wrong number of args for Has: want 1".to_owned()),
        }),
        Object::ApiVersions(_) => None,
        Object::Time => super::dates::method(name, arguments).map(Ok),
        Object::Version(version) => version.method(name, arguments).map(Ok),
    }
}

/// What `range`, `len` and `index` see; `None`: it has no elements.
pub(crate) fn elements(object: &Object) -> Option<Vec<(Value, Value)>> {
    match object {
        Object::Files(files) => Some(files.elements()),
        Object::ApiVersions(versions) => {
            let number = |at: usize| Value::new(Data::Int(i64::try_from(at).unwrap_or(i64::MAX)));
            Some(versions.iter().enumerate().map(|(at, version)| (number(at), Value::string(&**version))).collect())
        }
        Object::Struct(_) | Object::Time | Object::Version(_) => None,
    }
}
