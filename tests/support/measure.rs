//! What benches measure: memory and processor time of this process, as the kernel counts them (only Linux tells; elsewhere there is no
//! answer), and runs of the built program.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Clock ticks per second in `/proc` (`USER_HZ`), which Linux fixes for every architecture that we run on.
const TICKS: u64 = 100;

/// Forgets the highest memory use so far.
pub fn forget_peak() {
    // Where this is refused, a peak from before stays: larger than the truth, never smaller.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that was resident since [`forget_peak`], in bytes.
#[must_use]
pub fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes << 10)
}

/// The processor time, user and system, of all children that ended and were waited for.
#[must_use]
pub fn children() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is a name in parentheses that may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(13);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 1000 / TICKS))
}

/// The processor time that one child of several takes, on average.
#[must_use]
pub fn processor_time(rounds: u32, mut work: impl FnMut()) -> Duration {
    let before = children().unwrap_or_default();
    (0..rounds).for_each(|_| work());
    (children().unwrap_or_default() - before) / rounds
}

/// The processor time of this thread so far: what else runs on the machine does not count, apart from what it does to the caches.
#[must_use]
#[cfg(target_os = "linux")]
pub fn thread() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

/// The processor time of this thread so far.
#[must_use]
#[cfg(not(target_os = "linux"))]
pub const fn thread() -> Option<Duration> {
    None
}

/// Memory comes in the smallest pages from now on, as a language server takes it: what is not used is not counted.
#[cfg(target_os = "linux")]
pub fn small_pages() {
    // Where it is refused, memory is counted more roughly.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// The same where there is no choice.
#[cfg(not(target_os = "linux"))]
pub const fn small_pages() {}

/// A time as benches print it.
#[must_use]
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Runs `plimsoll check` on a folder, and throws away what it finds.
///
/// # Panics
/// When the program does not run.
pub fn check(program: &Path, folder: &Path) {
    let status = Command::new(program)
        .args(["check", "--output-format", "json", "."])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(
        status.is_ok_and(|status| matches!(status.code(), Some(0 | 1))),
        "{} does not run: build it with `cargo build --release -p plimsoll`",
        program.display()
    );
}

/// The times of each by a clock, one after the other, in each of several rounds: what slows the machine down for a while slows all of them.
pub fn by_turns<const N: usize>(
    rounds: usize,
    clock: impl Fn() -> Duration,
    mut work: [&mut dyn FnMut(); N],
) -> Vec<[Duration; N]> {
    let timed = |work: &mut dyn FnMut()| {
        let start = clock();
        work();
        clock() - start
    };
    (0..rounds).map(|_| work.each_mut().map(|work| timed(*work))).collect()
}

/// The fastest of the rounds of each.
#[must_use]
pub fn fastest<const N: usize>(rounds: &[[Duration; N]]) -> [Duration; N] {
    std::array::from_fn(|which| rounds.iter().map(|round| round[which]).min().unwrap_or_default())
}

/// The one in the middle; of an even number the larger one of the two.
pub fn median(all: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = all.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}
