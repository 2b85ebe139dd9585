//! What a component runs: its file, compiled and linked with what it is granted, and the instances of that.

use crate::bindings::exchange;
use crate::capability::{Capability, Settlement};
use crate::engine::Epochs;
use crate::guest_output::GuestOutput;
use crate::instance::InstancePool;
use crate::limits::RuntimeLimits;
use crate::metrics::RuntimeMetrics;
use crate::runtime::Runtime;
use crate::state::State;
use crate::stream::StreamHandler;
use crate::{CallContext, outbound::Outbound};
use mutrapro_manifest::{ComponentId, Service};
use std::sync::{Arc, Weak};
use wasmtime::Store;
use wasmtime::component::InstancePre;
use wasmtime_wasi::WasiCtx;

/// A program. Its code is freed when its component runs another and the last call into it has ended.
pub(crate) struct Program {
    pub(crate) blueprint: Arc<Blueprint>,
    pub(crate) exchange: Option<exchange::GuestIndices>,
    pub(crate) instances: InstancePool,
    pub(crate) streams: Option<StreamHandler>,
}

impl Program {
    pub(crate) fn id(&self) -> &ComponentId {
        &self.blueprint.service.id
    }

    /// Lets go of what is idle, now and whenever a call ends.
    pub(crate) fn retire(&self) {
        self.instances.close();
    }
}

/// Everything that new instances of a program are made from.
pub(crate) struct Blueprint {
    pub(crate) service: Arc<Service>,
    pub(crate) instance_pre: InstancePre<State>,
    pub(crate) epochs: Epochs,
    pub(crate) limits: Arc<RuntimeLimits>,
    pub(crate) metrics: RuntimeMetrics,
    pub(crate) capabilities: Arc<[Arc<dyn Capability>]>,
    pub(crate) runtime: Weak<Runtime>,
}

impl Blueprint {
    /// A store for one more instance, with every capability's part in place.
    pub(crate) fn store(&self, call: CallContext) -> wasmtime::Result<Store<State>> {
        let output = GuestOutput::new(&self.service.id);
        let mut wasi = WasiCtx::builder();
        wasi.stdout(output.clone()).stderr(output).allow_blocking_current_thread(false);
        let outbound = Outbound::new(Arc::clone(&self.service), self.runtime.clone(), call);
        let mut state = State::new(outbound, wasi.build(), self.memory_bytes_max());
        state.table().set_max_capacity(self.limits.handles_max);
        for capability in self.capabilities.iter() {
            capability.prepare(&self.service, &mut state)?;
        }
        let mut store = Store::new(self.instance_pre.engine(), state);
        store.limiter(State::limiter);
        store.set_hostcall_fuel(self.limits.crossing_bytes_max);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| store.data().tick());
        let epochs = self.epochs.clone();
        store.call_hook(move |mut store, crossing| {
            store.data_mut().cross(crossing, epochs.ended());
            Ok(())
        });
        Ok(store)
    }

    /// Undoes what a call left open in every capability; whether the instance may serve another.
    pub(crate) fn settle(&self, state: &mut State) -> bool {
        let mut clean = true;
        for capability in self.capabilities.iter() {
            if let Settlement::Abandoned(what) = capability.settle(state) {
                tracing::warn!(service = %self.service.id, "the call ended with {what}");
                clean = false;
            }
        }
        clean
    }

    fn memory_bytes_max(&self) -> usize {
        memory_bytes_max(&self.service, &self.limits)
    }
}

/// The largest memory of an instance of `service`, in bytes.
pub(crate) fn memory_bytes_max(service: &Service, limits: &RuntimeLimits) -> usize {
    let own = service.limits.memory_bytes_max.and_then(|bytes| usize::try_from(bytes).ok());
    own.unwrap_or(limits.memory_bytes_max)
}
