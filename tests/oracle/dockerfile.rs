//! Dockerfiles: instructions with their lines, and stages.

use plimsoll_syntax::{LineIndex, dockerfile};
use serde_json::{Value, json};

/// The result of one case.
pub(crate) fn answer(case: &Value) -> Value {
    let source: std::sync::Arc<str> = case["src"].as_str().unwrap_or("").into();
    let tree = dockerfile::parse(&source);
    if let Some(error) = tree.errors.first() {
        return json!({"error": error.message.as_str()});
    }
    if tree.instructions.is_empty() {
        return json!({"error": "file with no instructions"});
    }
    let lines = LineIndex::new(&source);
    let nodes: Vec<Value> = tree
        .instructions
        .iter()
        .map(|instruction| {
            let last = lines.line(instruction.span.end.saturating_sub(1).max(instruction.span.start));
            json!({"v": instruction.keyword.as_str(), "lines": [lines.line(instruction.span.start), last]})
        })
        .collect();
    let from = tree.instructions.iter().filter(|instruction| instruction.keyword == "FROM");
    let stages: Vec<Value> = from
        .map(|instruction| {
            let word = |at: usize| instruction.words.get(at).map(|word| word.text.as_str());
            json!({"base": word(0), "name": word(2).unwrap_or("").to_lowercase()})
        })
        .collect();
    // A file that is refused has no stages.
    json!({"nodes": nodes, "stages": if tree.refused.is_empty() { stages } else { Vec::new() }})
}
