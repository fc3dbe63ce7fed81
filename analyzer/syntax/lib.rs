//! Text and its trees: what a file *says*, before anybody asks what it *means*.
//!
//! This crate turns bytes into text with true byte offsets, and text into error-tolerant trees for HCL, YAML, Dockerfiles and
//! shell; it also owns [`Value`], the one representation of a configuration value, with its place, its history and what is
//! not known about it. It must not know any format's meaning: no Terraform block type, no Kubernetes kind, no rule.
//!
//! Parsing never fails and never panics: every parser returns a tree and the errors in it.

pub mod dockerfile;
pub mod hcl;
pub mod image;
pub mod item;
mod number;
pub mod shell;
pub mod text;
pub mod value;
pub mod yaml;

pub use item::{Item, Views, views};
pub use text::{FileId, LineIndex, Place, Position, Span, SyntaxError};
pub use value::{Kind, Value};
