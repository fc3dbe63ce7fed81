//! Terraform and OpenTofu: what a directory of `.tf` files means.
//!
//! Declarations are read per directory ([`declarations`]), without evaluating anything. [`evaluate`] then takes a root module and
//! evaluates, on demand and each name once, what it plans: resource instances after modules, `count`, `for_each` and `dynamic`,
//! and the declarations of every module that it reaches. What cannot be known is unknown with its reason; what is known inside of
//! it (parts of strings, some elements of a list, both arms of a conditional) is kept.
//!
//! The crate reads no files: it asks a [`Workspace`]. It must not know any rule.
//!
//! Sources: the Terraform and OpenTofu language documentation, <https://opentofu.org/docs/language/>, and the HCL specification,
//! <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md>.

mod body;
mod budget;
mod calls;
mod choice;
mod convert;
mod declare;
mod evaluator;
mod expand;
mod expression;
mod extent;
mod finish;
mod foreign;
mod functions;
mod imports;
mod inputs;
mod instance;
mod instances;
mod items;
mod json;
mod lattice;
mod lock;
mod memo;
mod memory;
mod operator;
mod outline;
mod plan;
mod planned;
mod reference;
mod refused;
mod renew;
mod required;
mod shared;
mod shift;
mod slots;
mod source;
mod template;
#[cfg(test)]
mod tests;
mod types;
mod uses;
mod variable;

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::{FileId, Place, Value, hcl, yaml};

pub use declare::{Module, declarations, local_calls};
pub use evaluator::{evaluate, evaluate_with};
pub use expression::evaluate_expression;
pub use foreign::{ForeignBlock, foreign_blocks};
pub use lock::{Locked, locked};
pub use memory::{Memory, evaluate_again};
pub use plan::{is_plan, plan_items};
pub use planned::Planned;
pub use required::{Requirement, requirements};

/// One directory's configuration.
#[derive(Clone, Debug)]
pub struct ModuleFiles<'a> {
    /// Relative to the workspace with forward slashes; empty for the workspace itself.
    pub dir: &'a str,
    /// The files, in any order.
    pub files: Vec<SourceFile<'a>>,
}

/// A file of a directory.
#[derive(Clone, Copy, Debug)]
pub struct SourceFile<'a> {
    /// The name without the directory.
    pub name: &'a str,
    /// The number that places carry.
    pub file: FileId,
    /// What is in it.
    pub tree: SourceTree<'a>,
}

/// The tree of a file.
#[derive(Clone, Copy, Debug)]
pub enum SourceTree<'a> {
    /// `.tf`, `.tofu`
    Hcl(&'a Arc<hcl::Tree>),
    /// `.tf.json`, `.tofu.json`, `.tfvars.json`
    Json(&'a yaml::Tree),
    /// `.tfvars`
    Tfvars(&'a Arc<hcl::Tree>),
}

/// What a root module is given besides the variables files in its directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Inputs {
    /// Variables of the environment without `TF_VAR_`, and their texts; everything else goes before them.
    pub environment: Vec<(String, String)>,
    /// Variables files and single values, in their order; the last one holds.
    pub given: Vec<Given>,
    /// The name of the selected workspace, where it is known.
    pub workspace: Option<String>,
}

/// One thing that a root module is given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Given {
    /// A variables file, by its path from the workspace.
    File(String),
    /// A name and its text, as after `-var`.
    Variable(String, String),
}

/// What the evaluator may ask about the rest of the workspace.
pub trait Workspace {
    /// The declarations of a directory; `None`: no Terraform file lies in it.
    fn module(&self, dir: &str) -> Option<Arc<Module>>;
    /// Whether the declarations of a directory are these ones: not others that say the same.
    fn is_module(&self, dir: &str, known: Option<&Arc<Module>>) -> bool {
        match (self.module(dir), known) {
            (Some(module), Some(known)) => Arc::ptr_eq(&module, known),
            (module, known) => module.is_none() && known.is_none(),
        }
    }
    /// A file by its path, relative to the workspace, for `file()` and its like.
    fn read(&self, path: &str) -> FileRead;
    /// Every file below a directory, relative to it with forward slashes, for `fileset()`; `None`: it cannot be told.
    fn files(&self, dir: &str) -> Option<Vec<String>> {
        let _ = dir;
        None
    }
}

/// The answer of [`Workspace::read`].
#[derive(Clone, Debug)]
pub enum FileRead {
    /// The path leaves the workspace.
    Outside,
    /// There is no such file, or it could not be read.
    Missing,
    /// Its text.
    Text(Arc<str>, FileId),
}

/// What a root module plans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// Resource instances, and the declarations of every module that is reached.
    pub items: Planned,
    /// What was found wrong or missing on the way, in order of place.
    pub notes: Vec<Note>,
    /// The directories of local modules that were reached, sorted.
    pub called_dirs: Arc<[String]>,
}

/// Something that the evaluator found wrong or missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where.
    pub place: Place,
    /// What, in one sentence without a full stop.
    pub message: CompactString,
    /// Which kind.
    pub kind: NoteKind,
}

/// The kinds of notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// A name that nobody declares.
    Undeclared,
    /// What Terraform would refuse though what it means is understood: nothing is lost.
    Refused,
    /// A module whose source is not in the workspace.
    OpaqueModule,
    /// What Terraform would refuse.
    Invalid,
    /// A module or value that refers to itself.
    Cycle,
    /// A limit of the analysis was reached.
    Limit,
    /// A file that is not there, or lies outside the workspace.
    File,
    /// How many instances there are is not known before something else is: `count` or `for_each` of what is unknown.
    Undecided,
}

/// The result of [`evaluate_expression`].
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// The value; unknown where the expression is refused.
    pub value: Value,
    /// What Terraform would refuse; empty when it would not.
    pub notes: Vec<Note>,
}
