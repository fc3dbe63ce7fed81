//! Conditions and operands.

use plimsoll_syntax::hcl::tree::{BinaryOp, UnaryOp};
use plimsoll_syntax::hcl::{ExprId, ExprKind};

use super::Compiler;
use super::path::{Scope, Typed, type_name};
use crate::condition::{Argument, Comparison, Condition, Literal, Operand};
use crate::error::Fault;
use crate::functions::{FUNCTIONS, Function, Gives, Kind};
use crate::nearest;
use crate::schema::Type;

const COMPARISONS: &[(BinaryOp, Comparison)] = &[
    (BinaryOp::Equal, Comparison::Equal),
    (BinaryOp::NotEqual, Comparison::NotEqual),
    (BinaryOp::Less, Comparison::Less),
    (BinaryOp::LessEqual, Comparison::LessEqual),
    (BinaryOp::Greater, Comparison::Greater),
    (BinaryOp::GreaterEqual, Comparison::GreaterEqual),
];

impl Compiler<'_> {
    pub(super) fn condition(&mut self, expr: ExprId, scope: &Scope) -> Option<Condition> {
        let span = self.expr(expr).span;
        match self.expr(expr).kind {
            ExprKind::Bool(value) => Some(Condition::Constant(value)),
            ExprKind::Paren(inner) => self.condition(inner, scope),
            ExprKind::Unary(UnaryOp::Not, inner) => {
                let condition = self.condition(inner, scope)?;
                if let Condition::Compare(_, comparison, _) = &condition
                    && comparison.is_ordering()
                {
                    let message = format!("`!` before `{}` is true where the value is absent", comparison.symbol());
                    self.fault(
                        Fault::new(span, message)
                            .hint("write the comparison the other way round, and `|| x == null` where absent counts"),
                    );
                    return None;
                }
                Some(Condition::Not(Box::new(condition)))
            }
            ExprKind::Binary(BinaryOp::And, ..) => {
                let mut all = Vec::new();
                self.chain(expr, BinaryOp::And, scope, &mut all)?;
                Some(Condition::And(all))
            }
            ExprKind::Binary(BinaryOp::Or, ..) => {
                let mut all = Vec::new();
                self.chain(expr, BinaryOp::Or, scope, &mut all)?;
                Some(Condition::Or(all))
            }
            ExprKind::Binary(op, left, right) => {
                let found = COMPARISONS.iter().find(|row| row.0 == op).map(|row| row.1);
                match found {
                    Some(comparison) => self.comparison(left, comparison, right, scope),
                    None => {
                        let hint = "there is `ratio(a, b)`; anything else is a field that the view should have";
                        self.fault(Fault::new(span, "the rule language has no arithmetic").hint(hint));
                        None
                    }
                }
            }
            ExprKind::Call { name, .. } => {
                let function = self.function(expr)?;
                if function.signature().gives != Gives::Condition {
                    let name = self.tree.text(name);
                    self.fault(
                        Fault::new(span, format!("`{name}(…)` is a value, not a condition"))
                            .hint(format!("compare it: `{name}(…) == …`")),
                    );
                    return None;
                }
                let arguments = self.arguments(expr, function, scope)?;
                Some(Condition::Test(function, arguments))
            }
            ExprKind::Conditional { .. } => {
                self.fault(Fault::new(span, "the rule language has no `? :`").hint("write `(a && b) || (!a && c)`, or two rows"));
                None
            }
            ExprKind::For(_) => {
                self.fault(
                    Fault::new(span, "the rule language has no `for`")
                        .hint("ask `any(list, condition)`, `all`, `none` or `count`"),
                );
                None
            }
            _ => {
                self.operand(expr, scope)?;
                let text = self.text(expr);
                self.fault(
                    Fault::new(span, format!("`{text}` is a value, not a condition")).hint(format!("write `{text} == true`")),
                );
                None
            }
        }
    }

    /// `a && b && c`, which the parser nests to the left.
    fn chain(&mut self, expr: ExprId, op: BinaryOp, scope: &Scope, out: &mut Vec<Condition>) -> Option<()> {
        let mut rights = Vec::new();
        let mut at = expr;
        while let ExprKind::Binary(found, left, right) = self.expr(at).kind {
            if found != op {
                break;
            }
            rights.push(right);
            at = left;
        }
        let mut complete = true;
        for expr in std::iter::once(at).chain(rights.into_iter().rev()) {
            match self.condition(expr, scope) {
                Some(condition) => out.push(condition),
                None => complete = false,
            }
        }
        complete.then_some(())
    }

    fn comparison(&mut self, left: ExprId, op: Comparison, right: ExprId, scope: &Scope) -> Option<Condition> {
        if self.try_literal(left).is_some() {
            let text = format!("{} {} {}", self.text(right), op.symbol(), self.text(left));
            self.fault(Fault::new(self.expr(left).span, "the subject stands on the left").hint(format!("write `{text}`")));
            return None;
        }
        let (subject, typed) = self.operand(left, scope)?;
        if let Some(literal) = self.try_literal(right) {
            self.check_literal(left, &typed, right, &literal);
            return Some(Condition::Compare(subject, op, Operand::Literal(literal.into())));
        }
        let (other, _) = self.operand(right, scope)?;
        Some(Condition::Compare(subject, op, other))
    }

    fn check_literal(&mut self, left: ExprId, typed: &Typed, right: ExprId, literal: &Literal) {
        let (is, hint) = match (&typed.ty, literal) {
            (_, Literal::Null) => return,
            (Type::Bool, Literal::String(text)) if matches!(text.as_str(), "true" | "false") => {
                ("a string", Some(format!("write `{text}`")))
            }
            (Type::Bool, Literal::String(_)) | (Type::Number, Literal::String(_)) => ("a string", None),
            (Type::Bool, Literal::Number(_)) => ("a number", None),
            (Type::String, Literal::Bool(value)) => ("a bool", Some(format!("write `\"{value}\"`"))),
            (Type::String, Literal::Number(value)) => ("a number", Some(format!("write `\"{value}\"`"))),
            (Type::Number, Literal::Bool(_)) => ("a bool", None),
            (Type::Block { .. } | Type::Object(_), Literal::String(_) | Literal::Bool(_) | Literal::Number(_)) => (
                "a single value",
                Some("compare with `null` to ask whether the block is there, or name one of its attributes".to_owned()),
            ),
            _ => return,
        };
        let (subject, ty) = (self.text(left), type_name(&typed.ty));
        let fault = Fault::new(self.expr(right).span, format!("`{subject}` is a {ty}, {} is {is}", self.text(right)));
        self.fault(match hint {
            Some(hint) => fault.hint(hint),
            None => fault,
        });
    }

    /// A path, a constant or a function's value.
    pub(super) fn operand(&mut self, expr: ExprId, scope: &Scope) -> Option<(Operand, Typed)> {
        if let Some(literal) = self.try_literal(expr) {
            return Some((Operand::Literal(literal.into()), Typed::any()));
        }
        if let ExprKind::Paren(inner) = self.expr(expr).kind {
            return self.operand(inner, scope);
        }
        let mut rest = Vec::new();
        let root = self.steps(expr, &mut rest)?;
        let ExprKind::Call { .. } = self.expr(root).kind else {
            let (path, typed) = self.path(expr, scope, false)?;
            return Some((Operand::Path(path), typed));
        };
        let function = self.function(root)?;
        let arguments = self.arguments(root, function, scope)?;
        let ty = match function.signature().gives {
            Gives::Number => Type::Any,
            Gives::Text => Type::String,
            Gives::List => Type::List(Box::new(Type::Any)),
            Gives::Parts => Type::Any,
            Gives::Condition => Type::Bool,
        };
        let steps = rest.into_iter().map(|(step, _)| step).collect();
        Some((Operand::Call(function, arguments, steps), Typed::of(ty)))
    }

    fn function(&mut self, call: ExprId) -> Option<Function> {
        let ExprKind::Call { name, .. } = self.expr(call).kind else { return None };
        let text = self.tree.text(name);
        let found = Function::named(text);
        if found.is_none() {
            let near = nearest(text, FUNCTIONS.iter().map(|signature| signature.name));
            let fault = Fault::new(name, format!("there is no function `{text}`"));
            self.fault(match near {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault,
            });
        }
        found
    }

    fn arguments(&mut self, call: ExprId, function: Function, scope: &Scope) -> Option<Vec<Argument>> {
        let ExprKind::Call { args, .. } = self.expr(call).kind else { return None };
        let exprs = self.tree.list(args).to_vec();
        let signature = function.signature();
        let (least, most) = (signature.arguments.len(), signature.rest.is_none());
        if exprs.len() < least || (most && exprs.len() > least) {
            let message = format!(
                "`{}` takes {}{least} argument{}",
                signature.name,
                if most { "" } else { "at least " },
                if least == 1 { "" } else { "s" }
            );
            self.fault(Fault::new(self.expr(call).span, message).hint(signature.doc.trim()));
            return None;
        }
        let mut out = Vec::new();
        let mut inner = scope.clone();
        for (at, &expr) in exprs.iter().enumerate() {
            let kind = signature.arguments.get(at).copied().or(signature.rest).unwrap_or(Kind::Any);
            if kind == Kind::Condition {
                out.push(Argument::Condition(self.condition(expr, &inner)?));
                continue;
            }
            if kind == Kind::Pattern {
                let literal = self.pattern(function, expr, scope)?;
                out.push(Argument::Operand(literal));
                continue;
            }
            if at == 0 && self.try_literal(expr).is_some() {
                let fault = Fault::new(self.expr(expr).span, format!("the subject of `{}` stands first", signature.name));
                self.fault(fault.hint("for one of several constants write `one_of(subject, \"a\", \"b\")`"));
                return None;
            }
            // A quantifier's list may cross repeated blocks: its elements are flattened.
            let (operand, typed) = if at == 0 && (function.is_quantifier() || function == Function::Length) && !self.is_call(expr)
            {
                let (path, typed) = self.path(expr, scope, true)?;
                (Operand::Path(path), typed)
            } else {
                self.operand(expr, scope)?
            };
            if at == 0 && function.is_quantifier() {
                let Some(element) = typed.element() else {
                    let message = format!("`{}` is a {}, not a list", self.text(expr), type_name(&typed.ty));
                    self.fault(Fault::new(self.expr(expr).span, message).hint("compare it directly"));
                    return None;
                };
                inner = scope.element(element);
            }
            out.push(Argument::Operand(operand));
        }
        Some(out)
    }

    fn is_call(&self, expr: ExprId) -> bool {
        let mut at = expr;
        loop {
            match self.expr(at).kind {
                ExprKind::GetAttr { base, .. } | ExprKind::Index { base, .. } => at = base,
                ExprKind::Paren(inner) => at = inner,
                kind => return matches!(kind, ExprKind::Call { .. }),
            }
        }
    }

    /// A string constant or a parameter; regular expressions are tried at once.
    fn pattern(&mut self, function: Function, expr: ExprId, scope: &Scope) -> Option<Operand> {
        let (operand, _) = self.operand(expr, scope)?;
        let span = self.expr(expr).span;
        match (&operand, operand.literal()) {
            (_, Some(Literal::String(text))) => {
                if function == Function::Matches
                    && let Err(error) = regex_syntax::parse(text)
                {
                    self.fault(Fault::new(span, format!("not a regular expression: {error}")));
                }
                Some(operand)
            }
            (Operand::Path(path), _) if matches!(path.root, crate::condition::Root::Param(_)) => Some(operand),
            _ => {
                let name = function.signature().name;
                self.fault(Fault::new(span, format!("`{name}` takes a string constant or a parameter here")));
                None
            }
        }
    }
}
