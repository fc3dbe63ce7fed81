//! The threads that answer requests and judge files.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// In bytes: deep expressions and documents recurse, up to the limits of the parsers.
pub(crate) const STACK: usize = 16 << 20;

/// More than this many questions are hardly asked at once.
const MOST: usize = 4;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that take jobs in order.
pub(crate) struct Workers(Sender<Job>);

impl Workers {
    /// Starts them.
    pub(crate) fn new() -> Self {
        let (sender, receiver) = channel::<Job>();
        let receiver = Arc::new(Mutex::new(receiver));
        let number = thread::available_parallelism().map_or(2, NonZero::get).clamp(2, MOST);
        for _ in 0..number {
            let receiver = receiver.clone();
            let work = move || {
                loop {
                    let job = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(job) = job else { return };
                    // Jobs answer for themselves; one that fails must not take the thread with it.
                    let _ = catch_unwind(AssertUnwindSafe(job));
                }
            };
            // Without a single thread, jobs are never done; the others do where one cannot be started.
            let _ = thread::Builder::new().name("worker".to_owned()).stack_size(STACK).spawn(work);
        }
        Self(sender)
    }

    /// Does this when a thread is free.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        let _ = self.0.send(Box::new(job));
    }
}
