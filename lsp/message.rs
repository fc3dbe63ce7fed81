//! What goes through the queue, and how requests are answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8PathBuf;
use plimsoll_engine::{Cancelled, Canceller, Snapshot, Standing};
use tokio::sync::oneshot;
use tower_lsp_server::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp_server::ls_types::*;

use crate::capabilities::Client;
use crate::host::Loaded;

/// Everything that happens to the owner, in order.
pub(crate) enum Message {
    Start(Box<Client>),
    Open(DidOpenTextDocumentParams),
    Change(DidChangeTextDocumentParams),
    Close(DidCloseTextDocumentParams),
    Save(DidSaveTextDocumentParams),
    Watched(DidChangeWatchedFilesParams),
    Folders(DidChangeWorkspaceFoldersParams),
    Hover(HoverParams, Reply<Option<Hover>>),
    CodeAction(CodeActionParams, Reply<Option<CodeActionResponse>>),
    CodeLens(CodeLensParams, Reply<Option<Vec<CodeLens>>>),
    InlayHint(InlayHintParams, Reply<Option<Vec<InlayHint>>>),
    Definition(GotoDefinitionParams, Reply<Option<GotoDefinitionResponse>>),
    References(ReferenceParams, Reply<Option<Vec<Location>>>),
    DocumentLink(DocumentLinkParams, Reply<Option<Vec<DocumentLink>>>),
    /// The edit of an action is wanted.
    Resolve(Box<CodeAction>, Reply<Option<CodeAction>>),
    /// The client says that its settings have changed.
    Configuration(LSPAny),
    /// The client's settings.
    Configured(LSPAny),
    Diagnostic(DocumentDiagnosticParams, Reply<DocumentDiagnosticReportResult>),
    WorkspaceDiagnostic(WorkspaceDiagnosticParams, Reply<WorkspaceDiagnosticReportResult>),
    /// A folder has been read.
    Loaded(u64, Box<Loaded>),
    /// Everything was judged, or an edit came in between.
    Judged(u64, Judged),
    Stop,
}

/// The end of a round of judging.
pub(crate) struct Judged {
    /// Which of the folder's engines was asked.
    pub(crate) generation: u64,
    /// What stands now; `None`: an edit came in between.
    pub(crate) standing: Option<Arc<Standing>>,
    /// What had been edited before it.
    pub(crate) edited: Vec<Utf8PathBuf>,
    /// A client that asks has answers that do not hold any more.
    pub(crate) stale: bool,
    /// Nothing of it is left to be done.
    pub(crate) whole: bool,
}

/// Where the answer of a request goes.
pub(crate) struct Reply<T> {
    sender: oneshot::Sender<Result<T>>,
    waiting: Arc<Waiting>,
}

/// Whether somebody waits for an answer.
#[derive(Default)]
struct Waiting {
    given_up: AtomicBool,
    working: Mutex<Option<Canceller>>,
}

/// The other end of a reply; dropped when the client cancels the request.
pub(crate) struct Answer<T> {
    receiver: oneshot::Receiver<Result<T>>,
    waiting: Arc<Waiting>,
}

/// A reply and its answer.
pub(crate) fn reply<T>() -> (Reply<T>, Answer<T>) {
    let (sender, receiver) = oneshot::channel();
    let waiting = Arc::<Waiting>::default();
    (Reply { sender, waiting: waiting.clone() }, Answer { receiver, waiting })
}

impl<T> Answer<T> {
    /// What was answered.
    pub(crate) async fn wait(mut self) -> Result<T> {
        (&mut self.receiver).await.unwrap_or_else(|_| Err(Error::internal_error()))
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        self.waiting.given_up.store(true, Ordering::SeqCst);
        if let Some(working) = &*self.waiting.working.lock().unwrap_or_else(PoisonError::into_inner) {
            working.cancel();
        }
    }
}

impl<T> Reply<T> {
    /// Answers.
    pub(crate) fn send(self, answer: Result<T>) {
        // A client that has cancelled does not listen any more.
        let _ = self.sender.send(answer);
    }

    /// Answers with what `work` finds out, which ends early when the client cancels or an edit comes; a panic is an answer, too.
    pub(crate) fn work(
        self,
        snapshot: Snapshot,
        cancelled: Error,
        work: impl FnOnce(&Snapshot) -> std::result::Result<T, Cancelled>,
    ) {
        *self.waiting.working.lock().unwrap_or_else(PoisonError::into_inner) = Some(snapshot.canceller());
        let done = if self.waiting.given_up.load(Ordering::SeqCst) {
            Ok(Err(Cancelled))
        } else {
            catch_unwind(AssertUnwindSafe(|| work(&snapshot)))
        };
        // The owner waits for it as soon as the next edit comes, which may be caused by the answer.
        drop(snapshot);
        self.send(match done {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Cancelled)) => Err(cancelled),
            Err(payload) => Err(panicked(&*payload)),
        });
    }
}

fn panicked(payload: &(dyn std::any::Any + Send)) -> Error {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    Error {
        code: ErrorCode::InternalError,
        message: format!("a fault of plimsoll: {}", text.unwrap_or("panicked")).into(),
        data: None,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_engine::{Engine, Files, Settings};
    use plimsoll_rules::RuleSet;

    use super::*;

    struct Nothing;

    impl Files for Nothing {
        fn read(&self, _: &camino::Utf8Path) -> std::io::Result<Vec<u8>> {
            Err(std::io::ErrorKind::NotFound.into())
        }
    }

    fn answered(work: impl FnOnce(&Snapshot) -> std::result::Result<u32, Cancelled>) -> Result<u32> {
        let engine = Engine::new(
            Arc::new(Nothing),
            &RuleSet::default(),
            &Settings { select: vec!["all".to_owned()], ..Settings::default() },
        )
        .unwrap();
        let (reply, answer) = reply::<u32>();
        reply.work(engine.snapshot(), Error::content_modified(), work);
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(answer.wait())
    }

    #[test]
    fn whatever_happens_is_an_answer() {
        assert_eq!(answered(|_| Ok(7)), Ok(7));
        assert_eq!(answered(|_| Err(Cancelled)).unwrap_err().code, ErrorCode::ContentModified);
        let error = answered(|_| panic!("on purpose")).unwrap_err();
        assert_eq!(error.code, ErrorCode::InternalError);
        assert!(error.message.contains("on purpose"), "{error}");
    }
}
