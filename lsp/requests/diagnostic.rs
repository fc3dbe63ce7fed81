//! `textDocument/diagnostic`: what is known about one document, for clients that ask.

use tower_lsp_server::ls_types::*;

/// The name of a set of diagnostics: the same as long as they are the same.
pub(crate) fn result_id(diagnostics: &[Diagnostic]) -> String {
    let bytes = serde_json::to_vec(diagnostics).unwrap_or_default();
    // FNV-1a, 64 bits.
    let hash =
        bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// The answer; short where the client has it already.
pub(crate) fn answer(diagnostics: Vec<Diagnostic>, previous: Option<&str>) -> DocumentDiagnosticReportResult {
    let result_id = result_id(&diagnostics);
    let report = if previous == Some(&*result_id) {
        let unchanged = UnchangedDocumentDiagnosticReport { result_id };
        DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: unchanged,
        })
    } else {
        let full = FullDocumentDiagnosticReport { result_id: Some(result_id), items: diagnostics };
        DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: full,
        })
    };
    DocumentDiagnosticReportResult::Report(report)
}
