//! One JSON document; it stays compatible.

use std::io::{self, Write};

use plimsoll_engine::{Finding, Incomplete, Undecided};
use serde::Serialize;

use super::Run;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    findings: &'a [Finding],
    incomplete: &'a [Incomplete],
    undecided: &'a [Undecided],
}

pub(crate) fn write(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    let report = run.report;
    let document =
        Document { version: 1, findings: &report.findings, incomplete: &report.incomplete, undecided: &report.undecided };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
