//! What a script runs: simple commands, wherever they stand.

use compact_str::CompactString;

use crate::text::Span;

/// The commands of a script. Spans are byte ranges of the text that was given to the parser.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// Every simple command in source order: of lists, pipes, groups, loops, conditionals, functions and substitutions
    /// (`$(…)`, backquotes), and of the script given to `sh -c`, `bash -c`, and after `sudo`, `env`, `exec`, `nohup`, `time`, `xargs`.
    pub commands: Vec<Command>,
    /// The grammar failed: the commands come from a scan of the words, and some may be missing or wrong.
    pub scanned: bool,
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
    /// Which pipe it belongs to, and its position in it: commands of one pipe share the number.
    pub pipeline: u32,
    /// Position in its pipe, from 0.
    pub position: u32,
    /// It runs in a substitution, a loop or a conditional: perhaps not at all, perhaps often.
    pub conditional: bool,
}

/// A word, quotes removed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word {
    /// Known text and what is filled in when the script runs.
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
    pub fn text(&self) -> Option<CompactString> {
        self.parts.iter().try_fold(CompactString::default(), |mut all, part| match part {
            WordPart::Text(text) => {
                all.push_str(text);
                Some(all)
            }
            WordPart::Variable(_) | WordPart::Other(_) => None,
        })
    }
}
