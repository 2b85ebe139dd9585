//! Routes whose body does not fit in memory.
//!
//! A request normally travels as one record (`mutrapro:http/exchange`). A route marked here declines that before it does
//! anything, and the host delivers the request again through `wasi:http`, where bodies stream.

use axum::extract::Request;
use axum::http::Extensions;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;

/// Marks a request that came as one record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsRecord;

/// Marks a response that stands for none.
#[derive(Debug, Clone, Copy)]
struct Declined;

/// Marks a route as streaming: `streaming(get(download))`.
pub fn streaming<S: Clone + Send + Sync + 'static>(route: MethodRouter<S>) -> MethodRouter<S> {
    route.route_layer(from_fn(async |request: Request, next: Next| {
        if request.extensions().get::<AsRecord>().is_some() { declined() } else { next.run(request).await }
    }))
}

/// The response by which a handler declines after all, because what it would pass on streams. It must have done nothing.
pub fn declined() -> Response {
    let mut response = ().into_response();
    response.extensions_mut().insert(Declined);
    response
}

pub(crate) fn is_declined(extensions: &Extensions) -> bool {
    extensions.get::<Declined>().is_some()
}
