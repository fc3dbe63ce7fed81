//! Work that takes long enough to say so.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::oneshot;

/// After this time a person wonders.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// Calls `begin` when the result has not been dropped within `patience`; what `begin` is given ends when it is dropped.
pub(crate) fn watch(patience: Duration, begin: impl FnOnce(oneshot::Receiver<()>) + Send + 'static) -> Sender<()> {
    let (working, over) = channel::<()>();
    let wait = move || {
        if over.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            let (end, ended) = oneshot::channel();
            begin(ended);
            // Nothing is ever sent: it ends when the work does.
            let _ = over.recv();
            drop(end);
        }
    };
    // Without a thread, nothing is said.
    let _ = std::thread::Builder::new().name("progress".to_owned()).spawn(wait);
    working
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_slow_is_told() {
        let (said, heard) = channel();
        let quick = watch(Duration::from_secs(60), {
            let said = said.clone();
            move |_| said.send("quick").unwrap()
        });
        drop(quick);
        let slow = watch(Duration::from_millis(1), move |ended| {
            said.send("slow begins").unwrap();
            std::thread::spawn(move || {
                let _ = ended.blocking_recv();
                said.send("slow ends").unwrap();
            });
        });
        assert_eq!(heard.recv().unwrap(), "slow begins");
        assert!(heard.recv_timeout(Duration::from_millis(50)).is_err(), "it goes on");
        drop(slow);
        assert_eq!(heard.recv().unwrap(), "slow ends");
        assert!(heard.recv().is_err(), "nobody else speaks");
    }
}
