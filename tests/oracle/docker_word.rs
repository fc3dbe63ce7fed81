//! Words of Dockerfile instructions, expanded in an environment.

use compact_str::CompactString;
use plimsoll_docker::dockerfile::expand;
use serde_json::{Value, json};

/// The result of one case.
pub(crate) fn answer(case: &Value) -> Value {
    let variable = |name: &str| case["env"][name].as_str().map(CompactString::from);
    match expand(case["word"].as_str().unwrap_or(""), '\\', &variable) {
        Ok(value) => json!({"value": value.as_str()}),
        Err(error) => json!({"error": error}),
    }
}
