//! A component of the application: who it is for as long as the host runs, and the program that it runs at present.

use crate::CallContext;
use crate::error::CallError;
use crate::instance::Lease;
use crate::limits::RuntimeLimits;
use crate::metrics::{RequestMeter, RuntimeMetrics};
use crate::program::Program;
use arc_swap::ArcSwap;
use mutrapro_manifest::{ComponentId, Service};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// A component that is ready to be called.
pub struct Component {
    service: Arc<Service>,
    limits: Arc<RuntimeLimits>,
    program: ArcSwap<Program>,
    replacements: AtomicU64,
    /// How many instances may be at work, whatever program they are of.
    permits: Arc<Semaphore>,
    /// Room for those that wait for a permit.
    waiters: Semaphore,
    stream_permits: Arc<Semaphore>,
    pub(crate) meter: RequestMeter,
}

impl Component {
    pub(crate) fn new(
        service: &Arc<Service>,
        program: Program,
        limits: &Arc<RuntimeLimits>,
        metrics: &RuntimeMetrics,
    ) -> Self {
        let permits = |count: u32| usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS);
        let instances_max = service.limits.instances_max.unwrap_or(limits.instances_max);
        Self {
            service: Arc::clone(service),
            limits: Arc::clone(limits),
            program: ArcSwap::from_pointee(program),
            replacements: AtomicU64::new(0),
            permits: Arc::new(Semaphore::new(permits(instances_max))),
            waiters: Semaphore::new(permits(limits.instance_waiters_max)),
            stream_permits: Arc::new(Semaphore::new(permits(limits.streams_max))),
            meter: metrics.requests(&service.id),
        }
    }

    /// What the manifest says of it.
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// Takes an instance for exclusive use, an idle one if there is any.
    ///
    /// # Errors
    /// [`CallError::Overloaded`] when none comes free in time; [`CallError::Failed`] when a new one traps at its start.
    pub async fn acquire(&self, call: &CallContext) -> Result<Lease, CallError> {
        let permit = self.permit(call).await?;
        self.program().lease(call, permit).await
    }

    /// As [`acquire`](Self::acquire), of the `program` that the call began with.
    pub(crate) async fn acquire_of(&self, program: &Arc<Program>, call: &CallContext) -> Result<Lease, CallError> {
        let permit = self.permit(call).await?;
        program.lease(call, permit).await
    }

    /// What it runs at present. A call asks once, and stays with the answer to its end.
    pub(crate) fn program(&self) -> Arc<Program> {
        self.program.load_full()
    }

    /// Has every call that begins from now on run `program`. Those at work end with what they began with.
    pub(crate) fn run(&self, program: Program) {
        self.program.swap(Arc::new(program)).retire();
        self.replacements.fetch_add(1, Ordering::Relaxed);
    }

    /// How often its program was replaced: what was learned of it before says nothing of it now.
    pub fn replacements(&self) -> u64 {
        self.replacements.load(Ordering::Relaxed)
    }

    pub(crate) fn stream_permit(&self) -> Result<OwnedSemaphorePermit, CallError> {
        let permit = Arc::clone(&self.stream_permits).try_acquire_owned();
        permit.map_err(|_| self.overloaded("too many streams are open"))
    }

    async fn permit(&self, call: &CallContext) -> Result<OwnedSemaphorePermit, CallError> {
        let permits = Arc::clone(&self.permits);
        if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
            return Ok(permit);
        }
        let Ok(_waiting) = self.waiters.try_acquire() else {
            return Err(self.overloaded("too many callers wait for an instance"));
        };
        let patience = call.deadline.min(Instant::now() + self.limits.instance_wait);
        match timeout_at(patience, permits.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(self.overloaded("no instance came free in time")),
        }
    }

    pub(crate) fn id(&self) -> &ComponentId {
        &self.service.id
    }

    pub(crate) fn overloaded(&self, reason: &'static str) -> CallError {
        CallError::Overloaded { component: self.id().clone(), reason }
    }
}
