//! The world: what all formats say together.
//!
//! Machines, containers, pods, load balancers and databases are *nodes*; *ways* lead from one to another through *gates*: routes,
//! address translation, firewalls, network policies. A search from the internet, or from any node, says who can be reached on
//! which ports, by which steps, or which wall stands before it, or what is missing to decide. Nodes stand on a rung of the isolation
//! ladder with the evidence for it, and lie within boundaries that they share with others.
//!
//! This crate reads the items that the format crates make. It knows no rule, no severity and no file.

mod address;
mod builder;
mod context;
mod filter;
mod ladder;
mod model;
mod platforms;
mod resources;
mod said;
mod search;
mod shared;

pub use address::Range;
pub use builder::{Assume, Beat, Facts, Host, Scope, Stand, Versions};
pub use context::{Context, Marks, matches};
pub use filter::{Entry, Filter, Otherwise, Sources};
pub use ladder::Rung;
pub use model::{Evidence, Gate, Kind, Listener, Node, NodeId, Way, WayKind, World};
pub use platforms::{Images, Known, Recipe, Role, Said, clusters, given, has_objects, hosts, recipes};
pub use said::{Missing, Step, words};
pub use search::{Answer, From, Question, Verdict};
pub use shared::{Difference, Shared};
