//! What evaluations leave for those after the next edit, and how those go on from it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::declare::Module;
use crate::evaluator::{Evaluator, Home, Instance, MAX_NOTES};
use crate::inputs::Layers;
use crate::outline::Outline;
use crate::renew::renewed;
use crate::{Evaluation, FileRead, Inputs, Note, Workspace};

/// How many root modules are remembered.
const MAX_ROOTS: usize = 256;

/// The state of earlier evaluations, by root module and what it is given. It makes [`crate::evaluate_again`] fast and never changes what
/// that returns.
#[derive(Default)]
pub struct Memory(Mutex<FxHashMap<(String, Inputs), Kept>>);

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

impl Memory {
    /// Takes what is known, so that two evaluations at a time do not share it.
    pub(crate) fn take(&self, key: &(String, Inputs)) -> Option<Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key)
    }

    pub(crate) fn keep(&self, key: (String, Inputs), kept: Kept) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MAX_ROOTS || all.contains_key(&key) {
            all.insert(key, kept);
        }
    }
}

/// The same as [`crate::evaluate_with`], in as much time as the edits since the last evaluation ask for.
#[must_use]
pub fn evaluate_again(root_dir: &str, inputs: &Inputs, workspace: &dyn Workspace, memory: &Memory) -> Evaluation {
    let key = (root_dir.to_owned(), inputs.clone());
    let mut known = memory.take(&key).and_then(|kept| renewed(kept, workspace));
    let asked = known.as_mut().map(|(kept, _)| std::mem::take(&mut kept.asked)).unwrap_or_default();
    let recording = Recording::new(workspace, asked);
    let (evaluation, kept) = {
        let Some(module) = recording.module(root_dir) else { return Evaluation::default() };
        let mut evaluator = Evaluator::new(&recording);
        evaluator.layers = Layers::new(inputs, &recording);
        evaluator.selected.clone_from(&inputs.workspace);
        evaluator.remembers = true;
        let outline = known.and_then(|(kept, touched)| evaluator.resume(kept, &touched));
        let root = || evaluator.instance(0).unwrap_or_else(|| evaluator.root(module));
        let outline = outline.unwrap_or_else(|| Outline::new(&evaluator, &root()));
        let evaluation = evaluator.planned(&outline);
        let fit = !evaluator.is_spoiled.get() && evaluator.notes.borrow().len() < MAX_NOTES;
        (evaluation, fit.then(|| evaluator.into_kept(outline)))
    };
    if let Some(kept) = kept {
        memory.keep(key, Kept { asked: recording.into_asked(), ..kept });
    }
    evaluation
}

impl Evaluator<'_> {
    /// Goes on from what is kept; `None`: there is more than that.
    fn resume(&self, kept: Kept, touched: &FxHashSet<u32>) -> Option<Outline> {
        self.budget.grant(kept.granted);
        *self.instances.borrow_mut() = kept.instances;
        *self.files.borrow_mut() = kept.files;
        *self.notes.borrow_mut() = kept.notes;
        let mut outline = kept.outline;
        let is_whole = outline.renew(self, touched);
        (is_whole && outline.len() == self.instances.borrow().len()).then_some(outline)
    }

    /// What is kept for the next evaluation.
    fn into_kept(self, outline: Outline) -> Kept {
        Kept {
            instances: self.instances.into_inner(),
            files: self.files.into_inner(),
            outline,
            notes: self.notes.into_inner(),
            granted: self.budget.granted(),
            asked: Asked::default(),
        }
    }
}

/// The state of one evaluation.
pub(crate) struct Kept {
    pub(crate) instances: Vec<Arc<Instance>>,
    /// The files that places in what is kept of each instance are of, as bits.
    pub(crate) files: Vec<u64>,
    pub(crate) outline: Outline,
    pub(crate) notes: Vec<(Home, Note)>,
    /// The work that its modules are granted.
    pub(crate) granted: u32,
    pub(crate) asked: Asked,
}

/// What was asked of the workspace, with the answers.
#[derive(Default)]
pub(crate) struct Asked {
    /// In order, as a workspace has them: to go through them is to go through its own.
    pub(crate) modules: BTreeMap<CompactString, Option<Arc<Module>>>,
    reads: FxHashMap<String, FileRead>,
    lists: FxHashMap<String, Option<Vec<String>>>,
}

impl Asked {
    /// Asks again for files; whether all answers are the same.
    pub(crate) fn reads_hold(&self, workspace: &dyn Workspace) -> bool {
        // All are asked for, whatever the answers: who keeps track of what an evaluation reads sees them all.
        let reads = self.reads.iter().filter(|(path, known)| !is_same(known, &workspace.read(path))).count();
        let lists = self.lists.iter().filter(|(dir, known)| **known != workspace.files(dir)).count();
        reads == 0 && lists == 0
    }
}

fn is_same(one: &FileRead, other: &FileRead) -> bool {
    match (one, other) {
        (FileRead::Text(one, first), FileRead::Text(other, second)) => {
            first == second && (Arc::ptr_eq(one, other) || one == other)
        }
        (FileRead::Missing, FileRead::Missing) | (FileRead::Outside, FileRead::Outside) => true,
        _ => false,
    }
}

/// A workspace that remembers what it was asked.
pub(crate) struct Recording<'w> {
    workspace: &'w dyn Workspace,
    asked: RefCell<Asked>,
}

impl<'w> Recording<'w> {
    pub(crate) const fn new(workspace: &'w dyn Workspace, asked: Asked) -> Self {
        Self { workspace, asked: RefCell::new(asked) }
    }

    pub(crate) fn into_asked(self) -> Asked {
        self.asked.into_inner()
    }
}

impl Workspace for Recording<'_> {
    fn module(&self, dir: &str) -> Option<Arc<Module>> {
        let module = self.workspace.module(dir);
        self.asked.borrow_mut().modules.entry(dir.into()).or_insert_with(|| module.clone());
        module
    }

    fn read(&self, path: &str) -> FileRead {
        let read = self.workspace.read(path);
        self.asked.borrow_mut().reads.entry(path.to_owned()).or_insert_with(|| read.clone());
        read
    }

    fn files(&self, dir: &str) -> Option<Vec<String>> {
        let files = self.workspace.files(dir);
        self.asked.borrow_mut().lists.entry(dir.to_owned()).or_insert_with(|| files.clone());
        files
    }
}
