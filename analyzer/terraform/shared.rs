//! A cell for what is worked out once and kept: as a `RefCell`, but what it is in may go to another thread.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// One evaluation runs on one thread; the lock is never waited for.
#[derive(Debug, Default)]
pub(crate) struct Shared<T>(RwLock<T>);

impl<T> Shared<T> {
    pub(crate) fn borrow(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn borrow_mut(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
