//! Reads the application from `spin.toml`, or from the lock file that Spin makes of it, into one [`App`] and validates it.
//!
//! Promise: an [`App`] that [`load`] gives is complete and consistent — every table has one owner, every subscribed
//! event a publisher, every call a callee, every variable a value — or [`load`] fails with every problem at once, each
//! with its place and its remedy.
//!
//! Deliberately absent: WebAssembly. Whether a component's imports match its grants is for the runtime to say.

mod app;
mod assembly;
mod assignments;
mod database;
mod document;
mod events;
mod limits;
mod locked_app;
mod manifest;
mod migrations;
mod names;
mod outbound;
mod plugins;
mod problem;
mod raw;
mod routes;
mod schedules;
mod sources;
mod spin_toml;
mod tables;
mod variables;

pub use app::{
    App, ComponentId, Database, HostPattern, KindPattern, Limits, Migration, Outbound, PluginContract, Route, Schedule,
    Service, VariableValue,
};
pub use assembly::LoadOptions;
pub use assignments::{AssignmentError, read_assignments};
pub use locked_app::file_path;
pub use manifest::{Build, Manifest, load};
pub use problem::{Place, Problem, Problems, Spot};
pub use sources::RemoteSource;
pub use variables::Variables;
