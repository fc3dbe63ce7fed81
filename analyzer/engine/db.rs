//! The salsa database: file texts go in, everything else is a query of them.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_syntax::text::decode;
use plimsoll_syntax::{FileId, SyntaxError};
use plimsoll_terraform::Memory;
use rustc_hash::FxHashMap;

use crate::charts::Memories;
use crate::charts::packed::renewed;
use crate::kind::{self, FileKind};
use crate::run::Rulebook;

/// The only way to the disk. Paths are relative to the workspace, with forward slashes.
pub trait Files: Send + Sync {
    /// Reads a whole file.
    ///
    /// # Errors
    /// As the disk has them; a path that leaves the workspace is refused before this is asked.
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>>;

    /// Every file below a folder, relative to it, with forward slashes; `None`: it cannot be told.
    fn list(&self, folder: &Utf8Path) -> Option<Vec<String>> {
        let _ = folder;
        None
    }
}

/// A file: the only input besides the workspace's list of files.
#[salsa::input(debug)]
pub(crate) struct SourceFile {
    /// Relative to the workspace, with forward slashes.
    #[returns(ref)]
    pub path: Utf8PathBuf,
    /// The number that places carry.
    #[returns(copy)]
    pub id: FileId,
    /// What is in it.
    #[returns(ref)]
    pub content: Content,
}

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// The text; empty when it could not be read.
    pub text: Arc<str>,
    /// What it is; `None`: nothing that is checked (a template that `file()` reads, for example).
    pub kind: Option<FileKind>,
    /// Bytes that are not UTF-8.
    pub damage: Option<SyntaxError>,
    /// Why it was not read.
    pub unread: Option<String>,
    /// There is no such file (any more): who asked for it asks again when there is one.
    pub absent: bool,
}

impl Content {
    /// Where there is no file.
    #[must_use]
    pub(crate) fn absent() -> Self {
        Self { text: "".into(), kind: None, damage: None, unread: None, absent: true }
    }

    /// Decodes bytes and sees what they are.
    #[must_use]
    pub(crate) fn of(path: &Utf8Path, bytes: Result<Vec<u8>, String>) -> Self {
        match bytes {
            Ok(bytes) => {
                let (text, damage) = decode(bytes);
                let kind = kind::kind(path, &text);
                Self { text: text.into(), kind, damage, unread: None, absent: false }
            }
            Err(reason) => Self { text: "".into(), kind: None, damage: None, unread: Some(reason), absent: false },
        }
    }
}

/// The files of a run.
#[salsa::input]
pub(crate) struct Workspace {
    /// Sorted by path.
    #[returns(ref)]
    pub files: Vec<SourceFile>,
    /// The Terraform files by directory.
    #[returns(ref)]
    pub directories: FxHashMap<String, Vec<SourceFile>>,
    /// The minor version of Kubernetes 1 that charts are rendered for.
    #[returns(copy)]
    pub kubernetes_minor: u32,
}

/// The rules of a run.
#[salsa::input]
pub(crate) struct Book {
    /// Replaced as a whole when settings or pages change.
    #[returns(clone)]
    pub rulebook: Arc<Rulebook>,
}

/// What queries may ask.
#[salsa::db]
pub(crate) trait Db: salsa::Database {
    /// The file at a path, read now if it was not discovered; `None`: there is none.
    fn file(&self, path: &Utf8Path) -> Option<SourceFile>;
    /// Every file below a folder of the disk, relative to it; `None`: it cannot be told.
    fn list(&self, folder: &Utf8Path) -> Option<Vec<String>>;
    /// The file of a number.
    fn by_id(&self, id: FileId) -> Option<SourceFile>;
    /// What evaluations of Terraform leave for those after the next edit; `None`: there will be no edit.
    fn memory(&self) -> Option<&Memory>;
    /// The bytes of a file that is no text; who asks depends on nothing, so it should ask for the file, too.
    fn bytes(&self, path: &Utf8Path) -> Option<Vec<u8>>;
    /// What charts were rendered to last.
    fn memories(&self) -> Arc<Memories>;
    /// A file that lies inside another one: the same for equal bytes.
    fn derived(&self, path: Utf8PathBuf, bytes: Vec<u8>) -> SourceFile;
}

/// The database.
#[salsa::db]
#[derive(Clone)]
pub(crate) struct Database {
    storage: salsa::Storage<Self>,
    registry: Arc<Registry>,
}

struct Registry {
    files: Arc<dyn Files>,
    known: RwLock<Known>,
    memories: Arc<Memories>,
    /// There once it is known that edits come: one run alone has no use for it.
    memory: OnceLock<Memory>,
}

#[derive(Default)]
struct Known {
    by_path: FxHashMap<Box<str>, SourceFile>,
    by_id: Vec<SourceFile>,
}

#[salsa::db]
impl salsa::Database for Database {}

impl Database {
    /// An empty database over these files.
    #[must_use]
    pub(crate) fn new(files: Arc<dyn Files>) -> Self {
        Self {
            storage: salsa::Storage::default(),
            registry: Arc::new(Registry { files, known: RwLock::default(), memories: Arc::default(), memory: OnceLock::new() }),
        }
    }

    /// Edits will come.
    pub(crate) fn remember(&self) {
        self.registry.memory.get_or_init(Memory::default);
    }

    /// Adds or replaces a file.
    pub(crate) fn set(&mut self, path: Utf8PathBuf, content: Content) -> SourceFile {
        use salsa::Setter;
        match self.known(&path) {
            Some(file) => {
                // Setters do not compare, and a write of equal text would still invalidate.
                if *file.content(self) != content {
                    // What changes once changes again: it no longer counts among what stays.
                    file.set_content(self).with_durability(salsa::Durability::LOW).to(content);
                }
                file
            }
            None => self.register(path, content),
        }
    }

    /// The file of a path, whether it is there or was only asked for.
    pub(crate) fn known(&self, path: &Utf8Path) -> Option<SourceFile> {
        self.registry.known.read().unwrap_or_else(PoisonError::into_inner).by_path.get(path.as_str()).copied()
    }

    fn register(&self, path: Utf8PathBuf, content: Content) -> SourceFile {
        let mut known = self.registry.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = known.by_path.get(path.as_str()) {
            return *file;
        }
        let id = FileId(u32::try_from(known.by_id.len()).unwrap_or(u32::MAX));
        let key = path.as_str().into();
        let file = SourceFile::builder(path, id, content).durability(salsa::Durability::HIGH).new(self);
        known.by_id.push(file);
        known.by_path.insert(key, file);
        file
    }
}

#[salsa::db]
impl Db for Database {
    fn file(&self, path: &Utf8Path) -> Option<SourceFile> {
        let known = self.known(path);
        let file = known.unwrap_or_else(|| match self.registry.files.read(path) {
            Ok(bytes) => self.register(path.to_owned(), Content { kind: None, ..Content::of(path, Ok(bytes)) }),
            Err(_) => self.register(path.to_owned(), Content::absent()),
        });
        (!file.content(self).absent).then_some(file)
    }

    fn list(&self, folder: &Utf8Path) -> Option<Vec<String>> {
        self.registry.files.list(folder)
    }

    fn bytes(&self, path: &Utf8Path) -> Option<Vec<u8>> {
        self.registry.files.read(path).ok()
    }

    fn memories(&self) -> Arc<Memories> {
        self.registry.memories.clone()
    }

    fn derived(&self, path: Utf8PathBuf, bytes: Vec<u8>) -> SourceFile {
        let content = Content::of(&path, Ok(bytes));
        let mut times = 0;
        loop {
            // Inputs are not written while queries run: other bytes get another name.
            let path = renewed(&path, times);
            let file = self.known(&path).unwrap_or_else(|| self.register(path, content.clone()));
            if *file.content(self) == content {
                return file;
            }
            times += 1;
        }
    }

    fn by_id(&self, id: FileId) -> Option<SourceFile> {
        self.registry.known.read().unwrap_or_else(PoisonError::into_inner).by_id.get(id.0 as usize).copied()
    }

    fn memory(&self) -> Option<&Memory> {
        self.registry.memory.get()
    }
}

/// Runs `work`; a panic becomes its message, but salsa's own unwinding (a cancelled query) goes on.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(value) => Ok(value),
        Err(payload) => match payload.downcast::<salsa::Cancelled>() {
            Ok(cancelled) => std::panic::resume_unwind(cancelled),
            Err(payload) => Err(panic_message(&*payload)),
        },
    }
}

/// What losses begin with that are the program's own fault.
pub const FAULT: &str = "the analysis has a fault: ";

/// Runs a query; whatever panics in it becomes a message, so that one file never hides another.
pub(crate) fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| match payload.downcast::<salsa::Cancelled>() {
        Ok(cancelled) if matches!(*cancelled, salsa::Cancelled::PropagatedPanic) => {
            format!("{FAULT}something that this depends on")
        }
        // Nobody waits for the answer any more: a newer edit is on its way.
        Ok(cancelled) => std::panic::resume_unwind(cancelled),
        Err(payload) => format!("{FAULT}{}", panic_message(&*payload)),
    })
}

fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panicked".to_owned())
}
