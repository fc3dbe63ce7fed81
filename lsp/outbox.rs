//! What the server says of its own accord, in order.

use std::str::FromStr;
use std::sync::mpsc::Sender;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tower_lsp_server::Client;
use tower_lsp_server::ls_types::*;

use crate::message::Message;

/// Something to say.
pub(crate) enum Letter {
    Publish(Uri, Vec<Diagnostic>, Option<i32>),
    Log(MessageType, String),
    Show(MessageType, String),
    /// Ask to be told about files that change.
    Watch,
    /// Ask the client to ask for diagnostics again.
    Refresh,
    /// Ask the client for its settings.
    Configure,
    /// Something takes long; the other end is dropped when it is over.
    Busy(oneshot::Receiver<()>),
}

/// Takes letters from any thread.
#[derive(Clone)]
pub(crate) struct Outbox(UnboundedSender<Letter>);

/// Letters on their way to the client.
pub(crate) struct Letters(UnboundedReceiver<Letter>);

/// Both ends.
pub(crate) fn new() -> (Outbox, Letters) {
    let (sender, receiver) = unbounded_channel();
    (Outbox(sender), Letters(receiver))
}

impl Outbox {
    /// Says it after everything that was said before.
    pub(crate) fn send(&self, letter: Letter) {
        // After the client has gone there is nobody to tell.
        let _ = self.0.send(letter);
    }
}

impl Letters {
    /// Delivers letters as long as there is a server.
    pub(crate) async fn deliver(mut self, client: Client, queue: Sender<Message>) {
        let mut tokens = 0_u64;
        while let Some(letter) = self.0.recv().await {
            match letter {
                Letter::Publish(uri, diagnostics, version) => client.publish_diagnostics(uri, diagnostics, version).await,
                Letter::Log(level, message) => client.log_message(level, message).await,
                Letter::Show(level, message) => client.show_message(level, message).await,
                // The client's answer is not waited for: what comes after must not hang on it.
                Letter::Watch => drop(tokio::spawn(watch(client.clone()))),
                Letter::Configure => drop(tokio::spawn(configure(client.clone(), queue.clone()))),
                Letter::Busy(over) => {
                    tokens += 1;
                    drop(tokio::spawn(busy(client.clone(), format!("plimsoll/{tokens}"), over)));
                }
                Letter::Refresh => drop(tokio::spawn(refresh(client.clone()))),
            }
        }
    }
}

async fn configure(client: Client, queue: Sender<Message>) {
    let item = ConfigurationItem { scope_uri: None, section: Some("plimsoll".to_owned()) };
    let said = client.configuration(vec![item]).await.ok().and_then(|said| said.into_iter().next());
    if let Some(settings) = said {
        // After the last message, nobody listens.
        let _ = queue.send(Message::Configured(settings));
    }
}

async fn busy(client: Client, token: String, over: oneshot::Receiver<()>) {
    let token = ProgressToken::String(token);
    if client.create_work_done_progress(token.clone()).await.is_ok() {
        let progress = client.progress(token, "plimsoll").with_message("reading the workspace").begin().await;
        // It ends by being dropped.
        let _ = over.await;
        progress.finish().await;
    }
}

async fn refresh(client: Client) {
    // A client that cannot says so; it was only offered.
    let _ = client.workspace_diagnostic_refresh().await;
}

async fn watch(client: Client) {
    // Configuration reads what it likes, `file("motd")` for example: the server knows which of the files matter.
    let options = serde_json::json!({ "watchers": [{ "globPattern": "**/*" }] });
    let method = "workspace/didChangeWatchedFiles".to_owned();
    let registration = Registration { id: "plimsoll.files".to_owned(), method, register_options: Some(options) };
    if let Err(error) = client.register_capability(vec![registration]).await {
        client.log_message(MessageType::WARNING, format!("files are not watched: {error}")).await;
    }
}

/// Opens a page in the browser.
pub(crate) async fn open(client: &Client, page: &str) {
    if let Ok(uri) = Uri::from_str(page) {
        let _ =
            client.show_document(ShowDocumentParams { uri, external: Some(true), take_focus: Some(true), selection: None }).await;
    }
}
