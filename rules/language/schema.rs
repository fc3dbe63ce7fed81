//! What views, resources and Kubernetes objects consist of: names, types, and what an absent field means.
//!
//! The facts lie as text under `rules/schemas/`. [`compile`] turns that text into one blob when the rules are built; [`Schemas`]
//! reads single entries out of it on demand.
//!
//! ```text
//! # A comment.
//! view container                       # what rules call it; `view a : b` has the fields of `b` as well
//!   name, image string                 # one type for several names
//!   privileged bool = false            # what an absent field means, as JSON
//!   limits map(quantity)
//!   env block* keyed(name)             # written any number of times; `env["HOME"]` finds one by its name
//!     name, value string
//!   metadata_options block             # written at most once
//!     http_tokens string = "optional"
//!   settings object dynamic            # has fields that nobody lists
//!   securityContext @core.v1.SecurityContext
//!   replicas number renamed(count)     # an older name, read as well
//!   path string required               # nothing works without it
//! resource aws_instance                # the view `aws_instance`; it also has the fields of `resource`
//! data aws_ami                         # the view `data.aws_ami`, with the fields of `data`
//! provider aws                         # the view `provider.aws`, with the fields of `provider`
//! type core.v1.SecurityContext         # a type that others name as `@core.v1.SecurityContext`; it may contain itself
//! type api.resource.Quantity = quantity
//! kind Pod = @core.v1.Pod              # the view `Pod`
//! amend resource aws_db_instance       # more about something that another line declares: fields, and types left as they are
//!   storage_encrypted = false
//! amend resource aws_redshift_cluster  # what absence meant before a version of the provider; `null`: nothing
//!   publicly_accessible = false | true before 6.0
//! ```
//!
//! Types: `string number bool any ports addresses image duration quantity`, `list(T)` or `[T]`, `set(T)`, `map(T)`, `@name`; and with
//! fields below them `object`, `block`, `block*`, also inside `list()`, `set()` and `map()`. A `list(object)` is one attribute, a
//! `block*` is one block per element.

mod blob;
mod merge;
mod text;

use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use compact_str::CompactString;
use rustc_hash::FxHashMap;

pub use crate::condition::{Constant, Literal};
use crate::nearest;
use blob::Blob;

/// A power of two.
const ASKED: usize = 256;

/// The schemas of a release: borrowed bytes, of which entries are decoded when they are first asked for.
#[derive(Default)]
pub struct Schemas {
    blob: Blob,
    /// In order of the blob's index.
    views: Box<[OnceLock<Arc<Body>>]>,
    /// The same.
    types: Box<[OnceLock<Arc<Body>>]>,
    /// The numbers plus one of views that were asked for, by the hash of their names: the same few are asked for again and again.
    asked: Box<[AtomicU32]>,
    /// Types by name: paths into Kubernetes objects meet one at every step.
    type_numbers: OnceLock<FxHashMap<&'static str, usize>>,
}

/// The fields of a view, block or object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// Sorted by name.
    fields: Vec<Field>,
    /// There may be fields that are not listed.
    pub dynamic: bool,
    /// The numbers of the fields plus one, by the hash of their names; 0: a free seat. Half of the seats at most are taken.
    seats: Box<[u16]>,
    /// Where those are among the fields that must be there: few, and asked for with every object.
    required: Box<[u16]>,
}

/// One field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: CompactString,
    /// What it holds.
    pub ty: Type,
    /// What its absence means, where that is known: in the newest known version of what has the field.
    pub default: Option<Box<Constant>>,
    /// What it meant before.
    pub earlier: Option<Box<Earlier>>,
    /// The field that tells its elements apart.
    pub keyed: Option<CompactString>,
    /// Names that it had, or has in some versions.
    pub renamed: Vec<CompactString>,
    /// Whoever reads the object refuses it without this field. Known of Kubernetes alone.
    pub required: bool,
}

/// What the absence of a field meant in older versions of a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Earlier {
    /// The provider, as resources are called after it: `azurerm`.
    pub provider: CompactString,
    /// A version, and what absence meant before it; the latest version first.
    pub defaults: Vec<(CompactString, Option<Constant>)>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Text.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// Anything.
    Any,
    /// A set of ports.
    Ports,
    /// A set of addresses.
    Addresses,
    /// An image reference.
    Image,
    /// A duration, as text.
    Duration,
    /// A Kubernetes quantity.
    Quantity,
    /// A list or set.
    List(Box<Type>),
    /// A map from text.
    Map(Box<Type>),
    /// An attribute with fields.
    Object(Arc<Body>),
    /// A block.
    Block {
        /// Its fields.
        body: Arc<Body>,
        /// It may be written more than once.
        repeated: bool,
    },
    /// A type that is looked up by name, and may contain itself: see [`Schemas::named_type`].
    Named(CompactString),
}

/// What is wrong with the text of a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct SchemaError {
    /// The file's name, as it was given.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// In one sentence.
    pub message: String,
}

/// Turns the texts of schemas (name of the file, text) into a blob for [`Schemas::from_static`]. The order of the files does not
/// matter, save that of their amendments.
///
/// # Errors
/// The first thing that is wrong.
pub fn compile(texts: &[(&str, &str)]) -> Result<Vec<u8>, SchemaError> {
    let mut declarations = Vec::new();
    for (file, text) in texts {
        text::parse(file, text, &mut declarations)?;
    }
    Ok(blob::write(&merge::merge(declarations)?))
}

impl Schemas {
    /// The schemas of a blob, of which nothing is decoded yet. Anything but a blob of this release has no entries.
    #[must_use]
    pub fn from_static(blob: &'static [u8]) -> Self {
        let blob = Blob::open(blob);
        let views = (0..blob.views()).map(|_| OnceLock::new()).collect();
        let types = (0..blob.types()).map(|_| OnceLock::new()).collect();
        let asked = (0..ASKED).map(|_| AtomicU32::new(0)).collect();
        Self { blob, views, types, asked, type_numbers: OnceLock::new() }
    }

    /// The fields of a view: `aws_instance`, `data.aws_ami`, `provider.aws`, `container`, `Deployment`.
    #[must_use]
    pub fn get(&self, view: &str) -> Option<&Arc<Body>> {
        let index = self.view_index(view)?;
        Some(self.views.get(index)?.get_or_init(|| self.blob.view_body(index)))
    }

    fn view_index(&self, view: &str) -> Option<usize> {
        let seat = probes(view, self.asked.len()).next().and_then(|at| self.asked.get(at));
        let known = seat.and_then(|seat| seat.load(Ordering::Relaxed).checked_sub(1)).map(|number| number as usize);
        if let Some(index) = known.filter(|index| self.blob.view_name(*index) == view) {
            return Some(index);
        }
        let index = self.blob.find_view(view)?;
        if let (Some(seat), Ok(number)) = (seat, u32::try_from(index)) {
            seat.store(number + 1, Ordering::Relaxed);
        }
        Some(index)
    }

    /// The names of all views, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        (0..self.blob.views()).map(|index| self.blob.view_name(index))
    }

    /// What [`Type::Named`] stands for.
    #[must_use]
    pub fn named_type(&self, name: &str) -> Option<&Arc<Body>> {
        let number = |index| (self.blob.type_name(index), index);
        let numbers = self.type_numbers.get_or_init(|| (0..self.blob.types()).map(number).collect());
        let index = *numbers.get(name)?;
        Some(self.types.get(index)?.get_or_init(|| self.blob.type_body(index)))
    }

    /// The nearest name of a view to a misspelt one.
    #[must_use]
    pub fn suggest(&self, misspelt: &str) -> Option<String> {
        nearest(misspelt, self.names()).map(str::to_owned)
    }
}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schemas").field("views", &self.views.len()).finish_non_exhaustive()
    }
}

impl Field {
    /// What its absence means, where `precedes` says whether the version of a provider in use is older than another one.
    pub fn default_where(&self, precedes: impl Fn(&str, &str) -> bool) -> Option<&Constant> {
        let earlier = self.earlier.iter().flat_map(|earlier| {
            let older = earlier.defaults.iter().take_while(|(version, _)| precedes(&earlier.provider, version));
            older.map(|(_, default)| default.as_ref())
        });
        earlier.last().unwrap_or(self.default.as_deref())
    }

    /// Nothing stands in for it where it is not written, in any version, nor has it another name.
    #[must_use]
    pub fn is_nothing_when_absent(&self) -> bool {
        self.default.is_none() && self.earlier.is_none() && self.renamed.is_empty()
    }

    /// What its absence means in all versions; `None` as well where it has another name under which it may be written.
    #[must_use]
    pub fn only_default(&self) -> Option<&Constant> {
        self.default.as_deref().filter(|_| self.earlier.is_none() && self.renamed.is_empty())
    }
}

impl Body {
    /// A body of these fields.
    #[must_use]
    pub fn new(mut fields: Vec<Field>, dynamic: bool) -> Self {
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        let mut seats = vec![0; (2 * fields.len()).next_power_of_two()].into_boxed_slice();
        for (number, field) in (1..).zip(&fields) {
            let free = probes(&field.name, seats.len()).find(|at| seats.get(*at) == Some(&0));
            if let Some(seat) = free.and_then(|at| seats.get_mut(at)) {
                *seat = number;
            }
        }
        let required = (0..).zip(&fields).filter(|(_, field)| field.required).map(|(number, _)| number).collect();
        Self { fields, dynamic, seats, required }
    }

    /// The fields, sorted by name.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The fields that must be there.
    pub fn required(&self) -> impl Iterator<Item = &Field> {
        self.required.iter().filter_map(|number| self.fields.get(usize::from(*number)))
    }

    /// The field of this name. Rules ask for fields more often than for anything else.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Field> {
        for at in probes(name, self.seats.len()) {
            let number = usize::from(*self.seats.get(at)?);
            let field = self.fields.get(number.checked_sub(1)?)?;
            if field.name == name {
                return Some(field);
            }
        }
        None
    }

    /// The nearest name of a field to a misspelt one.
    #[must_use]
    pub fn suggest(&self, misspelt: &str) -> Option<&str> {
        nearest(misspelt, self.fields.iter().map(|field| field.name.as_str()))
    }
}

/// The seats to look at for a name, out of a power of two, in order.
fn probes(name: &str, seats: usize) -> impl Iterator<Item = usize> {
    let hash = rustc_hash::FxBuildHasher.hash_one(name);
    let first = usize::try_from(hash >> 32).unwrap_or(0);
    (0..seats).map(move |step| (first + step) & (seats - 1))
}

#[cfg(test)]
mod tests;
