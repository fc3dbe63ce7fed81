//! `.Files`: what lies in a chart besides its templates.

use std::collections::BTreeMap;
use std::rc::Rc;

use regex::Regex;

use crate::functions::Answer;
use crate::functions::encoding;
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
                let found = glob(pattern).map(|glob| {
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

/// A pattern of file paths: `*` and `?` within a folder, `**` across, `[a-z]`, `{a,b}`.
fn glob(pattern: &str) -> Option<Regex> {
    let mut out = String::from("^");
    let mut open = 0_usize;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                out.push_str("(?s:.*)");
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '{' => {
                open += 1;
                out.push_str("(?:");
            }
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            ',' if open > 0 => out.push('|'),
            '[' => {
                out.push('[');
                if chars.peek() == Some(&'!') {
                    chars.next();
                    out.push('^');
                }
                for c in chars.by_ref() {
                    // To regular expressions more than these means something inside brackets.
                    if matches!(c, '[' | '^' | '&' | '~' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '\\' => out.push_str(&regex::escape(&chars.next()?.to_string())),
            _ => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push('$');
    Regex::new(&out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        let rows = [
            ("*.conf", "a.conf", true),
            ("*.conf", "x/a.conf", false),
            ("**.conf", "x/a.conf", true),
            ("x/{a,b}.*", "x/b.txt", true),
            ("[!a].txt", "b.txt", true),
            ("[^a].txt", "a.txt", true),
            ("[\\d].txt", "7.txt", false),
        ];
        for (pattern, path, expected) in rows {
            assert_eq!(glob(pattern).map(|glob| glob.is_match(path)), Some(expected), "{pattern} {path}");
        }
    }
}
