//! What a language server needs: files that change, snapshots that are asked while they do, and findings file by file.
//!
//! Every edit is a write to the database; it cancels the snapshots that are being asked. [`Snapshot::advance`] judges everything
//! again but the world, which costs what the edit changed, and renders only the files whose findings differ from what stood before;
//! [`Snapshot::complete`] adds what the world says.

mod standing;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use compact_str::CompactString;
use plimsoll_syntax::FileId;
use rustc_hash::{FxHashMap, FxHashSet};
use salsa::{Database as _, Setter};

use crate::db::{Content, Db, SourceFile, contained};
use crate::kind::FileKind;
use crate::render::{Lost, Renderer};
use crate::report::{Finding, Incomplete, Text};
use crate::run::{RawFinding, Verdicts};
use crate::{Engine, Files, Part, Settings, Source, Subject, charts, in_order, overlays, queries, world};

pub use standing::Standing;
use standing::{different, files_of};

/// A question was given up: a newer edit came, or nobody waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled by a newer edit")]
pub struct Cancelled;

/// What is known about one file.
#[derive(Clone, Debug, Default)]
pub struct FileReport {
    /// What rules found in it.
    pub findings: Vec<Finding>,
    /// What was not understood of it.
    pub incomplete: Vec<Incomplete>,
    /// Its text, and those that its findings refer to.
    pub texts: BTreeMap<Utf8PathBuf, Arc<Text>>,
}

/// A state of the workspace that can be asked on another thread. It must be dropped before the engine can take the next edit, which it
/// does by itself: an edit makes it give up.
pub struct Snapshot(Engine);

/// Makes one snapshot give up.
pub struct Canceller(salsa::CancellationToken);

impl Canceller {
    /// Makes it give up.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

impl Engine {
    /// The state as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        // All snapshots share the threads, and what is worked out stays for the next edit.
        self.threads();
        self.db.remember();
        Snapshot(Self {
            db: self.db.clone(),
            workspace: self.workspace,
            book: self.book,
            rulebook: self.rulebook.clone(),
            today: self.today,
            minimum: self.minimum,
            outside: self.outside.clone(),
            pool: self.pool.clone(),
        })
    }

    /// A workspace in which no rule runs: what is left when settings and rules are of no use.
    #[must_use]
    pub fn without_rules(files: Arc<dyn Files>) -> Self {
        Self::with(files, Arc::default(), &Settings::default())
    }

    /// A file has this content now. Costs little where nothing changed.
    pub fn set(&mut self, source: Source) {
        let file = self.db.set(source.path, source.content);
        let path = file.path(&self.db);
        if let Err(at) = self.workspace.files(&self.db).binary_search_by(|known| in_order(known.path(&self.db), path)) {
            let mut files = self.workspace.files(&self.db).clone();
            files.insert(at, file);
            self.list(files);
        }
    }

    /// A file that is not checked, but that something has asked for, has this content now.
    pub fn set_aside(&mut self, source: Source) {
        self.unlist(&source.path);
        self.db.set(source.path, Content { kind: None, ..source.content });
    }

    /// There is no such file any more.
    pub fn remove(&mut self, path: &Utf8Path) {
        if self.db.known(path).is_some() {
            self.db.set(path.to_owned(), Content::absent());
        }
        self.unlist(path);
    }

    fn unlist(&mut self, path: &Utf8Path) {
        let files = self.workspace.files(&self.db);
        if let Ok(at) = files.binary_search_by(|known| known.path(&self.db).as_path().cmp(path)) {
            let mut files = files.clone();
            files.remove(at);
            self.list(files);
        }
    }

    fn list(&mut self, files: Vec<SourceFile>) {
        let directories = self.directories(&files);
        self.workspace.set_files(&mut self.db).to(files);
        if *self.workspace.directories(&self.db) != directories {
            self.workspace.set_directories(&mut self.db).to(directories);
        }
    }

    /// Whether a change of this file on the disk matters: it is checked, or something that is checked has asked for it.
    #[must_use]
    pub fn knows(&self, path: &Utf8Path) -> bool {
        self.db.known(path).is_some()
    }

    /// The files of the workspace, sorted by path.
    #[must_use]
    pub fn paths(&self) -> Vec<Utf8PathBuf> {
        self.workspace.files(&self.db).iter().map(|file| file.path(&self.db).clone()).collect()
    }
}

impl Snapshot {
    /// What makes this snapshot give up, and no other.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller(self.0.db.cancellation_token())
    }

    /// What is known about one file, without looking at what has nothing to do with it as far as `standing` tells. What the world says
    /// is as it stood, where the file's text is still what it was about.
    ///
    /// # Errors
    /// When it was cancelled.
    pub fn findings_of(&self, path: &Utf8Path, standing: &Standing) -> Result<FileReport, Cancelled> {
        self.caught(|| {
            let Some(file) = self.0.db.file(path) else { return FileReport::default() };
            let judge = |subject: Subject| {
                let part = crate::judge(&self.0.db, self.0.task(), &subject);
                (subject, part)
            };
            let mut parts: Vec<(Subject, Part)> = self.subjects_of(file, standing).into_iter().map(judge).collect();
            parts.extend(standing.moved_world(&self.0.db));
            self.rendered(&FxHashSet::from_iter([file.id(&self.0.db)]), &parts).remove(path).unwrap_or_default()
        })
    }

    /// Judges everything that changed since `before` but the world, and says what is known now about the files for which that makes a
    /// difference: by path, with the `edited` ones among them.
    ///
    /// # Errors
    /// When it was cancelled.
    pub fn advance(
        &self,
        before: &Standing,
        edited: &[Utf8PathBuf],
    ) -> Result<(Standing, BTreeMap<Utf8PathBuf, FileReport>), Cancelled> {
        self.caught(|| {
            let engine = &self.0;
            let task = engine.task();
            if before.parts().is_empty() {
                engine.prepare();
            }
            let mut parts = engine.map(engine.subjects(), |db, subject| {
                let part = crate::judge(db, task, &subject);
                (subject, part)
            });
            parts.extend(before.moved_world(&engine.db));
            let edited: FxHashSet<FileId> =
                edited.iter().filter_map(|path| engine.db.known(path)).map(|file| file.id(&engine.db)).collect();
            let dirty = different(before.parts(), &parts, &edited);
            let reports = self.rendered(&dirty, &parts);
            (Standing::of(&engine.db, parts, before.heavy()), reports)
        })
    }

    /// Judges the world as well, after everything else: what is known now about the files of which that says something else.
    ///
    /// # Errors
    /// When it was cancelled.
    pub fn complete(&self, before: &Standing) -> Result<(Standing, BTreeMap<Utf8PathBuf, FileReport>), Cancelled> {
        self.caught(|| {
            let engine = &self.0;
            let mut parts: Vec<(Subject, Part)> =
                before.parts().iter().filter(|(subject, _)| !subject.is_of_world()).cloned().collect();
            let task = engine.task();
            parts.extend(engine.map(engine.world_subjects(), |db, subject| {
                let part = crate::judge(db, task, &subject);
                (subject, part)
            }));
            let dirty = different(before.parts(), &parts, &FxHashSet::default());
            let reports = self.rendered(&dirty, &parts);
            let scene = world::scene(&engine.db, engine.workspace, &engine.outside);
            let heavy = world::heavy(&engine.db, engine.workspace, engine.book, scene);
            let [before, _] = before.heavy();
            (Standing::of(&engine.db, parts, [heavy, before]), reports)
        })
    }

    /// Rules that failed, by name, with what they said.
    #[must_use]
    pub fn failures(&self, standing: &Standing) -> BTreeMap<CompactString, String> {
        let all = standing.parts().iter().flat_map(|(_, part)| &part.verdicts.failures);
        all.filter_map(|(rule, message)| Some((self.0.rulebook.rules.get(*rule as usize)?.info.name.clone(), message.clone())))
            .collect()
    }

    /// What may have something to say about a file; what all formats together make of an edit can wait for the next look at everything.
    fn subjects_of(&self, file: SourceFile, standing: &Standing) -> Vec<Subject> {
        let (db, workspace) = (&self.0.db, self.0.workspace);
        let (path, kind) = (file.path(db), file.content(db).kind);
        let is_listed =
            |file: &SourceFile| workspace.files(db).binary_search_by(|known| in_order(known.path(db), file.path(db))).is_ok();
        let roots = || contained(|| queries::roots(db, workspace)).unwrap_or_default();
        let charts = contained(|| charts::charts(db, workspace)).unwrap_or_default();
        let overlays = contained(|| overlays::overlays(db, workspace)).unwrap_or_default();

        let mut subjects: Vec<Subject> = Some(file).filter(is_listed).map(Subject::File).into_iter().collect();
        if kind.is_some_and(FileKind::is_terraform) {
            let folder = path.parent().map(ToString::to_string).unwrap_or_default();
            subjects.extend(queries::callers(db, workspace).get(&folder).into_iter().flatten().cloned().map(Subject::Root));
        }
        subjects.extend(charts.iter().filter(|chart| path.starts_with(chart)).cloned().map(Subject::Chart));
        let reads = |folder: &&String| overlays::reads(db, workspace, folder, path);
        subjects.extend(overlays.iter().filter(reads).cloned().map(Subject::Overlay));
        if kind == Some(FileKind::Kubernetes) {
            subjects.push(Subject::Cluster);
        }
        // What has said something about it may say something else now.
        for subject in standing.about(file.id(db)) {
            let is_there = match subject {
                Subject::File(other) => is_listed(other),
                Subject::Root(root) => roots().contains(root),
                Subject::Chart(chart) => charts.contains(chart),
                Subject::Overlay(folder) => overlays.contains(folder),
                Subject::Cluster => true,
                Subject::Region(_) | Subject::Stated => false,
            };
            if is_there && !subjects.contains(subject) {
                subjects.push(subject.clone());
            }
        }
        subjects
    }

    /// What is known about these files.
    fn rendered(&self, wanted: &FxHashSet<FileId>, parts: &[(Subject, Part)]) -> BTreeMap<Utf8PathBuf, FileReport> {
        let engine = &self.0;
        let renderer = Renderer { db: &engine.db, rulebook: &engine.rulebook, today: engine.today, minimum: engine.minimum };
        let mut findings: FxHashMap<FileId, Vec<RawFinding>> = FxHashMap::default();
        for finding in parts.iter().flat_map(|(_, part)| &part.verdicts.findings) {
            for file in files_of(finding).filter(|file| wanted.contains(file)) {
                findings.entry(file).or_default().push(finding.clone());
            }
        }
        let mut lost: FxHashMap<FileId, Vec<Lost>> = FxHashMap::default();
        for part in parts.iter().flat_map(|(_, part)| &part.incomplete) {
            lost.entry(part.file.unwrap_or(FileId::NONE)).or_default().push(part.clone());
        }
        let mut reports = BTreeMap::new();
        for id in wanted {
            let Some(file) = engine.db.by_id(*id) else { continue };
            let path = file.path(&engine.db);
            let findings = findings.remove(id).unwrap_or_default();
            // A comment at the resource that reads a file allows findings in the file, too.
            let mut files: Vec<SourceFile> =
                findings.iter().flat_map(files_of).filter_map(|id| engine.db.by_id(id)).chain([file]).collect();
            files.sort_by_key(|file| file.id(&engine.db));
            files.dedup();
            let verdicts = Arc::new(Verdicts { findings, ..Verdicts::default() });
            let mut report = renderer.report(&files, &[verdicts], lost.remove(id).unwrap_or_default());
            report.findings.retain(|finding| finding.path == *path);
            report.texts.insert(path.clone(), queries::text(&engine.db, file));
            let report = FileReport { findings: report.findings, incomplete: report.incomplete, texts: report.texts };
            reports.insert(path.clone(), report);
        }
        reports
    }

    /// What `work` makes of a file's kind and text; `None` where there is nothing that is checked.
    pub(crate) fn of_file<T>(
        &self,
        path: &Utf8Path,
        work: impl FnOnce(FileKind, &str) -> Option<T>,
    ) -> Result<Option<T>, Cancelled> {
        self.caught(|| {
            let file = self.0.db.file(path)?;
            let content = file.content(&self.0.db);
            work(content.kind?, &content.text)
        })
    }

    /// What `work` makes of the whole state.
    pub(crate) fn ask<T>(&self, work: impl FnOnce(&Engine) -> T) -> Result<T, Cancelled> {
        self.caught(|| work(&self.0))
    }

    fn caught<T>(&self, work: impl FnOnce() -> T) -> Result<T, Cancelled> {
        salsa::Cancelled::catch(AssertUnwindSafe(work)).map_err(|_| Cancelled)
    }
}
