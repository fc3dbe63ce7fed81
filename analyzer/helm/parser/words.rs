//! The words of one action, read one after the other.

use std::rc::Rc;

use plimsoll_syntax::Span;

use super::lexer::{Word, WordKind, Wrong};

/// The words of one action.
pub(super) struct Words {
    words: Vec<Word>,
    pub(super) at: usize,
    action: Span,
}

impl Words {
    pub(super) const fn new(words: Vec<Word>, action: Span) -> Self {
        Self { words, at: 0, action }
    }

    pub(super) fn peek(&self) -> Option<&WordKind> {
        self.words.get(self.at).map(|word| &word.kind)
    }

    pub(super) fn next(&mut self) {
        self.at += 1;
    }

    pub(super) fn take(&mut self) -> Option<WordKind> {
        let word = self.words.get(self.at)?.kind.clone();
        self.at += 1;
        Some(word)
    }

    pub(super) fn skip(&mut self) {
        while self.peek() == Some(&WordKind::Space) {
            self.at += 1;
        }
    }

    pub(super) fn restart(&mut self) {
        self.at = 0;
    }

    /// The place of the next word.
    pub(super) fn span(&self) -> Span {
        self.words.get(self.at).map_or(self.action, |word| word.span)
    }

    /// The place of the word before.
    pub(super) fn before(&self) -> Span {
        self.at.checked_sub(1).and_then(|at| self.words.get(at)).map_or(self.action, |word| word.span)
    }

    /// The first word, when it is a name.
    pub(super) fn keyword(&mut self) -> Option<Rc<str>> {
        self.skip();
        let Some(WordKind::Name(name)) = self.peek().cloned() else { return None };
        self.next();
        Some(name)
    }

    pub(super) fn string(&mut self) -> Result<Rc<str>, Wrong> {
        self.skip();
        let span = self.span();
        match self.take() {
            Some(WordKind::String(text)) => Ok(text),
            _ => Err((span, "expected a quoted name".to_owned())),
        }
    }

    pub(super) fn fields(&mut self, mut fields: Vec<Rc<str>>) -> Vec<Rc<str>> {
        while let Some(WordKind::Field(name)) = self.peek().cloned() {
            fields.push(name);
            self.next();
        }
        fields
    }

    pub(super) fn at_end(&mut self) -> bool {
        self.skip();
        self.peek().is_none()
    }

    pub(super) fn rest(&mut self) -> Vec<Word> {
        let at = self.at.min(self.words.len());
        self.words.split_off(at)
    }

    pub(super) fn finish(&mut self) -> Result<(), Wrong> {
        if self.at_end() { Ok(()) } else { Err((self.span(), "unexpected word in action".to_owned())) }
    }
}
