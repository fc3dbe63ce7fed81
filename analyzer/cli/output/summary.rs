//! The last lines, for people: how much was found in how much, and what to type next.

use std::time::Duration;

use plimsoll_engine::{Report, Severity};

use crate::paint::Paint;
use crate::problem::counted;

const SEVERITIES: [Severity; 5] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

pub(crate) fn text(report: &Report, paint: Paint, took: Duration) -> String {
    let files = counted(report.files.len(), "file");
    let time = paint.dim(format!("({})", duration(took)));
    if report.files.is_empty() && report.incomplete.is_empty() {
        return format!("{} {time}\n", paint.careful("No files to check"));
    }
    let counts = [(report.suppressed, "suppressed"), (report.undecided.len(), "undecided")];
    let also: String = counts.iter().filter(|row| row.0 > 0).map(|(count, word)| format!("; {count} {word}")).collect();
    let lost = counted(report.incomplete.len(), "place");
    let lost = match report.incomplete.len() {
        0 => String::new(),
        1 => format!("{}: {lost} was not understood, so this is not everything\n", paint.careful("Incomplete")),
        _ => format!("{}: {lost} were not understood, so this is not everything\n", paint.careful("Incomplete")),
    };
    if report.findings.is_empty() {
        let nothing = if lost.is_empty() { paint.good("Nothing found") } else { paint.bold("Nothing found") };
        return format!("{nothing} in {files}{also} {time}\n{lost}");
    }
    let by_severity: Vec<String> = SEVERITIES
        .into_iter()
        .filter_map(|severity| {
            let count = report.findings.iter().filter(|finding| finding.severity == severity).count();
            (count > 0).then(|| paint.severity(severity, format!("{count} {severity}")))
        })
        .collect();
    let found = paint.bold(format!("Found {}", counted(report.findings.len(), "problem")));
    let mut out = format!("{found} in {files}: {}{also} {time}\n{lost}", by_severity.join(", "));
    if let Some(worst) = report.findings.iter().max_by_key(|finding| (finding.severity, std::cmp::Reverse(&finding.path))) {
        out.push_str(&format!("{}\n", paint.dim(format!("`plimsoll explain {}` tells what a rule is about", worst.rule))));
    }
    out
}

fn duration(took: Duration) -> String {
    let milliseconds = took.as_millis();
    if milliseconds < 1_000 { format!("{milliseconds} ms") } else { format!("{:.1} s", took.as_secs_f64()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_run_says_so() {
        let shown = text(&Report::default(), Paint::PLAIN, Duration::from_millis(1_300));
        assert_eq!(shown, "No files to check (1.3 s)\n");
    }
}
