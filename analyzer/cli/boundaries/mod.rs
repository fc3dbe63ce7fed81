//! `plimsoll boundaries`: one file per format.

mod html;
mod layout;
mod mermaid;
mod svg;
mod tree;

use std::io::{self, Write};

use crate::arguments::{Boundaries, Color, ReportFormat};
use crate::paint::Paint;
use crate::problem::Problem;
use crate::{Status, disk, inspect};

/// Prints what runs where, and what stands between.
pub(crate) fn run(options: &Boundaries, color: Color) -> Result<Status, Problem> {
    let engine = inspect::engine(&options.subject)?;
    let report = engine.boundaries();
    let text = match options.output_format {
        ReportFormat::Text => tree::shown(&report, Paint::stdout(color)),
        ReportFormat::Json => inspect::json(&report)?,
        ReportFormat::Html => html::page(&report),
        ReportFormat::Svg => svg::picture(&report),
        ReportFormat::Mermaid => mermaid::flowchart(&report),
    };
    match &options.output_file {
        Some(path) => disk::write(path, text.as_bytes()).map_err(|error| Problem::disk(path, &error))?,
        None => {
            // A reader that was closed early has seen enough.
            let _ = io::stdout().write_all(text.as_bytes());
        }
    }
    Ok(Status::Clean)
}
