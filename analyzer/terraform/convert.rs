//! Types and conversions: <https://opentofu.org/docs/language/expressions/type-constraints/>.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::Value;
use plimsoll_syntax::hcl::{ExprId, ExprKind};
use plimsoll_syntax::value::{Choice, Entry, Kind, List, Map, Number, Shape, Unknown};

use crate::evaluator::{Cx, Evaluator};
use crate::lattice::{self, derived, number_text};

/// How deep types may nest.
const MAX_DEPTH: u32 = 60;
/// Lists and objects that are made alike, one by one.
const MAX_ALIKE: usize = 1_000;

/// A type constraint.
#[derive(Clone, Debug)]
pub(crate) enum Type {
    Any,
    String,
    Number,
    Bool,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Object(Vec<Field>),
    Tuple(Vec<Type>),
}

/// An attribute of an object type.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: CompactString,
    pub(crate) of: Type,
    optional: bool,
    default: Option<Value>,
}

impl Field {
    /// An attribute that is there.
    pub(crate) const fn of(name: CompactString, of: Type) -> Self {
        Self { name, of, optional: false, default: None }
    }
}

impl Type {
    pub(crate) const fn shape(&self) -> Shape {
        match self {
            Self::Any => Shape::Any,
            Self::String => Shape::String,
            Self::Number => Shape::Number,
            Self::Bool => Shape::Bool,
            Self::List(_) | Self::Set(_) | Self::Tuple(_) => Shape::List,
            Self::Map(_) | Self::Object(_) => Shape::Map,
        }
    }
}

impl Evaluator<'_> {
    /// Reads a type constraint; what is not one is `any`, with a note.
    pub(crate) fn constraint(&self, cx: &Cx<'_>, expr: ExprId) -> Type {
        self.constraint_at(cx, expr, 0)
    }

    fn constraint_at(&self, cx: &Cx<'_>, expr: ExprId, depth: u32) -> Type {
        let tree = &cx.file.tree;
        let refused = |what: &str| {
            self.invalid(cx.place(tree[expr].span), what);
            Type::Any
        };
        if depth > MAX_DEPTH {
            return refused("this type is nested too deep");
        }
        match tree[expr].kind {
            ExprKind::Variable | ExprKind::Template(..) => {
                let quoted = tree.plain_string(expr);
                match quoted.as_deref().unwrap_or_else(|| tree.text(tree[expr].span)) {
                    "any" => Type::Any,
                    "string" => Type::String,
                    "number" => Type::Number,
                    "bool" => Type::Bool,
                    // The words of Terraform 0.11 and before.
                    "list" => Type::List(Box::new(Type::Any)),
                    "set" => Type::Set(Box::new(Type::Any)),
                    "map" => Type::Map(Box::new(Type::Any)),
                    _ => refused("this is not a type"),
                }
            }
            ExprKind::Paren(inner) => self.constraint_at(cx, inner, depth + 1),
            ExprKind::Call { name, args, .. } => {
                let args = tree.list(args);
                let inner = |at: usize| Box::new(args.get(at).map_or(Type::Any, |&arg| self.constraint_at(cx, arg, depth + 1)));
                match tree.text(name) {
                    "list" => Type::List(inner(0)),
                    "set" => Type::Set(inner(0)),
                    "map" => Type::Map(inner(0)),
                    "optional" => *inner(0),
                    "tuple" => match args.first().map(|&arg| tree[arg].kind) {
                        Some(ExprKind::Tuple(items)) => {
                            Type::Tuple(tree.list(items).iter().map(|&item| self.constraint_at(cx, item, depth + 1)).collect())
                        }
                        _ => refused("tuple() takes a list of types"),
                    },
                    "object" => match args.first().map(|&arg| tree[arg].kind) {
                        Some(ExprKind::Object(items)) => Type::Object(
                            tree.items(items).iter().map(|item| self.field(cx, item.key, item.value, depth)).collect(),
                        ),
                        _ => refused("object() takes attributes with their types"),
                    },
                    _ => refused("this is not a type"),
                }
            }
            _ => refused("this is not a type"),
        }
    }

    fn field(&self, cx: &Cx<'_>, key: ExprId, of: ExprId, depth: u32) -> Field {
        let tree = &cx.file.tree;
        let name = tree.plain_string(key).unwrap_or_else(|| tree.text(tree[key].span).into());
        let optional = match tree[of].kind {
            ExprKind::Call { name, args, .. } if tree.text(name) == "optional" => Some(tree.list(args)),
            _ => None,
        };
        let kind = self.constraint_at(cx, of, depth + 1);
        let default = optional.and_then(|args| args.get(1)).map(|&default| {
            let value = self.eval(cx, default);
            convert(&value, &kind).unwrap_or(value)
        });
        Field { name, of: kind, optional: optional.is_some(), default }
    }
}

/// The value as a type has it.
///
/// # Errors
/// Says what does not fit.
pub(crate) fn convert(value: &Value, to: &Type) -> Result<Value, String> {
    let with = |kind: Kind| Value { kind, ..value.clone() };
    match (&value.kind, to) {
        (_, Type::Any) | (Kind::Null, _) => Ok(value.clone()),
        (Kind::Unknown(unknown), _) => {
            let fits = unknown.shape == Shape::Any || unknown.shape == to.shape();
            let shape = to.shape();
            let unknown = if fits {
                Unknown { shape, ..Unknown::clone(unknown) }
            } else {
                Unknown { not_null: unknown.not_null, ..derived(unknown, shape) }
            };
            Ok(with(Kind::Unknown(Arc::new(unknown))))
        }
        (Kind::Choice(choice), _) => {
            let arms: Result<Vec<Value>, String> = choice.arms.iter().map(|arm| convert(arm, to)).collect();
            Ok(with(Kind::Choice(Arc::new(Choice { arms: arms?, ..Choice::clone(choice) }))))
        }
        (Kind::Template(_), Type::String) => Ok(value.clone()),
        (_, Type::String) => text_of(value).map(|text| with(Kind::String(text))).ok_or_else(|| wrong("a string", value)),
        (_, Type::Number) => to_number(value).ok_or_else(|| wrong("a number", value)),
        (_, Type::Bool) => to_bool(value).ok_or_else(|| wrong("a bool", value)),
        (Kind::List(list), Type::List(of) | Type::Set(of)) => {
            let items: Result<Vec<Value>, String> = list.items.iter().map(|item| convert(item, of)).collect();
            let items = if matches!(**of, Type::Any) { alike(&items?) } else { items? };
            let mixed = |first: fn(&Kind) -> bool, second: fn(&Kind) -> bool| {
                items.iter().any(|item| first(&item.kind)) && items.iter().any(|item| second(&item.kind))
            };
            if mixed(|kind| matches!(kind, Kind::Number(_)), |kind| matches!(kind, Kind::Bool(_)))
                || mixed(|kind| matches!(kind, Kind::List(_)), |kind| matches!(kind, Kind::Map(_)))
                || mixed(
                    |kind| matches!(kind, Kind::List(_) | Kind::Map(_)),
                    |kind| matches!(kind, Kind::String(_) | Kind::Number(_) | Kind::Bool(_)),
                )
            {
                return Err("elements of one type are required".to_owned());
            }
            let converted = match to {
                Type::Set(_) => lattice::set(items, list.tail.clone(), value.place),
                _ => lattice::list(items, list.tail.clone(), value.place),
            };
            Ok(Value { kind: converted.kind, ..value.clone() })
        }
        (Kind::List(list), Type::Tuple(types)) if types.len() == list.items.len() || list.tail.is_some() => {
            let items: Result<Vec<Value>, String> = list.items.iter().zip(types).map(|(item, of)| convert(item, of)).collect();
            Ok(with(Kind::List(Arc::new(List { items: items?, ..List::clone(list) }))))
        }
        (Kind::Map(map), Type::Map(of)) => {
            let entry = |entry: &Entry| Ok(Entry { value: convert(&entry.value, of)?, ..entry.clone() });
            let entries: Result<Vec<Entry>, String> = map.entries.iter().map(entry).collect();
            let mut entries = entries?;
            if matches!(**of, Type::Any) {
                let values: Vec<Value> = entries.iter().map(|entry| entry.value.clone()).collect();
                for (entry, value) in entries.iter_mut().zip(alike(&values)) {
                    entry.value = value;
                }
            }
            Ok(with(Kind::Map(Arc::new(Map { entries, ..Map::clone(map) }))))
        }
        (Kind::Map(map), Type::Object(fields)) => {
            let mut entries = Vec::with_capacity(fields.len());
            for field in fields {
                let written = map.get(&field.name).filter(|entry| !(field.optional && entry.value.is_null()));
                entries.push(match written {
                    Some(entry) => Entry {
                        value: convert(&entry.value, &field.of).map_err(|error| format!("attribute {}: {error}", field.name))?,
                        ..entry.clone()
                    },
                    None => {
                        let absent = match (&map.tail, &field.default) {
                            (Some(tail), _) => {
                                Value::unknown(lattice::member(tail, &field.name).shaped(field.of.shape()), value.place)
                            }
                            (None, Some(default)) => default.clone(),
                            (None, None) if field.optional => Value::new(Kind::Null, value.place),
                            (None, None) => return Err(format!("attribute \"{}\" is required", field.name)),
                        };
                        Entry {
                            key: field.name.clone(),
                            key_place: plimsoll_syntax::Place::NONE,
                            place: absent.place,
                            value: absent,
                        }
                    }
                });
            }
            Ok(with(Kind::Map(Arc::new(Map { entries, tail: None, range: map.range }))))
        }
        (_, Type::List(_) | Type::Set(_) | Type::Tuple(_)) => Err(wrong("a list", value)),
        (_, Type::Map(_) | Type::Object(_)) => Err(wrong("an object", value)),
    }
}

fn wrong(wanted: &str, value: &Value) -> String {
    format!("{wanted} is required, not {}", lattice::noun(value))
}

/// The text of a primitive value; `None` for anything else and for what is not known.
pub(crate) fn text_of(value: &Value) -> Option<CompactString> {
    match &value.kind {
        Kind::String(text) => Some(text.clone()),
        Kind::Number(number) => Some(number_text(number.get())),
        Kind::Bool(value) => Some(if *value { "true" } else { "false" }.into()),
        _ => None,
    }
}

/// The value as a string; null and what is not known stay. `None`: it has no text.
pub(crate) fn to_text(value: &Value) -> Option<Value> {
    convert(value, &Type::String).ok()
}

/// The value as a number; null and what is not known stay. `None`: it is not one.
pub(crate) fn to_number(value: &Value) -> Option<Value> {
    let number = match &value.kind {
        Kind::Number(_) | Kind::Null => return Some(value.clone()),
        Kind::String(text) => number_of(text)?,
        Kind::Template(_) => {
            let unknown = lattice::first_unknown(value)?;
            return Some(Value { kind: Kind::Unknown(Arc::new(derived(&unknown, Shape::Number))), ..value.clone() });
        }
        Kind::Unknown(_) | Kind::Choice(_) => return convert(value, &Type::Number).ok(),
        _ => return None,
    };
    Some(Value { kind: Kind::Number(number.into()), ..value.clone() })
}

/// A number as a string may write it.
fn number_of(text: &str) -> Option<Number> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.'));
    if plain && starts { Number::parse(text) } else { None }
}

/// The value as a bool; null and what is not known stay. `None`: it is not one.
pub(crate) fn to_bool(value: &Value) -> Option<Value> {
    let known = match &value.kind {
        Kind::Bool(_) | Kind::Null => return Some(value.clone()),
        Kind::String(text) => match text.as_str() {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return None,
        },
        Kind::Template(_) => {
            let unknown = lattice::first_unknown(value)?;
            return Some(Value { kind: Kind::Unknown(Arc::new(derived(&unknown, Shape::Bool))), ..value.clone() });
        }
        Kind::Unknown(_) | Kind::Choice(_) => return convert(value, &Type::Bool).ok(),
        _ => return None,
    };
    Some(Value { kind: Kind::Bool(known), ..value.clone() })
}

/// The elements as one list has them: strings, where some are strings and the others have a text; inside of lists and objects
/// of one shape, too.
pub(crate) fn alike(items: &[Value]) -> Vec<Value> {
    alike_at(items, 0)
}

fn alike_at(items: &[Value], depth: u32) -> Vec<Value> {
    let text = |value: &Value| {
        matches!(value.kind, Kind::String(_) | Kind::Template(_))
            || value.as_unknown().is_some_and(|unknown| unknown.shape == Shape::String)
    };
    let other = |value: &Value| matches!(value.kind, Kind::Number(_) | Kind::Bool(_));
    if items.iter().any(other) && items.iter().any(text) {
        return items.iter().map(|item| to_text(item).unwrap_or_else(|| item.clone())).collect();
    }
    let [first, _, ..] = items else { return items.to_vec() };
    if depth > MAX_DEPTH || items.len() > MAX_ALIKE {
        return items.to_vec();
    }
    match &first.kind {
        Kind::List(list)
            if items.iter().all(|item| item.as_list().is_some_and(|other| other.items.len() == list.items.len())) =>
        {
            let columns: Vec<Vec<Value>> = (0..list.items.len())
                .map(|at| alike_at(&items.iter().filter_map(|item| item.items().get(at).cloned()).collect::<Vec<_>>(), depth + 1))
                .collect();
            let row = |(at, item): (usize, &Value)| {
                let Kind::List(list) = &item.kind else { return item.clone() };
                let items = columns.iter().filter_map(|column| column.get(at).cloned()).collect();
                Value { kind: Kind::List(Arc::new(List { items, ..List::clone(list) })), ..item.clone() }
            };
            items.iter().enumerate().map(row).collect()
        }
        Kind::Map(map)
            if items.iter().all(|item| {
                item.as_map().is_some_and(|other| {
                    other.entries.len() == map.entries.len() && map.entries.iter().all(|entry| other.get(&entry.key).is_some())
                })
            }) =>
        {
            let mut rows = items.to_vec();
            for entry in &map.entries {
                let column: Vec<Value> = items.iter().filter_map(|item| item.get(&entry.key).cloned()).collect();
                for (row, value) in rows.iter_mut().zip(alike_at(&column, depth + 1)) {
                    if let Kind::Map(map) = &mut row.kind
                        && let Some(known) = Arc::make_mut(map).entries.iter_mut().find(|known| known.key == entry.key)
                    {
                        known.value = value;
                    }
                }
            }
            rows
        }
        _ => items.to_vec(),
    }
}

/// Both arms of a conditional as one type.
///
/// # Errors
/// There is no type that holds both.
pub(crate) fn unify(a: &Value, b: &Value, depth: u32) -> Result<(Value, Value), ()> {
    let class = |value: &Value| match &value.kind {
        Kind::Null | Kind::Choice(_) => Shape::Any,
        Kind::Bool(_) => Shape::Bool,
        Kind::Number(_) => Shape::Number,
        Kind::String(_) | Kind::Template(_) => Shape::String,
        Kind::List(_) => Shape::List,
        Kind::Map(_) => Shape::Map,
        Kind::Unknown(unknown) => unknown.shape,
    };
    let same = Ok((a.clone(), b.clone()));
    if depth > MAX_DEPTH {
        return same;
    }
    match (class(a), class(b)) {
        (Shape::Any, _) | (_, Shape::Any) => same,
        (x, y) if x == y && !matches!(x, Shape::List | Shape::Map) => same,
        (Shape::String, Shape::Bool | Shape::Number) => Ok((a.clone(), to_text(b).ok_or(())?)),
        (Shape::Bool | Shape::Number, Shape::String) => Ok((to_text(a).ok_or(())?, b.clone())),
        (Shape::List, Shape::List) => {
            let (Some(left), Some(right)) = (a.as_list(), b.as_list()) else { return same };
            let (left_items, right_items) = if left.items.len() == right.items.len() {
                let pairs: Result<Vec<_>, ()> =
                    left.items.iter().zip(&right.items).map(|(a, b)| unify(a, b, depth + 1)).collect();
                pairs?.into_iter().unzip()
            } else {
                let all: Vec<Value> = left.items.iter().chain(&right.items).cloned().collect();
                let mut all = alike(&all);
                let rest = all.split_off(left.items.len());
                (all, rest)
            };
            let with = |value: &Value, list: &List, items| Value {
                kind: Kind::List(Arc::new(List { items, ..list.clone() })),
                ..value.clone()
            };
            Ok((with(a, left, left_items), with(b, right, right_items)))
        }
        (Shape::Map, Shape::Map) => {
            let (Some(left), Some(right)) = (a.as_map(), b.as_map()) else { return same };
            let all: Vec<Value> = left.entries.iter().chain(&right.entries).map(|entry| entry.value.clone()).collect();
            let keys_differ =
                left.entries.len() != right.entries.len() || left.entries.iter().any(|entry| right.get(&entry.key).is_none());
            let with = |value: &Value, map: &Map, values: Vec<Value>| {
                let entries = map.entries.iter().zip(values).map(|(entry, value)| Entry { value, ..entry.clone() }).collect();
                Value { kind: Kind::Map(Arc::new(Map { entries, ..map.clone() })), ..value.clone() }
            };
            if keys_differ {
                let mut all = alike(&all);
                let rest = all.split_off(left.entries.len());
                return Ok((with(a, left, all), with(b, right, rest)));
            }
            let (mut lefts, mut rights) = (Vec::new(), vec![Value::default(); right.entries.len()]);
            for entry in &left.entries {
                let Some(at) = right.entries.iter().position(|other| other.key == entry.key) else { continue };
                let (one, other) = unify(&entry.value, &right.entries[at].value, depth + 1)?;
                lefts.push(one);
                rights[at] = other;
            }
            Ok((with(a, left, lefts), with(b, right, rights)))
        }
        _ => Err(()),
    }
}

/// A key of a map or object.
pub(crate) fn key_of(value: &Value) -> Result<CompactString, CompactString> {
    text_of(value).ok_or_else(|| format_compact!("a key must be a string, not {}", lattice::noun(value)))
}
