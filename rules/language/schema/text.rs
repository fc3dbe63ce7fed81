//! The text of schemas, line by line.

use super::{Literal, SchemaError};

/// Blocks deeper than this are an error.
const DEPTH: usize = 16;

/// What a declaration declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    View,
    Resource,
    Data,
    Provider,
    Type,
    Kind,
}

/// The words that begin a declaration, with what the view's name begins with, and whose fields it has as well.
pub(super) const DECLARATIONS: [(&str, Of, &str, Option<&str>); 6] = [
    ("view", Of::View, "", None),
    ("resource", Of::Resource, "", Some("resource")),
    ("data", Of::Data, "data.", Some("data")),
    ("provider", Of::Provider, "provider.", Some("provider")),
    ("type", Of::Type, "", None),
    ("kind", Of::Kind, "", None),
];

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At<'a> {
    pub(super) file: &'a str,
    pub(super) line: u32,
}

/// One entry at the left margin.
#[derive(Debug)]
pub(super) struct Declaration<'a> {
    pub(super) at: At<'a>,
    pub(super) of: Of,
    pub(super) amends: bool,
    /// As views or types are called.
    pub(super) name: String,
    /// Whose fields it has as well.
    pub(super) parent: Option<String>,
    /// `= TYPE`
    pub(super) alias: Option<Shape<'a>>,
    pub(super) body: Draft<'a>,
}

/// A body as it was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft<'a> {
    pub(super) dynamic: bool,
    pub(super) fields: Vec<DraftField<'a>>,
}

/// A field as it was written.
#[derive(Clone, Debug)]
pub(super) struct DraftField<'a> {
    pub(super) at: At<'a>,
    pub(super) name: &'a str,
    /// `None` in amendments that leave it as it is.
    pub(super) shape: Option<Shape<'a>>,
    pub(super) default: Option<Literal>,
    /// `| LITERAL before VERSION`, the latest version first.
    pub(super) earlier: Vec<(&'a str, Literal)>,
    pub(super) keyed: Option<&'a str>,
    pub(super) renamed: Vec<&'a str>,
    pub(super) required: bool,
    /// What stands below it.
    pub(super) body: Draft<'a>,
}

/// A type without its fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shape<'a> {
    /// An index into [`LEAVES`].
    Leaf(u8),
    List(Box<Shape<'a>>),
    Map(Box<Shape<'a>>),
    Object,
    Block,
    Blocks,
    Named(&'a str),
}

/// The words for types without parts, in the order in which the blob numbers them.
pub(super) const LEAVES: [&str; 9] = ["string", "number", "bool", "any", "ports", "addresses", "image", "duration", "quantity"];

impl Shape<'_> {
    /// Whether fields may stand below it.
    pub(super) fn has_fields(&self) -> bool {
        match self {
            Self::Leaf(_) | Self::Named(_) => false,
            Self::List(inner) | Self::Map(inner) => inner.has_fields(),
            Self::Object | Self::Block | Self::Blocks => true,
        }
    }
}

impl At<'_> {
    pub(super) fn error(&self, message: impl Into<String>) -> SchemaError {
        SchemaError { file: self.file.to_owned(), line: self.line, message: message.into() }
    }
}

/// Adds the declarations of one file.
pub(super) fn parse<'a>(file: &'a str, text: &'a str, out: &mut Vec<Declaration<'a>>) -> Result<(), SchemaError> {
    let mut open: Vec<Vec<DraftField<'a>>> = Vec::new();
    let first = out.len();
    for (index, line) in text.lines().enumerate() {
        let at = At { file, line: u32::try_from(index + 1).unwrap_or(u32::MAX) };
        let code = without_comment(line).trim_end();
        let words = code.trim_start();
        if words.is_empty() {
            continue;
        }
        let indent = code.len() - words.len();
        if code[..indent].contains('\t') || !indent.is_multiple_of(2) {
            return Err(at.error("indent with two spaces per level"));
        }
        let level = indent / 2;
        if level > open.len() {
            return Err(at.error("this is indented deeper than what it belongs to"));
        }
        if level > DEPTH {
            return Err(at.error(format!("blocks lie at most {DEPTH} deep")));
        }
        close(&mut open, level.max(1));
        let mut cursor = Cursor { rest: words, at };
        if level == 0 {
            finish(&mut open, out, first);
            out.push(cursor.declaration()?);
            open.push(Vec::new());
            continue;
        }
        let amends = out.last().is_some_and(|declaration| declaration.amends);
        if level > 1 {
            check_owner(&open, amends, &cursor.at)?;
        }
        let fields = cursor.fields(amends)?;
        let is_provider = |declaration: &Declaration<'_>| matches!(declaration.of, Of::Resource | Of::Data | Of::Provider);
        if fields.iter().any(|field| !field.earlier.is_empty()) && !out.last().is_some_and(is_provider) {
            return Err(cursor.at.error("only what a provider has changes with its version"));
        }
        if let Some(siblings) = open.last_mut() {
            for field in fields {
                if siblings.iter().any(|known| known.name == field.name) {
                    return Err(field.at.error(format!("`{}` is there twice", field.name)));
                }
                siblings.push(field);
            }
        }
        open.push(Vec::new());
    }
    close(&mut open, 1);
    finish(&mut open, out, first);
    Ok(())
}

/// Hands finished bodies to their fields until `level` bodies are open.
fn close<'a>(open: &mut Vec<Vec<DraftField<'a>>>, level: usize) {
    while open.len() > level {
        let fields = open.pop().unwrap_or_default();
        if let Some(owner) = open.last_mut().and_then(|siblings| siblings.last_mut())
            && !fields.is_empty()
        {
            owner.body.fields = fields;
        }
    }
}

/// Hands the outermost body to its declaration.
fn finish<'a>(open: &mut Vec<Vec<DraftField<'a>>>, out: &mut [Declaration<'a>], first: usize) {
    if let (Some(fields), true) = (open.pop(), out.len() > first)
        && let Some(last) = out.last_mut()
    {
        last.body.fields = fields;
    }
}

fn check_owner(open: &[Vec<DraftField<'_>>], amends: bool, at: &At<'_>) -> Result<(), SchemaError> {
    let siblings = open.len().checked_sub(2).map_or(&[][..], |index| &open[index]);
    if let [.., other, owner] = siblings
        && other.at == owner.at
    {
        return Err(at.error("these fields belong to one name, and the line above has several"));
    }
    match siblings.last() {
        Some(DraftField { shape: Some(shape), .. }) if shape.has_fields() => Ok(()),
        Some(DraftField { shape: None, .. }) if amends => Ok(()),
        Some(owner) => Err(at.error(format!("`{}` has a type without fields", owner.name))),
        None => Ok(()),
    }
}

/// The line up to a `#` at its beginning or after a space, outside strings.
fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    let mut escaped = false;
    let mut before = b' ';
    for (index, byte) in line.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'#' if !quoted && before == b' ' => return &line[..index],
            _ => {}
        }
        before = byte;
    }
    line
}

struct Cursor<'a> {
    rest: &'a str,
    at: At<'a>,
}

impl<'a> Cursor<'a> {
    fn declaration(&mut self) -> Result<Declaration<'a>, SchemaError> {
        let mut word = self.name()?;
        let amends = word == "amend";
        if amends {
            word = self.name()?;
        }
        let Some((_, of, prefix, parent)) = DECLARATIONS.iter().copied().find(|row| row.0 == word) else {
            let words: Vec<&str> = DECLARATIONS.iter().map(|row| row.0).collect();
            return Err(self
                .at
                .error(format!("a declaration begins with one of {}, amend, not with `{word}`", words.join(", "))));
        };
        let name = format!("{prefix}{}", self.name()?);
        let mut parent = parent.map(str::to_owned);
        if self.take(":") {
            parent = Some(self.name()?.to_owned());
        }
        let alias = if self.take("=") { Some(self.shape(0)?) } else { None };
        if alias.is_some() && !matches!(of, Of::Kind | Of::Type) {
            return Err(self.at.error("only a type or a kind is another one"));
        }
        if of == Of::Kind && !amends && !matches!(alias, Some(Shape::Named(_))) {
            return Err(self.at.error(format!("write `kind {name} = @TYPE`")));
        }
        let dynamic = self.take_word("dynamic");
        self.end()?;
        Ok(Declaration { at: self.at.clone(), of, amends, name, parent, alias, body: Draft { dynamic, fields: Vec::new() } })
    }

    fn fields(&mut self, amends: bool) -> Result<Vec<DraftField<'a>>, SchemaError> {
        let mut names = vec![self.name()?];
        while self.take(",") {
            names.push(self.name()?);
        }
        let untyped = self.rest.is_empty()
            || ["=", "|", "keyed(", "renamed(", "required", "dynamic"].iter().any(|next| self.rest.starts_with(next));
        let shape = match (untyped, amends) {
            (false, _) => Some(self.shape(0)?),
            (true, true) => None,
            (true, false) => return Err(self.at.error(format!("`{}` has no type", names[0]))),
        };
        let has_fields = shape.as_ref().is_none_or(Shape::has_fields);
        let dynamic = self.take_word("dynamic");
        if dynamic && !has_fields {
            return Err(self.at.error("only a block or an object is dynamic"));
        }
        let default = if self.take("=") { Some(self.json()?) } else { None };
        let earlier = self.earlier()?;
        let keyed = self.arguments("keyed")?;
        let renamed = self.arguments("renamed")?;
        let required = self.take_word("required");
        self.end()?;
        let ([] | [_]) = keyed[..] else { return Err(self.at.error("`keyed` takes one name")) };
        let keyed = keyed.first().copied();
        let body = Draft { dynamic, fields: Vec::new() };
        let field = |name| DraftField {
            at: self.at.clone(),
            name,
            shape: shape.clone(),
            default: default.clone(),
            earlier: earlier.clone(),
            keyed,
            renamed: renamed.clone(),
            required,
            body: body.clone(),
        };
        Ok(names.into_iter().map(field).collect())
    }

    fn shape(&mut self, depth: usize) -> Result<Shape<'a>, SchemaError> {
        if depth > 8 {
            return Err(self.at.error("this type is nested too deep"));
        }
        if self.take("@") {
            return Ok(Shape::Named(self.name()?));
        }
        if self.take("[") {
            let inner = self.shape(depth + 1)?;
            return self.expect("]").map(|()| Shape::List(Box::new(inner)));
        }
        let word = self.name()?;
        if let Some(leaf) = LEAVES.iter().position(|leaf| *leaf == word) {
            return Ok(Shape::Leaf(u8::try_from(leaf).unwrap_or(0)));
        }
        match word {
            "object" => Ok(Shape::Object),
            "block" if self.take("*") => Ok(Shape::Blocks),
            "block" => Ok(Shape::Block),
            "list" | "set" | "map" => {
                self.expect("(")?;
                let inner = Box::new(self.shape(depth + 1)?);
                self.expect(")")?;
                Ok(if word == "map" { Shape::Map(inner) } else { Shape::List(inner) })
            }
            _ => Err(self.at.error(format!("there is no type `{word}`"))),
        }
    }

    fn json(&mut self) -> Result<Literal, SchemaError> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<serde_json::Value>();
        let value = match values.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return Err(self.at.error(format!("a default is written as JSON: {error}"))),
            None => return Err(self.at.error("a default is missing after `=`")),
        };
        self.rest = self.rest.get(values.byte_offset()..).unwrap_or("").trim_start();
        self.literal(&value)
    }

    fn literal(&self, value: &serde_json::Value) -> Result<Literal, SchemaError> {
        Ok(match value {
            serde_json::Value::Null => Literal::Null,
            serde_json::Value::Bool(value) => Literal::Bool(*value),
            serde_json::Value::Number(value) => Literal::Number(value.as_f64().unwrap_or(0.0)),
            serde_json::Value::String(value) => Literal::String(value.as_str().into()),
            serde_json::Value::Array(values) if values.iter().all(|value| !value.is_array()) => {
                Literal::List(values.iter().map(|value| self.literal(value)).collect::<Result<_, _>>()?)
            }
            _ => return Err(self.at.error("a default is null, a bool, a number, a string, or a list of such")),
        })
    }

    /// What the default was before some versions: `| true before 4.0 | null before 3.0`.
    fn earlier(&mut self) -> Result<Vec<(&'a str, Literal)>, SchemaError> {
        let mut all: Vec<(&str, Literal)> = Vec::new();
        while self.take("|") {
            let default = self.json()?;
            if !self.take_word("before") {
                return Err(self.at.error("what a default was is written `| JSON before VERSION`"));
            }
            let version = self.name()?;
            let Some(numbers) = numbers(version) else {
                return Err(self.at.error(format!("`{version}` is no version: write `4.0`")));
            };
            if all.last().and_then(|(later, _)| self::numbers(later)).is_some_and(|later| later <= numbers) {
                return Err(self.at.error("the latest version comes first"));
            }
            all.push((version, default));
        }
        Ok(all)
    }

    /// `word(a, b)`; nothing where there is no such word.
    fn arguments(&mut self, word: &str) -> Result<Vec<&'a str>, SchemaError> {
        let mut out = Vec::new();
        if !self.rest.starts_with(word) || !self.rest[word.len()..].starts_with('(') {
            return Ok(out);
        }
        self.take(word);
        self.take("(");
        out.push(self.name()?);
        while self.take(",") {
            out.push(self.name()?);
        }
        self.expect(")")?;
        Ok(out)
    }

    fn name(&mut self) -> Result<&'a str, SchemaError> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '/');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        if end == 0 {
            let found = self.rest.chars().next().map_or_else(|| "the end of the line".to_owned(), |c| format!("`{c}`"));
            return Err(self.at.error(format!("a name is missing before {found}")));
        }
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        Ok(name)
    }

    fn take(&mut self, sign: &str) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let ends = self.rest.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        ends && self.take(word)
    }

    fn expect(&mut self, sign: &str) -> Result<(), SchemaError> {
        if self.take(sign) { Ok(()) } else { Err(self.at.error(format!("`{sign}` is missing before `{}`", self.rest))) }
    }

    fn end(&self) -> Result<(), SchemaError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.at.error(format!("`{}` is one too many", self.rest))) }
    }
}

/// The numbers of a version; `None` where it has anything else.
fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|number| number.parse().ok()).collect()
}
