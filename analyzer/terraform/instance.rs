//! What evaluation keeps: instances of modules and resources, with what is known of their names.

use std::sync::{Arc, OnceLock};

use compact_str::CompactString;
use plimsoll_syntax::value::{Reason, Unknown};
use plimsoll_syntax::{FileId, Item, Value};
use rustc_hash::FxHashMap;

use crate::declare::Module;
use crate::expand::{Expansion, Key};
use crate::extent::Extent;
use crate::memo::Attributes;
use crate::shared::Shared;
use crate::shift::Shift;

/// The instances of a resource.
pub(crate) type Instances = Arc<Expansion<Arc<ResourceInstance>>>;

/// One instance of a module: the root, or what a call makes.
pub(crate) struct Instance {
    pub(crate) id: u32,
    pub(crate) module: Arc<Module>,
    /// `module.a["k"]`; empty for the root.
    pub(crate) address: CompactString,
    pub(crate) call: Option<Call>,
    pub(crate) depth: u32,
    pub(crate) names: Shared<FxHashMap<(Space, u32), State>>,
    /// The instances of resources; `None` while they are being worked out.
    pub(crate) resources: Shared<FxHashMap<u32, Option<Instances>>>,
    pub(crate) calls: Shared<FxHashMap<u32, Option<Arc<Expansion<Callee>>>>>,
    /// What all instances of a resource have alike, by resource and name.
    pub(crate) alike: Shared<FxHashMap<(u32, CompactString), State>>,
    /// Instances of resources for which another stands, that somebody has asked for.
    pub(crate) particular: Shared<FxHashMap<(u32, Key), Arc<ResourceInstance>>>,
    /// The items of its parts, by [`Part::slot`], as far as they are kept.
    pub(crate) items: Shared<Vec<Option<Vec<Arc<Item>>>>>,
    /// No other instance of its module comes before it.
    pub(crate) is_first: OnceLock<bool>,
    /// How far what is kept of its parts reaches, by [`Part::slot`].
    pub(crate) extents: Shared<Vec<Extent>>,
}

impl Instance {
    /// Lets go of what is known of its resources. Where it calls nothing and its items are made, nobody asks for that any more: from outside one
    /// sees its outputs, which are kept. Who asks nevertheless (an `import`) works it out again.
    pub(crate) fn let_go(&self) {
        *self.resources.borrow_mut() = FxHashMap::default();
        *self.alike.borrow_mut() = FxHashMap::default();
        *self.particular.borrow_mut() = FxHashMap::default();
    }

    /// Adds to the extent of a part; the files that it is of.
    pub(crate) fn extend(&self, part: Part, add: impl FnOnce(&mut Extent)) -> u64 {
        let slot = part.extent(&self.module);
        let mut extents = self.extents.borrow_mut();
        if extents.len() <= slot {
            extents.resize(slot + 1, Extent::new(FileId::NONE));
        }
        let Some(extent) = extents.get_mut(slot) else { return 0 };
        if extent.files() == 0 {
            *extent = Extent::new(part.file(&self.module));
        }
        add(extent);
        extent.files()
    }
}

/// Where a module instance is called.
pub(crate) struct Call {
    /// The calling instance.
    pub(crate) parent: u32,
    /// Which of its calls.
    pub(crate) index: u32,
    /// `each` or `count`.
    pub(crate) repetition: Option<Repetition>,
}

/// A part of a module instance that is worked out as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Home {
    pub(crate) instance: u32,
    pub(crate) part: Part,
}

/// The parts of a module instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// What is refused in it.
    Checks,
    /// The items of its declarations.
    Declarations,
    Variable(u32),
    Local(u32),
    Output(u32),
    /// The values of a resource.
    Arguments(u32),
    /// How many of a resource there are.
    Repeating(u32),
    /// The items of a resource.
    Resource(u32),
    /// What is called, and how often.
    Calling(u32),
    /// The item of a call.
    Call(u32),
}

impl Part {
    /// Where its items are in [`Instance::items`].
    pub(crate) fn slot(self, module: &Module) -> Option<usize> {
        match self {
            Self::Checks => Some(0),
            Self::Declarations => Some(1),
            Self::Resource(index) => Some(Self::of_resource(index)),
            Self::Call(index) => Some(2 + module.resources.len() + index as usize),
            _ => None,
        }
    }

    /// The slot of the items of a resource.
    pub(crate) const fn of_resource(index: u32) -> usize {
        2 + index as usize
    }

    /// Where its extent is in [`Instance::extents`]: that of a resource covers its values, too, and the first one all names.
    fn extent(self, module: &Module) -> usize {
        match self {
            Self::Arguments(index) | Self::Repeating(index) => Self::of_resource(index),
            _ => self.slot(module).unwrap_or(0),
        }
    }

    /// The file that it is declared in.
    fn file(self, module: &Module) -> FileId {
        let at = match self {
            Self::Arguments(index) | Self::Repeating(index) | Self::Resource(index) => {
                module.resources.get(index as usize).map(|resource| resource.block.at)
            }
            Self::Call(index) => module.calls.list.get(index as usize).map(|call| call.at),
            _ => None,
        };
        at.map_or_else(|| module.files.first(), |at| module.files.get(at.file as usize)).map_or(FileId::NONE, |file| file.id)
    }
}

/// What a call calls.
#[derive(Clone, Debug)]
pub(crate) enum Callee {
    /// A module instance.
    Module(u32),
    /// Nothing that can be read; the address of the call.
    Opaque(CompactString, Reason),
}

/// One instance of a resource.
pub(crate) struct ResourceInstance {
    pub(crate) decl: u32,
    /// `module.a.aws_instance.web[0]`
    pub(crate) address: CompactString,
    pub(crate) repetition: Option<Repetition>,
    pub(crate) attributes: Shared<Attributes>,
    /// What others have asked for that only the provider knows: all who refer to it refer to the same.
    pub(crate) computed: Shared<Vec<Arc<Unknown>>>,
    /// Others may ask for what is written in it: it is kept, else it is read once.
    pub(crate) is_used: bool,
}

impl ResourceInstance {
    pub(crate) fn new(decl: u32, address: CompactString, repetition: Option<Repetition>, is_used: bool) -> Self {
        Self { decl, address, repetition, attributes: Shared::default(), computed: Shared::default(), is_used }
    }
}

/// The name `each` or `count`, and its object.
#[derive(Clone, Debug)]
pub(crate) struct Repetition {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
}

/// The spaces of names that are evaluated once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Space {
    Variable,
    Local,
    Output,
}

/// What is known about a name so far.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// Being evaluated: to ask now is a cycle.
    Busy,
    /// Its value, and whether something in it was refused.
    Done(Value, bool),
}

impl State {
    pub(crate) fn shift(&mut self, shift: &Shift) {
        if let Self::Done(value, _) = self
            && let Some(moved) = shift.value(value)
        {
            *value = moved;
        }
    }
}
