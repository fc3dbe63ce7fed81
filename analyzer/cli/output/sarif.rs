//! SARIF 2.1.0, with what GitHub's code scanning reads of it.
//!
//! <https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>

use std::collections::BTreeMap;
use std::io::{self, Write};

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_engine::{Failure, Finding, Fix, Incomplete, Level, Range, Related, Severity};
use plimsoll_rule_language::Profile;
use plimsoll_rules::RuleInfo;

use super::line_hash::line_hashes;
use super::sarif_types::*;
use super::{Run, page_of};

/// What locations are relative to: the repository's folder.
const BASE: &str = "SRCROOT";

/// Code scanning reads no more.
const MOST_TAGS: usize = 20;
const LONGEST_DESCRIPTION: usize = 1_000;

/// The view whose findings tell a path.
const PATHS: &str = "exposure";

const NOT_READ: (usize, &str, &str) = (0, "not-understood", "A file, block or document was not read or not understood.");
const FAILED: (usize, &str, &str) = (1, "rule-failed", "A rule failed, and its findings are missing.");

pub(crate) fn write(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    let report = run.report;
    let mut names: Vec<&str> = report.findings.iter().map(|finding| &*finding.rule).collect();
    names.sort_unstable();
    names.dedup();
    let hashes = Hashes::new(run);
    let results = report.findings.iter().map(|finding| result(run, &names, &hashes, finding)).collect();
    let incomplete = report.incomplete.iter().map(|incomplete| not_read(run, incomplete));
    let log = SarifLog {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [SarifRun {
            tool: Tool { driver: driver(run, &names) },
            automation_details: AutomationDetails { id: "plimsoll/" },
            invocations: [Invocation {
                execution_successful: report.failures.is_empty(),
                exit_code: run.status as u8,
                tool_execution_notifications: incomplete.chain(report.failures.iter().map(failed)).collect(),
            }],
            original_uri_base_ids: BTreeMap::from([(
                BASE,
                UriBase { uri: None, description: Message::new("The folder of the repository.") },
            )]),
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    serde_json::to_writer(&mut *out, &log)?;
    writeln!(out)
}

fn driver(run: &Run<'_>, names: &[&str]) -> Driver {
    let version = env!("CARGO_PKG_VERSION");
    Driver {
        name: "plimsoll",
        organization: "plimsoll",
        version,
        semantic_version: version,
        information_uri: "https://plimsoll.dev",
        rules: names.iter().map(|name| descriptor(run, name)).collect(),
        notifications: [NOT_READ, FAILED].map(|(_, id, text)| notification(id, text)).into(),
    }
}

fn notification(id: &str, text: &str) -> ReportingDescriptor {
    ReportingDescriptor {
        id: id.to_owned(),
        name: Some(pascal(id)),
        short_description: Message::new(text),
        full_description: Message::new(text),
        help: Message::new("The report lacks what is in this place: mend it, or exclude the file."),
        help_uri: Some("https://plimsoll.dev/incomplete".to_owned()),
        default_configuration: Configuration { level: Level::Warning },
        properties: None,
    }
}

fn descriptor(run: &Run<'_>, name: &str) -> ReportingDescriptor {
    let info = run.rules.get(name).filter(|info| &*info.name == name);
    let own = run.report.findings.iter().find(|finding| &*finding.rule == name).map(|finding| finding.severity);
    let severity = info.map(|info| info.severity()).or(own).unwrap_or(Severity::Medium);
    let title = info.map_or_else(|| sentence(name), |info| info.title().to_owned());
    let summary = info.map_or_else(|| title.clone(), |info| info.summary().to_owned());
    let page = info.map_or_else(|| format!("# {title}\n"), |info| info.markdown());
    ReportingDescriptor {
        id: name.to_owned(),
        // A name that repeats the id says nothing.
        name: name.contains('-').then(|| pascal(name)),
        short_description: Message::new(full_stop(&title)),
        full_description: Message::new(full_stop(&shortened(&summary))),
        help: Message { text: summary.clone(), markdown: Some(page) },
        help_uri: page_of(run.rules, name),
        default_configuration: Configuration { level: severity.into() },
        properties: Some(properties(info.map(|info| &**info), severity)),
    }
}

fn properties(info: Option<&RuleInfo>, severity: Severity) -> RuleProperties {
    let mut tags = vec!["security".to_owned()];
    if let Some(info) = info {
        tags.extend(info.group().split('/').map(str::to_owned));
        tags.extend(info.tags().map(str::to_owned));
    }
    tags.dedup();
    tags.truncate(MOST_TAGS);
    RuleProperties {
        tags,
        precision: match info.map(|info| info.profile()) {
            Some(Profile::Recommended) | None => "very-high",
            Some(Profile::Strict) => "high",
            Some(Profile::All) => "medium",
        },
        security_severity: match severity {
            Severity::Critical => Some("9.5"),
            Severity::High => Some("8.0"),
            Severity::Medium => Some("5.5"),
            Severity::Low => Some("3.0"),
            Severity::Info => None,
        },
        problem_severity: match severity.into() {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "recommendation",
        },
    }
}

fn result(run: &Run<'_>, names: &[&str], hashes: &Hashes, finding: &Finding) -> SarifResult {
    let mut place = location(run, &finding.path, finding.range, true);
    if !finding.item.name.is_empty() {
        place.logical_locations = vec![LogicalLocation { fully_qualified_name: finding.item.name.clone(), kind: "resource" }];
    }
    let related = |(number, related): (usize, &Related)| Location {
        id: Some(number),
        message: Some(Message::new(full_stop(&related.message))),
        ..location(run, &related.path, related.range, true)
    };
    let mut fingerprints = BTreeMap::from([("plimsollFingerprint/v1", finding.fingerprint.clone())]);
    if let Some(hash) = hashes.of(&finding.path, finding.range.start.line) {
        fingerprints.insert("primaryLocationLineHash", hash.to_owned());
    }
    SarifResult {
        rule_id: finding.rule.to_string(),
        rule_index: names.binary_search(&&*finding.rule).unwrap_or(0),
        level: finding.severity.into(),
        message: Message::new(full_stop(&finding.message)),
        locations: [place],
        related_locations: (1..).zip(&finding.related).map(related).collect(),
        code_flows: path(run, finding),
        partial_fingerprints: fingerprints,
        fixes: finding.fix.iter().map(|fix| sarif_fix(run, finding, fix)).collect(),
        properties: ResultProperties {
            severity: finding.severity,
            peers: finding.peers.iter().map(ToString::to_string).collect(),
        },
    }
}

/// The related places as a path, where the rule is about one.
fn path(run: &Run<'_>, finding: &Finding) -> Option<[CodeFlow; 1]> {
    let info = run.rules.get(&finding.rule)?;
    if finding.related.is_empty() || !info.rule.rows.iter().any(|row| row.view == PATHS) {
        return None;
    }
    let step = |related: &Related| ThreadFlowLocation {
        location: Location {
            message: Some(Message::new(full_stop(&related.message))),
            ..location(run, &related.path, related.range, true)
        },
    };
    Some([CodeFlow { thread_flows: [ThreadFlow { locations: finding.related.iter().map(step).collect() }] }])
}

fn sarif_fix(run: &Run<'_>, finding: &Finding, fix: &Fix) -> SarifFix {
    let replacement = |edit: &plimsoll_engine::Edit| Replacement {
        deleted_region: region(edit.range, None),
        inserted_content: Message::new(edit.text.clone()),
    };
    SarifFix {
        description: Message::new(full_stop(&fix.message)),
        artifact_changes: [ArtifactChange {
            artifact_location: artifact(run, &finding.path),
            replacements: fix.edits.iter().map(replacement).collect(),
        }],
    }
}

fn not_read(run: &Run<'_>, incomplete: &Incomplete) -> Notification {
    Notification {
        level: Level::Warning,
        message: Message::new(full_stop(&incomplete.reason)),
        descriptor: reference(NOT_READ),
        associated_rule: None,
        locations: vec![location(run, &incomplete.path, incomplete.range, false)],
    }
}

fn failed(failure: &Failure) -> Notification {
    Notification {
        level: Level::Error,
        message: Message::new(full_stop(&format!("Rule '{}' failed: {}", failure.rule, failure.message))),
        descriptor: reference(FAILED),
        associated_rule: None,
        locations: Vec::new(),
    }
}

fn reference((index, id, _): (usize, &str, &str)) -> DescriptorReference {
    DescriptorReference { id: id.to_owned(), index: Some(index) }
}

fn location(run: &Run<'_>, path: &Utf8Path, range: Range, with_snippet: bool) -> Location {
    let text = run.report.texts.get(path).filter(|_| with_snippet);
    let snippet = text.map(|text| range.span.text(&text.text)).filter(|snippet| !snippet.is_empty());
    Location {
        id: None,
        message: None,
        physical_location: PhysicalLocation { artifact_location: artifact(run, path), region: Some(region(range, snippet)) },
        logical_locations: Vec::new(),
    }
}

fn region(range: Range, snippet: Option<&str>) -> Region {
    Region {
        start_line: range.start.line,
        start_column: range.start.column,
        end_line: range.end.line,
        end_column: range.end.column,
        snippet: snippet.map(Message::new),
    }
}

fn artifact(run: &Run<'_>, path: &Utf8Path) -> ArtifactLocation {
    ArtifactLocation { uri: uri(&run.in_repository(path)), uri_base_id: BASE }
}

/// A relative path as a URI reference.
fn uri(path: &Utf8Path) -> String {
    let mut out = String::with_capacity(path.as_str().len());
    for byte in path.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// `privileged-container` as `PrivilegedContainer`.
fn pascal(name: &str) -> String {
    name.split('-').map(first_upper).collect()
}

fn sentence(name: &str) -> String {
    first_upper(&name.replace('-', " "))
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Messages end like sentences.
fn full_stop(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?', ':']) { text.to_owned() } else { format!("{text}.") }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_DESCRIPTION) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// The line hashes of the files that have findings.
struct Hashes(BTreeMap<Utf8PathBuf, Vec<String>>);

impl Hashes {
    fn new(run: &Run<'_>) -> Self {
        let mut hashes = BTreeMap::new();
        for finding in &run.report.findings {
            if !hashes.contains_key(&finding.path)
                && let Some(text) = run.report.texts.get(&finding.path)
            {
                hashes.insert(finding.path.clone(), line_hashes(&text.text));
            }
        }
        Self(hashes)
    }

    fn of(&self, path: &Utf8Path, line: u32) -> Option<&str> {
        Some(self.0.get(path)?.get((line as usize).checked_sub(1)?)?.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri(Utf8Path::new("a b/ü[1]#%.tf")), "a%20b/%C3%BC%5B1%5D%23%25.tf");
    }

    #[test]
    fn names_are_pascal_case_and_messages_are_sentences() {
        assert_eq!(pascal("ssh-open-to-internet"), "SshOpenToInternet");
        assert_eq!(full_stop("open to all"), "open to all.");
        assert_eq!(full_stop("why? "), "why?");
    }
}
