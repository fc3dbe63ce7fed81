//! Executes templates, as `text/template` does, with every byte of the output traced.

mod call;
mod field;

use std::rc::Rc;

use plimsoll_syntax::{FileId, Place, Span};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::parser::{Branch, Node, NodeKind, Pipe};
use crate::print;
use crate::text::{Builder, Source, Text};
use crate::value::{Data, Value};

pub(crate) use call::{Answer, Call};

/// Steps that one template may take, and all of a chart together.
const FUEL: u64 = 3_000_000;
const ALL_FUEL: u64 = 20_000_000;
/// Bytes that one chart may write, intermediate texts included.
const MAX_WRITTEN: usize = 64 << 20;
/// How deep executions may nest: blocks, parentheses and templates together.
const MAX_DEPTH: usize = 400;

/// Where the text of a template is.
#[derive(Debug)]
pub(crate) struct Code {
    /// The file; `None` for a text that `tpl` renders.
    pub file: Option<FileId>,
    pub text: Text,
    /// Of a text that `tpl` renders: where it is rendered, and the value it is.
    pub source: Source,
}

/// A named template.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub code: Rc<Code>,
    pub nodes: Rc<Vec<Node>>,
    pub is_empty: bool,
}

pub(crate) type Templates = FxHashMap<Rc<str>, Template>;

/// Why an execution stopped.
#[derive(Debug)]
pub(crate) struct Fault {
    pub message: String,
    pub place: Place,
}

pub(crate) type Outcome<T> = Result<T, Box<Fault>>;

/// What a list of nodes ended with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

/// The state of a chart's rendering.
pub(crate) struct Machine {
    pub templates: Rc<Templates>,
    /// As [`crate::Options::required_is_open`].
    pub required_is_open: bool,
    /// Left for this template.
    fuel: u64,
    /// Left for those after it.
    reserve: u64,
    written: usize,
    depth: usize,
    /// What this template began with.
    tank: u64,
    /// The files whose text was executed since it was last taken.
    pub executed: FxHashSet<FileId>,
}

/// The state of one template's execution.
pub(crate) struct Frame {
    code: Rc<Code>,
    variables: Vec<(Rc<str>, Value)>,
}

impl Frame {
    /// The place of a span of this template.
    pub(crate) fn place(&self, span: Span) -> Place {
        self.code.file.map_or(self.code.source.template, |file| Place::new(file, span))
    }

    fn fault(&self, span: Span, message: impl Into<String>) -> Box<Fault> {
        Box::new(Fault { message: message.into(), place: self.place(span) })
    }

    /// The source of what an action at `span` writes.
    fn source(&self, span: Span) -> Source {
        Source { template: self.place(span), ..Source::default() }
    }
}

impl Machine {
    pub(crate) fn new(templates: Templates, required_is_open: bool) -> Self {
        Self {
            templates: Rc::new(templates),
            required_is_open,
            fuel: 0,
            reserve: ALL_FUEL,
            written: 0,
            depth: 0,
            tank: 0,
            executed: FxHashSet::default(),
        }
    }

    /// Renders one of the chart's files, whatever became of those before it.
    pub(crate) fn render(&mut self, name: &str, dot: Value) -> Option<Outcome<Text>> {
        self.refuel();
        self.execute(name, dot)
    }

    fn refuel(&mut self) {
        self.depth = 0;
        self.reserve += std::mem::take(&mut self.fuel);
        self.fuel = self.reserve.min(FUEL);
        self.reserve -= self.fuel;
        self.tank = self.fuel;
    }

    /// How many steps this template took, and how many bytes all of them have written.
    pub(crate) const fn spent(&self) -> (u64, usize) {
        (self.tank.saturating_sub(self.fuel), self.written)
    }

    /// What is left when a template is not rendered again that took so many steps and wrote so many bytes; `None`: it would fail now.
    pub(crate) fn skip(&mut self, steps: u64, written: usize) -> Option<()> {
        self.refuel();
        let (fuel, written) = (self.fuel.checked_sub(steps)?, self.written.checked_add(written)?);
        if written > MAX_WRITTEN {
            return None;
        }
        (self.fuel, self.written) = (fuel, written);
        Some(())
    }

    /// Renders the template of a name; `None`: there is none.
    pub(crate) fn execute(&mut self, name: &str, dot: Value) -> Option<Outcome<Text>> {
        let template = self.templates.get(name)?;
        let (code, nodes) = (template.code.clone(), template.nodes.clone());
        self.executed.extend(code.file);
        Some(self.run(code, &nodes, dot))
    }

    pub(crate) fn run(&mut self, code: Rc<Code>, nodes: &[Node], dot: Value) -> Outcome<Text> {
        let mut frame = Frame { code, variables: vec![("$".into(), dot.clone())] };
        let mut out = Builder::default();
        self.walk(&mut frame, &dot, nodes, &mut out)?;
        Ok(out.finish())
    }

    fn walk(&mut self, frame: &mut Frame, dot: &Value, nodes: &[Node], out: &mut Builder) -> Outcome<Flow> {
        let first = nodes.first().map_or(Span::default(), |node| node.span);
        self.enter(frame, first)?;
        let mut flow = Flow::On;
        for node in nodes {
            self.step(frame, node.span)?;
            flow = self.node(frame, dot, node, out)?;
            if flow != Flow::On {
                break;
            }
        }
        self.depth -= 1;
        Ok(flow)
    }

    fn node(&mut self, frame: &mut Frame, dot: &Value, node: &Node, out: &mut Builder) -> Outcome<Flow> {
        let before = out.len();
        let mut flow = Flow::On;
        match &node.kind {
            NodeKind::Text => {
                let code = &frame.code;
                match code.file {
                    Some(file) => {
                        let source = Source { template: Place::new(file, node.span), exact: true, ..Source::default() };
                        out.push_str(node.span.text(code.text.as_str()), source);
                    }
                    None => out.push_slice(&code.text, node.span.start as usize, node.span.end as usize, code.source),
                }
            }
            NodeKind::Action(pipe) => {
                let value = self.pipe(frame, dot, pipe)?;
                if pipe.variables.is_empty() {
                    let mut fill = value.source();
                    fill.template = frame.place(node.span);
                    match value.data {
                        Data::Void | Data::Nil => out.push_str("<no value>", fill),
                        _ => out.push_text(&print::text(&value), fill),
                    }
                }
            }
            NodeKind::If(branch) => return self.branch(frame, dot, branch, false, out),
            NodeKind::With(branch) => return self.branch(frame, dot, branch, true, out),
            NodeKind::Range(branch) => return self.range(frame, dot, branch, out),
            NodeKind::Template { name, argument } => {
                let value = match argument {
                    Some(pipe) => self.pipe(frame, dot, pipe)?,
                    None => Value::default(),
                };
                let text = self
                    .execute(name, value)
                    .ok_or_else(|| frame.fault(node.span, format!("template {name:?} not defined")))??;
                out.push_text(&text, frame.source(node.span));
            }
            NodeKind::Break => flow = Flow::Break,
            NodeKind::Continue => flow = Flow::Continue,
        }
        self.wrote(frame, node.span, out.len() - before)?;
        Ok(flow)
    }

    fn branch(&mut self, frame: &mut Frame, dot: &Value, branch: &Branch, with: bool, out: &mut Builder) -> Outcome<Flow> {
        let mark = frame.variables.len();
        let value = self.pipe(frame, dot, &branch.pipe)?;
        let flow = if value.truth() {
            self.walk(frame, if with { &value } else { dot }, &branch.then, out)?
        } else if let Some(nodes) = &branch.otherwise {
            self.walk(frame, dot, nodes, out)?
        } else {
            Flow::On
        };
        frame.variables.truncate(mark);
        Ok(flow)
    }

    fn range(&mut self, frame: &mut Frame, dot: &Value, branch: &Branch, out: &mut Builder) -> Outcome<Flow> {
        let mark = frame.variables.len();
        let value = self.pipe(frame, dot, &branch.pipe)?;
        // The variables belong to the turns; the pipeline only set them for the first time.
        let inner = if branch.pipe.assigns { mark } else { frame.variables.len() };
        let elements = self.elements(frame, branch, value)?;
        let any = !elements.is_empty();
        for (key, element) in elements {
            self.step(frame, branch.pipe.span)?;
            match (branch.pipe.variables.as_slice(), branch.pipe.assigns) {
                ([], _) => {}
                ([one], false) => set_top(frame, inner, 1, one, &element),
                ([first, second], false) => {
                    set_top(frame, inner, 2, first, &key);
                    set_top(frame, inner, 1, second, &element);
                }
                ([one], true) => assign(frame, one, &element),
                ([first, second, ..], _) => {
                    assign(frame, first, &key);
                    assign(frame, second, &element);
                }
            }
            let flow = self.walk(frame, &element, &branch.then, out)?;
            frame.variables.truncate(inner.max(mark));
            if flow == Flow::Break {
                break;
            }
        }
        frame.variables.truncate(mark);
        match &branch.otherwise {
            Some(nodes) if !any => self.walk(frame, dot, nodes, out),
            _ => Ok(Flow::On),
        }
    }

    fn elements(&self, frame: &Frame, branch: &Branch, value: Value) -> Outcome<Vec<(Value, Value)>> {
        let index = |at: usize| Value::new(Data::Int(i64::try_from(at).unwrap_or(i64::MAX)));
        Ok(match value.data {
            Data::Void | Data::Nil => Vec::new(),
            Data::List(items) => items.iter().enumerate().map(|(at, item)| (index(at), item.clone())).collect(),
            Data::Map(dict) => {
                let key = |key: &Rc<str>, place: Place| {
                    let mut name = Value::string(&**key);
                    name.origin.place = place;
                    name
                };
                dict.entries().into_iter().map(|(name, slot)| (key(&name, slot.key), slot.value)).collect()
            }
            Data::Int(count) | Data::Long(count) if usize::try_from(count).is_ok_and(|count| (count as u64) < self.fuel) => {
                (0..count).map(|at| (Value::new(Data::Int(at)), Value::new(Data::Int(at)))).collect()
            }
            Data::Int(count) | Data::Long(count) if count < 0 => Vec::new(),
            Data::Object(object) => match crate::functions::kubernetes::elements(&object) {
                Some(elements) => elements,
                None => return Err(frame.fault(branch.pipe.span, format!("range can't iterate over {}", object.text()))),
            },
            _ => return Err(frame.fault(branch.pipe.span, format!("range can't iterate over {}", print::plain(&value)))),
        })
    }

    /// The value of a pipeline; declares its variables.
    pub(crate) fn pipe(&mut self, frame: &mut Frame, dot: &Value, pipe: &Pipe) -> Outcome<Value> {
        self.enter(frame, pipe.span)?;
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(frame, dot, command, value)?.piped());
        }
        let value = value.unwrap_or_default();
        for name in &pipe.variables {
            if pipe.assigns {
                assign(frame, name, &value);
            } else {
                frame.variables.push((name.clone(), value.clone()));
            }
        }
        self.depth -= 1;
        Ok(value)
    }

    fn enter(&mut self, frame: &Frame, span: Span) -> Outcome<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(frame.fault(span, "this nests too deep to be rendered")) } else { Ok(()) }
    }

    fn step(&mut self, frame: &Frame, span: Span) -> Outcome<()> {
        self.pay(frame, span, 1)
    }

    fn pay(&mut self, frame: &Frame, span: Span, steps: u64) -> Outcome<()> {
        match self.fuel.checked_sub(steps) {
            Some(left) => {
                self.fuel = left;
                Ok(())
            }
            None => Err(frame.fault(span, "this takes too many steps to be rendered")),
        }
    }

    /// Notes that text was made.
    fn wrote(&mut self, frame: &Frame, span: Span, bytes: usize) -> Outcome<()> {
        self.written = self.written.saturating_add(bytes);
        if self.written > MAX_WRITTEN { Err(frame.fault(span, "this writes too much to be rendered")) } else { Ok(()) }
    }
}

/// Sets the variable that lies `back` below the top of those that the pipeline declared.
fn set_top(frame: &mut Frame, inner: usize, back: usize, name: &Rc<str>, value: &Value) {
    if let Some(slot) = inner.checked_sub(back).and_then(|at| frame.variables.get_mut(at)) {
        *slot = (name.clone(), value.clone());
    }
}

fn assign(frame: &mut Frame, name: &Rc<str>, value: &Value) {
    if let Some(slot) = frame.variables.iter_mut().rev().find(|(known, _)| known == name) {
        slot.1 = value.clone();
    }
}
