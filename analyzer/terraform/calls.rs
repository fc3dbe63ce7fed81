//! Module calls: which module is called, and its instances.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::Place;
use plimsoll_syntax::value::Reason;
use rustc_hash::FxHashMap;

use crate::NoteKind;
use crate::declare::{Module, join, local_dir};
use crate::evaluator::{Call, Callee, Cx, Evaluator, Home, Instance, Part};
use crate::expand::Expansion;

/// How deep modules may call modules.
const MAX_MODULE_DEPTH: u32 = 32;
/// How many module instances one root module may have.
const MAX_MODULES: usize = 4_096;

impl Evaluator<'_> {
    /// The instances of a module call; `None` while they are being worked out.
    pub(crate) fn call(&self, at: &Instance, index: u32, place: Place) -> Option<Arc<Expansion<Callee>>> {
        if let Some(known) = at.calls.borrow().get(&index) {
            return known.clone();
        }
        at.calls.borrow_mut().insert(index, None);
        let call = at.module.calls.list.get(index as usize)?;
        let base = format_compact!("{}{}module.{}", at.address, if at.address.is_empty() { "" } else { "." }, call.name);
        let expansion = self.about(Home { instance: at.id, part: Part::Calling(index) }, || {
            let (module, reason) = self.callee(at, call, place);
            self.repeat(at, call, || false).map(|key, repetition| {
                let address = key.address(&base);
                match &module {
                    Some(module) if self.instances.borrow().len() < MAX_MODULES => {
                        let call = Call { parent: at.id, index, repetition };
                        Callee::Module(self.add_instance(module.clone(), address, Some(call), at.depth + 1).id)
                    }
                    Some(_) => Callee::Opaque(address, Reason::Limit),
                    None => Callee::Opaque(address, reason),
                }
            })
        });
        let expansion = Arc::new(expansion);
        at.calls.borrow_mut().insert(index, Some(expansion.clone()));
        Some(expansion)
    }

    /// The module that a call names, or why there is none.
    fn callee(&self, at: &Instance, call: &crate::declare::Declared, place: Place) -> (Option<Arc<Module>>, Reason) {
        let Some((file, source)) = at.module.attribute(call, "source") else {
            // Whoever asks for it first, it is said at the call.
            let place = at.module.block(call.at).map_or(place, |(file, block)| file.place(block.header()));
            self.note(place, NoteKind::Invalid, format_compact!("the call of module \"{}\" has no source", call.name));
            return (None, Reason::Invalid);
        };
        let cx = Cx::new(at, file);
        let place = cx.place(source.span);
        let value = self.eval(&cx, source.expr);
        let Some(text) = value.as_str() else { return (None, Reason::OpaqueModule) };
        let installed = || self.installed(&self.module_key(at, &call.name));
        let Some(dir) = local_dir(&at.module.dir, text).or_else(installed) else {
            self.note(place, NoteKind::OpaqueModule, format_compact!("module {text:?} is not in this workspace"));
            return (None, Reason::OpaqueModule);
        };
        let mut ancestor = Some(at.id);
        while let Some(instance) = ancestor.and_then(|id| self.instance(id)) {
            if instance.module.dir == dir {
                self.note(place, NoteKind::Cycle, "this module calls itself");
                return (None, Reason::Cycle);
            }
            ancestor = instance.call.as_ref().map(|call| call.parent);
        }
        if at.depth >= MAX_MODULE_DEPTH {
            self.note(place, NoteKind::Limit, "modules call modules too deep here");
            return (None, Reason::Limit);
        }
        match self.workspace.module(&dir) {
            Some(module) => (Some(module), Reason::OpaqueModule),
            None => {
                self.note(place, NoteKind::OpaqueModule, format_compact!("module {text:?} is not in this workspace"));
                (None, Reason::OpaqueModule)
            }
        }
    }

    /// The name of a call in the manifest of installed modules: `vpc.subnets`.
    fn module_key(&self, at: &Instance, name: &str) -> String {
        let mut names = vec![CompactString::from(name)];
        let mut call = at.call.as_ref().map(|call| (call.parent, call.index));
        while let Some((parent, index)) = call {
            let Some(instance) = self.instance(parent) else { break };
            names.extend(instance.module.calls.list.get(index as usize).map(|call| call.name.clone()));
            call = instance.call.as_ref().map(|call| (call.parent, call.index));
        }
        names.reverse();
        names.join(".")
    }

    /// Where `terraform init` has put a module.
    fn installed(&self, key: &str) -> Option<String> {
        let root = self.root_dir();
        let read = || {
            let path = join(&root, ".terraform/modules/modules.json")?;
            let crate::FileRead::Text(text, _) = self.workspace.read(&path) else { return None };
            let manifest: serde_json::Value = serde_json::from_str(&text).ok()?;
            let rows = manifest.get("Modules")?.as_array()?.iter();
            Some(
                rows.filter_map(|row| Some((row.get("Key")?.as_str()?.to_owned(), row.get("Dir")?.as_str()?.to_owned())))
                    .collect(),
            )
        };
        let dirs: &FxHashMap<String, String> = self.manifest.get_or_init(|| read().unwrap_or_default());
        join(&root, &dirs.get(key)?.replace('\\', "/"))
    }
}
