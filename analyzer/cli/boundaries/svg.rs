//! The report as a picture: boundaries as nested boxes, rungs as colours, exposure as arrows from the left.

use std::collections::BTreeMap;
use std::fmt::Write;

use plimsoll_engine::{Boundaries, Exposed};

use super::layout::{Nested, color, escaped, link, nested};

const WIDTH: f64 = 250.0;
const ROW: f64 = 46.0;
const HEAD: f64 = 36.0;
const GAP: f64 = 12.0;
/// Space for the zones on the left.
const LEFT: f64 = 170.0;
/// Boxes side by side in one boundary.
const COLUMNS: usize = 3;
/// Characters of a name that fit into a box.
const LETTERS: usize = 32;

/// Where a box is.
#[derive(Clone, Copy, Debug)]
struct Place {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// The whole picture.
pub(super) fn picture(report: &Boundaries) -> String {
    let mut boxes = String::new();
    let mut places: BTreeMap<&str, Place> = BTreeMap::new();
    let (mut y, mut width) = (GAP, WIDTH);
    for root in nested(report) {
        let (inner, height) = size(&root);
        draw(&root, Place { x: LEFT, y, width: inner, height }, &mut places, &mut boxes);
        y += height + GAP;
        width = width.max(inner);
    }
    let mut zones = String::new();
    let mut at = GAP * 3.0;
    let mut starts: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for zone in ["internet", "local network"] {
        if report.exposed.iter().any(|answer| answer.from == zone) {
            let _ = write!(
                zones,
                "<g class=\"zone\"><rect x=\"{GAP}\" y=\"{at}\" width=\"110\" height=\"40\" rx=\"20\"/>\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{zone}</text></g>",
                GAP + 55.0,
                at + 25.0
            );
            starts.insert(zone, (GAP + 110.0, at + 20.0));
            at += 70.0;
        }
    }
    let arrows = arrows(&report.exposed, &starts, &places);
    let (total, height) = (LEFT + width + GAP, y.max(at) + GAP);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total} {height}\" width=\"{total}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n{STYLE}\n{boxes}\n{arrows}\n{zones}\n</svg>\n"
    )
}

const STYLE: &str = "<style>.box{fill:#fff;stroke:#90a4ae}.boundary{fill:#eceff1;fill-opacity:.6;stroke:#607d8b;stroke-dasharray:5 3}\
    .zone rect{fill:#263238}.zone text{fill:#fff}.kind{fill:#607d8b;font-size:10px}.arrow{fill:none;stroke:#c62828;stroke-width:1.6}\
    .meant{stroke:#78909c;stroke-dasharray:4 3}.ports{fill:#c62828;font-size:10px;paint-order:stroke;stroke:#fff;stroke-width:3px}a:hover .box{stroke-width:3}</style>\
    <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
    <path d=\"M0 0L8 4L0 8z\" fill=\"#c62828\"/></marker></defs>";

/// What lies beside each other: what is exposed stands alone, on the left, where arrows come in.
fn rows<'n, 'r>(nested: &'n Nested<'r>) -> Vec<Vec<&'n Nested<'r>>> {
    let (open, closed): (Vec<_>, Vec<_>) = nested.children.iter().partition(|child| child.open);
    let alone = open.into_iter().map(|child| vec![child]);
    alone.chain(closed.chunks(COLUMNS).map(<[_]>::to_vec)).collect()
}

/// How large a box with all that is in it is.
fn size(nested: &Nested<'_>) -> (f64, f64) {
    if nested.children.is_empty() {
        return (WIDTH, ROW);
    }
    let (mut width, mut height) = (0.0_f64, HEAD + GAP);
    if !nested.node.boundary {
        height += 4.0;
    }
    for row in rows(nested) {
        let sizes: Vec<(f64, f64)> = row.iter().map(|child| size(child)).collect();
        width = width.max(sizes.iter().map(|(width, _)| width + GAP).sum::<f64>() + GAP);
        height += sizes.iter().map(|(_, height)| *height).fold(0.0, f64::max) + GAP;
    }
    (width.max(WIDTH), height)
}

fn draw<'r>(nested: &Nested<'r>, place: Place, places: &mut BTreeMap<&'r str, Place>, out: &mut String) {
    let node = nested.node;
    places.insert(&node.name, place);
    let Place { x, y, width, height } = place;
    let class = if node.boundary { "boundary" } else { "box" };
    let reasons: Vec<&str> = node.evidence.iter().map(|witness| witness.step.message.as_str()).collect();
    let rung = match (node.rung, node.rung_name) {
        (Some(rung), Some(name)) => format!(" · rung {rung}, {name}"),
        _ => String::new(),
    };
    let title = escaped(&format!("{}{rung}\n{}", node.name, reasons.join("\n")));
    let open = link(&node.place).map(|link| format!("<a href=\"{}\">", escaped(&link)));
    let close = if open.is_some() { "</a>" } else { "" };
    let _ = write!(
        out,
        "{}<g><title>{title}</title><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>",
        open.as_deref().unwrap_or("")
    );
    if node.rung.is_some() {
        let _ = write!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"7\" height=\"{height}\" rx=\"3\" fill=\"{}\"/>", color(node.rung));
    }
    let marks: Vec<&str> = node.sensitivity.iter().chain(&node.environment).chain(&node.tenant).map(String::as_str).collect();
    let marks = if marks.is_empty() { String::new() } else { format!(" · {}", marks.join(", ")) };
    let _ = write!(
        out,
        "<text x=\"{}\" y=\"{}\" font-weight=\"600\">{}</text><text class=\"kind\" x=\"{}\" y=\"{}\">{}</text></g>{close}",
        x + 14.0,
        y + 18.0,
        escaped(&short(&node.name)),
        x + 14.0,
        y + 34.0,
        escaped(&format!("{}{rung}{marks}", node.kind)),
    );
    let mut down = y + HEAD + GAP + if node.boundary { 0.0 } else { 4.0 };
    for row in rows(nested) {
        let mut right = x + GAP;
        let mut tallest = 0.0_f64;
        for child in row {
            let (width, height) = size(child);
            draw(child, Place { x: right, y: down, width, height }, places, out);
            right += width + GAP;
            tallest = tallest.max(height);
        }
        down += tallest + GAP;
    }
}

/// A name that fits; its end says more than its beginning.
fn short(name: &str) -> String {
    let count = name.chars().count();
    if count <= LETTERS { name.to_owned() } else { format!("…{}", name.chars().skip(count - LETTERS + 1).collect::<String>()) }
}

/// One arrow for each node that is exposed, with all its ports.
fn arrows(exposed: &[Exposed], starts: &BTreeMap<&str, (f64, f64)>, places: &BTreeMap<&str, Place>) -> String {
    let mut together: BTreeMap<(&str, &str), (Vec<&str>, bool)> = BTreeMap::new();
    for answer in exposed {
        let entry = together.entry((&answer.from, &answer.to)).or_insert((Vec::new(), true));
        entry.1 &= answer.intended.is_some();
        for port in &answer.ports {
            if !entry.0.contains(&port.as_str()) {
                entry.0.push(port);
            }
        }
    }
    let mut out = String::new();
    for ((from, to), (ports, meant)) in together {
        let (Some((x, y)), Some(place)) = (starts.get(from), places.get(to)) else { continue };
        let (end, across) = (place.x, place.y + ROW / 2.0);
        let bend = (end - x) / 2.0;
        let class = if meant { "arrow meant" } else { "arrow" };
        let ports = escaped(&ports.join(", "));
        let _ = write!(
            out,
            "<path class=\"{class}\" marker-end=\"url(#tip)\" d=\"M{x} {y}C{} {y} {} {across} {end} {across}\"><title>{}</title></path>\
             <text class=\"ports\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{ports}</text>",
            x + bend,
            end - bend,
            escaped(&format!("{from} reaches {to}")),
            end - 8.0,
            across - 5.0,
        );
    }
    out
}
