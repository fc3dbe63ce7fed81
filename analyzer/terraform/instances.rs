//! Resources and module calls with all their instances as values: lists, maps, splats.

use std::sync::Arc;

use compact_str::format_compact;
use plimsoll_syntax::hcl::ExprId;
use plimsoll_syntax::value::{Kind, Reason, Shape, Unknown};
use plimsoll_syntax::{Place, Value};

use crate::NoteKind;
use crate::choice::distribute;
use crate::evaluator::{Callee, Cx, Evaluator, Instance, ResourceInstance, Scope};
use crate::expand::{By, Expansion, Key};
use crate::lattice::{self, derived_value};
use crate::reference::{Ref, SPLAT, part_of};

/// Instances as keys and references, and whether there may be more.
pub(crate) type Members = (Vec<(Value, Ref)>, Option<Arc<Unknown>>);

/// Instances with their keys.
type Known<T> = Vec<(Key, T)>;

impl Evaluator<'_> {
    /// The instances behind a reference to a repeated resource or module, as keys and references; `None`: it is a plain value.
    pub(crate) fn members(&self, cx: &Cx<'_>, of: &Ref) -> Option<Members> {
        fn pairs<T>(known: Known<T>, make: impl Fn(T) -> Ref) -> Vec<(Value, Ref)> {
            known.into_iter().map(|(key, instance)| (key.value(), make(instance))).collect()
        }
        match of {
            Ref::Resource(index) => {
                let expansion = self.resource(cx.at, *index)?;
                let (known, open) = self.one_by_one(cx.at, &expansion);
                let tail = open.as_ref().map(|open| self.instances_tail(cx, *index, open));
                (expansion.by != By::Nothing).then(|| (pairs(known, Ref::Instance), tail))
            }
            Ref::Call(index) => {
                let expansion = self.call(cx.at, *index, Place::NONE)?;
                (expansion.by != By::Nothing).then(|| (pairs(known(&expansion), Ref::Callee), expansion.open.clone()))
            }
            _ => None,
        }
    }

    /// The instances of a resource that are known by their keys, and what there may be beyond them.
    fn one_by_one(
        &self,
        at: &Instance,
        expansion: &Expansion<Arc<ResourceInstance>>,
    ) -> (Known<Arc<ResourceInstance>>, Option<Arc<Unknown>>) {
        let keys = expansion.alike.keys();
        let Some((_, all)) = expansion.instances.first().filter(|_| !keys.is_empty()) else {
            return (known(expansion), expansion.open.clone());
        };
        let more = expansion.alike.len() > keys.len();
        let open = more.then(|| Arc::new(Unknown::new(Reason::Limit, "the other instances")));
        let known = keys.into_iter().map(|key| {
            let instance = self.particular(at, &key, all);
            (key, instance)
        });
        (known.collect(), open)
    }

    /// The instances of a resource that are not known one by one: they still are that resource's.
    fn instances_tail(&self, cx: &Cx<'_>, index: u32, open: &Unknown) -> Arc<Unknown> {
        let base = cx.at.module.resources.get(index as usize);
        let address = base.map(|base| self.address(cx.at, base.mode, &base.kind, &base.block.name)).unwrap_or_default();
        let mut unknown = self.computed(Reason::Computed, &address, "");
        unknown.reason = open.reason;
        Arc::new(unknown)
    }

    pub(crate) fn splat(&self, cx: &Cx<'_>, source: Ref, each: ExprId, place: Place) -> Value {
        let element = |value: Ref| {
            let scope = Scope { name: SPLAT, value, parent: cx.scope };
            self.eval(&cx.within(&scope), each)
        };
        if let Some((pairs, tail)) = self.members(cx, &source) {
            let tail = tail.map(|tail| match element(Ref::Value(Value::unknown(Unknown::clone(&tail), place))).kind {
                Kind::Unknown(unknown) => unknown,
                _ => tail,
            });
            return lattice::list(pairs.into_iter().map(|(_, instance)| element(instance)).collect(), tail, place);
        }
        if matches!(source, Ref::Resource(_) | Ref::Call(_) | Ref::Instance(_) | Ref::Callee(_)) {
            return lattice::list(vec![element(source)], None, place);
        }
        let value = self.force(cx, source, place);
        let mut result = distribute(std::slice::from_ref(&value), place, &mut |args| match &args[0].kind {
            Kind::Null => lattice::list(Vec::new(), None, place),
            Kind::List(list) => {
                let items = list.items.iter().map(|item| element(Ref::Value(part_of(item, &args[0])))).collect();
                let tail =
                    list.tail.as_ref().map(|tail| match element(Ref::Value(Value::unknown(Unknown::clone(tail), place))).kind {
                        Kind::Unknown(unknown) => unknown,
                        _ => tail.clone(),
                    });
                lattice::list(items, tail, place)
            }
            Kind::Unknown(unknown) if matches!(unknown.shape, Shape::Any | Shape::List) => {
                match element(Ref::Value(Value::unknown(lattice::element(unknown, "*"), place))).kind {
                    Kind::Unknown(unknown) => Value::unknown(Unknown { shape: Shape::List, ..Unknown::clone(&unknown) }, place),
                    _ => derived_value(unknown, Shape::List, place),
                }
            }
            _ => lattice::list(vec![element(Ref::Value(args[0].clone()))], None, place),
        });
        result.sensitive |= value.sensitive;
        result
    }

    /// A reference as a value.
    pub(crate) fn force(&self, cx: &Cx<'_>, found: Ref, place: Place) -> Value {
        let at = cx.at;
        match found {
            Ref::Value(value) => value,
            Ref::Root(_) => self.invalid(place, "this word needs an attribute"),
            Ref::Type(mode, kind) => {
                let source = format_compact!("{}{kind}", mode.prefix());
                let unknown = Unknown::new(Reason::Undeclared, source.clone());
                self.fault(place, NoteKind::Undeclared, format_compact!("there is nothing of the name {source}"), unknown)
            }
            Ref::Instance(instance) => self.whole(at, &instance, place),
            Ref::Callee(callee) => self.outputs(&callee, place),
            Ref::Resource(index) => {
                let Some(expansion) = self.resource(at, index) else { return self.busy(cx, index, place) };
                let (known, open) = self.one_by_one(at, &expansion);
                let tail = open.as_ref().map(|open| self.instances_tail(cx, index, open));
                together(expansion.by, &known, tail, place, |instance| self.whole(at, instance, place))
            }
            Ref::Call(index) => match self.call(at, index, place) {
                Some(expansion) => together(expansion.by, &known(&expansion), expansion.open.clone(), place, |callee| {
                    self.outputs(callee, place)
                }),
                None => Value::unknown(Unknown::new(Reason::Cycle, "module"), place),
            },
        }
    }

    fn outputs(&self, callee: &Callee, place: Place) -> Value {
        match callee {
            Callee::Module(id) => {
                let Some(instance) = self.instance(*id) else { return Value::default() };
                let outputs = instance.module.outputs.list.iter().enumerate();
                lattice::map(
                    outputs.map(|(at, output)| (output.name.clone(), self.output(&instance, crate::declare::count(at), place))),
                    None,
                    place,
                )
            }
            Callee::Opaque(address, reason) => {
                Value::unknown(Unknown { shape: Shape::Map, ..self.computed(*reason, address, "") }, place)
            }
        }
    }
}

/// The instances that have keys, or the one that has none.
fn known<T: Clone>(expansion: &Expansion<T>) -> Known<T> {
    expansion.instances.iter().filter(|(key, _)| *key != Key::Any).cloned().collect()
}

/// All instances as Terraform has them: the one, a list, or a map.
fn together<T>(by: By, known: &[(Key, T)], tail: Option<Arc<Unknown>>, place: Place, value: impl Fn(&T) -> Value) -> Value {
    match by {
        By::Nothing => known.first().map(|(_, instance)| value(instance)).unwrap_or_default(),
        By::Count => lattice::list(known.iter().map(|(_, instance)| value(instance)).collect(), tail, place),
        By::Each => {
            let entries =
                known.iter().filter_map(
                    |(key, instance)| if let Key::Name(name) = key { Some((name.clone(), value(instance))) } else { None },
                );
            lattice::map(entries, tail, place)
        }
    }
}
