//! `workspace/diagnostic`: what is known about all files, open or not.

use std::collections::BTreeMap;
use std::sync::Arc;

use tower_lsp_server::ls_types::*;

use super::diagnostic::result_id;

/// A file with what is known about it.
pub(crate) type Known = BTreeMap<Uri, (Option<i32>, Arc<Vec<Diagnostic>>)>;

/// The answer: files that the client has already are named, and those of which it has something that is gone are emptied.
pub(crate) fn answer(mut known: Known, previous: Vec<PreviousResultId>) -> WorkspaceDiagnosticReportResult {
    let mut had = BTreeMap::new();
    for result in previous {
        known.entry(result.uri.clone()).or_default();
        had.insert(result.uri, result.value);
    }
    let items = known.into_iter().map(|(uri, (version, diagnostics))| {
        let result_id = result_id(&diagnostics);
        let version = version.map(i64::from);
        if had.get(&uri) == Some(&result_id) {
            let report = UnchangedDocumentDiagnosticReport { result_id };
            WorkspaceUnchangedDocumentDiagnosticReport { uri, version, unchanged_document_diagnostic_report: report }.into()
        } else {
            let report = FullDocumentDiagnosticReport { result_id: Some(result_id), items: diagnostics.to_vec() };
            WorkspaceFullDocumentDiagnosticReport { uri, version, full_document_diagnostic_report: report }.into()
        }
    });
    WorkspaceDiagnosticReport { items: items.collect() }.into()
}
