//! Templates as trees (<https://pkg.go.dev/text/template>).

mod lexer;
mod tree;
mod words;

use std::rc::Rc;

use plimsoll_syntax::Span;
use rustc_hash::FxHashSet;

use lexer::{Piece, Word, WordKind, Wrong};
use words::Words;

pub(crate) use lexer::integer;
pub(crate) use tree::{Branch, Command, Definition, Node, NodeKind, Operand, OperandKind, Pipe};

/// How deep blocks and parentheses may nest.
const MAX_DEPTH: usize = 150;

/// A template and those that it defines.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub nodes: Vec<Node>,
    pub definitions: Vec<Definition>,
}

/// Reads a template; `known` says whether there is a function of a name.
pub(crate) fn parse(text: &str, known: &dyn Fn(&str) -> bool) -> Result<Parsed, Wrong> {
    let mut parser = Parser {
        pieces: lexer::pieces(text)?.into_iter().peekable(),
        known,
        definitions: Vec::new(),
        names: FxHashSet::default(),
        variables: vec!["$".into()],
        depth: 0,
        loops: 0,
        blocks: 0,
        end: Span::of(text.len(), text.len()),
    };
    let (nodes, end) = parser.list(true)?;
    if let Some((span, _)) = end {
        return Err((span, "unexpected {{end}}".to_owned()));
    }
    Ok(Parsed { nodes, definitions: parser.definitions })
}

struct Parser<'p> {
    pieces: std::iter::Peekable<std::vec::IntoIter<Piece>>,
    known: &'p dyn Fn(&str) -> bool,
    definitions: Vec<Definition>,
    names: FxHashSet<Rc<str>>,
    variables: Vec<Rc<str>>,
    depth: usize,
    /// How many `range` are open.
    loops: usize,
    blocks: usize,
    end: Span,
}

/// What ended a list: `{{ end }}`, or `{{ else … }}` with what follows the word.
type Ended = Option<(Span, Option<Vec<Word>>)>;

impl Parser<'_> {
    /// Nodes up to the `end` or `else` that closes them.
    fn list(&mut self, top: bool) -> Result<(Vec<Node>, Ended), Wrong> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (span, words) = match piece {
                Piece::Text(span) => {
                    nodes.push(Node { span, kind: NodeKind::Text });
                    continue;
                }
                Piece::Action(span, words) => (span, words),
            };
            let mut words = Words::new(words, span);
            let keyword = words.keyword();
            match keyword.as_deref() {
                Some("end") => {
                    words.finish()?;
                    return Ok((nodes, Some((span, None))));
                }
                Some("else") => return Ok((nodes, Some((span, Some(words.rest()))))),
                Some("define") if !top || self.blocks > 0 => return Err((span, "unexpected {{define}}".to_owned())),
                Some("define") => {
                    let name = words.string()?;
                    words.finish()?;
                    self.define(name, span)?;
                }
                _ => nodes.extend(self.node(keyword.as_deref(), words, span)?),
            }
        }
        Ok((nodes, None))
    }

    fn define(&mut self, name: Rc<str>, span: Span) -> Result<(), Wrong> {
        // A definition sees no variable from outside.
        let outer = std::mem::replace(&mut self.variables, vec!["$".into()]);
        let loops = std::mem::take(&mut self.loops);
        self.blocks += 1;
        let result = self.list(false);
        self.blocks -= 1;
        self.loops = loops;
        self.variables = outer;
        let (nodes, end) = result?;
        match end {
            Some((_, None)) => {}
            Some((span, Some(_))) => return Err((span, "unexpected {{else}}".to_owned())),
            None => return Err((self.end, "unexpected EOF".to_owned())),
        }
        if !self.names.insert(name.clone()) {
            let earlier = self
                .definitions
                .iter()
                .any(|known| known.name == name && known.nodes.iter().any(|node| !matches!(node.kind, NodeKind::Text)));
            if earlier {
                return Err((span, format!("multiple definition of template {name:?}")));
            }
            self.definitions.retain(|known| known.name != name);
        }
        self.definitions.push(Definition { name, nodes });
        Ok(())
    }

    fn node(&mut self, keyword: Option<&str>, mut words: Words, span: Span) -> Result<Option<Node>, Wrong> {
        let mark = self.variables.len();
        let kind = match keyword {
            Some("if") => NodeKind::If(self.branch("if", words, span)?),
            Some("with") => NodeKind::With(self.branch("with", words, span)?),
            Some("range") => NodeKind::Range(self.branch("range", words, span)?),
            Some("template") => {
                let name = words.string()?;
                let argument = if words.at_end() { None } else { Some(self.pipe(&mut words, false)?) };
                words.finish()?;
                NodeKind::Template { name, argument }
            }
            Some("block") => {
                let name = words.string()?;
                let argument = self.pipe(&mut words, false)?;
                words.finish()?;
                self.define(name.clone(), span)?;
                NodeKind::Template { name, argument: Some(argument) }
            }
            Some(word @ ("break" | "continue")) if words.at_end() => {
                if self.loops == 0 {
                    return Err((span, format!("{{{{{word}}}}} outside {{{{range}}}}")));
                }
                if word == "break" { NodeKind::Break } else { NodeKind::Continue }
            }
            _ => {
                words.restart();
                let pipe = self.pipe(&mut words, false)?;
                words.finish()?;
                return Ok(Some(Node { span, kind: NodeKind::Action(pipe) }));
            }
        };
        self.variables.truncate(mark);
        Ok(Some(Node { span, kind }))
    }

    fn branch(&mut self, keyword: &str, mut words: Words, span: Span) -> Result<Branch, Wrong> {
        self.enter(span)?;
        self.blocks += 1;
        let pipe = self.pipe(&mut words, keyword == "range")?;
        words.finish()?;
        self.loops += usize::from(keyword == "range");
        let inner = self.variables.len();
        let (then, end) = self.list(false)?;
        self.loops -= usize::from(keyword == "range");
        self.variables.truncate(inner);
        let otherwise = match end {
            Some((_, None)) => None,
            Some((span, Some(rest))) => Some(self.otherwise(keyword, rest, span)?),
            None => return Err((self.end, "unexpected EOF".to_owned())),
        };
        self.blocks -= 1;
        self.depth -= 1;
        Ok(Branch { pipe, then, otherwise })
    }

    /// What follows `else`: nothing, or another `if` or `with` that shares the `end`.
    fn otherwise(&mut self, keyword: &str, rest: Vec<Word>, span: Span) -> Result<Vec<Node>, Wrong> {
        let mut words = Words::new(rest, span);
        let next = words.keyword();
        if let Some(next) = next.filter(|next| &**next == keyword && keyword != "range") {
            return Ok(self.node(Some(&*next), words, span)?.into_iter().collect());
        }
        words.restart();
        words.finish()?;
        let mark = self.variables.len();
        let (nodes, end) = self.list(false)?;
        self.variables.truncate(mark);
        match end {
            Some((_, None)) => Ok(nodes),
            Some((span, Some(_))) => Err((span, "expected end; found {{else}}".to_owned())),
            None => Err((self.end, "unexpected EOF".to_owned())),
        }
    }

    fn enter(&mut self, span: Span) -> Result<(), Wrong> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err((span, "blocks nest too deep".to_owned())) } else { Ok(()) }
    }

    /// A pipeline up to the end of the words, or to a closing parenthesis.
    fn pipe(&mut self, words: &mut Words, is_range: bool) -> Result<Pipe, Wrong> {
        words.skip();
        let start = words.span();
        self.enter(start)?;
        let (variables, assigns) = self.declared(words, is_range)?;
        let mut commands = Vec::new();
        loop {
            words.skip();
            let at = words.span();
            commands.push(self.command(words)?);
            if let Some(OperandKind::Nil) = commands.last().and_then(|command| command.words.first()).map(|word| &word.kind) {
                return Err((at, "nil is not a command".to_owned()));
            }
            let fixed = commands.last().and_then(|command| command.words.first());
            if commands.len() > 1
                && let Some(Operand {
                    kind: OperandKind::Bool(_) | OperandKind::Dot | OperandKind::Number { .. } | OperandKind::String(_),
                    ..
                }) = fixed
            {
                return Err((at, "non executable command in pipeline".to_owned()));
            }
            words.skip();
            match words.peek() {
                Some(WordKind::Mark('|')) => words.next(),
                None | Some(WordKind::Mark(')')) => break,
                Some(_) => return Err((words.span(), "unexpected word in command".to_owned())),
            }
        }
        self.depth -= 1;
        Ok(Pipe { span: start.to(words.before()), variables, assigns, commands })
    }

    /// `$a :=`, `$a =`, `$a, $b :=`
    fn declared(&mut self, words: &mut Words, is_range: bool) -> Result<(Vec<Rc<str>>, bool), Wrong> {
        let start = words.at;
        let mut variables = Vec::new();
        let mut assigns = false;
        while let Some(WordKind::Variable(name)) = words.peek().cloned() {
            words.next();
            words.skip();
            match words.peek() {
                Some(kind @ (WordKind::Declare | WordKind::Assign)) => {
                    assigns = *kind == WordKind::Assign;
                    variables.push(name);
                    words.next();
                    break;
                }
                Some(WordKind::Mark(',')) if is_range && variables.is_empty() => {
                    variables.push(name);
                    words.next();
                    words.skip();
                    if !matches!(words.peek(), Some(WordKind::Variable(_))) {
                        return Err((words.span(), "range can only initialize variables".to_owned()));
                    }
                }
                _ => {
                    words.at = start;
                    return Ok((Vec::new(), false));
                }
            }
        }
        if assigns {
            if let Some(unknown) = variables.iter().find(|name| !self.variables.contains(name)) {
                return Err((words.span(), format!("undefined variable {unknown:?}")));
            }
        } else {
            self.variables.extend(variables.iter().cloned());
        }
        Ok((variables, assigns))
    }

    fn command(&mut self, words: &mut Words) -> Result<Command, Wrong> {
        let mut out = Vec::new();
        loop {
            words.skip();
            match words.peek() {
                None | Some(WordKind::Mark('|' | ')')) => break,
                _ => out.push(self.operand(words)?),
            }
            match words.peek() {
                Some(WordKind::Space) => {}
                None | Some(WordKind::Mark('|' | ')')) => break,
                Some(_) => return Err((words.span(), "unexpected word in operand".to_owned())),
            }
        }
        if out.is_empty() { Err((words.span(), "empty command".to_owned())) } else { Ok(Command { words: out }) }
    }

    /// A term with the fields after it.
    fn operand(&mut self, words: &mut Words) -> Result<Operand, Wrong> {
        let span = words.span();
        let kind = match words.take() {
            Some(WordKind::Dot) => OperandKind::Dot,
            Some(WordKind::Field(name)) => OperandKind::Field(words.fields(vec![name])),
            Some(WordKind::Variable(name)) => {
                if !self.variables.contains(&name) {
                    return Err((span, format!("undefined variable {name:?}")));
                }
                OperandKind::Variable(name, words.fields(Vec::new()))
            }
            Some(WordKind::String(text)) => OperandKind::String(text),
            Some(WordKind::Number { int, float, is_float }) => OperandKind::Number { int, float, is_float },
            Some(WordKind::Name(name)) => match &*name {
                "true" => OperandKind::Bool(true),
                "false" => OperandKind::Bool(false),
                "nil" => OperandKind::Nil,
                _ if (self.known)(&name) => OperandKind::Function(name),
                _ => return Err((span, format!("function {name:?} not defined"))),
            },
            Some(WordKind::Mark('(')) => {
                let pipe = self.pipe(words, false)?;
                if words.take() != Some(WordKind::Mark(')')) {
                    return Err((span, "unclosed left paren".to_owned()));
                }
                OperandKind::Pipe(Box::new(pipe))
            }
            _ => return Err((span, "unexpected word in operand".to_owned())),
        };
        let whole = span.to(words.before());
        let fields = words.fields(Vec::new());
        if fields.is_empty() {
            return Ok(Operand { span: whole, kind });
        }
        if matches!(
            kind,
            OperandKind::Bool(_) | OperandKind::String(_) | OperandKind::Number { .. } | OperandKind::Nil | OperandKind::Dot
        ) {
            return Err((whole, "unexpected . after term".to_owned()));
        }
        let span = whole.to(words.before());
        Ok(Operand { span, kind: OperandKind::Chain(Box::new(Operand { span: whole, kind }), fields) })
    }
}
