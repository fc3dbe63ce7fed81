//! Findings counted by rule, most first.

use std::collections::BTreeMap;
use std::io::{self, Write};

use plimsoll_engine::Severity;
use serde::Serialize;

use super::Run;
use crate::arguments::Format;

#[derive(Serialize)]
struct Row<'a> {
    rule: &'a str,
    severity: Severity,
    count: usize,
    title: &'a str,
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    statistics: &'a [Row<'a>],
}

pub(crate) fn write(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut counts: BTreeMap<(&str, Severity), usize> = BTreeMap::new();
    for finding in &run.report.findings {
        *counts.entry((&*finding.rule, finding.severity)).or_default() += 1;
    }
    let title = |rule: &str| run.rules.get(rule).map_or("", |rule| rule.title());
    let mut rows: Vec<Row<'_>> =
        counts.into_iter().map(|((rule, severity), count)| Row { rule, severity, count, title: title(rule) }).collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then(b.severity.cmp(&a.severity)).then(a.rule.cmp(b.rule)));
    if run.options.output_format == Format::Json {
        serde_json::to_writer_pretty(&mut *out, &Document { version: 1, statistics: &rows })?;
        return writeln!(out);
    }
    let count_width = rows.iter().map(|row| row.count.to_string().len()).max().unwrap_or(0);
    let rule_width = rows.iter().map(|row| row.rule.len()).max().unwrap_or(0);
    for Row { rule, severity, count, title } in &rows {
        let severity = run.paint.severity(*severity, format!("{severity:8}"));
        let line = format!(
            "{count:>count_width$}  {severity}  {}  {}",
            run.paint.bold(format!("{rule:rule_width$}")),
            run.paint.dim(title)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
