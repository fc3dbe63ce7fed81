//! YAML 1.2 (<https://yaml.org/spec/1.2.2/>), read with recovery; JSON too.

pub mod tree;

mod parser;
mod template;
mod value;

pub use parser::{parse, parse_template};
pub use tree::{Document, Entry, Hole, Node, NodeId, NodeKind, Style, Tree};
pub use value::{Dialect, to_value, to_values};
