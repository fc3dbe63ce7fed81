//! A bar on the terminal, for runs that somebody waits for.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Shorter runs show no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// Shows how much of a run is done.
#[derive(Debug)]
pub(crate) struct Progress {
    started: Instant,
    wanted: bool,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    /// A bar that appears when the run takes long enough, and somebody watches.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { started: Instant::now(), wanted: !quiet && std::io::stderr().is_terminal(), bar: OnceLock::new() }
    }

    /// `done` of `total` parts.
    pub(crate) fn step(&self, done: usize, total: usize) {
        if self.wanted && (self.bar.get().is_some() || self.started.elapsed() >= PATIENCE) {
            let bar = self.bar.get_or_init(|| bar(total));
            bar.set_position(done as u64);
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    if let Ok(style) = ProgressStyle::with_template("checking {bar:32.cyan} {pos}/{len}") {
        bar.set_style(style.progress_chars("━╸ "));
    }
    bar
}
