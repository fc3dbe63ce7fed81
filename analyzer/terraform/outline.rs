//! Which module instances a root module has, in order, with their items: after an edit, only those are looked at that it has touched.

use std::sync::Arc;

use compact_str::CompactString;
use plimsoll_syntax::Place;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::NoteKind;
use crate::declare::{Declared, count};
use crate::evaluator::{Callee, Evaluator, Instance};
use crate::items;
use crate::planned::{Own, Planned};

/// Items that one root module may have.
const MAX_ITEMS: usize = 100_000;

/// The module instances of a root module.
pub(crate) struct Outline {
    /// Their items, in the order of the calls.
    pub(crate) items: Planned,
    /// How many.
    made: usize,
    /// Where the items of an instance are among those of all.
    positions: Vec<Option<u32>>,
    /// The directories of those that are called, sorted.
    pub(crate) called_dirs: Arc<[String]>,
    /// The instances of the module in a directory.
    of_dirs: FxHashMap<CompactString, Vec<u32>>,
    /// Instances of modules that import something.
    pub(crate) importing: Vec<u32>,
}

impl Outline {
    /// Walks through the calls from the root module on.
    pub(crate) fn new(evaluator: &Evaluator<'_>, root: &Arc<Instance>) -> Self {
        let (mut items, mut order, mut all) = (Vec::new(), Vec::new(), 0);
        let mut waiting = vec![root.clone()];
        let mut seen: FxHashSet<String> = FxHashSet::default();
        while let Some(instance) = waiting.pop() {
            // It stays so: what would change it makes everything new.
            let is_first = *instance.is_first.get_or_init(|| seen.insert(instance.module.dir.clone()));
            let own = items::of(evaluator, &instance, is_first);
            all += own.len();
            items.push(own);
            order.push(instance.id);
            if !evaluator.remembers && instance.module.calls.list.is_empty() {
                instance.let_go();
            }
            let calls = instance.module.calls.list.iter().enumerate();
            let callees: Vec<_> = calls.flat_map(|(index, call)| callees(evaluator, &instance, count(index), call)).collect();
            waiting.extend(callees.into_iter().rev());
            if all > MAX_ITEMS {
                evaluator.note(Place::NONE, NoteKind::Limit, "this module plans more resources than are looked at");
                evaluator.is_spoiled.set(true);
                break;
            }
        }
        Self::of(evaluator, &items, &order)
    }

    fn of(evaluator: &Evaluator<'_>, items: &[Own], order: &[u32]) -> Self {
        let instances = evaluator.instances.borrow();
        let mut called_dirs: Vec<String> = instances.iter().skip(1).map(|instance| instance.module.dir.clone()).collect();
        called_dirs.sort();
        called_dirs.dedup();
        let mut outline = Self {
            items: Planned::new(items),
            made: items.iter().map(|own| own.len()).sum(),
            positions: vec![None; instances.len()],
            called_dirs: called_dirs.into(),
            of_dirs: FxHashMap::default(),
            importing: Vec::new(),
        };
        for (position, &id) in order.iter().enumerate() {
            if let Some(known) = outline.positions.get_mut(id as usize) {
                *known = Some(count(position));
            }
        }
        for instance in instances.iter().filter(|_| evaluator.remembers) {
            outline.of_dirs.entry(instance.module.dir.as_str().into()).or_default().push(instance.id);
            if !instance.module.imports.is_empty() {
                outline.importing.push(instance.id);
            }
        }
        outline
    }

    /// How many instances there are.
    pub(crate) const fn len(&self) -> usize {
        self.positions.len()
    }

    /// The instances of the module in a directory.
    pub(crate) fn instances(&self, dir: &str) -> &[u32] {
        self.of_dirs.get(dir).map(Vec::as_slice).unwrap_or_default()
    }

    /// Makes the items of instances that an edit has touched; `false`: there are too many now.
    pub(crate) fn renew(&mut self, evaluator: &Evaluator<'_>, touched: &FxHashSet<u32>) -> bool {
        let position = |id: &u32| Some((*self.positions.get(*id as usize)?.as_ref()?, *id));
        let mut touched: Vec<(u32, u32)> = touched.iter().filter_map(position).collect();
        touched.sort_unstable();
        for (position, id) in touched {
            let Some(instance) = evaluator.instance(id) else { continue };
            let is_first = instance.is_first.get().copied().unwrap_or_default();
            let own = items::of(evaluator, &instance, is_first);
            self.made += own.len();
            self.made -= self.items.replace(position as usize, own).len();
        }
        self.made <= MAX_ITEMS
    }
}

/// The module instances that a call makes.
pub(crate) fn callees(evaluator: &Evaluator<'_>, at: &Instance, index: u32, call: &Declared) -> Vec<Arc<Instance>> {
    let Some((file, block)) = at.module.block(call.at) else { return Vec::new() };
    let expansion = evaluator.call(at, index, file.place(block.header()));
    let instance = |callee: &Callee| if let Callee::Module(id) = callee { evaluator.instance(*id) } else { None };
    expansion.iter().flat_map(|known| &known.instances).filter_map(|(_, callee)| instance(callee)).collect()
}
