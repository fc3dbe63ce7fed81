//! Types of outputs, by what is written, before anything has a value: what a variable is declared as, what a function returns. Where an expression
//! does not say its type, neither does this: the type of its value is all there is.
//! <https://opentofu.org/docs/language/expressions/types/>

use std::fmt;

use plimsoll_syntax::hcl::tree::{Part, TemplateKind};
use plimsoll_syntax::hcl::{ExprId, ExprKind};

use crate::convert::{Field, Type};
use crate::declare::Declared;
use crate::evaluator::{Call, Callee, Cx, Evaluator, Instance};
use crate::expand::By;

/// Expressions that are looked at for the type of one output.
const MAX_STEPS: u32 = 500;
/// How deep they may nest.
const MAX_DEPTH: u32 = 40;

/// Functions of a list or set that return one of the same type.
const SAME: &[&str] =
    &["distinct", "reverse", "slice", "sensitive", "nonsensitive", "setunion", "setintersection", "setsubtract"];
/// Functions that return a list of strings, whatever they are given.
const TEXTS: &[&str] = &["compact", "formatlist", "sort", "split"];

/// What may still be looked at.
#[derive(Clone, Copy)]
struct Left<'l> {
    steps: &'l std::cell::Cell<u32>,
    depth: u32,
}

impl Left<'_> {
    /// One level deeper.
    fn step(self) -> Option<Self> {
        self.steps.set(self.steps.get().checked_sub(1)?);
        Some(Self { depth: self.depth.checked_sub(1)?, ..self })
    }
}

impl Evaluator<'_> {
    /// The type of an output, where it can be told.
    pub(crate) fn output_type(&self, at: &Instance, output: &Declared) -> Option<Type> {
        let steps = std::cell::Cell::new(MAX_STEPS);
        self.type_of_output(at, output, Left { steps: &steps, depth: MAX_DEPTH })
    }

    fn type_of_output(&self, at: &Instance, output: &Declared, left: Left<'_>) -> Option<Type> {
        let (file, value) = at.module.attribute(output, "value")?;
        self.type_of(&Cx::new(at, file), value.expr, left)
    }

    fn type_of(&self, cx: &Cx<'_>, expr: ExprId, left: Left<'_>) -> Option<Type> {
        let left = left.step()?;
        let tree = &cx.file.tree;
        match tree[expr].kind {
            ExprKind::Bool(_) => Some(Type::Bool),
            ExprKind::Number => Some(Type::Number),
            ExprKind::Template(kind, parts) => match (tree.parts(parts), kind) {
                ([Part::Interpolation { expr, .. }], TemplateKind::Quoted) => self.type_of(cx, *expr, left),
                _ => Some(Type::String),
            },
            ExprKind::Paren(inner) => self.type_of(cx, inner, left),
            ExprKind::Tuple(items) => {
                let items: Option<Vec<Type>> = tree.list(items).iter().map(|&item| self.type_of(cx, item, left)).collect();
                items.map(Type::Tuple)
            }
            ExprKind::Object(items) => {
                let field = |item: &plimsoll_syntax::hcl::tree::ObjectItem| {
                    let name = match tree[item.key].kind {
                        ExprKind::Variable => tree.text(tree[item.key].span).into(),
                        _ => tree.plain_string(item.key)?,
                    };
                    Some(Field::of(name, self.type_of(cx, item.value, left)?))
                };
                tree.items(items).iter().map(field).collect::<Option<Vec<_>>>().map(Type::Object)
            }
            ExprKind::Conditional { then, otherwise, .. } => {
                match (matches!(tree[then].kind, ExprKind::Null), matches!(tree[otherwise].kind, ExprKind::Null)) {
                    (true, true) => None,
                    (true, false) => self.type_of(cx, otherwise, left),
                    (false, true) => self.type_of(cx, then, left),
                    (false, false) => {
                        self.type_of(cx, then, left).filter(|of| self.type_of(cx, otherwise, left).as_ref() == Some(of))
                    }
                }
            }
            ExprKind::GetAttr { base, name } => self.type_of_attribute(cx, base, tree.text(name), left),
            ExprKind::Index { base, key } => match self.type_of(cx, base, left)? {
                Type::List(of) | Type::Map(of) => Some(*of),
                Type::Object(fields) => member(fields, &tree.plain_string(key)?),
                Type::Tuple(items) => items.into_iter().nth(tree.text(tree[key].span).parse().ok()?),
                _ => None,
            },
            ExprKind::Call { name, args, expand: false } => self.type_of_call(cx, tree.text(name), tree.list(args), left),
            _ => None,
        }
    }

    fn type_of_attribute(&self, cx: &Cx<'_>, base: ExprId, name: &str, left: Left<'_>) -> Option<Type> {
        let (tree, module) = (&cx.file.tree, &cx.at.module);
        match tree[base].kind {
            ExprKind::Variable => match tree.text(tree[base].span) {
                "var" => {
                    self.type_of_variable(cx.at, module.variables.list.get(module.variables.position(name)? as usize)?, left)
                }
                "local" => {
                    let local = module.locals.list.get(module.locals.position(name)? as usize)?;
                    self.type_of(&Cx::new(cx.at, module.files.get(local.file as usize)?), local.attribute.expr, left)
                }
                _ => None,
            },
            ExprKind::GetAttr { base, name: called }
                if matches!(tree[base].kind, ExprKind::Variable) && tree.text(tree[base].span) == "module" =>
            {
                let expansion = self.call(cx.at, module.calls.position(tree.text(called))?, cx.place(tree[base].span))?;
                let Some((_, Callee::Module(id))) = expansion.instances.first().filter(|_| expansion.by == By::Nothing) else {
                    return None;
                };
                let callee = self.instance(*id)?;
                let output = callee.module.outputs.list.get(callee.module.outputs.position(name)? as usize)?;
                self.type_of_output(&callee, output, left)
            }
            _ => match self.type_of(cx, base, left)? {
                Type::Map(of) => Some(*of),
                Type::Object(fields) => member(fields, name),
                _ => None,
            },
        }
    }

    /// What a variable is declared as; where that leaves something open, what it is given.
    fn type_of_variable(&self, at: &Instance, declared: &Declared, left: Left<'_>) -> Option<Type> {
        if let Some((file, attribute)) = at.module.attribute(declared, "type") {
            return Some(self.constraint(&Cx::new(at, file), attribute.expr)).filter(Type::is_closed);
        }
        let Call { parent, index, .. } = at.call.as_ref()?;
        let parent = self.instance(*parent)?;
        let (file, given) = parent.module.attribute(parent.module.calls.list.get(*index as usize)?, &declared.name)?;
        self.type_of(&Cx::new(&parent, file), given.expr, left)
    }

    fn type_of_call(&self, cx: &Cx<'_>, name: &str, args: &[ExprId], left: Left<'_>) -> Option<Type> {
        let first = || self.type_of(cx, *args.first()?, left);
        Some(match name.strip_prefix("core::").unwrap_or(name) {
            "tostring" => Type::String,
            "tonumber" | "length" => Type::Number,
            "tobool" => Type::Bool,
            "tolist" => Type::List(first()?.element()?),
            "toset" => Type::Set(first()?.element()?),
            "tomap" => Type::Map(first()?.element()?),
            "keys" if matches!(first()?, Type::Map(_)) => Type::List(Box::new(Type::String)),
            "values" => match first()? {
                Type::Map(of) => Type::List(of),
                _ => return None,
            },
            name if TEXTS.contains(&name) => Type::List(Box::new(Type::String)),
            "concat" | "merge" => {
                let first = first().filter(|of| matches!(of, Type::List(_) | Type::Map(_)))?;
                let is_same = |&arg: &ExprId| self.type_of(cx, arg, left).as_ref() == Some(&first);
                args.iter().all(is_same).then_some(first)?
            }
            name if SAME.contains(&name) => {
                let first = first()?;
                let is_one = matches!(name, "sensitive" | "nonsensitive") || matches!(first, Type::List(_) | Type::Set(_));
                is_one.then_some(first)?
            }
            _ => return None,
        })
    }
}

fn member(fields: Vec<Field>, name: &str) -> Option<Type> {
    fields.into_iter().find(|field| field.name == name).map(|field| field.of)
}

impl Type {
    /// Whether nothing in it is `any`.
    fn is_closed(&self) -> bool {
        match self {
            Self::Any => false,
            Self::String | Self::Number | Self::Bool => true,
            Self::List(of) | Self::Set(of) | Self::Map(of) => of.is_closed(),
            Self::Object(fields) => fields.iter().all(|field| field.of.is_closed()),
            Self::Tuple(items) => items.iter().all(Self::is_closed),
        }
    }

    /// The type of all elements.
    fn element(self) -> Option<Box<Self>> {
        let mut all = match self {
            Self::List(of) | Self::Set(of) | Self::Map(of) => return Some(of),
            Self::Tuple(items) => items.into_iter(),
            Self::Object(fields) => fields.into_iter().map(|field| field.of).collect::<Vec<_>>().into_iter(),
            _ => return None,
        };
        let first = all.next()?;
        all.all(|other| other == first).then(|| Box::new(first))
    }
}

/// As Terraform writes it.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::String => f.write_str("string"),
            Self::Number => f.write_str("number"),
            Self::Bool => f.write_str("bool"),
            Self::List(of) => write!(f, "list({of})"),
            Self::Set(of) => write!(f, "set({of})"),
            Self::Map(of) => write!(f, "map({of})"),
            Self::Object(fields) => {
                f.write_str("object({")?;
                for (at, field) in fields.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
                    if field.name.chars().all(plain) && field.name.starts_with(|c: char| !c.is_ascii_digit()) {
                        write!(f, "{comma}{} = {}", field.name, field.of)?;
                    } else {
                        write!(f, "{comma}{:?} = {}", field.name, field.of)?;
                    }
                }
                f.write_str("})")
            }
            Self::Tuple(items) => {
                f.write_str("tuple([")?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str("])")
            }
        }
    }
}

/// Two types are one whatever is left out of their objects.
impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, Self::Any) | (Self::String, Self::String) | (Self::Number, Self::Number) | (Self::Bool, Self::Bool) => {
                true
            }
            (Self::List(one), Self::List(other)) | (Self::Set(one), Self::Set(other)) | (Self::Map(one), Self::Map(other)) => {
                one == other
            }
            (Self::Object(one), Self::Object(other)) => {
                one.len() == other.len()
                    && one.iter().all(|field| other.iter().any(|other| other.name == field.name && other.of == field.of))
            }
            (Self::Tuple(one), Self::Tuple(other)) => one == other,
            _ => false,
        }
    }
}
