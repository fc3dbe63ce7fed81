//! Findings as diagnostics.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_engine::{FileReport, Finding, Level, Related};
use plimsoll_rules::RuleSet;
use serde_json::json;
use tower_lsp_server::ls_types::*;

use crate::capabilities::Client;
use crate::host::{Fault, Host};
use crate::position::Lines;
use crate::uri;

/// The name that diagnostics carry.
const SOURCE: &str = "plimsoll";

/// What turns paths, ranges and rules of one folder into the protocol's words.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) client: Arc<Client>,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) rules: Arc<RuleSet>,
    pub(crate) folder: Uri,
    /// Open documents, by their path in the folder: the client's own name and version.
    pub(crate) open: Arc<BTreeMap<Utf8PathBuf, (Uri, i32)>>,
}

impl Context {
    /// The name of a file.
    pub(crate) fn uri(&self, path: &Utf8Path) -> Option<Uri> {
        self.open.get(path).map(|(uri, _)| uri.clone()).or_else(|| uri::inside(&self.folder, path))
    }

    /// The version of a file, when it is open.
    pub(crate) fn version(&self, path: &Utf8Path) -> Option<i32> {
        self.open.get(path).map(|(_, version)| *version)
    }

    /// Everything that is known about a file.
    pub(crate) fn diagnostics(&self, report: &FileReport) -> Vec<Diagnostic> {
        let mut lines = Texts { context: self, report, known: BTreeMap::new() };
        let mut all: Vec<Diagnostic> = report.findings.iter().map(|finding| self.diagnostic(finding, &mut lines)).collect();
        for lost in &report.incomplete {
            all.push(Diagnostic {
                range: lines.range(&lost.path, &lost.range),
                severity: Some(DiagnosticSeverity::WARNING),
                code: Some(NumberOrString::String("incomplete".to_owned())),
                source: Some(SOURCE.to_owned()),
                message: format!("not understood, and not checked: {}", lost.reason),
                ..Diagnostic::default()
            });
        }
        all
    }

    /// One finding.
    fn diagnostic<'a>(&self, finding: &'a Finding, lines: &mut Texts<'a>) -> Diagnostic {
        let client = &self.client;
        let related =
            finding.related.iter().filter(|_| client.related_information).filter_map(|related| self.related(related, lines));
        let related: Vec<DiagnosticRelatedInformation> = related.collect();
        Diagnostic {
            range: lines.range(&finding.path, &finding.range),
            severity: Some(match Level::from(finding.severity) {
                Level::Error => DiagnosticSeverity::ERROR,
                Level::Warning => DiagnosticSeverity::WARNING,
                Level::Note => DiagnosticSeverity::INFORMATION,
            }),
            code: Some(NumberOrString::String(finding.rule.to_string())),
            code_description: if client.code_description {
                self.page(finding).map(|href| CodeDescription { href })
            } else {
                None
            },
            source: Some(SOURCE.to_owned()),
            message: finding.message.clone(),
            related_information: (!related.is_empty()).then_some(related),
            tags: None,
            data: client.data.then(|| json!({ "fingerprint": finding.fingerprint })),
        }
    }

    /// Where the rule is explained.
    pub(crate) fn page(&self, finding: &Finding) -> Option<Uri> {
        Uri::from_str(&self.host.page_of(&self.rules, &finding.rule)?).ok()
    }

    fn related<'a>(&self, related: &'a Related, lines: &mut Texts<'a>) -> Option<DiagnosticRelatedInformation> {
        let location = Location { uri: self.uri(&related.path)?, range: lines.range(&related.path, &related.range) };
        Some(DiagnosticRelatedInformation { location, message: related.message.clone() })
    }

    /// Something wrong with the settings.
    pub(crate) fn fault(&self, fault: &Fault) -> Diagnostic {
        let units = |column: u32| self.client.encoding.units(&fault.text, column.saturating_sub(1));
        let line = fault.line.saturating_sub(1);
        Diagnostic {
            range: Range::new(Position::new(line, units(fault.columns.0)), Position::new(line, units(fault.columns.1))),
            severity: Some(DiagnosticSeverity::ERROR),
            source: Some(SOURCE.to_owned()),
            message: fault.message.clone(),
            ..Diagnostic::default()
        }
    }
}

/// The lines of the texts of a report, looked for when they are needed.
pub(crate) struct Texts<'a> {
    context: &'a Context,
    report: &'a FileReport,
    known: BTreeMap<&'a Utf8Path, Lines>,
}

impl<'a> Texts<'a> {
    pub(crate) fn range(&mut self, path: &'a Utf8Path, range: &plimsoll_engine::Range) -> Range {
        let Some(text) = self.report.texts.get(path) else { return Range::default() };
        let encoding = self.context.client.encoding;
        self.known.entry(path).or_insert_with(|| Lines::new(&text.text, encoding)).range(&text.text, range)
    }
}
