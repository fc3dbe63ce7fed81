//! One folder of the workspace with its engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_engine::{Engine, Source, Standing, may_be_read};
use plimsoll_rules::RuleSet;
use tower_lsp_server::ls_types::{Diagnostic, Uri};

use crate::capabilities::Client;
use crate::convert::Context;
use crate::document::Document;
use crate::host::{Fault, Host, Loaded};
use crate::message::{Judged, Message};
use crate::outbox::{Letter, Outbox};
use crate::refresh::{Round, Said, Scope};
use crate::settings::Preferences;
use crate::{slow, uri};

/// A folder that the client has opened, or that of a file that lies in none of them.
pub(crate) struct Folder {
    pub(crate) id: u64,
    /// Absolute, as the client writes it.
    pub(crate) root: Utf8PathBuf,
    pub(crate) uri: Uri,
    /// The file for whose sake it was opened: then the client hears of open documents only.
    pub(crate) file: Option<Utf8PathBuf>,
    /// Once it has been read.
    pub(crate) ready: Option<Ready>,
    /// Requests that came before.
    pub(crate) waiting: Vec<Message>,
    pub(crate) said: Arc<Mutex<Said>>,
    /// It is being read, and whether something changed since that began.
    pub(crate) loading: Option<bool>,
    /// What changed on the disk meanwhile, and may have been read before that; and whether it was deleted.
    pub(crate) touched: BTreeMap<Utf8PathBuf, bool>,
}

/// What reading a folder needs.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) queue: Sender<Message>,
    pub(crate) outbox: Outbox,
    pub(crate) preferences: Arc<Preferences>,
    pub(crate) shows_progress: bool,
}

/// What has been read of a folder.
pub(crate) struct Ready {
    pub(crate) engine: Engine,
    /// Without symbolic links.
    pub(crate) real: Utf8PathBuf,
    pub(crate) rules: Arc<RuleSet>,
    pub(crate) standing: Arc<Standing>,
    /// What is wrong with settings and pages, by absolute path.
    pub(crate) faults: BTreeMap<Utf8PathBuf, Vec<Diagnostic>>,
    /// Files of which nothing has been said since they changed.
    edited: BTreeSet<Utf8PathBuf>,
    everything: bool,
    /// The world has not been looked at since something changed.
    partial: bool,
    judging: bool,
    generation: u64,
}

impl Ready {
    /// Nothing is to be done, and nothing is being done.
    pub(crate) fn is_settled(&self) -> bool {
        self.edited.is_empty() && !self.everything && !self.partial && !self.judging
    }

    /// A round is over; without a result, its work is still to be done. What stood before is handed back: it takes a while to take apart.
    pub(crate) fn judged(&mut self, round: Judged) -> Option<Arc<Standing>> {
        self.judging = false;
        match round.standing {
            // What an engine said that has been replaced means nothing to this one.
            _ if round.generation != self.generation => None,
            Some(standing) => {
                self.everything = false;
                self.partial = !round.whole;
                Some(std::mem::replace(&mut self.standing, standing))
            }
            None => {
                self.edited.extend(round.edited);
                None
            }
        }
    }
}

impl Folder {
    pub(crate) fn new(id: u64, root: Utf8PathBuf, uri: Uri, file: Option<Utf8PathBuf>) -> Self {
        Self {
            id,
            root,
            uri,
            file,
            ready: None,
            waiting: Vec::new(),
            said: Arc::default(),
            loading: None,
            touched: BTreeMap::new(),
        }
    }

    /// An absolute path as one of the folder, with forward slashes; `None`: it lies outside.
    pub(crate) fn inside(&self, path: &Utf8Path) -> Option<Utf8PathBuf> {
        let inner = path.strip_prefix(&self.root).ok().filter(|inner| !inner.as_str().is_empty())?;
        Some(if cfg!(windows) { inner.as_str().replace('\\', "/").into() } else { inner.to_owned() })
    }

    /// Begins to read it; once more afterwards when it is being read.
    pub(crate) fn load(&mut self, reader: &Reader) {
        if let Some(again) = &mut self.loading {
            *again = true;
            return;
        }
        self.loading = Some(false);
        let (reader, id) = (reader.clone(), self.id);
        let (root, file) = (self.root.clone(), self.file.clone());
        let read = move || {
            let outbox = reader.outbox.clone();
            let working = reader.shows_progress.then(|| slow::watch(slow::PATIENCE, move |over| outbox.send(Letter::Busy(over))));
            let loaded = reader.host.load(&root, file.as_deref(), &reader.preferences);
            drop(working);
            let _ = reader.queue.send(Message::Loaded(id, Box::new(loaded)));
        };
        let _ = std::thread::Builder::new().name("loader".to_owned()).stack_size(crate::workers::STACK).spawn(read);
    }

    /// Takes what has been read; open documents are as the client has them.
    pub(crate) fn take(
        &mut self,
        loaded: Loaded,
        documents: &BTreeMap<Utf8PathBuf, Document>,
        faults: BTreeMap<Utf8PathBuf, Vec<Diagnostic>>,
    ) {
        let Loaded { root, engine, rules, .. } = loaded;
        let judging = self.ready.as_ref().is_some_and(|ready| ready.judging);
        let generation = self.ready.as_ref().map_or(0, |ready| ready.generation + 1);
        self.ready = Some(Ready {
            engine,
            real: root,
            rules,
            standing: Arc::default(),
            faults,
            edited: BTreeSet::new(),
            everything: true,
            partial: false,
            // A round of the engine before may be on its way: the next one waits for it, so that it says the last word.
            judging,
            generation,
        });
        for (path, document) in documents {
            self.set(path, Some(Ok(document.text.clone().into_bytes())), true);
        }
    }

    /// A file has this content now, or is gone. `found`: a check would look at it.
    pub(crate) fn set(&mut self, path: &Utf8Path, content: Option<Result<Vec<u8>, String>>, found: bool) {
        let (Some(path), Some(ready)) = (self.inside(path), &mut self.ready) else { return };
        let known = ready.engine.knows(&path);
        match content {
            Some(content) if found && may_be_read(&path) => ready.engine.set(Source::new(path.clone(), content)),
            Some(content) if known => ready.engine.set_aside(Source::new(path.clone(), content)),
            None if known => ready.engine.remove(&path),
            _ => return,
        }
        ready.edited.insert(path);
    }

    /// A folder inside of it is gone.
    pub(crate) fn remove_below(&mut self, folder: &Utf8Path) {
        let (Some(folder), Some(ready)) = (self.inside(folder), &mut self.ready) else { return };
        for path in ready.engine.paths().into_iter().filter(|path| path.starts_with(&folder)) {
            ready.engine.remove(&path);
            ready.edited.insert(path);
        }
    }

    /// What turns findings into the protocol's words.
    pub(crate) fn context(
        &self,
        client: &Arc<Client>,
        host: &Arc<dyn Host>,
        documents: &BTreeMap<Utf8PathBuf, Document>,
    ) -> Context {
        let open =
            documents.iter().filter_map(|(path, document)| Some((self.inside(path)?, (document.uri.clone(), document.version))));
        Context {
            client: client.clone(),
            host: host.clone(),
            rules: self.ready.as_ref().map(|ready| ready.rules.clone()).unwrap_or_default(),
            folder: self.uri.clone(),
            open: Arc::new(open.collect()),
        }
    }

    /// A round of judging, when there is something to do and no other round is on its way.
    pub(crate) fn round(
        &mut self,
        context: impl FnOnce(&Self) -> Context,
        foreign: Vec<Utf8PathBuf>,
        outbox: &Outbox,
        queue: &Sender<Message>,
    ) -> Option<Round> {
        let to_do = self.ready.as_ref().is_some_and(|ready| !ready.judging && !ready.is_settled());
        if !to_do {
            return None;
        }
        let context = context(self);
        let ready = self.ready.as_mut()?;
        ready.judging = true;
        Some(Round {
            folder: self.id,
            generation: ready.generation,
            snapshot: ready.engine.snapshot(),
            standing: ready.standing.clone(),
            edited: std::mem::take(&mut ready.edited).into_iter().collect(),
            everything: ready.everything,
            scope: Scope { open_only: self.file.is_some(), foreign },
            context,
            said: self.said.clone(),
            outbox: outbox.clone(),
            queue: queue.clone(),
        })
    }

    /// Takes back what was said about its files, except those that another folder speaks for.
    pub(crate) fn silence(&self, context: &Context, outbox: &Outbox) {
        let mut said = self.said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for path in std::mem::take(&mut said.diagnostics).into_keys() {
            if let Some(uri) = context.uri(&path).filter(|_| !context.client.pulls) {
                outbox.send(Letter::Publish(uri, Vec::new(), None));
            }
        }
    }
}

/// What is wrong with settings and pages, by file; what is about no file is shown.
pub(crate) fn faults(all: &[Fault], context: &Context, outbox: &Outbox) -> BTreeMap<Utf8PathBuf, Vec<Diagnostic>> {
    let mut by_path: BTreeMap<Utf8PathBuf, Vec<Diagnostic>> = BTreeMap::new();
    for fault in all {
        match &fault.path {
            Some(path) => by_path.entry(path.clone()).or_default().push(context.fault(fault)),
            None => {
                outbox.send(Letter::Show(tower_lsp_server::ls_types::MessageType::ERROR, format!("plimsoll: {}", fault.message)))
            }
        }
    }
    by_path
}

/// Publishes faults, and takes back those that are mended.
pub(crate) fn publish_faults(
    before: &BTreeMap<Utf8PathBuf, Vec<Diagnostic>>,
    after: &BTreeMap<Utf8PathBuf, Vec<Diagnostic>>,
    outbox: &Outbox,
) {
    let empty = Vec::new();
    let paths: BTreeSet<&Utf8PathBuf> = before.keys().chain(after.keys()).collect();
    for path in paths {
        let now = after.get(path).unwrap_or(&empty);
        if let Some(uri) = uri::uri_of(path).filter(|_| before.get(path).unwrap_or(&empty) != now) {
            outbox.send(Letter::Publish(uri, now.clone(), None));
        }
    }
}
