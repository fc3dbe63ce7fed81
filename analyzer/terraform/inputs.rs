//! What a root module is given besides its own variables files: `-var`, `-var-file`, `TF_VAR_…`.
//! <https://opentofu.org/docs/language/values/variables/#variable-definition-precedence>

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::value::How;
use plimsoll_syntax::{FileId, Place, Value, hcl, yaml};

use crate::convert::Type;
use crate::declare::{File, Spans, find};
use crate::evaluator::{Cx, Evaluator, Instance};
use crate::{FileRead, Given, Inputs, Workspace, json};

/// What is given, read and in the order in which it is looked at: the last word first.
#[derive(Default)]
pub(crate) struct Layers {
    given: Vec<Layer>,
    environment: Vec<Layer>,
}

enum Layer {
    File(File),
    /// Name and text.
    Text(CompactString, String),
}

impl Layers {
    pub(crate) fn new(inputs: &Inputs, workspace: &dyn Workspace) -> Self {
        let layer = |given: &Given| match given {
            Given::File(path) => match workspace.read(path) {
                FileRead::Text(text, id) => Some(Layer::File(variables_file(path, &text, id))),
                FileRead::Missing | FileRead::Outside => None,
            },
            Given::Variable(name, text) => Some(Layer::Text(name.as_str().into(), text.clone())),
        };
        let environment = inputs.environment.iter().map(|(name, text)| Layer::Text(name.as_str().into(), text.clone()));
        Self { given: inputs.given.iter().rev().filter_map(layer).collect(), environment: environment.collect() }
    }
}

fn variables_file(path: &str, text: &Arc<str>, id: FileId) -> File {
    if path.ends_with(".json") {
        let (tree, spans) = json::to_hcl(&yaml::parse(text), true);
        return File::new(id, Arc::new(tree), Spans::Json(spans));
    }
    File::new(id, Arc::new(hcl::parse(text)), Spans::Same)
}

impl Evaluator<'_> {
    /// What is given for a variable of the root module, ahead of its own variables files.
    pub(crate) fn given(&self, at: &Instance, name: &str, of: Option<&Type>, place: Place) -> Option<Value> {
        self.layered(&self.layers.given, at, name, of, place)
    }

    /// What the environment says, behind all files.
    pub(crate) fn of_environment(&self, at: &Instance, name: &str, of: Option<&Type>, place: Place) -> Option<Value> {
        self.layered(&self.layers.environment, at, name, of, place)
    }

    fn layered(&self, layers: &[Layer], at: &Instance, name: &str, of: Option<&Type>, place: Place) -> Option<Value> {
        layers.iter().find_map(|layer| match layer {
            Layer::File(file) => {
                let attribute = find(file, &file.tree.body, name)?;
                let cx = Cx { isolated: true, ..Cx::new(at, file) };
                Some(self.eval(&cx, attribute.expr).through(How::Setting, cx.place(attribute.span)))
            }
            Layer::Text(known, text) if known == name => Some(self.spoken(at, name, text, of, place)),
            Layer::Text(..) => None,
        })
    }

    /// The value of a text from the command line or the environment: itself for a variable of a plain type or of none, else an
    /// expression.
    fn spoken(&self, at: &Instance, name: &str, text: &str, of: Option<&Type>, place: Place) -> Value {
        let literal = matches!(of, None | Some(Type::String | Type::Number | Type::Bool));
        if literal {
            return Value::string(text, Place::NONE).through(How::Setting, Place::NONE);
        }
        let tree = hcl::parse(&format!("x = (\n{text}\n)").into());
        let attribute = tree.body.attributes().next().filter(|_| tree.errors.is_empty()).map(|attribute| attribute.expr);
        let Some(expr) = attribute else {
            return self.invalid(place, format_compact!("what is given for variable \"{name}\" is no expression"));
        };
        let file = File::new(FileId::NONE, Arc::new(tree), Spans::Same);
        self.eval(&Cx { isolated: true, ..Cx::new(at, &file) }, expr).through(How::Setting, Place::NONE)
    }
}
