//! Functions: <https://opentofu.org/docs/language/functions/>. Each file holds a table of names; this one calls them.

mod collection;
mod conversion;
mod encoding;
mod file;
mod format;
mod gzip;
mod hash;
mod json;
mod located;
mod network;
mod number;
mod regexp;
mod set;
mod string;
mod time;
mod yaml;

use std::sync::{Arc, LazyLock};

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::hcl::ExprId;
use plimsoll_syntax::value::{Entry, How, Kind, Map, Number, Reason, Shape, Unknown};
use plimsoll_syntax::{Place, Value};
use rustc_hash::FxHashMap;

use crate::choice::{distribute, outward};
use crate::convert::{text_of, to_number};
use crate::evaluator::{Cx, Evaluator};
use crate::expression::clip;
use crate::lattice::{self, derived_value, first_unknown, is_sensitive, noun};

/// The result of a function: a value, or why Terraform would refuse the call.
type Outcome = Result<Value, String>;

/// A function: what it takes, what it gives, what it does.
struct Function {
    name: &'static str,
    least: usize,
    most: usize,
    needs: Needs,
    shape: Shape,
    run: fn(&Call<'_, '_>) -> Outcome,
}

/// What must be known of the arguments before a function can say anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    /// Everything; null is refused.
    All,
    /// Each argument itself, not what is in it; null is refused.
    Outside,
    /// Nothing: the function looks itself.
    Nothing,
}

/// Functions that make a text of all that is in their arguments.
const WRITTEN_AS_TEXT: &[&str] = &["jsonencode", "yamlencode", "join", "format", "templatefile", "templatestring"];

/// Functions that write one value down so that it can be read again.
const ENCODERS: &[&str] = &["jsonencode", "yamlencode", "base64encode", "base64gzip"];

const ANY: usize = usize::MAX;

/// A row of a function table.
const fn row(
    name: &'static str,
    least: usize,
    most: usize,
    needs: Needs,
    shape: Shape,
    run: fn(&Call<'_, '_>) -> Outcome,
) -> Function {
    Function { name, least, most, needs, shape, run }
}

static FUNCTIONS: LazyLock<FxHashMap<&'static str, &'static Function>> = LazyLock::new(|| {
    let tables: [&'static [Function]; 11] = [
        collection::TABLE,
        conversion::TABLE,
        encoding::TABLE,
        file::TABLE,
        format::TABLE,
        hash::TABLE,
        network::TABLE,
        number::TABLE,
        set::TABLE,
        string::TABLE,
        time::TABLE,
    ];
    tables.into_iter().flatten().map(|function| (function.name, function)).collect()
});

/// One call of a function.
struct Call<'c, 'w> {
    evaluator: &'c Evaluator<'w>,
    cx: &'c Cx<'c>,
    args: &'c [Value],
    place: Place,
    shape: Shape,
    name: &'static str,
}

impl Evaluator<'_> {
    /// Calls a function.
    pub(crate) fn invoke(&self, cx: &Cx<'_>, name: &str, args: &[ExprId], expand: bool, place: Place) -> Value {
        let name = name.strip_prefix("core::").unwrap_or(name);
        match name {
            "try" => return self.try_each(cx, args, place),
            "can" => return self.can(cx, args, place),
            _ => {}
        }
        let mut values: Vec<Value> = args.iter().map(|&arg| self.eval(cx, arg)).collect();
        if name.contains("::") {
            let unknown = Unknown::new(Reason::Function, format_compact!("{name}(…)"));
            return Value::unknown(unknown, place);
        }
        let Some(function) = FUNCTIONS.get(name) else {
            return self.invalid(place, format_compact!("there is no function \"{name}\""));
        };
        if expand && let Some(last) = values.pop() {
            match &last.kind {
                Kind::List(list) if list.tail.is_none() => values.extend(list.items.iter().map(|item| {
                    let mut item = item.clone();
                    item.sensitive |= last.sensitive;
                    item
                })),
                _ => match first_unknown(&last) {
                    Some(unknown) => return derived_value(&unknown, function.shape, place),
                    None => return self.invalid(place, format!("what is expanded must be a list, not {}", noun(&last))),
                },
            }
        }
        if values.len() < function.least || values.len() > function.most {
            return self.invalid(place, format_compact!("{name}() does not take {} arguments", values.len()));
        }
        let encoded = if ENCODERS.contains(&name) { values.first().cloned() } else { None };
        if WRITTEN_AS_TEXT.contains(&name) {
            values = values.iter().map(outward).collect();
        }
        let result = distribute(&values, place, &mut |args| self.run(cx, function, args, place));
        match encoded {
            // The text's own value knows where each part is written, and keeps its choices.
            Some(value) if !is_refused(&result) => {
                lattice::through(result, How::Encoded(Arc::new(crate::body::finished(value))), place)
            }
            _ => result,
        }
    }

    fn run(&self, cx: &Cx<'_>, function: &Function, args: &[Value], place: Place) -> Value {
        if function.needs != Needs::Nothing
            && let Some(at) = args.iter().position(Value::is_null)
        {
            return self.invalid(place, format_compact!("argument {} of {}() must not be null", at + 1, function.name));
        }
        let missing = match function.needs {
            Needs::All => {
                let mut left = lattice::MAX_NODES;
                let found = args.iter().find_map(|arg| lattice::find_unknown(arg, &mut left));
                self.looked_through(lattice::MAX_NODES - left);
                found
            }
            Needs::Outside => args
                .iter()
                .find_map(|arg| if matches!(arg.kind, Kind::Unknown(_) | Kind::Template(_)) { first_unknown(arg) } else { None }),
            Needs::Nothing => None,
        };
        let sensitive = match function.needs {
            Needs::All => args.iter().any(is_sensitive),
            Needs::Outside | Needs::Nothing => args.iter().any(|arg| arg.sensitive),
        };
        let mut value = match missing {
            Some(unknown) => derived_value(&unknown, function.shape, place),
            None => {
                let call = Call { evaluator: self, cx, args, place, shape: function.shape, name: function.name };
                (function.run)(&call).unwrap_or_else(|error| self.invalid(place, format_compact!("{}(): {error}", function.name)))
            }
        };
        value.sensitive |= sensitive && !matches!(function.name, "nonsensitive" | "issensitive");
        value
    }

    fn try_each(&self, cx: &Cx<'_>, args: &[ExprId], place: Place) -> Value {
        for (at, &arg) in args.iter().enumerate() {
            if let Ok(value) = self.attempt(|| self.eval(cx, arg)) {
                // Something that nobody declares would be refused: the next argument is as likely.
                let undeclared = value.as_unknown().is_some_and(|unknown| unknown.reason == Reason::Undeclared);
                if !undeclared || at + 1 == args.len() {
                    return value;
                }
            }
        }
        self.invalid(place, "no argument of try() can be evaluated")
    }

    fn can(&self, cx: &Cx<'_>, args: &[ExprId], place: Place) -> Value {
        let [arg] = args else { return self.invalid(place, "can() takes one argument") };
        match self.attempt(|| self.eval(cx, *arg)) {
            Ok(value) => match &value.kind {
                // Whether what is not known yet will be refused is not known either.
                Kind::Unknown(unknown) => derived_value(unknown, Shape::Bool, place),
                _ => Value::bool(true, place),
            },
            Err(()) => Value::bool(false, place),
        }
    }
}

impl<'c> Call<'c, '_> {
    fn arg(&self, at: usize) -> &'c Value {
        static NULL: Value = Value::new(Kind::Null, Place::NONE);
        self.args.get(at).unwrap_or(&NULL)
    }

    fn has(&self, at: usize) -> bool {
        self.args.len() > at
    }

    /// A string argument.
    fn text(&self, at: usize) -> Result<CompactString, String> {
        text_of(self.arg(at)).ok_or_else(|| format!("a string is required, not {}", noun(self.arg(at))))
    }

    fn number(&self, at: usize) -> Result<Number, String> {
        number_in(self.arg(at))
    }

    fn float(&self, at: usize) -> Result<f64, String> {
        self.number(at).map(Number::as_f64)
    }

    fn int(&self, at: usize) -> Result<i128, String> {
        match self.number(at)? {
            Number::Int(int) => Ok(int),
            Number::Float(_) => Err("a whole number is required".to_owned()),
        }
    }

    fn size(&self, at: usize) -> Result<usize, String> {
        usize::try_from(self.int(at)?).map_err(|_| "a number that is not negative is required".to_owned())
    }

    /// The elements of a list argument.
    fn items(&self, at: usize) -> Result<&'c [Value], String> {
        items_in(self.arg(at))
    }

    /// The strings of a list argument.
    fn texts(&self, at: usize) -> Result<Vec<CompactString>, String> {
        self.items(at)?
            .iter()
            .map(|item| text_of(item).ok_or_else(|| format!("a list of strings is required; it has {}", noun(item))))
            .collect()
    }

    fn map(&self, at: usize) -> Result<&'c Map, String> {
        self.arg(at).as_map().ok_or_else(|| format!("a map is required, not {}", noun(self.arg(at))))
    }

    fn string(&self, text: impl Into<CompactString>) -> Outcome {
        let text = text.into();
        if text.len() > lattice::MAX_TEXT {
            return Ok(lattice::limit("a text longer than is looked at", self.place));
        }
        Ok(Value::string(text, self.place))
    }

    fn truth(&self, value: bool) -> Outcome {
        Ok(Value::bool(value, self.place))
    }

    fn whole(&self, value: usize) -> Outcome {
        Ok(Value::int(i128::try_from(value).unwrap_or(i128::MAX), self.place))
    }

    fn list(&self, items: Vec<Value>) -> Outcome {
        Ok(lattice::list(items, None, self.place))
    }

    fn strings(&self, items: impl IntoIterator<Item = impl Into<CompactString>>) -> Outcome {
        self.list(items.into_iter().map(|item| Value::string(item, self.place)).collect())
    }

    /// The result is made from this, which is not known.
    fn missing(&self, unknown: &Unknown) -> Outcome {
        Ok(derived_value(unknown, self.shape, self.place))
    }

    /// What an argument that must be known outside lacks.
    fn unknown(&self, at: usize) -> Option<Arc<Unknown>> {
        match self.arg(at).kind {
            Kind::Unknown(_) | Kind::Template(_) => first_unknown(self.arg(at)),
            _ => None,
        }
    }

    /// Null or an unknown that has no value before the run.
    fn later(&self) -> Outcome {
        let source = format_compact!("{}()", self.name);
        Ok(Value::unknown(Unknown { not_null: true, ..Unknown::new(Reason::Function, source).shaped(self.shape) }, self.place))
    }

    fn source(&self) -> CompactString {
        match clip(self.cx.file.written(self.place)) {
            text if text.is_empty() => format_compact!("{}(…)", self.name),
            text => text,
        }
    }
}

fn is_refused(value: &Value) -> bool {
    value.as_unknown().is_some_and(|unknown| matches!(unknown.reason, Reason::Invalid | Reason::Limit))
}

fn number_in(value: &Value) -> Result<Number, String> {
    match to_number(value).map(|value| value.kind) {
        Some(Kind::Number(number)) => Ok(number.get()),
        _ => Err(format!("a number is required, not {}", noun(value))),
    }
}

fn items_in(value: &Value) -> Result<&[Value], String> {
    value.as_list().map(|list| list.items.as_slice()).ok_or_else(|| format!("a list is required, not {}", noun(value)))
}

/// An entry without places of its own.
fn entry(key: CompactString, value: Value) -> Entry {
    Entry { key, key_place: Place::NONE, place: value.place, value }
}
