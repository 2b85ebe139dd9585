//! Delivers a request whose body may be a stream: the short way where it fits in memory, WASI's where it does not.

use crate::bindings::{Field, Request, Response};
use crate::context::CallContext;
use crate::error::CallError;
use crate::patience::Patience;
use crate::runtime::{Runtime, status_of};
use crate::stream::StreamCall;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use mutrapro_manifest::ComponentId;
use tokio::time::Instant;
use wasmtime_wasi_http::{Error, WasiBody};

/// The header by which a component learns who calls. Whatever a guest or a client sends in it is dropped.
const CALLER_HEADER: &str = "x-mutrapro-caller";
const TRACE_HEADER: &str = "traceparent";
const CORRELATION_HEADER: &str = "x-correlation-id";

/// A response whose body may be a stream.
pub(crate) type WasiResponse = http::Response<WasiBody>;

impl Runtime {
    /// Delivers `request` to `target` and gives its response as soon as its head is there.
    ///
    /// A body whose length is known and fits in memory is collected and goes through the exported exchange, unless the
    /// route streams or the component has none. Any other goes through WASI's handler as it arrives.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn deliver(
        &self,
        target: &ComponentId,
        mut request: http::Request<WasiBody>,
        mut call: CallContext,
    ) -> Result<WasiResponse, CallError> {
        let component = self.callee(target, &call)?;
        let program = component.program();
        set_host_headers(request.headers_mut(), &call);
        let patience = Patience::until(call.deadline, &self.limits);
        if !request.body().is_end_stream() {
            request = request.map(|body| patience.watch(body));
        }
        let fits = request.body().size_hint().upper().is_some_and(|bytes| bytes <= self.exchange_bytes_max());
        if program.exchange.is_some() && (fits || program.streams.is_none()) {
            let (head, body) = self.collect(target, request, &patience).await?;
            call.deadline = patience.deadline();
            let record = to_record(&head, &body);
            if let Some(response) = self.exchange_with(component, &program, &record, call.clone()).await? {
                return from_record(target, response);
            }
            request = http::Request::from_parts(head, full(body));
        }
        let Some(streams) = &program.streams else {
            return Err(CallError::NotServed { component: target.clone() });
        };
        let started = Instant::now();
        let outcome = match component.stream_permit() {
            Ok(permit) => streams.handle(request, StreamCall { call, permit, patience }).await,
            Err(overloaded) => Err(overloaded),
        };
        let status = outcome.as_ref().map_or_else(status_of, |response| response.status().as_u16());
        component.meter.count(status, started.elapsed());
        outcome
    }

    fn exchange_bytes_max(&self) -> u64 {
        u64::try_from(self.limits.exchange_bytes_max).unwrap_or(u64::MAX)
    }

    async fn collect(
        &self,
        target: &ComponentId,
        request: http::Request<WasiBody>,
        patience: &Patience,
    ) -> Result<(http::request::Parts, Bytes), CallError> {
        let (head, body) = request.into_parts();
        if body.is_end_stream() {
            return Ok((head, Bytes::new()));
        }
        let limit_bytes = self.limits.exchange_bytes_max;
        let collected = tokio::select! {
            collected = Limited::new(body, limit_bytes).collect() => collected,
            () = patience.exhausted() => {
                let reason = "the request's body took too long to arrive";
                return Err(CallError::TimedOut { component: target.clone(), reason });
            }
        };
        match collected {
            Ok(body) => Ok((head, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(CallError::RequestTooLarge { limit_bytes }),
            Err(error) => Err(broken_off(target, error.as_ref())),
        }
    }
}

/// Why a request's body did not arrive as a whole.
fn broken_off(target: &ComponentId, error: &(dyn std::error::Error + 'static)) -> CallError {
    match error.downcast_ref::<Error>() {
        // The trigger's own limit, which may be below the one for records.
        Some(Error::HttpRequestBodySize(Some(limit_bytes))) => {
            CallError::RequestTooLarge { limit_bytes: usize::try_from(*limit_bytes).unwrap_or(usize::MAX) }
        }
        _ => CallError::Failed { component: target.clone(), reason: format!("the request's body broke off: {error}") },
    }
}

/// Sets the headers that only the host may set.
fn set_host_headers(headers: &mut HeaderMap, call: &CallContext) {
    headers.remove(CALLER_HEADER);
    let caller = call.caller.as_ref().map(|caller| (CALLER_HEADER, caller.to_string()));
    let own = [(TRACE_HEADER, call.trace.to_string()), (CORRELATION_HEADER, call.correlation_id.to_string())];
    for (name, value) in own.into_iter().chain(caller) {
        // Component names, hexadecimal digits and checked correlation ids are always valid header values.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// Makes `request` what a component sees of a call by another, as [`set_host_headers`] does for streams.
pub(crate) fn set_host_fields(request: &mut Request, call: &CallContext) {
    let own = [CALLER_HEADER, TRACE_HEADER, CORRELATION_HEADER];
    request.headers.retain(|field| !own.iter().any(|name| field.name.eq_ignore_ascii_case(name)));
    let field = |name: &str, value: String| Field { name: name.to_owned(), value: value.into_bytes() };
    request.headers.push(field(TRACE_HEADER, call.trace.to_string()));
    request.headers.push(field(CORRELATION_HEADER, call.correlation_id.to_string()));
    request.headers.extend(call.caller.as_ref().map(|caller| field(CALLER_HEADER, caller.to_string())));
}

fn to_record(head: &http::request::Parts, body: &Bytes) -> Request {
    let headers = head.headers.iter();
    Request {
        method: head.method.as_str().to_owned(),
        path_with_query: path_with_query(&head.uri).to_owned(),
        headers: headers
            .map(|(name, value)| Field { name: name.as_str().to_owned(), value: value.as_bytes().to_vec() })
            .collect(),
        body: body.to_vec(),
    }
}

fn path_with_query(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

/// Headers that speak of one connection, which a response record has none of (RFC 9110, section 7.6.1), and the length,
/// which the body itself has.
const HOP_BY_HOP: [HeaderName; 6] = [
    http::header::CONNECTION,
    http::header::TRANSFER_ENCODING,
    http::header::UPGRADE,
    http::header::TE,
    http::header::TRAILER,
    http::header::CONTENT_LENGTH,
];

fn from_record(target: &ComponentId, response: Response) -> Result<WasiResponse, CallError> {
    let nonsense = |what: String| CallError::Failed { component: target.clone(), reason: what };
    let status = http::StatusCode::from_u16(response.status)
        .map_err(|_| nonsense(format!("it answered with the status {}", response.status)))?;
    let mut answer = http::Response::new(full(response.body.into()));
    *answer.status_mut() = status;
    for field in response.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes())
            .map_err(|_| nonsense("it answered with a malformed header name".to_owned()))?;
        let value = HeaderValue::from_maybe_shared(Bytes::from(field.value))
            .map_err(|_| nonsense(format!("it answered with a malformed value of header {name}")))?;
        if !HOP_BY_HOP.contains(&name) {
            answer.headers_mut().append(name, value);
        }
    }
    Ok(answer)
}

/// A body that is there as a whole.
fn full(bytes: Bytes) -> WasiBody {
    Full::new(bytes).map_err(Error::from).boxed_unsync()
}
