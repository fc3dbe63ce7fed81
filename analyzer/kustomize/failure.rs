//! Why something could not be built.

use plimsoll_syntax::Place;

/// Why something could not be built, and where that is written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub struct Failure {
    /// The field that says what cannot be done; [`Place::NONE`] where only the kustomization as a whole can be named.
    pub place: Place,
    /// What a person would be told.
    pub reason: String,
}

impl Failure {
    /// A failure at a place.
    pub(crate) fn new(place: Place, reason: impl Into<String>) -> Self {
        Self { place, reason: reason.into() }
    }
}

/// What most steps return.
pub(crate) type Outcome<T> = Result<T, Failure>;
