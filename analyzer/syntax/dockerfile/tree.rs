//! The tree: directives, instructions, comments.

use std::sync::Arc;

use compact_str::CompactString;

use crate::text::{Span, SyntaxError};

/// The tree of one text. All spans are byte ranges of [`Tree::source`].
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// The text.
    pub source: Arc<str>,
    /// `# syntax=…`, `# escape=…`, `# check=…`: name (lower case) and value.
    pub directives: Vec<(CompactString, Word)>,
    /// The escape character: `\` or `` ` ``.
    pub escape: char,
    /// The instructions in order, `ARG`s before the first `FROM` included.
    pub instructions: Vec<Instruction>,
    /// Every comment, in order, without its line end; also those inside continued instructions.
    pub comments: Vec<Span>,
    /// What could not be read, in order.
    pub errors: Vec<SyntaxError>,
    /// What can be read, and BuildKit refuses all the same, in order: unknown instructions and flags, wrong numbers of arguments.
    pub refused: Vec<SyntaxError>,
}

/// An instruction.
#[derive(Clone, Debug, PartialEq)]
pub struct Instruction {
    /// Upper case: `RUN`. For `ONBUILD`, the keyword is `ONBUILD` and `inner` is the instruction it holds.
    pub keyword: CompactString,
    /// The keyword as written.
    pub keyword_span: Span,
    /// Keyword to the end of the last argument or heredoc.
    pub span: Span,
    /// `--name=value`
    pub flags: Vec<Flag>,
    /// Everything after the flags, with continuation lines and comments as written; empty where there is nothing.
    pub arguments: Span,
    /// The arguments as words, in the manner of the instruction: the elements of the exec form; `image [AS name]` of `FROM`; `key=value` of
    /// `ENV`, `ARG` and `LABEL` (the old `ENV key value` is one word of two pieces joined by `=`); sources and destination of `COPY`
    /// and `ADD`. Empty for the shell form of `RUN`, `CMD`, `ENTRYPOINT`: that is shell.
    pub words: Vec<Word>,
    /// The arguments are a JSON array.
    pub exec: bool,
    /// The heredocs it opens, in order.
    pub heredocs: Vec<Heredoc>,
    /// What `ONBUILD` holds, or the `CMD` of a `HEALTHCHECK`.
    pub inner: Option<Box<Instruction>>,
}

/// `--name=value`, `--name`
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// Without the dashes.
    pub name: CompactString,
    /// After `=`, quotes removed.
    pub value: Option<Word>,
    /// All of it.
    pub span: Span,
}

/// A word: quotes and escapes removed, variables not expanded.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The text.
    pub text: CompactString,
    /// As written.
    pub span: Span,
}

/// `<<EOF` and its lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Heredoc {
    /// The delimiter, without quotes.
    pub delimiter: CompactString,
    /// The lines between, without the closing delimiter.
    pub body: Span,
    /// Variables are expanded: the delimiter was not quoted.
    pub expand: bool,
}
