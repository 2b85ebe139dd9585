//! The host's own answers, as problem details (RFC 9457).

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use mutrapro_runtime::{CallError, TraceContext, status_of};
use serde_json::json;
use wasmtime_wasi_http::{Error, WasiBody};

/// Seconds after which a client that was told 503 may come again.
const RETRY_AFTER_SECONDS: u16 = 1;

/// Why the host itself answers a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoRoute,
    BodyTooLarge { limit_bytes: u64 },
    HeadTooLarge { limit_bytes: u32 },
    TooManyRequests,
    Call(CallError),
}

impl Refusal {
    /// The answer that a client gets. What went wrong inside a component is for the log, not for the client.
    pub(crate) fn into_response(self, trace: &TraceContext) -> Response<WasiBody> {
        let (status, code, detail) = self.describe();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": status.as_u16(),
            "code": code,
            "detail": detail,
            "trace_id": trace.trace_id(),
        });
        let mut response = Response::new(Full::new(Bytes::from(body.to_string())).map_err(Error::from).boxed_unsync());
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }

    fn describe(&self) -> (u16, &'static str, String) {
        match self {
            Self::NoRoute => (404, "not_found", "nothing is served at this path".to_owned()),
            Self::BodyTooLarge { limit_bytes } => too_large(*limit_bytes),
            Self::HeadTooLarge { limit_bytes } => {
                (431, "head_too_large", format!("the request's head is larger than {limit_bytes} bytes"))
            }
            Self::TooManyRequests => (503, "overloaded", "too many requests are in flight; try again later".to_owned()),
            Self::Call(CallError::RequestTooLarge { limit_bytes }) => {
                too_large(u64::try_from(*limit_bytes).unwrap_or(u64::MAX))
            }
            Self::Call(error) => {
                let (code, detail) = match error {
                    CallError::Overloaded { .. } => ("overloaded", "the service is overloaded; try again later"),
                    CallError::TimedOut { .. } => ("timed_out", "the service did not answer in time"),
                    CallError::ResponseTooLarge { .. } => ("response_too_large", "the answer is too large"),
                    CallError::NoSuchComponent(_) | CallError::NotServed { .. } => {
                        ("not_served", "nobody answers here")
                    }
                    CallError::Failed { .. } | CallError::RequestTooLarge { .. } => ("internal", "the service failed"),
                };
                (status_of(error), code, detail.to_owned())
            }
        }
    }
}

fn too_large(limit_bytes: u64) -> (u16, &'static str, String) {
    (413, "body_too_large", format!("the request's body is larger than {limit_bytes} bytes"))
}
