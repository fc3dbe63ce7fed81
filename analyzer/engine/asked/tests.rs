use camino::Utf8Path;
use plimsoll_rules::{load, schemas};
use plimsoll_syntax::{FileId, Item, Kind, Place, Span, Value, value::Map, views};

use super::{Rows, Scratch};

/// Whether a row is asked about a command with these fields; a text is `name=text`, `name=[]` a list without elements, `name=[x]` one
/// with a text, `name=true` a bool, `name=?` not known,
/// `name=inner/text` a map with a text.
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
                "true" | "false" => Value::bool(text == "true", Place::NONE),
                "[]" => Value::list(Vec::new(), Place::NONE),
                "[x]" => Value::list(vec![text_value("x")], Place::NONE),
                "?" => {
                    Value::unknown(plimsoll_syntax::value::Unknown::new(plimsoll_syntax::value::Reason::Unset, "x"), Place::NONE)
                }
                text => match text.split_once('/') {
                    // What lies deeper.
                    Some((name, text)) => {
                        let mut inner = Map::default();
                        inner.set(name, text_value(text));
                        Value::map(inner, Place::NONE)
                    }
                    None => text_value(text),
                },
            },
        );
    }
    let value = Value::new(Kind::Map(std::sync::Arc::new(map)), Place::NONE);
    let header = Place::new(FileId(0), Span::default());
    let item =
        Item { views: views!["command".into()], name: "c".into(), header, range: Span::default(), value, owner: None, index: 0 };
    let mut out = Vec::new();
    rows.about(&item, schemas().get("command").map(|body| &**body), &mut Scratch::default(), &mut out);
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
        ("when = one_of(program, \"a\", \"b\")\nforbid = one_of(program, \"b\", \"c\")", "program=a", false),
        ("when = one_of(program, \"a\", \"b\")\nforbid = one_of(program, \"b\", \"c\")", "program=b", true),
        ("when = one_of(program, \"a\", \"b\")\nforbid = one_of(program, \"b\", \"c\")", "program=c", false),
        ("forbid = program == \"a\" || path == \"x\"", "program=c", true),
        ("forbid = stage.name == \"a\"", "stage=name/a", true),
        ("forbid = stage.name == \"a\"", "stage=name/b", false),
        ("forbid = stage.name == \"a\"", "stage=alias/b", true),
        ("forbid = stage.name == \"a\"", "stage=?", true),
        ("forbid = stage.name != \"a\"", "stage=name/b", true),
        ("require = stage.name != \"a\"", "stage=name/b", false),
        ("forbid = stage.name == \"a\" || stage.name == \"b\"", "stage=name/b", true),
        ("forbid = stage.name == \"a\" || stage.alias == \"b\"", "stage=name/b", true),
        ("forbid = any(args, it == \"x\")", "args=[x]", true),
        ("forbid = any(args, it == \"x\")", "args=[]", false),
        ("forbid = any(args, it == \"x\")", "args=?", true),
        ("forbid = any(args, it == \"x\") || any(args, it == \"y\")", "", false),
        ("forbid = none(args, it == \"x\")", "args=[]", true),
        ("require = any(args, it == \"x\")", "args=[]", true),
        ("require = none(args, it == \"x\")", "args=[]", false),
        ("require = none(args, it == \"x\") || program == null", "args=[x] program=a", true),
        ("require = none(args, it == \"x\") || program == null", "args=[x]", false),
        ("unless = program != \"a\"\nforbid = true", "program=b", false),
        ("when = program == null\nforbid = true", "program=a", false),
        ("when = program == null\nforbid = true", "program=?", true),
        ("forbid = conditional == true", "conditional=true", true),
        ("forbid = conditional == true", "conditional=false", false),
        ("forbid = conditional == true", "conditional=?", true),
        ("require = conditional == true", "conditional=true", false),
        ("require = conditional == true", "conditional=false", true),
        ("require = conditional == true", "", true),
        ("require = conditional != false", "conditional=true", false),
        ("require = conditional != false", "conditional=false", true),
        ("forbid = !(program == \"a\" || path != null)", "path=x", false),
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
