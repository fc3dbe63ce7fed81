//! What a file holds by itself: its tree, its items, and what could not be read of it.

use std::cell::RefCell;
use std::sync::Arc;

use camino::Utf8PathBuf;
use plimsoll_docker as docker;
use plimsoll_kubernetes as kubernetes;
use plimsoll_syntax::{FileId, Item, SyntaxError, dockerfile, hcl, yaml};

use crate::db::{Db, SourceFile};
use crate::kind::FileKind;
use crate::recent::{Recent, Same, recent};

/// The HCL tree of a file.
#[salsa::tracked(returns(clone), no_eq, lru = 128)]
pub(crate) fn hcl_tree(db: &dyn Db, file: SourceFile) -> Arc<hcl::Tree> {
    Arc::new(hcl::parse(&file.content(db).text))
}

/// A Dockerfile, what keeps files out of its build context, and the number that places carry.
type Told = (Same, Option<Same>, FileId);

thread_local! {
    static YAML: RefCell<Recent<Same, Arc<yaml::Tree>>> = const { Recent::new() };
    static DOCKERFILES: RefCell<Recent<Same, Arc<dockerfile::Tree>>> = const { Recent::new() };
    static DOCKERFILE_ITEMS: RefCell<Recent<Told, Arc<Vec<Item>>>> = const { Recent::new() };
}

/// The YAML (or JSON) tree of a file.
pub(crate) fn yaml_tree(db: &dyn Db, file: SourceFile) -> Arc<yaml::Tree> {
    let text = &file.content(db).text;
    let parse = || if text.contains("{{") { yaml::parse_template(text) } else { yaml::parse(text) };
    recent(&YAML, &Same(text.clone()), || Arc::new(parse()))
}

/// The tree of a Dockerfile.
pub(crate) fn dockerfile_tree(db: &dyn Db, file: SourceFile) -> Arc<dockerfile::Tree> {
    let text = &file.content(db).text;
    recent(&DOCKERFILES, &Same(text.clone()), || Arc::new(dockerfile::parse(text)))
}

/// The items that a file has by itself; empty for Terraform and Compose, whose items belong to a root module or a project.
pub(crate) fn file_items(db: &dyn Db, file: SourceFile) -> Arc<Vec<Item>> {
    match file.content(db).kind {
        // Larger than those of all other kinds together, and asked for by nobody but the file's own rules.
        Some(FileKind::Dockerfile) => dockerfile_items(db, file),
        _ => kept_items(db, file),
    }
}

/// What a file means to others, when nothing else is asked of it: of a Dockerfile its stages, of any other file its items.
pub(crate) fn lasting_items(db: &dyn Db, file: SourceFile) -> Arc<Vec<Item>> {
    match file.content(db).kind {
        Some(FileKind::Dockerfile) => lasting_stages(db, file),
        _ => kept_items(db, file),
    }
}

#[salsa::tracked(returns(clone))]
fn lasting_stages(db: &dyn Db, file: SourceFile) -> Arc<Vec<Item>> {
    Arc::new(docker::dockerfile::lasting(&dockerfile_items(db, file)))
}

fn dockerfile_items(db: &dyn Db, file: SourceFile) -> Arc<Vec<Item>> {
    let id = file.id(db);
    let ignore = dockerignore(db, file);
    let key = (Same(file.content(db).text.clone()), ignore.clone().map(Same), id);
    recent(&DOCKERFILE_ITEMS, &key, || {
        let tree = dockerfile_tree(db, file);
        Arc::new(match ignore {
            Some(ignore) => docker::dockerfile::items_with(&tree, id, &docker::dockerfile::Ignore::parse(&ignore)),
            None => docker::dockerfile::items(&tree, id),
        })
    })
}

#[salsa::tracked(returns(clone), no_eq)]
fn kept_items(db: &dyn Db, file: SourceFile) -> Arc<Vec<Item>> {
    let content = file.content(db);
    let (id, text) = (file.id(db), &*content.text);
    let Some(kind) = content.kind else { return Arc::default() };
    let mut items = match kind {
        // They belong to a module or a project, not to one file.
        FileKind::Terraform | FileKind::TerraformJson | FileKind::Tfvars | FileKind::Plan | FileKind::Compose => Vec::new(),
        // Nor do these: what is around them fills them in.
        FileKind::Packer | FileKind::PackerVariables => Vec::new(),
        FileKind::PackerJson => crate::packer::legacy_items(&yaml_tree(db, file), file.id(db)),
        FileKind::Kubernetes => kubernetes::items(&yaml_tree(db, file), id),
        FileKind::Dockerfile => Vec::new(),
        FileKind::Daemon => docker::daemon::json_items(&yaml_tree(db, file), id),
        FileKind::DaemonOptions => docker::daemon::option_file_items(text, id),
        FileKind::OtherEngine(engine) => docker::other_engines::items(text, engine, id),
        FileKind::Vagrant => docker::vagrant::items(text, id),
        FileKind::Systemd => docker::daemon::unit_items(text, id),
        FileKind::CloudInit => docker::cloud_init::items(text, id),
        FileKind::Script => docker::script::items(text, id),
    };
    // Most files hold one object, and lists that grow begin with room for four.
    items.shrink_to_fit();
    Arc::new(items)
}

/// What the `.dockerignore` beside a Dockerfile says; one named after the Dockerfile comes first.
fn dockerignore(db: &dyn Db, file: SourceFile) -> Option<Arc<str>> {
    let path = file.path(db);
    let own = Utf8PathBuf::from(format!("{path}.dockerignore"));
    let shared = path.with_file_name(".dockerignore");
    let found = [own, shared].iter().find_map(|path| db.file(path))?;
    Some(found.content(db).text.clone())
}

/// What could not be read in a file.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn file_errors(db: &dyn Db, file: SourceFile) -> Arc<Vec<SyntaxError>> {
    let content = file.content(db);
    let mut errors: Vec<SyntaxError> = content.damage.iter().cloned().collect();
    match content.kind {
        Some(FileKind::Terraform | FileKind::Tfvars | FileKind::Packer | FileKind::PackerVariables) => {
            errors.extend(hcl_tree(db, file).errors.iter().cloned())
        }
        Some(
            FileKind::TerraformJson
            | FileKind::Plan
            | FileKind::Kubernetes
            | FileKind::Compose
            | FileKind::Daemon
            | FileKind::PackerJson,
        ) => {
            errors.extend(yaml_tree(db, file).errors.iter().cloned());
        }
        Some(FileKind::Dockerfile) => errors.extend(dockerfile_tree(db, file).errors.iter().cloned()),
        Some(FileKind::OtherEngine(_)) => errors.extend(docker::other_engines::errors(&content.text)),
        Some(FileKind::Systemd | FileKind::CloudInit | FileKind::Script | FileKind::DaemonOptions | FileKind::Vagrant) | None => {
        }
    }
    Arc::new(errors)
}
