//! Errors as clients see them: problem details (RFC 9457) with a stable code.
//!
//! What a client may not know (the text of a database's error, say) goes to the log and not into the problem.

use crate::log;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use utoipa::ToSchema;

/// What a handler returns.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// The media type of problem details.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// How long a client is asked to wait after a 503, in seconds.
const RETRY_AFTER_S: &str = "1";

/// Why a request was not answered as asked. Cheap to move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    details: Details,
    /// For the log alone.
    cause: Option<String>,
    origin: Origin,
}

/// What a caller within the service may still react to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing.
    Service,
    /// Another transaction won.
    Conflict,
    /// The constraint of this name refused a row.
    Constraint(String),
}

/// The body of a problem (RFC 9457, section 3.1), with this application's extension members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Details {
    /// Always `about:blank`: the `code` says what kind of problem it is.
    #[serde(rename = "type")]
    pub type_uri: Cow<'static, str>,
    /// The status in words.
    pub title: Cow<'static, str>,
    /// The status of the response.
    pub status: u16,
    /// Stable, for programs: for example `email_taken`.
    pub code: Cow<'static, str>,
    /// For people: what was wrong this time.
    pub detail: String,
    /// The fields that were wrong, for the code `invalid_fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// By which to find the request in logs (W3C Trace Context, 32 hexadecimal digits).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// The field's name, dotted for inner ones: `address.city`.
    pub field: String,
    /// Stable, for programs: for example `required`, `too_long`, `unknown`.
    pub code: Cow<'static, str>,
    /// For people.
    pub message: String,
}

impl Problem {
    /// A problem of any status; the named constructors say more.
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::from_details(Details {
            type_uri: Cow::Borrowed("about:blank"),
            title: Cow::Borrowed(status.canonical_reason().unwrap_or("Error")),
            status: status.as_u16(),
            code: code.into(),
            detail: detail.into(),
            errors: Vec::new(),
            trace_id: None,
        })
    }

    /// Passes on what another service answered.
    pub fn from_details(details: Details) -> Self {
        Self(Box::new(Inner { details, cause: None, origin: Origin::Service }))
    }

    /// 400 `bad_request`: the request is not of the form that it claims to have.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// 401 with a code of the service: who is asking is not known.
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 403 with a code of the service: this caller may not.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404 `not_found`: there is no such thing, or none that this caller may know of.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// 409 with a code of the service: the state of things does not allow it.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 422 `invalid_fields`: what is wrong, field by field.
    pub fn unprocessable(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}", only.field, only.message),
            _ => format!("{} fields are wrong", errors.len()),
        };
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", detail);
        problem.0.details.errors = errors;
        problem
    }

    /// 503 with `Retry-After`: something that the service needs is not there for the moment.
    pub fn unavailable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
    }

    /// 500 `internal_error`: a mistake of the service. The cause is logged and not told.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "the service made a mistake").because(cause)
    }

    /// Adds what led to the problem, for the log alone.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    pub(crate) fn with_origin(mut self, origin: Origin) -> Self {
        self.0.origin = origin;
        self
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// The body that the client gets.
    pub fn details(&self) -> &Details {
        &self.0.details
    }

    /// The stable code, for example `email_taken`.
    pub fn code(&self) -> &str {
        &self.0.details.code
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.details.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Adds the trace of the request (`traceparent`) to a response that was made from a problem, and logs its cause.
    pub(crate) fn complete(response: Response, traceparent: Option<&HeaderValue>) -> Response {
        let (parts, body) = response.into_parts();
        let Some(mut problem) = parts.extensions.get::<Problem>().cloned() else {
            return Response::from_parts(parts, body);
        };
        problem.0.details.trace_id = traceparent.and_then(trace_id);
        if let Some(cause) = &problem.0.cause {
            let line = format!("{} ({}): {cause}", problem.code(), problem.0.details.detail);
            if problem.concerns_operators() {
                log::error!("{line}");
            } else {
                log::info!("{line}");
            }
        }
        // The headers that a handler or a layer has added stay; the body and its length are new.
        let mut headers = parts.headers;
        headers.remove(header::CONTENT_LENGTH);
        let mut response = problem.render();
        for name in response.headers().keys() {
            headers.remove(name);
        }
        headers.extend(response.headers_mut().drain());
        *response.headers_mut() = headers;
        response
    }

    /// Whether someone should look at it. A client's mistake is the client's, who could fill the log with them.
    fn concerns_operators(&self) -> bool {
        self.status().is_server_error()
    }

    fn render(&self) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
        }
        match serde_json::to_vec(&self.0.details) {
            Ok(body) => (self.status(), headers, body).into_response(),
            // Strings and numbers always serialise; should they not, the status alone is still right.
            Err(_) => self.status().into_response(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.render();
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.0.details.detail)?;
        self.0.cause.as_ref().map_or(Ok(()), |cause| write!(f, " ({cause})"))
    }
}

impl std::error::Error for Problem {}

/// The trace id in a `traceparent` (W3C Trace Context, section 3.2.2), unless it is malformed.
fn trace_id(traceparent: &HeaderValue) -> Option<String> {
    let id = traceparent.to_str().ok()?.split('-').nth(1)?;
    let is_valid = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) && id.bytes().any(|b| b != b'0');
    is_valid.then(|| id.to_owned())
}

/// Reacts to a refused row where it happens.
pub trait OnConstraint<T> {
    /// Replaces the error when the constraint `name` refused a row; other errors stay. Can be chained.
    ///
    /// # Errors
    /// What `problem` makes of it, or the error that there was.
    fn on_constraint(self, name: &str, problem: impl FnOnce() -> Problem) -> Result<T>;
}

impl<T, E: Into<Problem>> OnConstraint<T> for Result<T, E> {
    fn on_constraint(self, name: &str, problem: impl FnOnce() -> Problem) -> Result<T> {
        self.map_err(Into::into).map_err(|error| match error.origin() {
            Origin::Constraint(violated) if violated == name => problem(),
            _ => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    async fn body(response: Response) -> Details {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        futures::FutureExt::now_or_never(future).expect("nothing here waits")
    }

    #[test]
    fn problem_tells_code_status_and_trace() {
        let response = Problem::conflict("email_taken", "someone has it").into_response();
        let response = Problem::complete(response, Some(&HeaderValue::from_static(TRACEPARENT)));
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
        let details = run(body(response));
        assert_eq!((details.code.as_ref(), details.status), ("email_taken", 409));
        assert_eq!(details.trace_id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    }

    #[test]
    fn mistakes_of_clients_do_not_concern_operators() {
        let refusals = [Problem::not_found("user"), Problem::conflict("taken", "x"), Problem::bad_request("x")];
        assert!(refusals.iter().all(|problem| !problem.clone().because("a client").concerns_operators()));
        let troubles = [Problem::internal("x"), Problem::unavailable("database_unavailable", "x")];
        assert!(troubles.iter().all(Problem::concerns_operators));
    }

    #[test]
    fn cause_is_not_told_to_the_client() {
        let response = Problem::complete(Problem::internal("the secret is 42").into_response(), None);
        let bytes = run(axum::body::to_bytes(response.into_body(), 1 << 16)).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("42"));
    }

    #[test]
    fn malformed_trace_is_left_out() {
        for malformed in ["", "00", "00-xyz-1-1", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"] {
            assert_eq!(trace_id(&HeaderValue::from_static(malformed)), None, "{malformed}");
        }
    }

    #[test]
    fn headers_of_the_handler_survive_completion() {
        let response = ([("x-own", "kept")], Problem::not_found("user")).into_response();
        let response = Problem::complete(response, None);
        assert_eq!(response.headers()["x-own"], "kept");
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn only_the_named_constraint_is_replaced() {
        let refused = || Err::<(), _>(Problem::internal("x").with_origin(Origin::Constraint("users_email_key".into())));
        let taken = || Problem::conflict("email_taken", "taken");
        assert_eq!(refused().on_constraint("users_email_key", taken).unwrap_err().code(), "email_taken");
        let other = refused().on_constraint("users_username_key", taken).unwrap_err();
        assert_eq!(other.code(), "internal_error");
        assert_eq!(Err::<(), _>(other).on_constraint("users_email_key", taken).unwrap_err().code(), "email_taken");
    }

    #[test]
    fn unavailable_asks_to_come_back() {
        let response = Problem::unavailable("database_unavailable", "try again").into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], RETRY_AFTER_S);
    }
}
