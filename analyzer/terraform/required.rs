//! Which versions modules ask for: <https://opentofu.org/docs/language/providers/requirements/>.

use compact_str::CompactString;
use plimsoll_syntax::Place;
use plimsoll_syntax::hcl::{Attribute, Block, ExprId, ExprKind};

use crate::declare::{File, Module, find};
use crate::lock::publisher_and_type;

/// A constraint on the versions of a provider or of Terraform itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Publisher and type of a provider, in small letters: `hashicorp/aws`; `None`: Terraform, or OpenTofu.
    pub provider: Option<CompactString>,
    /// `~> 5.0, != 5.3.0`
    pub constraint: CompactString,
    /// Where it is written.
    pub place: Place,
    /// What the module calls it.
    name: CompactString,
}

/// The constraints of a module. What an override file says of a name holds instead of what the others say.
#[must_use]
pub fn requirements(module: &Module) -> Vec<Requirement> {
    let mut all: Vec<Requirement> = Vec::new();
    for settings in &module.settings {
        let Some((file, block)) = module.block(settings.at) else { continue };
        let written = in_block(file, block);
        if settings.is_override {
            all.retain(|known| written.iter().all(|new| new.name != known.name));
        }
        all.extend(written);
    }
    all
}

fn in_block(file: &File, block: &Block) -> Vec<Requirement> {
    let core = find(file, &block.body, "required_version").and_then(|attribute| {
        let constraint = file.tree.plain_string(attribute.expr)?;
        Some(Requirement {
            provider: None,
            constraint,
            place: file.place(file.tree[attribute.expr].span),
            name: CompactString::default(),
        })
    });
    let required = block.body.blocks().filter(|block| file.text(block.kind) == "required_providers");
    let providers = required.flat_map(|required| required.body.attributes()).filter_map(|attribute| of_provider(file, attribute));
    core.into_iter().chain(providers).collect()
}

/// `{ source = …, version = … }`, or a version alone.
fn of_provider(file: &File, attribute: &Attribute) -> Option<Requirement> {
    let (tree, name) = (&file.tree, file.text(attribute.name));
    let (source, version): (_, ExprId) = match tree[attribute.expr].kind {
        ExprKind::Object(items) => {
            let value = |key: &str| {
                tree.items(items)
                    .iter()
                    .find(|item| tree.text(tree[item.key].span).trim_matches('"') == key)
                    .map(|item| item.value)
            };
            (value("source").and_then(|source| tree.plain_string(source)), value("version")?)
        }
        _ => (None, attribute.expr),
    };
    Some(Requirement {
        provider: Some(publisher_and_type(source.as_deref().unwrap_or(name))),
        constraint: tree.plain_string(version)?,
        place: file.place(tree[version].span),
        name: name.into(),
    })
}
