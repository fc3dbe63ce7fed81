//! Vagrantfiles: calls whose arguments are literals. Ruby is not evaluated; what is not written out is not known.
//!
//! Source: <https://developer.hashicorp.com/vagrant/docs/networking>, <https://developer.hashicorp.com/vagrant/docs/provisioning>.

use std::sync::Arc;

use plimsoll_syntax::item::Owner;
use plimsoll_syntax::value::{Map, Reason, Unknown};
use plimsoll_syntax::{FileId, Item, Place, Span, Value, views};

use crate::compose::values::set_at;
use crate::{script, shell};

/// The items of a Vagrantfile: its machines where it defines several, their networks, what they run, and the containers that it starts.
/// What lies within the range of a machine is of that machine, the rest of all of them.
#[must_use]
pub fn items(text: &str, file: FileId) -> Vec<Item> {
    let mut out = Vec::new();
    let calls = calls(text);
    for (at, call) in calls.iter().enumerate() {
        let written = call.arguments.first().filter(|first| first.key.is_empty());
        // A machine of a name with holes is a machine all the same.
        let named =
            |first: &Argument| first.literal(text).or_else(|| (call.name.text(text) == "define").then(|| first.name(text)));
        let Some(first) = written.and_then(named) else { continue };
        let place = Place::new(file, call.span);
        match call.name.text(text) {
            "define" => out.push(machine(text, place, &first, call)),
            "network" => out.push(network(text, file, place, &first, call)),
            "provision" if first == "shell" => {
                if let Some(body) = call.get(text, "inline").and_then(|argument| argument.body(text)) {
                    let value = Value::string(body.text(text), Place::new(file, body));
                    out.extend(script::value_items(&value, Some(text), "provisioner", Some(&owner(place))));
                }
            }
            // `d.run "nginx", args: "-p 80:80"`, in the block of `provision "docker"`.
            "run" if calls.get(..at).is_some_and(|before| is_docker(text, before)) => {
                out.extend(container(text, file, place, &first, call))
            }
            _ => {}
        }
    }
    out
}

/// A machine that `config.vm.define` gives a name.
fn machine(text: &str, place: Place, name: &str, call: &Call) -> Item {
    let mut map = Map { range: place.span, ..Map::default() };
    set_at(&mut map, "name", Value::string(name, place), place);
    Item {
        views: views!["vagrant.machine".into()],
        name: name.into(),
        header: place,
        range: if call.opens { place.span.to(block(text, call.span)) } else { place.span },
        value: Value::map(map, place),
        owner: None,
        index: 0,
    }
}

/// From a call to the `end` of its block: the first that is written as far to the left.
fn block(text: &str, call: Span) -> Span {
    let start = text.get(..call.start as usize).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut at = start;
    let mut own = None;
    for line in text.get(start..).unwrap_or("").split_inclusive('\n') {
        at += line.len();
        let left = *own.get_or_insert_with(|| indent(line));
        let first = line.trim_start();
        if at > call.end as usize && indent(line) <= left && (first.starts_with("end") || first.starts_with('}')) {
            break;
        }
    }
    Span::of(call.start as usize, at)
}

fn owner(place: Place) -> Owner {
    Owner { name: "Vagrantfile".into(), range: place }
}

/// Whether the block that was opened last is that of the Docker provisioner.
fn is_docker(text: &str, before: &[Call]) -> bool {
    let opened = before.iter().rev().find(|call| call.name.text(text) == "provision");
    opened.is_some_and(|call| {
        call.opens && call.arguments.first().and_then(|first| first.literal(text)).as_deref() == Some("docker")
    })
}

fn network(text: &str, file: FileId, place: Place, kind: &str, call: &Call) -> Item {
    let mut map = Map { range: place.span, ..Map::default() };
    set_at(&mut map, "kind", Value::string(kind, place), place);
    for argument in call.arguments.iter().filter(|argument| !argument.key.is_empty()) {
        let place = Place::new(file, argument.value);
        let written = argument.value.text(text);
        let value = match (argument.literal(text), written) {
            (Some(known), _) => Value::string(known, place),
            (None, "true" | "false") => Value::bool(written == "true", place),
            (None, "nil") => continue,
            (None, _) => match written.parse::<i128>() {
                Ok(number) => Value::int(number, place),
                Err(_) => Value::unknown(Unknown::new(Reason::Unset, written), place),
            },
        };
        set_at(&mut map, argument.key.text(text), value, Place::new(file, argument.key.to(argument.value)));
    }
    if call.open {
        map.tail = Some(Arc::new(Unknown::new(Reason::Unset, call.span.text(text))));
    }
    Item {
        views: views!["vagrant.network".into()],
        name: "Vagrantfile".into(),
        header: place,
        range: place.span,
        value: Value::map(map, place),
        owner: None,
        index: 0,
    }
}

/// `docker run` with the same words.
fn container(text: &str, file: FileId, place: Place, name: &str, call: &Call) -> Vec<Item> {
    let string =
        |key: &str| call.get(text, key).and_then(|argument| Some((argument.literal(text)?, Place::new(file, argument.value))));
    let mut argv: Vec<Value> = ["docker", "run"].map(|word| Value::string(word, place)).into();
    if let Some((flags, at)) = string("args") {
        argv.extend(crate::compose::values::words(&Value::string(flags, at)).items().iter().cloned());
    }
    let (image, at) = string("image").unwrap_or_else(|| (name.to_owned(), place));
    argv.push(Value::string(image, at));
    let context = shell::Context { site: "provisioner", owner: Some(&owner(place)), ..shell::Context::default() };
    let commands = shell::argv_items(&Value::list(argv, place), Some(text), &context);
    script::engine_items(&commands, Some(&owner(place)))
}

/// A call with its arguments.
struct Call {
    /// Name to last argument.
    span: Span,
    name: Span,
    arguments: Vec<Argument>,
    /// There may be more arguments than were read.
    open: bool,
    /// A block follows.
    opens: bool,
}

/// An argument; the key is empty for one without.
struct Argument {
    key: Span,
    value: Span,
}

impl Call {
    fn get(&self, text: &str, key: &str) -> Option<&Argument> {
        self.arguments.iter().find(|argument| argument.key.text(text) == key)
    }
}

impl Argument {
    /// What it says, without quotes.
    fn name(&self, text: &str) -> String {
        self.value.text(text).trim_matches(['"', '\'']).to_owned()
    }

    /// The text of a string or symbol without holes.
    fn literal(&self, text: &str) -> Option<String> {
        let written = self.value.text(text);
        if let Some(symbol) = written.strip_prefix(':') {
            return symbol.chars().all(|c| c.is_alphanumeric() || c == '_').then(|| symbol.to_owned());
        }
        let quote = written.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let inner = written.strip_prefix(quote)?.strip_suffix(quote)?;
        (!(inner.contains('\\') || quote == '"' && inner.contains("#{"))).then(|| inner.to_owned())
    }

    /// Where the text of a string or of a heredoc stands.
    fn body(&self, text: &str) -> Option<Span> {
        let written = self.value.text(text);
        if let Some(rest) = written.strip_prefix("<<") {
            let word = rest.trim_start_matches(['-', '~']).trim_matches(['"', '\'']);
            let word = word.split('.').next()?;
            let start = self.value.end as usize + text.get(self.value.end as usize..)?.find('\n')? + 1;
            let mut at = start;
            for line in text.get(start..)?.split_inclusive('\n') {
                if line.trim() == word {
                    return Some(Span::of(start, at));
                }
                at += line.len();
            }
            return None;
        }
        self.literal(text).map(|_| Span::new(self.value.start + 1, self.value.end - 1))
    }
}

/// Calls of methods with arguments, `receiver.name "a", key: "b"`, in order. Heredocs are skipped.
fn calls(text: &str) -> Vec<Call> {
    const NAMES: &[&str] = &["network", "provision", "run", "define"];
    let mut out = Vec::new();
    let mut heredoc: Option<String> = None;
    let mut at = 0;
    let mut until = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if let Some(word) = &heredoc {
            if line.trim() == word {
                heredoc = None;
            }
            continue;
        }
        let code = line.trim_start();
        if start >= until && !code.starts_with('#') {
            let found = NAMES.iter().find_map(|name| {
                let dot = line.find(&format!(".{name}"))?;
                let behind = dot + 1 + name.len();
                line.get(behind..)?.starts_with([' ', '(']).then_some((start + dot + 1, start + behind))
            });
            if let Some((from, to)) = found {
                let call = call(text, from, to);
                until = call.span.end as usize;
                out.push(call);
            }
        }
        heredoc = opened(line);
    }
    out
}

/// The end word of a heredoc that a line opens.
fn opened(line: &str) -> Option<String> {
    let rest = line.split_once("<<")?.1.trim_start_matches(['-', '~']).trim_start_matches(['"', '\'']);
    let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (word.starts_with(|first: char| first.is_uppercase())).then_some(word)
}

fn call(text: &str, from: usize, to: usize) -> Call {
    let mut scanner = Scanner { text, at: to };
    let mut arguments = Vec::new();
    let mut open = false;
    scanner.skip(&[' ', '(']);
    loop {
        let Some((key, value)) = scanner.argument() else {
            open = true;
            break;
        };
        arguments.push(Argument { key, value });
        scanner.skip(&[' ', '\t']);
        if !scanner.take(',') {
            break;
        }
        scanner.skip(&[' ', '\t', '\r', '\n']);
    }
    let end = arguments.last().map_or(to, |last| last.value.end as usize);
    let rest = text.get(end..).and_then(|rest| rest.lines().next()).unwrap_or("").trim_start_matches([')', ' ']);
    let block = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    let opens = block == "do" || rest.starts_with('{');
    // `if` behind a call, or an operator: the call may not happen as it stands.
    open |= !(rest.is_empty() || opens || rest.starts_with(['#', ';']) || block == "end");
    Call { span: Span::of(from, end), name: Span::of(from, to), arguments, open, opens }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip(&mut self, what: &[char]) {
        self.at += self.rest().len() - self.rest().trim_start_matches(what).len();
    }

    fn take(&mut self, what: char) -> bool {
        let found = self.rest().starts_with(what);
        self.at += if found { what.len_utf8() } else { 0 };
        found
    }

    fn word(&mut self) -> Span {
        let length = self.rest().find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest().len());
        let start = self.at;
        self.at += length;
        Span::of(start, self.at)
    }

    /// `value`, `key: value`, `:key => value`
    fn argument(&mut self) -> Option<(Span, Span)> {
        let start = self.at;
        let symbol = self.take(':');
        let key = self.word();
        if !key.is_empty() {
            if !symbol && self.rest().starts_with(':') && !self.rest().starts_with("::") {
                self.at += 1;
                self.skip(&[' ', '\t', '\n']);
                return Some((key, self.value()?));
            }
            let after = self.at;
            self.skip(&[' ']);
            if self.rest().starts_with("=>") {
                self.at += 2;
                self.skip(&[' ', '\t', '\n']);
                return Some((key, self.value()?));
            }
            self.at = after;
        }
        self.at = start;
        Some((Span::of(start, start), self.value()?))
    }

    /// A string, a symbol, a number, a heredoc's beginning; anything else up to the next comma.
    fn value(&mut self) -> Option<Span> {
        let start = self.at;
        match self.rest().chars().next()? {
            quote @ ('"' | '\'') => {
                self.at += 1;
                let mut escaped = false;
                let length = self.rest().char_indices().find(|(_, c)| {
                    let ends = *c == quote && !escaped;
                    escaped = *c == '\\' && !escaped;
                    ends
                });
                self.at += length?.0 + 1;
            }
            '\n' | '#' => return None,
            _ => {
                let line = self.rest().lines().next()?;
                let end = line.find([',', ')']).or_else(|| line.find(" do")).or_else(|| line.find(" #")).unwrap_or(line.len());
                self.at += line.get(..end)?.trim_end().len();
            }
        }
        (self.at > start).then(|| Span::of(start, self.at))
    }
}

#[cfg(test)]
mod tests;
