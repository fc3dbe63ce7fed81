//! The `plimsoll` program as users meet it: arguments and files go in, text and an exit status come out.
//!
//! The workspaces bring their own rules, so that no test depends on the rules of a release. Snapshots are blessed with
//! `SNAPSHOTS=overwrite`.

mod connections;
mod files;
mod fixes;
mod formats;
mod rules;
mod settings;
mod terraform;
mod workspace;
