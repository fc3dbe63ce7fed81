//! Paths and what they lead to: names are checked against schemas, repeated blocks against quantifiers.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::Span;
use plimsoll_syntax::hcl::{ExprId, ExprKind};

use super::Compiler;
use crate::condition::{Path, Root, Step};
use crate::error::Fault;
use crate::nearest;
use crate::schema::{Body, Type};

/// What a path leads to.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    /// Its type.
    pub(super) ty: Type,
    /// The view it is an item of, for relations.
    pub(super) view: Option<CompactString>,
    /// The name of the field that tells its elements apart.
    keyed: Option<CompactString>,
}

/// The names that a condition sees.
#[derive(Clone)]
pub(super) struct Scope {
    pub(super) item: Typed,
    each: Option<Typed>,
    here: Typed,
    it: Typed,
}

impl Typed {
    pub(super) fn item(view: CompactString, body: Arc<Body>) -> Self {
        Self { ty: Type::Object(body), view: Some(view), keyed: None }
    }

    pub(super) fn of(ty: Type) -> Self {
        Self { ty, view: None, keyed: None }
    }

    pub(super) fn any() -> Self {
        Self::of(Type::Any)
    }

    /// The type of an element of a list, repeated block or map.
    pub(super) fn element(&self) -> Option<Self> {
        let ty = match &self.ty {
            Type::List(inner) | Type::Map(inner) => (**inner).clone(),
            Type::Block { body, repeated: true } => Type::Object(body.clone()),
            Type::Any | Type::Ports | Type::Addresses => Type::Any,
            Type::Object(body) if body.dynamic => Type::Any,
            _ => return None,
        };
        Some(Self { ty, view: self.view.clone(), keyed: None })
    }

    pub(super) fn is_repeated(&self) -> bool {
        matches!(&self.ty, Type::Block { repeated: true, .. })
            || matches!(&self.ty, Type::List(inner) if matches!(**inner, Type::Object(_) | Type::Block { .. } | Type::Named(_)))
    }
}

impl Scope {
    pub(super) fn of(item: Typed) -> Self {
        Self { each: None, here: item.clone(), it: item.clone(), item }
    }

    /// Inside `each`.
    pub(super) fn inside(&self, element: Typed) -> Self {
        Self { item: self.item.clone(), each: Some(element.clone()), here: element.clone(), it: element }
    }

    /// Inside a quantifier.
    pub(super) fn element(&self, element: Typed) -> Self {
        Self { here: element.clone(), it: element, ..self.clone() }
    }

    /// With `value`.
    pub(super) fn judging(&self, value: Typed) -> Self {
        Self { it: value, ..self.clone() }
    }
}

impl Compiler<'_> {
    /// The fields of a view; `instruction.RUN` has those of `instruction`.
    pub(super) fn view_body(&self, view: &str) -> Option<Arc<Body>> {
        let schemas = self.context.schemas;
        let body = schemas.get(view).or_else(|| {
            let (family, _) = view.split_once('.')?;
            if matches!(family, "data" | "provider") { None } else { schemas.get(family) }
        });
        body.cloned()
    }

    /// A path; `flatten` lets it cross repeated blocks.
    pub(super) fn path(&mut self, expr: ExprId, scope: &Scope, flatten: bool) -> Option<(Path, Typed)> {
        let mut written = Vec::new();
        let root = self.steps(expr, &mut written)?;
        let ExprKind::Variable = self.expr(root).kind else {
            let fault = Fault::new(self.expr(root).span, format!("`{}` is not a path", self.text(root)));
            self.fault(fault.hint("a path begins with a field, `self`, `each`, `it`, `key`, `param` or `related`"));
            return None;
        };
        let name = self.text(root);
        let span = self.expr(root).span;
        let mut steps = written.into_iter().peekable();
        let (root, start) = match name {
            "self" => (Root::Item, scope.item.clone()),
            "it" => (Root::It, scope.it.clone()),
            "key" if self.field(&scope.here, "key").is_none() => (Root::Key, Typed::of(Type::String)),
            "each" => {
                let Some(each) = scope.each.clone() else {
                    self.fault(Fault::new(span, "there is no `each` here").hint("set `each = PATH`, or write `self`"));
                    return None;
                };
                (Root::Each, each)
            }
            "param" => {
                let Some((Step::Field(name), name_span)) = steps.next() else {
                    self.fault(Fault::new(span, "a parameter is written `param.name`"));
                    return None;
                };
                let shape = self.params.iter().find(|param| param.name == name).map(|param| param.shape.clone());
                let Some(shape) = shape else {
                    let fault = Fault::new(name_span, format!("the rule has no parameter `{name}`"));
                    self.fault(fault.hint(format!("declare it: params = {{ {name} = … }}")));
                    return None;
                };
                (Root::Param(name), Typed::of(shape_type(&shape)))
            }
            "related" => {
                let Some((Step::Field(name), name_span)) = steps.next() else {
                    self.fault(Fault::new(span, "a relation is written `related.name`"));
                    return None;
                };
                let typed = self.relation(&scope.here, &name, name_span)?;
                let typed = self.walk(typed, Step::Related(name), &mut steps, flatten)?;
                return Some((Path { root: Root::Here, steps: typed.0 }, typed.1));
            }
            _ => {
                let typed = self.field_or_fault(&scope.here, name, span)?;
                let typed = self.walk(typed, Step::Field(name.into()), &mut steps, flatten)?;
                return Some((Path { root: Root::Here, steps: typed.0 }, typed.1));
            }
        };
        let mut out = Vec::new();
        let typed = self.follow(start, &mut out, &mut steps, flatten)?;
        Some((Path { root, steps: out }, typed))
    }

    /// Takes the postfix steps off an expression and returns its root.
    pub(super) fn steps(&mut self, expr: ExprId, out: &mut Vec<(Step, Span)>) -> Option<ExprId> {
        let mut at = expr;
        loop {
            match self.expr(at).kind {
                ExprKind::GetAttr { base, name } => {
                    out.push((Step::Field(self.tree.text(name).into()), name));
                    at = base;
                }
                ExprKind::Index { base, key } => {
                    let span = self.expr(key).span;
                    let step = match self.expr(key).kind {
                        ExprKind::Number => self.text(key).parse().ok().map(Step::Index),
                        ExprKind::Variable => match self.text(key) {
                            "it" => Some(Step::ByIt),
                            "key" => Some(Step::ByKey),
                            "each" => Some(Step::ByEach),
                            _ => None,
                        },
                        _ => self.tree.plain_string(key).map(Step::Key),
                    };
                    let Some(step) = step else {
                        self.fault(Fault::new(span, "an index is a string, a number, `it`, `key` or `each`"));
                        return None;
                    };
                    out.push((step, span));
                    at = base;
                }
                ExprKind::Splat { .. } => {
                    let fault = Fault::new(self.expr(at).span, "the rule language has no splat");
                    self.fault(fault.hint("name the elements with `each`, or ask `any(list, condition)`"));
                    return None;
                }
                _ => break,
            }
        }
        out.reverse();
        Some(at)
    }

    fn walk(
        &mut self,
        typed: Typed,
        first: Step,
        steps: &mut impl Iterator<Item = (Step, Span)>,
        flatten: bool,
    ) -> Option<(Vec<Step>, Typed)> {
        let mut out = vec![first];
        let typed = self.follow(typed, &mut out, steps, flatten)?;
        Some((out, typed))
    }

    /// Follows the rest of a path, checking every step.
    pub(super) fn follow(
        &mut self,
        mut typed: Typed,
        out: &mut Vec<Step>,
        steps: &mut impl Iterator<Item = (Step, Span)>,
        flatten: bool,
    ) -> Option<Typed> {
        let mut related = false;
        for (step, span) in steps.by_ref() {
            typed = self.resolved(typed);
            if flatten && typed.is_repeated() && !matches!(step, Step::Key(_) | Step::Index(_)) {
                typed = typed.element().map(|element| self.resolved(element))?;
            }
            match &step {
                Step::Field(name) if name == "related" && !related && self.field(&typed, "related").is_none() => {
                    related = true;
                    continue;
                }
                Step::Field(name) if related => {
                    related = false;
                    typed = self.relation(&typed, name, span)?;
                    out.push(Step::Related(name.clone()));
                    continue;
                }
                Step::Field(name) => {
                    if typed.is_repeated() {
                        let text = out.last().map_or_else(String::new, last_name);
                        let hint = format!(
                            "one finding per block: `each = {text}` and `{name} …`; one finding in all: `any({text}, {name} …)`"
                        );
                        let message = format!("`{text}` may be written many times, so `{text}.{name}` has no single value");
                        self.fault(Fault::new(span, message).hint(hint));
                        return None;
                    }
                    typed = self.field_or_fault(&typed, name, span)?;
                }
                Step::Key(name) => {
                    typed = match (&typed.ty, typed.keyed.is_some()) {
                        (Type::Object(body), _) if !body.dynamic => self.field_or_fault(&typed, name, span)?,
                        (Type::Map(_) | Type::Any | Type::Object(_), _) | (_, true) => typed.element().unwrap_or_else(Typed::any),
                        _ => {
                            let fault = Fault::new(span, "this is neither a map nor a list whose elements have a known key");
                            self.fault(fault.hint("ask `any(list, name == \"…\")`, or give the list a key in the schema"));
                            return None;
                        }
                    };
                }
                Step::Index(_) | Step::ByIt | Step::ByKey | Step::ByEach => {
                    typed = typed.element().unwrap_or_else(Typed::any);
                }
                Step::Related(_) => {}
            }
            out.push(step);
        }
        Some(self.resolved(typed))
    }

    /// Checks a path of names that was not written as one, as those of `default` are.
    pub(super) fn check_steps(&mut self, item: &Typed, steps: &[Step], span: Span) {
        let mut at = steps.iter().cloned().map(|step| (step, span));
        self.follow(item.clone(), &mut Vec::new(), &mut at, true);
    }

    fn resolved(&self, mut typed: Typed) -> Typed {
        if let Type::Named(name) = &typed.ty {
            typed.ty = self.context.schemas.named_type(name).cloned().map_or(Type::Any, Type::Object);
        }
        typed
    }

    /// The field, if there is one of that name; `Any` where fields are free.
    fn field(&self, typed: &Typed, name: &str) -> Option<Typed> {
        let typed = self.resolved(typed.clone());
        let body = match &typed.ty {
            Type::Object(body) | Type::Block { body, repeated: false } => body,
            _ => return None,
        };
        let field = body.get(name)?;
        Some(Typed { ty: field.ty.clone(), view: None, keyed: field.keyed.clone() })
    }

    fn field_or_fault(&mut self, typed: &Typed, name: &str, span: Span) -> Option<Typed> {
        if let Some(field) = self.field(typed, name) {
            return Some(self.resolved(field));
        }
        let typed = self.resolved(typed.clone());
        let fault = match &typed.ty {
            Type::Any => return Some(Typed::any()),
            Type::Map(inner) => return Some(Typed::of((**inner).clone())),
            Type::Object(body) | Type::Block { body, .. } if body.dynamic => return Some(Typed::any()),
            Type::Object(body) | Type::Block { body, .. } => {
                let owner = typed.view.clone().unwrap_or_else(|| CompactString::from("this block"));
                let fault = Fault::new(span, format!("{owner} has no attribute `{name}`"));
                match body.suggest(name) {
                    Some(near) => fault.hint(format!("did you mean `{near}`?")),
                    None => fault.hint(format!("it has {}", names(body))),
                }
            }
            ty => Fault::new(span, format!("a {} has no `{name}`", type_name(ty))),
        };
        self.fault(fault);
        None
    }

    fn relation(&mut self, typed: &Typed, name: &str, span: Span) -> Option<Typed> {
        let Some(view) = typed.view.clone() else {
            self.fault(Fault::new(span, "relations lead from an item, and this is not one"));
            return None;
        };
        let Some(relation) = self.context.relations.find(&view, name) else {
            let known: Vec<&str> = self.context.relations.of(&view).collect();
            let fault = Fault::new(span, format!("{view} has no relation `{name}`"));
            let hint = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "it has none; declare one in the facts beside the rules".to_owned(),
                None => format!("it has {}", known.join(", ")),
            };
            self.fault(fault.hint(hint));
            return None;
        };
        let target = relation.to.first().map(|target| target.view.clone()).unwrap_or_default();
        let body = self.view_body(&target);
        let ty = match (body, relation.many) {
            (Some(body), true) => Type::Block { body, repeated: true },
            (Some(body), false) => Type::Object(body),
            (None, true) => Type::List(Box::new(Type::Any)),
            (None, false) => Type::Any,
        };
        Some(Typed { ty, view: Some(target), keyed: None })
    }
}

fn last_name(step: &Step) -> String {
    match step {
        Step::Field(name) | Step::Related(name) | Step::Key(name) => name.to_string(),
        _ => "it".to_owned(),
    }
}

fn names(body: &Body) -> String {
    let mut names: Vec<&str> = body.fields().iter().map(|field| field.name.as_str()).collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(20);
    names.truncate(20);
    let list = names.join(", ");
    if more > 0 { format!("{list} and {more} more") } else { list }
}

fn shape_type(shape: &str) -> Type {
    match shape {
        "string" => Type::String,
        "number" => Type::Number,
        "bool" => Type::Bool,
        "list(string)" => Type::List(Box::new(Type::String)),
        "list(number)" => Type::List(Box::new(Type::Number)),
        "map(string)" => Type::Map(Box::new(Type::String)),
        _ => Type::Any,
    }
}

/// The word for a type in messages.
pub(super) fn type_name(ty: &Type) -> &'static str {
    match ty {
        Type::String => "string",
        Type::Number => "number",
        Type::Bool => "bool",
        Type::List(_) => "list",
        Type::Map(_) => "map",
        Type::Object(_) | Type::Block { .. } | Type::Named(_) => "block",
        _ => "value",
    }
}
