//! Diagnostics for clients that ask for them.

use std::sync::PoisonError;

use plimsoll_engine::Cancelled;
use tower_lsp_server::jsonrpc::{Error, ErrorCode};
use tower_lsp_server::ls_types::*;

use super::{Owner, innermost};
use crate::message::{Message, Reply};
use crate::requests::{diagnostic, workspace_diagnostic};
use crate::uri;

/// `ServerCancelled`: an edit came in between, and the client is to ask again.
const SERVER_CANCELLED: i64 = -32802;

impl Owner {
    /// What is known about one document, at once: from what can say something about it.
    pub(super) fn diagnostic(&mut self, params: DocumentDiagnosticParams, reply: Reply<DocumentDiagnosticReportResult>) {
        let previous = params.previous_result_id.clone();
        let path = uri::path_of(&params.text_document.uri);
        let faults = path.as_ref().map(|path| self.faults_of(path)).unwrap_or_default();
        let folder = path.as_ref().and_then(|path| innermost(&mut self.folders, path));
        let (Some(path), Some(folder)) = (path, folder) else {
            return reply.send(Ok(diagnostic::answer(faults, previous.as_deref())));
        };
        let (Some(inner), Some(ready)) = (folder.inside(&path), &folder.ready) else {
            folder.waiting.push(Message::Diagnostic(params, reply));
            return;
        };
        let context = folder.context(&self.client, &self.host, &self.documents);
        let (snapshot, standing, said) = (ready.engine.snapshot(), ready.standing.clone(), folder.said.clone());
        let again = Error {
            code: ErrorCode::from(SERVER_CANCELLED),
            message: "an edit came in between".into(),
            data: serde_json::to_value(DiagnosticServerCancellationData::default()).ok(),
        };
        self.workers.run(move || {
            reply.work(snapshot, again, |snapshot| -> Result<_, Cancelled> {
                let mut diagnostics = context.diagnostics(&snapshot.findings_of(&inner, &standing)?);
                said.lock().unwrap_or_else(PoisonError::into_inner).answered.insert(inner.clone(), diagnostics.clone().into());
                diagnostics.extend(faults);
                Ok(diagnostic::answer(diagnostics, previous.as_deref()))
            });
        });
    }

    /// What is known about every file, as soon as everything has been judged.
    pub(super) fn workspace_diagnostic(
        &mut self,
        params: WorkspaceDiagnosticParams,
        reply: Reply<WorkspaceDiagnosticReportResult>,
    ) {
        let unsettled = self.folders.iter_mut().find(|folder| !folder.ready.as_ref().is_some_and(|ready| ready.is_settled()));
        if let Some(folder) = unsettled {
            folder.waiting.push(Message::WorkspaceDiagnostic(params, reply));
            return;
        }
        let mut known = workspace_diagnostic::Known::new();
        for folder in &self.folders {
            let context = folder.context(&self.client, &self.host, &self.documents);
            for (path, diagnostics) in &folder.said.lock().unwrap_or_else(PoisonError::into_inner).diagnostics {
                if let Some(uri) = context.uri(path) {
                    known.insert(uri, (context.version(path), diagnostics.clone()));
                }
            }
            for (path, faults) in folder.ready.iter().flat_map(|ready| &ready.faults) {
                if let Some(uri) = uri::uri_of(path) {
                    known.insert(uri, (None, faults.clone().into()));
                }
            }
        }
        reply.send(Ok(workspace_diagnostic::answer(known, params.previous_result_ids)));
    }

    fn faults_of(&self, path: &camino::Utf8Path) -> Vec<Diagnostic> {
        let all = self.folders.iter().filter_map(|folder| folder.ready.as_ref()?.faults.get(path));
        all.flatten().cloned().collect()
    }
}
