//! POSIX shell and bash, read for the commands in it.
//!
//! Nothing is refused: what the grammar does not know costs a word or two, and the commands around it are read. No input takes more than a
//! few looks at each of its bytes: the `lexer` never goes back, and the `grammar` decides by the token at hand.

pub mod tree;

mod continuation;
mod grammar;
mod lexer;
mod parser;
mod word;
mod wrapper;

pub use continuation::Continuation;
pub use parser::parse;
pub use tree::{Command, HereDocument, Script, Word, WordPart};
