//! Texts made up from a seed: valid, of the shapes that people write, and of any length.

pub mod company;
pub mod docker;
pub mod engines;
pub mod hcl;
pub mod page;
pub mod project;
pub mod yaml;

/// Names that resources, services and objects are given.
const NAMES: &[&str] =
    &["web", "api", "billing", "worker", "cache", "queue", "mail", "search", "audit", "gateway", "edge", "batch"];
