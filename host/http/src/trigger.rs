//! From an outside request to a component's response.

use crate::limits::HttpLimits;
use crate::lingering::Lingering;
use crate::problem::Refusal;
use crate::routes::Routes;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use mutrapro_manifest::{App, ComponentId, Service};
use mutrapro_runtime::{CallContext, Runtime, TraceContext};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use wasmtime_wasi_http::{Error, WasiBody};

/// Headers with this prefix are the host's and the gateway's: an outside request cannot bring them.
const RESERVED_PREFIX: &str = "x-mutrapro-";
/// Where the component that serves a route finds the address of the client.
const CLIENT_ADDRESS: &str = "x-mutrapro-client-address";
const CORRELATION: &str = "x-correlation-id";
const TRACEPARENT: &str = "traceparent";
const CORRELATION_BYTES_MAX: usize = 64;

/// Hands outside requests to the components whose routes they fit.
pub struct HttpTrigger {
    runtime: Arc<Runtime>,
    routes: Routes,
    limits: HttpLimits,
    in_flight: Arc<Semaphore>,
}

impl HttpTrigger {
    /// A trigger for the routes of `app`.
    pub fn new(app: &App, runtime: Arc<Runtime>, limits: HttpLimits) -> Arc<Self> {
        let in_flight = Arc::new(Semaphore::new(limits.requests_max));
        Arc::new(Self { runtime, routes: Routes::new(app), limits, in_flight })
    }

    /// The limits that it keeps.
    pub fn limits(&self) -> &HttpLimits {
        &self.limits
    }

    /// Answers one request from the address `client`; every failure is an answer too.
    pub(crate) async fn answer(&self, request: Request<Incoming>, client: HeaderValue) -> Response<WasiBody> {
        let trace = trace_of(request.headers());
        match self.try_answer(Lingering::request(request, &self.limits), client, trace).await {
            Ok(response) => response,
            Err(refusal) => {
                tracing::debug!(trace_id = %trace.trace_id(), "refused: {refusal:?}");
                refusal.into_response(&trace)
            }
        }
    }

    async fn try_answer(
        &self,
        request: Request<Lingering>,
        client: HeaderValue,
        trace: TraceContext,
    ) -> Result<Response<WasiBody>, Refusal> {
        let permit = Arc::clone(&self.in_flight).try_acquire_owned().map_err(|_| Refusal::TooManyRequests)?;
        let target = self.routes.find(request.uri().path()).ok_or(Refusal::NoRoute)?;
        let component = self.runtime.component(target).ok_or(Refusal::NoRoute)?;
        let limit_bytes = component.service().limits.body_bytes_max.unwrap_or(self.limits.body_bytes_max);
        if head_bytes(&request) > self.limits.head_bytes_max {
            return Err(Refusal::HeadTooLarge { limit_bytes: self.limits.head_bytes_max });
        }
        if request.body().size_hint().lower() > limit_bytes {
            return Err(Refusal::BodyTooLarge { limit_bytes });
        }
        let call = self.call(component.service(), request.headers(), trace);
        let request = outside_request(request, client, limit_bytes);
        let response = self.deliver(target, request, call).await?;
        Ok(response.map(|body| InFlight { body, _permit: permit }.boxed_unsync()))
    }

    async fn deliver(
        &self,
        target: &ComponentId,
        request: Request<WasiBody>,
        call: CallContext,
    ) -> Result<Response<WasiBody>, Refusal> {
        self.runtime.deliver(target, request, call).await.map_err(Refusal::Call)
    }

    fn call(&self, service: &Service, headers: &HeaderMap, trace: TraceContext) -> CallContext {
        let allowed = service.limits.request_ms_max.map(Duration::from_millis);
        let deadline = Instant::now() + allowed.unwrap_or(self.runtime.limits().request_time);
        CallContext::outside(trace, correlation_of(headers), deadline)
    }
}

/// What a request's head takes on the wire of HTTP/1.1, roughly: what HTTP/2 counts too (RFC 9113, section 10.5.1).
fn head_bytes<B>(request: &Request<B>) -> u32 {
    const PER_FIELD: usize = ": \r\n".len();
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + PER_FIELD);
    let path = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    u32::try_from(fields.sum::<usize>().saturating_add(path)).unwrap_or(u32::MAX)
}

/// The trace that a client's `traceparent` names, or a new one.
fn trace_of(headers: &HeaderMap) -> TraceContext {
    let brought = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
    brought.and_then(TraceContext::from_traceparent).map_or_else(TraceContext::generate, |parent| parent.child())
}

/// The correlation id that a client brings, if it is short and plain enough to go into headers, events and logs.
fn correlation_of(headers: &HeaderMap) -> Option<&str> {
    let brought = headers.get(CORRELATION)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    ((1..=CORRELATION_BYTES_MAX).contains(&brought.len()) && brought.bytes().all(plain)).then_some(brought)
}

/// Takes off what only the host may say, and says it.
fn outside_request(request: Request<Lingering>, client: HeaderValue, limit_bytes: u64) -> Request<WasiBody> {
    let (mut head, body) = request.into_parts();
    let reserved: Vec<_> =
        head.headers.keys().filter(|name| name.as_str().starts_with(RESERVED_PREFIX)).cloned().collect();
    for name in reserved {
        head.headers.remove(name);
    }
    head.headers.insert(CLIENT_ADDRESS, client);
    if body.is_end_stream() {
        return Request::from_parts(head, Empty::new().map_err(Error::from).boxed_unsync());
    }
    let limit = usize::try_from(limit_bytes).unwrap_or(usize::MAX);
    let body = Limited::new(body, limit).map_err(move |error| {
        if error.is::<LengthLimitError>() {
            return Error::HttpRequestBodySize(Some(limit_bytes));
        }
        error.downcast::<Error>().map_or(Error::ConnectionTerminated, |error| *error)
    });
    Request::from_parts(head, body.boxed_unsync())
}

/// A response's body, which counts as in flight until its end.
struct InFlight {
    body: WasiBody,
    _permit: OwnedSemaphorePermit,
}

impl Body for InFlight {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CORRELATION, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn a_plain_correlation_id_is_kept_and_any_other_dropped() {
        assert_eq!(correlation_of(&headers("order-17:a_b.c")), Some("order-17:a_b.c"));
        assert_eq!(correlation_of(&headers("a b")), None);
        assert_eq!(correlation_of(&headers("")), None);
        assert_eq!(correlation_of(&headers(&"a".repeat(65))), None);
        assert_eq!(correlation_of(&HeaderMap::new()), None);
    }
}
