//! `oracle KIND`: reads cases of the shared oracle as JSON lines on standard input and writes what Plimsoll makes of each.
//!
//! No logic of its own beyond reading a case and writing a result.

mod compose;
mod connectivity;
mod docker_word;
mod dockerfile;
mod expression;
mod hcl;
mod helm;
mod kustomize;
mod module;
mod pod_security;

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

fn main() -> ExitCode {
    let kind = std::env::args().nth(1).unwrap_or_default();
    let answer: fn(&Value) -> Value = match kind.as_str() {
        "hcl" => hcl::answer,
        "expression" => expression::answer,
        "helm" => helm::answer,
        "kustomize" => kustomize::answer,
        "module" => module::answer,
        "connectivity" => connectivity::answer,
        "compose" => compose::answer,
        "docker-word" => docker_word::answer,
        "dockerfile" => dockerfile::answer,
        "pod-security" => pod_security::answer,
        _ => {
            eprintln!("usage: oracle hcl|expression|module|dockerfile|docker-word|compose|connectivity|pod-security < cases");
            return ExitCode::from(2);
        }
    };
    match run(answer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("oracle: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(answer: fn(&Value) -> Value) -> io::Result<()> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        writeln!(output, "{}", json!({"id": case["id"], "result": answer(&case)}))?;
    }
    output.flush()
}
