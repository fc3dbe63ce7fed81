//! Commands and function calls.

use plimsoll_syntax::{Place, Span};

use super::{Frame, Machine, Outcome};
use crate::functions::{self, Body, Function};
use crate::parser::{Command, Operand, OperandKind};
use crate::print;
use crate::text::Text;
use crate::value::{Data, Dict, Value};

/// A call in progress: arguments that fit the function's signature.
pub(crate) struct Call<'m> {
    pub machine: &'m mut Machine,
    pub arguments: Vec<Value>,
    /// Where the call is written.
    pub place: Place,
}

/// What a function returns; `Err`: as Helm words it.
pub(crate) type Answer = Result<Value, String>;

impl Call<'_> {
    pub(crate) fn value(&self, at: usize) -> Value {
        self.arguments.get(at).cloned().unwrap_or_default()
    }

    pub(crate) fn str(&self, at: usize) -> &str {
        self.arguments.get(at).and_then(Value::as_str).unwrap_or("")
    }

    /// A string with its sources.
    pub(crate) fn text(&self, at: usize) -> Text {
        self.arguments.get(at).map_or_else(|| Text::from(""), Value::text)
    }

    pub(crate) fn int(&self, at: usize) -> i64 {
        self.arguments.get(at).and_then(Value::as_int).unwrap_or(0)
    }

    pub(crate) fn dict(&self, at: usize) -> Dict {
        self.arguments.get(at).and_then(Value::as_dict).cloned().unwrap_or_default()
    }

    pub(crate) fn rest(&self, from: usize) -> &[Value] {
        self.arguments.get(from..).unwrap_or(&[])
    }
}

impl Machine {
    pub(super) fn command(&mut self, frame: &mut Frame, dot: &Value, command: &Command, last: Option<Value>) -> Outcome<Value> {
        let Some((first, arguments)) = command.words.split_first() else { return Ok(Value::default()) };
        match &first.kind {
            OperandKind::Function(name) => self.function(frame, dot, first.span, name, arguments, last),
            OperandKind::Field(names) => {
                let given = self.arguments(frame, dot, arguments, last)?;
                self.chain(frame, first.span, dot.clone(), names, given)
            }
            OperandKind::Variable(name, names) if !names.is_empty() => {
                let given = self.arguments(frame, dot, arguments, last)?;
                let value = variable(frame, name);
                self.chain(frame, first.span, value, names, given)
            }
            OperandKind::Chain(inner, names) => {
                let given = self.arguments(frame, dot, arguments, last)?;
                let value = self.operand(frame, dot, inner)?;
                self.chain(frame, first.span, value, names, given)
            }
            _ => {
                if !arguments.is_empty() || last.is_some() {
                    return Err(frame.fault(first.span, "can't give argument to non-function"));
                }
                self.operand(frame, dot, first)
            }
        }
    }

    fn arguments(&mut self, frame: &mut Frame, dot: &Value, operands: &[Operand], last: Option<Value>) -> Outcome<Vec<Value>> {
        let mut out = Vec::with_capacity(operands.len() + 1);
        for operand in operands {
            out.push(self.operand(frame, dot, operand)?);
        }
        out.extend(last);
        Ok(out)
    }

    pub(super) fn operand(&mut self, frame: &mut Frame, dot: &Value, operand: &Operand) -> Outcome<Value> {
        Ok(match &operand.kind {
            OperandKind::Dot => dot.clone(),
            OperandKind::Nil => Value::default(),
            OperandKind::Bool(flag) => Value::bool(*flag),
            OperandKind::Number { int: Some(int), is_float: false, .. } => Value::new(Data::Int(*int)),
            OperandKind::Number { float, .. } => Value::new(Data::Float(*float)),
            OperandKind::String(text) => Value::string(&**text),
            OperandKind::Field(names) => self.chain(frame, operand.span, dot.clone(), names, Vec::new())?,
            OperandKind::Variable(name, names) => {
                let value = variable(frame, name);
                self.chain(frame, operand.span, value, names, Vec::new())?
            }
            OperandKind::Function(name) => self.function(frame, dot, operand.span, name, &[], None)?,
            OperandKind::Pipe(pipe) => self.pipe(frame, dot, pipe)?,
            OperandKind::Chain(inner, names) => {
                let value = self.operand(frame, dot, inner)?;
                self.chain(frame, operand.span, value, names, Vec::new())?
            }
        })
    }

    fn function(
        &mut self,
        frame: &mut Frame,
        dot: &Value,
        span: Span,
        name: &str,
        operands: &[Operand],
        last: Option<Value>,
    ) -> Outcome<Value> {
        self.step(frame, span)?;
        if matches!(name, "and" | "or") {
            return self.shortcut(frame, dot, span, name, operands, last);
        }
        let Some(function) = functions::find(name) else {
            return Err(frame.fault(span, format!("function {name:?} is not supported")));
        };
        let mut arguments = self.arguments(frame, dot, operands, last)?;
        fit(function, operands, &mut arguments).map_err(|message| frame.fault(span, message))?;
        self.pay(frame, span, functions::cost(function, &arguments))?;
        let whole = operands.last().map_or(span, |last| span.to(last.span));
        let mut call = Call { machine: self, arguments, place: frame.place(whole) };
        let failed = |message: String| {
            frame.fault(
                whole,
                if matches!(name, "fail" | "required") { message } else { format!("error calling {name}: {message}") },
            )
        };
        let value = match function.body {
            Body::Inner(body) => body(&mut call)?,
            Body::Picks(body) => body(&mut call).map_err(failed)?,
            Body::Plain(body) => {
                let mut value = body(&mut call).map_err(failed)?;
                trace(&mut value, &call.arguments);
                value
            }
        };
        if let Data::Str(text) = &value.data {
            let bytes = text.as_str().len();
            self.wrote(frame, span, bytes)?;
        }
        Ok(value)
    }

    /// `and`, `or`: the first argument that decides.
    fn shortcut(
        &mut self,
        frame: &mut Frame,
        dot: &Value,
        span: Span,
        name: &str,
        operands: &[Operand],
        last: Option<Value>,
    ) -> Outcome<Value> {
        let mut value = None;
        for operand in operands {
            let next = self.operand(frame, dot, operand)?;
            if next.truth() == (name == "or") {
                return Ok(next);
            }
            value = Some(next);
        }
        last.or(value).ok_or_else(|| frame.fault(span, format!("wrong number of args for {name}: want at least 1 got 0")))
    }
}

fn variable(frame: &Frame, name: &str) -> Value {
    frame.variables.iter().rev().find(|(known, _)| **known == *name).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// Checks the arguments against the signature, and turns constants into what it asks for.
fn fit(function: &Function, operands: &[Operand], arguments: &mut [Value]) -> Result<(), String> {
    let (fixed, variadic) = match function.signature.strip_suffix('*') {
        Some(rest) => (rest.len().saturating_sub(1), rest.chars().last()),
        None => (function.signature.len(), None),
    };
    let got = arguments.len();
    if got < fixed || got > fixed && variadic.is_none() {
        let least = if variadic.is_some() { "at least " } else { "" };
        return Err(format!("wrong number of args for {}: want {least}{fixed} got {got}", function.name));
    }
    let kinds = function.signature.chars().take(fixed).chain(std::iter::repeat_n(variadic.unwrap_or('a'), got - fixed));
    for (at, (argument, kind)) in arguments.iter_mut().zip(kinds).enumerate() {
        let constant = operands.get(at).map(|operand| &operand.kind);
        if let Some(OperandKind::Number { int, float, .. }) = constant {
            match (kind, int) {
                ('i', Some(int)) => argument.data = Data::Int(*int),
                ('f', _) => argument.data = Data::Float(*float),
                _ => {}
            }
        }
        let (fits, wanted) = match kind {
            's' => (argument.as_str().is_some(), "string"),
            'i' => (matches!(argument.data, Data::Int(_)), "int"),
            'f' => (matches!(argument.data, Data::Float(_)), "float64"),
            'b' => (matches!(argument.data, Data::Bool(_)), "bool"),
            'd' => (argument.as_dict().is_some() || matches!(argument.data, Data::Void), "map[string]interface {}"),
            _ => (true, ""),
        };
        if !fits {
            return Err(match argument.data {
                Data::Void => format!("invalid value; expected {wanted}"),
                _ => format!("wrong type for value; expected {wanted}; got {}", print::type_name(argument)),
            });
        }
    }
    Ok(())
}

/// A result that says nothing of its origin comes from the one value that went in.
fn trace(value: &mut Value, arguments: &[Value]) {
    let silent = match &value.data {
        Data::Str(text) => text.runs().is_empty(),
        Data::Bool(_) | Data::Int(_) | Data::Long(_) | Data::Float(_) => true,
        _ => false,
    };
    if !silent || value.origin.place.is_some() {
        return;
    }
    let mut place = None;
    for argument in arguments {
        let origin = argument.traced();
        value.origin.opaque |= origin.opaque;
        if origin.place.is_some() {
            place = match place {
                None => Some(origin.place),
                Some(known) if known == origin.place => place,
                Some(_) => Some(Place::NONE),
            };
        }
    }
    value.origin.place = place.unwrap_or(Place::NONE);
}
