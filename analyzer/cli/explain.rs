//! `plimsoll explain`

use std::io::Write;

use plimsoll_rule_language::condition::Literal;
use plimsoll_rule_language::rule::Param;
use plimsoll_rules::RuleInfo;

use crate::arguments::Color;
use crate::output::page_of;
use crate::paint::Paint;
use crate::problem::Problem;
use crate::{Status, disk, markdown, rules};

/// Lines of prose longer than this are hard to read.
const WIDTH: usize = 88;

/// Prints the page of a rule.
pub(crate) fn run(name: &str, isolated: bool, color: Color) -> Result<Status, Problem> {
    let folder = disk::working_directory().map_err(|error| Problem::disk("the working directory", &error))?;
    let rules = rules::load(&folder, isolated)?;
    let Some(rule) = rules.get(name) else {
        let hint = match rules.suggest(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`plimsoll rules` lists all".to_owned(),
        };
        return Err(Problem::hinted(format!("there is no rule `{name}`"), hint));
    };
    let page = page(rule, page_of(&rules, name), Paint::stdout(color));
    // A pager that was closed early has seen enough.
    let _ = std::io::stdout().write_all(page.as_bytes());
    Ok(Status::Clean)
}

fn page(rule: &RuleInfo, url: Option<String>, paint: Paint) -> String {
    let body = markdown::render(&rule.markdown(), paint, WIDTH);
    let (title, prose) = body.split_once('\n').unwrap_or((&body, ""));
    let severity = rule.severity();
    let mut out = format!("{title}\n\n");
    let mut fact = |name: &str, value: String| out.push_str(&format!("{} {value}\n", paint.dim(format!("{name:9}"))));
    fact("rule", paint.bold(&rule.name));
    fact("severity", paint.severity(severity, severity));
    fact("profile", rule.profile().to_string());
    fact("group", rule.group().to_owned());
    fact("about", shortened(&rule.views().collect::<Vec<_>>()));
    for (name, words) in [("same as", rule.peers()), ("tags", rule.tags().collect())] {
        if !words.is_empty() {
            fact(name, wrapped(&words));
        }
    }
    if let Some(url) = url {
        fact("page", url);
    }
    out.push_str(prose);
    out.push_str(&settings(rule, paint));
    let allow = format!("# plimsoll: allow({}) reason=\"…\"", rule.name);
    out.push_str(&format!("\n{}\n\n    {allow}\n", paint.bold("To allow it at one place")));
    out
}

fn settings(rule: &RuleInfo, paint: Paint) -> String {
    if rule.rule.params.is_empty() {
        return String::new();
    }
    let mut out =
        format!("\n{}\n\n    {}\n", paint.bold("Settings in plimsoll.toml"), paint.code(format!("[rules.{}]", rule.name)));
    for Param { name, default, shape } in &rule.rule.params {
        let line = match default {
            Some(default) => format!("    {name} = {}  {}", toml_of(default), paint.dim(format!("# {shape}; the default"))),
            None => format!("    {}", paint.dim(format!("# {name} = …  {shape}; the rule is silent until it is set"))),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn toml_of(literal: &Literal) -> String {
    match literal {
        Literal::Null => "…".to_owned(),
        Literal::Bool(flag) => flag.to_string(),
        Literal::Number(number) => number.to_string(),
        Literal::String(text) => toml::Value::String(text.to_string()).to_string(),
        Literal::List(items) => format!("[{}]", items.iter().map(toml_of).collect::<Vec<_>>().join(", ")),
        Literal::Map(entries) => {
            let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key:?} = {}", toml_of(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// Families have dozens of views.
fn shortened(views: &[&str]) -> String {
    match views {
        [first, second, third, rest @ ..] if rest.len() > 1 => format!("{first}, {second}, {third} and {} more", rest.len()),
        views => views.join(", "),
    }
}

/// Words over several lines, below the first.
fn wrapped(words: &[&str]) -> String {
    let mut lines = vec![String::new()];
    for word in words {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + word.len() + 12 <= WIDTH => {
                line.push_str(", ");
                line.push_str(word);
            }
            _ => lines.push((*word).to_owned()),
        }
    }
    lines.join(",\n          ")
}
