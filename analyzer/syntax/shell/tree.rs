//! What a script runs: simple commands, wherever they stand.

use compact_str::CompactString;

use crate::text::Span;

/// The commands of a script. Spans are byte ranges of the text that was given to the parser.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// Every simple command in source order: of lists, pipes, groups, loops, conditionals, functions and substitutions
    /// (`$(…)`, backquotes, also those in here-documents), of the script given to `sh -c`, `bash -c` or in a here-document to `sh`, and
    /// after `sudo`, `env`, `exec`, `nohup`, `time`, `xargs`.
    pub commands: Vec<Command>,
    /// There are more commands than are kept.
    pub cut: bool,
}

/// A simple command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    /// The words, program first; assignments and redirections are not among them.
    pub argv: Vec<Word>,
    /// First to last word.
    pub span: Span,
    /// `NAME=value` before the program.
    pub assignments: Vec<(CompactString, Word)>,
    /// Targets of redirections, with their operators (`>`, `<`, `2>`).
    pub redirects: Vec<(CompactString, Word)>,
    /// Here-documents (`<<`, `<<-`), in source order.
    pub documents: Vec<HereDocument>,
    /// Which pipe it belongs to, and its position in it: commands of one pipe share the number.
    pub pipeline: u32,
    /// Position in its pipe, from 0.
    pub position: u32,
    /// It runs in a substitution, a loop or a conditional: perhaps not at all, perhaps often.
    pub conditional: bool,
}

/// Lines that a command reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HereDocument {
    /// The line that ends it.
    pub tag: CompactString,
    /// The tag was quoted: nothing in the body is filled in.
    pub quoted: bool,
    /// The lines, without the one that ends them; empty where the text ends before. `<<-` does not take the tabs away here.
    pub body: Word,
}

/// A word, quotes removed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word {
    /// Known text and what is filled in when the script runs; no two texts stand side by side.
    pub parts: Vec<WordPart>,
    /// As written, with quotes.
    pub span: Span,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq)]
pub enum WordPart {
    /// Text.
    Text(CompactString),
    /// `$NAME`, `${NAME}`: the name.
    Variable(CompactString),
    /// `${NAME:-default}`, `$(command)`, a glob that is not quoted, …: as written.
    Other(CompactString),
}

impl Word {
    /// The text, when nothing in it is filled in.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [WordPart::Text(text)] => Some(text),
            _ => None,
        }
    }
}
