//! Templates: <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#templates>. What is not known leaves a hole.

use std::borrow::Cow;
use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::hcl::tree::{List as Parts, Part, TemplateKind, Tree};
use plimsoll_syntax::hcl::{ExprId, ExprKind};
use plimsoll_syntax::value::{Kind, Part as Piece, Shape, Unknown};
use plimsoll_syntax::{Place, Span, Value};

use crate::choice::distribute;
use crate::convert::{text_of, to_bool};
use crate::evaluator::{Cx, Evaluator, Scope};
use crate::expand::elements;
use crate::lattice::{self, MAX_TEXT, derived, noun};
use crate::reference::Ref;

/// A stretch of a template.
enum Segment<'t> {
    Text(Cow<'t, str>),
    /// The next one of the values.
    Value,
}

/// The stretches so far.
struct Rendering<'t> {
    tree: &'t Tree,
    segments: Vec<Segment<'t>>,
    values: Vec<Value>,
    /// The next literal loses its leading white space (`~}` stands before it).
    strip: bool,
    /// Columns that each line loses.
    indent: usize,
    kind: TemplateKind,
}

impl Rendering<'_> {
    fn value(&mut self, value: Value) {
        self.segments.push(Segment::Value);
        self.values.push(value);
    }

    fn strip_end(&mut self) {
        if let Some(Segment::Text(text)) = self.segments.last_mut() {
            let length = text.trim_end().len();
            truncate(text, length);
        }
    }
}

impl Evaluator<'_> {
    pub(crate) fn template(&self, cx: &Cx<'_>, kind: TemplateKind, parts: Parts<Part>, place: Place) -> Value {
        let tree = &cx.file.tree;
        // `"${x}"` alone is x itself, not a string.
        if let ([Part::Interpolation { expr, .. }], TemplateKind::Quoted) = (tree.parts(parts), kind) {
            return self.eval(cx, *expr);
        }
        let rendering = self.render(cx, kind, parts);
        self.join(&rendering, place)
    }

    /// The text of a template file that [`crate::expression::template_file`] read.
    pub(crate) fn template_text(&self, cx: &Cx<'_>, expr: ExprId) -> Value {
        let tree = &cx.file.tree;
        let place = cx.place(tree[expr].span);
        let ExprKind::Template(kind, parts) = tree[expr].kind else { return self.eval(cx, expr) };
        if let [Part::Interpolation { expr, .. }, Part::Literal(end)] = tree.parts(parts)
            && tree.text(*end) == "\n"
        {
            return self.eval(cx, *expr);
        }
        let mut rendering = self.render(cx, kind, parts);
        if let Some(Segment::Text(text)) = rendering.segments.last_mut()
            && text.ends_with('\n')
        {
            let length = text.len() - 1;
            truncate(text, length);
        }
        self.join(&rendering, place)
    }

    fn render<'t>(&self, cx: &Cx<'t>, kind: TemplateKind, parts: Parts<Part>) -> Rendering<'t> {
        let tree = &cx.file.tree;
        let mut indent = 0;
        if kind == (TemplateKind::Heredoc { flush: true }) {
            let mut least = None;
            least_indent(tree, parts, &mut least, 0);
            indent = least.unwrap_or(0);
        }
        let segments = Vec::with_capacity(parts.len as usize);
        let mut rendering = Rendering { tree, segments, values: Vec::new(), strip: false, indent, kind };
        self.parts(cx, parts, &mut rendering);
        rendering
    }

    fn parts(&self, cx: &Cx<'_>, parts: Parts<Part>, out: &mut Rendering<'_>) {
        let tree = out.tree;
        for part in tree.parts(parts) {
            match *part {
                Part::Literal(span) => {
                    let mut text = literal(tree, span, out);
                    if std::mem::take(&mut out.strip) {
                        text = match text {
                            Cow::Borrowed(text) => Cow::Borrowed(text.trim_start()),
                            Cow::Owned(text) => Cow::Owned(text.trim_start().to_owned()),
                        };
                    }
                    out.segments.push(Segment::Text(text));
                }
                Part::Interpolation { expr, strip_left, strip_right, .. } => {
                    if strip_left {
                        out.strip_end();
                    }
                    let value = self.eval(cx, expr);
                    out.value(value);
                    out.strip = strip_right;
                }
                Part::If { span, condition, then, otherwise, strip } => {
                    if strip & 1 != 0 {
                        out.strip_end();
                    }
                    let test = self.eval(cx, condition);
                    let ends_then = strip & if otherwise.len == 0 { 0b01_0100 } else { 0b100 } != 0;
                    match to_bool(&test).map(|test| test.kind) {
                        Some(Kind::Bool(known)) => {
                            let (branch, starts, ends) = if known {
                                (then, strip & 2 != 0, ends_then)
                            } else {
                                (otherwise, strip & 8 != 0, strip & 16 != 0)
                            };
                            out.strip = starts;
                            self.parts(cx, branch, out);
                            if ends && branch.len > 0 {
                                out.strip_end();
                            }
                        }
                        Some(Kind::Unknown(_) | Kind::Choice(_)) => {
                            if let Some(unknown) = lattice::first_unknown(&test) {
                                out.value(lattice::derived_value(&unknown, Shape::String, cx.place(span)));
                            }
                        }
                        _ => {
                            self.invalid(cx.place(span), format!("a bool is required here, not {}", noun(&test)));
                        }
                    }
                    out.strip = strip & 32 != 0;
                }
                Part::For { span, key, value, collection, body, strip } => {
                    if strip & 1 != 0 {
                        out.strip_end();
                    }
                    self.repeated(cx, key, value, collection, body, (strip, span), out);
                    out.strip = strip & 8 != 0;
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one template part")]
    fn repeated(
        &self,
        cx: &Cx<'_>,
        key: Option<Span>,
        value: Span,
        collection: ExprId,
        body: Parts<Part>,
        (strip, span): (u8, Span),
        out: &mut Rendering<'_>,
    ) {
        let tree = out.tree;
        let iterated = self.eval(cx, collection);
        if !matches!(iterated.kind, Kind::List(_) | Kind::Map(_) | Kind::Unknown(_) | Kind::Choice(_)) {
            self.invalid(cx.place(span), format!("{} cannot be iterated", noun(&iterated)));
            return;
        }
        let (pairs, tail) = match &iterated.kind {
            Kind::Choice(choice) => (Vec::new(), Some(choice.condition.clone())),
            _ => elements(&iterated),
        };
        for (at, element) in pairs {
            if !self.step(cx.place(span)) {
                out.value(lattice::limit("the other elements", cx.place(span)));
                break;
            }
            let value_scope = Scope { name: tree.text(value), value: Ref::Value(element), parent: cx.scope };
            let key_scope = key.map(|name| Scope { name: tree.text(name), value: Ref::Value(at), parent: Some(&value_scope) });
            out.strip = strip & 2 != 0;
            self.parts(&cx.within(key_scope.as_ref().unwrap_or(&value_scope)), body, out);
            if strip & 4 != 0 {
                out.strip_end();
            }
        }
        if let Some(tail) = tail {
            out.value(lattice::derived_value(&tail, Shape::String, cx.place(span)));
        }
    }

    fn join(&self, rendering: &Rendering<'_>, place: Place) -> Value {
        let Rendering { segments, values, .. } = rendering;
        let sensitive = values.iter().any(|value| value.sensitive);
        let mut result = distribute(values, place, &mut |values| {
            let mut text = TextBuilder::default();
            let mut values = values.iter();
            for segment in segments {
                match segment {
                    Segment::Text(known) => text.push(known),
                    Segment::Value => {
                        let Some(value) = values.next() else { continue };
                        if let Err(wrong) = text.add(value) {
                            return self.invalid(if value.place.file == place.file { value.place } else { place }, wrong);
                        }
                    }
                }
            }
            text.finish(place)
        });
        result.sensitive |= sensitive;
        // What an encoder wrote stays so with blank lines around it.
        let blank = |segment: &Segment| matches!(segment, Segment::Text(text) if text.trim().is_empty());
        if let [only] = values.as_slice()
            && only.encoded().is_some()
            && segments.iter().filter(|segment| !blank(segment)).count() == 1
        {
            result.via.clone_from(&only.via);
        }
        result
    }
}

fn truncate(text: &mut Cow<'_, str>, length: usize) {
    match text {
        Cow::Borrowed(text) => *text = text.get(..length).unwrap_or(text),
        Cow::Owned(text) => text.truncate(length),
    }
}

/// Builds a string of known parts and holes.
#[derive(Default)]
pub(crate) struct TextBuilder {
    parts: Vec<Piece>,
    known: String,
    size: usize,
}

impl TextBuilder {
    pub(crate) fn push(&mut self, text: &str) {
        self.size += text.len();
        if self.size <= MAX_TEXT {
            self.known.push_str(text);
        }
    }

    pub(crate) fn hole(&mut self, unknown: Arc<Unknown>) {
        // Holes double as texts do.
        self.size += size_of::<Piece>();
        if self.size <= MAX_TEXT {
            self.flush();
            self.parts.push(Piece::Hole(unknown));
        }
    }

    fn flush(&mut self) {
        if !self.known.is_empty() {
            self.parts.push(Piece::Known(CompactString::from(std::mem::take(&mut self.known))));
        }
    }

    /// Adds a value's text.
    ///
    /// # Errors
    /// It has none.
    pub(crate) fn add(&mut self, value: &Value) -> Result<(), String> {
        match &value.kind {
            Kind::Template(parts) => {
                for part in parts.iter() {
                    match part {
                        Piece::Known(text) => self.push(text),
                        Piece::Hole(unknown) => self.hole(unknown.clone()),
                    }
                }
            }
            Kind::Unknown(unknown) if matches!(unknown.shape, Shape::List | Shape::Map) => {
                return Err(format!("{} has no text", noun(value)));
            }
            Kind::Unknown(unknown) => self.hole(unknown.clone()),
            Kind::Choice(choice) => self.hole(Arc::new(derived(&choice.condition, Shape::String))),
            _ => match text_of(value) {
                Some(text) => self.push(&text),
                None => return Err(format!("{} has no text", noun(value))),
            },
        }
        Ok(())
    }

    pub(crate) fn finish(mut self, place: Place) -> Value {
        if self.size > MAX_TEXT {
            return lattice::limit("a text longer than is looked at", place);
        }
        if self.parts.is_empty() {
            return Value::string(lattice::composed(self.known.into()), place);
        }
        self.flush();
        Value::new(Kind::Template(self.parts.into()), place)
    }
}

/// A literal part with its escapes resolved and its lines moved left.
fn literal<'t>(tree: &'t Tree, span: Span, out: &Rendering<'_>) -> Cow<'t, str> {
    if out.indent == 0 {
        return tree.unescape(span, out.kind);
    }
    let mut text = String::new();
    let mut start = span.start;
    for line in tree.text(span).split_inclusive('\n') {
        let end = start + Span::of(0, line.len()).end;
        // A blank line stays as it is.
        let blank = line.ends_with('\n') && line.trim().is_empty();
        let skip = if at_line_start(tree, start) && !blank {
            line.bytes().take(out.indent).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
        } else {
            0
        };
        text.push_str(&tree.unescape(Span::new(start + Span::of(0, skip).end, end), out.kind));
        start = end;
    }
    text.into()
}

fn at_line_start(tree: &Tree, offset: u32) -> bool {
    offset == 0 || tree.source.as_bytes().get(offset as usize - 1) == Some(&b'\n')
}

/// The least indentation of the lines that do not consist of white space; a line that begins with `${` has none.
fn least_indent(tree: &Tree, parts: Parts<Part>, least: &mut Option<usize>, depth: u32) {
    let seen = |least: &mut Option<usize>, indent: usize| *least = Some(least.map_or(indent, |known| known.min(indent)));
    for part in tree.parts(parts) {
        let (span, inner) = match *part {
            Part::Literal(span) => {
                let mut start = span.start;
                for line in tree.text(span).split_inclusive('\n') {
                    let content = line.trim_start();
                    if at_line_start(tree, start) && !(content.is_empty() && line.ends_with('\n')) {
                        seen(least, line.len() - content.len());
                    }
                    start += Span::of(0, line.len()).end;
                }
                continue;
            }
            Part::Interpolation { span, .. } => (span, [None, None]),
            Part::If { span, then, otherwise, .. } => (span, [Some(then), Some(otherwise)]),
            Part::For { span, body, .. } => (span, [Some(body), None]),
        };
        if at_line_start(tree, span.start) {
            seen(least, 0);
        }
        if depth < 200 {
            inner.into_iter().flatten().for_each(|parts| least_indent(tree, parts, least, depth + 1));
        }
    }
}
