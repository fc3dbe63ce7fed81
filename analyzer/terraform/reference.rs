//! References: `var.x`, `local.x`, `module.a["k"].out`, `aws_instance.web[0].id`, `data.t.n.a`, splats. Resources and modules
//! stay references until an attribute is asked for, so that only what is used is evaluated.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::hcl::{ExprId, ExprKind};
use plimsoll_syntax::value::{Kind, Reason, Shape, Unknown};
use plimsoll_syntax::{Place, Span, Value};

use crate::NoteKind;
use crate::choice::distribute;
use crate::convert::text_of;
use crate::declare::Mode;
use crate::evaluator::{Callee, Cx, Evaluator, ResourceInstance};
use crate::expand::{By, Expansion, Key};
use crate::lattice::{self, derived_value, key_text, member, noun};
use crate::uses;

/// The name under which the element of a splat is in scope: no identifier.
pub(crate) const SPLAT: &str = "[*]";
/// How long a chain of attributes and indexes may be.
const MAX_STEPS: u32 = 200;

/// What a reference has come to.
#[derive(Clone, Debug)]
pub(crate) enum Ref {
    Value(Value),
    Root(Root),
    /// `aws_instance`, `data.aws_ami`
    Type(Mode, CompactString),
    /// All instances of a resource.
    Resource(u32),
    Instance(Arc<ResourceInstance>),
    /// All instances of a module call.
    Call(u32),
    Callee(Callee),
}

/// The first word of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    Variables,
    Locals,
    Modules,
    Data,
    Ephemeral,
    Path,
    Terraform,
}

const ROOTS: &[(&str, Root)] = &[
    ("var", Root::Variables),
    ("local", Root::Locals),
    ("module", Root::Modules),
    ("data", Root::Data),
    ("ephemeral", Root::Ephemeral),
    ("path", Root::Path),
    ("terraform", Root::Terraform),
    ("tofu", Root::Terraform),
];

impl std::fmt::Debug for ResourceInstance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.address)
    }
}

impl Evaluator<'_> {
    /// Follows a reference as far as it goes.
    pub(crate) fn refer(&self, cx: &Cx<'_>, id: ExprId) -> Ref {
        self.refer_within(cx, id, MAX_STEPS)
    }

    fn refer_within(&self, cx: &Cx<'_>, id: ExprId, steps: u32) -> Ref {
        let tree = &cx.file.tree;
        let expr = tree[id];
        let place = cx.place(expr.span);
        if steps == 0 {
            return Ref::Value(lattice::limit("a reference of too many steps", place));
        }
        match expr.kind {
            ExprKind::Variable => self.root_name(cx, expr.span, place),
            ExprKind::SplatItem => cx.lookup(SPLAT).cloned().unwrap_or_else(|| Ref::Value(Value::default())),
            ExprKind::Paren(inner) => self.refer_within(cx, inner, steps - 1),
            ExprKind::GetAttr { base, name } => {
                let base = self.refer_within(cx, base, steps - 1);
                self.attribute(cx, base, tree.text(name), place)
            }
            ExprKind::Index { base, key } => {
                let base = self.refer_within(cx, base, steps - 1);
                let key = self.eval(cx, key);
                self.index(cx, base, &key, place)
            }
            ExprKind::Splat { source, each, .. } => {
                let source = self.refer_within(cx, source, steps - 1);
                Ref::Value(self.splat(cx, source, each, place))
            }
            _ => Ref::Value(self.eval(cx, id)),
        }
    }

    fn root_name(&self, cx: &Cx<'_>, span: Span, place: Place) -> Ref {
        let name = cx.file.text(span);
        if let Some(known) = cx.lookup(name) {
            return known.clone();
        }
        if let Some(value) = cx.names.and_then(|names| names.get(name)) {
            return Ref::Value(value.clone());
        }
        if cx.isolated {
            return Ref::Value(match cx.open {
                Some(open) => Value::unknown(member(open, name), place),
                None => self.invalid(place, format_compact!("no value is given for \"{name}\" here")),
            });
        }
        if let Some((_, root)) = ROOTS.iter().find(|(word, _)| *word == name) {
            return Ref::Root(*root);
        }
        match name {
            "each" | "count" | "self" => {
                let is_known = name == "self" && uses::knows_self(&cx.file.tree, span);
                let value = Unknown::new(if is_known { Reason::Computed } else { Reason::Undeclared }, name);
                if !is_known {
                    self.note(place, NoteKind::Undeclared, format_compact!("there is no {name} here"));
                }
                Ref::Value(Value::unknown(value, place))
            }
            _ => Ref::Type(Mode::Managed, name.into()),
        }
    }

    /// A data source of a `check` is known in that check only.
    fn check_scope(&self, cx: &Cx<'_>, index: u32, place: Place) {
        let Some(at) = cx.at.module.resources.get(index as usize).map(|resource| resource.block.at) else { return };
        if at.inner.is_none() {
            return;
        }
        if let Some((file, check)) = cx.at.module.block(crate::declare::At { inner: None, ..at })
            && !(file.place(check.span()).file == place.file && file.place(check.span()).span.contains(place.span))
        {
            self.note(place, NoteKind::Refused, "this data source is known in its check only");
        }
    }

    pub(crate) fn undeclared(&self, source: &str, place: Place, message: impl FnOnce() -> CompactString) -> Value {
        self.note(place, NoteKind::Undeclared, message());
        Value::unknown(Unknown::new(Reason::Undeclared, source), place)
    }

    fn attribute(&self, cx: &Cx<'_>, base: Ref, name: &str, place: Place) -> Ref {
        let at = cx.at;
        match base {
            Ref::Value(value) => Ref::Value(self.attribute_of(&value, name, place)),
            Ref::Root(Root::Variables) => Ref::Value(match at.module.variables.position(name) {
                Some(index) => self.variable(at, index, place),
                None => self
                    .undeclared(&format_compact!("var.{name}"), place, || format_compact!("variable \"{name}\" is not declared")),
            }),
            Ref::Root(Root::Locals) => Ref::Value(match at.module.locals.position(name) {
                Some(index) => self.local(at, index, place),
                None => self.undeclared(&format_compact!("local.{name}"), place, || {
                    format_compact!("local value \"{name}\" is not declared")
                }),
            }),
            Ref::Root(Root::Modules) => match at.module.calls.position(name) {
                Some(index) => Ref::Call(index),
                None => Ref::Value(self.undeclared(&format_compact!("module.{name}"), place, || {
                    format_compact!("module \"{name}\" is not declared")
                })),
            },
            Ref::Root(Root::Data) => Ref::Type(Mode::Data, name.into()),
            Ref::Root(Root::Ephemeral) => Ref::Type(Mode::Ephemeral, name.into()),
            Ref::Root(Root::Path) => Ref::Value(match name {
                "module" => Value::string(relative(&self.root_dir(), &at.module.dir), place),
                "root" | "cwd" => Value::string(".", place),
                _ => self.undeclared(&format_compact!("path.{name}"), place, || format_compact!("there is no path.{name}")),
            }),
            Ref::Root(Root::Terraform) => Ref::Value(match name {
                "workspace" => match &self.selected {
                    Some(name) => Value::string(name.as_str(), place),
                    None => {
                        let unknown = Unknown::new(Reason::Unset, "terraform.workspace").shaped(Shape::String);
                        Value::unknown(Unknown { not_null: true, ..unknown }, place)
                    }
                },
                _ => Value::unknown(Unknown::new(Reason::Unset, format_compact!("terraform.{name}")), place),
            }),
            Ref::Type(mode, kind) => match at.module.resource_index.get(&(mode, kind.clone(), name.into())) {
                Some(&index) => {
                    self.check_scope(cx, index, place);
                    Ref::Resource(index)
                }
                None => {
                    let address = self.address(at, mode, &kind, name);
                    self.note(place, NoteKind::Undeclared, format_compact!("{}{kind}.{name} is not declared", mode.prefix()));
                    Ref::Value(Value::unknown(self.computed(Reason::Undeclared, &address, ""), place))
                }
            },
            Ref::Resource(index) => {
                let Some(expansion) = self.resource(at, index) else { return Ref::Value(self.busy(cx, index, place)) };
                match self.only(&expansion, place) {
                    Some(instance) => Ref::Value(self.resource_attribute(at, &instance, name, place)),
                    None => Ref::Value(Value::unknown(Unknown::new(Reason::Invalid, name), place)),
                }
            }
            Ref::Instance(instance) => Ref::Value(self.resource_attribute(at, &instance, name, place)),
            Ref::Call(index) => match self.call(at, index, place).as_deref().and_then(|expansion| self.only(expansion, place)) {
                Some(callee) => Ref::Value(self.callee_output(&callee, name, place)),
                None => Ref::Value(Value::unknown(Unknown::new(Reason::Cycle, format_compact!("module.{name}")), place)),
            },
            Ref::Callee(callee) => Ref::Value(self.callee_output(&callee, name, place)),
        }
    }

    pub(crate) fn root_dir(&self) -> String {
        self.instance(0).map(|root| root.module.dir.clone()).unwrap_or_default()
    }

    /// The only instance; where there are several, the first, which Terraform refuses.
    fn only<T: Clone>(&self, expansion: &Expansion<T>, place: Place) -> Option<T> {
        if expansion.by != By::Nothing && expansion.open.is_none() {
            self.invalid(place, "this is repeated: an index is required");
        }
        expansion.instances.first().map(|(_, instance)| instance.clone())
    }

    pub(crate) fn busy(&self, cx: &Cx<'_>, index: u32, place: Place) -> Value {
        let name = cx
            .at
            .module
            .resources
            .get(index as usize)
            .map(|resource| self.address(cx.at, resource.mode, &resource.kind, &resource.block.name));
        let name = name.unwrap_or_default();
        self.note(place, NoteKind::Cycle, format_compact!("{name} refers to itself"));
        Value::unknown(Unknown::new(Reason::Cycle, name), place)
    }

    pub(crate) fn callee_output(&self, callee: &Callee, name: &str, place: Place) -> Value {
        match callee {
            Callee::Module(id) => {
                let Some(instance) = self.instance(*id) else { return Value::default() };
                match instance.module.outputs.position(name) {
                    Some(index) => self.output(&instance, index, place),
                    None => self.undeclared(&format_compact!("{}.{name}", instance.address), place, || {
                        format_compact!("{} has no output \"{name}\"", instance.address)
                    }),
                }
            }
            Callee::Opaque(address, reason) => Value::unknown(self.computed(*reason, address, name), place),
        }
    }

    /// Attribute `name` of a value.
    pub(crate) fn attribute_of(&self, value: &Value, name: &str, place: Place) -> Value {
        match &value.kind {
            Kind::Map(map) => match map.get(name) {
                Some(entry) => part_of(&entry.value, value),
                None => match &map.tail {
                    Some(tail) => Value::unknown(member(tail, name), place),
                    None => self.invalid(place, format_compact!("there is no attribute \"{name}\"")),
                },
            },
            Kind::Unknown(unknown) => match unknown.shape {
                Shape::Any | Shape::Map => part_of(&Value::unknown(member(unknown, name), place), value),
                _ => self.invalid(place, format_compact!("{} has no attribute \"{name}\"", noun(value))),
            },
            Kind::Choice(_) => {
                let mut result =
                    distribute(std::slice::from_ref(value), place, &mut |args| self.attribute_of(&args[0], name, place));
                result.sensitive |= value.sensitive;
                result
            }
            _ => self.invalid(place, format_compact!("{} has no attribute \"{name}\"", noun(value))),
        }
    }

    fn index(&self, cx: &Cx<'_>, base: Ref, key: &Value, place: Place) -> Ref {
        match base {
            Ref::Resource(index) => {
                let Some(expansion) = self.resource(cx.at, index) else { return Ref::Value(self.busy(cx, index, place)) };
                match (expansion.get(key), lattice::first_unknown(key)) {
                    (_, None) if expansion.by == By::Nothing => {
                        Ref::Value(self.invalid(place, "this is not repeated: it has no index"))
                    }
                    (Some(instance), None) => Ref::Instance(match expansion.key(key) {
                        Some(key) if expansion.instances.first().is_some_and(|(first, _)| *first == Key::Any) => {
                            self.particular(cx.at, &key, instance)
                        }
                        _ => instance.clone(),
                    }),
                    _ if expansion.open.is_some() || lattice::first_unknown(key).is_some() => {
                        let base = cx.at.module.resources.get(index as usize);
                        let address =
                            base.map(|base| self.address(cx.at, base.mode, &base.kind, &base.block.name)).unwrap_or_default();
                        Ref::Value(Value::unknown(
                            self.computed(Reason::Computed, &format_compact!("{address}[{}]", key_text(key)), ""),
                            place,
                        ))
                    }
                    _ => Ref::Value(self.invalid(place, format_compact!("there is no instance {}", key_text(key)))),
                }
            }
            Ref::Call(index) => match self.call(cx.at, index, place) {
                Some(expansion) => match expansion.get(key) {
                    Some(callee) => Ref::Callee(callee.clone()),
                    None => Ref::Value(match (lattice::first_unknown(key), expansion.instances.first()) {
                        (None, _) if expansion.open.is_none() => {
                            self.invalid(place, format_compact!("there is no instance {}", key_text(key)))
                        }
                        _ => Value::unknown(Unknown::new(Reason::Computed, "module"), place),
                    }),
                },
                None => Ref::Value(Value::unknown(Unknown::new(Reason::Cycle, "module"), place)),
            },
            Ref::Root(_) | Ref::Type(..) | Ref::Instance(_) | Ref::Callee(_) => {
                let name = text_of(key).unwrap_or_default();
                self.attribute(cx, base, &name, place)
            }
            Ref::Value(value) => Ref::Value(self.index_of(&value, key, place)),
        }
    }

    /// Element `key` of a value.
    pub(crate) fn index_of(&self, value: &Value, key: &Value, place: Place) -> Value {
        let mut result =
            distribute(&[value.clone(), key.clone()], place, &mut |args| self.index_plain(&args[0], &args[1], place));
        result.sensitive |= value.sensitive || key.sensitive;
        result
    }

    fn index_plain(&self, value: &Value, key: &Value, place: Place) -> Value {
        if value.is_null() || key.is_null() {
            return self.invalid(place, "null has no elements, and is no key");
        }
        if let Kind::Unknown(unknown) = &value.kind {
            return match unknown.shape {
                Shape::Any | Shape::List | Shape::Map => {
                    part_of(&Value::unknown(lattice::element(unknown, &key_text(key)), place), value)
                }
                _ => self.invalid(place, format_compact!("{} has no elements", noun(value))),
            };
        }
        if let (Some(unknown), Kind::List(_) | Kind::Map(_)) = (lattice::first_unknown(key), &value.kind) {
            return derived_value(&unknown, Shape::Any, place);
        }
        match &value.kind {
            Kind::List(list) => {
                let Some(index) = crate::convert::to_number(key).and_then(|key| key.as_int()) else {
                    return self.invalid(place, format_compact!("an index must be a whole number, not {}", noun(key)));
                };
                match (usize::try_from(index).ok().and_then(|index| list.items.get(index)), &list.tail) {
                    (Some(item), _) => part_of(item, value),
                    (None, Some(tail)) if index >= 0 => Value::unknown(lattice::element(tail, &key_text(key)), place),
                    _ => self.invalid(place, format_compact!("there is no element {index}")),
                }
            }
            Kind::Map(map) => {
                let Some(name) = text_of(key) else {
                    return self.invalid(place, format_compact!("a key must be a string, not {}", noun(key)));
                };
                match (map.get(&name), &map.tail) {
                    (Some(entry), _) => part_of(&entry.value, value),
                    (None, Some(tail)) => Value::unknown(lattice::element(tail, &key_text(key)), place),
                    (None, None) => self.invalid(place, format_compact!("there is no element {name:?}")),
                }
            }
            _ => self.invalid(place, format_compact!("{} has no elements", noun(value))),
        }
    }
}

/// A part of a value has come the way of the whole, and is as secret.
pub(crate) fn part_of(part: &Value, whole: &Value) -> Value {
    let mut part = part.clone();
    part.sensitive |= whole.sensitive;
    if part.via.is_none() {
        part.via.clone_from(&whole.via);
    } else if let Some(via) = &whole.via {
        let steps: Vec<_> = std::iter::successors(Some(via), |via| via.from.as_ref()).take(32).collect();
        for step in steps.into_iter().rev() {
            part = lattice::through(part, step.how.clone(), step.place);
        }
    }
    part
}

/// The path from the root module's directory to a module's.
fn relative(root: &str, dir: &str) -> CompactString {
    if root == dir {
        return ".".into();
    }
    let (from, to): (Vec<&str>, Vec<&str>) =
        (root.split('/').filter(|part| !part.is_empty()).collect(), dir.split('/').collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let ups = std::iter::repeat_n("..", from.len() - shared);
    let path: Vec<&str> = ups.chain(to[shared..].iter().copied()).collect();
    path.join("/").into()
}
