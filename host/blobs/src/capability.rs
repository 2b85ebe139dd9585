//! The capability as the runtime sees it.

use crate::bindings::mutrapro::blobs::store as contract;
use crate::blobs::{Blobs, ServiceBlobs};
use crate::host;
use mutrapro_manifest::{App, ComponentId, Service};
use mutrapro_runtime::{Capability, Interface, Settlement, State};
use std::collections::HashMap;
use std::sync::Arc;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::format_err;

/// What it gives, each with what grants it.
pub const INTERFACES: &[Interface] =
    &[Interface { name: "mutrapro:blobs/store", grant: "`blobs = true` into its [[trigger.mutrapro]] entry" }];

/// Gives services a place for content of files.
pub struct BlobsCapability {
    services: HashMap<ComponentId, Arc<ServiceBlobs>>,
}

impl BlobsCapability {
    /// Every service of `app` with the grant gets its own part of `blobs`.
    pub fn new(app: &App, blobs: &Blobs) -> Self {
        let granted = app.services.values().filter(|service| service.blobs);
        Self { services: granted.map(|service| (service.id.clone(), blobs.of(&service.id))).collect() }
    }
}

impl Capability for BlobsCapability {
    fn interfaces(&self) -> &'static [Interface] {
        INTERFACES
    }

    fn is_granted(&self, _interface: &Interface, service: &Service) -> bool {
        service.blobs
    }

    fn add_to_linker(&self, _interface: &Interface, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        contract::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
    }

    fn prepare(&self, service: &Arc<Service>, state: &mut State) -> wasmtime::Result<()> {
        if !service.blobs {
            return Ok(());
        }
        let blobs = self.services.get(&service.id);
        let blobs = blobs.ok_or_else(|| format_err!("the blobs of {} were not opened", service.id))?;
        host::prepare(state, Arc::clone(blobs));
        Ok(())
    }

    fn settle(&self, state: &mut State) -> Settlement {
        host::settle(state)
    }
}
