//! A project from all of its files, as `docker compose config` shows it: merged, in compose-go's normal form, or refused.
//!
//! Source: <https://github.com/compose-spec/compose-spec>, chapters 10 to 14 (fragments, merge, include), and compose-go's loader
//! where they are silent.

mod check;
mod layer;
mod paths;
mod render;
mod render_field;
mod render_service;
mod source;
mod units;
mod whole;

use std::sync::Arc;

use plimsoll_syntax::Value;
use plimsoll_syntax::value::Map;

use layer::Loader;

pub use whole::{ProjectFiles, override_of, parts, project_items};

/// What a project is loaded from.
pub struct Sources<'a> {
    /// The text of a file; paths are relative to the project's folder, with forward slashes.
    pub read: &'a dyn Fn(&str) -> Option<Arc<str>>,
    /// The value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The project's name.
    pub project: &'a str,
    /// The project's folder: what relative paths are shown under.
    pub directory: &'a str,
}

/// Loads a project from its files, later ones over earlier ones.
///
/// # Errors
/// What Compose would refuse, in one sentence.
pub fn load(configs: &[&str], sources: &Sources<'_>) -> Result<Value, String> {
    let loader = Loader::new(sources);
    let mut model = Map::default();
    for path in configs {
        model = loader.file(path, &model)?;
    }
    loader.refused()?;
    let model = render::active(&model);
    check::model(&model)?;
    render::project(&model, sources)
}

#[cfg(test)]
mod tests;
