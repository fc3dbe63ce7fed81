//! The report as one page without outside requests: the picture, what is exposed with its steps, what is shared, every node.

use std::fmt::Write;

use plimsoll_engine::{Boundaries, Stretch};

use super::layout::{color, escaped, link};
use super::svg;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
<title>Boundaries and exposure</title><style>\
body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1200px;padding:0 1rem;color:#263238}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.5rem;border-bottom:1px solid #cfd8dc;padding-bottom:.2rem}\
.picture{overflow-x:auto;border:1px solid #cfd8dc;border-radius:8px;padding:8px;background:#fafafa}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #eceff1;vertical-align:top}\
.rung{display:inline-block;min-width:1.4em;text-align:center;border-radius:4px;color:#fff;padding:0 .35em;font-weight:600}\
a{color:#1565c0;text-decoration:none}a:hover{text-decoration:underline}code{background:#eceff1;border-radius:3px;padding:0 .25em}\
ol{margin:.3rem 0 .8rem}.open{color:#c62828;font-weight:600}.meant{color:#607d8b}.legend span{margin-right:1rem}\
@media print{body{margin:0;max-width:none}.picture{overflow:visible;border:0}}</style></head><body>\n";

/// The rungs with their names, for the legend.
const RUNGS: &[(u8, &str)] =
    &[(0, "host"), (1, "weakened"), (2, "default"), (3, "hardened"), (4, "sandboxed"), (5, "own kernel")];

/// The whole page.
pub(super) fn page(report: &Boundaries) -> String {
    let mut out = HEAD.to_owned();
    let open = report.exposed.iter().filter(|answer| answer.from == "internet" && answer.intended.is_none()).count();
    let running: Vec<_> = report.nodes.iter().filter(|node| node.rung.is_some()).collect();
    let low = running.iter().filter(|node| node.rung.is_some_and(|rung| rung < 2)).count();
    let _ = write!(
        out,
        "<h1>Boundaries and exposure</h1><p>{} workloads; {low} below rung 2; {open} ways in from the internet; {} boundaries shared by \
         what should be kept apart.</p><p class=\"legend\">",
        running.len(),
        report.shared.len()
    );
    for (rung, name) in RUNGS {
        let _ = write!(out, "<span>{} {name}</span>", badge(Some(*rung)));
    }
    let _ = write!(out, "</p>\n<div class=\"picture\">{}</div>\n", svg::picture(report));
    exposed(report, &mut out);
    shared(report, &mut out);
    let _ = write!(out, "<h2>What runs</h2><table><tr><th>Name</th><th>Kind</th><th>Rung</th><th>Why</th><th>Inside</th></tr>");
    for node in running {
        let reasons: Vec<String> = node.evidence.iter().map(|witness| step(&witness.step)).collect();
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            linked(&node.name, &node.place),
            node.kind,
            badge(node.rung),
            reasons.join("<br>"),
            escaped(&node.inside.join(" › "))
        );
    }
    out.push_str("</table>\n</body></html>\n");
    out
}

fn exposed(report: &Boundaries, out: &mut String) {
    if report.exposed.is_empty() {
        return;
    }
    out.push_str("<h2>Exposed</h2>\n");
    for answer in &report.exposed {
        let meant = answer.intended.as_ref().map(|reason| format!(" <span class=\"meant\">intended: {}</span>", escaped(reason)));
        let _ = write!(
            out,
            "<p><span class=\"open\">{}</span> from {} on <code>{}</code>{}</p><ol>",
            escaped(&answer.to),
            escaped(&answer.from),
            escaped(&answer.ports.join(", ")),
            meant.unwrap_or_default()
        );
        for each in &answer.steps {
            let _ = write!(out, "<li>{}</li>", step(each));
        }
        out.push_str("</ol>\n");
    }
}

fn shared(report: &Boundaries, out: &mut String) {
    if report.shared.is_empty() {
        return;
    }
    out.push_str("<h2>Shared boundaries</h2><table><tr><th>Workload</th><th>Shares</th><th>With</th><th>Weakest</th><th>Reached</th></tr>\n");
    for shared in &report.shared {
        let reached = match shared.reaches {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not known",
        };
        let _ = writeln!(
            out,
            "<tr><td>{} ({})</td><td>{} {}</td><td>{}</td><td>{}</td><td>{reached}</td></tr>",
            escaped(&shared.workload),
            shared.difference,
            shared.kind,
            escaped(&shared.boundary),
            escaped(&shared.others.join(", ")),
            badge(shared.wall)
        );
    }
    out.push_str("</table>\n");
}

fn badge(rung: Option<u8>) -> String {
    rung.map(|number| format!("<span class=\"rung\" style=\"background:{}\">{number}</span>", color(rung))).unwrap_or_default()
}

fn linked(text: &str, place: &Stretch) -> String {
    match link(place) {
        Some(link) => format!("<a href=\"{}\">{}</a>", escaped(&link), escaped(text)),
        None => escaped(text),
    }
}

fn step(step: &Stretch) -> String {
    let message = escaped(&step.message);
    match (&step.path, step.range, link(step)) {
        (Some(path), Some(range), Some(link)) => {
            format!("{message} <a href=\"{}\">{}:{}</a>", escaped(&link), escaped(path.as_str()), range.start.line)
        }
        _ => message,
    }
}
