//! Fields and methods.

use std::rc::Rc;

use plimsoll_syntax::Span;

use super::{Frame, Machine, Outcome};
use crate::functions::kubernetes;
use crate::print;
use crate::value::{Data, Value};

impl Machine {
    /// `.a.b.c` of a value; only the last name may be a method with arguments.
    pub(super) fn chain(
        &mut self,
        frame: &Frame,
        span: Span,
        mut value: Value,
        names: &[Rc<str>],
        arguments: Vec<Value>,
    ) -> Outcome<Value> {
        let mut arguments = Some(arguments);
        for (at, name) in names.iter().enumerate() {
            let given = if at + 1 == names.len() { arguments.take().unwrap_or_default() } else { Vec::new() };
            value = field(frame, span, &value, name, given)?;
        }
        Ok(value)
    }
}

fn field(frame: &Frame, span: Span, of: &Value, name: &str, arguments: Vec<Value>) -> Outcome<Value> {
    let fail = |message: String| Err(frame.fault(span, message));
    match &of.data {
        Data::Void => Ok(Value::default()),
        Data::Nil => fail(format!("nil pointer evaluating interface {{}}.{name}")),
        Data::Map(dict) => {
            if !arguments.is_empty() {
                return fail(format!("{name} is not a method but has arguments"));
            }
            Ok(dict.get(name).unwrap_or_else(|| Value::new(Data::Nil)))
        }
        Data::Object(object) => match kubernetes::method(object, name, &arguments) {
            Some(Ok(value)) => Ok(value),
            Some(Err(message)) => fail(message),
            None => fail(format!("can't evaluate field {name} in type {}", object.type_name())),
        },
        _ => fail(format!("can't evaluate field {name} in type {}", print::type_name(of))),
    }
}
