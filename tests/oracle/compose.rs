//! Compose projects, loaded from all of their files.

use std::sync::Arc;

use plimsoll_docker::compose::{Sources, load};
use serde_json::{Value, json};

use crate::expression::converted;

/// The result of one case.
pub(crate) fn answer(case: &Value) -> Value {
    let read = |path: &str| case["files"][path].as_str().map(Arc::from);
    let variable = |name: &str| case["env"][name].as_str().map(str::to_owned);
    let configs: Vec<&str> = case["configs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let sources = Sources { read: &read, variable: &variable, project: "proj", directory: "<dir>" };
    match load(&configs, &sources) {
        Ok(project) => json!({"project": converted(&project)}),
        Err(error) => json!({"error": error}),
    }
}
