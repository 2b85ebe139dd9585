//! The HTTP API, and who may use what of it.

pub(crate) mod payments;
pub(crate) mod webhooks;

use crate::openapi::Document;
use crate::webhooks::BODY_BYTES_MAX;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

/// Every route of the service.
pub(crate) fn router() -> Router {
    let webhook = post(webhooks::receive).layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    Router::new()
        .route("/payments", get(payments::list).post(payments::create))
        .route("/payments/{id}", get(payments::show))
        .route("/payments/{id}/refund", post(payments::refund))
        .route("/payments/webhooks/{gateway}", webhook)
        .merge(mutrapro_sdk::openapi::routes::<Document>())
}

#[cfg(test)]
mod tests;
