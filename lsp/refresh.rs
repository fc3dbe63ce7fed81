//! Judging again after edits, and telling the client what has changed.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_engine::{Cancelled, FileReport, Snapshot, Standing};
use tower_lsp_server::ls_types::{Diagnostic, MessageType};

use crate::convert::Context;
use crate::message::{Judged, Message};
use crate::outbox::{Letter, Outbox};

/// What the client was told last, or what it would be told if it asked.
#[derive(Default)]
pub(crate) struct Said {
    /// Diagnostics by path; files without any are left out.
    pub(crate) diagnostics: BTreeMap<Utf8PathBuf, Arc<Vec<Diagnostic>>>,
    /// What a client that asks was answered last about open documents.
    pub(crate) answered: BTreeMap<Utf8PathBuf, Arc<Vec<Diagnostic>>>,
}

impl Said {
    /// Whether it differs from what was known.
    fn learn(&mut self, path: &Utf8Path, diagnostics: &Arc<Vec<Diagnostic>>) -> bool {
        let before = if diagnostics.is_empty() {
            self.diagnostics.remove(path)
        } else {
            self.diagnostics.insert(path.to_owned(), diagnostics.clone())
        };
        before.unwrap_or_default() != *diagnostics
    }
}

/// One round of judging.
pub(crate) struct Round {
    pub(crate) folder: u64,
    /// Which of the folder's engines is asked.
    pub(crate) generation: u64,
    pub(crate) snapshot: Snapshot,
    pub(crate) standing: Arc<Standing>,
    pub(crate) edited: Vec<Utf8PathBuf>,
    /// Nothing of what was said before holds by itself: the folder was read anew.
    pub(crate) everything: bool,
    /// Whether the client hears of a file in this folder.
    pub(crate) scope: Scope,
    pub(crate) context: Context,
    pub(crate) said: Arc<Mutex<Said>>,
    pub(crate) outbox: Outbox,
    pub(crate) queue: Sender<Message>,
}

/// How far a round came.
struct Reached {
    standing: Arc<Standing>,
    /// A client that asks has answers that do not hold any more.
    stale: bool,
    /// The world was looked at as well.
    whole: bool,
}

/// Which files of a folder the client hears of.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    /// Open documents only.
    pub(crate) open_only: bool,
    /// Folders inside that speak for themselves.
    pub(crate) foreign: Vec<Utf8PathBuf>,
}

impl Round {
    /// Judges, and says what has changed: about the edited documents first, then all others, then what the world
    /// adds. Everything that is said is said before the next edit is taken, since that waits for the snapshot.
    pub(crate) fn run(self) {
        let done = catch_unwind(AssertUnwindSafe(|| self.judged()));
        let Self { folder, generation, snapshot, standing, edited, outbox, queue, .. } = self;
        drop(snapshot);
        let (mut stale, mut whole) = (false, false);
        let standing = match done {
            Ok(Ok(reached)) => {
                (stale, whole) = (reached.stale, reached.whole);
                Some(reached.standing)
            }
            Ok(Err(Cancelled)) => None,
            Err(_) => {
                // It would fail again: wait for the next edit.
                outbox.send(Letter::Log(MessageType::ERROR, "a fault of plimsoll: judging failed".to_owned()));
                whole = true;
                Some(standing)
            }
        };
        let _ = queue.send(Message::Judged(folder, Judged { generation, standing, edited, stale, whole }));
    }

    fn judged(&self) -> Result<Reached, Cancelled> {
        for path in self.edited.iter().filter(|path| self.context.open.contains_key(*path)) {
            let report = self.snapshot.findings_of(path, &self.standing)?;
            self.tell(path, &report, true);
        }
        let (standing, reports) = self.snapshot.advance(&self.standing, &self.edited)?;
        let mut stale = self.tell_all(&reports);
        if self.everything {
            let said: Vec<Utf8PathBuf> =
                self.said.lock().unwrap_or_else(PoisonError::into_inner).diagnostics.keys().cloned().collect();
            for path in said.iter().filter(|path| !reports.contains_key(*path)) {
                stale |= self.tell(path, &FileReport::default(), false);
            }
        }
        if stale {
            self.refresh();
        }
        // What all formats say together takes longest, and nobody should wait for it.
        let Ok((standing, reports)) = self.snapshot.complete(&standing) else {
            // What was told so far has been told: the next round goes on from there.
            return Ok(Reached { standing: Arc::new(standing), stale: false, whole: false });
        };
        let stale = self.tell_all(&reports);
        for (rule, message) in self.snapshot.failures(&standing) {
            self.outbox.send(Letter::Log(MessageType::ERROR, format!("rule `{rule}` failed: {message}")));
        }
        Ok(Reached { standing: Arc::new(standing), stale, whole: true })
    }

    fn refresh(&self) {
        if self.context.client.refreshes {
            self.outbox.send(Letter::Refresh);
        }
    }

    fn tell_all(&self, reports: &BTreeMap<Utf8PathBuf, FileReport>) -> bool {
        reports.iter().fold(false, |stale, (path, report)| self.tell(path, report, false) | stale)
    }

    /// Whether a client that asks has an answer that does not hold any more.
    fn tell(&self, path: &Utf8Path, report: &FileReport, always: bool) -> bool {
        let open = self.context.open.contains_key(path);
        let heard = if self.scope.open_only { open } else { !self.scope.foreign.iter().any(|folder| path.starts_with(folder)) };
        let diagnostics = Arc::new(if heard { self.context.diagnostics(report) } else { Vec::new() });
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = said.learn(path, &diagnostics);
        if self.context.client.pulls {
            return changed && said.answered.get(path) != Some(&diagnostics);
        }
        if let Some(uri) = self.context.uri(path).filter(|_| changed || always && heard) {
            self.outbox.send(Letter::Publish(uri, diagnostics.to_vec(), self.context.version(path)));
        }
        false
    }
}
