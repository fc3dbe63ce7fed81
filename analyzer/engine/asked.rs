//! Which rows are asked about an item: a row is passed over where a field of the item shows at once that it has nothing to say.
//!
//! Nearly every row needs something of a field before it can be violated: a text (`program == "curl"`), that it is there
//! (`matches(chmod, …)`), or that it has elements (`any(assignments, …)`). What an item has in these fields is looked up once for all
//! rows of a view, and rows about `apt-get` are not asked about `curl`. Only what is surely so counts: a row that may have something to
//! say, be it that something is not known, is asked.

use compact_str::CompactString;
use plimsoll_rule_language::condition::{Argument, Comparison, Condition, Literal, Operand, Path, Root, Step};
use plimsoll_rule_language::functions::Function;
use plimsoll_rule_language::rule::{Row, Verdict};
use plimsoll_rule_language::schema::Body;
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Item, Kind};
use rustc_hash::FxHashMap;

/// A rule and one of its rows.
pub(crate) type RowNumber = (u32, u32);

/// The rows that look at the items of a view.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: Vec<Asked>,
    /// The fields on which rows hang.
    fields: Vec<Field>,
}

/// A field of items.
#[derive(Debug)]
struct Field {
    name: CompactString,
    /// The texts that rows ask for, numbered.
    texts: FxHashMap<CompactString, u32>,
}

/// A row, and what it needs to have anything to say.
#[derive(Debug)]
struct Asked {
    number: RowNumber,
    needs: Vec<(usize, Test)>,
    each: Each,
    /// The row has no defaults of its own: what is absent is null for it.
    plain: bool,
}

/// What a row needs of a field.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// One of these texts.
    Text(Vec<u32>),
    /// It is not null.
    Written,
    /// It is neither null nor an empty list.
    Elements,
}

/// What a row judges of an item.
#[derive(Debug)]
enum Each {
    /// The item itself.
    Item,
    /// Elements of these fields.
    Elements(Vec<usize>),
    /// What lies deeper in these fields.
    Inside(Vec<usize>),
    /// Something else.
    Other,
}

/// What an item has in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing, and nothing stands in for it.
    Null,
    /// A list without elements.
    Empty,
    /// A list or map, known as a whole.
    Whole,
    /// A text; its number, where rows ask for it.
    Text(Option<u32>),
    /// Anything else, or not known.
    Other,
}

impl Rows {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn add(&mut self, number: RowNumber, row: &Row) {
        let each = self.each(&row.each);
        let forbidden = match &row.verdict {
            Verdict::Forbid(condition) => Some(condition),
            Verdict::Require(_) | Verdict::Rust => None,
        };
        let mut claims = Vec::new();
        for condition in row.when.iter().chain(forbidden) {
            claim(condition, row.each.is_empty(), &mut claims);
        }
        let needs = claims.into_iter().map(|claim| self.need(claim)).collect();
        self.rows.push(Asked { number, needs, each, plain: row.defaults.is_empty() });
    }

    fn each(&mut self, paths: &[Path]) -> Each {
        if paths.is_empty() {
            return Each::Item;
        }
        let Some(fields) = paths.iter().map(|path| own_field(path, true)).collect::<Option<Vec<_>>>() else { return Each::Other };
        let fields = fields.into_iter().map(|name| self.field(name)).collect();
        if paths.iter().all(|path| path.steps.len() == 1) { Each::Elements(fields) } else { Each::Inside(fields) }
    }

    fn field(&mut self, name: &CompactString) -> usize {
        self.fields.iter().position(|field| field.name == *name).unwrap_or_else(|| {
            self.fields.push(Field { name: name.clone(), texts: FxHashMap::default() });
            self.fields.len() - 1
        })
    }

    fn need(&mut self, Claim { field, test }: Claim<'_>) -> (usize, Test) {
        let at = self.field(field);
        let test = match test {
            Claimed::Texts(texts) => {
                let known = &mut self.fields[at].texts;
                let number = |text: &CompactString| {
                    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                    *known.entry(text.clone()).or_insert(next)
                };
                Test::Text(texts.into_iter().map(number).collect())
            }
            Claimed::Written => Test::Written,
            Claimed::Elements => Test::Elements,
        };
        (at, test)
    }

    /// Adds those that may have something to say about an item; `shape` is what a schema says of its fields, `states` room to work in.
    pub(crate) fn about(&self, item: &Item, shape: Option<&Body>, states: &mut Vec<State>, out: &mut Vec<RowNumber>) {
        states.clear();
        let map = item.value.as_map();
        states.extend(self.fields.iter().map(|field| map.map_or(State::Other, |map| field.state(map, shape))));
        out.extend(self.rows.iter().filter(|row| row.may_speak(states)).map(|row| row.number));
    }
}

impl Field {
    fn state(&self, map: &Map, shape: Option<&Body>) -> State {
        let kind = match map.get(&self.name) {
            Some(entry) => &entry.value.kind,
            None if map.tail.is_none() => &Kind::Null,
            None => return State::Other,
        };
        match kind {
            Kind::Null => {
                let field = shape.and_then(|body| body.get(&self.name));
                let nothing = field.is_none_or(|field| field.default.is_none() && field.renamed.is_empty());
                if nothing { State::Null } else { State::Other }
            }
            Kind::String(text) => State::Text(self.texts.get(text).copied()),
            Kind::List(list) if list.tail.is_none() && list.items.is_empty() => State::Empty,
            Kind::List(list) if list.tail.is_none() => State::Whole,
            Kind::Map(map) if map.tail.is_none() => State::Whole,
            _ => State::Other,
        }
    }
}

impl Asked {
    fn may_speak(&self, states: &[State]) -> bool {
        let state = |field: usize| states.get(field).copied().unwrap_or(State::Other);
        let is_null = |field: usize| self.plain && state(field) == State::Null;
        let is_empty = |field: usize| is_null(field) || state(field) == State::Empty;
        let has_nothing = match &self.each {
            Each::Item => false,
            Each::Elements(fields) | Each::Inside(fields) => fields.iter().all(|&field| is_empty(field)),
            Each::Other => return true,
        };
        // Elements that are not known leave it open what the row says, whatever its guards are.
        let whole = match &self.each {
            Each::Item => true,
            Each::Elements(fields) => fields.iter().all(|&field| is_empty(field) || state(field) == State::Whole),
            Each::Inside(_) | Each::Other => false,
        };
        let fails = |(field, test): &(usize, Test)| match test {
            Test::Text(wanted) => match state(*field) {
                State::Text(known) => known.is_none_or(|known| !wanted.contains(&known)),
                _ => is_null(*field),
            },
            Test::Written => is_null(*field),
            Test::Elements => is_empty(*field),
        };
        !has_nothing && !(whole && self.needs.iter().any(fails))
    }
}

/// What a condition claims of a field: without it the condition is false.
#[derive(Clone)]
struct Claim<'a> {
    field: &'a CompactString,
    test: Claimed<'a>,
}

#[derive(Clone)]
enum Claimed<'a> {
    Texts(Vec<&'a CompactString>),
    Written,
    Elements,
}

impl<'a> Claim<'a> {
    /// What either of two conditions needs.
    fn or(self, other: &Self) -> Option<Self> {
        let test = match (self.test, &other.test) {
            _ if self.field != other.field => return None,
            (Claimed::Texts(mut texts), Claimed::Texts(more)) => {
                texts.extend(more);
                Claimed::Texts(texts)
            }
            (Claimed::Elements, Claimed::Elements) => Claimed::Elements,
            _ => Claimed::Written,
        };
        Some(Self { field: self.field, test })
    }
}

/// Adds what a condition claims of the item's own fields; `here`: names without a root are the item's.
fn claim<'a>(condition: &'a Condition, here: bool, out: &mut Vec<Claim<'a>>) {
    match condition {
        Condition::And(all) => all.iter().for_each(|condition| claim(condition, here, out)),
        Condition::Or(all) => {
            let mut arms = all.iter().map(|condition| {
                let mut claims = Vec::new();
                claim(condition, here, &mut claims);
                claims
            });
            let first = arms.next().unwrap_or_default();
            let both = |known: Vec<Claim<'a>>, arm: Vec<Claim<'a>>| {
                known.into_iter().filter_map(|claim| arm.iter().find_map(|other| claim.clone().or(other))).collect()
            };
            out.extend(arms.fold(first, both));
        }
        Condition::Compare(Operand::Path(path), comparison, Operand::Literal(constant)) => {
            let (Some(field), literal) = (own_field(path, here), &**constant) else { return };
            let test = match (comparison, literal) {
                (Comparison::Equal, Literal::Null) => return,
                (Comparison::Equal, Literal::String(text)) if path.steps.len() == 1 => Claimed::Texts(vec![text]),
                (Comparison::NotEqual, Literal::Null) | (Comparison::Equal, _) => there(path),
                (Comparison::NotEqual, _) => return,
                (Comparison::Less | Comparison::LessEqual | Comparison::Greater | Comparison::GreaterEqual, _) => there(path),
            };
            out.push(Claim { field, test });
        }
        Condition::Test(function, arguments) => {
            let Some((path, others)) = arguments.split_first().and_then(|(first, others)| Some((first.path()?, others))) else {
                return;
            };
            let Some(field) = own_field(path, here) else { return };
            if let Some(test) = tested(*function, path, others) {
                out.push(Claim { field, test });
            }
        }
        Condition::Constant(_) | Condition::Not(_) | Condition::Compare(..) => {}
    }
}

/// What a test needs of the field that its subject is, or lies in.
fn tested<'a>(function: Function, path: &Path, others: &'a [Argument]) -> Option<Claimed<'a>> {
    match function {
        Function::OneOf if path.steps.len() == 1 => {
            let texts: Option<Vec<_>> = others.iter().map(|other| texts(other.literal()?)).collect();
            texts.map(|texts| Claimed::Texts(texts.concat()))
        }
        Function::Any | Function::Contains | Function::Intersects => Some(Claimed::Elements),
        Function::Matches
        | Function::StartsWith
        | Function::EndsWith
        | Function::Satisfies
        | Function::Retired
        | Function::Wellformed
        | Function::SecretName
        | Function::Literal
        | Function::Written => Some(there(path)),
        _ => None,
    }
}

/// Something is at the end of the path: of an empty list there is no part.
fn there<'a>(path: &Path) -> Claimed<'a> {
    if path.steps.len() == 1 { Claimed::Written } else { Claimed::Elements }
}

/// The field of the item that a path is, or leads into by nothing but names.
fn own_field(path: &Path, here: bool) -> Option<&CompactString> {
    let own = match path.root {
        Root::Item => true,
        Root::Here => here,
        _ => false,
    };
    let [Step::Field(name), rest @ ..] = &path.steps[..] else { return None };
    (own && rest.iter().all(|step| matches!(step, Step::Field(_)))).then_some(name)
}

/// The texts of a list of nothing but texts, or the one text.
fn texts(literal: &Literal) -> Option<Vec<&CompactString>> {
    match literal {
        Literal::String(text) => Some(vec![text]),
        Literal::List(all) => all.iter().map(texts).collect::<Option<Vec<_>>>().map(|all| all.concat()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;
    use plimsoll_rules::{load, schemas};
    use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value, value::Map};

    use super::Rows;

    /// Whether a row is asked about a command with these fields; a text is `name=text`, `name=[]` a list without elements, `name=[x]` one
    /// with a text, `name=?` not known.
    fn is_asked(header: &str, fields: &str) -> bool {
        let page =
            format!("# Title\n\n```rule\nseverity = high\nprofile = recommended\non = command\n{header}\nmessage = \"m\"\n```\n");
        let rule = load(Utf8Path::new("r.md"), &page).unwrap_or_else(|errors| panic!("{}", errors[0])).1;
        let mut rows = Rows::default();
        rows.add((0, 0), &rule.rule.rows[0]);
        let mut map = Map::default();
        for (name, text) in fields.split_ascii_whitespace().filter_map(|field| field.split_once('=')) {
            let text_value = |text: &str| Value::string(text, Place::NONE);
            map.set(
                name,
                match text {
                    "[]" => Value::list(Vec::new(), Place::NONE),
                    "[x]" => Value::list(vec![text_value("x")], Place::NONE),
                    "?" => Value::unknown(
                        plimsoll_syntax::value::Unknown::new(plimsoll_syntax::value::Reason::Unset, "x"),
                        Place::NONE,
                    ),
                    text => text_value(text),
                },
            );
        }
        let value = Value::new(Kind::Map(std::sync::Arc::new(map)), Place::NONE);
        let header = Place::new(FileId(0), Span::default());
        let item = Item {
            views: vec!["command".into()],
            name: "c".into(),
            header,
            range: Span::default(),
            value,
            owner: None,
            index: 0,
        };
        let mut out = Vec::new();
        rows.about(&item, schemas().get("command").map(|body| &**body), &mut Vec::new(), &mut out);
        !out.is_empty()
    }

    #[test]
    fn a_row_is_passed_over_where_it_surely_has_nothing_to_say() {
        for (header, fields, expected) in [
            ("when = program == \"curl\"\nforbid = true", "program=curl", true),
            ("when = program == \"curl\"\nforbid = true", "program=wget", false),
            ("when = program == \"curl\"\nforbid = true", "program=?", true),
            ("when = program == \"curl\"\nforbid = true", "", false),
            ("forbid = where == \"run\" && one_of(program, \"curl\", \"wget\")", "where=run program=wget", true),
            ("forbid = where == \"run\" && one_of(program, \"curl\", \"wget\")", "where=run program=ls", false),
            ("forbid = where == \"run\" && one_of(program, \"curl\", \"wget\")", "where=cmd program=wget", false),
            ("forbid = program == \"a\" && path == \"x\" || program == \"b\"", "program=b", true),
            ("forbid = program == \"a\" && path == \"x\" || program == \"b\"", "program=c", false),
            ("forbid = program == \"a\" || path == \"x\"", "program=c", true),
            ("forbid = any(args, it == \"x\")", "args=[x]", true),
            ("forbid = any(args, it == \"x\")", "args=[]", false),
            ("forbid = any(args, it == \"x\")", "args=?", true),
            ("forbid = any(args, it == \"x\") || any(args, it == \"y\")", "", false),
            ("forbid = none(args, it == \"x\")", "args=[]", true),
            ("require = any(args, it == \"x\")", "args=[]", true),
            ("forbid = program != \"curl\"", "", true),
            ("forbid = program != null", "", false),
            ("forbid = program == null", "", true),
            ("default = { program = \"curl\" }\nforbid = program == \"curl\"", "", true),
            // What is judged is an element; the command is `self`.
            ("each = args\nforbid = it == \"x\"", "args=[x]", true),
            ("each = args\nforbid = it == \"x\"", "args=[]", false),
            ("each = args\nwhen = self.program == \"curl\"\nforbid = it == \"x\"", "args=[x] program=ls", false),
            ("each = args\nwhen = self.program == \"curl\"\nforbid = it == \"x\"", "args=? program=ls", true),
        ] {
            assert_eq!(is_asked(header, fields), expected, "{header}: {fields}");
        }
    }
}
