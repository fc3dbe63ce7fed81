//! Dockerfiles: <https://docs.docker.com/reference/dockerfile/>, as BuildKit reads them, with recovery.

pub mod tree;

mod parser;

pub use parser::parse;
pub use tree::{Flag, Heredoc, Instruction, Tree, Word};
