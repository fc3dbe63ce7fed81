//! Choice, failure, reflection, and the functions that execute templates.

use std::rc::Rc;

use super::{Answer, Body, Function, picks, plain};
use crate::parser;
use crate::print;
use crate::run::{Call, Code, Fault, Outcome, Template};
use crate::text::{Builder, Source, Text};
use crate::value::{Dict, Origin, Value};

pub(super) const TABLE: &[Function] = &[
    picks("default", "aa*", |call| Ok(if call.value(1).truth() { call.value(1) } else { call.value(0) })),
    picks("coalesce", "a*", |call| Ok(call.arguments.iter().find(|value| value.truth()).cloned().unwrap_or_default())),
    picks("ternary", "aab", |call| Ok(if call.value(2).truth() { call.value(0) } else { call.value(1) })),
    plain("empty", "a", |call| Ok(Value::bool(!call.value(0).truth()))),
    plain("all", "a*", |call| Ok(Value::bool(call.arguments.iter().all(Value::truth)))),
    plain("any", "a*", |call| Ok(Value::bool(call.arguments.iter().any(Value::truth)))),
    picks("required", "sa", required),
    plain("fail", "s", |call| Err(call.str(0).to_owned())),
    plain("typeOf", "a", |call| Ok(print::type_name(&call.value(0)).into())),
    plain("kindOf", "a", |call| Ok(print::kind_name(&call.value(0)).into())),
    plain("typeIs", "sa", |call| Ok(Value::bool(print::type_name(&call.value(1)) == call.str(0)))),
    plain("typeIsLike", "sa", |call| {
        Ok(Value::bool(print::type_name(&call.value(1)).trim_start_matches('*') == call.str(0).trim_start_matches('*')))
    }),
    plain("kindIs", "sa", |call| Ok(Value::bool(print::kind_name(&call.value(1)) == call.str(0)))),
    plain("deepEqual", "aa", |call| Ok(Value::bool(call.value(0).equals(&call.value(1))))),
    plain("lookup", "ssss", |_| Ok(Dict::default().into())),
    plain("getHostByName", "s", |_| Ok("".into())),
    plain("hello", "", |_| Ok("Hello!".into())),
    Function { name: "include", signature: "sa", body: Body::Inner(include) },
    Function { name: "tpl", signature: "sa", body: Body::Inner(tpl) },
];

fn required(call: &mut Call<'_>) -> Answer {
    let value = call.value(1);
    if !value.is_nil() && value.as_str() != Some("") {
        return Ok(value);
    }
    if !call.machine.required_is_open {
        return Err(call.str(0).to_owned());
    }
    Ok(Value { origin: Origin { opaque: true, ..value.origin }, ..Value::opaque("required") })
}

fn include(call: &mut Call<'_>) -> Outcome<Value> {
    let name = Rc::<str>::from(call.str(0));
    let dot = call.value(1).piped();
    match call.machine.execute(&name, dot) {
        Some(text) => Ok(text?.into()),
        None => Err(Box::new(Fault {
            message: format!("error calling include: template: no template {name:?} associated with template \"gotpl\""),
            place: call.place,
        })),
    }
}

/// Renders a string as a template of its own, which may define others for itself.
fn tpl(call: &mut Call<'_>) -> Outcome<Value> {
    let value = call.value(0);
    let text = value.text();
    if !text.as_str().contains("{{") {
        return Ok(without_no_value(&text).into());
    }
    let fault = |message: String| Box::new(Fault { message, place: call.place });
    let parsed = parser::parse(text.as_str(), &super::is_known)
        .map_err(|(_, message)| fault(format!("error calling tpl: cannot parse template: {message}")))?;
    let origin = value.traced();
    let source = Source { template: call.place, exact: false, value: origin.place, opaque: false };
    let code = Rc::new(Code { file: None, text: text.clone(), source });
    let outer = call.machine.templates.clone();
    if !parsed.definitions.is_empty() {
        let mut templates = (*outer).clone();
        for definition in parsed.definitions {
            let is_empty = definition.is_empty(text.as_str());
            if !is_empty || templates.get(&definition.name).is_none_or(|known| known.is_empty) {
                templates.insert(definition.name, Template { code: code.clone(), nodes: Rc::new(definition.nodes), is_empty });
            }
        }
        call.machine.templates = Rc::new(templates);
    }
    let result = call.machine.run(code, &parsed.nodes, call.value(1).piped());
    call.machine.templates = outer;
    Ok(without_no_value(&result?).into())
}

/// The text without what Go writes for values that are not there.
pub(crate) fn without_no_value(text: &Text) -> Text {
    const MARK: &str = "<no value>";
    if !text.as_str().contains(MARK) {
        return text.clone();
    }
    let mut out = Builder::default();
    let mut from = 0;
    for (at, _) in text.as_str().match_indices(MARK) {
        out.push_slice(text, from, at, Source::default());
        from = at + MARK.len();
    }
    out.push_slice(text, from, text.as_str().len(), Source::default());
    out.finish()
}
