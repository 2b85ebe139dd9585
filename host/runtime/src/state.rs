//! What the store of an instance holds.

use crate::compute::ComputeMeter;
use crate::context::CallContext;
use crate::memory::GuestMemory;
use crate::outbound::Outbound;
use crate::runtime::Runtime;
use mutrapro_manifest::Service;
use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::component::ResourceTable;
use wasmtime::{CallHook, ResourceLimiter, UpdateDeadline, format_err};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// The state of one instance: WASI's, the call at hand, and each capability's own part.
pub struct State {
    outbound: Outbound,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    parts: HashMap<TypeId, Box<dyn Any + Send>>,
    memory: GuestMemory,
    compute: ComputeMeter,
}

impl State {
    pub(crate) fn new(outbound: Outbound, wasi: WasiCtx, memory_bytes_max: usize) -> Self {
        Self {
            outbound,
            table: ResourceTable::new(),
            wasi,
            http: WasiHttpCtx::new(),
            parts: HashMap::new(),
            memory: GuestMemory::new(memory_bytes_max),
            compute: ComputeMeter::default(),
        }
    }

    /// The service that this is an instance of.
    pub fn service(&self) -> &Arc<Service> {
        self.outbound.service()
    }

    /// The call at hand.
    pub fn call(&self) -> &CallContext {
        self.outbound.call()
    }

    /// The runtime that the instance belongs to; `None` while it shuts down.
    pub fn runtime(&self) -> Option<Arc<Runtime>> {
        self.outbound.runtime()
    }

    /// The context of a call that the guest makes now.
    pub fn nested_call(&self) -> CallContext {
        self.outbound.nested_call()
    }

    /// As [`begin_call`](Self::begin_call), for a stream: each call that it makes may take `nested_time`.
    pub(crate) fn begin_stream(&mut self, call: CallContext, compute: ComputeMeter, nested_time: Duration) {
        self.outbound.set_nested_time(nested_time);
        self.begin_call(call, compute);
    }

    pub(crate) fn begin_call(&mut self, call: CallContext, compute: ComputeMeter) {
        self.outbound.set_call(call);
        self.compute = compute;
    }

    pub(crate) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.memory
    }

    /// Whether more than `percent` of the memory that the instance may have is taken.
    pub(crate) fn memory_is_fuller_than(&self, percent: usize) -> bool {
        self.memory.is_fuller_than(percent)
    }

    /// Called whenever the guest is entered or left, after so many epochs.
    pub(crate) fn cross(&mut self, crossing: CallHook, epoch: u64) {
        self.compute.cross(crossing, epoch);
    }

    /// Called at each epoch in which the guest computes: it yields, or ends when it has computed for too long.
    pub(crate) fn tick(&self) -> wasmtime::Result<UpdateDeadline> {
        self.compute.check(Instant::now()).map_err(wasmtime::Error::new)?;
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    }

    /// The resources that the guest holds handles to.
    pub fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    /// Keeps a capability's own part, one per type.
    pub fn insert<T: Send + 'static>(&mut self, part: T) {
        self.parts.insert(TypeId::of::<T>(), Box::new(part));
    }

    /// A capability's own part.
    ///
    /// # Errors
    /// When nobody inserted one: a broken invariant of the host, which traps.
    pub fn part<T: Send + 'static>(&self) -> wasmtime::Result<&T> {
        let part = self.parts.get(&TypeId::of::<T>()).and_then(|part| part.downcast_ref());
        part.ok_or_else(|| format_err!("instance of {} has no {}", self.service().id, type_name::<T>()))
    }

    /// As [`part`](Self::part), to change it.
    ///
    /// # Errors
    /// As [`part`](Self::part).
    pub fn part_mut<T: Send + 'static>(&mut self) -> wasmtime::Result<&mut T> {
        let part = self.parts.get_mut(&TypeId::of::<T>()).and_then(|part| part.downcast_mut());
        part.ok_or_else(|| format_err!("instance of {} has no {}", self.outbound.service().id, type_name::<T>()))
    }

    /// Whether the guest holds a transaction: then it may call nobody.
    pub fn has_open_transaction(&self) -> bool {
        self.outbound.has_open_transaction()
    }

    /// Told by the SQL capability when a transaction is opened for, or lent to, the guest.
    pub fn transaction_opened(&mut self) {
        self.outbound.transaction_opened();
    }

    /// Told by the SQL capability when a transaction ended or was taken back.
    pub fn transaction_closed(&mut self) {
        self.outbound.transaction_closed();
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outbound, table: &mut self.table, ctx: &mut self.http }
    }
}
