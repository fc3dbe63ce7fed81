//! `import`, `removed` and `moved` blocks: what they name must be there, or be gone, or go to one place.
//! <https://opentofu.org/docs/language/import/>, <https://opentofu.org/docs/language/resources/syntax/#removing-resources>

use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use plimsoll_syntax::Place;
use plimsoll_syntax::hcl::{Block, ExprId, ExprKind};
use plimsoll_syntax::value::{Kind, Reason, Unknown};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::NoteKind;
use crate::declare::{File, Mode, find};
use crate::evaluator::{Callee, Cx, Evaluator, Instance, Scope};
use crate::expand::{By, Expansion, Key, elements};
use crate::lattice;
use crate::reference::Ref;

/// A name of an address, with its key.
type Step = (CompactString, Option<ExprId>);

impl Evaluator<'_> {
    /// Notes what is wrong with the `import` blocks of a module.
    pub(crate) fn check_imports(&self, at: &Arc<Instance>) {
        let mut seen: FxHashSet<CompactString> = FxHashSet::default();
        for (file, block) in at.module.imports.iter().filter_map(|import| at.module.block(*import)) {
            if at.call.is_some() {
                self.note(file.place(block.header()), NoteKind::Refused, "only a root module may have import blocks");
                continue;
            }
            let cx = Cx::new(at, file);
            let Some(for_each) = find(file, &block.body, "for_each") else {
                self.check_import(&cx, block, &mut seen);
                continue;
            };
            let value = self.eval(&cx, for_each.expr);
            let place = file.place(for_each.span);
            if value.is_null() || lattice::is_sensitive(&value) || elements(&value).0.iter().any(|(key, _)| key.sensitive) {
                self.note(place, NoteKind::Refused, "for_each must not be null, nor sensitive");
                continue;
            }
            let (pairs, tail) = elements(&value);
            if tail.is_some_and(|unknown| is_late(&unknown)) {
                self.note(place, NoteKind::Undecided, "how many there are is only known after the run");
            }
            for (key, element) in pairs {
                let object = lattice::map([("key".into(), key), ("value".into(), element)], None, Place::NONE);
                let scope = Scope { name: "each", value: Ref::Value(object), parent: None };
                self.check_import(&cx.within(&scope), block, &mut seen);
            }
        }
    }

    fn check_import(&self, cx: &Cx<'_>, block: &Block, seen: &mut FxHashSet<CompactString>) {
        if let Some(id) = find(cx.file, &block.body, "id") {
            let value = self.eval(cx, id.expr);
            let late = lattice::first_unknown(&value).is_some_and(|unknown| is_late(&unknown));
            if late || value.sensitive || value.is_null() || value.as_str() == Some("") {
                self.note(
                    cx.place(id.span),
                    NoteKind::Refused,
                    "the id must be a text that is known before the run, and no secret",
                );
            }
        }
        let Some(to) = find(cx.file, &block.body, "to") else { return };
        let place = cx.place(cx.file.tree[to.expr].span);
        let mut steps = Vec::new();
        if !flatten(cx.file, to.expr, &mut steps) {
            return;
        }
        match self.target(cx, &steps) {
            Target::There(address) => {
                if !seen.insert(address.clone()) {
                    self.note(place, NoteKind::Refused, format_compact!("{address} is imported twice"));
                }
            }
            Target::Missing => {
                self.note(
                    place,
                    NoteKind::Undeclared,
                    format_compact!("{} is not declared", cx.file.text(cx.file.tree[to.expr].span)),
                );
            }
            Target::WrongKey => self.note(
                place,
                NoteKind::Refused,
                "a key must be a string or number that is known before the run, and no secret",
            ),
            Target::Open => {}
        }
    }

    fn target(&self, cx: &Cx<'_>, steps: &[Step]) -> Target {
        let mut at: Option<Arc<Instance>> = self.instance(cx.at.id);
        let mut rest = steps;
        while let [(word, None), (name, key), inner @ ..] = rest
            && word == "module"
        {
            let Some(here) = at.clone() else { return Target::Open };
            let Some(index) = here.module.calls.position(name) else { return Target::Missing };
            let Some(expansion) = self.call(&here, index, Place::NONE) else { return Target::Open };
            match self.instance_of(cx, &expansion, *key) {
                Ok(Callee::Module(id)) => at = self.instance(id),
                Ok(Callee::Opaque(..)) => return Target::Open,
                Err(target) => return target,
            }
            rest = inner;
        }
        let (Some(here), [(kind, None), (name, key)]) = (at, rest) else { return Target::Open };
        let Some(&index) = here.module.resource_index.get(&(Mode::Managed, kind.clone(), name.clone())) else {
            return Target::Missing;
        };
        let Some(expansion) = self.resource(&here, index) else { return Target::Open };
        match self.instance_of(cx, &expansion, *key) {
            Ok(instance) => Target::There(instance.address.clone()),
            Err(target) => target,
        }
    }

    /// The instance of a key that must be exactly there.
    fn instance_of<T: Clone>(&self, cx: &Cx<'_>, expansion: &Expansion<T>, key: Option<ExprId>) -> Result<T, Target> {
        let wanted = match key {
            None => Key::None,
            Some(key) => {
                let value = self.eval(cx, key);
                if lattice::is_sensitive(&value) {
                    return Err(Target::WrongKey);
                }
                match &value.kind {
                    Kind::String(name) if expansion.by == By::Count => name.parse().map_or(Key::Name(name.clone()), Key::Index),
                    Kind::String(name) => Key::Name(name.clone()),
                    Kind::Number(number) if expansion.by == By::Each => Key::Name(lattice::number_text(number.get())),
                    Kind::Number(number) => number.as_int().map_or(Err(Target::WrongKey), |index| Ok(Key::Index(index)))?,
                    Kind::Unknown(unknown) if !is_late(unknown) => return Err(Target::Open),
                    Kind::Choice(_) => return Err(Target::Open),
                    _ => return Err(Target::WrongKey),
                }
            }
        };
        match (expansion.instances.iter().find(|(known, _)| *known == wanted), expansion.contains(&wanted)) {
            (Some((_, found)), _) => Ok(found.clone()),
            (None, Some(false)) => Err(Target::Missing),
            (None, _) => Err(Target::Open),
        }
    }

    /// Notes what `removed` blocks say is gone, and is not.
    pub(crate) fn check_removed(&self, at: &Instance) {
        for file in &at.module.files {
            for block in file.tree.body.blocks().filter(|block| file.text(block.kind) == "removed") {
                let Some(from) = find(file, &block.body, "from") else { continue };
                let mut steps = Vec::new();
                if flatten(file, from.expr, &mut steps) && self.is_there(at, &steps) {
                    let text = file.text(file.tree[from.expr].span);
                    self.note(file.place(from.span), NoteKind::Refused, format_compact!("{text} is still declared"));
                }
            }
        }
    }

    /// Notes what `moved` blocks say of one thing that another one says otherwise.
    pub(crate) fn check_moved(&self, at: &Instance) {
        let mut known: FxHashMap<(CompactString, bool), CompactString> = FxHashMap::default();
        for file in &at.module.files {
            for block in file.tree.body.blocks().filter(|block| file.text(block.kind) == "moved") {
                let (Some(from), Some(to)) = (find(file, &block.body, "from"), find(file, &block.body, "to")) else { continue };
                let text = |expr: ExprId| file.text(file.tree[expr].span);
                // An instance of what moves as a whole is another thing.
                let is_instance = |expr: ExprId| matches!(file.tree[expr].kind, ExprKind::Index { .. });
                let what = (text(from.expr).into(), is_instance(from.expr) || is_instance(to.expr));
                let moved = known.entry(what).or_insert_with(|| text(to.expr).into());
                if moved != text(to.expr) {
                    let message = format_compact!("{} moves to {moved} already", text(from.expr));
                    self.note(file.place(block.header()), NoteKind::Refused, message);
                }
            }
        }
    }

    fn is_there(&self, at: &Instance, steps: &[Step]) -> bool {
        match steps {
            [(word, _), (name, _), inner @ ..] if word == "module" => {
                let Some(index) = at.module.calls.position(name) else { return false };
                let callee = self.call(at, index, Place::NONE).and_then(|all| Some(all.instances.first()?.1.clone()));
                let within = match callee {
                    Some(Callee::Module(id)) => self.instance(id),
                    _ => None,
                };
                inner.is_empty() || within.is_some_and(|within| self.is_there(&within, inner))
            }
            [(kind, _), (name, _)] => at.module.resource_index.contains_key(&(Mode::Managed, kind.clone(), name.clone())),
            _ => false,
        }
    }
}

/// What an address leads to.
enum Target {
    There(CompactString),
    Missing,
    WrongKey,
    /// It cannot be told.
    Open,
}

/// Whether something is known only when it is run, whatever is given.
const fn is_late(unknown: &Unknown) -> bool {
    matches!(unknown.reason, Reason::Computed | Reason::Data)
}

/// The steps of an address; false where it is none.
fn flatten(file: &File, expr: ExprId, steps: &mut Vec<Step>) -> bool {
    let tree = &file.tree;
    match tree[expr].kind {
        ExprKind::Variable => {
            steps.push((tree.text(tree[expr].span).into(), None));
            true
        }
        ExprKind::GetAttr { base, name } => {
            let whole = flatten(file, base, steps);
            steps.push((tree.text(name).into(), None));
            whole
        }
        ExprKind::Index { base, key } => {
            let whole = flatten(file, base, steps);
            match steps.last_mut() {
                Some((_, known @ None)) => *known = Some(key),
                _ => return false,
            }
            whole
        }
        _ => false,
    }
}
