//! HCL native syntax: <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md>, read with recovery.

pub mod tree;

mod parser;
mod text;

pub use parser::parse;
pub use tree::{Attribute, Block, Body, BodyItem, Expr, ExprId, ExprKind, Tree};
