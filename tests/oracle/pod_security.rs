//! Pod Security Standards: whether a level of a version admits a pod.

use std::sync::Arc;

use plimsoll_kubernetes::pod_security::{self, Level};
use plimsoll_syntax::FileId;
use plimsoll_syntax::Value as Ours;
use plimsoll_syntax::yaml::{self, Dialect};
use serde_json::{Value, json};

/// The result of one case.
pub(crate) fn answer(case: &Value) -> Value {
    let text: Arc<str> = case["pod"].as_str().unwrap_or("").into();
    let tree = yaml::parse(&text);
    let Some(document) = tree.documents.first() else { return json!({"error": "no document"}) };
    let pod = yaml::to_value(&tree, document.root, FileId(0), Dialect::Kubernetes);
    let level = if case["level"] == "restricted" { Level::Restricted } else { Level::Baseline };
    let version =
        case["version"].as_str().and_then(|version| version.rsplit_once('.')?.1.parse().ok()).unwrap_or(pod_security::NEWEST);
    let part = |name: &str| pod.get(name).cloned().unwrap_or_else(Ours::default);
    json!({"allowed": pod_security::check(&part("metadata"), &part("spec"), level, version).is_empty()})
}
