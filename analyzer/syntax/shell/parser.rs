//! From a text to its commands: scripts within scripts, and what commands run in turn.

use super::continuation::{Continuation, joined};
use super::grammar;
use super::lexer::Document;
use super::tree::{Command, HereDocument, Script, Word};
use super::word::{self, Quoting};
use super::wrapper::{Told, told, unwrapped};
use crate::text::Span;

/// `sudo env nice …`: a command is taken out of so many wrappers.
const MAX_WRAPPERS: usize = 8;
/// A script of more commands is cut: what relates commands to each other compares many of them.
const MAX_COMMANDS: usize = 2048;
/// Compound commands nest so deep, at most, before their words are passed over; those in scripts within scripts are counted together.
const MAX_NESTING: usize = 100;
/// Scripts within scripts (`sh -c`, `$(…)`).
const MAX_SCRIPTS: usize = 6;

/// Reads a script: every simple command in it, with spans of `text`.
#[must_use]
pub fn parse(text: &str, continuation: Continuation) -> Script {
    let mut reader = Reader { script: Script::default(), pipelines: 0, nesting: 0 };
    reader.script_of(&joined(text, continuation), 0, 0, false);
    reader.script.commands.sort_by_key(|command| (command.span.start, command.span.end));
    reader.script
}

/// The commands that were read so far.
pub(super) struct Reader {
    script: Script,
    pipelines: u32,
    /// Compound commands around.
    nesting: usize,
}

/// The text that words are read from, and where it lies.
#[derive(Clone, Copy)]
pub(super) struct Source<'t> {
    pub(super) text: &'t str,
    offset: u32,
    /// Scripts around.
    depth: usize,
}

impl Source<'_> {
    pub(super) fn document(self, document: &Document) -> HereDocument {
        let tag = document.tag.text(self.text);
        let quoted = tag.contains(['\'', '"', '\\']);
        let span = document.body.unwrap_or(Span::at(document.tag.end));
        let raw = span.text(self.text);
        let parts = if quoted { vec![super::WordPart::Text(raw.into())] } else { word::parts(raw, Quoting::Document) };
        HereDocument { tag: word::without_quotes(tag).into(), quoted, body: Word { parts, span: span.shifted(self.offset) } }
    }
}

impl Reader {
    /// There are as many commands as are kept.
    pub(super) fn is_full(&self) -> bool {
        self.script.cut
    }

    /// Goes into a compound command, to be left again. `false`: that is too deep.
    pub(super) fn enter(&mut self) -> bool {
        let fits = self.nesting < MAX_NESTING;
        self.nesting += usize::from(fits);
        fits
    }

    pub(super) fn leave(&mut self) {
        self.nesting -= 1;
    }

    pub(super) fn next_pipeline(&mut self) -> u32 {
        self.pipelines += 1;
        self.pipelines
    }

    fn script_of(&mut self, text: &str, offset: u32, depth: usize, conditional: bool) {
        if depth <= MAX_SCRIPTS {
            grammar::read(self, Source { text, offset, depth }, conditional);
        }
    }

    /// A word of the grammar; scripts in its substitutions are read as well.
    pub(super) fn word(&mut self, span: Span, source: Source<'_>, conditional: bool) -> Word {
        self.substituted(span, Quoting::Word, source, conditional);
        Word { parts: word::parts(span.text(source.text), Quoting::Word), span: span.shifted(source.offset) }
    }

    fn substituted(&mut self, span: Span, quoting: Quoting, source: Source<'_>, conditional: bool) {
        for (at, script) in word::substitutions(span.text(source.text), quoting) {
            self.script_of(&script, source.offset + span.start + Span::of(0, at).end, source.depth + 1, conditional);
        }
    }

    /// Keeps the command, and what it runs in turn.
    pub(super) fn add(&mut self, command: Command, source: Source<'_>) {
        let mut next = Some(command);
        let mut shell = false;
        for _ in 0..MAX_WRAPPERS {
            let Some(mut command) = next.take() else { return };
            if self.script.commands.len() >= MAX_COMMANDS {
                self.script.cut = true;
                return;
            }
            let words = command.argv.iter().map(|word| word.span);
            let assigned = command.assignments.iter().map(|assignment| assignment.1.span);
            let Some(span) = words.chain(assigned).reduce(Span::to) else { break };
            command.span = span;
            next = unwrapped(&command);
            match told(&command) {
                Some(Told::Word(word)) => self.quoted_script(word, command.conditional, source),
                Some(Told::Input) => shell = true,
                None => {}
            }
            if next.is_none() {
                self.input(&command, shell, source);
            }
            self.script.commands.push(command);
        }
    }

    /// What the here-documents of a compound command substitute.
    pub(super) fn documents(&mut self, command: &Command, source: Source<'_>) {
        self.input(command, false, source);
    }

    /// What is run of a command's here-documents: all, when a shell reads them; else what they substitute.
    fn input(&mut self, command: &Command, shell: bool, source: Source<'_>) {
        for document in &command.documents {
            let at = document.body.span;
            let local = Span::new(at.start - source.offset, at.end - source.offset);
            if shell {
                self.script_of(local.text(source.text), at.start, source.depth + 1, command.conditional);
            } else if !document.quoted {
                self.substituted(local, Quoting::Document, source, command.conditional);
            }
        }
    }

    /// `sh -c 'script'`
    fn quoted_script(&mut self, word: &Word, conditional: bool, source: Source<'_>) {
        let raw = Span::new(word.span.start - source.offset, word.span.end - source.offset).text(source.text);
        let quote = raw.chars().next().filter(|c| matches!(c, '\'' | '"'));
        if let Some(quote) = quote
            && raw.len() >= 2
            && raw.ends_with(quote)
        {
            let inner = raw[1..raw.len() - 1].replace("\\\"", " \"").replace("\\$", " $");
            self.script_of(&inner, word.span.start + 1, source.depth + 1, conditional);
        }
    }
}

#[cfg(test)]
mod tests;
