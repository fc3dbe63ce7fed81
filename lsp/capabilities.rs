//! What the client can do, and what the server offers it.

use tower_lsp_server::ls_types::*;

use crate::position::Encoding;
use crate::settings::Preferences;

/// The command that shows a rule's page.
pub(crate) const OPEN_RULE: &str = "plimsoll.openRule";

/// The client's own command that shows how a node is reached.
pub(crate) const SHOW_EXPOSURE: &str = "plimsoll.showExposure";

/// The kind of the action that applies all safe fixes of a file.
pub(crate) const FIX_ALL: &str = "source.fixAll.plimsoll";

/// What the client can do and wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    pub(crate) encoding: Encoding,
    /// It asks for diagnostics; else they are sent.
    pub(crate) pulls: bool,
    /// It asks again when it is told to.
    pub(crate) refreshes: bool,
    pub(crate) related_information: bool,
    pub(crate) code_description: bool,
    pub(crate) data: bool,
    /// It can be told which files to watch.
    pub(crate) watches: bool,
    /// Edits carry the version that they are for.
    pub(crate) document_changes: bool,
    pub(crate) shows_documents: bool,
    /// It has a command of its own that shows how a node is reached.
    pub(crate) shows_exposure: bool,
    /// It asks for the edit of an action when a person has chosen it.
    pub(crate) asks_for_edits: bool,
    /// It can be asked for settings.
    pub(crate) configures: bool,
    /// It shows that work goes on.
    pub(crate) shows_progress: bool,
    /// What it wanted at the start.
    pub(crate) preferences: Preferences,
    pub(crate) folders: Vec<Uri>,
    pub(crate) process: Option<u32>,
}

impl Client {
    /// Reads what a client says about itself.
    pub(crate) fn new(params: InitializeParams) -> Self {
        let capabilities = params.capabilities;
        let general = capabilities.general.unwrap_or_default();
        let text = capabilities.text_document.unwrap_or_default();
        let workspace = capabilities.workspace.unwrap_or_default();
        let window = capabilities.window.unwrap_or_default();
        let (pulls, pushed) = (text.diagnostic, text.publish_diagnostics.unwrap_or_default());
        let said = |pull: fn(&DiagnosticClientCapabilities) -> Option<bool>, push: Option<bool>| {
            pulls.as_ref().and_then(pull).or(push).unwrap_or(false)
        };
        #[expect(deprecated, reason = "clients that know no folders have one root")]
        let root = params.root_uri;
        let folders = params.workspace_folders.map(|folders| folders.into_iter().map(|folder| folder.uri).collect());
        let options = params.initialization_options.unwrap_or_default();
        let commands = options.get("commands").and_then(LSPAny::as_array);
        let resolves = text.code_action.and_then(|action| action.resolve_support);
        Self {
            shows_exposure: commands.is_some_and(|all| all.iter().any(|name| name == SHOW_EXPOSURE)),
            asks_for_edits: resolves.is_some_and(|support| support.properties.iter().any(|name| name == "edit")),
            configures: workspace.configuration.unwrap_or(false),
            shows_progress: window.work_done_progress.unwrap_or(false),
            preferences: Preferences::default().with(&options),
            encoding: Encoding::chosen(general.position_encodings.as_deref()),
            related_information: said(|pull| pull.related_information, pushed.related_information),
            code_description: said(|pull| pull.code_description_support, pushed.code_description_support),
            data: said(|pull| pull.data_support, pushed.data_support),
            pulls: pulls.is_some(),
            refreshes: pulls.is_some()
                && workspace.diagnostics.and_then(|diagnostics| diagnostics.refresh_support).unwrap_or(false),
            watches: workspace.did_change_watched_files.and_then(|watched| watched.dynamic_registration).unwrap_or(false),
            document_changes: workspace.workspace_edit.and_then(|edit| edit.document_changes).unwrap_or(false),
            shows_documents: window.show_document.is_some_and(|show| show.support),
            folders: folders.unwrap_or_else(|| root.into_iter().collect()),
            process: params.process_id,
        }
    }

    /// What the server offers this client.
    pub(crate) fn offer(&self) -> InitializeResult {
        let sync = TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            ..TextDocumentSyncOptions::default()
        };
        let actions = CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, CodeActionKind::from(FIX_ALL)]),
            resolve_provider: self.asks_for_edits.then_some(true),
            ..CodeActionOptions::default()
        };
        let diagnostics = DiagnosticOptions {
            identifier: Some("plimsoll".to_owned()),
            inter_file_dependencies: true,
            workspace_diagnostics: true,
            ..DiagnosticOptions::default()
        };
        let folders = WorkspaceFoldersServerCapabilities { supported: Some(true), change_notifications: Some(OneOf::Left(true)) };
        InitializeResult {
            capabilities: ServerCapabilities {
                position_encoding: Some(self.encoding.kind()),
                text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
                code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
                inlay_hint_provider: Some(OneOf::Left(true)),
                definition_provider: Some(OneOf::Left(true)),
                references_provider: Some(OneOf::Left(true)),
                document_link_provider: Some(DocumentLinkOptions {
                    resolve_provider: Some(false),
                    work_done_progress_options: WorkDoneProgressOptions::default(),
                }),
                hover_provider: Some(HoverProviderCapability::Simple(true)),
                code_action_provider: Some(CodeActionProviderCapability::Options(actions)),
                execute_command_provider: self
                    .shows_documents
                    .then(|| ExecuteCommandOptions { commands: vec![OPEN_RULE.to_owned()], ..ExecuteCommandOptions::default() }),
                diagnostic_provider: self.pulls.then_some(DiagnosticServerCapabilities::Options(diagnostics)),
                workspace: Some(WorkspaceServerCapabilities { workspace_folders: Some(folders), file_operations: None }),
                ..ServerCapabilities::default()
            },
            server_info: Some(ServerInfo { name: "plimsoll".to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) }),
            ..InitializeResult::default()
        }
    }
}
