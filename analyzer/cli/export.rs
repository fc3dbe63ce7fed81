//! `plimsoll export`

use std::io::{self, Write};

use plimsoll_engine::FalcoRule;

use crate::arguments::Falco;
use crate::problem::Problem;
use crate::{Status, disk, inspect};

/// Writes rules for Falco.
pub(crate) fn falco(options: &Falco) -> Result<Status, Problem> {
    let engine = inspect::engine(&options.subject)?;
    let text = document(&engine.falco());
    match &options.output_file {
        Some(path) => disk::write(path, text.as_bytes()).map_err(|error| Problem::disk(path, &error))?,
        None => {
            // A reader that was closed early has seen enough.
            let _ = io::stdout().write_all(text.as_bytes());
        }
    }
    Ok(Status::Clean)
}

/// A rules file: texts are quoted as JSON has them, which is YAML, too.
fn document(rules: &[FalcoRule]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut out = "# What the code promises of its containers. Written by `plimsoll export falco`.\n".to_owned();
    out.push_str("- macro: plimsoll_writes\n  condition: evt.type in (open, openat, openat2) and evt.is_open_write = true and fd.typechar = \'f\'\n");
    out.push_str("- macro: plimsoll_starts\n  condition: evt.type in (execve, execveat) and evt.dir = <\n");
    for rule in rules {
        let FalcoRule { rule, desc, condition, output, priority, tags } = rule;
        out.push_str(&format!(
            "\n- rule: {}\n  desc: {}\n  condition: {}\n  output: {}\n  priority: {priority}\n  tags: [{}]\n",
            quoted(rule),
            quoted(desc),
            quoted(condition),
            quoted(output),
            tags.join(", ")
        ));
    }
    out
}
