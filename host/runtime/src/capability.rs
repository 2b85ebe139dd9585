//! What every capability of the host looks like to the runtime.

use crate::state::State;
use mutrapro_manifest::Service;
use std::sync::Arc;
use wasmtime::component::Linker;

/// Something the host gives to components: a set of WIT interfaces and the state behind them.
///
/// The runtime calls these in the order in which they stand here: the first three once per service at start-up, and again
/// when the service is to run another program, [`prepare`](Self::prepare) once per instance, [`settle`](Self::settle) after
/// each call into an instance.
pub trait Capability: Send + Sync + 'static {
    /// Every interface that it can provide, each with what grants it.
    fn interfaces(&self) -> &'static [Interface];

    /// Whether the manifest entry of `service` grants `interface`, one of [`interfaces`](Self::interfaces).
    fn is_granted(&self, interface: &Interface, service: &Service) -> bool;

    /// Adds `interface` to the linker of a service to which it is granted.
    ///
    /// # Errors
    /// When the linker has that interface already.
    fn add_to_linker(&self, interface: &Interface, linker: &mut Linker<State>) -> wasmtime::Result<()>;

    /// Gives a new instance of `service` its own state, usually with [`State::insert`]. May not block.
    ///
    /// # Errors
    /// A broken invariant of the host; the instance is not used.
    fn prepare(&self, service: &Arc<Service>, state: &mut State) -> wasmtime::Result<()>;

    /// Undoes what the call that just ended, well or badly, left open. May not block.
    fn settle(&self, _state: &mut State) -> Settlement {
        Settlement::Clean
    }
}

/// An interface that a capability provides.
#[derive(Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name as components import it, without the version: `mutrapro:sql/database`.
    pub name: &'static str,
    /// What to write into the manifest so that a service gets it, for the error that names a missing grant.
    pub grant: &'static str,
}

/// Whether an instance can be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// The call left nothing behind.
    Clean,
    /// The call left something open, which has been undone. The guest may still hold handles to it, so the instance is
    /// let go. The text says what was left, for the log.
    Abandoned(&'static str),
}
