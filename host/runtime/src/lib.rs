//! Runs components: one wasmtime engine, a linker per service, instances that are reused and exclusive.
//!
//! Promise: a component gets what its manifest entry grants and nothing else; a trap, an endless loop or an allocation
//! storm costs the call at hand and nothing else; an instance serves one call at a time, so nothing of one call is seen
//! by another that runs beside it; a component is replaced while it is called, and no call notices.
//!
//! Deliberately absent: SQL, events, HTTP listeners. They are [`Capability`]s and triggers, in crates that know this one
//! and that this one does not know.

pub mod bindings;
mod capability;
mod component;
mod compute;
mod context;
mod deliver;
mod engine;
mod error;
mod guest_output;
mod instance;
mod limits;
mod loader;
mod memory;
mod metrics;
mod outbound;
mod patience;
mod program;
mod replace;
mod runtime;
mod state;
mod stream;
mod variables;

pub use capability::{Capability, Interface, Settlement};
pub use component::Component;
pub use context::{CallContext, TraceContext};
pub use engine::{EngineConfig, EngineError};
pub use error::{CallError, ComponentProblem, ReplaceError, StartError};
pub use instance::Lease;
pub use limits::RuntimeLimits;
pub use loader::{is_of_another_line, is_types_alone};
pub use metrics::RuntimeMetrics;
pub use runtime::{Runtime, status_of};
pub use state::State;
pub use variables::INTERFACES as VARIABLES;
