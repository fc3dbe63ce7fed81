//! The versions of providers that `terraform init` has chosen: <https://opentofu.org/docs/language/files/dependency-lock/>.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::{Value, hcl};

use crate::declare::{File, Spans, find, join};
use crate::evaluator::Evaluator;
use crate::{FileRead, Workspace};

/// The name of the file, beside the root module.
const FILE: &str = ".terraform.lock.hcl";
/// Who publishes a provider that is required by its name alone.
const OFFICIAL: &str = "hashicorp";

/// Chosen versions by publisher and type, in small letters: `hashicorp/aws`.
pub type Locked = Vec<(CompactString, Value)>;

impl Evaluator<'_> {
    /// The version of a provider that is locked; `source` as it is required, or nothing where only the name is known.
    pub(crate) fn locked(&self, name: &str, source: Option<&str>) -> Option<Value> {
        let all = self.lock.get_or_init(|| locked(self.workspace, &self.root_dir()));
        let wanted = publisher_and_type(source.unwrap_or(name));
        all.iter().find(|(known, _)| *known == wanted).map(|(_, version)| version.clone())
    }
}

/// The versions that are locked beside a root module; none where nothing is.
#[must_use]
pub fn locked(workspace: &dyn Workspace, root: &str) -> Locked {
    read(workspace, root).unwrap_or_default()
}

fn read(workspace: &dyn Workspace, root: &str) -> Option<Locked> {
    let FileRead::Text(text, id) = workspace.read(&join(root, FILE)?) else { return None };
    let file = File::new(id, Arc::new(hcl::parse(&text)), Spans::Same);
    let providers = file.tree.body.blocks().filter(|block| file.text(block.kind) == "provider");
    let locked = providers.filter_map(|block| {
        let address = file.tree.label(*block.labels.first()?);
        let version = find(&file, &block.body, "version")?;
        let text = file.tree.plain_string(version.expr)?;
        Some((publisher_and_type(&address), Value::string(text, file.place(file.tree[version.expr].span))))
    });
    Some(locked.collect())
}

/// The end of an address, whatever the registry: both registries have the same providers.
pub(crate) fn publisher_and_type(address: &str) -> CompactString {
    let mut parts = address.rsplit('/');
    let kind = parts.next().unwrap_or(address);
    let publisher = parts.next().unwrap_or(OFFICIAL);
    format!("{publisher}/{kind}").to_lowercase().into()
}
