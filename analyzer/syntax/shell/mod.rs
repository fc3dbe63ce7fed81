//! POSIX shell and bash, read for the commands in it.

pub mod tree;

mod parser;
mod word;

pub use parser::{Continuation, parse};
pub use tree::{Command, Script, Word, WordPart};
