//! `plimsoll inspect`

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use plimsoll_engine::{Engine, Inspected, InspectedVersion, Leaf, Link, Settings, Spot};

use crate::Status;
use crate::arguments::{Asked, Color, Inspect, ListFormat};
use crate::config::Config;
use crate::files::{Workspace, WorkspaceFiles};
use crate::paint::Paint;
use crate::problem::Problem;
use crate::{check, rules, walk};

/// Files above this size are not read, in bytes.
const LIMIT: u64 = 10_000_000;

/// Prints what was understood.
pub(crate) fn run(options: &Inspect, color: Color) -> Result<Status, Problem> {
    let engine = engine(&options.subject)?;
    if options.connections {
        connections(&engine, options.output_format)?;
        return Ok(Status::Clean);
    }
    if options.links {
        let links = engine.links();
        let text = match options.output_format {
            ListFormat::Json => json(&links)?,
            ListFormat::Text => links.iter().map(linked).collect(),
        };
        let _ = io::stdout().write_all(text.as_bytes());
        return Ok(Status::Clean);
    }
    let mut all = engine.inspect(options.address.as_deref());
    if options.address.is_some() {
        all.retain(|root| !root.items.is_empty());
    }
    let text = match options.output_format {
        ListFormat::Json => json(&all)?,
        ListFormat::Text => shown(&all, Paint::stdout(color)),
    };
    // A reader that was closed early has seen enough.
    let _ = io::stdout().write_all(text.as_bytes());
    match &options.address {
        Some(address) if all.is_empty() => Err(Problem::new(format!("there is nothing of the address {address}"))),
        _ => Ok(Status::Clean),
    }
}

/// Prints who may reach whom: as many lines as there are pairs, so they are not kept.
fn connections(engine: &Engine, format: ListFormat) -> Result<(), Problem> {
    match format {
        ListFormat::Json => {
            let mut lines = Vec::new();
            engine.connections(&mut |line| lines.push(line.to_owned()));
            let _ = io::stdout().write_all(json(&lines)?.as_bytes());
        }
        ListFormat::Text => {
            let mut output = BufWriter::new(io::stdout().lock());
            // A reader that was closed early has seen enough.
            engine.connections(&mut |line| _ = writeln!(output, "{line}"));
        }
    }
    Ok(())
}

/// A workspace that is asked something, with everything in it.
pub(crate) fn engine(subject: &Asked) -> Result<Engine, Problem> {
    let workspace = Workspace::new(std::slice::from_ref(&subject.path))?;
    let config = if subject.isolated { Config::default() } else { Config::nearest(&workspace.working_directory)? };
    let settings = check::variables(Settings::default(), &subject.variables, &config, &workspace)?;
    let files = Arc::new(WorkspaceFiles { root: workspace.root.clone(), limit: LIMIT });
    let rules = rules::load(&workspace.root, true)?;
    let mut engine = Engine::new(files.clone(), &rules, &settings).map_err(|error| Problem::new(error.to_string()))?;
    engine.add(walk::find(&workspace, &files, &config.exclude, false).sources);
    Ok(engine)
}

pub(crate) fn json(value: &impl serde::Serialize) -> Result<String, Problem> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|error| Problem::new(error.to_string()))
}

fn shown(all: &[Inspected], paint: Paint) -> String {
    let mut out = String::new();
    for root in all {
        let name = if root.root.is_empty() { "." } else { &root.root };
        let environment = root.environment.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
        out.push_str(&format!("{}\n", paint.bold(format!("root module {name}{environment}"))));
        for version in &root.versions {
            let InspectedVersion { name, version, from, place } = version;
            out.push_str(&format!("{name} {version} ({from}){}\n", spot(place.as_ref())));
        }
        for item in &root.items {
            out.push_str(&format!("\n{}{}\n", item.address, spot(item.place.as_ref())));
            let width = item.values.iter().map(|leaf| leaf.path.chars().count()).max().unwrap_or(0).min(40);
            for leaf in &item.values {
                out.push_str(&format!("  {:width$} = {}\n", leaf.path, line(leaf)));
            }
        }
        for note in &root.notes {
            out.push_str(&format!("\n{}: {}{}\n", paint.careful("note"), note.message, spot(note.place.as_ref())));
        }
    }
    out
}

fn linked(link: &Link) -> String {
    let gates = link.gates.iter().map(|gate| format!("  {}{}\n", gate.message, crate::exposure::place(gate)));
    format!("{} -> {}\n{}", link.from, link.to, gates.collect::<String>())
}

fn line(leaf: &Leaf) -> String {
    let mut line = leaf.value.to_string();
    if let Some(missing) = &leaf.missing {
        line.push_str(&format!("  ({}: {})", missing.source, missing.reason));
    }
    line.push_str(&spot(leaf.place.as_ref()));
    for step in &leaf.through {
        line.push_str(&format!(" < {}{}", step.how, spot(step.place.as_ref())));
    }
    line
}

fn spot(spot: Option<&Spot>) -> String {
    spot.map(|spot| format!("  {}:{}:{}", spot.path, spot.line, spot.column)).unwrap_or_default()
}
