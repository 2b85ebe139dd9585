//! Instances that serve one call at a time and are used again.

use crate::bindings::exchange;
use crate::compute::ComputeMeter;
use crate::context::CallContext;
use crate::error::{CallError, ComputeExhausted};
use crate::metrics::{InstanceState, TrapCause};
use crate::program::{Blueprint, Program};
use crate::state::State;
use futures::future::BoxFuture;
use prometheus_client::metrics::gauge::Gauge;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use wasmtime::component::{Instance, InstancePre};
use wasmtime::{PoolConcurrencyLimitError, Store};

/// The instances of one program that are at rest, and how many are at work.
pub(crate) struct InstancePool {
    /// Last in, first out, so that the memory of the busiest stays warm and the rest grow old. `None` when the pool is closed.
    idle: Mutex<Option<Vec<Idle>>>,
    busy_count: Gauge,
    idle_count: Gauge,
}

struct Idle {
    running: Running,
    since: Instant,
}

/// An instance with its store.
struct Running {
    store: Store<State>,
    instance: Instance,
    exchange: Option<exchange::Guest>,
    calls: u32,
}

impl InstancePool {
    pub(crate) fn new(blueprint: &Blueprint) -> Self {
        let count = |state| blueprint.metrics.instances(&blueprint.service.id, state);
        Self {
            idle: Mutex::new(Some(Vec::new())),
            busy_count: count(InstanceState::Busy),
            idle_count: count(InstanceState::Idle),
        }
    }

    /// Lets go of the instances that have been idle since before `since`.
    pub(crate) fn release_idle(&self, since: Instant) {
        let old = self.idle().as_mut().map(|idle| {
            let keep_from = idle.iter().position(|instance| instance.since >= since).unwrap_or(idle.len());
            idle.drain(..keep_from).collect()
        });
        self.let_go(old.unwrap_or_default());
    }

    /// Lets go of every idle instance, and of each that would become idle.
    pub(crate) fn close(&self) {
        let all = self.idle().take();
        self.let_go(all.unwrap_or_default());
    }

    /// Called without the lock: the end of an instance takes a while.
    fn let_go(&self, instances: Vec<Idle>) {
        self.idle_count.dec_by(i64::try_from(instances.len()).unwrap_or(i64::MAX));
    }

    fn take_idle(&self) -> Option<Running> {
        let taken = self.idle().as_mut()?.pop()?;
        self.idle_count.dec();
        Some(taken.running)
    }

    fn put_idle(&self, running: Running) {
        // Bound first, so that the lock is free again when an instance that nobody keeps ends.
        let refused = match self.idle().as_mut() {
            Some(idle) => {
                idle.push(Idle { running, since: Instant::now() });
                self.idle_count.inc();
                None
            }
            None => Some(running),
        };
        drop(refused);
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Program {
    /// An instance for exclusive use, under `permit` of the component.
    pub(crate) async fn lease(
        self: &Arc<Self>,
        call: &CallContext,
        permit: OwnedSemaphorePermit,
    ) -> Result<Lease, CallError> {
        let running = match self.instances.take_idle() {
            Some(running) => running,
            None => self.start(call).await?,
        };
        let busy = Counted::new(&self.instances.busy_count);
        Ok(Lease { program: Arc::clone(self), running, usable: true, _busy: busy, _permit: permit })
    }

    async fn start(&self, call: &CallContext) -> Result<Running, CallError> {
        let mut store = self.blueprint.store(call.clone()).map_err(|error| self.failed(&error))?;
        self.begin(&mut store, call.clone());
        let instantiated = timeout_at(call.deadline, self.blueprint.instance_pre.instantiate_async(&mut store)).await;
        let instance = instantiated.map_err(|_| self.timed_out("its start took too long"))?.map_err(|error| {
            if error.is::<PoolConcurrencyLimitError>() {
                let reason = "the host's instances are all in use";
                return CallError::Overloaded { component: self.id().clone(), reason };
            }
            self.failed(&error)
        })?;
        let exchange = self.exchange.as_ref().map(|indices| indices.load(&mut store, &instance)).transpose();
        let exchange = exchange.map_err(|error| self.failed(&error))?;
        Ok(Running { store, instance, exchange, calls: 0 })
    }

    fn begin(&self, store: &mut Store<State>, call: CallContext) {
        store.data_mut().begin_call(call, ComputeMeter::of_call(&self.blueprint.limits));
        store.set_epoch_deadline(1);
    }

    fn timed_out(&self, reason: &'static str) -> CallError {
        self.blueprint.metrics.trap(self.id(), TrapCause::Timeout);
        CallError::TimedOut { component: self.id().clone(), reason }
    }

    /// Counts and logs a trap; the caller is told its kind, and the log has the guest's stack.
    fn failed(&self, error: &wasmtime::Error) -> CallError {
        if error.is::<ComputeExhausted>() {
            tracing::error!(service = %self.id(), "stopped: {}", error.root_cause());
            return self.timed_out("it computed for too long");
        }
        self.blueprint.metrics.trap(self.id(), TrapCause::Trap);
        tracing::error!(service = %self.id(), "trapped: {error:?}");
        CallError::Failed { component: self.id().clone(), reason: error.root_cause().to_string() }
    }
}

/// The exclusive use of an instance, until it is [released](Self::release). Dropping it instead lets the instance go.
#[must_use = "release the lease, or the instance is lost"]
pub struct Lease {
    program: Arc<Program>,
    running: Running,
    usable: bool,
    _busy: Counted,
    _permit: OwnedSemaphorePermit,
}

/// Counts one in a gauge for as long as it lives.
pub(crate) struct Counted(Gauge);

impl Counted {
    pub(crate) fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Lease {
    /// Runs one call into the instance under its limits: `call.deadline` on the clock, the compute time on the processor.
    ///
    /// After an error the instance takes no more calls, but [`store`](Self::store) still gives access to what the host
    /// lent it. The same holds when the returned future is dropped before it is ready.
    ///
    /// # Errors
    /// [`CallError::TimedOut`] and [`CallError::Failed`].
    pub async fn run<T: Send>(
        &mut self,
        call: CallContext,
        body: impl for<'a> FnOnce(&'a mut Store<State>, &'a Instance) -> BoxFuture<'a, wasmtime::Result<T>> + Send,
    ) -> Result<T, CallError> {
        self.enter(call)?;
        let deadline = self.running.store.data().call().deadline;
        let outcome = timeout_at(deadline, body(&mut self.running.store, &self.running.instance)).await;
        self.leave(outcome)
    }

    /// As [`run`](Self::run), for the exported exchange.
    pub(crate) async fn exchange(
        &mut self,
        call: CallContext,
        request: &exchange::Request,
    ) -> Result<Option<exchange::Response>, CallError> {
        self.enter(call)?;
        let Some(exchange) = self.running.exchange.as_ref() else {
            return Err(CallError::NotServed { component: self.program.id().clone() });
        };
        let deadline = self.running.store.data().call().deadline;
        let outcome = timeout_at(deadline, exchange.call_handle(&mut self.running.store, request)).await;
        self.leave(outcome)
    }

    /// Ends the use: what the last call left open is undone, and an instance that is in order serves again.
    pub fn release(mut self) {
        let blueprint = &self.program.blueprint;
        let state = self.running.store.data_mut();
        let clean =
            blueprint.settle(state) && !state.memory_is_fuller_than(blueprint.limits.instance_memory_percent_max);
        if self.usable && clean && self.running.calls < blueprint.limits.instance_calls_max {
            self.program.instances.put_idle(self.running);
        }
    }

    /// The linked component that this is an instance of, from which typed handles to its exports are made. They are good for
    /// this lease alone: by the next one the component may run another program.
    pub fn instance_pre(&self) -> &InstancePre<State> {
        &self.program.blueprint.instance_pre
    }

    /// The instance's store, to lend it resources and take them back.
    pub fn store(&mut self) -> &mut Store<State> {
        &mut self.running.store
    }

    /// Whether the instance takes another call: not after a trap or a time-out.
    pub fn is_usable(&self) -> bool {
        self.usable
    }

    fn enter(&mut self, call: CallContext) -> Result<(), CallError> {
        if !self.usable {
            let reason = "the instance was lost in an earlier call".to_owned();
            return Err(CallError::Failed { component: self.program.id().clone(), reason });
        }
        self.usable = false;
        self.running.calls = self.running.calls.saturating_add(1);
        self.program.begin(&mut self.running.store, call);
        Ok(())
    }

    fn leave<T>(&mut self, outcome: Result<wasmtime::Result<T>, tokio::time::error::Elapsed>) -> Result<T, CallError> {
        match outcome {
            Ok(Ok(answer)) => {
                self.usable = true;
                Ok(answer)
            }
            Ok(Err(error)) => Err(self.program.failed(&error)),
            Err(_) => Err(self.program.timed_out("the time for the call was over")),
        }
    }
}
