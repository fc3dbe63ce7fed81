//! The language server: what the engine knows, in the words of the Language Server Protocol.
//!
//! Messages are put into one queue in the order in which they arrive, before anything is awaited; one thread takes them out and owns
//! the engine. Requests are answered on other threads, from snapshots that a newer edit cancels. This crate must not know a rule or a
//! format, and it reaches the disk only through [`Host`].

mod backend;
mod capabilities;
mod convert;
mod document;
mod folder;
mod host;
mod input;
mod message;
mod ordered;
mod outbox;
mod owner;
mod parent;
mod position;
mod refresh;
mod requests;
mod settings;
mod slow;
mod uri;
mod workers;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tower_lsp_server::{LspService, Server};

pub use host::{Fault, Host, Loaded};
pub use settings::Preferences;

use backend::Backend;
use message::Message;
use ordered::Ordered;

/// Serves a client on standard input and output until it says `exit`, closes the input, or dies. The result says whether it had asked
/// for the shutdown before.
///
/// # Errors
/// When no thread can be started.
pub fn serve(host: Arc<dyn Host>) -> io::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let clean = runtime.block_on(async move {
        let (queue, messages) = std::sync::mpsc::channel();
        let asked_to_stop = Arc::new(AtomicBool::new(false));
        let (outbox, letters) = outbox::new();
        let owner = owner::Owner::new(host, queue.clone(), outbox);
        std::thread::Builder::new().name("owner".to_owned()).stack_size(workers::STACK).spawn(move || owner.run(&messages))?;
        let (service, socket) = LspService::build(|client| {
            tokio::spawn(letters.deliver(client.clone(), queue.clone()));
            Backend::new(queue.clone(), client, asked_to_stop.clone())
        })
        .custom_method(input::BROKEN, Backend::broken)
        .custom_method(input::INVALID, Backend::invalid)
        .finish();
        // Requests wait in the queue, not for each other.
        Server::new(input::Input::new(tokio::io::stdin()), tokio::io::stdout(), socket)
            .concurrency_level(usize::MAX)
            .serve(Ordered(service))
            .await;
        let _ = queue.send(Message::Stop);
        Ok::<_, io::Error>(asked_to_stop.load(Ordering::Relaxed))
    });
    // A read of standard input that nobody will answer must not keep the program alive.
    runtime.shutdown_background();
    clean
}
