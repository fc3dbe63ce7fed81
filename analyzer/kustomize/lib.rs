//! Kustomize: what a kustomization builds of the manifests below it.
//!
//! A kustomization names resources, and says what is changed in them: names, namespaces, labels, images, patches, replacements.
//! [`build`] does what Kustomize does, on values that keep their places: what an overlay sets is placed in the overlay, and what
//! it leaves alone in the base. This crate knows no rule, and no kind beyond what the fields and merge keys of the built-in
//! kinds need; it reads only through [`Files`], and fetches nothing.
//!
//! Source: the documentation of Kustomize 5 (<https://kubectl.docs.kubernetes.io/references/kustomize/>).

mod config;
mod failure;
mod field;
mod generate;
mod hash;
mod identity;
mod json_patch;
mod kustomization;
mod layers;
mod load;
mod merge;
mod patches;
mod references;
mod replace;
mod resource;
mod schema;
mod select;
mod steps;
mod tables;
mod transform;
mod tree;
mod variables;

use std::collections::BTreeSet;

use plimsoll_syntax::{Place, Value};

pub use failure::Failure;
pub use load::{Files, NAMES};

use kustomization::Kustomization;
use layers::Builder;

/// What a kustomization builds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Build {
    /// The objects, in the order in which they are written.
    pub objects: Vec<Value>,
    /// The files that it is built from: kustomizations, resources, patches, configurations. What generators take in as data is
    /// not among them.
    pub used: BTreeSet<String>,
    /// What Kustomize would refuse, or fetch from elsewhere, and is left out of an otherwise whole build.
    pub notes: Vec<Failure>,
}

/// Builds the kustomization of a directory (relative to the workspace, empty for the workspace itself).
///
/// # Errors
/// When it cannot be built. The place is in the file that says what cannot be done, as far as one can be named.
pub fn build(files: &dyn Files, directory: &str) -> Result<Build, Failure> {
    let mut builder = Builder::new(files, directory);
    let resources = builder.build()?;
    let objects = resources.into_iter().map(|resource| resource.value).collect();
    Ok(Build { objects, used: builder.used, notes: builder.notes })
}

/// The directories of the kustomizations that the one of a directory includes.
#[must_use]
pub fn included(files: &dyn Files, directory: &str) -> BTreeSet<String> {
    let Ok(kustomization) = Kustomization::read(files, directory, Place::NONE) else { return BTreeSet::new() };
    let lists = ["components", "generators", "transformers", "validators"];
    let entries = kustomization.resources().chain(lists.iter().flat_map(|list| kustomization.items(list)));
    let paths = entries.filter_map(|entry| kustomization.path_of(entry.as_str()?));
    paths.filter(|path| kustomization::path_in(files, path).is_some()).collect()
}

/// Whether the kustomization of a directory can be built by itself: a component is a part of others, and what only shares the name
/// (Flux has a kind of its own) is none.
#[must_use]
pub fn stands_alone(files: &dyn Files, directory: &str) -> bool {
    Kustomization::read(files, directory, Place::NONE)
        .map_or(true, |kustomization| !kustomization.is_component() && !kustomization.is_foreign())
}

#[cfg(test)]
mod tests;
