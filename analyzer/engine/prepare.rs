//! What a check makes on all threads before it asks for verdicts: first what is made of a file or a module alone, then what is made of those.

use crate::db::{SourceFile, contained};
use crate::kind::FileKind;
use crate::{Engine, file, overlays, queries, world};

/// What is made first, because all else is made of it.
enum Early {
    /// A Terraform module, by its directory.
    Module(String),
    /// Which of them are root modules.
    Roots,
    File(SourceFile),
}

/// What is made next.
enum Late {
    /// A Terraform root module, by its directory.
    Root(String),
    /// A part of the manifests, by its number.
    Stretch(usize),
}

impl Engine {
    /// Makes the items of everything, and judges what needs no others, on all threads: so that what needs many of them at once, the list
    /// of root modules and the world, does not make them one after the other.
    pub(crate) fn prepare(&self) {
        let (workspace, book, outside) = (self.workspace, self.book, &self.outside);
        let is_in_world = world::is_looked_at(&self.rulebook);
        // What fails here fails again where it is asked for, and is told there.
        let directories = workspace.directories(&self.db).keys().cloned().map(Early::Module);
        let files = workspace.files(&self.db).iter().copied().map(Early::File);
        self.map(directories.chain([Early::Roots]).chain(files).collect(), |db, early| match early {
            Early::Module(path) => {
                let _ = contained(|| queries::module(db, workspace, queries::Directory::new(db, path)));
            }
            Early::Roots => {
                let _ = contained(|| queries::roots(db, workspace));
            }
            Early::File(file) => {
                let _ = contained(|| queries::suppressions(db, file));
                let _ = contained(|| file::file_errors(db, file));
                // What is gone before its rules run would be made twice, and what was just made is still at hand.
                let _ = match file.content(db).kind {
                    Some(FileKind::Dockerfile) => {
                        contained(|| drop((file::lasting_items(db, file), queries::file_verdicts(db, workspace, book, file))))
                    }
                    Some(FileKind::Compose) => contained(|| drop(queries::file_verdicts(db, workspace, book, file))),
                    _ => contained(|| drop(queries::judged_items(db, workspace, file))),
                };
                if is_in_world {
                    let _ = contained(|| world::prepare_file(db, workspace, file));
                }
            }
        });
        let roots = contained(|| queries::roots(&self.db, workspace)).unwrap_or_default();
        let roots = roots.iter().cloned().map(Late::Root);
        let stretches = (0..queries::stretches(&self.db, workspace).count()).map(Late::Stretch);
        self.map(roots.chain(stretches).collect(), |db, late| match late {
            Late::Stretch(stretch) => {
                let _ = contained(|| overlays::prepare_stretch(db, workspace, stretch));
            }
            Late::Root(root) => {
                for (_, inputs) in outside.contexts(db, &root) {
                    let root = queries::Root::new(db, root.clone(), inputs);
                    let _ = contained(|| queries::root_verdicts(db, workspace, book, root));
                    if is_in_world {
                        let _ = contained(|| world::prepare_root(db, workspace, root));
                    }
                }
            }
        });
    }
}
