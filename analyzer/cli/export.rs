//! `plimsoll export`

use std::io::{self, Write};

use plimsoll_engine::FalcoRule;
use plimsoll_rules::RuleSet;

use crate::arguments::Falco;
use crate::problem::Problem;
use crate::{Status, disk, inspect};

/// Writes rules for Falco.
pub(crate) fn falco(options: &Falco) -> Result<Status, Problem> {
    let engine = inspect::engine(&options.subject)?;
    let text = document(&engine.falco(), &RuleSet::builtin());
    match &options.output_file {
        Some(path) => disk::write(path, text.as_bytes()).map_err(|error| Problem::disk(path, &error))?,
        None => {
            // A reader that was closed early has seen enough.
            let _ = io::stdout().write_all(text.as_bytes());
        }
    }
    Ok(Status::Clean)
}

/// What the tag of a page begins with that names its counterpart at run time.
const COUNTERPART: &str = "falco:";

/// Our rules that judge before it runs what a promise watches.
fn counterparts<'r>(pages: &'r RuleSet, promise: &str) -> impl Iterator<Item = &'r str> {
    let tag = format!("{COUNTERPART}{promise}");
    pages.iter().filter(move |page| page.tags().any(|own| own == tag)).map(|page| &*page.name)
}

/// A rules file: texts are quoted as JSON has them, which is YAML, too.
fn document(rules: &[FalcoRule], pages: &RuleSet) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut out = "# What the code promises of its containers. Written by `plimsoll export falco`.\n".to_owned();
    out.push_str("- macro: plimsoll_writes\n  condition: evt.type in (open, openat, openat2) and evt.is_open_write = true and fd.typechar = \'f\'\n");
    out.push_str("- macro: plimsoll_starts\n  condition: evt.type in (execve, execveat) and evt.dir = <\n");
    for rule in rules {
        let FalcoRule { rule, desc, condition, output, priority, promise } = rule;
        let tags: Vec<&str> = ["plimsoll"].into_iter().chain(counterparts(pages, promise)).collect();
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

#[cfg(test)]
mod tests {
    use plimsoll_engine::PROMISES;

    use super::*;

    #[test]
    fn pages_name_what_is_watched_and_nothing_else() {
        let pages = RuleSet::builtin();
        for promise in PROMISES {
            assert!(counterparts(&pages, promise).next().is_some(), "no page has the tag {COUNTERPART}{promise}");
        }
        for page in pages.iter() {
            for tag in page.tags() {
                let known = tag.strip_prefix(COUNTERPART).is_none_or(|promise| PROMISES.contains(&promise));
                assert!(known, "{}: {tag}", page.name);
            }
        }
    }
}
