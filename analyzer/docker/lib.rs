//! Docker: what a container is made of and what runs it.
//!
//! Dockerfiles with the shell inside them, Compose files, the daemon's configuration (`daemon.json`, systemd units, flags),
//! scripts, cloud-init, user data and Packer's templates become [`plimsoll_syntax::Item`]s. This crate knows no rule and no severity, and reads no
//! files.
//!
//! Sources: the Dockerfile reference, the Compose Specification, and the `dockerd` reference, <https://docs.docker.com/reference/>.

pub mod cloud_init;
pub mod compose;
pub mod daemon;
pub mod dockerfile;
pub mod embedded;
pub mod other_engines;
pub mod packer;
pub mod script;
pub mod shell;
pub mod vagrant;

mod assembled;
mod image;
mod values;
