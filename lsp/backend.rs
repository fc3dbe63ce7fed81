//! The handlers: each puts its message into the queue before anything is awaited.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};

use tower_lsp_server::jsonrpc::{Error, Result};
use tower_lsp_server::ls_types::*;
use tower_lsp_server::{Client as Connection, LanguageServer};

use crate::capabilities::{Client, OPEN_RULE};
use crate::message::{Message, Reply, reply};
use crate::{outbox, parent};

/// The client's side of the queue.
pub(crate) struct Backend {
    queue: Sender<Message>,
    connection: Connection,
    client: OnceLock<Client>,
    asked_to_stop: Arc<AtomicBool>,
}

impl Backend {
    pub(crate) fn new(queue: Sender<Message>, connection: Connection, asked_to_stop: Arc<AtomicBool>) -> Self {
        Self { queue, connection, client: OnceLock::new(), asked_to_stop }
    }

    /// The answer to what is no JSON.
    pub(crate) async fn broken(&self) -> Result<()> {
        Err(Error::parse_error())
    }

    /// The answer to JSON that is no message.
    pub(crate) async fn invalid(&self) -> Result<()> {
        Err(Error::invalid_request())
    }

    fn tell(&self, message: Message) {
        // The owner ends only after the last message.
        let _ = self.queue.send(message);
    }

    async fn ask<T>(&self, message: impl FnOnce(Reply<T>) -> Message) -> Result<T> {
        let (reply, answer) = reply();
        self.tell(message(reply));
        answer.wait().await
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let client = Client::new(params);
        let offer = client.offer();
        if let Some(process) = client.process {
            parent::watch(process);
        }
        self.client.set(client).map_err(|_| Error::invalid_request())?;
        Ok(offer)
    }

    async fn initialized(&self, _: InitializedParams) {
        if let Some(client) = self.client.get() {
            self.tell(Message::Start(Box::new(client.clone())));
        }
    }

    async fn shutdown(&self) -> Result<()> {
        self.asked_to_stop.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.tell(Message::Open(params));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        self.tell(Message::Change(params));
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.tell(Message::Close(params));
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.tell(Message::Save(params));
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        self.tell(Message::Watched(params));
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        self.tell(Message::Folders(params));
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        self.tell(Message::Configuration(params.settings));
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.ask(|reply| Message::CodeLens(params, reply)).await
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        self.ask(|reply| Message::InlayHint(params, reply)).await
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        self.ask(|reply| Message::Definition(params, reply)).await
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        self.ask(|reply| Message::References(params, reply)).await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.ask(|reply| Message::DocumentLink(params, reply)).await
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        let as_it_was = action.clone();
        let resolved = self.ask(|reply| Message::Resolve(Box::new(action), reply)).await?;
        Ok(resolved.unwrap_or(as_it_was))
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        self.ask(|reply| Message::Hover(params, reply)).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        self.ask(|reply| Message::CodeAction(params, reply)).await
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        self.ask(|reply| Message::Diagnostic(params, reply)).await
    }

    async fn workspace_diagnostic(&self, params: WorkspaceDiagnosticParams) -> Result<WorkspaceDiagnosticReportResult> {
        self.ask(|reply| Message::WorkspaceDiagnostic(params, reply)).await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        let page = params.arguments.first().and_then(LSPAny::as_str);
        match page.filter(|page| params.command == OPEN_RULE && page.starts_with("https://")) {
            Some(page) => outbox::open(&self.connection, page).await,
            None => {
                return Err(Error::invalid_params(format!("`{}` is not a command of plimsoll, or has no page", params.command)));
            }
        }
        Ok(None)
    }
}
