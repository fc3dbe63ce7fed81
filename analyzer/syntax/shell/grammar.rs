//! The grammar: lists, pipes and compound commands, by recursive descent over the tokens.
//!
//! What a script runs is all that is kept. A closing word that nobody waits for is passed over; one that somebody further out waits for
//! ends what is open inside.
//!
//! Source: POSIX.1-2024, Shell Command Language, 2.9 and 2.10; the Bash manual, 3.2, for `[[`, `function`, `select`, `coproc` and `<(…)`.

use compact_str::{CompactString, format_compact};

use super::lexer::{self, Document, Kind, Token, is_redirection};
use super::parser::{Reader, Source};
use super::tree::Command;
use super::word::assigned_name;
use crate::text::Span;

/// What ends a list, as a set.
type Closers = u8;
const PARENTHESIS: Closers = 1;
const BRACE: Closers = 1 << 1;
/// `then`, `elif`, `else`, `fi`
const BRANCH: Closers = 1 << 2;
/// `do`
const DO: Closers = 1 << 3;
/// `done`
const DONE: Closers = 1 << 4;
/// `esac`
const ESAC: Closers = 1 << 5;
/// `;;`, `;&`, `;;&`
const ITEM: Closers = 1 << 6;

/// Where a command stands.
#[derive(Clone, Copy)]
struct Slot {
    conditional: bool,
    pipeline: u32,
    position: u32,
}

/// Gives the commands of a script to the reader.
pub(super) fn read(reader: &mut Reader, source: Source<'_>, conditional: bool) {
    let (tokens, documents) = lexer::tokens(source.text);
    Grammar { reader, source, tokens, documents, at: 0 }.list(0, conditional);
}

struct Grammar<'r, 't> {
    reader: &'r mut Reader,
    source: Source<'t>,
    tokens: Vec<Token>,
    documents: Vec<Document>,
    at: usize,
}

impl Grammar<'_, '_> {
    /// The token `ahead`; none once there are more commands than are kept.
    fn token(&self, ahead: usize) -> Option<Token> {
        if self.reader.is_full() { None } else { self.tokens.get(self.at + ahead).copied() }
    }

    fn kind(&self) -> Option<Kind> {
        self.token(0).map(|token| token.kind)
    }

    fn written(&self, token: Token) -> &str {
        token.span.text(self.source.text)
    }

    /// The next token is this word.
    fn is_word(&self, word: &str) -> bool {
        self.token(0).is_some_and(|token| token.kind == Kind::Word && self.written(token) == word)
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn eat(&mut self, operator: &str) -> bool {
        let found = matches!(self.kind(), Some(Kind::Operator(known)) if known == operator);
        self.at += usize::from(found);
        found
    }

    fn skip_lines(&mut self) {
        while self.kind() == Some(Kind::Newline) {
            self.at += 1;
        }
    }

    /// What the token at hand ends, where a command may begin.
    fn closes(&self) -> Closers {
        let Some(token) = self.token(0) else { return 0 };
        match token.kind {
            Kind::Operator(")") => PARENTHESIS,
            Kind::Operator(";;" | ";&" | ";;&") => ITEM,
            Kind::Word => match self.written(token) {
                "}" => BRACE,
                "then" | "elif" | "else" | "fi" => BRANCH,
                "do" => DO,
                "done" => DONE,
                "esac" => ESAC,
                _ => 0,
            },
            _ => 0,
        }
    }

    /// Commands up to what ends them here or further out; that is left.
    fn list(&mut self, stop: Closers, conditional: bool) {
        while let Some(kind) = self.kind() {
            if self.closes() & stop != 0 {
                return;
            }
            match kind {
                Kind::Newline | Kind::Operator(";" | "&") => self.at += 1,
                _ => self.and_or(stop, conditional),
            }
        }
    }

    fn and_or(&mut self, stop: Closers, conditional: bool) {
        self.pipe(stop, conditional);
        while let Some(Kind::Operator(operator @ ("&&" | "||"))) = self.kind() {
            self.at += 1;
            self.skip_lines();
            self.pipe(stop, conditional || operator == "||");
        }
    }

    fn pipe(&mut self, stop: Closers, conditional: bool) {
        let mut slot = Slot { conditional, pipeline: self.reader.next_pipeline(), position: 0 };
        loop {
            if self.eat_word("time") {
                self.eat_word("-p");
            } else if !self.eat_word("!") {
                break;
            }
        }
        self.command(stop, slot);
        while let Some(Kind::Operator("|" | "|&")) = self.kind() {
            self.at += 1;
            self.skip_lines();
            slot.position += 1;
            self.command(stop, slot);
        }
    }

    /// A command; a token at least, unless it closes something.
    fn command(&mut self, stop: Closers, slot: Slot) {
        let Some(token) = self.token(0) else { return };
        let closes = self.closes();
        match token.kind {
            _ if closes & stop != 0 => {}
            _ if closes != 0 => self.at += 1,
            Kind::Newline => {}
            Kind::Operator(operator) if operator != "(" && !is_redirection(operator) => self.at += 1,
            Kind::Operator("(") | Kind::Arithmetic => self.nested(stop, slot, token),
            Kind::Word if self.is_function() || is_reserved(self.written(token)) => self.nested(stop, slot, token),
            _ => self.simple(stop, slot),
        }
    }

    /// `name()`
    fn is_function(&self) -> bool {
        let is =
            |ahead, operator| matches!(self.token(ahead), Some(Token { kind: Kind::Operator(known), .. }) if known == operator);
        is(1, "(") && is(2, ")")
    }

    /// What holds commands, and the redirections of all of them.
    fn nested(&mut self, stop: Closers, slot: Slot, first: Token) {
        let is_function = self.is_function();
        self.at += 1;
        if !self.reader.enter() {
            return;
        }
        let conditional = slot.conditional;
        match self.source.written(first.span) {
            _ if first.kind == Kind::Arithmetic => {}
            _ if is_function => self.function(stop, slot),
            "(" => {
                self.list(stop | PARENTHESIS, conditional);
                self.eat(")");
            }
            "{" => {
                self.list(stop | BRACE, conditional);
                self.eat_word("}");
            }
            "if" => self.branches(stop, conditional),
            "while" | "until" => {
                self.list(stop | DO | DONE, true);
                self.body(stop);
            }
            "for" | "select" => self.each(stop, conditional),
            "case" => self.case(stop, conditional),
            "function" => {
                self.at += usize::from(self.kind() == Some(Kind::Word));
                self.function(stop, slot);
            }
            "coproc" => {
                let named =
                    self.kind() == Some(Kind::Word) && self.token(1).is_some_and(|next| matches!(self.written(next), "{" | "("));
                self.at += usize::from(named);
                self.command(stop, slot);
            }
            _ => self.test(conditional),
        }
        self.reader.leave();
        let mut command = Command { conditional, ..Command::default() };
        while self.redirection(stop, &mut command) {}
        self.reader.documents(&command, self.source);
    }

    /// The parentheses and the body of a function.
    fn function(&mut self, stop: Closers, slot: Slot) {
        if self.eat("(") {
            self.eat(")");
        }
        self.skip_lines();
        self.command(stop, Slot { conditional: true, ..slot });
    }

    fn branches(&mut self, stop: Closers, conditional: bool) {
        self.list(stop | BRANCH, conditional);
        while self.eat_word("then") || self.eat_word("elif") || self.eat_word("else") {
            self.list(stop | BRANCH, true);
        }
        self.eat_word("fi");
    }

    /// `do … done`
    fn body(&mut self, stop: Closers) {
        if self.eat_word("do") {
            self.list(stop | DONE, true);
        }
        self.eat_word("done");
    }

    /// `for NAME in WORD…; do … done`, `for ((…)) …`
    fn each(&mut self, stop: Closers, conditional: bool) {
        if matches!(self.kind(), Some(Kind::Word | Kind::Arithmetic)) {
            self.at += 1;
        }
        self.skip_lines();
        if self.eat_word("in") {
            while self.passed_word(conditional) {}
        }
        while matches!(self.kind(), Some(Kind::Newline | Kind::Operator(";"))) {
            self.at += 1;
        }
        if self.eat_word("{") {
            self.list(stop | BRACE, true);
            self.eat_word("}");
        } else {
            self.body(stop);
        }
    }

    fn case(&mut self, stop: Closers, conditional: bool) {
        self.passed_word(conditional);
        self.skip_lines();
        if !self.eat_word("in") {
            return;
        }
        loop {
            self.skip_lines();
            if self.eat_word("esac") {
                return;
            }
            self.eat("(");
            while self.kind() == Some(Kind::Word) || matches!(self.kind(), Some(Kind::Operator("|"))) {
                self.at += 1;
            }
            if !self.eat(")") {
                return;
            }
            self.list(stop | ESAC | ITEM, true);
            if self.closes() == ITEM {
                self.at += 1;
            }
        }
    }

    /// `[[ … ]]`: nothing in it runs but its substitutions.
    fn test(&mut self, conditional: bool) {
        let mut open = true;
        while let Some(token) = self.token(0) {
            match token.kind {
                Kind::Operator(";") => return,
                Kind::Newline if !open => return,
                _ => {}
            }
            let written = self.written(token);
            if written == "]]" {
                self.at += 1;
                return;
            }
            open = matches!(written, "&&" | "||" | "(" | "!" | "\n");
            if !self.passed_word(conditional) {
                self.at += 1;
            }
        }
    }

    /// A word that is no command's; what it substitutes runs.
    fn passed_word(&mut self, conditional: bool) -> bool {
        let Some(Token { kind: Kind::Word, span }) = self.token(0) else { return false };
        self.at += 1;
        self.reader.word(span, self.source, conditional);
        true
    }

    fn simple(&mut self, stop: Closers, slot: Slot) {
        let Slot { conditional, pipeline, position } = slot;
        let mut command = Command { pipeline, position, conditional, ..Command::default() };
        loop {
            match self.token(0) {
                Some(Token { kind: Kind::Word, span }) => {
                    self.at += 1;
                    let name = if command.argv.is_empty() { assigned_name(self.source.written(span)) } else { None };
                    let word = self.reader.word(span, self.source, conditional);
                    match name {
                        Some(name) => command.assignments.push((name.into(), word)),
                        None => command.argv.push(word),
                    }
                }
                _ if self.redirection(stop, &mut command) => {}
                _ => break,
            }
        }
        self.reader.add(command, self.source);
    }

    /// A redirection, a here-document or a process substitution. `false`: none begins here.
    fn redirection(&mut self, stop: Closers, command: &mut Command) -> bool {
        let mut descriptor = "";
        if let Some(Token { kind: Kind::Descriptor, span }) = self.token(0) {
            descriptor = self.source.written(span);
            self.at += 1;
        }
        let Some(token) = self.token(0) else { return !descriptor.is_empty() };
        let operator = match token.kind {
            Kind::HereDocument(index) => {
                self.at += 1;
                let document = self.documents.get(index).map(|document| self.source.document(document));
                command.documents.extend(document);
                return true;
            }
            Kind::Operator(operator) if is_redirection(operator) => operator,
            _ => return !descriptor.is_empty(),
        };
        self.at += 1;
        match self.token(0) {
            Some(Token { kind: Kind::Word, span }) if !matches!(operator, "<<" | "<<-") => {
                self.at += 1;
                let word = self.reader.word(span, self.source, command.conditional);
                command.redirects.extend(kept(descriptor, operator, self.source.written(span)).map(|operator| (operator, word)));
            }
            Some(Token { kind: Kind::Operator("("), span }) if span.start == token.span.end && self.reader.enter() => {
                self.at += 1;
                self.list(stop | PARENTHESIS, command.conditional);
                self.eat(")");
                self.reader.leave();
            }
            _ => {}
        }
        true
    }
}

/// How a redirection is told; `None`: it names no file but another descriptor.
fn kept(descriptor: &str, operator: &str, target: &str) -> Option<CompactString> {
    match operator {
        "&>" | "&>>" => Some("&>".into()),
        // Bash's older form of `&>`; what is filled in is a descriptor.
        ">&" if descriptor.is_empty()
            && !target.contains('$')
            && !target.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') =>
        {
            Some("&>".into())
        }
        "<&" | ">&" => None,
        "<<<" => Some("<<<".into()),
        _ => Some(format_compact!("{descriptor}{operator}")),
    }
}

/// Words that begin what holds commands.
fn is_reserved(word: &str) -> bool {
    matches!(word, "{" | "if" | "while" | "until" | "for" | "select" | "case" | "function" | "coproc" | "[[")
}

impl<'t> Source<'t> {
    fn written(self, span: Span) -> &'t str {
        span.text(self.text)
    }
}
