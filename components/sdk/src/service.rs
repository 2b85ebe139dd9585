//! What makes a component of a service.
//!
//! The router is built once per instance and serves both HTTP exports: `mutrapro:http/exchange`, the short way, and
//! `wasi:http/handler` for what streams.

use crate::bindings::platform::mutrapro::http::types::{Field, Request, Response};
use crate::problem::Problem;
use crate::streaming::{AsRecord, is_declined};
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{self, HeaderMap, StatusCode};
use axum::response::IntoResponse;
use futures::FutureExt;
use http_body_util::BodyExt;
use tower_service::Service;

/// The header that carries the trace (W3C Trace Context).
const TRACEPARENT: &str = "traceparent";

/// Makes a component of a router, an event handler and a job runner; each is optional, and a component exports only what
/// it has.
///
/// - `router`: `fn() -> axum::Router`
/// - `events`: `fn(&Incoming, &Transaction<'_>) -> Result<(), Refusal>`
/// - `jobs`: `fn(&Job) -> mutrapro_sdk::Result<()>`
///
/// ```
/// mod routes {
///     pub fn router() -> axum::Router {
///         axum::Router::new()
///     }
/// }
/// # mod events {
/// #     use mutrapro_sdk::{events::{Incoming, Refusal}, sql::Transaction};
/// #     pub fn handle(event: &Incoming, _: &Transaction<'_>) -> Result<(), Refusal> { Err(event.unknown()) }
/// # }
/// # mod jobs {
/// #     pub fn run(job: &mutrapro_sdk::jobs::Job) -> mutrapro_sdk::Result<()> { Err(job.unknown()) }
/// # }
/// mutrapro_sdk::service! { router: routes::router, events: events::handle, jobs: jobs::run }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! service {
    ($($export:ident: $function:path),+ $(,)?) => { $($crate::__export! { $export: $function })+ };
}

/// One export of [`service!`]. Natively it only checks the function's type: a shared library has no use for the symbols.
#[macro_export]
#[doc(hidden)]
macro_rules! __export {
    (router: $function:path) => {
        const _: fn() -> $crate::axum::Router = $function;

        #[cfg(target_family = "wasm")]
        const _: () = {
            ::std::thread_local! {
                static ROUTER: $crate::axum::Router = $function();
            }

            struct Http;

            impl $crate::bindings::http_service::exports::mutrapro::http::exchange::Guest for Http {
                fn handle(
                    request: $crate::bindings::platform::mutrapro::http::types::Request,
                ) -> ::std::option::Option<$crate::bindings::platform::mutrapro::http::types::Response> {
                    $crate::service::exchange(ROUTER.with(::std::clone::Clone::clone), request)
                }
            }

            impl $crate::spin_sdk::wasip3::exports::http::handler::Guest for Http {
                async fn handle(
                    request: $crate::spin_sdk::wasip3::http::types::Request,
                ) -> ::std::result::Result<
                    $crate::spin_sdk::wasip3::http::types::Response,
                    $crate::spin_sdk::wasip3::http::types::ErrorCode,
                > {
                    $crate::service::wasi(ROUTER.with(::std::clone::Clone::clone), request).await
                }
            }

    $crate::bindings::http_service::export!(Http with_types_in $crate::bindings::http_service);
            $crate::spin_sdk::wasip3::http::service::export!(Http);
        };
    };
    (events: $function:path) => {
        const _: fn(
            &$crate::events::Incoming,
            &$crate::sql::Transaction<'_>,
        ) -> ::std::result::Result<(), $crate::events::Refusal> = $function;

        #[cfg(target_family = "wasm")]
        const _: () = {
            use $crate::bindings::consumer_service::exports::mutrapro::events::consumer;

            struct Events;

            impl consumer::Guest for Events {
                fn handle(
                    event: consumer::Event,
                    transaction: &consumer::Transaction,
                ) -> ::std::result::Result<(), consumer::Refusal> {
                    $crate::events::handle($function, event, transaction)
                }
            }

    $crate::bindings::consumer_service::export!(Events with_types_in $crate::bindings::consumer_service);
        };
    };
    (jobs: $function:path) => {
        const _: fn(&$crate::jobs::Job) -> $crate::Result<()> = $function;

        #[cfg(target_family = "wasm")]
        const _: () = {
            struct Jobs;

            impl $crate::bindings::job_service::exports::mutrapro::schedule::job::Guest for Jobs {
                fn run(
                    name: ::std::string::String,
                    scheduled_at: ::std::string::String,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    $crate::jobs::run($function, name, &scheduled_at)
                }
            }

    $crate::bindings::job_service::export!(Jobs with_types_in $crate::bindings::job_service);
        };
    };
}

/// Answers a request that came as one record; `None` when its route streams.
#[doc(hidden)]
pub fn exchange(router: Router, request: Request) -> Option<Response> {
    let request = match from_record(request) {
        Ok(request) => request,
        Err(error) => return record(Problem::bad_request(error.to_string()).into_response()).now_or_never(),
    };
    // Every capability blocks, so there is nothing that a handler could be waiting for.
    let Some(response) = answer(router, request).now_or_never() else {
        return never_ready();
    };
    if is_declined(response.extensions()) {
        return None;
    }
    record(response).now_or_never().or_else(never_ready)
}

/// Answers a request whose body streams.
#[doc(hidden)]
pub async fn wasi(
    router: Router,
    request: spin_sdk::wasip3::http::types::Request,
) -> Result<spin_sdk::wasip3::http::types::Response, spin_sdk::wasip3::http::types::ErrorCode> {
    let request = <spin_sdk::http::Request as spin_sdk::http::FromRequest>::from_request(request)?;
    spin_sdk::http::IntoResponse::into_response(answer(router, request.map(Body::new)).await)
}

/// Answers a request as a component does; what tests of a service's routes call.
pub async fn answer(mut router: Router, request: http::Request<Body>) -> axum::response::Response {
    let traceparent = request.headers().get(TRACEPARENT).cloned();
    let response = match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    Problem::complete(explained(response), traceparent.as_ref())
}

/// Makes a problem of the router's bare 404 and 405. A fallback of the service's own is left alone.
fn explained(response: axum::response::Response) -> axum::response::Response {
    if response.body().size_hint().exact() != Some(0) {
        return response;
    }
    let problem = match response.status() {
        StatusCode::NOT_FOUND => Problem::not_found("path"),
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "the path has no such method")
        }
        _ => return response,
    };
    // Among the headers is `allow`.
    (response.into_parts().0.headers, problem).into_response()
}

fn from_record(request: Request) -> Result<http::Request<Body>, http::Error> {
    let mut builder = http::Request::builder().method(request.method.as_str()).uri(request.path_with_query);
    for Field { name, value } in request.headers {
        builder = builder.header(name, value);
    }
    builder.extension(AsRecord).body(Body::from(request.body))
}

async fn record(response: axum::response::Response) -> Response {
    let (parts, body) = response.into_parts();
    match body.collect().await {
        Ok(body) => {
            Response { status: parts.status.as_u16(), headers: fields(&parts.headers), body: body.to_bytes().into() }
        }
        Err(error) => failed(format!("the body of the response broke off: {error}")),
    }
}

pub(crate) fn fields(headers: &HeaderMap) -> Vec<Field> {
    headers
        .iter()
        .map(|(name, value)| Field { name: name.as_str().to_owned(), value: value.as_bytes().to_vec() })
        .collect()
}

/// The answer for a route that waits although it is not marked as streaming. It may have begun, so it cannot be declined.
fn never_ready() -> Option<Response> {
    Some(failed("the handler waits for something: mark its route with streaming()".to_owned()))
}

fn failed(cause: String) -> Response {
    let response = Problem::complete(Problem::internal(cause).into_response(), None);
    let status = response.status().as_u16();
    let headers = fields(response.headers());
    // Problems are in memory: their body is there at once.
    let body = response.into_body().collect().now_or_never().and_then(Result::ok);
    Response { status, headers, body: body.map(|body| body.to_bytes().into()).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streaming::streaming;
    use axum::routing::{get, post};

    fn send(router: Router, method: &str, path: &str, body: &[u8]) -> Option<Response> {
        let headers = vec![Field {
            name: TRACEPARENT.into(),
            value: b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_vec(),
        }];
        let request = Request { method: method.into(), path_with_query: path.into(), headers, body: body.into() };
        exchange(router, request)
    }

    async fn download() -> &'static str {
        unreachable!("a streaming route ran")
    }

    fn router() -> Router {
        Router::new()
            .route("/echo", post(async |body: String| body))
            .route("/stream", streaming(get(download)))
            .route("/wait", get(async || std::future::pending::<()>().await))
    }

    fn problem(response: &Response) -> crate::problem::Details {
        serde_json::from_slice(&response.body).unwrap()
    }

    #[test]
    fn body_goes_in_and_comes_out() {
        let response = send(router(), "POST", "/echo", b"hello").unwrap();
        assert_eq!((response.status, response.body.as_slice()), (200, b"hello".as_slice()));
        assert!(response.headers.iter().any(|field| field.name == "content-type"));
    }

    #[test]
    fn streaming_route_declines_before_it_does_anything() {
        assert!(send(router(), "GET", "/stream", b"").is_none());
    }

    #[test]
    fn route_that_waits_is_an_error_that_says_what_to_do() {
        let response = send(router(), "GET", "/wait", b"").unwrap();
        assert_eq!(problem(&response).code, "internal_error");
    }

    #[test]
    fn unknown_paths_and_methods_are_problems_with_a_trace() {
        for (method, path, status, code) in
            [("GET", "/nowhere", 404, "not_found"), ("DELETE", "/echo", 405, "method_not_allowed")]
        {
            let response = send(router(), method, path, b"").unwrap();
            let details = problem(&response);
            assert_eq!((response.status, details.code.as_ref()), (status, code));
            assert_eq!(details.trace_id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        }
    }

    #[test]
    fn unknown_method_tells_the_known_ones() {
        let response = send(router(), "DELETE", "/echo", b"").unwrap();
        let allow = response.headers.iter().find(|field| field.name == "allow").unwrap();
        assert_eq!(allow.value, b"POST");
    }

    #[test]
    fn fallback_of_the_service_answers_what_no_route_does() {
        let response = send(router().fallback(async || "forwarded"), "GET", "/nowhere", b"").unwrap();
        assert_eq!((response.status, response.body.as_slice()), (200, b"forwarded".as_slice()));
    }

    #[test]
    fn length_is_that_of_the_body_that_is_sent() {
        let refuse = get(async || Problem::conflict("taken", "someone has it"));
        for path in ["/refuse", "/nowhere", "/echo"] {
            let response = send(router().route("/refuse", refuse.clone()), "GET", path, b"").unwrap();
            let lengths = response.headers.iter().filter(|field| field.name == "content-length");
            for length in lengths {
                assert_eq!(length.value, response.body.len().to_string().into_bytes(), "{path}");
            }
        }
    }

    #[test]
    fn malformed_record_is_a_problem() {
        let response = send(router(), "NO SUCH\nMETHOD", "/echo", b"").unwrap();
        assert_eq!((response.status, problem(&response).code.as_ref()), (400, "bad_request"));
    }
}
