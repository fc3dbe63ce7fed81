//! The `plimsoll` program: reads arguments, files and settings, asks the engine, and prints.
//!
//! Only this crate and the language server touch the disk, here through `disk`. It must not know what a rule means or how a format
//! is read.

mod arguments;
mod boundaries;
mod check;
mod config;
mod disk;
mod explain;
mod export;
mod exposure;
mod files;
mod fix;
mod inspect;
mod markdown;
mod output;
mod paint;
mod problem;
mod progress;
mod rules;
mod server;
mod walk;

use std::io::Write;
use std::process::ExitCode;

use clap::CommandFactory;

use crate::arguments::{Arguments, Command, Export};
use crate::paint::Paint;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the exit status says; the same for every output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// Nothing at or above the threshold.
    Clean = 0,
    /// Findings, or something that could not be read.
    Findings = 1,
    /// Wrong usage or configuration, or a fault of the program.
    Failed = 2,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

fn main() -> ExitCode {
    let arguments = arguments::parse(std::env::args_os());
    let color = arguments.color;
    let done = match arguments.command {
        Command::Check(options) => check::run(&options, color),
        Command::Inspect(options) => inspect::run(&options, color),
        Command::Boundaries(options) => boundaries::run(&options, color),
        Command::Export { target: Export::Falco(options) } => export::falco(&options),
        Command::Exposure(options) => exposure::run(&options, color),
        Command::Explain { rule, isolated } => explain::run(&rule, isolated, color),
        Command::Rules(options) => rules::run(options, color),
        Command::Server { .. } => server::run(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "plimsoll", &mut script);
            // A reader that was closed early has seen enough.
            let _ = std::io::stdout().write_all(&script);
            Ok(Status::Clean)
        }
    };
    match done {
        Ok(status) => status.into(),
        Err(problem) => {
            let _ = std::io::stderr().write_all(problem.shown(Paint::stderr(color)).as_bytes());
            Status::Failed.into()
        }
    }
}
