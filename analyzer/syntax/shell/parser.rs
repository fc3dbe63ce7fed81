//! The parser: `brush-parser` for the grammar, a scan of the words where that fails.

use brush_parser::ast::{
    AndOr, Command as Node, CommandPrefixOrSuffixItem as Item, CompoundCommand, CompoundList, IoFileRedirectTarget, IoRedirect,
    Pipeline, SimpleCommand, Word as RawWord,
};
use compact_str::{CompactString, ToCompactString};

use super::tree::{Command, Script, Word};
use super::word;
use crate::text::{Span, boundary};

/// Longer scripts are scanned for words only.
const MAX_BYTES: usize = 256 << 10;
/// Brackets may nest so deep before the grammar, which recurses, is not asked.
const MAX_NESTING: usize = 40;
/// `sudo env nice …`: a command is taken out of so many wrappers.
const MAX_WRAPPERS: usize = 8;
/// A script of more commands is cut: what relates commands to each other compares many of them.
const MAX_COMMANDS: usize = 2048;
/// Parentheses may nest so deep: the grammar reads what is in `((` once as arithmetic and once as a group, so each doubles its time.
const MAX_PARENTHESES: usize = 8;
/// Scripts within scripts (`sh -c`, `$(…)`).
const MAX_SCRIPTS: usize = 6;

/// Words that do not lie where the grammar says, before no more of them are looked for.
const MAX_SEARCHES: usize = 256;

/// How the text around a script continues lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuation {
    /// Plain shell.
    Shell,
    /// Inside a Dockerfile instruction: this escape character ends a continued line, and comment lines between are skipped.
    Dockerfile(char),
}

/// Programs that run the command after them, and their flags that take a word.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("sudo", &["-u", "-g", "-h", "-p", "-C"]),
    ("env", &["-u", "-C", "-S"]),
    ("exec", &["-a"]),
    ("nohup", &[]),
    ("time", &["-f", "-o"]),
    ("xargs", &["-n", "-I", "-P", "-L", "-d", "-a", "-E", "-s"]),
    ("timeout", &["-k", "-s"]),
    ("nice", &["-n"]),
    ("command", &[]),
    ("builtin", &[]),
    ("doas", &["-u"]),
    ("gosu", &[]),
    ("chroot", &[]),
    ("stdbuf", &["-i", "-o", "-e"]),
];

/// Reads a script: every simple command in it, with spans of `text`.
#[must_use]
pub fn parse(text: &str, continuation: Continuation) -> Script {
    let mut reader = Reader { script: Script::default(), pipelines: 0, searches: 0 };
    reader.script_of(&joined(text, continuation), 0, 0, false);
    reader.script.commands.iter_mut().for_each(|command| settle(command, text));
    reader.script.commands.sort_by_key(|command| (command.span.start, command.span.end));
    reader.script
}

/// Words that the grammar put together from pieces do not lie in the text as they are: their ends may lie within a character.
fn settle(command: &mut Command, text: &str) {
    let whole = |span: &mut Span| *span = Span::of(boundary(text, span.start as usize), boundary(text, span.end as usize));
    whole(&mut command.span);
    command.argv.iter_mut().for_each(|word| whole(&mut word.span));
    let named = command.assignments.iter_mut().chain(&mut command.redirects);
    named.for_each(|(_, word)| whole(&mut word.span));
}

/// The text with continued lines joined by spaces, byte for byte.
fn joined(text: &str, continuation: Continuation) -> String {
    let escape = match continuation {
        Continuation::Shell => return text.replace("\\\r\n", "   ").replace("\\\n", "  "),
        Continuation::Dockerfile(escape) => escape,
    };
    let mut out = String::with_capacity(text.len());
    let mut goes_on = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let blank = goes_on && (content.trim_start().starts_with('#') || content.trim().is_empty());
        let cut = content.trim_end_matches([' ', '\t']);
        if blank {
            out.extend(std::iter::repeat_n(' ', line.len()));
            continue;
        }
        match cut.strip_suffix(escape) {
            Some(kept) => {
                out.push_str(kept);
                out.extend(std::iter::repeat_n(' ', line.len() - kept.len()));
                goes_on = true;
            }
            None => {
                out.push_str(line);
                goes_on = false;
            }
        }
    }
    out
}

struct Reader {
    script: Script,
    pipelines: u32,
    /// Words that were looked for in the whole text.
    searches: usize,
}

/// The text that words are read from, and where it lies.
#[derive(Clone, Copy)]
struct Source<'t> {
    text: &'t str,
    offset: u32,
    depth: usize,
    /// The byte offset of each character; empty where both are the same.
    characters: &'t [usize],
}

impl Source<'_> {
    /// The byte offset of the character at `index`, as the grammar counts.
    fn byte_of(&self, index: usize) -> usize {
        if self.characters.is_empty() {
            index.min(self.text.len())
        } else {
            self.characters.get(index).copied().unwrap_or(self.text.len())
        }
    }
}

impl Reader {
    fn script_of(&mut self, text: &str, offset: u32, depth: usize, conditional: bool) {
        if depth > MAX_SCRIPTS {
            return;
        }
        let characters: Vec<usize> = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
        let source = Source { text, offset, depth, characters: &characters };
        let program = (text.len() <= MAX_BYTES && nesting(text) <= MAX_NESTING).then(|| parsed(text)).flatten();
        match program {
            Some(lists) => {
                for list in &lists {
                    self.list(list, source, conditional);
                }
            }
            None => {
                self.script.scanned = true;
                self.scan(source, conditional);
            }
        }
    }

    fn list(&mut self, list: &CompoundList, source: Source<'_>, conditional: bool) {
        for item in &list.0 {
            self.pipeline(&item.0.first, source, conditional);
            for more in &item.0.additional {
                match more {
                    AndOr::And(pipeline) => self.pipeline(pipeline, source, conditional),
                    AndOr::Or(pipeline) => self.pipeline(pipeline, source, true),
                }
            }
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline, source: Source<'_>, conditional: bool) {
        self.pipelines += 1;
        let number = self.pipelines;
        for (position, node) in pipeline.seq.iter().enumerate() {
            self.node(node, source, conditional, number, Span::of(0, position).end);
        }
    }

    fn node(&mut self, node: &Node, source: Source<'_>, conditional: bool, pipeline: u32, position: u32) {
        match node {
            Node::Simple(simple) => self.simple(simple, source, conditional, pipeline, position),
            Node::Compound(compound, _) => self.compound(compound, source, conditional),
            Node::Function(function) => self.compound(&function.body.0, source, true),
            Node::ExtendedTest(..) => {}
        }
    }

    fn compound(&mut self, compound: &CompoundCommand, source: Source<'_>, conditional: bool) {
        match compound {
            CompoundCommand::Arithmetic(_) => {}
            CompoundCommand::ArithmeticForClause(clause) => self.list(&clause.body.list, source, true),
            CompoundCommand::BraceGroup(group) => self.list(&group.list, source, conditional),
            CompoundCommand::Subshell(group) => self.list(&group.list, source, conditional),
            CompoundCommand::ForClause(clause) => self.list(&clause.body.list, source, true),
            CompoundCommand::CaseClause(clause) => {
                for list in clause.cases.iter().filter_map(|case| case.cmd.as_ref()) {
                    self.list(list, source, true);
                }
            }
            CompoundCommand::IfClause(clause) => {
                self.list(&clause.condition, source, conditional);
                self.list(&clause.then, source, true);
                for part in clause.elses.iter().flatten() {
                    if let Some(condition) = &part.condition {
                        self.list(condition, source, true);
                    }
                    self.list(&part.body, source, true);
                }
            }
            CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
                self.list(&clause.0, source, true);
                self.list(&clause.1.list, source, true);
            }
            CompoundCommand::Coprocess(coprocess) => self.node(&coprocess.body, source, conditional, 0, 0),
        }
    }

    fn simple(&mut self, simple: &SimpleCommand, source: Source<'_>, conditional: bool, pipeline: u32, position: u32) {
        let mut command = Command { pipeline, position, conditional, ..Command::default() };
        let prefix = simple.prefix.iter().flat_map(|prefix| &prefix.0);
        for item in prefix {
            self.item(item, source, &mut command, true, conditional);
        }
        if let Some(name) = &simple.word_or_name {
            let word = self.word(name, source, conditional);
            command.argv.push(word);
        }
        for item in simple.suffix.iter().flat_map(|suffix| &suffix.0) {
            self.item(item, source, &mut command, false, conditional);
        }
        self.add(command, source);
    }

    fn item(&mut self, item: &Item, source: Source<'_>, command: &mut Command, prefix: bool, conditional: bool) {
        match item {
            Item::Word(word) => {
                let word = self.word(word, source, conditional);
                command.argv.push(word);
            }
            Item::AssignmentWord(_, word) if !prefix => {
                let word = self.word(word, source, conditional);
                command.argv.push(word);
            }
            Item::AssignmentWord(_, raw) => {
                let word = self.word(raw, source, conditional);
                let (name, _) = raw.value.split_once('=').unwrap_or((&raw.value, ""));
                command.assignments.push((name.trim_end_matches('+').into(), word));
            }
            Item::IoRedirect(redirect) => self.redirect(redirect, source, command, conditional),
            Item::ProcessSubstitution(_, group) => self.list(&group.list, source, conditional),
        }
    }

    fn redirect(&mut self, redirect: &IoRedirect, source: Source<'_>, command: &mut Command, conditional: bool) {
        match redirect {
            IoRedirect::File(descriptor, kind, IoFileRedirectTarget::Filename(word)) => {
                let word = self.word(word, source, conditional);
                let descriptor = descriptor.map_or_else(String::new, |number| number.to_string());
                command.redirects.push((CompactString::from(format!("{descriptor}{kind}")), word));
            }
            IoRedirect::File(_, _, IoFileRedirectTarget::ProcessSubstitution(_, group)) => {
                self.list(&group.list, source, conditional)
            }
            IoRedirect::OutputAndError(word, _) => {
                let word = self.word(word, source, conditional);
                command.redirects.push(("&>".into(), word));
            }
            IoRedirect::HereString(_, word) => {
                let word = self.word(word, source, conditional);
                command.redirects.push(("<<<".into(), word));
            }
            IoRedirect::File(..) | IoRedirect::HereDocument(..) => {}
        }
    }

    /// A word of the grammar; scripts in its substitutions are read as well.
    fn word(&mut self, raw: &RawWord, source: Source<'_>, conditional: bool) -> Word {
        let start = raw.loc.as_ref().map_or(0, |loc| source.byte_of(loc.start.index));
        self.word_at(&raw.value, start, source, conditional)
    }

    /// Looks for a word in the text; not more often than a script of people needs, since every search reads all of it.
    fn search(&mut self, raw: &str, source: Source<'_>) -> Option<usize> {
        self.searches += 1;
        if self.searches > MAX_SEARCHES { None } else { source.text.find(raw) }
    }

    fn word_at(&mut self, raw: &str, start: usize, source: Source<'_>, conditional: bool) -> Word {
        // Tokens that the grammar put together from pieces do not lie in the text as they are.
        let start = if source.text[start..].starts_with(raw) { start } else { self.search(raw, source).unwrap_or(start) };
        let end = (start + raw.len()).min(source.text.len());
        let parts = word::parts(raw);
        for (at, script) in word::substitutions(raw) {
            self.script_of(script, source.offset + Span::of(0, start + at).end, source.depth + 1, conditional);
        }
        Word { parts, span: Span::of(start, end).shifted(source.offset) }
    }

    /// Keeps the command, and what it runs in turn.
    fn add(&mut self, command: Command, source: Source<'_>) {
        let mut next = Some(command);
        for _ in 0..MAX_WRAPPERS {
            let Some(mut command) = next.take() else { return };
            if self.script.commands.len() >= MAX_COMMANDS {
                self.script.cut = true;
                return;
            }
            let words = command.argv.iter().map(|word| word.span);
            let assigned = command.assignments.iter().map(|assignment| assignment.1.span);
            let Some(span) = words.chain(assigned).reduce(Span::to) else { return };
            command.span = span;
            next = unwrapped(&command);
            self.shell_string(&command, source);
            self.script.commands.push(command);
        }
    }

    /// `sh -c 'script'`
    fn shell_string(&mut self, command: &Command, source: Source<'_>) {
        let program = command.argv.first().and_then(Word::text).unwrap_or_default();
        let base = program.rsplit('/').next().unwrap_or("");
        if !matches!(base, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "su") {
            return;
        }
        let flag = command.argv.iter().position(|word| {
            word.text().is_some_and(|text| text.starts_with('-') && !text.starts_with("--") && text.ends_with('c'))
        });
        let Some(script) = flag.and_then(|flag| command.argv.get(flag + 1)) else { return };
        let raw = Span::new(script.span.start - source.offset, script.span.end - source.offset).text(source.text);
        let quote = raw.chars().next().filter(|c| matches!(c, '\'' | '"'));
        if let Some(quote) = quote
            && raw.len() >= 2
            && raw.ends_with(quote)
        {
            let inner = raw[1..raw.len() - 1].replace("\\\"", " \"").replace("\\$", " $");
            self.script_of(&inner, script.span.start + 1, source.depth + 1, command.conditional);
        }
    }

    /// Without the grammar: words at white space, commands at `;`, `&`, `|`, parentheses and line ends.
    fn scan(&mut self, source: Source<'_>, conditional: bool) {
        let mut command = Command { conditional, ..Command::default() };
        let mut position = 0;
        self.pipelines += 1;
        for token in word::scan(source.text) {
            match token {
                word::Token::Word(span) => {
                    let raw = span.text(source.text).to_owned();
                    let word = Word { parts: word::parts(&raw), span: span.shifted(source.offset) };
                    let assignment = raw.split_once('=').filter(|(name, _)| {
                        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                    });
                    match assignment {
                        Some((name, _)) if command.argv.is_empty() => command.assignments.push((name.to_compact_string(), word)),
                        _ if command.argv.is_empty() && is_reserved(&raw) => {}
                        _ => command.argv.push(word),
                    }
                }
                word::Token::Pipe | word::Token::End => {
                    let next = Command { conditional, ..Command::default() };
                    let mut done = std::mem::replace(&mut command, next);
                    done.pipeline = self.pipelines;
                    done.position = position;
                    self.add(done, source);
                    if token == word::Token::Pipe {
                        position += 1;
                    } else {
                        self.pipelines += 1;
                        position = 0;
                    }
                }
            }
        }
        command.pipeline = self.pipelines;
        command.position = position;
        self.add(command, source);
    }
}

fn is_reserved(word: &str) -> bool {
    matches!(
        word,
        "if" | "then"
            | "else"
            | "elif"
            | "fi"
            | "do"
            | "done"
            | "while"
            | "until"
            | "for"
            | "case"
            | "esac"
            | "{"
            | "}"
            | "!"
            | "function"
    )
}

/// The grammar's lists; `None`: it refuses the text, or panics on it.
fn parsed(text: &str) -> Option<Vec<CompoundList>> {
    if has_huge_descriptor(text) || has_endless_tag(text) {
        return None;
    }
    let read = || {
        // Not the cached function: its lock would stay poisoned after a panic.
        let tokens = brush_parser::uncached_tokenize_str(text, &brush_parser::TokenizerOptions::default()).ok()?;
        let program = brush_parser::parse_tokens(&tokens, &brush_parser::ParserOptions::default()).ok()?;
        Some(program.complete_commands)
    };
    std::panic::catch_unwind(read).ok().flatten()
}

/// A number too large for a file descriptor before `<` or `>`: the grammar panics on it.
fn has_huge_descriptor(text: &str) -> bool {
    let mut digits = 0;
    text.bytes().any(|byte| {
        let found = digits > 9 && matches!(byte, b'<' | b'>');
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        found
    })
}

/// What begins an expansion.
const EXPANSIONS: &[&str] = &["${", "$(", "`"];

/// A here-document whose tag the grammar reads for ever: it begins with white space that is none to the grammar, such as a carriage return;
/// nothing is left of it without its quotes; it holds an expansion, of which a part is taken for the tag.
fn has_endless_tag(text: &str) -> bool {
    let mut rests = text.match_indices("<<").filter(|(at, _)| !text.get(..*at).is_some_and(|before| before.ends_with('<')));
    rests.any(|(at, _)| {
        let run = text.get(at..).unwrap_or("");
        let rest = run.trim_start_matches('<');
        // Three are a here-string; more are read as one and a here-document.
        if run.len() - rest.len() == 3 {
            return false;
        }
        let tag = rest.strip_prefix('-').unwrap_or(rest).trim_start_matches([' ', '\t']);
        let word = tag.split(char::is_whitespace).next().unwrap_or("");
        let own = word.split(['&', ';', '|', '<', '>', '(', ')']).next().unwrap_or("");
        tag.starts_with(|first: char| first != '\n' && first.is_whitespace())
            || !own.is_empty() && own.chars().all(|c| matches!(c, '"' | '\'' | '\\'))
            || EXPANSIONS.iter().any(|expansion| word.contains(expansion))
            // In a substitution, one whose body never comes.
            || !rest.contains('\n') && text.get(..at).is_some_and(|before| EXPANSIONS.iter().any(|open| before.contains(open)))
    })
}

/// How deep brackets, quotes and compound commands may nest, at most.
fn nesting(text: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    let mut parentheses = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' => parentheses += 1,
            b')' => parentheses = parentheses.saturating_sub(1),
            _ => {}
        }
        if parentheses > MAX_PARENTHESES {
            return usize::MAX;
        }
        match byte {
            b'(' | b'{' | b'[' | b'`' => depth += 1,
            b')' | b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    let keywords = ["if ", "while ", "until ", "for ", "case "].iter().map(|word| text.matches(word).count()).sum::<usize>();
    let closed = ["fi", "done", "esac"].iter().map(|word| text.matches(word).count()).sum::<usize>();
    most.max(keywords.saturating_sub(closed))
}

/// The command that `sudo`, `env` and their like run.
fn unwrapped(command: &Command) -> Option<Command> {
    let program = command.argv.first()?.text()?;
    let base = program.rsplit('/').next()?;
    let (_, with_value) = WRAPPERS.iter().find(|row| row.0 == base)?;
    let mut at = 1;
    if matches!(base, "gosu" | "chroot" | "timeout") {
        at += 1;
    }
    while let Some(word) = command.argv.get(at) {
        let text = word.text().unwrap_or_default();
        // `command -v a` asks where it is.
        if base == "command" && matches!(text.as_str(), "-v" | "-V") {
            return None;
        }
        if with_value.contains(&text.as_str()) {
            at += 2;
        } else if text.starts_with('-') || (base == "env" && text.contains('=')) {
            at += 1;
        } else {
            break;
        }
    }
    let argv = command.argv.get(at..).filter(|rest| !rest.is_empty())?.to_vec();
    Some(Command { argv, assignments: Vec::new(), ..command.clone() })
}

#[cfg(test)]
mod tests;
