//! Expressions: <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#expressions>.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::hcl::tree::{BinaryOp, ForId, List as Ids, ObjectItem, TemplateKind};
use plimsoll_syntax::hcl::{self, ExprId, ExprKind};
use plimsoll_syntax::value::{Choice, Kind, Number, Reason, Shape, Unknown};
use plimsoll_syntax::{FileId, Place, Span, Value};
use rustc_hash::{FxHashMap, FxHasher};

use crate::choice::{distribute, one_of};
use crate::convert::{key_of, to_bool, unify};
use crate::declare::{File, Module, Spans};
use crate::evaluator::{Cx, Evaluator, Scope};
use crate::expand::elements;
use crate::lattice::{self, MapBuilder, derived_value, noun};
use crate::reference::Ref;
use crate::{Evaluated, Workspace};

/// Evaluates one expression in directory `dir`, with `names` as the only names; `template`: the text is that of a template.
#[must_use]
pub fn evaluate_expression(
    text: &str,
    template: bool,
    dir: &str,
    names: Vec<(CompactString, Value)>,
    workspace: &dyn Workspace,
) -> Evaluated {
    let evaluator = Evaluator::new(workspace);
    let at = evaluator.root(Arc::new(Module { dir: dir.to_owned(), ..Module::default() }));
    let file = if template {
        template_file(text, FileId::NONE)
    } else {
        File::new(FileId::NONE, Arc::new(hcl::parse(&format!("x = (\n{text}\n)").into())), Spans::Same)
    };
    let value = match (file.tree.errors.first(), file.tree.body.attributes().next()) {
        (Some(error), _) => evaluator.invalid(file.place(error.span), error.message.clone()),
        (None, None) => evaluator.invalid(Place::NONE, "this is not an expression"),
        (None, Some(attribute)) => {
            let names: FxHashMap<CompactString, Value> = names.into_iter().collect();
            let cx = Cx { names: Some(&names), ..Cx::new(&at, &file) };
            if template { evaluator.template_text(&cx, attribute.expr) } else { evaluator.eval(&cx, attribute.expr) }
        }
    };
    let value = crate::body::finished(value);
    Evaluated { value, notes: evaluator.sorted_notes() }
}

/// A whole text as a template: a heredoc that ends in a name which no line of it is. `id`: the file that it is the text of.
pub(crate) fn template_file(text: &str, id: FileId) -> File {
    let mut marker = String::from("END_OF_TEMPLATE");
    while text.contains(&marker) {
        marker.push('_');
    }
    let start = format!("x = <<{marker}\n");
    let spans = Spans::Within { start: Span::of(0, start.len()).end, length: Span::of(0, text.len()).end };
    File::new(id, Arc::new(hcl::parse(&format!("{start}{text}\n{marker}\n").into())), spans)
}

/// The value of an expression that is one as it stands.
pub(crate) fn literal(cx: &Cx<'_>, id: ExprId) -> Option<Value> {
    let tree = &cx.file.tree;
    let expr = tree[id];
    let kind = match expr.kind {
        ExprKind::Null => Kind::Null,
        ExprKind::Bool(value) => Kind::Bool(value),
        ExprKind::Template(kind, _) if kind != (TemplateKind::Heredoc { flush: true }) => {
            Kind::String(lattice::composed(tree.plain_string(id)?))
        }
        ExprKind::Number => match Number::parse(tree.text(expr.span)) {
            Some(number) => Kind::Number(number.into()),
            None => return Some(lattice::limit(tree.text(expr.span), cx.place(expr.span))),
        },
        _ => return None,
    };
    Some(Value::new(kind, cx.place(expr.span)))
}

impl Evaluator<'_> {
    /// The value of an expression.
    pub(crate) fn eval(&self, cx: &Cx<'_>, id: ExprId) -> Value {
        // What needs no frame of its own.
        if let Some(value) = literal(cx, id) {
            return value;
        }
        let tree = &cx.file.tree;
        let expr = tree[id];
        let place = cx.place(expr.span);
        let value = self.deeper(place, || match expr.kind {
            ExprKind::Error => Value::unknown(Unknown::new(Reason::Syntax, clip(tree.text(expr.span))), place),
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number => Value::default(),
            ExprKind::Template(kind, parts) => self.template(cx, kind, parts, place),
            ExprKind::Variable
            | ExprKind::GetAttr { .. }
            | ExprKind::Index { .. }
            | ExprKind::Splat { .. }
            | ExprKind::SplatItem => {
                let found = self.refer(cx, id);
                self.force(cx, found, place)
            }
            ExprKind::Paren(inner) => self.eval(cx, inner),
            ExprKind::Tuple(items) => {
                lattice::list(tree.list(items).iter().map(|&item| self.eval(cx, item)).collect(), None, place)
            }
            ExprKind::Object(items) => self.object(cx, items, place),
            ExprKind::Unary(op, operand) => self.unary(op, &self.eval(cx, operand), place),
            ExprKind::Binary(op, left, right) => self.operation(cx, op, left, right, place),
            ExprKind::Conditional { condition, then, otherwise } => self.conditional(cx, condition, then, otherwise, place),
            ExprKind::For(id) => self.for_expression(cx, id, place),
            ExprKind::Call { name, args, expand } => self.invoke(cx, tree.text(name), tree.list(args), expand, place),
        });
        let makes = matches!(
            expr.kind,
            ExprKind::Template(..) | ExprKind::Tuple(_) | ExprKind::Object(_) | ExprKind::For(_) | ExprKind::Call { .. }
        );
        if makes {
            self.produced(&value);
        }
        value
    }

    fn operation(&self, cx: &Cx<'_>, op: BinaryOp, left: ExprId, right: ExprId, place: Place) -> Value {
        let first = self.eval(cx, left);
        let decided = match op {
            BinaryOp::And => Some(false),
            BinaryOp::Or => Some(true),
            _ => None,
        };
        if let (Some(decided), Some(known)) = (decided, to_bool(&first).and_then(|value| value.as_bool()))
            && decided == known
        {
            // The right side is not looked at for its value; what it is refused for does not count either.
            let second = self.attempt(|| self.eval(cx, right)).unwrap_or_else(|()| Value::bool(known, place));
            return self.binary(op, first, second, place);
        }
        let second = self.eval(cx, right);
        self.binary(op, first, second, place)
    }

    fn object(&self, cx: &Cx<'_>, items: Ids<ObjectItem>, place: Place) -> Value {
        let tree = &cx.file.tree;
        let mut map = MapBuilder::default();
        let mut tail = None;
        for item in tree.items(items) {
            let key_span = tree[item.key].span;
            let key = match tree[item.key].kind {
                // A bare word is itself, whatever it means elsewhere.
                ExprKind::Variable | ExprKind::Null | ExprKind::Bool(_) => Value::string(tree.text(key_span), cx.place(key_span)),
                _ => self.eval(cx, item.key),
            };
            let value = self.eval(cx, item.value);
            match (lattice::first_unknown(&key), key_of(&key)) {
                (Some(unknown), _) => tail = tail.or(Some(unknown)),
                (None, Ok(name)) => {
                    let entry = Place::new(place.file, cx.place(key_span).span.to(cx.place(tree[item.value].span).span));
                    map.entry(plimsoll_syntax::value::Entry { key: name, key_place: cx.place(key_span), place: entry, value });
                }
                (None, Err(message)) => {
                    self.invalid(cx.place(key_span), message);
                }
            }
        }
        map.finish(tail, place)
    }

    fn conditional(&self, cx: &Cx<'_>, condition: ExprId, then: ExprId, otherwise: ExprId, place: Place) -> Value {
        let test = self.eval(cx, condition);
        let condition_place = cx.place(cx.file.tree[condition].span);
        let mut value = distribute(std::slice::from_ref(&test), place, &mut |args| match to_bool(&args[0]) {
            None => self.invalid(condition_place, format!("a bool is required here, not {}", noun(&args[0]))),
            Some(Value { kind: Kind::Bool(known), .. }) => {
                let (taken, other) = if known { (then, otherwise) } else { (otherwise, then) };
                let taken = self.eval(cx, taken);
                // The other arm has a say in the type only.
                match self.attempt(|| self.eval(cx, other)) {
                    Ok(other) => match unify(&taken, &other, 0) {
                        Ok((taken, _)) => taken,
                        Err(()) => self.inconsistent(place),
                    },
                    Err(()) => taken,
                }
            }
            Some(Value { kind: Kind::Unknown(unknown), .. }) => {
                let (first, second) = (self.eval(cx, then), self.eval(cx, otherwise));
                let Ok((first, second)) = unify(&first, &second, 0) else { return self.inconsistent(place) };
                let mut hasher = FxHasher::default();
                (cx.file.id, cx.file.position(cx.file.tree[condition].span), cx.at.id).hash(&mut hasher);
                let choice = Choice { id: hasher.finish(), condition: unknown, arms: Vec::new() };
                one_of(&choice, vec![first, second], place)
            }
            Some(_) => self.invalid(condition_place, "the condition is null"),
        });
        value.sensitive |= test.sensitive;
        value
    }

    fn inconsistent(&self, place: Place) -> Value {
        self.invalid(place, "the two arms of this conditional have no common type")
    }

    fn for_expression(&self, cx: &Cx<'_>, id: ForId, place: Place) -> Value {
        let tree = &cx.file.tree;
        let expression = *tree.for_expr(id);
        let collection = self.refer(cx, expression.collection);
        let (pairs, tail, sensitive) = match self.members(cx, &collection) {
            Some((pairs, tail)) => (pairs, tail, false),
            None => {
                let value = self.force(cx, collection, place);
                if let Kind::Choice(_) = value.kind {
                    return distribute(&[value], place, &mut |args| {
                        let (pairs, tail) = elements(&args[0]);
                        let pairs = pairs.into_iter().map(|(key, value)| (key, Ref::Value(value))).collect();
                        self.for_each(cx, id, pairs, tail, place)
                    });
                }
                if !matches!(value.kind, Kind::List(_) | Kind::Map(_) | Kind::Unknown(_)) {
                    return self.invalid(place, format!("{} cannot be iterated", noun(&value)));
                }
                if let Kind::Unknown(unknown) = &value.kind {
                    let shape = if expression.key_expr.is_some() { Shape::Map } else { Shape::List };
                    let mut result = derived_value(unknown, shape, place);
                    result.sensitive = value.sensitive;
                    return result;
                }
                let via = value.via.clone();
                let (pairs, tail) = elements(&value);
                let carry = |mut value: Value| {
                    if value.via.is_none() {
                        value.via.clone_from(&via);
                    }
                    value
                };
                (pairs.into_iter().map(|(key, value)| (carry(key), Ref::Value(carry(value)))).collect(), tail, value.sensitive)
            }
        };
        let mut result = self.for_each(cx, id, pairs, tail, place);
        result.sensitive |= sensitive;
        result
    }

    fn for_each(&self, cx: &Cx<'_>, id: ForId, pairs: Vec<(Value, Ref)>, mut tail: Option<Arc<Unknown>>, place: Place) -> Value {
        let tree = &cx.file.tree;
        let expression = *tree.for_expr(id);
        let mut items = Vec::new();
        let mut map = MapBuilder::default();
        let mut groups: Vec<(CompactString, Vec<Value>)> = Vec::new();
        let mut positions: FxHashMap<CompactString, usize> = FxHashMap::default();
        for (key, value) in pairs {
            if !self.step(place) {
                tail = tail.or_else(|| Some(Arc::new(Unknown::new(Reason::Limit, "the other elements"))));
                break;
            }
            let value_scope = Scope { name: tree.text(expression.value), value, parent: cx.scope };
            let key_scope =
                expression.key.map(|name| Scope { name: tree.text(name), value: Ref::Value(key), parent: Some(&value_scope) });
            let inner = cx.within(key_scope.as_ref().unwrap_or(&value_scope));
            if let Some(condition) = expression.condition {
                let test = self.eval(&inner, condition);
                match to_bool(&test) {
                    Some(Value { kind: Kind::Bool(true), .. }) => {}
                    Some(Value { kind: Kind::Bool(false), .. }) => continue,
                    Some(value) if value.is_null() => {
                        self.invalid(cx.place(tree[condition].span), "the condition is null");
                        continue;
                    }
                    Some(value) => {
                        tail = tail.or_else(|| lattice::first_unknown(&value));
                        continue;
                    }
                    None => {
                        self.invalid(cx.place(tree[condition].span), format!("a bool is required here, not {}", noun(&test)));
                        continue;
                    }
                }
            }
            let result = self.eval(&inner, expression.value_expr);
            let Some(key_expr) = expression.key_expr else {
                items.push(result);
                continue;
            };
            let key = self.eval(&inner, key_expr);
            let name = match (lattice::first_unknown(&key), key_of(&key)) {
                (Some(unknown), _) => {
                    tail = tail.or(Some(unknown));
                    continue;
                }
                (None, Ok(name)) => name,
                (None, Err(message)) => {
                    self.invalid(cx.place(tree[key_expr].span), message);
                    continue;
                }
            };
            if expression.group {
                match positions.get(&name) {
                    Some(&at) => groups[at].1.push(result),
                    None => {
                        positions.insert(name.clone(), groups.len());
                        groups.push((name, vec![result]));
                    }
                }
            } else if positions.insert(name.clone(), 0).is_some() {
                self.invalid(cx.place(tree[key_expr].span), format_compact!("two elements have the key {name:?}"));
            } else {
                map.set(name, Place::NONE, result);
            }
        }
        if expression.key_expr.is_none() {
            return lattice::list(items, tail, place);
        }
        for (name, values) in groups {
            map.set(name, Place::NONE, lattice::list(values, tail.clone(), place));
        }
        map.finish(tail, place)
    }
}

/// Source text, short enough for a message.
pub(crate) fn clip(text: &str) -> CompactString {
    let line = text.lines().next().unwrap_or("").trim();
    match line.char_indices().nth(80) {
        Some((end, _)) => format_compact!("{}…", &line[..end]),
        None if line.len() < text.trim().len() => format_compact!("{line} …"),
        None => line.into(),
    }
}
