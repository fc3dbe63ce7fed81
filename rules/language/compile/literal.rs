//! Constants, parameters and defaults.

use compact_str::CompactString;
use plimsoll_syntax::hcl::tree::UnaryOp;
use plimsoll_syntax::hcl::{self, ExprId, ExprKind};

use super::Compiler;
use super::path::Scope;
use crate::condition::{Constant, Literal, Step};
use crate::error::Fault;
use crate::rule::Param;

impl Compiler<'_> {
    /// The constant that the expression is; a fault where it is none.
    pub(super) fn literal(&mut self, expr: ExprId) -> Option<Literal> {
        let literal = self.try_literal(expr);
        if literal.is_none() {
            self.fault(Fault::new(self.expr(expr).span, format!("`{}` is not a constant", self.text(expr))));
        }
        literal
    }

    pub(super) fn try_literal(&self, expr: ExprId) -> Option<Literal> {
        Some(match self.expr(expr).kind {
            ExprKind::Null => Literal::Null,
            ExprKind::Bool(value) => Literal::Bool(value),
            ExprKind::Number => Literal::Number(self.text(expr).parse().ok()?),
            ExprKind::Unary(UnaryOp::Negate, inner) => match self.try_literal(inner)? {
                Literal::Number(number) => Literal::Number(-number),
                _ => return None,
            },
            ExprKind::Template(..) => Literal::String(self.tree.plain_string(expr)?),
            ExprKind::Paren(inner) => self.try_literal(inner)?,
            ExprKind::Tuple(list) => {
                Literal::List(self.tree.list(list).iter().map(|&element| self.try_literal(element)).collect::<Option<_>>()?)
            }
            ExprKind::Object(items) => {
                let entry = |item: &hcl::tree::ObjectItem| {
                    let key = self.tree.plain_string(item.key).unwrap_or_else(|| self.text(item.key).into());
                    Some((key, self.try_literal(item.value)?))
                };
                Literal::Map(self.tree.items(items).iter().map(entry).collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }

    /// `params = { days = 365, tags = list(string) }`
    pub(super) fn params(&mut self, expr: ExprId) -> Vec<Param> {
        let ExprKind::Object(items) = self.expr(expr).kind else {
            self.fault(Fault::new(self.expr(expr).span, "`params` is `{ name = default }` or `{ name = type }`"));
            return Vec::new();
        };
        let tree = self.tree;
        let mut params = Vec::new();
        for item in tree.items(items) {
            let name = CompactString::from(self.text(item.key));
            let written = self.text(item.value);
            if ["string", "number", "bool", "list(string)", "list(number)", "map(string)"].contains(&written) {
                params.push(Param { name, default: None, shape: written.into() });
            } else if let Some(default) = self.literal(item.value) {
                params.push(Param { name, shape: shape_of(&default).into(), default: Some(default) });
            }
        }
        params
    }

    /// `default = { a = 1, b = { c = true } }` as paths from the item.
    pub(super) fn defaults(&mut self, expr: ExprId, outer: &Scope) -> Vec<(Vec<CompactString>, Constant)> {
        let mut out = Vec::new();
        self.defaults_under(expr, &mut Vec::new(), &mut out);
        for (path, _) in &out {
            let steps: Vec<Step> = path.iter().cloned().map(Step::Field).collect();
            self.check_steps(&outer.item, &steps, self.expr(expr).span);
        }
        out
    }

    fn defaults_under(&mut self, expr: ExprId, at: &mut Vec<CompactString>, out: &mut Vec<(Vec<CompactString>, Constant)>) {
        if let ExprKind::Object(items) = self.expr(expr).kind {
            let tree = self.tree;
            for item in tree.items(items) {
                at.push(self.text(item.key).into());
                self.defaults_under(item.value, at, out);
                at.pop();
            }
        } else if let Some(literal) = self.literal(expr) {
            out.push((at.clone(), literal.into()));
        }
    }
}

fn shape_of(literal: &Literal) -> &'static str {
    match literal {
        Literal::Bool(_) => "bool",
        Literal::Number(_) => "number",
        Literal::Null | Literal::String(_) => "string",
        Literal::List(list) if matches!(list.first(), Some(Literal::Number(_))) => "list(number)",
        Literal::List(_) => "list(string)",
        Literal::Map(_) => "map(string)",
    }
}
