//! A server whose editor has died ends, too.

use std::thread;
use std::time::Duration;

/// How often to look.
const PAUSE: Duration = Duration::from_secs(2);

/// Ends the program when the process of this number is gone. Where that cannot be told, the end of standard input tells it.
pub(crate) fn watch(process: u32) {
    let look = move || {
        while is_alive(process) {
            thread::sleep(PAUSE);
        }
        std::process::exit(1);
    };
    let _ = thread::Builder::new().name("parent".to_owned()).spawn(look);
}

#[cfg(unix)]
fn is_alive(process: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    // A process that belongs to somebody else is alive.
    pid.is_none_or(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_alive(_: u32) -> bool {
    loop {
        thread::park();
    }
}
