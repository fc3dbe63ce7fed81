//! Expressions and templates of Terraform, evaluated with values of every kind.

use std::time::{Duration, Instant};

use compact_str::CompactString;
use plimsoll_syntax::value::{Choice, Kind, List, Map, Number, Part, Reason, Shape, Unknown};
use plimsoll_syntax::{Place, Value, text};
use plimsoll_terraform::{FileRead, Module, Workspace, evaluate_expression};

use crate::generate::hcl;
use crate::random::Random;
use std::sync::Arc;

/// Names of the values that an expression may use.
const NAMES: &[&str] = &["a", "b", "c", "d", "e"];
/// Parts that a value may have: more is more than a limit of the evaluator allows.
const MAX_PARTS: usize = 4_000_000;
/// No expression may take longer, whatever it says: the work that is done has a limit.
const LONGEST: Duration = Duration::from_secs(20);

/// Functions, by what they are given.
const CALLS: &[&str] = &[
    "abs",
    "alltrue",
    "anytrue",
    "base64decode",
    "base64encode",
    "base64gzip",
    "base64sha256",
    "basename",
    "can",
    "ceil",
    "chomp",
    "chunklist",
    "cidrhost",
    "cidrnetmask",
    "cidrsubnet",
    "cidrsubnets",
    "coalesce",
    "coalescelist",
    "compact",
    "concat",
    "contains",
    "csvdecode",
    "dirname",
    "distinct",
    "element",
    "endswith",
    "file",
    "fileset",
    "flatten",
    "floor",
    "format",
    "formatdate",
    "formatlist",
    "indent",
    "index",
    "join",
    "jsondecode",
    "jsonencode",
    "keys",
    "length",
    "log",
    "lookup",
    "lower",
    "map",
    "matchkeys",
    "max",
    "md5",
    "merge",
    "min",
    "nonsensitive",
    "one",
    "parseint",
    "pow",
    "range",
    "regex",
    "regexall",
    "replace",
    "reverse",
    "sensitive",
    "setintersection",
    "setproduct",
    "setsubtract",
    "setunion",
    "sha256",
    "signum",
    "slice",
    "sort",
    "split",
    "startswith",
    "strcontains",
    "strrev",
    "substr",
    "sum",
    "templatefile",
    "templatestring",
    "textencodebase64",
    "timeadd",
    "timecmp",
    "title",
    "tobool",
    "tolist",
    "tomap",
    "tonumber",
    "toset",
    "tostring",
    "transpose",
    "trim",
    "trimprefix",
    "trimspace",
    "trimsuffix",
    "try",
    "upper",
    "urlencode",
    "uuidv5",
    "values",
    "yamldecode",
    "yamlencode",
    "zipmap",
];

/// Texts that functions read.
const TEXTS: &[&str] = &[
    "10.0.0.0/8",
    "fd00::/8",
    "[[1,2],{\"a\":null}]",
    "{\"a\": {\"b\": [1, 2.5]}}",
    "a: &x [1]\nb: *x\n",
    "a,b\n1,2\n",
    "%s-%05d-%v%%",
    "(a+)+$",
    "(?P<n>[a-z])(.)",
    "2026-01-02T03:04:05Z",
    "YYYY-MM-DD'T'",
    "1h30m",
    "H4sIAAAAAAAA",
    "${a}",
    "%{ for x in b }${x}%{ endfor }",
    "é\u{301}",
    "0x1f",
    "1e308",
    "-0",
    "",
];

/// What expressions are made of, for damaging them.
pub const WORDS: &[&str] = &[
    "[for x in a : x]",
    "{for k, v in b : k => v...}",
    "[for x in range(1000) : ",
    "...)",
    "(",
    ")",
    "[",
    "]",
    "[*]",
    ".a",
    "[0]",
    " ? ",
    " : ",
    " => ",
    "try(",
    "can(",
    "format(\"%s\", ",
    "merge(",
    "setproduct(",
    "range(",
    "jsonencode(",
    "null",
    "a",
    "b",
    "c",
    "d",
    "e",
    "-",
    "!",
    " == ",
    " && ",
    "\"${a}\"",
    "%{ for x in d }${x}%{ endfor }",
    "1e400",
    "340282366920938463463374607431768211456",
    "regex(\"",
    "cidrsubnet(",
];

/// The first byte chooses between an expression and a template, the next eight the values, the others are the text.
pub fn expression(bytes: &[u8]) {
    let Some((head, rest)) = bytes.split_at_checked(9) else { return };
    let (decoded, _) = text::decode(rest.to_vec());
    let seed = head.iter().skip(1).fold(0, |seed: u64, byte| seed << 8 | u64::from(*byte));
    let mut random = Random::new(seed);
    let values = NAMES.iter().map(|name| (CompactString::from(*name), value(&mut random, 0))).collect();
    let start = Instant::now();
    let evaluated = evaluate_expression(&decoded, head.first().is_some_and(|byte| byte % 2 == 1), "", values, &Nowhere);
    assert!(start.elapsed() < LONGEST, "an expression takes {:?}", start.elapsed());
    let mut left = MAX_PARTS;
    count(&evaluated.value, &mut left);
    assert!(left > 0, "a value of too many parts");
}

/// An expression or template to begin with, with the bytes before it.
pub fn seed(random: &mut Random) -> Vec<u8> {
    let mut made = String::new();
    if random.percent(70) {
        call(random, 0, &mut made)
    } else {
        hcl::expression(random, 0, &mut made)
    }
    let head = [random.number().to_le_bytes().as_slice(), &[u8::from(random.percent(20))]].concat();
    head.into_iter().rev().chain(made.into_bytes()).collect()
}

fn call(random: &mut Random, depth: usize, out: &mut String) {
    match random.below(if depth > 3 { 3 } else { 9 }) {
        0 => out.push_str(random.pick(NAMES)),
        1 => out.push_str(&format!("{:?}", random.pick(TEXTS)).replace("\\u{", "\\\\u{")),
        2 => out.push_str(&random.below(300).to_string()),
        3 => {
            out.push('[');
            call(random, depth + 1, out);
            out.push_str(", ");
            call(random, depth + 1, out);
            out.push(']');
        }
        4 => {
            out.push_str("[for x in ");
            call(random, depth + 1, out);
            out.push_str(" : ");
            call(random, depth + 1, out);
            out.push(']');
        }
        _ => {
            out.push_str(random.pick(CALLS));
            out.push('(');
            for at in 0..=random.below(3) {
                out.push_str(if at > 0 { ", " } else { "" });
                call(random, depth + 1, out);
            }
            out.push(')');
        }
    }
}

/// A workspace with nothing in it.
struct Nowhere;

impl Workspace for Nowhere {
    fn module(&self, _: &str) -> Option<Arc<Module>> {
        None
    }

    fn read(&self, path: &str) -> FileRead {
        assert!(!path.starts_with('/') && !path.split('/').any(|part| part == ".."), "{path} leaves the workspace");
        FileRead::Missing
    }
}

fn value(random: &mut Random, depth: usize) -> Value {
    let kind = match random.below(if depth > 2 { 7 } else { 10 }) {
        0 => Kind::Null,
        1 => Kind::Bool(random.percent(50)),
        2 => Kind::Number(Number::Int(i128::from(random.number() >> random.below(64)) - 40).into()),
        3 => Kind::Number((random.below(1_000) as f64 / 8.0).into()),
        4 => Kind::String(random.pick(TEXTS).into()),
        5 => Kind::Unknown(unknown(random)),
        6 => Kind::Template(Arc::new([Part::Known(random.pick(TEXTS).into()), Part::Hole(unknown(random))])),
        7 => {
            let items = (0..random.below(5)).map(|_| value(random, depth + 1)).collect();
            Kind::List(Arc::new(List { items, tail: random.percent(20).then(|| unknown(random)), blocks: false }))
        }
        8 => {
            let mut map = Map { tail: random.percent(20).then(|| unknown(random)), ..Map::default() };
            for key in ["a", "b", "10", "é"].into_iter().take(random.below(5)) {
                map.set(key, value(random, depth + 1));
            }
            Kind::Map(Arc::new(map))
        }
        _ => {
            let arms = vec![value(random, depth + 1), value(random, depth + 1)];
            Kind::Choice(Arc::new(Choice { id: random.number() % 3, condition: unknown(random), arms }))
        }
    };
    Value { sensitive: random.percent(10), ..Value::new(kind, Place::NONE) }
}

fn unknown(random: &mut Random) -> Arc<Unknown> {
    let shape = [Shape::Any, Shape::String, Shape::Number, Shape::Bool, Shape::List, Shape::Map].into_iter().nth(random.below(6));
    let reason = if random.percent(50) { Reason::Unset } else { Reason::Computed };
    Arc::new(Unknown { not_null: random.percent(50), ..Unknown::new(reason, "u").shaped(shape.unwrap_or_default()) })
}

fn count(value: &Value, left: &mut usize) {
    *left = left.saturating_sub(1);
    if *left == 0 {
        return;
    }
    match &value.kind {
        Kind::List(list) => list.items.iter().for_each(|item| count(item, left)),
        Kind::Map(map) => map.entries.iter().for_each(|entry| count(&entry.value, left)),
        Kind::Choice(choice) => choice.arms.iter().for_each(|arm| count(arm, left)),
        _ => {}
    }
}
