//! What Terraform would refuse though what it means is plain: names of providers, provisioners, words out of place.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::hcl::tree::BodyItem;
use plimsoll_syntax::hcl::{Block, ExprId, ExprKind};
use rustc_hash::FxHashSet;

use crate::NoteKind;
use crate::declare::{Declared, File, Mode, Module, Spans, find};
use crate::evaluator::{Cx, Evaluator, Instance};
use crate::lattice;

/// Provisioners that Terraform had and has no more; others may be installed as plugins.
const REMOVED: &[&str] = &["chef", "habitat", "puppet", "salt-masterless"];
/// Arguments of a provisioner that are one of some words.
const WORDS: &[(&str, &[&str])] = &[("when", &["create", "destroy"]), ("on_failure", &["fail", "continue"])];
/// Blocks of settings of which a module has one at most, together.
const BACKENDS: &[&str] = &["backend", "cloud"];

impl Evaluator<'_> {
    /// Notes what is refused in a module instance.
    pub(crate) fn check_module(&self, at: &Arc<Instance>) {
        self.check_imports(at);
        self.check_removed(at);
        self.check_moved(at);
        self.check_providers(at);
        self.check_settings(at);
        for resource in &at.module.resources {
            self.check_resource(at, &resource.block);
        }
        for variable in &at.module.variables.list {
            self.check_words(at, variable);
        }
        for (index, output) in at.module.outputs.list.iter().enumerate() {
            self.check_words(at, output);
            self.check_dependencies(at, output);
            let place =
                at.module.block(output.at).map_or(plimsoll_syntax::Place::NONE, |(file, block)| file.place(block.header()));
            if at.call.is_none() && at.module.attribute(output, "sensitive").is_none() {
                let value = self.output(at, crate::declare::count(index), place);
                if lattice::is_sensitive(&value) && at.module.attribute(output, "ephemeral").is_none() {
                    self.note(
                        place,
                        NoteKind::Refused,
                        format_compact!("output \"{}\" is not marked sensitive; its value is", output.name),
                    );
                }
            }
        }
        for call in &at.module.calls.list {
            self.check_source(at, call);
            self.check_dependencies(at, call);
        }
    }

    fn refused(&self, file: &File, expr: ExprId, message: impl Into<CompactString>) {
        self.note(file.place(file.tree[expr].span), NoteKind::Refused, message);
    }

    /// Providers have names in small letters, and a configuration for each alias.
    fn check_providers(&self, at: &Instance) {
        let mut configured: FxHashSet<CompactString> = FxHashSet::default();
        for provider in &at.module.providers {
            let Some((file, block)) = at.module.block(provider.at) else { continue };
            if !is_local_name(&provider.name) {
                self.note(
                    file.place(block.header()),
                    NoteKind::Refused,
                    format_compact!("{} is no name of a provider", provider.name),
                );
            }
            self.check_own_resources(at, provider);
            let alias = at.module.attribute(provider, "alias").and_then(|(file, alias)| file.tree.plain_string(alias.expr));
            configured.extend(alias.map(|alias| format_compact!("{}.{alias}", provider.name)));
        }
        for settings in &at.module.settings {
            let Some((file, block)) = at.module.block(settings.at) else { continue };
            let required = block.body.blocks().filter(|block| file.text(block.kind) == "required_providers");
            for attribute in required.flat_map(|required| required.body.attributes()) {
                self.check_requirement(at, file, attribute.expr, &mut configured);
            }
        }
        for resource in &at.module.resources {
            let Some((file, provider)) = at.module.attribute(&resource.block, "provider") else { continue };
            let (base, alias) = match file.tree[provider.expr].kind {
                ExprKind::GetAttr { base, name } => (base, Some(file.text(name))),
                _ => (provider.expr, None),
            };
            let ExprKind::Variable = file.tree[base].kind else { continue };
            let name = file.text(file.tree[base].span);
            if !is_local_name(name) {
                self.refused(file, base, format_compact!("{name} is no name of a provider"));
            } else if let Some(alias) = alias
                && !configured.contains(&format_compact!("{name}.{alias}"))
            {
                self.refused(file, provider.expr, format_compact!("provider {name} has no configuration \"{alias}\" here"));
            }
        }
    }

    /// A provider is configured before there is anything of it: the configuration that resources of a provider have by default cannot refer to them.
    fn check_own_resources(&self, at: &Instance, provider: &Declared) {
        let Some((file, block)) = at.module.block(provider.at) else { return };
        if at.module.attribute(provider, "alias").is_some() {
            return;
        }
        let is_its_own = |used: &str| {
            let (mode, rest) = [Mode::Data, Mode::Ephemeral]
                .into_iter()
                .find_map(|mode| Some((mode, used.strip_prefix(mode.prefix())?)))
                .unwrap_or((Mode::Managed, used));
            let Some((kind, name)) = rest.split_once('.') else { return false };
            let found = at.module.resource_index.get(&(mode, kind.into(), name.into()));
            let found = found.and_then(|index| at.module.resources.get(*index as usize));
            crate::items::provider_of(kind) == provider.name
                && found.is_some_and(|resource| at.module.attribute(&resource.block, "provider").is_none())
        };
        for used in crate::uses::names(&file.tree, block.span()).filter(|used| is_its_own(used)) {
            let message = format_compact!("provider {} is configured with what it makes itself: {used}", provider.name);
            self.note(file.place(block.header()), NoteKind::Cycle, message);
        }
    }

    fn check_requirement(&self, at: &Instance, file: &File, expr: ExprId, configured: &mut FxHashSet<CompactString>) {
        let tree = &file.tree;
        let ExprKind::Object(items) = tree[expr].kind else { return };
        for item in tree.items(items) {
            match tree.text(tree[item.key].span) {
                "source" => {
                    let source = tree.plain_string(item.value).unwrap_or_default();
                    let kind = source.rsplit('/').next().unwrap_or("");
                    if kind.starts_with("terraform-") {
                        self.refused(
                            file,
                            item.value,
                            format_compact!("the type of a provider does not begin with terraform-: {kind}"),
                        );
                    }
                }
                // A module is given these by its caller; a root module has none.
                "configuration_aliases" if at.call.is_some() => {
                    if let ExprKind::Tuple(aliases) = tree[item.value].kind {
                        configured
                            .extend(tree.list(aliases).iter().map(|&alias| CompactString::from(tree.text(tree[alias].span))));
                    }
                }
                _ => {}
            }
        }
    }

    fn check_settings(&self, at: &Instance) {
        let mut backends: FxHashSet<bool> = FxHashSet::default();
        for settings in &at.module.settings {
            let Some((file, block)) = at.module.block(settings.at) else { continue };
            for inner in block.body.blocks() {
                let kind = file.text(inner.kind);
                let label = inner.labels.first().map(|label| file.tree.label(*label)).unwrap_or_default();
                if BACKENDS.contains(&kind) && !backends.insert(settings.is_override) {
                    self.note(file.place(inner.header()), NoteKind::Refused, "a module has one backend at most");
                }
                if kind == "provider_meta" {
                    if !is_local_name(&label) {
                        let message = format_compact!("{label} is no name of a provider");
                        self.note(file.place(inner.header()), NoteKind::Refused, message);
                    }
                    // It is read before there are values.
                    let cx = Cx { isolated: true, ..Cx::new(at, file) };
                    for attribute in inner.body.attributes() {
                        self.eval(&cx, attribute.expr);
                    }
                }
            }
            if let Some(required) = find(file, &block.body, "required_version")
                && file.tree.plain_string(required.expr).is_some_and(|constraint| is_before_one(&constraint))
            {
                self.refused(file, required.expr, "no version from 1.0 on is allowed here");
            }
        }
    }

    fn check_resource(&self, at: &Instance, declared: &Declared) {
        self.check_dependencies(at, declared);
        for (file, item) in at.module.body(declared) {
            match item {
                BodyItem::Block(block) if file.text(block.kind) == "provisioner" => self.check_provisioner(file, block),
                BodyItem::Block(block) if file.text(block.kind) == "locals" => {
                    self.note(file.place(block.header()), NoteKind::Refused, "a resource has no locals");
                }
                _ => {}
            }
        }
    }

    fn check_dependencies(&self, at: &Instance, declared: &Declared) {
        let Some((file, attribute)) = at.module.attribute(declared, "depends_on") else { return };
        let ExprKind::Tuple(items) = file.tree[attribute.expr].kind else { return };
        for &reference in file.tree.list(items) {
            if !is_whole(file, reference) {
                self.refused(file, reference, "depends_on names whole resources and modules, not their attributes");
            }
        }
    }

    fn check_provisioner(&self, file: &File, block: &Block) {
        let kind = block.labels.first().map(|label| file.tree.label(*label)).unwrap_or_default();
        if REMOVED.contains(&&*kind) {
            self.note(
                file.place(block.header()),
                NoteKind::Refused,
                format_compact!("there is no provisioner \"{kind}\" any more"),
            );
        }
        for (name, words) in WORDS {
            let Some(attribute) = find(file, &block.body, name) else { continue };
            let word = file.text(file.tree[attribute.expr].span).trim_matches('"');
            if !words.contains(&word) {
                self.refused(file, attribute.expr, format_compact!("{name} is one of {}", words.join(", ")));
            }
        }
    }

    /// A module that configures a provider itself is given none of that name.
    /// <https://opentofu.org/docs/language/modules/develop/providers/>
    pub(crate) fn check_passed(&self, at: &Instance, call: &Declared, callee: &Module) {
        let Some((file, attribute)) = at.module.attribute(call, "providers") else { return };
        let ExprKind::Object(items) = file.tree[attribute.expr].kind else { return };
        for item in file.tree.items(items) {
            let name = file.text(file.tree[item.key].span);
            let is_configured = |provider: &Declared| {
                // What stands for one that is passed has a name and nothing else.
                let is_argument = |(file, item): (&File, &BodyItem)| !matches!(item, BodyItem::Attribute(known) if matches!(file.text(known.name), "alias" | "version"));
                provider.name == name && callee.attribute(provider, "alias").is_none() && callee.body(provider).any(is_argument)
            };
            if callee.providers.iter().any(is_configured) {
                let message = format_compact!("module \"{}\" configures provider {name} itself: it is given none", call.name);
                self.refused(file, item.key, message);
            }
        }
    }

    /// Words of variables and outputs.
    fn check_words(&self, at: &Instance, declared: &Declared) {
        if let Some((file, deprecated)) = at.module.attribute(declared, "deprecated")
            && file.tree.plain_string(deprecated.expr).is_some_and(|text| text.trim().is_empty())
        {
            self.refused(file, deprecated.expr, "deprecated says what to do instead");
        }
        if let Some((file, of)) = at.module.attribute(declared, "type")
            && matches!((&file.spans, file.tree[of.expr].kind), (Spans::Same, ExprKind::Template(..)))
        {
            self.refused(file, of.expr, "a type is not quoted");
        }
    }

    /// Only a module of a registry has versions.
    fn check_source(&self, at: &Instance, call: &Declared) {
        let (Some(_), Some((file, source))) = (at.module.attribute(call, "version"), at.module.attribute(call, "source")) else {
            return;
        };
        let Some(text) = self.eval(&Cx::new(at, file), source.expr).as_str().map(CompactString::from) else { return };
        if !crate::source::is_registry(&text) {
            self.refused(file, source.expr, format_compact!("{text:?} is no module of a registry, which alone have versions"));
        }
    }
}

/// Whether a constraint allows only versions before 1.0.
fn is_before_one(constraint: &str) -> bool {
    constraint.split(',').any(|part| {
        let part = part.trim();
        let digits = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
        let (operator, version) = (part[..digits].trim(), &part[digits..]);
        let mut numbers = version.split('.').map(|number| number.parse::<u64>().unwrap_or(0));
        let (major, rest) = (numbers.next(), numbers.sum::<u64>());
        match operator {
            "" | "=" | "~>" | "<=" => major == Some(0) && !version.is_empty(),
            "<" => major == Some(0) || (major == Some(1) && rest == 0),
            _ => false,
        }
    })
}

/// Letters in lower case, digits and dashes, none at the ends.
fn is_local_name(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() && !c.is_uppercase() || c == '-';
    !name.is_empty() && name.chars().all(fits) && !name.starts_with('-') && !name.ends_with('-')
}

/// Whether a reference ends at a resource or module, or an instance of it.
fn is_whole(file: &File, expr: ExprId) -> bool {
    let (mut names, mut at) = (0, expr);
    loop {
        match file.tree[at].kind {
            ExprKind::GetAttr { base, .. } => {
                names += 1;
                at = base;
            }
            ExprKind::Index { base, .. } => at = base,
            ExprKind::Variable => break,
            // What is no reference is told elsewhere.
            _ => return true,
        }
    }
    match file.text(file.tree[at].span) {
        "data" | "ephemeral" => names <= 2,
        _ => names <= 1,
    }
}
