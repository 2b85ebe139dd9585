//! Requests through WASI's own handler: routes that stream, and components that know nothing of `mutrapro:http`.
//!
//! Every request gets an instance of its own: who calls and which trace it is are facts of an instance, and they must
//! not mix with those of another request that streams beside it.

use crate::compute::ComputeMeter;
use crate::context::CallContext;
use crate::error::{CallError, ComputeExhausted};
use crate::instance::Counted;
use crate::limits::RuntimeLimits;
use crate::metrics::{InstanceState, TrapCause};
use crate::patience::Patience;
use crate::program::Blueprint;
use crate::state::State;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use wasmtime::component::GuestTaskId;
use wasmtime::{PoolConcurrencyLimitError, Store, StoreContextMut};
use wasmtime_wasi_http::handler::{
    ExpirationError, HandlerState, Instance, InstantiationError, ProxyHandler, ProxyPre, ShouldAccept,
    WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::{WasiBody, WasiHttpView};

/// How much later than its request an instance ends that does not notice that the request's time is over: who waits for the
/// response is to be told of the time, and not of the instance's end.
const EXPIRATION_GRACE: Duration = Duration::from_secs(1);

/// The streams of one program.
pub(crate) struct StreamHandler {
    handler: ProxyHandler<Streams>,
}

impl StreamHandler {
    pub(crate) fn new(blueprint: Arc<Blueprint>, proxy: ProxyPre<State>) -> Self {
        Self { handler: ProxyHandler::new(Streams { blueprint, proxy }) }
    }

    /// Hands `request` to a new instance and gives the response's head when it is there, as long as there is patience. The
    /// instance serves on when the handler is dropped.
    pub(crate) async fn handle(
        &self,
        request: http::Request<WasiBody>,
        call: StreamCall,
    ) -> Result<http::Response<WasiBody>, CallError> {
        let component = self.handler.state().blueprint.service.id.clone();
        let patience = Arc::clone(&call.patience);
        let handled = self.handler.handle(call, request);
        tokio::select! {
            outcome = handled => outcome.map_err(|error| self.call_error(&error)),
            () = patience.exhausted() => {
                Err(CallError::TimedOut { component, reason: "the time for the call was over" })
            }
        }
    }

    fn call_error(&self, error: &wasmtime::Error) -> CallError {
        let component = self.handler.state().blueprint.service.id.clone();
        if error.is::<ExpirationError>() {
            return CallError::TimedOut { component, reason: "the time for the call was over" };
        }
        let instantiation = error.downcast_ref::<InstantiationError<StreamCall>>();
        if instantiation.is_some_and(|failed| failed.error.is::<PoolConcurrencyLimitError>()) {
            return CallError::Overloaded { component, reason: "the host's instances are all in use" };
        }
        tracing::error!(service = %component, "failed: {error:?}");
        CallError::Failed { component, reason: error.root_cause().to_string() }
    }
}

/// What a request brings into its instance.
pub(crate) struct StreamCall {
    pub(crate) call: CallContext,
    pub(crate) permit: OwnedSemaphorePermit,
    pub(crate) patience: Arc<Patience>,
}

struct Streams {
    blueprint: Arc<Blueprint>,
    proxy: ProxyPre<State>,
}

impl HandlerState for Streams {
    type StoreData = State;
    type WorkerExpiration = StreamTimer;
    type WorkerState = StreamWorker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, StreamTimer, StreamWorker>> {
        let blueprint = &self.blueprint;
        let deadline = Instant::now() + blueprint.limits.request_time;
        let mut store = blueprint.store(CallContext::root(deadline))?;
        let compute = ComputeMeter::of_stream(&blueprint.limits);
        store.data_mut().begin_stream(CallContext::root(deadline), compute, blueprint.limits.request_time);
        let proxy = self.proxy.instantiate_async(&mut store).await?;
        let patience = Arc::new(OnceLock::new());
        let gauge = blueprint.metrics.instances(&blueprint.service.id, InstanceState::Streaming);
        Ok(Instance {
            store,
            proxy,
            view: State::http,
            expiration: StreamTimer::new(Arc::clone(&blueprint.limits), Arc::clone(&patience)),
            state: StreamWorker {
                blueprint: Arc::clone(blueprint),
                permit: Mutex::default(),
                patience,
                _streaming: Counted::new(&gauge),
            },
        })
    }
}

/// One instance, which serves one request.
struct StreamWorker {
    blueprint: Arc<Blueprint>,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
    /// That of its request, once it has come.
    patience: Arc<OnceLock<Arc<Patience>>>,
    _streaming: Counted,
}

impl WorkerState for StreamWorker {
    type StoreData = State;
    type RequestData = StreamCall;

    fn should_accept_request(&self, _concurrent: usize, total: usize) -> ShouldAccept {
        if total == 0 { ShouldAccept::Yes } else { ShouldAccept::Never }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, State>,
        data: StreamCall,
        _task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        let patience = Arc::clone(self.patience.get_or_init(|| data.patience));
        *self.permit.lock().unwrap_or_else(PoisonError::into_inner) = Some(data.permit);
        store.data_mut().begin_call(data.call, ComputeMeter::of_stream(&self.blueprint.limits));
        Box::pin(async move { patience.exhausted().await })
    }

    fn drop(&self, mut store: Store<State>, result: Result<(), wasmtime::Error>) {
        self.blueprint.settle(store.data_mut());
        if let Err(error) = result {
            let service = &self.blueprint.service.id;
            if error.is::<ComputeExhausted>() {
                self.blueprint.metrics.trap(service, TrapCause::Timeout);
                tracing::error!(%service, "stopped: {}", error.root_cause());
            } else {
                self.blueprint.metrics.trap(service, TrapCause::Trap);
                tracing::error!(%service, "trapped: {error:?}");
            }
        }
    }
}

/// Ends an instance that takes too long: before its response, after it, or with nothing left to do.
struct StreamTimer {
    limits: Arc<RuntimeLimits>,
    patience: Arc<OnceLock<Arc<Patience>>>,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

impl StreamTimer {
    fn new(limits: Arc<RuntimeLimits>, patience: Arc<OnceLock<Arc<Patience>>>) -> Self {
        let sleep = Box::pin(tokio::time::sleep(limits.request_time));
        Self { limits, patience, sleep }
    }

    fn deadline(&self, status: WorkerStatus, start: Instant) -> Instant {
        match status {
            WorkerStatus::Idle => start,
            WorkerStatus::Requests => {
                let own = self.patience.get().map(|patience| patience.deadline());
                own.unwrap_or(start + self.limits.request_time) + EXPIRATION_GRACE
            }
            WorkerStatus::PostReturn => start + self.limits.stream_time,
        }
    }
}

impl WorkerExpiration for StreamTimer {
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        status: WorkerStatus,
        start: std::time::Instant,
    ) -> Poll<()> {
        loop {
            let deadline = self.deadline(status, Instant::from_std(start));
            if self.sleep.deadline() != deadline {
                self.sleep.as_mut().reset(deadline);
            }
            ready!(self.sleep.as_mut().poll(cx));
            // What has arrived meanwhile may have moved it.
            if self.deadline(status, Instant::from_std(start)) <= deadline {
                return Poll::Ready(());
            }
        }
    }
}
