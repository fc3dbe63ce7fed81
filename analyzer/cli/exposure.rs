//! `plimsoll exposure`

use std::io::{self, Write};

use plimsoll_engine::{Asked, Exposed, Stretch};
use serde::Serialize;

use crate::Status;
use crate::arguments::{Color, Exposure, ListFormat};
use crate::inspect;
use crate::paint::Paint;
use crate::problem::Problem;

#[derive(Serialize)]
struct Answers {
    answers: Vec<Exposed>,
}

/// Prints who can reach whom.
pub(crate) fn run(options: &Exposure, color: Color) -> Result<Status, Problem> {
    let engine = inspect::engine(&options.subject)?;
    let asked = Asked { from: Some(options.from.clone()), to: options.to.clone(), port: options.port };
    let answers = engine.exposure(&asked).map_err(|error| Problem::new(error.to_string()))?;
    let text = match options.output_format {
        ListFormat::Json => inspect::json(&Answers { answers })?,
        ListFormat::Text => shown(&answers, Paint::stdout(color)),
    };
    // A reader that was closed early has seen enough.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(Status::Clean)
}

fn shown(answers: &[Exposed], paint: Paint) -> String {
    let mut out = String::new();
    for answer in answers {
        let ports = if answer.ports.is_empty() { String::new() } else { format!(" on {}", answer.ports.join(", ")) };
        let (from, to) = (&answer.from, paint.bold(&answer.to));
        out.push_str(&match answer.verdict {
            "reachable" => format!("{to} is reachable from {from}{ports}\n"),
            "undecided" => format!("{to} may be reachable from {from}{ports}: that hangs on {}\n", answer.missing.join(" and ")),
            _ => format!("{to} is not reachable from {from}\n"),
        });
        for (number, step) in (1..).zip(&answer.steps) {
            out.push_str(&format!("  {number}. {}{}\n", step.message, place(step)));
        }
        if let Some(wall) = &answer.wall_place {
            out.push_str(&format!("  {} {}{}\n", paint.bold("wall:"), wall.message, place(wall)));
        }
        out.push('\n');
    }
    if answers.is_empty() {
        out.push_str("there is nothing here that could be reached\n");
    }
    out
}

/// Where a step is written.
pub(crate) fn place(step: &Stretch) -> String {
    match (&step.path, &step.range) {
        (Some(path), Some(range)) => format!("  {path}:{}:{}", range.start.line, range.start.column),
        _ => String::new(),
    }
}
