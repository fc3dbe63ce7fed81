//! The values of variables: <https://opentofu.org/docs/language/values/variables/>.

use std::sync::Arc;

use compact_str::format_compact;
use plimsoll_syntax::hcl::Attribute;
use plimsoll_syntax::value::{How, Kind, Reason, Unknown};
use plimsoll_syntax::{Place, Value};

use crate::convert::{Type, convert};
use crate::declare::{Declared, File, find};
use crate::evaluator::{Cx, Evaluator, Home, Instance, Part, Scope, Space};
use crate::lattice;
use crate::reference::Ref;

/// Names that mean something in a module block.
const RESERVED: &[&str] = &["source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals"];

impl Evaluator<'_> {
    pub(crate) fn variable(&self, at: &Instance, index: u32, place: Place) -> Value {
        let Some(declared) = at.module.variables.list.get(index as usize) else { return Value::default() };
        let source = || format_compact!("var.{}", declared.name);
        let home = Home { instance: at.id, part: Part::Variable(index) };
        let value = self.once(home, &at.names, (Space::Variable, index), source, place, || {
            let mut value = self.typed_variable(at, declared);
            value.sensitive |= self.flag(at, declared, "sensitive");
            value
        });
        lattice::through(value, How::Variable(declared.name.clone()), place)
    }

    fn typed_variable(&self, at: &Instance, declared: &Declared) -> Value {
        let written =
            at.module.attribute(declared, "type").map(|(file, attribute)| self.constraint(&Cx::new(at, file), attribute.expr));
        let nullable = at
            .module
            .attribute(declared, "nullable")
            .is_none_or(|(file, attribute)| self.eval(&Cx::new(at, file), attribute.expr).as_bool() != Some(false));
        let given = if at.call.is_some() { self.argument(at, declared) } else { self.setting(at, declared, written.as_ref()) };
        let constraint = written.unwrap_or(Type::Any);
        if let Some(value) = given.filter(|value| nullable || !value.is_null()) {
            let mut value = self.fitting(value, &constraint, declared, at);
            if !nullable && let Kind::Unknown(unknown) = &value.kind {
                value.kind = Kind::Unknown(Arc::new(Unknown { not_null: true, ..Unknown::clone(unknown) }));
            }
            return value;
        }
        if let Some((file, attribute)) = at.module.attribute(declared, "default") {
            let value = self.default(at, file, attribute);
            return self.fitting(value, &constraint, declared, at);
        }
        let unknown = Unknown {
            not_null: !nullable,
            ..Unknown::new(Reason::Unset, format_compact!("var.{}", declared.name)).shaped(constraint.shape())
        };
        let place = at.module.block(declared.at).map_or(Place::NONE, |(file, block)| file.place(block.header()));
        Value::unknown(unknown, place)
    }

    /// A default value; it can refer to nothing.
    fn default(&self, at: &Instance, file: &File, attribute: &Attribute) -> Value {
        self.eval(&Cx { isolated: true, ..Cx::new(at, file) }, attribute.expr)
    }

    /// Notes what is wrong with a declaration, whether it is used or not.
    pub(crate) fn check_variable(&self, at: &Instance, declared: &Declared) {
        let place = at.module.block(declared.at).map_or(Place::NONE, |(file, block)| file.place(block.header()));
        if RESERVED.contains(&declared.name.as_str()) {
            self.invalid(
                place,
                format_compact!(
                    "\"{}\" cannot be the name of a variable: it means something else in module blocks",
                    declared.name
                ),
            );
        }
        let constraint = at
            .module
            .attribute(declared, "type")
            .map_or(Type::Any, |(file, attribute)| self.constraint(&Cx::new(at, file), attribute.expr));
        if let Some((file, attribute)) = at.module.attribute(declared, "default") {
            let value = self.default(at, file, attribute);
            let nullable = at
                .module
                .attribute(declared, "nullable")
                .is_none_or(|(file, attribute)| self.eval(&Cx::new(at, file), attribute.expr).as_bool() != Some(false));
            if value.is_null() && !nullable {
                self.invalid(file.place(attribute.span), "null is no default of a variable that is not nullable");
            }
            self.fitting(value, &constraint, declared, at);
        }
    }

    fn fitting(&self, value: Value, constraint: &Type, declared: &Declared, at: &Instance) -> Value {
        convert(&value, constraint).unwrap_or_else(|error| {
            let place = if value.place.is_some() {
                value.place
            } else {
                at.module.block(declared.at).map_or(Place::NONE, |(file, block)| file.place(block.header()))
            };
            self.invalid(place, format_compact!("this does not fit variable \"{}\": {error}", declared.name))
        })
    }

    /// What the module call gives.
    fn argument(&self, at: &Instance, declared: &Declared) -> Option<Value> {
        let call = at.call.as_ref()?;
        let parent = self.instance(call.parent)?;
        let block = parent.module.calls.list.get(call.index as usize)?;
        let (file, attribute) = parent.module.attribute(block, &declared.name)?;
        let scope = call.repetition.as_ref().map(|repetition| Scope {
            name: repetition.name,
            value: Ref::Value(repetition.value.clone()),
            parent: None,
        });
        let cx = Cx { scope: scope.as_ref(), ..Cx::new(&parent, file) };
        let value = self.eval(&cx, attribute.expr);
        Some(lattice::through(value, How::Argument(declared.name.clone()), cx.place(attribute.span)))
    }

    /// What the root module is given: from the command line, by its variables files, by the environment; the first that says
    /// something holds.
    fn setting(&self, at: &Instance, declared: &Declared, of: Option<&Type>) -> Option<Value> {
        let place = at.module.block(declared.at).map_or(Place::NONE, |(file, block)| file.place(block.header()));
        let given = self.given(at, &declared.name, of, place).or_else(|| self.of_files(at, declared));
        given.or_else(|| self.of_environment(at, &declared.name, of, place))
    }

    /// Notes the validations of a variable that are known to be false.
    pub(crate) fn validate(&self, at: &Instance, index: u32) {
        let Some(declared) = at.module.variables.list.get(index as usize) else { return };
        for (file, item) in at.module.body(declared) {
            let plimsoll_syntax::hcl::tree::BodyItem::Block(block) = item else { continue };
            let condition = find(file, &block.body, "condition").filter(|_| file.text(block.kind) == "validation");
            let Some(condition) = condition else { continue };
            let cx = Cx::new(at, file);
            let holds = self.attempt(|| self.eval(&cx, condition.expr));
            if holds.ok().and_then(|value| crate::convert::to_bool(&value)).and_then(|value| value.as_bool()) != Some(false) {
                continue;
            }
            let message = find(file, &block.body, "error_message")
                .and_then(|message| self.attempt(|| self.eval(&cx, message.expr)).ok())
                .and_then(|message| message.as_str().map(crate::expression::clip));
            let value = self.variable(at, index, Place::NONE);
            let place = if value.place.is_some() { value.place } else { cx.place(condition.span) };
            let reason = message.unwrap_or_else(|| crate::expression::clip(file.text(condition.span)));
            self.note(
                place,
                crate::NoteKind::Invalid,
                format_compact!("variable \"{}\" refuses its value: {reason}", declared.name),
            );
        }
    }

    /// What the variables files of the root module give; the last one holds.
    fn of_files(&self, at: &Instance, declared: &Declared) -> Option<Value> {
        at.module.tfvars.iter().rev().find_map(|&file| {
            let file = at.module.files.get(file as usize)?;
            let attribute = find(file, &file.tree.body, &declared.name)?;
            let cx = Cx { isolated: true, ..Cx::new(at, file) };
            Some(self.eval(&cx, attribute.expr).through(How::Setting, cx.place(attribute.span)))
        })
    }
}
