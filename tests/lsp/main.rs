//! The language server as editors meet it: a client speaks to `plimsoll server` over pipes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what the tests stand on may panic as they do")]
#![expect(clippy::disallowed_types, reason = "the tests start the program")]

mod actions;
mod client;
mod diagnostics;
mod flood;
mod protocol;
mod pull;
#[path = "../support/random.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the other tests, which need more of it")]
mod random;
mod views;
mod workspace;
