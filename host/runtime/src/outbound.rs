//! What leaves an instance through `wasi:http`: to other components in this process, or to the outside hosts that the
//! manifest lists.

use crate::context::CallContext;
use crate::error::CallError;
use crate::runtime::Runtime;
use http::Uri;
use http_body_util::BodyExt;
use mutrapro_manifest::{ComponentId, Service};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::Instant;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

/// The suffix of the names by which components call each other.
const INTERNAL_SUFFIX: &str = ".spin.internal";
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

type Sent = Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), Error>> + Send>;
type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// Who is calling, and what that forbids.
pub(crate) struct Outbound {
    service: Arc<Service>,
    runtime: Weak<Runtime>,
    call: CallContext,
    /// Set for a stream, which outlives the time of the request that opened it: how long each call it makes may take.
    nested_time: Option<Duration>,
    open_transactions: u32,
}

/// Where a request may go.
enum Destination {
    Component(ComponentId),
    Outside,
}

impl Outbound {
    pub(crate) fn new(service: Arc<Service>, runtime: Weak<Runtime>, call: CallContext) -> Self {
        Self { service, runtime, call, nested_time: None, open_transactions: 0 }
    }

    pub(crate) fn service(&self) -> &Arc<Service> {
        &self.service
    }

    pub(crate) fn runtime(&self) -> Option<Arc<Runtime>> {
        self.runtime.upgrade()
    }

    pub(crate) fn call(&self) -> &CallContext {
        &self.call
    }

    pub(crate) fn set_call(&mut self, call: CallContext) {
        self.call = call;
    }

    pub(crate) fn set_nested_time(&mut self, time: Duration) {
        self.nested_time = Some(time);
    }

    /// The context of a call that the guest makes now.
    pub(crate) fn nested_call(&self) -> CallContext {
        let nested = self.call.nested(&self.service.id);
        match self.nested_time {
            Some(time) => CallContext { deadline: Instant::now() + time, ..nested },
            None => nested,
        }
    }

    pub(crate) fn has_open_transaction(&self) -> bool {
        self.open_transactions > 0
    }

    pub(crate) fn transaction_opened(&mut self) {
        self.open_transactions = self.open_transactions.saturating_add(1);
    }

    pub(crate) fn transaction_closed(&mut self) {
        self.open_transactions = self.open_transactions.saturating_sub(1);
    }

    fn destination(&self, uri: &Uri) -> Result<Destination, Error> {
        let host = uri.host().ok_or(Error::HttpRequestUriInvalid)?.to_ascii_lowercase();
        let refuse = |why: &str| {
            tracing::warn!(service = %self.service.id, host, "outgoing request refused: {why}");
            Error::HttpRequestDenied
        };
        if self.has_open_transaction() {
            return Err(refuse("a transaction is open; commit or drop it first"));
        }
        if let Some(name) = host.strip_suffix(INTERNAL_SUFFIX) {
            let component = ComponentId::new(name);
            if !self.service.outbound.components.contains(&component) {
                return Err(refuse("list it in allowed_outbound_hosts"));
            }
            return Ok(Destination::Component(component));
        }
        let scheme = uri.scheme_str().unwrap_or("https");
        let port = uri.port_u16().unwrap_or(if scheme == "http" { 80 } else { 443 });
        if !self.service.outbound.hosts.iter().any(|pattern| pattern.matches(scheme, &host, port)) {
            return Err(refuse("list it in allowed_outbound_hosts"));
        }
        Ok(Destination::Outside)
    }

    fn send_to_component(&self, target: ComponentId, request: http::Request<WasiBody>) -> Sent {
        let runtime = self.runtime.clone();
        let call = self.nested_call();
        // On a task of its own: this future is polled within the caller's event loop, and wasmtime runs no second store
        // inside that. Dropping the future ends the task.
        let delivered = wasmtime_wasi::runtime::spawn(async move {
            let runtime = runtime.upgrade().ok_or(Error::ConnectionTerminated)?;
            runtime.deliver(&target, request, call).await.map_err(wasi_error)
        });
        Box::new(async move { Ok((delivered.await?, Box::new(async { Ok(()) }) as Io)) })
    }

    fn send_outside(&self, request: http::Request<WasiBody>, options: Option<RequestOptions>) -> Sent {
        let time_left = self.nested_call().deadline.saturating_duration_since(Instant::now());
        let own = options.unwrap_or_default();
        let at_most = |own: Option<Duration>, limit: Duration| Some(own.unwrap_or(limit).min(limit));
        let options = RequestOptions {
            connect_timeout: at_most(own.connect_timeout, CONNECT_TIME_MAX.min(time_left)),
            first_byte_timeout: at_most(own.first_byte_timeout, time_left),
            between_bytes_timeout: at_most(own.between_bytes_timeout, time_left),
        };
        Box::new(async move {
            let (response, io) = default_send_request(request, Some(options)).await?;
            Ok((response.map(BodyExt::boxed_unsync), Box::new(io) as Io))
        })
    }
}

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _io: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Sent {
        match self.destination(request.uri()) {
            Ok(Destination::Component(target)) => self.send_to_component(target, request),
            Ok(Destination::Outside) => self.send_outside(request, options),
            Err(error) => Box::new(async move { Err(error) }),
        }
    }
}

/// What a guest that calls through `wasi:http` is told.
fn wasi_error(error: CallError) -> Error {
    match error {
        CallError::NoSuchComponent(_) | CallError::NotServed { .. } => Error::DestinationNotFound,
        CallError::Overloaded { .. } => Error::ConnectionLimitReached,
        CallError::TimedOut { .. } => Error::HttpResponseTimeout,
        CallError::RequestTooLarge { .. } => Error::HttpRequestBodySize(None),
        CallError::ResponseTooLarge { .. } => Error::HttpResponseBodySize(None),
        CallError::Failed { reason, .. } => Error::InternalError(Some(reason)),
    }
}
