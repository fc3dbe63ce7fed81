//! Memory and processor time of this process, as the kernel counts them. Only Linux tells; elsewhere there is no answer.

use std::fs;
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
