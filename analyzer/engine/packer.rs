//! Packer's templates among the files of a workspace: the sources, variables and local values of a folder belong together.

use std::sync::Arc;

use plimsoll_docker::packer::{self, Block};
use plimsoll_syntax::{FileId, Item, hcl, yaml};
use plimsoll_terraform::{ModuleFiles, SourceFile as Written, SourceTree, foreign_blocks};

use crate::db::{Db, SourceFile, Workspace};
use crate::file::hcl_tree;
use crate::kind::FileKind;

/// The items of a template.
#[salsa::tracked(returns(clone), no_eq)]
pub(crate) fn items(db: &dyn Db, workspace: Workspace, file: SourceFile) -> Arc<Vec<Item>> {
    let folder = file.path(db).parent();
    let here = workspace.files(db).iter().filter(|other| other.path(db).parent() == folder);
    let held: Vec<(String, FileId, FileKind, Arc<hcl::Tree>)> = here
        .filter_map(|&other| {
            let kind = other.content(db).kind?;
            let name = other.path(db).file_name()?;
            // Several templates may lie in one folder: what a file itself declares holds in it.
            let name = match kind {
                FileKind::Packer if other == file => String::new(),
                FileKind::Packer => name.to_owned(),
                // As Terraform calls them.
                FileKind::PackerVariables => name.replace(".pkrvars.hcl", ".tfvars"),
                _ => return None,
            };
            Some((name, other.id(db), kind, hcl_tree(db, other)))
        })
        .collect();
    let files = held.iter().map(|(name, file, kind, tree)| Written {
        name,
        file: *file,
        tree: if *kind == FileKind::Packer { SourceTree::Hcl(tree) } else { SourceTree::Tfvars(tree) },
    });
    let blocks = foreign_blocks(&ModuleFiles { dir: "", files: files.collect() }, &["source", "build"]);
    let blocks: Vec<Block> = blocks
        .into_iter()
        .map(|block| Block { kind: block.kind, labels: block.labels, header: block.header, value: block.value })
        .collect();
    let text = |file: FileId| db.by_id(file).map(|file| file.content(db).text.clone());
    Arc::new(packer::items(&blocks, file.id(db), &text))
}

/// The items of a template in JSON.
pub(crate) fn legacy_items(tree: &yaml::Tree, file: FileId) -> Vec<Item> {
    packer::items(&packer::legacy_blocks(tree, file), file, &|_| Some(tree.source.clone()))
}
