//! `.Files`: what lies in a chart besides its templates.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::functions::Answer;
use crate::functions::encoding;
use crate::glob::{Dialect, glob};
use crate::object::Object;
use crate::text::{Builder, Source};
use crate::value::{Data, Dict, Value};

/// Files by their path in the chart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(BTreeMap<Rc<str>, Value>);

impl Files {
    /// Adds a file; its text comes from itself.
    pub(crate) fn add(&mut self, path: &str, text: &str, source: Source) {
        let mut out = Builder::default();
        out.push_str(text, source);
        self.0.insert(path.into(), Value::from(out.finish()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|name| &**name)
    }

    pub(crate) fn elements(&self) -> Vec<(Value, Value)> {
        self.0.iter().map(|(name, text)| (Value::string(&**name), text.clone())).collect()
    }

    /// `.Files.Get`, `.Files.Glob` and so on.
    pub(crate) fn method(&self, name: &str, arguments: &[Value]) -> Option<Answer> {
        let wanted = arguments.first().and_then(Value::as_str);
        Some(Ok(match (name, wanted) {
            ("Get" | "GetBytes", Some(path)) => self.0.get(path).cloned().unwrap_or_else(|| "".into()),
            ("Glob", Some(pattern)) => {
                let found = glob(pattern, Dialect::Gobwas).map(|glob| {
                    self.0
                        .iter()
                        .filter(|(name, _)| glob.is_match(name))
                        .map(|(name, text)| (name.clone(), text.clone()))
                        .collect()
                });
                Value::new(Data::Object(Object::Files(Rc::new(Self(found.unwrap_or_else(|| self.0.clone()))))))
            }
            ("Lines", Some(path)) => self.lines(path),
            ("AsConfig", _) => self.map(|text| text.clone()),
            ("AsSecrets", _) => self.map(|value| encoding::base64(value.as_str().unwrap_or("")).into()),
            ("Get" | "GetBytes" | "Glob" | "Lines", None) => {
                return Some(Err(format!("wrong number of args for {name}: want 1")));
            }
            (_, _) => self.0.get(name).cloned().unwrap_or_default(),
        }))
    }

    fn map(&self, content: impl Fn(&Value) -> Value) -> Value {
        let dict = Dict::default();
        for (path, text) in &self.0 {
            dict.set(crate::functions::base(path), content(text));
        }
        let text = crate::yaml::write(&dict.into());
        text.part(|text| text.strip_suffix('\n').unwrap_or(text)).into()
    }

    fn lines(&self, path: &str) -> Value {
        let Some(Data::Str(text)) = self.0.get(path).map(|value| &value.data) else { return Value::list(Vec::new()) };
        let content = text.as_str().strip_suffix('\n').unwrap_or(text.as_str());
        let mut at = 0;
        let mut out = Vec::new();
        for line in content.split('\n') {
            out.push(Value::from(text.slice(at, at + line.len())));
            at += line.len() + 1;
        }
        Value::list(out)
    }
}
