//! Root modules with what they are given: once by themselves, or once for each environment that the settings name.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use plimsoll_syntax::Place;
use plimsoll_terraform::{Given, Inputs};
use rustc_hash::FxHashMap;

use crate::db::{Book, Database, Db, Workspace, contained};
use crate::queries::{self, Root};
use crate::render::Lost;
use crate::run::{RawFinding, Verdicts};
use crate::settings::Environment;
use crate::world::Stated;

/// What root modules are given from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outside {
    pub(crate) variables: Inputs,
    pub(crate) environments: Vec<Environment>,
    /// What is stated about the world.
    pub(crate) stated: Stated,
    /// Year, month and day.
    pub(crate) today: Option<(u16, u8, u8)>,
}

/// A root module's inputs, and the environment that they are of.
pub(crate) type Context<'o> = (Option<&'o str>, Inputs);

impl Outside {
    /// The environments of a root module: those of which it has a variables file. Without any, it stands for itself.
    pub(crate) fn contexts(&self, db: &Database, root: &str) -> Vec<Context<'_>> {
        let mut contexts: Vec<Context<'_>> = Vec::new();
        for environment in &self.environments {
            let found = |file| found(db, [root, environment.folder.as_str()], file);
            let files: Vec<Given> =
                environment.var_files.iter().filter_map(|file| found(file)).map(|path| Given::File(path.into_string())).collect();
            if !files.is_empty() {
                let given = files.into_iter().chain(self.variables.given.iter().cloned()).collect();
                contexts.push((Some(&environment.name), Inputs { given, ..self.variables.clone() }));
            }
        }
        if contexts.is_empty() {
            contexts.push((None, self.variables.clone()));
        }
        contexts
    }
}

/// The path of a file that an environment names, in the first of these folders that has it.
pub(crate) fn found(db: &Database, folders: [&str; 2], file: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut paths = folders.iter().filter_map(|folder| queries::inside(&Utf8PathBuf::from(folder).join(file)));
    paths.find(|path| db.file(path).is_some())
}

/// What one root module contributes to the report.
pub(crate) fn judged(
    db: &Database,
    workspace: Workspace,
    book: Book,
    outside: &Outside,
    path: &str,
) -> (Arc<Verdicts>, Vec<Lost>) {
    let contexts = outside.contexts(db, path);
    let mut lost = Vec::new();
    let mut all: Vec<(Option<&str>, Arc<Verdicts>)> = Vec::new();
    for (environment, inputs) in contexts {
        let root = Root::new(db, path.to_owned(), inputs);
        let result = contained(|| {
            let notes: Vec<Lost> = queries::evaluation(db, workspace, root).notes.iter().filter_map(Lost::note).collect();
            (queries::root_verdicts(db, workspace, book, root), notes)
        });
        match result {
            Ok((verdicts, notes)) => {
                lost.extend(notes);
                all.push((environment, verdicts));
            }
            Err(reason) => {
                let first = workspace.directories(db).get(path).and_then(|files| files.first()).map(|file| file.id(db));
                lost.push(Lost::whole(first, reason));
            }
        }
    }
    let verdicts = if let [(_, only)] = all.as_slice() { only.clone() } else { Arc::new(together(&all)) };
    (verdicts, lost)
}

/// The verdicts of several environments as one; a finding that does not hold in all says where it does.
pub(crate) fn together(all: &[(Option<&str>, Arc<Verdicts>)]) -> Verdicts {
    let mut out = Verdicts::default();
    let mut known: FxHashMap<(u32, Place, String), usize> = FxHashMap::default();
    let mut holds: Vec<Vec<&str>> = Vec::new();
    for (environment, verdicts) in all {
        let name = environment.unwrap_or("");
        for finding in &verdicts.findings {
            let at = *known.entry((finding.rule, finding.place, finding.item.name.clone())).or_insert_with(|| {
                out.findings.push(RawFinding::clone(finding));
                holds.push(Vec::new());
                holds.len() - 1
            });
            if let Some(names) = holds.get_mut(at)
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        out.undecided.extend(verdicts.undecided.iter().cloned());
        out.failures.extend(verdicts.failures.iter().cloned());
    }
    for (finding, names) in out.findings.iter_mut().zip(&holds) {
        if names.len() < all.len() {
            finding.message = format!("{} (in {})", finding.message, names.join(", "));
        }
    }
    out
}
