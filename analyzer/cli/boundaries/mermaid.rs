//! The report as a Mermaid flowchart, which GitHub and GitLab draw in Markdown.

use std::collections::BTreeMap;

use plimsoll_engine::Boundaries;

use super::layout::{Nested, color, nested};

pub(super) fn flowchart(report: &Boundaries) -> String {
    let mut out = "flowchart LR\n".to_owned();
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for zone in ["internet", "local network"] {
        if report.exposed.iter().any(|answer| answer.from == zone) {
            out.push_str(&format!("  n{}(({zone}))\n", id(&mut ids, zone)));
        }
    }
    for root in nested(report) {
        draw(&root, 1, &mut ids, &mut out);
    }
    let mut told: BTreeMap<(usize, usize), Vec<String>> = BTreeMap::new();
    for answer in &report.exposed {
        told.entry((id(&mut ids, &answer.from), id(&mut ids, &answer.to))).or_default().extend(answer.ports.iter().cloned());
    }
    for ((from, to), mut ports) in told {
        ports.dedup();
        out.push_str(&format!("  n{from} -->|{}| n{to}\n", ports.join(", ")));
    }
    out
}

fn id(ids: &mut BTreeMap<String, usize>, name: &str) -> usize {
    let next = ids.len();
    *ids.entry(name.to_owned()).or_insert(next)
}

fn draw(nested: &Nested<'_>, depth: usize, ids: &mut BTreeMap<String, usize>, out: &mut String) {
    let pad = "  ".repeat(depth);
    let node = nested.node;
    let number = id(ids, &node.name);
    // A quote would end the text.
    let name = node.name.replace('"', "#quot;");
    let label = node.rung.map_or_else(|| name.clone(), |rung| format!("{name}<br>rung {rung}"));
    if node.boundary {
        out.push_str(&format!("{pad}subgraph n{number} [\"{} {name}\"]\n", node.kind));
        nested.children.iter().for_each(|child| draw(child, depth + 1, ids, out));
        out.push_str(&format!("{pad}end\n"));
        return;
    }
    if nested.children.is_empty() {
        out.push_str(&format!("{pad}n{number}[\"{label}\"]\n"));
    } else {
        out.push_str(&format!("{pad}subgraph g{number} [\"{} {name}\"]\n", node.kind));
        out.push_str(&format!("{pad}  n{number}[\"{label}\"]\n"));
        nested.children.iter().for_each(|child| draw(child, depth + 1, ids, out));
        out.push_str(&format!("{pad}end\n"));
    }
    if node.rung.is_some() {
        out.push_str(&format!("{pad}style n{number} stroke:{},stroke-width:3px\n", color(node.rung)));
    }
}
