//! The thread that owns the engines: it takes messages in order, and nothing else writes.

mod pull;
mod views;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::sync::{Arc, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_engine::{Cancelled, FileReport, Snapshot};
use tower_lsp_server::jsonrpc::Error;
use tower_lsp_server::ls_types::*;

use crate::capabilities::Client;
use crate::convert::Context;
use crate::document::Document;
use crate::folder::{Folder, Reader, faults, publish_faults};
use crate::host::{Host, Loaded};
use crate::message::{Judged, Message, Reply};
use crate::outbox::{Letter, Outbox};
use crate::requests::{code_action, hover};
use crate::settings::Preferences;
use crate::uri;
use crate::workers::Workers;

/// After more changes on the disk than this, a folder is read anew.
const MANY: usize = 200;

/// Everything that messages change.
pub(crate) struct Owner {
    host: Arc<dyn Host>,
    queue: Sender<Message>,
    outbox: Outbox,
    workers: Workers,
    client: Arc<Client>,
    preferences: Arc<Preferences>,
    folders: Vec<Folder>,
    /// Open documents, by absolute path as the client writes it.
    documents: BTreeMap<Utf8PathBuf, Document>,
    next: u64,
}

impl Owner {
    pub(crate) fn new(host: Arc<dyn Host>, queue: Sender<Message>, outbox: Outbox) -> Self {
        let (workers, client) = (Workers::new(), Arc::default());
        let (folders, documents, preferences) = (Vec::new(), BTreeMap::new(), Arc::default());
        Self { host, queue, outbox, workers, client, preferences, folders, documents, next: 0 }
    }

    /// Takes messages until the last one. Files are judged when no message waits: in a flood of edits, only the last one counts.
    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let message = match messages.try_recv() {
                Ok(message) => message,
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => {
                    self.judge();
                    let Ok(message) = messages.recv() else { return };
                    message
                }
            };
            if matches!(message, Message::Stop) {
                // Taking the engines apart would take longer than the client waits.
                std::mem::forget(self);
                return;
            }
            self.handle(message);
        }
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Start(client) => self.start(*client),
            Message::Open(params) => self.open(params.text_document),
            Message::Change(params) => self.change(params),
            Message::Close(params) => self.close(&params.text_document.uri),
            Message::Save(params) => self.save(&params.text_document.uri),
            Message::Watched(params) => self.watched(params.changes),
            Message::Folders(params) => self.change_folders(params.event),
            Message::Loaded(folder, loaded) => self.loaded(folder, *loaded),
            Message::Judged(folder, round) => self.judged(folder, round),
            Message::Hover(params, reply) => {
                let TextDocumentPositionParams { text_document, position } = params.text_document_position_params.clone();
                let again = |reply| Message::Hover(params, reply);
                self.answer(&text_document.uri, reply, again, move |asked| {
                    hover::hover(&asked.context, &asked.path, asked.snapshot, &asked.report()?, position)
                });
            }
            Message::CodeAction(params, reply) => {
                let (uri, asked_for) = (params.text_document.uri.clone(), params.clone());
                let again = |reply| Message::CodeAction(params, reply);
                self.answer(&uri, reply, again, move |asked| {
                    code_action::code_actions(&asked.context, &asked.path, asked.snapshot, &asked.report()?, &asked_for).map(Some)
                });
            }
            Message::CodeLens(params, reply) => self.code_lens(params, reply),
            Message::InlayHint(params, reply) => self.inlay_hint(params, reply),
            Message::Definition(params, reply) => self.definition(params, reply),
            Message::References(params, reply) => self.references(params, reply),
            Message::DocumentLink(params, reply) => self.document_link(params, reply),
            Message::Resolve(action, reply) => self.resolve(*action, reply),
            // What is sent along is what the client thinks that we know; one that can be asked knows better.
            Message::Configuration(_) if self.client.configures => self.outbox.send(Letter::Configure),
            Message::Configuration(settings) | Message::Configured(settings) => self.configure(&settings),
            Message::Diagnostic(params, reply) => self.diagnostic(params, reply),
            Message::WorkspaceDiagnostic(params, reply) => self.workspace_diagnostic(params, reply),
            Message::Stop => {}
        }
    }

    fn start(&mut self, client: Client) {
        if client.watches {
            self.outbox.send(Letter::Watch);
        }
        if client.configures {
            self.outbox.send(Letter::Configure);
        }
        let roots = client.folders.clone();
        self.preferences = Arc::new(client.preferences.clone());
        self.client = Arc::new(client);
        for root in roots {
            self.add_folder(root);
        }
    }

    /// The client's settings are these now, over those of the start.
    fn configure(&mut self, settings: &LSPAny) {
        let preferences = Arc::new(self.client.preferences.with(settings));
        let before = std::mem::replace(&mut self.preferences, preferences);
        if self.preferences.checks_differently(&before) {
            let reader = self.reader();
            for folder in &mut self.folders {
                folder.load(&reader);
            }
        }
    }

    fn reader(&self) -> Reader {
        Reader {
            host: self.host.clone(),
            queue: self.queue.clone(),
            outbox: self.outbox.clone(),
            preferences: self.preferences.clone(),
            shows_progress: self.client.shows_progress,
        }
    }

    fn add_folder(&mut self, uri: Uri) {
        let Some(root) = uri::path_of(&uri) else { return };
        let root = Utf8PathBuf::from(root.as_str().trim_end_matches('/'));
        if self.folders.iter().any(|folder| folder.root == root && folder.file.is_none()) {
            return;
        }
        // Documents that were opened before their folder belong to it now.
        self.remove_folders(|folder| folder.file.is_some() && folder.root.starts_with(&root));
        self.load_folder(root, uri, None);
    }

    fn load_folder(&mut self, root: Utf8PathBuf, uri: Uri, file: Option<Utf8PathBuf>) {
        self.next += 1;
        let reader = self.reader();
        let mut folder = Folder::new(self.next, root, uri, file);
        folder.load(&reader);
        self.folders.push(folder);
    }

    fn remove_folders(&mut self, gone: impl Fn(&Folder) -> bool) {
        for folder in self.folders.extract_if(.., |folder| gone(folder)) {
            folder.silence(&folder.context(&self.client, &self.host, &self.documents), &self.outbox);
        }
    }

    fn change_folders(&mut self, event: WorkspaceFoldersChangeEvent) {
        for folder in event.removed {
            self.remove_folders(|known| known.file.is_none() && known.uri == folder.uri);
        }
        for folder in event.added {
            self.add_folder(folder.uri);
        }
        // What another folder has spoken for is anybody's now.
        let orphans: Vec<Utf8PathBuf> = self
            .documents
            .keys()
            .filter(|path| !self.folders.iter().any(|folder| folder.inside(path).is_some()))
            .cloned()
            .collect();
        for path in orphans {
            self.adopt(&path);
        }
    }

    fn folder(&mut self, id: u64) -> Option<&mut Folder> {
        self.folders.iter_mut().find(|folder| folder.id == id)
    }

    fn loaded(&mut self, id: u64, loaded: Loaded) {
        let reader = self.reader();
        let Some(at) = self.folders.iter().position(|folder| folder.id == id) else { return };
        let Some(folder) = self.folders.get_mut(at) else { return };
        let again = folder.loading.take().unwrap_or(false);
        let context = Context { rules: loaded.rules.clone(), ..folder.context(&self.client, &self.host, &self.documents) };
        let faults = faults(&loaded.faults, &context, &self.outbox);
        if !self.client.pulls {
            let before = folder.ready.as_ref().map(|ready| ready.faults.clone()).unwrap_or_default();
            publish_faults(&before, &faults, &self.outbox);
        }
        folder.take(loaded, &self.documents, faults);
        let touched = std::mem::take(&mut folder.touched);
        if again {
            folder.load(&reader);
        }
        for (path, deleted) in touched {
            if !self.documents.contains_key(&path) {
                self.reread(&path, deleted);
            }
        }
        self.release(id);
    }

    fn judged(&mut self, id: u64, round: Judged) {
        if round.stale && self.client.refreshes {
            self.outbox.send(Letter::Refresh);
        }
        let before = self.folder(id).and_then(|folder| folder.ready.as_mut()?.judged(round));
        self.workers.run(move || drop(before));
        self.release(id);
    }

    /// Handles the requests that have waited for a folder.
    fn release(&mut self, id: u64) {
        let waiting = self.folder(id).map(|folder| std::mem::take(&mut folder.waiting)).unwrap_or_default();
        for message in waiting {
            self.handle(message);
        }
    }

    fn open(&mut self, document: TextDocumentItem) {
        let Some(path) = uri::path_of(&document.uri) else { return };
        self.documents.insert(path.clone(), Document { uri: document.uri, version: document.version, text: document.text });
        self.adopt(&path);
        self.update(&path);
    }

    /// Sees to it that some folder has the file.
    fn adopt(&mut self, path: &Utf8Path) {
        if innermost(&mut self.folders, path).is_some() || !plimsoll_engine::may_be_read(path) {
            return;
        }
        if let Some((root, uri)) = path.parent().and_then(|root| Some((root.to_owned(), uri::uri_of(root)?))) {
            self.load_folder(root, uri, Some(path.to_owned()));
        }
    }

    fn change(&mut self, params: DidChangeTextDocumentParams) {
        let Some(path) = uri::path_of(&params.text_document.uri) else { return };
        let Some(document) = self.documents.get_mut(&path) else { return };
        document.change(params.text_document.version, params.content_changes, self.client.encoding);
        self.update(&path);
    }

    /// Gives an open document to the folders that it lies in.
    fn update(&mut self, path: &Utf8Path) {
        let Some(document) = self.documents.get(path) else { return };
        for folder in &mut self.folders {
            folder.set(path, Some(Ok(document.text.clone().into_bytes())), true);
        }
    }

    fn close(&mut self, uri: &Uri) {
        let Some(path) = uri::path_of(uri) else { return };
        self.documents.remove(&path);
        self.reread(&path, false);
        for folder in &mut self.folders {
            if let Some(inner) = folder.inside(&path) {
                folder.said.lock().unwrap_or_else(PoisonError::into_inner).answered.remove(&inner);
            }
        }
        let documents = &self.documents;
        let is_left = |folder: &Folder| folder.file.is_some() && !documents.keys().any(|path| folder.inside(path).is_some());
        let left: Vec<u64> = self.folders.iter().filter(|folder| is_left(folder)).map(|folder| folder.id).collect();
        self.remove_folders(|folder| left.contains(&folder.id));
    }

    fn save(&mut self, uri: &Uri) {
        if let Some(path) = uri::path_of(uri).filter(|path| self.host.configures(path)) {
            self.reload(&path);
        }
    }

    /// Reads the folders anew for which a file decides what is checked, and how.
    fn reload(&mut self, path: &Utf8Path) {
        let reader = self.reader();
        let above = |folder: &Folder| path.parent().is_some_and(|parent| folder.root.starts_with(parent));
        for folder in &mut self.folders {
            if folder.inside(path).is_some() || above(folder) {
                folder.load(&reader);
            }
        }
    }

    /// A file that is not open is as the disk has it; with one that was deleted goes what lay below it.
    fn reread(&mut self, path: &Utf8Path, deleted: bool) {
        for folder in &mut self.folders {
            let Some(inner) = folder.inside(path) else { continue };
            if folder.loading.is_some() {
                folder.touched.insert(path.to_owned(), deleted);
            }
            if deleted {
                folder.remove_below(path);
            }
            let Some(ready) = &folder.ready else { continue };
            if ready.engine.knows(&inner) || plimsoll_engine::may_be_read(&inner) {
                let content = self.host.read(&ready.real, &inner);
                let found = content.is_some() && self.host.finds(&ready.real, &inner);
                folder.set(path, content, found);
            }
        }
    }

    fn watched(&mut self, changes: Vec<FileEvent>) {
        if changes.len() > MANY {
            let reader = self.reader();
            for folder in &mut self.folders {
                folder.load(&reader);
            }
            return;
        }
        for change in changes {
            let Some(path) = uri::path_of(&change.uri) else { continue };
            if self.host.configures(&path) {
                self.reload(&path);
            }
            // An open document is as the client has it, whatever is on the disk.
            if self.documents.contains_key(&path) {
                continue;
            }
            self.reread(&path, change.typ == FileChangeType::DELETED);
        }
    }

    /// Starts to judge what has changed.
    fn judge(&mut self) {
        let roots: Vec<Utf8PathBuf> =
            self.folders.iter().filter(|folder| folder.file.is_none()).map(|folder| folder.root.clone()).collect();
        for folder in &mut self.folders {
            let foreign = roots.iter().filter_map(|root| folder.inside(root)).collect();
            let (client, host, documents) = (&self.client, &self.host, &self.documents);
            if let Some(round) =
                folder.round(|folder| folder.context(client, host, documents), foreign, &self.outbox, &self.queue)
            {
                self.workers.run(move || round.run());
            }
        }
    }

    /// Answers a request about a document from a snapshot; at once with nothing where there is nothing to ask.
    fn answer<T: Send + 'static>(
        &mut self,
        uri: &Uri,
        reply: Reply<Option<T>>,
        again: impl FnOnce(Reply<Option<T>>) -> Message,
        work: impl FnOnce(&Asked<'_>) -> Result<Option<T>, Cancelled> + Send + 'static,
    ) {
        let Some(path) = uri::path_of(uri) else { return reply.send(Ok(None)) };
        let Some(folder) = innermost(&mut self.folders, &path) else { return reply.send(Ok(None)) };
        let (Some(inner), Some(ready)) = (folder.inside(&path), &folder.ready) else {
            folder.waiting.push(again(reply));
            return;
        };
        let context = folder.context(&self.client, &self.host, &self.documents);
        let (snapshot, standing) = (ready.engine.snapshot(), ready.standing.clone());
        self.workers.run(move || {
            reply.work(snapshot, Error::content_modified(), |snapshot| {
                work(&Asked { context, path: inner, snapshot, standing: &standing })
            })
        });
    }
}

/// The folder that speaks for a file.
fn innermost<'f>(folders: &'f mut [Folder], path: &Utf8Path) -> Option<&'f mut Folder> {
    folders.iter_mut().filter(|folder| folder.inside(path).is_some()).max_by_key(|folder| folder.root.as_str().len())
}

/// What a request about a document sees.
struct Asked<'s> {
    context: Context,
    path: Utf8PathBuf,
    snapshot: &'s Snapshot,
    standing: &'s plimsoll_engine::Standing,
}

impl Asked<'_> {
    fn report(&self) -> Result<FileReport, Cancelled> {
        self.snapshot.findings_of(&self.path, self.standing)
    }
}
