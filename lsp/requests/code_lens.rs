//! `textDocument/codeLens`: above what runs or listens, its rung and who reaches it.

use camino::Utf8Path;
use plimsoll_engine::{Cancelled, Exposed, NodeLens, Snapshot};
use serde_json::{Value, json};
use tower_lsp_server::ls_types::{CodeLens, Command, LSPAny};

use super::places::Places;
use crate::capabilities::SHOW_EXPOSURE;
use crate::convert::Context;

/// The lenses of a file; nodes that say the same at the same header are said once.
pub(crate) fn code_lenses(context: &Context, path: &Utf8Path, snapshot: &Snapshot) -> Result<Vec<CodeLens>, Cancelled> {
    let mut places = Places::new(context, snapshot);
    let mut lenses: Vec<CodeLens> = Vec::new();
    for node in snapshot.nodes_of(path)? {
        let Some(title) = summary(&node) else { continue };
        let range = places.range(path, &node.header)?;
        let command = if context.client.shows_exposure {
            let arguments = Some(vec![arguments(&node, &mut places)?]);
            Command { title, command: SHOW_EXPOSURE.to_owned(), arguments }
        } else {
            // A command without a name is a text.
            Command { title, command: String::new(), arguments: None }
        };
        let said = |lens: &CodeLens| lens.range == range && lens.command.as_ref().is_some_and(|own| own.title == command.title);
        if !lenses.iter().any(said) {
            lenses.push(CodeLens { range, command: Some(command), data: None });
        }
    }
    Ok(lenses)
}

/// `rung 2, default · reachable from the internet on tcp/443`
pub(crate) fn summary(node: &NodeLens) -> Option<String> {
    let rung = node.rung.map(|(number, name)| format!("rung {number}, {name}"));
    let parts: Vec<String> = rung.into_iter().chain(exposure(&node.exposed)).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn exposure(all: &[Exposed]) -> Option<String> {
    let reached: Vec<&Exposed> = all.iter().filter(|exposed| exposed.verdict == "reachable").collect();
    if let Some(first) = reached.first() {
        let mut ports: Vec<&str> = Vec::new();
        for port in reached.iter().flat_map(|exposed| &exposed.ports) {
            if !ports.contains(&port.as_str()) {
                ports.push(port);
            }
        }
        let on = if ports.contains(&"all") { "every port".to_owned() } else { ports.join(", ") };
        let meant = if reached.iter().all(|exposed| exposed.intended.is_some()) { ", as intended" } else { "" };
        return Some(format!("reachable from {} on {on}{meant}", sender(&first.from)));
    }
    let open = all.iter().find(|exposed| exposed.verdict == "undecided")?;
    Some(format!("undecided: {}", open.missing.join(", ")))
}

/// As a sentence says it.
pub(crate) fn sender(name: &str) -> String {
    match name {
        "internet" => "the internet".to_owned(),
        "lan" | "local network" => "the local network".to_owned(),
        other => format!("`{other}`"),
    }
}

/// What the client's command is given.
fn arguments(node: &NodeLens, places: &mut Places<'_>) -> Result<LSPAny, Cancelled> {
    let mut exposures = Vec::new();
    for exposed in &node.exposed {
        let mut steps = Vec::new();
        for step in &exposed.steps {
            let (message, place) = places.step(step)?;
            let mut step = json!({ "message": message });
            if let (Some((uri, range)), Value::Object(step)) = (place, &mut step) {
                step.insert("uri".to_owned(), json!(uri.as_str()));
                step.insert("range".to_owned(), json!(range));
            }
            steps.push(step);
        }
        exposures.push(json!({
            "from": exposed.from,
            "ports": exposed.ports,
            "verdict": exposed.verdict,
            "missing": exposed.missing,
            "wall": exposed.wall,
            "intended": exposed.intended,
            "steps": steps,
        }));
    }
    let rung = node.rung.map(|(number, name)| json!({ "number": number, "name": name }));
    Ok(json!({ "node": node.name, "kind": node.kind, "rung": rung, "exposures": exposures }))
}
