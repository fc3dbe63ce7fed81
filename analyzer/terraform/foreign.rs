//! Blocks of other languages that share Terraform's expressions, variables and local values: Packer's templates.
//!
//! Source: <https://developer.hashicorp.com/packer/docs/templates/hcl_templates>.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::hcl::Block;
use plimsoll_syntax::value::Map;
use plimsoll_syntax::{Place, Value};

use crate::body::slots;
use crate::declare::{File, Local, Module, count, declarations, find, items};
use crate::evaluator::{Evaluator, Instance};
use crate::{FileRead, ModuleFiles, Workspace};

/// A top-level block that Terraform does not have.
#[derive(Clone, Debug)]
pub struct ForeignBlock {
    /// Its type.
    pub kind: CompactString,
    /// Its labels, without quotes.
    pub labels: Vec<CompactString>,
    /// Type and labels.
    pub header: Place,
    /// What is in it: a map, nested blocks as lists of maps, of which `type` is the first label.
    pub value: Value,
}

/// The blocks of these types, in order, with the variables and local values of all files in scope. Of two declarations with one name the
/// one in the file that comes first by name holds.
#[must_use]
pub fn foreign_blocks(files: &ModuleFiles<'_>, kinds: &[&str]) -> Vec<ForeignBlock> {
    let mut module = declarations(files);
    single_locals(&mut module);
    let evaluator = Evaluator::new(&Alone);
    let at = evaluator.root(Arc::new(module));
    let mut blocks = Vec::new();
    for file in &at.module.files {
        let of_kind = file.tree.body.blocks().filter(|block| kinds.contains(&file.text(block.kind)));
        blocks.extend(of_kind.map(|block| one(&evaluator, &at, file, block)));
    }
    blocks
}

fn one(evaluator: &Evaluator<'_>, at: &Arc<Instance>, file: &File, block: &Block) -> ForeignBlock {
    let header = file.place(block.header());
    let entries = evaluator.body(at, None, slots(items(file, &block.body)), 0);
    ForeignBlock {
        kind: file.text(block.kind).into(),
        labels: block.labels.iter().map(|label| CompactString::from(file.tree.label(*label))).collect(),
        header,
        value: Value::map(Map { entries, tail: None, range: file.place(block.span()).span }, header),
    }
}

/// `local "name" { expression = … }` beside `locals`.
fn single_locals(module: &mut Module) {
    let mut found = Vec::new();
    for (number, file) in module.files.iter().enumerate() {
        for block in file.tree.body.blocks().filter(|block| file.text(block.kind) == "local") {
            if let (Some(label), Some(attribute)) = (block.labels.first(), find(file, &block.body, "expression")) {
                let name = CompactString::from(file.tree.label(*label));
                found.push(Local { name, file: count(number), attribute: attribute.clone() });
            }
        }
    }
    for local in found {
        module.locals.add(&local.name.clone(), local);
    }
}

/// Nothing but the files that are given.
struct Alone;

impl Workspace for Alone {
    fn module(&self, _dir: &str) -> Option<Arc<Module>> {
        None
    }

    fn read(&self, _path: &str) -> FileRead {
        FileRead::Missing
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_syntax::{FileId, hcl};

    use super::*;
    use crate::{SourceFile, SourceTree};

    #[test]
    fn variables_and_locals_are_in_scope() {
        let text = r#"
variable "tag" { default = "3.19" }
local "image" { expression = "alpine:${var.tag}" }
source "docker" "base" {
  image   = local.image
  changes = ["USER ${var.user}"]
}
variable "user" {}
"#;
        let tree = Arc::new(hcl::parse(&text.into()));
        let files = vec![SourceFile { name: "a.pkr.hcl", file: FileId(0), tree: SourceTree::Hcl(&tree) }];
        let blocks = foreign_blocks(&ModuleFiles { dir: "", files }, &["source", "build"]);
        let [block] = blocks.as_slice() else { panic!("{blocks:?}") };
        assert_eq!(block.labels, ["docker", "base"]);
        assert_eq!(block.value.str_at(&["image"]), Some("alpine:3.19"));
        let changes = block.value.get("changes").unwrap().items();
        assert!(matches!(changes[0].kind, plimsoll_syntax::Kind::Template(_)), "{changes:?}");
    }
}
