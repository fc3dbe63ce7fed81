//! Network policies: who may reach whom, and what beyond the manifests a workload may speak to.

use std::sync::Arc;

use plimsoll_connectivity::Connectivity;
use plimsoll_syntax::{FileId, yaml};
use serde_json::{Value, json};

/// The result of one case.
pub(crate) fn answer(case: &Value) -> Value {
    let mut items = Vec::new();
    for (file, (_, text)) in (0..).zip(case["files"].as_object().into_iter().flatten()) {
        let text: Arc<str> = text.as_str().unwrap_or("").into();
        items.extend(plimsoll_kubernetes::items(&yaml::parse(&text), FileId(file)));
    }
    let connectivity = Connectivity::of(&items);
    let lines = connectivity.lines();
    // The reference's lines were kept where they have its arrow for "speaks to".
    let exposure = connectivity.exposure_lines().into_iter().filter(|line| line.contains("=>"));
    json!({"connlist": lines, "exposure": lines.iter().cloned().chain(exposure).collect::<Vec<_>>()})
}
