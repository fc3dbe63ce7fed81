//! From scripts to commands whose words are as known as can be: variables that the script or its surroundings set are followed.

use std::borrow::Cow;
use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::shell::{self, WordPart};
use plimsoll_syntax::value::{Reason, Shape, Unknown};
use plimsoll_syntax::{Place, Span, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::holes::{has_mark, is_mark, mark, marked};
use super::location::Location;
use super::{Context, program};

/// A word that grows beyond this is not followed: `A=$A$A` doubles it every time.
const LONGEST: usize = 64 << 10;
/// A command's text may be so long before it is cut for display.
const SHOWN: usize = 60;

/// Commands in source order, and what their words leave open.
pub(super) struct Script<'t> {
    pub(super) text: Cow<'t, str>,
    pub(super) commands: Vec<Command>,
    pub(super) holes: Vec<Arc<Unknown>>,
}

/// A simple command.
#[derive(Clone, Default)]
pub(super) struct Command {
    pub(super) argv: Vec<Word>,
    pub(super) span: Span,
    pub(super) assignments: Vec<(CompactString, Word)>,
    pub(super) redirects: Vec<(CompactString, Word)>,
    pub(super) pipeline: u32,
    pub(super) position: u32,
    pub(super) conditional: bool,
    /// In force when it runs.
    pub(super) pipefail: bool,
}

/// A word, its holes marked.
#[derive(Clone, Default)]
pub(super) struct Word {
    pub(super) text: CompactString,
    pub(super) span: Span,
}

/// Reads a script.
pub(super) fn script<'t>(text: &'t str, holes: Vec<Arc<Unknown>>, context: &Context<'_>) -> Script<'t> {
    let mut reader = Reader::new(text, holes, context);
    reader.add(text, 0, shell::parse(text, context.continuation));
    let (commands, holes) = reader.finish();
    Script { text: Cow::Borrowed(text), commands, holes }
}

/// Reads a command line that no shell splits: its words joined by line ends, and where they are written.
pub(super) fn command_line(argv: &Value, source: Option<&str>, context: &Context<'_>) -> Option<(Script<'static>, Location)> {
    let mut holes = Vec::new();
    let mut text = String::new();
    let mut masked = String::new();
    let mut words = Vec::new();
    let mut location = Location::place(argv.place);
    for item in argv.items() {
        let word = marked(item, &mut holes)?;
        let start = text.len();
        location.append(&Location::of(item.place, &word, source), Span::of(0, start).end);
        text.push_str(&word);
        // Only flags and names matter for telling what runs what; nothing in a word is shell.
        let at = Span::of(0, masked.len()).end;
        masked.extend(word.bytes().map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' | b'=' | b'+' => char::from(byte),
            _ => '_',
        }));
        masked.push_str(if word.is_empty() { "_ " } else { " " });
        words.push((at, Word { text: word, span: Span::of(start, text.len()) }));
        text.push('\n');
    }
    if words.is_empty() {
        return None;
    }
    let mut reader = Reader::new(&text, holes, context);
    for command in shell::parse(&masked, shell::Continuation::Shell).commands {
        let word = |word: &shell::Word| words.iter().find(|known| known.0 == word.span.start).map(|known| known.1.clone());
        let argv: Vec<Word> = command.argv.iter().filter_map(word).collect();
        let Some(span) = argv.iter().map(|word| word.span).reduce(Span::to) else { continue };
        let conditional = command.conditional;
        let command = Command { argv, span, conditional, pipefail: context.pipefail, ..Command::default() };
        let inner = program::script_word(&command);
        reader.commands.push(command);
        if let Some(word) = inner {
            reader.pipelines += 1;
            let shift = word.span.start;
            reader.add(&word.text, shift, shell::parse(&word.text, shell::Continuation::Shell));
        }
    }
    let (commands, holes) = reader.finish();
    Some((Script { text: Cow::Owned(text), commands, holes }, location))
}

struct Reader<'a> {
    text: &'a str,
    context: &'a Context<'a>,
    commands: Vec<Command>,
    holes: Vec<Arc<Unknown>>,
    /// What the script sets so far.
    variables: FxHashMap<CompactString, CompactString>,
    /// What loops and `read` set.
    opaque: FxHashSet<CompactString>,
    pipefail: bool,
    pipelines: u32,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, holes: Vec<Arc<Unknown>>, context: &'a Context<'a>) -> Self {
        Self {
            text,
            context,
            commands: Vec::new(),
            holes,
            variables: FxHashMap::default(),
            opaque: FxHashSet::default(),
            pipefail: context.pipefail,
            pipelines: 0,
        }
    }

    /// Adds the commands of a script that lies at `shift` in the text.
    fn add(&mut self, text: &str, shift: u32, script: shell::Script) {
        self.opaque.extend(bound_elsewhere(text));
        let pipelines = self.pipelines;
        for command in script.commands {
            let mut argv = Vec::with_capacity(command.argv.len());
            for word in command.argv {
                self.words(word, shift, &mut argv);
            }
            let redirects = command.redirects.into_iter().map(|(operator, word)| (operator, self.word(word, shift)));
            let mut read = Command {
                argv,
                span: command.span.shifted(shift),
                assignments: Vec::new(),
                redirects: redirects.collect(),
                pipeline: pipelines + command.pipeline,
                position: command.position,
                conditional: command.conditional,
                pipefail: self.pipefail,
            };
            self.pipelines = self.pipelines.max(read.pipeline);
            for (name, word) in command.assignments {
                let mut word = self.word(word, shift);
                let value = word.text.split_once('=').map_or("", |(_, value)| value);
                word.text = value.into();
                read.assignments.push((name, word));
            }
            self.effects(&read);
            self.commands.push(read);
        }
    }

    /// What the command changes for those after it.
    fn effects(&mut self, command: &Command) {
        let mut set: Vec<(CompactString, CompactString)> = Vec::new();
        match command.argv.first().map(|word| word.text.as_str()) {
            None => set.extend(command.assignments.iter().map(|(name, word)| (name.clone(), word.text.clone()))),
            Some("export" | "readonly" | "local" | "declare" | "typeset") => {
                let pairs = command.argv.iter().skip(1).filter_map(|word| word.text.split_once('='));
                set.extend(pairs.map(|(name, value)| (name.into(), value.into())));
            }
            Some("set" | "shopt") => {
                let flags = command.argv.iter().skip(1).map(|word| word.text.as_str());
                for (flag, next) in flags.clone().zip(flags.skip(1)) {
                    if next == "pipefail" && flag.ends_with('o') {
                        self.pipefail = flag.starts_with('-');
                    }
                }
            }
            Some(_) => {}
        }
        for (name, value) in set {
            let differs = self.variables.get(&name).is_some_and(|known| *known != value);
            if value.starts_with('(') || (command.conditional && differs) {
                self.opaque.insert(name);
            } else {
                self.variables.insert(name, value);
            }
        }
    }

    fn word(&mut self, word: shell::Word, shift: u32) -> Word {
        let mut text = CompactString::default();
        for part in word.parts {
            let part = match part {
                WordPart::Text(known) => known,
                WordPart::Variable(name) => self.variable(&name),
                WordPart::Other(written) => self.expansion(&written),
            };
            if text.is_empty() {
                text = part;
            } else {
                text.push_str(&part);
            }
            if text.len() > LONGEST {
                text = self.hole(Reason::Limit, "a very long text".into());
                break;
            }
        }
        Word { text, span: word.span.shifted(shift) }
    }

    /// Adds the word, or the words that a variable without quotes is split into.
    fn words(&mut self, word: shell::Word, shift: u32, out: &mut Vec<Word>) {
        let filled = word.text().is_none();
        let whole = self.word(word, shift);
        let quoted = || whole.span.text(self.text).contains(['"', '\'']);
        if !filled || quoted() || !whole.text.contains(char::is_whitespace) {
            return out.push(whole);
        }
        out.extend(whole.text.split_whitespace().map(|text| Word { text: text.into(), span: whole.span }));
    }

    fn variable(&mut self, name: &str) -> CompactString {
        if !self.opaque.contains(name) {
            if let Some(known) = self.variables.get(name) {
                return known.clone();
            }
            let around = self.context.variables.and_then(|variables| variables(name));
            if let Some(text) = around.and_then(|value| marked(&value, &mut self.holes)) {
                return text;
            }
        }
        self.hole(Reason::Unset, format_compact!("${name}"))
    }

    /// `${NAME:-default}`, `$(command)` and the like.
    fn expansion(&mut self, written: &str) -> CompactString {
        let inner = written.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let name: &str = inner.map_or("", |inner| {
            inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(inner, |end| inner.get(..end).unwrap_or(""))
        });
        let operator = inner.and_then(|inner| inner.get(name.len()..)).unwrap_or("");
        if !name.is_empty() && operator.starts_with([':', '-', '=', '?']) {
            let known = self.variable(name);
            if !known.is_empty() && !has_mark(&known) {
                return known;
            }
        }
        let reason = if written.starts_with("${") { Reason::Unset } else { Reason::Function };
        self.hole(reason, written.chars().take(SHOWN).collect())
    }

    fn hole(&mut self, reason: Reason, source: CompactString) -> CompactString {
        let unknown = Arc::new(Unknown::new(reason, source).shaped(Shape::String));
        let mut text = CompactString::default();
        text.push(mark(unknown, &mut self.holes));
        text
    }

    /// The commands, and what their words leave open.
    fn finish(mut self) -> (Vec<Command>, Vec<Arc<Unknown>>) {
        let mut more: Vec<Command> = Vec::new();
        for command in &self.commands {
            let mut inner = program::unwrapped(command);
            while let Some(command) = inner {
                inner = program::unwrapped(&command);
                more.push(command);
            }
        }
        self.commands.extend(more);
        // Around before inside.
        self.commands.sort_by_key(|command| (command.span.start, std::cmp::Reverse(command.span.end)));
        // A substitution inside `sh -c "…"` is read as a word, and as a part of the script.
        let same =
            |a: &Command, b: &Command| a.argv.len() == b.argv.len() && a.argv.iter().zip(&b.argv).all(|(a, b)| a.span == b.span);
        self.commands.dedup_by(|later, earlier| later.span == earlier.span && same(later, earlier));
        (self.commands, self.holes)
    }
}

/// Variables that loops and `read` set, found by their words.
fn bound_elsewhere(text: &str) -> Vec<CompactString> {
    let mut out = Vec::new();
    let between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|');
    let mut words = text.as_bytes().split(between).filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.next() {
        match word {
            b"for" | b"select" | b"getopts" => out.extend(words.peek().and_then(|name| CompactString::from_utf8(name).ok())),
            b"read" | b"mapfile" => {
                while let Some(name) =
                    words.next_if(|word| word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte)))
                {
                    out.extend(CompactString::from_utf8(name).ok());
                }
            }
            _ => {}
        }
    }
    out
}

impl Script<'_> {
    /// The value of a word.
    pub(super) fn value(&self, word: &Word, location: &Location) -> Value {
        super::holes::value(&word.text, &self.holes, location.at(word.span))
    }

    /// The value of a text of this script.
    pub(super) fn text_value(&self, text: &str, place: Place) -> Value {
        super::holes::value(text, &self.holes, place)
    }
}

impl Word {
    /// It is wholly a hole.
    pub(super) fn is_open(&self) -> bool {
        self.text.chars().next().is_some_and(is_mark) && self.text.chars().count() == 1
    }
}
