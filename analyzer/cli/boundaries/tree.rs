//! The report in a terminal: a tree of boundaries, then what is shared, then what is exposed.

use plimsoll_engine::{Boundaries, Stretch};

use super::layout::{Nested, nested};
use crate::paint::Paint;

pub(super) fn shown(report: &Boundaries, paint: Paint) -> String {
    let mut out = String::new();
    let exposed = |name: &str| report.exposed.iter().find(|answer| answer.to == name);
    for root in nested(report) {
        draw(&root, "", "", &exposed, paint, &mut out);
    }
    if out.is_empty() {
        return "nothing here runs anything\n".to_owned();
    }
    if !report.shared.is_empty() {
        out.push_str(&format!("\n{}\n", paint.bold("shared boundaries")));
        for shared in &report.shared {
            let wall = shared.wall.map(|rung| format!(", the weakest stands on rung {rung}")).unwrap_or_default();
            let reaches = match shared.reaches {
                Some(true) => ", and can be reached from there",
                Some(false) => ", but cannot be reached from there",
                None => "",
            };
            let others = named(&shared.others);
            let (workload, kind, boundary) = (&shared.workload, shared.kind, &shared.boundary);
            out.push_str(&format!(
                "  {workload} shares the {kind} {boundary} with {others} ({}){wall}{reaches}\n",
                shared.difference
            ));
        }
    }
    if !report.exposed.is_empty() {
        out.push_str(&format!("\n{}\n", paint.bold("exposed")));
        for answer in &report.exposed {
            let meant = answer.intended.as_ref().map(|reason| format!(" (intended: {reason})")).unwrap_or_default();
            out.push_str(&format!("  {} from {} on {}{meant}\n", answer.to, answer.from, answer.ports.join(", ")));
            for (number, step) in (1..).zip(&answer.steps) {
                out.push_str(&format!("    {number}. {}{}\n", step.message, place(step)));
            }
        }
    }
    out
}

fn draw<'r>(
    nested: &Nested<'r>,
    lead: &str,
    branch: &str,
    exposed: &dyn Fn(&str) -> Option<&'r plimsoll_engine::Exposed>,
    paint: Paint,
    out: &mut String,
) {
    let node = nested.node;
    let rung = match (node.rung, node.rung_name) {
        (Some(rung), Some(name)) => format!("  rung {rung}, {name}"),
        _ => String::new(),
    };
    let marks: Vec<&str> = node.sensitivity.iter().chain(&node.environment).chain(&node.tenant).map(String::as_str).collect();
    let marks = if marks.is_empty() { String::new() } else { format!("  [{}]", marks.join(", ")) };
    let open = exposed(&node.name).map(|answer| format!("  reachable from {} on {}", answer.from, answer.ports.join(", ")));
    let open = open.map(|open| paint.careful(&open).to_string()).unwrap_or_default();
    let name = if node.boundary { paint.bold(&node.name).to_string() } else { node.name.clone() };
    out.push_str(&format!("{lead}{branch}{name}  {}{rung}{marks}{open}\n", node.kind));
    let below = match branch {
        "" => String::new(),
        "└─ " => format!("{lead}   "),
        _ => format!("{lead}│  "),
    };
    let reasons = node.evidence.iter().filter(|witness| node.rung.is_some_and(|rung| witness.rung == rung && rung < 2));
    for witness in reasons {
        let bar = if nested.children.is_empty() { "   " } else { "│  " };
        out.push_str(&format!("{below}{bar}· {}{}\n", witness.step.message, place(&witness.step)));
    }
    for (at, child) in nested.children.iter().enumerate() {
        let branch = if at + 1 == nested.children.len() { "└─ " } else { "├─ " };
        draw(child, &below, branch, exposed, paint, out);
    }
}

/// The first of some names.
fn named(names: &[String]) -> String {
    let told: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    let more = names.len().saturating_sub(told.len());
    if more == 0 { told.join(", ") } else { format!("{} and {more} more", told.join(", ")) }
}

fn place(step: &Stretch) -> String {
    match (&step.path, &step.range) {
        (Some(path), Some(range)) => format!("  {path}:{}", range.start.line),
        _ => String::new(),
    }
}
