//! From the text of a `rule` block to a [`Rule`]: keys, rows, and what each key may hold.

mod expression;
mod keys;
mod literal;
mod path;

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::Span;
use plimsoll_syntax::hcl::{self, Expr, ExprId, ExprKind, Tree};

use crate::condition::{Template, TemplatePart};
use crate::error::Fault;
use crate::relation::Relations;
use crate::rule::{FixRule, Param, Profile, Row, Rule, Severity, Verdict};
use crate::schema::Schemas;

use keys::Keys;
use path::{Scope, Typed};

/// What headers are checked against.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Views, resource types and their fields.
    pub schemas: &'a Schemas,
    /// Relations between them.
    pub relations: &'a Relations,
}

/// Compiles one header.
pub(crate) struct Compiler<'a> {
    tree: &'a Tree,
    context: Context<'a>,
    params: Vec<Param>,
    /// Spans are those of the header's own text.
    faults: Vec<Fault>,
}

/// Compiles the text of a `rule` block; the spans of the faults are byte ranges of that text.
pub(crate) fn compile(header: &str, context: Context<'_>) -> Result<Rule, Vec<Fault>> {
    let source: Arc<str> = header.into();
    let tree = hcl::parse(&source);
    if !tree.errors.is_empty() {
        return Err(tree.errors.iter().map(|error| syntax_fault(&tree, error.span, &error.message)).collect());
    }
    let mut compiler = Compiler { tree: &tree, context, params: Vec::new(), faults: Vec::new() };
    let rule = compiler.rule();
    let mut faults = compiler.faults;
    faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
    faults.dedup();
    match rule {
        Some(rule) if faults.is_empty() => Ok(rule),
        _ if faults.is_empty() => Err(vec![Fault::new(Span::default(), "the header is empty")]),
        _ => Err(faults),
    }
}

/// `a = b = c` is the commonest slip, and the parser's own words for it do not help.
fn syntax_fault(tree: &Tree, span: Span, message: &str) -> Fault {
    let line_start = tree.source[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let line = tree.source[line_start..].lines().next().unwrap_or("");
    let signs: Vec<usize> = line
        .match_indices('=')
        .map(|(at, _)| at)
        .filter(|&at| !line[at + 1..].starts_with('=') && !line[..at].ends_with(['=', '!', '<', '>']))
        .collect();
    if let [_, second, ..] = signs[..] {
        let at = Span::of(line_start + second, line_start + second + 1);
        return Fault::new(at, "`=` sets a key; a condition compares with `==`").hint("write `==`");
    }
    Fault::new(span, message)
}

impl<'a> Compiler<'a> {
    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    fn expr(&self, id: ExprId) -> Expr {
        self.tree[id]
    }

    fn text(&self, id: ExprId) -> &'a str {
        self.tree.text(self.tree[id].span)
    }

    fn rule(&mut self) -> Option<Rule> {
        let body = &self.tree.body;
        let header = self.keys(body, false);
        self.params = header.params.map(|expr| self.params(expr)).unwrap_or_default();
        let mut rows = Vec::new();
        let on = header.on.map(|expr| self.views(expr)).unwrap_or_default();
        for block in body.blocks() {
            if let Some(expr) = header.on {
                let hint = "give every view its row, or list them all in `on`";
                self.fault(Fault::new(self.expr(expr).span, "a header has `on = …` or rows, never both").hint(hint));
                return None;
            }
            let Some(view) = self.row_view(block) else { continue };
            let own = self.keys(&block.body, true);
            let keys = own.over(&header);
            rows.extend(self.row(&view, block.header(), &keys, &own));
        }
        for (view, span) in &on {
            rows.extend(self.row(view, *span, &header, &header));
        }
        if rows.is_empty() && self.faults.is_empty() {
            self.fault(Fault::new(Span::default(), "the header does not say what the rule is `on`").hint("add `on = VIEW`"));
        }
        let severity = self.word(header.severity, Severity::Medium);
        if header.severity.is_none() && rows.is_empty() {
            self.fault(Fault::new(Span::default(), "the header has no `severity`"));
        }
        Some(Rule {
            severity,
            profile: self.word(header.profile, Profile::All),
            rows,
            params: self.params.clone(),
            versions: header.versions.map(|expr| self.string_pairs(expr)).unwrap_or_default(),
            peers: self.peers(header.peers),
            tags: self.strings(header.tags),
            aliases: self.strings(header.aliases),
            rust: header.check.is_some(),
        })
    }

    fn row(&mut self, view: &CompactString, span: Span, keys: &Keys, own: &Keys) -> Option<Row> {
        let Some(body) = self.view_body(view) else {
            let known = self.context.schemas.suggest(view);
            let fault = Fault::new(span, format!("there is no view or resource type `{view}`"));
            self.fault(match known {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault,
            });
            return None;
        };
        let Some(severity) = keys.severity else {
            self.fault(Fault::new(span, "the rule has no `severity`").hint("one of critical, high, medium, low, info"));
            return None;
        };
        let item = Typed::item(view.clone(), body);
        let outer = Scope::of(item.clone());
        let (each, scope) = match keys.each {
            Some(expr) => self.each(expr, &outer),
            None => (Vec::new(), outer.clone()),
        };
        let (value, scope) = match keys.value {
            Some(expr) => match self.path(expr, &scope, false) {
                Some((path, typed)) => (Some(path), scope.judging(typed)),
                None => (None, scope),
            },
            None => (None, scope),
        };
        let verdict = self.verdict(span, keys, &scope)?;
        let message = match keys.message {
            Some(expr) => self.template(expr, &scope),
            None if keys.check.is_some() => Template::default(),
            None => {
                self.fault(
                    Fault::new(span, "the rule has no `message`")
                        .hint("say in one sentence what is wrong, as in message = \"${self} is open\""),
                );
                Template::default()
            }
        };
        Some(Row {
            view: view.clone(),
            severity: self.word(Some(severity), Severity::Medium),
            each,
            value,
            when: keys.when.and_then(|expr| self.condition(expr, &scope)),
            unless: keys.unless.and_then(|expr| self.condition(expr, &scope)),
            verdict,
            defaults: keys.default.map(|expr| self.defaults(expr, &outer)).unwrap_or_default(),
            at: keys.at.and_then(|expr| self.path(expr, &scope, false)).map(|(path, _)| path),
            message,
            fix: keys.fix.map(|expr| self.fix(expr, &scope)).unwrap_or_default(),
            safe: keys.safe.is_some_and(|expr| self.flag(expr)),
            peers: if own.on.is_none() { self.peers(own.peers) } else { Vec::new() },
            tags: if own.on.is_none() { self.strings(own.tags) } else { Vec::new() },
        })
    }

    fn verdict(&mut self, span: Span, keys: &Keys, scope: &Scope) -> Option<Verdict> {
        match (keys.require, keys.forbid, keys.check) {
            (None, None, Some(_)) => Some(Verdict::Rust),
            (Some(expr), None, _) => self.condition(expr, scope).map(Verdict::Require),
            (None, Some(expr), _) => self.condition(expr, scope).map(Verdict::Forbid),
            (Some(expr), Some(_), _) => {
                let span = self.expr(expr).span;
                self.fault(Fault::new(span, "a rule has `require` or `forbid`, not both").hint("write two rules, or two rows"));
                None
            }
            (None, None, None) => {
                self.fault(
                    Fault::new(span, "the rule has neither `require` nor `forbid`")
                        .hint("`require` says what must hold, `forbid` what must not"),
                );
                None
            }
        }
    }

    /// `each`: one path, several, or `param.x`. Paths may cross repeated blocks.
    fn each(&mut self, expr: ExprId, outer: &Scope) -> (Vec<crate::condition::Path>, Scope) {
        let exprs = match self.expr(expr).kind {
            ExprKind::Tuple(list) => self.tree.list(list).to_vec(),
            _ => vec![expr],
        };
        let mut paths = Vec::new();
        let mut scope = outer.clone();
        for expr in exprs {
            let Some((path, typed)) = self.path(expr, outer, true) else { continue };
            match typed.element() {
                Some(element) => scope = outer.inside(element),
                None => {
                    let message = format!("`{}` is written at most once", self.text(expr));
                    self.fault(
                        Fault::new(self.expr(expr).span, message).hint("leave `each` out and name the path in the condition"),
                    );
                }
            }
            paths.push(path);
        }
        (paths, scope)
    }

    fn template(&mut self, expr: ExprId, scope: &Scope) -> Template {
        let ExprKind::Template(kind, parts) = self.expr(expr).kind else {
            self.fault(Fault::new(self.expr(expr).span, "a message is a string"));
            return Template::default();
        };
        let tree = self.tree;
        let mut out = Vec::new();
        for part in tree.parts(parts) {
            match *part {
                hcl::tree::Part::Literal(span) => out.push(TemplatePart::Text(CompactString::from(tree.unescape(span, kind)))),
                hcl::tree::Part::Interpolation { expr, .. } => {
                    if let Some((operand, _)) = self.operand(expr, scope) {
                        out.push(TemplatePart::Operand(operand));
                    }
                }
                hcl::tree::Part::If { span, .. } | hcl::tree::Part::For { span, .. } => {
                    self.fault(Fault::new(span, "messages have no `%{…}`").hint("write two rows with a message each"));
                }
            }
        }
        Template { parts: out }
    }

    /// `safe`: whether the fix cannot change anything that worked.
    fn flag(&mut self, expr: ExprId) -> bool {
        match self.expr(expr).kind {
            ExprKind::Bool(value) => value,
            _ => {
                self.fault(Fault::new(self.expr(expr).span, "`safe` is true or false"));
                false
            }
        }
    }

    fn fix(&mut self, expr: ExprId, scope: &Scope) -> FixRule {
        if self.text(expr) == "none" {
            return FixRule::None;
        }
        let ExprKind::Object(items) = self.expr(expr).kind else {
            self.fault(Fault::new(self.expr(expr).span, "`fix` is `{ path = literal }` or `none`"));
            return FixRule::None;
        };
        let tree = self.tree;
        let mut all = Vec::new();
        for item in tree.items(items) {
            if let (Some((path, _)), Some(literal)) = (self.path(item.key, scope, false), self.literal(item.value)) {
                all.push((path, literal));
            }
        }
        FixRule::Set(all)
    }
}

#[cfg(test)]
mod tests;
