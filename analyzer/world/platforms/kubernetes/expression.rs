//! Calico's language of selectors: `app == 'db' && !has(public)`.
//!
//! From "Network policy", "Selectors": `==`, `!=`, `in`, `not in`, `contains`, `starts with`, `ends with`, `has()`, `all()`, `global()`, `!`, `&&`, `||`.

use compact_str::CompactString;

use super::select::{Expr, Key, Like};

/// Reads an expression; what is not of the language is not known.
pub(super) fn read(text: &str, key: &dyn Fn(&str) -> Key) -> Expr {
    if text.trim().is_empty() {
        return Expr::ALWAYS;
    }
    let mut parser = Parser { rest: text, key, depth: 0 };
    match parser.any() {
        Some(expr) if parser.rest.trim().is_empty() => expr,
        _ => Expr::Unknown(text.into()),
    }
}

struct Parser<'t> {
    rest: &'t str,
    key: &'t dyn Fn(&str) -> Key,
    depth: usize,
}

/// How deep expressions nest at most.
const DEPTH: usize = 32;

impl Parser<'_> {
    fn any(&mut self) -> Option<Expr> {
        let first = self.all()?;
        let mut all = vec![first];
        while self.takes("||") {
            all.push(self.all()?);
        }
        if all.len() == 1 { all.pop() } else { Some(Expr::Any(all)) }
    }

    fn all(&mut self) -> Option<Expr> {
        let mut all = vec![self.one()?];
        while self.takes("&&") {
            all.push(self.one()?);
        }
        if all.len() == 1 { all.pop() } else { Some(Expr::All(all)) }
    }

    fn one(&mut self) -> Option<Expr> {
        if self.depth >= DEPTH {
            return None;
        }
        self.depth += 1;
        let found = self.operand();
        self.depth -= 1;
        found
    }

    fn operand(&mut self) -> Option<Expr> {
        if self.takes("!") {
            return Some(Expr::Not(Box::new(self.one()?)));
        }
        if self.takes("(") {
            let inner = self.any()?;
            return self.takes(")").then_some(inner);
        }
        let name = self.name()?;
        if self.takes("(") {
            let expr = match name.as_str() {
                "all" => Expr::ALWAYS,
                // What is in no namespace is no pod.
                "global" => Expr::Not(Box::new(Expr::Has(Key::Namespace))),
                "has" => Expr::Has((self.key)(&self.name()?)),
                _ => return None,
            };
            return self.takes(")").then_some(expr);
        }
        let key = (self.key)(&name);
        if self.takes("==") {
            return Some(Expr::is(key, self.text()?));
        }
        if self.takes("!=") {
            return Some(Expr::Not(Box::new(Expr::is(key, self.text()?))));
        }
        let word = self.name()?;
        match word.as_str() {
            "in" => Some(Expr::In(key, self.set()?)),
            "not" => (self.name()? == "in").then(|| self.set())?.map(|set| Expr::Not(Box::new(Expr::In(key, set)))),
            "contains" => Some(Expr::Like(key, Like::Contains, self.text()?)),
            "starts" => (self.name()? == "with").then(|| self.text())?.map(|text| Expr::Like(key, Like::Starts, text)),
            "ends" => (self.name()? == "with").then(|| self.text())?.map(|text| Expr::Like(key, Like::Ends, text)),
            _ => None,
        }
    }

    /// `{'a', 'b'}`
    fn set(&mut self) -> Option<Vec<CompactString>> {
        if !self.takes("{") {
            return None;
        }
        let mut all = Vec::new();
        while !self.takes("}") {
            if !all.is_empty() && !self.takes(",") {
                return None;
            }
            all.push(self.text()?);
        }
        Some(all)
    }

    fn text(&mut self) -> Option<CompactString> {
        let rest = self.rest.trim_start();
        let quote = rest.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
        let (text, after) = rest.get(1..)?.split_once(quote)?;
        self.rest = after;
        Some(text.into())
    }

    fn name(&mut self) -> Option<CompactString> {
        let rest = self.rest.trim_start();
        let ends = |letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '/' | '-'));
        let (name, after) = rest.split_at_checked(rest.find(ends).unwrap_or(rest.len()))?;
        self.rest = after;
        (!name.is_empty()).then(|| name.into())
    }

    fn takes(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        // `!=` is no `!`.
        let found = rest.strip_prefix(token).filter(|after| token != "!" || !after.starts_with('='));
        if let Some(after) = found {
            self.rest = after;
        }
        found.is_some()
    }
}
