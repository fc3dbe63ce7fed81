//! From blocks to declarations.

use compact_str::CompactString;
use plimsoll_syntax::Span;
use plimsoll_syntax::hcl::{Block, BodyItem, ExprKind};

use super::{At, Declared, Local, Mode, Module, Named, Resource, count};
use crate::{Note, NoteKind};

/// How many labels a block has.
const LABELS: &[(&str, usize)] = &[
    ("variable", 1),
    ("output", 1),
    ("module", 1),
    ("provider", 1),
    ("check", 1),
    ("resource", 2),
    ("data", 2),
    ("ephemeral", 2),
    ("locals", 0),
    ("terraform", 0),
];

impl Module {
    /// Adds the declarations of one file.
    pub(super) fn collect(&mut self, file: u32, overriding: bool) {
        let tree = self.files[file as usize].tree.clone();
        for (item, block) in tree.body.items.iter().enumerate() {
            let BodyItem::Block(block) = block else {
                self.note(file, tree.body.items.get(item), "an argument is not expected here");
                continue;
            };
            let at = At { file, item: count(item), inner: None };
            let label = |n: usize| block.labels.get(n).map(|label| CompactString::from(tree.label(*label))).unwrap_or_default();
            let declared = |name: CompactString| Declared { name, at, overrides: Vec::new(), is_override: overriding };
            let kind = tree.text(block.kind);
            self.check_labels(file, item, block, kind);
            let added = match kind {
                "variable" => Self::named(&mut self.variables, declared(label(0)), overriding),
                "output" => Self::named(&mut self.outputs, declared(label(0)), overriding),
                "module" => Self::named(&mut self.calls, declared(label(0)), overriding),
                "resource" | "data" | "ephemeral" => {
                    let mode = match kind {
                        "resource" => Mode::Managed,
                        "data" => Mode::Data,
                        _ => Mode::Ephemeral,
                    };
                    self.resource(Resource { mode, kind: label(0), block: declared(label(1)) }, overriding)
                }
                "locals" => block.body.attributes().fold(true, |all, attribute| {
                    let name = tree.text(attribute.name);
                    let local = Local { name: name.into(), file, attribute: attribute.clone() };
                    match self.locals.get_mut(name) {
                        Some(known) if overriding => *known = local,
                        _ => return self.locals.add(name, local) && all,
                    }
                    all
                }),
                "provider" => {
                    let provider = declared(label(0));
                    let alias = |module: &Self, provider: &Declared| {
                        let (file, attribute) = module.attribute(provider, "alias")?;
                        file.tree.plain_string(attribute.expr)
                    };
                    let same = |module: &Self| {
                        module
                            .providers
                            .iter()
                            .position(|known| known.name == provider.name && alias(module, known) == alias(module, &provider))
                    };
                    match (same(self), overriding) {
                        (Some(known), true) => {
                            self.providers[known].overrides.push(at);
                            true
                        }
                        (known, _) => {
                            self.providers.push(provider);
                            known.is_none()
                        }
                    }
                }
                "terraform" => {
                    self.settings.push(declared(CompactString::default()));
                    true
                }
                "check" => block.body.items.iter().enumerate().fold(true, |all, (inner, item)| match item.as_block() {
                    Some(data) if tree.text(data.kind) == "data" && data.labels.len() == 2 => {
                        let label = |n: usize| {
                            data.labels.get(n).map(|label| CompactString::from(tree.label(*label))).unwrap_or_default()
                        };
                        let at = At { inner: Some(count(inner)), ..at };
                        let block = Declared { name: label(1), at, overrides: Vec::new(), is_override: overriding };
                        self.resource(Resource { mode: Mode::Data, kind: label(0), block }, false) && all
                    }
                    _ => all,
                }),
                "import" => {
                    self.imports.push(at);
                    true
                }
                "language" => {
                    let edition = block.body.items.iter().find(|item| {
                        matches!(item, BodyItem::Attribute(attribute) if tree.text(attribute.name) == "edition"
                            && matches!(tree[attribute.expr].kind, ExprKind::Template(..)))
                    });
                    self.note(file, edition, "an edition of the language is a word without quotes");
                    true
                }
                "moved" | "removed" => true,
                _ => {
                    self.note(file, tree.body.items.get(item), "Terraform has no block of this type");
                    true
                }
            };
            if !added {
                self.note(file, tree.body.items.get(item), "this name is declared twice");
            }
        }
    }

    fn named(all: &mut Named<Declared>, declared: Declared, overriding: bool) -> bool {
        let name = declared.name.clone();
        match all.get_mut(&name) {
            Some(known) if overriding => {
                known.overrides.push(declared.at);
                true
            }
            _ => all.add(&name, declared),
        }
    }

    fn resource(&mut self, resource: Resource, overriding: bool) -> bool {
        let key = (resource.mode, resource.kind.clone(), resource.block.name.clone());
        if let Some(&known) = self.resource_index.get(&key) {
            if overriding {
                self.resources[known as usize].block.overrides.push(resource.block.at);
            } else {
                // A second block of the same address is refused when run, yet it is written: it is analysed all the same.
                self.resources.push(resource);
            }
            return overriding;
        }
        self.resource_index.insert(key, count(self.resources.len()));
        self.resources.push(resource);
        true
    }

    /// Whether a block has the labels that its type needs, and names that can be referred to.
    fn check_labels(&mut self, file: u32, item: usize, block: &Block, kind: &str) {
        let Some((_, wanted)) = LABELS.iter().find(|(word, _)| *word == kind) else { return };
        let tree = self.files[file as usize].tree.clone();
        let named = |label: &Span| {
            let label = tree.label(*label);
            label.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        };
        let message = if block.labels.len() != *wanted {
            "this block does not have the labels that its type needs"
        } else if !block.labels.iter().all(named) {
            "a name consists of letters, digits, dashes and underscores, and does not begin with a digit"
        } else {
            return;
        };
        self.note(file, tree.body.items.get(item), message);
    }

    fn note(&mut self, file: u32, item: Option<&BodyItem>, message: &str) {
        let span = match item {
            Some(BodyItem::Attribute(attribute)) => attribute.name,
            Some(BodyItem::Block(block)) => block.header(),
            None => return,
        };
        let place = self.files[file as usize].place(span);
        self.notes.push(Note { place, message: message.into(), kind: NoteKind::Invalid });
    }
}
